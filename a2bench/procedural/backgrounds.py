"""Places to dance in. All are static, painted in 512 x 768 units, with the floor from y = 600 or
so downwards.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import skia

from a2bench.procedural.colour import PALETTES, WHITE, Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.paths import curve, ellipse, polygon, rectangle, snap, star, tapered_limb
from a2bench.procedural.pen import Canvas, argb, fill, stroke
from a2bench.procedural.rng import Pcg32

W, H = 512.0, 768.0
_FLOOR = 604.0
Palette: TypeAlias = tuple[Colour, Colour, Colour, Colour]
Painter: TypeAlias = Callable[[Canvas, Pcg32, Palette], None]


def vertical(canvas: Canvas, top: Colour, bottom: Colour, y0: float = 0.0, y1: float = H) -> None:
    """A vertical gradient; dithered, so that it does not band."""
    shader = skia.GradientShader.MakeLinear([(0, y0), (0, y1)], [argb(top), argb(bottom)])
    canvas.drawRect(
        skia.Rect.MakeLTRB(-4, y0, W + 4, y1 + 1), skia.Paint(Shader=shader, Dither=True)
    )


def _glow(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, alpha: float) -> None:
    shader = skia.GradientShader.MakeRadial(
        (snap(x), snap(y)), snap(radius), [argb(colour, alpha), argb(colour, 0.0)]
    )
    canvas.drawCircle(
        snap(x), snap(y), snap(radius), skia.Paint(Shader=shader, AntiAlias=True, Dither=True)
    )


def _vignette(canvas: Canvas, alpha: float = 0.38) -> None:
    dark: Colour = (0.08, 0.02, 0.14)
    shader = skia.GradientShader.MakeRadial(
        (W / 2, H * 0.46),
        560,
        [argb(dark, 0.0), argb(dark, 0.0), argb(dark, alpha)],
        [0.0, 0.55, 1.0],
    )
    canvas.drawRect(skia.Rect.MakeWH(W, H), skia.Paint(Shader=shader, Dither=True))


def _cloud(canvas: Canvas, x: float, y: float, size: float, alpha: float = 0.92) -> None:
    for dx, dy, r in (
        (-1.1, 0.15, 0.62),
        (-0.35, -0.25, 0.85),
        (0.5, -0.12, 0.72),
        (1.15, 0.2, 0.5),
        (0.0, 0.25, 0.8),
    ):
        canvas.drawPath(
            ellipse(x + dx * size, y + dy * size, r * size, r * size * 0.72), fill(WHITE, alpha)
        )


def _hills(
    canvas: Canvas, rng: Pcg32, y: float, rise: float, colour: Colour, step: float = 90.0
) -> None:
    points = [(-60.0, H), (-60.0, y)]
    x = -40.0
    while x < W + 100:
        points.append((x, y - rng.uniform(0.2, 1.0) * rise))
        x += step
    points.extend([(W + 60, y), (W + 60, H)])
    canvas.drawPath(curve(points, tension=0.9), fill(colour))


def _boards(canvas: Canvas, top: Colour, bottom: Colour, line: Colour, y: float = _FLOOR) -> None:
    vertical(canvas, top, bottom, y, H)
    for i in range(-6, 7):
        canvas.drawLine(
            snap(W / 2 + i * 62), snap(y), snap(W / 2 + i * 118), H, stroke(line, 2.0, 0.45)
        )


def _tiles(canvas: Canvas, first: Colour, second: Colour, y: float = _FLOOR) -> None:
    vertical(canvas, first, darker(first, 0.22), y, H)
    edges = [0.0, 0.14, 0.33, 0.60, 1.0]
    for row in range(4):
        y0, y1 = y + (H - y) * edges[row], y + (H - y) * edges[row + 1]
        k0, k1 = 58 + 40 * edges[row], 58 + 40 * edges[row + 1]
        for i in range(-6, 6):
            if (i + row) % 2:
                canvas.drawPath(
                    polygon(
                        [
                            (W / 2 + i * k0, y0),
                            (W / 2 + (i + 1) * k0, y0),
                            (W / 2 + (i + 1) * k1, y1),
                            (W / 2 + i * k1, y1),
                        ]
                    ),
                    fill(second, 0.85),
                )


def _studio(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    base = mix(rng.choice(palette[:3]), WHITE, rng.uniform(0.45, 0.62))
    vertical(canvas, lighter(base, 0.35), darker(base, 0.06), 0, 640)
    vertical(canvas, darker(base, 0.06), lighter(base, 0.10), 590, H)
    _glow(canvas, 200, 250, 400, lighter(base, 0.8), 0.75)
    shape = rng.below(3)
    accent = mix(base, rng.choice(palette[:3]), 0.35)
    if shape == 0:
        canvas.drawPath(ellipse(W / 2, 350, 205, 205), fill(accent, 0.55))
    elif shape == 1:
        for i in range(7):
            canvas.drawPath(
                polygon(
                    [(i * 86 - 60, 0), (i * 86 - 20, 0), (i * 86 - 120, 606), (i * 86 - 160, 606)]
                ),
                fill(accent, 0.22),
            )
    else:
        for row in range(8):
            for column in range(7):
                canvas.drawPath(
                    ellipse(column * 84 + (row % 2) * 42, row * 78 + 20, 9, 9), fill(accent, 0.35)
                )


def _forest(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("bfe8f2"), hex_colour("f2fbd8"), 0, 640)
    for layer in range(3):
        tone = mix(hex_colour("a9cfae"), hex_colour("3f6b4f"), layer / 2)
        for _ in range(6 - layer):
            x, w = rng.uniform(-30, W + 30), 14 + layer * 12
            canvas.drawPath(
                polygon([(x - w * 0.7, 0), (x + w * 0.7, 0), (x + w, 640), (x - w, 640)]),
                fill(mix(tone, hex_colour("7a5a45"), 0.25 * layer), blur=5.0 - layer * 2),
            )
        for _ in range(9):
            canvas.drawPath(
                ellipse(
                    rng.uniform(-20, W + 20),
                    rng.uniform(-50, 60 + 26 * (2 - layer)),
                    rng.uniform(46, 84),
                    rng.uniform(34, 60),
                ),
                fill(
                    mix(tone, hex_colour("d3ea8a"), rng.unit() * 0.35), 0.96, blur=6.0 - layer * 2
                ),
            )
    for i in range(4):
        x = 60 + i * 130
        canvas.drawPath(
            polygon([(x + 60, 0), (x + 110, 0), (x + 20, 640), (x - 70, 640)]),
            fill((1.0, 1.0, 0.85), 0.10, blur=8),
        )
    _grass(canvas, rng, hex_colour("93c65f"), hex_colour("4a7d3a"))


def _grass(canvas: Canvas, rng: Pcg32, top: Colour, bottom: Colour, y: float = _FLOOR) -> None:
    vertical(canvas, top, bottom, y, H)
    for _ in range(110):
        x, gy = rng.uniform(0, W), rng.uniform(y + 4, H)
        canvas.drawLine(
            snap(x),
            snap(gy),
            snap(x + rng.uniform(-6, 6)),
            snap(gy - rng.uniform(8, 17)),
            stroke(mix(darker(top, 0.35), lighter(top, 0.45), rng.unit()), 2.4, 0.75),
        )
    for _ in range(18):
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(y + 14, H), 4.2, 3.6),
            fill(rng.choice((WHITE, hex_colour("ffd0e0"), hex_colour("fff2a0")))),
        )


def _meadow(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("79c8f2"), hex_colour("e9f8ff"), 0, 630)
    _glow(canvas, 404, 110, 150, hex_colour("fff2b8"), 0.9)
    canvas.drawPath(ellipse(404, 110, 46, 46), fill(hex_colour("fff3b8")))
    for _ in range(4):
        _cloud(canvas, rng.uniform(20, 490), rng.uniform(50, 260), rng.uniform(24, 44))
    _hills(canvas, rng, 520, 80, hex_colour("a9d98f"), 130)
    _hills(canvas, rng, 575, 60, hex_colour("86c56b"), 100)
    for _ in range(5):
        x, y = rng.uniform(10, W - 10), rng.uniform(520, 580)
        canvas.drawPath(rectangle(x - 4, y, 8, 34), fill(hex_colour("7a5638")))
        canvas.drawPath(
            ellipse(x, y - 12, 26, 30),
            fill(mix(hex_colour("4f9a52"), hex_colour("9fd06a"), rng.unit())),
        )
    _grass(canvas, rng, hex_colour("7fc25c"), hex_colour("4f9a45"))


def _stage(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    cloth = rng.choice(
        (hex_colour("b5263f"), hex_colour("5a2f8e"), hex_colour("1f6f78"), hex_colour("25408f"))
    )
    vertical(canvas, darker(cloth, 0.6), darker(cloth, 0.3), 0, 612)
    for i in range(19):
        x = i * W / 18
        shader = skia.GradientShader.MakeLinear(
            [(snap(x - 15), 0), (snap(x + 15), 0)],
            [argb(darker(cloth, 0.66)), argb(lighter(cloth, 0.16)), argb(darker(cloth, 0.6))],
            [0.0, 0.42, 1.0],
        )
        canvas.drawRect(
            skia.Rect.MakeLTRB(snap(x - 15), 0, snap(x + 15), 606),
            skia.Paint(Shader=shader, Dither=True),
        )
    for i in range(6):
        canvas.drawPath(ellipse(i * 103, 0, 60, 62), fill(darker(cloth, 0.30)))
        canvas.drawPath(ellipse(i * 103, -8, 60, 60), fill(cloth))
    _boards(canvas, hex_colour("c08a4e"), hex_colour("6f4322"), hex_colour("3d2010"))
    for i, light in enumerate(((1.0, 0.9, 0.5), (0.5, 0.85, 1.0), (1.0, 0.55, 0.85))):
        x = 80 + i * 176
        canvas.drawPath(
            polygon(
                [
                    (x - 10, 0),
                    (x + 10, 0),
                    (W / 2 + (i - 1) * 70 + 120, 730),
                    (W / 2 + (i - 1) * 70 - 120, 730),
                ]
            ),
            fill(light, 0.17, blur=12),
        )
    for i in range(26):
        canvas.drawPath(ellipse(i * W / 25, 10, 6, 6), fill(hex_colour("ffe9a0")))
        _glow(canvas, i * W / 25, 10, 18, hex_colour("ffd46a"), 0.5)
    _vignette(canvas)


def _space(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("0d1238"), hex_colour("43206b"))
    for _ in range(10):
        _glow(
            canvas,
            rng.uniform(0, W),
            rng.uniform(0, 600),
            rng.uniform(100, 230),
            rng.choice((hex_colour("7a45c0"), hex_colour("2a6fb0"), hex_colour("c0458f"))),
            0.32,
        )
    for _ in range(150):
        r = rng.uniform(0.6, 2.2)
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(0, 640), r, r),
            fill(WHITE, rng.uniform(0.4, 1.0)),
        )
    x, y = rng.choice((110.0, 396.0)), rng.uniform(110, 190)
    planet = rng.choice((hex_colour("e8935a"), hex_colour("6ac0c8"), hex_colour("d880b8")))
    shader = skia.GradientShader.MakeRadial(
        (snap(x - 24), snap(y - 24)),
        112,
        [argb(lighter(planet, 0.6)), argb(planet), argb(darker(planet, 0.8))],
        [0.0, 0.45, 1.0],
    )
    canvas.drawCircle(snap(x), snap(y), 66, skia.Paint(AntiAlias=True, Shader=shader))
    canvas.drawPath(ellipse(x, y, 116, 22, -18), stroke(lighter(planet, 0.6), 7, 0.8))
    vertical_floor = skia.GradientShader.MakeLinear(
        [(0, 610), (0, H)], [argb(hex_colour("c2bede")), argb(hex_colour("605b8a"))]
    )
    canvas.drawPath(
        ellipse(W / 2, 858, 540, 254),
        skia.Paint(AntiAlias=True, Shader=vertical_floor, Dither=True),
    )
    for _ in range(11):
        cx, cy, s = rng.uniform(0, W), rng.uniform(650, H), rng.uniform(12, 36)
        canvas.drawPath(ellipse(cx, cy, s, s * 0.34), fill(hex_colour("736f9a")))
        canvas.drawPath(ellipse(cx, cy + 3, s, s * 0.32), fill(hex_colour("aeaacc")))


def _kitchen(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("fbe9cf"), hex_colour("f3d3ad"), 0, 620)
    tone = mix(palette[0], WHITE, 0.62)
    for row in range(14):
        for column in range(-1, 6):
            x = column * 92 + (46 if row % 2 else 0)
            canvas.drawPath(
                rectangle(x + 2, row * 46 + 2, 88, 42, 5),
                fill(mix(tone, hex_colour("fdf6e8"), rng.unit() * 0.6 + 0.3)),
            )
    wood = hex_colour("96643c")
    canvas.drawPath(rectangle(44, 84, 176, 196, 12), fill(wood))
    vertical_window = skia.GradientShader.MakeLinear(
        [(0, 96), (0, 268)], [argb(hex_colour("8fd0ff")), argb(hex_colour("eaf9ff"))]
    )
    canvas.drawPath(
        rectangle(56, 96, 152, 172, 6), skia.Paint(AntiAlias=True, Shader=vertical_window)
    )
    _cloud(canvas, 140, 160, 22)
    canvas.drawPath(rectangle(128, 96, 7, 172), fill(wood))
    canvas.drawPath(rectangle(56, 178, 152, 7), fill(wood))
    canvas.drawPath(rectangle(292, 206, 196, 13, 3), fill(wood))
    for i in range(4):
        jar = rng.choice(palette[:3])
        canvas.drawPath(rectangle(304 + i * 46, 154, 36, 52, 9), fill(jar))
        canvas.drawPath(rectangle(309 + i * 46, 162, 7, 32, 3), fill(WHITE, 0.35))
        canvas.drawPath(rectangle(308 + i * 46, 145, 28, 11, 4), fill(hex_colour("f7f1e2")))
    canvas.drawPath(rectangle(-10, 440, 540, 18), fill(hex_colour("8a5a36")))
    canvas.drawPath(
        rectangle(-10, 458, 540, 150), fill(mix(palette[0], hex_colour("fff4e4"), 0.35))
    )
    for i in range(4):
        canvas.drawPath(
            rectangle(10 + i * 126, 474, 112, 118, 8), stroke(darker(palette[0], 0.3), 3, 0.45)
        )
        canvas.drawPath(ellipse(108 + i * 126, 530, 6, 6), fill(hex_colour("f4d9a0")))
    _tiles(canvas, hex_colour("e2ac74"), hex_colour("fff2dc"))


def _beach(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("4fb6f0"), hex_colour("d9f3ff"), 0, 430)
    _glow(canvas, 398, 120, 150, hex_colour("fff3b0"), 0.9)
    canvas.drawPath(ellipse(398, 120, 46, 46), fill(hex_colour("fff6c4")))
    for _ in range(3):
        _cloud(canvas, rng.uniform(60, 460), rng.uniform(60, 280), rng.uniform(24, 40))
    vertical(canvas, hex_colour("1f8fc0"), hex_colour("86dcdf"), 430, 596)
    for _ in range(44):
        x, y = rng.uniform(-20, W), rng.uniform(438, 586)
        canvas.drawLine(
            snap(x), snap(y), snap(x + rng.uniform(14, 46)), snap(y), stroke(WHITE, 2.4, 0.35)
        )
    vertical(canvas, hex_colour("f9e6b2"), hex_colour("dbb670"), 588, H)
    canvas.drawPath(
        curve(
            [
                (-20, 586),
                (90, 596),
                (210, 584),
                (330, 597),
                (450, 585),
                (540, 594),
                (540, 580),
                (-20, 578),
            ]
        ),
        fill(WHITE, 0.7),
    )
    for _ in range(220):
        r = rng.uniform(0.6, 1.8)
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(604, H), r, r), fill(hex_colour("a8803f"), 0.5)
        )
    for side in (-1.0, 1.0):
        x0 = 16.0 if side < 0 else W - 16
        top = (x0 - side * 34, 250.0 + rng.uniform(-20, 20))
        canvas.drawPath(
            tapered_limb([(x0, 646), (x0 - side * 4, 440), top], (30, 23, 17)),
            fill(hex_colour("93653f")),
        )
        for i in range(7):
            a = math.radians(i * 52 + 14)
            c, s = math.cos(a), math.sin(a)
            leaf = [(0.0, 0.0), (52.0, -26.0), (122.0, 20.0), (62.0, 4.0)]
            canvas.drawPath(
                curve([(top[0] + x * c - y * s, top[1] + x * s + y * c) for x, y in leaf]),
                fill(mix(hex_colour("2e7d46"), hex_colour("86c963"), (i % 3) / 2)),
            )


def _candy(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("ffd3ec"), hex_colour("fff6dc"), 0, 620)
    pastel = (
        hex_colour("ffb3d1"),
        hex_colour("b3e5ff"),
        hex_colour("fff0a8"),
        hex_colour("c8f5c8"),
    )
    for _ in range(22):
        r = rng.uniform(10, 46)
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(0, 540), r, r), fill(rng.choice(pastel), 0.5)
        )
    for i in range(6):
        x, h = 16.0 + i * 96, rng.uniform(150, 350)
        canvas.drawPath(rectangle(x - 5, 614 - h, 10, h), fill(WHITE))
        sugar = rng.choice(
            (hex_colour("ff6fa0"), hex_colour("6fc8ff"), hex_colour("ffb04f"), hex_colour("9f7aff"))
        )
        for ring in range(5, 0, -1):
            radius = 9.5 * ring
            canvas.drawPath(ellipse(x, 614 - h, radius, radius), fill(sugar if ring % 2 else WHITE))
    _hills(canvas, rng, 618, 46, hex_colour("f7a8d0"), 96)
    vertical(canvas, hex_colour("ffbfdc"), hex_colour("e79ac6"), 610, H)
    for _ in range(110):
        x, y, a = rng.uniform(0, W), rng.uniform(624, H), rng.uniform(0, math.pi)
        dx, dy = 5 * math.cos(a), 5 * math.sin(a)
        canvas.drawLine(
            snap(x - dx),
            snap(y - dy),
            snap(x + dx),
            snap(y + dy),
            stroke(
                rng.choice(
                    (hex_colour("fff27a"), hex_colour("7adfff"), WHITE, hex_colour("a0f0a0"))
                ),
                3.6,
            ),
        )


def _disco(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("17123a"), hex_colour("3d1f6b"), 0, H)
    lights = (
        hex_colour("ff5fa8"),
        hex_colour("5fd8ff"),
        hex_colour("fff07a"),
        hex_colour("9f7aff"),
        hex_colour("6fffb0"),
    )
    for i, light in enumerate(lights[:4]):
        x = W / 2 + (i - 1.5) * 36
        canvas.drawPath(
            polygon([(256, 92), (x + (i - 1.5) * 190 - 60, 640), (x + (i - 1.5) * 190 + 60, 640)]),
            fill(light, 0.13, blur=10),
        )
    for _ in range(64):
        r = rng.uniform(2.5, 9)
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(0, 596), r, r),
            fill(rng.choice(lights), 0.5, blur=2.5),
        )
    canvas.drawLine(256, 0, 256, 40, stroke(hex_colour("8a8fb8"), 3))
    shader = skia.GradientShader.MakeRadial(
        (238, 70),
        92,
        [argb(WHITE), argb(hex_colour("a4aad4")), argb(hex_colour("383868"))],
        [0.0, 0.5, 1.0],
    )
    canvas.drawCircle(256, 90, 54, skia.Paint(AntiAlias=True, Shader=shader))
    canvas.save()
    canvas.clipPath(ellipse(256, 90, 54, 54), doAntiAlias=True)
    for i in range(-4, 5):
        canvas.drawLine(
            196, snap(90 + i * 12), 316, snap(90 + i * 12), stroke(hex_colour("2a2a50"), 1.6, 0.55)
        )
    for i in range(1, 5):
        canvas.drawPath(ellipse(256, 90, i * 12, 54), stroke(hex_colour("2a2a50"), 1.6, 0.55))
    canvas.restore()
    edges = [0.0, 0.08, 0.19, 0.34, 0.54, 0.80, 1.1]
    for row in range(6):
        y0, y1 = 604 + 164 * edges[row], 604 + 164 * edges[row + 1]
        k0, k1 = 46 + 56 * edges[row], 46 + 56 * edges[row + 1]
        for i in range(-7, 7):
            tone = mix(rng.choice(lights), hex_colour("1c0f38"), 0.30 + 0.45 * rng.unit())
            canvas.drawPath(
                polygon(
                    [
                        (W / 2 + i * k0, y0),
                        (W / 2 + (i + 1) * k0, y0),
                        (W / 2 + (i + 1) * k1, y1),
                        (W / 2 + i * k1, y1),
                    ]
                ),
                fill(tone),
            )
            canvas.drawPath(
                polygon(
                    [
                        (W / 2 + i * k0, y0),
                        (W / 2 + (i + 1) * k0, y0),
                        (W / 2 + (i + 1) * k1, y1),
                        (W / 2 + i * k1, y1),
                    ]
                ),
                stroke(hex_colour("140a2c"), 1.6, 0.6),
            )
    _vignette(canvas, 0.5)


def _night(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("1d2358"), hex_colour("7a68b0"), 0, 606)
    _glow(canvas, 388, 132, 170, hex_colour("fff6cf"), 0.55)
    canvas.drawPath(ellipse(388, 132, 56, 56), fill(hex_colour("fff8dc")))
    for dx, dy, r in ((-16.0, -10.0, 11.0), (14.0, 16.0, 8.0), (18.0, -20.0, 6.0)):
        canvas.drawPath(ellipse(388 + dx, 132 + dy, r, r), fill(hex_colour("eee0b8"), 0.8))
    for _ in range(80):
        r = rng.uniform(0.7, 1.9)
        canvas.drawPath(ellipse(rng.uniform(0, W), rng.uniform(0, 420), r, r), fill(WHITE, 0.85))
    for layer in range(2):
        _hills(
            canvas,
            rng,
            540 + layer * 30,
            90,
            mix(hex_colour("554d92"), hex_colour("2a2558"), layer),
        )
    for i in range(7):
        x, h = i * 80 + rng.uniform(-12, 12) - 20, rng.uniform(70, 190)
        wall = mix(hex_colour("1d1940"), hex_colour("2f2960"), rng.unit())
        canvas.drawPath(rectangle(x, 608 - h, 56, h + 4), fill(wall))
        canvas.drawPath(
            polygon([(x - 8, 610 - h), (x + 28, 566 - h), (x + 64, 610 - h)]),
            fill(darker(wall, 0.2)),
        )
        for a in range(2):
            for b in range(int(h / 42)):
                if rng.chance(0.75):
                    canvas.drawPath(
                        rectangle(x + 11 + 21 * a, 624 - h + 36 * b, 12, 16, 2),
                        fill(hex_colour("ffd475")),
                    )
    vertical(canvas, hex_colour("3a3568"), hex_colour("1a1738"), 606, H)
    for _ in range(50):
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(614, H), rng.uniform(14, 30), rng.uniform(5, 9)),
            fill(lighter(hex_colour("3a3568"), 0.2), 0.35),
        )


def _desert(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("ffab6b"), hex_colour("ffecc8"), 0, 560)
    _glow(canvas, 120, 176, 170, hex_colour("fff4d0"), 0.8)
    canvas.drawPath(ellipse(120, 176, 58, 58), fill(hex_colour("fff8e0")))
    for layer in range(3):
        tone = mix(hex_colour("eeb083"), hex_colour("bb6340"), layer / 2)
        points = [(-60.0, H), (-60.0, 560.0 + layer * 20)]
        x = -50.0
        while x < W + 70:
            h, w = rng.uniform(30, 140) - layer * 14, rng.uniform(44, 96)
            base = 560.0 + layer * 18
            points.extend(
                [(x, base), (x + 10, base - h), (x + 10 + w, base - h), (x + 22 + w, base)]
            )
            x += w + rng.uniform(50, 110)
        points.extend([(W + 60, 560.0 + layer * 20), (W + 60, H)])
        canvas.drawPath(polygon(points), fill(tone))
    vertical(canvas, hex_colour("f6cf92"), hex_colour("cf9152"), _FLOOR, H)
    for _ in range(30):
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(614, H), rng.uniform(10, 42), 3),
            fill(hex_colour("a86d38"), 0.3),
        )
    for x in (40.0, 470.0):
        green = hex_colour("5d8f57")
        canvas.drawPath(tapered_limb([(x, 622), (x, 560), (x, 510)], (24, 26, 22)), fill(green))
        canvas.drawPath(
            tapered_limb([(x, 570), (x - 24, 562), (x - 26, 532)], (13, 14, 12)), fill(green)
        )
        canvas.drawPath(
            tapered_limb([(x, 556), (x + 24, 548), (x + 26, 520)], (13, 14, 12)), fill(green)
        )


def _ice(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("8fcdf3"), hex_colour("f2fbff"), 0, 610)
    for layer in range(2):
        for _ in range(5):
            x, h, w = rng.uniform(-60, W), rng.uniform(110, 290) - layer * 60, rng.uniform(90, 190)
            light = mix(hex_colour("d3ecf9"), WHITE, 0.3 * (1 - layer))
            canvas.drawPath(
                polygon(
                    [
                        (x, 612),
                        (x + w * 0.22, 612 - h * 0.8),
                        (x + w * 0.5, 612 - h),
                        (x + w * 0.85, 612 - h * 0.55),
                        (x + w, 612),
                    ]
                ),
                fill(light),
            )
            canvas.drawPath(
                polygon(
                    [
                        (x + w * 0.5, 612 - h),
                        (x + w * 0.85, 612 - h * 0.55),
                        (x + w, 612),
                        (x + w * 0.55, 612),
                    ]
                ),
                fill(mix(light, hex_colour("7fb8de"), 0.5)),
            )
    vertical(canvas, hex_colour("fafeff"), hex_colour("bcdff3"), _FLOOR, H)
    for _ in range(12):
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(630, H), rng.uniform(30, 80), rng.uniform(4, 9)),
            fill(hex_colour("d5edfa"), 0.8),
        )
    for _ in range(90):
        r = rng.uniform(1.5, 4.2)
        canvas.drawPath(ellipse(rng.uniform(0, W), rng.uniform(0, H), r, r), fill(WHITE, 0.85))


def _bedroom(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    wall = mix(palette[0], WHITE, 0.66)
    vertical(canvas, lighter(wall, 0.3), wall, 0, 612)
    for i in range(12):
        canvas.drawPath(rectangle(i * 48 - 12, 0, 20, 600), fill(mix(palette[1], WHITE, 0.5), 0.35))
    canvas.drawPath(rectangle(-6, 560, 530, 46), fill(hex_colour("fffaf2")))
    for i in range(9):
        x = 20 + i * 60
        canvas.drawPath(
            polygon(
                [
                    (x, 58 + 10 * math.sin(i * 0.9)),
                    (x + 44, 58 + 10 * math.sin(i * 0.9)),
                    (x + 22, 100 + 10 * math.sin(i * 0.9)),
                ]
            ),
            fill(palette[i % 3]),
        )
    canvas.drawLine(0, 56, 512, 56, stroke(hex_colour("fff8ec"), 4))
    canvas.drawPath(rectangle(334, 150, 140, 170, 8), fill(hex_colour("fffaf0")))
    vertical_window = skia.GradientShader.MakeLinear(
        [(0, 160), (0, 310)], [argb(hex_colour("36407f")), argb(hex_colour("8a7ac0"))]
    )
    canvas.drawPath(
        rectangle(346, 162, 116, 146, 4), skia.Paint(AntiAlias=True, Shader=vertical_window)
    )
    canvas.drawPath(ellipse(420, 206, 18, 18), fill(hex_colour("fff4c4")))
    for _ in range(14):
        canvas.drawPath(
            ellipse(rng.uniform(352, 456), rng.uniform(168, 300), 1.6, 1.6), fill(WHITE)
        )
    canvas.drawPath(rectangle(40, 300, 120, 10, 3), fill(hex_colour("a87748")))
    for i in range(6):
        canvas.drawPath(
            rectangle(46 + i * 17, 250 + rng.uniform(0, 16), 14, 50, 2), fill(rng.choice(palette))
        )
    _boards(canvas, hex_colour("dba878"), hex_colour("a8744a"), hex_colour("7a4f2e"))
    canvas.drawPath(ellipse(W / 2, 706, 236, 42), fill(mix(palette[2], WHITE, 0.25)))
    canvas.drawPath(ellipse(W / 2, 706, 206, 35), stroke(mix(palette[1], WHITE, 0.3), 6))


def _city(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("ffb88a"), hex_colour("ffe9c9"), 0, 630)
    _glow(canvas, 150, 330, 260, hex_colour("fff0c0"), 0.8)
    for layer in range(3):
        tone = mix(hex_colour("e8a79a"), hex_colour("6a5a8c"), layer / 2)
        x = -20.0
        while x < W:
            w, h = rng.uniform(48, 92), rng.uniform(150, 400) - layer * 80
            canvas.drawPath(rectangle(x, 612 - h, w, h), fill(mix(tone, palette[layer], 0.12)))
            for row in range(int(h / 30) - 1):
                for column in range(int(w / 20) - 1):
                    if rng.chance(0.5):
                        canvas.drawPath(
                            rectangle(x + 12 + column * 20, 624 - h + row * 30, 9, 14, 1),
                            fill(hex_colour("fff0b0"), 0.25 + 0.25 * layer),
                        )
            x += w + rng.uniform(2, 16)
    canvas.drawPath(rectangle(-4, 596, 520, 22), fill(hex_colour("d9cfc4")))
    vertical(canvas, hex_colour("8a8594"), hex_colour("5f5a6c"), 616, H)
    for i in range(5):
        canvas.drawPath(
            polygon([(i * 130 - 60, 700), (i * 130, 700), (i * 130 - 8, 714), (i * 130 - 76, 714)]),
            fill(hex_colour("f4ead2"), 0.85),
        )


def _underwater(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("4fd0e0"), hex_colour("134f86"), 0, 640)
    for i in range(5):
        x = 40 + i * 110 + rng.uniform(-20, 20)
        canvas.drawPath(
            polygon([(x, 0), (x + 46, 0), (x + 10, 640), (x - 110, 640)]), fill(WHITE, 0.10, blur=8)
        )
    _hills(canvas, rng, 600, 90, hex_colour("1f6f98"), 100)
    vertical(canvas, hex_colour("ead9a8"), hex_colour("b89b68"), 612, H)
    for _ in range(9):
        x = rng.uniform(0, W)
        tone = rng.choice(
            (hex_colour("3f9f6f"), hex_colour("e8667a"), hex_colour("f29a4f"), hex_colour("8f6fc8"))
        )
        for j in range(3):
            h = rng.uniform(60, 150)
            canvas.drawPath(
                tapered_limb(
                    [
                        (x + j * 13, 640),
                        (x + j * 13 + rng.uniform(-16, 16), 640 - h / 2),
                        (x + j * 13 + rng.uniform(-20, 20), 640 - h),
                    ],
                    (15, 12, 6),
                ),
                fill(tone),
            )
    for _ in range(5):
        x, y, s = rng.uniform(30, 480), rng.uniform(60, 460), rng.uniform(11, 20)
        fish = rng.choice((hex_colour("ffb84f"), hex_colour("ff7f8a"), hex_colour("ffe66f")))
        canvas.drawPath(
            polygon([(x + s, y), (x + s * 2, y - s * 0.7), (x + s * 2, y + s * 0.7)]), fill(fish)
        )
        canvas.drawPath(ellipse(x, y, s * 1.3, s * 0.8), fill(fish))
        canvas.drawPath(ellipse(x - s * 0.7, y - s * 0.15, 2.4, 2.4), fill((0.1, 0.1, 0.2)))
    for _ in range(34):
        r = rng.uniform(3, 11)
        canvas.drawPath(
            ellipse(rng.uniform(0, W), rng.uniform(0, 600), r, r), stroke(WHITE, 2, 0.5)
        )


def _library(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    wood = hex_colour("7a4c2d")
    vertical(canvas, darker(wood, 0.5), darker(wood, 0.35), 0, 612)
    for row in range(5):
        y = 26 + row * 116
        x = 14.0
        while x < W - 16:
            w, h = rng.uniform(12, 25), rng.uniform(62, 94)
            tone = mix(
                rng.choice(palette[:3]),
                rng.choice((hex_colour("8a5a3a"), hex_colour("3f5a7a"), hex_colour("7a3a4a"))),
                rng.uniform(0.2, 0.7),
            )
            canvas.drawPath(rectangle(x, y + 98 - h, w, h, 2), fill(tone))
            canvas.drawPath(rectangle(x, y + 108 - h, w, 5), fill(lighter(tone, 0.5), 0.8))
            x += w + rng.uniform(1, 4)
        canvas.drawPath(rectangle(0, y + 98, W, 15), fill(wood))
        canvas.drawPath(rectangle(0, y + 98, W, 4), fill(lighter(wood, 0.25)))
    _boards(canvas, hex_colour("9a6238"), hex_colour("5f3a20"), hex_colour("3a2010"))
    canvas.drawPath(ellipse(W / 2, 706, 250, 46), fill(palette[0]))
    canvas.drawPath(ellipse(W / 2, 706, 222, 39), stroke(palette[1], 5))
    _glow(canvas, 256, 280, 330, hex_colour("ffd9a0"), 0.35)
    _vignette(canvas, 0.45)


def _playground(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    vertical(canvas, hex_colour("8fd6f7"), hex_colour("f4fcff"), 0, 630)
    for _ in range(3):
        _cloud(canvas, rng.uniform(30, 480), rng.uniform(60, 240), rng.uniform(26, 42))
    arcs: Sequence[Colour] = (
        hex_colour("ff7f7f"),
        hex_colour("ffbf69"),
        hex_colour("fff07a"),
        hex_colour("90e090"),
        hex_colour("7ac8ff"),
        hex_colour("b79aff"),
    )
    for i, tone in enumerate(arcs):
        canvas.drawPath(
            ellipse(256, 560, 318 - i * 17, 330 - i * 17), stroke(mix(tone, WHITE, 0.25), 17, 0.75)
        )
    _hills(canvas, rng, 596, 70, hex_colour("9fd88a"), 120)
    for i in range(9):
        x = i * 64 - 4
        canvas.drawPath(rectangle(x, 540, 34, 74, 8), fill(hex_colour("fffaf0")))
        canvas.drawPath(
            polygon([(x, 546), (x + 17, 524), (x + 34, 546)]), fill(hex_colour("fffaf0"))
        )
    canvas.drawPath(rectangle(-4, 562, 520, 12), fill(hex_colour("f0e6d4")))
    _grass(canvas, rng, hex_colour("8fce6a"), hex_colour("559f4c"))


def _confetti(canvas: Canvas, rng: Pcg32, palette: Palette) -> None:
    base = mix(palette[0], WHITE, 0.74)
    vertical(canvas, lighter(base, 0.2), base, 0, 640)
    for i in range(16):
        a, b = math.radians(i * 22.5), math.radians(i * 22.5 + 11.25)
        canvas.drawPath(
            polygon(
                [
                    (256, 400),
                    (256 + 900 * math.cos(a), 400 + 900 * math.sin(a)),
                    (256 + 900 * math.cos(b), 400 + 900 * math.sin(b)),
                ]
            ),
            fill(WHITE, 0.32),
        )
    vertical(canvas, mix(palette[0], WHITE, 0.30), mix(palette[0], WHITE, 0.12), 616, H)
    for i in range(5):
        x, y = 46 + i * 104 + rng.uniform(-16, 16), rng.uniform(70, 210)
        tone = palette[i % 3]
        canvas.drawLine(
            snap(x),
            snap(y),
            snap(x + rng.uniform(-14, 14)),
            snap(y + 170),
            stroke(darker(tone, 0.1), 2, 0.7),
        )
        canvas.drawPath(ellipse(x, y, 32, 40), fill(tone))
        canvas.drawPath(ellipse(x - 11, y - 14, 7, 11, 20), fill(WHITE, 0.55))
    for _ in range(90):
        x, y = rng.uniform(0, W), rng.uniform(0, H)
        tone = rng.choice(palette[:3])
        if rng.chance(0.3):
            canvas.drawPath(star(x, y, 7), fill(tone))
        else:
            canvas.drawPath(ellipse(x, y, 5, 3, rng.uniform(0, 180)), fill(tone))


BACKGROUNDS: dict[str, Painter] = {
    "studio": _studio,
    "forest": _forest,
    "meadow": _meadow,
    "theatre stage": _stage,
    "moon": _space,
    "kitchen": _kitchen,
    "beach": _beach,
    "candy land": _candy,
    "disco": _disco,
    "night town": _night,
    "desert": _desert,
    "ice land": _ice,
    "bedroom": _bedroom,
    "city street": _city,
    "sea bed": _underwater,
    "library": _library,
    "playground": _playground,
    "party": _confetti,
}
PHRASES: dict[str, str] = {
    "studio": "in a colourful studio",
    "forest": "in a sunny forest",
    "meadow": "on a meadow",
    "theatre stage": "on a theatre stage",
    "moon": "on the moon",
    "kitchen": "in a kitchen",
    "beach": "on a beach with palm trees",
    "candy land": "in a land of candy",
    "disco": "in a disco",
    "night town": "in front of a town at night",
    "desert": "in a desert",
    "ice land": "in a land of ice",
    "bedroom": "in a cosy bedroom",
    "city street": "in a city street at sunset",
    "sea bed": "on the bed of the sea",
    "library": "in an old library",
    "playground": "on a playground under a rainbow",
    "party": "at a party with balloons",
}
"""How a caption says where the character dances."""


# Measured once with `measured_tone` and frozen: casting must not depend on a rasteriser.
_TONES: dict[str, Colour] = {
    "studio": (0.74, 0.75, 0.7),
    "forest": (0.49, 0.54, 0.44),
    "meadow": (0.69, 0.87, 0.84),
    "theatre stage": (0.29, 0.35, 0.57),
    "moon": (0.25, 0.15, 0.39),
    "kitchen": (0.94, 0.76, 0.69),
    "beach": (0.54, 0.8, 0.9),
    "candy land": (0.98, 0.9, 0.85),
    "disco": (0.21, 0.16, 0.36),
    "night town": (0.29, 0.26, 0.47),
    "desert": (0.98, 0.81, 0.63),
    "ice land": (0.77, 0.9, 0.97),
    "bedroom": (0.96, 0.82, 0.77),
    "city street": (0.8, 0.65, 0.61),
    "sea bed": (0.28, 0.57, 0.69),
    "library": (0.59, 0.45, 0.34),
    "playground": (0.82, 0.91, 0.93),
    "party": (0.98, 0.86, 0.82),
}
"""Mean colour of each place where the character stands."""


@dataclass(frozen=True)
class Texture:
    """Grain of a surface between two rows: sand, bark, cloth, boards."""

    top: float
    bottom: float
    frequency: tuple[float, float]
    """Across and down, in cycles a px: unequal ones give fibres."""
    strength: float


_SAND, _WOOD, _CLOTH, _STONE = (0.32, 0.32), (0.012, 0.16), (0.30, 0.02), (0.09, 0.12)
TEXTURES: dict[str, tuple[Texture, ...]] = {
    "forest": (Texture(0, _FLOOR, (0.14, 0.012), 0.20),),
    "theatre stage": (Texture(0, _FLOOR, _CLOTH, 0.24), Texture(_FLOOR, H, _WOOD, 0.40)),
    "beach": (Texture(_FLOOR - 6, H, _SAND, 0.45),),
    "desert": (Texture(_FLOOR, H, _SAND, 0.42),),
    "bedroom": (Texture(_FLOOR, H, _WOOD, 0.36), Texture(0, _FLOOR - 40, _SAND, 0.18)),
    "city street": (Texture(_FLOOR, H, _SAND, 0.45),),
    "library": (Texture(0, _FLOOR, _WOOD, 0.20), Texture(_FLOOR, H, _WOOD, 0.40)),
    "moon": (Texture(_FLOOR + 26, H, _STONE, 0.30),),
    "sea bed": (Texture(_FLOOR + 8, H, _SAND, 0.40),),
}
"""Places whose surfaces have a grain."""


@cache
def _texture_shader(frequency: tuple[float, float]) -> skia.Shader:
    surface = skia.Surface.MakeRaster(
        skia.ImageInfo.Make(512, 256, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    )
    paint = skia.Paint(Shader=skia.PerlinNoiseShader.MakeFractalNoise(*frequency, 4, 11))
    # As in `pen`: an opaque grey about one half.
    paint.setColorFilter(skia.ColorFilters.Matrix([1.4, 1.4, 0, 0, -0.9] * 3 + [0, 0, 0, 0, 1]))
    surface.getCanvas().drawPaint(paint)
    return surface.makeImageSnapshot().makeShader(
        skia.TileMode.kMirror, skia.TileMode.kMirror, skia.SamplingOptions(skia.FilterMode.kLinear)
    )


def _paint_texture(canvas: Canvas, texture: Texture) -> None:
    paint = skia.Paint(
        Shader=_texture_shader(texture.frequency), BlendMode=skia.BlendMode.kSoftLight
    )
    paint.setAlphaf(texture.strength)
    canvas.drawRect(skia.Rect.MakeLTRB(0.0, texture.top, W, texture.bottom), paint)


def background_tone(name: str) -> Colour:
    """The mean colour behind the character, to choose bodies and limbs that stand out."""
    return _TONES[name]


def measured_tone(name: str) -> Colour:
    """The mean colour of the middle of a painted place, for one seed and palette."""
    surface = skia.Surface.MakeRaster(
        skia.ImageInfo.Make(16, 24, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    )
    canvas = surface.getCanvas()
    canvas.scale(16 / W, 24 / H)
    paint_background(canvas, name, PALETTES["sunrise"], 1)
    rgb = surface.toarray(colorType=skia.kRGBA_8888_ColorType)[6:18, 4:12, :3].reshape(-1, 3)
    red, green, blue = (int(channel) for channel in rgb.astype("int64").sum(axis=0))
    scale = 255.0 * len(rgb)
    return (red / scale, green / scale, blue / scale)


def paint_background(canvas: Canvas, name: str, palette: Palette, seed: int) -> None:
    """Paints a named background for a palette; details vary with the seed."""
    BACKGROUNDS[name](canvas, Pcg32(seed, "background"), palette)
    for texture in TEXTURES.get(name, ()):
        _paint_texture(canvas, texture)
