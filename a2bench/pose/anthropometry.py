"""Human bodies in shares of stature, and the seeded bodies of the `rescaled` protocol.

Lengths: Drillis and Contini (1966) as drawn in Winter, Biomechanics and Motor Control of Human
Movement, figure 4.1: segment lengths as shares of body height. What that figure does not show (the
second half of the table) is rounded by us from common adult proportions; it decides how the
mannequin looks, and of its joints only eyes, ears, nose and how far shoulder and hip joints lie
inside the body.
"""

import math
from dataclasses import dataclass, fields
from hashlib import sha256

import numpy as np

from a2bench.pose.keypoints import VISIBLE, PoseClip


@dataclass(frozen=True)
class HumanBody:
    """Proportions of one human; every number is a share of stature."""

    # Drillis and Contini 1966 / Winter
    ankle_height: float = 0.039
    shin: float = 0.246
    thigh: float = 0.245
    shoulder_height: float = 0.818
    chin_height: float = 0.870
    eye_height: float = 0.936
    upper_arm: float = 0.186
    forearm: float = 0.146
    hand: float = 0.108
    shoulder_breadth: float = 0.259
    """Between the acromions: the tips of the shoulders."""
    hip_breadth: float = 0.191
    foot_length: float = 0.152
    # rounded by us
    shoulder_joints: float = 0.225
    """Between the joint centres, which lie inside the shoulders."""
    hip_joints: float = 0.110
    head_breadth: float = 0.088
    head_depth: float = 0.112
    eyes_apart: float = 0.036

    @property
    def leg(self) -> float:
        """Hip to ankle."""
        return self.thigh + self.shin


@dataclass(frozen=True)
class Anchor:
    """A body and how tall it stands in the frame: what a dance is re-shaped to."""

    body: HumanBody
    stature: float
    """Share of the frame's height."""


ADULT = HumanBody()
"""The mean adult of the table."""

_SPREAD: dict[str, float] = {
    "leg": 0.05,
    "arm": 0.05,
    "shoulders": 0.08,
    "hips": 0.08,
    "head": 0.05,
}
"""Largest change either way of each group of lengths; chosen by us to stay within what is common
among adults."""

_GROUPS: dict[str, tuple[str, ...]] = {
    "leg": ("shin", "thigh"),
    "arm": ("upper_arm", "forearm", "hand"),
    "shoulders": ("shoulder_breadth", "shoulder_joints"),
    "hips": ("hip_breadth", "hip_joints"),
    "head": ("head_breadth", "head_depth", "eyes_apart"),
}
_SHORTEST, _TALLEST = 0.68, 0.80


def human_anchor(seed: str) -> Anchor:
    """The anchor of a text: the same on every machine.

    Each group of lengths gets one factor from an even spread about the mean adult; longer legs put
    everything above them higher, and all is then brought back to a stature of 1.
    """
    digest = sha256(f"human anchor|{seed}".encode()).digest()
    units = [int.from_bytes(digest[4 * i : 4 * i + 4], "big") / 2**32 for i in range(6)]
    values = {field.name: float(getattr(ADULT, field.name)) for field in fields(HumanBody)}
    for (group, spread), unit in zip(_SPREAD.items(), units, strict=False):
        for name in _GROUPS[group]:
            values[name] *= 1 + spread * (2 * unit - 1)
    rise = values["shin"] + values["thigh"] - ADULT.leg
    for name in ("shoulder_height", "chin_height", "eye_height"):
        values[name] += rise
    body = HumanBody(**{name: round(value / (1 + rise), 6) for name, value in values.items()})
    return Anchor(body, round(_SHORTEST + (_TALLEST - _SHORTEST) * units[5], 6))


_UPPER_ARM_DEGREES, _FOREARM_DEGREES = 32.0, 48.0
"""From the vertical, outwards: the neutral stand in which every dance starts."""


def anchor_pose(anchor: Anchor, width: int, height: int, *, floor: float = 11 / 12) -> PoseClip:
    """One frame of the anchor: upright, frontal, arms a little away from the body.

    Args:
        anchor: body and stature.
        width: of the frame, in px.
        height: of the frame, in px.
        floor: where the soles stand, as a share of the height.
    """
    body, unit = anchor.body, anchor.stature * height
    x0, y0 = width / 2, floor * height
    xy = np.zeros((1, 18, 2))

    def put(joint: int, x: float, above: float) -> None:
        xy[0, joint] = x0 + x * unit, y0 - above * unit

    hips_at = body.ankle_height + body.leg
    face = (body.eye_height - body.chin_height) * 0.62 + body.chin_height
    put(0, 0.0, face)
    put(1, 0.0, body.shoulder_height)
    for side, (shoulder, hip, eye, ear) in ((-1, (2, 8, 14, 16)), (1, (5, 11, 15, 17))):
        x, y = side * body.shoulder_joints / 2, body.shoulder_height
        put(shoulder, x, y)
        for joint, bone, degrees in (
            (shoulder + 1, body.upper_arm, _UPPER_ARM_DEGREES),
            (shoulder + 2, body.forearm, _FOREARM_DEGREES),
        ):
            x += side * bone * math.sin(math.radians(degrees))
            y -= bone * math.cos(math.radians(degrees))
            put(joint, x, y)
        put(hip, side * body.hip_joints / 2, hips_at)
        put(hip + 1, side * body.hip_joints / 2, body.ankle_height + body.shin)
        put(hip + 2, side * body.hip_joints / 2, body.ankle_height)
        put(eye, side * body.eyes_apart / 2, body.eye_height)
        put(ear, side * body.head_breadth / 2, face)
    return PoseClip(xy, np.full((1, 18), VISIBLE, np.uint8), width, height, 1.0)
