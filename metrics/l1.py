"""Mean absolute error over the region, in [0, 1].

    L1 = mean |prediction - target| / 255

Averages over: all scored pixels, frames and the three RGB channels of the clip, as one exact
integer sum.

Special inputs: where no scored pixel differs the value is 0 and the status `identical`. A constant
difference d gives d / 255, constant frames or not. One frame is a clip like any other.

The field's script (DisCo c4fa48a) leaves the values in [0, 255], takes the whole frame and divides
by height x width once more than the mean does: its numbers (1E-04) depend on the resolution.
"""

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def l1(pair: ClipPair) -> Outcome:
    """Mean absolute error of one clip over its region, in [0, 1]."""
    error = pixels.absolute_error(pair.prediction, pair.target, pair.scored_pixels, pair.scored_box)
    if error.total == 0:
        return Outcome(0.0, "identical", "no scored pixel differs")
    return Outcome(error.mean / pixels.PEAK)


METRIC = Metric(
    version=1,
    title="L1",
    summary="mean colour error over the region where the character moves",
    direction="lower",
    unit="1",
    value_range=(0.0, 1.0),
    perfect=0.0,
    clip=l1,
    digits=4,
    formula="mean |prediction - target| / 255 over scored pixels, frames and channels",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "union of the truth's foreground over time, dilated 16 px at height 768, minus "
        "undefined parts",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "range": "0 to 1 (0 to 255 over 255), RGB",
        "arithmetic": "exact integer sum",
        "average": "over all scored values of the clip",
    },
    pitfalls="A small shift of a sharp figure costs more than blur. Not the L1 of published "
    "tables, which is divided by the number of pixels once more.",
    paper="Wang et al., DisCo: Disentangled Control for Realistic Human Dance Generation, "
    "CVPR 2024 (arXiv 2307.00040), which brought it to this task",
    code="numpy float64 mean(abs(a - b)) / 255; compare Wangt-CN/DisCo @ c4fa48a tool/metrics",
    licences="definition only; OpenCV (Apache-2.0) adds the integers",
    agreement=(Agreement("numpy float64", 1e-9),),
)
