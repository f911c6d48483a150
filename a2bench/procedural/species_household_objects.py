"""Things of the house."""

import math

from a2bench.procedural.colour import WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.object_species import object_species
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    heart,
    mapped,
    matrix_of,
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
    stripes,
)
from a2bench.procedural.pen import Canvas, Draw, fill
from a2bench.procedural.solids import Solid, superellipse
from a2bench.procedural.species import (
    ObjectTraits,
    Recipe,
    Species,
    pick,
)
from a2bench.procedural.vectors import Vec2


def _light_bulb(r: Recipe) -> ObjectTraits:
    glass = pick("ffe98a bfeaff ffd0e0 c8f5b8", r.coat)
    metal = hex_colour("b4bac8")
    glow = hex_colour("ff9f2f")
    solid = Solid(
        276,
        104,
        (
            (0.0, 0.16),
            (0.025, 0.30),
            (0.05, 0.42),
            (0.075, 0.37),
            (0.10, 0.44),
            (0.125, 0.38),
            (0.15, 0.45),
            (0.175, 0.39),
            (0.20, 0.46),
            (0.23, 0.42),
            (0.33, 0.60),
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
            decal(ellipse(0, 0, 84, 80), lighter(glass, 0.6), 0, 0.66, 1.0, 0.6),
            decal(ellipse(0, 0, 84, 80), lighter(glass, 0.6), 180, 0.66, 1.0, 0.6),
            *(
                piece
                for azimuth in (0, 180)
                for piece in (
                    _wire(((-16, 118), (-22, 40), (-20, 6)), metal, azimuth),
                    _wire(((16, 118), (22, 40), (20, 6)), metal, azimuth),
                    _wire(
                        ((-20, 6), (-10, -14), (-3, 8), (3, -14), (10, 8), (20, 6)), glow, azimuth
                    ),
                )
            ),
            *(
                decal(
                    curve([(-8, 40), (-14, 0), (4, -40), (8, -36), (-2, 0), (0, 38)]),
                    WHITE,
                    a,
                    0.72,
                    1.0,
                    0.8,
                )
                for a in (-52, 128)
            ),
            band(0.0, 0.225, metal),
            band(0.0, 0.03, darker(metal, 0.6)),
            stripes(0.062, 0.21, darker(metal, 0.35), 0.05, 0.36),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.64, face_half=38, shoulder_v=0.36, seat=4, hip_spread=0.7
    )


def _wire(points: tuple[Vec2, ...], colour: Colour, azimuth: float) -> SurfacePaint:
    """A filament within a bulb, drawn on its surface."""
    line = curve([(x, y - 62.0) for x, y in points], closed=False)
    return ring_stroke(line, colour, 4.0, azimuth, 0.62, 1.0)


def _alarm_clock(r: Recipe) -> ObjectTraits:
    main, accent, second, _ = r.palette
    ring: tuple[Vec2, ...] = tuple(
        (math.sin(2 * math.pi * i / 14), 0.5 - 0.5 * math.cos(2 * math.pi * i / 14))
        for i in range(14)
    )
    solid = Solid(220, 110, superellipse(2.0), 0.36, 1.0, ring, 0.07)

    def bells(figure: Figure) -> None:
        torso = figure.skeleton.torso
        shake = math.sin(figure.time_seconds * 37.7) * 2.0
        for side in (-1.0, 1.0):
            x, y, _ = torso.point(side * 66.0 + shake, 0.94, 0.0)
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
        back_paints=(
            decal(ellipse(0, 0, 88, 88), lighter(main, 0.18), 180, 0.5, 1.0),
            decal(ellipse(0, 0, 82, 82), darker(main, 0.08), 180, 0.5, 1.0),
            decal(rectangle(-34, -9, 68, 18, 9), second, 180, 0.60, 1.0),
            decal(ellipse(0, 0, 12, 12), accent, 180, 0.60, 1.0),
            decal(ellipse(-34, 40, 13, 13), accent, 180, 0.5, 1.0),
            decal(ellipse(34, 40, 13, 13), accent, 180, 0.5, 1.0),
        ),
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
        back_paints=(
            decal(rectangle(-74, -58, 148, 110, 20), darker(case, 0.34), 180, 0.52, 1.0),
            *(
                decal(rectangle(-54, y, 108, 9, 4), darker(case, 0.62), 180, 0.52, 1.0)
                for y in (-42, -22, -2)
            ),
            decal(rectangle(-30, 20, 60, 20, 4), hex_colour("f5ead0"), 180, 0.52, 1.0),
        ),
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
        back_paints=(
            decal(frame, darker(accent, 0.15), 180, 0.5, 1.0),
            decal(rectangle(-68, -100, 136, 200, 8), darker(main, 0.15), 180, 0.5, 1.0),
            decal(rectangle(76, -125, 16, 250), darker(main, 0.40), 180, 0.5, 1.0),
            decal(star(0, 0, 1), darker(accent, 0.15), 180, 0.56, 40),
        ),
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
    solid = Solid(200, 108, ((0.0, 1.0), (0.5, 0.88), (1.0, 1.0)), 0.42, 0.85, outline, 0.24)

    def dots(azimuth: float) -> tuple[SurfacePaint, ...]:
        return tuple(
            decal(star(x, y, 11), accent, azimuth, 0.5, 1.0)
            for x, y in ((-62, -50), (62, -50), (-64, 48), (64, 48), (0, 62), (0, -62))
        )

    return ObjectTraits(
        solid,
        SurfaceLook(
            base,
            dots(0),
            side=base,
            back_paints=(
                *dots(180),
                decal(ellipse(0, 0, 12, 11), accent, 180, 0.5, 1.0),
                decal(ellipse(0, 2, 6, 5), darker(accent, 0.3), 180, 0.5, 1.0),
            ),
        ),
        face_v=0.56,
        face_half=38,
        shoulder_v=0.46,
        seat=14,
    )


def _lamp(r: Recipe) -> ObjectTraits:
    shade_colour, _, _, light = r.palette
    brass = pick("d9a84a b07a4f 8f95a8", r.coat)
    solid = Solid(
        250,
        104,
        (
            (0.0, 0.50),
            (0.03, 0.54),
            (0.07, 0.42),
            (0.10, 0.16),
            (0.16, 0.20),
            (0.24, 0.34),
            (0.32, 0.20),
            (0.38, 0.14),
            (0.42, 0.20),
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
        (
            band(0.0, 0.425, brass),
            band(0.0, 0.06, darker(brass, 0.25)),
            band(0.26, 0.29, lighter(brass, 0.45)),
            meridians(range(-180, 180, 18), darker(shade_colour, 0.18), 3.0, low=0.47, high=0.95),
            band(0.43, 0.60, hex_colour("ffe9a0"), 0.35),
            band(0.43, 0.485, light),
            band(0.94, 1.0, light),
        ),
        fuzzy=False,
    )
    return ObjectTraits(
        solid, look, face_v=0.72, face_half=32, shoulder_v=0.30, seat=4, hip_spread=0.55
    )


SPECIES: tuple[Species, ...] = (
    object_species(
        "light bulb",
        "household_objects",
        "a light bulb",
        _light_bulb,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("night town",),
    ),
    object_species(
        "alarm clock",
        "household_objects",
        "an alarm clock",
        _alarm_clock,
        slots=("eyes", "bow", "none"),
        places=("bedroom",),
    ),
    object_species(
        "candle",
        "household_objects",
        "a candle",
        _candle,
        slots=("eyes", "bow", "collar", "none"),
        coats=4,
        places=("night town",),
    ),
    object_species(
        "teapot",
        "household_objects",
        "a teapot",
        _teapot,
        slots=("eyes", "bow", "none"),
        places=("kitchen",),
    ),
    object_species(
        "mug",
        "household_objects",
        "a mug of cocoa",
        _mug,
        slots=("eyes", "bow", "none"),
        places=("bedroom",),
    ),
    object_species(
        "television",
        "household_objects",
        "an old television",
        _television,
        slots=("eyes", "bow", "none"),
        coats=5,
        places=("bedroom",),
    ),
    object_species(
        "book",
        "household_objects",
        "a book",
        _book,
        slots=("eyes", "bow", "collar", "none"),
        places=("library",),
    ),
    object_species(
        "pillow",
        "household_objects",
        "a pillow",
        _pillow,
        slots=("eyes", "bow", "none"),
        places=("bedroom",),
    ),
    object_species(
        "lamp",
        "household_objects",
        "a table lamp",
        _lamp,
        slots=("eyes", "bow", "none"),
        places=("library",),
    ),
)
