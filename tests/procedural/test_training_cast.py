"""Training characters: nothing that the benchmark measures, drawn the same everywhere."""

import numpy as np
import pytest

from a2bench.errors import A2BenchError
from a2bench.procedural import Scene, cast
from a2bench.procedural.colour import PALETTES, distance
from a2bench.procedural.moves import MOVES, DancePose, mirrored
from a2bench.procedural.registry import SPECIES
from a2bench.procedural.training_cast import (
    TRAINING_MOVES,
    TRAINING_PALETTES,
    TRAINING_SPECIES,
    TrainingCast,
    training_character,
)

SMALL = (32, 48)


def test_no_family_or_species_is_one_of_the_benchmarks():
    families = {species.family for species in SPECIES.values()}

    assert not {species.family for species in TRAINING_SPECIES.values()} & families
    assert not set(TRAINING_SPECIES) & set(SPECIES)
    assert len({species.family for species in TRAINING_SPECIES.values()}) >= 10
    assert len(TRAINING_SPECIES) >= 25


def test_no_palette_is_one_of_the_benchmarks():
    """Neither by name nor by its main and second colours together."""
    assert not set(TRAINING_PALETTES) & set(PALETTES)
    for ours in TRAINING_PALETTES.values():
        assert min(max(map(distance, ours[:3], theirs[:3])) for theirs in PALETTES.values()) > 0.2


def angles(poses: list[DancePose]) -> np.ndarray:
    return np.array(poses)[:, [*range(7), *range(11, 17)]]


def test_no_move_is_one_of_the_benchmarks():
    """Compared as movements: 8 beats of arms and trunk, mirrored too, from any beat on.

    The nearest two (of 40 x 25) are still 15 degrees apart, as root mean square over arm angles.
    """
    assert not set(TRAINING_MOVES) & set(MOVES)
    beats = np.arange(0, 8, 0.25)
    theirs = {
        name: [angles([way(move(b, 1.0)) for b in beats]) for way in (lambda p: p, mirrored)]
        for name, move in MOVES.items()
    }
    nearest = min(
        float(np.sqrt(((np.roll(ours, shift, axis=0) - known)[:, 7:] ** 2).mean()))
        for move in TRAINING_MOVES.values()
        for ours in [angles([move(b, 1.0) for b in beats])]
        for pair in theirs.values()
        for known in pair
        for shift in range(0, 32, 2)
    )

    assert nearest > 10


def test_ids_and_seeds_are_none_of_the_benchmarks():
    ids = {character.id for character in cast()}
    seeds = {character.seed for character in cast()}
    ours = [training_character(number) for number in range(300)]

    assert not {one.id for one in ours} & ids
    assert not {one.seed for one in ours} & seeds
    assert len({one.seed for one in ours}) == 300


def test_every_species_can_be_drawn():
    """One of each, small: the figure covers part of the frame and has key points."""
    for number in range(len(TRAINING_SPECIES)):
        frame = Scene.self_driven(training_character(number)).frame(1.0, scale=1 / 16)

        assert 0.03 < frame.mask.mean() < 0.8, training_character(number).id
        assert (frame.visibility > 0).sum() >= 8


def test_a_clip_follows_from_index_and_generator(tmp_path):
    """Kept or drawn anew, the same pixels and poses; the reference is the neutral stand."""
    drawn, kept = TrainingCast(3), TrainingCast(3, cache=str(tmp_path))

    clips = [
        source.clip(2, size=SMALL, frames=5, rng=np.random.default_rng(7))
        for source in (drawn, kept, kept)
    ]

    for clip in clips[1:]:
        assert (clip.frames == clips[0].frames).all()
        assert clip.poses.digest() == clips[0].poses.digest()
        assert clip.fps == clips[0].fps
    assert clips[0].frames.shape == (5, 48, 32, 3)
    as_drawn = kept.clip(2, size=(144, 216), frames=1, rng=np.random.default_rng(7))
    first = Scene.self_driven(training_character(2)).frame(0.0, scale=216 / 768)
    assert (as_drawn.reference_image == first.rgb).all()  # smaller ones are this one, made smaller


def test_half_of_the_clips_show_an_image_encoder_another_dancer(tmp_path):
    """As in `cross`; where they do not, it sees the character itself, as in `self`."""
    source = TrainingCast(1, cache=str(tmp_path))
    rng = np.random.default_rng(0)

    clips = [source.clip(0, size=SMALL, frames=3, rng=rng) for _ in range(40)]

    others = sum(clip.driving_frames is not None for clip in clips)
    assert 10 < others < 30


@pytest.mark.parametrize(
    ("index", "size", "frames"), [(3, SMALL, 4), (0, (48, 48), 4), (0, SMALL, 33), (0, SMALL, 0)]
)
def test_what_cannot_be_drawn_is_refused(index, size, frames):
    with pytest.raises(A2BenchError):
        TrainingCast(3).clip(index, size=size, frames=frames, rng=np.random.default_rng(0))
