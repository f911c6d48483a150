"""Animals: a head on a body, told apart by ears, muzzles, markings and tails."""

import math
from collections.abc import Callable

from a2bench.procedural.colour import WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import BodyDesign, Feature, Figure
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import curve, ellipse
from a2bench.procedural.patterns import belly, decal, grid_of, meridians, spots, stripes
from a2bench.procedural.solids import superellipse
from a2bench.procedural.species import (
    BALL,
    HUMANOID_OUTFITS,
    PEAR,
    WEDGE,
    Recipe,
    Species,
    Traits,
    headed_body,
    pick,
)
from a2bench.procedural.trimmings import ear_pair, petals, puff_tail, spikes, tail, tuft, wings

_DARK = hex_colour("2b2730")
_PINK = hex_colour("f7a8ac")


def _ruff(size: float, colour: Colour, *, v: float) -> Feature:
    """Tufts of longer hair on both cheeks."""
    return ear_pair(
        "pointy",
        size,
        colour,
        None,
        azimuth=78,
        v=v,
        splay=104,
        part=PartId.HEAD,
        springy=0.1,
    )


def _fox(r: Recipe) -> Traits:
    coat = pick("e8762d c8553d f0a04a 8f98a8", r.coat)
    cream = hex_colour("fff1e0")
    mask = curve(
        [
            (-1.5, 1.6),
            (-1.28, 0.35),
            (-0.62, 0.38),
            (0.0, -0.20),
            (0.62, 0.38),
            (1.28, 0.35),
            (1.5, 1.6),
        ],
        tension=0.8,
    )
    socks = darker(coat, 0.7)
    return Traits(
        coat,
        cream,
        belly_colour=cream,
        hand_colour=socks,
        ear=(42, 0.84),
        nose_v=0.34,
        mouth_v=0.22,
        head_paints=(decal(mask, cream, 0.0, 0.36, 66),),
        features=(
            ear_pair("pointy", 62, coat, lighter(cream, 0.2), azimuth=42, v=0.84),
            tail((26, 46, 62, 56, 16), 215, coat, tip=cream),
        ),
        head_profile=superellipse(2.1, 0.16),
    )


def _cat(r: Recipe) -> Traits:
    coat = pick("9096a6 e8a15c 3f3d4a f2ece4", r.coat)
    inner = hex_colour("f5b7b4")
    line = darker(coat, 0.55)
    whiskers = meridians((), line, 1.0)
    return Traits(
        coat,
        lighter(coat, 0.7),
        belly_colour=lighter(coat, 0.65),
        ear=(44, 0.84),
        mouth="cat",
        muzzle=(0.34, 0.20),
        head_paints=(meridians((-15.0, 0.0, 15.0), line, 8.0, low=0.80, high=0.97), whiskers),
        body_paints=(stripes(0.25, 0.95, line, 0.22, 0.22, 0.35),),
        nose_colour=hex_colour("d9707a"),
        features=(
            ear_pair("pointy", 52, coat, inner, azimuth=44, v=0.84),
            tail((21, 21, 20, 19, 17), 205, coat, rings=line if r.coat != 3 else None),
            _ruff(24, coat, v=0.24),
        ),
        head_stretch=(1.06, 0.90),
        head_profile=superellipse(1.9, 0.08),
        limb_scale=0.94,
    )


def _bear(r: Recipe) -> Traits:
    coat = pick("95613c 6a4630 c99a63 f3eee8", r.coat)
    light = lighter(coat, 0.55)
    return Traits(
        coat,
        light,
        belly_colour=light,
        ear=(56, 0.84),
        muzzle=(0.40, 0.29),
        nose="oval",
        nose_v=0.36,
        features=(ear_pair("round", 42, coat, light, azimuth=54, v=0.84), puff_tail(20, coat)),
        head_profile=superellipse(2.2, 0.16),
        head_stretch=(0.96, 0.96),
        torso_profile=PEAR,
        limb_scale=1.2,
    )


def _panda(r: Recipe) -> Traits:
    white = pick("f7f4ee f3ead9 e9eef4", r.coat)
    patch = ellipse(0, 0, 1.0, 1.28, 24)
    patch_left = ellipse(0, 0, 1.0, 1.28, -24)
    return Traits(
        white,
        WHITE,
        limb_colour=_DARK,
        ear=(54, 0.84),
        eyes="dot",
        eye_size=0.19,
        muzzle=(0.34, 0.24),
        nose="oval",
        head_paints=(decal(patch, _DARK, -25, 0.50, 27), decal(patch_left, _DARK, 25, 0.50, 27)),
        body_paints=(lambda canvas, solid: stripes(0.72, 1.0, _DARK, 0.5, 1.0)(canvas, solid),),
        features=(ear_pair("round", 50, _DARK, None, azimuth=50, v=0.86), puff_tail(18, _DARK)),
        head_stretch=(1.12, 0.98),
        head_profile=superellipse(2.3, 0.10),
        torso_profile=BALL,
        foot_colour=None,
        hand_colour=_DARK,
    )


def _rabbit(r: Recipe) -> Traits:
    coat = pick("f2e3e7 cdb79e 9aa1ae fbf8f2", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.8),
        belly_colour=lighter(coat, 0.8),
        ear=(26, 0.92),
        muzzle=(0.30, 0.20),
        mouth="cat",
        nose_colour=hex_colour("e37b8b"),
        nose_size=0.09,
        features=(
            ear_pair("long", 74, coat, _PINK, azimuth=24, v=0.92, splay=9, springy=1.0),
            puff_tail(24, WHITE),
        ),
    )


def _frog(r: Recipe) -> Traits:
    coat = pick("6bb84c 3f9f7a c7b83f e27a3f", r.coat)
    light = lighter(mix(coat, hex_colour("f4f2b0"), 0.5), 0.35)
    return Traits(
        coat,
        light,
        belly_colour=light,
        eyes="big",
        eye_v=0.90,
        eye_gap=0.50,
        eye_size=0.25,
        nose="none",
        mouth="smile",
        mouth_v=0.42,
        head_stretch=(1.06, 0.82),
        head_profile=superellipse(2.2, 0.16),
        foot="webbed",
        foot_colour=darker(coat, 0.1),
        head_paints=(belly(light, 0.18, 78, 34),),
        body_paints=(spots(r.seed, (darker(coat, 0.2),), 8, (7, 13)),),
        features=(
            ear_pair(
                "round", 46, coat, None, azimuth=32, v=0.86, splay=4, part=PartId.HEAD, springy=0.0
            ),
        ),
        cheeks=hex_colour("f29a6a"),
    )


def _pig(r: Recipe) -> Traits:
    coat = pick("f6b0bd e8a58f c9b0a8 5a4f58", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.3),
        belly_colour=lighter(coat, 0.35),
        ear=(58, 0.80),
        nose="snout",
        nose_v=0.40,
        nose_size=0.25,
        nose_colour=darker(coat, 0.10),
        mouth_v=0.17,
        mouth="smile",
        features=(
            ear_pair("pointy", 40, darker(coat, 0.08), None, azimuth=50, v=0.84, splay=34),
            tail((11, 10, 9, 8), 84, coat, curl=(90, -150)),
        ),
        head_stretch=(1.14, 0.84),
        head_profile=superellipse(2.6, 0.06),
        torso_profile=BALL,
        limb_scale=1.16,
    )


def _koala(r: Recipe) -> Traits:
    coat = pick("9ea8b3 8d8494 b7aa9f", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.7),
        belly_colour=lighter(coat, 0.75),
        ear=(66, 0.74),
        nose="oval",
        nose_size=0.20,
        nose_v=0.40,
        mouth_v=0.20,
        features=(ear_pair("round", 66, coat, hex_colour("f3d4d8"), azimuth=66, v=0.70, splay=30),),
        nose_colour=hex_colour("38343f"),
        eye_gap=0.46,
    )


def _mouse(r: Recipe) -> Traits:
    coat = pick("b3aab8 d8c2a4 7f8797 f4f0ee", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.6),
        belly_colour=lighter(coat, 0.6),
        ear=(54, 0.86),
        muzzle=(0.28, 0.20),
        nose="oval",
        nose_size=0.09,
        nose_colour=hex_colour("e07a8a"),
        features=(
            ear_pair("round", 82, coat, _PINK, azimuth=58, v=0.82, splay=26),
            tail((12, 11, 10, 9, 7), 235, _PINK),
        ),
        head_profile=superellipse(2.0, 0.22),
        head_stretch=(0.92, 0.88),
        limb_scale=0.84,
    )


def _dog(r: Recipe) -> Traits:
    coat = pick("dcab6c f6f1e8 8a5f3f 4b4650", r.coat)
    ear = darker(coat, 0.40) if r.coat != 1 else hex_colour("8a5a38")
    patch = ellipse(0, 0, 1.0, 1.15, 10)
    return Traits(
        coat,
        lighter(coat, 0.65),
        belly_colour=lighter(coat, 0.65),
        ear=(62, 0.80),
        muzzle=(0.36, 0.27),
        nose="oval",
        nose_size=0.12,
        head_paints=(decal(patch, ear, 24, 0.52, 34),) if r.coat < 2 else (),
        mouth="open",
        features=(
            ear_pair("flop", 70, ear, None, azimuth=76, v=0.84, splay=0, springy=0.7),
            tail((22, 20, 17, 13), 130, coat, curl=(80, 20)),
        ),
        head_stretch=(0.88, 1.0),
        head_profile=superellipse(2.4, 0.0),
    )


def _cow(r: Recipe) -> Traits:
    coat = pick("fbf7f2 b8754a 6a6470", r.coat)
    dark = pick("3a333b fbf7f2 e8e0d8", r.coat)
    return Traits(
        coat,
        hex_colour("f6c4bc"),
        ear=(64, 0.78),
        nose="snout",
        nose_v=0.32,
        nose_size=0.30,
        nose_colour=hex_colour("f2b6ae"),
        mouth_v=0.11,
        mouth="smile",
        body_paints=(spots(r.seed, (dark,), 7, (14, 27)),),
        head_paints=(spots(r.seed + 1, (dark,), 5, (16, 30), low=0.5),),
        features=(
            ear_pair("leafy", 46, coat, _PINK, azimuth=68, v=0.72, splay=14),
            ear_pair(
                "horn",
                38,
                hex_colour("f0e2c4"),
                None,
                azimuth=40,
                v=0.93,
                part=PartId.RIGID_ACCESSORY,
                springy=0.0,
            ),
            tail((9, 8, 8, 20), 150, coat, tip=dark),
        ),
        eye_v=0.58,
        head_profile=superellipse(2.5, 0.02),
        head_stretch=(0.94, 1.04),
        torso_profile=PEAR,
    )


def _tiger(r: Recipe) -> Traits:
    coat = pick("f59b34 f6f2ec e07b3a", r.coat)
    line = darker(coat, 0.85) if r.coat != 1 else hex_colour("3a3640")
    white = hex_colour("fff6e6")
    return Traits(
        coat,
        white,
        belly_colour=white,
        ear=(52, 0.84),
        muzzle=(0.38, 0.27),
        nose_colour=hex_colour("c45a62"),
        head_paints=(
            meridians((-18.0, 0.0, 18.0), line, 9.0, low=0.78, high=0.98),
            meridians((-72.0, 72.0, -84.0, 84.0), line, 9.0, low=0.26, high=0.52),
        ),
        body_paints=(stripes(0.1, 1.0, line, 0.17, 0.30),),
        features=(
            ear_pair("round", 42, coat, white, azimuth=52, v=0.85),
            tail((22, 22, 21, 20, 18), 210, coat, rings=line),
            _ruff(28, white, v=0.22),
        ),
        head_stretch=(1.06, 0.92),
        head_profile=superellipse(2.3, 0.12),
        torso_profile=WEDGE,
        limb_scale=1.15,
    )


def _lion(r: Recipe) -> Traits:
    coat = pick("efbd62 e3a04c f6e3b8", r.coat)
    mane = pick("a85a2a 7a3d20 c9803a", r.coat)
    light = lighter(coat, 0.6)
    return Traits(
        coat,
        light,
        belly_colour=light,
        ear=(50, 0.84),
        muzzle=(0.38, 0.27),
        nose_colour=hex_colour("7a4038"),
        features=(
            petals(18, 58, 46, mane),
            ear_pair("round", 36, coat, light, azimuth=46, v=0.88),
            tail((14, 13, 12, 12, 34), 215, coat, tip=mane),
        ),
        head_stretch=(0.92, 0.92),
    )


def _elephant(r: Recipe) -> Traits:
    coat = pick("97a9c2 b6a0b8 8fb0a8 d8a8b8", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.3),
        belly_colour=lighter(coat, 0.35),
        ear=(70, 0.62),
        nose="trunk",
        nose_v=0.36,
        nose_size=0.17,
        nose_colour=coat,
        mouth="none",
        eye_v=0.52,
        features=(
            ear_pair(
                "fan", 62, coat, mix(coat, _PINK, 0.5), azimuth=68, v=0.62, splay=0, springy=0.8
            ),
            tail((9, 8, 8, 16), 110, coat, tip=darker(coat, 0.5)),
        ),
        limb_scale=1.12,
    )


def _deer(r: Recipe) -> Traits:
    coat = pick("c08552 a8693f d9b48a", r.coat)
    light = hex_colour("fbecd6")
    return Traits(
        coat,
        light,
        belly_colour=light,
        ear=(62, 0.80),
        muzzle=(0.33, 0.25),
        nose="oval",
        head_profile=superellipse(2.0, 0.04),
        body_paints=(spots(r.seed, (light,), 14, (5, 8), low=0.4),),
        features=(
            ear_pair("leafy", 44, coat, _PINK, azimuth=62, v=0.80, splay=-14),
            ear_pair(
                "antler",
                50,
                hex_colour("8a6242"),
                None,
                azimuth=26,
                v=0.94,
                part=PartId.RIGID_ACCESSORY,
                springy=0.0,
            ),
            puff_tail(20, light),
        ),
    )


def _fleece(colour: Colour, *, on_torso: bool) -> Feature:
    """Woolly puffs over the back of the head and, on bare bodies, all round the torso."""
    head_plan = (
        *((azimuth, 0.95, 0.36) for azimuth in range(0, 360, 72)),
        *((azimuth, 0.83, 0.34) for azimuth in (-70, -34, 0, 34, 70, 110, 150, 190, 230)),
        *((azimuth, 0.62, 0.34) for azimuth in (112, 146, 180, 214, 248)),
        *((azimuth, 0.38, 0.32) for azimuth in (125, 160, 200, 235)),
    )
    torso_plan = tuple(
        (azimuth + 20 * row, v, 0.30)
        for row, v in enumerate((0.10, 0.34, 0.58, 0.80))
        for azimuth in range(0, 360, 40)
    )

    def add(figure: Figure) -> None:
        skeleton = figure.skeleton
        plans = [(skeleton.head, head_plan, 20.0, PartId.HEAD)]
        if on_torso:
            plans.append((skeleton.torso, torso_plan, 0.0, PartId.TORSO))
        for solid, plan, depth, part in plans:
            half = solid.solid.half_width
            for azimuth, v, size in plan:
                place = solid.place(azimuth, v, 0.94)
                near = place.facing
                radius = size * half * (1.0 + 0.06 * math.sin(azimuth * 0.7 + v * 9))
                figure.pen.part(
                    depth + (0.3 + 0.3 * near if near > 0 else -0.5 + 0.3 * near),
                    part,
                    ellipse(place.x, place.y, radius, radius * 0.94),
                    lighter(colour, 0.12 * max(0.0, near)),
                    shade=0.55,
                )

    return add


def _sheep(r: Recipe) -> Traits:
    wool = pick("fbf6ea e9d9e8 d9e6ee 6b6470", r.coat)
    skin = pick("4a434c f3d9c4 5a4a44 e9dcd0", r.coat)
    return Traits(
        wool,
        skin,
        limb_colour=skin,
        head_colour=skin,
        ear=(70, 0.66),
        nose="triangle",
        nose_colour=darker(skin, 0.7) if r.coat % 2 else _PINK,
        eyes="big",
        body_paints=(
            grid_of(
                curve([(-1, 0.3), (0, -0.7), (1, 0.3)], closed=False),
                darker(wool, 0.25),
                11,
                low=0,
                high=1,
                across=34,
                up_px=24,
                alpha=0.35,
            ),
        ),
        features=(
            ear_pair("leafy", 42, skin, _PINK, azimuth=72, v=0.68, splay=24),
            _fleece(wool, on_torso=r.outfit == "nothing"),
            puff_tail(30, wool),
        ),
        head_stretch=(0.92, 1.0),
        cheeks=hex_colour("f08a90"),
    )


def _raccoon(r: Recipe) -> Traits:
    coat = pick("8d8a94 a58a74 6f7a88", r.coat)
    mask = curve(
        [
            (-1.5, -0.1),
            (-0.8, -0.36),
            (0.0, -0.1),
            (0.8, -0.36),
            (1.5, -0.1),
            (1.3, 0.42),
            (0.62, 0.34),
            (0.0, 0.12),
            (-0.62, 0.34),
            (-1.3, 0.42),
        ]
    )
    light = hex_colour("f2ede6")
    return Traits(
        coat,
        light,
        belly_colour=light,
        ear=(50, 0.84),
        muzzle=(0.34, 0.24),
        nose="oval",
        nose_size=0.10,
        head_paints=(
            decal(ellipse(0, 0, 1.2, 0.75), light, 0, 0.50, 62),
            decal(mask, _DARK, 0, 0.50, 58),
        ),
        features=(
            ear_pair("pointy", 36, coat, light, azimuth=46, v=0.84, splay=22),
            tail((34, 56, 62, 56, 28), 210, coat, rings=_DARK),
            _ruff(35, light, v=0.32),
        ),
        head_profile=superellipse(1.8, 0.12),
        head_stretch=(1.0, 0.90),
        torso_profile=PEAR,
        hand_colour=_DARK,
    )


def _monkey(r: Recipe) -> Traits:
    coat = pick("8a5a3c 5f4a40 c08a50", r.coat)
    skin = hex_colour("f5d0a9")
    return Traits(
        coat,
        skin,
        belly_colour=skin,
        ear=(84, 0.52),
        nose="oval",
        nose_size=0.08,
        nose_colour=hex_colour("8a5648"),
        nose_v=0.38,
        head_paints=(
            decal(ellipse(0, 0, 1.0, 0.72), skin, 0, 0.30, 64),
            decal(ellipse(0, 0, 0.9, 1.0), skin, -24, 0.52, 33),
            decal(ellipse(0, 0, 0.9, 1.0), skin, 24, 0.52, 33),
        ),
        features=(
            ear_pair("round", 40, coat, skin, azimuth=82, v=0.50, splay=76),
            tail((15, 14, 13, 12, 11), 240, coat, curl=(110, -90)),
            tuft(34, coat),
        ),
        hand_colour=skin,
    )


def _crocodile(r: Recipe) -> Traits:
    coat = pick("5aa05f 7a9f4a 4f8f9f", r.coat)
    light = hex_colour("e9edb4")
    return Traits(
        coat,
        light,
        belly_colour=light,
        nose="none",
        muzzle=(0.62, 0.34),
        muzzle_colour=lighter(coat, 0.14),
        mouth="fang",
        mouth_v=0.22,
        eye_v=0.74,
        eye_gap=0.40,
        nose_v=0.36,
        head_stretch=(1.0, 0.96),
        features=(spikes(4, 34, lighter(coat, 0.4)), tail((60, 52, 40, 26, 8), 225, coat)),
        body_paints=(spots(r.seed, (darker(coat, 0.18),), 10, (6, 11)),),
    )


def _penguin(r: Recipe) -> Traits:
    coat = pick("28365f 3a3a44 2f6a7a", r.coat)
    white = hex_colour("fbfaf4")
    patch = ellipse(0, 0, 1.0, 1.25)
    return Traits(
        coat,
        white,
        belly_colour=white,
        nose="beak",
        nose_size=0.20,
        nose_v=0.36,
        nose_colour=hex_colour("ffab2e"),
        mouth="none",
        head_paints=(
            decal(patch, white, -22, 0.44, 38),
            decal(patch, white, 22, 0.44, 38),
            decal(ellipse(0, 0, 1.3, 0.8), white, 0, 0.24, 38),
        ),
        features=(wings("flipper", 92, coat, v=0.80, as_arms=True),),
        head_stretch=(0.92, 0.94),
        head_profile=superellipse(2.0, 0.04),
        torso_profile=BALL,
        has_arms=False,
        foot="webbed",
        foot_colour=hex_colour("ffab2e"),
        eye_gap=0.38,
    )


def _owl(r: Recipe) -> Traits:
    coat = pick("8f6a48 7a7f95 c9a06a", r.coat)
    light = lighter(coat, 0.62)
    disc = ellipse(0, 0, 1.0, 1.05)
    vee = curve([(-1, -0.4), (0, 0.6), (1, -0.4)], closed=False)
    return Traits(
        coat,
        light,
        belly_colour=light,
        ear=(40, 0.90),
        nose="beak",
        nose_size=0.14,
        nose_v=0.40,
        nose_colour=hex_colour("f5a93a"),
        mouth="none",
        head_paints=(decal(disc, light, -24, 0.52, 40), decal(disc, light, 24, 0.52, 40)),
        eyes="big",
        eye_size=0.25,
        iris=hex_colour("e8a020"),
        body_paints=(
            grid_of(vee, darker(coat, 0.35), 7, low=0.0, high=1.0, across=28, up_px=20, alpha=0.5),
        ),
        features=(
            wings(
                "feather", 98, darker(coat, 0.12), v=0.82, as_arms=True, detail=darker(coat, 0.30)
            ),
            ear_pair("horn", 34, coat, None, azimuth=38, v=0.90),
        ),
        has_arms=False,
        foot="webbed",
        foot_colour=hex_colour("f0a53c"),
        head_profile=superellipse(2.5, 0.04),
    )


def _duck(r: Recipe) -> Traits:
    coat = pick("f8d44c fbf8f0 8fb86a", r.coat)
    return Traits(
        coat,
        lighter(coat, 0.5),
        belly_colour=lighter(coat, 0.45),
        nose="bill",
        nose_size=0.24,
        nose_v=0.32,
        nose_colour=hex_colour("ff9a36"),
        mouth="none",
        features=(
            wings("feather", 88, coat, v=0.80, as_arms=True, detail=darker(coat, 0.15)),
            tuft(40, coat),
            tail((34, 26, 12), 64, coat, curl=(70, 20)),
        ),
        has_arms=False,
        foot="webbed",
        foot_colour=hex_colour("ff9a36"),
    )


def _chick_parrot(r: Recipe) -> Traits:
    coat = pick("e8474f 3fa066 3f7fd0", r.coat)
    accent = pick("3f7fd0 f5c83f f5c83f", r.coat)
    white = hex_colour("fff8ee")
    return Traits(
        coat,
        white,
        belly_colour=lighter(accent, 0.2),
        nose="beak",
        nose_size=0.24,
        nose_v=0.38,
        nose_colour=hex_colour("3f3a40"),
        mouth="none",
        head_paints=(
            decal(ellipse(0, 0, 1.0, 1.1), white, -26, 0.50, 32),
            decal(ellipse(0, 0, 1.0, 1.1), white, 26, 0.50, 32),
        ),
        features=(
            wings("feather", 100, accent, v=0.82, as_arms=True, detail=hex_colour("f5c83f")),
            tuft(60, coat),
            tail((26, 30, 30, 24), 150, accent, tip=coat, curl=(118, 96)),
        ),
        has_arms=False,
        foot="webbed",
        foot_colour=hex_colour("8a8088"),
    )


_ALL_BUILDS = ("child", "chibi", "lanky", "stout", "stumpy", "athletic")
_BIRD_BUILDS = ("child", "chibi", "stout", "stumpy")
_BIRD_OUTFITS = ("nothing", "nothing", "waistcoat", "jumper")


def _species(
    name: str,
    traits: Callable[[Recipe], Traits],
    noun: str,
    slots: tuple[str, ...],
    places: tuple[str, ...] = (),
    coats: int = 3,
) -> Species:
    def build(recipe: Recipe) -> BodyDesign:
        return headed_body(recipe, traits(recipe), "biped")

    return Species(
        name,
        "animals",
        noun,
        build,
        "biped",
        _ALL_BUILDS,
        HUMANOID_OUTFITS,
        slots,
        coats,
        (),
        places,
    )


def _bird(
    name: str,
    traits: Callable[[Recipe], Traits],
    noun: str,
    slots: tuple[str, ...],
    places: tuple[str, ...] = (),
) -> Species:
    def build(recipe: Recipe) -> BodyDesign:
        return headed_body(recipe, traits(recipe), "winged biped")

    return Species(
        name,
        "animals",
        noun,
        build,
        "winged biped",
        _BIRD_BUILDS,
        _BIRD_OUTFITS,
        slots,
        3,
        (),
        places,
    )


_FREE = ("top", "bow", "eyes", "neck", "collar", "sides", "back", "none")
_NO_TOP = ("bow", "eyes", "neck", "collar", "back", "none")

SPECIES: tuple[Species, ...] = (
    _species("fox", _fox, "a fox", _NO_TOP, ("forest",), 4),
    _species("cat", _cat, "a cat", _NO_TOP, ("bedroom",), 4),
    _species("bear", _bear, "a bear", _FREE, ("forest",), 4),
    _species("panda", _panda, "a panda", _FREE, ("theatre stage",)),
    _species("rabbit", _rabbit, "a rabbit", ("eyes", "neck", "back", "none"), ("meadow",), 4),
    _species("frog", _frog, "a frog", ("neck", "back", "none"), ("meadow",), 4),
    _species("pig", _pig, "a pig", _FREE, ("meadow",)),
    _species(
        "koala", _koala, "a koala", ("top", "bow", "eyes", "neck", "back", "none"), ("forest",)
    ),
    _species("mouse", _mouse, "a mouse", ("bow", "eyes", "neck", "back", "none"), ("kitchen",), 4),
    _species("dog", _dog, "a dog", _FREE, ("playground",), 4),
    _species("cow", _cow, "a cow", ("eyes", "neck", "none"), ("meadow",)),
    _species("tiger", _tiger, "a tiger", _FREE, ("forest",)),
    _species("lion", _lion, "a lion", ("eyes", "none"), ("desert",)),
    _species(
        "elephant", _elephant, "an elephant", ("top", "bow", "neck", "none"), ("playground",), 4
    ),
    _species("deer", _deer, "a deer", ("eyes", "neck", "none"), ("forest",)),
    _species("sheep", _sheep, "a sheep", ("eyes", "neck", "bow", "none"), ("meadow",), 4),
    _species("raccoon", _raccoon, "a raccoon", _FREE, ("city street",)),
    _species("monkey", _monkey, "a monkey", ("top", "eyes", "neck", "none"), ("beach",)),
    _species("crocodile", _crocodile, "a crocodile", ("top", "neck", "back", "none"), ("beach",)),
    _bird("penguin", _penguin, "a penguin", ("top", "bow", "neck", "sides", "none"), ("ice land",)),
    _bird("owl", _owl, "an owl", ("eyes", "neck", "none"), ("library",)),
    _bird("duck", _duck, "a duck", ("eyes", "neck", "none"), ("meadow",)),
    _bird("parrot", _chick_parrot, "a parrot", ("eyes", "none"), ("beach",)),
)
