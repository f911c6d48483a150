"""What a character is made of, and the context in which its pieces draw themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from a2bench.procedural.colour import Colour
from a2bench.procedural.dance import SpringState
from a2bench.procedural.paths import Path
from a2bench.procedural.pen import Canvas, Pen
from a2bench.procedural.rig import Rig, Skeleton
from a2bench.procedural.solids import PosedSolid

SurfacePaint: TypeAlias = Callable[[Canvas, PosedSolid], None]
"""Draws a pattern on a solid; the canvas is clipped to the outline of the solid."""


@dataclass
class Figure:
    """One character at one instant, being drawn."""

    design: "BodyDesign"
    pen: Pen
    skeleton: Skeleton
    springs: SpringState
    eyelids: float
    """0 open, 1 closed."""
    beat: float
    time_seconds: float


Feature: TypeAlias = Callable[[Figure], None]
"""Adds ears, a tail, a hat ... to the pen of a figure."""


@dataclass(frozen=True)
class SurfaceLook:
    """Colour and patterns of a solid."""

    colour: Colour
    paints: tuple[SurfacePaint, ...] = ()
    glossy: bool = True
    shade: float = 1.0
    fuzzy: bool = True
    side: Colour | None = None
    """Colour of the rim of thick flat bodies."""
    side_paints: tuple[SurfacePaint, ...] = ()
    """Patterns on that rim."""
    back_paints: tuple[SurfacePaint, ...] = ()
    """Patterns on the back of thick flat bodies."""


@dataclass(frozen=True)
class Cloth:
    """A tube of cloth over a limb: sleeve, trouser leg, sock, glove."""

    colour: Colour
    start: float
    end: float
    """Along the limb: 0 shoulder or hip, 1 elbow or knee, 2 wrist or ankle."""
    room: float = 1.25
    """Width over the width of the limb."""
    stripe: Colour | None = None


@dataclass(frozen=True)
class LimbLook:
    """Arms or legs."""

    widths: tuple[float, float, float]
    colour: Colour
    cloth: tuple[Cloth, ...] = ()
    end: str = "mitten"
    """Hand: mitten, glove, ball, claw, leaf. Foot: shoe, paw, boot, webbed, peg."""
    end_size: float = 19.0
    end_colour: Colour = (1.0, 1.0, 1.0)
    sole: Colour | None = None
    fuzzy: bool = True


@dataclass(frozen=True)
class FaceDesign:
    """Where the face sits on the solid that carries it, in px, and what it looks like."""

    eye_gap: float
    eye_v: float
    eye_radius: float
    eyes: str = "big"
    """big, dot, oval, led, cyclops"""
    iris: Colour = (0.25, 0.5, 0.3)
    brow_degrees: float | None = None
    lashes: bool = False
    mouth: str = "open"
    """open, smile, cat, fang, small, led, none"""
    mouth_v: float = 0.3
    mouth_size: float = 20.0
    nose: str = "none"
    """none, triangle, oval, snout, beak, bill, carrot, trunk"""
    nose_v: float = 0.42
    nose_size: float = 12.0
    nose_colour: Colour = (0.15, 0.08, 0.10)
    muzzle: tuple[float, float, Colour] | None = None
    """Half width, half height, colour of a bulging muzzle."""
    cheeks: Colour | None = (1.0, 0.45, 0.5)


@dataclass(frozen=True)
class BodyDesign:
    """Everything that is needed to draw a character in any posture."""

    plan: str
    rig: Rig
    torso: SurfaceLook
    head: SurfaceLook | None
    face: FaceDesign
    arms: LimbLook | None
    legs: LimbLook | None
    features: tuple[Feature, ...] = ()
    ear_azimuth: float | None = None
    ear_v: float = 0.6
    """Where the ear joints are, for bodies with ears."""
    torso_outline: Callable[["Figure"], Path] | None = None
    """For bodies whose outline is alive, as the hem of a ghost; empty for that of the solid."""
