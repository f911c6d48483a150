"""How far the picture lies from where it should be: optical flow from truth to prediction, in px.

    error = mean |DIS(truth_i -> prediction_i)|

with OpenCV's DIS flow, preset FAST, on 8-bit grey whole frames of the same instant.

Averages over: all scored pixels and frames of the clip.

Special inputs: identical clips give 0 with status `identical`, identical frames give 0. A texture
shifted by k px gives about k. One frame is a clip like any other. `undefined`, and ranked as the
still picture, where a side is under 12 px (DIS has no pyramid level there) and where a frame is
flat in the prediction and not in the truth: grey deviation under 1 level over the scored pixels.
One such frame is enough, since flow to a flat picture is no distance: on a real clip a black
frame scores 6 px and the still picture 10.

The field has no script for it. The usual difference between the flows of successive frames asks
how alike the movements are, and puts a still picture above the right dance one frame late. Here,
on six real clips at 8 Hz, lag 1 < lag 2 < lag 4 and lag 2 < still everywhere. Half a second (lag 4)
against the still picture is a matter of the dance: nearer in five clips, in two of them by less
than 5 %, and farther in the one where the dancer keeps coming back to the first pose.

OpenCV's own choice of scales crashes on frames lower than 32 px and wide; those are measured
lying on their side.
"""

import math

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def flow_error_dis(pair: ClipPair) -> Outcome:
    """Mean length of the flow from truth to prediction over the region, in px."""
    height, width = pair.target.shape[1:3]
    if min(height, width) < pixels.FLOW_SMALLEST_SIDE_PX:
        return Outcome(
            None, "undefined", f"{width}x{height} px: a side is under 12, too small for DIS flow"
        )
    if flat := pixels.flat_frames(pair.prediction, pair.target, pair.scored_pixels):
        return Outcome(
            None,
            "undefined",
            f"the prediction has no texture in {len(flat)} of {len(pair.target)} frames, first in "
            f"scored frame {flat[0]}: no flow can be read from a flat picture",
        )
    return Outcome(pixels.flow_length(pair.prediction, pair.target, pair.scored_pixels).mean)


METRIC = Metric(
    version=1,
    title="Flow error (DIS)",
    summary="how many pixels the character is away from where it should be",
    direction="lower",
    unit="px",
    value_range=(0.0, math.inf),
    perfect=0.0,
    clip=flow_error_dis,
    digits=2,
    formula="mean |DIS flow from truth frame to prediction frame| over scored pixels and frames",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "region": "union of the truth's foreground over time, dilated 16 px at height 768, minus "
        "undefined parts",
        "size": "that of the truth; the normaliser brings predictions to it (antialiased bicubic)",
        "flow": "OpenCV DIS, preset FAST, no start value, whole frames",
        "colour": "8-bit grey, BT.601 weights in OpenCV's fixed point",
        "direction": "truth to prediction, same instant",
        "flat picture": "grey deviation under 1: undefined",
        "average": "length over scored pixels and frames",
    },
    pitfalls="In pixels of the frame it is given: compare at one size only. Where nothing matches "
    "(another character, noise) the length says nothing but 'large'. A hidden or missing limb "
    "over a textured background may read as a short flow; look at SSIM or LPIPS beside it. Limbs "
    "that are too long are seen up to about a third of their length; beyond, more is not always "
    "worse (docs/validity.md). A wrong colour costs next to nothing.",
    paper="Kroeger, Timofte, Dai and Van Gool, Fast Optical Flow using Dense Inverse Search, "
    "ECCV 2016 (arXiv 1603.03590)",
    code="OpenCV 5.0.0 modules/video/src/dis_flow.cpp, DISOPTICAL_FLOW_PRESET_FAST",
    minimum="1 frame, sides from 12 px",
    licences="OpenCV (Apache-2.0)",
    agreement=(Agreement("OpenCV DIS called frame by frame, numpy mean", 1e-9),),
)
