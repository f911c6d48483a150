"""Colours as linear triples in 0..1 of sRGB code values, and how light and shadow change them."""

import math
from typing import TypeAlias

Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue in 0..1, sRGB-coded."""

WHITE: Colour = (1.0, 1.0, 1.0)
INK: Colour = (0.10, 0.06, 0.11)
"""Nearly black, but warm: pure black looks pasted on."""


def hex_colour(text: str) -> Colour:
    """The colour of an RRGGBB text.

    >>> hex_colour("ff0080")[0]
    1.0
    """
    return (int(text[0:2], 16) / 255, int(text[2:4], 16) / 255, int(text[4:6], 16) / 255)


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    """`first` moved towards `second` by `amount` in 0..1."""
    return (
        first[0] + (second[0] - first[0]) * amount,
        first[1] + (second[1] - first[1]) * amount,
        first[2] + (second[2] - first[2]) * amount,
    )


def darker(colour: Colour, amount: float = 0.35) -> Colour:
    """The colour in shadow: shadows go cool (towards violet), never towards black."""
    shadow = (0.22 * colour[0], 0.11 * colour[1], 0.30 * colour[2] + 0.10)
    return mix(colour, shadow, amount)


def lighter(colour: Colour, amount: float = 0.35) -> Colour:
    """The colour in light: lights go warm."""
    return mix(colour, (1.0, 0.975, 0.88), amount)


def luminance(colour: Colour) -> float:
    """Perceived brightness in 0..1 (Rec. 709 weights on coded values: good enough to pick a
    contrast).
    """
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def distance(first: Colour, second: Colour) -> float:
    """Euclidean distance of two colours, 0..1.73."""
    return math.dist(first, second)


def contrasting(colour: Colour, options: tuple[Colour, ...]) -> Colour:
    """The option that stands out most against `colour`."""
    return max(options, key=lambda option: distance(colour, option))


PALETTES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    name: (hex_colour(a), hex_colour(b), hex_colour(c), hex_colour(d))
    for name, a, b, c, d in (
        ("sunrise", "f2694b", "ffc857", "2f8f83", "fff1dc"),
        ("lagoon", "2a9fb5", "ffd166", "ef476f", "f3fbfb"),
        ("berry", "b5386b", "ffb3c7", "5b3a8e", "fff4f0"),
        ("meadow", "5aa64b", "ffe066", "e8594f", "fbfbea"),
        ("royal", "4a55c8", "ffc145", "e4577c", "f5f4ff"),
        ("retro", "e08e45", "2c7a7b", "d9534f", "fdf3e1"),
        ("candy", "ff7eb6", "7ad7f0", "ffd97d", "fffafd"),
        ("mint", "3fb68b", "f7b267", "f25c54", "f2fff8"),
        ("plum", "7a4fa3", "f4d35e", "ee6c4d", "faf5ff"),
        ("navy", "2f4a7d", "f2b134", "e2574c", "f6f1e4"),
        ("cherry", "d23b4a", "f6f0e0", "2e4057", "ffe3d8"),
        ("teal", "1f8a8a", "ff9f6b", "f4e285", "eefaf6"),
    )
}
"""Main, accent, second accent and light colour of the clothes and accessories of a character."""
