"""People in a picture by YOLOX: letter box, decoding of the grid, suppression of overlaps."""

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 640
_STRIDES = (8, 16, 32)
CELLS = sum((SIDE // stride) ** 2 for stride in _STRIDES)
"""8,400 predictions of 4 coordinates, objectness and 80 classes of COCO; class 0 is a person."""
COLUMNS = 85

_PAD = 114
_LEAST_SCORE = 0.3
_MOST_OVERLAP = 0.45

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


def letterbox(picture: Picture) -> tuple[Floats, float]:
    """Picture (h, w, 3) in the upper left of a grey square, (3, 640, 640) in 0 to 255, and scale.

    Channels stay as they come; the network was trained with BGR.
    """
    height, width = picture.shape[:2]
    scale = min(SIDE / height, SIDE / width)
    size = (max(int(width * scale), 1), max(int(height * scale), 1))
    square = np.full((SIDE, SIDE, 3), _PAD, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square.transpose(2, 0, 1), np.float32), scale


def people(predictions: Floats, scale: float) -> tuple[Floats, Floats]:
    """Boxes (n, 4) as left, top, right, bottom in px of the picture, and scores (n,), best first.

    Args:
        predictions: (8400, 85) of the network.
        scale: from `letterbox`.
    """
    cells, strides = [], []
    for stride in _STRIDES:
        side = np.arange(SIDE // stride, dtype=np.float32)
        x, y = np.meshgrid(side, side)
        cells.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        strides.append(np.full((len(side) ** 2, 1), stride, np.float32))
    stride_of = np.concatenate(strides)
    score = predictions[:, 4] * predictions[:, 5]
    # The released code suppresses at scores over 0.1 and then drops those under 0.3; a box that
    # is dropped never suppressed one of a higher score, so dropping first gives the same.
    sure = np.asarray(score > _LEAST_SCORE)
    middle = ((predictions[:, :2] + np.concatenate(cells)) * stride_of)[sure]
    with np.errstate(over="ignore"):  # a wild width is infinite, and suppresses nothing
        half = (np.exp(predictions[:, 2:4]) * stride_of)[sure] / 2
    corners = np.concatenate([middle - half, middle + half], axis=1)
    boxes = (corners / np.float32(scale)).astype(np.float32)
    sure_scores = score[sure].astype(np.float32)
    kept = _suppressed(boxes, sure_scores)
    return boxes[kept], sure_scores[kept]


def _suppressed(boxes: Floats, scores: Floats) -> list[int]:
    """Return the boxes that no better one overlaps, best first; sides count one pixel more."""
    finite = np.asarray(np.isfinite(boxes).all(axis=1))
    order = np.argsort(-scores, kind="stable")
    order = order[finite[order]]
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    areas = sides[:, 0] * sides[:, 1]
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(int(best))
        corner = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.maximum(corner - np.maximum(boxes[best, :2], boxes[rest, :2]) + 1, 0)
        common = shared[:, 0] * shared[:, 1]
        order = rest[common / (areas[best] + areas[rest] - common) <= _MOST_OVERLAP]
    return kept
