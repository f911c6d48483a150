"""The OpenPose body picture: limbs and joints in the standard colours on black.

Conventions of the public annotators (CMU OpenPose, DWPose): limbs are filled ellipses at 0.6 of
their colour, joints full discs over them; half-width and radius are 4 px at height 768, scaled.
Every joint with coordinates is drawn, hidden ones too: what a method is given is the whole body.
"""

import cv2
import numpy as np
import numpy.typing as npt

from a2bench.pose.keypoints import BONES, PoseClip

_Frames = npt.NDArray[np.uint8]

COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0),
    (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255),
    (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85),
)  # fmt: skip
"""RGB of joint i, and of bone i for the first seventeen."""

_LIMB_BRIGHTNESS = 0.6
_HALF_WIDTH_PX = 4.0
_AT_HEIGHT_PX = 768

_SUBPIXEL_BITS = 4
_FAR_PX = 16_384
"""Coordinates are clipped to this: OpenCV's fixed-point shapes overflow on wild ones."""


def draw_pose(pose: PoseClip) -> _Frames:
    """OpenPose pictures of a clip, RGB uint8 (t, h, w, 3)."""
    frames = np.zeros((len(pose), pose.height, pose.width, 3), np.uint8)
    for frame, xy, present in zip(frames, pose.xy, pose.present, strict=True):
        _draw(frame, xy, present)
    return frames


def overlay_pose(frames: _Frames, pose: PoseClip) -> _Frames:
    """Frames (t, h, w, 3) at half brightness with the pose drawn over them.

    Raises:
        ValueError: number or size of frames differ from the pose's.
    """
    if frames.shape != (len(pose), pose.height, pose.width, 3):
        raise ValueError(
            f"{frames.shape = }: expected {(len(pose), pose.height, pose.width, 3)} as the pose has"
        )
    drawn = draw_pose(pose)
    return np.where(drawn.any(axis=-1, keepdims=True), drawn, frames // 2)


def _draw(frame: _Frames, xy: npt.NDArray[np.float64], present: npt.NDArray[np.bool_]) -> None:
    half_width = max(_HALF_WIDTH_PX * frame.shape[0] / _AT_HEIGHT_PX, 1.0)
    xy = np.clip(xy, -_FAR_PX, _FAR_PX)
    for (parent, child), colour in zip(BONES, COLOURS, strict=False):
        if present[parent] and present[child]:
            _limb(frame, xy[parent], xy[child], half_width, colour)
    np.copyto(frame, (frame * _LIMB_BRIGHTNESS).astype(np.uint8))
    for joint in np.flatnonzero(present):
        _disc(frame, xy[joint], half_width, COLOURS[joint])


def _limb(
    frame: _Frames,
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    half_width: float,
    colour: tuple[int, int, int],
) -> None:
    (dx, dy), middle = end - start, (start + end) / 2
    degrees = float(np.degrees(np.arctan2(dy, dx)))
    axes = (max(round(float(np.hypot(dx, dy)) / 2), 1), max(round(half_width), 1))
    centre = (round(float(middle[0])), round(float(middle[1])))
    outline = np.array(cv2.ellipse2Poly(centre, axes, round(degrees), 0, 360, 1))
    cv2.fillConvexPoly(frame, outline, colour)


def _disc(
    frame: _Frames,
    centre: npt.NDArray[np.float64],
    radius: float,
    colour: tuple[int, int, int],
) -> None:
    one = 1 << _SUBPIXEL_BITS
    at = (round(float(centre[0]) * one), round(float(centre[1]) * one))
    cv2.circle(frame, at, round(radius * one), colour, -1, cv2.LINE_8, _SUBPIXEL_BITS)
