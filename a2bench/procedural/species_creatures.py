"""Robots, toys, monsters, ghosts and plants with a head of their own, and bodies without arms or
legs.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import skia

from a2bench.procedural.colour import (
    INK,
    WHITE,
    Colour,
    contrasting,
    darker,
    hex_colour,
    lighter,
    mix,
)
from a2bench.procedural.figure import BodyDesign, Feature, Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    mapped,
    matrix_of,
    polygon,
    rectangle,
    snap,
    star,
    tapered_limb,
)
from a2bench.procedural.patterns import (
    band,
    belly,
    decal,
    drips,
    grid_of,
    meridians,
    spots,
    stripes,
)
from a2bench.procedural.pen import Canvas, fill, stroke
from a2bench.procedural.solids import PosedSolid, Solid, superellipse
from a2bench.procedural.species import (
    HUMANOID_OUTFITS,
    ObjectTraits,
    Recipe,
    Species,
    Traits,
    headed_body,
    object_body,
    pick,
)
from a2bench.procedural.trimmings import antennae, ear_pair, petals, spikes, stem, tail, tuft, wings

_BOX = ((0.0, 0.80), (0.03, 0.95), (0.10, 1.0), (0.50, 1.0), (0.90, 1.0), (0.97, 0.95), (1.0, 0.80))
_BARREL = (
    (0.0, 0.70),
    (0.04, 0.84),
    (0.28, 0.98),
    (0.5, 1.0),
    (0.72, 0.98),
    (0.96, 0.84),
    (1.0, 0.70),
)


def _robot(r: Recipe) -> Traits:
    metal = pick("b9c6d8 c9ab70 9ab6b0 d9b8c6 8f97b3", r.coat)
    dark = darker(metal, 0.45)
    visor = rectangle(-1.0, -0.62, 2.0, 1.24, 0.34)
    panel = rectangle(-1.0, -0.8, 2.0, 1.6, 0.22)
    glow = pick("5ff2dc ffd24f 7fd0ff ff8fd0", r.seed)
    main = r.palette[0]
    bolts = grid_of(ellipse(0, 0, 1, 1), darker(metal, 0.35), 3.6, low=0.02, high=0.16, across=40)
    return Traits(
        metal,
        metal,
        limb_colour=dark,
        hand_colour=main,
        hand="claw",
        foot="boot",
        foot_colour=main,
        head_colour=lighter(metal, 0.25),
        head_paints=(
            decal(visor, hex_colour("17233c"), 0, 0.50, 74),
            band(0.0, 0.07, dark, 0.6),
            bolts,
        ),
        body_paints=(
            decal(panel, lighter(metal, 0.4), 0, 0.55, 34),
            decal(star(0, 0, 1), main, -12, 0.62, 11),
            decal(ellipse(0, 0, 1, 1), glow, 16, 0.62, 7),
            decal(rectangle(-1, -0.25, 2, 0.5, 0.2), dark, 0, 0.40, 22),
            band(0.06, 0.12, main),
        ),
        head_profile=superellipse(4.5, 0.0),
        head_depth=0.86,
        torso_profile=_BOX,
        tension=0.7,
        eyes="led",
        eye_gap=0.34,
        eye_size=0.16,
        eye_v=0.56,
        iris=glow,
        mouth="led",
        mouth_v=0.34,
        nose="none",
        nose_v=0.45,
        cheeks=None,
        fuzzy=False,
        limb_scale=0.8,
        neck_sink=-0.02,
        features=(
            antennae(dark, main, 52.0),
            ear_pair(
                "round",
                26,
                main,
                None,
                azimuth=86,
                v=0.46,
                splay=88,
                part=PartId.RIGID_ACCESSORY,
                springy=0.0,
            ),
        ),
        head_stretch=(1.0, 0.84),
    )


def _tin_robot(r: Recipe) -> Traits:
    metal = pick("d9574a 4f8fc0 e0a53c 5fa87a 7f3f8f", r.coat)
    grey = hex_colour("c3c9d4")
    glow = pick("ffd24a 7af0ff 8affa0 ffb0d8 ffd24a", r.coat)
    return Traits(
        metal,
        grey,
        limb_colour=grey,
        hand_colour=metal,
        hand="claw",
        foot="boot",
        foot_colour=metal,
        head_colour=grey,
        head_paints=(
            band(0.0, 0.12, metal),
            band(0.68, 0.72, metal),
            meridians(range(-180, 180, 30), darker(grey, 0.3), 2.0, low=0.72, high=1.0),
            decal(rectangle(-1.0, -0.60, 2.0, 1.20, 0.4), darker(grey, 0.45), 0, 0.39, 67),
            decal(rectangle(-0.92, -0.52, 1.84, 1.04, 0.34), INK, 0, 0.39, 67),
            *(
                decal(ellipse(0, 0, 1, 1), darker(grey, 0.35), a, 0.62, 5)
                for a in range(0, 360, 45)
            ),
            decal(rectangle(-1, -0.7, 2, 1.4, 0.2), darker(grey, 0.25), 180, 0.38, 40),
            *(
                decal(rectangle(-0.8, y, 1.6, 0.16, 0.08), darker(grey, 0.6), 180, 0.38, 40)
                for y in (-0.44, -0.08, 0.28)
            ),
        ),
        body_paints=(
            band(0.0, 0.10, grey),
            decal(ellipse(0, 0, 1, 1), WHITE, 0, 0.60, 27),
            decal(ellipse(0, 0, 0.82, 0.82), hex_colour("ffd9a0"), 0, 0.60, 27),
            decal(curve([(-0.06, 0.1), (0.0, -0.75), (0.06, 0.1)], tension=0.2), INK, 0, 0.60, 27),
            meridians((-60.0, 60.0), darker(metal, 0.35), 3.0),
        ),
        head_profile=(
            (0.0, 0.92),
            (0.06, 1.0),
            (0.50, 1.0),
            (0.72, 0.86),
            (0.88, 0.58),
            (1.0, 0.12),
        ),
        torso_profile=_BARREL,
        tension=0.8,
        eyes="led",
        eye_gap=0.40,
        eye_size=0.20,
        eye_v=0.46,
        iris=glow,
        mouth="led",
        mouth_v=0.20,
        nose="none",
        nose_v=0.33,
        cheeks=None,
        fuzzy=False,
        limb_scale=0.78,
        neck_sink=-0.03,
        features=(antennae(darker(grey, 0.3), metal, 46.0, count=1),),
        head_stretch=(0.86, 0.84),
    )


def _snowman(r: Recipe) -> Traits:
    snow = pick("f7fbff eef3fb fdf6f8", r.coat)
    coal = hex_colour("2d2a33")
    return Traits(
        snow,
        snow,
        limb_colour=hex_colour("7a5235"),
        hand="claw",
        hand_colour=hex_colour("7a5235"),
        foot="boot",
        foot_colour=r.palette[2],
        body_paints=(
            decal(ellipse(0, 0, 1, 1), coal, 0, 0.70, 6),
            decal(ellipse(0, 0, 1, 1), coal, 0, 0.48, 6),
            decal(ellipse(0, 0, 1, 1), coal, 0, 0.26, 6),
        ),
        torso_profile=superellipse(2.0, 0.12),
        nose="carrot",
        nose_size=0.17,
        nose_v=0.42,
        nose_colour=hex_colour("f58a2e"),
        eyes="dot",
        mouth="smile",
        mouth_v=0.24,
        limb_scale=0.6,
        head_stretch=(0.92, 0.92),
        head_profile=superellipse(2.0, 0.04),
    )


def _cyclops(r: Recipe) -> Traits:
    coat = pick("7a5fd0 3fa88f e06a8f 5f8fd9 e0913f", r.coat)
    belly_colour = lighter(coat, 0.55)
    return Traits(
        coat,
        belly_colour,
        belly_colour=belly_colour,
        eyes="cyclops",
        eye_size=0.40,
        eye_v=0.58,
        mouth="fang",
        mouth_v=0.20,
        nose="none",
        nose_v=0.36,
        cheeks=None,
        head_paints=(spots(r.seed, (darker(coat, 0.25), lighter(coat, 0.3)), 9, (7, 14), low=0.6),),
        body_paints=(spots(r.seed + 1, (darker(coat, 0.25),), 7, (7, 13)),),
        features=(
            ear_pair(
                "horn",
                44,
                hex_colour("f3dfae"),
                None,
                azimuth=44,
                v=0.86,
                part=PartId.RIGID_ACCESSORY,
                springy=0.0,
            ),
            tail((26, 22, 18, 12, 22), 170, coat, tip=r.palette[1]),
        ),
        head_profile=superellipse(3.2, 0.0),
        head_stretch=(0.92, 1.06),
    )


def _alien(r: Recipe) -> Traits:
    coat = pick("8fdc7a 9ad0e8 c8a0e8 e8d070", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.4),
        eyes="oval",
        eye_gap=0.42,
        eye_size=0.25,
        eye_v=0.46,
        nose="none",
        nose_v=0.30,
        mouth="small",
        mouth_v=0.18,
        head_profile=(
            (0.0, 0.26),
            (0.06, 0.44),
            (0.22, 0.66),
            (0.45, 0.92),
            (0.66, 1.0),
            (0.84, 0.84),
            (0.95, 0.52),
            (1.0, 0.16),
        ),
        head_stretch=(1.12, 1.06),
        features=(antennae(darker(coat, 0.3), r.palette[1], 56.0, spread=22),),
        limb_scale=0.84,
        hand="claw",
    )


def _dragon(r: Recipe) -> Traits:
    coat = pick("3f9f8a d9564f 6f6fd0 e8a040", r.coat)
    light = lighter(mix(coat, hex_colour("fff0b0"), 0.6), 0.2)
    return Traits(
        coat,
        light,
        belly_colour=light,
        ear=(62, 0.74),
        muzzle=(0.46, 0.28),
        muzzle_colour=lighter(coat, 0.16),
        nose="none",
        mouth="fang",
        mouth_v=0.24,
        body_paints=(stripes(0.05, 0.75, darker(light, 0.18), 0.12, 0.12, 0.35),),
        features=(
            ear_pair(
                "horn",
                46,
                hex_colour("f7e6bc"),
                None,
                azimuth=40,
                v=0.88,
                part=PartId.RIGID_ACCESSORY,
                springy=0.0,
            ),
            ear_pair("leafy", 36, darker(coat, 0.15), light, azimuth=68, v=0.72, splay=-10),
            spikes(4, 32, r.palette[1]),
            wings(
                "bat",
                108,
                mix(lighter(coat, 0.30), light, 0.35),
                v=0.72,
                as_arms=False,
                detail=light,
            ),
            tail((56, 46, 34, 22, 8), 220, coat),
        ),
    )


def _sunflower(r: Recipe) -> Traits:
    petal = pick("ffc62e ff8fb0 f4f0ff ff9f4f", r.coat)
    face = pick("9a5f2e ffe28a ffd24f 7a4a2a", r.coat)
    green = hex_colour("5aa84e")
    return Traits(
        green,
        face,
        head_colour=face,
        limb_colour=green,
        hand="leaf",
        hand_colour=lighter(green, 0.15),
        foot="shoe",
        foot_colour=r.palette[2],
        torso_profile=((0.0, 0.40), (0.1, 0.64), (0.35, 0.72), (0.8, 0.60), (1.0, 0.30)),
        features=(petals(16, 62, 50, petal),),
        head_paints=(
            grid_of(
                ellipse(0, 0, 1, 1),
                darker(face, 0.2),
                4.0,
                low=0.04,
                high=0.98,
                across=26,
                up_px=16,
                alpha=0.45,
            ),
        ),
        nose="none",
        nose_v=0.38,
        head_profile=superellipse(2.0),
        head_depth=0.5,
        head_stretch=(0.92, 1.0),
        limb_scale=0.80,
    )


def _pumpkin_scarecrow(r: Recipe) -> Traits:
    orange = pick("f2862c e8c83f 8fae5a", r.coat)
    straw = hex_colour("e8cf8a")
    return Traits(
        straw,
        orange,
        head_colour=orange,
        limb_colour=straw,
        hand="glove",
        hand_colour=WHITE,
        nose="triangle",
        nose_colour=darker(orange, 0.7),
        nose_size=0.09,
        mouth="fang",
        mouth_v=0.2,
        head_paints=(
            meridians(
                (-64.0, -34.0, 0.0, 34.0, 64.0, 110.0, 150.0, -110.0, -150.0, 180.0),
                darker(orange, 0.35),
                4.5,
                alpha=0.8,
            ),
        ),
        head_profile=superellipse(2.6, 0.0),
        head_stretch=(1.12, 0.84),
        features=(stem(34, 20, hex_colour("5f7f3a"), leaf=hex_colour("6faa4a")),),
    )


_HAIR_LINES: dict[str, tuple[float, float]] = {
    "bob": (0.20, 0.02),
    "short": (0.56, 0.26),
    "pigtails": (0.54, 0.24),
    "bun": (0.54, 0.30),
    "curls": (0.52, 0.24),
}
"""How far down the hair goes at the temples and at the nape, in head heights."""


def _hair(kind: str, colour: Colour, ribbon: Colour) -> Feature:
    """A cap of hair whose hairline goes round the head, with a fringe in front."""
    side_v, nape_v = _HAIR_LINES[kind]

    def hairline(azimuth: float) -> float:
        a = abs((azimuth + 180.0) % 360.0 - 180.0)
        fringe = 0.70 + 0.055 * abs(math.sin(math.radians((azimuth - 14.0) * 3.4)))
        to_side = min(1.0, max(0.0, (a - 50.0) / 26.0))
        to_nape = min(1.0, max(0.0, (a - 98.0) / 40.0))
        front = fringe + (side_v - fringe) * to_side * to_side * (3 - 2 * to_side)
        return front + (nape_v - front) * to_nape

    def add(figure: Figure) -> None:
        pen, head = figure.pen, figure.skeleton.head
        half, yaw = head.solid.half_width, head.yaw(0.7)
        edge = []
        for j in range(33):
            azimuth = -88.0 + 5.5 * j - yaw
            place = head.place(azimuth, hairline(azimuth), 1.03)
            edge.append((place.x, place.y))
        left, right = [], []
        low_left, low_right = hairline(-90.0 - yaw), hairline(90.0 - yaw)
        for v, width in head.solid.profile:
            a, b = head.side_points(v * 1.05, width * half * 1.07)
            if v > low_left + 0.02:
                left.append(a)
            if v > low_right + 0.02:
                right.append(b)
        cap = curve([*edge, *right, *left[::-1]], tension=0.8)
        pen.part(20.4, PartId.HEAD, cap, colour, shade=0.8)
        if kind == "curls":
            for i in range(22):
                azimuth, v = i * 137.5, 0.72 + 0.26 * ((i * 5) % 22) / 22
                place = head.place(azimuth, v, 1.0)
                if v < hairline(azimuth) - 0.02:
                    continue
                depth = 20.5 + 0.1 * place.facing if place.facing > 0 else 19.6
                puff = ellipse(place.x, place.y, half * 0.25, half * 0.24)
                pen.part(depth, PartId.HEAD, puff, colour, shade=0.6)
        if kind == "bun":
            x, y, _ = head.point(0.0, 1.10, -0.2 * half)
            pen.part(19.8, PartId.HEAD, ellipse(x, y, half * 0.36, half * 0.33), colour)
            band_x, band_y, _ = head.point(0.0, 1.015, -0.15 * half)
            tie = ellipse(band_x, band_y, half * 0.22, half * 0.07)
            pen.part(20.6, PartId.RIGID_ACCESSORY, tie, ribbon, shade=0.4)
        if kind == "pigtails":
            for side in (-1.0, 1.0):
                place = head.place(side * 92.0, 0.66, 1.06)
                depth = 20.7 if place.facing > 0.25 else 19.4
                swing = math.radians(side * -24.0 + figure.springs.sway * 0.9)
                c, sn = math.cos(swing) * half * 0.5, math.sin(swing) * half * 0.5
                tail_shape = curve(
                    [(0, -0.1), (0.42, 0.35), (0.40, 1.0), (0.0, 1.75), (-0.40, 1.0), (-0.42, 0.35)]
                )
                turned = mapped(tail_shape, matrix_of(c, -sn, sn, c, place.x, place.y))
                pen.part(depth, PartId.SOFT_ACCESSORY, turned, colour, shade=0.8)
                knot = ellipse(place.x, place.y, half * 0.11, half * 0.11)
                pen.part(depth + 0.05, PartId.RIGID_ACCESSORY, knot, ribbon, shade=0.4)

    return add


def _doll(r: Recipe) -> Traits:
    skin = pick("f7d2b5 c98e68 8a5a42 fbe3d2", r.coat)
    hair = pick("7a4a2e 2f2a35 2a2026 c8503f", r.coat)
    kind = r.rng("hair").choice(("bob", "short", "pigtails", "bun", "curls"))
    return Traits(
        skin,
        skin,
        ear=(84, 0.46),
        nose="oval",
        nose_size=0.05,
        nose_colour=darker(skin, 0.35),
        nose_v=0.36,
        mouth_v=0.24,
        features=(
            ear_pair("round", 22, skin, None, azimuth=86, v=0.44, splay=84, springy=0.0),
            _hair(kind, hair, r.palette[1]),
        ),
        eye_v=0.46,
        eye_size=0.20,
        hand="mitten",
        foot="shoe",
        head_profile=superellipse(2.2, 0.02),
        foot_colour=r.palette[1],
    )


def _headed(
    name: str,
    family: str,
    noun: str,
    traits: Callable[[Recipe], Traits],
    slots: tuple[str, ...],
    *,
    builds: tuple[str, ...] = (),
    outfits: tuple[str, ...] = HUMANOID_OUTFITS,
    coats: int = 4,
    places: tuple[str, ...] = (),
    plan: str = "biped",
) -> Species:
    def build(recipe: Recipe) -> BodyDesign:
        return headed_body(recipe, traits(recipe), plan)

    return Species(
        name,
        family,
        noun,
        build,
        plan,
        builds or ("child", "chibi", "lanky", "stout", "stumpy", "athletic"),
        outfits,
        slots,
        coats,
        (),
        places,
    )


def _sheet(seed: int) -> Callable[[Figure], Path]:
    """The outline of a ghost: a sheet whose lower edge waves in soft scallops."""

    def outline(figure: Figure) -> Path:
        torso = figure.skeleton.torso
        left, right = [], []
        for v, width in torso.solid.profile:
            a, b = torso.side_points(v, width * torso.solid.half_width)
            left.append(a)
            right.append(b)
        (x0, y0), (x1, y1) = left[0], right[0]
        down = (torso.pose.tilt[0][1], torso.pose.tilt[1][1])
        warm_up = min(1.0, figure.time_seconds / 0.5)
        turn = math.radians(torso.yaw(0.0)) / (2 * math.pi) * 2.0
        phase = 0.25 + turn + warm_up * figure.beat * 0.12 + (seed % 4) / 4
        hem = []
        steps = _SCALLOPS * 8
        for i in range(steps + 1):
            f = i / steps
            wave = math.sin(2 * math.pi * (f * _SCALLOPS - phase))
            # Round lobes and narrower notches; the middle hangs lower, as seen from above.
            drop = 20.0 + 13.0 * (wave + 0.22 * math.cos(4 * math.pi * (f * _SCALLOPS - phase)))
            drop += 40.0 * f * (1.0 - f)
            sway = figure.springs.sway * 0.6 * (drop / 30.0)
            hem.append(
                (x0 + (x1 - x0) * f + down[0] * drop + sway, y0 + (y1 - y0) * f + down[1] * drop)
            )
        return curve(right[::-1] + hem[::-1] + left, tension=0.95)

    return outline


_SCALLOPS = 4


def _sheet_folds(seed: int, colour: Colour) -> SurfacePaint:
    """Soft folds that rise from the notches of the hem."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        for i in range(9):
            azimuth = -160.0 + 40.0 * i + (seed % 7) * 3.0
            foot, top = solid.place(azimuth, -0.04), solid.place(azimuth, 0.20 + 0.05 * (i % 3))
            if foot.facing < 0.25:
                continue
            half = 9.0 * foot.facing
            fold = curve(
                [(foot.x - half, foot.y + 30), (foot.x + half, foot.y + 30), (top.x, top.y)],
                tension=0.6,
            )
            canvas.drawPath(fold, fill(darker(colour, 0.30), 0.34 * foot.facing, blur=4.0))

    return paint


def _ghost(r: Recipe) -> BodyDesign:
    colour = pick("fbfbff e3f0ff ffe9f4 e9ffe9 efe6ff", r.coat)
    solid = Solid(
        300,
        112,
        (
            (0.02, 1.04),
            (0.10, 0.99),
            (0.20, 0.955),
            (0.34, 0.93),
            (0.55, 0.92),
            (0.76, 0.85),
            (0.90, 0.60),
            (0.97, 0.34),
            (1.0, 0.10),
        ),
        0.86,
    )
    traits = ObjectTraits(
        solid,
        SurfaceLook(colour, (_sheet_folds(r.seed, colour),)),
        face_v=0.64,
        face_half=38,
        legs=False,
        shoulder_v=0.42,
        hover=64,
        limb_colour=colour,
        thick=True,
        hand="ball",
        hop_unit=100,
    )
    return replace(object_body(r, traits, "floater with arms"), torso_outline=_sheet(r.seed))


_CLOUD_PUFFS = (
    (0.0, 120.0, 96.0),
    (-74.0, 62.0, 62.0),
    (76.0, 64.0, 64.0),
    (-80.0, 138.0, 56.0),
    (82.0, 142.0, 54.0),
    (-42.0, 204.0, 58.0),
    (46.0, 200.0, 54.0),
    (4.0, 228.0, 52.0),
    (0.0, 46.0, 58.0),
)
"""x, height and radius in px of the circles whose union is a cloud."""


def _cloud_outline(figure: Figure) -> Path:
    torso = figure.skeleton.torso
    breath = 0.03 * min(1.0, figure.time_seconds / 0.5)
    puffs = [
        (x, y, radius * (1.0 + breath * math.sin(figure.beat * math.pi + 2.1 * i)))
        for i, (x, y, radius) in enumerate(_CLOUD_PUFFS)
    ]
    points = []
    for k in range(120):
        angle = 2 * math.pi * k / 120
        c, s = math.cos(angle), math.sin(angle)
        reach = 0.0
        for x, y, radius in puffs:
            # The far crossing of the ray from the middle (0, 120) with the circle.
            along_ray = x * c + (y - 120.0) * s
            beside = x * s - (y - 120.0) * c
            if abs(beside) < radius:
                reach = max(reach, along_ray + math.sqrt(radius * radius - beside * beside))
        x, v = reach * c, (120.0 + reach * s) / torso.solid.height
        middle = torso.centre(v)
        half = torso.seen_half_width(v, 1.0) * x
        points.append(
            (middle[0] + torso.pose.tilt[0][0] * half, middle[1] + torso.pose.tilt[1][0] * half)
        )
    return curve(points, tension=0.6)


def _cloud_puffs(colour: Colour) -> SurfacePaint:
    """Round edges of puffs that lie on the near side, and shade below."""
    shadow = mix(darker(colour, 0.30), (0.55, 0.62, 0.85), 0.35)

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        foot = solid.centre(0.0)
        for x, y, radius in _CLOUD_PUFFS[:3]:
            shade = ellipse(foot[0] + x, foot[1] - y + radius * 1.35, radius * 1.5, radius * 0.8)
            canvas.drawPath(shade, fill(shadow, 0.30, blur=12.0))
        for azimuth, v, size in _CLOUD_CURLS:
            place = solid.place(azimuth, v)
            if place.facing > 0.15:
                arc = skia.Path()
                arc.moveTo(snap(-size), snap(size * 0.2))
                arc.cubicTo(
                    snap(-size * 0.9), snap(-size), snap(size * 0.9), snap(-size), snap(size), 0.0
                )
                canvas.drawPath(mapped(arc, place.matrix()), stroke(shadow, 5.0, 0.75))

    return paint


_CLOUD_CURLS = (
    (-46.0, 0.24, 24.0),
    (50.0, 0.20, 27.0),
    (8.0, 0.80, 24.0),
    (-58.0, 0.66, 20.0),
    (64.0, 0.70, 22.0),
    (104.0, 0.34, 28.0),
    (128.0, 0.72, 26.0),
    (176.0, 0.44, 34.0),
    (196.0, 0.80, 22.0),
    (214.0, 0.22, 28.0),
    (238.0, 0.58, 28.0),
    (270.0, 0.36, 26.0),
)
"""Azimuth, height and half width in px of curls on the surface of a cloud."""


def _cloud(r: Recipe) -> BodyDesign:
    colour = pick("fdfeff d9ecff ffe3ee 9aa6bf", r.coat)
    solid = Solid(
        272,
        112,
        (
            (0.0, 0.50),
            (0.06, 0.80),
            (0.22, 0.90),
            (0.36, 0.84),
            (0.52, 0.94),
            (0.66, 0.90),
            (0.78, 0.84),
            (0.92, 0.56),
            (1.0, 0.20),
        ),
        0.8,
    )
    traits = ObjectTraits(
        solid,
        SurfaceLook(colour, (_cloud_puffs(colour),)),
        face_v=0.52,
        face_half=42,
        legs=False,
        shoulder_v=0.36,
        hover=120,
        limb_colour=mix(colour, darker(colour, 0.35), 0.35),
        thick=True,
        hand="ball",
        hop_unit=95,
    )
    return replace(object_body(r, traits, "floater with arms"), torso_outline=_cloud_outline)


def _jellyfish(r: Recipe) -> BodyDesign:
    colour = pick("ff9fc8 8fc8ff c8a0ff ffcf7f", r.coat)
    solid = Solid(
        190,
        116,
        (
            (0.0, 0.82),
            (0.04, 0.98),
            (0.14, 1.0),
            (0.40, 0.98),
            (0.66, 0.82),
            (0.86, 0.54),
            (0.96, 0.28),
            (1.0, 0.06),
        ),
        0.95,
    )

    def tentacles(figure: Figure) -> None:
        torso = figure.skeleton.torso
        for i in range(6):
            f = -0.75 + 1.5 * i / 5
            x, y, _ = torso.point(
                f * torso.solid.half_width, 0.03, 0.4 * (i % 3 - 1) * torso.solid.half_width
            )
            points = [(x, y - 8)]
            for j in range(1, 5):
                wave = (
                    12.0 * math.sin(2 * math.pi * (figure.beat * 0.5 - j * 0.22 + i * 0.31))
                    + figure.springs.sway * j * 0.55
                )
                points.append(
                    (
                        x + wave * j * 0.4,
                        y + 34.0 * j * (1.0 if i % 2 else 0.84) - figure.springs.bounce * j * 4,
                    )
                )
            tone = lighter(colour, 0.25) if i % 2 else darker(colour, 0.12)
            figure.pen.part(
                -3.0 + 0.1 * i,
                PartId.SOFT_ACCESSORY,
                tapered_limb(points, (20, 17, 14, 11, 6)),
                tone,
                shade=0.7,
            )

    look = SurfaceLook(
        colour,
        (
            grid_of(
                ellipse(0, 0, 1, 1),
                lighter(colour, 0.5),
                8,
                low=0.6,
                high=0.98,
                across=50,
                up_px=30,
            ),
            band(0.0, 0.09, lighter(colour, 0.35)),
        ),
    )
    traits = ObjectTraits(
        solid,
        look,
        (tentacles,),
        face_v=0.42,
        face_half=40,
        legs=False,
        arms=False,
        hover=190,
        hop_unit=90,
    )
    return object_body(r, traits, "floater without limbs")


def _slime(r: Recipe) -> BodyDesign:
    colour = pick("7fdc6a 6ac8f0 f08ac0 f0c24f b08af0", r.coat)
    solid = Solid(
        206,
        126,
        (
            (0.0, 1.06),
            (0.04, 1.08),
            (0.10, 1.0),
            (0.20, 0.90),
            (0.34, 0.86),
            (0.52, 0.86),
            (0.70, 0.80),
            (0.84, 0.66),
            (0.94, 0.44),
            (1.0, 0.14),
        ),
        0.95,
    )
    bubbles = spots(r.seed, (lighter(colour, 0.55),), 14, (4, 11), high=0.34, alpha=0.6)
    shine = curve([(-1.0, 0.7), (-0.7, -0.3), (0.1, -0.9), (0.3, -0.6), (-0.3, -0.1), (-0.6, 0.8)])
    traits = ObjectTraits(
        solid,
        SurfaceLook(
            colour,
            (
                band(0.0, 1.0, darker(colour, 0.10)),
                bubbles,
                drips(lighter(colour, 0.16), 0.66, r.seed, 0.20),
                *(decal(shine, WHITE, azimuth, 0.80, 26, 0.75) for azimuth in (-34, 148)),
                *(
                    decal(ellipse(0, 0, 7, 9), WHITE, azimuth, 0.68, 1.0, 0.7)
                    for azimuth in (-44, 138)
                ),
            ),
            glossy=False,
            fuzzy=False,
        ),
        face_v=0.50,
        face_half=42,
        legs=False,
        arms=False,
        hover=0.0,
        hop_unit=120,
    )
    return replace(object_body(r, traits, "blob"), torso_outline=_puddle(r.seed))


def _puddle(seed: int) -> Callable[[Figure], Path]:
    """The outline of a slime: a dome that runs out into round lobes on the floor."""

    def outline(figure: Figure) -> Path:
        torso = figure.skeleton.torso
        left, right = [], []
        for v, width in torso.solid.profile[3:]:
            a, b = torso.side_points(v, width * torso.solid.half_width)
            left.append(a)
            right.append(b)
        (x0, y0), (x1, y1) = torso.side_points(0.0, torso.solid.half_width * 1.05)
        down = (torso.pose.tilt[0][1], torso.pose.tilt[1][1])
        turn = math.radians(torso.yaw(0.0)) / (2 * math.pi)
        phase = (seed % 5) / 5 + turn
        hem = []
        for i in range(33):
            f = i / 32
            wave = 0.5 + 0.5 * math.sin(2 * math.pi * (f * 3.5 - phase))
            # Lobes reach forwards on the floor, the middle ones furthest; the ends are round.
            edge = min(1.0, 9.0 * f, 9.0 * (1.0 - f))
            drop = -20.0 + 14.0 * wave * edge + 14.0 * edge + 40.0 * f * (1.0 - f)
            hem.append((x0 + (x1 - x0) * f + down[0] * drop, y0 + (y1 - y0) * f + down[1] * drop))
        return curve(right[::-1] + hem[::-1] + left, tension=0.95)

    return outline


def _furball(r: Recipe) -> BodyDesign:
    colour = pick("f2794f 5fb0e8 8a6fd8 7fc86a f0b83f", r.coat)
    solid = Solid(236, 124, superellipse(2.2, 0.06), 0.95)
    horn = hex_colour("f5e3b5")
    look = SurfaceLook(colour, (belly(lighter(colour, 0.4), 0.26, 66, 44),))
    traits = ObjectTraits(
        solid,
        look,
        (
            ear_pair(
                "horn", 44, horn, None, azimuth=46, v=0.86, part=PartId.RIGID_ACCESSORY, springy=0.0
            ),
            tuft(54, lighter(colour, 0.2)),
        ),
        face_v=0.60,
        face_half=40,
        mouth="fang",
        shoulder_v=0.42,
        thick=True,
        limb_colour=colour,
        hand="claw",
        seat=18,
    )
    return object_body(r, traits, "object biped")


def _matryoshka(r: Recipe) -> BodyDesign:
    main, accent, second, light = r.palette
    solid = Solid(
        310,
        106,
        (
            (0.0, 0.66),
            (0.03, 0.78),
            (0.14, 0.96),
            (0.30, 1.0),
            (0.46, 0.92),
            (0.58, 0.74),
            (0.66, 0.70),
            (0.80, 0.72),
            (0.92, 0.52),
            (0.98, 0.26),
            (1.0, 0.08),
        ),
        1.0,
    )
    flower = _blossom()
    leaf = ellipse(0, 0, 1, 0.45, -28)
    green = hex_colour("4f9f5a")
    skin = pick("ffe3cf f3cfae fbe8da c98f68", r.coat)
    hair = pick("5a3a28 2f2530 c98a3f 3a2a22", r.coat)
    fringe = curve(
        [(-56, 6), (-50, -40), (0, -60), (50, -40), (56, 6), (34, -24), (0, -34), (-34, -24)]
    )
    scarf = contrasting(main, (accent, second, light))
    kerchief = curve([(-84, -50), (84, -50), (46, 30), (0, 76), (-46, 30)], tension=0.5)
    look = SurfaceLook(
        main,
        (
            band(0.60, 1.0, scarf),
            grid_of(ellipse(0, 0, 1, 1), light, 5, low=0.62, high=0.98, across=30, up_px=26),
            decal(kerchief, scarf, 180, 0.58, 1.0),
            decal(flower, light, 180, 0.60, 26),
            decal(ellipse(0, 0, 1, 1), second, 180, 0.60, 9),
            decal(ellipse(0, 0, 66, 60), light, 0, 0.76, 1.0),
            decal(ellipse(0, 0, 60, 54), skin, 0, 0.76, 1.0),
            decal(fringe, hair, 0, 0.77, 1.0),
            decal(ellipse(0, 0, 12, 10), second, 0, 0.575, 1.0),
            decal(polygon([(0, -4), (-34, 22), (-14, 30)]), scarf, 0, 0.575, 1.0),
            decal(polygon([(0, -4), (34, 22), (14, 30)]), scarf, 0, 0.575, 1.0),
            band(0.0, 0.10, second),
            band(0.10, 0.13, accent),
            *(
                piece
                for azimuth, v, size, tone in (
                    (0, 0.34, 36, light),
                    (-40, 0.27, 22, accent),
                    (40, 0.27, 22, accent),
                    (-90, 0.34, 28, light),
                    (90, 0.34, 28, light),
                    (180, 0.30, 36, light),
                    (-140, 0.24, 20, accent),
                    (140, 0.24, 20, accent),
                )
                for piece in (
                    decal(leaf, green, azimuth - size * 0.55, v - 0.05, size * 0.8),
                    decal(leaf, green, azimuth + size * 0.55, v + 0.05, size * 0.8),
                    decal(flower, tone, azimuth, v, size),
                    decal(ellipse(0, 0, 1, 1), second, azimuth, v, size * 0.36),
                )
            ),
        ),
        fuzzy=False,
    )
    traits = ObjectTraits(
        solid,
        look,
        face_v=0.78,
        face_half=27,
        legs=False,
        arms=False,
        hover=0.0,
        hop_unit=90,
        mouth="smile",
    )
    return object_body(r, traits, "blob")


def _blossom() -> Path:
    """Five round petals about the origin, of radius 1."""
    points = []
    for i in range(30):
        angle = 2 * math.pi * i / 30
        reach = 0.72 + 0.28 * abs(math.sin(2.5 * angle))
        points.append((reach * math.sin(angle), -reach * math.cos(angle)))
    return curve(points)


def _toy_brick(r: Recipe) -> BodyDesign:
    colour = pick("e8574a 4f8fe0 f5c33f 5fb86a", r.coat)
    solid = Solid(190, 94, _BOX, 0.9, 0.5)
    panel, inner = rectangle(-58, -58, 116, 116, 16), rectangle(-52, -52, 104, 104, 12)

    def studs(figure: Figure) -> None:
        torso = figure.skeleton.torso
        a = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0])
        c, s = math.cos(a), math.sin(a)
        for x, z in ((-0.52, -0.5), (0.52, -0.5), (-0.52, 0.5), (0.52, 0.5)):
            half = torso.solid.half_width
            px, py, depth = torso.point(x * half, 1.0, z * half)
            # Seen a little from above: studs at the back stand higher.
            matrix = matrix_of(c, -s, s, c, px, py - depth * 0.10 - 4.0)
            pen, near = figure.pen, -1.0 + depth * 0.004
            wall = mapped(rectangle(-31, -24, 62, 44, 8), matrix)
            pen.part(near, PartId.TORSO, wall, colour, shade=0.9, fuzzy=False)
            top = mapped(ellipse(0, -22, 31, 9), matrix)
            light = lighter(colour, 0.22)
            pen.part(near, PartId.TORSO, top, light, shade=0.2, outline=False, fuzzy=False)

    return object_body(
        r,
        ObjectTraits(
            solid,
            SurfaceLook(
                colour,
                (
                    band(0.93, 1.0, lighter(colour, 0.22)),
                    band(0.0, 0.07, darker(colour, 0.22)),
                    *(decal(panel, darker(colour, 0.12), a, 0.48, 1.0) for a in (90, -90, 180)),
                    *(decal(inner, lighter(colour, 0.05), a, 0.48, 1.0) for a in (90, -90, 180)),
                    decal(rectangle(-52, -62, 14, 64, 7), WHITE, -22, 0.62, 1.0, 0.35),
                ),
                fuzzy=False,
            ),
            (studs,),
            face_v=0.58,
            face_half=42,
            shoulder_v=0.42,
        ),
        "object biped",
    )


def _solo(
    name: str,
    family: str,
    noun: str,
    build: Callable[[Recipe], BodyDesign],
    plan: str,
    slots: tuple[str, ...],
    *,
    proportions: tuple[str, ...] = ("stubby",),
    outfits: tuple[str, ...] = ("none",),
    coats: int = 4,
    places: tuple[str, ...] = (),
) -> Species:
    return Species(name, family, noun, build, plan, proportions, outfits, slots, coats, (), places)


_FREE = ("top", "bow", "eyes", "neck", "back", "none")

SPECIES: tuple[Species, ...] = (
    _headed(
        "robot",
        "robots_toys",
        "a robot",
        _robot,
        ("none",),
        outfits=("nothing",),
        coats=5,
        places=("moon",),
        builds=("child", "lanky", "stout", "athletic", "stumpy"),
    ),
    _headed(
        "tin robot",
        "robots_toys",
        "a tin robot",
        _tin_robot,
        ("neck", "none"),
        outfits=("nothing",),
        coats=5,
        places=("bedroom",),
        builds=("child", "stout", "stumpy", "athletic"),
    ),
    _headed(
        "snowman",
        "robots_toys",
        "a snowman",
        _snowman,
        ("top", "neck", "none"),
        outfits=("nothing", "nothing", "waistcoat"),
        coats=3,
        places=("ice land",),
        builds=("child", "chibi", "stout"),
    ),
    _headed(
        "doll",
        "robots_toys",
        "a doll",
        _doll,
        ("bow", "eyes", "neck", "none"),
        places=("bedroom",),
        outfits=tuple(o for o in HUMANOID_OUTFITS if o not in ("nothing", "waistcoat", "jumper")),
    ),
    _headed(
        "cyclops",
        "monsters_ghosts",
        "a one-eyed monster",
        _cyclops,
        ("neck", "none"),
        coats=5,
        places=("night town",),
    ),
    _headed(
        "alien", "monsters_ghosts", "an alien", _alien, ("neck", "back", "none"), places=("moon",)
    ),
    _headed(
        "dragon",
        "monsters_ghosts",
        "a dragon",
        _dragon,
        ("eyes", "neck", "none"),
        places=("desert",),
        outfits=("nothing", "waistcoat", "t-shirt", "nothing"),
    ),
    _headed(
        "sunflower",
        "plants",
        "a sunflower",
        _sunflower,
        ("eyes", "neck", "none"),
        outfits=("nothing",),
        places=("meadow",),
        builds=("child", "lanky", "athletic", "chibi"),
    ),
    _headed(
        "pumpkin",
        "fruit_vegetables",
        "a pumpkin scarecrow",
        _pumpkin_scarecrow,
        ("eyes", "neck", "none"),
        coats=3,
        places=("night town",),
        outfits=("overalls", "hoodie", "dress", "tracksuit", "t-shirt"),
    ),
    _solo(
        "ghost",
        "monsters_ghosts",
        "a ghost",
        _ghost,
        "floater with arms",
        ("top", "bow", "eyes", "sides", "none"),
        coats=5,
        places=("night town",),
        proportions=("stubby",),
    ),
    _solo(
        "cloud",
        "plants",
        "a cloud",
        _cloud,
        "floater with arms",
        ("eyes", "collar", "bow", "none"),
        places=("meadow",),
    ),
    _solo(
        "jellyfish",
        "monsters_ghosts",
        "a jellyfish",
        _jellyfish,
        "floater without limbs",
        ("top", "bow", "eyes", "none"),
        places=("sea bed",),
    ),
    _solo(
        "slime",
        "monsters_ghosts",
        "a slime",
        _slime,
        "blob",
        ("eyes", "bow", "none"),
        coats=5,
        places=("forest",),
    ),
    _solo(
        "furball",
        "monsters_ghosts",
        "a furry monster",
        _furball,
        "object biped",
        ("eyes", "collar", "bow", "none"),
        coats=5,
        proportions=("stubby", "noodle"),
        outfits=("sneakers", "boots", "striped socks"),
        places=("candy land",),
    ),
    _solo(
        "matryoshka",
        "robots_toys",
        "a nesting doll",
        _matryoshka,
        "blob",
        ("none", "bow"),
        places=("bedroom",),
    ),
    _solo(
        "toy brick",
        "robots_toys",
        "a toy brick",
        _toy_brick,
        "object biped",
        ("eyes", "collar", "bow", "none"),
        proportions=("noodle", "stubby", "stilted"),
        outfits=("sneakers", "boots", "gloves and shoes", "striped socks"),
        places=("bedroom",),
    ),
)
