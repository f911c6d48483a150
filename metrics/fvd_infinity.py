"""FVD extrapolated to infinitely many clips.

    FVD(N) = FVD_infinity + c / N

with `fvd`'s features and covariances.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. May be negative where the truth is near 0. Fewer than 8
clips are undefined.

Distances of 15 nested sets of clips, a quarter of them to all, in one seeded order, the same clips
on both sides, are fitted by a line in 1 / N; its value at 1 / N = 0 is the answer. It removes the
first order of the bias and adds noise: a second look, never a rank.
"""

import math

from a2bench.distances import frechet_at_infinity
from a2bench.features import I3D_STYLEGANV
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FVD at infinite N",
    summary="FVD extrapolated to infinitely many clips",
    direction="lower",
    unit="1",
    value_range=(-math.inf, math.inf),
    perfect=0.0,
    of_set=SetPart(I3D_STYLEGANV, frechet_at_infinity(ddof=0)),
    digits=2,
    region="frame",
    suites=("extended",),
    formula="intercept of FVD(N) over 1 / N, 15 nested sets",
    minimum="8 clips",
    pitfalls="I3D answers more to appearance than to motion (arXiv 2404.12391). Compare only "
    "values with the same number of clips, frames a window and convention: variants of one name "
    "differ by tens of percent.",
    paper="Chong and Forsyth, Effectively Unbiased FID and Inception Score and Where to Find Them, "
    "CVPR 2020 (arXiv 1911.07023)",
    code="own; method of mchong6/FID_IS_infinity",
    licences="weights Apache-2.0 (DeepMind kinetics-i3d)",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "I3D (Kinetics-400) logits, 400 dimensions",
        "resize": "224x224 squash, bilinear, not antialiased",
        "range": "[-1, 1]",
        "windows": "16 frames, as few as see every frame",
        "covariance": "1 / N",
        "sizes": "15, from a quarter of the clips to all",
        "order": "numpy PCG64, seed 0",
    },
    agreement=(
        Agreement("I3D written a second time, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
