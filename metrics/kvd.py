"""Kernel distance of I3D features over pairs of clips of different characters.

    KVD = E k(x, x') + E k(y, y') - 2 E k(x, y),   k(a, b) = (a.b / 400 + 1)^3

with x of predictions and y of truths: windows of 16 frames that together see every frame after the
input frame, fed as for `fvd`; each mean over windows of two clips that share no character (in
`cross` neither reference nor driver).

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. It may be negative by chance where sets are alike. Two
clips of different characters are the fewest. 95 % interval by delete-group jackknife over 20 groups
of clips, from 100 clips on and not in `cross`, where a character ties clips together in two ways
(simulated coverage: docs/validity.md).
"""

import math

from a2bench.distances import kernel_by_character
from a2bench.features import I3D_STYLEGANV
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="KVD",
    summary="distance of video clips, over pairs of different characters",
    direction="lower",
    unit="1",
    value_range=(-math.inf, math.inf),
    perfect=0.0,
    of_set=SetPart(I3D_STYLEGANV, kernel_by_character),
    digits=3,
    region="frame",
    formula="E k(x, x') + E k(y, y') - 2 E k(x, y) over pairs of different characters, k(a, b) = "
    "(a.b / d + 1)^3, I3D logits",
    minimum="2 clips of different characters, 16 frames each",
    pitfalls="I3D answers more to appearance than to motion. Logits are not bounded, so the scale "
    "is that of the network.",
    paper="Unterthiner, van Steenkiste, Kurach, Marinier, Michalski and Gelly, Towards Accurate "
    "Generative Models of Video: A New Metric and Challenges, arXiv 2018 (arXiv 1812.01717)",
    code="own; network of universome/stylegan-v (i3d_torchscript.pt)",
    licences="weights Apache-2.0",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "I3D (Kinetics-400) logits, 400 dimensions",
        "resize": "224x224 squash, bilinear, not antialiased",
        "range": "[-1, 1]",
        "windows": "16 frames, as few as see every frame",
        "kernel": "cubic polynomial, 1 / d, offset 1",
        "estimator": "U-statistic over pairs of clips of different characters, nothing drawn",
        "interval": "delete-group jackknife, 20 groups, Student t; from 100 clips on, not in cross",
    },
    agreement=(
        Agreement("I3D written a second time, features", 1e-05),
        Agreement("the definition pair by pair, distance", 1e-12),
    ),
)
