"""Variants of the implicit indicator, ways of conditioning: all are trained, saved and read."""

import numpy as np
import pytest
import torch

from a2bench.baselines.animate_x import AnimateXPipeline
from a2bench.baselines.animate_x.layers import SpatialTransformer
from a2bench.baselines.animate_x.training import AnimateXTrainer
from a2bench.errors import A2BenchError
from tests.training.small import OPTIONS, MadeUpClips

ABSENT = {
    "full": set(),
    "none": {"pose_embedding_before", "pose_embedding_after", "pose_attention", "latents"},
    "no_learned_query": {"latents"},
    "no_pose_query": {"pose_embedding_before"},
    "parallel": set(),
    "clip_queries": set(),
}
"""Indicator -> parts of names that its network does not have, and the full one has."""


def trainer(indicator="full", **options):
    unet = {**OPTIONS["unet"], "indicator": indicator}
    return AnimateXTrainer({**OPTIONS, **options, "unet": unet}, MadeUpClips(), seed=0)


def batch(made, seed=0):
    clip = MadeUpClips().clip(0, size=made.size, frames=2, rng=np.random.default_rng(seed))
    return {name: value[None] for name, value in made.prepare()(clip, (seed,)).items()}


@pytest.mark.parametrize("indicator", sorted(ABSENT))
def test_a_variant_of_the_indicator_has_what_it_uses_and_learns_all_of_it(indicator, tmp_path):
    """A parameter without a gradient would make several devices wait for it for ever."""
    made = trainer(indicator)
    made.module(batch(made)).sum().backward()
    learned = {name: p.grad for name, p in made.module.named_parameters() if p.requires_grad}
    assert [name for name, gradient in learned.items() if gradient is None] == []
    parts = {part for name in made.module.unet.state_dict() for part in name.split(".")}
    assert not parts & ABSENT[indicator]
    assert parts >= set.union(*ABSENT.values()) - ABSENT[indicator]

    made.save(tmp_path)
    read = AnimateXPipeline.from_pretrained(tmp_path)
    assert read.unet.config.indicator == indicator
    assert made.card()["inputs_seen"] == ["pose"] + ["clip_of_rgb"] * (indicator != "none")


def test_motion_attention_after_the_spatial_one_or_beside_it():
    """With S the spatial part and M the motion attention, both as x + something of x.

    none: S(x). full: M(S(x)). parallel: S(x) + M(x) - x.
    """
    torch.manual_seed(0)
    blocks = {name: SpatialTransformer(32, 16, 16, name) for name in ("full", "none", "parallel")}
    weights = blocks["full"].state_dict()
    blocks["parallel"].load_state_dict(weights)
    spatial = {k: v for k, v in weights.items() if not k.startswith("pose_attention")}
    blocks["none"].load_state_dict(spatial)
    x, context, motion = torch.randn(2, 32, 4, 4), torch.randn(1, 5, 16), torch.randn(2, 4, 16)
    answers = {name: block(x, context, motion) for name, block in blocks.items()}
    attend = blocks["full"].pose_attention
    assert torch.allclose(answers["full"], attend(answers["none"], motion), atol=1e-6)
    beside = answers["none"] + attend(x, motion) - x
    assert torch.allclose(answers["parallel"], beside, atol=1e-5)
    assert not torch.allclose(answers["parallel"], answers["full"], atol=1e-3)


@pytest.mark.parametrize("conditioning", ["local_image", "randomref", "both"])
def test_every_way_of_conditioning_learns_all_that_it_calls(conditioning):
    made = trainer(conditioning=conditioning)
    made.module(batch(made)).sum().backward()
    frozen = {
        name.split(".")[1]
        for name, p in made.module.named_parameters()
        if name.startswith("unet.") and not p.requires_grad
    }
    local = {"local_image_embedding", "local_image_embedding_after"}
    latent = {f"randomref_{name}" for name in (
        "embedding2", "embedding_after2", "pose2_embedding", "pose2_embedding_after",
    )}  # fmt: skip
    assert frozen == {"local_image": latent, "randomref": local, "both": set()}[conditioning]
    assert all(p.grad is not None for p in made.module.parameters() if p.requires_grad)


def test_activations_computed_again_give_the_same_gradients():
    kept, again = trainer(), trainer(checkpointing=True)
    for made in (kept, again):
        torch.manual_seed(0)  # of dropout
        made.module(batch(made)).sum().backward()
    for (name, one), other in zip(
        kept.module.named_parameters(), again.module.parameters(), strict=True
    ):
        if one.grad is not None:
            assert torch.allclose(one.grad, other.grad, atol=1e-6), name


def test_two_learning_rates():
    """The paper's: one for the implicit indicator, one for all else, motion attention included."""
    made = trainer(learning_rate=5e-5, learning_rate_indicator=5e-7)
    groups = {group.name: group for group in made.groups()}
    assert groups["indicator"].learning_rate == 5e-7
    assert groups["rest"].learning_rate == 5e-5
    assert all(".pose_embedding_" in name for name in groups["indicator"].parameters)
    assert not any(".pose_embedding_" in name for name in groups["rest"].parameters)
    assert any("pose_attention" in name for name in groups["rest"].parameters)
    assert groups["image_encoder"].parameters == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"widht": 64}, "unknown key of `options`: 'widht'. Did you mean 'width'"),
        ({"learn_from_pictures": True}, "only an autoencoder of kind patch with a `finish`"),
        ({"width": 60}, "each must be a multiple of 8 px"),
        ({"times": [1000]}, "expected times from 0 to 999"),
        ({"time_weights": [1.0]}, "expected one a time"),
        ({"autoencoder": None}, "a table with kind vae or patch"),
        ({"image_encoder": None}, "the pose indicator needs one"),
        ({"drops": {"everything": 0.6, "nothing": 0.6}}, "everything \\+ nothing is over 1"),
        ({"image_encoder": {**OPTIONS["image_encoder"], "projection_dim": 16}}, "have 16 numbers"),
        ({"start": "somewhere"}, "brings autoencoder and image encoder along"),
        (
            {"start": "nowhere", "autoencoder": None, "image_encoder": None},
            "options.start=nowhere: no such folder",
        ),
    ],
)
def test_options_that_cannot_be_are_named(options, said):
    with pytest.raises(A2BenchError, match=said):
        trainer(**options)
