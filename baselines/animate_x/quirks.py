"""Habits of the released code that its weights were trained with: the one list of them.

Everything here is needed for the checkpoint's answers and looks like a mistake or a choice that
nobody would make today. What was only a bug is mended and not listed (docs/animate_x.md).
Source: antgroup/animate-x @ e41d3f03, read and run.
"""

from typing import NamedTuple


class Quirk(NamedTuple):
    """One habit.

    Attributes:
        name: what docs/animate_x.md calls it too.
        what: is done.
        where: it is done here, `module.function` within this package.
    """

    name: str
    what: str
    where: str


QUIRKS = (
    Quirk("squash", "pictures are stretched to the frame and to CLIP's square", "prepare.squash"),
    Quirk(
        "swapped_jpeg",
        "the pose picture has been a JPEG, with red and blue swapped",
        "prepare.as_the_network_knows",
    ),
    Quirk(
        "absent_is_minus_one",
        "an absent key point is (-1, -1), a number like others",
        "prepare.keypoint_tensor",
    ),
    Quirk(
        "first_slot_mixes",
        "the first CLIP feature is the reference's, the first key points are driving frame 0's",
        "pipeline.AnimateXPipeline._encode",
    ),
    Quirk(
        "two_ranges",
        "the local image is in [0, 1], what the VAE encodes in [-1, 1]",
        "pipeline.AnimateXPipeline._latent",
    ),
    Quirk(
        "empty_reference_slot",
        "the slot before frame 1 is zeros where the reference comes as a local image",
        "unet.UNet.encode",
    ),
    Quirk(
        "unconditional_is_not_empty",
        "the unconditional branch keeps the text and runs the pose indicator on zeros",
        "unet.UNet.encode",
    ),
    Quirk(
        "attention_at_full_size",
        "attn_scales are 1, 1/2, 1/4, from a default outside the released yaml",
        "config.UNetConfig",
    ),
    Quirk(
        "stem_without_norm",
        "the feed-forward of the stems' transformers has no norm before it",
        "layers.StemTransformer",
    ),
    Quirk(
        "temopral_conv",
        "the checkpoint's spelling of its temporal convolution",
        "layers.ResBlock",
    ),
    Quirk(
        "four_motion_tokens", "whatever the configuration says", "pose_indicator.KeypointEncoder"
    ),
    Quirk(
        "posterior_sample",
        "the reference's latent is a sample of the VAE's posterior, not its mean; the draw is "
        "made, and so moves the noise, where nothing reads it too",
        "pipeline.AnimateXPipeline.animate",
    ),
    Quirk("offset_noise", "a tenth of a second draw a channel and frame", "sampler.start_noise"),
    Quirk("one_step_more", "30 steps run 31, times 991 to 1", "sampler.times"),
    Quirk(
        "not_to_the_clean_latent",
        "the last step lands on the first noise level",
        "sampler.sample",
    ),
    Quirk("truncated", "frames are cut to whole numbers, not rounded", "prepare.as_video"),
)
