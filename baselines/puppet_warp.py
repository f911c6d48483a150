"""`puppet_warp`: a jointed paper puppet, cut from the reference and moved by the key points.

The character is cut out without learning (`a2bench.pose.cutout`), each of its pixels goes to the
nearest bone in units of the body part's thickness, and each part follows its bone: turned with it,
shortened with it, as thick as before. Parts overlap in discs at the joints; what an arm hid is
filled from its surroundings. Legs, torso, head, arms are laid over each other in this order; an arm
whose elbow and wrist are hidden goes behind.
"""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.pose.cutout import Layer, body_size, cropped, cut_out, fill, paste, soft_edge
from a2bench.pose.keypoints import VISIBLE
from a2bench.pose.realign import fit_similarity, realign

_Points = npt.NDArray[np.float64]
_Map = npt.NDArray[np.float32]
_Image = npt.NDArray[np.uint8]

_SAME_PX = 1e-6

_ARMS = ((2, 3, 4), (5, 6, 7))
_LEGS = ((8, 9, 10), (11, 12, 13))
_ANKLES = (10, 13)
_TRUNK = (1, 2, 5, 8, 11)
_FACE = (0, 14, 15, 16, 17)
_EYES, _EARS = (14, 15), (16, 17)

_HAND = 0.45
"""How far a hand or foot reaches beyond wrist or ankle, as a share of forearm or shin."""


class _Bone(NamedTuple):
    start: int
    end: int
    radius: float
    """Half thickness in px."""
    tip: bool
    """Whether it is the hand or foot beyond the bone, not the bone itself."""


class _Part(NamedTuple):
    layer: Layer | None
    bone: _Bone


class PuppetWarp:
    """A paper puppet of the reference that dances the driver's dance."""

    def __init__(self, device: str) -> None:
        del device  # nothing to load

    def __call__(self, inputs: Inputs) -> Video:
        """The puppet in each frame's pose over the filled background."""
        image, reference = inputs.reference_image, inputs.reference_pose
        poses = realign(inputs.driving_pose[: inputs.frames], reference)
        puppet = _Puppet(image, reference.xy[0], reference.visibility[0])
        video = np.empty((inputs.frames, *image.shape), np.uint8)
        for frame, xy, visibility in zip(video, poses.xy, poses.visibility, strict=True):
            puppet.draw(frame, xy, visibility)
        return video


def _known(xy: _Points, joints: tuple[int, ...]) -> bool:
    return bool(np.isfinite(xy[list(joints)]).all())


def _distance(mask: npt.NDArray[np.bool_]) -> _Map:
    """Distance in px of the pixels in a mask from the nearest one outside it."""
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def _segment_distance(grid: _Points, start: _Points, end: _Points) -> _Map:
    """Distance in px of points (h, w, 2) from a segment."""
    bone = end - start
    share = ((grid - start) @ bone) / max(float(bone @ bone), 1e-9)
    nearest = start + np.clip(share, 0, 1)[..., None] * bone
    return np.asarray(np.linalg.norm(grid - nearest, axis=-1), np.float32)


class _Puppet:
    def __init__(self, image: _Image, xy: _Points, visibility: npt.NDArray[np.uint8]) -> None:
        self.image, self.xy = image, xy
        cutout = cut_out(image, xy)
        self.background = cutout.background
        self.mask = cutout.mask
        self.whole = cutout.layer(image)
        self.size = max(body_size(xy), 1.0)
        self.jointed = _known(xy, (1,)) or _known(xy, (8, 11))
        if self.jointed:
            self._cut(visibility)

    def _cut(self, visibility: npt.NDArray[np.uint8]) -> None:
        """Give each pixel of the character to a part and make the parts' layers."""
        xy, mask = self.xy, self.mask
        height, width = mask.shape
        # Parts are told apart at half size and enlarged: a pixel's part need not be sharper.
        grid = np.stack(np.meshgrid(np.arange(0, width, 2.0), np.arange(0, height, 2.0)), axis=-1)
        self.torso_frame = self._frame(xy)
        bones: list[_Bone] = []
        thickness = _distance(mask)
        for chain, most in ((_LEGS[0], 0.3), (_LEGS[1], 0.3), (_ARMS[0], 0.3), (_ARMS[1], 0.3)):
            for index, (start, end) in enumerate(pairwise(chain)):
                if not _known(xy, (start, end)):
                    continue
                radius = self._radius(thickness, start, end, most)
                bones.append(_Bone(start, end, radius, tip=False))
                if index == 1:
                    bones.append(_Bone(start, end, radius * 1.15, tip=True))
        scores = [self._bone_score(grid, bone) for bone in bones]
        hull = self._torso_hull(grid.shape[:2])
        torso_radius = 0.3 * self.size
        scores.append(_distance(hull == 0) * np.float32(2 / torso_radius) + np.float32(0.35))
        self.head_joints = [joint for joint in _FACE if np.isfinite(xy[joint, 0])]
        self.has_head = self._head_is_apart()
        head_area = np.zeros(grid.shape[:2], np.bool_)
        if self.has_head:
            centre, radius = self._head_circle(xy)
            up = -self.torso_frame[1]
            neck_to_centre = max(float((centre - xy[1]) @ up), 1.0)
            above = ((grid - xy[1]) @ up) > 0.2 * neck_to_centre
            away = np.linalg.norm(grid - centre, axis=-1)
            head_area = (above | (away < radius)) & (away < 3 * radius)
            score = np.where(head_area, np.maximum(away / radius - 1, 0) * 0.6 + 0.2, 1e3)
            scores.append(score.astype(np.float32))
        labels = cv2.resize(
            np.argmin(np.stack(scores), axis=0).astype(np.uint8),
            (width, height),
            interpolation=cv2.INTER_NEAREST,
        )
        torso_label = len(bones)
        trunk = cv2.resize(hull, (width, height), interpolation=cv2.INTER_NEAREST) > 0
        edge = soft_edge(mask)

        def layer_of(label: int, also: npt.NDArray[np.bool_] | None, grow_px: int) -> Layer | None:
            """Its own pixels, a rim of its neighbours', and those that others hide from it."""
            own = (labels == label) & mask
            if not own.any():
                return None
            kernel = cv2.getStructuringElement(
                cv2.MORPH_ELLIPSE, (2 * grow_px + 1, 2 * grow_px + 1)
            )
            shown = cv2.dilate(own.astype(np.uint8), kernel) > 0
            colour = self.image
            if also is not None:
                hidden = also & mask & ~shown
                shown |= hidden
                colour = np.where(hidden[..., None], fill(self.image, own), self.image)
            return cropped(colour, edge * cv2.blur(shown.astype(np.float32), (3, 3)))

        rim = max(round(0.02 * self.size), 2)
        self.parts = [_Part(layer_of(label, None, rim), bone) for label, bone in enumerate(bones)]
        self.torso = layer_of(torso_label, trunk, rim)
        self.head = None
        if self.has_head:
            circle = self._disc(*self._head_circle(xy))
            self.head = layer_of(torso_label + 1, circle, rim)

    def _disc(self, centre: _Points, radius: float) -> npt.NDArray[np.bool_]:
        drawn = np.zeros(self.mask.shape, np.uint8)
        at = (round(float(centre[0])), round(float(centre[1])))
        cv2.circle(drawn, at, max(round(radius * 0.9), 1), 1, -1)
        return drawn > 0

    def _radius(self, thickness: _Map, start: int, end: int, most: float) -> float:
        """Half thickness in px of the body along a bone, within what limbs have."""
        along = np.linspace(0.35, 1.0, 9)[:, None]
        points = np.round(self.xy[start] * (1 - along) + self.xy[end] * along).astype(int)
        inside = (
            (points >= 0).all(axis=1)
            & (points[:, 0] < thickness.shape[1])
            & (points[:, 1] < thickness.shape[0])
        )
        found = thickness[points[inside, 1], points[inside, 0]]
        radius = float(np.percentile(found, 75)) if found.size else 0.0
        return float(np.clip(radius, 0.05 * self.size, most * self.size))

    def _bone_score(self, grid: _Points, bone: _Bone) -> _Map:
        start, end = self.xy[bone.start], self.xy[bone.end]
        if not bone.tip:
            return _segment_distance(grid, start, end) / np.float32(bone.radius)
        reach = (end - start) * _HAND
        length = max(float(np.linalg.norm(reach)), 1e-6)
        reach = reach * max(1.0, bone.radius / length)
        beyond = (grid - end) @ (reach / np.linalg.norm(reach)) > 0.25 * bone.radius
        score = _segment_distance(grid, end, end + reach) / np.float32(bone.radius * 1.3)
        return np.where(beyond, score, np.float32(1e3))

    def _torso_hull(self, shape: tuple[int, int]) -> _Image:
        """Trunk at half size: hull of neck, shoulders and hips; without hips a box below."""
        xy = self.xy
        points = [xy[joint] for joint in _TRUNK if np.isfinite(xy[joint, 0])]
        if not _known(xy, (8, 11)):
            down = self.torso_frame[1] * self.size * 0.8
            points += [point + down for point in points]
        drawn = np.zeros(shape, np.uint8)
        hull = cv2.convexHull((np.array(points) / 2).astype(np.float32))
        cv2.fillConvexPoly(drawn, np.round(hull).astype(np.int32), 1)
        return drawn

    def _frame(self, xy: _Points) -> tuple[_Points, _Points, float, float]:
        """Neck, axis down the torso, its length and the signed width of shoulders and hips.

        Without a neck the middle of the hips, straight down, 0.
        """
        down = np.array([0.0, 1.0])
        if not _known(self.xy, (1,)):
            return xy[[8, 11]].mean(axis=0), down, 0.0, float(xy[11, 0] - xy[8, 0])
        axis = xy[[8, 11]].mean(axis=0) - xy[1] if _known(self.xy, (8, 11)) else down
        length = float(np.linalg.norm(axis))
        axis = axis / length if length > 1e-6 else np.array([0.0, 1.0])
        across = np.array([axis[1], -axis[0]])
        pairs = [pair for pair in ((2, 5), (8, 11)) if _known(self.xy, pair)]
        width = float(sum((xy[b] - xy[a]) @ across for a, b in pairs))
        return xy[1], axis, length, width

    def _head_is_apart(self) -> bool:
        """Whether the head is above the torso, not drawn on it as on a strawberry."""
        if not self.head_joints or not _known(self.xy, (1,)):
            return False
        centre, radius = self._head_circle(self.xy)
        return float((self.xy[1] - centre) @ self.torso_frame[1]) > 0.55 * radius

    def _head_circle(self, xy: _Points) -> tuple[_Points, float]:
        face = xy[self.head_joints]
        pairs = [pair for pair in (_EARS, _EYES) if _known(xy, pair)]
        centre = xy[list(pairs[0])].mean(axis=0) if pairs else face.mean(axis=0)
        return centre, max(float(np.linalg.norm(face - centre, axis=1).max()), 0.3 * self.size)

    def draw(self, frame: _Image, xy: _Points, visibility: npt.NDArray[np.uint8]) -> None:
        """Draw the puppet in a pose (18, 2)."""
        known = np.isfinite(self.xy[:, 0]) & np.isfinite(xy[:, 0])
        if np.abs(xy[known] - self.xy[known]).max(initial=0) < _SAME_PX:
            frame[:] = self.image
            return
        frame[:] = self.background
        if not self.jointed:
            paste(frame, self.whole, _rigid(self.xy[known], xy[known]))
            return
        behind: list[_Part] = []
        before: list[_Part] = []
        legs: list[_Part] = []
        for part in self.parts:
            if part.layer is None:
                continue
            if part.bone.start >= 8:
                legs.append(part)
            else:
                elbow = part.bone.end if part.bone.end in (3, 6) else part.bone.start
                hidden = (visibility[[elbow, elbow + 1]] < VISIBLE).all()
                (behind if hidden else before).append(part)
        for part in (*behind, *legs):
            self._draw_bone(frame, part, xy)
        torso = self._torso_affine(xy)
        paste(frame, self.torso, torso)
        if self.head is not None:
            paste(frame, self.head, self._head_affine(xy, torso))
        for part in before:
            self._draw_bone(frame, part, xy)

    def _draw_bone(self, frame: _Image, part: _Part, xy: _Points) -> None:
        paste(frame, part.layer, _bone_affine(self.xy, xy, part.bone))

    def _torso_affine(self, xy: _Points) -> _Points:
        origin, axis, length, width = self.torso_frame
        to_origin, to_axis, to_length, to_width = self._frame(xy)
        along = np.clip(to_length / max(length, 1e-6), 0.5, 2.0) if length > 1.5 else 1.0
        turned = min(abs(to_width) / abs(width), 1.2) if abs(width) > 1.0 else 1.0
        # A body seen from the side is as wide as it is deep: about 0.75 of its width.
        across = (turned**2 + 0.75**2 * (1 - turned**2)) ** 0.5
        return _framed(origin, axis, to_origin, to_axis, float(along), float(across))

    def _head_affine(self, xy: _Points, torso: _Points) -> _Points:
        centre, _ = self._head_circle(self.xy)
        to_centre, _ = self._head_circle(xy)
        torso_turn = float(np.arctan2(torso[1, 0] - torso[0, 1], torso[0, 0] + torso[1, 1]))
        turn = torso_turn
        for pair in (_EARS, _EYES):
            if not (_known(self.xy, pair) and _known(xy, pair)):
                continue
            line, to_line = self.xy[pair[1]] - self.xy[pair[0]], xy[pair[1]] - xy[pair[0]]
            sure = float(np.linalg.norm(to_line)) / max(float(np.linalg.norm(line)), 1e-6)
            raw = float(np.arctan2(to_line[1], to_line[0]) - np.arctan2(line[1], line[0]))
            half = (raw - torso_turn + np.pi / 2) % np.pi - np.pi / 2  # seen from behind it flips
            turn = torso_turn + min(sure, 1.0) ** 2 * half
            break
        down = np.array([0.0, 1.0])
        to_down = np.array([-np.sin(turn), np.cos(turn)])
        return _framed(centre, down, to_centre, to_down, 1.0, 1.0)


def _rigid(source: _Points, target: _Points) -> _Points:
    """The similarity without scale: eyes that turn aside come closer, the body does not shrink."""
    affine = fit_similarity(source, target)
    affine[:, :2] /= max(float(np.hypot(affine[0, 0], affine[1, 0])), 1e-6)
    if len(source):
        affine[:, 2] = target.mean(axis=0) - affine[:, :2] @ source.mean(axis=0)
    return affine


def _framed(
    origin: _Points,
    axis: _Points,
    to_origin: _Points,
    to_axis: _Points,
    along: float,
    across: float,
) -> _Points:
    """Affine (2, 3): origin to origin, axis to axis, stretched along and across it."""
    side, to_side = np.array([axis[1], -axis[0]]), np.array([to_axis[1], -to_axis[0]])
    linear = along * np.outer(to_axis, axis) + across * np.outer(to_side, side)
    return np.column_stack([linear, to_origin - linear @ origin])


def _bone_affine(xy: _Points, to_xy: _Points, bone: _Bone) -> _Points:
    vector, to_vector = xy[bone.end] - xy[bone.start], to_xy[bone.end] - to_xy[bone.start]
    length, to_length = float(np.linalg.norm(vector)), float(np.linalg.norm(to_vector))
    axis = vector / length if length > 1e-6 else np.array([0.0, 1.0])
    to_axis = to_vector / to_length if to_length > 1e-6 else axis
    if bone.tip:  # a hand turns with the forearm, a foot stays level
        tip_axis = axis if bone.end in _ANKLES else to_axis
        return _framed(xy[bone.end], axis, to_xy[bone.end], tip_axis, 1.0, 1.0)
    along = float(np.clip(to_length / max(length, 1e-6), 0.25, 2.5))
    return _framed(xy[bone.start], axis, to_xy[bone.start], to_axis, along, 1.0)
