"""What is measured of a candidate, and whether it passes.

The paper's authors kept "the most satisfactory" of four by eye. Here every candidate has numbers,
every number a threshold, and every verdict its reasons, which stand in a table that is kept.
Nothing here knows how the candidate was made. All lengths are in frame heights, so that thresholds
hold at any size.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from a2bench.generation.settings import AccurateRule, Thresholds
from a2bench.metric import Video
from a2bench.pose.dwpose.wholebody import BODY, SURE, WholeBodyClip
from a2bench.records import Record
from a2bench.video import Picture

LEAST_POINTS = 8
"""Of 18 body points, for a pose to count as found: many a body lacks ears, eyes or a neck."""

_BOX_MARGIN = 0.15
_LEAST_BOX_SHARE = 0.01
_WORST_SHARE = 0.1
"""Identity is that of the worst tenth of the frames: a character that changes in the end is one."""

_MOTION_HZ = 8.0
_FLOW_HEIGHT_PX = 192
_CUT_PX = (48, 64)
_LIGHTNESSES, _COLOURS = 5, 15

Floats = npt.NDArray[np.float64]


class Measures(Record):
    """What was measured of one candidate."""

    frames: int
    """Of the video."""
    pose_share: float
    """Share of frames with at least `LEAST_POINTS` sure body points, in [0, 1]."""
    pose_confidence: float
    """Mean score of the sure body points, about 0 to 1; 0 where there is none."""
    pose_jitter: float | None
    """Mean length of a key point's second difference, in frame heights a frame; None: no key point
    is sure in three frames one after the other."""
    one_subject: float
    """Share of frames in which the detector sees exactly one subject, in [0, 1]."""
    identity_colour: float
    """Intersection of the subject's colours with the picture's, in [0, 1]; the worst tenth."""
    identity_clip: float | None
    """Cosine of CLIP embeddings of frame and picture; the worst tenth; None: not measured."""
    motion: float
    """95th percentile of optical flow at 8 Hz, mean over time, in frame heights a second."""
    cut: float
    """Largest mean difference of two frames, all pixels, in [0, 1]."""


@dataclass(frozen=True)
class Verdict:
    """Whether a candidate passes; the reasons why it does not, one a measure."""

    passed: bool
    reasons: tuple[str, ...]


def measure(
    frames: Video,
    fps: float,
    picture: Picture,
    found: WholeBodyClip,
    identity_clip: float | None = None,
) -> Measures:
    """Measure a candidate.

    Args:
        frames: RGB uint8 (t, h, w, 3), t >= 2.
        fps: of the video.
        picture: RGB uint8 (h, w, 3), what it was made of.
        found: what the detector saw in each frame.
        identity_clip: measured elsewhere, where CLIP's weights are.
    """
    height, width = frames.shape[1:3]
    scores = found.scores[:, BODY]
    sure = scores >= SURE
    return Measures(
        frames=len(frames),
        pose_share=float((sure.sum(axis=1) >= LEAST_POINTS).mean()),
        pose_confidence=float(scores[sure].mean()) if sure.any() else 0.0,
        pose_jitter=_jitter(found.xy[:, BODY] / height, sure),
        one_subject=float((found.people == 1).mean()),
        identity_colour=_identity_colour(frames, picture, _boxes(found, sure, width, height)),
        identity_clip=identity_clip,
        motion=_motion(frames, fps),
        cut=_cut(frames),
    )


def _jitter(xy: Floats, sure: npt.NDArray[np.bool_]) -> float | None:
    """Mean length of second differences where a point is sure in three frames in a row."""
    if len(xy) < 3:
        return None
    three = sure[:-2] & sure[1:-1] & sure[2:]
    second = np.linalg.norm(xy[2:] - 2 * xy[1:-1] + xy[:-2], axis=-1)
    return float(second[three].mean()) if three.any() else None


def _boxes(
    found: WholeBodyClip, sure: npt.NDArray[np.bool_], width: int, height: int
) -> list[tuple[int, int, int, int]]:
    """Return left, top, right, bottom in px of the subject in each frame.

    Around the sure points with a margin; where they are too few or in one place, the whole frame.
    """
    boxes = []
    for points, known in zip(found.xy[:, BODY], sure, strict=True):
        box = (0, 0, width, height)
        if known.sum() >= LEAST_POINTS:
            low, high = points[known].min(axis=0), points[known].max(axis=0)
            low, high = (
                np.clip(low - _BOX_MARGIN * (high - low), 0, (width, height)),
                np.clip(high + _BOX_MARGIN * (high - low), 0, (width, height)),
            )
            if np.prod(high - low) >= _LEAST_BOX_SHARE * width * height:
                left, top = np.floor(low).astype(int)
                right, bottom = np.ceil(high).astype(int)
                box = (int(left), int(top), int(right), int(bottom))
        boxes.append(box)
    return boxes


def _colours(picture: Picture) -> Floats:
    """Histogram over lightness and the two colour axes of CIELAB; its sum is 1.

    Not over hue, which black and grey pixels have by chance. Grey is the middle of a bin.
    """
    lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB)
    bins = [_LIGHTNESSES, _COLOURS, _COLOURS]
    counts: Floats = cv2.calcHist([lab], [0, 1, 2], None, bins, [0, 256] * 3).astype(np.float64)
    return np.asarray(counts / counts.sum())


def _identity_colour(
    frames: Video, picture: Picture, boxes: Sequence[tuple[int, int, int, int]]
) -> float:
    """Share of colours that the subject in a frame has in common with the picture's subject.

    The picture is where the first frame is, so its subject lies in the first frame's box.
    """
    left, top, right, bottom = boxes[0]
    wanted = _colours(fitted(picture, frames)[top:bottom, left:right])
    shared = [
        float(np.minimum(wanted, _colours(frame[top:bottom, left:right])).sum())
        for frame, (left, top, right, bottom) in zip(frames, boxes, strict=True)
    ]
    return worst(np.array(shared))


def worst(values: Floats) -> float:
    """Return the tenth percentile: the worst tenth of the frames is below."""
    return float(np.quantile(values, _WORST_SHARE))


def fitted(picture: Picture, frames: Video) -> Picture:
    """Return a picture at the frames' size."""
    height, width = frames.shape[1:3]
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _motion(frames: Video, fps: float) -> float:
    """Mean over steps of an eighth of a second of the flow's 95th percentile."""
    step = max(1, round(fps / _MOTION_HZ))
    height, width = frames.shape[1:3]
    size = (max(16, round(width * _FLOW_HEIGHT_PX / height)), _FLOW_HEIGHT_PX)
    grey = [
        cv2.cvtColor(cv2.resize(one, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        for one in frames[::step]
    ]
    if len(grey) < 2:
        return 0.0
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    lengths = [
        float(np.quantile(np.linalg.norm(flow.calc(before, after, None), axis=-1), 0.95))  # type: ignore[call-overload]
        for before, after in pairwise(grey)
    ]
    return float(np.mean(lengths)) / _FLOW_HEIGHT_PX * fps / step


def _cut(frames: Video) -> float:
    small = np.stack([cv2.resize(one, _CUT_PX, interpolation=cv2.INTER_AREA) for one in frames])
    steps = np.abs(np.diff(small.astype(np.float64), axis=0)).mean(axis=(1, 2, 3))
    return float(steps.max() / 255) if len(steps) else 0.0


def judge(found: Measures, limits: Thresholds) -> Verdict:
    """Return whether a candidate passes every threshold, with a reason for each that it fails."""
    reasons = tuple(_reasons(found, limits))
    return Verdict(not reasons, reasons)


def _reasons(found: Measures, limits: Thresholds) -> Iterator[str]:
    for name, what in (
        ("pose_share", "a pose is found in too few frames"),
        ("pose_confidence", "key points are unsure"),
        ("one_subject", "nobody, or more than one subject, in too many frames"),
        ("identity_colour", "the character has other colours than its picture"),
        ("identity_clip", "the character looks unlike its picture"),
    ):
        value, least = getattr(found, name), getattr(limits, name)
        if value is not None and not value >= least:
            yield f"{name} {value:.3g} < {least:g}: {what}"
    if found.pose_jitter is None:
        yield "pose_jitter unknown: no key point is sure in three frames in a row"
    elif not found.pose_jitter <= limits.pose_jitter:
        yield f"pose_jitter {found.pose_jitter:.3g} > {limits.pose_jitter:g}: key points jump"
    if not found.motion >= limits.motion_least:
        yield f"motion {found.motion:.3g} < {limits.motion_least:g}: it hardly moves"
    elif not found.motion <= limits.motion_most:
        yield f"motion {found.motion:.3g} > {limits.motion_most:g}: it moves too wildly"
    if not found.cut <= limits.cut:
        yield f"cut {found.cut:.3g} > {limits.cut:g}: two frames have little in common"


def surest(found: Measures) -> tuple[float, float]:
    """Return what candidates of a prompt are ordered by, the larger the better.

    The mean score of key points over all frames, then how like its picture the character stays.
    """
    return found.pose_confidence * found.pose_share, found.identity_colour


def is_accurate(found: Measures, rule: AccurateRule) -> bool:
    """Whether the poses of a candidate count as accurate where no person says so."""
    jitter = math.inf if found.pose_jitter is None else found.pose_jitter
    return (
        found.pose_share >= rule.pose_share
        and found.pose_confidence >= rule.pose_confidence
        and jitter <= rule.pose_jitter
    )
