"""How the cast of 500 is balanced: the least and the most characters with each attribute."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from a2bench.procedural.backgrounds import TEXTURES
from a2bench.procedural.cast import Character
from a2bench.procedural.patterns import PATTERNS
from a2bench.procedural.species import OUTFIT_PHRASES


@dataclass(frozen=True)
class Quota:
    """How many of 500 characters may share one value of an attribute."""

    attribute: str
    values: int
    """The least number of different values."""
    least: int
    """Characters with the rarest value."""
    most: int
    """Characters with the commonest value."""
    among: frozenset[str] = frozenset()
    """Values that are counted; empty counts all."""


_YES = frozenset({"yes"})
_PATTERNS = frozenset(PATTERNS)
"""Of cloth that is worn; of the others no pattern is seen."""

QUOTAS: tuple[Quota, ...] = (
    Quota("species", 48, 5, 8),
    Quota("family", 8, 40, 150),
    Quota("style", 8, 45, 70),
    Quota("body_plan", 6, 6, 260),
    Quota("background", 15, 5, 60),
    Quota("palette", 12, 25, 60),
    Quota("proportions", 9, 20, 130),
    Quota("pattern", 7, 15, 30, _PATTERNS),
    Quota("outfit", 12, 10, 80),
    Quota("accessories", 12, 2, 225),
    Quota("has_arms", 1, 400, 460, _YES),
    Quota("has_legs", 1, 430, 480, _YES),
    Quota("has_neck", 1, 400, 470, _YES),
    Quota("has_tail", 1, 80, 200, _YES),
    Quota("has_ears", 1, 80, 200, _YES),
    Quota("has_wings", 1, 20, 60, _YES),
    Quota("textured_place", 1, 167, 300, _YES),
    Quota("background_motion", 1, 450, 499, frozenset({"still"})),
    Quota("turning", 1, 50, 150, _YES),
    Quota("coat", 4, 10, 160),
    Quota("bpm", 10, 30, 70),
    Quota("moves", 25, 30, 130),
)
"""Every attribute of the cast. Styles, palettes and outfits are dealt in turn within a species."""


def _values(character: Character, attribute: str) -> tuple[str, ...]:
    """Return what a character has of an attribute; of its moves, several."""
    if attribute == "textured_place":
        return ("yes" if character.background in TEXTURES else "no",)
    if attribute == "pattern" and "{pattern}" not in OUTFIT_PHRASES.get(
        character.attributes["outfit"], ""
    ):
        return ("none",)
    found = character.attributes.get(attribute)
    if found is None:
        found = getattr(character, attribute)
    if isinstance(found, bool):
        return ("yes" if found else "no",)
    return tuple(set(str(found).split(", "))) if attribute == "moves" else (str(found),)


def breaches(characters: Iterable[Character]) -> list[str]:
    """Return one sentence for each quota that the cast does not meet."""
    everyone = tuple(characters)
    found = []
    for quota in QUOTAS:
        counts = Counter(
            value for character in everyone for value in _values(character, quota.attribute)
        )
        shares = {k: n for k, n in counts.items() if not quota.among or k in quota.among}
        if len(shares) < quota.values:
            found.append(f"{quota.attribute}: {len(shares)} values, expected {quota.values}")
        found += [
            f"{quota.attribute} {value}: {share} characters, expected {quota.least} to {quota.most}"
            for value, share in sorted(shares.items())
            if not quota.least <= share <= quota.most
        ]
    return found
