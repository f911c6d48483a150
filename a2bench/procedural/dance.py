"""A dance: a seeded sequence of moves on the beat, and the springs that follow it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from a2bench.procedural.moves import (
    MOVES,
    NEUTRAL,
    TURNING_MOVES,
    WHOLE_TURNS,
    DancePose,
    blend,
    mirrored,
)
from a2bench.procedural.rig import Posture, Rig, realise
from a2bench.procedural.rng import Pcg32
from a2bench.procedural.vectors import smoothstep

DURATION_SECONDS = 6.2
_EASE_IN_SECONDS = 0.45
_CROSSFADE_BEATS = 0.8
_MOMENT_SECONDS = 0.04
_SQUASH_BY_PUSH, _STRETCH_BY_SPEED, _MOST_SQUASH = 0.0020, 0.012, 0.07
"""Squash for each leg length a second squared upwards, stretch for each leg length a second."""
_GRID_HZ = 60
_SUBSTEPS = 4


@dataclass(frozen=True)
class Segment:
    """One move in the sequence."""

    move: str
    beats: int
    amplitude: float
    mirror: bool
    phase: float
    """Beats added to the clock of the move, so that two dancers of one move are not in step."""


@dataclass(frozen=True)
class SpringState:
    """How far loose things lag behind: degrees sideways, and a bounce of about -1..1 (positive:
    thrown up).
    """

    sway: float
    bounce: float

    @classmethod
    def at(cls, states: "tuple[SpringState, ...]", time_seconds: float) -> "SpringState":
        """The state at an instant, linear between the points of the grid."""
        position = min(max(0.0, time_seconds * _GRID_HZ), len(states) - 1.001)
        i = int(position)
        f = position - i
        a, b = states[i], states[i + 1]
        return cls(a.sway + (b.sway - a.sway) * f, a.bounce + (b.bounce - a.bounce) * f)


@dataclass(frozen=True)
class Dance:
    """A continuous dance; `pose(t)` depends on t only."""

    segments: tuple[Segment, ...]
    bpm: float
    travel_scale: float = 1.0

    def pose(self, time_seconds: float) -> DancePose:
        """The pose at an instant; the neutral stand at and before t = 0.

        Fast rises and falls stretch the body, and what stops a fall squashes it: taken from the
        dance itself just before and after, so that any frame rate sees the same.
        """
        here = self._steps(time_seconds)
        if time_seconds <= 0.0:
            return here
        h = _MOMENT_SECONDS
        before, after = self._steps(time_seconds - h).lift, self._steps(time_seconds + h).lift
        speed = (after - before) / (2 * h)
        push = (after - 2 * here.lift + before) / (h * h)
        impulse = _SQUASH_BY_PUSH * max(0.0, push) - _STRETCH_BY_SPEED * abs(speed)
        squash = here.squash + max(-_MOST_SQUASH, min(_MOST_SQUASH, impulse))
        eased = smoothstep(time_seconds / _EASE_IN_SECONDS)
        return here._replace(squash=here.squash + (squash - here.squash) * eased)

    def _steps(self, time_seconds: float) -> DancePose:
        """The sequence of moves at an instant."""
        if time_seconds <= 0.0:
            return NEUTRAL
        beat = time_seconds * self.bpm / 60.0
        start = 0
        index = 0
        total = sum(segment.beats for segment in self.segments)
        lap = int(beat // total)
        inside = beat - lap * total
        while inside >= start + self.segments[index].beats:
            start += self.segments[index].beats
            index += 1
        segment = self.segments[index]
        pose = self._move(segment, inside - start)
        left = start + segment.beats - inside
        if left < _CROSSFADE_BEATS:
            following = self.segments[(index + 1) % len(self.segments)]
            # The next move runs up from before its own start, so that both keep moving while
            # they mix.
            amount = smoothstep(1.0 - left / _CROSSFADE_BEATS)
            pose = _changed_feet(pose, self._move(following, -left), amount)
        if time_seconds < _EASE_IN_SECONDS:
            pose = blend(NEUTRAL, pose, smoothstep(time_seconds / _EASE_IN_SECONDS))
        return pose

    def _move(self, segment: Segment, beat: float) -> DancePose:
        shifted = beat + segment.phase
        if segment.move in WHOLE_TURNS:
            shifted = min(3.999, max(0.0, beat))
        pose = MOVES[segment.move](shifted, segment.amplitude)
        if segment.mirror:
            pose = mirrored(pose)
        k = self.travel_scale
        return pose._replace(
            travel=pose.travel * k,
            right_foot_x=pose.right_foot_x * (0.5 + 0.5 * k),
            left_foot_x=pose.left_foot_x * (0.5 + 0.5 * k),
        )

    def posture(self, rig: Rig, time_seconds: float) -> Posture:
        """The posture in which a body dances an instant."""
        return realise(rig, self.pose(time_seconds))

    @cached_property
    def _springs(self) -> tuple[SpringState, ...]:
        return integrate_springs(lambda time_seconds: _drive(self.pose(time_seconds)))

    def springs(self, time_seconds: float) -> SpringState:
        """The state of the springs at an instant."""
        return SpringState.at(self._springs, time_seconds)


def integrate_springs(drive: Callable[[float], tuple[float, float]]) -> tuple[SpringState, ...]:
    """Damped springs on a fixed grid of 60 Hz with four sub-steps, from rest at t = 0.

    Args:
        drive: time -> where loose things are held, in leg lengths: sideways and upwards.
    """
    step = 1.0 / _GRID_HZ
    h = step / _SUBSTEPS
    sway = sway_speed = bounce = bounce_speed = 0.0
    x1, y1 = drive(0.0)
    x0, y0 = x1, y1
    states = [SpringState(0.0, 0.0)]
    for i in range(1, int(DURATION_SECONDS * _GRID_HZ) + 8):
        x2, y2 = drive(i * step)
        push_x = max(-40.0, min(40.0, (x2 - 2 * x1 + x0) / (step * step)))
        push_y = max(-40.0, min(40.0, (y2 - 2 * y1 + y0) / (step * step)))
        for _ in range(_SUBSTEPS):
            sway_speed += h * (-130.0 * sway - 9.0 * sway_speed - 190.0 * push_x)
            sway += h * sway_speed
            bounce_speed += h * (-190.0 * bounce - 10.0 * bounce_speed - 9.0 * push_y)
            bounce += h * bounce_speed
        x0, y0, x1, y1 = x1, y1, x2, y2
        states.append(SpringState(_soft_limit(sway, 26.0), _soft_limit(bounce, 1.0)))
    return tuple(states)


def _changed_feet(first: DancePose, second: DancePose, amount: float) -> DancePose:
    """One move mixed into the next; feet step over one after the other instead of sliding."""
    mixed = blend(first, second, amount)
    feet = {}
    for side, part in (("right", min(1.0, 2 * amount)), ("left", max(0.0, 2 * amount - 1))):
        a, b = getattr(first, f"{side}_foot_x"), getattr(second, f"{side}_foot_x")
        step = min(0.14, 0.6 * abs(b - a)) * math.sin(math.pi * part)
        feet[f"{side}_foot_x"] = a + (b - a) * smoothstep(part)
        feet[f"{side}_foot_y"] = max(getattr(mixed, f"{side}_foot_y"), step)
    return mixed._replace(**feet)


def _soft_limit(value: float, limit: float) -> float:
    return value / math.sqrt(1.0 + (value / limit) ** 2)


def _drive(pose: DancePose) -> tuple[float, float]:
    """Where loose things are held, in leg lengths: sideways (travel, lean, head) and upwards."""
    sideways = (
        pose.travel
        + 0.016 * (pose.lean + 0.6 * pose.head_roll)
        + 0.4 * math.sin(math.radians(pose.yaw + pose.twist + pose.head_yaw))
    )
    return sideways, pose.lift - 0.5 * pose.squash


def compose_dance(seed: int, *, turning: bool, travel_scale: float) -> Dance:
    """The dance of a seed: four or five different moves, 60 to 105 beats a minute."""
    rng = Pcg32(seed, "dance")
    calm = [name for name in sorted(MOVES) if name not in TURNING_MOVES]
    chosen = rng.shuffled(calm)[:5]
    if turning:
        chosen[1 + rng.below(2)] = rng.choice(TURNING_MOVES)
    bpm = 60.0 + 5.0 * rng.below(10)
    segments = []
    for name in chosen:
        beats = 4 if name in TURNING_MOVES else 2 + rng.below(2)
        segments.append(
            Segment(
                move=name,
                beats=beats,
                amplitude=rng.uniform(0.85, 1.15),
                mirror=rng.chance(0.5),
                phase=rng.below(4) * 0.5,
            )
        )
    return Dance(tuple(segments), bpm, travel_scale)
