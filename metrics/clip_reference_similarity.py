"""Likeness of every frame to the reference picture, by CLIP image embeddings.

    mean over frames of cos(CLIP(frame), CLIP(reference image))

Averages over: all frames of the clip that are scored, whole.

Special inputs: an identical clip has the truth's own likeness, not 1: it is computed like any
other. `undefined` where no reference picture is known (`score --pair`). One frame is a clip like
any other.

It asks whether the character is still the one in the picture; a still picture answers best.
"""

import math

from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def clip_reference_similarity(pair: ClipPair) -> Outcome:
    """Mean cosine of CLIP embeddings of frames and reference picture."""
    if pair.reference_image is None:
        return Outcome(None, "undefined", "no reference picture is known")
    from a2bench.networks import clip

    network = clip.loaded()
    frames = clip.embed(network, pair.prediction)
    reference = clip.embed(network, pair.reference_image[None])[0]
    return Outcome(math.fsum((frames @ reference).tolist()) / len(frames))


METRIC = Metric(
    version=1,
    title="CLIP-I (reference)",
    summary="likeness of the frames to the reference picture",
    direction="higher",
    unit="1",
    value_range=(-1.0, 1.0),
    perfect=1.0,
    clip=clip_reference_similarity,
    weights=("clip_vit_b32",),
    digits=3,
    region="frame",
    suites=("extended",),
    sees_reference=True,
    identical_is_perfect=False,
    formula="mean over frames of cos(CLIP ViT-B/32(frame), CLIP ViT-B/32(reference image))",
    minimum="1 frame and the reference picture",
    pitfalls="A still picture scores 1. Sees what kind of thing is shown rather than who it is. "
    "Look at it beside a measure of motion.",
    paper="Radford et al., Learning Transferable Visual Models From Natural Language Supervision, "
    "ICML 2021",
    code="transformers 5.23 CLIPVisionModelWithProjection; preprocessing of openai/CLIP",
    licences="code Apache-2.0; weights MIT",
    choices={
        "network": "CLIP ViT-B/32 (OpenAI), image embedding",
        "resize": "short side 224, Pillow bicubic on 8 bit, centre crop",
        "frames": "all after the input frame, whole",
    },
    agreement=(Agreement("transformers 5 CLIPModel, embeddings", 1e-05),),
)
