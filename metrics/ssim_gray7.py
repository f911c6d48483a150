"""SSIM as the field's script computes it: 8-bit grey, uniform window of 7 x 7.

    SSIM = (2 m_p m_t + C1) (2 v_pt + C2) / ((m_p^2 + m_t^2 + C1) (v_p + v_t + C2))

with means m and sample (co)variances v (divided by 48) under a uniform window of 7 x 7 px, and
C1 = (.01 x 255)^2, C2 = (.03 x 255)^2.

Averages over: all pixels of a frame but a border of 3 px, then all frames, the input frame too.

Special inputs: identical clips give 1 with status `identical`. Constant frames of grey a, b give
(2ab + C1) / (a^2 + b^2 + C1). One frame is a clip like any other. `undefined` where a side is
under 7 px: no window fits.
"""

import math

from a2bench import pixels
from a2bench.box_ssim import WINDOW_PX
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def ssim_gray7(pair: ClipPair) -> Outcome:
    """Mean over frames of the grey SSIM of whole frames."""
    height, width = pair.target.shape[1:3]
    if min(height, width) < WINDOW_PX:
        return Outcome(None, "undefined", f"{width}x{height} px: no window of 7 x 7 px fits")
    found = pixels.grey_ssim_by_frame(pair.prediction, pair.target)
    return Outcome(math.fsum(found) / len(found))


METRIC = Metric(
    version=1,
    title="SSIM (grey 7x7)",
    summary="likeness of local grey structure of whole frames, as the field's papers print it",
    direction="higher",
    unit="1",
    value_range=(-1.0, 1.0),
    perfect=1.0,
    clip=ssim_gray7,
    digits=3,
    formula="scikit-image's default SSIM of 8-bit grey frames, mean over frames",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth; a prediction of another size was brought to it by the "
        "normaliser (the field: cv2.resize INTER_LINEAR, no antialiasing)",
        "colour": "8-bit grey, BT.601 weights in OpenCV's fixed point",
        "range": "0 to 255, K1 .01, K2 .03",
        "window": "uniform 7 x 7",
        "covariance": "1/(N-1), sample",
        "border": "3 px left out",
        "average": "mean over frames",
    },
    minimum="1 frame of 7 x 7 px",
    pitfalls="Blind to colour: a recoloured figure of the same grey is perfect. Counts the input "
    "frame and a static background. Another number than the Gaussian RGB SSIM of suite `a2bench` "
    "(.757 against .752 on the same frames).",
    paper="Wang et al., DisCo: Disentangled Control for Realistic Human Dance Generation, "
    "CVPR 2024 (arXiv 2307.00040)",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics; scikit-image 0.26.0 "
    "skimage.metrics.structural_similarity, all defaults",
    licences="definition from Apache-2.0 and BSD-3-Clause code; compiled by numba (BSD-2-Clause)",
    agreement=(Agreement("scikit-image structural_similarity on OpenCV grey", 1e-9),),
    suites=("disco",),
    region="frame",
    view="field",
)
