"""Fréchet distance of Inception features of single frames (FID).

    FID = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

over pool3 features (2048 dimensions) of every frame of every clip after the input frame, whole,
nothing masked. Covariances over N - 1, mean and covariance in float64 from float32 features.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and ranked only where N > d on split `full`.

Conventions are pytorch-fid's: resize inside to 299x299 (bilinear, not antialiased), 2x - 1. The
same weights with (x - 128) / 128 or an antialiased resize give features 0.5 to 5 % away.
"""

import math

from a2bench.distances import frechet
from a2bench.features import INCEPTION_POOL3
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FID",
    summary="likeness of the distributions of single frames",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(INCEPTION_POOL3, frechet(ddof=1)),
    digits=2,
    region="frame",
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of Inception pool3 features of all "
    "scored frames",
    choices={
        "network": "Inception-v3 (TensorFlow 2015), pool3, 2048 dimensions",
        "resize": "299x299 inside the network, bilinear, not antialiased",
        "range": "2x - 1",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
        "frames": "all after the input frame, whole",
    },
    minimum="2 frames; ranked from split full on, where N > 2048",
    pitfalls="Blind to motion: frames shuffled in time give the same value. Biased by a method's "
    "own amount at small N, so that ranks can flip. Frames of one clip are nearly copies: N counts "
    "frames, not independent samples.",
    paper="Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, GANs Trained by a Two Time-Scale "
    "Update Rule Converge to a Local Nash Equilibrium, NeurIPS 2017",
    code="pytorch-fid 0.3.0 (its network and conventions; the trace without sqrtm)",
    licences="code Apache-2.0; weights Apache-2.0",
    agreement=(
        Agreement("pytorch-fid 0.3.0, features", 1e-5),
        Agreement("mpmath, 50 digits, distance", 1e-9),
    ),
)
