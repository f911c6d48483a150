"""Fréchet video distance, VideoGPT's and TATS's convention.

    FVD = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

over I3D logits of windows of 16 frames that together see every frame after the input frame.

Averages over: nothing; one value for all clips of a method, protocol and seed.

Special inputs: equal sets give 0. With N vectors of d dimensions the covariance has rank N - 1 at
most and the distance is biased upward, by more the fewer the clips: it is computed, printed with N
and rank, and ranked only where N > d on split `full`. Clips of
fewer than 16 frames are undefined.

Conventions: short side 224, bilinear without antialias, centre crop, [-1, 1], batch-norm epsilon
1e-5, last pool [2, 7, 7], covariances over N - 1. VideoGPT itself refuses sets that are no multiple
of 16; this does not.
"""

import math

from a2bench.distances import frechet
from a2bench.features import I3D_VIDEOGPT
from a2bench.metric import Agreement, Metric, SetPart

METRIC = Metric(
    version=1,
    title="FVD (VideoGPT)",
    summary="likeness of the distributions of video clips (I3D)",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    of_set=SetPart(I3D_VIDEOGPT, frechet(ddof=1)),
    digits=2,
    region="frame",
    suites=("extended",),
    formula="|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2) of I3D logits of windows of 16 "
    "frames",
    minimum="2 windows; ranked from split full on, where N > 400",
    pitfalls="I3D answers more to appearance than to motion (arXiv 2404.12391). Compare only "
    "values with the same number of clips, frames a window and convention: variants of one name "
    "differ by tens of percent.",
    paper="Unterthiner, van Steenkiste, Kurach, Marinier, Michalski and Gelly, Towards Accurate "
    "Generative Models of Video: A New Metric and Challenges, arXiv 2018 (arXiv 1812.01717)",
    code="wilson1yan/VideoGPT videogpt/fvd; songweige/TATS tats/fvd",
    licences="weights Apache-2.0 (DeepMind kinetics-i3d)",
    choices={
        "frames": "all after the input frame",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "I3D (Kinetics-400) logits, 400 dimensions",
        "resize": "short side 224, bilinear, not antialiased, centre crop",
        "range": "[-1, 1]",
        "windows": "16 frames, as few as see every frame",
        "batch norm": "epsilon 1e-5",
        "last pool": "[2, 7, 7]",
        "covariance": "1 / (N - 1)",
        "interval": "delete-group jackknife, 20 groups, Student t, for the value expected at "
        "this N; from 40 clips on, not in cross",
    },
    agreement=(
        Agreement("I3D written a second time, features", 1e-05),
        Agreement("mpmath, 50 digits, distance", 1e-09),
    ),
)
