"""A character cut out of its picture without learning: which pixels are it, what is behind it.

GrabCut (Rother et al., SIGGRAPH 2004) at reduced size, seeded by the key points; the hole is filled
by a push-pull pyramid (Gortler et al., SIGGRAPH 1996). Deterministic: OpenCV's generator is seeded.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from a2bench.pose.keypoints import BONES, JOINT_INDEX

_Image = npt.NDArray[np.uint8]
_Mask = npt.NDArray[np.bool_]
_Points = npt.NDArray[np.float64]

_WORK_PIXELS = 160 * 240
"""GrabCut's picture; at this size a clip's set-up stays well under a second on one core."""

_GRABCUT_ROUNDS = 4
_LAST_BONES = ((3, 4), (6, 7), (9, 10), (12, 13))
_HAND = 0.4
"""How far hands and feet reach beyond wrist and ankle, as a share of forearm or shin."""
_FACE = [JOINT_INDEX[name] for name in ("nose", "right_eye", "left_eye", "right_ear", "left_ear")]
_TORSO = [
    JOINT_INDEX[name]
    for name in ("neck", "right_shoulder", "right_hip", "left_hip", "left_shoulder")
]


_REACH = 1.2
"""How far the body may reach from its skeleton, in torso lengths."""

_CROWN = 2.4
"""How far ears and hats may reach above the middle of the head, in head radii."""

_UNLIKE = 20.0
"""Colour difference (CIELAB in 8 bits) from all known background that speaks for the character."""


_BORDER_ALIKE = 20.0
"""Colour difference (CIELAB in 8 bits) within the border of a sticker."""


class Layer(NamedTuple):
    """A piece of a picture with soft edges, cropped."""

    rgba: _Image
    """(rows, columns, 4), colour times alpha."""
    left: int
    top: int


class Cutout(NamedTuple):
    """A picture taken apart."""

    mask: _Mask
    """(h, w): the character."""
    background: _Image
    """RGB (h, w, 3): the picture with the character painted over by its surroundings."""

    def layer(self, image: _Image) -> Layer | None:
        """The whole character."""
        return cropped(image, soft_edge(self.mask))


def soft_edge(mask: _Mask) -> npt.NDArray[np.float32]:
    """Alpha (h, w) of a mask whose edge is one pixel wide."""
    return np.asarray(cv2.blur(mask.astype(np.float32), (3, 3)) * mask, np.float32)


def cropped(image: _Image, alpha: npt.NDArray[np.float32]) -> Layer | None:
    """The part of an RGB picture (h, w, 3) where alpha (h, w) is not 0; None where it all is."""
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if len(rows) == 0:
        return None
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    shown = alpha[box][..., None]
    rgba = np.concatenate([image[box] * shown, 255 * shown], axis=-1)
    return Layer(np.round(rgba).astype(np.uint8), int(columns[0]), int(rows[0]))


def paste(frame: _Image, layer: Layer | None, affine: _Points) -> None:
    """Draw a layer, moved by `affine` (2, 3) in px of the whole picture, over a frame in place."""
    if layer is None:
        return
    height, width = frame.shape[:2]
    rows, columns = layer.rgba.shape[:2]
    x, y = [layer.left, layer.left + columns], [layer.top, layer.top + rows]
    corners = np.array([[a, b, 1.0] for a in x for b in y]) @ affine.T
    if not np.isfinite(corners).all():
        return
    low = np.clip(np.floor(corners.min(axis=0)) - 1, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (width, height)).astype(int)
    if (high <= low).any():
        return
    local = affine.copy()
    local[:, 2] += affine[:, :2] @ (layer.left, layer.top) - low
    moved = cv2.warpAffine(
        layer.rgba, local, (int(high[0] - low[0]), int(high[1] - low[1])), flags=cv2.INTER_LINEAR
    )
    blend(frame[low[1] : high[1], low[0] : high[0]], moved.astype(np.uint8, copy=False))


def blend(target: _Image, rgba: _Image) -> None:
    """Draw colour times alpha (rows, columns, 4) over RGB (rows, columns, 3) in place."""
    rest = 255 - rgba[..., 3]
    kept = cv2.multiply(target, cv2.merge([rest, rest, rest]), scale=1 / 255)
    np.copyto(target, cv2.add(kept, rgba[..., :3]))


def body_size(xy: _Points) -> float:
    """Size in px of a body (18, 2; NaN: absent) that other lengths are shares of.

    The torso length of a body with usual proportions and this extent.
    """
    known = xy[np.isfinite(xy[:, 0])]
    if len(known) < 2:
        return 0.0
    extent = float(np.linalg.norm(known.max(axis=0) - known.min(axis=0)))
    if not np.isfinite(xy[1:14, 0]).any():  # a body that is all face
        return 1.5 * extent
    neck, hips = xy[1], xy[[8, 11]].mean(axis=0)
    torso = float(np.linalg.norm(hips - neck))
    return max(torso, 0.25 * extent) if np.isfinite(torso) else 0.35 * extent


def cut_out(image: _Image, xy: _Points) -> Cutout:
    """The character with key points `xy` (18, 2; NaN: absent) cut out of an RGB picture."""
    mask = _with_border(image, _foreground(image, xy))
    reach = max(round(image.shape[0] / 140), 2)
    return Cutout(mask, fill(image, ~_grown(mask, reach)))


def _with_border(image: _Image, mask: _Mask) -> _Mask:
    """The mask with the border of one colour that stickers have, where there is one."""
    unit = image.shape[0] / 768
    ring = _grown(mask, round(5 * unit) + 1) & ~_grown(mask, round(unit) + 1)
    beyond = _grown(mask, round(24 * unit) + 1) & ~_grown(mask, round(16 * unit) + 1)
    if not (ring.any() and beyond.any()):
        return mask
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    alike = np.linalg.norm(lab - np.median(lab[ring], axis=0), axis=-1) < _BORDER_ALIKE
    if alike[ring].mean() < 0.6 or alike[beyond].mean() > 0.35:
        return mask
    border = mask | (_grown(mask, round(14 * unit) + 1) & alike)
    return np.asarray(_grown(~_grown(~border, 1), 1) | mask)


def _pixel(point: _Points) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _grown(mask: _Mask, radius_px: int) -> _Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel) > 0


def _head(xy: _Points, size: float) -> tuple[_Points, float] | None:
    """Centre and radius of the head."""
    face = xy[_FACE]
    face = face[np.isfinite(face[:, 0])]
    if len(face) == 0:
        return None
    centre = (face.min(axis=0) + face.max(axis=0)) / 2
    radius = float(np.linalg.norm(face - centre, axis=1).max())
    ears = np.isfinite(xy[_FACE[3:], 0]).any()
    return centre, max(radius if ears else 2.0 * radius, 0.3 * size)


def _foreground(image: _Image, xy: _Points) -> _Mask:
    height, width = image.shape[:2]
    factor = min((_WORK_PIXELS / (height * width)) ** 0.5, 1.0)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    rows, columns = small.shape[:2]
    points = xy * (columns / width, rows / height)
    size = body_size(points)
    if size < 1.0:
        return np.zeros((height, width), np.bool_)

    def distance(draw: _Image) -> npt.NDArray[np.float32]:
        return np.asarray(cv2.distanceTransform(1 - draw, cv2.DIST_L2, 5), np.float32)

    drawn = np.zeros((rows, columns), np.uint8)
    for parent, child in BONES[:13]:
        if np.isfinite(points[[parent, child]]).all():
            cv2.line(drawn, _pixel(points[parent]), _pixel(points[child]), 1, 1)
    core = drawn.copy()
    for parent, child in _LAST_BONES:
        if np.isfinite(points[[parent, child]]).all():
            tip = points[child] + _HAND * (points[child] - points[parent])
            cv2.line(drawn, _pixel(points[child]), _pixel(tip), 1, 1)
    torso = points[_TORSO]
    torso = torso[np.isfinite(torso[:, 0])]
    if len(torso) >= 3:
        cv2.fillConvexPoly(drawn, cv2.convexHull(np.round(torso).astype(np.int32)), 1)
        core |= cv2.erode(drawn, np.ones((3, 3), np.uint8))
    head = _head(points, size)
    if head is not None:
        at = _pixel(head[0])
        cv2.circle(drawn, at, max(round(head[1] * 0.95), 1), 1, -1)
        cv2.circle(core, at, max(round(head[1] * 0.6), 1), 1, -1)
    far = distance(drawn)
    labels = np.full((rows, columns), cv2.GC_BGD, np.uint8)
    labels[far < _REACH * size] = cv2.GC_PR_BGD
    labels[far < 0.16 * size] = cv2.GC_PR_FGD
    labels[distance(core) < max(0.02 * size, 1.0)] = cv2.GC_FGD
    if head is not None:
        crown = head[0] - (0.0, _CROWN * head[1])
        over = np.zeros_like(drawn)
        cv2.line(over, at, _pixel(crown), 1, max(round(2.6 * head[1]), 1))
        labels[(over > 0) & (labels == cv2.GC_BGD)] = cv2.GC_PR_BGD
    smooth = np.asarray(
        cv2.cvtColor(cv2.bilateralFilter(small, 5, 30, 3), cv2.COLOR_RGB2LAB), np.uint8
    )
    labels[(labels == cv2.GC_PR_BGD) & _unlike(smooth, labels == cv2.GC_BGD)] = cv2.GC_PR_FGD
    border = max(round(0.01 * rows), 1)
    frame = np.ones((rows, columns), np.bool_)
    frame[border:-border, border:-border] = False
    labels[frame & (labels == cv2.GC_PR_BGD)] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    behind, before = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(
        smooth, labels, (0, 0, 0, 0), behind, before, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    found = _touching(closed.astype(np.uint8), core)
    large = cv2.resize(
        cv2.GaussianBlur(found.astype(np.float32), (0, 0), 0.8),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    return np.asarray(large > 0.5)


def _unlike(lab: _Image, known: _Mask) -> _Mask:
    """Pixels unlike every known background pixel around, and unlike their continuation."""
    if not known.any():
        return np.zeros(known.shape, np.bool_)
    rows, columns = np.indices(known.shape)
    nearby = 8.0 / known.shape[0]  # the frame's height weighs as much as 8 steps of colour
    features = np.dstack([lab, rows * nearby, columns * nearby]).astype(np.float32)
    tree = cKDTree(features[known][::3])
    result = np.zeros(known.shape, np.bool_)
    distance, _ = tree.query(features[~known], distance_upper_bound=_UNLIKE)
    result[~known] = np.isinf(distance)
    continued = fill(lab, known).astype(np.float32)
    return np.asarray(result & (np.linalg.norm(lab - continued, axis=-1) > 2 * _UNLIKE))


def _touching(found: _Image, core: _Image) -> _Image:
    """The components of `found` that touch the skeleton, with their holes filled."""
    count, components = cv2.connectedComponents(found, connectivity=4)
    keep = np.zeros(count, np.bool_)
    keep[np.unique(components[(core > 0) & (found > 0)])] = True
    keep[0] = False
    kept = keep[components].astype(np.uint8)
    contours, _ = cv2.findContours(kept, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(kept)
    cv2.drawContours(filled, contours, -1, 1, -1)
    holes = filled - kept
    count, components, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 0.002 * found.size
    small[0] = False
    return np.asarray(kept | small[components], np.uint8)


def fill(image: _Image, known: _Mask) -> _Image:
    """RGB uint8 (h, w, 3) whose unknown pixels are a smooth continuation of the known ones."""
    filled = _pull_push(image.astype(np.float32), known.astype(np.float32))
    return np.where(known[..., None], image, np.round(filled)).astype(np.uint8)


def _pull_push(
    image: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    height, width = weights.shape
    if min(height, width) <= 2 or weights.min() >= 1:
        total = max(float(weights.sum()), 1e-6)
        average = (image * weights[..., None]).sum(axis=(0, 1)) / total
        return np.where(weights[..., None] > 0, image, average).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse_weights = cv2.resize(weights, half, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(image * weights[..., None], half, interpolation=cv2.INTER_AREA)
    mean = np.asarray(coarse / np.maximum(coarse_weights, 1e-6)[..., None], np.float32)
    filled = _pull_push(mean, np.asarray(np.minimum(coarse_weights * 2, 1), np.float32))
    below = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(
        weights[..., None] * image + (1 - weights[..., None]) * below, dtype=np.float32
    )
