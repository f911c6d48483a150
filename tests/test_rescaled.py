"""Protocol `rescaled`: a human's pose and picture drive, the character's own video is the truth."""

from pathlib import Path

import numpy as np
import pytest

from a2bench import plugins
from a2bench.boards import board
from a2bench.builders import procedural
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.handout import hand_out
from a2bench.ondemand import Grid, driving_clip, load_truth
from a2bench.pose.keypoints import ABSENT, PoseClip
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics
from a2bench.video import read_truth, read_video

METHODS = ("still", "copy_driving", "similarity_warp", "puppet_warp", "oracle")


@pytest.fixture
def own(tmp_path: Path) -> Dataset:
    """Four characters whose cache a test may damage."""
    return procedural.build(tmp_path, split="smoke", profile="tiny", workers=1)


def test_the_truth_is_the_characters_own_video(tiny: Dataset) -> None:
    case = tiny.cases("rescaled", "smoke")[0]
    (same,) = [one for one in tiny.cases("self", "smoke") if one.case_id == case.case_id]

    assert case.reference_id == case.driver_id == case.case_id
    np.testing.assert_array_equal(load_truth(tiny, case).frames, load_truth(tiny, same).frames)


def test_the_driver_is_a_whole_human_whatever_the_character_lacks(tiny: Dataset) -> None:
    """The ghost has no legs, the strawberry no neck; the mannequin has all 18 joints."""
    for case in tiny.cases("rescaled", "smoke"):
        own = PoseClip.load(tiny.sample_file(case.reference_id, "pose.npz"))
        path, pose = driving_clip(tiny, case, Grid(case.size, case.fps, case.frames, "stretch"))

        assert pose is not None
        assert (pose.visibility != ABSENT).all()
        assert len(pose) == len(own) == case.frames
        video = read_truth(path)
        truth = read_truth(tiny.sample_file(case.reference_id, "video.mp4"))
        assert np.abs(video.astype(int) - truth).mean() > 20  # nothing of the character shows


def test_any_rate_gives_the_same_pose_at_the_same_instant(tiny: Dataset) -> None:
    """0.25 s is frame 2 at 8 Hz and frame 6 at 24 Hz."""
    case = tiny.cases("rescaled", "smoke")[1]
    _, slow = driving_clip(tiny, case, Grid(case.size, 8.0, 4, "stretch"))
    _, fast = driving_clip(tiny, case, Grid(case.size, 24.0, 12, "stretch"))

    assert slow is not None
    assert fast is not None
    np.testing.assert_array_equal(slow.xy, fast.xy[::3])


def test_methods_run_and_a_table_is_made(tiny: Dataset, tmp_path: Path) -> None:
    """The built-in methods; the oracle is perfect, the mannequin itself the worst answer."""
    store = RunFolder(tmp_path / "run")
    cards = [plugins.card(name) for name in METHODS]
    summary = run(store, tiny, cards, ["rescaled"], "smoke", workers=1)
    score(store, tiny, cards, ["rescaled"], "smoke", suite_metrics("a2bench"), workers=1)
    made = board(store, tiny, METHODS, ["rescaled"], "smoke", "a2bench")

    assert (summary.made, summary.failed, summary.not_applicable) == (20, [], [])
    l1 = {
        row.card.name: cell.value or 0.0
        for row in made.leaderboard.rows
        for cell in row.cells
        if cell.metric == "l1"
    }
    assert l1["oracle"] == 0
    assert l1["copy_driving"] == max(l1.values())
    assert l1["puppet_warp"] < l1["copy_driving"]


def test_inputs_hand_out_the_mannequin_and_never_the_character(
    tiny: Dataset, tmp_path: Path
) -> None:
    rows = hand_out(tiny, "rescaled", "smoke", tmp_path / "out", fps=16, workers=1)
    folder = tmp_path / "out" / rows[0].case_id
    pose, own = PoseClip.load(folder / "pose.npz"), PoseClip.load(folder / "ref_pose.npz")

    assert {path.name for path in folder.iterdir()} == {
        "driving.mp4", "pose.mp4", "pose.npz", "ref.png", "ref_pose.npz",
    }  # fmt: skip
    assert len(read_video(folder / "driving.mp4").frames) == len(pose) == rows[0].frames
    assert (pose.visibility != ABSENT).all()
    assert np.abs(pose.xy[0, 0] - own.xy[0, 0]).max() > 4  # a human's nose, not the fox's


def test_a_damaged_clip_is_found_and_named(own: Dataset) -> None:
    case = own.cases("rescaled", "smoke")[0]
    grid = Grid(case.size, case.fps, case.frames, "stretch")
    path, _ = driving_clip(own, case, grid)
    path.write_bytes(path.read_bytes()[:-7])

    with pytest.raises(A2BenchError, match=r"video\.mp4: not the file that was made") as caught:
        driving_clip(own, case, grid)
    assert f"delete {path.parent}" in str(caught.value)
    path.unlink()
    with pytest.raises(A2BenchError, match=r"video\.mp4: not the file that was made"):
        driving_clip(own, case, grid)
