"""Motion capture from BVH files, danced by any body: limb directions, no lengths.

`read_bvh` reads a file that may be hostile: sizes are bounded, numbers finite, and every refusal
names the line. `CapturedDance` turns it into postures. A BVH skeleton is understood by its names
(wrist or hand, ankle or foot, hips, neck, head; their parents are elbow, shoulder, knee and hip
joint), a body by directions alone, so any proportions will do.

A dance starts frontal in the neutral stand and eases into the capture. A capture that is shorter
than 6.2 s is played forwards and backwards.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from a2bench.errors import A2BenchError
from a2bench.procedural.dance import DURATION_SECONDS, SpringState, integrate_springs
from a2bench.procedural.moves import NEUTRAL
from a2bench.procedural.rig import LimbDirections, Posture, Rig, realise
from a2bench.procedural.rng import Pcg32
from a2bench.procedural.vectors import (
    DEGREES,
    Rotation,
    Vec3,
    add,
    length,
    lerp,
    product,
    rotated,
    smoothstep,
    subtract,
    unit,
    wrapped_degrees,
)

MAX_BYTES = 16 * 2**20
"""Over two minutes at 120 Hz; as numbers at most 16 times that, if each has one digit."""
MAX_JOINTS = 512
MAX_DEPTH = 64
MAX_FRAMES = 200_000
_MAX_NUMBER = 1e6
_SHORTEST_SECONDS = 0.5
_LINE_BYTES = 64 * 1024

_EASE_IN_SECONDS = 0.6
_MOST_TRAVEL = 0.55
"""Leg lengths that the root may leave its place to the side; further out it is bent back softly."""
_FLOOR_SAMPLES = 240

_CHANNELS = {f"{axis}{kind}": (axis, kind) for axis in "XYZ" for kind in ("position", "rotation")}


@dataclass(frozen=True)
class BvhJoint:
    """One joint of the hierarchy; `parent` is an index, -1 for the root."""

    name: str
    parent: int
    offset: Vec3
    channels: tuple[str, ...]
    first_channel: int
    """Where its values start in a row of the motion."""


@dataclass(frozen=True)
class Capture:
    """A skeleton and its rows of channel values."""

    name: str
    joints: tuple[BvhJoint, ...]
    rows: tuple[tuple[float, ...], ...]
    frame_seconds: float

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return (len(self.rows) - 1) * self.frame_seconds


class _Lines:
    """The words of a text with the number of the line they stand on."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._lines = enumerate(text.split("\n"), start=1)
        self._words: list[str] = []
        self.number = 0

    def line(self) -> list[str] | None:
        """Return the words of the next line that has any."""
        for number, text in self._lines:
            self.number = number
            if len(text) > _LINE_BYTES:
                raise self.wrong(f"a line of {len(text)} characters")
            if words := text.split():
                return words
        return None

    def word(self) -> str:
        """Return the next word."""
        if not self._words:
            self._words = self.line() or []
            if not self._words:
                raise self.wrong("the file ends here, inside the hierarchy or its head")
        return self._words.pop(0)

    def numeral(self) -> float:
        """Return the next word as a finite number."""
        return self.as_number(self.word())

    def as_number(self, word: str) -> float:
        """Return a word as a number that can be used."""
        try:
            value = float(word)
        except ValueError:
            raise self.wrong(f"{word[:40]!r} is not a number") from None
        if not math.isfinite(value) or abs(value) > _MAX_NUMBER:
            raise self.wrong(f"{word[:40]!r} is no finite number up to {_MAX_NUMBER:g}")
        return value

    def count(self, most: int, what: str) -> int:
        """Return the next word as a count from 0 to `most`."""
        word = self.word()
        if not re.fullmatch(r"[0-9]{1,12}", word) or int(word) > most:
            raise self.wrong(f"{word[:40]!r} {what}; at most {most} can be")
        return int(word)

    def expect(self, *words: str) -> str:
        """Return the next word, which must be one of these."""
        if (found := self.word()) not in words:
            raise self.wrong(f"{found[:40]!r}, expected {' or '.join(words)}")
        return found

    def wrong(self, what: str) -> A2BenchError:
        """Return the error for where we are."""
        return A2BenchError(
            f"{self.path}, line {self.number}: {what}.\n"
            "hint: a BVH file has HIERARCHY, a ROOT with JOINTs, then MOTION, Frames:, Frame Time: "
            "and a line of numbers a frame"
        )


def read_bvh(path: Path) -> Capture:
    """Read a BVH file.

    Raises:
        A2BenchError: not such a file, damaged, or absurdly large; names the line.
    """
    if not path.is_file():
        raise A2BenchError(f"motion={path}: no such file.")
    if path.stat().st_size > MAX_BYTES:
        raise A2BenchError(
            f"motion={path}: over {MAX_BYTES} bytes, which are not read.\n"
            "hint: cut the capture; each character dances 6.2 s of it"
        )
    lines = _Lines(path, path.read_bytes().decode("utf-8", errors="replace"))
    if lines.word() != "HIERARCHY":
        raise lines.wrong("the file does not start with HIERARCHY")
    joints, width = _hierarchy(lines)
    lines.expect("MOTION")
    lines.expect("Frames:")
    frames = lines.count(MAX_FRAMES, "frames")
    lines.expect("Frame")
    lines.expect("Time:")
    frame_seconds = lines.numeral()
    if not 1e-4 <= frame_seconds <= 1.0:
        raise lines.wrong(f"a frame time of {frame_seconds:g} s, expected 0.0001 to 1")
    if (frames - 1) * frame_seconds < _SHORTEST_SECONDS:
        raise lines.wrong(
            f"{frames} frames of {frame_seconds:g} s, at least half a second is needed"
        )
    rows: list[tuple[float, ...]] = []
    while (words := lines.line()) is not None:
        if len(rows) == frames:
            raise lines.wrong(f"more lines than the {frames} frames that were announced")
        if len(words) != width:
            raise lines.wrong(f"{len(words)} numbers, the hierarchy has {width} channels")
        rows.append(tuple(lines.as_number(word) for word in words))
    if len(rows) != frames:
        raise lines.wrong(f"the file ends after {len(rows)} of {frames} frames")
    return Capture(path.stem, tuple(joints), tuple(rows), frame_seconds)


def _hierarchy(lines: _Lines) -> tuple[list[BvhJoint], int]:
    """Read the joints; return them and the number of channels of all."""
    joints: list[BvhJoint] = []
    stack: list[int] = []
    width = 0
    lines.expect("ROOT")
    kind = "ROOT"
    while True:
        if kind == "}":
            stack.pop()
            if not stack:
                return joints, width
        else:
            if len(joints) == MAX_JOINTS or len(stack) == MAX_DEPTH:
                raise lines.wrong(f"more than {MAX_JOINTS} joints, or {MAX_DEPTH} one in another")
            name = lines.word()[:100]
            lines.expect("{")
            lines.expect("OFFSET")
            offset = (lines.numeral(), lines.numeral(), lines.numeral())
            channels: tuple[str, ...] = ()
            if kind != "End":
                lines.expect("CHANNELS")
                channels = tuple(
                    lines.expect(*_CHANNELS) for _ in range(lines.count(6, "channels of one joint"))
                )
            parent = stack[-1] if stack else -1
            joints.append(BvhJoint(name, parent, offset, channels, width))
            width += len(channels)
            stack.append(len(joints) - 1)
        kind = lines.expect("JOINT", "End", "}")


def _axis_rotation(axis: str, degrees: float) -> Rotation:
    c, s = math.cos(degrees * DEGREES), math.sin(degrees * DEGREES)
    if axis == "X":
        return ((1.0, 0.0, 0.0), (0.0, c, -s), (0.0, s, c))
    if axis == "Y":
        return ((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c))
    return ((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0))


_IDENTITY: Rotation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

_ROLES: dict[str, tuple[str, ...]] = {
    "right wrist": ("rightwrist", "rwrist", "righthand", "rhand"),
    "left wrist": ("leftwrist", "lwrist", "lefthand", "lhand"),
    "right ankle": ("rightankle", "rankle", "rightfoot", "rfoot"),
    "left ankle": ("leftankle", "lankle", "leftfoot", "lfoot"),
    "neck": ("neck", "neck1", "necktwist01", "lowerneck", "spineneck"),
    "head": ("head",),
}
"""Names by which joints are known, without prefix, case, blanks and underlines; the first wins."""


def _plain(name: str) -> str:
    name = name.rpartition(":")[2].lower()
    return re.sub(r"[^a-z0-9]", "", name.removeprefix("cc_base_").removeprefix("mixamorig"))


@dataclass(frozen=True)
class _Instant:
    """What a body needs of a capture at one instant; axes as in the picture: y down, z to us."""

    hips: Vec3
    """Middle of the hip joints."""
    left: Vec3
    """From the right hip joint to the left one."""
    chest_left: Vec3
    """From the right shoulder to the left one."""
    spine: Vec3
    skull: Vec3
    facing: Vec3
    """Where the face looks."""
    arms: tuple[LimbDirections, LimbDirections]
    legs: tuple[LimbDirections, LimbDirections]
    lowest: tuple[float, float]
    """y of the lower ankle and of the lower toe."""


class Dancer:
    """A capture whose joints have been recognised."""

    def __init__(self, capture: Capture, path: Path | None = None) -> None:
        self.capture = capture
        names = [_plain(joint.name) for joint in capture.joints]
        where = path or capture.name
        self._index: dict[str, int] = {}
        for role, known in _ROLES.items():
            found = next((names.index(name) for name in known if name in names), None)
            if found is None:
                raise A2BenchError(
                    f"{where}: no joint is the {role} (known names: {', '.join(known)}).\n"
                    f"hint: it has {', '.join(sorted(filter(None, names)))[:400]}; rename one"
                )
            self._index[role] = found
        for role, chain in (("wrist", ("elbow", "shoulder")), ("ankle", ("knee", "hip"))):
            for side in ("right", "left"):
                joint = self._index[f"{side} {role}"]
                for above in chain:
                    joint = capture.joints[joint].parent
                    if joint <= 0:
                        raise A2BenchError(
                            f"{where}: the {side} {role} has no {above} above it in the hierarchy."
                        )
                    self._index[f"{side} {above}"] = joint
        # The first bone of a foot ends in the toes; without one the ankle stands for them.
        for side in ("right", "left"):
            ankle = self._index[f"{side} ankle"]
            below = [i for i, joint in enumerate(capture.joints) if joint.parent == ankle]
            self._index[f"{side} toe"] = below[0] if below else ankle
        self._needed = self._with_ancestors(set(self._index.values()))
        rest, _ = self._pose(None)
        self._z_is_up = self._is_z_up(rest)
        hips = subtract(rest[self._index["left hip"]], rest[self._index["right hip"]])
        left = self._turned(hips)
        # In the rest pose all axes are the world's: what is forward there, turns with the head.
        self._rest_forward = unit((-left[2], 0.0, left[0]))
        self._leg = sum(
            length(capture.joints[self._index[f"right {name}"]].offset)
            for name in ("knee", "ankle")
        )
        if self._leg < 1e-6:
            raise A2BenchError(f"{where}: the right leg has no length.")
        step = max(1, len(capture.rows) // _FLOOR_SAMPLES)
        seen = [
            self._instant(row * capture.frame_seconds).lowest
            for row in range(0, len(capture.rows), step)
        ]
        # y is down: where ankles and toes mostly are when they are down
        self._floor = (_low([ankle for ankle, _ in seen]), _low([toe for _, toe in seen]))

    def _with_ancestors(self, joints: set[int]) -> frozenset[int]:
        """Fingers and toes are many and say nothing of a body's limbs."""
        needed = set(joints)
        for joint in joints:
            while (joint := self.capture.joints[joint].parent) >= 0:
                needed.add(joint)
        return frozenset(needed)

    def _is_z_up(self, rest: list[Vec3]) -> bool:
        head, foot = rest[self._index["head"]], rest[self._index["right ankle"]]
        up = subtract(head, foot)
        return abs(up[2]) > abs(up[1])

    def _turned(self, v: Vec3) -> Vec3:
        """A vector in the axes of the picture: x right, y down, z towards the viewer."""
        return (v[0], -v[2], -v[1]) if self._z_is_up else (v[0], -v[1], v[2])

    def _pose(self, row: tuple[float, ...] | None) -> tuple[list[Vec3], list[Rotation]]:
        """Positions and rotations of all joints that matter; None: all channels zero."""
        places: list[Vec3] = []
        turns: list[Rotation] = []
        for index, joint in enumerate(self.capture.joints):
            if index not in self._needed:
                places.append((0.0, 0.0, 0.0))
                turns.append(_IDENTITY)
                continue
            turn, moved = _IDENTITY, list(joint.offset)
            for k, channel in enumerate(joint.channels):
                axis, kind = _CHANNELS[channel]
                value = row[joint.first_channel + k] if row is not None else 0.0
                if kind == "rotation":
                    turn = product(turn, _axis_rotation(axis, value))
                elif joint.parent < 0:  # elsewhere bones keep their length
                    moved["XYZ".index(axis)] = value
            if joint.parent < 0:
                places.append((moved[0], moved[1], moved[2]))
                turns.append(turn)
            else:
                above = turns[joint.parent]
                places.append(add(places[joint.parent], rotated(above, joint.offset)))
                turns.append(product(above, turn))
        return places, turns

    def _instant(self, time_seconds: float) -> _Instant:
        """The capture at a time within it, linear between its frames."""
        capture, at = self.capture, self._index
        position = min(max(0.0, time_seconds / capture.frame_seconds), len(capture.rows) - 1.0)
        first = min(int(position), len(capture.rows) - 2)
        share = position - first
        before, before_turns = self._pose(capture.rows[first])
        after, after_turns = self._pose(capture.rows[first + 1])
        places = {
            name: self._turned(lerp(before[joint], after[joint], share))
            for name, joint in at.items()
        }
        forward = self._source(self._rest_forward)
        head = at["head"]
        looks = lerp(
            rotated(before_turns[head], forward), rotated(after_turns[head], forward), share
        )

        def between(a: str, b: str) -> Vec3:
            return subtract(places[b], places[a])

        def limb(side: str, start: str, middle: str, end: str) -> LimbDirections:
            a, b, c = (f"{side} {name}" for name in (start, middle, end))
            return unit(between(a, b)), unit(between(b, c))

        hips = lerp(places["right hip"], places["left hip"], 0.5)
        return _Instant(
            hips=hips,
            left=between("right hip", "left hip"),
            chest_left=between("right shoulder", "left shoulder"),
            spine=unit(subtract(places["neck"], hips)),
            skull=unit(between("neck", "head")),
            facing=self._turned(looks),
            arms=(
                limb("right", "shoulder", "elbow", "wrist"),
                limb("left", "shoulder", "elbow", "wrist"),
            ),
            legs=(limb("right", "hip", "knee", "ankle"), limb("left", "hip", "knee", "ankle")),
            lowest=(
                max(places["right ankle"][1], places["left ankle"][1]),
                max(places["right toe"][1], places["left toe"][1]),
            ),
        )

    def _source(self, v: Vec3) -> Vec3:
        """The inverse of `_turned`."""
        return (v[0], -v[2], -v[1]) if self._z_is_up else (v[0], -v[1], v[2])

    def posture(self, time_seconds: float, start_yaw: float, start: Vec3, travel: float) -> Posture:
        """The posture at a time of the capture, turned and moved so that it starts at rest.

        Args:
            time_seconds: within the capture.
            start_yaw: yaw at the start, in degrees; it becomes 0.
            start: place of the hips at the start; it becomes the middle.
            travel: how much of the sideways travel a body takes.
        """
        now = self._instant(time_seconds)
        turn = _axis_rotation("Y", -start_yaw)

        def facing(v: Vec3) -> Vec3:
            return rotated(turn, v)

        def both(
            limbs: tuple[LimbDirections, LimbDirections],
        ) -> tuple[LimbDirections, LimbDirections]:
            (a, b), (c, d) = limbs
            return (facing(a), facing(b)), (facing(c), facing(d))

        yaw = _yaw_of_left(facing(now.left))
        twist = _limited(wrapped_degrees(_yaw_of_left(facing(now.chest_left)) - yaw), 60.0)
        lean, bow = _tilt(facing(now.spine))
        roll, nod = _tilt(facing(now.skull))
        looks = facing(now.facing)
        legs = both(now.legs)
        drop = max(0.5 * (upper[1] + lower[1]) for upper, lower in legs)
        gaps = [floor - low for floor, low in zip(self._floor, now.lowest, strict=True)]
        above_floor = max(0.0, min(gaps) / self._leg)
        moved = facing(subtract(now.hips, start))
        side = moved[0] / self._leg
        return Posture(
            yaw=yaw,
            twist=twist,
            lean=_limited(lean, 55.0),
            bow=_limited(bow, 45.0),
            head_yaw=_limited(
                wrapped_degrees(math.atan2(looks[0], looks[2]) / DEGREES - yaw - twist), 60.0
            ),
            head_roll=_limited(wrapped_degrees(roll - lean), 30.0),
            head_nod=_limited(nod - bow, 30.0),
            squash=0.0,
            travel=travel * side / math.sqrt(1.0 + (side / _MOST_TRAVEL) ** 2),
            lift=drop - 1.0 + min(above_floor, 0.8),
            arms=both(now.arms),
            legs=legs,
        )

    def start(self, time_seconds: float) -> tuple[float, Vec3]:
        """Yaw in degrees and place of the hips at a time."""
        now = self._instant(time_seconds)
        return _yaw_of_left(now.left), now.hips


def _low(heights: list[float]) -> float:
    ordered = sorted(heights)
    return ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]


def _yaw_of_left(left: Vec3) -> float:
    """Yaw in degrees of a body whose left is there; 0 where it faces the viewer."""
    return math.atan2(-left[2], left[0]) / DEGREES


def _tilt(up: Vec3) -> tuple[float, float]:
    """Lean and bow in degrees that bring "up" to a direction."""
    return math.atan2(up[0], -up[1]) / DEGREES, math.asin(max(-1.0, min(1.0, up[2]))) / DEGREES


def _limited(value: float, most: float) -> float:
    return max(-most, min(most, value))


@dataclass(frozen=True)
class CapturedDance:
    """A capture as one character dances it: from a seeded moment on, mirrored or not."""

    dancer: Dancer
    start_seconds: float
    mirror: bool
    travel_scale: float
    bpm: float = 90.0
    """Of what wags in time; a capture has no beat that is known."""

    def _source_seconds(self, time_seconds: float) -> float:
        """Time in the capture: on from the start, back and forth between its ends."""
        long = self.dancer.capture.seconds
        position = (self.start_seconds + time_seconds) % (2 * long)
        return position if position <= long else 2 * long - position

    @cached_property
    def _start(self) -> tuple[float, Vec3]:
        return self.dancer.start(self._source_seconds(0.0))

    def _free(self, time_seconds: float) -> Posture:
        posture = self.dancer.posture(
            self._source_seconds(time_seconds), *self._start, self.travel_scale
        )
        return mirrored_posture(posture) if self.mirror else posture

    def posture(self, rig: Rig, time_seconds: float) -> Posture:
        """The posture at an instant; the neutral stand at and before t = 0."""
        neutral = realise(rig, NEUTRAL)
        if time_seconds <= 0.0:
            return neutral
        posture = self._free(time_seconds)
        one_piece = rig.head is None
        posture = Posture(
            **{
                **posture.__dict__,
                "head_yaw": 0.0 if one_piece else posture.head_yaw,
                "head_roll": 0.0 if one_piece else posture.head_roll,
                "head_nod": 0.0 if one_piece else posture.head_nod,
                "arms": posture.arms if rig.has_arms else None,
                "legs": posture.legs if rig.has_legs else None,
                "lift": posture.lift if rig.has_legs else max(0.0, posture.lift),
            }
        )
        if time_seconds < _EASE_IN_SECONDS:
            return blend_postures(neutral, posture, smoothstep(time_seconds / _EASE_IN_SECONDS))
        return posture

    @cached_property
    def _springs(self) -> tuple[SpringState, ...]:
        def drive(time_seconds: float) -> tuple[float, float]:
            eased = smoothstep(time_seconds / _EASE_IN_SECONDS)
            now = self._free(max(0.0, time_seconds))
            turned = math.sin(math.radians(now.yaw + now.twist + now.head_yaw))
            sideways = now.travel + 0.016 * (now.lean + 0.6 * now.head_roll) + 0.4 * turned
            return sideways * eased, now.lift * eased

        return integrate_springs(drive)

    def springs(self, time_seconds: float) -> SpringState:
        """The state of the springs at an instant."""
        return SpringState.at(self._springs, time_seconds)


def captured_dance(dancer: Dancer, seed: int, *, travel_scale: float) -> CapturedDance:
    """The capture as the character of a seed dances it."""
    rng = Pcg32(seed, "captured dance")
    room = max(0.0, dancer.capture.seconds - DURATION_SECONDS)
    return CapturedDance(dancer, rng.uniform(0.0, room), rng.chance(0.5), travel_scale)


def mirrored_posture(posture: Posture) -> Posture:
    """The posture in a mirror: right and left change places."""

    def swapped(
        limbs: tuple[LimbDirections, LimbDirections] | None,
    ) -> tuple[LimbDirections, LimbDirections] | None:
        if limbs is None:
            return None
        (a, b), (c, d) = (tuple((-x, y, z) for x, y, z in limb) for limb in limbs)
        return (c, d), (a, b)

    return Posture(
        yaw=-posture.yaw,
        twist=-posture.twist,
        lean=-posture.lean,
        bow=posture.bow,
        head_yaw=-posture.head_yaw,
        head_roll=-posture.head_roll,
        head_nod=posture.head_nod,
        squash=posture.squash,
        travel=-posture.travel,
        lift=posture.lift,
        arms=swapped(posture.arms),
        legs=swapped(posture.legs),
    )


def blend_postures(first: Posture, second: Posture, amount: float) -> Posture:
    """`first` moved towards `second`; yaw goes the short way round, bones keep their length."""

    def mixed(name: str) -> float:
        a, b = getattr(first, name), getattr(second, name)
        return float(a + (b - a) * amount)

    def limbs(name: str) -> tuple[LimbDirections, LimbDirections] | None:
        a, b = getattr(first, name), getattr(second, name)
        if a is None or b is None:
            return None
        (p, q), (r, s) = (
            tuple(unit(lerp(x, y, amount)) for x, y in zip(one, other, strict=True))
            for one, other in zip(a, b, strict=True)
        )
        return (p, q), (r, s)

    return Posture(
        yaw=first.yaw + wrapped_degrees(second.yaw - first.yaw) * amount,
        arms=limbs("arms"),
        legs=limbs("legs"),
        **{
            name: mixed(name)
            for name in (
                "twist", "lean", "bow", "head_yaw", "head_roll", "head_nod", "squash", "travel",
                "lift",
            )
        },
    )  # fmt: skip
