"""Bodies that are all head: fruit, food, things of the house, plants in pots, tools and
vehicles."""

import math
from collections.abc import Callable

from a2bench.procedural.colour import INK, WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import BodyDesign, Feature, Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    heart,
    mapped,
    matrix_of,
    polygon,
    rectangle,
    star,
    tapered_limb,
)
from a2bench.procedural.patterns import (
    band,
    decal,
    drips,
    grid_of,
    meridians,
    ring_stroke,
    spots,
    stripes,
)
from a2bench.procedural.pen import Canvas, Draw, fill
from a2bench.procedural.solids import Solid, superellipse
from a2bench.procedural.species import (
    OBJECT_OUTFITS,
    ObjectTraits,
    Recipe,
    Species,
    object_body,
    pick,
)
from a2bench.procedural.trimmings import crown_of_leaves, stem
from a2bench.procedural.vectors import Vec2

_SEED_SHAPE = curve([(0, -1), (0.6, 0.3), (0, 1), (-0.6, 0.3)])
_GREEN = hex_colour("4f9f45")


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
            red, (grid_of(_SEED_SHAPE, seed, 4.6, low=0.06, high=0.94, across=34, up_px=30),)
        ),
        (crown_of_leaves(7, 66, 34, _GREEN, v=0.965, spread=190, droop=0.4),),
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
        258,
        104,
        (
            (0.0, 0.36),
            (0.03, 0.60),
            (0.14, 0.92),
            (0.30, 1.0),
            (0.46, 0.88),
            (0.60, 0.66),
            (0.76, 0.54),
            (0.90, 0.44),
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
        (stem(42, 12, hex_colour("7a5233"), leaf=_GREEN),),
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
        270,
        94,
        (
            (0.0, 0.40),
            (0.03, 0.62),
            (0.14, 0.92),
            (0.30, 1.0),
            (0.50, 0.90),
            (0.70, 0.72),
            (0.88, 0.60),
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
        (crown_of_leaves(7, 48, 22, _GREEN, v=0.975, spread=230, droop=0.5), stem(26, 11, _GREEN)),
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

    def at(scale_x: float, scale_v: float, tone: Colour) -> SurfacePaint:
        shape = curve(
            [(x * 112 * scale_x, -((v - 1.0) * scale_v) * 186) for x, v in outline], tension=0.85
        )
        return decal(shape, tone, 0, 1.0, 1.0)

    seeds = tuple(
        decal(_SEED_SHAPE, INK, a, v, 7.0)
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
            tone = lighter(_GREEN, 0.25) if abs(azimuth) < 60 else _GREEN
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


def _broccoli(r: Recipe) -> ObjectTraits:
    crown = pick("4f9a48 7a4f9a e9e6cf", r.coat)
    stalk = hex_colour("b5d08a") if r.coat != 2 else hex_colour("d9dfae")
    solid = Solid(
        236,
        70,
        ((0.0, 0.80), (0.05, 0.90), (0.30, 0.84), (0.55, 0.92), (0.75, 1.0), (1.0, 0.5)),
        1.0,
    )

    def florets(figure: Figure) -> None:
        torso = figure.skeleton.torso
        yaw = math.radians(torso.yaw(0.8))
        plan = (
            (0.0, 1.05, 0.95),
            (1.2, 0.96, 0.9),
            (2.4, 0.96, 0.9),
            (3.6, 0.96, 0.9),
            (4.8, 0.96, 0.9),
            (0.6, 0.80, 1.25),
            (1.7, 0.80, 1.25),
            (2.7, 0.80, 1.25),
            (3.7, 0.80, 1.25),
            (4.7, 0.80, 1.25),
            (5.7, 0.80, 1.25),
        )
        for angle, v, out in plan:
            x, z = math.sin(angle + yaw) * out, math.cos(angle + yaw) * out
            px, py, _ = torso.point(x * 62.0, v, 0.0)
            tone = lighter(crown, 0.06 + 0.10 * z)
            figure.pen.part(
                1.0 + z * 0.5 + (0.4 if v > 0.9 else 0.0),
                PartId.TORSO,
                ellipse(px, py, 50, 46),
                tone,
                shade=0.9,
            )

    return ObjectTraits(
        solid, SurfaceLook(stalk), (florets,), face_v=0.46, face_half=28, shoulder_v=0.30, seat=14
    )


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
                    dots.uniform(-0.8, 0.8),
                    dots.uniform(-0.5, 0.5),
                    dots.uniform(0, 180),
                    dots.choice(colours),
                )
                for _ in range(7 - i)
            ]

            def paint(
                canvas: Canvas,
                plan: list[tuple[float, float, float, Colour]] = plan,
                x: float = x,
                y: float = y,
                half: float = half,
                tall: float = tall,
            ) -> None:
                for fx, fy, degrees, tone in plan:
                    canvas.drawPath(
                        ellipse(x + fx * half, y + fy * tall, 8, 3.4, degrees), fill(tone)
                    )

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
    solid = Solid(226, 113, superellipse(2.0), 0.30, 1.0, ring)
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
            decal(ellipse(0, 0, 30, 30), darker(dough, 0.55), 0, 0.80, 1.0),
            decal(ellipse(0, 3, 25, 24), darker(dough, 0.8), 0, 0.80, 1.0),
        ),
        side=dough,
    )
    return ObjectTraits(solid, look, face_v=0.52, face_half=36, shoulder_v=0.44, seat=18)


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
            px, py, _ = torso.point(
                x * math.cos(math.radians(torso.yaw(1))) + sway * (v - 1) * 2, v, 0.0
            )
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
    sesame = _SEED_SHAPE
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
            (22, 150, 9, _GREEN),
            (-34, 140, 7, hex_colour("5a4a5a")),
            (40, 112, 7, _GREEN),
            (0, 210, 6, _GREEN),
        )
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            crust, (decal(body, cheese, 0, 1.0, 1.0), *bits), side=darker(crust, 0.2), fuzzy=False
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
    solid = Solid(212, 108, ((0.0, 0.84), (0.6, 0.84), (0.8, 1.0), (1.0, 0.8)), 0.20, 0.8, outline)
    inner = curve([(x * 94, -(v - 0.5) * 188) for x, v in outline], tension=0.8)
    butter = rectangle(-24, -16, 48, 34, 7)
    return ObjectTraits(
        solid,
        SurfaceLook(
            crust,
            (decal(inner, crumb, 0, 0.5, 1.0), decal(butter, hex_colour("ffe27a"), 22, 0.84, 1.0)),
            side=darker(crust, 0.15),
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
            side=mix(main, WHITE, 0.55),
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
            x = math.sin(angle + math.radians(torso.yaw(1))) * out * 90
            px, py, _ = torso.point(x, v + rise + 0.02 * figure.springs.bounce * (i % 3), 0.0)
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
                -1.0 + 0.05 * i,
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


def _light_bulb(r: Recipe) -> ObjectTraits:
    glass = pick("ffe98a bfeaff ffd0e0 c8f5b8", r.coat)
    metal = hex_colour("b4bac8")
    solid = Solid(
        276,
        104,
        (
            (0.0, 0.20),
            (0.03, 0.36),
            (0.06, 0.40),
            (0.24, 0.42),
            (0.34, 0.62),
            (0.48, 0.92),
            (0.64, 1.0),
            (0.80, 0.90),
            (0.92, 0.62),
            (0.98, 0.30),
            (1.0, 0.08),
        ),
        1.0,
        0.9,
    )
    look = SurfaceLook(
        glass,
        (
            band(0.0, 0.25, metal),
            stripes(0.05, 0.25, darker(metal, 0.35), 0.055, 0.3),
            decal(ellipse(0, 0, 70, 60), lighter(glass, 0.6), 0, 0.66, 1.0, 0.5),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.64, face_half=38, shoulder_v=0.36, seat=4, hip_spread=0.7
    )


def _alarm_clock(r: Recipe) -> ObjectTraits:
    main, accent, second, _ = r.palette
    ring: tuple[Vec2, ...] = tuple(
        (math.sin(2 * math.pi * i / 14), 0.5 - 0.5 * math.cos(2 * math.pi * i / 14))
        for i in range(14)
    )
    solid = Solid(220, 110, superellipse(2.0), 0.34, 1.0, ring)

    def bells(figure: Figure) -> None:
        torso = figure.skeleton.torso
        turn = math.cos(math.radians(torso.yaw(1)))
        shake = math.sin(figure.time_seconds * 37.7) * 2.0
        for side in (-1.0, 1.0):
            x, y, _ = torso.point(side * 66.0 * abs(turn) + shake, 0.94, 0.0)
            roll = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0]) + math.radians(
                side * 34
            )
            c, s = math.cos(roll), math.sin(roll)
            shape = curve([(-42, 4), (-38, -26), (0, -46), (38, -26), (42, 4), (0, 12)])
            figure.pen.part(
                -1.0,
                PartId.RIGID_ACCESSORY,
                mapped(shape, matrix_of(c, -s, s, c, x, y)),
                accent,
                glossy=True,
                fuzzy=False,
            )
        x, y, _ = torso.point(shake, 1.14, 0.0)
        figure.pen.part(
            -1.5, PartId.RIGID_ACCESSORY, rectangle(x - 7, y - 8, 14, 40, 6), second, fuzzy=False
        )

    ticks: tuple[SurfacePaint, ...] = tuple(_tick(i) for i in range(12))

    look = SurfaceLook(
        main,
        (decal(ellipse(0, 0, 90, 90), hex_colour("fffaf0"), 0, 0.5, 1.0), *ticks),
        side=darker(main, 0.2),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, (bells,), face_v=0.56, face_half=34, shoulder_v=0.44, seat=12)


def _tick(hour: int) -> SurfacePaint:
    a = math.pi * hour / 6
    x, y = 76 * math.sin(a), -76 * math.cos(a)
    return decal(
        ellipse(x, y, 4.5 if hour % 3 else 6.5, 4.5 if hour % 3 else 6.5),
        hex_colour("3a3340"),
        0,
        0.5,
        1.0,
    )


def _candle(r: Recipe) -> ObjectTraits:
    wax = pick("f8efe0 f2b8c8 b8d8c8 d8c0f0", r.coat)
    solid = Solid(
        236,
        74,
        ((0.0, 0.96), (0.03, 1.0), (0.50, 0.97), (0.94, 0.98), (0.98, 0.92), (1.0, 0.7)),
        1.0,
        0.7,
    )

    def flame(figure: Figure) -> None:
        torso = figure.skeleton.torso
        x, y, _ = torso.centre(1.0)
        lean = figure.springs.sway * 1.1
        flicker = 1.0 + 0.07 * math.sin(figure.time_seconds * 21.0)
        figure.pen.part(
            -1.0,
            PartId.SOFT_ACCESSORY,
            rectangle(x - 3.5, y - 24, 7, 30, 3),
            hex_colour("4a3a35"),
            fuzzy=False,
        )
        for k, tone in (
            (1.0, hex_colour("ff9a2e")),
            (0.66, hex_colour("ffd84f")),
            (0.36, hex_colour("fffbe0")),
        ):
            h = 74.0 * k * flicker
            shape = curve(
                [
                    (x, y - 14),
                    (x - 23 * k, y - 14 - h * 0.34),
                    (x - 10 * k + lean * 0.4, y - 14 - h * 0.72),
                    (x + lean, y - 14 - h),
                    (x + 13 * k + lean * 0.3, y - 14 - h * 0.66),
                    (x + 22 * k, y - 14 - h * 0.30),
                ]
            )
            figure.pen.part(
                -0.5 + 0.1 * (1 - k),
                PartId.SOFT_ACCESSORY,
                shape,
                tone,
                shade=0.15,
                outline=k == 1.0,
                fuzzy=False,
            )

    return ObjectTraits(
        solid,
        SurfaceLook(wax, (drips(lighter(wax, 0.45), 0.90, r.seed, 0.26),), fuzzy=False),
        (flame,),
        face_v=0.58,
        face_half=32,
        shoulder_v=0.44,
        seat=4,
    )


def _teapot(r: Recipe) -> ObjectTraits:
    main, accent, second, light = r.palette
    solid = Solid(
        184,
        108,
        (
            (0.0, 0.60),
            (0.04, 0.74),
            (0.22, 0.96),
            (0.42, 1.0),
            (0.64, 0.92),
            (0.84, 0.66),
            (0.95, 0.52),
            (1.0, 0.46),
        ),
        1.0,
    )

    def fittings(figure: Figure) -> None:
        torso = figure.skeleton.torso
        spout = [torso.point(92, 0.30, 0), torso.point(138, 0.46, 0), torso.point(158, 0.80, 0)]
        handle = [
            torso.point(-80, 0.74, 0),
            torso.point(-140, 0.72, 0),
            torso.point(-146, 0.40, 0),
            torso.point(-92, 0.26, 0),
        ]
        pen = figure.pen
        depth = -3.0 if spout[1][2] - figure.skeleton.root[2] <= 30 else 4.0
        pen.part(
            depth,
            PartId.RIGID_ACCESSORY,
            tapered_limb([(p[0], p[1]) for p in spout], (42, 30, 23)),
            main,
            fuzzy=False,
        )
        pen.part(
            -3.5 if depth < 0 else -3.0,
            PartId.RIGID_ACCESSORY,
            tapered_limb([(p[0], p[1]) for p in handle], (17, 17, 17, 17)),
            accent,
            fuzzy=False,
        )
        x, y, _ = torso.centre(1.0)
        a = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0])
        c, s = math.cos(a), math.sin(a)
        lid = mapped(
            curve([(-56, 6), (-46, -18), (0, -30), (46, -18), (56, 6), (0, 15)]),
            matrix_of(c, -s, s, c, x, y - 1.5 * abs(figure.springs.bounce)),
        )
        pen.part(1.0, PartId.RIGID_ACCESSORY, lid, accent, fuzzy=False)
        pen.part(
            1.1,
            PartId.RIGID_ACCESSORY,
            mapped(ellipse(0, -38, 14, 13), matrix_of(c, -s, s, c, x, y)),
            second,
            fuzzy=False,
        )

    flower = star(0, 0, 1, points=5, inner=0.6)
    look = SurfaceLook(
        main,
        (
            grid_of(flower, light, 11, low=0.04, high=0.20, across=40, up_px=26),
            band(0.22, 0.25, accent),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, (fittings,), face_v=0.58, face_half=38, shoulder_v=0.52, seat=8
    )


def _faded(path: Path, alpha: float) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.drawPath(path, fill(WHITE, alpha))

    return draw


def _mug(r: Recipe) -> ObjectTraits:
    main, accent, _, light = r.palette
    solid = Solid(
        196,
        96,
        ((0.0, 0.84), (0.04, 0.94), (0.12, 0.98), (0.50, 1.0), (0.96, 1.0), (1.0, 0.98)),
        1.0,
        0.6,
    )

    def handle(figure: Figure) -> None:
        torso = figure.skeleton.torso
        points = [
            torso.point(80, 0.76, 0),
            torso.point(140, 0.76, 0),
            torso.point(144, 0.34, 0),
            torso.point(84, 0.28, 0),
        ]
        figure.pen.part(
            -3.0,
            PartId.RIGID_ACCESSORY,
            tapered_limb([(p[0], p[1]) for p in points], (20, 21, 21, 20)),
            main,
            fuzzy=False,
        )
        x, y, _ = torso.centre(1.0)
        for k, tone in ((1.0, lighter(main, 0.3)), (0.86, hex_colour("6f4229"))):
            figure.pen.part(
                0.6 + (1 - k),
                PartId.TORSO,
                ellipse(x, y, 95 * k, 17 * k),
                tone,
                shade=0.3,
                outline=k == 1.0,
                fuzzy=False,
            )
        for i in range(3):
            drift = figure.beat * 0.4 + i * 0.33
            rise = (drift % 1.0) * 70
            path = tapered_limb(
                [
                    (x - 34 + i * 34, y - rise - 4),
                    (x - 26 + i * 34 + figure.springs.sway * 0.5, y - rise - 26),
                    (x - 34 + i * 34 + figure.springs.sway, y - rise - 48),
                ],
                (9, 12, 4),
            )
            fade = 0.55 * math.sin(math.pi * (drift % 1.0))
            figure.pen.sketch(
                -4.0,
                PartId.SOFT_ACCESSORY,
                None,
                _faded(path, fade),
            )

    look = SurfaceLook(
        main,
        (
            band(0.06, 0.12, accent),
            grid_of(heart(0, 0, 1), light, 10, low=0.12, high=0.30, across=46, up_px=34),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, (handle,), face_v=0.62, face_half=38, shoulder_v=0.50, seat=6)


def _television(r: Recipe) -> ObjectTraits:
    case = pick("a8693f e0574f 3f8f9f f0e6d8 6a5a8f", r.coat)
    outline: tuple[Vec2, ...] = (
        (-1.0, 0.06),
        (-0.94, 0.0),
        (0.94, 0.0),
        (1.0, 0.06),
        (1.0, 0.94),
        (0.94, 1.0),
        (-0.94, 1.0),
        (-1.0, 0.94),
    )
    solid = Solid(188, 108, superellipse(6.0), 0.42, 0.6, outline)
    screen = rectangle(-84, -66, 138, 132, 26)

    def aerial(figure: Figure) -> None:
        torso = figure.skeleton.torso
        for side in (-1.0, 1.0):
            a = torso.point(side * 8, 0.99, 0)
            b = torso.point(side * 62, 1.42, 0)
            tip = (b[0] + figure.springs.sway * 0.9, b[1])
            figure.pen.part(
                -1.0,
                PartId.SOFT_ACCESSORY,
                tapered_limb(
                    [(a[0], a[1]), ((a[0] + tip[0]) / 2, (a[1] + tip[1]) / 2), tip], (6, 5, 4)
                ),
                hex_colour("8a8f9f"),
                fuzzy=False,
                shade=0.3,
            )
            figure.pen.part(
                -0.9,
                PartId.SOFT_ACCESSORY,
                ellipse(tip[0], tip[1], 8, 8),
                r.palette[1],
                fuzzy=False,
            )

    knob = ellipse(0, 0, 12, 12)
    look = SurfaceLook(
        case,
        (
            decal(screen, hex_colour("2a3a4a"), 0, 0.5, 1.0),
            decal(rectangle(-78, -60, 126, 120, 22), hex_colour("bfe6e0"), 0, 0.5, 1.0),
            decal(knob, r.palette[1], 48, 0.68, 1.0),
            decal(knob, lighter(case, 0.5), 48, 0.48, 1.0),
            decal(rectangle(-14, -3, 28, 6, 3), darker(case, 0.4), 50, 0.26, 1.0),
            decal(rectangle(-14, -3, 28, 6, 3), darker(case, 0.4), 50, 0.20, 1.0),
        ),
        side=darker(case, 0.3),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, (aerial,), face_v=0.58, face_half=36, shoulder_v=0.42, seat=4)


def _book(r: Recipe) -> ObjectTraits:
    main, accent, _, light = r.palette
    outline: tuple[Vec2, ...] = ((-1.0, 0.0), (1.0, 0.0), (1.0, 1.0), (-1.0, 1.0))
    solid = Solid(250, 92, ((0.0, 1.0), (1.0, 1.0)), 0.28, 0.03, outline)
    frame = rectangle(-74, -106, 148, 212, 10)
    look = SurfaceLook(
        main,
        (
            decal(frame, accent, 0, 0.5, 1.0),
            decal(rectangle(-68, -100, 136, 200, 8), main, 0, 0.5, 1.0),
            decal(rectangle(-92, -125, 16, 250), darker(main, 0.35), 0, 0.5, 1.0),
            decal(star(0, 0, 1), accent, 0, 0.20, 24),
            decal(rectangle(-40, -5, 80, 10, 4), light, 0, 0.84, 1.0),
        ),
        side=hex_colour("fbf3df"),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.58, face_half=34, shoulder_v=0.44, seat=4)


def _pillow(r: Recipe) -> ObjectTraits:
    main, accent, _, _ = r.palette
    base = mix(main, WHITE, 0.45)
    outline: tuple[Vec2, ...] = (
        (-1.0, 0.0),
        (-0.5, 0.07),
        (0.0, 0.08),
        (0.5, 0.07),
        (1.0, 0.0),
        (0.90, 0.3),
        (0.88, 0.5),
        (0.90, 0.7),
        (1.0, 1.0),
        (0.5, 0.93),
        (0.0, 0.92),
        (-0.5, 0.93),
        (-1.0, 1.0),
        (-0.90, 0.7),
        (-0.88, 0.5),
        (-0.90, 0.3),
    )
    solid = Solid(190, 106, ((0.0, 1.0), (0.5, 0.88), (1.0, 1.0)), 0.40, 0.85, outline)
    dots: tuple[SurfacePaint, ...] = tuple(
        decal(star(x, y, 11), accent, 0, 0.5, 1.0)
        for x, y in ((-72, -56), (72, -56), (-76, 52), (76, 52), (0, 70), (0, -72))
    )
    return ObjectTraits(
        solid,
        SurfaceLook(base, dots, side=darker(base, 0.12)),
        face_v=0.56,
        face_half=38,
        shoulder_v=0.46,
        seat=14,
    )


def _lamp(r: Recipe) -> ObjectTraits:
    shade_colour, accent, _, light = r.palette
    solid = Solid(
        250,
        104,
        (
            (0.0, 0.44),
            (0.04, 0.46),
            (0.10, 0.22),
            (0.38, 0.22),
            (0.42, 0.30),
            (0.44, 1.0),
            (0.47, 1.0),
            (0.72, 0.80),
            (0.97, 0.58),
            (1.0, 0.54),
        ),
        1.0,
        0.35,
    )
    look = SurfaceLook(
        shade_colour,
        (band(0.0, 0.425, accent), band(0.43, 0.49, light), band(0.93, 1.0, light)),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.72, face_half=32, shoulder_v=0.30, seat=4, hip_spread=0.55
    )


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
        limb_colour=_GREEN,
        hand="leaf",
    )


def _pencil(r: Recipe) -> ObjectTraits:
    paint = r.palette[0] if r.coat else hex_colour("f8c23a")
    wood = hex_colour("f2d3a0")
    solid = Solid(
        318,
        62,
        (
            (0.0, 0.66),
            (0.02, 0.90),
            (0.08, 0.96),
            (0.10, 1.0),
            (0.72, 1.0),
            (0.73, 0.98),
            (0.94, 0.26),
            (1.0, 0.02),
        ),
        1.0,
        0.25,
    )
    look = SurfaceLook(
        paint,
        (
            band(0.0, 0.10, hex_colour("f58a9a")),
            band(0.10, 0.19, hex_colour("b9bfcc")),
            stripes(0.11, 0.19, hex_colour("8a90a0"), 0.03, 0.3),
            band(0.73, 1.0, wood),
            band(0.925, 1.0, darker(paint, 0.55)),
            meridians(
                (-42.0, 42.0, 120.0, -120.0, 180.0), darker(paint, 0.22), 4.0, low=0.20, high=0.72
            ),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.56, face_half=26, shoulder_v=0.42, seat=2)


def _crayon(r: Recipe) -> ObjectTraits:
    wax = r.palette[r.coat % 3]
    solid = Solid(
        290,
        70,
        (
            (0.0, 0.90),
            (0.02, 1.0),
            (0.72, 1.0),
            (0.74, 0.90),
            (0.80, 0.76),
            (0.96, 0.44),
            (0.99, 0.36),
            (1.0, 0.2),
        ),
        1.0,
        0.45,
    )
    dark = darker(wax, 0.45)
    wave = stripes(0.10, 0.66, dark, 0.53, 0.05)
    look = SurfaceLook(
        wax,
        (
            band(0.03, 0.10, dark),
            wave,
            band(0.66, 0.70, dark),
            decal(ellipse(0, 0, 50, 66), lighter(wax, 0.3), 0, 0.42, 1.0),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.48, face_half=28, shoulder_v=0.34, seat=4)


def _cone(r: Recipe) -> ObjectTraits:
    orange = pick("f5762a f2c63a e0475a", r.coat)
    solid = Solid(
        246,
        104,
        (
            (0.0, 1.0),
            (0.02, 1.04),
            (0.075, 1.04),
            (0.09, 0.76),
            (0.50, 0.50),
            (0.96, 0.20),
            (1.0, 0.14),
        ),
        1.0,
        0.3,
    )
    return ObjectTraits(
        solid,
        SurfaceLook(
            orange,
            (band(0.28, 0.42, hex_colour("fbf8f2")), band(0.66, 0.78, hex_colour("fbf8f2"))),
            fuzzy=False,
        ),
        face_v=0.50,
        face_half=23,
        arms=False,
        seat=2,
        hip_spread=0.36,
    )


def _rocket(r: Recipe) -> ObjectTraits:
    main, accent, second, light = r.palette
    solid = Solid(
        286,
        80,
        (
            (0.0, 0.62),
            (0.03, 0.72),
            (0.20, 0.94),
            (0.42, 1.0),
            (0.62, 0.92),
            (0.80, 0.64),
            (0.93, 0.30),
            (1.0, 0.04),
        ),
        1.0,
    )

    def fins(figure: Figure) -> None:
        torso = figure.skeleton.torso
        for azimuth in (-90.0, 90.0, 180.0, 0.0):
            a, b = torso.place(azimuth, 0.36, 1.0), torso.place(azimuth, 0.02, 1.0)
            out, low = torso.place(azimuth, 0.10, 1.75), torso.place(azimuth, -0.12, 1.85)
            if azimuth in (0.0, 180.0) and abs(a.x - out.x) < 12:
                continue
            path = curve([(a.x, a.y), (out.x, out.y), (low.x, low.y), (b.x, b.y)], tension=0.7)
            figure.pen.part(
                -2.0 if a.facing < 0.5 else 1.0, PartId.RIGID_ACCESSORY, path, second, fuzzy=False
            )

    look = SurfaceLook(
        light,
        (
            band(0.76, 1.0, main),
            band(0.0, 0.12, accent),
            grid_of(ellipse(0, 0, 1, 1), darker(light, 0.25), 3, low=0.16, high=0.2, across=30),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, (fins,), face_v=0.52, face_half=31, shoulder_v=0.34, seat=6)


def _bus(r: Recipe) -> ObjectTraits:
    body = pick("f5b93a e0524a 4f9fd8 5fb88a", r.coat)
    outline: tuple[Vec2, ...] = (
        (-0.94, 0.0),
        (0.94, 0.0),
        (1.0, 0.10),
        (1.0, 0.84),
        (0.86, 0.98),
        (0.0, 1.0),
        (-0.86, 0.98),
        (-1.0, 0.84),
        (-1.0, 0.10),
    )
    solid = Solid(226, 98, ((0.0, 0.94), (0.1, 1.0), (0.84, 1.0), (1.0, 0.6)), 0.80, 0.55, outline)
    lamp = ellipse(0, 0, 14, 14)
    look = SurfaceLook(
        body,
        (
            decal(rectangle(-82, -52, 164, 98, 20), hex_colour("bfe8f5"), 0, 0.66, 1.0),
            decal(
                polygon([(-54, -50), (-18, -50), (-62, 44), (-80, 44), (-80, 10)]),
                WHITE,
                0,
                0.66,
                1.0,
                0.35,
            ),
            decal(rectangle(-92, -6, 184, 12, 4), darker(body, 0.35), 0, 0.36, 1.0),
            decal(lamp, hex_colour("fff4c0"), -48, 0.20, 1.0),
            decal(lamp, hex_colour("fff4c0"), 48, 0.20, 1.0),
            decal(rectangle(-92, -9, 184, 18, 6), hex_colour("8f95a5"), 0, 0.05, 1.0),
            decal(rectangle(-46, -9, 92, 18, 8), r.palette[0], 0, 0.94, 1.0),
        ),
        side=darker(body, 0.18),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.68, face_half=40, shoulder_v=0.36, seat=2, mouth="open"
    )


def _battery(r: Recipe) -> ObjectTraits:
    main, accent, _, light = r.palette
    solid = Solid(
        256,
        76,
        (
            (0.0, 0.92),
            (0.02, 1.0),
            (0.90, 1.0),
            (0.92, 0.94),
            (0.925, 0.42),
            (0.99, 0.40),
            (1.0, 0.36),
        ),
        1.0,
        0.3,
    )
    bolt = polygon(
        [(0.15, -1.1), (-0.65, 0.2), (-0.1, 0.2), (-0.2, 1.1), (0.65, -0.25), (0.1, -0.25)]
    )
    look = SurfaceLook(
        darker(main, 0.15),
        (
            band(0.0, 0.06, hex_colour("c8ccd6")),
            band(0.66, 0.92, accent),
            band(0.92, 1.0, hex_colour("d8dce4")),
            decal(bolt, light, 0, 0.80, 22),
        ),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.48, face_half=31, shoulder_v=0.36, seat=4)


def _brush(r: Recipe) -> ObjectTraits:
    wood = pick("e0a85a c8743f 8f5f4a f0d8b0", r.coat)
    colour = r.palette[0]
    solid = Solid(
        306,
        66,
        (
            (0.0, 0.20),
            (0.03, 0.40),
            (0.30, 0.72),
            (0.52, 0.98),
            (0.55, 0.92),
            (0.66, 0.92),
            (0.68, 0.98),
            (0.80, 1.0),
            (0.92, 0.70),
            (1.0, 0.06),
        ),
        1.0,
        0.75,
    )
    look = SurfaceLook(
        wood,
        (
            band(0.54, 0.67, hex_colour("c3c8d2")),
            stripes(0.55, 0.67, hex_colour("8a90a0"), 0.05, 0.25),
            band(0.66, 1.0, hex_colour("f0dcb0")),
            drips(colour, 0.80, r.seed, 0.08),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.40, face_half=25, shoulder_v=0.26, seat=10, hip_spread=1.1
    )


def _gamepad(r: Recipe) -> ObjectTraits:
    case = pick("5a5f78 e9e6ee d9505f 5a8fd0", r.coat)
    outline: tuple[Vec2, ...] = (
        (-0.92, 0.02),
        (-0.66, 0.0),
        (-0.48, 0.26),
        (0.0, 0.30),
        (0.48, 0.26),
        (0.66, 0.0),
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
        168, 114, ((0.0, 0.8), (0.3, 0.9), (0.46, 1.0), (0.86, 0.9), (1.0, 0.6)), 0.26, 0.9, outline
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
            side=darker(case, 0.3),
            fuzzy=False,
        ),
        face_v=0.66,
        face_half=27,
        shoulder_v=0.52,
        seat=-22,
        hip_spread=0.3,
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
        0.22,
        0.75,
        outline,
    )
    dark = hex_colour("4a2f22")
    strings: tuple[SurfacePaint, ...] = tuple(
        decal(rectangle(x - 0.9, -150, 1.8, 196), hex_colour("f5ead0"), 0, 0.55, 1.0)
        for x in (-8, -3, 3, 8)
    )
    look = SurfaceLook(
        wood,
        (
            decal(ellipse(0, 0, 30, 30), dark, 0, 0.56, 1.0),
            decal(rectangle(-14, -150, 28, 120, 3), dark, 0, 0.55, 1.0),
            decal(rectangle(-22, -4, 44, 10, 3), dark, 0, 0.40, 1.0),
            *strings,
        ),
        side=darker(wood, 0.35),
        fuzzy=False,
    )
    return ObjectTraits(solid, look, face_v=0.27, face_half=38, shoulder_v=0.50, seat=10)


def _drum(r: Recipe) -> ObjectTraits:
    main, accent, _, light = r.palette
    solid = Solid(
        180,
        94,
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
        figure.pen.part(0.6, PartId.TORSO, ellipse(x, y, 94, 18), light, shade=0.4, fuzzy=False)

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


def _object(
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


_FREE = ("top", "bow", "eyes", "sides", "none")
_LEGGED = "legs without arms"

SPECIES: tuple[Species, ...] = (
    _object(
        "strawberry", "fruit_vegetables", "a strawberry", _strawberry, coats=4, places=("kitchen",)
    ),
    _object(
        "avocado",
        "fruit_vegetables",
        "an avocado",
        _avocado,
        slots=("top", "bow", "eyes", "none"),
        places=("beach",),
    ),
    _object("pear", "fruit_vegetables", "a pear", _pear, coats=4, places=("meadow",)),
    _object("carrot", "fruit_vegetables", "a carrot", _carrot, places=("meadow",)),
    _object(
        "aubergine", "fruit_vegetables", "an aubergine", _aubergine, coats=4, places=("kitchen",)
    ),
    _object("pineapple", "fruit_vegetables", "a pineapple", _pineapple, places=("beach",)),
    _object(
        "tomato",
        "fruit_vegetables",
        "a tomato",
        _tomato,
        slots=("eyes", "bow", "none"),
        places=("kitchen",),
        plan=_LEGGED,
    ),
    _object(
        "watermelon", "fruit_vegetables", "a slice of watermelon", _watermelon, places=("beach",)
    ),
    _object(
        "corn",
        "fruit_vegetables",
        "a corn cob",
        _corn,
        slots=("eyes", "bow", "none"),
        places=("meadow",),
    ),
    _object(
        "broccoli",
        "fruit_vegetables",
        "a broccoli",
        _broccoli,
        slots=("eyes", "none"),
        places=("kitchen",),
    ),
    _object(
        "cupcake",
        "food_drink",
        "a cupcake",
        _cupcake,
        slots=("eyes", "bow", "none"),
        coats=5,
        places=("candy land",),
    ),
    _object(
        "doughnut",
        "food_drink",
        "a doughnut",
        _doughnut,
        slots=("eyes", "bow", "none"),
        coats=5,
        places=("candy land",),
    ),
    _object(
        "ice cream",
        "food_drink",
        "an ice cream cone",
        _ice_cream,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("beach",),
    ),
    _object("burger", "food_drink", "a burger", _burger, slots=_FREE, places=("city street",)),
    _object(
        "bubble tea",
        "food_drink",
        "a cup of bubble tea",
        _bubble_tea,
        slots=("eyes", "bow", "collar", "none"),
        coats=4,
        places=("city street",),
    ),
    _object(
        "pizza",
        "food_drink",
        "a slice of pizza",
        _pizza,
        slots=("eyes", "bow", "collar", "none"),
        places=("city street",),
    ),
    _object(
        "toast",
        "food_drink",
        "a slice of toast",
        _toast,
        slots=("eyes", "bow", "collar", "none"),
        places=("kitchen",),
    ),
    _object(
        "milk",
        "food_drink",
        "a milk carton",
        _milk,
        slots=("eyes", "bow", "collar", "none"),
        places=("kitchen",),
    ),
    _object(
        "egg",
        "food_drink",
        "an egg",
        _egg,
        slots=("top", "bow", "eyes", "none"),
        coats=4,
        places=("meadow",),
        plan=_LEGGED,
    ),
    _object(
        "popcorn",
        "food_drink",
        "a bucket of popcorn",
        _popcorn,
        slots=("eyes", "bow", "none"),
        places=("theatre stage",),
    ),
    _object(
        "light bulb",
        "household_objects",
        "a light bulb",
        _light_bulb,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("night town",),
    ),
    _object(
        "alarm clock",
        "household_objects",
        "an alarm clock",
        _alarm_clock,
        slots=("eyes", "bow", "none"),
        places=("bedroom",),
    ),
    _object(
        "candle",
        "household_objects",
        "a candle",
        _candle,
        slots=("eyes", "bow", "collar", "none"),
        coats=4,
        places=("night town",),
    ),
    _object(
        "teapot",
        "household_objects",
        "a teapot",
        _teapot,
        slots=("eyes", "bow", "none"),
        places=("kitchen",),
    ),
    _object(
        "mug",
        "household_objects",
        "a mug of cocoa",
        _mug,
        slots=("eyes", "bow", "none"),
        places=("bedroom",),
    ),
    _object(
        "television",
        "household_objects",
        "an old television",
        _television,
        slots=("eyes", "bow", "none"),
        coats=5,
        places=("bedroom",),
    ),
    _object(
        "book",
        "household_objects",
        "a book",
        _book,
        slots=("eyes", "bow", "collar", "none"),
        places=("library",),
    ),
    _object(
        "pillow",
        "household_objects",
        "a pillow",
        _pillow,
        slots=("eyes", "bow", "neck", "none"),
        places=("bedroom",),
    ),
    _object(
        "lamp",
        "household_objects",
        "a table lamp",
        _lamp,
        slots=("eyes", "bow", "none"),
        places=("library",),
    ),
    _object(
        "cactus",
        "plants",
        "a cactus",
        _cactus,
        slots=("top", "eyes", "collar", "none"),
        proportions=("stubby", "noodle"),
        coats=4,
        places=("desert",),
    ),
    _object(
        "mushroom",
        "plants",
        "a mushroom",
        _mushroom,
        slots=("collar", "eyes", "none"),
        coats=5,
        places=("forest",),
    ),
    _object(
        "pot plant",
        "plants",
        "a pot plant",
        _pot_plant,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("library",),
        plan=_LEGGED,
    ),
    _object(
        "pine",
        "plants",
        "a pine tree",
        _pine,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("ice land",),
    ),
    _object(
        "tulip",
        "plants",
        "a tulip",
        _tulip,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("meadow",),
    ),
    _object(
        "pencil",
        "tools_vehicles",
        "a pencil",
        _pencil,
        slots=("eyes", "bow", "collar", "none"),
        places=("library",),
    ),
    _object(
        "crayon",
        "tools_vehicles",
        "a crayon",
        _crayon,
        slots=("eyes", "bow", "collar", "none"),
        places=("playground",),
    ),
    _object(
        "traffic cone",
        "tools_vehicles",
        "a traffic cone",
        _cone,
        slots=("eyes", "bow", "none"),
        places=("city street",),
        plan=_LEGGED,
    ),
    _object(
        "rocket",
        "tools_vehicles",
        "a rocket",
        _rocket,
        slots=("eyes", "bow", "none"),
        places=("moon",),
    ),
    _object(
        "bus",
        "tools_vehicles",
        "a bus",
        _bus,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("city street",),
    ),
    _object(
        "battery",
        "tools_vehicles",
        "a battery",
        _battery,
        slots=("eyes", "bow", "collar", "none"),
        places=("disco",),
    ),
    _object(
        "paint brush",
        "tools_vehicles",
        "a paint brush",
        _brush,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("playground",),
    ),
    _object(
        "game pad",
        "robots_toys",
        "a game controller",
        _gamepad,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("bedroom",),
    ),
    _object(
        "guitar",
        "robots_toys",
        "a guitar",
        _guitar,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("theatre stage",),
    ),
    _object(
        "drum",
        "robots_toys",
        "a drum",
        _drum,
        slots=("eyes", "bow", "collar", "none"),
        places=("theatre stage",),
    ),
)
