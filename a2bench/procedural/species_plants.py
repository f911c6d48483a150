"""Plants."""

import math

from a2bench.procedural.colour import Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import Feature, Figure, SurfaceLook
from a2bench.procedural.object_species import GREEN, LEGGED, object_species
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    curve,
    ellipse,
    mapped,
    matrix_of,
    polygon,
    star,
)
from a2bench.procedural.patterns import (
    band,
    grid_of,
    meridians,
    stripes,
)
from a2bench.procedural.pen import Canvas, fill
from a2bench.procedural.solids import Solid
from a2bench.procedural.species import (
    ObjectTraits,
    Recipe,
    Species,
    pick,
)
from a2bench.procedural.trimmings import crown_of_leaves


def _cactus(r: Recipe) -> ObjectTraits:
    green = pick("5aa860 3f8f7a 8fb84f 6f9f8a", r.coat)
    solid = Solid(
        270,
        82,
        (
            (0.0, 0.66),
            (0.04, 0.84),
            (0.20, 0.96),
            (0.50, 1.0),
            (0.76, 0.94),
            (0.90, 0.72),
            (0.97, 0.42),
            (1.0, 0.12),
        ),
        1.0,
    )
    thorn = polygon([(-0.25, 0.3), (0, -1), (0.25, 0.3)])
    ribs = meridians(range(-180, 180, 30), darker(green, 0.28), 4.0, low=0.03, high=0.97, alpha=0.8)

    def flower(figure: Figure) -> None:
        torso = figure.skeleton.torso
        x, y, _ = torso.centre(1.0)
        for i in range(7):
            a = math.radians(i * 51.4 + figure.springs.sway)
            figure.pen.part(
                1.0,
                PartId.SOFT_ACCESSORY,
                ellipse(x + 17 * math.sin(a), y - 6 - 13 * math.cos(a), 12, 12),
                r.palette[2],
                shade=0.4,
            )
        figure.pen.part(
            1.2, PartId.SOFT_ACCESSORY, ellipse(x, y - 6, 11, 10), hex_colour("ffd75a"), shade=0.4
        )

    features: tuple[Feature, ...] = (
        (flower,) if r.accessory in ("none", "bow tie", "sunglasses", "glasses") else ()
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            green,
            (
                ribs,
                grid_of(thorn, hex_colour("fbf5dc"), 7, low=0.05, high=0.97, across=30, up_px=34),
            ),
        ),
        features,
        face_v=0.62,
        face_half=34,
        shoulder_v=0.46,
        thick=True,
        limb_colour=green,
        hand="ball",
        seat=10,
    )


def _mushroom(r: Recipe) -> ObjectTraits:
    cap = pick("e2474a 8a5a3f 7a5fd0 f0a03f 4f9fa8", r.coat)
    cream = hex_colour("fbeed8")
    solid = Solid(
        268,
        76,
        ((0.0, 0.80), (0.04, 0.96), (0.22, 1.0), (0.50, 0.84), (0.62, 0.80), (1.0, 0.5)),
        1.0,
    )
    dots = r.rng("dots")
    plan = [
        (i * 52.0 - 180.0 + dots.uniform(-8, 8), dots.uniform(0.10, 0.80), dots.uniform(15, 24))
        for i in range(7)
    ]

    def dome(figure: Figure) -> None:
        torso = figure.skeleton.torso
        x, y, _ = torso.centre(0.60)
        roll = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0])
        c, s = math.cos(roll), math.sin(roll)
        yaw = torso.yaw(0.6)
        under = mapped(ellipse(0, 0, 128, 20), matrix_of(c, -s, s, c, x, y))
        shape = curve(
            [
                (-138, 4),
                (-132, -34),
                (-96, -100),
                (0, -136),
                (96, -100),
                (132, -34),
                (138, 4),
                (96, 16),
                (0, 20),
                (-96, 16),
            ]
        )
        matrix = matrix_of(c, -s, s, c, x, y - 2 * figure.springs.bounce)

        def paint(canvas: Canvas) -> None:
            for azimuth, height, size in plan:
                a = math.radians(azimuth + yaw)
                if math.cos(a) > -0.05:
                    half = 132 * math.sqrt(max(0.02, 1 - height**2))
                    shape = ellipse(
                        half * math.sin(a),
                        -112 * height - 6,
                        size * (0.35 + 0.65 * math.cos(a)),
                        size * 0.82,
                    )
                    canvas.drawPath(mapped(shape, matrix), fill(cream))

        figure.pen.part(0.8, PartId.TORSO, under, darker(cream, 0.28), shade=0.4)
        figure.pen.part(1.0, PartId.TORSO, mapped(shape, matrix), cap, paint=paint, glossy=True)

    return ObjectTraits(
        solid, SurfaceLook(cream), (dome,), face_v=0.40, face_half=31, shoulder_v=0.24, seat=10
    )


def _pot_plant(r: Recipe) -> ObjectTraits:
    clay = pick("d9794a e8d8c0 6f9fb8 c85a6a", r.coat)
    solid = Solid(
        172,
        98,
        ((0.0, 0.62), (0.03, 0.68), (0.74, 0.88), (0.78, 1.0), (0.97, 1.0), (1.0, 0.98)),
        1.0,
        0.35,
    )
    look = SurfaceLook(
        clay,
        (
            band(0.77, 1.0, lighter(clay, 0.14)),
            grid_of(
                star(0, 0, 1), lighter(clay, 0.45), 8, low=0.05, high=0.24, across=40, up_px=30
            ),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid,
        look,
        (
            crown_of_leaves(
                9, 128, 46, pick("5fae5a 8ac85a 3f8f6a", r.seed), v=0.98, spread=150, droop=0.45
            ),
        ),
        face_v=0.52,
        face_half=36,
        arms=False,
        seat=6,
    )


def _pine(r: Recipe) -> ObjectTraits:
    green = pick("3f8f5a 5fa86a 3f7f86 e9f3f0", r.coat)
    solid = Solid(
        300,
        112,
        (
            (0.0, 0.86),
            (0.02, 1.0),
            (0.07, 0.96),
            (0.34, 0.52),
            (0.345, 0.76),
            (0.39, 0.74),
            (0.62, 0.38),
            (0.625, 0.56),
            (0.67, 0.54),
            (0.98, 0.06),
            (1.0, 0.02),
        ),
        1.0,
        0.35,
    )
    shapes = grid_of(
        ellipse(0, 0, 1, 1), r.palette[1], 7.5, low=0.04, high=0.9, across=44, up_px=46
    )
    snow = stripes(0.33, 0.37, lighter(green, 0.7), 0.04, 1.0)
    return ObjectTraits(
        solid,
        SurfaceLook(green, (snow, stripes(0.615, 0.65, lighter(green, 0.7), 0.04, 1.0), shapes)),
        (_top_star(r.palette[1]),),
        face_v=0.26,
        face_half=36,
        shoulder_v=0.16,
        seat=2,
        limb_colour=hex_colour("7a5236"),
        mouth="smile",
    )


def _top_star(colour: Colour) -> Feature:
    def add(figure: Figure) -> None:
        x, y, _ = figure.skeleton.torso.centre(1.0)
        figure.pen.part(
            2.0,
            PartId.RIGID_ACCESSORY,
            star(x, y - 12, 30),
            mix(colour, hex_colour("ffd84f"), 0.6),
            fuzzy=False,
        )

    return add


def _tulip(r: Recipe) -> ObjectTraits:
    petal = pick("f2577a f5b83f a86fe0 f58a4a", r.coat)
    solid = Solid(
        232,
        98,
        (
            (0.0, 0.24),
            (0.03, 0.48),
            (0.16, 0.82),
            (0.36, 1.0),
            (0.58, 0.98),
            (0.76, 0.90),
            (1.0, 0.88),
        ),
        1.0,
    )

    def petals_front(figure: Figure) -> None:
        torso = figure.skeleton.torso
        for azimuth in (180.0, -120.0, 120.0, -60.0, 60.0, 0.0):
            left, right, tip = (
                torso.place(azimuth - 44, 0.62, 1.0),
                torso.place(azimuth + 44, 0.62, 1.0),
                torso.place(azimuth, 1.10, 0.98),
            )
            base = torso.place(azimuth, 0.34, 1.0)
            path = curve(
                [
                    (base.x, base.y),
                    (left.x, left.y),
                    (tip.x + figure.springs.sway * 0.3, tip.y),
                    (right.x, right.y),
                ],
                tension=0.9,
            )
            tone = lighter(petal, 0.14) if azimuth in (0.0, -120.0, 120.0) else darker(petal, 0.08)
            figure.pen.part(
                -2.0 + 0.5 * base.facing if base.facing < 0.2 else 0.4 + 0.1 * base.facing,
                PartId.TORSO,
                path,
                tone,
                shade=0.7,
            )

    return ObjectTraits(
        solid,
        SurfaceLook(petal),
        (petals_front,),
        face_v=0.46,
        face_half=36,
        shoulder_v=0.32,
        seat=14,
        limb_colour=GREEN,
        hand="leaf",
    )


SPECIES: tuple[Species, ...] = (
    object_species(
        "cactus",
        "plants",
        "a cactus",
        _cactus,
        slots=("top", "eyes", "collar", "none"),
        proportions=("stubby", "noodle"),
        coats=4,
        places=("desert",),
    ),
    object_species(
        "mushroom",
        "plants",
        "a mushroom",
        _mushroom,
        slots=("collar", "eyes", "none"),
        coats=5,
        places=("forest",),
    ),
    object_species(
        "pot plant",
        "plants",
        "a pot plant",
        _pot_plant,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("library",),
        plan=LEGGED,
    ),
    object_species(
        "pine",
        "plants",
        "a pine tree",
        _pine,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("ice land",),
    ),
    object_species(
        "tulip",
        "plants",
        "a tulip",
        _tulip,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("meadow",),
    ),
)
