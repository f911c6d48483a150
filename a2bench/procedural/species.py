"""What a species is, the recipe of one individual, and bodies with a head of their own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from a2bench.procedural.accessories import accessory
from a2bench.procedural.backgrounds import background_tone
from a2bench.procedural.colour import (
    INK,
    WHITE,
    Colour,
    contrasting,
    darker,
    distance,
    hex_colour,
    lighter,
)
from a2bench.procedural.figure import (
    BodyDesign,
    Cloth,
    FaceDesign,
    Feature,
    LimbLook,
    SurfaceLook,
    SurfacePaint,
)
from a2bench.procedural.patterns import (
    badge,
    belly,
    belt,
    buttons,
    collar,
    overalls,
    patterned,
    under_head_shadow,
    zipper,
)
from a2bench.procedural.rig import Rig
from a2bench.procedural.rng import Pcg32
from a2bench.procedural.solids import Solid, superellipse
from a2bench.procedural.vectors import Vec2


@dataclass(frozen=True)
class Recipe:
    """The choices that make one individual of a species."""

    seed: int
    style: str
    coat: int
    """Which natural colour variant."""
    proportions: str
    outfit: str
    pattern: str
    palette: tuple[Colour, Colour, Colour, Colour]
    accessory: str
    background: str

    def rng(self, purpose: str) -> Pcg32:
        """A random stream for one purpose, so that a new choice elsewhere changes nothing here."""
        return Pcg32(self.seed, purpose)


@dataclass(frozen=True)
class Species:
    """A kind of character and the variety it comes in."""

    name: str
    family: str
    noun: str
    """With its article, for captions."""
    build: Callable[[Recipe], BodyDesign]
    plan: str
    proportions: tuple[str, ...]
    outfits: tuple[str, ...]
    slots: tuple[str, ...] = ("top", "bow", "eyes", "neck", "none")
    """Accessory slots that its ears, leaves or horns leave free."""
    coats: int = 3
    styles: tuple[str, ...] = ()
    """Styles it is limited to; empty for all."""
    places: tuple[str, ...] = field(default=())
    """Backgrounds it is likelier to be found in."""


@dataclass(frozen=True)
class Build:
    """Sizes of a body with a head, in px."""

    leg: float
    torso_height: float
    torso_half: float
    head_height: float
    head_half: float
    arm: float
    limb: float
    profile: tuple[Vec2, ...]


PEAR = (
    (0.0, 0.56),
    (0.05, 0.84),
    (0.22, 1.0),
    (0.45, 0.95),
    (0.72, 0.78),
    (0.90, 0.60),
    (1.0, 0.40),
)
BEAN = (
    (0.0, 0.62),
    (0.05, 0.88),
    (0.25, 0.98),
    (0.55, 0.94),
    (0.80, 0.92),
    (0.93, 0.74),
    (1.0, 0.44),
)
WEDGE = (
    (0.0, 0.54),
    (0.05, 0.70),
    (0.25, 0.76),
    (0.60, 0.92),
    (0.84, 1.0),
    (0.95, 0.78),
    (1.0, 0.42),
)
BALL = (
    (0.0, 0.50),
    (0.06, 0.76),
    (0.25, 0.97),
    (0.50, 1.0),
    (0.75, 0.88),
    (0.92, 0.60),
    (1.0, 0.36),
)

BUILDS: dict[str, Build] = {
    "child": Build(106, 126, 62, 176, 104, 60, 1.0, PEAR),
    "chibi": Build(62, 104, 58, 204, 126, 48, 0.98, BEAN),
    "lanky": Build(184, 150, 54, 148, 82, 84, 0.84, BEAN),
    "stout": Build(80, 158, 88, 152, 94, 62, 1.2, BALL),
    "stumpy": Build(48, 146, 74, 172, 104, 46, 1.15, PEAR),
    "athletic": Build(138, 146, 76, 134, 76, 74, 1.08, WEDGE),
}
"""Builds that share nothing but the joints: legs from 48 to 184 px, heads from a quarter to a
half of the height."""

HUMANOID_OUTFITS = (
    "nothing",
    "t-shirt",
    "hoodie",
    "dress",
    "overalls",
    "tracksuit",
    "waistcoat",
    "jumper",
)
OBJECT_OUTFITS = ("sneakers", "boots", "gloves and shoes", "striped socks")

OUTFIT_PHRASES: dict[str, str] = {
    "nothing": "",
    "t-shirt": "a {pattern} t-shirt and shorts",
    "hoodie": "a {pattern} hoodie and jeans",
    "dress": "a {pattern} dress",
    "overalls": "overalls over a {pattern} shirt",
    "tracksuit": "a {pattern} tracksuit",
    "waistcoat": "a {pattern} waistcoat",
    "jumper": "a {pattern} jumper",
    "sneakers": "sneakers",
    "boots": "boots",
    "gloves and shoes": "white gloves and shoes",
    "striped socks": "striped socks and shoes",
    "scales": "",
}


def clothe(
    recipe: Recipe, build: Build
) -> tuple[tuple[SurfacePaint, ...], tuple[Cloth, ...], tuple[Cloth, ...]]:
    """Paint on the torso, cloth on the arms, cloth on the legs."""
    main, accent, second, light = recipe.palette
    kind, pattern, height = recipe.outfit, recipe.pattern, build.torso_height
    trouser = darker(second, 0.18) if distance(second, main) > 0.35 else darker(accent, 0.30)
    rng = recipe.rng("outfit")
    trim = contrasting(main, (light, accent, WHITE))
    sleeve_stripe = trim if pattern == "striped" else None
    deco: tuple[SurfacePaint, ...] = ()
    if pattern == "plain":
        if rng.chance(0.6):
            deco = (
                badge(
                    rng.choice(("star", "heart", "bolt", "moon")),
                    trim,
                    0.56,
                    min(20.0, build.torso_half * 0.3),
                ),
            )
        else:
            deco = (buttons(trim, 3, 0.74, 0.19),)
    if kind == "nothing":
        return (), (), ()
    if kind == "t-shirt":
        paints = (
            *patterned("plain", -0.1, 0.22, trouser, accent, height),
            *patterned(pattern, 0.20, 1.0, main, accent, height),
            *deco,
        )
        return (
            paints,
            (Cloth(main, 0.0, 0.72, 1.22, sleeve_stripe),),
            (Cloth(trouser, 0.0, 0.85, 1.22),),
        )
    if kind == "hoodie":
        paints = (
            *patterned(pattern, 0.12, 1.0, main, accent, height),
            *deco,
            *((zipper(trim, 0.14, 0.9),) if pattern != "plain" else ()),
        )
        return (
            paints,
            (
                Cloth(main, 0.0, 1.82, 1.20, sleeve_stripe),
                Cloth(darker(main, 0.2), 1.70, 1.86, 1.24),
            ),
            (Cloth(trouser, 0.0, 1.72, 1.14),),
        )
    if kind == "dress":
        paints = (
            *patterned(pattern, -0.1, 1.0, main, accent, height),
            belt(darker(accent, 0.1), trim, 0.48, height),
        )
        return paints, (Cloth(main, 0.0, 0.52, 1.30),), ()
    if kind == "overalls":
        paints = (
            *patterned(pattern, 0.12, 1.0, lighter(accent, 0.2), main, height),
            overalls(trouser, trim, 0.34, 0.68, build.torso_half * 0.5),
        )
        return (
            paints,
            (Cloth(lighter(accent, 0.2), 0.0, 1.2, 1.16),),
            (Cloth(trouser, 0.0, 1.66, 1.20),),
        )
    if kind == "tracksuit":
        line = trim
        paints = (
            *patterned(pattern, -0.1, 1.0, main, accent, height),
            zipper(line, 0.1, 0.95),
            collar(light, 0.9),
        )
        return (
            paints,
            (Cloth(main, 0.0, 1.8, 1.20), Cloth(line, 1.66, 1.82, 1.22)),
            (Cloth(main, 0.0, 1.76, 1.18), Cloth(line, 1.60, 1.78, 1.2)),
        )
    if kind == "waistcoat":
        paints = (
            *patterned(pattern, 0.16, 0.94, main, accent, height),
            buttons(trim, 3, 0.70, 0.19),
            *patterned("plain", -0.1, 0.17, trouser, accent, height),
        )
        return paints, (), (Cloth(trouser, 0.0, 1.7, 1.16),)
    paints = (*patterned(pattern, 0.14, 1.0, main, accent, height), *deco)
    return paints, (Cloth(main, 0.0, 1.78, 1.22, sleeve_stripe), Cloth(light, 1.66, 1.82, 1.26)), ()


@dataclass(frozen=True)
class Traits:
    """What is particular to a species with a head of its own."""

    coat: Colour
    face_colour: Colour
    limb_colour: Colour | None = None
    head_colour: Colour | None = None
    hand_colour: Colour | None = None
    head_paints: tuple[SurfacePaint, ...] = ()
    body_paints: tuple[SurfacePaint, ...] = ()
    belly_colour: Colour | None = None
    features: tuple[Feature, ...] = ()
    head_profile: tuple[Vec2, ...] = superellipse(2.1, 0.10)
    head_depth: float = 0.88
    head_stretch: tuple[float, float] = (1.0, 1.0)
    torso_profile: tuple[Vec2, ...] | None = None
    tension: float = 1.0
    ear: tuple[float, float] | None = None
    """Azimuth and height of the ear joints."""
    eyes: str = ""
    eye_v: float = 0.50
    eye_gap: float = 0.42
    """In head half widths."""
    eye_size: float = 0.22
    iris: Colour | None = None
    mouth: str = ""
    mouth_v: float = 0.24
    nose: str = "triangle"
    nose_v: float = 0.36
    nose_size: float = 0.11
    nose_colour: Colour = (0.16, 0.09, 0.11)
    muzzle: tuple[float, float] | None = None
    """Half width and half height in head half widths."""
    muzzle_colour: Colour | None = None
    cheeks: Colour | None = (1.0, 0.45, 0.50)
    hand: str = "mitten"
    foot: str = ""
    foot_colour: Colour | None = None
    has_arms: bool = True
    fuzzy: bool = True
    limb_scale: float = 1.0
    neck_sink: float = 0.10


_IRISES = tuple(
    hex_colour(text) for text in ("3f8f4f", "2f6fd0", "8f5f1f", "7a4fd0", "b0484f", "1f8f9f")
)


def headed_body(recipe: Recipe, traits: Traits, plan: str) -> BodyDesign:
    """A body with torso, head, legs and (mostly) arms, dressed by the recipe."""
    build = BUILDS[recipe.proportions]
    rng = recipe.rng("body")
    head_half = build.head_half * traits.head_stretch[0] * rng.uniform(0.96, 1.05)
    head_height = build.head_height * traits.head_stretch[1] * rng.uniform(0.96, 1.04)
    leg = build.leg * rng.uniform(0.94, 1.08)
    profile = traits.torso_profile or build.profile
    if recipe.outfit == "dress":
        profile = (
            (0.0, 1.12),
            (0.05, 1.16),
            (0.25, 0.98),
            (0.48, 0.74),
            (0.72, 0.74),
            (0.90, 0.62),
            (1.0, 0.40),
        )
    torso = Solid(build.torso_height, build.torso_half, profile, 0.82, traits.tension)
    head = Solid(head_height, head_half, traits.head_profile, traits.head_depth, traits.tension)
    limb = build.limb * traits.limb_scale
    ankle = 17.0 * (0.8 + 0.2 * limb)
    shoulder_v = 0.84
    rig = Rig(
        torso=torso,
        head=head,
        leg=leg,
        ankle_height=ankle,
        hip_half=build.torso_half * 0.48,
        shoulder_v=shoulder_v,
        shoulder_half=torso.width_at(shoulder_v) * 0.90,
        upper_arm=build.arm * rng.uniform(0.95, 1.06),
        forearm=build.arm * rng.uniform(0.92, 1.02),
        has_arms=traits.has_arms,
        has_legs=True,
        neck_sink=traits.neck_sink,
        seat=10.0,
    )
    paints, sleeves, trousers = clothe(recipe, build)
    body_paints: tuple[SurfacePaint, ...] = traits.body_paints
    if traits.belly_colour is not None:
        from_v = 0.42
        body_paints = (*body_paints, _belly(traits.belly_colour, from_v, build))
    limb_colour = traits.limb_colour or traits.coat
    shoe = (
        recipe.palette[1] if distance(recipe.palette[1], limb_colour) > 0.3 else recipe.palette[2]
    )
    barefoot = recipe.outfit in ("nothing", "waistcoat", "jumper") or traits.foot in ("webbed",)
    foot = traits.foot or ("paw" if barefoot else "shoe")
    foot_colour = traits.foot_colour or (limb_colour if barefoot else shoe)
    face_rng = recipe.rng("face")
    eye_kind = traits.eyes or face_rng.choice(("big", "big", "big", "dot", "oval"))
    face = FaceDesign(
        eye_gap=head_half * traits.eye_gap,
        eye_v=traits.eye_v,
        eye_radius=head_half * traits.eye_size * (0.86 if eye_kind == "dot" else 1.0),
        eyes=eye_kind,
        iris=traits.iris or face_rng.choice(_IRISES),
        brow_degrees=face_rng.choice((None, None, 12.0, -10.0)) if eye_kind != "led" else None,
        lashes=face_rng.chance(0.28),
        mouth=traits.mouth or face_rng.choice(("open", "open", "smile", "cat")),
        mouth_v=traits.mouth_v,
        mouth_size=head_half * 0.19,
        nose=traits.nose,
        nose_v=traits.nose_v,
        nose_size=head_half * traits.nose_size,
        nose_colour=traits.nose_colour,
        muzzle=None
        if traits.muzzle is None
        else (
            head_half * traits.muzzle[0],
            head_half * traits.muzzle[1],
            traits.muzzle_colour or traits.face_colour,
        ),
        cheeks=traits.cheeks,
    )
    widths = (31.0 * limb, 26.0 * limb, 22.0 * limb)
    hand_colour = traits.hand_colour or limb_colour
    return BodyDesign(
        plan=plan,
        rig=rig,
        torso=SurfaceLook(
            traits.coat, (*body_paints, *paints, under_head_shadow(0.90)), fuzzy=traits.fuzzy
        ),
        head=SurfaceLook(traits.head_colour or traits.coat, traits.head_paints, fuzzy=traits.fuzzy),
        face=face,
        arms=LimbLook(
            widths, limb_colour, sleeves, traits.hand, 18.0 * limb, hand_colour, fuzzy=traits.fuzzy
        )
        if traits.has_arms
        else None,
        legs=LimbLook(
            (39.0 * limb, 33.0 * limb, 27.0 * limb),
            limb_colour,
            trousers,
            foot,
            27.0 * (0.55 + 0.45 * limb),
            foot_colour,
            WHITE if foot == "shoe" else None,
            traits.fuzzy,
        ),
        features=(
            *traits.features,
            *accessory(recipe.accessory, *recipe.palette[:2], recipe.palette[3]),
        ),
        ear_azimuth=traits.ear[0] if traits.ear is not None else None,
        ear_v=traits.ear[1] if traits.ear is not None else 0.6,
    )


def _belly(colour: Colour, v: float, build: Build) -> SurfacePaint:
    return belly(colour, v, build.torso_half * 0.62, build.torso_height * 0.34)


@dataclass(frozen=True)
class ObjectTraits:
    """What is particular to a body that is all head."""

    solid: Solid
    look: SurfaceLook
    features: tuple[Feature, ...] = ()
    face_v: float = 0.55
    face_half: float = 40.0
    """Distance of each eye from the middle, in px; sizes of the face follow from it."""
    arms: bool = True
    legs: bool = True
    shoulder_v: float = 0.45
    hip_spread: float = 0.42
    hover: float = 0.0
    limb_colour: Colour | None = None
    thick: bool = False
    nose: str = "none"
    nose_colour: Colour = (0.9, 0.5, 0.4)
    mouth: str = ""
    eyes: str = ""
    hand: str = ""
    seat: float = 14.0
    cheeks: Colour | None = (1.0, 0.42, 0.48)
    hop_unit: float = 90.0


def object_body(recipe: Recipe, traits: ObjectTraits, plan: str) -> BodyDesign:
    """A body with a face on it, with the limbs that the recipe asks for."""
    rng = recipe.rng("body")
    face_rng = recipe.rng("face")
    solid = traits.solid
    lengths = {"noodle": (104.0, 19.0), "stubby": (56.0, 32.0), "stilted": (158.0, 18.0)}
    leg, limb = lengths[recipe.proportions]
    if traits.thick:
        limb = max(limb, 28.0)
    leg *= rng.uniform(0.92, 1.08)
    # A wide body on short legs would be wider than the portrait frame at its least height.
    leg = max(leg, 2.9 * solid.half_width - solid.height + 12.0) if traits.legs else leg
    ankle = 17.0
    total = solid.height + (leg + ankle if traits.legs else traits.hover)
    shoulder_half = solid.width_at(traits.shoulder_v) * 0.93
    # Arms end about where the frame does when the character stands in it at its least height.
    arm = max(36.0, min(74.0, (0.52 * total - shoulder_half - 20.0) / 2))
    if recipe.proportions == "stubby":
        arm = max(36.0, arm * 0.74)
    rig = Rig(
        torso=solid,
        head=None,
        leg=leg if traits.legs else traits.hop_unit,
        ankle_height=ankle,
        hip_half=max(21.0, solid.width_at(0.08) * traits.hip_spread),
        shoulder_v=traits.shoulder_v,
        shoulder_half=shoulder_half,
        upper_arm=arm,
        forearm=arm * 0.96,
        has_arms=traits.arms,
        has_legs=traits.legs,
        hover=traits.hover,
        seat=traits.seat if traits.legs else 0.0,
    )
    tone = background_tone(recipe.background)
    neutral = (INK, WHITE, darker(traits.look.colour, 0.55), lighter(traits.look.colour, 0.45))
    limb_colour = traits.limb_colour or (
        traits.look.colour if limb > 25 else contrasting(tone, neutral)
    )
    main, accent, second, light = recipe.palette
    shoe = max(
        (main, accent, second),
        key=lambda option: distance(option, tone) + distance(option, limb_colour),
    )
    glove = traits.hand or (
        "glove"
        if recipe.outfit == "gloves and shoes"
        else "ball"
        if limb > 25
        else face_rng.choice(("mitten", "glove"))
    )
    hand_colour = WHITE if glove == "glove" else limb_colour
    leg_cloth: tuple[Cloth, ...] = ()
    arm_cloth: tuple[Cloth, ...] = ()
    if recipe.outfit == "striped socks":
        leg_cloth = (Cloth(light, 0.9, 2.0, 1.22, second),)
        arm_cloth = (Cloth(light, 1.55, 1.9, 1.22, second),)
    foot = "boot" if recipe.outfit == "boots" else "shoe"
    eye_kind = traits.eyes or face_rng.choice(("big", "big", "dot", "oval"))
    size = traits.face_half * (0.62 if eye_kind != "dot" else 0.52) * rng.uniform(0.94, 1.06)
    mouth_v = traits.face_v - (size * 1.35 + 12.0) / solid.height
    face = FaceDesign(
        eye_gap=traits.face_half,
        eye_v=traits.face_v,
        eye_radius=size,
        eyes=eye_kind,
        iris=face_rng.choice(_IRISES),
        brow_degrees=face_rng.choice((None, None, 12.0, -10.0)),
        lashes=face_rng.chance(0.28),
        mouth=traits.mouth or face_rng.choice(("open", "open", "smile", "cat")),
        mouth_v=mouth_v,
        mouth_size=traits.face_half * 0.58,
        nose=traits.nose,
        nose_v=traits.face_v - size * 0.75 / solid.height,
        nose_size=traits.face_half * 0.30,
        nose_colour=traits.nose_colour,
        cheeks=traits.cheeks,
    )
    smooth = limb <= 25
    return BodyDesign(
        plan=plan,
        rig=rig,
        torso=traits.look,
        head=None,
        face=face,
        arms=LimbLook(
            (limb * 1.05, limb * 0.95, limb * 0.9),
            limb_colour,
            arm_cloth,
            glove,
            max(15.0, limb * 0.78),
            hand_colour,
            fuzzy=not smooth,
        )
        if traits.arms
        else None,
        legs=LimbLook(
            (limb * 1.2, limb * 1.1, limb),
            limb_colour,
            leg_cloth,
            foot,
            27.0,
            shoe,
            WHITE,
            fuzzy=not smooth,
        )
        if traits.legs
        else None,
        features=(*traits.features, *accessory(recipe.accessory, main, accent, light)),
    )


def pick(colours: str, index: int) -> Colour:
    """The colour at an index in a space-separated list of hex colours."""
    options = colours.split()
    return hex_colour(options[index % len(options)])
