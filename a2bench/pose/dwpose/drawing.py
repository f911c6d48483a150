"""DWPose's picture of a frame: limbs as ellipses, joints as discs, hands as coloured lines."""

import colorsys

import cv2
import numpy as np
import numpy.typing as npt

from a2bench.pose.drawing import COLOURS
from a2bench.pose.dwpose.wholebody import FACE, HANDS, SURE
from a2bench.pose.keypoints import BONES

Floats = npt.NDArray[np.floating]
Picture = npt.NDArray[np.uint8]

_LEFT_FOOT, _RIGHT_FOOT = 18, 19
_LIMBS = (*BONES, (13, _LEFT_FOOT), (10, _RIGHT_FOOT))
_COLOURS = (*COLOURS, (170, 255, 255), (255, 255, 0))
_TOES = ((18, 19), (21, 22))
"""Of 134 points, big and small toe of each foot; their middle is drawn."""

_BRIGHTNESS = 0.6
_HALF_WIDTH_PX = _JOINT_PX = 4
_FACE_PX = 3
_FINGERS = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
_EDGES = tuple(edge for finger in _FINGERS for edge in zip((0, *finger[:-1]), finger, strict=True))
_EDGE_PX = 2

_FAR = 16.0
"""Points are clipped to this many frames: OpenCV's fixed-point shapes overflow on wild ones."""


def body_and_feet(points: Floats, scores: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The 20 points that are drawn, over width and height, and which of them are.

    Args:
        points: (134, 2), -1 where absent.
        scores: (134,).
    """
    drawn = np.concatenate([points[:18], np.full((2, 2), -1, points.dtype)])
    shown = np.concatenate([scores[:18] > SURE, [False, False]])
    for place, (big, small) in zip((_LEFT_FOOT, _RIGHT_FOOT), _TOES, strict=True):
        if not (points[[big, small]] == -1).any():
            drawn[place] = (points[big] + points[small]) / 2
        shown[place] = scores[big] > SURE and scores[small] > SURE
    return drawn, shown


def draw_frame(frame: Picture, points: Floats, scores: Floats, *, faces: bool) -> None:
    """Draw onto a black frame (h, w, 3), RGB.

    Args:
        frame: changed in place.
        points: (134, 2) over width and height, -1 where absent.
        scores: (134,).
        faces: draw the face's points too.
    """
    points = np.clip(points, -_FAR, _FAR)
    size = np.array([frame.shape[1], frame.shape[0]], points.dtype)
    body, shown = body_and_feet(points, scores)
    for limb, colour in zip(_LIMBS, _COLOURS, strict=False):
        if shown[list(limb)].all():
            start, end = body[list(limb)] * size
            _limb(frame, start, end, colour)
    np.copyto(frame, (frame * _BRIGHTNESS).astype(np.uint8))
    for (x, y), colour in zip((body * size)[shown].astype(int), _taken(shown), strict=True):
        cv2.circle(frame, (int(x), int(y)), _JOINT_PX, colour, -1)
    for hand in np.split(points[HANDS], 2):
        _hand(frame, (hand * size).astype(int))
    if faces:
        for x, y in (points[FACE] * size).astype(int):
            if x > 0 and y > 0:
                cv2.circle(frame, (int(x), int(y)), _FACE_PX, (255, 255, 255), -1)


def _taken(shown: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    return [_COLOURS[place] for place in np.flatnonzero(shown)]


def _limb(frame: Picture, start: Floats, end: Floats, colour: tuple[int, int, int]) -> None:
    x, y = (start + end) / 2
    dx, dy = start - end
    degrees = np.degrees(np.arctan2(float(dy), float(dx)))
    axes = (int(np.hypot(dx, dy) / 2), _HALF_WIDTH_PX)
    outline = cv2.ellipse2Poly((int(x), int(y)), axes, int(degrees), 0, 360, 1)
    cv2.fillConvexPoly(frame, np.array(outline), colour)


def _hand(frame: Picture, points: npt.NDArray[np.int_]) -> None:
    """An absent point is left of and above the frame, and so is one that really lies there."""
    there = np.asarray((points > 0).all(axis=1))
    for rank, (one, other) in enumerate(_EDGES):
        if there[one] and there[other]:
            red, green, blue = colorsys.hsv_to_rgb(rank / len(_EDGES), 1, 1)
            colour = (255 * red, 255 * green, 255 * blue)
            ends = [(int(x), int(y)) for x, y in points[[one, other]]]
            cv2.line(frame, ends[0], ends[1], colour, _EDGE_PX)
    for x, y in points[there]:
        cv2.circle(frame, (int(x), int(y)), _JOINT_PX, (0, 0, 255), -1)
