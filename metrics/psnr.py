"""Peak signal-to-noise ratio over the region, in dB.

    PSNR = 10 log10(255^2 / MSE)

Averages over: the squared error is pooled over all scored pixels, frames and the three RGB
channels of the clip (an exact integer sum), then one logarithm is taken.

Special inputs: where no scored pixel differs the status is `identical` and the value is that of
rounding to 8 bits alone, 10 log10(255^2 * 12) = 58.92 dB, because infinity cannot be stored;
tables print ∞. A clip with fewer errors than rounding would make exceeds it, and enters means and
tests as 58.92. A constant difference d gives 20 log10(255 / d), constant frames or not. One frame
is a clip like any other.

The field's script (DisCo c4fa48a, "PSNR*") takes the mean over frames of each frame's dB on the
whole frame, counts the input frame and gives an identical frame 100 dB, so that a few still frames
raise the number. Before April 2024 its uint8 differences wrapped around: tables of that time
never fall under 27.9 dB.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def psnr(pair: ClipPair) -> Outcome:
    """PSNR of one clip over its region, in dB."""
    error = pixels.squared_error(pair.prediction, pair.target, pair.scored_pixels, pair.scored_box)
    if error.total == 0:
        return Outcome(pixels.PSNR_CAP_DB, "identical", "no scored pixel differs")
    return Outcome(pixels.mean_squared_error_to_psnr(error.mean))


METRIC = Metric(
    version=1,
    title="PSNR",
    summary="pixel fidelity over the region where the character moves",
    direction="higher",
    unit="dB",
    value_range=(0.0, math.inf),
    perfect=pixels.PSNR_CAP_DB,
    cap=pixels.PSNR_CAP_DB,
    clip=psnr,
    digits=2,
    formula="10 log10(255^2 / MSE), MSE pooled over scored pixels, frames and channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "union of the truth's foreground over time, dilated 16 px at height 768, minus "
        "undefined parts",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "range": "0 to 255, RGB",
        "arithmetic": "exact integer sum, one logarithm a clip",
        "identical clip": "58.92 dB, 8-bit rounding; printed as ∞",
        "average": "squared error pooled over the clip",
    },
    pitfalls="Prefers a blurred figure to a sharp one that is a few pixels off, and a still "
    "picture to a right dance one beat late. Not comparable with the mean of per-frame dB in "
    "published tables.",
    paper="Huynh-Thu and Ghanbari, Scope of validity of PSNR in image/video quality assessment, "
    "Electronics Letters 44(13), 2008",
    code="scikit-image 0.26.0 skimage.metrics.peak_signal_noise_ratio over the scored values",
    licences="definition only; OpenCV (Apache-2.0) adds the integers",
    agreement=(Agreement("scikit-image 0.26 peak_signal_noise_ratio, float64", 1e-9),),
)
