"""How hard a dance is to animate, from its exact poses: a number, a level, and what makes it so.

    score = (speed / 0.28 + turn / 0.10 + occlusion / 0.04 + mismatch / 1.05) / 4

Each part is divided by about its mean over the cast of `a2bench-proc`, so that all weigh the same.
Levels: `easy` below 0.72, `hard` from 1.05: about a third of that cast each.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from a2bench.pose.anthropometry import ADULT, Anchor, anchor_pose
from a2bench.pose.keypoints import OCCLUDED, PoseClip

Level = Literal["easy", "medium", "hard"]
LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")

TYPICAL = {"speed": 0.28, "turn": 0.10, "occlusion": 0.04, "mismatch": 1.05}
_MEDIUM_FROM, _HARD_FROM = 0.72, 1.05

_CHAINS = ((2, 3, 4), (5, 6, 7), (8, 9, 10), (11, 12, 13), (2, 5), (8, 11), (14, 15))
"""Lengths in which bodies are compared: arms, legs, shoulders, hips, eyes."""


@dataclass(frozen=True)
class Difficulty:
    """The four parts.

    Attributes:
        speed: mean speed of the joints, in heights of the standing body a second.
        turn: mean angle between body and viewer, in right angles (0 to 2).
        occlusion: share of the joints that are hidden or outside the frame.
        mismatch: how far the body is from a human's: share of the 18 joints it lacks, plus the mean
            factor in octaves by which its lengths differ from the mean adult's, heights made equal.
    """

    speed: float
    turn: float
    occlusion: float
    mismatch: float

    @property
    def score(self) -> float:
        """About 1 for a typical clip; higher is harder."""
        return float(sum(getattr(self, part) / unit for part, unit in TYPICAL.items()) / 4)

    @property
    def level(self) -> Level:
        """`easy`, `medium` or `hard`."""
        return LEVELS[(self.score >= _MEDIUM_FROM) + (self.score >= _HARD_FROM)]


def difficulty(pose: PoseClip, yaw_degrees: npt.NDArray[np.float64]) -> Difficulty:
    """Return how hard a clip is whose first frame is the neutral stand.

    Args:
        pose: exact key points.
        yaw_degrees: (t,), how far the body is turned from the viewer.
    """
    present = pose.present[0]
    first = pose.xy[0, present]
    height = max(float(np.ptp(first[:, 1])), float(np.ptp(first[:, 0])), 1.0)
    steps = np.linalg.norm(np.diff(pose.xy[:, present], axis=0), axis=-1)
    return Difficulty(
        speed=float(steps.mean()) * pose.fps / height,
        turn=float(np.abs(yaw_degrees).mean()) / 90,
        occlusion=float((pose.visibility[:, present] == OCCLUDED).mean()),
        mismatch=float((~present).mean()) + _octaves(pose.xy[0], height),
    )


def _octaves(xy: npt.NDArray[np.float64], height: float) -> float:
    """Mean absolute binary logarithm of the ratio of lengths to the mean adult's."""
    human = anchor_pose(Anchor(ADULT, 1.0), 1000, 1000).xy[0]
    human_height = float(np.ptp(human[:, 1]))
    found = []
    for chain in _CHAINS:
        pairs = list(itertools.pairwise(chain))
        own, theirs = (
            sum(math.dist(body[a], body[b]) for a, b in pairs) / size
            for body, size in ((xy, height), (human, human_height))
        )
        if np.isfinite(own):
            found.append(abs(math.log2(max(own, 1e-3) / theirs)))
    return float(np.mean(found)) if found else 1.0
