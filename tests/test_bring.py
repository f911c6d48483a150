"""Bring your own videos: handed-out inputs, any frame grid, all problems at once."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from a2bench.bring import find_predictions, read_prediction_map
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.handout import read_pairs
from a2bench.pose.keypoints import PoseClip
from a2bench.video import probe, read_image, read_video, write_lossless_rgb

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def home(tiny_home: Path, tmp_path: Path) -> Path:
    """A data root of the test's own, with the tiny data set in it."""
    shutil.copytree(tiny_home / "datasets", tmp_path / "home" / "datasets")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def inputs(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    """Inputs as a method that works at 480x832 and 16 fps with 81 frames would ask for them.

    Tests must not change them.
    """
    out = tmp_path_factory.mktemp("handed_out") / "inputs"
    done = cli(
        *("inputs", "--home", str(tiny_home), "--dataset", "a2bench-proc-tiny"),
        *("--split", "smoke", "--protocol", "cross"),
        *("--fps", "16", "--frames", "81", "--size", "480x832", "--out", str(out)),
    )
    assert done.returncode == 0, done.stderr
    return out


def _score(cli: Cli, home: Path, folder: Path, *more: str) -> CompletedProcess[str]:
    return cli("score", f"home={home}", "--predictions", str(folder), "method=mine", *more)


def test_inputs_hold_what_a_method_may_see_and_not_the_truth(inputs: Path) -> None:
    """Reference, driver and poses on the grid that was asked for; nothing else."""
    rows = read_pairs(inputs / "pairs.jsonl")

    assert len(rows) == 4
    for row in rows:
        folder = inputs / row.case_id
        assert {path.name for path in folder.iterdir()} == {
            *("ref.png", "driving.mp4", "pose.mp4", "pose.npz", "ref_pose.npz")
        }
        assert read_image(folder / "ref.png").shape == (832, 480, 3)
        info = probe(folder / "driving.mp4")
        assert (info.width, info.height, info.fps) == (480, 832, 16)
        assert PoseClip.load(folder / "pose.npz").xy.shape == (81, 18, 2)


def test_inputs_again_go_on_and_another_grid_is_refused(home: Path, inputs: Path, cli: Cli) -> None:
    """A folder holds one hand-out."""
    kept = (inputs / "pairs.jsonl").read_bytes()
    base = (
        *("inputs", "--home", str(home), "--dataset", "a2bench-proc-tiny", "--split", "smoke"),
        *("--protocol", "cross", "--out", str(inputs)),
    )

    again = cli(*base, "--fps", "16", "--frames", "81", "--size", "480x832")
    other = cli(*base, "--fps", "12")

    assert again.returncode == 0
    assert (inputs / "pairs.jsonl").read_bytes() == kept
    assert other.returncode == 2
    assert "choose another --out" in other.stderr


def test_81_frames_at_480x832_and_16_fps_are_scored_without_code(
    home: Path, inputs: Path, tmp_path: Path, cli: Cli
) -> None:
    """The driving video itself, sent back as the prediction, gets a row in the table."""
    predictions = tmp_path / "predictions"
    predictions.mkdir()
    for row in read_pairs(inputs / "pairs.jsonl"):
        shutil.copyfile(inputs / row.driving, predictions / f"{row.case_id}.mp4")

    done = _score(cli, home, predictions, "--pairs", str(inputs / "pairs.jsonl"))

    assert done.returncode == 0, done.stderr
    assert "mine" in done.stdout
    assert "4/4" in done.stdout.replace(" ", "")
    assert "next: a2bench table" in done.stdout


def test_an_answer_that_is_not_of_the_handed_out_shape_is_not_taken_for_it(
    home: Path, inputs: Path, tmp_path: Path, cli: Cli
) -> None:
    """Three panels side by side are 3 x 480 wide: refused with the lines to add, never squashed."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (81, 104, 180, 3), dtype=np.uint8)  # 3 panels of 60x104
    folder = tmp_path / "predictions"
    for row in read_pairs(inputs / "pairs.jsonl"):
        write_lossless_rgb(folder / f"{row.case_id}.mp4", frames, 16)
    pairs = ("--pairs", str(inputs / "pairs.jsonl"))

    refused = _score(cli, home, folder, *pairs)
    (folder / "prediction.yaml").write_text("spatial:\n  fit: stretch\n  panel: 2\n  panels: 3\n")
    accepted = _score(cli, home, folder, *pairs)

    assert refused.returncode == 2
    assert "spatial:" in refused.stderr
    assert accepted.returncode == 0, accepted.stderr


def test_the_right_number_of_frames_at_another_rate_is_ambiguous(
    home: Path, inputs: Path, tmp_path: Path, cli: Cli
) -> None:
    """81 frames handed out at 16 fps and saved at 8 fps would be a dance at half speed."""
    folder = tmp_path / "predictions"
    for row in read_pairs(inputs / "pairs.jsonl"):
        write_lossless_rgb(
            folder / f"{row.case_id}.mp4", read_video(inputs / row.driving).frames, 8
        )
    pairs = ("--pairs", str(inputs / "pairs.jsonl"))

    refused = _score(cli, home, folder, *pairs)
    (folder / "prediction.yaml").write_text("temporal:\n  fps: 16\n")
    accepted = _score(cli, home, folder, *pairs)

    assert refused.returncode == 2
    assert "temporal:\n  fps: 16" in refused.stderr
    assert accepted.returncode == 0, accepted.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--fps", "16", "--frames", "62"), "ask for 63 to 100 frames"),
        (("--fps", "0"), "from 4 to 60 frames a second"),
        (("--frames", "0"), "ask for"),
        (("--fit", "crop", "--size", "128x128"), "cut away could never be scored"),
        (("--size", "127x128"), "must be even"),
    ],
)
def test_a_grid_that_could_not_be_scored_is_not_handed_out(
    home: Path, tmp_path: Path, cli: Cli, words: tuple[str, ...], text: str
) -> None:
    """62 frames at 16 fps end at 3.8125 s, over half a frame before the last instant, 3.875 s."""
    done = cli(
        *("inputs", "--home", str(home), "--dataset", "a2bench-proc-tiny", "--split", "smoke"),
        *("--protocol", "self", "--out", str(tmp_path / "out"), *words),
    )

    assert done.returncode == 2
    assert text in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"dataset": "../../etc"}, "dataset"),
        ({"case_id": "../evil"}, "case_id"),
        ({"fps": 0}, "fps"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_hostile_list_of_pairs_is_refused_by_line_and_field(
    inputs: Path, tmp_path: Path, home: Path, cli: Cli, change: dict[str, object], text: str
) -> None:
    """Nothing from the file becomes a path."""
    lines = (inputs / "pairs.jsonl").read_text().splitlines()
    bad = tmp_path / "pairs.jsonl"
    bad.write_text("\n".join([lines[0], json.dumps(json.loads(lines[1]) | change)]))

    done = _score(cli, home, tmp_path, "--pairs", str(bad))

    assert done.returncode == 2
    assert "pairs.jsonl, line 2" in done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 3000, b"spatial: {fit: bend}", b"a: !!x"])
def test_a_prediction_map_that_is_none_is_refused_with_an_example(
    home: Path, tmp_path: Path, cli: Cli, content: bytes
) -> None:
    """Not UTF-8, nested without end, unknown fit, a tag: exit 2, no traceback."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "prediction.yaml").write_bytes(content)

    done = _score(
        cli, home, tmp_path / "p", "dataset=a2bench-proc-tiny", "split=smoke", "protocol=self"
    )

    assert done.returncode == 2
    assert "prediction.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_problem_is_listed_at_once_and_nothing_is_stored(
    home: Path, tiny: Dataset, tmp_path: Path, cli: Cli
) -> None:
    """Missing, unreadable, ambiguous, too short: one run names all four, exit 2."""
    one, two, three, four = [case.case_id for case in tiny.cases("cross", "smoke")]
    frames = np.random.default_rng(0).integers(0, 256, (32, 192, 128, 3), dtype=np.uint8)
    folder = tmp_path / "predictions"
    folder.mkdir()
    (folder / f"{two}.mp4").write_text("not a video")
    write_lossless_rgb(folder / f"{three}.mp4", frames, 8)
    write_lossless_rgb(folder / f"{three}.mkv", frames, 8)
    write_lossless_rgb(folder / f"{four}.mp4", frames[:9], 8)

    done = _score(cli, home, folder, "protocol=cross", "split=smoke", "dataset=a2bench-proc-tiny")

    assert done.returncode == 2
    assert "nothing was scored, problems" in done.stderr
    assert "add --pairs" in done.stderr
    assert f"{one}: missing; expected" in done.stderr
    assert f"{two}: " in done.stderr
    assert f"{three}: ambiguous, keep one of {three}.mp4, {three}.mkv" in done.stderr
    assert f"{four}: " in done.stderr
    assert not list(home.glob("runs/**/*.mp4"))


def test_an_undeclared_shape_is_refused_with_the_line_to_add(
    home: Path, tiny: Dataset, tmp_path: Path, cli: Cli
) -> None:
    """Square videos could be stretched, cropped or letterboxed: the line decides, then it works."""
    frames = np.random.default_rng(0).integers(0, 256, (32, 128, 128, 3), dtype=np.uint8)
    folder = tmp_path / "predictions"
    for case in tiny.cases("self", "smoke"):
        write_lossless_rgb(folder / f"{case.case_id}.mp4", frames, 8)
    words = ("protocol=self", "split=smoke", "dataset=a2bench-proc-tiny")

    refused = _score(cli, home, folder, *words)
    (folder / "prediction.yaml").write_text("spatial:\n  fit: stretch\n")
    accepted = _score(cli, home, folder, *words)

    assert refused.returncode == 2
    assert "spatial:" in refused.stderr
    assert "fit: stretch" in refused.stderr
    assert accepted.returncode == 0, accepted.stderr


def test_partial_predictions_need_to_be_said_and_mark_the_table(
    home: Path, tiny: Dataset, tmp_path: Path, cli: Cli
) -> None:
    """Three of four: refused; with --allow-partial scored as 3/4 and marked."""
    frames = np.random.default_rng(0).integers(0, 256, (32, 192, 128, 3), dtype=np.uint8)
    folder = tmp_path / "predictions"
    for case in tiny.cases("self", "smoke")[:3]:
        write_lossless_rgb(folder / f"{case.case_id}.mp4", frames, 8)
    words = ("protocol=self", "split=smoke", "dataset=a2bench-proc-tiny")
    assert cli("run", "method=still", f"home={home}", *words).returncode == 0

    refused = _score(cli, home, folder, *words)
    partial = _score(cli, home, folder, *words, "--allow-partial", "method=mine")

    assert refused.returncode == 2
    assert partial.returncode == 2  # rule 6 needs still's values, and says so
    assert "still" in partial.stderr
    assert cli("score", f"home={home}", "method=still", *words).returncode == 0
    partial = _score(cli, home, folder, *words, "--allow-partial")
    assert partial.returncode == 0, partial.stderr
    assert "3/4" in partial.stdout.replace(" ", "")


def test_frame_folders_and_videos_are_both_accepted(
    home: Path, tiny: Dataset, tmp_path: Path, cli: Cli
) -> None:
    """A folder of PNG frames of the truth is as perfect as the truth."""
    from a2bench.ondemand import load_truth
    from a2bench.video import write_png

    folder = tmp_path / "predictions"
    for case in tiny.cases("self", "smoke"):
        for index, frame in enumerate(load_truth(tiny, case).frames):
            (folder / case.case_id).mkdir(parents=True, exist_ok=True)
            write_png(folder / case.case_id / f"{index:04d}.png", frame)

    done = _score(
        cli, home, folder, "protocol=self", "split=smoke", "dataset=a2bench-proc-tiny", "--json"
    )

    assert done.returncode == 0, done.stderr
    by_metric = {value["metric"]: value["status"] for value in json.loads(done.stdout)}
    # without weights the network metrics are unavailable, whatever the videos are
    assert {by_metric[name] for name in ("psnr", "ssim", "l1", "flow_error_dis")} == {"identical"}
    assert set(by_metric.values()) <= {"identical", "unavailable"}


def test_the_name_of_a_method_we_run_is_not_for_brought_videos(
    home: Path, tmp_path: Path, cli: Cli
) -> None:
    """A row called puppet_warp is ours."""
    done = cli(
        *("score", f"home={home}", "--predictions", str(tmp_path), "method=puppet_warp"),
        *("protocol=self", "split=smoke", "dataset=a2bench-proc-tiny"),
    )

    assert done.returncode == 2
    assert "is a method we run ourselves" in done.stderr


@pytest.mark.needs_real_data
def test_real_dance_videos_become_a_data_set_and_are_scored(
    real_data: Path, tmp_path: Path, cli: Cli
) -> None:
    """adopt, run, score: the whole flow on somebody's own videos."""
    home = f"home={tmp_path / 'home'}"

    built = cli("build", "dataset=adopt", f"source={real_data / 'videos'}", "name=real", home)
    ran = cli("run", "method=[still,oracle]", "dataset=real", "protocol=self", "split=full", home)
    scored = cli("score", "dataset=real", "split=full", home)

    assert built.returncode == 0, built.stderr
    assert "real 1.0.0: 6 samples" in built.stdout
    assert ran.returncode == 0, ran.stderr
    assert scored.returncode == 0, scored.stderr
    assert "6/6" in scored.stdout.replace(" ", "")


def test_adopt_lists_every_unusable_video_and_builds_nothing(tmp_path: Path, cli: Cli) -> None:
    """A text file, and one picture's worth of video."""
    source = tmp_path / "videos"
    frames = np.random.default_rng(0).integers(0, 256, (16, 64, 48, 3), dtype=np.uint8)
    write_lossless_rgb(source / "good.mp4", frames, 8)
    write_lossless_rgb(source / "short.mp4", frames[:1], 8)
    (source / "text.mp4").write_text("hello")

    done = cli("build", "dataset=adopt", f"source={source}", f"home={tmp_path / 'home'}")

    assert done.returncode == 2
    assert "nothing was built" in done.stderr
    assert "short.mp4" in done.stderr
    assert "text.mp4" in done.stderr
    assert not (tmp_path / "home").exists()


def test_an_adopted_video_keeps_its_pixels_time_and_length(tmp_path: Path) -> None:
    """24 fps, 2.0 s: instants 0, 1/8, ... 15/8 s are frames 0, 3, ... 45."""
    from a2bench.builders import adopt
    from a2bench.ondemand import Grid, driving_clip
    from a2bench.records import Size

    grey = np.arange(48, dtype=np.uint8)[:, None, None, None] * 5
    frames = np.broadcast_to(grey, (48, 64, 48, 3)).copy()
    write_lossless_rgb(tmp_path / "videos" / "a.mp4", frames, 24)

    dataset = adopt.build(tmp_path / "home", source=tmp_path / "videos", workers=1)
    truth = read_video(dataset.sample_file("a", "video.mp4")).frames
    (case,) = dataset.cases("self", "full")
    path, pose = driving_clip(dataset, case, Grid(Size(width=48, height=64), 12, 24, "stretch"))

    assert dataset.sample("a").frames == 16
    np.testing.assert_allclose(truth[:, 0, 0, 0], frames[::3, 0, 0, 0], atol=2)
    np.testing.assert_allclose(read_video(path).frames[:, 0, 0, 0], frames[::2, 0, 0, 0], atol=3)
    assert pose is None


def test_links_out_of_a_folder_of_predictions_are_refused(tiny: Dataset, tmp_path: Path) -> None:
    """A submission shows what is in it, nothing else of this machine."""
    folder = tmp_path / "mine"
    folder.mkdir()
    cases = tiny.cases("self", "smoke")
    frames = np.zeros((32, 192, 128, 3), np.uint8)
    write_lossless_rgb(tmp_path / "secret.mp4", frames, 8)
    (tmp_path / "frames").mkdir()
    (tmp_path / "pose.npz").write_bytes(b"")
    for case in cases[:3]:
        write_lossless_rgb(folder / f"{case.case_id}.mp4", frames, 8)
    names = [case.case_id for case in cases]
    (folder / f"{names[0]}.mp4").unlink()
    (folder / f"{names[0]}.mp4").symlink_to(tmp_path / "secret.mp4")
    (folder / f"{names[1]}.pose.npz").symlink_to(tmp_path / "pose.npz")
    (folder / names[3]).symlink_to(tmp_path / "frames")
    linked = tmp_path / "linked"
    linked.symlink_to(folder)

    for place in (folder, linked):
        found, problems = find_predictions(place, cases)
        assert list(found) == [names[2]]
        assert len(problems) == 3
        assert all("is a link that leaves" in problem for problem in problems)

    (tmp_path / "map.yaml").write_text("spatial: {fit: stretch}")
    (folder / "prediction.yaml").symlink_to(tmp_path / "map.yaml")
    with pytest.raises(A2BenchError, match="a link that leaves its folder"):
        read_prediction_map(folder)
