"""Kernel distance of Inception features over pairs of clips of different characters.

    KID = E k(x, x') + E k(y, y') - 2 E k(x, y),   k(a, b) = (a.b / 2048 + 1)^3

with x of predictions and y of truths, each mean over frames of two clips that share no character
(in `cross` neither reference nor driver). Frames of one clip are nearly copies, and a prediction
lies near its own truth: pairs inside a character would reward copying the reference.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. It may be negative by chance where sets are alike. Two
clips of different characters are the fewest. 95 % interval by delete-group jackknife over 20 groups
of clips, from 100 clips on and not in `cross`, where a character ties clips together in two ways
(simulated coverage: docs/validity.md).

`kid_standard` is the usual estimator, which draws random subsets and pairs any two frames.
"""

import math

from a2bench.distances import kernel_by_character
from a2bench.features import INCEPTION_POOL3
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="KID",
    summary="distance of single frames, over pairs of different characters",
    direction="lower",
    unit="1",
    value_range=(-math.inf, math.inf),
    perfect=0.0,
    of_set=SetPart(INCEPTION_POOL3, kernel_by_character),
    digits=4,
    region="frame",
    formula="E k(x, x') + E k(y, y') - 2 E k(x, y) over pairs of different characters, k(a, b) = "
    "(a.b / d + 1)^3, Inception pool3",
    minimum="2 clips of different characters",
    pitfalls="Blind to motion. Not comparable with published KID, which pairs frames of one video.",
    paper="Binkowski, Sutherland, Arbel and Gretton, Demystifying MMD GANs, ICLR 2018",
    code="own; the kernel is torch-fidelity 0.4.0's",
    licences="weights Apache-2.0",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "Inception-v3 (TensorFlow 2015), pool3, 2048 dimensions",
        "resize": "299x299 inside the network, bilinear, not antialiased",
        "range": "2x - 1",
        "kernel": "cubic polynomial, 1 / d, offset 1",
        "estimator": "U-statistic over pairs of clips of different characters, nothing drawn",
        "interval": "delete-group jackknife, 20 groups, Student t; from 100 clips on, not in cross",
    },
    agreement=(
        Agreement("pytorch-fid 0.3.0, features", 1e-05),
        Agreement("the definition pair by pair, distance", 1e-12),
    ),
)
