"""Fréchet distance of 3-D ResNet-50 features, one vector a video (suite `disco`).

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

A video is cut into segments of 16 frames, the last one filled up by repeating its last frame; the
vectors of its segments are averaged to one. The field's script takes a window from every frame on,
each a vector of its own: `fid_vid_windows`.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and never ranked here: N > 2048
needs more clips than any split has.
"""

import math

from a2bench.distances import frechet
from a2bench.features import RESNET3D_SEGMENTS
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FID-VID (segments)",
    summary="likeness of the distributions of videos, one vector a video",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(RESNET3D_SEGMENTS, frechet(ddof=1)),
    digits=2,
    region="frame",
    view="field",
    suites=("disco",),
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of 3-D ResNet-50 features averaged "
    "over a video",
    minimum="2 videos; never ranked: no split has more than 2048",
    pitfalls="Not comparable with published FID-VID, which takes a window from every frame on: "
    "`fid_vid_windows`. With 100 videos in 2048 dimensions nearly all of it is bias.",
    paper="Balaji, Min, Bai, Chellappa and Graf, Conditional GAN with Discriminative Filter "
    "Generation for Text-to-Video Synthesis, IJCAI 2019",
    code="own averaging; network and frames of Wangt-CN/DisCo @ c4fa48a tool/metrics",
    licences="code Apache-2.0; weights MIT",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "3-D ResNet-50 (Kinetics-400, Hara), 2048 dimensions",
        "resize": "112x112 squash, Pillow bicubic in float, not clipped",
        "range": "[0, 255] minus channel means (114.7748, 107.7354, 99.4750)",
        "windows": "segments of 16 frames, the last filled up, averaged to one vector a video",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
    },
    agreement=(
        Agreement("3-D ResNet-50 written a second time, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
