"""Flicker: changes from frame to frame that the truth does not have, in [0, 1].

    flicker = mean |(p_{i+1} - p_i) - (t_{i+1} - t_i)| / 255

Averages over: all pixels that are scored in both frames, the three RGB channels and all pairs of
successive instants of the clip, as one exact integer sum.

Special inputs: identical clips give 0 with status `identical`; so does an error that stays the
same in every frame (a constant offset, a wrong wall), which is none of its business. `undefined`
where no two scored frames follow each other, a clip of one frame among them.

VBench's "temporal flickering" is the mean change of the generated video alone, which calls a dance
flicker; here the truth's own change is taken off.
"""

from a2bench import pixels
from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def flicker(pair: ClipPair) -> Outcome:
    """Mean difference of the frame-to-frame changes of one clip over its region, in [0, 1]."""
    if not pair.successive:
        return Outcome(None, "undefined", "no two scored frames follow each other")
    change = pixels.change_error(
        pair.prediction, pair.target, pair.scored_pixels, pair.scored_box, pair.successive
    )
    if not change.values:
        return Outcome(None, "undefined", "no pixel is scored in two frames that follow each other")
    if change.total == 0:
        return Outcome(0.0, "identical", "every change is the truth's")
    return Outcome(change.mean / pixels.PEAK)


METRIC = Metric(
    version=1,
    title="Flicker",
    summary="changes from frame to frame that the truth does not have",
    direction="lower",
    unit="1",
    value_range=(0.0, 2.0),
    perfect=0.0,
    clip=flicker,
    digits=4,
    formula="mean |(p_{i+1} - p_i) - (t_{i+1} - t_i)| / 255 over pixels scored in both frames",
    choices={
        "frames": "pairs of successive instants, without the input frame; in `cross` without those "
        "turned away",
        "region": "union of the truth's foreground over time, dilated 16 px at height 768, minus "
        "undefined parts of either frame",
        "range": "0 to 1 (0 to 255 over 255), RGB",
        "arithmetic": "exact integer sum",
        "average": "over all scored values of all pairs",
    },
    minimum="2 frames that follow each other",
    pitfalls="A movement that is out of step counts as much as flicker: read it beside "
    "`flow_error_dis`. A short lag costs as much as a long one (docs/validity.md). Blind to errors "
    "that stay: a wrong face in every frame costs nothing.",
    paper="Huang et al., VBench: Comprehensive Benchmark Suite for Video Generative Models, "
    "CVPR 2024 (arXiv 2311.17982), temporal flickering, with the truth's change taken off",
    code="numpy int64 mean(abs(diff(p) - diff(t))) / 255",
    licences="definition only; OpenCV (Apache-2.0) adds the integers",
    agreement=(Agreement("numpy int64 differences", 1e-12),),
    suites=("extended",),
)
