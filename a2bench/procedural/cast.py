"""The 500 characters: balanced by quota, unique in species, style, palette and outfit, always
the same.
"""

import math
from dataclasses import dataclass
from functools import cache

from a2bench.procedural.accessories import SLOTS
from a2bench.procedural.backgrounds import BACKGROUNDS, PHRASES, background_tone
from a2bench.procedural.colour import PALETTES, Colour, distance, luminance
from a2bench.procedural.dance import Dance, compose_dance
from a2bench.procedural.drift import DRIFTS
from a2bench.procedural.figure import BodyDesign
from a2bench.procedural.patterns import PATTERNS
from a2bench.procedural.pen import STYLES
from a2bench.procedural.registry import SPECIES
from a2bench.procedural.rig import Rig
from a2bench.procedural.rng import Pcg32, seed_from_text
from a2bench.procedural.species import OUTFIT_PHRASES, Recipe, Species

VERSION = "1.0.0"
_SEED = "0.1.0"
"""Seeds the cast. It stays that of the first version, so that characters keep ids and dances."""
CAST_SIZE = 500
DEMO_SIZE = 8
_TURNING_SHARE = 0.22
"""Share of dances with a spin or a big turn: unseen backs are left out of the primary scores, so
few are wanted."""

_DRIFTING_SHARE = 0.12
"""Share of moving backgrounds among the places that can move; at most a tenth of the cast."""

_STYLE_PHRASES: dict[str, str] = {
    "cartoon": "in cartoon style with bold outlines",
    "vinyl": "as a glossy vinyl toy",
    "plush": "as a fluffy plush toy",
    "clay": "made of modelling clay",
    "paper": "as a paper cut-out",
    "flat": "in flat vector style",
    "ink": "in hatched ink drawing style",
    "pixel": "in pixel art style",
    "sticker": "as a die-cut sticker",
}


@dataclass(frozen=True)
class Character:
    """One of the cast: everything about it follows from these fields and the code of this
    version.
    """

    id: str
    index: int
    """1 to 500."""
    seed: int
    family: str
    species: str
    style: str
    body_plan: str
    has_arms: bool
    has_legs: bool
    has_neck: bool
    """Whether it has the neck joint: a head of its own, or arms (then the middle of the
    shoulders)."""
    has_tail: bool
    has_ears: bool
    has_wings: bool
    attributes: dict[str, str]
    prompt: str
    moves: tuple[str, ...]
    bpm: float

    def recipe(self) -> Recipe:
        """The choices behind the body, read back from the attributes."""
        a = self.attributes
        return Recipe(
            seed=self.seed,
            style=self.style,
            coat=int(a["coat"]),
            proportions=a["proportions"],
            outfit=a["outfit"],
            pattern=a["pattern"],
            palette=PALETTES[a["palette"]],
            accessory=a["accessories"],
            background=a["background"],
        )

    def design(self) -> BodyDesign:
        """The body, ready to be drawn."""
        return SPECIES[self.species].build(self.recipe())

    def dance(self) -> Dance:
        """Its own dance."""
        return compose_dance(
            self.seed,
            turning=self.attributes["turning"] == "yes",
            travel_scale=travel_scale(self.design().rig),
        )

    @property
    def background(self) -> str:
        """Name of its place."""
        return self.attributes["background"]

    def palette_colours(self) -> tuple[Colour, Colour, Colour, Colour]:
        """Main, accent, second and light colour."""
        return PALETTES[self.attributes["palette"]]


def travel_scale(rig: Rig) -> float:
    """How much of the usual travel a body takes: wide bodies dance on the spot instead of
    becoming small.
    """
    total = (
        rig.root_height
        + rig.torso.height
        + (rig.head.height * 0.9 if rig.head is not None else 0.0)
    )
    reach = rig.torso.half_width
    if rig.has_arms:
        reach = max(reach, rig.shoulder_half + 0.9 * (rig.upper_arm + rig.forearm))
    # At 0.66 of the frame height half a frame is 0.5 body heights wide; hands take the rest.
    return max(0.25, min(1.0, (0.47 * total - reach) / (0.40 * rig.leg)))


@dataclass(frozen=True)
class _Featured:
    """A hand-picked recipe of the demo."""

    species: str
    style: str
    coat: int
    proportions: str
    outfit: str
    pattern: str
    palette: str
    accessory: str
    background: str
    turning: bool = False


_FEATURED: tuple[_Featured, ...] = (
    _Featured("fox", "cartoon", 0, "child", "hoodie", "plain", "teal", "scarf", "forest"),
    _Featured("ghost", "vinyl", 0, "stubby", "none", "plain", "candy", "bow", "night town"),
    _Featured(
        "strawberry",
        "clay",
        0,
        "noodle",
        "gloves and shoes",
        "plain",
        "cherry",
        "none",
        "kitchen",
    ),
    _Featured("robot", "vinyl", 0, "lanky", "nothing", "plain", "lagoon", "none", "moon"),
    _Featured(
        "penguin", "plush", 0, "chibi", "waistcoat", "striped", "royal", "beanie", "ice land"
    ),
    _Featured("cactus", "paper", 0, "stubby", "boots", "plain", "sunrise", "straw hat", "desert"),
    _Featured(
        "tiger", "sticker", 0, "athletic", "tracksuit", "plain", "navy", "headphones", "disco", True
    ),
    _Featured("pencil", "flat", 0, "stilted", "sneakers", "plain", "meadow", "none", "library"),
)


def _candidates(name: str, species: Species, rng: Pcg32) -> tuple[list[str], list[str]]:
    styles = rng.shuffled(sorted(species.styles or STYLES))
    places = rng.shuffled([place for place in BACKGROUNDS if place not in species.places])
    return styles, places


def _plan_species() -> list[str]:
    """500 species names: every species as often as any other, give or take one, in mixed order."""
    rng = Pcg32(seed_from_text(f"cast {_SEED}"), "species")
    names: list[str] = []
    while len(names) < CAST_SIZE:
        names.extend(rng.shuffled(sorted(SPECIES)))
    return names[:CAST_SIZE]


def _accessory_for(species: Species, rng: Pcg32, serial: int) -> str:
    allowed = [name for name, slot in SLOTS.items() if slot in species.slots and name != "none"]
    if not allowed or rng.chance(0.40):
        return "none"
    choice = allowed[(rng.below(len(allowed)) + serial) % len(allowed)]
    # Dark glasses hide the eyes: a third of those drawn stay, the others get something else.
    others = [name for name in allowed if SLOTS[name] != "eyes"]
    if choice == "sunglasses" and not rng.chance(0.34):
        return rng.choice(others) if others else "glasses"
    return choice


def _recipe_attributes(name: str, serial: int, index: int) -> tuple[dict[str, str], str]:
    """Attributes and style of the `serial`-th individual of a species."""
    species = SPECIES[name]
    for featured in _FEATURED:
        if featured.species == name and serial == 0:
            return {
                "coat": str(featured.coat),
                "proportions": featured.proportions,
                "outfit": featured.outfit,
                "pattern": featured.pattern,
                "palette": featured.palette,
                "accessories": featured.accessory,
                "background": featured.background,
                "turning": "yes" if featured.turning else "no",
            }, featured.style
    plan = Pcg32(seed_from_text(f"{_SEED} {name}"), "plan")
    styles, places = _candidates(name, species, plan)
    palettes = plan.shuffled(sorted(PALETTES))
    proportions = plan.shuffled(species.proportions)
    outfits = plan.shuffled(species.outfits)
    patterns = plan.shuffled(PATTERNS)
    rng = Pcg32(seed_from_text(f"{_SEED} {name} {serial}"), "recipe")
    style = styles[serial % len(styles)]
    if serial == 0 and style in {f.style for f in _FEATURED if f.species == name}:
        style = styles[1]
    attributes = {
        "coat": str((serial + plan.below(4)) % species.coats),
        "proportions": proportions[serial % len(proportions)],
        "outfit": outfits[serial % len(outfits)],
        "pattern": patterns[(serial * 2 + 1) % len(patterns)],
        "palette": palettes[serial % len(palettes)],
        "accessories": _accessory_for(species, rng, serial),
        "background": "",
        "turning": "yes" if rng.chance(_TURNING_SHARE) else "no",
    }
    options = [places[(serial * 3 + k) % len(places)] for k in range(3)]
    if species.places and serial % 4 == 1:
        options = [species.places[0]]
    attributes["background"] = options[0]
    body = species.build(
        Recipe(
            0,
            style,
            int(attributes["coat"]),
            attributes["proportions"],
            attributes["outfit"],
            attributes["pattern"],
            PALETTES[attributes["palette"]],
            "none",
            options[0],
        )
    ).torso.colour
    # Of three places the one that the body stands out from best.
    attributes["background"] = max(
        options,
        key=lambda place: (
            distance(background_tone(place), body)
            + abs(luminance(background_tone(place)) - luminance(body))
        ),
    )
    return attributes, style


def _background_motion(seed: int, place: str) -> str:
    """What drifts in the place of a character: mostly nothing, as moving dots cost bytes."""
    moves = place in DRIFTS and Pcg32(seed, "drift share").chance(_DRIFTING_SHARE)
    return DRIFTS[place].name if moves else "still"


def _caption(species: Species, style: str, attributes: dict[str, str], design: BodyDesign) -> str:
    rig = design.rig
    limbs = {
        (True, True): "with arms and legs",
        (True, False): "with arms and no legs",
        (False, True): "with legs and no arms",
        (False, False): "without arms and legs",
    }[(rig.has_arms, rig.has_legs)]
    article, noun = species.noun.split(" ", 1)
    del article
    adjective = {"plain": "", "hearts": "heart-patterned"}.get(
        attributes["pattern"], attributes["pattern"]
    )
    worn = OUTFIT_PHRASES.get(attributes["outfit"], "").format(pattern=adjective)
    if not rig.has_arms:
        worn = worn.replace("white gloves and ", "")
    worn = " ".join(worn.split())
    extra = attributes["accessories"]
    items = [item for item in (worn, "" if extra == "none" else _with_article(extra)) if item]
    wearing = f", wearing {' and '.join(items)}" if items else ""
    stance = "standing" if rig.has_legs else "floating" if rig.hover > 20 else "on the floor"
    return (
        f"a cute anthropomorphic {noun}, {limbs}{wearing}, {_STYLE_PHRASES[style]}, {stance}, "
        f"dancing, {PHRASES[attributes['background']]}"
    )


def _with_article(noun: str) -> str:
    return noun if noun.endswith("s") else f"a {noun}"


def _character(index: int, name: str, serial: int) -> Character:
    species = SPECIES[name]
    attributes, style = _recipe_attributes(name, serial, index)
    identifier = f"a2p-{index:04d}-{name.replace(' ', '_')}-{style}"
    seed = seed_from_text(f"{_SEED} {identifier}")
    draft = Character(
        identifier,
        index,
        seed,
        species.family,
        name,
        style,
        species.plan,
        True,
        True,
        True,
        False,
        False,
        False,
        attributes,
        "",
        (),
        0.0,
    )
    design = draft.design()
    dance = draft.dance()
    rig = design.rig
    moves = tuple(segment.move for segment in dance.segments)
    attributes = dict(
        attributes,
        body_plan=design.plan,
        background_motion=_background_motion(seed, attributes["background"]),
        moves=", ".join(moves),
        bpm=f"{dance.bpm:.0f}",
    )
    return Character(
        id=identifier,
        index=index,
        seed=seed,
        family=species.family,
        species=name,
        style=style,
        body_plan=design.plan,
        has_arms=rig.has_arms,
        has_legs=rig.has_legs,
        has_neck=rig.has_arms or rig.head is not None,
        has_tail=_draws(design, "tail"),
        has_ears=design.ear_azimuth is not None,
        has_wings=_draws(design, "wings"),
        attributes=attributes,
        prompt=_caption(species, style, attributes, design),
        moves=moves,
        bpm=dance.bpm,
    )


def _draws(design: BodyDesign, maker: str) -> bool:
    """Whether one of the features was made by a function of `trimmings` of that name."""
    return any(maker in feature.__qualname__.split(".")[0] for feature in design.features)


@cache
def cast() -> tuple[Character, ...]:
    """All 500 characters in the order of their index."""
    serials: dict[str, int] = {}
    characters = []
    for position, name in enumerate(_plan_species()):
        serial = serials.get(name, 0)
        serials[name] = serial + 1
        characters.append(_character(position + 1, name, serial))
    return tuple(characters)


@cache
def split_order() -> tuple[str, ...]:
    """All ids in one stratified order: its prefixes of 4, 8, 20, 50, 100 and 500 are the splits.

    The first eight are hand-picked. After them the next one is always the character whose
    family, style, plan,
    place and species have been used least so far.
    """
    characters = cast()
    first: list[Character] = []
    for featured in _FEATURED:
        first.append(
            next(
                c for c in characters if (c.species, c.style) == (featured.species, featured.style)
            )
        )
    chosen = [c.id for c in first]
    rng = Pcg32(seed_from_text(f"splits {_SEED}"), "order")
    rest = rng.shuffled([c for c in characters if c.id not in set(chosen)])
    strata = ("family", "style", "body_plan", "species", "background")
    totals: dict[tuple[str, str], int] = {}
    for c in characters:
        for stratum in strata:
            key = (stratum, str(getattr(c, stratum)))
            totals[key] = totals.get(key, 0) + 1
    used: dict[tuple[str, str], int] = {}

    def take(c: Character) -> None:
        for stratum in strata:
            key = (stratum, str(getattr(c, stratum)))
            used[key] = used.get(key, 0) + 1

    keys = {c.id: [(stratum, str(getattr(c, stratum))) for stratum in strata] for c in rest}
    for c in first:
        take(c)
    while rest:
        # Ties go to the earlier one in the shuffled list, so the order is seeded.
        # fsum is exactly rounded; the built-in sum changed its rounding between Python versions.
        best = min(
            rest, key=lambda c: math.fsum(used.get(key, 0) / totals[key] for key in keys[c.id])
        )
        rest.remove(best)
        take(best)
        chosen.append(best.id)
    return tuple(chosen)
