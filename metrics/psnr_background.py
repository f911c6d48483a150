"""Peak signal-to-noise ratio outside the region, in dB: is the background left alone?

    PSNR = 10 log10(255^2 / MSE)

Averages over: the squared error is pooled over all pixels outside the motion region, frames and
the three RGB channels of the clip (an exact integer sum), then one logarithm is taken.

Special inputs: where no such pixel differs the status is `identical` and the value 58.92 dB, as in
`psnr`; tables print ∞. A constant difference d gives 20 log10(255 / d). One frame is a clip like
any other. `undefined` without masks, and where the region fills the frame.

It is `psnr` of the other pixels; the field has no script for it.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def psnr_background(pair: ClipPair) -> Outcome:
    """PSNR of one clip over the pixels it is given, in dB."""
    error = pixels.squared_error(pair.prediction, pair.target, pair.scored_pixels, pair.scored_box)
    if error.total == 0:
        return Outcome(pixels.PSNR_CAP_DB, "identical", "no scored pixel differs")
    return Outcome(pixels.mean_squared_error_to_psnr(error.mean))


METRIC = Metric(
    version=1,
    title="PSNR (background)",
    summary="pixel fidelity where the character never is",
    direction="higher",
    unit="dB",
    value_range=(0.0, math.inf),
    perfect=pixels.PSNR_CAP_DB,
    cap=pixels.PSNR_CAP_DB,
    clip=psnr_background,
    digits=2,
    formula="10 log10(255^2 / MSE), MSE pooled over pixels outside the region, frames, channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "outside the union of the truth's foreground over time, dilated 16 px at height "
        "768",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "range": "0 to 255, RGB",
        "arithmetic": "exact integer sum, one logarithm a clip",
        "identical clip": "58.92 dB, 8-bit rounding; printed as ∞",
        "average": "squared error pooled over the clip",
    },
    minimum="1 frame, 1 pixel of background",
    pitfalls="Says nothing of the character: missing parts, other colours and, on a static "
    "background, lag are not seen (docs/validity.md), and a still picture is perfect. A method "
    "that repaints the whole frame a little loses here and not where it matters.",
    paper="Huynh-Thu and Ghanbari, Scope of validity of PSNR in image/video quality assessment, "
    "Electronics Letters 44(13), 2008",
    code="scikit-image 0.26.0 skimage.metrics.peak_signal_noise_ratio over the scored values",
    licences="definition only; OpenCV (Apache-2.0) adds the integers",
    agreement=(Agreement("scikit-image 0.26 peak_signal_noise_ratio, float64", 1e-9),),
    suites=("extended",),
    region="background",
)
