"""Videos and frame folders of others become data sets: layouts, rates, test lists, refusals."""

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from a2bench import plugins
from a2bench.builders import adopt, layouts
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.records import Size
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics
from a2bench.video import read_truth, write_png, write_truth

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


def test_hostile_clips_are_refused_by_name_and_nothing_is_built(tmp_path: Path) -> None:
    source = tmp_path / "in"
    _video(source / "good.mp4")
    _video(tmp_path / "secret.mp4")
    (source / "linked.mp4").symlink_to(tmp_path / "secret.mp4")
    _frame_folder(tmp_path / "elsewhere", 4)
    (source / "linked_frames").symlink_to(tmp_path / "elsewhere")
    (source / "empty.mp4").write_bytes(b"")
    (source / "text.mp4").write_text("not a video")
    (source / "huge").mkdir()
    _huge_png(source / "huge" / "0001.png")
    (source / "mixed").mkdir()
    write_png(source / "mixed" / "0001.png", _frames(1)[0])
    (source / "mixed" / "notes.txt").write_text("x")
    with pytest.raises(A2BenchError) as caught:
        adopt.build(tmp_path / "home", source=source, rate_hz=8, workers=1)
    text = str(caught.value)
    for name in ("linked.mp4", "linked_frames", "empty.mp4", "text.mp4", "huge", "mixed"):
        assert name in text, name
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
