"""Toys that are all head."""

from a2bench.procedural.colour import darker, hex_colour, lighter, mix
from a2bench.procedural.figure import Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.object_species import object_species
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    curve,
    ellipse,
    polygon,
    rectangle,
)
from a2bench.procedural.patterns import (
    band,
    decal,
)
from a2bench.procedural.solids import Solid
from a2bench.procedural.species import (
    ObjectTraits,
    Recipe,
    Species,
    pick,
)
from a2bench.procedural.vectors import Vec2


def _gamepad(r: Recipe) -> ObjectTraits:
    case = pick("5a5f78 e9e6ee d9505f 5a8fd0", r.coat)
    outline: tuple[Vec2, ...] = (
        (-0.92, 0.02),
        (-0.64, 0.0),
        (-0.46, 0.20),
        (0.0, 0.24),
        (0.46, 0.20),
        (0.64, 0.0),
        (0.92, 0.02),
        (1.0, 0.46),
        (0.90, 0.86),
        (0.62, 1.0),
        (0.0, 0.96),
        (-0.62, 1.0),
        (-0.90, 0.86),
        (-1.0, 0.46),
    )
    solid = Solid(
        198,
        116,
        ((0.0, 0.8), (0.3, 0.9), (0.46, 1.0), (0.86, 0.9), (1.0, 0.6)),
        0.30,
        0.9,
        outline,
        0.10,
    )
    dark = darker(case, 0.5)
    keys: tuple[SurfacePaint, ...] = tuple(
        decal(ellipse(x, y, 10, 10), tone, 0, 0.68, 1.0)
        for x, y, tone in (
            (80, -16, r.palette[0]),
            (80, 18, r.palette[1]),
            (63, 1, r.palette[2]),
            (97, 1, hex_colour("6fc86a")),
        )
    )
    cross = (
        decal(rectangle(-98, -7, 42, 14, 4), dark, 0, 0.68, 1.0),
        decal(rectangle(-84, -21, 14, 42, 4), dark, 0, 0.68, 1.0),
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            case,
            (*keys, *cross, decal(ellipse(0, 0, 13, 9), dark, 0, 0.90, 1.0)),
            side=darker(case, 0.16),
            back_paints=(
                decal(rectangle(-40, -22, 80, 44, 8), darker(case, 0.28), 180, 0.60, 1.0),
                decal(rectangle(-30, -4, 60, 8, 4), lighter(case, 0.25), 180, 0.60, 1.0),
                *(
                    decal(ellipse(0, 0, 6, 6), dark, 180 + a, v, 1.0)
                    for a in (-50, 50)
                    for v in (0.30, 0.80)
                ),
            ),
            fuzzy=False,
        ),
        face_v=0.62,
        face_half=29,
        shoulder_v=0.48,
        seat=64,
        hip_spread=0.27,
    )


def _guitar(r: Recipe) -> ObjectTraits:
    wood = pick("e09a4a c8503f 3f8f9f f0d8a0", r.coat)
    outline: tuple[Vec2, ...] = (
        (0.0, 0.0),
        (0.70, 0.03),
        (1.0, 0.20),
        (0.80, 0.36),
        (0.66, 0.44),
        (0.80, 0.56),
        (0.56, 0.66),
        (0.16, 0.67),
        (0.15, 0.90),
        (0.24, 0.92),
        (0.20, 1.0),
        (-0.20, 1.0),
        (-0.24, 0.92),
        (-0.15, 0.90),
        (-0.16, 0.67),
        (-0.56, 0.66),
        (-0.80, 0.56),
        (-0.66, 0.44),
        (-0.80, 0.36),
        (-1.0, 0.20),
        (-0.70, 0.03),
    )
    solid = Solid(
        330,
        104,
        ((0.0, 0.4), (0.2, 1.0), (0.44, 0.66), (0.56, 0.8), (0.66, 0.4), (1.0, 0.2)),
        0.24,
        0.75,
        outline,
        0.025,
    )
    dark = hex_colour("4a2f22")
    belly = curve([(x * 92, -(v - 0.32) * 308) for x, v in outline if v < 0.68], tension=0.8)
    strings: tuple[SurfacePaint, ...] = tuple(
        decal(rectangle(x - 0.9, -150, 1.8, 196), hex_colour("f5ead0"), 0, 0.55, 1.0)
        for x in (-8, -3, 3, 8)
    )
    look = SurfaceLook(
        wood,
        (
            decal(belly, lighter(wood, 0.18), 0, 0.33, 1.0),
            decal(ellipse(0, 0, 35, 35), lighter(wood, 0.5), 0, 0.56, 1.0),
            decal(ellipse(0, 0, 30, 30), dark, 0, 0.56, 1.0),
            decal(rectangle(-14, -150, 28, 120, 3), dark, 0, 0.55, 1.0),
            decal(rectangle(-22, -4, 44, 10, 3), dark, 0, 0.40, 1.0),
            *strings,
        ),
        side=darker(wood, 0.35),
        back_paints=(
            decal(belly, mix(darker(wood, 0.15), dark, 0.25), 180, 0.33, 1.0),
            decal(rectangle(-2, -104, 4, 208), darker(wood, 0.5), 180, 0.33, 1.0),
            decal(rectangle(-14, -150, 28, 104, 3), dark, 180, 0.55, 1.0),
            decal(ellipse(0, 0, 6, 6), hex_colour("f5ead0"), 180, 0.06, 1.0),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.27, face_half=38, shoulder_v=0.50, seat=10)


def _drum(r: Recipe) -> ObjectTraits:
    main, accent, _, light = r.palette
    solid = Solid(
        162,
        102,
        (
            (0.0, 0.98),
            (0.03, 1.03),
            (0.11, 1.03),
            (0.13, 0.97),
            (0.5, 0.97),
            (0.86, 0.97),
            (0.88, 1.03),
            (0.97, 1.03),
            (1.0, 0.98),
        ),
        1.0,
        0.3,
    )

    def skin(figure: Figure) -> None:
        torso = figure.skeleton.torso
        x, y, _ = torso.centre(1.0)
        figure.pen.part(0.6, PartId.TORSO, ellipse(x, y, 101, 19), light, shade=0.4, fuzzy=False)

    zigzag: tuple[SurfacePaint, ...] = tuple(
        decal(
            polygon(
                [(-3, -60), (3, -60), (27, 60), (21, 60)]
                if i % 2
                else [(3, -60), (-3, -60), (-27, 60), (-21, 60)]
            ),
            light,
            i * 25.0,
            0.5,
            1.0,
        )
        for i in (-4, -3, 3, 4, 5, 6, 7, -5, -6, -7)
    )
    return ObjectTraits(
        solid,
        SurfaceLook(main, (*zigzag, band(0.0, 0.12, accent), band(0.87, 1.0, accent)), fuzzy=False),
        (skin,),
        face_v=0.58,
        face_half=40,
        shoulder_v=0.46,
        seat=4,
    )


SPECIES: tuple[Species, ...] = (
    object_species(
        "game pad",
        "robots_toys",
        "a game controller",
        _gamepad,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("bedroom",),
    ),
    object_species(
        "guitar",
        "robots_toys",
        "a guitar",
        _guitar,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("theatre stage",),
    ),
    object_species(
        "drum",
        "robots_toys",
        "a drum",
        _drum,
        slots=("eyes", "bow", "collar", "none"),
        places=("theatre stage",),
    ),
)
