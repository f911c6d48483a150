"""Moves of the training characters; the benchmark's cast dances none of them.

Half are written out, half are improvised: smooth random angles on the beat. Between them they reach
the poses that arms and legs can take without repeating one of the benchmark's moves.
"""

import math

from a2bench.procedural.moves import DancePose, Move
from a2bench.procedural.rng import Pcg32, seed_from_text
from a2bench.procedural.vectors import smoothstep


def _wave(beats: float) -> float:
    return math.sin(2 * math.pi * beats)


def _rise(beats: float) -> float:
    """0 on the beat, 1 half-way, smooth."""
    return 0.5 - 0.5 * math.cos(2 * math.pi * beats)


def _lifted(beats: float) -> float:
    """A foot that is up in the first half of the beat."""
    return max(0.0, math.sin(2 * math.pi * beats)) ** 2


def windmill(beat: float, amplitude: float) -> DancePose:
    """Straight arms circle against each other, one a quarter turn behind the other."""
    turn = 70 * amplitude
    return DancePose(
        right_raise=95 + turn * _wave(beat / 3),
        right_bend=6,
        right_front=45 + 40 * _wave(beat / 3 + 0.25),
        left_raise=95 - turn * _wave(beat / 3),
        left_bend=6,
        left_front=45 - 40 * _wave(beat / 3 + 0.25),
        lean=6 * _wave(beat / 6),
        lift=-0.06 * _rise(beat),
        right_foot_x=-0.06,
        left_foot_x=0.06,
    )


def swim(beat: float, amplitude: float) -> DancePose:
    """Front crawl: arms reach and pull in turn, the trunk rolls with them."""
    s, c = _wave(beat / 2), _wave(beat / 2 + 0.25)
    return DancePose(
        twist=18 * s * amplitude,
        bow=10,
        head_yaw=-12 * s,
        lift=-0.10 - 0.05 * _rise(beat),
        right_raise=92 + 64 * s * amplitude,
        right_front=56 + 26 * c,
        right_bend=24 - 18 * c,
        left_raise=92 - 64 * s * amplitude,
        left_front=56 - 26 * c,
        left_bend=24 + 18 * c,
        travel=0.08 * s,
    )


def boxing(beat: float, amplitude: float) -> DancePose:
    """Fists at the chin, one jab out to the side at a time."""
    left, right = _lifted(beat / 2), _lifted(beat / 2 + 0.5)
    return DancePose(
        yaw=14 * (right - left) * amplitude,
        lift=-0.09 - 0.05 * _rise(2 * beat),
        right_raise=58 + 34 * right,
        right_bend=104 - 96 * right,
        right_front=40 - 20 * right,
        left_raise=58 + 34 * left,
        left_bend=104 - 96 * left,
        left_front=40 - 20 * left,
        right_foot_x=-0.16,
        left_foot_x=0.16,
        travel=0.10 * (left - right),
        head_nod=6 * (left + right),
    )


def aeroplane(beat: float, amplitude: float) -> DancePose:
    """Wings held straight, banking into long curves."""
    s = _wave(beat / 4)
    return DancePose(
        lean=20 * s * amplitude,
        travel=0.28 * s,
        yaw=18 * _wave(beat / 4 + 0.25),
        head_roll=-12 * s,
        lift=-0.08 - 0.06 * abs(s),
        right_raise=92,
        right_bend=-2 + 6 * _wave(beat),
        right_front=4,
        left_raise=92,
        left_bend=-2 - 6 * _wave(beat),
        left_front=4,
        left_foot_y=0.14 * _lifted(beat / 2),
        right_foot_y=0.14 * _lifted(beat / 2 + 0.5),
    )


def conductor(beat: float, amplitude: float) -> DancePose:
    """Both hands draw the bar in the air, one large and one small."""
    return DancePose(
        right_raise=78 + 44 * _wave(beat / 2) * amplitude,
        right_bend=62 + 34 * _wave(beat / 2 + 0.3),
        right_front=36,
        left_raise=64 + 20 * _wave(beat + 0.1),
        left_bend=74 + 24 * _wave(beat + 0.35),
        left_front=36,
        head_nod=8 * _wave(beat / 2),
        head_roll=6 * _wave(beat / 4),
        lean=4 * _wave(beat / 2 + 0.2),
        lift=-0.04 * _rise(beat),
    )


def rowing(beat: float, amplitude: float) -> DancePose:
    """Arms stretch forward and are pulled in together while the knees give."""
    e = _rise(beat / 2)
    return DancePose(
        bow=16 - 26 * e * amplitude,
        lift=-0.10 - 0.16 * e,
        right_raise=74 - 24 * e,
        right_front=84 - 30 * e,
        right_bend=4 + 84 * e,
        left_raise=74 - 24 * e,
        left_front=84 - 30 * e,
        left_bend=4 + 84 * e,
        head_nod=-8 + 16 * e,
        right_foot_x=-0.10,
        left_foot_x=0.10,
        squash=0.04 * _wave(beat / 2),
    )


def stomp(beat: float, amplitude: float) -> DancePose:
    """Heavy steps from one wide leg to the other, fists down."""
    s = _wave(beat / 2)
    left, right = _lifted(beat / 2), _lifted(beat / 2 + 0.5)
    return DancePose(
        lean=-12 * s * amplitude,
        travel=-0.22 * s,
        lift=-0.12 - 0.04 * _rise(beat),
        right_raise=24 + 26 * right,
        right_bend=-14 - 10 * right,
        left_raise=24 + 26 * left,
        left_bend=-14 - 10 * left,
        right_foot_x=-0.24,
        left_foot_x=0.24,
        right_foot_y=0.36 * right * amplitude,
        left_foot_y=0.36 * left * amplitude,
        head_roll=-6 * s,
    )


def cheer(beat: float, amplitude: float) -> DancePose:
    """Arms in a V, drawn to the hips, and a V again with a hop."""
    e = smoothstep(2.2 * _rise(beat / 2) - 0.6)
    return DancePose(
        right_raise=36 + 104 * e * amplitude,
        right_bend=72 - 66 * e,
        right_front=20 - 10 * e,
        left_raise=36 + 104 * e * amplitude,
        left_bend=72 - 66 * e,
        left_front=20 - 10 * e,
        lift=0.16 * e * _lifted(beat / 2) - 0.06,
        right_foot_y=0.12 * e * _lifted(beat / 2),
        left_foot_y=0.12 * e * _lifted(beat / 2),
        head_nod=-10 * e,
        yaw=10 * _wave(beat / 8),
    )


def archer(beat: float, amplitude: float) -> DancePose:
    """Draws a bow to one side, lets go, and turns to the other."""
    s = _wave(beat / 8)
    way = max(-1.0, min(1.0, 3 * s))
    drawn = _rise(beat / 2)
    one, other = 0.5 + 0.5 * way, 0.5 - 0.5 * way
    return DancePose(
        yaw=24 * way,
        lean=-5 * way,
        right_raise=88,
        right_bend=one * 4 + other * 96 * drawn * amplitude,
        right_front=14 + 40 * other,
        left_raise=88,
        left_bend=other * 4 + one * 96 * drawn * amplitude,
        left_front=14 + 40 * one,
        lift=-0.07 - 0.04 * drawn,
        right_foot_x=-0.15,
        left_foot_x=0.15,
        head_yaw=10 * way,
    )


def stretch(beat: float, amplitude: float) -> DancePose:
    """One arm over the head, the trunk bent far to the other side."""
    s = _wave(beat / 4)
    up, down = 0.5 + 0.5 * s, 0.5 - 0.5 * s
    return DancePose(
        lean=-22 * s * amplitude,
        right_raise=30 + 128 * up,
        right_bend=34 * up,
        right_front=8,
        left_raise=30 + 128 * down,
        left_bend=34 * down,
        left_front=8,
        head_roll=-10 * s,
        lift=-0.03 * _rise(beat),
        right_foot_x=-0.12,
        left_foot_x=0.12,
    )


def scales(beat: float, amplitude: float) -> DancePose:
    """A pair of scales: forearms level, one hand sinks while the other rises."""
    s = _wave(beat / 2)
    return DancePose(
        right_raise=50 + 34 * s * amplitude,
        right_bend=44 - 30 * s,
        right_front=26,
        left_raise=50 - 34 * s * amplitude,
        left_bend=44 + 30 * s,
        left_front=26,
        lean=10 * s,
        lift=-0.07 * _rise(beat + 0.25),
        right_foot_y=0.18 * _lifted(beat / 2),
        left_foot_y=0.18 * _lifted(beat / 2 + 0.5),
        head_roll=10 * s,
    )


def skater(beat: float, amplitude: float) -> DancePose:
    """Long pushes to the sides, the arms swinging across the body."""
    s = _wave(beat / 3)
    left, right = max(0.0, s) ** 2, max(0.0, -s) ** 2
    return DancePose(
        travel=0.26 * s * amplitude,
        lean=12 * s,
        bow=8,
        lift=-0.17,
        right_raise=44 + 38 * right,
        right_front=30 + 50 * left,
        right_bend=20,
        left_raise=44 + 38 * left,
        left_front=30 + 50 * right,
        left_bend=20,
        right_foot_x=-0.34 * left,
        right_foot_y=0.20 * left,
        left_foot_x=0.34 * right,
        left_foot_y=0.20 * right,
        head_yaw=12 * s,
    )


def improvisation(seed: int) -> Move:
    """Make a move of smooth random angles: each a level and one or two waves of the beat.

    Levels and swings are those that bodies take; feet are lifted in turn or stand apart.
    """
    rng = Pcg32(seed, "improvised move")

    def angle(low: float, high: float, swing: float) -> tuple[float, float, float, float, float]:
        reach = rng.uniform(0.25, 1.0) * swing
        period = rng.choice((0.25, 1 / 3, 0.5, 0.5, 1.0))
        return rng.uniform(low, high), reach, period, rng.unit(), rng.uniform(0.0, 0.35) * reach

    plan = {
        "twist": angle(-4, 4, 16),
        "yaw": angle(-8, 8, 20),
        "lean": angle(-4, 4, 14),
        "bow": angle(-2, 6, 8),
        "head_yaw": angle(-4, 4, 16),
        "head_roll": angle(-4, 4, 12),
        "head_nod": angle(-4, 6, 9),
        "travel": angle(-0.04, 0.04, 0.26),
        "squash": angle(0.0, 0.0, 0.04),
        "right_raise": angle(35, 125, 55),
        "right_front": angle(8, 50, 34),
        "right_bend": angle(-10, 70, 48),
        "left_raise": angle(35, 125, 55),
        "left_front": angle(8, 50, 34),
        "left_bend": angle(-10, 70, 48),
    }
    depth, stand = rng.uniform(0.0, 0.18), rng.uniform(0.0, 0.22)
    kick, side, ahead = rng.uniform(0.0, 0.45), rng.uniform(0.0, 0.30), rng.uniform(0.0, 0.16)
    step = rng.choice((0.5, 0.5, 1.0, 0.25))

    def move(beat: float, amplitude: float) -> DancePose:
        values = {
            name: level
            + amplitude
            * (
                reach * _wave(beat * period + phase)
                + second * _wave(2 * beat * period + 2.7 * phase)
            )
            for name, (level, reach, period, phase, second) in plan.items()
        }
        for arm in ("right_raise", "left_raise"):
            values[arm] = max(14.0, min(165.0, values[arm]))
        left, right = _lifted(beat * step), _lifted(beat * step + 0.5)
        return DancePose(
            **values,
            lift=-depth - 0.05 * _rise(beat),
            right_foot_x=-stand - side * right,
            left_foot_x=stand + side * left,
            right_foot_y=kick * right,
            left_foot_y=kick * left,
            right_foot_z=ahead * right,
            left_foot_z=ahead * left,
        )

    return move


_IMPROVISED = 28

TRAINING_MOVES: dict[str, Move] = {
    "windmill": windmill,
    "swim": swim,
    "boxing": boxing,
    "aeroplane": aeroplane,
    "conductor": conductor,
    "rowing": rowing,
    "stomp": stomp,
    "cheer": cheer,
    "archer": archer,
    "stretch": stretch,
    "scales": scales,
    "skater": skater,
} | {
    f"improvisation {number}": improvisation(seed_from_text(f"training move {number}"))
    for number in range(1, _IMPROVISED + 1)
}
"""By name; no name and no movement is one of `moves.MOVES`."""
