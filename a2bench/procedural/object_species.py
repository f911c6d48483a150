"""What species share whose bodies are all head: fruit, food, things, plants and tools."""

from collections.abc import Callable

from a2bench.procedural.colour import hex_colour
from a2bench.procedural.figure import BodyDesign
from a2bench.procedural.paths import (
    curve,
)
from a2bench.procedural.species import (
    OBJECT_OUTFITS,
    ObjectTraits,
    Recipe,
    Species,
    object_body,
)

SEED_SHAPE = curve([(0, -1), (0.6, 0.3), (0, 1), (-0.6, 0.3)])
GREEN = hex_colour("4f9f45")
FREE_SLOTS = ("top", "bow", "eyes", "sides", "none")
LEGGED = "legs without arms"


def object_species(
    name: str,
    family: str,
    noun: str,
    traits: Callable[[Recipe], ObjectTraits],
    *,
    slots: tuple[str, ...] = ("eyes", "bow", "collar", "none"),
    proportions: tuple[str, ...] = ("noodle", "stubby", "stilted"),
    coats: int = 3,
    places: tuple[str, ...] = (),
    plan: str = "object biped",
) -> Species:
    def build(recipe: Recipe) -> BodyDesign:
        return object_body(recipe, traits(recipe), plan)

    return Species(
        name, family, noun, build, plan, proportions, OBJECT_OUTFITS, slots, coats, (), places
    )
