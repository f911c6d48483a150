"""The only decoder and encoder: PyAV for video, Pillow for pictures, our own integers for colour.

Truth pixels
    RGB -> `rgb_to_planes` -> BT.709 limited 4:2:0 -> lossless H.264 -> the same planes ->
    `planes_to_rgb`. The truth is what comes out at the end, so every reader sees the same bytes
    whatever its FFmpeg build or processor does when it converts colour.
Predictions
    `write_lossless_rgb`: RGB in, the same RGB out, any size.
Foreign videos
    `read_video`: any container of `_CONTAINERS`, as it is meant to be shown (rotation, range,
    matrix). A file that cannot be decoded whole is refused, never shortened.
"""

import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
import numpy.typing as npt
from av.buffer import Buffer
from av.codec.context import Flags
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import Float64, UInt8
from PIL import Image, ImageOps

from a2bench.errors import A2BenchError, problems_error
from a2bench.paths import write_aside

Video = UInt8[np.ndarray, "t h w 3"]
"""RGB frames, uint8 in [0, 255]; `t` frames, `h` rows, `w` columns."""

Picture = UInt8[np.ndarray, "h w 3"]
"""One RGB picture, uint8 in [0, 255]."""

Rate = float | int
"""Frames a second. Spelled out because the tests' type checker takes no int for a float."""

MAX_SIDE_PX = 4096
MAX_FRAMES = 4096
MAX_DECODED_BYTES = 2 * 2**30
"""Refused beyond these: one clip must fit a worker's memory next to the networks."""

MAX_PICTURE_PX = 64_000_000
"""Pixels of one still picture; a phone's largest photograph has 50 million."""

_CONTAINERS = (
    "mov", "matroska", "avi", "gif", "apng", "ogg", "flv", "mpegts", "mpeg", "asf", "ivf", "nut",
    "mxf", "yuv4mpegpipe", "h264", "hevc", "obu", "m4v", "mpegvideo",
)  # fmt: skip
"""Demuxers that read one file. Playlists (hls, dash, concat) and devices are not among them."""

_RAW_STREAMS = {"h264", "hevc", "obu", "m4v", "mpegvideo"}
"""Demuxers of bare streams: FFmpeg makes the time stamps up (25 fps), so they count as none."""

_PLAYLIST_HEADS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD")

_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP")
_PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


_BITS = 16
"""Fixed point: a weight is at most 2.13 * 2^16 and multiplies at most 4 * 255: inside int32."""

_BLOCK_ROWS = 64
"""Rows converted at a time, even; 64 rows of 512 int32 are 128 KiB and stay in the L2 cache."""

_LUMA_WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087)} | {
    **dict.fromkeys((2, 5, 6), (0.299, 0.114)),
    **dict.fromkeys((9, 10), (0.2627, 0.0593)),
}
"""ITU-T H.273 matrix number -> weights of red and blue in luma. 2 is "not said": BT.601 whatever
the size, as FFmpeg does. 10 (BT.2020 constant luminance) is read as 9, as swscale does."""


@dataclass(frozen=True)
class Planes:
    """BT.709 limited-range 4:2:0 video, 8 bit: what the encoder is given and the decoder returns.

    Attributes:
        y: uint8 (t, h, w), 16 to 235.
        cb, cr: uint8 (t, h / 2, w / 2), 16 to 240; a sample stands at the centre of its 2x2 block.
    """

    y: UInt8[np.ndarray, "t h w"]
    cb: UInt8[np.ndarray, "t half_h half_w"]
    cr: UInt8[np.ndarray, "t half_h half_w"]


def decoder_version() -> str:
    """Return what decodes here, such as "PyAV 18.1.0, libavcodec 62.28.102"."""
    codec = ".".join(str(number) for number in av.library_versions["libavcodec"])
    return f"PyAV {av.__version__}, libavcodec {codec}"


def _fixed(value: float) -> int:
    return round(value * (1 << _BITS))


@lru_cache
def _from_rgb_weights() -> tuple[tuple[int, int, int], ...]:
    """Integer weights of R, G, B in Y, Cb, Cr: BT.709, limited range."""
    red, blue = _LUMA_WEIGHTS[1]
    luma, chroma = 219 / 255, 224 / 255
    y_red, y_blue = _fixed(red * luma), _fixed(blue * luma)
    cb_red = _fixed(-red / (2 - 2 * blue) * chroma)
    cr_blue = _fixed(-blue / (2 - 2 * red) * chroma)
    half = _fixed(chroma / 2)
    # Each row's sum is exact by construction (219/255, 0, 0), so grey has no colour.
    return (
        (y_red, _fixed(luma) - y_red - y_blue, y_blue),
        (cb_red, -cb_red - half, half),
        (half, -half - cr_blue, cr_blue),
    )


def _frame_to_planes(
    frame: npt.NDArray[np.uint8],
    y: npt.NDArray[np.uint8],
    cb: npt.NDArray[np.uint8],
    cr: npt.NDArray[np.uint8],
) -> None:
    """Convert one frame (h, w, 3) into planes (h, w), (h/2, w/2), (h/2, w/2)."""
    y_weights, cb_weights, cr_weights = _from_rgb_weights()
    half = 1 << (_BITS - 1)
    for top in range(0, frame.shape[0], _BLOCK_ROWS):
        rows = slice(top, top + _BLOCK_ROWS)
        half_rows = slice(top // 2, (top + _BLOCK_ROWS) // 2)
        red, green, blue = (frame[rows, :, channel].astype(np.int32) for channel in range(3))
        luma = red * y_weights[0]
        luma += green * y_weights[1]
        luma += blue * y_weights[2]
        luma += (16 << _BITS) + half
        luma >>= _BITS
        y[rows] = luma
        sums = []
        for channel in (red, green, blue):
            pairs = channel[0::2] + channel[1::2]
            sums.append(pairs[:, 0::2] + pairs[:, 1::2])
        for weights, plane in ((cb_weights, cb), (cr_weights, cr)):
            # Four pixels are summed before the one rounding: two more bits to shift away.
            chroma = sums[0] * weights[0]
            chroma += sums[1] * weights[1]
            chroma += sums[2] * weights[2]
            chroma += (128 << (_BITS + 2)) + (half << 2)
            chroma >>= _BITS + 2
            plane[half_rows] = chroma


@lru_cache
def _to_rgb_weights(matrix: int, full_range: bool) -> tuple[npt.NDArray[np.int32], tuple[int, ...]]:
    """Table of the luma part (256,), and the weights Cr->R, Cb->G, Cr->G, Cb->B."""
    red, blue = _LUMA_WEIGHTS[matrix]
    green = 1 - red - blue
    luma, chroma = (1.0, 1.0) if full_range else (255 / 219, 255 / 224)
    black = 0 if full_range else 16
    table = (np.arange(256) - black) * _fixed(luma) + (1 << (_BITS - 1))
    return table.astype(np.int32), (
        _fixed((2 - 2 * red) * chroma),
        _fixed(-(2 - 2 * blue) * blue / green * chroma),
        _fixed(-(2 - 2 * red) * red / green * chroma),
        _fixed((2 - 2 * blue) * chroma),
    )


def _planes_to_frame(
    y: npt.NDArray[np.uint8],
    cb: npt.NDArray[np.uint8],
    cr: npt.NDArray[np.uint8],
    out: npt.NDArray[np.uint8],
    *,
    matrix: int,
    full_range: bool,
) -> None:
    """Convert one 8-bit picture of any subsampling into `out` (h, w, 3), chroma replicated."""
    table, (cr_red, cb_green, cr_green, cb_blue) = _to_rgb_weights(matrix, full_range)
    height, width = y.shape
    step_y, step_x = -(-height // cb.shape[0]), -(-width // cb.shape[1])
    for top in range(0, height, _BLOCK_ROWS):
        luma = table[y[top : top + _BLOCK_ROWS]]
        chroma_rows = slice(top // step_y, -(-(top + _BLOCK_ROWS) // step_y))
        blue_difference = cb[chroma_rows].astype(np.int32) - 128
        red_difference = cr[chroma_rows].astype(np.int32) - 128
        rows = luma.shape[0]
        for channel, shift in enumerate(
            (
                red_difference * cr_red,
                blue_difference * cb_green + red_difference * cr_green,
                blue_difference * cb_blue,
            )
        ):
            if step_x > 1:
                shift = np.repeat(shift, step_x, axis=1)[:, :width]
            if rows % step_y:
                value = luma + np.repeat(shift, step_y, axis=0)[:rows]
            else:
                value = (luma.reshape(-1, step_y, width) + shift[:, None]).reshape(rows, width)
            value >>= _BITS
            np.clip(value, 0, 255, out=value)
            out[top : top + rows, :, channel] = value


def _check_even(height: int, width: int, what: str) -> None:
    if height % 2 or width % 2:
        raise A2BenchError(
            f"{what}: frames of {width}x{height} px; 4:2:0 video needs an even width and height. "
            f"Render at {width + width % 2}x{height + height % 2}."
        )


def rgb_to_planes(frames: Video) -> Planes:
    """BT.709 limited-range 4:2:0 planes of RGB frames, in integers that are the same everywhere.

    Y is rounded a pixel; Cb and Cr are those of the mean of each 2x2 block (centre-sited box).
    Back through `planes_to_rgb`, greys are off by at most 1, blocks of one colour by at most 2;
    where colours differ inside a block the error is that of 4:2:0 itself and has no useful bound.

    Raises:
        A2BenchError: odd width or height.
    """
    count, height, width, _ = frames.shape
    _check_even(height, width, "rgb_to_planes")
    y = np.empty((count, height, width), np.uint8)
    cb = np.empty((count, height // 2, width // 2), np.uint8)
    cr = np.empty_like(cb)
    for index in range(count):
        _frame_to_planes(frames[index], y[index], cb[index], cr[index])
    return Planes(y, cb, cr)


def planes_to_rgb(planes: Planes) -> Video:
    """RGB frames of planes: each chroma sample holds for its 2x2 block, rounded once, clipped.

    Raises:
        A2BenchError: odd width or height.
    """
    count, height, width = planes.y.shape
    _check_even(height, width, "planes_to_rgb")
    frames = np.empty((count, height, width, 3), np.uint8)
    for index in range(count):
        _planes_to_frame(
            planes.y[index], planes.cb[index], planes.cr[index], frames[index],
            matrix=1, full_range=False,
        )  # fmt: skip
    return frames


@dataclass(frozen=True)
class Clip:
    """A decoded video as it is meant to be shown.

    Attributes:
        frames: RGB uint8 (t, h, w, 3).
        times_seconds: float64 (t,), rising from 0; NaN throughout where `fps` is None.
        fps: frames a second, the mean where the rate varies; None where the file carries no time
            (a folder of frames, a bare stream, time stamps that do not rise).
    """

    frames: Video
    times_seconds: Float64[np.ndarray, "t"]
    fps: float | None


@dataclass(frozen=True)
class VideoInfo:
    """What a video's header says; nothing is decoded.

    Attributes:
        width, height: px, as stored; `read_video` also turns the picture if the header says so.
        frames: frame count; None where the container does not say.
        fps: mean frames a second; None where the container does not say.
        duration_seconds: of the video stream; None where the container does not say.
        codec: FFmpeg's name of the codec.
    """

    width: int
    height: int
    frames: int | None
    fps: float | None
    duration_seconds: float | None
    codec: str


def _reason(error: av.FFmpegError) -> str:
    return (error.strerror or type(error).__name__).rstrip(".").lower()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open one local regular file; nothing that it names is opened with it."""
    if not path.exists():
        raise A2BenchError(f"{path}: there is no such file.")
    if not path.is_file():
        raise A2BenchError(f"{path}: expected a video file, found something that is not a file.")
    size = path.stat().st_size
    if size == 0:
        raise A2BenchError(f"{path}: the file is empty (0 bytes). Write it again.")
    with path.open("rb") as handle:
        head = handle.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(_PLAYLIST_HEADS):
        raise A2BenchError(
            f"{path}: a playlist that names other files; expected the video itself. "
            f"Join its parts first: ffmpeg -i {path.name} -c copy joined.mp4"
        )
    try:
        container = av.open(
            # "file:" and the full path: no part of the name is read as a protocol.
            f"file:{path.absolute()}",
            mode="r",
            options={"protocol_whitelist": "file", "format_whitelist": ",".join(_CONTAINERS)},
            metadata_errors="ignore",
        )
    except av.FFmpegError as error:
        raise A2BenchError(
            f"{path}: cannot be opened as a video ({_reason(error)}; {size} bytes): not a video, "
            "or cut short while it was written. Expected a single file such as mp4, mkv, webm, "
            "avi, mov or gif; pictures go into a folder, one frame a file."
        ) from error
    with container:
        videos = [
            stream
            for stream in container.streams.video
            if not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not videos:
            kinds = ", ".join(sorted({stream.type for stream in container.streams}))
            raise A2BenchError(f"{path}: has no video stream; it holds {kinds or 'nothing'}.")
        _check_size(path, videos[0].codec_context.width, videos[0].codec_context.height)
        yield container, videos[0]


def _check_size(path: Path, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise A2BenchError(f"{path}: the header gives no frame size; the file is damaged.")
    if max(width, height) > MAX_SIDE_PX:
        raise A2BenchError(
            f"{path}: {width}x{height} px; at most {MAX_SIDE_PX} px a side. Make it smaller: "
            f"ffmpeg -i {path.name} -vf scale=-2:768 smaller.mp4"
        )


def _check_volume(path: Path, frames: int, width: int, height: int) -> None:
    if frames > MAX_FRAMES:
        raise A2BenchError(
            f"{path}: over {MAX_FRAMES} frames, the most that is read. Cut it: "
            f"ffmpeg -i {path.name} -frames:v {MAX_FRAMES} shorter.mp4"
        )
    decoded_bytes = frames * width * height * 3
    if decoded_bytes > MAX_DECODED_BYTES:
        raise A2BenchError(
            f"{path}: {frames} frames of {width}x{height} px or more, over "
            f"{MAX_DECODED_BYTES / 2**30:g} GiB when decoded. Cut or shrink it: "
            f"ffmpeg -i {path.name} -t 10 -vf scale=-2:768 smaller.mp4"
        )


def _damaged(path: Path, what: str) -> A2BenchError:
    return A2BenchError(f"{path}: damaged or cut short: {what}. Write or copy the file again.")


def _decoded_frames(
    path: Path, container: InputContainer, stream: VideoStream, *, whole: bool = True
) -> Iterator[VideoFrame]:
    """Yield every frame in order of display, or raise; never fewer than the file promises.

    A reader that stops early says so by `whole`: then a long header is no reason to refuse.

    mp4, mov, mkv, webm and avi promise a number of frames or a length. Bare streams and MPEG-TS do
    not: there, only damage that the decoder notices is seen.
    """
    is_mov = "mov" in container.format.name.split(",")
    size = path.stat().st_size
    context = stream.codec_context
    # A frame with a broken slice is an error, not a guess; a picture that grows is not allocated.
    context.options = {"err_detect": "explode", "max_pixels": str(MAX_SIDE_PX**2)}
    context.thread_count = 1  # clips are decoded side by side, one a process
    if whole:
        _check_volume(path, stream.frames, context.width, context.height)
    if is_mov:
        end = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
        if end > size:
            raise _damaged(path, f"its index reaches to byte {end}, the file has {size}")
    shape: tuple[int, int] | None = None
    count = 0
    last_end_seconds: float | None = None
    try:
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise _damaged(path, f"a broken packet after frame {count}")
            for frame in packet.decode():
                if not isinstance(frame, VideoFrame):
                    continue
                count += 1
                if frame.is_corrupt:
                    raise _damaged(path, f"frame {count - 1} cannot be decoded")
                _check_size(path, frame.width, frame.height)
                _check_volume(path, count, frame.width, frame.height)
                if shape is None:
                    shape = (frame.width, frame.height)
                elif shape != (frame.width, frame.height):
                    raise A2BenchError(
                        f"{path}: frame {count - 1} is {frame.width}x{frame.height} px, the first "
                        f"{shape[0]}x{shape[1]}; expected one size. Re-encode it."
                    )
                if frame.pts is not None and frame.time_base is not None:
                    last_end_seconds = float((frame.pts + frame.duration) * frame.time_base)
                yield frame
    except av.FFmpegError as error:
        raise _damaged(path, f"decoding stops after {count} frames ({_reason(error)})") from error
    if count == 0:
        raise _damaged(path, "it holds no frame")
    if is_mov:
        # What an edit list cuts away is in the index but marked.
        promised = sum(not entry.is_discard for entry in stream.index_entries)
        if count < promised:
            raise _damaged(path, f"{count} frames can be decoded, {promised} are promised")
    promised_seconds = _promised_seconds(container, stream)
    if (
        promised_seconds is not None
        and last_end_seconds is not None
        # A quarter of a second: the promise counts the last frame's length, which may be unknown.
        and last_end_seconds < promised_seconds - 0.25
    ):
        raise _damaged(
            path, f"it ends at {last_end_seconds:.2f} s, {promised_seconds:.2f} s are promised"
        )


def _promised_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """Length that an AVI or Matroska header gives the video, in seconds; None: it does not."""
    if container.format.name == "avi" and stream.duration and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if match is None:
        return None
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


_ORIENTED = {
    (1, 0, 0, 1): (False, False, False),
    (-1, 0, 0, 1): (False, False, True),
    (1, 0, 0, -1): (False, True, False),
    (-1, 0, 0, -1): (False, True, True),
    (0, 1, 1, 0): (True, False, False),
    (0, 1, -1, 0): (True, False, True),
    (0, -1, 1, 0): (True, True, False),
    (0, -1, -1, 0): (True, True, True),
}
"""Display matrix (a, b, c, d), x' = a x + c y and y' = b x + d y -> transpose, then flip rows,
flip columns."""


def _orientation(path: Path, frame: VideoFrame) -> tuple[bool, bool, bool]:
    """Whether the stored picture must be transposed, then turned upside down, then mirrored."""
    # The stub of `side_data` knows motion vectors only.
    found = cast(Mapping[str, Buffer], frame.side_data).get("DISPLAYMATRIX")
    if found is None:
        return False, False, False
    matrix = np.frombuffer(bytes(found), np.int32).reshape(3, 3)[:2, :2] / 65536
    a, b, c, d = (round(float(value)) for value in matrix.ravel())
    key = (a, b, c, d)
    if key not in _ORIENTED or np.abs(matrix.ravel() - key).max() > 0.01:
        raise A2BenchError(
            f"{path}: its header turns or scales the picture by {matrix.tolist()}; expected "
            "quarter turns and mirrors. Re-encode it: ffmpeg -i IN OUT.mp4"
        )
    return _ORIENTED[key]


_PLANAR = {
    "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "yuv440p", "yuvj440p",
    "yuv411p", "yuvj411p", "yuv410p",
}  # fmt: skip
"""8-bit planar formats that our integer conversion reads."""


def _plane(frame: VideoFrame, index: int) -> npt.NDArray[np.uint8]:
    plane = frame.planes[index]
    rows: npt.NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    rows = rows.reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _frame_to_rgb(path: Path, frame: VideoFrame, out: npt.NDArray[np.uint8]) -> None:
    """Write one decoded frame as RGB into `out` (h, w, 3).

    RGB formats are copied. 8-bit planar YUV goes through our integers. The rest (more than 8 bits,
    packed formats) goes through swscale with the same matrix and range, bit-exact flags or not.
    """
    name = frame.format.name
    if frame.color_trc in (16, 18):
        raise A2BenchError(
            f"{path}: high dynamic range (PQ or HLG); expected standard range. Tone-map it first: "
            "ffmpeg -i IN -vf zscale=t=linear,tonemap=hable,zscale=t=bt709:m=bt709:r=tv OUT.mp4"
        )
    components = frame.format.components
    has_alpha = any(component.is_alpha for component in components)
    if has_alpha or name == "pal8":
        rgba = frame.to_ndarray(format="rgba")
        if (rgba[..., 3] != 255).any():
            raise A2BenchError(
                f"{path}: has transparent pixels, and nothing says what lies behind them. "
                "Write it without alpha."
            )
        out[:] = rgba[..., :3]
        return
    if frame.format.is_rgb:
        out[:] = frame.to_ndarray(format="gbrp" if name == "gbrp" else "rgb24")
        return
    if frame.colorspace not in _LUMA_WEIGHTS:
        raise A2BenchError(
            f"{path}: colour matrix number {frame.colorspace} of H.273 is not supported; expected "
            "BT.601, BT.709 or BT.2020. Re-encode it: ffmpeg -i IN -vf scale=out_color_matrix=bt709"
            " OUT.mp4"
        )
    full_range = name.startswith("yuvj") or frame.color_range == 2
    if name in _PLANAR:
        y, cb, cr = (_plane(frame, index) for index in range(3))
        _planes_to_frame(y, cb, cr, out, matrix=frame.colorspace, full_range=full_range)
        return
    out[:] = frame.reformat(
        format="rgb24",
        # 5 is swscale's number for BT.601, its default for "not said".
        src_colorspace=5 if frame.colorspace in (2, 6) else frame.colorspace,
        src_color_range=2 if full_range else 1,
        dst_color_range=2,
    ).to_ndarray()


class _GrowingClip:
    """Frames appended one by one to one array, never held twice."""

    def __init__(self, height: int, width: int) -> None:
        self._frames: npt.NDArray[np.uint8] = np.empty((16, height, width, 3), np.uint8)
        self._count = 0

    def next(self) -> npt.NDArray[np.uint8]:
        """Return the next frame's place (h, w, 3); gone stale when `next` is called again."""
        if self._count == len(self._frames):
            # In place (mremap): no second copy; no view of the old array is in use any more.
            self._frames.resize((self._count * 3 // 2, *self._frames.shape[1:]), refcheck=False)
        self._count += 1
        place: npt.NDArray[np.uint8] = self._frames[self._count - 1]
        return place

    def whole(self) -> npt.NDArray[np.uint8]:
        """Return all frames (t, h, w, 3)."""
        self._frames.resize((self._count, *self._frames.shape[1:]), refcheck=False)
        return self._frames


def read_video(path: Path, *, until_seconds: float | None = None) -> Clip:
    """Decode a video file as it is meant to be shown.

    Frames are counted by decoding. Quarter turns and mirrors of the header are applied; the pixel
    aspect ratio is not. Matrix (BT.601, 709, 2020) and range are those that the file is tagged
    with; untagged is BT.601 limited, FFmpeg's default at any size. RGB files come back bit-exact;
    8-bit YUV goes through the integers of `planes_to_rgb` with its own matrix, so a truth reads
    the same here and in `read_truth`; other formats go through swscale.

    Args:
        path: the file.
        until_seconds: stop after this time (the frame there included), so that the start of a
            long video can be read; None: the whole file.

    Raises:
        A2BenchError: missing, empty, not a video, no video stream, damaged or cut short, a
            playlist, over 4096 px a side, 4096 frames or 2 GiB decoded, HDR, transparent.
    """
    with _opened(path) as (container, stream):
        clip: _GrowingClip | None = None
        transpose = flip_rows = flip_columns = False
        stamps: list[Fraction | None] = []
        scratch = np.empty((0, 0, 3), np.uint8)
        for frame in _decoded_frames(path, container, stream, whole=until_seconds is None):
            stamp = (
                None
                if frame.pts is None or frame.time_base is None
                else frame.pts * frame.time_base
            )
            if until_seconds is not None and stamps and stamp is not None:
                start = stamps[0]
                if start is not None and stamp - start > until_seconds:
                    break
            stamps.append(stamp)
            if clip is None:
                transpose, flip_rows, flip_columns = _orientation(path, frame)
                height, width = frame.height, frame.width
                scratch = np.empty((height, width, 3), np.uint8)
                clip = _GrowingClip(*((width, height) if transpose else (height, width)))
            place = clip.next()
            if transpose or flip_rows or flip_columns:
                _frame_to_rgb(path, frame, scratch)
                shown = scratch.swapaxes(0, 1) if transpose else scratch
                shown = shown[::-1] if flip_rows else shown
                place[:] = shown[:, ::-1] if flip_columns else shown
            else:
                _frame_to_rgb(path, frame, place)
        assert clip is not None  # _decoded_frames raises where there is no frame
        raw = container.format.name in _RAW_STREAMS
        times_seconds, fps = _times(None if raw else stamps, len(stamps), stream.average_rate)
        return Clip(clip.whole(), times_seconds, fps)


def _times(
    stamps: list[Fraction | None] | None, count: int, average_rate: Fraction | None
) -> tuple[npt.NDArray[np.float64], float | None]:
    """Times from 0 and mean rate; NaN and None where the stamps do not tell the time."""
    known = [stamp for stamp in stamps or [] if stamp is not None]
    no_time = np.full(count, np.nan)
    if len(known) < count:
        return no_time, None
    times_seconds = np.array([float(stamp - known[0]) for stamp in known])
    if count == 1:
        return times_seconds, float(average_rate) if average_rate else None
    if (np.diff(times_seconds) <= 0).any():
        return no_time, None
    if average_rate:
        # The header's rate is exact where stamps are rounded (WebM: to 1 ms).
        grid_seconds = np.arange(count) / float(average_rate)
        if np.abs(times_seconds - grid_seconds).max() <= 0.5 / float(average_rate):
            return times_seconds, float(average_rate)
    return times_seconds, (count - 1) / float(times_seconds[-1])


def read_truth(path: Path) -> Video:
    """RGB frames (t, h, w, 3) of a file that `write_truth` wrote, through `planes_to_rgb`.

    Raises:
        A2BenchError: as `read_video`, or not BT.709 limited 4:2:0, the format of truths.
    """
    with _opened(path) as (container, stream):
        clip: _GrowingClip | None = None
        for frame in _decoded_frames(path, container, stream):
            found = (frame.format.name, frame.colorspace, frame.color_range)
            if found != ("yuv420p", 1, 1):
                raise A2BenchError(
                    f"{path}: not a truth of this benchmark: format, matrix and range are {found}, "
                    "expected ('yuv420p', 1, 1). Build the data set again: a2bench build"
                )
            clip = clip or _GrowingClip(frame.height, frame.width)
            _frame_to_rgb(path, frame, clip.next())
        assert clip is not None  # _decoded_frames raises where there is no frame
        return clip.whole()


def probe(path: Path) -> VideoInfo:
    """What the header of a video file says, without decoding it.

    Raises:
        A2BenchError: as `read_video`, as far as the header shows it.
    """
    with _opened(path) as (container, stream):
        context = stream.codec_context
        raw = container.format.name in _RAW_STREAMS
        seconds = _promised_seconds(container, stream)
        if stream.duration is not None and stream.time_base is not None and not raw:
            seconds = float(stream.duration * stream.time_base)
        elif seconds is None and container.duration is not None and not raw:
            seconds = container.duration / av.time_base
        return VideoInfo(
            width=context.width,
            height=context.height,
            frames=stream.frames or None,
            fps=float(stream.average_rate) if stream.average_rate and not raw else None,
            duration_seconds=seconds,
            codec=context.name,
        )


def read_image(path: Path) -> Picture:
    """Read a PNG, JPEG or WebP picture as RGB (h, w, 3), turned as its EXIF says.

    Raises:
        A2BenchError: missing, not such a picture, damaged, animated, over 64 million pixels, more
            than 8 bits a channel, transparent, or CMYK.
    """
    if not path.is_file():
        raise A2BenchError(f"{path}: there is no such file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_PICTURE_FORMATS) as image:
                return _picture(path, image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise A2BenchError(f"{path}: over {MAX_PICTURE_PX} pixels. Make it smaller.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise A2BenchError(
            f"{path}: cannot be read as PNG, JPEG or WebP ({error}). Write it again."
        ) from error


def _picture(path: Path, image: Image.Image) -> Picture:
    if image.width * image.height > MAX_PICTURE_PX:
        raise A2BenchError(
            f"{path}: {image.width}x{image.height}, over {MAX_PICTURE_PX} pixels. Make it smaller."
        )
    if getattr(image, "n_frames", 1) > 1:
        raise A2BenchError(f"{path}: an animated picture; expected one picture a file.")
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        raise A2BenchError(
            f"{path}: picture mode {image.mode}; expected 8-bit RGB, grey or palette. "
            f"Convert it: magick {path.name} -depth 8 -colorspace sRGB rgb.png"
        )
    image = ImageOps.exif_transpose(image)
    if image.mode in ("LA", "RGBA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA"))
        if (rgba[..., 3] != 255).any():
            raise A2BenchError(
                f"{path}: has transparent pixels, and nothing says what lies behind them. Put them "
                f"on a colour: magick {path.name} -background white -alpha remove -alpha off "
                f"{path.name}"
            )
        return np.ascontiguousarray(rgba[..., :3])
    return np.array(image.convert("RGB"))


def frame_files(folder: Path, *, within: Path | None = None) -> list[Path]:
    """Return the numbered PNG, JPEG or WebP frames of a folder, in order of their numbers.

    Hidden files are passed over. The names must differ in one number only, without gaps.

    Args:
        folder: of the frames.
        within: the folder that links among them may not leave; None: `folder` itself. Frames may
            come from anybody, and what a link shows would be copied into results.

    Raises:
        A2BenchError: no frames, other files, odd names, gaps, repeated numbers, a link that leaves.
    """
    if not folder.is_dir():
        raise A2BenchError(f"{folder}: there is no such folder.")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if others := [path.name for path in files if path.suffix.lower() not in _PICTURE_SUFFIXES]:
        raise problems_error(
            f"{folder}: expected only .png, .jpg, .jpeg or .webp frames; move the others away",
            _first_few(others),
        )
    if not files:
        raise A2BenchError(f"{folder}: holds no frame; expected .png, .jpg, .jpeg or .webp files.")
    home = (within or folder).resolve()
    for path in files:
        if not path.resolve().is_relative_to(home):
            raise A2BenchError(
                f"{path}: a link that leaves {home}.\nhint: copy the frames there (cp -rL)"
            )
        if not path.is_file():
            raise A2BenchError(f"{path}: expected a picture, it is no ordinary file.")
    return _in_order(folder, files)


def read_frame_folder(folder: Path, *, within: Path | None = None, most: int | None = None) -> Clip:
    """Read a folder of frames; the times are not known (NaN).

    Args:
        folder: of the frames.
        within: as of `frame_files`.
        most: frames from the first that are read; None: all.

    Raises:
        A2BenchError: as `frame_files`; mixed sizes, a picture that `read_image` refuses, or a
            limit of `read_video`.
    """
    ordered = frame_files(folder, within=within)[:most]
    clip: _GrowingClip | None = None
    shape: tuple[int, ...] = ()
    for index, path in enumerate(ordered):
        picture = read_image(path)
        if clip is None:
            shape = picture.shape
            _check_size(path, shape[1], shape[0])
            _check_volume(folder, len(ordered), shape[1], shape[0])
            clip = _GrowingClip(shape[0], shape[1])
        elif picture.shape != shape:
            raise A2BenchError(
                f"{path}: frame {index} is {picture.shape[1]}x{picture.shape[0]} px, the first "
                f"{shape[1]}x{shape[0]}; expected one size."
            )
        clip.next()[:] = picture
    assert clip is not None  # the folder is not empty
    return Clip(clip.whole(), np.full(len(ordered), np.nan), None)


def _first_few(names: list[str]) -> list[str]:
    return names[:8] + ([f"and {len(names) - 8} more"] if len(names) > 8 else [])


def _in_order(folder: Path, files: list[Path]) -> list[Path]:
    """Order frames by the one number in which their names differ."""
    parts = [re.split(r"(\d+)", path.stem) for path in files]
    first = parts[0]
    odd = [
        path.name
        for path, part in zip(files, parts, strict=True)
        if part[0::2] != first[0::2] or len(part) == 1
    ]
    if odd:
        raise problems_error(
            f"{folder}: expected names that differ in one number, such as frame_0001.png; "
            f"{files[0].name} and these do not fit together",
            _first_few(odd),
        )
    numbers = [[int(digits) for digits in part[1::2]] for part in parts]
    varying = [
        place for place in range(len(numbers[0])) if len({row[place] for row in numbers}) > 1
    ]
    if len(varying) > 1:
        raise A2BenchError(
            f"{folder}: the names differ in {len(varying)} numbers ({files[0].name}, "
            f"{files[-1].name}); expected one, the frame number. Rename them."
        )
    place = varying[0] if varying else len(numbers[0]) - 1
    by_number: dict[int, Path] = {}
    for path, row in zip(files, numbers, strict=True):
        if row[place] in by_number:
            raise A2BenchError(
                f"{folder}: {by_number[row[place]].name} and {path.name} have the same number; "
                "remove one."
            )
        by_number[row[place]] = path
    low, high = min(by_number), max(by_number)
    if high - low + 1 != len(files):
        gap = next(number for number in range(low, high) if number not in by_number)
        raise A2BenchError(
            f"{folder}: {len(files)} frames are numbered {low} to {high}, {gap} is the first that "
            "is missing; expected no gap. Write the missing frames or number them anew."
        )
    return [by_number[number] for number in range(low, high + 1)]


def read_any(path: Path, *, within: Path | None = None) -> Clip:
    """Read a video file or a folder of frames.

    Args:
        path: the file or folder.
        within: the folder that frames of a folder may not leave; None: their own.

    Raises:
        A2BenchError: as `read_video` and `read_frame_folder`.
    """
    return read_frame_folder(path, within=within) if path.is_dir() else read_video(path)


def _rate(fps: Rate) -> Fraction:
    if not 0 < fps <= 240:
        raise A2BenchError(f"{fps = }: expected a rate above 0 and at most 240 frames a second.")
    # 1001: the denominator of television rates such as 30000/1001.
    return Fraction(fps).limit_denominator(1001)


def _encode(
    path: Path,
    frames: Iterable[VideoFrame],
    rate: Fraction,
    *,
    codec: Literal["libx264", "libx264rgb"],
    options: dict[str, str],
    gop_size: int,
    fast_start: bool = False,
) -> None:
    """Encode to mp4, in the format of the first frame, without dates or random ids."""
    container_options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if fast_start else {})
    with (
        write_aside(path) as aside,
        av.open(
            str(aside), mode="w", format="mp4", container_options=container_options
        ) as container,
    ):
        stream: VideoStream | None = None
        for index, frame in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate, options=options)
                stream.width, stream.height = frame.width, frame.height
                stream.pix_fmt = frame.format.name
                stream.gop_size = gop_size
                context = stream.codec_context
                context.time_base = 1 / rate
                context.thread_count = 1  # the bytes depend on the number of threads
                context.flags |= Flags.bitexact
                if codec == "libx264":
                    context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
                    context.color_range = 1  # limited
                else:
                    context.colorspace, context.color_range = 0, 2  # RGB, full
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        assert stream is not None  # the callers refuse empty clips
        container.mux(stream.encode(None))


def _checked(path: Path, frames: Video | Iterable[Picture]) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield frames, refusing none at all and a size that changes."""
    shape: tuple[int, ...] = ()
    for index, frame in enumerate(frames):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise A2BenchError(
                f"{path}: frame {index} is {frame.dtype} {frame.shape}; expected uint8 (h, w, 3)."
            )
        shape = shape or frame.shape
        if frame.shape != shape:
            raise A2BenchError(
                f"{path}: frame {index} is {frame.shape[1]}x{frame.shape[0]} px, the first "
                f"{shape[1]}x{shape[0]}; expected one size."
            )
        yield np.ascontiguousarray(frame)
    if not shape:
        raise A2BenchError(f"{path}: no frame to write; expected at least one.")


def _yuv_frames(frames: Iterable[npt.NDArray[np.uint8]], path: Path) -> Iterator[VideoFrame]:
    for frame in frames:
        height, width, _ = frame.shape
        _check_even(height, width, str(path))
        # PyAV's layout of yuv420p: one array (h * 3 / 2, w), the planes one after the other.
        packed = np.empty((height * 3 // 2, width), np.uint8)
        luma, quarter = height * width, height * width // 4
        flat = packed.reshape(-1)
        _frame_to_planes(
            frame,
            packed[:height],
            flat[luma : luma + quarter].reshape(height // 2, width // 2),
            flat[luma + quarter :].reshape(height // 2, width // 2),
        )
        coded = VideoFrame.from_ndarray(packed, format="yuv420p")
        coded.colorspace = coded.color_range = 1
        yield coded


def write_truth(
    path: Path,
    frames: Video | Iterable[Picture],
    fps: Rate,
    *,
    storage: Literal["lossless", "small"],
) -> None:
    """Write the canonical video of a sample: BT.709 limited 4:2:0 H.264 in mp4.

    `lossless` keeps the planes of `rgb_to_planes` exactly, and the same frames and library give
    the same bytes. `small` (CRF 18) defines the truth as what its file decodes to, so a digest
    must be taken from the file: encoded again on a busy virtual machine, 14 of 2429 runs gave
    other bytes, with one thread and the same input (lossless: none of 450; cause not found).
    Frames may be an array or come one by one.

    Raises:
        A2BenchError: no frame, odd or changing size, a rate outside (0, 240].
    """
    quality = {"qp": "0"} if storage == "lossless" else {"crf": "18"}
    _encode(
        path,
        _yuv_frames(_checked(path, frames), path),
        _rate(fps),
        codec="libx264",
        options={"preset": "medium"} | quality,
        gop_size=250,  # one key frame a clip: lossless key frames are what costs
    )


def write_lossless_rgb(path: Path, frames: Video | Iterable[Picture], fps: Rate) -> None:
    """Write a prediction: RGB H.264 in mp4 that decodes to the same bytes, any width and height.

    Raises:
        A2BenchError: no frame, a changing size, a rate outside (0, 240].
    """
    _encode(
        path,
        (VideoFrame.from_ndarray(frame, format="rgb24") for frame in _checked(path, frames)),
        _rate(fps),
        codec="libx264rgb",
        options={"preset": "ultrafast", "qp": "0"},
        gop_size=32,
    )


def write_preview(
    path: Path,
    frames: Video | Iterable[Picture],
    fps: Rate,
    *,
    max_width: int = 256,
    max_height: int = 384,
    crf: int = 28,
    preset: Literal["medium", "veryfast"] = "medium",
) -> None:
    """Write a small video that browsers play: H.264 High, 4:2:0, even size, header first.

    Shrunk to fit the box with its aspect kept, never enlarged; an odd side loses a pixel. A larger
    `crf` is a smaller file; `veryfast` takes half the time for 3 % more bytes.

    Raises:
        A2BenchError: no frame, a changing size, a rate outside (0, 240].
    """
    checked = _checked(path, frames)
    first = next(checked)
    height, width, _ = first.shape
    scale = min(1.0, max_width / width, max_height / height)
    shown = (_even(width * scale), _even(height * scale))
    shrunk = (
        np.asarray(Image.fromarray(frame).resize(shown, Image.Resampling.BICUBIC))
        for frame in chain([first], checked)
    )
    _encode(
        path,
        _yuv_frames(shrunk, path),
        _rate(fps),
        codec="libx264",
        options={"preset": preset, "crf": str(crf), "profile": "high"},
        gop_size=32,
        fast_start=True,
    )


def _even(side_px: float) -> int:
    """Largest even size within a real one, at least 2."""
    return max(2, int(side_px + 1e-6) // 2 * 2)


def write_png(path: Path, image: Picture) -> None:
    """Write an RGB picture (h, w, 3) as PNG; the same pixels and library give the same bytes."""
    with write_aside(path) as aside:
        Image.fromarray(image).save(aside, format="PNG", compress_level=6)


def rgb_digest(frames: Video) -> str:
    """SHA-256 of a clip's content, `sha256:<hex>`: of `{w}x{h}x{t}`, then the bytes in order."""
    count, height, width, _ = frames.shape
    digest = hashlib.sha256(f"{width}x{height}x{count}".encode())
    for frame in frames:
        digest.update(np.ascontiguousarray(frame).data)
    return "sha256:" + digest.hexdigest()
