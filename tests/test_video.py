"""What goes into a video comes out of it; what cannot be decoded whole is refused."""

import hashlib
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from a2bench import video
from a2bench.errors import A2BenchError
from a2bench.video import (
    Planes,
    planes_to_rgb,
    probe,
    read_any,
    read_frame_folder,
    read_image,
    read_truth,
    read_video,
    rgb_digest,
    rgb_to_planes,
    write_lossless_rgb,
    write_png,
    write_preview,
    write_truth,
)

Frames = npt.NDArray[np.uint8]


def real_videos() -> list[Path]:
    """Return the real dance videos; skip without them, or fail where they are required."""
    root = os.environ.get("A2BENCH_REAL_DATA")
    if root is None:
        if os.environ.get("A2BENCH_REQUIRE_EXTERNAL") == "1":
            pytest.fail("A2BENCH_REAL_DATA is not set, and A2BENCH_REQUIRE_EXTERNAL=1")
        pytest.skip("A2BENCH_REAL_DATA is not set")
    return sorted((Path(root) / "videos").glob("*.mp4"))


def noise(count: int = 6, height: int = 48, width: int = 64, seed: int = 0) -> Frames:
    """Frames without any structure: the worst that a codec can be given."""
    shape = (count, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def corner(count: int = 4, height: int = 48, width: int = 64) -> Frames:
    """Black frames with a white square at the top left: shows which way up a picture is."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[:, : height // 4, : width // 4] = 255
    return frames


def encode(
    path: Path,
    frames: Frames,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    stamps_ms: Sequence[int] | None = None,
    matrix: int | None = None,
    full_range: bool | None = None,
    transfer: int | None = None,
    rotation: tuple[float, bool, bool] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    container: str | None = None,
) -> Path:
    """Write a video as somebody else's program would. Already planar frames are (t, h*3/2, w)."""
    with av.open(str(path), "w", format=container, options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=8, options=options or {})
        stream.pix_fmt = pixel_format
        context = stream.codec_context
        for index, pixels in enumerate(frames):
            if pixels.ndim == 2:
                frame = VideoFrame.from_ndarray(pixels, format="yuv420p")
            else:
                known = "rgba" if pixels.shape[2] == 4 else "rgb24"
                frame = VideoFrame.from_ndarray(pixels, format=known).reformat(format=pixel_format)
            if index == 0:
                stream.width, stream.height = frame.width, frame.height
                context.time_base = Fraction(1, 1000)
                if rotation is not None:
                    stream.set_display_rotation(rotation[0], hflip=rotation[1], vflip=rotation[2])
                if matrix is not None:
                    context.colorspace = matrix
                if full_range is not None:
                    context.color_range = 2 if full_range else 1
                if transfer is not None:
                    context.color_trc = transfer
            if matrix is not None:
                frame.colorspace = matrix
            if full_range is not None:
                frame.color_range = 2 if full_range else 1
            frame.pts = stamps_ms[index] if stamps_ms is not None else index * 125
            frame.time_base = Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def flat_planes(y: int, cb: int, cr: int, count: int = 2) -> Frames:
    """Frames of one colour in PyAV's layout of yuv420p, 64x48: (t, 72, 64)."""
    packed = np.empty((count, 72, 64), np.uint8)
    packed[:, :48] = y
    packed[:, 48:60] = cb
    packed[:, 60:] = cr
    return packed


def one_colour(rgb: tuple[int, int, int]) -> Planes:
    return rgb_to_planes(np.full((1, 2, 2, 3), rgb, np.uint8))


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        # Y = 16 + 219 * 0.2126 = 62.56; Cb = 128 - 224 * 0.2126 / 1.8556 = 102.34
        ((255, 0, 0), (63, 102, 240)),
        # Y = 16 + 219 * 0.7152 = 172.63; Cb = 128 - 224 * 0.7152 / 1.8556 = 41.66
        # Cr = 128 - 224 * 0.7152 / 1.5748 = 26.27
        ((0, 255, 0), (173, 42, 26)),
        # Y = 16 + 219 * 0.0722 = 31.81; Cr = 128 - 224 * 0.0722 / 1.5748 = 117.73
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_planes_are_bt709_limited_range(
    rgb: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    planes = one_colour(rgb)

    assert expected == (planes.y[0, 0, 0], planes.cb[0, 0, 0], planes.cr[0, 0, 0])


def test_planes_agree_with_the_standard_in_floating_point() -> None:
    """The fixed point is off by one step at most, and only next to a rounding boundary."""
    frames = noise(2, 128, 128)
    red, green, blue = (frames[..., channel] / 255 for channel in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    expected_y = 16 + 219 * luma

    actual_y = rgb_to_planes(frames).y

    # Half a step for the rounding, 3 * 255 / 2^17 for the weights.
    assert np.abs(actual_y - expected_y).max() <= 0.5 + 0.006


def test_chroma_is_that_of_the_mean_of_its_four_pixels() -> None:
    frames = np.zeros((1, 2, 2, 3), np.uint8)
    frames[0, 0, 0] = (255, 0, 0)

    planes = rgb_to_planes(frames)

    # A quarter of red: Cb = 128 - 25.66 / 4 = 121.58, Cr = 128 + 112 / 4 = 156.
    assert (planes.cb.item(), planes.cr.item()) == (122, 156)
    assert planes.y.tolist() == [[[63, 16], [16, 16]]]


def test_greys_survive_the_round_trip_within_one_and_stay_grey() -> None:
    # 256 greys on 220 levels: steps of 1.16, so one off is the least that is possible.
    greys = np.repeat(np.arange(256, dtype=np.uint8), 2)
    frames = np.broadcast_to(greys[None, None, :, None], (1, 2, 512, 3)).copy()

    actual = planes_to_rgb(rgb_to_planes(frames))

    assert np.abs(actual.astype(int) - frames).max() == 1
    assert (actual[..., 0] == actual[..., 1]).all()
    assert (actual[..., 1] == actual[..., 2]).all()


def test_blocks_of_one_colour_survive_the_round_trip_within_two() -> None:
    # 52^3 colours: every fifth value of each channel, 255 among them.
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(1, 52, -1, 3)
    frames = colours.repeat(2, axis=1).repeat(2, axis=2)

    actual = planes_to_rgb(rgb_to_planes(frames))

    assert np.abs(actual.astype(int) - frames).max() == 2


def test_a_second_round_trip_of_a_truth_keeps_its_luma() -> None:
    """Truth pixels are a near fixed point: writing a truth again moves Y by one at most."""
    smooth = np.asarray(Image.fromarray(noise(1, 8, 8)[0]).resize((64, 64)))[None]
    once = rgb_to_planes(smooth)
    twice = rgb_to_planes(planes_to_rgb(once))

    assert np.abs(twice.y.astype(int) - once.y).max() <= 1


def test_the_conversion_is_the_same_on_every_machine() -> None:
    """Digest of both directions; a change here changes every data set's truth."""
    ramp = (np.arange(130 * 34 * 3, dtype=np.int64) * 7919 % 256).astype(np.uint8)
    planes = rgb_to_planes(ramp.reshape(1, 130, 34, 3))
    digest = hashlib.sha256()
    for array in (planes.y, planes.cb, planes.cr, planes_to_rgb(planes)):
        digest.update(array.tobytes())

    assert digest.hexdigest()[:16] == "b7d5267213566943"


@pytest.mark.parametrize("shape", [(1, 47, 64, 3), (1, 48, 63, 3)])
def test_odd_sizes_have_no_planes(shape: tuple[int, int, int, int]) -> None:
    with pytest.raises(A2BenchError, match=r"even width and height\. Render at 64x48"):
        rgb_to_planes(np.zeros(shape, np.uint8))


def test_a_lossless_truth_keeps_its_planes_exactly(tmp_path: Path) -> None:
    frames = noise()
    write_truth(tmp_path / "video.mp4", frames, 8, storage="lossless")

    actual = read_truth(tmp_path / "video.mp4")

    assert np.array_equal(planes_to_rgb(rgb_to_planes(frames)), actual)


def test_a_truth_reads_the_same_as_a_foreign_video(tmp_path: Path) -> None:
    """A method that hands back the truth's file scores as identical."""
    write_truth(tmp_path / "video.mp4", noise(), 8, storage="small")

    truth, clip = read_truth(tmp_path / "video.mp4"), read_video(tmp_path / "video.mp4")

    assert np.array_equal(truth, clip.frames)
    assert clip.fps == 8
    assert clip.times_seconds.tolist() == [index / 8 for index in range(6)]


def test_a_small_truth_is_near_its_frames(tmp_path: Path) -> None:
    frames = corner()
    write_truth(tmp_path / "video.mp4", frames, 8, storage="small")

    error = read_truth(tmp_path / "video.mp4").astype(int) - frames

    assert np.abs(error).mean() < 1


def test_a_truth_says_which_colours_it_has(tmp_path: Path) -> None:
    write_truth(tmp_path / "video.mp4", noise(1), 8, storage="lossless")

    with av.open(str(tmp_path / "video.mp4")) as container:
        context = container.streams.video[0].codec_context
        tags = context.colorspace, context.color_range, context.color_trc, context.color_primaries

    assert tags == (1, 1, 1, 1)  # BT.709, limited


WRITERS: dict[str, Callable[[Path, Frames], None]] = {
    "truth": lambda path, frames: write_truth(path, frames, 8, storage="lossless"),
    "prediction": lambda path, frames: write_lossless_rgb(path, frames, 8),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, writer: str) -> None:
    """Lossless files only: x264's lossy choices are not promised to repeat (see `write_truth`)."""
    WRITERS[writer](tmp_path / "first.mp4", noise(40))
    WRITERS[writer](tmp_path / "second.mp4", noise(40))

    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"first.mp4", "second.mp4"}


def test_the_same_frames_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    write_lossless_rgb(tmp_path / "here.mp4", np.zeros((3, 32, 32, 3), np.uint8), 8)
    script = (
        "import numpy, pathlib, sys; from a2bench.video import write_lossless_rgb as write;"
        "write(pathlib.Path(sys.argv[1]), numpy.zeros((3, 32, 32, 3), numpy.uint8), 8)"
    )
    root = Path(video.__file__).parents[1]
    subprocess.run([sys.executable, "-c", script, tmp_path / "there.mp4"], check=True, cwd=root)

    assert (tmp_path / "here.mp4").read_bytes() == (tmp_path / "there.mp4").read_bytes()


@pytest.mark.parametrize(("height", "width"), [(48, 64), (47, 63), (17, 19), (16, 130)])
def test_a_prediction_comes_back_bit_for_bit_at_any_size(
    tmp_path: Path, height: int, width: int
) -> None:
    # 40 frames: past the key frame distance of 32.
    frames = noise(40, height, width)
    write_lossless_rgb(tmp_path / "prediction.mp4", frames, 8)

    clip = read_video(tmp_path / "prediction.mp4")

    assert np.array_equal(frames, clip.frames)
    assert clip.times_seconds.tolist() == [index / 8 for index in range(40)]


def test_frames_may_come_one_by_one(tmp_path: Path) -> None:
    frames = noise()
    write_lossless_rgb(tmp_path / "array.mp4", frames, 8)
    write_lossless_rgb(tmp_path / "one_by_one.mp4", (frame for frame in frames), 8)

    assert (tmp_path / "array.mp4").read_bytes() == (tmp_path / "one_by_one.mp4").read_bytes()


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    write_lossless_rgb(tmp_path / "still.mp4", noise(1), 8)

    clip = read_video(tmp_path / "still.mp4")

    assert (clip.frames.shape[0], clip.times_seconds.tolist(), clip.fps) == (1, [0.0], 8.0)


@pytest.mark.parametrize("fps", [4, 8, 23.976, 24000 / 1001, 29.97, 60])
def test_the_rate_comes_back(tmp_path: Path, fps: float) -> None:
    write_lossless_rgb(tmp_path / "clip.mp4", noise(10), fps)

    clip = read_video(tmp_path / "clip.mp4")

    assert clip.fps == pytest.approx(fps, rel=1e-9)
    # mp4 counts time in whole ticks, here of less than 0.1 ms.
    assert clip.times_seconds == pytest.approx(np.arange(10) / fps, abs=1e-4)


@pytest.mark.parametrize("fps", [0, -8, 241, float("nan")])
def test_a_rate_out_of_range_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(A2BenchError, match="at most 240 frames a second"):
        write_lossless_rgb(tmp_path / "clip.mp4", noise(1), fps)


def test_no_frame_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match="no frame to write"):
        write_lossless_rgb(tmp_path / "clip.mp4", [], 8)
    with pytest.raises(A2BenchError, match="no frame to write"):
        write_preview(tmp_path / "clip.mp4", [], 8)

    assert list(tmp_path.iterdir()) == []


def test_frames_of_another_size_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    frames = [noise(1)[0], noise(1, 32, 32)[0]]

    with pytest.raises(A2BenchError, match="frame 1 is 32x32 px, the first 64x48"):
        write_lossless_rgb(tmp_path / "clip.mp4", iter(frames), 8)

    assert list(tmp_path.iterdir()) == []


def test_an_odd_truth_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match=r"video\.mp4: frames of 63x48 px"):
        write_truth(tmp_path / "video.mp4", noise(1, 48, 63), 8, storage="small")


def test_a_foreign_video_is_no_truth(tmp_path: Path) -> None:
    encode(tmp_path / "foreign.mp4", noise())

    with pytest.raises(A2BenchError, match="not a truth of this benchmark"):
        read_truth(tmp_path / "foreign.mp4")


RED_IN_PLANES = [
    # Red by the matrix and range: Y = R weight, Cb = 128 - Y' / (2 - 2 Kb), Cr = its maximum.
    pytest.param(None, None, (81, 90, 240), id="untagged is BT.601 limited"),
    pytest.param(6, False, (81, 90, 240), id="BT.601 limited"),
    pytest.param(6, True, (76, 85, 255), id="BT.601 full"),
    pytest.param(1, False, (63, 102, 240), id="BT.709 limited"),
    pytest.param(1, True, (54, 99, 255), id="BT.709 full"),
    pytest.param(9, False, (74, 97, 240), id="BT.2020 limited"),
]


@pytest.mark.parametrize(("matrix", "full_range", "planes"), RED_IN_PLANES)
def test_matrix_and_range_are_those_of_the_tags(
    tmp_path: Path, matrix: int | None, full_range: bool | None, planes: tuple[int, int, int]
) -> None:
    path = encode(
        tmp_path / "red.mp4", flat_planes(*planes), options={"qp": "0"},
        matrix=matrix, full_range=full_range,
    )  # fmt: skip

    colours = read_video(path).frames.reshape(-1, 3)

    # 2: rounding of the planes, times at most 2.1.
    assert np.abs(colours.astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("full_range", [False, True])
def test_ten_bits_are_read_with_the_same_tags(
    tmp_path: Path, matrix: int, full_range: bool
) -> None:
    """Swscale's way (10 bit) and our integers (8 bit) agree on one colour."""
    eight = encode(
        tmp_path / "8.mp4", flat_planes(90, 110, 180), options={"qp": "0"},
        matrix=matrix, full_range=full_range,
    )  # fmt: skip
    ten = tmp_path / "10.mkv"
    with av.open(str(ten), "w") as output:
        stream = output.add_stream("ffv1", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full_range else 1
        frame = VideoFrame(64, 48, "yuv420p10le")
        # 10-bit codes are 4 times the 8-bit ones (full range: 1023/255 = 4.01 times).
        scale = 1023 / 255 if full_range else 4
        for plane, value in zip(frame.planes, (90, 110, 180), strict=True):
            plane.update(np.full(plane.buffer_size // 2, round(value * scale), "<u2").tobytes())
        frame.colorspace, frame.color_range = matrix, 2 if full_range else 1
        frame.pts = 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))

    difference = read_video(ten).frames[0, 0, 0].astype(int) - read_video(eight).frames[0, 0, 0]

    assert np.abs(difference).max() <= 2


def test_high_dynamic_range_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "hdr.mp4", noise(), matrix=9, transfer=16)

    with pytest.raises(A2BenchError, match="high dynamic range"):
        read_video(path)


TURNS = [
    # set_display_rotation counts against the clock; numpy's rot90 does too.
    pytest.param((0, False, False), lambda frame: frame, id="not at all"),
    pytest.param((90, False, False), lambda frame: np.rot90(frame, 1), id="quarter"),
    pytest.param((180, False, False), lambda frame: np.rot90(frame, 2), id="half"),
    pytest.param((-90, False, False), lambda frame: np.rot90(frame, -1), id="quarter with clock"),
    pytest.param((0, True, False), lambda frame: frame[:, ::-1], id="left to right"),
    pytest.param((0, False, True), lambda frame: frame[::-1], id="upside down"),
]


@pytest.mark.parametrize(("rotation", "shown"), TURNS)
def test_a_video_is_turned_as_its_header_says(
    tmp_path: Path, rotation: tuple[float, bool, bool], shown: Callable[[Frames], Frames]
) -> None:
    path = encode(tmp_path / "phone.mp4", corner(), rotation=rotation, options={"crf": "10"})

    actual = read_video(path).frames[0]

    expected = shown(corner()[0])
    assert expected.shape == actual.shape
    assert np.abs(expected.astype(int) - actual).mean() < 3


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
def test_turns_and_mirrors_are_those_of_ffmpeg(tmp_path: Path, turn: int, mirror: bool) -> None:
    """FFmpeg's `-display_rotation` turns against the clock, then mirrors."""
    path = encode(tmp_path / "phone.mp4", corner(), rotation=(turn, mirror, False))
    frame = read_video(path).frames[0]

    white = np.argwhere(frame.sum(axis=2) > 380)
    height, width = frame.shape[:2]
    vertical, horizontal = white.mean(axis=0) / (height, width)
    # Against the clock, the top left corner goes to: bottom left, bottom right, top right.
    corners = {0: (0, 0), 90: (1, 0), 180: (1, 1), 270: (0, 1)}
    down, right = corners[turn]

    assert (vertical > 0.5) == bool(down)
    assert (horizontal > 0.5) == (bool(right) != mirror)


def test_a_tilted_picture_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "tilted.mp4", corner(), rotation=(30, False, False))

    with pytest.raises(A2BenchError, match="quarter turns and mirrors"):
        read_video(path)


def test_varying_frame_times_are_kept(tmp_path: Path) -> None:
    stamps_ms = [500, 540, 700, 710, 1500]  # starts late: the first frame's time is taken off
    path = encode(tmp_path / "phone.mp4", noise(5), stamps_ms=stamps_ms)

    clip = read_video(path)

    assert clip.times_seconds.tolist() == pytest.approx([0.0, 0.04, 0.2, 0.21, 1.0])
    assert clip.fps == pytest.approx(4.0)  # 4 steps in 1 s


def test_rounded_stamps_of_webm_keep_the_exact_rate(tmp_path: Path) -> None:
    """Matroska has whole milliseconds: 1/30 s becomes 33, 67, 100."""
    stamps_ms = [round(index * 1000 / 30) for index in range(31)]
    path = encode(tmp_path / "clip.webm", noise(31), codec="libvpx-vp9", stamps_ms=stamps_ms)

    clip = read_video(path)

    assert clip.fps == pytest.approx(30, abs=0.01)
    assert clip.times_seconds[[1, 2, 30]].tolist() == pytest.approx([0.033, 0.067, 1.0])


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("clip.mkv", "libx264", "yuv444p"),
        ("clip.mp4", "libx265", "yuv420p"),
        ("clip.webm", "libvpx-vp9", "yuv420p"),
        ("clip.mkv", "ffv1", "yuv422p"),
        ("clip.avi", "mjpeg", "yuvj420p"),
        ("clip.mkv", "libx264", "nv12"),
        ("clip.mov", "qtrle", "rgb24"),
        ("clip.gif", "gif", "rgb8"),
    ],
)
def test_common_codecs_are_read(tmp_path: Path, name: str, codec: str, pixel_format: str) -> None:
    frames = corner(5)
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = encode(tmp_path / name, frames, codec=codec, pixel_format=pixel_format, options=options)

    clip = read_video(path)

    assert frames.shape == clip.frames.shape
    assert np.abs(clip.frames.astype(int) - frames).mean() < 6  # default qualities
    assert clip.times_seconds == pytest.approx(np.arange(5) / 8, abs=0.006)  # GIF: 10 ms steps


def test_odd_sizes_of_foreign_videos_are_read_whole(tmp_path: Path) -> None:
    """4:2:0 with an odd side: the last chroma sample serves one row and one column."""
    frames = corner(3, 47, 63)
    path = encode(
        tmp_path / "odd.mkv", frames, codec="ffv1", pixel_format="yuv420p", matrix=1,
        full_range=False,
    )  # fmt: skip

    actual = read_video(path).frames

    assert frames.shape == actual.shape
    assert (actual[:, -1] < 3).all()
    assert (actual[:, 0, 0] > 250).all()


def test_a_video_trimmed_by_its_header_is_whole(tmp_path: Path) -> None:
    """Frames that an edit list cuts away are neither shown nor missed."""
    source = encode(tmp_path / "source.mp4", noise(12), options={"g": "4"})
    trimmed = tmp_path / "trimmed.mp4"
    options = {"avoid_negative_ts": "disabled"}
    with (
        av.open(str(source)) as incoming,
        av.open(str(trimmed), "w", container_options=options) as output,
    ):
        stream = incoming.streams.video[0]
        copy = output.add_stream_from_template(stream)
        for packet in incoming.demux(stream):
            if packet.dts is not None and packet.pts is not None and packet.time_base is not None:
                shift = round(0.75 / packet.time_base)  # six frames of 1/8 s
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = copy
                output.mux(packet)

    clip = read_video(trimmed)

    assert 6 <= len(clip.frames) < 12
    assert clip.times_seconds[0] == 0


def test_transparent_videos_are_refused_and_opaque_alpha_is_dropped(tmp_path: Path) -> None:
    rgba = np.full((2, 48, 64, 4), 255, np.uint8)
    rgba[..., :3] = noise(2)
    opaque = encode(tmp_path / "opaque.mov", rgba, codec="png", pixel_format="rgba")
    rgba[1, 5, 5, 3] = 254
    transparent = encode(tmp_path / "transparent.mov", rgba, codec="png", pixel_format="rgba")

    assert np.array_equal(rgba[..., :3], read_video(opaque).frames)
    with pytest.raises(A2BenchError, match=r"transparent\.mov: has transparent pixels"):
        read_video(transparent)


def test_the_start_of_a_video_can_be_read_alone(tmp_path: Path) -> None:
    """Until 0.5 s at 8 Hz: frames 0 to 4, bit for bit, and no limit on the rest."""
    frames = noise(count=12)
    write_lossless_rgb(tmp_path / "a.mp4", frames, 8)

    clip = read_video(tmp_path / "a.mp4", until_seconds=0.5)

    np.testing.assert_array_equal(clip.frames, frames[:5])
    assert clip.fps == 8


def test_a_bare_stream_has_frames_but_no_time(tmp_path: Path) -> None:
    """FFmpeg would make 25 frames a second up."""
    path = encode(tmp_path / "clip.h264", noise(4), container="h264")

    clip = read_video(path)

    assert clip.fps is None
    assert np.isnan(clip.times_seconds).all()
    assert probe(path).fps is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match=r"absent\.mp4: there is no such file"):
        read_any(tmp_path / "absent.mp4")


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match="something that is not a file"):
        read_video(tmp_path)


def test_a_pipe_is_no_video(tmp_path: Path) -> None:
    """Opening it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.mp4")

    with pytest.raises(A2BenchError, match="something that is not a file"):
        read_video(tmp_path / "pipe.mp4")


NOT_VIDEOS = [
    pytest.param(b"", "is empty", id="empty"),
    pytest.param(b"Ceci n'est pas une video.\n" * 9, "cannot be opened as a video", id="text"),
    pytest.param(bytes(5000), "cannot be opened as a video", id="zeros"),
    pytest.param(b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "a playlist", id="m3u8"),
    pytest.param(b"\xef\xbb\xbf#EXTM3U\n/etc/passwd\n", "a playlist", id="m3u8 with a mark"),
    pytest.param(b"ffconcat version 1.0\nfile other.mp4\n", "a playlist", id="ffconcat"),
    pytest.param(b"<?xml version='1.0'?><MPD></MPD>", "a playlist", id="dash"),
    pytest.param(b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n", "cannot be", id="sdp"),
]


@pytest.mark.parametrize(("content", "message"), NOT_VIDEOS)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8"])
def test_what_is_not_a_video_is_named(
    tmp_path: Path, content: bytes, message: str, name: str
) -> None:
    (tmp_path / name).write_bytes(content)

    for read in (read_video, read_truth, probe, read_any):
        with pytest.raises(A2BenchError, match=f"{name}: .*{message}"):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["concat:a.mp4", "http:a.mp4", "pipe:0", "a%03d.mp4", "-i.mp4"])
def test_no_part_of_a_name_is_a_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_lossless_rgb(tmp_path / "plain.mp4", noise(2), 8)
    (tmp_path / "plain.mp4").rename(name)

    assert len(read_video(Path(name)).frames) == 2


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.rate = 48000
        output.mux(stream.encode(sound))
        output.mux(stream.encode(None))

    with pytest.raises(A2BenchError, match="no video stream; it holds audio"):
        read_video(path)


def test_a_picture_is_pointed_to_a_folder(tmp_path: Path) -> None:
    write_png(tmp_path / "frame.png", noise(1)[0])

    with pytest.raises(A2BenchError, match="pictures go into a folder"):
        read_any(tmp_path / "frame.png")


@pytest.mark.parametrize(
    ("name", "container_options"),
    [
        ("header_last.mp4", {}),
        ("header_first.mp4", {"movflags": "faststart"}),
        ("fragments.mp4", {"movflags": "frag_keyframe+empty_moov"}),
        ("clip.mkv", {}),
    ],
)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_video_cut_short_is_refused(
    tmp_path: Path, name: str, container_options: dict[str, str], kept: float
) -> None:
    """Scoring the part that can be decoded would reward losing the rest."""
    path = encode(
        tmp_path / name, noise(24), options={"g": "6"}, container_options=container_options
    )
    whole = path.read_bytes()
    assert len(read_video(path).frames) == 24

    path.write_bytes(whole[: int(len(whole) * kept)])

    with pytest.raises(A2BenchError, match=rf"{name}: (damaged|cannot be opened)"):
        read_video(path)


def test_an_avi_is_held_to_the_length_in_its_header(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.avi", noise(24))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])

    with pytest.raises(A2BenchError, match=r"clip\.avi: damaged"):
        read_video(path)


@pytest.mark.parametrize("where", [0.2, 0.4, 0.6, 0.8])
def test_a_video_with_lost_bytes_is_refused(tmp_path: Path, where: float) -> None:
    """A disc that lost a block: decoders hide it by copying other frames; ours must not."""
    path = encode(tmp_path / "clip.mp4", noise(24, 96, 96))
    content = bytearray(path.read_bytes())
    start = int(len(content) * where)
    content[start : start + 4096] = bytes(4096)
    path.write_bytes(bytes(content))

    with pytest.raises(A2BenchError, match=r"clip\.mp4: damaged"):
        read_video(path)


def test_a_size_that_changes_midway_is_refused(tmp_path: Path) -> None:
    first = encode(tmp_path / "first.h264", noise(3), container="h264")
    second = encode(tmp_path / "second.h264", noise(3, 64, 64), container="h264")
    both = tmp_path / "both.h264"
    both.write_bytes(first.read_bytes() + second.read_bytes())

    with pytest.raises(A2BenchError, match="frame 3 is 64x64 px, the first 64x48"):
        read_video(both)


def test_a_huge_header_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    frames = np.zeros((1, 16, 4112, 3), np.uint8)
    write_lossless_rgb(tmp_path / "wide.mp4", frames, 8)

    for read in (read_video, probe):
        with pytest.raises(A2BenchError, match="4112x16 px; at most 4096 px a side"):
            read(tmp_path / "wide.mp4")


@pytest.mark.parametrize("name", ["counted.mp4", "uncounted.mkv"])
def test_too_many_frames_are_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the header where it counts frames, while decoding where it does not."""
    monkeypatch.setattr(video, "MAX_FRAMES", 5)
    path = encode(tmp_path / name, noise(6))

    with pytest.raises(A2BenchError, match=r"over 5 frames, the most that is read\. Cut it"):
        read_video(path)


@pytest.mark.parametrize("name", ["counted.mp4", "uncounted.mkv"])
def test_too_many_bytes_are_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 64 * 48 * 3 = 9216 bytes a frame; five are 46080
    monkeypatch.setattr(video, "MAX_DECODED_BYTES", 46080)
    path = encode(tmp_path / name, noise(6))

    with pytest.raises(A2BenchError, match="6 frames of 64x48 px or more, over"):
        read_video(path)


def test_probe_tells_what_the_header_says(tmp_path: Path) -> None:
    write_lossless_rgb(tmp_path / "clip.mp4", noise(16), 8)

    actual = probe(tmp_path / "clip.mp4")

    assert actual == video.VideoInfo(64, 48, 16, 8.0, 2.0, "h264")


def test_probe_gives_the_size_as_stored(tmp_path: Path) -> None:
    path = encode(tmp_path / "phone.mp4", corner(), rotation=(90, False, False))

    info = probe(path)

    assert (info.width, info.height) == (64, 48)
    assert read_video(path).frames.shape[1:3] == (64, 48)  # rows, columns: turned


@pytest.mark.needs_real_data
def test_real_videos_are_read_whole() -> None:
    paths = real_videos()

    assert len(paths) == 6
    for path in paths[::2]:  # every second: seconds of test time
        info, clip = probe(path), read_video(path)
        assert clip.frames.shape == (info.frames, info.height, info.width, 3)
        assert clip.fps == info.fps
        steps = [after - before for before, after in pairwise(clip.times_seconds)]
        assert steps == pytest.approx([1 / clip.fps] * len(steps))


@pytest.mark.needs_real_data
def test_our_colours_of_a_real_video_are_near_swscales() -> None:
    """Another implementation of the same standard; it rounds its tables more coarsely."""
    path = real_videos()[0]
    ours = read_video(path).frames[0]
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        theirs = frame.to_ndarray(format="rgb24")

    error = ours.astype(int) - theirs

    # Measured: 1.13 and 3; it is darker, since its tables cut off where ours round.
    assert np.abs(error).mean() < 1.5
    assert np.abs(error).max() <= 4


@pytest.mark.needs_real_data
def test_a_real_truth_is_lossless_and_near_its_source(tmp_path: Path) -> None:
    frames = read_video(real_videos()[0]).frames[:4]
    write_truth(tmp_path / "video.mp4", frames, 8, storage="lossless")

    truth = read_truth(tmp_path / "video.mp4")

    assert np.array_equal(planes_to_rgb(rgb_to_planes(frames)), truth)
    # The source was 4:2:0 before: little more than rounding is lost.
    assert np.abs(truth.astype(int) - frames).mean() < 1.5


def save_frames(folder: Path, names: Sequence[str], frames: Frames) -> Path:
    folder.mkdir(exist_ok=True)
    for name, frame in zip(names, frames, strict=True):
        Image.fromarray(frame).save(folder / name)
    return folder


def test_a_folder_of_frames_is_in_order_of_its_numbers_and_has_no_time(tmp_path: Path) -> None:
    """Alphabetical order would put 10 before 9."""
    frames = noise(12)
    folder = save_frames(tmp_path / "case", [f"frame_{n}.png" for n in range(1, 13)], frames)
    (folder / ".DS_Store").write_bytes(b"hidden files are passed over")

    clip = read_any(folder)

    assert np.array_equal(frames, clip.frames)
    assert clip.fps is None
    assert np.isnan(clip.times_seconds).all()


def test_other_numbers_in_the_names_may_stay_the_same(tmp_path: Path) -> None:
    frames = noise(3)
    names = [f"seed42_{n:04d}_512x768.png" for n in range(3)]

    clip = read_frame_folder(save_frames(tmp_path / "case", names, frames))

    assert np.array_equal(frames, clip.frames)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp", "PNG"])
def test_frames_may_be_jpeg_or_webp(tmp_path: Path, suffix: str) -> None:
    names = [f"{n}.{suffix}" for n in range(4)]

    clip = read_frame_folder(save_frames(tmp_path / "case", names, corner()))

    assert np.abs(clip.frames.astype(int) - corner()).mean() < 3


def test_a_frame_that_is_a_link_must_stay_in_its_folder(tmp_path: Path) -> None:
    """Frames may come from anybody; a link inside is harmless, a pipe would never end."""
    folder = save_frames(tmp_path / "case", ["0.png", "1.png"], noise(2))
    write_png(tmp_path / "secret.png", noise(1)[0])
    (folder / "2.png").symlink_to("1.png")
    assert len(read_frame_folder(folder).frames) == 3

    (folder / "3.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(A2BenchError, match=r"3\.png: a link that leaves"):
        read_frame_folder(folder)
    assert len(read_frame_folder(folder, within=tmp_path).frames) == 4
    (folder / "3.png").unlink()
    os.mkfifo(folder / "3.png")
    with pytest.raises(A2BenchError, match=r"3\.png: expected a picture"):
        read_frame_folder(folder)


BAD_FOLDERS = [
    pytest.param([], "holds no frame", id="empty"),
    pytest.param(["0.png", "1.png", "3.png"], "numbered 0 to 3, 2 is the first", id="gap"),
    pytest.param(["1.png", "01.png"], r"01\.png and 1\.png have the same number", id="twice"),
    pytest.param(["1.png", "1.jpg"], "have the same number", id="two formats"),
    pytest.param(["a_1.png", "b_2.png"], "differ in one number", id="two names"),
    pytest.param(["first.png", "last.png"], "differ in one number", id="no number"),
    pytest.param(["1_1.png", "2_2.png"], "differ in 2 numbers", id="two numbers"),
]


@pytest.mark.parametrize(("names", "message"), BAD_FOLDERS)
def test_a_folder_whose_order_is_not_certain_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    folder = save_frames(tmp_path / "case", names, noise(len(names)))

    with pytest.raises(A2BenchError, match=message):
        read_any(folder)


def test_other_files_among_the_frames_are_listed(tmp_path: Path) -> None:
    folder = save_frames(tmp_path / "case", ["0.png", "1.png"], noise(2))
    (folder / "notes.txt").write_text("x")
    (folder / "grid.mp4").write_text("x")

    with pytest.raises(
        A2BenchError, match=r"(?s)move the others away \(2\).*grid\.mp4.*notes\.txt"
    ):
        read_frame_folder(folder)


def test_frames_of_mixed_sizes_are_refused(tmp_path: Path) -> None:
    folder = save_frames(tmp_path / "case", ["0.png"], noise(1))
    save_frames(folder, ["1.png"], noise(1, 32, 32))

    with pytest.raises(A2BenchError, match="frame 1 is 32x32 px, the first 64x48"):
        read_frame_folder(folder)


def test_a_folder_over_the_limit_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "MAX_FRAMES", 2)
    folder = save_frames(tmp_path / "case", ["0.png", "1.png", "2.png"], noise(3))

    with pytest.raises(A2BenchError, match="over 2 frames"):
        read_frame_folder(folder)


def test_a_picture_comes_back_bit_for_bit_with_the_same_bytes(tmp_path: Path) -> None:
    picture = noise(1)[0]
    write_png(tmp_path / "first.png", picture)
    write_png(tmp_path / "second.png", picture)

    assert np.array_equal(picture, read_image(tmp_path / "first.png"))
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path: Path) -> None:
    rgba = np.full((8, 8, 4), 255, np.uint8)
    Image.fromarray(rgba).save(tmp_path / "opaque.png")
    rgba[0, 0, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "transparent.png")

    assert read_image(tmp_path / "opaque.png").shape == (8, 8, 3)
    with pytest.raises(A2BenchError, match=r"transparent\.png: .*-alpha remove"):
        read_image(tmp_path / "transparent.png")


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA"])
def test_grey_and_palette_pictures_become_rgb(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (8, 6), 1 if mode == "1" else 0).save(tmp_path / "picture.png")

    if mode == "LA":  # made with alpha 0
        with pytest.raises(A2BenchError, match="transparent"):
            read_image(tmp_path / "picture.png")
    else:
        assert read_image(tmp_path / "picture.png").shape == (6, 8, 3)


@pytest.mark.parametrize(("mode", "suffix"), [("I;16", "png"), ("CMYK", "jpg")])
def test_pictures_that_rgb_cannot_hold_are_refused(tmp_path: Path, mode: str, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    Image.new(mode, (8, 8)).save(path)

    with pytest.raises(A2BenchError, match=f"picture mode {mode}"):
        read_image(path)


def test_a_photograph_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown a quarter turn with the clock
    Image.fromarray(corner()[0]).save(tmp_path / "photo.jpg", exif=exif, quality=95)

    actual = read_image(tmp_path / "photo.jpg")

    assert np.abs(actual.astype(int) - np.rot90(corner()[0], -1)).mean() < 3


def test_damaged_and_foreign_pictures_are_refused(tmp_path: Path) -> None:
    write_png(tmp_path / "cut.png", noise(1)[0])
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:2000])
    (tmp_path / "text.png").write_text("no picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "tiff.png", format="TIFF")

    for name in ("cut.png", "text.png", "tiff.png"):
        with pytest.raises(A2BenchError, match=rf"{name}: cannot be read as PNG, JPEG or WebP"):
            read_image(tmp_path / name)
    with pytest.raises(A2BenchError, match="no such file"):
        read_image(tmp_path / "absent.png")


def test_animated_pictures_are_refused(tmp_path: Path) -> None:
    first, *rest = (Image.fromarray(frame) for frame in noise(3))
    first.save(tmp_path / "moving.webp", save_all=True, append_images=rest)

    with pytest.raises(A2BenchError, match="animated"):
        read_image(tmp_path / "moving.webp")


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """A header of 20000 x 20000 px in 100 bytes; PNG's size lies at bytes 16 to 24."""
    write_png(tmp_path / "bomb.png", noise(1)[0])
    content = bytearray((tmp_path / "bomb.png").read_bytes())
    for side in (8200, 20000):  # under and over Pillow's own limit
        content[16:24] = side.to_bytes(4, "big") * 2
        # The header's checksum, so that the size is what is refused.
        content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
        (tmp_path / "bomb.png").write_bytes(bytes(content))

        with pytest.raises(A2BenchError, match="over 64000000 pixels"):
            read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((768, 512), (384, 256)),
        ((1216, 768), (384, 242)),  # 768 * 384 / 1216 = 242.5
        ((100, 400), (64, 256)),
        ((47, 63), (46, 62)),  # never enlarged
    ],
)
def test_a_preview_is_small_and_plays_in_browsers(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """H.264 High 4:2:0 with the header before the pictures."""
    write_preview(tmp_path / "preview.mp4", corner(8, *size), 8)

    with av.open(str(tmp_path / "preview.mp4")) as container:
        stream = container.streams.video[0]
        found = stream.height, stream.width, stream.profile, stream.pix_fmt, stream.frames
    content = (tmp_path / "preview.mp4").read_bytes()

    assert found == (*expected, "High", "yuv420p", 8)
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_digest_is_of_size_and_content() -> None:
    frames = noise(2, 4, 6)
    expected = hashlib.sha256(b"6x4x2" + frames.tobytes()).hexdigest()

    assert rgb_digest(frames) == f"sha256:{expected}"
    # The same bytes in another shape are another clip; another memory layout is not.
    assert rgb_digest(frames.reshape(2, 6, 4, 3)) != rgb_digest(frames)
    assert rgb_digest(np.asfortranarray(frames)) == rgb_digest(frames)
