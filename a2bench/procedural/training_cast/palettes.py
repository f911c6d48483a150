"""Colours of the training characters: none is one of the benchmark's palettes."""

import colorsys

from a2bench.procedural.colour import Colour, hex_colour
from a2bench.procedural.rng import Pcg32

Palette = tuple[Colour, Colour, Colour, Colour]

TRAINING_PALETTES: dict[str, Palette] = {
    name: (hex_colour(a), hex_colour(b), hex_colour(c), hex_colour(d))
    for name, a, b, c, d in (
        ("harbour", "3d5a80", "e0a458", "98c1d9", "f7f3ea"),
        ("clover", "2d6a4f", "d8f3a0", "b56576", "f5fbef"),
        ("ember", "8d2b1d", "f77f00", "3a6b7e", "fff3e0"),
        ("lilac", "9d8df1", "b8f2e6", "f28482", "fbf7ff"),
        ("slate", "495867", "bdd5ea", "fe5f55", "f7f7ff"),
        ("peach", "f7a072", "5c80bc", "84a98c", "fff6ec"),
        ("olive", "7d8f35", "f0e2a3", "8a4f7d", "faf9e8"),
        ("rose", "c9517d", "9ad1d4", "f3c969", "fff0f3"),
        ("sky", "4aa3df", "f6d8ae", "83677b", "f2fbff"),
        ("cocoa", "6f4e37", "d9ae94", "5fb49c", "fdf6ee"),
        ("storm", "33415c", "7d8597", "ffb700", "eef1f6"),
        ("coral", "ee7b6c", "4d908e", "f9dc8f", "fff7f2"),
        ("grape", "5f3dc4", "c4e17f", "ff9e7a", "f6f2ff"),
        ("sand", "d4a373", "606c38", "bc4749", "fefae0"),
        ("glacier", "6fb7c9", "31587a", "e9a6c0", "f4fcff"),
        ("signal", "e63b2e", "1d4e6b", "f4f1de", "fdf9ee"),
    )
}
"""Main, accent, second accent and light colour, as in `colour.PALETTES`."""


def coat_colour(rng: Pcg32) -> Colour:
    """Draw a body colour: any hue, from pale to strong, some of them greys."""
    if rng.chance(0.15):
        level = rng.uniform(0.2, 0.95)
        return (level, level * rng.uniform(0.94, 1.0), level * rng.uniform(0.88, 1.0))
    red, green, blue = colorsys.hsv_to_rgb(
        rng.unit(), rng.uniform(0.22, 0.88), rng.uniform(0.40, 0.98)
    )
    return (red, green, blue)
