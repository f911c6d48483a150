"""All that is known of a drawn clip, at any frame rate: joints with depth, parts, masks, boxes.

The data set keeps what scoring needs (pixels, 2-D joints, masks) at the scoring rate. The rest is
drawn again when it is asked for, by the same code at the same instants.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from a2bench.builders import procedural
from a2bench.dataset import LONGEST_SECONDS, Dataset
from a2bench.errors import A2BenchError
from a2bench.masks import MaskClip
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Case


@dataclass(frozen=True)
class FullTruth:
    """The annotations of a clip of t frames.

    Attributes:
        pose: COCO-18 in px with visibility 2 (seen), 1 (hidden or outside), 0 (absent).
        depth: float64 (t, 18), px towards the viewer from the plane of the root; NaN where
            the joint is absent.
        parts: uint8 (t, h, w), values of `a2bench.procedural.PartId`; 0 is the background.
        masks: the character, what the protocol leaves undefined, and the yaw.
        boxes: int32 (t, 4), left, top, right, bottom of the character in px, right and bottom
            excluded; zeros where it is not in sight.
    """

    pose: PoseClip
    depth: npt.NDArray[np.float64]
    parts: npt.NDArray[np.uint8]
    masks: MaskClip
    boxes: npt.NDArray[np.int32]


def full_truth(
    dataset: Dataset,
    case: Case,
    *,
    fps: float | None = None,
    frames: int | None = None,
    mannequin: bool = False,
) -> FullTruth:
    """Draw a case's clip again and return what is known of it.

    Args:
        dataset: a procedural one.
        case: in `cross` the clip is the reference dancing the driver's dance; else its own.
        fps: 4 to 60; None: the scoring rate.
        frames: up to 6.2 s of them; None: as many as are scored, at that rate.
        mannequin: of the human doll that drives in `rescaled`, instead of the character.

    Raises:
        A2BenchError: not a procedural data set, or a rate or length that cannot be had.
    """
    if dataset.info.builder != "procedural":
        raise A2BenchError(f"{dataset.label}: only drawn characters are known in full.")
    rate = case.fps if fps is None else fps
    count = int(case.instants_seconds[-1] * rate + 1e-9) + 1 if frames is None else frames
    if not 4 <= rate <= 60 or count < 1 or (count - 1) / rate > LONGEST_SECONDS:
        raise A2BenchError(
            f"{count} frames at {rate:g} fps: ask for 4 to 60 fps and up to {LONGEST_SECONDS} s."
        )
    drawn = procedural.drawn_frames(
        case.reference_id,
        case.driver_id,
        mannequin=mannequin,
        instants_seconds=[index / rate for index in range(count)],
        scale=procedural.PROFILES[dataset.info.profile].scale,
        dancer=procedural.dancer_of(dataset.folder),
    )
    visibility = np.stack([frame.visibility for frame in drawn])
    depth = np.stack([frame.joints[:, 2] for frame in drawn])
    masks = MaskClip(
        np.stack([frame.mask for frame in drawn]),
        np.stack([frame.undefined for frame in drawn]),
        np.round([frame.yaw_degrees for frame in drawn], 2),
    )
    return FullTruth(
        pose=procedural.pose_of(drawn, rate),
        depth=np.where(visibility > 0, np.round(depth, 2), np.nan),
        parts=np.stack([frame.parts for frame in drawn]),
        masks=masks,
        boxes=np.stack([_box(mask) for mask in masks.foreground]),
    )


def _box(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return np.zeros(4, np.int32)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.int32)
