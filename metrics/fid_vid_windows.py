"""Fréchet distance of 3-D ResNet-50 features as the field's script computes it (suite `disco`).

    FID-VID = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

over a window of 16 frames from every frame on (17 for a clip of 32), each a vector of its own: the
windows of `fvd_logits400`.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and ranked only where N > d on split `full`.
Clips of fewer than 16 frames are shown with their last frame repeated. Windows overlap by 15
frames: N counts them all and says nothing of independent samples.
"""

import math

from a2bench.distances import frechet
from a2bench.features import RESNET3D_DISCO
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FID-VID",
    summary="likeness of the distributions of video clips, as the field's script",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(RESNET3D_DISCO, frechet(ddof=1)),
    digits=2,
    region="frame",
    view="field",
    suites=("disco",),
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of 3-D ResNet-50 features of windows "
    "of 16 frames",
    minimum="2 windows; ranked from split full on, where N > 2048",
    pitfalls="Comparable with published FID-VID only at the same number of clips and frames a "
    "clip; `fid_vid_segments` takes one vector a video and is another number. Overlapping windows "
    "are nearly copies, so that ranks of few clips are bias.",
    paper="Balaji, Min, Bai, Chellappa and Graf, Conditional GAN with Discriminative Filter "
    "Generation for Text-to-Video Synthesis, IJCAI 2019",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics (FVD-3DRN50, metric_center.py)",
    licences="code Apache-2.0; weights MIT",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "3-D ResNet-50 (Kinetics-400, Hara), 2048 dimensions",
        "resize": "112x112 squash, Pillow bicubic in float, not clipped",
        "range": "[0, 255] minus channel means (114.7748, 107.7354, 99.4750)",
        "windows": "16 frames, from every frame on",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
    },
    agreement=(
        Agreement("3-D ResNet-50 written a second time, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
