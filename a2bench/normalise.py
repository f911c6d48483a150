"""The map between a method's own frames and the frames that are scored.

Forward, `fit_image` and `fit_pose_xy` make a method's inputs. Back, `to_target` maps what it wrote
to the target's size and instants by the declared `PredictionMap`. Nothing is guessed: a mismatch
that is not declared is refused with the lines to add to `prediction.yaml`.

Coordinates are continuous: x in [0, width], a pixel's centre lies at its index plus one half.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64, Int64, UInt8
from PIL import Image

from a2bench.errors import A2BenchError
from a2bench.records import Fit, PredictionMap, Size, SpatialMap, TemporalMap
from a2bench.video import Clip, Picture, Rate, Video

ASPECT_TOLERANCE = 0.01
"""Relative. A side rounded to a multiple of 8 px stays within it from 400 px on (4 / 400); 2:3
against 9:16 (16 % narrower) is far outside."""

TIME_SLACK_SECONDS = 0.001
"""WebM and Matroska round time stamps to whole milliseconds."""


class BadPrediction(A2BenchError):
    """A prediction that cannot stand for its target, and the kind of failure that it counts as."""

    def __init__(
        self, failure: Literal["too_short", "bad_output", "missing_output"], text: str
    ) -> None:
        super().__init__(text)
        self.failure: Literal["too_short", "bad_output", "missing_output"] = failure


@dataclass(frozen=True)
class Normalised:
    """A prediction on the target's grid.

    Attributes:
        frames: RGB uint8 (t, h, w, 3), one frame an instant, at the target's size.
        time_error_seconds: largest distance between an instant and the frame that stands for it.
    """

    frames: Video
    time_error_seconds: float


class _Box(NamedTuple):
    """A rectangle in whole pixels."""

    left: int
    top: int
    width: int
    height: int


def _letterbox(width: int, height: int, frame_width: int, frame_height: int) -> _Box:
    """Where a whole picture lies, centred, in a frame. In integers: the same box everywhere."""
    if width * frame_height >= height * frame_width:
        inner_width = frame_width
        inner_height = max(1, (2 * height * frame_width + width) // (2 * width))  # half up
    else:
        inner_width = max(1, (2 * width * frame_height + height) // (2 * height))
        inner_height = frame_height
    return _Box(
        (frame_width - inner_width) // 2,
        (frame_height - inner_height) // 2,
        inner_width,
        inner_height,
    )


def _crop(width: int, height: int, size: Size) -> tuple[float, float, float, float]:
    """Left, top, width, height in px of the middle of a picture that fills a frame of `size`."""
    kept_width = min(float(width), height * size.width / size.height)
    kept_height = min(float(height), width * size.height / size.width)
    return (width - kept_width) / 2, (height - kept_height) / 2, kept_width, kept_height


def _resized(
    image: npt.NDArray[np.uint8],
    width: int,
    height: int,
    box: tuple[float, float, float, float] | None = None,
) -> npt.NDArray[np.uint8]:
    """Bicubic, antialiased: the kernel widens with the reduction; Pillow's integers, no SIMD."""
    if box is None and image.shape[:2] == (height, width):
        return image
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.array(picture.resize((width, height), Image.Resampling.BICUBIC, box=box))


def fit_image(
    image: Picture, size: Size, fit: Fit
) -> UInt8[np.ndarray, "{size.height} {size.width} 3"]:
    """RGB picture brought to `size` (h, w, 3); a picture of that size is returned as it is.

    `stretch` scales each axis on its own; `letterbox` keeps the aspect and adds black bars, half on
    each side; `crop` keeps the aspect and cuts the sides away. Bicubic with antialiasing.
    """
    height, width, _ = image.shape
    if (width, height) == (size.width, size.height):
        return image
    if fit == "stretch":
        return _resized(image, size.width, size.height)
    if fit == "crop":
        left, top, kept_width, kept_height = _crop(width, height, size)
        box = (left, top, left + kept_width, top + kept_height)
        return _resized(image, size.width, size.height, box)
    inner = _letterbox(width, height, size.width, size.height)
    fitted = np.zeros((size.height, size.width, 3), np.uint8)
    rows = slice(inner.top, inner.top + inner.height)
    columns = slice(inner.left, inner.left + inner.width)
    fitted[rows, columns] = _resized(image, inner.width, inner.height)
    return fitted


def fit_pose_xy(
    xy: Float64[np.ndarray, "*points 2"], source_size: Size, size: Size, fit: Fit
) -> Float64[np.ndarray, "*points 2"]:
    """Points in px (..., 2) moved as `fit_image` moves the picture under them; NaN stays NaN."""
    width, height = source_size.width, source_size.height
    if fit == "crop":
        left, top, kept_width, kept_height = _crop(width, height, size)
        scale = np.array([size.width / kept_width, size.height / kept_height])
        moved: npt.NDArray[np.float64] = (xy - np.array([left, top])) * scale
        return moved
    inner = _Box(0, 0, size.width, size.height)
    if fit == "letterbox":
        inner = _letterbox(width, height, size.width, size.height)
    moved = xy * np.array([inner.width / width, inner.height / height])
    moved += np.array([inner.left, inner.top])
    return moved


def frames_for_instants(
    times_seconds: Float64[np.ndarray, "t"],
    instants_seconds: Sequence[float],
    fps: Rate | None,
    *,
    what: str = "prediction",
) -> tuple[Int64[np.ndarray, "n"], float]:
    """Index of the frame nearest to each instant, and the largest distance in seconds.

    Nothing is interpolated. Of two frames equally near, the earlier. `fps` says how long the last
    frame lasts; None: as long as the frames do on average.

    Raises:
        BadPrediction: "too_short": the last frame lies over half a frame before the last instant.
            It is not held, and the clip not stretched, to fill the rest.
    """
    if not (np.isfinite(times_seconds).all() and (np.diff(times_seconds) > 0).all()):
        raise ValueError(f"{what}: expected rising times, got {times_seconds[:5]}...")
    instants = np.asarray(instants_seconds, np.float64)
    frame_seconds = _frame_seconds(times_seconds, fps)
    if _missing_seconds(times_seconds, instants, frame_seconds) > 0:
        has, needs = times_seconds[-1] + frame_seconds, instants[-1] + frame_seconds / 2
        raise BadPrediction(
            "too_short",
            f"{what}: too short: {len(times_seconds)} frames last {has:.3f} s, the last scoring "
            f"instant is at {instants[-1]:.3f} s and needs {needs:.3f} s. Holding the last frame "
            "or stretching the clip is refused: generate more frames (chain windows), or, if its "
            "rate is wrong, declare the true one in prediction.yaml:\ntemporal:\n  fps: <rate>",
        )
    after = np.searchsorted(times_seconds, instants).clip(1, max(1, len(times_seconds) - 1))
    before = after - 1
    after = np.minimum(after, len(times_seconds) - 1)
    later_is_nearer = (
        np.abs(times_seconds[after] - instants) + TIME_SLACK_SECONDS
        < np.abs(times_seconds[before] - instants)
    )  # fmt: skip
    indices = np.where(later_is_nearer, after, before).astype(np.int64)
    return indices, float(np.abs(times_seconds[indices] - instants).max())


def _frame_seconds(times_seconds: npt.NDArray[np.float64], fps: Rate | None) -> float:
    if fps is not None:
        return 1 / fps
    if len(times_seconds) < 2:
        return 0.0
    return float(times_seconds[-1] - times_seconds[0]) / (len(times_seconds) - 1)


def _missing_seconds(
    times_seconds: npt.NDArray[np.float64],
    instants_seconds: npt.NDArray[np.float64],
    frame_seconds: float,
) -> float:
    """How far the last instant lies beyond what the last frame stands for, in seconds; 0: not."""
    beyond = instants_seconds[-1] - times_seconds[-1] - frame_seconds / 2
    return float(beyond) if beyond > TIME_SLACK_SECONDS else 0.0


def to_target(
    clip: Clip,
    *,
    target_size: Size,
    instants_seconds: Sequence[float],
    declared: PredictionMap | None,
    what: str,
) -> Normalised:
    """Map a method's output to the target's size and instants.

    In this order: frames dropped at the start, the frame nearest to each instant, the panel, the
    undoing of the fit, the size. A frame that already has the target's size is not touched.

    Undeclared, the picture must have the target's aspect within 1 %. Undeclared, time is that of
    the file's stamps if they reach the last instant; a folder of exactly as many frames as there
    are instants is taken as the scoring grid. Anything else is refused.

    Args:
        clip: the decoded output.
        target_size: of the truth.
        instants_seconds: of the scoring grid, rising.
        declared: `prediction.yaml` or the card's `output`; None: nothing is declared.
        what: names the prediction in errors, such as its path.

    Raises:
        BadPrediction: "too_short", or "bad_output" with the lines that declare what is missing.
    """
    spatial = declared.spatial if declared else None
    temporal = declared.temporal if declared else None
    indices, time_error_seconds = _choose_frames(clip, instants_seconds, temporal, what)
    height, width = clip.frames.shape[1:3]
    box = _picture_box(width, height, target_size, spatial, what)
    rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
    frames = np.empty((len(indices), target_size.height, target_size.width, 3), np.uint8)
    for place, index in enumerate(indices):
        frames[place] = _resized(
            clip.frames[index, rows, columns], target_size.width, target_size.height
        )
    return Normalised(frames, time_error_seconds)


def _choose_frames(
    clip: Clip, instants_seconds: Sequence[float], temporal: TemporalMap | None, what: str
) -> tuple[npt.NDArray[np.int64], float]:
    """Index into the clip for each instant, and the largest time error in seconds."""
    temporal = temporal or TemporalMap()
    dropped, wanted = temporal.dropped_first, len(instants_seconds)
    count = len(clip.frames) - dropped
    if count < 1:
        raise BadPrediction(
            "too_short",
            f"{what}: {len(clip.frames)} frames, of which `dropped_first: {dropped}` leaves none.",
        )
    if temporal.fps is not None:
        fps: float | None = temporal.fps
        times_seconds = np.arange(count) / temporal.fps
    elif clip.fps is None:
        if count != wanted:
            raise BadPrediction("bad_output", _no_rate(what, count, wanted, instants_seconds))
        return np.arange(wanted) + dropped, 0.0
    else:
        fps = clip.fps
        times_seconds = clip.times_seconds[dropped:] - clip.times_seconds[dropped]
        instants = np.asarray(instants_seconds, np.float64)
        missing_seconds = _missing_seconds(
            times_seconds, instants, _frame_seconds(clip.times_seconds, fps)
        )
        if missing_seconds > 0 and count == wanted:
            raise BadPrediction(
                "bad_output",
                f"{what}: ambiguous: exactly the {wanted} frames that are scored, but by its time "
                f"stamps ({fps:g} frames a second) it ends at {times_seconds[-1] + 1 / fps:.3f} s, "
                f"before the last scoring instant at {instants[-1]:.3f} s. If the frames are those "
                f"of the scoring instants, declare their rate in prediction.yaml:\n"
                f"{_rate_lines(instants_seconds)}",
            )
    indices, time_error_seconds = frames_for_instants(
        times_seconds, instants_seconds, fps, what=what
    )
    return indices + dropped, time_error_seconds


def _rate_lines(instants_seconds: Sequence[float]) -> str:
    """The lines that declare the scoring grid's own rate."""
    if len(instants_seconds) < 2:
        return "temporal:\n  fps: <rate>"
    span_seconds = instants_seconds[-1] - instants_seconds[0]
    return f"temporal:\n  fps: {(len(instants_seconds) - 1) / span_seconds:g}"


def _no_rate(what: str, count: int, wanted: int, instants_seconds: Sequence[float]) -> str:
    return (
        f"{what}: {count} frames without a time (a folder, or stamps that do not tell it), but "
        f"{wanted} instants are scored. Declare the rate of the frames in prediction.yaml, such "
        f"as:\n{_rate_lines(instants_seconds)}"
    )


def _picture_box(
    width: int, height: int, target: Size, spatial: SpatialMap | None, what: str
) -> _Box:
    """Where in a prediction's frame the target's picture lies."""
    panel = _Box(0, 0, width, height) if spatial is None else _panel(width, height, spatial, what)
    # Cross-multiplied: > 0 where the panel is wider than the target.
    excess = panel.width * target.height / (panel.height * target.width) - 1
    if spatial is None:
        if abs(excess) > ASPECT_TOLERANCE:
            raise BadPrediction("bad_output", _unknown_fit(what, panel, target))
        return panel
    if spatial.fit == "letterbox":
        inner = _letterbox(target.width, target.height, panel.width, panel.height)
        return _Box(panel.left + inner.left, panel.top + inner.top, inner.width, inner.height)
    if spatial.fit == "crop":
        # What the crop left out, in target pixels along the longer-cut axis.
        lost_px = target.height * (1 - 1 / (1 + excess)) if excess > 0 else target.width * -excess
        if lost_px >= 1:
            raise BadPrediction(
                "bad_output",
                f"{what}: `fit: crop` of {panel.width}x{panel.height} px against a target of "
                f"{target}: {lost_px:.0f} px of the target were never seen and cannot be scored. "
                "Generate with `fit: letterbox` or `fit: stretch` instead.",
            )
    return panel


def _panel(width: int, height: int, spatial: SpatialMap, what: str) -> _Box:
    """Where in a frame of one or more panels the prediction lies."""
    gap, border, panels = spatial.gap_px, spatial.border_px, spatial.panels
    inner = width - 2 * border - (panels - 1) * gap
    if inner < panels or height <= 2 * border:
        raise BadPrediction(
            "bad_output", f"{what}: {width}x{height} px cannot hold {panels} panels side by side."
        )
    before = border + spatial.panel * gap
    left = before + round(inner * spatial.panel / panels)
    right = before + round(inner * (spatial.panel + 1) / panels)
    return _Box(left, border, right - left, height - 2 * border)


def _unknown_fit(what: str, panel: _Box, target: Size) -> str:
    return (
        f"{what}: {panel.width}x{panel.height} px has another aspect than the target's {target}, "
        "and nothing says how the picture lies in it. Add to prediction.yaml:\n"
        "spatial:\n  fit: stretch\n"
        "if each axis was scaled on its own. Instead of `stretch`: `letterbox` if the whole "
        "picture was fitted in with bars (they are cut away); `crop` if its middle was used (the "
        "rest cannot be scored and is refused). If several pictures lie side by side, add the "
        "count and which of them, from 0:\n  panels: 2\n  panel: 1"
    )
