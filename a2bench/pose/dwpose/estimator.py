"""Key points within a box by a SimCC network: crop, and decoding of its two axes."""

import cv2
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 288, 384
POINTS = 133
SPLIT = 2
"""Bins a pixel of each axis."""

_PADDING = 1.25
_MEAN = np.array([123.675, 116.28, 103.53])
_STD = np.array([58.395, 57.12, 57.375])
"""Of RGB; the released code applies them to BGR, and so does this."""

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]


def crop(picture: Picture, box: Floats) -> tuple[Floats, Floats, Floats]:
    """Cut a padded box out of a picture.

    Args:
        picture: (h, w, 3), BGR.
        box: left, top, right, bottom in px.

    Returns:
        Normalised (384, 288, 3); centre and size (2,) of what was cut, in px, at 3:4.
    """
    box = np.asarray(box, np.float64)
    centre, (width, height) = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * _PADDING
    ratio = WIDTH / HEIGHT
    size = np.array([width, width / ratio] if width > height * ratio else [height * ratio, height])
    half = size[0] / 2
    corners = np.array([centre, centre - (0, half), centre - (half, half)], np.float32)
    middle, reach = np.array([WIDTH, HEIGHT]) / 2, WIDTH / 2
    onto = np.array([middle, middle - (0, reach), middle - (reach, reach)], np.float32)
    matrix = cv2.getAffineTransform(corners, onto)
    cut = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    return (cut - _MEAN) / _STD, centre, size


def decode(x: Floats, y: Floats, centre: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Key points (n, 2) in px of the picture and scores (n,).

    The place is the best bin of each axis, the score the lower of the two; one that is not
    positive has no place, and stands half a bin outside the crop.

    Args:
        x: (n, 2 * 288) of the network.
        y: (n, 2 * 384).
        centre: of the crop.
        size: of the crop.
    """
    bins = np.stack([x.argmax(axis=1), y.argmax(axis=1)], axis=1).astype(np.float32)
    scores = np.minimum(x.max(axis=1), y.max(axis=1))
    bins[scores <= 0] = -1
    return bins / SPLIT / (WIDTH, HEIGHT) * size + centre - size / 2, scores
