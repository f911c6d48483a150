"""Peak signal-to-noise ratio over the whole frame, in dB.

    PSNR = 10 log10(255^2 / MSE)

Averages over: the squared error is pooled over all pixels, frames and the three RGB channels of
the clip (an exact integer sum), then one logarithm is taken.

Special inputs: identical clips have status `identical` and the value of rounding to 8 bits alone,
10 log10(255^2 * 12) = 58.92 dB; tables print ∞. A constant difference d gives 20 log10(255 / d).
One frame is a clip like any other.

It is `psnr` without the region. The field's script (DisCo c4fa48a, "PSNR*") takes the mean over
frames of each frame's dB, counts the input frame and gives an identical frame 100 dB.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def psnr_full(pair: ClipPair) -> Outcome:
    """PSNR of one clip over whole frames, in dB."""
    error = pixels.squared_error(pair.prediction, pair.target, None, pair.scored_box)
    if error.total == 0:
        return Outcome(pixels.PSNR_CAP_DB, "identical", "no pixel differs")
    return Outcome(pixels.mean_squared_error_to_psnr(error.mean))


METRIC = Metric(
    version=1,
    title="PSNR (full frame)",
    summary="pixel fidelity over the whole frame, background included",
    direction="higher",
    unit="dB",
    value_range=(0.0, math.inf),
    perfect=pixels.PSNR_CAP_DB,
    cap=pixels.PSNR_CAP_DB,
    clip=psnr_full,
    digits=2,
    formula="10 log10(255^2 / MSE), MSE pooled over all pixels, frames and channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "whole frame",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "range": "0 to 255, RGB",
        "arithmetic": "exact integer sum, one logarithm a clip",
        "identical clip": "58.92 dB, 8-bit rounding; printed as ∞",
        "average": "squared error pooled over the clip",
    },
    pitfalls="On a static background most pixels are the reference picture's: a still picture "
    "scores well and the size of the character decides the number.",
    paper="Huynh-Thu and Ghanbari, Scope of validity of PSNR in image/video quality assessment, "
    "Electronics Letters 44(13), 2008",
    code="scikit-image 0.26.0 skimage.metrics.peak_signal_noise_ratio over all values of the clip",
    licences="definition only; OpenCV (Apache-2.0) adds the integers",
    agreement=(
        Agreement("scikit-image 0.26 peak_signal_noise_ratio, float64", 1e-9),
        Agreement("FFmpeg psnr filter, gbrp planes", 2e-6),
    ),
    suites=("extended",),
    region="frame",
)
