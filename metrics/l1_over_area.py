"""L1 as the field's script computes it: the mean error divided by the frame's area once more.

    L1 = mean |prediction - target| / (height x width), values in [0, 255]

Averages over: all pixels, RGB channels and frames, the input frame too, as one exact integer sum.

Special inputs: identical clips give 0 with status `identical`. A constant difference d gives
d / (height x width). One frame is a clip like any other.

The number depends on the frame's size: the same error is 6 times smaller at 512 x 768 than at
256 x 256. Published A²Bench rows fit 512 x 768, TikTok rows 256 x 256.
"""

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def l1_over_area(pair: ClipPair) -> Outcome:
    """Mean absolute error of whole frames over their area, in 1/px."""
    height, width = pair.target.shape[1:3]
    error = pixels.absolute_error(pair.prediction, pair.target, None, pixels.WHOLE_FRAME)
    return Outcome(error.mean / (height * width))


METRIC = Metric(
    version=1,
    title="L1 / area",
    summary="mean colour error over the number of pixels, as the field's papers print it",
    direction="lower",
    unit="1/px",
    value_range=(0.0, 255.0),
    perfect=0.0,
    clip=l1_over_area,
    digits=7,
    formula="mean |prediction - target| / (height x width) over all values, in [0, 255]",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth; a prediction of another size was brought to it by the "
        "normaliser (the field: cv2.resize INTER_LINEAR, no antialiasing)",
        "range": "0 to 255",
        "arithmetic": "exact integer sum, two divisions (the field: float64)",
        "normalisation": "divided by height x width after the mean",
        "average": "over all values of all frames",
    },
    pitfalls="Depends on the resolution: compare at one frame size only. Counts the input frame "
    "and a static background. `l1` of suite `a2bench` is the plain mean in [0, 1].",
    paper="Wang et al., DisCo: Disentangled Control for Realistic Human Dance Generation, "
    "CVPR 2024 (arXiv 2307.00040)",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics",
    licences="definition from Apache-2.0 code; no code or weights of others",
    agreement=(Agreement("numpy float64, the script's arithmetic", 1e-15),),
    suites=("disco",),
    region="frame",
    view="field",
)
