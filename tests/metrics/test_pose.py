"""Pose error and PCK from key points that were brought: by hand, and through the scorer."""

from pathlib import Path

import numpy as np
import pytest

from a2bench import plugins
from a2bench.bring import bring
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import ClipPair, Poses
from a2bench.ondemand import load_truth, load_truth_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.records import MethodCard
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.video import write_lossless_rgb

ERROR, PCK = plugins.metric("pose_error"), plugins.metric("pck")


def _pair(found: np.ndarray, truth: np.ndarray, seen: np.ndarray) -> ClipPair:
    clip = np.zeros((len(truth), 16, 16, 3), np.uint8)
    return ClipPair(clip, clip, poses=Poses(found, truth, seen))


def _line() -> np.ndarray:
    """18 joints in a row, 10 px apart: the box is 170 px wide, a tenth of it 17 px."""
    return np.stack([np.arange(18) * 10.0, np.full(18, 50.0)], axis=-1)[None]


def test_three_right_and_four_down_is_five_px() -> None:
    found = _line() + np.array([3, 4])

    outcome = ERROR.outcome(_pair(found, _line(), np.ones((1, 18), np.bool_)))

    assert (outcome.value, outcome.status) == (5.0, "ok")


def test_pck_counts_what_lies_within_a_tenth_of_the_box() -> None:
    """Six joints off by 17 px (on the threshold: right), six by 17.1 px, six not found: 6 / 18."""
    found = _line()
    found[0, :6, 1] += 17
    found[0, 6:12, 1] += 17.1
    found[0, 12:] = np.nan
    pair = _pair(found, _line(), np.ones((1, 18), np.bool_))

    assert PCK.outcome(pair).value == pytest.approx(6 / 18)
    assert ERROR.outcome(pair).value == pytest.approx((17 + 17.1) / 2)  # found ones alone


def test_joints_that_the_truth_hides_do_not_count() -> None:
    found = _line()
    found[0, 9:] += 1000
    seen = np.ones((1, 18), np.bool_)
    seen[0, 9:] = False

    assert ERROR.outcome(_pair(found, _line(), seen)).status == "identical"
    assert PCK.outcome(_pair(found, _line(), seen)).value == 1.0


def test_nothing_to_compare_is_undefined_and_nothing_brought_unavailable() -> None:
    nowhere = np.full((1, 18, 2), np.nan)
    seen = np.ones((1, 18), np.bool_)
    clip = np.zeros((1, 16, 16, 3), np.uint8)

    assert ERROR.outcome(_pair(nowhere, _line(), seen)).status == "undefined"
    assert PCK.outcome(_pair(nowhere, _line(), seen)).value == 0.0
    assert PCK.outcome(_pair(_line(), _line(), np.logical_not(seen))).status == "undefined"
    for metric in (ERROR, PCK):
        outcome = metric.outcome(ClipPair(clip, clip))
        assert outcome.status == "unavailable"
        assert "pose.npz" in outcome.reason


def _brought(tiny: Dataset, folder: Path, *, with_poses: bool, frames: int = 32) -> Path:
    """The truth's own video, with its key points 3 px right and 4 px down at twice the size."""
    for case in tiny.cases("self", "smoke"):
        write_lossless_rgb(folder / f"{case.case_id}.mp4", load_truth(tiny, case).frames, 8)
        pose = load_truth_pose(tiny, case)
        assert pose is not None
        if with_poses:
            big = pose.resized(2 * pose.width, 2 * pose.height)
            moved = PoseClip(
                big.xy + np.array([6, 8]), big.visibility, big.width, big.height, big.fps
            )
            moved[:frames].save(folder / f"{case.case_id}.pose.npz")
    return folder


def _card(name: str) -> MethodCard:
    return MethodCard(
        name=name, title=name, summary="brought", kind="precomputed", inputs_seen=("pose",)
    )


def test_key_points_brought_beside_a_video_are_scored(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    store = RunFolder.of(tmp_path, "test")
    cards = [_card("with_poses"), _card("without_poses")]
    for card, folder in zip(cards, ("with", "without"), strict=True):
        brought = _brought(tiny, tmp_path / folder, with_poses=folder == "with")
        bring(store, tiny, card, "self", "smoke", brought, workers=1)

    values = score(store, tiny, cards, ["self"], "smoke", ["pose_error", "pck"], workers=1)

    assert len(values) == 16
    for value in values:
        if value.method == "without_poses":
            assert value.status == "unavailable"
        elif value.metric == "pose_error":
            assert value.value == pytest.approx(5, abs=0.011)  # files hold hundredths of a px
        else:
            assert 0 < (value.value or 0) <= 1
    again = score(store, tiny, cards, ["self"], "smoke", ["pose_error", "pck"], workers=1)
    assert again == values


def test_key_points_of_another_length_are_refused_before_anything_is_stored(
    tiny: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "short").mkdir()
    store = RunFolder.of(tmp_path, "test")
    folder = _brought(tiny, tmp_path / "short", with_poses=True, frames=31)

    with pytest.raises(A2BenchError, match="key points of 31 frames, expected those of the 32"):
        bring(store, tiny, _card("short"), "self", "smoke", folder, workers=1)
    assert not list(store.folder.rglob("*.npz"))
