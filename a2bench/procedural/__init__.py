"""The procedural character generator of the data set `a2bench-proc`.

500 dancing characters, each drawn by code at any instant, with exact pixels, masks, part ids and
COCO-18 joints:

    from a2bench.procedural import Scene, cast
    fox = cast()[0]
    frame = Scene.self_driven(fox).frame(1.25)

The same numbers come out on every x86-64 machine, in every process and in any order of calls.
"""

from a2bench.procedural.accessories import SLOTS
from a2bench.procedural.backgrounds import BACKGROUNDS
from a2bench.procedural.cast import VERSION, Character, cast, split_order
from a2bench.procedural.dance import DURATION_SECONDS
from a2bench.procedural.mannequin import MannequinScene
from a2bench.procedural.moves import MOVES
from a2bench.procedural.parts import SPRINGY, PartId
from a2bench.procedural.pen import STYLES
from a2bench.procedural.registry import SPECIES
from a2bench.procedural.rig import DRIVEN_BONES
from a2bench.procedural.scene import FRAME_SIZE, Camera, Frame, Scene

__all__ = [
    "DRIVEN_BONES",
    "DURATION_SECONDS",
    "FRAME_SIZE",
    "SPRINGY",
    "VERSION",
    "Camera",
    "Character",
    "Frame",
    "MannequinScene",
    "PartId",
    "Scene",
    "accessory_names",
    "background_names",
    "body_plan_names",
    "cast",
    "family_names",
    "move_names",
    "species_names",
    "split_order",
    "style_names",
]


def background_names() -> tuple[str, ...]:
    """Names of all places."""
    return tuple(BACKGROUNDS)


def move_names() -> tuple[str, ...]:
    """Names of all dance moves."""
    return tuple(MOVES)


def species_names() -> tuple[str, ...]:
    """Names of all species."""
    return tuple(SPECIES)


def style_names() -> tuple[str, ...]:
    """Names of all drawing styles."""
    return tuple(STYLES)


def accessory_names() -> tuple[str, ...]:
    """Names of all accessories; `none` is one of them."""
    return tuple(SLOTS)


def family_names() -> tuple[str, ...]:
    """Names of all families of species."""
    return tuple(dict.fromkeys(species.family for species in SPECIES.values()))


def body_plan_names() -> tuple[str, ...]:
    """Names of all body plans."""
    return tuple(dict.fromkeys(species.plan for species in SPECIES.values()))
