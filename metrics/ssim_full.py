"""Structural similarity over the whole frame.

    SSIM = (2 m_p m_t + C1) (2 v_pt + C2) / ((m_p^2 + m_t^2 + C1) (v_p + v_t + C2))

with means m and population (co)variances v under a Gaussian window of 11 x 11 px, sigma 1.5, and
C1 = (.01 x 255)^2, C2 = (.03 x 255)^2, for each RGB channel.

Averages over: all pixels, frames and channels of the clip. Frames are mirrored at their borders
and no border is left out (scikit-image's own mean leaves out 5 px).

Special inputs: identical clips give 1 with status `identical`. Constant frames a, b give
(2ab + C1) / (a^2 + b^2 + C1). One frame is a clip like any other, and so is a frame smaller than
the window.

It is `ssim` without the region. The field's script (DisCo c4fa48a) takes grey 8-bit frames and a
7 x 7 uniform window with sample covariance: another number.
"""

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def ssim_full(pair: ClipPair) -> Outcome:
    """SSIM of one clip over whole frames."""
    return Outcome(pixels.ssim(pair.prediction, pair.target, None, pair.scored_box).mean)


METRIC = Metric(
    version=1,
    title="SSIM (full frame)",
    summary="likeness of local structure over the whole frame, background included",
    direction="higher",
    unit="1",
    value_range=(-1.0, 1.0),
    perfect=1.0,
    clip=ssim_full,
    digits=3,
    formula="map of Wang et al. 2004 (Gaussian 11 x 11, sigma 1.5, RGB), averaged over all pixels, "
    "frames and channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "whole frame",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "colour": "RGB, each channel for itself",
        "range": "0 to 255, K1 .01, K2 .03",
        "window": "Gaussian, sigma 1.5, 11 x 11",
        "covariance": "1/N, population",
        "border": "mirrored, nothing left out",
        "average": "over scored pixels, frames and channels",
    },
    pitfalls="On a static background a still picture scores about .90 and beats a perfect method "
    "that works at 256 x 256. Not comparable with the grey 7 x 7 SSIM of published tables.",
    paper="Wang, Bovik, Sheikh and Simoncelli, Image quality assessment: from error visibility to "
    "structural similarity, IEEE Transactions on Image Processing 13(4), 2004",
    code="scikit-image 0.26.0 skimage.metrics.structural_similarity(gaussian_weights=True, "
    "sigma=1.5, use_sample_covariance=False, channel_axis=-1, data_range=255, full=True)[1]",
    licences="definition only; filters of OpenCV (Apache-2.0)",
    agreement=(Agreement("scikit-image 0.26 structural_similarity map, float64", 1e-9),),
    suites=("extended",),
    region="frame",
)
