"""Food and drink."""

import math

from a2bench.procedural.colour import WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.object_species import FREE_SLOTS, GREEN, LEGGED, SEED_SHAPE, object_species
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    curve,
    ellipse,
    heart,
    mapped,
    matrix_of,
    rectangle,
    tapered_limb,
)
from a2bench.procedural.patterns import (
    band,
    decal,
    grid_of,
    meridians,
    side_decal,
    spots,
    stripes,
)
from a2bench.procedural.pen import Canvas, fill
from a2bench.procedural.solids import Solid, superellipse
from a2bench.procedural.species import (
    ObjectTraits,
    Recipe,
    Species,
    pick,
)
from a2bench.procedural.vectors import Vec2


def _cupcake(r: Recipe) -> ObjectTraits:
    icing = pick("ff8fc0 8fd8f5 fff2d8 b58af0 8a5a3f", r.coat)
    paper = r.palette[0]
    solid = Solid(
        128, 98, ((0.0, 0.70), (0.04, 0.74), (0.50, 0.90), (0.96, 1.0), (1.0, 0.98)), 1.0, 0.6
    )

    def swirl(figure: Figure) -> None:
        torso = figure.skeleton.torso
        roll = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0])
        c, s = math.cos(roll), math.sin(roll)
        sway = figure.springs.sway * 0.35
        yaw = torso.yaw(1.0)
        colours = r.palette[:3]
        for i, (v, half, tall) in enumerate(
            ((1.02, 112.0, 40.0), (1.36, 88.0, 37.0), (1.68, 60.0, 33.0), (1.94, 32.0, 26.0))
        ):
            x, y, _ = torso.point(sway * i * 0.8, v, 0.0)
            shape = curve(
                [
                    (-half, 4),
                    (-half * 0.9, -tall * 0.62),
                    (0, -tall * 0.9),
                    (half * 0.9, -tall * 0.62),
                    (half, 4),
                    (half * 0.8, tall * 0.55),
                    (0, tall * 0.78),
                    (-half * 0.8, tall * 0.55),
                ]
            )
            path = mapped(shape, matrix_of(c, -s, s, c, x, y))
            dots = r.rng(f"dots {i}")
            plan = [
                (
                    dots.uniform(-180, 180),
                    dots.uniform(-0.5, 0.5),
                    dots.uniform(0, 180),
                    dots.choice(colours),
                )
                for _ in range(18 - 3 * i)
            ]

            def paint(
                canvas: Canvas,
                plan: list[tuple[float, float, float, Colour]] = plan,
                x: float = x,
                y: float = y,
                half: float = half,
                tall: float = tall,
            ) -> None:
                for azimuth, fy, degrees, tone in plan:
                    a = math.radians(azimuth + yaw)
                    if math.cos(a) > 0.1:
                        spot = ellipse(
                            x + math.sin(a) * half * 0.92, y + fy * tall, 8, 3.4, degrees
                        )
                        canvas.drawPath(spot, fill(tone))

            figure.pen.part(
                2.0 + i * 0.2, PartId.TORSO, path, icing, paint=paint, glossy=False, shade=0.9
            )
        x, y, _ = torso.point(sway * 3.2, 2.26, 0.0)
        figure.pen.part(
            3.2, PartId.SOFT_ACCESSORY, ellipse(x, y, 19, 19), hex_colour("e0323f"), glossy=False
        )

    look = SurfaceLook(
        paper,
        (meridians(range(-180, 180, 20), darker(paper, 0.25), 5.0, low=0.0, high=1.0, alpha=0.7),),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, (swirl,), face_v=0.62, face_half=36, shoulder_v=0.55, seat=10, mouth="smile"
    )


def _doughnut(r: Recipe) -> ObjectTraits:
    icing = pick("ff86b8 7a4a30 8fe0d0 fff0e0 b58af0", r.coat)
    dough = hex_colour("e2ab68")
    ring: tuple[Vec2, ...] = tuple(
        (math.sin(2 * math.pi * i / 14), 0.5 - 0.5 * math.cos(2 * math.pi * i / 14))
        for i in range(14)
    )
    solid = Solid(226, 113, superellipse(2.0), 0.34, 1.0, ring, 0.09)
    wobbly = curve(
        [
            (
                math.cos(2 * math.pi * i / 18) * (98 if i % 2 else 90),
                math.sin(2 * math.pi * i / 18) * (98 if i % 2 else 90),
            )
            for i in range(18)
        ]
    )
    rods = r.rng("sprinkles")
    pieces: list[SurfacePaint] = []
    for _ in range(34):
        angle, radius = rods.uniform(0, 6.283), rods.uniform(54, 84)
        shape = ellipse(
            radius * math.cos(angle), radius * math.sin(angle), 7, 2.8, rods.uniform(0, 180)
        )
        pieces.append(decal(shape, rods.choice((*r.palette[:3], WHITE)), 0, 0.5, 1.0))
    look = SurfaceLook(
        dough,
        (
            decal(wobbly, icing, 0, 0.5, 1.0),
            *pieces,
            decal(ellipse(0, 0, 31, 31), darker(icing, 0.22), 0, 0.71, 1.0),
            decal(ellipse(0, 0, 27, 27), lighter(dough, 0.25), 0, 0.71, 1.0),
            decal(ellipse(0, 0, 23, 23), darker(dough, 0.75), 0, 0.71, 1.0),
            decal(ellipse(4, 5, 18, 17), darker(dough, 0.9), 0, 0.71, 1.0),
        ),
        side=dough,
        back_paints=(
            decal(ellipse(0, 0, 84, 84), darker(dough, 0.22), 180, 0.5, 1.0),
            decal(ellipse(0, 0, 76, 76), darker(dough, 0.12), 180, 0.5, 1.0),
            decal(ellipse(0, 0, 29, 29), lighter(dough, 0.2), 180, 0.71, 1.0),
            decal(ellipse(0, 0, 23, 23), darker(dough, 0.75), 180, 0.71, 1.0),
            decal(ellipse(-4, 5, 18, 17), darker(dough, 0.9), 180, 0.71, 1.0),
        ),
    )
    return ObjectTraits(solid, look, face_v=0.46, face_half=37, shoulder_v=0.42, seat=18)


def _ice_cream(r: Recipe) -> ObjectTraits:
    scoops = (
        pick("ffc2d8 a8e0c8 fff0c8 c8a888", r.coat),
        pick("8a5a40 ffe08a ff9fb8 b8d8ff", r.coat),
        pick("fff4e0 f2a0c0 a8d8a0 ffd0a0", r.coat),
    )
    waffle = hex_colour("e3a85a")
    solid = Solid(
        184, 84, ((0.0, 0.10), (0.04, 0.20), (0.50, 0.62), (0.92, 1.0), (1.0, 0.96)), 1.0, 0.5
    )

    def balls(figure: Figure) -> None:
        torso = figure.skeleton.torso
        sway = figure.springs.sway * 0.4
        for i, (x, v, size) in enumerate(
            ((-34.0, 1.10, 58.0), (34.0, 1.12, 58.0), (0.0, 1.52, 58.0))
        ):
            px, py, _ = torso.point(x + sway * (v - 1) * 2, v, 0.0)
            shape = curve(
                [
                    (
                        px + size * math.cos(a) * (1 + 0.04 * math.sin(5 * a)),
                        py + size * 0.94 * math.sin(a),
                    )
                    for a in (2 * math.pi * j / 14 for j in range(14))
                ]
            )
            figure.pen.part(1.0 + 0.2 * i, PartId.TORSO, shape, scoops[i], glossy=True)
        px, py, _ = torso.point(sway, 1.88, 0.0)
        figure.pen.part(2.0, PartId.SOFT_ACCESSORY, ellipse(px, py, 17, 17), hex_colour("d9303f"))

    diagonal = (
        meridians(range(-180, 180, 26), darker(waffle, 0.3), 3.0, low=0.0, high=1.0),
        stripes(0.05, 0.98, darker(waffle, 0.25), 0.14, 0.14),
    )
    return ObjectTraits(
        solid,
        SurfaceLook(waffle, (*diagonal, band(0.9, 1.0, lighter(waffle, 0.25))), fuzzy=False),
        (balls,),
        face_v=0.74,
        face_half=30,
        shoulder_v=0.66,
        seat=26,
        hip_spread=1.0,
    )


def _burger(r: Recipe) -> ObjectTraits:
    bun = pick("e0a04f c98542 4a3f44", r.coat)
    solid = Solid(
        200,
        106,
        (
            (0.0, 0.72),
            (0.05, 0.90),
            (0.14, 0.96),
            (0.24, 1.0),
            (0.34, 1.0),
            (0.44, 1.0),
            (0.54, 1.0),
            (0.66, 0.98),
            (0.82, 0.84),
            (0.94, 0.54),
            (1.0, 0.2),
        ),
        1.0,
        0.9,
    )
    sesame = SEED_SHAPE
    look = SurfaceLook(
        bun,
        (
            band(0.17, 0.30, hex_colour("7a4430")),
            band(0.28, 0.36, hex_colour("e2503f")),
            band(0.34, 0.40, hex_colour("ffd24f")),
            band(0.39, 0.46, hex_colour("7fc24f")),
            grid_of(sesame, hex_colour("fff2d0"), 4.4, low=0.78, high=0.99, across=36, up_px=17),
        ),
    )
    return ObjectTraits(solid, look, face_v=0.66, face_half=40, shoulder_v=0.42, seat=14)


def _bubble_tea(r: Recipe) -> ObjectTraits:
    tea = pick("e2b98a f5b8cc a8d8a0 c8a8e8", r.coat)
    solid = Solid(
        246,
        86,
        (
            (0.0, 0.66),
            (0.03, 0.76),
            (0.30, 0.84),
            (0.60, 0.92),
            (0.86, 1.0),
            (0.90, 1.0),
            (0.98, 0.80),
            (1.0, 0.6),
        ),
        1.0,
        0.6,
    )
    pearl = hex_colour("4a2f2a")

    def straw(figure: Figure) -> None:
        torso = figure.skeleton.torso
        a, b = torso.point(14, 0.97, 0), torso.point(34, 1.30, 0)
        path = tapered_limb(
            [(a[0], a[1]), ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), (b[0], b[1])], (19, 19, 19)
        )
        figure.pen.part(-1.0, PartId.RIGID_ACCESSORY, path, r.palette[0], fuzzy=False)

    look = SurfaceLook(
        tea,
        (
            spots(r.seed, (pearl, darker(pearl, 0.3)), 26, (8, 9.5), low=0.05, high=0.30),
            band(0.86, 1.0, mix(r.palette[1], WHITE, 0.3)),
            band(0.84, 0.88, WHITE),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, (straw,), face_v=0.60, face_half=34, shoulder_v=0.48, seat=8)


def _pizza(r: Recipe) -> ObjectTraits:
    crust = hex_colour("dba35a")
    cheese = pick("ffd45a ffe6a0 f5b84a", r.coat)
    outline: tuple[Vec2, ...] = (
        (0.0, 0.0),
        (0.10, 0.02),
        (0.52, 0.46),
        (1.0, 0.90),
        (0.96, 0.99),
        (0.5, 1.0),
        (0.0, 1.0),
        (-0.5, 1.0),
        (-0.96, 0.99),
        (-1.0, 0.90),
        (-0.52, 0.46),
        (-0.10, 0.02),
    )
    solid = Solid(
        262, 118, ((0.0, 0.06), (0.46, 0.52), (0.90, 1.0), (1.0, 0.9)), 0.16, 0.55, outline
    )
    body = curve([(0, 252), (-104, 14), (-60, 24), (0, 18), (60, 24), (104, 14)], tension=0.3)
    salami = hex_colour("c8403a")
    bits: tuple[SurfacePaint, ...] = tuple(
        decal(ellipse(x, y, s, s), tone, 0, 1.0, 1.0)
        for x, y, s, tone in (
            (-64, 58, 18, salami),
            (62, 64, 19, salami),
            (2, 44, 14, salami),
            (-18, 176, 13, salami),
            (22, 150, 9, GREEN),
            (-34, 140, 7, hex_colour("5a4a5a")),
            (40, 112, 7, GREEN),
            (0, 210, 6, GREEN),
        )
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            crust,
            (decal(body, cheese, 0, 1.0, 1.0), *bits),
            side=darker(crust, 0.2),
            back_paints=(
                decal(body, mix(crust, hex_colour("f3d9a0"), 0.45), 180, 1.0, 1.0),
                *(
                    decal(ellipse(x, y, s * 1.5, s), darker(crust, 0.35), 180, 1.0, 1.0, 0.55)
                    for x, y, s in (
                        (-48, 52, 11),
                        (30, 70, 14),
                        (-14, 104, 9),
                        (18, 132, 7),
                        (-4, 168, 9),
                        (64, 38, 7),
                    )
                ),
            ),
            fuzzy=False,
        ),
        face_v=0.66,
        face_half=30,
        shoulder_v=0.52,
        seat=40,
        hip_spread=1.2,
    )


def _toast(r: Recipe) -> ObjectTraits:
    crust = pick("c98545 b06a38 e0b070", r.coat)
    crumb = lighter(crust, 0.62)
    outline: tuple[Vec2, ...] = (
        (-0.84, 0.03),
        (0.0, 0.0),
        (0.84, 0.03),
        (0.86, 0.40),
        (0.84, 0.62),
        (1.0, 0.80),
        (0.86, 0.98),
        (0.4, 1.0),
        (0.0, 0.99),
        (-0.4, 1.0),
        (-0.86, 0.98),
        (-1.0, 0.80),
        (-0.84, 0.62),
        (-0.86, 0.40),
    )
    solid = Solid(
        212, 108, ((0.0, 0.84), (0.6, 0.84), (0.8, 1.0), (1.0, 0.8)), 0.24, 0.8, outline, 0.04
    )
    inner = curve([(x * 94, -(v - 0.5) * 188) for x, v in outline], tension=0.8)
    butter = rectangle(-24, -16, 48, 34, 7)
    return ObjectTraits(
        solid,
        SurfaceLook(
            crust,
            (decal(inner, crumb, 0, 0.5, 1.0), decal(butter, hex_colour("ffe27a"), 22, 0.84, 1.0)),
            side=darker(crust, 0.15),
            back_paints=(
                decal(inner, crumb, 180, 0.5, 1.0),
                *(
                    decal(ellipse(x, y, s * 1.4, s), darker(crumb, 0.14), 180, 0.5, 1.0)
                    for x, y, s in (
                        (-40, -50, 7),
                        (28, -30, 9),
                        (-12, 8, 6),
                        (46, 30, 7),
                        (-48, 44, 9),
                        (8, 62, 6),
                        (4, -66, 5),
                    )
                ),
            ),
            fuzzy=False,
        ),
        face_v=0.56,
        face_half=38,
        shoulder_v=0.42,
        seat=8,
    )


def _milk(r: Recipe) -> ObjectTraits:
    main = r.palette[0]
    outline: tuple[Vec2, ...] = (
        (-1.0, 0.0),
        (1.0, 0.0),
        (1.0, 0.76),
        (0.72, 0.92),
        (0.72, 1.0),
        (-0.72, 1.0),
        (-0.72, 0.92),
        (-1.0, 0.76),
    )
    solid = Solid(
        262, 80, ((0.0, 1.0), (0.76, 1.0), (0.92, 0.72), (1.0, 0.72)), 0.85, 0.10, outline
    )
    wave = curve(
        [(-100, 110), (-100, 30), (-50, 50), (0, 28), (50, 50), (100, 30), (100, 110)], tension=0.8
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            hex_colour("fbfaf6"),
            (
                decal(wave, main, 0, 0.34, 1.0),
                decal(rectangle(-100, -30, 200, 60), main, 0, 0.90, 1.0),
                decal(heart(0, 0, 1), WHITE, 0, 0.18, 17),
            ),
            side=hex_colour("e9e6e2"),
            side_paints=(
                band(0.0, 0.22, main),
                band(0.78, 1.0, main),
                side_decal(heart(0, 0, 1), main, 0.50, 24),
            ),
            back_paints=(
                decal(wave, main, 180, 0.34, 1.0),
                decal(rectangle(-100, -30, 200, 60), main, 180, 0.90, 1.0),
                decal(heart(0, 0, 1), main, 180, 0.56, 40),
            ),
            fuzzy=False,
        ),
        face_v=0.58,
        face_half=34,
        shoulder_v=0.42,
        seat=6,
    )


def _egg(r: Recipe) -> ObjectTraits:
    shell = pick("fbf0e0 e8c8a0 cfe6ee f5d0d8", r.coat)
    solid = Solid(
        240,
        98,
        (
            (0.0, 0.22),
            (0.03, 0.46),
            (0.14, 0.82),
            (0.32, 1.0),
            (0.50, 0.98),
            (0.70, 0.82),
            (0.86, 0.58),
            (0.96, 0.30),
            (1.0, 0.06),
        ),
        1.0,
    )
    zigzag = stripes(0.16, 0.34, r.palette[0], 0.10, 0.5)
    return ObjectTraits(
        solid,
        SurfaceLook(
            shell,
            (
                zigzag,
                grid_of(
                    ellipse(0, 0, 1, 1), r.palette[1], 8, low=0.76, high=0.94, across=44, up_px=24
                ),
            ),
        ),
        face_v=0.56,
        face_half=36,
        arms=False,
        seat=20,
    )


def _popcorn(r: Recipe) -> ObjectTraits:
    red = r.palette[0]
    solid = Solid(
        184, 92, ((0.0, 0.70), (0.03, 0.74), (0.50, 0.88), (0.97, 1.0), (1.0, 0.98)), 1.0, 0.4
    )

    def puffs(figure: Figure) -> None:
        torso = figure.skeleton.torso
        plan = r.rng("popcorn")
        for i in range(15):
            angle, out, v = (
                plan.uniform(0, 6.283),
                plan.uniform(0.1, 0.92),
                plan.uniform(0.98, 1.16),
            )
            rise = (0.96 - out) * 0.24
            px, py, z = torso.point(
                math.sin(angle) * out * 90,
                v + rise + 0.02 * figure.springs.bounce * (i % 3),
                math.cos(angle) * out * 90,
            )
            size = 23.0 + 6 * (i % 3)
            shape = curve(
                [
                    (
                        px + size * math.cos(a) * (1.0 + 0.20 * math.sin(4 * a + i)),
                        py + size * math.sin(a) * (1.0 + 0.20 * math.sin(4 * a + i)),
                    )
                    for a in (2 * math.pi * j / 14 for j in range(14))
                ]
            )
            figure.pen.part(
                -1.0 + 0.008 * z,
                PartId.SOFT_ACCESSORY,
                shape,
                hex_colour("fff2cc") if i % 2 else hex_colour("ffe19a"),
                shade=0.8,
            )

    look = SurfaceLook(
        hex_colour("fffaf0"),
        (
            meridians(range(-180, 180, 30), red, 22.0, low=-0.02, high=1.0),
            decal(ellipse(0, 0, 56, 50), hex_colour("fffaf0"), 0, 0.55, 1.0),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, (puffs,), face_v=0.64, face_half=30, shoulder_v=0.52, seat=6)


SPECIES: tuple[Species, ...] = (
    object_species(
        "cupcake",
        "food_drink",
        "a cupcake",
        _cupcake,
        slots=("eyes", "bow", "none"),
        coats=5,
        places=("candy land",),
    ),
    object_species(
        "doughnut",
        "food_drink",
        "a doughnut",
        _doughnut,
        slots=("eyes", "bow", "none"),
        coats=5,
        places=("candy land",),
    ),
    object_species(
        "ice cream",
        "food_drink",
        "an ice cream cone",
        _ice_cream,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("beach",),
    ),
    object_species(
        "burger", "food_drink", "a burger", _burger, slots=FREE_SLOTS, places=("city street",)
    ),
    object_species(
        "bubble tea",
        "food_drink",
        "a cup of bubble tea",
        _bubble_tea,
        slots=("eyes", "bow", "collar", "none"),
        coats=4,
        places=("city street",),
    ),
    object_species(
        "pizza",
        "food_drink",
        "a slice of pizza",
        _pizza,
        slots=("eyes", "bow", "collar", "none"),
        places=("city street",),
    ),
    object_species(
        "toast",
        "food_drink",
        "a slice of toast",
        _toast,
        slots=("eyes", "bow", "collar", "none"),
        places=("kitchen",),
    ),
    object_species(
        "milk",
        "food_drink",
        "a milk carton",
        _milk,
        slots=("eyes", "bow", "collar", "none"),
        places=("kitchen",),
    ),
    object_species(
        "egg",
        "food_drink",
        "an egg",
        _egg,
        slots=("top", "bow", "eyes", "none"),
        coats=4,
        places=("meadow",),
        plan=LEGGED,
    ),
    object_species(
        "popcorn",
        "food_drink",
        "a bucket of popcorn",
        _popcorn,
        slots=("eyes", "bow", "none"),
        places=("theatre stage",),
    ),
)
