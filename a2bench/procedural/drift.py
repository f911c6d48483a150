"""What moves in a place: snow, bubbles, leaves ... behind the character, slowly.

Few characters dance in such a place, because every moving dot costs bytes in a lossless file.
Positions are functions of the instant alone, so frames can be drawn in any order.
"""

import math
from dataclasses import dataclass

from a2bench.procedural.colour import WHITE, Colour, hex_colour
from a2bench.procedural.paths import curve, ellipse, mapped, matrix_of, rectangle, snap
from a2bench.procedural.pen import Canvas, fill, stroke
from a2bench.procedural.rng import Pcg32


@dataclass(frozen=True)
class Drift:
    """One kind of thing that drifts; lengths in px of the 512 x 768 frame."""

    name: str
    count: int
    size: tuple[float, float]
    speed: tuple[float, float]
    """Downwards in px a second; negative rises."""
    sway: float
    colours: tuple[Colour, ...]
    low: float = 40.0
    high: float = 640.0
    """Rows between which it appears and vanishes."""


_PETALS = tuple(hex_colour(text) for text in ("ffd0e0", "ffb3cf", "fff2f6"))
_CONFETTI = tuple(hex_colour(text) for text in ("ff6f91", "ffc75f", "5fd0b0", "6f9cff", "ffffff"))

DRIFTS: dict[str, Drift] = {
    "ice land": Drift("snow", 34, (2.4, 4.6), (34.0, 62.0), 14.0, (WHITE,)),
    "sea bed": Drift("bubbles", 20, (3.5, 8.0), (-58.0, -34.0), 9.0, (WHITE,)),
    "forest": Drift(
        "leaves",
        12,
        (6.0, 9.5),
        (34.0, 52.0),
        24.0,
        tuple(hex_colour(text) for text in ("c9d86a", "e8b04f", "8fb84f")),
    ),
    "meadow": Drift("petals", 16, (4.5, 7.0), (26.0, 42.0), 26.0, _PETALS),
    "playground": Drift("petals", 14, (4.5, 7.0), (26.0, 42.0), 26.0, _PETALS),
    "candy land": Drift("confetti", 18, (3.5, 5.5), (28.0, 46.0), 18.0, _CONFETTI),
    "party": Drift("confetti", 24, (3.5, 5.5), (40.0, 66.0), 16.0, _CONFETTI),
    "disco": Drift("confetti", 18, (3.0, 5.0), (36.0, 58.0), 14.0, _CONFETTI),
    "night town": Drift("fireflies", 14, (2.6, 4.0), (-12.0, 12.0), 20.0, (hex_colour("fff0a0"),)),
    "library": Drift("dust", 16, (1.8, 3.0), (-10.0, 8.0), 16.0, (hex_colour("ffe9b8"),)),
    "desert": Drift("dust", 16, (2.0, 3.4), (-8.0, 8.0), 30.0, (hex_colour("fff2d8"),)),
    "moon": Drift("dust", 16, (1.8, 3.2), (-9.0, 9.0), 12.0, (hex_colour("d8d0ff"),)),
}
"""By the name of the place; other places are still."""


def paint_drift(canvas: Canvas, place: str, seed: int, time_seconds: float) -> None:
    """Paints what drifts in a place at an instant, in px of the 512 x 768 frame."""
    drift = DRIFTS[place]
    rng = Pcg32(seed, "drift")
    span = drift.high - drift.low
    for _ in range(drift.count):
        x, phase = rng.uniform(8.0, 504.0), rng.unit()
        size, speed = rng.uniform(*drift.size), rng.uniform(*drift.speed)
        turn, colour = rng.uniform(0.0, 6.283), drift.colours[rng.below(len(drift.colours))]
        way = (phase + speed * time_seconds / span) % 1.0
        swing = math.sin(turn + time_seconds * 1.3)
        # Nothing pops: it fades in and out at the ends of its way.
        fade = min(1.0, 10.0 * way, 10.0 * (1.0 - way))
        _paint_one(
            canvas,
            drift.name,
            (x + drift.sway * swing, drift.low + span * way),
            size,
            turn + swing * 0.8 + time_seconds * 0.7,
            colour,
            fade,
        )


_LEAF = curve([(-1.0, 0.0), (0.0, -0.55), (1.0, 0.0), (0.0, 0.55)], tension=0.6)


def _paint_one(
    canvas: Canvas,
    kind: str,
    place: tuple[float, float],
    size: float,
    turn: float,
    colour: Colour,
    fade: float,
) -> None:
    x, y = place
    if kind == "bubbles":
        canvas.drawPath(ellipse(x, y, size, size), fill(colour, 0.16 * fade))
        canvas.drawPath(ellipse(x, y, size, size), stroke(colour, 1.6, 0.75 * fade))
        dot = size * 0.22
        canvas.drawPath(ellipse(x - size * 0.35, y - size * 0.35, dot, dot), fill(WHITE, fade))
        return
    if kind in ("leaves", "petals", "confetti"):
        c, s = math.cos(turn) * size, math.sin(turn) * size
        # A tumbling leaf is seen from its edge now and then.
        flat = 0.35 + 0.65 * abs(math.sin(turn * 1.7))
        shape = rectangle(-1.0, -0.6, 2.0, 1.2) if kind == "confetti" else _LEAF
        matrix = matrix_of(c, -s * flat, s, c * flat, x, y)
        canvas.drawPath(mapped(shape, matrix), fill(colour, 0.95 * fade))
        return
    glow = 0.6 + 0.4 * math.sin(turn * 2.2) if kind == "fireflies" else 0.8
    if kind == "fireflies":
        canvas.drawPath(ellipse(x, y, size * 2.6, size * 2.6), fill(colour, 0.22 * glow * fade))
    alpha = snap(0.92 * glow * fade)
    canvas.drawPath(ellipse(x, y, size, size), fill(colour, alpha))
