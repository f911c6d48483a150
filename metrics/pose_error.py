"""How far the key points of the prediction lie from the truth's, in px.

    error = mean |prediction_xy - target_xy|

Averages over: all joints that can be seen in the truth and exist in the prediction's key points,
in all scored frames.

Special inputs: key points equal to the truth's give 0, status `identical`. `unavailable` where no
key points were brought beside the prediction: estimators trained on people fail on these bodies,
so none is run in silence. `undefined` where no joint is in both.

Whose key points they are is the bringer's to say: those of an estimator on the generated video, or
a person's clicks.
"""

import math

import numpy as np

from a2bench.metric import NO_POSE, Agreement, ClipPair, Metric, Outcome


def pose_error(pair: ClipPair) -> Outcome:
    """Mean distance of the key points of one clip, in px."""
    if pair.poses is None:
        return Outcome(None, "unavailable", NO_POSE)
    apart = pair.poses.prediction_xy - pair.poses.target_xy
    distance = np.sqrt((apart**2).sum(axis=-1))[pair.poses.seen]
    present = distance[np.isfinite(distance)]
    if not present.size:
        return Outcome(None, "undefined", "no joint is seen in the truth and in the prediction")
    if not present.any():
        return Outcome(0.0, "identical", "every joint is where it should be")
    return Outcome(math.fsum(present.tolist()) / present.size)


METRIC = Metric(
    version=1,
    title="Pose error",
    summary="distance of brought key points from the truth's",
    direction="lower",
    unit="px",
    value_range=(0.0, math.inf),
    perfect=0.0,
    clip=pose_error,
    digits=2,
    formula="mean |prediction_xy - target_xy| over joints seen in the truth and brought",
    choices={
        "frames": "all but the input frame, in `cross` without those turned away",
        "joints": "COCO-18, those that can be seen in the truth",
        "key points": "brought beside the prediction; never estimated here",
        "missing joint": "left out (`pck` counts it as wrong)",
        "average": "over joints and frames",
    },
    minimum="1 joint in 1 frame",
    pitfalls="As good as the estimator that made the key points, and those trained on people fail "
    "on these bodies. Joints it does not find are left out: read `pck` beside it. In px of the "
    "frame: compare at one size only.",
    paper="Siarohin et al., First Order Motion Model for Image Animation, NeurIPS 2019 "
    "(arXiv 2003.00137), average keypoint distance",
    code="numpy float64 mean(hypot(dx, dy))",
    licences="definition only",
    agreement=(Agreement("math.hypot, joint by joint", 1e-12),),
    suites=("extended",),
    region="frame",
    needs_pose=True,
)
