"""Optical flow from truth to prediction over the whole frame, in px.

    error = mean |DIS(truth_i -> prediction_i)|

with OpenCV's DIS flow, preset FAST, on 8-bit grey whole frames of the same instant.

Averages over: all pixels and frames of the clip.

Special inputs: identical clips give 0 with status `identical`, identical frames give 0. A texture
shifted by k px gives about k. One frame is a clip like any other. `undefined` where a side is
under 12 px (DIS has no pyramid level there) and where a frame is flat in the prediction and not in
the truth: grey deviation under 1 level over the frame; one such frame is enough.

It is `flow_error_dis` without the region; the field has no script for it.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def flow_error_dis_full(pair: ClipPair) -> Outcome:
    """Mean length of the flow from truth to prediction over whole frames, in px."""
    height, width = pair.target.shape[1:3]
    if min(height, width) < pixels.FLOW_SMALLEST_SIDE_PX:
        return Outcome(
            None, "undefined", f"{width}x{height} px: a side is under 12, too small for DIS flow"
        )
    if flat := pixels.flat_frames(pair.prediction, pair.target, None):
        return Outcome(
            None,
            "undefined",
            f"the prediction has no texture in {len(flat)} of {len(pair.target)} frames, first in "
            f"scored frame {flat[0]}: no flow can be read from a flat picture",
        )
    return Outcome(pixels.flow_length(pair.prediction, pair.target, None).mean)


METRIC = Metric(
    version=1,
    title="Flow error (DIS, full frame)",
    summary="how many pixels the picture is away from where it should be, background included",
    direction="lower",
    unit="px",
    value_range=(0.0, math.inf),
    perfect=0.0,
    clip=flow_error_dis_full,
    digits=2,
    formula="mean |DIS flow from truth frame to prediction frame| over all pixels and frames",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "whole frame",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "flow": "OpenCV DIS, preset FAST, no start value, whole frames",
        "colour": "8-bit grey, BT.601 weights in OpenCV's fixed point",
        "direction": "truth to prediction, same instant",
        "flat picture": "grey deviation under 1: undefined",
        "average": "length over scored pixels and frames",
    },
    pitfalls="In pixels of the frame it is given: compare at one size only. A static background "
    "dilutes it: the size of the character decides the number. Limbs that are too long are seen "
    "up to about a third of their length; beyond, more is not always worse (docs/validity.md).",
    paper="Kroeger, Timofte, Dai and Van Gool, Fast Optical Flow using Dense Inverse Search, "
    "ECCV 2016 (arXiv 1603.03590)",
    code="OpenCV 5.0.0 modules/video/src/dis_flow.cpp, DISOPTICAL_FLOW_PRESET_FAST",
    minimum="1 frame, sides from 12 px",
    licences="OpenCV (Apache-2.0)",
    agreement=(Agreement("OpenCV DIS called frame by frame, numpy mean", 1e-9),),
    suites=("extended",),
    region="frame",
)
