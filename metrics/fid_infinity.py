"""FID extrapolated to infinitely many clips.

    FID(N) = FID_infinity + c / N

with `fid`'s features and covariances.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. May be negative where the truth is near 0. Fewer than 8
clips are undefined.

Distances of 15 nested sets of clips, a quarter of them to all, in one seeded order, the same clips
on both sides, are fitted by a line in 1 / N; its value at 1 / N = 0 is the answer. It removes the
first order of the bias and adds noise: a second look, never a rank.
"""

import math

from a2bench.distances import frechet_at_infinity
from a2bench.features import INCEPTION_POOL3
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FID at infinite N",
    summary="FID extrapolated to infinitely many clips",
    direction="lower",
    unit="1",
    value_range=(-math.inf, math.inf),
    perfect=0.0,
    of_set=SetPart(INCEPTION_POOL3, frechet_at_infinity(ddof=1)),
    digits=2,
    region="frame",
    suites=("extended",),
    formula="intercept of FID(N) over 1 / N, 15 nested sets",
    minimum="8 clips",
    pitfalls="A line through few points of a curve: with under 100 clips its own error is larger "
    "than many differences.",
    paper="Chong and Forsyth, Effectively Unbiased FID and Inception Score and Where to Find Them, "
    "CVPR 2020 (arXiv 1911.07023)",
    code="own; method of mchong6/FID_IS_infinity",
    licences="weights Apache-2.0",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "Inception-v3 (TensorFlow 2015), pool3, 2048 dimensions",
        "resize": "299x299 inside the network, bilinear, not antialiased",
        "range": "2x - 1",
        "covariance": "1 / (N - 1)",
        "sizes": "15, from a quarter of the clips to all",
        "order": "numpy PCG64, seed 0",
    },
    agreement=(
        Agreement("pytorch-fid 0.3.0, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
