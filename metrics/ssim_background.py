"""Structural similarity outside the region: is the background left alone?

    SSIM = (2 m_p m_t + C1) (2 v_pt + C2) / ((m_p^2 + m_t^2 + C1) (v_p + v_t + C2))

with means m and population (co)variances v under a Gaussian window of 11 x 11 px, sigma 1.5, and
C1 = (.01 x 255)^2, C2 = (.03 x 255)^2, for each RGB channel.

Averages over: the map of the whole frame (mirrored at the frame's borders) is averaged over all
pixels outside the motion region, frames and channels of the clip.

Special inputs: identical clips give 1 with status `identical`. Constant frames a, b give
(2ab + C1) / (a^2 + b^2 + C1). One frame is a clip like any other. `undefined` without masks, and
where the region fills the frame.

It is `ssim` of the other pixels; the field has no script for it.
"""

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def ssim_background(pair: ClipPair) -> Outcome:
    """SSIM of one clip over the pixels it is given."""
    similarity = pixels.ssim(pair.prediction, pair.target, pair.scored_pixels, pair.scored_box)
    return Outcome(similarity.mean)


METRIC = Metric(
    version=1,
    title="SSIM (background)",
    summary="likeness of local structure where the character never is",
    direction="higher",
    unit="1",
    value_range=(-1.0, 1.0),
    perfect=1.0,
    clip=ssim_background,
    digits=3,
    formula="map of Wang et al. 2004 (Gaussian 11 x 11, sigma 1.5, RGB), averaged over pixels "
    "outside the region, frames and channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "outside the union of the truth's foreground over time, dilated 16 px at height "
        "768",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "colour": "RGB, each channel for itself",
        "range": "0 to 255, K1 .01, K2 .03",
        "window": "Gaussian, sigma 1.5, 11 x 11",
        "covariance": "1/N, population",
        "border": "mirrored, nothing left out",
        "average": "over scored pixels, frames and channels",
    },
    minimum="1 frame, 1 pixel of background",
    pitfalls="Says nothing of the character: a still picture is perfect on a static background. "
    "Noise of a grey level on a plain wall costs much: variances there are next to nothing.",
    paper="Wang, Bovik, Sheikh and Simoncelli, Image quality assessment: from error visibility to "
    "structural similarity, IEEE Transactions on Image Processing 13(4), 2004",
    code="scikit-image 0.26.0 skimage.metrics.structural_similarity(gaussian_weights=True, "
    "sigma=1.5, use_sample_covariance=False, channel_axis=-1, data_range=255, full=True)[1]",
    licences="definition only; filters of OpenCV (Apache-2.0)",
    agreement=(Agreement("scikit-image 0.26 structural_similarity map, float64", 1e-9),),
    suites=("extended",),
    region="background",
)
