"""Fréchet video distance as the field's script computes it (suite `disco`).

    FVD = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

over I3D logits of a window of 16 frames from every frame on (17 for a clip of 32).

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and ranked only where N > d on split `full`. Clips of
fewer than 16 frames are undefined.

Conventions: 224x224 squash by Pillow's bicubic, not clipped, x / 127.5 - 1, batch-norm epsilon
1e-3, last pool [1, 7, 7], covariances over N - 1. Windows overlap by 15 frames: N counts them
all and says nothing of independent samples.
"""

import math

from a2bench.distances import frechet
from a2bench.features import I3D_DISCO
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FVD",
    summary="likeness of the distributions of video clips (I3D)",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(I3D_DISCO, frechet(ddof=1)),
    digits=2,
    region="frame",
    view="field",
    suites=("disco",),
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of I3D logits of windows of 16 "
    "frames",
    minimum="2 windows; ranked from split full on, where N > 400",
    pitfalls="I3D answers more to appearance than to motion (arXiv 2404.12391). Compare only "
    "values with the same number of clips, frames a window and convention: variants of one name "
    "differ by tens of percent.",
    paper="Unterthiner, van Steenkiste, Kurach, Marinier, Michalski and Gelly, Towards Accurate "
    "Generative Models of Video: A New Metric and Challenges, arXiv 2018 (arXiv 1812.01717)",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics (FVD-3DInception)",
    licences="weights Apache-2.0 (DeepMind kinetics-i3d)",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "I3D (Kinetics-400) logits, 400 dimensions",
        "resize": "224x224 squash, Pillow bicubic in float, not clipped",
        "range": "x / 127.5 - 1",
        "windows": "16 frames, from every frame on",
        "batch norm": "epsilon 1e-3",
        "last pool": "[1, 7, 7]",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
    },
    agreement=(
        Agreement("I3D written a second time, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
