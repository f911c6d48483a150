"""Training characters: drawn with the benchmark's kit, but of other families, colours and moves.

    cast = TrainingCast(600)
    clip = cast.clip(0, size=(144, 216), frames=8, rng=np.random.default_rng(0))

A character follows from its number, so any process draws the same one. What the benchmark's 500 do
have in common with them: drawing styles, places, outfits, accessories and the drawing kit itself.
"""

from a2bench.procedural.training_cast.characters import (
    TrainingCast,
    TrainingCharacter,
    TrainingDance,
    training_character,
)
from a2bench.procedural.training_cast.moves import TRAINING_MOVES
from a2bench.procedural.training_cast.palettes import TRAINING_PALETTES
from a2bench.procedural.training_cast.species import TRAINING_SPECIES

__all__ = [
    "TRAINING_MOVES",
    "TRAINING_PALETTES",
    "TRAINING_SPECIES",
    "TrainingCast",
    "TrainingCharacter",
    "TrainingDance",
    "training_character",
]
