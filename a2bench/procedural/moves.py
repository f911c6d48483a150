"""Dance moves: functions of the beat that know nothing about the body that will dance them."""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from a2bench.procedural.vectors import smoothstep, wrapped_degrees


class DancePose(NamedTuple):
    """What a dance asks of a body at one instant: angles in degrees, lengths in leg lengths.

    An arm is two directions in the frame of the chest: `raise` 0 hangs, 90 is sideways, 180 up;
    `front` swings
    the arm forward around the vertical; `bend` is added to `raise` for the forearm.
    """

    yaw: float = 0.0
    twist: float = 0.0
    lean: float = 0.0
    bow: float = 0.0
    head_yaw: float = 0.0
    head_roll: float = 0.0
    head_nod: float = 0.0
    travel: float = 0.0
    lift: float = 0.0
    squash: float = 0.0
    stance_yaw: float = 0.0
    right_raise: float = 32.0
    right_front: float = 10.0
    right_bend: float = 16.0
    left_raise: float = 32.0
    left_front: float = 10.0
    left_bend: float = 16.0
    right_foot_x: float = 0.0
    right_foot_y: float = 0.0
    right_foot_z: float = 0.0
    left_foot_x: float = 0.0
    left_foot_y: float = 0.0
    left_foot_z: float = 0.0


NEUTRAL = DancePose()
Move: TypeAlias = Callable[[float, float], DancePose]
"""(beat, amplitude about 1) -> pose."""

_ANGLES_THAT_WRAP = (DancePose._fields.index("yaw"), DancePose._fields.index("stance_yaw"))


def blend(first: DancePose, second: DancePose, amount: float) -> DancePose:
    """`first` moved towards `second`; yaws go the short way round."""
    if amount <= 0.0:
        return first
    if amount >= 1.0:
        return second
    values = [a + (b - a) * amount for a, b in zip(first, second, strict=True)]
    for i in _ANGLES_THAT_WRAP:
        values[i] = first[i] + wrapped_degrees(second[i] - first[i]) * amount
    return DancePose(*values)


def mirrored(pose: DancePose) -> DancePose:
    """The pose in a mirror: right and left change places."""
    return DancePose(
        yaw=-pose.yaw,
        twist=-pose.twist,
        lean=-pose.lean,
        bow=pose.bow,
        head_yaw=-pose.head_yaw,
        head_roll=-pose.head_roll,
        head_nod=pose.head_nod,
        travel=-pose.travel,
        lift=pose.lift,
        squash=pose.squash,
        stance_yaw=-pose.stance_yaw,
        right_raise=pose.left_raise,
        right_front=pose.left_front,
        right_bend=pose.left_bend,
        left_raise=pose.right_raise,
        left_front=pose.right_front,
        left_bend=pose.right_bend,
        right_foot_x=-pose.left_foot_x,
        right_foot_y=pose.left_foot_y,
        right_foot_z=pose.left_foot_z,
        left_foot_x=-pose.right_foot_x,
        left_foot_y=pose.right_foot_y,
        left_foot_z=pose.right_foot_z,
    )


def _wave(beats: float) -> float:
    return math.sin(2 * math.pi * beats)


def _pulse(beats: float) -> float:
    """0 on the beat, 1 half-way, smooth."""
    return 0.5 - 0.5 * math.cos(2 * math.pi * beats)


def _up(beats: float) -> float:
    """Only the upper halves of the wave: a hop and a rest."""
    value = math.sin(2 * math.pi * beats)
    return value * value * (3 - 2 * value) if value > 0 else 0.0


def _bounce(beat: float, amplitude: float, depth: float = 0.07) -> float:
    """A small dip on every beat, the pulse that all moves share."""
    return -depth * amplitude * _pulse(beat)


def _stride(beats: float, first: float, then: float) -> tuple[float, float]:
    """Where a foot is that stands at `first`, steps to `then` and back once a beat: (x, height).

    It moves only while it is in the air: up to 0.3 it swings over, stands, from 0.5 to 0.8 it
    swings back.
    """
    phase = beats % 1.0
    out = smoothstep(phase / 0.3)
    back = smoothstep((phase - 0.5) / 0.3)
    lifted = math.sin(math.pi * min(1.0, phase / 0.3)) if phase < 0.5 else 0.0
    if 0.5 <= phase < 0.8:
        lifted = math.sin(math.pi * (phase - 0.5) / 0.3)
    return first + (then - first) * (out - back), lifted


def wave_arms(beat: float, amplitude: float) -> DancePose:
    """Both arms overhead, waving from side to side."""
    s = _wave(beat / 2)
    return DancePose(
        travel=0.16 * s * amplitude,
        lean=9 * s * amplitude,
        lift=_bounce(beat, amplitude),
        head_roll=10 * s,
        right_raise=128 - 34 * s * amplitude,
        right_bend=20 - 26 * _wave(beat / 2 + 0.15),
        left_raise=128 + 34 * s * amplitude,
        left_bend=20 + 26 * _wave(beat / 2 + 0.15),
        right_foot_y=0.10 * max(0.0, s),
        left_foot_y=0.10 * max(0.0, -s),
        squash=0.03 * _wave(beat),
    )


def step_touch(beat: float, amplitude: float) -> DancePose:
    """Steps to the side, closes, and back, elbows pumping."""
    s = _wave(beat / 2)
    right_x, right_up = _stride(beat / 2 - 0.10, -0.17, 0.17)
    left_x, left_up = _stride(beat / 2 + 0.08, -0.17, 0.17)
    return DancePose(
        travel=0.30 * s * amplitude,
        lean=-5 * s,
        yaw=16 * s,
        stance_yaw=8 * s,
        lift=_bounce(beat, amplitude, 0.08),
        head_roll=8 * s,
        right_raise=52 - 26 * s * amplitude,
        right_bend=78,
        right_front=24 - 14 * s,
        left_raise=52 + 26 * s * amplitude,
        left_bend=78,
        left_front=24 + 14 * s,
        right_foot_x=right_x * amplitude,
        left_foot_x=left_x * amplitude,
        right_foot_y=0.16 * right_up,
        left_foot_y=0.16 * left_up,
        squash=0.03 * _wave(beat),
    )


def hop(beat: float, amplitude: float) -> DancePose:
    """A hop on every beat, arms thrown up."""
    h = _up(beat)
    return DancePose(
        lift=0.52 * h * amplitude - 0.16 * _pulse(beat + 0.25) * (1 - h),
        squash=0.07 * _wave(beat - 0.08),
        head_nod=-10 * h + 6 * _pulse(beat + 0.25),
        head_roll=8 * _wave(beat / 2),
        right_raise=40 + 100 * h,
        right_bend=26,
        left_raise=40 + 100 * h,
        left_bend=26,
        right_foot_x=-0.10 * h * h,
        left_foot_x=0.10 * h * h,
        right_foot_y=0.56 * h * amplitude,
        left_foot_y=0.56 * h * amplitude,
        travel=0.08 * _wave(beat / 2),
    )


def spin(beat: float, amplitude: float) -> DancePose:
    """One full turn on the spot in two beats, then a pose."""
    phase = beat % 4
    turn = 360.0 * smoothstep((phase - 0.5) / 2.0)
    flat = smoothstep(phase / 0.5) - smoothstep((phase - 2.6) / 0.6)
    pose = smoothstep((phase - 2.6) / 0.5) - smoothstep((phase - 3.6) / 0.4)
    return DancePose(
        yaw=turn,
        stance_yaw=turn,
        lift=0.08 * _pulse(beat) * flat,
        head_yaw=18 * flat,
        right_raise=32 + 52 * flat + 96 * pose * amplitude,
        right_bend=12,
        left_raise=32 + 52 * flat + 30 * pose * amplitude,
        left_bend=12 + 70 * pose,
        right_foot_y=0.12 * _pulse(beat) * flat,
        left_foot_y=0.12 * _pulse(beat + 0.5) * flat,
        lean=7 * pose,
        head_roll=8 * pose,
    )


def disco_point(beat: float, amplitude: float) -> DancePose:
    """One arm points up and out, then down across; the hip follows."""
    s = _wave(beat / 2)
    e = max(0.0, s)
    return DancePose(
        lean=-8 * s * amplitude,
        twist=-8 * s,
        travel=0.20 * s * amplitude,
        yaw=20 * s,
        lift=_bounce(beat, amplitude, 0.06),
        right_raise=36,
        right_bend=88 - 20 * e,
        right_front=34,
        left_raise=40 + 108 * e * amplitude,
        left_bend=6,
        left_front=14 + 36 * (1 - e),
        head_yaw=14 * s,
        head_roll=-8 * s,
        right_foot_y=0.06 * e,
        left_foot_x=0.10,
        squash=0.02 * _wave(beat),
    )


def side_kick(beat: float, amplitude: float) -> DancePose:
    """Kicks to the side, left and right in turn."""
    s = _wave(beat / 2)
    left, right = _up(beat / 2), _up(beat / 2 + 0.5)
    return DancePose(
        travel=-0.14 * s,
        lean=-9 * s * amplitude,
        lift=_bounce(beat, amplitude, 0.05),
        right_raise=72 + 12 * s,
        right_bend=52,
        right_front=16,
        left_raise=72 - 12 * s,
        left_bend=52,
        left_front=16,
        left_foot_x=0.46 * left * left * amplitude,
        left_foot_y=0.54 * left * amplitude,
        left_foot_z=0.16 * left,
        right_foot_x=-0.46 * right * right * amplitude,
        right_foot_y=0.54 * right * amplitude,
        right_foot_z=0.16 * right,
        head_roll=9 * s,
    )


_ROBOT_STOPS = (
    (90.0, 90.0, 84.0, -70.0, -20.0),
    (84.0, -70.0, 90.0, 90.0, 20.0),
    (40.0, 90.0, 120.0, 40.0, -14.0),
    (120.0, 40.0, 40.0, 90.0, 14.0),
)


def robot(beat: float, amplitude: float) -> DancePose:
    """Angular arms that snap from stop to stop on the half beat."""
    position = beat * 1.5
    i = math.floor(position)
    f = smoothstep((position - i) * 2.2)
    a, b = _ROBOT_STOPS[(i - 1) % 4], _ROBOT_STOPS[i % 4]
    v = [x + (y - x) * f for x, y in zip(a, b, strict=True)]
    return DancePose(
        yaw=v[4] * amplitude,
        head_yaw=-1.2 * v[4],
        travel=v[4] * 0.006,
        lift=_bounce(beat, amplitude, 0.05),
        left_raise=v[0],
        left_bend=v[1],
        right_raise=v[2],
        right_bend=v[3],
        lean=0.25 * v[4],
        right_foot_y=0.10 * _up(beat / 2),
        left_foot_y=0.10 * _up(beat / 2 + 0.5),
    )


def clap(beat: float, amplitude: float) -> DancePose:
    """Claps in front of the chest with a swinging hip."""
    e, s = _pulse(beat), _wave(beat / 4)
    return DancePose(
        travel=0.22 * s * amplitude,
        lean=6 * s,
        lift=0.04 * e - 0.06,
        right_raise=50 + 10 * e,
        right_bend=52 + 34 * e,
        right_front=44 + 34 * e,
        left_raise=50 + 10 * e,
        left_bend=52 + 34 * e,
        left_front=44 + 34 * e,
        head_nod=6 * e,
        head_roll=9 * s,
        right_foot_y=0.16 * _up(beat / 2),
        left_foot_y=0.16 * _up(beat / 2 + 0.5),
        squash=-0.03 * e,
    )


def twist(beat: float, amplitude: float) -> DancePose:
    """The twist: hips against shoulders, deep in the knees."""
    s = _wave(beat / 2)
    return DancePose(
        yaw=30 * s * amplitude,
        twist=-30 * s * amplitude,
        stance_yaw=20 * s,
        lift=-0.16 - 0.05 * _wave(beat),
        travel=0.10 * s,
        right_raise=58,
        right_bend=70 - 22 * s,
        right_front=30 - 18 * s,
        left_raise=58,
        left_bend=70 + 22 * s,
        left_front=30 + 18 * s,
        head_yaw=-10 * s,
        head_roll=5 * s,
        right_foot_x=-0.06,
        left_foot_x=0.06,
    )


def arm_flow(beat: float, amplitude: float) -> DancePose:
    """A wave that runs through both arms from hand to hand."""
    s = _wave(beat / 2)
    return DancePose(
        lean=7 * s,
        travel=0.12 * s,
        lift=_bounce(beat, amplitude, 0.06),
        right_raise=88 + 26 * s * amplitude,
        right_bend=42 * _wave(beat / 2 - 0.15),
        left_raise=88 + 26 * _wave(beat / 2 + 0.5) * amplitude,
        left_bend=42 * _wave(beat / 2 + 0.35),
        head_roll=12 * _wave(beat / 2 + 0.1),
        yaw=10 * s,
        left_foot_y=0.08 * max(0.0, -s),
        right_foot_y=0.08 * max(0.0, s),
    )


def march(beat: float, amplitude: float) -> DancePose:
    """Knees up in turn, arms pumping against them."""
    s = _wave(beat / 2)
    left, right = _up(beat / 2), _up(beat / 2 + 0.5)
    return DancePose(
        lift=_bounce(beat, amplitude, 0.05) + 0.04,
        yaw=-10 * s,
        lean=-5 * s,
        travel=-0.10 * s,
        right_raise=40 + 34 * left,
        right_front=30 + 20 * left,
        right_bend=86,
        left_raise=40 + 34 * right,
        left_front=30 + 20 * right,
        left_bend=86,
        left_foot_y=0.50 * left * amplitude,
        left_foot_z=0.12 * left,
        right_foot_y=0.50 * right * amplitude,
        right_foot_z=0.12 * right,
        head_roll=6 * s,
        head_nod=4 * _pulse(beat),
    )


def low_sway(beat: float, amplitude: float) -> DancePose:
    """Deep in the knees, swaying with the arms out."""
    s = _wave(beat / 2)
    return DancePose(
        lift=-0.22 - 0.07 * _wave(beat),
        travel=0.30 * s * amplitude,
        lean=13 * s * amplitude,
        head_roll=-8 * s,
        right_raise=76 - 24 * s,
        right_bend=30 + 20 * s,
        left_raise=76 + 24 * s,
        left_bend=30 - 20 * s,
        right_foot_x=-0.18,
        left_foot_x=0.18,
        yaw=14 * s,
    )


def jumping_jack(beat: float, amplitude: float) -> DancePose:
    """Star and straight, in two beats."""
    e = _pulse(beat / 2)
    apart = smoothstep((beat % 2.0 - 0.05) / 0.4) - smoothstep((beat % 2.0 - 1.05) / 0.4)
    return DancePose(
        lift=0.22 * _up(beat) * amplitude - 0.10 * e,
        right_raise=30 + 112 * e,
        right_bend=10 + 8 * e,
        left_raise=30 + 112 * e,
        left_bend=10 + 8 * e,
        right_foot_x=-0.38 * apart * amplitude,
        left_foot_x=0.38 * apart * amplitude,
        right_foot_y=0.20 * _up(beat),
        left_foot_y=0.20 * _up(beat),
        head_nod=-6 * e,
        squash=0.04 * _wave(beat),
    )


def flap(beat: float, amplitude: float) -> DancePose:
    """Hands on the chest, elbows flapping, bobbing from side to side."""
    e, s = _pulse(beat), _wave(beat / 2)
    return DancePose(
        lift=-0.12 - 0.08 * e,
        lean=8 * s * amplitude,
        bow=6 * e,
        travel=0.14 * s,
        right_raise=48 + 40 * e,
        right_bend=-84 - 16 * e,
        right_front=20,
        left_raise=48 + 40 * e,
        left_bend=-84 - 16 * e,
        left_front=20,
        head_nod=10 * e - 4,
        head_yaw=14 * s,
        right_foot_x=-0.10,
        left_foot_x=0.10,
        left_foot_y=0.10 * max(0.0, s),
        right_foot_y=0.10 * max(0.0, -s),
    )


def lasso(beat: float, amplitude: float) -> DancePose:
    """One hand on the hip, the other swings a lasso."""
    c, s = math.cos(2 * math.pi * beat), _wave(beat)
    sway = _wave(beat / 2)
    return DancePose(
        right_raise=52,
        right_bend=-92,
        right_front=6,
        left_raise=140 + 14 * s * amplitude,
        left_bend=28 * c,
        left_front=20 + 16 * c,
        lean=7 * sway,
        travel=0.24 * sway * amplitude,
        lift=_bounce(beat, amplitude, 0.10),
        yaw=18 * sway,
        head_roll=7 * sway,
        left_foot_x=0.10,
        right_foot_x=-0.08,
        left_foot_y=0.10 * _up(beat / 2 + 0.5),
        right_foot_y=0.10 * _up(beat / 2),
    )


def bow_and_rise(beat: float, amplitude: float) -> DancePose:
    """Folds forward and opens up to the sky."""
    e = _pulse(beat / 2)
    return DancePose(
        bow=22 * (1 - e) * amplitude - 4,
        head_nod=12 * (1 - e) - 10 * e,
        lift=-0.20 * (1 - e),
        right_raise=34 + 112 * e,
        right_bend=20 + 14 * e,
        right_front=34 * (1 - e),
        left_raise=34 + 112 * e,
        left_bend=20 + 14 * e,
        left_front=34 * (1 - e),
        head_roll=9 * _wave(beat / 4),
        squash=0.05 * (1 - e) - 0.02 * e,
        travel=0.10 * _wave(beat / 4),
    )


def big_turn(beat: float, amplitude: float) -> DancePose:
    """Turns into profile and back, one arm leading."""
    s = _wave(beat / 4)
    turn = 66 * s * amplitude
    return DancePose(
        yaw=turn,
        stance_yaw=turn,
        head_yaw=-8 * s,
        lift=_bounce(beat, amplitude, 0.08),
        right_raise=70 - 20 * s,
        right_bend=30 + 20 * _wave(beat / 2),
        right_front=30,
        left_raise=70 + 20 * s,
        left_bend=30 - 20 * _wave(beat / 2),
        left_front=30,
        right_foot_y=0.14 * _up(beat / 2),
        left_foot_y=0.14 * _up(beat / 2 + 0.5),
        lean=4 * s,
    )


def glide(beat: float, amplitude: float) -> DancePose:
    """Slides from side to side on the toes, arms loose."""
    s, c = _wave(beat / 4), math.cos(math.pi * beat / 2)
    return DancePose(
        travel=0.52 * s * amplitude,
        yaw=-24 * c,
        stance_yaw=-20 * c,
        lean=7 * c,
        lift=-0.07 - 0.03 * _wave(beat),
        right_raise=44 + 18 * c,
        right_bend=34,
        left_raise=44 - 18 * c,
        left_bend=34,
        right_foot_x=0.52 * s * amplitude + 0.10 * _wave(beat / 2),
        left_foot_x=0.52 * s * amplitude - 0.10 * _wave(beat / 2),
        right_foot_y=0.10 * _up(beat / 2),
        left_foot_y=0.10 * _up(beat / 2 + 0.5),
        head_roll=-6 * c,
    )


def arm_cross(beat: float, amplitude: float) -> DancePose:
    """Arms cross before the chest on the beat and are thrown open on the next."""
    e = _pulse(beat / 2 + 0.5)
    s = _wave(beat / 4)
    return DancePose(
        travel=0.14 * s,
        lean=5 * s,
        bow=5 * e - 2,
        twist=6 * _wave(beat / 2),
        lift=_bounce(beat, amplitude, 0.08),
        right_raise=78 - 16 * e,
        right_front=14 + 88 * e,
        right_bend=20 + 4 * e,
        left_raise=78 - 6 * e,
        left_front=14 + 84 * e,
        left_bend=20 + 14 * e,
        head_nod=7 * e,
        head_roll=-6 * s,
        right_foot_y=0.10 * _up(beat / 2),
        left_foot_y=0.10 * _up(beat / 2 + 0.5),
        squash=0.03 * e,
    )


def shoulder_taps(beat: float, amplitude: float) -> DancePose:
    """Each hand reaches across to the other shoulder in turn; the hip answers."""
    s = _wave(beat / 2)
    right, left = max(0.0, s), max(0.0, -s)
    return DancePose(
        travel=-0.12 * s,
        yaw=-12 * s * amplitude,
        twist=-6 * s,
        lean=4 * s,
        lift=_bounce(beat, amplitude, 0.07),
        right_raise=44 + 18 * right,
        right_front=20 + 92 * right,
        right_bend=64 - 6 * right,
        left_raise=44 + 18 * left,
        left_front=20 + 92 * left,
        left_bend=64 - 6 * left,
        head_yaw=12 * s,
        head_roll=6 * s,
        right_foot_y=0.10 * _up(beat / 2 + 0.5),
        left_foot_y=0.10 * _up(beat / 2),
    )


def running_man(beat: float, amplitude: float) -> DancePose:
    """Runs on the spot: knees high, arms pumping from the elbow, chest against the hips."""
    left, right = _up(beat / 2), _up(beat / 2 + 0.5)
    s = _wave(beat / 2)
    return DancePose(
        lift=0.10 * _pulse(beat) * amplitude - 0.08,
        bow=7,
        yaw=14 * s,
        twist=-24 * s,
        right_raise=34 + 30 * left,
        right_front=50 + 24 * left,
        right_bend=78,
        left_raise=34 + 30 * right,
        left_front=50 + 24 * right,
        left_bend=78,
        left_foot_y=0.56 * left * amplitude,
        left_foot_z=0.22 * left,
        right_foot_y=0.56 * right * amplitude,
        right_foot_z=0.22 * right,
        head_yaw=8 * s,
        head_nod=5 * _pulse(beat + 0.5),
        squash=0.03 * _wave(beat + 0.25),
    )


def charleston(beat: float, amplitude: float) -> DancePose:
    """Toes in, heels out: one shin flicks to the side, the arms swing against it."""
    s = _wave(beat / 2)
    left, right = _up(beat / 2), _up(beat / 2 + 0.5)
    return DancePose(
        lift=-0.10 - 0.05 * _wave(beat),
        lean=-6 * s * amplitude,
        yaw=10 * s,
        twist=-16 * s,
        right_raise=46 - 18 * s * amplitude,
        right_bend=30 + 20 * s,
        right_front=22,
        left_raise=46 + 18 * s * amplitude,
        left_bend=30 - 20 * s,
        left_front=22,
        left_foot_x=0.26 * left * left * amplitude,
        left_foot_y=0.30 * left,
        right_foot_x=-0.26 * right * right * amplitude,
        right_foot_y=0.30 * right,
        head_roll=8 * s,
        head_nod=4 * _pulse(beat),
    )


def body_roll(beat: float, amplitude: float) -> DancePose:
    """A wave from the head down to the knees, hands on the thighs."""
    roll = _wave(beat / 2)
    late = _wave(beat / 2 - 0.18)
    return DancePose(
        bow=12 * late * amplitude,
        head_nod=-12 * roll,
        lift=-0.14 - 0.10 * _wave(beat / 2 - 0.34),
        yaw=12 * _wave(beat / 4),
        right_raise=30 + 8 * late,
        right_bend=14 - 30 * _pulse(beat / 2),
        right_front=30,
        left_raise=30 + 8 * late,
        left_bend=14 - 30 * _pulse(beat / 2),
        left_front=30,
        right_foot_x=-0.08,
        left_foot_x=0.08,
        head_roll=6 * _wave(beat / 4),
        squash=0.04 * late,
    )


def dab(beat: float, amplitude: float) -> DancePose:
    """Drops the head into one elbow, the other arm flung up; from side to side."""
    s = _wave(beat / 4)
    hit = smoothstep((abs(s) - 0.25) / 0.45)
    way = 1.0 if s >= 0 else -1.0
    near, far = (hit, 0.0) if way > 0 else (0.0, hit)
    return DancePose(
        lean=10 * way * hit * amplitude,
        travel=0.16 * s,
        twist=-10 * way * hit,
        lift=_bounce(beat, amplitude, 0.09),
        head_roll=12 * way * hit,
        head_nod=14 * hit,
        right_raise=50 + 46 * near + 70 * far,
        right_bend=24 + 8 * near - 20 * far,
        right_front=20 + 88 * near,
        left_raise=50 + 46 * far + 70 * near,
        left_bend=24 + 8 * far - 20 * near,
        left_front=20 + 88 * far,
        right_foot_y=0.10 * _up(beat / 2),
        left_foot_y=0.10 * _up(beat / 2 + 0.5),
        squash=0.03 * hit,
    )


def back_groove(beat: float, amplitude: float) -> DancePose:
    """Turns its back, sways there for a beat, and turns on to the front."""
    phase = beat % 4
    turn = 180.0 * (smoothstep((phase - 0.3) / 1.1) + smoothstep((phase - 2.5) / 1.1))
    away = smoothstep((phase - 0.3) / 1.1) - smoothstep((phase - 2.5) / 1.1)
    s = _wave(beat / 2)
    return DancePose(
        yaw=turn,
        stance_yaw=turn,
        lean=8 * s * away * amplitude,
        travel=0.12 * s * away,
        lift=_bounce(beat, amplitude, 0.09),
        head_yaw=-16 * s * away,
        right_raise=32 + 66 * away - 20 * s * away,
        right_bend=16 + 44 * away,
        left_raise=32 + 66 * away + 20 * s * away,
        left_bend=16 + 44 * away,
        right_foot_y=0.12 * _up(beat),
        left_foot_y=0.12 * _up(beat + 0.5),
    )


MOVES: dict[str, Move] = {
    "wave arms": wave_arms,
    "step touch": step_touch,
    "hop": hop,
    "spin": spin,
    "disco point": disco_point,
    "side kick": side_kick,
    "robot": robot,
    "clap": clap,
    "twist": twist,
    "arm flow": arm_flow,
    "march": march,
    "low sway": low_sway,
    "jumping jack": jumping_jack,
    "flap": flap,
    "lasso": lasso,
    "bow and rise": bow_and_rise,
    "big turn": big_turn,
    "glide": glide,
    "arm cross": arm_cross,
    "shoulder taps": shoulder_taps,
    "running man": running_man,
    "charleston": charleston,
    "body roll": body_roll,
    "dab": dab,
    "back groove": back_groove,
}
TURNING_MOVES = ("spin", "big turn", "back groove")
"""Moves that leave |yaw| < 60 degrees; only a minority of dances has one."""

WHOLE_TURNS = ("spin", "back groove")
"""Moves that must start and end frontal: they never run outside their own four beats."""

SLIDING_MOVES = ("glide", "twist", "big turn")
"""Moves whose feet slide or pivot on the floor on purpose; in all others a foot that stands stays
where it is."""
