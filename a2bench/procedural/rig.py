"""The skeleton of a body: its proportions, how a dance is realised on it, and its COCO-18 joints.

`realise` turns what a dance asks (planted feet, by two-bone inverse kinematics) into a
`Posture`: unit bone
directions, segment angles and root travel in leg lengths. A posture has no sizes in it, so the
posture of one
body can be put on another one (`cross`): bone directions then agree exactly, because projection
is parallel.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

from a2bench.procedural.moves import NEUTRAL, DancePose
from a2bench.procedural.solids import Pose3, PosedSolid, Solid
from a2bench.procedural.vectors import (
    DEGREES,
    Rotation,
    Vec3,
    add,
    length,
    lerp,
    product,
    rotated,
    scaled,
    subtract,
    tilt_rotation,
    unit,
    yaw_rotation,
)

NOSE, NECK = 0, 1
SHOULDERS, ELBOWS, WRISTS = (2, 5), (3, 6), (4, 7)
HIPS, KNEES, ANKLES = (8, 11), (9, 12), (10, 13)
EYES, EARS = (14, 15), (16, 17)
SIDES = (-1.0, 1.0)
"""Right, left: the character's right is at smaller x when it faces the viewer."""

DRIVEN_BONES = (
    (2, 5),
    (8, 11),
    (1, 2),
    (1, 5),
    (2, 3),
    (3, 4),
    (5, 6),
    (6, 7),
    (8, 9),
    (9, 10),
    (11, 12),
    (12, 13),
)
"""Joint pairs whose 2-D direction in `cross` equals the driver's, whatever the proportions: the
shoulder and hip
lines and the limbs. (The line from neck to hip depends on how wide and long a body is; its axis
agrees.)"""

LimbDirections: TypeAlias = tuple[Vec3, Vec3]
_KNEE_SPLAY = 0.85
"""Knees bend outwards as much as forwards: straight forward would be invisible from the front."""


@dataclass(frozen=True)
class Rig:
    """Proportions in px of the character's own space; the floor is y = 0."""

    torso: Solid
    head: Solid | None
    leg: float
    """Hip to ankle; on bodies without legs the length that travel and hops are measured in."""
    ankle_height: float
    hip_half: float
    shoulder_v: float
    shoulder_half: float
    upper_arm: float
    forearm: float
    has_arms: bool
    has_legs: bool
    hover: float = 0.0
    """Gap between floor and body of bodies without legs."""
    neck_sink: float = 0.08
    """How far the head overlaps the torso, in head heights."""
    seat: float = 0.0
    """How far the bottom of the torso hangs below the hips, in px."""

    @property
    def root_height(self) -> float:
        """Height of the hips above the floor when standing, in px."""
        return self.leg + self.ankle_height if self.has_legs else self.hover


@dataclass(frozen=True)
class Posture:
    """A pose without sizes: what one body hands to another."""

    yaw: float
    twist: float
    lean: float
    bow: float
    head_yaw: float
    head_roll: float
    head_nod: float
    squash: float
    travel: float
    lift: float
    """Height of the hips over their standing height, in leg lengths."""
    arms: tuple[LimbDirections, LimbDirections] | None
    """Right and left: unit directions of upper arm and forearm."""
    legs: tuple[LimbDirections, LimbDirections] | None


@dataclass(frozen=True)
class Skeleton:
    """A posture on a rig: posed solids and joints in px (floor at y = 0, root travel included)."""

    torso: PosedSolid
    head: PosedSolid
    """The solid that carries the face: the head, or the torso of bodies that are all head."""
    chest: Rotation
    arms: tuple[tuple[Vec3, Vec3, Vec3], tuple[Vec3, Vec3, Vec3]] | None
    legs: tuple[tuple[Vec3, Vec3, Vec3], tuple[Vec3, Vec3, Vec3]] | None
    neck: Vec3
    root: Vec3
    yaw: float


def chest_rotation(pose: DancePose | Posture) -> Rotation:
    """The frame in which arms are posed."""
    return product(tilt_rotation(pose.lean, pose.bow), yaw_rotation(pose.yaw + pose.twist))


def arm_directions(pose: DancePose) -> tuple[LimbDirections, LimbDirections]:
    """Directions of both arms of a dance pose."""
    chest = chest_rotation(pose)
    result = []
    for side, raised, front, bend in (
        (-1.0, pose.right_raise, pose.right_front, pose.right_bend),
        (1.0, pose.left_raise, pose.left_front, pose.left_bend),
    ):
        upper = rotated(chest, _arm_direction(side, raised, front))
        lower = rotated(chest, _arm_direction(side, raised + bend, front * 1.25))
        result.append((upper, lower))
    return result[0], result[1]


def _arm_direction(side: float, raised: float, front: float) -> Vec3:
    a, f = raised * DEGREES, front * DEGREES
    return (side * math.sin(a) * math.cos(f), math.cos(a), abs(math.sin(a)) * math.sin(f))


def leg_directions(rig: Rig, pose: DancePose) -> tuple[LimbDirections, LimbDirections]:
    """Directions of both legs whose feet stand where the dance puts them.

    Feet stand under the hips, so that all bodies stand alike at t = 0.
    """
    root: Vec3 = (pose.travel * rig.leg, -(rig.root_height + pose.lift * rig.leg), 0.0)
    pelvis = yaw_rotation(pose.yaw)
    stance = yaw_rotation(pose.stance_yaw)
    bone = rig.leg / 2
    result = []
    for side, x, y, z in (
        (-1.0, pose.right_foot_x, pose.right_foot_y, pose.right_foot_z),
        (1.0, pose.left_foot_x, pose.left_foot_y, pose.left_foot_z),
    ):
        hip = add(root, rotated(pelvis, (side * rig.hip_half, 0.0, 0.0)))
        foot = rotated(stance, (side * rig.hip_half, 0.0, z * rig.leg))
        foot = add(foot, (x * rig.leg, -rig.ankle_height - y * rig.leg, 0.0))
        line = subtract(foot, hip)
        reach = min(max(length(line), bone * 0.5), rig.leg * 0.999)
        line = scaled(unit(line), reach)
        across = math.sqrt(max(0.0, bone * bone - reach * reach / 4))
        bend = unit(rotated(pelvis, (side * _KNEE_SPLAY, 0.0, 0.55)))
        along = unit(line)
        overlap = bend[0] * along[0] + bend[1] * along[1] + bend[2] * along[2]
        bend = unit(subtract(bend, scaled(along, overlap)))
        knee = add(scaled(line, 0.5), scaled(bend, across))
        result.append((unit(knee), unit(subtract(line, knee))))
    return result[0], result[1]


def realise(rig: Rig, pose: DancePose) -> Posture:
    """The posture in which a body of this rig dances the pose."""
    one_piece = rig.head is None
    return Posture(
        yaw=pose.yaw,
        twist=pose.twist,
        lean=pose.lean,
        bow=pose.bow,
        head_yaw=0.0 if one_piece else pose.head_yaw,
        head_roll=0.0 if one_piece else pose.head_roll,
        head_nod=0.0 if one_piece else pose.head_nod,
        squash=pose.squash,
        travel=pose.travel,
        lift=pose.lift,
        arms=arm_directions(pose) if rig.has_arms else None,
        legs=leg_directions(rig, pose) if rig.has_legs else None,
    )


def pose_skeleton(rig: Rig, posture: Posture) -> Skeleton:
    """The posture on the rig. Limbs that the posture does not define hang in the neutral stand."""
    root: Vec3 = (posture.travel * rig.leg, -(rig.root_height + posture.lift * rig.leg), 0.0)
    tilt = tilt_rotation(posture.lean, posture.bow)
    stretch_y = 1.0 - posture.squash
    stretch_x = 1.0 / math.sqrt(stretch_y)
    torso = PosedSolid(
        rig.torso,
        Pose3(
            add(root, rotated(tilt, (0.0, rig.seat, 0.0))),
            tilt,
            posture.yaw,
            posture.yaw + posture.twist,
            stretch_x,
            stretch_y,
        ),
    )
    head = torso
    if rig.head is not None:
        top = torso.centre(1.0)
        head_tilt = tilt_rotation(posture.lean + posture.head_roll, posture.bow)
        facing = posture.yaw + posture.twist + posture.head_yaw
        # Nodding turns about the ear axis, so it comes after the yaw: conjugate it into the
        # turned frame.
        nod = product(
            product(yaw_rotation(facing), tilt_rotation(0.0, posture.head_nod)),
            yaw_rotation(-facing),
        )
        head_tilt = product(head_tilt, nod)
        sink = rotated(head_tilt, (0.0, rig.head.height * rig.neck_sink, 0.0))
        head = PosedSolid(
            rig.head, Pose3(add(top, sink), head_tilt, facing, facing, stretch_x, stretch_y)
        )
    chest = chest_rotation(posture)
    neutral = NEUTRAL._replace(
        yaw=posture.yaw,
        twist=posture.twist,
        lean=posture.lean,
        bow=posture.bow,
        travel=posture.travel,
        lift=posture.lift,
        stance_yaw=posture.yaw,
        right_foot_x=posture.travel,
        left_foot_x=posture.travel,
        right_foot_y=max(0.0, posture.lift),
        left_foot_y=max(0.0, posture.lift),
    )
    neck = torso.point(0.0, rig.shoulder_v, 0.0)
    arms = legs = None
    if rig.has_arms:
        directions = posture.arms if posture.arms is not None else arm_directions(neutral)
        # The line through the shoulders is the chest's, at whatever height a body has them: so it
        # points the same way on every body.
        middle, half = torso.centre(rig.shoulder_v), rig.shoulder_half * stretch_x
        shoulders = [add(middle, rotated(chest, (side * half, 0.0, 0.0))) for side in SIDES]
        arms = (
            _chain(shoulders[0], directions[0], rig.upper_arm, rig.forearm),
            _chain(shoulders[1], directions[1], rig.upper_arm, rig.forearm),
        )
    if rig.has_legs:
        directions = posture.legs if posture.legs is not None else leg_directions(rig, neutral)
        pelvis = yaw_rotation(posture.yaw)
        hips = [add(root, rotated(pelvis, (side * rig.hip_half, 0.0, 0.0))) for side in SIDES]
        legs = (
            _chain(hips[0], directions[0], rig.leg / 2, rig.leg / 2),
            _chain(hips[1], directions[1], rig.leg / 2, rig.leg / 2),
        )
    return Skeleton(torso, head, chest, arms, legs, neck, root, posture.yaw)


def _chain(
    start: Vec3, directions: LimbDirections, first: float, second: float
) -> tuple[Vec3, Vec3, Vec3]:
    middle = add(start, scaled(directions[0], first))
    return start, middle, add(middle, scaled(directions[1], second))


def between(a: Vec3, b: Vec3, amount: float) -> Vec3:
    """The point between two joints."""
    return lerp(a, b, amount)
