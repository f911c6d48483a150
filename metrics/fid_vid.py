"""Fréchet distance of 3-D ResNet-50 features of video (FID-VID).

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

over windows of 16 frames that together see every frame after the input frame (two for a clip of
31), each a vector of its own.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and never ranked here: N > 2048 needs more clips than any split has. Clips of fewer than
16 frames are shown with their last frame repeated.

The field's script takes a window from every frame on: `fid_vid_windows`. The hash of these
weights is published nowhere, so values are marked with the one that was used.
"""

import math

from a2bench.distances import frechet
from a2bench.features import RESNET3D_WINDOWS
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FID-VID",
    summary="likeness of the distributions of video clips (3-D ResNet-50)",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(RESNET3D_WINDOWS, frechet(ddof=1)),
    digits=2,
    region="frame",
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of 3-D ResNet-50 features of windows "
    "of 16 frames",
    minimum="2 windows; never ranked: no split gives more than 2048",
    pitfalls="Not comparable with published FID-VID, which takes a window from every frame on: "
    "`fid_vid_windows`. Of the usual measures the one that agrees least with people (FVMD, arXiv "
    "2407.16124: 0.34). Biased at small N by a method's own amount.",
    paper="Balaji, Min, Bai, Chellappa and Graf, Conditional GAN with Discriminative Filter "
    "Generation for Text-to-Video Synthesis, IJCAI 2019",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics; kenshohara/3D-ResNets-PyTorch (old models)",
    licences="weights MIT",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "3-D ResNet-50 (Kinetics-400, Hara), 2048 dimensions",
        "resize": "112x112 squash, Pillow bicubic in float, not clipped",
        "range": "[0, 255] minus channel means (114.7748, 107.7354, 99.4750)",
        "windows": "16 frames, as few as see every frame",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
    },
    agreement=(
        Agreement("3-D ResNet-50 written a second time, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
