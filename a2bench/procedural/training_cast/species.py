"""Families of training characters; the benchmark's cast has none of them.

A species is a recipe with wide random ranges rather than one fixed look: what is learned from it is
how bodies move, not how one fox looks.
"""

import math
from collections.abc import Callable

from a2bench.procedural.colour import INK, WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.figure import BodyDesign, Feature, Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.object_species import LEGGED
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import curve, ellipse, heart, mapped, matrix_of, rectangle, star
from a2bench.procedural.patterns import (
    band,
    checks,
    decal,
    grid_of,
    meridians,
    spots,
    sprinkles,
    stripes,
)
from a2bench.procedural.rng import Pcg32
from a2bench.procedural.solids import Solid, superellipse
from a2bench.procedural.species import (
    BALL,
    BEAN,
    BUILDS,
    HUMANOID_OUTFITS,
    OBJECT_OUTFITS,
    PEAR,
    WEDGE,
    ObjectTraits,
    Recipe,
    Species,
    Traits,
    headed_body,
    object_body,
)
from a2bench.procedural.training_cast.palettes import coat_colour
from a2bench.procedural.trimmings import antennae, crown_of_leaves, ear_pair, tail, tuft, wings
from a2bench.procedural.vectors import Vec2

_SKINS = tuple(
    hex_colour(text) for text in ("f6d3b8", "e8b48c", "c68a5e", "9a6240", "6d4229", "fbe3d0")
)
_HAIR = tuple(
    hex_colour(text) for text in ("2a1c18", "5b3420", "a4662c", "e3c07a", "b8482f", "8f8f98")
)
_HOLDERS = ("noodle", "stubby", "stilted")


# People and other heads on bodies


def _hair_cap(colour: Colour, hair_line: float, fringe: float) -> SurfacePaint:
    """Hair as paint: the top of the head, the back lower down."""

    def paint(canvas: object, solid: object) -> None:
        for part in (
            band(hair_line, 1.0, colour),
            decal(ellipse(0, 0, 90, 60), colour, 180.0, 0.5, 1.0),
            decal(ellipse(0, 0, 22, fringe), colour, -34.0, hair_line, 1.0),
            decal(ellipse(0, 0, 26, fringe * 0.8), colour, 22.0, hair_line, 1.0),
        ):
            part(canvas, solid)  # type: ignore[arg-type]

    return paint


def _bun(size: float, colour: Colour, *, azimuth: float, v: float) -> Feature:
    """One or two balls of hair, pompons, knobs."""

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        for side in (-1.0, 1.0) if azimuth else (0.0,):
            place = head.place(side * azimuth, v, 1.02 if azimuth else 0.0)
            depth = 19.4 if place.z <= head.centre(v)[2] + 1 else 20.3
            shape = ellipse(place.x, place.y, size, size)
            figure.pen.part(depth, PartId.SOFT_ACCESSORY, shape, colour, shade=0.7)

    return add


def _child(r: Recipe) -> Traits:
    rng = r.rng("traits")
    skin, hair = rng.choice(_SKINS), rng.choice(_HAIR)
    features: tuple[Feature, ...] = ()
    style = rng.below(4)
    if style == 0:
        features = (_bun(rng.uniform(16, 28), hair, azimuth=rng.uniform(50, 80), v=0.9),)
    elif style == 1:
        features = (_bun(rng.uniform(18, 30), hair, azimuth=0.0, v=1.0),)
    elif style == 2:
        features = (tuft(rng.uniform(36, 60), hair),)
    return Traits(
        skin,
        skin,
        limb_scale=rng.uniform(0.78, 1.1),
        head_paints=(_hair_cap(hair, rng.uniform(0.70, 0.82), rng.uniform(14, 34)),),
        features=features,
        head_profile=superellipse(rng.uniform(1.9, 2.4), rng.uniform(0.0, 0.14)),
        head_stretch=(rng.uniform(0.82, 1.02), rng.uniform(0.9, 1.06)),
        torso_profile=rng.choice((PEAR, BEAN, WEDGE)),
        nose="oval",
        nose_size=0.07,
        nose_colour=darker(skin, 0.25),
        hand="ball",
        foot="shoe",
        fuzzy=False,
    )


def _knight(r: Recipe) -> Traits:
    rng = r.rng("traits")
    steel = mix(rng.choice((hex_colour("aeb6c2"), hex_colour("6d7686"))), coat_colour(rng), 0.15)
    plume = r.palette[1]
    dark = darker(steel, 0.6)
    return Traits(
        steel,
        steel,
        head_paints=(
            band(0.40, 0.60, dark),
            meridians((0.0,), lighter(steel, 0.4), 8.0, low=0.62, high=1.0),
            grid_of(ellipse(0, 0, 1, 1), dark, 3.0, low=0.08, high=0.32, across=18, up_px=14),
        ),
        body_paints=(
            band(0.5, 0.56, darker(steel, 0.3)),
            decal(rectangle(-26, -34, 52, 66, 10), r.palette[0], 0.0, 0.62, 1.0),
        ),
        features=(crown_of_leaves(5, rng.uniform(50, 90), 24, plume, spread=80),),
        head_profile=superellipse(rng.uniform(2.6, 4.0), 0.02),
        head_stretch=(0.86, 1.0),
        limb_colour=darker(steel, 0.12),
        torso_profile=WEDGE,
        nose="none",
        eye_size=0.19,
        cheeks=None,
        fuzzy=False,
    )


def _clown(r: Recipe) -> Traits:
    rng = r.rng("traits")
    skin, wig = lighter(rng.choice(_SKINS), 0.4), coat_colour(rng)
    return Traits(
        skin,
        skin,
        head_paints=(band(0.84, 1.0, wig),),
        body_paints=(
            *(stripes(0.1, 0.9, r.palette[1], 0.16),),
            grid_of(star(0, 0, 1), r.palette[3], 8, low=0.2, high=0.8, across=40, up_px=40),
        ),
        features=(_bun(rng.uniform(26, 40), wig, azimuth=rng.uniform(70, 90), v=0.66),),
        nose="oval",
        nose_size=rng.uniform(0.14, 0.2),
        nose_colour=hex_colour("e0362f"),
        limb_colour=r.palette[0],
        hand="glove",
        hand_colour=WHITE,
        foot="shoe",
        torso_profile=rng.choice((BALL, PEAR)),
        limb_scale=rng.uniform(0.9, 1.25),
        mouth="open",
        fuzzy=False,
    )


def _sprite(r: Recipe) -> Traits:
    """A wood spirit of any colour: leaf ears, antlers or horns, with or without a tail."""
    rng = r.rng("traits")
    coat, second = coat_colour(rng), coat_colour(rng)
    kind = rng.choice(("leafy", "horn", "antler", "fan", "long"))
    features: list[Feature] = [
        ear_pair(
            kind,
            rng.uniform(30, 60),
            second if kind in ("horn", "antler") else coat,
            lighter(second, 0.3),
            azimuth=rng.uniform(35, 75),
            v=rng.uniform(0.7, 0.9),
            splay=rng.uniform(0, 40),
        )
    ]
    if rng.chance(0.5):
        features.append(
            tail(
                tuple(rng.uniform(14, 40) for _ in range(5)),
                rng.uniform(90, 200),
                coat,
                tip=second,
                curl=(rng.uniform(80, 120), rng.uniform(-20, 40)),
            )
        )
    paints: tuple[SurfacePaint, ...] = ()
    if rng.chance(0.6):
        paints = (
            rng.choice(
                (
                    spots(r.seed, (second, lighter(coat, 0.4)), 26, (6, 20), alpha=0.9),
                    stripes(0.1, 0.95, second, rng.uniform(0.12, 0.3)),
                    meridians(range(-180, 180, 30), second, 7.0),
                )
            ),
        )
    return Traits(
        coat,
        lighter(coat, rng.uniform(0.0, 0.6)),
        belly_colour=lighter(second, 0.4) if rng.chance(0.5) else None,
        body_paints=paints,
        head_paints=(band(rng.uniform(0.7, 0.9), 1.0, second),) if rng.chance(0.4) else (),
        features=tuple(features),
        head_profile=superellipse(rng.uniform(1.7, 4.0), rng.uniform(-0.1, 0.3)),
        head_stretch=(rng.uniform(0.8, 1.25), rng.uniform(0.78, 1.12)),
        torso_profile=rng.choice((PEAR, BEAN, WEDGE, BALL)),
        limb_scale=rng.uniform(0.75, 1.3),
        limb_colour=second if rng.chance(0.35) else None,
        hand_colour=darker(coat, 0.5) if rng.chance(0.4) else None,
        muzzle=(rng.uniform(0.3, 0.5), rng.uniform(0.18, 0.3)) if rng.chance(0.4) else None,
        nose=rng.choice(("none", "oval", "triangle", "snout")),
        eye_v=rng.uniform(0.44, 0.62),
        eye_gap=rng.uniform(0.34, 0.5),
        eye_size=rng.uniform(0.16, 0.27),
        ear=(rng.uniform(35, 75), 0.8) if rng.chance(0.7) else None,
        has_arms=not rng.chance(0.06),
        fuzzy=rng.chance(0.6),
    )


def _insect(r: Recipe) -> Traits:
    rng = r.rng("traits")
    coat = coat_colour(rng)
    dark = darker(coat, 0.75)
    features: list[Feature] = [
        antennae(dark, coat_colour(rng), rng.uniform(36, 70), spread=rng.uniform(8, 26))
    ]
    if rng.chance(0.7):
        wing = mix(WHITE, coat_colour(rng), 0.4)
        features.append(
            wings("fairy", rng.uniform(60, 120), wing, v=0.7, as_arms=False, detail=WHITE)
        )
    paint = rng.choice(
        (
            stripes(0.08, 0.95, dark, rng.uniform(0.16, 0.34)),
            spots(r.seed, (dark,), 18, (9, 20)),
            meridians((0.0, 180.0), dark, 9.0),
        )
    )
    return Traits(
        coat,
        lighter(coat, 0.3),
        head_colour=dark if rng.chance(0.4) else None,
        body_paints=(paint,),
        features=tuple(features),
        limb_colour=dark if rng.chance(0.7) else None,
        limb_scale=rng.uniform(0.6, 0.95),
        torso_profile=rng.choice((BALL, PEAR, BEAN)),
        head_profile=superellipse(rng.uniform(1.8, 2.4), 0.0),
        head_stretch=(rng.uniform(0.85, 1.1), rng.uniform(0.75, 0.95)),
        nose="none",
        eye_size=rng.uniform(0.22, 0.30),
        foot="paw",
        fuzzy=rng.chance(0.4),
    )


def _turtle(r: Recipe) -> Traits:
    rng = r.rng("traits")
    skin, shell = coat_colour(rng), coat_colour(rng)
    return Traits(
        skin,
        lighter(skin, 0.4),
        body_paints=(
            decal(ellipse(0, 0, 60, 80), lighter(shell, 0.6), 0.0, 0.5, 1.0),
            meridians((-120.0, -60.0, 60.0, 120.0, 180.0), darker(shell, 0.4), 6.0),
            stripes(0.2, 0.9, darker(shell, 0.4), 0.22, 0.12),
        ),
        belly_colour=lighter(shell, 0.55),
        features=(tail((26, 18, 8), rng.uniform(40, 80), skin),),
        head_profile=superellipse(rng.uniform(2.0, 2.8), rng.uniform(-0.2, 0.1)),
        head_stretch=(rng.uniform(0.7, 0.95), rng.uniform(0.7, 0.95)),
        torso_profile=BALL,
        limb_scale=rng.uniform(0.95, 1.3),
        nose="none",
        mouth="smile",
        foot="paw",
        fuzzy=False,
    )


def _seahorse(r: Recipe) -> Traits:
    rng = r.rng("traits")
    coat = coat_colour(rng)
    fin = coat_colour(rng)
    return Traits(
        coat,
        lighter(coat, 0.3),
        body_paints=(stripes(0.05, 0.95, darker(coat, 0.25), 0.11, 0.3),),
        belly_colour=lighter(coat, 0.6),
        features=(
            ear_pair("fan", rng.uniform(28, 46), fin, None, azimuth=80, v=0.55, splay=30),
            tail((34, 30, 24, 16, 10), rng.uniform(110, 190), coat, curl=(120.0, -60.0)),
        ),
        nose="snout",
        nose_size=rng.uniform(0.14, 0.22),
        nose_colour=darker(coat, 0.3),
        head_stretch=(rng.uniform(0.72, 0.9), rng.uniform(0.85, 1.05)),
        torso_profile=rng.choice((BEAN, PEAR)),
        limb_scale=rng.uniform(0.7, 1.0),
        foot="webbed",
        fuzzy=False,
    )


# Bodies that are all head


def _decorated(rng: Pcg32, seed: int, tone: Colour, second: Colour) -> tuple[SurfacePaint, ...]:
    """One of several kinds of paint over the whole body, or none."""
    kind = rng.below(8)
    if kind == 0:
        return (stripes(0.04, 0.96, second, rng.uniform(0.12, 0.34), rng.uniform(0.3, 0.6)),)
    if kind == 1:
        return (spots(seed, (second, lighter(tone, 0.4)), 24, (8, 26)),)
    if kind == 2:
        shape = rng.choice((ellipse(0, 0, 1, 1), star(0, 0, 1), heart(0, 0, 1)))
        return (grid_of(shape, second, rng.uniform(6, 12), low=0.06, high=0.94, across=32),)
    if kind == 3:
        return (checks(0.02, 0.98, second, rng.uniform(0.1, 0.2)),)
    if kind == 4:
        return (meridians(range(-180, 180, 36), second, rng.uniform(4, 14)),)
    if kind == 5:
        low = rng.uniform(0.1, 0.3)
        return (band(low, low + rng.uniform(0.1, 0.3), second), band(0.86, 1.0, second))
    if kind == 6:
        return (sprinkles(seed, (second, WHITE, INK), 40, 22, low=0.1, high=0.95),)
    return ()


def _turned(
    profile: Callable[[Pcg32], tuple[Vec2, ...]],
    height: tuple[float, float],
    half: tuple[float, float],
    *,
    tension: float = 1.0,
    arms: bool = True,
    top: Callable[[Pcg32, Recipe], tuple[Feature, ...]] | None = None,
) -> Callable[[Recipe], ObjectTraits]:
    """Make bodies turned on a lathe, of any colour."""

    def traits(r: Recipe) -> ObjectTraits:
        rng = r.rng("traits")
        tone, second = coat_colour(rng), coat_colour(rng)
        solid = Solid(rng.uniform(*height), rng.uniform(*half), profile(rng), 1.0, tension)
        look = SurfaceLook(tone, _decorated(rng, r.seed, tone, second), fuzzy=rng.chance(0.3))
        face = rng.uniform(0.42, 0.62)
        return ObjectTraits(
            solid,
            look,
            top(rng, r) if top else (),
            face_v=face,
            face_half=min(44.0, solid.width_at(face) * rng.uniform(0.36, 0.5)),
            shoulder_v=face - rng.uniform(0.06, 0.18),
            arms=arms,
            thick=rng.chance(0.25),
            seat=rng.uniform(2, 12),
        )

    return traits


def _slab(
    outline: Callable[[Pcg32], tuple[Vec2, ...]],
    height: tuple[float, float],
    half: tuple[float, float],
    *,
    tension: float = 0.1,
    face: tuple[float, float] = (0.45, 0.6),
    face_half: float = 0.36,
) -> Callable[[Recipe], ObjectTraits]:
    """Make thick flat bodies of any colour."""

    def traits(r: Recipe) -> ObjectTraits:
        rng = r.rng("traits")
        tone, second = coat_colour(rng), coat_colour(rng)
        points = outline(rng)
        levels = [i / 10 for i in range(11)]
        widths = [max(_half_width(points, v), 0.08) for v in levels]
        solid = Solid(
            rng.uniform(*height),
            rng.uniform(*half),
            tuple(zip(levels, widths, strict=True)),
            rng.uniform(0.22, 0.6),
            tension,
            points,
            rng.choice((0.0, 0.0, 0.05)),
        )
        look = SurfaceLook(
            tone,
            _decorated(rng, r.seed, tone, second),
            side=darker(tone, rng.uniform(0.1, 0.3)),
            back_paints=(band(0.3, 0.7, second),) if rng.chance(0.5) else (),
            fuzzy=rng.chance(0.2),
        )
        v = rng.uniform(*face)
        return ObjectTraits(
            solid,
            look,
            face_v=v,
            face_half=min(44.0, max(20.0, solid.width_at(v) * face_half)),
            shoulder_v=max(0.2, v - rng.uniform(0.08, 0.2)),
            seat=rng.uniform(2, 8),
        )

    return traits


def _half_width(points: tuple[Vec2, ...], v: float) -> float:
    """Largest |x| of an outline at height v."""
    found = [0.0]
    for (x0, v0), (x1, v1) in zip(points, (*points[1:], points[0]), strict=True):
        if min(v0, v1) - 1e-9 <= v <= max(v0, v1) + 1e-9:
            part = (v - v0) / (v1 - v0) if abs(v1 - v0) > 1e-9 else 0.0
            found.append(abs(x0 + (x1 - x0) * part))
            if abs(v1 - v0) <= 1e-9:
                found.append(abs(x1))
    return max(found)


def _polygon(rng: Pcg32) -> tuple[Vec2, ...]:
    count, turn = 3 + rng.below(6), rng.choice((0.0, 0.5))
    points = [
        (math.sin(2 * math.pi * (i + turn) / count), math.cos(2 * math.pi * (i + turn) / count))
        for i in range(count)
    ]
    return _fitted(points)


def _star(rng: Pcg32) -> tuple[Vec2, ...]:
    count, inner = 4 + rng.below(5), rng.uniform(0.5, 0.75)
    points = []
    for i in range(2 * count):
        radius = 1.0 if i % 2 == 0 else inner
        a = math.pi * i / count
        points.append((radius * math.sin(a), radius * math.cos(a)))
    return _fitted(points)


def _fitted(points: list[Vec2]) -> tuple[Vec2, ...]:
    """Scale an outline to x in -1..1 and v in 0..1, counter-clockwise from the bottom."""
    xs, vs = [x for x, _ in points], [v for _, v in points]
    wide, low, high = max(abs(x) for x in xs), min(vs), max(vs)
    return tuple((x / wide, (v - low) / (high - low)) for x, v in points[::-1])


_LETTERS: dict[str, tuple[Vec2, ...]] = {
    "T": (
        (-0.36, 0),
        (0.36, 0),
        (0.36, 0.64),
        (1, 0.64),
        (1, 1),
        (-1, 1),
        (-1, 0.64),
        (-0.36, 0.64),
    ),
    "H": (
        (-1, 0),
        (-0.42, 0),
        (-0.42, 0.36),
        (0.42, 0.36),
        (0.42, 0),
        (1, 0),
        (1, 1),
        (0.42, 1),
        (0.42, 0.64),
        (-0.42, 0.64),
        (-0.42, 1),
        (-1, 1),
    ),
    "I": (
        (-0.6, 0),
        (0.6, 0),
        (0.6, 0.18),
        (0.4, 0.18),
        (0.4, 0.82),
        (0.6, 0.82),
        (0.6, 1),
        (-0.6, 1),
        (-0.6, 0.82),
        (-0.4, 0.82),
        (-0.4, 0.18),
        (-0.6, 0.18),
    ),
    "L": ((-1, 0), (1, 0), (1, 0.36), (0.0, 0.36), (0.0, 1), (-1, 1)),
    "V": ((-0.3, 0), (0.3, 0), (1, 1), (0.42, 1), (0, 0.5), (-0.42, 1), (-1, 1)),
    "Z": (
        (-1, 0),
        (1, 0),
        (1, 0.28),
        (0.1, 0.28),
        (1, 0.74),
        (1, 1),
        (-1, 1),
        (-1, 0.72),
        (-0.1, 0.72),
        (-1, 0.26),
    ),
    "X": (
        (-1, 0),
        (-0.4, 0),
        (0, 0.28),
        (0.4, 0),
        (1, 0),
        (0.5, 0.5),
        (1, 1),
        (0.4, 1),
        (0, 0.72),
        (-0.4, 1),
        (-1, 1),
        (-0.5, 0.5),
    ),
    "plus": (
        (-0.4, 0),
        (0.4, 0),
        (0.4, 0.3),
        (1, 0.3),
        (1, 0.7),
        (0.4, 0.7),
        (0.4, 1),
        (-0.4, 1),
        (-0.4, 0.7),
        (-1, 0.7),
        (-1, 0.3),
        (-0.4, 0.3),
    ),
}


def _letter(rng: Pcg32) -> tuple[Vec2, ...]:
    return rng.choice(list(_LETTERS.values()))


def _house(rng: Pcg32) -> tuple[Vec2, ...]:
    eaves, wide = rng.uniform(0.5, 0.75), rng.uniform(0.7, 0.95)
    return (
        (-wide, 0.0),
        (wide, 0.0),
        (wide, eaves),
        (1.0, eaves),
        (0.0, 1.0),
        (-1.0, eaves),
        (-wide, eaves),
    )


def _castle(rng: Pcg32) -> tuple[Vec2, ...]:
    low = rng.uniform(0.82, 0.9)
    return (
        (-0.9, 0.0),
        (0.9, 0.0),
        (1.0, low - 0.1),
        (1.0, 1.0),
        (0.6, 1.0),
        (0.6, low),
        (0.2, low),
        (0.2, 1.0),
        (-0.2, 1.0),
        (-0.2, low),
        (-0.6, low),
        (-0.6, 1.0),
        (-1.0, 1.0),
        (-1.0, low - 0.1),
    )


def _sock(rng: Pcg32) -> tuple[Vec2, ...]:
    toe = rng.uniform(0.8, 1.0)
    return (
        (-0.6, 0.05),
        (-0.2, 0.0),
        (toe, 0.04),
        (1.0, 0.2),
        (0.6, 0.34),
        (0.35, 0.42),
        (0.4, 0.98),
        (-0.62, 1.0),
        (-0.64, 0.3),
    )


def _shirt(rng: Pcg32) -> tuple[Vec2, ...]:
    cuff = rng.uniform(0.42, 0.6)
    return (
        (-0.58, 0.0),
        (0.58, 0.0),
        (0.6, cuff + 0.1),
        (1.0, cuff),
        (1.0, cuff + 0.24),
        (0.5, 1.0),
        (0.2, 0.94),
        (-0.2, 0.94),
        (-0.5, 1.0),
        (-1.0, cuff + 0.24),
        (-1.0, cuff),
        (-0.6, cuff + 0.1),
    )


def _fish(rng: Pcg32) -> tuple[Vec2, ...]:
    """A fish that stands on its tail."""
    fin = rng.uniform(0.6, 0.9)
    return (
        (-fin, 0.0),
        (0.0, 0.08),
        (fin, 0.0),
        (0.34, 0.22),
        (1.0, 0.56),
        (0.6, 0.92),
        (0.0, 1.0),
        (-0.6, 0.92),
        (-1.0, 0.56),
        (-0.34, 0.22),
    )


def _whale(rng: Pcg32) -> tuple[Vec2, ...]:
    return _fitted(
        [
            (math.copysign(abs(math.sin(a)) ** rng_power, math.sin(a)), math.cos(a))
            for rng_power in (rng.uniform(0.5, 0.9),)
            for a in (2 * math.pi * i / 18 for i in range(18))
        ]
    )


def _moon(rng: Pcg32) -> tuple[Vec2, ...]:
    bite = rng.uniform(0.1, 0.4)
    outer = [(math.sin(a), math.cos(a)) for a in (math.pi * (i / 9 - 1.0) for i in range(10))]
    inner = [
        (bite * math.sin(a), 0.9 * math.cos(a)) for a in (math.pi * i / 9 for i in range(1, 9))
    ]
    return _fitted([(x + 0.3, y) for x, y in outer + inner])


def _bellied(rng: Pcg32) -> tuple[Vec2, ...]:
    """Any vase: a lathe profile through random widths."""
    widths = [rng.uniform(0.45, 1.0) for _ in range(5)]
    most = max(widths)
    knots = (0.06, 0.28, 0.5, 0.72, 0.93)
    middle = tuple((v, w / most) for v, w in zip(knots, widths, strict=True))
    return ((0.0, 0.6 * widths[0] / most), *middle, (1.0, 0.5 * widths[-1] / most))


def _ball(rng: Pcg32) -> tuple[Vec2, ...]:
    return superellipse(rng.uniform(1.8, 3.2), rng.uniform(-0.15, 0.25))


def _pin(rng: Pcg32) -> tuple[Vec2, ...]:
    waist = rng.uniform(0.36, 0.5)
    return (
        (0.0, 0.5),
        (0.05, 0.62),
        (0.3, 1.0),
        (0.5, 0.8),
        (0.66, waist),
        (0.8, 0.58),
        (0.94, 0.5),
        (1.0, 0.2),
    )


def _bell(rng: Pcg32) -> tuple[Vec2, ...]:
    shoulder = rng.uniform(0.5, 0.66)
    return (
        (0.0, 1.0),
        (0.05, 0.98),
        (0.16, 0.82),
        (0.5, shoulder),
        (0.8, shoulder - 0.06),
        (0.95, 0.34),
        (1.0, 0.14),
    )


def _tower(rng: Pcg32) -> tuple[Vec2, ...]:
    waist = rng.uniform(0.56, 0.8)
    return (
        (0.0, 1.0),
        (0.03, 0.98),
        (0.6, waist),
        (0.66, waist + 0.12),
        (0.72, waist),
        (0.9, waist * 0.96),
        (1.0, 0.2),
    )


def _drop(rng: Pcg32) -> tuple[Vec2, ...]:
    return (
        (0.0, 0.4),
        (0.06, 0.7),
        (0.25, 1.0),
        (0.45, 0.92),
        (0.7, 0.5),
        (0.9, 0.16),
        (1.0, 0.02),
    )


def _flag(rng: Pcg32, r: Recipe) -> tuple[Feature, ...]:
    """A pennant on top."""
    colour, size = r.palette[1], rng.uniform(40, 70)
    shape = curve([(0, 0.1), (0, -1.0), (0.9, -0.78), (0.08, -0.5), (0.08, 0.1)], tension=0.2)

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        x, y, _ = head.centre(0.99)
        path = mapped(shape, matrix_of(size, 0, 0, size, x, y))
        figure.pen.part(20.5, PartId.SOFT_ACCESSORY, path, colour, shade=0.6, fuzzy=False)

    return (add,)


def _knob(rng: Pcg32, r: Recipe) -> tuple[Feature, ...]:
    return (_bun(rng.uniform(12, 24), r.palette[1], azimuth=0.0, v=1.0),)


def _leaves(rng: Pcg32, r: Recipe) -> tuple[Feature, ...]:
    return (crown_of_leaves(3 + rng.below(5), rng.uniform(40, 80), 30, r.palette[0]),)


def _headed(
    name: str, family: str, traits: Callable[[Recipe], Traits], plan: str = "biped"
) -> Species:
    def build(recipe: Recipe) -> BodyDesign:
        return headed_body(recipe, traits(recipe), plan)

    slots = ("top", "bow", "eyes", "neck", "back", "none")
    return Species(name, family, f"a {name}", build, plan, tuple(BUILDS), HUMANOID_OUTFITS, slots)


def _object(
    name: str,
    family: str,
    traits: Callable[[Recipe], ObjectTraits],
    plan: str = "object biped",
) -> Species:
    def build(recipe: Recipe) -> BodyDesign:
        return object_body(recipe, traits(recipe), plan)

    slots = ("top", "bow", "eyes", "collar", "none")
    return Species(name, family, f"a {name}", build, plan, _HOLDERS, OBJECT_OUTFITS, slots)


TRAINING_SPECIES: dict[str, Species] = {
    species.name: species
    for species in (
        _headed("child", "people", _child),
        _headed("knight", "people", _knight),
        _headed("clown", "people", _clown),
        _headed("wood sprite", "spirits", _sprite),
        _headed("hill sprite", "spirits", _sprite),
        _headed("river sprite", "spirits", _sprite),
        _headed("beetle", "insects", _insect),
        _headed("wasp", "insects", _insect),
        _headed("turtle", "sea_creatures", _turtle),
        _headed("seahorse", "sea_creatures", _seahorse),
        _object("fish", "sea_creatures", _slab(_fish, (230, 300), (70, 110), tension=0.8)),
        _object("whale", "sea_creatures", _slab(_whale, (190, 250), (90, 116), tension=0.9)),
        _object("tile", "geometry", _slab(_polygon, (190, 260), (84, 116))),
        _object("starlet", "geometry", _slab(_star, (220, 280), (96, 120), face=(0.46, 0.54))),
        _object("bowl", "geometry", _turned(_ball, (170, 260), (70, 116))),
        _object("letter", "letters", _slab(_letter, (220, 300), (80, 112), face=(0.7, 0.84))),
        _object("house", "buildings", _slab(_house, (220, 290), (84, 116), face=(0.34, 0.5))),
        _object("castle", "buildings", _slab(_castle, (220, 290), (84, 112), face=(0.4, 0.6))),
        _object("lighthouse", "buildings", _turned(_tower, (260, 320), (66, 92), top=_flag)),
        _object(
            "sock",
            "clothing",
            _slab(_sock, (230, 290), (80, 110), tension=0.7, face=(0.6, 0.74), face_half=0.26),
        ),
        _object("shirt", "clothing", _slab(_shirt, (200, 260), (90, 116), tension=0.2)),
        _object("bell", "instruments", _turned(_bell, (220, 270), (84, 112), top=_knob)),
        _object("maraca", "instruments", _turned(_pin, (250, 310), (66, 96))),
        _object("moon", "sky", _slab(_moon, (220, 270), (84, 110), tension=0.8)),
        _object("raindrop", "sky", _turned(_drop, (230, 290), (74, 104))),
        _object("balloon", "sky", _turned(_ball, (220, 290), (76, 110), arms=False), LEGGED),
        _object("skittle", "sports", _turned(_pin, (250, 310), (62, 88))),
        _object("vase", "pottery", _turned(_bellied, (220, 300), (72, 108), top=_leaves)),
        _object("urn", "pottery", _turned(_bellied, (220, 290), (72, 108), top=_knob)),
    )
}
"""By name; no family and no name is one of `registry.SPECIES`."""
