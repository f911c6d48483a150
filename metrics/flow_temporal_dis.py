"""How unlike the movements are: difference of the optical flows of successive frames, in px.

    error = mean |DIS(t_i -> t_{i+1}) - DIS(p_i -> p_{i+1})|

with OpenCV's DIS flow, preset FAST, on 8-bit grey whole frames.

Averages over: all pixels that are scored in both frames, and all pairs of successive instants.

Special inputs: identical clips give 0 with status `identical`. `undefined` where no two scored
frames follow each other, where a side is under 12 px, and where a frame is flat in the prediction
and not in the truth (see `flow_error_dis`).

It is the usual "temporal" flow error, kept for comparison and out of the headline: on six real
clips at 8 Hz it ranks a still picture above the right dance one frame late. `flow_error_dis`
compares positions and does not.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def flow_temporal_dis(pair: ClipPair) -> Outcome:
    """Mean distance between the frame-to-frame flows of truth and prediction, in px."""
    height, width = pair.target.shape[1:3]
    if min(height, width) < pixels.FLOW_SMALLEST_SIDE_PX:
        return Outcome(
            None, "undefined", f"{width}x{height} px: a side is under 12, too small for DIS flow"
        )
    if not pair.successive:
        return Outcome(None, "undefined", "no two scored frames follow each other")
    if flat := pixels.flat_frames(pair.prediction, pair.target, pair.scored_pixels):
        return Outcome(
            None,
            "undefined",
            f"the prediction has no texture in {len(flat)} of {len(pair.target)} frames, first in "
            f"scored frame {flat[0]}: no flow can be read from a flat picture",
        )
    apart = pixels.flow_difference(
        pair.prediction, pair.target, pair.scored_pixels, pair.successive
    )
    if not apart.values:
        return Outcome(None, "undefined", "no pixel is scored in two frames that follow each other")
    return Outcome(apart.mean)


METRIC = Metric(
    version=1,
    title="Flow difference (DIS)",
    summary="how unlike the movement from frame to frame is",
    direction="lower",
    unit="px",
    value_range=(0.0, math.inf),
    perfect=0.0,
    clip=flow_temporal_dis,
    digits=2,
    formula="mean |DIS(t_i -> t_{i+1}) - DIS(p_i -> p_{i+1})| over pixels scored in both frames",
    choices={
        "frames": "pairs of successive instants, without the input frame; in `cross` without those "
        "turned away",
        "region": "union of the truth's foreground over time, dilated 16 px at height 768, minus "
        "undefined parts of either frame",
        "flow": "OpenCV DIS, preset FAST, no start value, whole frames",
        "colour": "8-bit grey, BT.601 weights in OpenCV's fixed point",
        "flat picture": "grey deviation under 1: undefined",
        "average": "Euclidean length over scored pixels and pairs",
    },
    minimum="2 frames that follow each other, sides from 12 px",
    pitfalls="Ranks a still picture above the right dance one frame late, because no movement is "
    "nearer to the truth's than the same movement at another moment; of lags it says little more "
    "than that there is one (docs/validity.md). Blind to a wrong figure that moves rightly.",
    paper="Chu, Xie, Mayer, Leal-Taixe and Thuerey, Learning Temporal Coherence via "
    "Self-Supervision for GAN-based Video Generation, ACM TOG 39(4), 2020 (tOF; there with "
    "Farneback flow)",
    code="OpenCV 5.0.0 modules/video/src/dis_flow.cpp, DISOPTICAL_FLOW_PRESET_FAST",
    licences="OpenCV (Apache-2.0)",
    agreement=(Agreement("OpenCV DIS called pair by pair, numpy mean", 1e-9),),
    suites=("extended",),
)
