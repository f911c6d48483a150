"""Mean absolute error over the whole frame, in [0, 1].

    L1 = mean |prediction - target| / 255

Averages over: all pixels, frames and the three RGB channels of the clip, as one exact integer sum.

Special inputs: identical clips give 0 with status `identical`. A constant difference d gives
d / 255, constant frames or not. One frame is a clip like any other.

It is `l1` without the region. The field's script (DisCo c4fa48a) leaves the values in [0, 255] and
divides by height x width once more than the mean does: its numbers depend on the resolution.
"""

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def l1_full(pair: ClipPair) -> Outcome:
    """Mean absolute error of one clip over whole frames, in [0, 1]."""
    error = pixels.absolute_error(pair.prediction, pair.target, None, pair.scored_box)
    if error.total == 0:
        return Outcome(0.0, "identical", "no pixel differs")
    return Outcome(error.mean / pixels.PEAK)


METRIC = Metric(
    version=1,
    title="L1 (full frame)",
    summary="mean colour error over the whole frame, background included",
    direction="lower",
    unit="1",
    value_range=(0.0, 1.0),
    perfect=0.0,
    clip=l1_full,
    digits=4,
    formula="mean |prediction - target| / 255 over all pixels, frames and channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "whole frame",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "range": "0 to 1 (0 to 255 over 255), RGB",
        "arithmetic": "exact integer sum",
        "average": "over all scored values of the clip",
    },
    pitfalls="On a static background most pixels are the reference picture's: a still picture "
    "scores well and the size of the character decides the number.",
    paper="Wang et al., DisCo: Disentangled Control for Realistic Human Dance Generation, "
    "CVPR 2024 (arXiv 2307.00040), which brought it to this task",
    code="numpy float64 mean(abs(a - b)) / 255; compare Wangt-CN/DisCo @ c4fa48a tool/metrics",
    licences="definition only; OpenCV (Apache-2.0) adds the integers",
    agreement=(Agreement("numpy float64", 1e-9),),
    suites=("extended",),
    region="frame",
)
