"""Fruit and vegetables."""

import math

from a2bench.procedural.colour import INK, WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.object_species import GREEN, LEGGED, SEED_SHAPE, object_species
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    polygon,
    rectangle,
)
from a2bench.procedural.patterns import (
    decal,
    grid_of,
    meridians,
    ring_stroke,
    spots,
)
from a2bench.procedural.solids import Solid, superellipse
from a2bench.procedural.species import (
    ObjectTraits,
    Recipe,
    Species,
    pick,
)
from a2bench.procedural.trimmings import crown_of_leaves, stem
from a2bench.procedural.vectors import Vec2


def _strawberry(r: Recipe) -> ObjectTraits:
    red = pick("e23b45 f27a90 f5ece0 c92a4a", r.coat)
    seed = hex_colour("ffe08a") if r.coat != 2 else hex_colour("d9434f")
    solid = Solid(
        236,
        106,
        (
            (0.0, 0.14),
            (0.03, 0.30),
            (0.14, 0.56),
            (0.34, 0.82),
            (0.56, 0.97),
            (0.74, 1.0),
            (0.88, 0.88),
            (0.96, 0.60),
            (1.0, 0.22),
        ),
        0.95,
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            red, (grid_of(SEED_SHAPE, seed, 4.6, low=0.06, high=0.94, across=34, up_px=30),)
        ),
        (crown_of_leaves(7, 66, 34, GREEN, v=0.965, spread=190, droop=0.4),),
        face_v=0.62,
        face_half=36,
        shoulder_v=0.50,
        seat=26,
        hip_spread=0.72,
    )


def _avocado(r: Recipe) -> ObjectTraits:
    skin = pick("3f6b38 5a4a38 5f8f3f", r.coat)
    flesh = hex_colour("d9e889")
    outline: tuple[Vec2, ...] = (
        (0.0, 0.0),
        (0.56, 0.04),
        (0.95, 0.22),
        (0.98, 0.46),
        (0.70, 0.70),
        (0.44, 0.90),
        (0.0, 1.0),
        (-0.44, 0.90),
        (-0.70, 0.70),
        (-0.98, 0.46),
        (-0.95, 0.22),
        (-0.56, 0.04),
    )
    solid = Solid(
        270,
        104,
        (
            (0.0, 0.4),
            (0.04, 0.56),
            (0.22, 0.95),
            (0.46, 0.98),
            (0.70, 0.70),
            (0.90, 0.44),
            (1.0, 0.05),
        ),
        0.32,
        1.0,
        outline,
    )
    inner = curve([(x * 88, -(v - 0.5) * 236) for x, v in outline])
    middle = curve([(x * 74, -(v - 0.5) * 204) for x, v in outline])
    look = SurfaceLook(
        skin,
        (
            decal(inner, mix(flesh, hex_colour("a8c850"), 0.6), 0, 0.5, 1.0),
            decal(middle, flesh, 0, 0.5, 1.0),
            decal(ellipse(0, 0, 45, 47), darker(hex_colour("8a5a34"), 0.35), 0, 0.26, 1.0),
            decal(ellipse(-2, -2, 42, 44), hex_colour("9a6840"), 0, 0.26, 1.0),
            decal(ellipse(-14, -17, 10, 7, -30), WHITE, 0, 0.26, 1.0, 0.5),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.66, face_half=28, shoulder_v=0.36, hip_spread=0.6)


def _pear(r: Recipe) -> ObjectTraits:
    skin = pick("c8d24f f2c84a d9704a 8fb84a", r.coat)
    solid = Solid(
        252,
        108,
        (
            (0.0, 0.36),
            (0.03, 0.60),
            (0.14, 0.92),
            (0.30, 1.0),
            (0.46, 0.88),
            (0.60, 0.60),
            (0.76, 0.46),
            (0.90, 0.42),
            (0.97, 0.28),
            (1.0, 0.08),
        ),
        0.95,
    )
    look = SurfaceLook(
        skin,
        (
            spots(r.seed, (darker(skin, 0.25),), 26, (1.6, 3.0)),
            decal(ellipse(0, 0, 40, 62), mix(skin, hex_colour("f08a5a"), 0.4), -50, 0.34, 1.0, 0.6),
        ),
    )
    return ObjectTraits(
        solid,
        look,
        (stem(42, 12, hex_colour("7a5233"), leaf=GREEN),),
        face_v=0.46,
        face_half=36,
        shoulder_v=0.46,
        seat=18,
    )


def _carrot(r: Recipe) -> ObjectTraits:
    skin = pick("f5862e a85a9f f2c24a", r.coat)
    solid = Solid(
        288,
        80,
        (
            (0.0, 0.12),
            (0.04, 0.26),
            (0.20, 0.48),
            (0.45, 0.74),
            (0.70, 0.94),
            (0.84, 1.0),
            (0.94, 0.84),
            (1.0, 0.34),
        ),
        1.0,
    )
    ring = curve([(-1, 0), (0, 0.35), (1, 0)], closed=False)
    nicks: tuple[SurfacePaint, ...] = tuple(
        ring_stroke(ring, darker(skin, 0.3), 3.0, a, v, 15)
        for a, v in (
            (-44, 0.30),
            (36, 0.22),
            (52, 0.42),
            (-30, 0.14),
            (-60, 0.84),
            (140, 0.5),
            (-140, 0.35),
            (180, 0.7),
        )
    )
    return ObjectTraits(
        solid,
        SurfaceLook(skin, nicks),
        (crown_of_leaves(5, 96, 26, hex_colour("5fae4a"), spread=95, droop=0.2),),
        face_v=0.68,
        face_half=30,
        shoulder_v=0.52,
        seat=34,
        hip_spread=0.95,
    )


def _aubergine(r: Recipe) -> ObjectTraits:
    skin = pick("5f3a82 3f2f5a 8a4a9a e8e0d8", r.coat)
    solid = Solid(
        292,
        88,
        (
            (0.0, 0.40),
            (0.03, 0.64),
            (0.11, 0.92),
            (0.22, 1.0),
            (0.36, 0.94),
            (0.54, 0.74),
            (0.72, 0.62),
            (0.90, 0.56),
            (0.97, 0.40),
            (1.0, 0.16),
        ),
        0.95,
    )
    return ObjectTraits(
        solid,
        SurfaceLook(skin, fuzzy=False),
        (
            crown_of_leaves(6, 52, 34, hex_colour("6f9f4a"), v=0.95, spread=230, droop=0.5),
            stem(38, 18, hex_colour("6f9f4a")),
        ),
        face_v=0.50,
        face_half=34,
        shoulder_v=0.48,
        seat=18,
        limb_colour=None,
    )


def _pineapple(r: Recipe) -> ObjectTraits:
    skin = pick("f0b63f e89a3a d9c84a", r.coat)
    solid = Solid(240, 98, superellipse(2.7, 0.05), 0.95)
    diamond = polygon([(0, -1), (0.8, 0), (0, 1), (-0.8, 0)])
    return ObjectTraits(
        solid,
        SurfaceLook(
            skin,
            (
                grid_of(diamond, darker(skin, 0.22), 17, low=0.0, high=1.0, across=32, up_px=27),
                grid_of(
                    ellipse(0, 0, 1, 1),
                    lighter(skin, 0.45),
                    4,
                    low=0.0,
                    high=1.0,
                    across=32,
                    up_px=27,
                ),
            ),
        ),
        (crown_of_leaves(9, 104, 30, hex_colour("4f9f5a"), spread=120, droop=0.35),),
        face_v=0.56,
        face_half=37,
        shoulder_v=0.46,
        seat=18,
    )


def _tomato(r: Recipe) -> ObjectTraits:
    skin = pick("e8443a f2a03a 8fb84a", r.coat)
    solid = Solid(196, 116, superellipse(2.4, 0.04), 0.97)
    return ObjectTraits(
        solid,
        SurfaceLook(
            skin,
            (
                meridians(
                    (-62.0, 62.0, 120.0, -120.0, 180.0),
                    darker(skin, 0.2),
                    4.0,
                    low=0.5,
                    high=0.99,
                    alpha=0.5,
                ),
            ),
        ),
        (crown_of_leaves(7, 48, 22, GREEN, v=0.975, spread=230, droop=0.5), stem(26, 11, GREEN)),
        face_v=0.54,
        face_half=42,
        arms=False,
        seat=16,
    )


def _watermelon(r: Recipe) -> ObjectTraits:
    flesh = pick("f25460 f5a94a f7d65a", r.coat)
    rind = hex_colour("3f8f45")
    outline: tuple[Vec2, ...] = (
        (0.0, 0.0),
        (0.45, 0.05),
        (0.78, 0.22),
        (0.97, 0.52),
        (1.0, 0.94),
        (0.94, 1.0),
        (-0.94, 1.0),
        (-1.0, 0.94),
        (-0.97, 0.52),
        (-0.78, 0.22),
        (-0.45, 0.05),
    )
    solid = Solid(
        186,
        112,
        ((0.0, 0.1), (0.05, 0.45), (0.22, 0.78), (0.52, 0.97), (1.0, 1.0)),
        0.24,
        0.85,
        outline,
    )

    def at(scale_x: float, scale_v: float, tone: Colour, azimuth: float = 0) -> SurfacePaint:
        shape = curve(
            [(x * 112 * scale_x, -((v - 1.0) * scale_v) * 186) for x, v in outline], tension=0.85
        )
        return decal(shape, tone, azimuth, 1.0, 1.0)

    seeds = tuple(
        decal(SEED_SHAPE, INK, a, v, 7.0)
        for a, v in (
            (-30, 0.80),
            (30, 0.82),
            (-12, 0.92),
            (14, 0.90),
            (-46, 0.60),
            (46, 0.62),
            (0, 0.30),
            (-18, 0.24),
            (18, 0.24),
        )
    )
    look = SurfaceLook(
        rind,
        (at(0.93, 0.92, hex_colour("e9f5c8")), at(0.86, 0.84, flesh), *seeds),
        side=rind,
        back_paints=(
            at(0.93, 0.92, hex_colour("e0edbe"), 180),
            at(0.86, 0.84, darker(flesh, 0.08), 180),
            *(
                decal(SEED_SHAPE, INK, 180 + a, v, 7.0)
                for a, v in ((-34, 0.78), (0, 0.86), (34, 0.78), (-16, 0.56), (16, 0.56), (0, 0.34))
            ),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.62, face_half=38, shoulder_v=0.55, seat=24, hip_spread=0.8
    )


def _corn(r: Recipe) -> ObjectTraits:
    skin = pick("f8d03f f5e9c0 d97a5a", r.coat)
    solid = Solid(
        284,
        78,
        (
            (0.0, 0.44),
            (0.04, 0.66),
            (0.20, 0.94),
            (0.42, 1.0),
            (0.66, 0.92),
            (0.84, 0.70),
            (0.94, 0.42),
            (1.0, 0.10),
        ),
        1.0,
    )
    kernel = rectangle(-1, -0.85, 2, 1.7, 0.6)

    def husk(figure: Figure) -> None:
        torso = figure.skeleton.torso
        for azimuth, reach in (
            (-100.0, 0.52),
            (100.0, 0.52),
            (-48.0, 0.34),
            (48.0, 0.34),
            (180.0, 0.5),
        ):
            base, tip = torso.place(azimuth, 0.02, 1.0), torso.place(azimuth, reach, 1.22)
            left, right = (
                torso.place(azimuth - 34, 0.14, 1.08),
                torso.place(azimuth + 34, 0.14, 1.08),
            )
            path = curve(
                [
                    (base.x, base.y + 6),
                    (left.x, left.y),
                    (tip.x + figure.springs.sway * 0.4, tip.y),
                    (right.x, right.y),
                ],
                tension=0.9,
            )
            tone = lighter(GREEN, 0.25) if abs(azimuth) < 60 else GREEN
            figure.pen.part(
                0.6 if base.facing > 0 else -4.0, PartId.SOFT_ACCESSORY, path, tone, shade=0.8
            )

    return ObjectTraits(
        solid,
        SurfaceLook(
            skin,
            (grid_of(kernel, lighter(skin, 0.3), 6.6, low=0.05, high=1.0, across=24, up_px=15),),
        ),
        (husk,),
        face_v=0.66,
        face_half=29,
        shoulder_v=0.50,
        seat=18,
    )


def _floret(x: float, y: float, size: float) -> Path:
    """A round bud with a bumpy edge."""
    points = []
    for i in range(28):
        angle = 2 * math.pi * i / 28
        reach = size * (0.93 + 0.07 * math.cos(7 * angle))
        points.append((x + reach * math.cos(angle), y + 0.94 * reach * math.sin(angle)))
    return curve(points)


def _broccoli(r: Recipe) -> ObjectTraits:
    crown = pick("4f9a48 7a4f9a e9e6cf", r.coat)
    stalk = hex_colour("b5d08a") if r.coat != 2 else hex_colour("d9dfae")
    solid = Solid(
        236,
        70,
        (
            (0.0, 0.74),
            (0.05, 0.86),
            (0.24, 0.80),
            (0.46, 0.86),
            (0.62, 1.08),
            (0.74, 1.3),
            (1.0, 0.5),
        ),
        1.0,
    )

    def florets(figure: Figure) -> None:
        torso = figure.skeleton.torso
        rings = ((1.13, 0.0, 1, 40.0), (1.02, 44.0, 5, 44.0), (0.86, 78.0, 8, 42.0))
        for level, (v, out, count, size) in enumerate(rings):
            for i in range(count):
                angle = 2 * math.pi * i / count + 0.4 * level
                px, py, z = torso.point(math.sin(angle) * out, v, math.cos(angle) * out)
                z /= 78.0
                figure.pen.part(
                    1.0 + z * 0.5 + (0.4 if v > 0.9 else 0.0) + (0.4 if v > 1.1 else 0.0),
                    PartId.TORSO,
                    _floret(px, py, size),
                    lighter(crown, 0.05 + 0.10 * max(0.0, z)) if z > -0.2 else darker(crown, 0.14),
                    shade=0.9,
                )

    return ObjectTraits(
        solid, SurfaceLook(stalk), (florets,), face_v=0.46, face_half=28, shoulder_v=0.30, seat=14
    )


SPECIES: tuple[Species, ...] = (
    object_species(
        "strawberry", "fruit_vegetables", "a strawberry", _strawberry, coats=4, places=("kitchen",)
    ),
    object_species(
        "avocado",
        "fruit_vegetables",
        "an avocado",
        _avocado,
        slots=("top", "bow", "eyes", "none"),
        places=("beach",),
    ),
    object_species("pear", "fruit_vegetables", "a pear", _pear, coats=4, places=("meadow",)),
    object_species("carrot", "fruit_vegetables", "a carrot", _carrot, places=("meadow",)),
    object_species(
        "aubergine", "fruit_vegetables", "an aubergine", _aubergine, coats=4, places=("kitchen",)
    ),
    object_species("pineapple", "fruit_vegetables", "a pineapple", _pineapple, places=("beach",)),
    object_species(
        "tomato",
        "fruit_vegetables",
        "a tomato",
        _tomato,
        slots=("eyes", "bow", "none"),
        places=("kitchen",),
        plan=LEGGED,
    ),
    object_species(
        "watermelon", "fruit_vegetables", "a slice of watermelon", _watermelon, places=("beach",)
    ),
    object_species(
        "corn",
        "fruit_vegetables",
        "a corn cob",
        _corn,
        slots=("eyes", "bow", "none"),
        places=("meadow",),
    ),
    object_species(
        "broccoli",
        "fruit_vegetables",
        "a broccoli",
        _broccoli,
        slots=("eyes", "none"),
        places=("kitchen",),
    ),
)
