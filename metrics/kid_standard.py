"""KID as it is usually computed: mean over 100 random subsets of at most 1000 frames.

    KID = mean over subsets of the unbiased MMD^2, k(a, b) = (a.b / 2048 + 1)^3

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give a number below 0, not 0: the cross term counts each vector with
itself, the other two do not; 0 is what two independent draws of one distribution give on average.
It may be negative by chance. Two frames are the fewest; with fewer than 1000 frames the subsets are
as large as the smaller set. Subsets are drawn as torch-fidelity draws them (seed 2020).

Frames of one clip are paired with each other, and predictions with their own truths: for ranking,
take `kid`.
"""

import math

from a2bench.distances import kernel_of_subsets
from a2bench.features import INCEPTION_POOL3
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="KID (standard)",
    summary="the usual KID estimator",
    direction="lower",
    unit="1",
    value_range=(-math.inf, math.inf),
    perfect=0.0,
    of_set=SetPart(INCEPTION_POOL3, kernel_of_subsets),
    digits=4,
    region="frame",
    suites=("extended",),
    formula="mean over 100 subsets of the unbiased MMD^2 of Inception pool3 features",
    minimum="2 frames",
    pitfalls="Random subsets: another seed is another value. Below 0 for a set beside itself: "
    "its cross term counts each vector with itself. Pairs inside a video make it small "
    "for everybody.",
    paper="Binkowski, Sutherland, Arbel and Gretton, Demystifying MMD GANs, ICLR 2018",
    code="torch-fidelity 0.4.0 metric_kid.py",
    licences="code Apache-2.0; weights Apache-2.0",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "Inception-v3 (TensorFlow 2015), pool3, 2048 dimensions",
        "resize": "299x299 inside the network, bilinear, not antialiased",
        "range": "2x - 1",
        "kernel": "cubic polynomial, 1 / d, offset 1",
        "estimator": "unbiased MMD^2, mean of 100 subsets of min(1000, N), numpy RandomState(2020)",
    },
    agreement=(
        Agreement("pytorch-fid 0.3.0, features", 1e-05),
        Agreement("torch-fidelity 0.4.0, distance", 1e-09),
    ),
)
