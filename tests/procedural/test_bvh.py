"""Motion capture: read with suspicion, retargeted by directions, a data set of its own name."""

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from a2bench.builders import procedural
from a2bench.errors import A2BenchError
from a2bench.ondemand import Grid, driving_clip, load_truth
from a2bench.procedural import Character, Scene, cast, split_order
from a2bench.procedural.bvh import Dancer, captured_dance, read_bvh
from a2bench.procedural.rig import Posture
from a2bench.verify import verify_dataset

OURS = Path(__file__).parents[1] / "data" / "wave.bvh"


def member(position: int) -> Character:
    by_id = {character.id: character for character in cast()}
    return by_id[split_order()[position]]


def degrees(direction: tuple[float, float, float]) -> float:
    """Angle in the picture, from hanging down, towards the picture's right."""
    return math.degrees(math.atan2(direction[0], direction[1]))


def at_rest(time_seconds: float) -> Posture:
    dancer = Dancer(read_bvh(OURS))
    return dancer.posture(time_seconds, *dancer.start(0.0), 1.0)


def test_our_file_is_a_figure_that_raises_its_left_arm() -> None:
    """Frame 0 hangs; at 1 s the left arm is sideways, at 2 s it has come down again."""
    hanging, raised, after = (at_rest(t) for t in (0.0, 1.0, 2.0))
    assert hanging.arms is not None
    assert raised.arms is not None
    assert after.arms is not None

    assert degrees(hanging.arms[1][0]) == pytest.approx(0.0, abs=0.01)
    assert degrees(raised.arms[1][0]) == pytest.approx(90.0, abs=0.01)
    assert degrees(raised.arms[0][0]) == pytest.approx(0.0, abs=0.01)
    assert degrees(after.arms[1][1]) == pytest.approx(0.0, abs=0.01)


def test_its_turn_its_bow_and_its_step_are_found_again() -> None:
    """At 3 s the hips are turned 40 degrees to its left and stand half a leg to the side."""
    posture = at_rest(3.0)

    assert posture.yaw == pytest.approx(40.0, abs=0.01)
    assert posture.travel == pytest.approx(0.5 / math.sqrt(1 + (0.5 / 0.55) ** 2), abs=1e-3)
    assert posture.lift == pytest.approx(0.0, abs=1e-3)


def test_times_between_frames_are_between_them() -> None:
    between = at_rest(0.5).arms
    assert between is not None

    assert 30 < degrees(between[1][0]) < 60


def test_a_mirrored_dancer_raises_the_other_arm() -> None:
    dancer = Dancer(read_bvh(OURS))
    seeds = range(40)
    dances = {captured_dance(dancer, seed, travel_scale=1.0).mirror for seed in seeds}

    assert dances == {False, True}


def test_a_dance_starts_in_the_neutral_stand_whatever_the_capture_does() -> None:
    fox = member(0)
    own, captured = Scene.self_driven(fox), Scene.self_driven(fox, Dancer(read_bvh(OURS)))

    assert captured.posture(0.0) == own.posture(0.0)
    assert captured.posture(1.5) != own.posture(1.5)


@pytest.mark.parametrize("position", [0, 1, 2, 4])
def test_bodies_of_any_plan_dance_it(position: int) -> None:
    """Fox, ghost, strawberry, penguin: arms and legs or none, a head or none."""
    scene = Scene.self_driven(member(position), Dancer(read_bvh(OURS)))
    frames = [scene.frame(t, scale=0.25) for t in (0.0, 1.0, 5.9)]

    assert all(np.isfinite(frame.joints).all() for frame in frames)
    assert (frames[0].rgb != frames[1].rgb).any()


@pytest.mark.needs_real_data
@pytest.mark.parametrize("name", ["dab", "jesse_dance", "jumping", "jumping_jacks", "wave_hello"])
def test_real_captures_are_understood(real_data: Path, name: str) -> None:
    """Upright at the start, feet mostly at the floor, arms that move."""
    dancer = Dancer(read_bvh(real_data.parent / "motion" / f"{name}.bvh"))
    step = dancer.capture.seconds / 24
    postures = [dancer.posture(i * step, *dancer.start(0.0), 1.0) for i in range(25)]
    arms = [posture.arms[1][0] for posture in postures if posture.arms is not None]

    assert postures[0].yaw == pytest.approx(0.0, abs=1e-6)
    assert abs(postures[0].lean) < 20
    assert np.median([posture.lift for posture in postures]) > -0.35
    assert max(np.ptp(np.array(arms), axis=0)) > 0.3


HEAD = OURS.read_text().partition("MOTION")[0]
MOTION = OURS.read_text().partition("MOTION")[2]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hello\n", r"the file does not start with HIERARCHY"),
        ("", r"the file ends here"),
        (HEAD, r"the file ends here"),
        (HEAD.replace("OFFSET 0 90 0", "OFFSET 0 nan 0", 1), r"'nan' is no finite number"),
        (HEAD.replace("OFFSET 0 90 0", "OFFSET 0 x 0", 1), r"'x' is not a number"),
        (HEAD.replace("CHANNELS 6", "CHANNELS 600", 1), r"'600' channels of one joint; at most 6"),
        (HEAD.replace("Xposition", "Wposition", 1), r"'Wposition', expected Xposition or"),
        (HEAD + "MOTION\nFrames: 99999999999\nFrame Time: .1\n", r"'99999999999' frames; at most"),
        (HEAD + "MOTION\nFrames: -3\nFrame Time: .1\n", r"'-3' frames; at most"),
        (HEAD + "MOTION\nFrames: 9\nFrame Time: 0\n", r"a frame time of 0 s"),
        (HEAD + "MOTION\nFrames: 2\nFrame Time: 0.01\n", r"at least half a second"),
        (HEAD + "MOTION\nFrames: 9\nFrame Time: .1\n1 2 3\n", r"3 numbers, the hierarchy has"),
        (HEAD + "MOTION" + MOTION.rpartition("\n0")[0], r"the file ends after \d+ of 5 frames"),
        (HEAD + "MOTION" + MOTION + MOTION.splitlines()[3] + "\n", r"more lines than the 5 frames"),
        (HEAD + "MOTION" + MOTION.replace("90 ", "inf ", 1), r"'inf' is no finite number"),
        ("HIERARCHY\nROOT a\n" + "{ OFFSET 0 0 0 CHANNELS 0 JOINT b\n" * 99, r"64 one in another"),
        ("HIERARCHY\nROOT a\n{ OFFSET 0 0 0\nCHANNELS 0\n" + "x" * 70_000, r"a line of 70000"),
    ],
)
def test_a_hostile_file_is_refused_by_name_with_the_line(
    tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "bad.bvh"
    path.write_text(text)

    with pytest.raises(A2BenchError, match=rf"bad\.bvh, line \d+: .*{named}"):
        read_bvh(path)


def test_absent_huge_and_nameless_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(A2BenchError, match="no such file"):
        read_bvh(tmp_path / "none.bvh")
    stranger = tmp_path / "stranger.bvh"
    stranger.write_text(OURS.read_text().replace("LeftHand", "Tentacle"))
    with pytest.raises(
        A2BenchError, match=r"no joint is the left wrist.*\nhint: it has .*tentacle"
    ):
        Dancer(read_bvh(stranger), stranger)
    monkeypatch.setattr("a2bench.procedural.bvh.MAX_BYTES", 10)
    with pytest.raises(A2BenchError, match="over 10 bytes"):
        read_bvh(OURS)


def test_its_data_set_has_its_own_name_and_serves_all_protocols(
    tmp_path: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Built by the command line, verified, driven on demand; the release is untouched."""
    done = cli(
        "build", "dataset=procedural", "split=smoke", "profile=tiny", f"motion={OURS}",
        f"home={tmp_path}", "workers=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    dataset = procedural.build(tmp_path, split="smoke", profile="tiny", motion=OURS, workers=1)
    case = dataset.cases("rescaled", "smoke")[0]
    _, pose = driving_clip(dataset, case, Grid(case.size, 24.0, 96, "stretch"))
    truth = load_truth(dataset, dataset.cases("cross", "smoke")[0])
    report = verify_dataset(dataset.folder, rebuild=1, workers=1)

    assert dataset.info.name == "a2bench-proc-tiny-motion-wave"
    assert dataset.info.motion is not None
    assert dataset.info.motion.name == "wave.bvh"
    assert dataset.sample(case.reference_id).attributes["moves"] == "captured"
    assert pose is not None
    assert len(pose) == 96
    assert len(truth.frames) == 32
    assert report.problems == []

    (dataset.folder / "motion.bvh").write_text(OURS.read_text().replace("90", "80"))
    report = verify_dataset(dataset.folder, decoded=False)
    assert ("motion.bvh", "not the motion that dataset.json names") in report.problems
    other = tmp_path / "wave.bvh"
    other.write_text(OURS.read_text().replace("40 ", "41 "))
    with pytest.raises(A2BenchError, match="differs in: motion"):
        procedural.build(tmp_path, split="smoke", profile="tiny", motion=other, workers=1)
