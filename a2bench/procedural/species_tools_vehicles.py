"""Tools and vehicles."""

from a2bench.procedural.colour import WHITE, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import Figure, SurfaceLook
from a2bench.procedural.object_species import LEGGED, object_species
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
    drips,
    grid_of,
    meridians,
    side_decal,
    stripes,
)
from a2bench.procedural.solids import Solid
from a2bench.procedural.species import (
    ObjectTraits,
    Recipe,
    Species,
    pick,
)
from a2bench.procedural.vectors import Vec2


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
    paper = mix(wax, WHITE, 0.55)
    wave = stripes(0.135, 0.62, dark, 0.465, 0.04)
    look = SurfaceLook(
        wax,
        (
            band(0.07, 0.68, paper),
            band(0.07, 0.12, dark),
            wave,
            band(0.63, 0.68, dark),
            grid_of(ellipse(0, 0, 1, 1), wax, 3.5, low=0.15, high=0.62, across=30, up_px=22),
            decal(ellipse(0, 0, 54, 68), lighter(paper, 0.35), 0, 0.42, 1.0),
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
    solid = Solid(238, 93, ((0.0, 0.94), (0.1, 1.0), (0.84, 1.0), (1.0, 0.6)), 0.80, 0.55, outline)
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
        side=darker(body, 0.10),
        side_paints=(
            side_decal(rectangle(-64, -30, 34, 58, 8), hex_colour("a9d6e8"), 0.68, 1.0),
            side_decal(rectangle(-19, -30, 38, 58, 8), hex_colour("a9d6e8"), 0.68, 1.0),
            side_decal(rectangle(30, -30, 34, 58, 8), hex_colour("a9d6e8"), 0.68, 1.0),
            side_decal(rectangle(-80, -6, 160, 12), darker(body, 0.35), 0.36, 1.0),
            side_decal(ellipse(0, 0, 24, 24), hex_colour("3a3d4a"), 0.03, 1.0),
            side_decal(ellipse(0, 0, 11, 11), hex_colour("b8bdc9"), 0.03, 1.0),
        ),
        back_paints=(
            decal(rectangle(-70, -40, 140, 72, 16), hex_colour("8fbccf"), 180, 0.70, 1.0),
            decal(rectangle(-92, -6, 184, 12, 4), darker(body, 0.40), 180, 0.36, 1.0),
            decal(lamp, hex_colour("e0453f"), 132, 0.20, 1.0),
            decal(lamp, hex_colour("e0453f"), -132, 0.20, 1.0),
            decal(rectangle(-92, -9, 184, 18, 6), hex_colour("80869a"), 180, 0.05, 1.0),
        ),
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
            decal(rectangle(-26, -5, 52, 10, 4), light, 180, 0.80, 1.0),
            decal(rectangle(-5, -26, 10, 52, 4), light, 180, 0.80, 1.0),
            decal(rectangle(-26, -5, 52, 10, 4), light, 180, 0.20, 1.0),
            decal(bolt, accent, 180, 0.46, 40),
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


SPECIES: tuple[Species, ...] = (
    object_species(
        "pencil",
        "tools_vehicles",
        "a pencil",
        _pencil,
        slots=("eyes", "bow", "collar", "none"),
        places=("library",),
    ),
    object_species(
        "crayon",
        "tools_vehicles",
        "a crayon",
        _crayon,
        slots=("eyes", "bow", "collar", "none"),
        places=("playground",),
    ),
    object_species(
        "traffic cone",
        "tools_vehicles",
        "a traffic cone",
        _cone,
        slots=("eyes", "bow", "none"),
        places=("city street",),
        plan=LEGGED,
    ),
    object_species(
        "rocket",
        "tools_vehicles",
        "a rocket",
        _rocket,
        slots=("eyes", "bow", "none"),
        places=("moon",),
    ),
    object_species(
        "bus",
        "tools_vehicles",
        "a bus",
        _bus,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("city street",),
    ),
    object_species(
        "battery",
        "tools_vehicles",
        "a battery",
        _battery,
        slots=("eyes", "bow", "collar", "none"),
        places=("disco",),
    ),
    object_species(
        "paint brush",
        "tools_vehicles",
        "a paint brush",
        _brush,
        slots=("eyes", "bow", "none"),
        coats=4,
        places=("playground",),
    ),
)
