"""Body-shape transfer in 2-D: one body's dance on another's proportions.

The neck carries a torso frame: an axis from the neck to the middle of the hips (straight down where
a body has no hips) and the direction across it. Frame 0 of the driver is its neutral frame.

- Limbs (elbow, wrist, knee, ankle): the driver's bone vector times `reference length / driver's
  length in frame 0`. So directions are the driver's, lengths the reference's, and foreshortening is
  kept as the ratio to frame 0, at most 1.35.
- Shoulders, hips and face: across the torso the driver's coordinate times the ratio of widths,
  along it the reference's coordinate plus the driver's change since frame 0. So shoulders that sit
  low on a body without a head stay low, and turning to the side narrows what it should.
- Root (middle of the hips, else the neck): the reference's plus the driver's travel since frame 0
  times the ratio of leg lengths (torsos where one has no legs).
- A joint that the driver never has moves rigidly with its parent; one that the reference has not is
  absent; one that the driver misses in some frames is taken from the nearest frame and occluded.

A body realigned to its own frame 0 gives its own clip.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from a2bench.pose.keypoints import ABSENT, JOINT_INDEX, OCCLUDED, PoseClip

_Points = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]

_MAX_STRETCH = 1.35
"""Longest bone against its length in frame 0: what a bone may gain by turning into the picture."""

_SHORTEST = 0.12
"""Share of the torso under which a length in frame 0 is foreshortened too much to divide by; the
whole body's scale stands in. A 3-D bone that long at 7 degrees to the line of sight."""

_NOSE, _NECK = JOINT_INDEX["nose"], JOINT_INDEX["neck"]
_HIPS = (JOINT_INDEX["right_hip"], JOINT_INDEX["left_hip"])
_SHOULDERS = (JOINT_INDEX["right_shoulder"], JOINT_INDEX["left_shoulder"])
_EYES = (JOINT_INDEX["right_eye"], JOINT_INDEX["left_eye"])
_EARS = (JOINT_INDEX["right_ear"], JOINT_INDEX["left_ear"])
_FACE = (_NOSE, *_EYES, *_EARS)
_LIMBS = ((2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (11, 12), (12, 13))
_LEGS = ((8, 9, 10), (11, 12, 13))


class _Torso(NamedTuple):
    origin: _Points
    """(t, 2)"""
    along: _Points
    """Unit vector (t, 2) from neck to hips."""
    across: _Points
    """Unit vector (t, 2), to the picture's right where `along` points down."""

    def coordinates(self, xy: _Points) -> _Points:
        """Torso coordinates (t, 2) of points (t, 2): across, along."""
        offset = xy - self.origin
        return np.stack([(offset * self.across).sum(-1), (offset * self.along).sum(-1)], axis=-1)

    def offset(self, coordinates: _Points) -> _Points:
        """Picture vectors (t, 2) of torso coordinates (t, 2)."""
        return coordinates[:, :1] * self.across + coordinates[:, 1:] * self.along


def _unit(vectors: _Points) -> _Points:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), np.array([0.0, 1.0]))


def _torso(xy: _Points, origin_joints: list[int], *, has_hips: bool) -> _Torso:
    origin = xy[:, origin_joints].sum(axis=1) / max(len(origin_joints), 1)
    down = np.zeros_like(origin) + np.array([0.0, 1.0])
    along = _unit(xy[:, _HIPS].mean(axis=1) - origin) if has_hips else down
    return _Torso(origin, along, np.stack([along[:, 1], -along[:, 0]], axis=-1))


def _turned(vector: _Points, radians: _Points) -> _Points:
    """One vector (2,) turned by each of the angles (t,), clockwise as seen (y is down)."""
    cos, sin = np.cos(radians), np.sin(radians)
    return np.stack([vector[0] * cos - vector[1] * sin, vector[0] * sin + vector[1] * cos], axis=-1)


def _angle(vectors: _Points) -> _Points:
    return np.asarray(np.arctan2(vectors[..., 1], vectors[..., 0]))


def fill_gaps(pose: PoseClip) -> _Points:
    """Coordinates (t, 18, 2), taken from the nearest frame where a joint is absent in some frames.

    NaN remains only for joints that are absent in every frame.
    """
    xy = pose.xy.copy()
    present = pose.present
    frames = np.arange(len(pose))
    for joint in np.flatnonzero(present.any(axis=0) & ~present.all(axis=0)):
        known = np.flatnonzero(present[:, joint])
        nearest = known[np.abs(frames[:, None] - known).argmin(axis=1)]
        xy[:, joint] = pose.xy[nearest, joint]
    return xy


def _body_scale(driver: _Points, reference: _Points, shared: _Flags) -> tuple[float, float]:
    """Size ratio reference / driver, and the driver's torso length in px, from frame 0."""

    def spread(xy: _Points, joints: _Flags) -> float:
        return float(np.sqrt(((xy[joints] - xy[joints].mean(axis=0)) ** 2).sum(axis=-1).mean()))

    if shared[[_NECK, *_HIPS]].all():
        lengths = [
            float(np.linalg.norm(xy[list(_HIPS)].mean(axis=0) - xy[_NECK]))
            for xy in (driver, reference)
        ]
        if min(lengths) > 1.0:
            return lengths[1] / lengths[0], lengths[0]
    if shared.sum() >= 2 and spread(driver, shared) > 1.0:
        # 1.5 spreads of a standing body are about its torso.
        return spread(reference, shared) / spread(driver, shared), 1.5 * spread(driver, shared)
    return 1.0, 1.0


def _leg_length(xy: _Points) -> float:
    """Length in px of the longer leg (the less foreshortened one); 0 without legs."""
    lengths = [sum(float(np.linalg.norm(xy[a] - xy[b])) for a, b in pairwise(leg)) for leg in _LEGS]
    return max([length for length in lengths if np.isfinite(length)], default=0.0)


def realign(driving: PoseClip, reference: PoseClip) -> PoseClip:
    """Poses of the reference's body that dances the driver's dance, on the reference's frame.

    Raises:
        ValueError: the reference has not exactly one frame, or the driver has none.
    """
    if len(reference) != 1 or len(driving) == 0:
        raise ValueError(
            f"{len(reference) = }, {len(driving) = }: expected one reference frame and a driver"
        )
    ours = reference.xy[0]
    has = reference.present[0]
    theirs = fill_gaps(driving)
    shared = has & driving.present.any(axis=0)
    scale, torso_length = _body_scale(theirs[0], ours, shared)
    shortest = _SHORTEST * torso_length

    def ratio(our_length: float, their_length: float) -> float:
        return our_length / their_length if their_length >= max(shortest, 1e-6) else scale

    t = len(driving)
    moved = np.full((t, 18, 2), np.nan)
    turn = np.zeros((t, 18))
    has_hips = bool(shared[[_NECK, *_HIPS]].all())
    origin_joints = next(
        (group for group in ([_NECK], [*_HIPS]) if shared[group].all()),
        np.flatnonzero(shared).tolist(),
    )
    rooted = bool(origin_joints)
    if not rooted:  # nothing in common: the reference stays as it is
        theirs = np.repeat(ours[None], t, axis=0)
        origin_joints = np.flatnonzero(has).tolist()

    # Everything is laid out around an origin (the neck) at the reference's, then moved to the root.
    our_torso = _torso(ours[None], origin_joints, has_hips=has_hips)
    their_torso = _torso(theirs, origin_joints, has_hips=has_hips)
    neck = our_torso.origin[0]
    torso_turn = _angle(their_torso.along) - _angle(our_torso.along)
    turn[:] = torso_turn[:, None]

    def width_ratio(pair: tuple[int, int], otherwise: float) -> float:
        if not (rooted and shared[list(pair)].all()):
            return otherwise
        a, b = pair
        ours_across = our_torso.coordinates(ours[None, a]) - our_torso.coordinates(ours[None, b])
        theirs_across = (
            their_torso.coordinates(theirs[:, a]) - their_torso.coordinates(theirs[:, b])
        )[0]
        width = abs(float(theirs_across[0]))
        return abs(float(ours_across[0, 0])) / width if width >= shortest else otherwise

    face_scale = width_ratio(_EARS, width_ratio(_EYES, scale))
    across = dict.fromkeys(_SHOULDERS, width_ratio(_SHOULDERS, scale))
    across |= dict.fromkeys(_HIPS, width_ratio(_HIPS, scale))
    across |= dict.fromkeys(_FACE, face_scale)
    across |= dict.fromkeys(_EYES, width_ratio(_EYES, face_scale))
    across[_NECK] = scale
    for joint, across_ratio in across.items():
        if not has[joint]:
            continue
        if not (rooted and shared[joint]):
            moved[:, joint] = neck + _turned(ours[joint] - neck, torso_turn)
            continue
        u_v = their_torso.coordinates(theirs[:, joint])
        our_v = our_torso.coordinates(ours[None, joint])[0, 1]
        along_ratio = face_scale if joint in _FACE else scale
        v = our_v + along_ratio * (u_v[:, 1] - u_v[0, 1])
        moved[:, joint] = neck + their_torso.offset(
            np.stack([across_ratio * u_v[:, 0], v], axis=-1)
        )

    for parent, joint in _LIMBS:
        if not has[joint]:
            continue
        if not has[parent]:
            moved[:, joint] = neck + _turned(ours[joint] - neck, torso_turn)
            continue
        our_bone = ours[joint] - ours[parent]
        if not (shared[joint] and shared[parent]):
            turn[:, joint] = turn[:, parent]
            moved[:, joint] = moved[:, parent] + _turned(our_bone, turn[:, joint])
            continue
        their_bone = theirs[:, joint] - theirs[:, parent]
        lengths = np.linalg.norm(their_bone, axis=-1)
        our_length = float(np.linalg.norm(our_bone))
        bone = their_bone * ratio(our_length, float(lengths[0]))
        longest = _MAX_STRETCH * np.maximum(our_length, scale * lengths)
        too_long = np.linalg.norm(bone, axis=-1) / np.maximum(longest, 1e-9)
        moved[:, joint] = moved[:, parent] + bone / np.maximum(too_long, 1.0)[:, None]
        turn[:, joint] = _angle(their_bone) - _angle(our_bone)

    moved += _root_shift(ours, theirs, moved, shared, scale)[:, None]

    visibility = np.where(driving.present, driving.visibility, OCCLUDED)
    never = ~driving.present.any(axis=0)
    visibility[:, never] = reference.visibility[0, never]
    visibility[:, ~has] = ABSENT
    outside = (moved < 0).any(-1) | (moved > (reference.width, reference.height)).any(-1)
    visibility[outside & has] = OCCLUDED
    return PoseClip(
        moved, visibility.astype(np.uint8), reference.width, reference.height, driving.fps
    )


def _root_shift(
    ours: _Points, theirs: _Points, moved: _Points, shared: _Flags, scale: float
) -> _Points:
    """Shift in px (t, 2) that brings the root of `moved` where it belongs."""
    root = list(_HIPS) if shared[list(_HIPS)].all() else [_NECK] if shared[_NECK] else None
    joints = np.flatnonzero(shared) if root is None else np.array(root)
    if joints.size == 0:
        return np.zeros((len(theirs), 2))
    leg_lengths = _leg_length(ours), _leg_length(theirs[0])
    step = leg_lengths[0] / leg_lengths[1] if min(leg_lengths) > 1.0 else scale
    travel = theirs[:, joints].mean(axis=1) - theirs[0, joints].mean(axis=0)
    return np.asarray(ours[joints].mean(axis=0) + step * travel - moved[:, joints].mean(axis=1))


def fit_similarity(source: _Points, target: _Points) -> npt.NDArray[np.float64]:
    """Rotation, scale and shift (2, 3) that brings points (n, 2) nearest to others (Umeyama 1991).

    No reflection. One point gives a shift, none the identity.
    """
    affine = np.eye(2, 3)
    if len(source) == 0:
        return affine
    from_middle, to_middle = source - source.mean(axis=0), target - target.mean(axis=0)
    spread = float((from_middle**2).sum())
    if len(source) > 1 and spread > 1e-9:
        # Closed in the plane: scale * (cos, sin) = (sum of dots, sum of crosses) / spread.
        dot = float((from_middle * to_middle).sum()) / spread
        cross = from_middle[:, 0] * to_middle[:, 1] - from_middle[:, 1] * to_middle[:, 0]
        sin = float(cross.sum()) / spread
        affine[:, :2] = [[dot, -sin], [sin, dot]]
    affine[:, 2] = target.mean(axis=0) - affine[:, :2] @ source.mean(axis=0)
    return affine
