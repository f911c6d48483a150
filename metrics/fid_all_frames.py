"""Fréchet distance of Inception features, every frame counted (suite `disco`).

    FID = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

It is `fid` with the input frame, as the field's script pools the frames of all clips; another
value, so another name.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and ranked only where N > d on split `full`.
"""

import math

from a2bench.distances import frechet
from a2bench.features import INCEPTION_POOL3
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FID",
    summary="likeness of the distributions of single frames, input frame counted",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(INCEPTION_POOL3, frechet(ddof=1)),
    digits=2,
    region="frame",
    view="field",
    suites=("disco",),
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of Inception pool3 features of all "
    "frames",
    minimum="2 frames; ranked from split full on, where N > 2048",
    pitfalls="Counts the input frame, which every method was given. Blind to motion. Biased at "
    "small N by a method's own amount.",
    paper="Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, GANs Trained by a Two Time-Scale "
    "Update Rule Converge to a Local Nash Equilibrium, NeurIPS 2017",
    code="pytorch-fid 0.3.0, called by Wangt-CN/DisCo @ c4fa48a gen_eval.sh",
    licences="code Apache-2.0; weights Apache-2.0",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "Inception-v3 (TensorFlow 2015), pool3, 2048 dimensions",
        "resize": "299x299 inside the network, bilinear, not antialiased",
        "range": "2x - 1",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
    },
    agreement=(
        Agreement("pytorch-fid 0.3.0, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
