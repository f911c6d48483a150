"""134 key points a frame in OpenPose's order: what the estimator's 133 become, and their record."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from a2bench.pose.keypoints import ABSENT, VISIBLE, PoseClip

POINTS = 134
BODY, FEET, FACE, HANDS = slice(0, 18), slice(18, 24), slice(24, 92), slice(92, 134)
"""Places of 18 body points in COCO-18 order, 6 of the feet (left big toe, small toe, heel; right),
68 of the face, 21 of the left hand and 21 of the right."""

SURE = 0.3
"""A key point below is absent."""

_NECK = 17
_SHOULDERS = (5, 6)
_OPENPOSE = (1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17)
_COCO = (17, 6, 8, 10, 7, 9, 12, 14, 16, 13, 15, 2, 1, 4, 3)

Floats = npt.NDArray[np.floating]


def with_neck(xy: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """COCO-wholebody's 133 points (n, 133, 2) and scores (n, 133) to 134 in OpenPose's order.

    The neck is the middle of the shoulders; its score is 1 where both are sure, else 0.
    """
    right, left = _SHOULDERS
    neck = (xy[:, right] + xy[:, left]) / 2
    sure = ((scores[:, right] > SURE) & (scores[:, left] > SURE)).astype(scores.dtype)
    points = np.insert(xy, _NECK, neck, axis=1)
    told = np.insert(scores, _NECK, sure, axis=1)
    points[:, _OPENPOSE], told[:, _OPENPOSE] = points[:, _COCO], told[:, _COCO]
    return points, told


@dataclass(frozen=True)
class WholeBodyClip:
    """What DWPose saw of one person in each frame of a clip.

    Attributes:
        xy: (t, 134, 2), px, x right and y down; meaningless where the score is low.
        scores: (t, 134); about 0 to 1, a key point below 0.3 is absent.
        people: int (t,): how many the detector saw.
        width, height: frame size in px.
        fps: frames a second.
    """

    xy: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    people: npt.NDArray[np.int64]
    width: int
    height: int
    fps: float

    def __len__(self) -> int:
        return len(self.xy)

    def pose(self) -> PoseClip:
        """Return the 18 body points; one that is not sure is absent."""
        present = self.scores[:, BODY] >= SURE
        xy = np.where(present[..., None], self.xy[:, BODY], np.nan)
        visibility = np.where(present, VISIBLE, ABSENT).astype(np.uint8)
        return PoseClip(xy, visibility, self.width, self.height, self.fps)

    def draw(self, *, faces: bool = False) -> npt.NDArray[np.uint8]:
        """Return pictures of body, feet and hands on black, RGB uint8 (t, h, w, 3).

        Sizes are in px whatever the frame's size, as released.

        Args:
            faces: draw the face's points too; Animate-X does not.
        """
        from a2bench.pose.dwpose.drawing import draw_frame

        frames = np.zeros((len(self), self.height, self.width, 3), np.uint8)
        for frame, xy, scores in zip(frames, self.xy, self.scores, strict=True):
            draw_frame(frame, normalised(xy, scores, self.width, self.height), scores, faces=faces)
        return frames


def normalised(xy: Floats, scores: Floats, width: int, height: int) -> Floats:
    """Key points (134, 2) over width and height; (-1, -1) where one is not sure."""
    points = (xy / (width, height)).astype(xy.dtype)
    points[scores < SURE] = -1
    return points
