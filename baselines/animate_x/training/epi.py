"""Explicit pose indicator: in training, driving poses are given other bodies than the picture has.

The model learns that a driving pose says how to move, not how long the limbs are. A driving pose is
realigned to the body of a random anchor from a pool of the training set's poses, then parts of it
are rescaled, added or dropped; all of it with probability lambda, otherwise the pose stays as it
is. One anchor and one set of changes for all frames of a clip, so that its motion stays one.

Source: arXiv 2410.10306v2, section 3.2 and appendix A; the code was never released. What the paper
leaves open (ranges, probabilities, how a part is added, what is done with absent points, whether
key points are transformed too) is a choice of ours: docs/training.md lists them.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError
from a2bench.pose.anthropometry import ADULT, Anchor, anchor_pose
from a2bench.pose.keypoints import ABSENT, VISIBLE, PoseClip
from a2bench.pose.realign import realign

Operation = Literal["body", "shoulders", "neck", "face", "arms", "legs", "add", "drop"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

_NOSE, _NECK = 0, 1
_SHOULDERS, _HIPS = (2, 5), (8, 11)
_PARENT = {
    2: 1, 3: 2, 4: 3, 5: 1, 6: 5, 7: 6, 8: 1, 9: 8, 10: 9, 11: 1, 12: 11, 13: 12,
    0: 1, 14: 0, 16: 14, 15: 0, 17: 15,
}  # fmt: skip
"""Joint -> the joint it hangs on; parents come before their children."""

_SCALED: Mapping[Operation, tuple[int, ...]] = {
    "shoulders": _SHOULDERS,
    "neck": (_NOSE,),
    "face": (14, 16, 15, 17),
    "arms": (3, 4, 6, 7),
    "legs": (9, 10, 12, 13),
}
"""Operation -> joints whose bone to the parent is scaled. `body` scales neck to middle of hips."""

PARTS: Mapping[str, tuple[int, ...]] = {
    "right_arm": (3, 4),
    "right_forearm": (4,),
    "left_arm": (6, 7),
    "left_forearm": (7,),
    "right_leg": (9, 10),
    "right_shin": (10,),
    "left_leg": (12, 13),
    "left_shin": (13,),
    "right_side_of_face": (14, 16),
    "left_side_of_face": (15, 17),
    "face": (0, 14, 15, 16, 17),
}
"""What can be dropped: a limb's end, a limb, half of the face or all of it. The trunk stays."""

_ADDED: Mapping[str, tuple[int, ...]] = {
    "right_arm": (2, 3, 4),
    "left_arm": (5, 6, 7),
    "right_leg": (8, 9, 10),
    "left_leg": (11, 12, 13),
    "face": (0, 14, 15, 16, 17),
}
"""What can be added where none of its joints is there; the joint it hangs on may come with it."""

_MIRROR = {2: 5, 3: 6, 4: 7, 8: 11, 9: 12, 10: 13}
_MIRROR |= {other: joint for joint, other in _MIRROR.items()}

_Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EPIConfig:
    """What is done to driving poses in training.

    Attributes:
        probability: lambda, with which a clip's poses are transformed at all; the paper's A²Bench
            rows have 1, its TikTok rows 0.9.
        realign: whether they take the body shape of a random anchor first.
        operations: of the rescale pool; each is chosen on its own.
        operation_probability: with which each is chosen.
        stretch: longest factor of a length; factors are drawn evenly in the logarithm between
            1 / stretch and stretch.
        face_stretch: the same for the face, whose size differs most between characters.
        key_points: whether the key points that the implicit indicator reads are the transformed
            ones too; else only the pose pictures are.
    """

    probability: float = 1.0
    realign: bool = True
    operations: tuple[Operation, ...] = OPERATIONS
    operation_probability: float = 0.5
    stretch: float = 1.5
    face_stretch: float = 2.0
    key_points: bool = True

    def __post_init__(self) -> None:
        for name in ("probability", "operation_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise A2BenchError(f"epi.{name}={getattr(self, name)!r}: expected 0 to 1")
        for name in ("stretch", "face_stretch"):
            if not 1 <= getattr(self, name) <= 10:
                raise A2BenchError(f"epi.{name}={getattr(self, name)!r}: expected 1 to 10")
        if unknown := [one for one in self.operations if one not in OPERATIONS]:
            raise A2BenchError(
                f"epi.operations: no operation {unknown[0]!r}\nhint: of {', '.join(OPERATIONS)}"
            )


def _without(*operations: Operation) -> EPIConfig:
    return EPIConfig(operations=tuple(one for one in OPERATIONS if one not in operations))


ABLATIONS: Mapping[str, EPIConfig] = {
    "no_epi": EPIConfig(probability=0.0),
    "no_add": _without("add"),
    "no_drop": _without("drop"),
    "no_bs": _without("body", "shoulders"),
    "no_nf": _without("neck", "face"),
    "no_al": _without("arms", "legs"),
    "no_rescale": EPIConfig(operations=()),
    "no_realign": EPIConfig(realign=False),
    **{f"lambda_{percent}": EPIConfig(probability=percent / 100) for percent in (80, 90, 95, 98)},
    "lambda_100": EPIConfig(probability=1.0),
}
"""Rows of the paper's Tables 5 and 6."""


class PosePool:
    """Poses of the training set, one frame each: the bodies that driving poses are realigned to."""

    def __init__(self, anchors: Sequence[PoseClip]) -> None:
        """Keep anchors of one frame each.

        Raises:
            A2BenchError: none of them has a neck, without which there is no body to realign to.
        """
        self.anchors = [one for one in anchors if len(one) == 1 and one.present[0, _NECK]]
        if not self.anchors:
            raise A2BenchError(
                f"none of {len(anchors)} poses of the training set has a neck: no pose pool\n"
                "hint: train without realignment (variant=no_realign), or on data with poses"
            )

    def __len__(self) -> int:
        return len(self.anchors)

    def draw(self, rng: np.random.Generator, width: int, height: int) -> PoseClip:
        """Return a random anchor on a frame of a size, stretched as the training frames are."""
        return self.anchors[int(rng.integers(len(self.anchors)))].resized(width, height)


@dataclass(frozen=True)
class Change:
    """What was done to one clip's poses.

    Attributes:
        anchor: whose body shape they took; None: they kept theirs.
        factors: operation -> factor of its lengths.
        added, dropped: a part each, or "".
    """

    anchor: PoseClip | None = None
    factors: Mapping[Operation, float] = dataclasses.field(default_factory=dict)
    added: bool = False
    dropped: str = ""


class ExplicitPoseIndicator:
    """The transformation of a configuration; the same generator state gives the same poses."""

    def __init__(self, config: EPIConfig, pool: PosePool | None) -> None:
        """Join configuration and pool.

        Raises:
            A2BenchError: realignment without a pool.
        """
        if config.realign and config.probability > 0 and pool is None:
            raise A2BenchError("epi: realignment needs a pose pool")
        self.config = config
        self.pool = pool

    def __call__(self, poses: PoseClip, rng: np.random.Generator) -> PoseClip:
        """Return a clip's poses as the model is shown them."""
        change = self.drawn(rng, poses.width, poses.height)
        return poses if change is None else apply(poses, change)

    def drawn(self, rng: np.random.Generator, width: int, height: int) -> Change | None:
        """Draw what is done to a clip; None: nothing.

        Every number is drawn whether it is used or not, so that two configurations of one seed
        differ in what they switch off, and in nothing else.
        """
        config = self.config
        whether = float(rng.random())
        number = int(rng.integers(2**32))
        chosen = dict(zip(OPERATIONS, rng.random(len(OPERATIONS)), strict=True))
        places = dict(zip(OPERATIONS, rng.uniform(-1, 1, len(OPERATIONS)), strict=True))
        part = sorted(PARTS)[int(rng.integers(len(PARTS)))]
        if whether >= config.probability:
            return None
        used = [one for one in config.operations if chosen[one] < config.operation_probability]
        factors: dict[Operation, float] = {}
        for one in used:
            if one not in ("add", "drop"):
                most = config.face_stretch if one == "face" else config.stretch
                factors[one] = float(most ** places[one])
        anchor = None
        if config.realign and self.pool is not None:
            anchor = self.pool.draw(np.random.default_rng(number), width, height)
        return Change(anchor, factors, "add" in used, part if "drop" in used else "")


def apply(poses: PoseClip, change: Change) -> PoseClip:
    """Return poses after a change: realigned, rescaled, a part added, a part dropped."""
    if change.anchor is not None:
        poses = realign(poses, change.anchor)
    if change.factors:
        poses = rescale(poses, change.factors)
    if change.added:
        poses = add_part(poses)
    if change.dropped:
        poses = drop(poses, change.dropped)
    return poses


def rescale(poses: PoseClip, factors: Mapping[Operation, float]) -> PoseClip:
    """Return poses with bones of other lengths and the same directions; the neck stays in place.

    Each bone of a group is its old vector times the group's factor, and what hangs on it moves
    along; both sides have one factor. `body` is the vector from the neck to the middle of the hips.
    A joint whose parent is absent hangs on the nearest ancestor that is there; without one (no
    neck) it stays where it was. Absent joints stay absent.
    """
    xy, present = poses.xy, poses.present
    factor = np.ones(18)
    for operation, joints in _SCALED.items():
        factor[list(joints)] = factors.get(operation, 1.0)
    moved = xy.copy()
    body = _body_shift(xy, present, factors.get("body", 1.0))
    for joint, parent in _ordered():
        old, new, known = _ancestor(xy, moved, present, parent)
        vector = xy[:, joint] - old
        place = xy[:, joint] + body if joint in _HIPS else new + factor[joint] * vector
        use = (present[:, joint] & known)[:, None]
        moved[:, joint] = np.where(use, place, moved[:, joint])
    return dataclasses.replace(poses, xy=moved)


def _ordered() -> list[tuple[int, int]]:
    """Return (joint, parent), parents first."""
    order, waiting = [], [_NECK]
    while waiting:
        parent = waiting.pop(0)
        children = [joint for joint, its in _PARENT.items() if its == parent]
        order += [(joint, parent) for joint in children]
        waiting += children
    return order


def _body_shift(xy: _Points, present: npt.NDArray[np.bool_], factor: float) -> _Points:
    """Shift in px (t, 2) of both hips that makes neck to their middle `factor` times as long."""
    hips, there = xy[:, _HIPS], present[:, _HIPS]
    count = there.sum(axis=1)
    middle = np.where(there[..., None], hips, 0).sum(axis=1) / np.maximum(count, 1)[:, None]
    known = (count > 0) & present[:, _NECK]
    neck = np.where(known[:, None], xy[:, _NECK], 0)
    return np.where(known[:, None], (factor - 1) * (middle - neck), 0.0)


def _ancestor(
    xy: _Points, moved: _Points, present: npt.NDArray[np.bool_], parent: int
) -> tuple[_Points, _Points, npt.NDArray[np.bool_]]:
    """Where the nearest ancestor that is there was and is, (t, 2) each, and where there is one."""
    old, new = np.zeros_like(xy[:, 0]), np.zeros_like(xy[:, 0])
    known = np.zeros(len(xy), bool)
    at: int | None = parent
    while at is not None:
        use = present[:, at] & ~known
        old = np.where(use[:, None], xy[:, at], old)
        new = np.where(use[:, None], moved[:, at], new)
        known |= use
        at = _PARENT.get(at)
    return old, new, known


def drop(poses: PoseClip, part: str) -> PoseClip:
    """Return poses without a part of `PARTS`, in all frames."""
    joints = list(PARTS[part])
    xy, visibility = poses.xy.copy(), poses.visibility.copy()
    xy[:, joints] = np.nan
    visibility[:, joints] = ABSENT
    return dataclasses.replace(poses, xy=xy, visibility=visibility)


def add_part(poses: PoseClip) -> PoseClip:
    """Return poses with the first whole limb or face that lacks in all frames; else the same.

    An arm or leg whose other side is there is its mirror image across the torso's axis, so it
    moves too. Otherwise it is a neutral adult's, scaled to the torso and fixed to it. A pose that
    lacks nothing, or has no neck to hang it on, stays as it is.
    """
    ever: npt.NDArray[np.bool_] = np.any(poses.present, axis=0)
    lacking = [
        joints for joints in _ADDED.values() if not ever[list(joints[-2:])].any() and ever[_NECK]
    ]
    if not lacking:
        return poses
    joints = lacking[0]
    across, along, length = _torso(poses)
    neck = poses.xy[:, _NECK]
    xy, visibility = poses.xy.copy(), poses.visibility.copy()
    for joint in joints:
        if ever[joint]:
            continue
        twin = _MIRROR.get(joint)
        if twin is not None and ever[twin]:
            offset = poses.xy[:, twin] - neck
            side = (offset * across).sum(-1, keepdims=True)
            place = neck + offset - 2 * side * across
        else:
            u, v = _adult()[joint]
            place = neck + length * (u * across + v * along)
        there = np.isfinite(place).all(-1)
        xy[:, joint] = np.where(there[:, None], place, np.nan)
        visibility[:, joint] = np.where(there, VISIBLE, ABSENT)
    return dataclasses.replace(poses, xy=xy, visibility=visibility)


def _torso(poses: PoseClip) -> tuple[_Points, _Points, _Points]:
    """Unit vectors across and along the torso (t, 2), and its length in px (t, 1).

    Without hips: straight down, and three tenths of the frame's height (an adult in full view).
    """
    xy = poses.xy
    both: npt.NDArray[np.bool_] = np.all(poses.present[:, [_NECK, *_HIPS]], axis=1)
    middle = np.where(both[:, None], xy[:, _HIPS].mean(axis=1), 0.0)
    vector = middle - np.where(both[:, None], xy[:, _NECK], 0.0)
    size = np.linalg.norm(vector, axis=-1, keepdims=True)
    known = size > 1e-6
    along = np.where(known, vector / np.maximum(size, 1e-6), np.array([0.0, 1.0]))
    length = np.where(known, size, 0.3 * poses.height)
    return np.stack([along[:, 1], -along[:, 0]], axis=-1), along, length


def _adult() -> dict[int, tuple[float, float]]:
    """Joint -> its place across and along an adult's torso, in torso lengths from the neck."""
    xy = anchor_pose(Anchor(ADULT, 0.75), 1000, 1000).xy[0]
    length = float(np.linalg.norm(xy[list(_HIPS)].mean(axis=0) - xy[_NECK]))
    return {joint: (float(x), float(y)) for joint, (x, y) in enumerate((xy - xy[_NECK]) / length)}


def pool_of(draw: Callable[[int], PoseClip], count: int) -> PosePool:
    """Return a pool of `count` poses.

    Args:
        draw: makes the i-th, one frame.
        count: how many.
    """
    return PosePool([draw(index) for index in range(count)])
