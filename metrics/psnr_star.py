"""PSNR as the field's script computes it since April 2024 ("PSNR*"), in dB.

    PSNR* = mean over frames of 20 log10(255 / sqrt(MSE of the frame))

Averages over: the squared error over all pixels and RGB channels of a frame, then the decibels
over all frames, the input frame too.

Special inputs: a frame without error counts as 100 dB, as in the script, so that one exact input
frame in 32 raises a clip of 15 dB by 2.7. An identical clip is 100 with status `identical`. A
constant difference d gives 20 log10(255 / d). A frame with one value off by one has more than
100 dB. One frame is a clip like any other.

The script (DisCo, commit 6190108 of 2024-04-10) casts to float64 before it subtracts; `psnr_uint8`
is what it did before.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def psnr_star(pair: ClipPair) -> Outcome:
    """Mean over frames of the PSNR of whole frames, in dB."""
    sums = pixels.squared_error_by_frame(pair.prediction, pair.target)
    return Outcome(pixels.field_psnr(sums, pair.target[0].size))


METRIC = Metric(
    version=1,
    title="PSNR*",
    summary="pixel fidelity of whole frames, as papers since 2024 print it",
    direction="higher",
    unit="dB",
    value_range=(0.0, math.inf),
    perfect=pixels.FIELD_IDENTICAL_DB,
    clip=psnr_star,
    digits=2,
    formula="mean over frames of 20 log10(255 / sqrt(MSE)); a frame without error is 100 dB",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth; a prediction of another size was brought to it by the "
        "normaliser (the field: cv2.resize INTER_LINEAR, no antialiasing)",
        "range": "0 to 255",
        "arithmetic": "exact integers, one logarithm a frame (the field: float64)",
        "identical frame": "100 dB",
        "average": "mean over frames of decibels",
    },
    pitfalls="Counts the input frame, which the method was given, and a static background: a still "
    "picture does well. A mean of decibels rewards a few perfect frames more than many good ones. "
    "Prefers a blurred figure to a sharp one that is a few pixels off.",
    paper="Wang et al., DisCo: Disentangled Control for Realistic Human Dance Generation, "
    "CVPR 2024 (arXiv 2307.00040)",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics (fix of commit 6190108)",
    licences="definition from Apache-2.0 code; no code or weights of others",
    agreement=(Agreement("numpy float64, the script's arithmetic", 1e-9),),
    suites=("disco",),
    region="frame",
    view="field",
)
