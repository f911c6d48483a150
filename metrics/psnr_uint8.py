"""PSNR as the field's script computed it until April 2024, overflow included, in dB.

    mean over frames of 20 log10(255 / sqrt(mean(((a - b) mod 256)^2 mod 256)))

Averages over: the wrapped square over all pixels and RGB channels of a frame, then the decibels
over all frames, the input frame too.

Special inputs: a frame whose wrapped error is 0 counts as 100 dB; that is an identical one, and
also one that is off by a multiple of 16 everywhere. An identical clip is 100 with status
`identical`. One frame is a clip like any other.

Only to read old tables. The wrapped square of two unrelated pictures averages about 106,
whatever they are: some 27.9 dB is its floor, and "28 to 31 dB" in a table says next to nothing.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def psnr_uint8(pair: ClipPair) -> Outcome:
    """Mean over frames of the PSNR of whole frames in wrapping 8-bit arithmetic, in dB."""
    sums = pixels.wrapped_squared_error_by_frame(pair.prediction, pair.target)
    return Outcome(pixels.field_psnr(sums, pair.target[0].size))


METRIC = Metric(
    version=1,
    title="PSNR (uint8)",
    summary="the overflowing PSNR of tables until 2024; to read them, not to compare with it",
    direction="higher",
    unit="dB",
    value_range=(0.0, math.inf),
    perfect=pixels.FIELD_IDENTICAL_DB,
    clip=psnr_uint8,
    digits=2,
    formula="psnr_star with difference and square each taken modulo 256",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth; a prediction of another size was brought to it by the "
        "normaliser (the field: cv2.resize INTER_LINEAR, no antialiasing)",
        "range": "0 to 255",
        "arithmetic": "uint8, wraps around at 256 (the defect itself)",
        "identical frame": "100 dB",
        "average": "mean over frames of decibels",
    },
    pitfalls="Not a measure of fidelity: it does not get worse with error. Beyond errors of 16 "
    "grey levels it stays near 28 dB, and an offset of 16, 32, ... levels everywhere is 100 dB.",
    paper="Wang et al., DisCo: Disentangled Control for Realistic Human Dance Generation, "
    "CVPR 2024 (arXiv 2307.00040)",
    code="Wangt-CN/DisCo before commit 6190108 (issue 86)",
    licences="definition from Apache-2.0 code; no code or weights of others",
    agreement=(Agreement("numpy uint8, the script's arithmetic", 1e-9),),
    suites=("disco",),
    region="frame",
    view="field",
)
