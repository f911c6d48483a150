"""Dances: pure functions of time, on the beat, with feet that stand where they stand."""

import itertools

import pytest

from a2bench.procedural import cast, move_names
from a2bench.procedural.dance import DURATION_SECONDS, Dance, Segment
from a2bench.procedural.moves import MOVES, NEUTRAL, SLIDING_MOVES, TURNING_MOVES


def alone(move: str, bpm: float = 75.0) -> Dance:
    """A dance of one move, then a rest of hops, as a sequence needs a second."""
    beats = 4
    return Dance((Segment(move, beats, 1.0, False, 0.0), Segment("hop", 4, 1.0, False, 0.0)), bpm)


def test_there_are_25_moves_and_the_cast_dances_all_of_them() -> None:
    danced = set(itertools.chain.from_iterable(character.moves for character in cast()))

    assert len(move_names()) == 25
    assert danced == set(move_names())


@pytest.mark.parametrize("move", MOVES)
def test_the_first_frame_is_the_neutral_stand(move: str) -> None:
    assert alone(move).pose(0.0) == NEUTRAL


@pytest.mark.parametrize("move", MOVES)
def test_a_move_moves_and_never_jumps(move: str) -> None:
    """At 240 Hz no angle changes by more than 9 degrees (2160 a second), yaw aside no wrap."""
    dance = alone(move)
    poses = [dance.pose(i / 240) for i in range(int(3.2 * 240))]
    largest = 0.0
    for before, after in itertools.pairwise(poses):
        for name in ("lean", "bow", "twist", "right_raise", "left_raise", "right_bend"):
            largest = max(largest, abs(getattr(after, name) - getattr(before, name)))

    assert largest < 9.0
    spread = max(p.right_raise for p in poses) - min(p.right_raise for p in poses)
    assert spread > 5.0 or move in TURNING_MOVES


@pytest.mark.parametrize("move", [name for name in MOVES if name not in SLIDING_MOVES])
def test_a_foot_that_stands_stays_where_it_is(move: str) -> None:
    """On the floor (under 1 % of a leg) it creeps less than 0.1 leg lengths a second."""
    dance, step = alone(move), 1 / 120
    for side in ("right", "left"):
        for i in range(60, int(6.0 / step)):
            before, after = dance.pose(i * step), dance.pose((i + 1) * step)
            heights = [getattr(pose, f"{side}_foot_y") for pose in (before, after)]
            if max(heights) < 0.01:
                dx = getattr(after, f"{side}_foot_x") - getattr(before, f"{side}_foot_x")
                assert abs(dx) / step < 0.1, (side, i * step)


def test_feet_of_whole_dances_hardly_slide() -> None:
    """First 60 of the cast: of the time a foot stands, it slides (on purpose) less than 8 %."""
    stands = slides = 0
    for character in cast()[:60]:
        dance = character.dance()
        for i in range(30, int(6.0 * 60)):
            before, after = dance.pose(i / 60), dance.pose((i + 1) / 60)
            for side in ("right", "left"):
                if max(getattr(p, f"{side}_foot_y") for p in (before, after)) < 0.01:
                    stands += 1
                    dx = getattr(after, f"{side}_foot_x") - getattr(before, f"{side}_foot_x")
                    slides += abs(dx) * 60 > 0.1

    assert stands > 10_000
    assert slides / stands < 0.08


def test_springs_are_the_same_at_any_frame_rate() -> None:
    """They are computed on a grid of their own and read at an instant, in any order."""
    dance = cast()[0].dance()
    forwards = [dance.springs(t / 24) for t in range(48)]
    fresh = cast()[0].dance()
    backwards = [fresh.springs(t / 8) for t in reversed(range(16))]

    assert forwards[::3] == backwards[::-1]
    assert max(abs(state.sway) for state in forwards) > 3


def test_rises_stretch_and_landings_squash() -> None:
    """A hop: stretched on the way up, squashed where the fall is stopped."""
    dance = alone("hop", 60.0)
    times = [1 + i / 100 for i in range(200)]
    poses = [dance.pose(t) for t in times]
    high = max(poses, key=lambda p: p.lift)
    speeds = [(dance.pose(t + 0.01).lift - dance.pose(t - 0.01).lift) / 0.02 for t in times]
    fastest = poses[speeds.index(max(speeds))]

    assert fastest.squash < 0 < max(p.squash for p in poses)
    assert high.lift > 0.4


def test_crossing_arms_cross() -> None:
    """In `arm cross` each hand goes to the other side of the body."""
    from a2bench.procedural.rig import arm_directions

    dance = alone("arm cross")
    crossed = 0
    for i in range(60, 300):
        pose = dance.pose(i / 100)
        right, left = arm_directions(pose)
        crossed += right[1][0] > 0.3 and left[1][0] < -0.3

    assert crossed > 20


def test_turns_show_the_back() -> None:
    for move in ("spin", "back groove"):
        yaws = [alone(move).pose(i / 50).yaw % 360 for i in range(int(DURATION_SECONDS * 50))]
        assert any(150 < yaw < 210 for yaw in yaws)
