"""Videos and frame folders of others become data sets: layouts, rates, test lists, refusals."""

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from a2bench import plugins
from a2bench.builders import adopt, layouts
from a2bench.builders.estimated_poses import Networks, networks
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.ondemand import Grid, driving_clip
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Size
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics
from a2bench.verify import verify_dataset
from a2bench.video import read_truth, write_png, write_truth
from tests.pose import dwpose_models

Cli = Callable[..., subprocess.CompletedProcess[str]]


def _frames(count: int, *, seed: int = 0) -> Video:
    """Coarse noise that changes from frame to frame, 48 px wide and 64 high."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, 8, 6, 3), np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


def _frame_folder(folder: Path, count: int, *, seed: int = 0) -> None:
    for index, frame in enumerate(_frames(count, seed=seed), start=1):
        write_png(folder / f"{index:04d}.png", frame)


def _video(path: Path, count: int = 16) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_truth(path, _frames(count), 16, storage="lossless")


@pytest.fixture
def tiktok(tmp_path: Path) -> Path:
    """The layout of the TikTok data set, with frames of ours."""
    source = tmp_path / "TikTok_dataset"
    for number in (334, 335, 336, 337, 338, 339):
        _frame_folder(source / f"{number:05d}" / "images", 30, seed=number)
        (source / f"{number:05d}" / "masks").mkdir()
    return source


def test_a_named_list_of_test_videos_is_what_is_built(tiktok: Path, tmp_path: Path) -> None:
    found = adopt.build(
        tmp_path / "home", source=tiktok, layout="tiktok", ids="tiktok_335_339",
        size=Size(width=32, height=32), fps=30, frames=4096, workers=1,
    )  # fmt: skip
    assert sorted(found.info.order) == ["00335", "00336", "00337", "00338", "00339"]
    assert found.info.build["ids"] == "tiktok_335_339"
    sample = found.sample("00335")
    # one second at 30 Hz, every frame of it
    assert (sample.frames, sample.fps, str(sample.size)) == (30, 30, "32x32")


def test_every_list_says_who_states_it_and_belongs_to_a_layout() -> None:
    for name, found in layouts.test_ids().items():
        assert found.layout in layouts.LAYOUTS, name
        assert len(set(found.ids)) == len(found.ids) > 0
        assert len(found.stated_by) > 20


def test_a_list_that_is_not_whole_is_refused(tiktok: Path, tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match=r"1 of the 6 videos of ids=tiktok_335_340 .* 00340"):
        adopt.build(tmp_path, source=tiktok, layout="tiktok", ids="tiktok_335_340")


def test_a_folder_of_frames_is_sampled_at_its_own_rate(tmp_path: Path) -> None:
    _frame_folder(tmp_path / "in" / "walk", 40)
    found = adopt.build(tmp_path / "home", source=tmp_path / "in", rate_hz=32, workers=1)
    # 40 frames at 32 Hz last 1.25 s: 10 instants at 8 Hz, frames 0, 4, 8, ...
    sample = found.sample("walk")
    assert (sample.frames, sample.fps) == (10, 8)
    truth = read_truth(found.sample_file("walk", "video.mp4"))
    wanted = _frames(40)[::4]
    assert np.abs(truth.astype(int) - wanted.astype(int)).mean() < 3  # 4:2:0 of flat blocks
    assert sample.attributes["source_fps"] == "32"


def test_other_layouts_find_their_videos(tmp_path: Path) -> None:
    _video(tmp_path / "ubc" / "test" / "91-a.mp4")
    _video(tmp_path / "ubc" / "train" / "no.mp4")
    _video(tmp_path / "ax" / "data" / "videos" / "dance_1.mp4")
    assert [entry.name for entry in layouts.entries(tmp_path / "ubc", "ubc_fashion", None)] == [
        "91-a"
    ]
    assert [entry.name for entry in layouts.entries(tmp_path / "ax", "animate_x", None)] == [
        "dance_1"
    ]
    with pytest.raises(A2BenchError, match=r"layout=tiktok expects NNNNN/images/NNNN.png"):
        layouts.entries(tmp_path / "ubc", "tiktok", None)
    with pytest.raises(A2BenchError, match="Did you mean 'tiktok'"):
        layouts.entries(tmp_path / "ubc", "tictok", None)


def _huge_png(path: Path) -> None:
    """A PNG whose header says 40,000 x 40,000 px."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def _sound(path: Path) -> None:
    """An mp4 with a tenth of a second of silence and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.float32), "fltp", "mono")
        silence.sample_rate = 16_000
        container.mux([*stream.encode(silence), *stream.encode(None)])


def _wide_video(path: Path) -> None:
    """Two frames 40,000 px wide."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=8)
        stream.width, stream.height, stream.pix_fmt = 40_000, 16, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 40_000, 3), np.uint8), "rgb24")
        container.mux([*stream.encode(frame), *stream.encode(frame), *stream.encode(None)])


def test_hostile_clips_are_refused_by_name_and_nothing_is_built(tmp_path: Path) -> None:
    source = tmp_path / "in"
    _video(source / "good.mp4")
    _video(tmp_path / "secret.mp4")
    (source / "linked.mp4").symlink_to(tmp_path / "secret.mp4")
    _frame_folder(tmp_path / "elsewhere", 4)
    (source / "linked_frames").symlink_to(tmp_path / "elsewhere")
    (source / "empty.mp4").write_bytes(b"")
    (source / "text.mp4").write_text("not a video")
    _sound(source / "sound.mp4")
    _wide_video(source / "wide.mkv")
    (source / "huge").mkdir()
    _huge_png(source / "huge" / "0001.png")
    (source / "mixed").mkdir()
    write_png(source / "mixed" / "0001.png", _frames(1)[0])
    (source / "mixed" / "notes.txt").write_text("x")
    with pytest.raises(A2BenchError) as caught:
        adopt.build(tmp_path / "home", source=source, rate_hz=8, workers=1)
    text = str(caught.value)
    for name, said in (
        ("linked.mp4", "a link that leaves"),
        ("linked_frames", "a link that leaves"),
        ("empty.mp4", "0 bytes"),
        ("text.mp4", "not a video"),
        ("sound.mp4", "has no video stream"),
        ("wide.mkv", "40000x16 px; at most 4096"),
        ("huge", "over 64000000 pixels"),
        ("mixed", "expected only .png"),
    ):
        found = [line for line in text.split("\n") if f"{name}:" in line or f"{name}/0" in line]
        assert len(found) == 1, name
        assert said in found[0], found
    assert "good.mp4" not in text
    assert "secret" not in text
    assert not (tmp_path / "home" / "datasets").exists()


def test_frames_without_a_rate_say_what_to_type(tmp_path: Path) -> None:
    _frame_folder(tmp_path / "in" / "walk", 8)
    with pytest.raises(A2BenchError, match=r"walk: a folder of frames .* add rate=30"):
        adopt.build(tmp_path / "home", source=tmp_path / "in")


def test_the_fields_protocol_on_tiktok_from_frames_to_the_table(
    tiktok: Path, tmp_path: Path, cli: Cli
) -> None:
    """Adopt at 256x256 and 30 Hz, run, score by suite disco, the preset of the paper's table."""
    home = f"home={tmp_path / 'home'}"
    built = cli(
        "build", "dataset=adopt", "layout=tiktok", "ids=tiktok_335_339", f"source={tiktok}",
        "name=tiktok", "size=256x256", "fps=30", "frames=4096", home,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    found = Dataset.find(tmp_path / "home", "tiktok")
    assert found.sample("00335").frames == 30
    store, cards = RunFolder.of(tmp_path / "home", "main"), [plugins.card("oracle")]
    run(store, found, cards, ["self"], "full", workers=1)
    score(store, found, cards, ["self"], "full", suite_metrics("disco"), workers=1)
    asked = ("--preset", "animate_x_table7", "--split", "full", "--home", str(tmp_path / "home"))
    done = cli("table", *asked)
    assert done.returncode == 0, done.stderr
    assert "PSNR*" in done.stdout
    assert "100.00" in done.stdout  # identical frames, as the field counts them


@pytest.fixture(scope="module")
def dwpose_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two small networks with DWPose's inputs and outputs; a joint is where it is bright."""
    folder = tmp_path_factory.mktemp("dwpose")
    return (
        dwpose_models.bright_detector(folder / "detector.onnx"),
        dwpose_models.bright_estimator(folder / "estimator.onnx"),
    )


def _networks(files: tuple[Path, Path]) -> Networks:
    found, _ = networks("dwpose", detector=files[0], estimator=files[1], device="cpu")
    assert found is not None
    return found


def _spots(path: Path, places: list[tuple[int, int]], *, fps: int) -> None:
    """A bright spot on black, at one place a frame, 96 px wide and 128 high."""
    frames = np.zeros((len(places), 128, 96, 3), np.uint8)
    for frame, (x, y) in zip(frames, places, strict=True):
        frame[y - 3 : y + 4, x - 3 : x + 4] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    write_truth(path, frames, fps, storage="lossless")


def test_poses_follow_the_clip_at_every_rate(
    tmp_path: Path, dwpose_files: tuple[Path, Path]
) -> None:
    """16 Hz: the spot moves 2 px a frame; the truth at 8 Hz has every second frame.

    A method at 16 Hz is given the poses of the driving clip, at its own frame size too.
    """
    _spots(tmp_path / "in" / "walk.mp4", [(20 + 2 * index, 40) for index in range(20)], fps=16)
    found = adopt.build(
        tmp_path / "home", source=tmp_path / "in", networks=_networks(dwpose_files), workers=1
    )
    sample = found.sample("walk")
    assert (sample.has_pose, sample.pose_source, sample.frames) == (True, "estimated", 10)
    assert sample.attributes["poses"].startswith("DWPose ")
    own = PoseClip.load(found.sample_file("walk", "pose.npz"))
    for index in range(10):  # frame 2 i of the clip: at x = 20 + 4 i
        body = own.xy[index][own.present[index]]
        assert len(body) > 0
        assert np.abs(body - (20 + 4 * index, 40)).max() <= 5
    (case,) = found.cases("self", "full")
    _, pose = driving_clip(found, case, Grid(Size(width=48, height=64), 16, 19, "stretch"))
    assert pose is not None
    assert (len(pose), pose.width, pose.fps) == (19, 48, 16)
    body = pose.xy[11][pose.present[11]]
    assert np.abs(body - ((20 + 2 * 11) / 2, 20)).max() <= 3  # frame 11, half the size
    assert not verify_dataset(found.folder, workers=1).problems


def test_a_clip_in_which_nobody_is_seen_has_no_pose_and_the_build_says_so(
    tmp_path: Path, cli: Cli, dwpose_files: tuple[Path, Path]
) -> None:
    _spots(tmp_path / "in" / "walk.mp4", [(20 + index, 40) for index in range(8)], fps=8)
    # at most 90: 0.6 * 90 / 255 = 0.21 is nobody to the detector of the tests
    dim = np.random.default_rng(0).integers(0, 90, (8, 128, 96, 3), np.uint8)
    write_truth(tmp_path / "in" / "dim.mp4", dim, 8, storage="lossless")
    done = cli(
        "build", "dataset=adopt", f"source={tmp_path / 'in'}", "name=mine", "workers=1",
        f"detector={dwpose_files[0]}", f"estimator={dwpose_files[1]}", f"home={tmp_path / 'home'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "poses: none in 1 of 2 samples (DWPose found no body in dim)" in done.stdout
    found = Dataset.find(tmp_path / "home", "mine")
    assert not found.sample("dim").has_pose
    assert "1 of 2 samples have no pose" in (found.folder / "README.md").read_text()
    assert not verify_dataset(found.folder, workers=1).problems

    summary = run(
        RunFolder.of(tmp_path / "home", "main"), found,
        [plugins.card("puppet_warp"), plugins.card("still")], ["self"], "full", workers=1,
    )  # fmt: skip
    assert (summary.made, len(summary.failed)) == (3, 0)
    assert [one[0] for one in summary.not_applicable] == ["puppet_warp"]

    with pytest.raises(A2BenchError, match=r"built with poses by DWPose .* would be by nobody"):
        adopt.build(tmp_path / "home", source=tmp_path / "in", name="mine", workers=1)


def test_poses_that_must_be_there_say_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "empty"))
    found, why = networks("auto", detector=None, estimator=None, device="cpu")
    assert found is None
    assert "yolox_l.onnx is absent: `a2bench fetch dwpose_detector_onnx`" in why
    with pytest.raises(A2BenchError, match="hint: a2bench fetch dwpose"):
        networks("dwpose", detector=None, estimator=None, device="cpu")
    with pytest.raises(A2BenchError, match=r"detector=.*gone.onnx: no such file"):
        networks("auto", detector=tmp_path / "gone.onnx", estimator=None, device="cpu")


@pytest.mark.needs_real_data
def test_real_dance_videos_go_from_the_folder_to_the_table(
    tmp_path: Path, cli: Cli, real_data: Path, dwpose_files: tuple[Path, Path]
) -> None:
    """Build with poses, verify, run what can be, score; all through the command line."""
    (tmp_path / "in").mkdir()
    for name in ("dance1_right.mp4", "dance_3_right.mp4"):
        shutil.copyfile(real_data / "videos" / name, tmp_path / "in" / name)
    home = f"home={tmp_path / 'home'}"
    built = cli(
        "build", "dataset=adopt", f"source={tmp_path / 'in'}", "name=dance", "size=96x160",
        f"detector={dwpose_files[0]}", f"estimator={dwpose_files[1]}", home,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    folder = tmp_path / "home" / "datasets" / "dance" / "1.0.0"
    assert cli("verify", "dataset", str(folder)).returncode == 0
    made = cli(
        "run", "method=[still,puppet_warp]", "dataset=dance", "protocol=self", "split=full",
        home,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    scored = cli("score", "dataset=dance", "split=full", "suite=disco", home)
    assert scored.returncode == 0, scored.stderr
    assert "PSNR" in scored.stdout


def test_a_build_killed_at_any_moment_resumes_to_the_same_digest(
    tmp_path: Path, dwpose_files: tuple[Path, Path]
) -> None:
    """SIGKILL to the whole group after the second, the fourth, ... file that it writes."""
    for number in range(4):
        places = [(20 + 3 * index, 30 + 10 * number) for index in range(16)]
        _spots(tmp_path / "in" / f"clip_{number}.mp4", places, fps=16)

    def start(home: Path) -> "subprocess.Popen[bytes]":
        words = [
            "build", "dataset=adopt", f"source={tmp_path / 'in'}", "name=mine", "workers=1",
            f"detector={dwpose_files[0]}", f"estimator={dwpose_files[1]}", f"home={home}",
        ]  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "a2bench", *words],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    assert start(tmp_path / "whole").wait(timeout=120) == 0
    whole = Dataset.find(tmp_path / "whole", "mine")
    killed = 0
    for goal in (3, 10, 17):
        process = start(tmp_path / "killed")
        while process.poll() is None and _files(tmp_path / "killed") < goal:
            time.sleep(0.002)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait(timeout=120)
    assert killed >= 2  # on a busy machine more moments find the work done
    assert start(tmp_path / "killed").wait(timeout=120) == 0
    again = Dataset.find(tmp_path / "killed", "mine")
    assert again.digest("full") == whole.digest("full")
    assert again.folder.joinpath("manifest.jsonl").read_bytes() == (
        whole.folder.joinpath("manifest.jsonl").read_bytes()
    )
    assert not verify_dataset(again.folder, workers=1).problems


def _files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))
