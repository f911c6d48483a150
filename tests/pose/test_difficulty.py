"""Difficulty: four parts with units, each by hand on a body that is easy to reckon with."""

import numpy as np
import pytest

from a2bench.pose.anthropometry import ADULT, Anchor, anchor_pose
from a2bench.pose.difficulty import TYPICAL, Difficulty, difficulty
from a2bench.pose.keypoints import PoseClip

STILL = np.zeros(2)


def human(frames: int = 2, shift_px: float = 0.0) -> PoseClip:
    one = anchor_pose(Anchor(ADULT, 0.8), 512, 768)
    xy = np.repeat(one.xy, frames, axis=0)
    xy[:, :, 0] += shift_px * np.arange(frames)[:, None]
    return PoseClip(xy, np.repeat(one.visibility, frames, axis=0), 512, 768, 8.0)


def test_a_human_who_stands_is_as_easy_as_it_gets() -> None:
    found = difficulty(human(), STILL)

    assert found == Difficulty(0.0, 0.0, 0.0, pytest.approx(0.0, abs=1e-9))
    assert (found.score, found.level) == (pytest.approx(0.0, abs=1e-9), "easy")


def test_speed_is_in_heights_a_second() -> None:
    """A tenth of the height of the joints a frame, at 8 frames a second: 0.8."""
    height = float(np.ptp(human().xy[0, :, 1]))

    assert difficulty(human(2, height / 10), STILL).speed == pytest.approx(0.8)


def test_turn_is_in_right_angles() -> None:
    """0 and -180 degrees: 90 on average."""
    assert difficulty(human(), np.array([0.0, -180.0])).turn == pytest.approx(1.0)


def test_occlusion_is_the_share_of_joints_that_are_hidden() -> None:
    """9 of 18 joints in one of two frames: a quarter."""
    pose = human()
    visibility = pose.visibility.copy()
    visibility[1, :9] = 1
    hidden = PoseClip(pose.xy, visibility, 512, 768, 8.0)

    assert difficulty(hidden, STILL).occlusion == pytest.approx(0.25)


def test_a_body_without_arms_has_four_of_eighteen_joints_less() -> None:
    pose = human()
    xy, visibility = pose.xy.copy(), pose.visibility.copy()
    for joint in (3, 4, 6, 7):
        xy[:, joint], visibility[:, joint] = np.nan, 0
    without = PoseClip(xy, visibility, 512, 768, 8.0)

    assert difficulty(without, STILL).mismatch == pytest.approx(4 / 18)


def test_eyes_twice_as_far_apart_are_one_octave_in_seven() -> None:
    pose = human()
    xy = pose.xy.copy()
    xy[:, (14, 15), 0] = 256 + 2 * (xy[:, (14, 15), 0] - 256)
    wide = PoseClip(xy, pose.visibility, 512, 768, 8.0)

    assert difficulty(wide, STILL).mismatch == pytest.approx(1 / 7)


def test_a_typical_clip_has_score_one() -> None:
    assert Difficulty(**TYPICAL).score == pytest.approx(1.0)
    assert Difficulty(**TYPICAL).level == "medium"
    assert Difficulty(**{part: 2 * unit for part, unit in TYPICAL.items()}).level == "hard"
