"""Share of key points that lie near enough to the truth's: PCK at 0.1.

    PCK = share of joints with |prediction_xy - target_xy| <= 0.1 x max(width, height)

of the box around the truth's seen joints in that frame.

Averages over: all joints that can be seen in the truth, in all scored frames. A joint that the
prediction's key points lack is wrong.

Special inputs: key points equal to the truth's give 1, status `identical`. `unavailable` where no
key points were brought beside the prediction. Frames in which fewer than two joints are seen have
no box and are left out; `undefined` where that is all of them.
"""

import numpy as np

from a2bench.metric import NO_POSE, Agreement, ClipPair, Metric, Outcome

SHARE_OF_BOX = 0.1


def pck(pair: ClipPair) -> Outcome:
    """Share of right key points of one clip, in [0, 1]."""
    if pair.poses is None:
        return Outcome(None, "unavailable", NO_POSE)
    right = of = 0
    same = True
    for found, truth, seen in zip(
        pair.poses.prediction_xy, pair.poses.target_xy, pair.poses.seen, strict=True
    ):
        if seen.sum() < 2:
            continue
        box = truth[seen].max(axis=0) - truth[seen].min(axis=0)
        distance = np.sqrt(((found - truth)[seen] ** 2).sum(axis=-1))
        right += int((distance <= SHARE_OF_BOX * box.max()).sum())  # NaN is not near
        of += int(seen.sum())
        same = same and not distance.any()
    if not of:
        return Outcome(None, "undefined", "no frame of the truth has two joints that can be seen")
    if same:
        return Outcome(1.0, "identical", "every joint is where it should be")
    return Outcome(right / of)


METRIC = Metric(
    version=1,
    title="PCK@0.1",
    summary="share of brought key points that lie near the truth's",
    direction="higher",
    unit="1",
    value_range=(0.0, 1.0),
    perfect=1.0,
    clip=pck,
    digits=3,
    formula="share of joints within 0.1 x the longer side of the box around the truth's joints",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "joints": "COCO-18, those that can be seen in the truth",
        "key points": "brought beside the prediction; never estimated here",
        "threshold": "0.1 x the longer side of the box around the seen joints of the frame",
        "missing joint": "wrong",
        "average": "over joints and frames",
    },
    minimum="2 joints in 1 frame",
    pitfalls="As good as the estimator that made the key points, and those trained on people fail "
    "on these bodies. A tenth of the figure is a wide margin: small lags are not seen.",
    paper="Yang and Ramanan, Articulated Human Detection with Flexible Mixtures of Parts, "
    "IEEE TPAMI 35(12), 2013",
    code="numpy float64; alpha 0.1 of the larger side of the box",
    licences="definition only",
    agreement=(Agreement("math.hypot, joint by joint", 0.0),),
    suites=("extended",),
    region="frame",
    needs_pose=True,
)
