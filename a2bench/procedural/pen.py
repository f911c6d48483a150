"""Drawing styles: how one outline with a colour becomes cartoon, vinyl, plush, clay, paper,
flat, ink or pixels.

A figure is handed to the `Pen` as parts with a depth; `Pen.paint` sorts them (painter's
algorithm) and draws
each twice: in the style on the colour canvas, and without anti-aliasing as a part id on the id
canvas.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import skia

from a2bench.procedural.colour import INK, WHITE, Colour, darker, lighter, mix
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import Path, moved, snap

Canvas: TypeAlias = skia.Canvas
Paint: TypeAlias = skia.Paint
Draw: TypeAlias = Callable[[skia.Canvas], None]


@dataclass(frozen=True)
class Style:
    """What a style does to every part; lengths in px of the character's own space."""

    name: str
    outline: float = 0.0
    """Width of the dark outline outside the part, 0 for none."""
    cel: float = 0.0
    """Strength of the hard shadow at the lower right."""
    soft: float = 0.0
    """Strength of the soft light-to-shadow gradient."""
    gloss: float = 0.0
    """Strength of the highlight on large round parts."""
    rim: float = 0.0
    """Strength of the light along the edge that faces away from the key light."""
    fuzz: bool = False
    grain: float = 0.0
    edge: float = 0.0
    """Strength of the light cut edge (paper)."""
    part_shadow: bool = False
    """Whether each part throws a small shadow on what lies under it."""
    hatch: bool = False
    border: float = 0.0
    """Width of the white border around the whole figure (stickers)."""
    pixel_size: int = 0
    """Side of one drawn pixel in px; 0 draws at full resolution."""


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style("cartoon", outline=3.6, cel=0.50, gloss=0.75),
        Style("vinyl", soft=1.0, gloss=0.85, rim=0.55),
        Style("plush", soft=0.85, fuzz=True, grain=0.26, rim=0.25),
        Style("clay", soft=0.9, grain=0.15, gloss=0.28, rim=0.22),
        Style("paper", edge=0.55, grain=0.12, part_shadow=True),
        Style("flat", cel=0.34),
        Style("ink", outline=2.6, cel=0.26, hatch=True),
        Style("pixel", outline=4.4, cel=0.6, gloss=0.6, pixel_size=4),
        Style("sticker", outline=3.0, cel=0.36, gloss=0.8, border=8.0),
    )
}


def fill(colour: Colour, alpha: float = 1.0, *, blur: float = 0.0) -> Paint:
    """Fill paint, anti-aliased."""
    paint = skia.Paint(AntiAlias=True, Color4f=skia.Color4f(*colour, alpha))
    if blur > 0:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def stroke(colour: Colour, width: float, alpha: float = 1.0, *, blur: float = 0.0) -> Paint:
    """Stroke paint with round caps and joins."""
    paint = fill(colour, alpha, blur=blur)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(snap(width))
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """Colour as the 32-bit integer that gradients take."""
    return int(skia.Color4f(*colour, alpha).toColor())


@dataclass
class Part:
    """One outline of the figure in drawing order."""

    depth: float
    part: PartId
    path: Path | None
    colour: Colour
    paint: Draw | None
    outline: bool
    shade: float
    glossy: bool
    fuzzy: bool
    draw: Draw | None


@cache
def _grain_shader(kind: str) -> skia.Shader:
    frequency = {
        "plush": (0.17, 0.12, 3, 5),
        "clay": (0.13, 0.13, 3, 3),
        "paper": (0.09, 0.13, 4, 8),
    }
    fx, fy, octaves, seed = frequency[kind]
    surface = skia.Surface.MakeRaster(
        skia.ImageInfo.Make(256, 256, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    )
    paint = skia.Paint(Shader=skia.PerlinNoiseShader.MakeFractalNoise(fx, fy, octaves, seed))
    # Fractal noise is centred on 0.5 with transparent alpha; this makes it an opaque grey of
    # larger contrast.
    paint.setColorFilter(skia.ColorFilters.Matrix([1.2, 1.2, 0, 0, -0.7] * 3 + [0, 0, 0, 0, 1]))
    surface.getCanvas().drawPaint(paint)
    return surface.makeImageSnapshot().makeShader(
        skia.TileMode.kMirror, skia.TileMode.kMirror, skia.SamplingOptions(skia.FilterMode.kLinear)
    )


_HAIR_SPACING = 4.4


def _hairs(path: Path) -> tuple[Path, Path]:
    """Short hairs along an outline, in two sets for two tones.

    They stick out on both sides: what lies inside is painted over. Lengths and slants follow a
    short fixed cycle.
    """
    sets = (skia.Path(), skia.Path())
    measure = skia.PathMeasure(path, False)
    while True:
        count = int(measure.getLength() / _HAIR_SPACING)
        for i in range(count):
            place, along = measure.getPosTan(i * _HAIR_SPACING)
            x, y, tx, ty = place.x(), place.y(), along.x(), along.y()
            reach = 3.4 + (i * 7 % 5) * 0.75
            slant = ((i * 3 % 7) - 3) * 0.9
            hair = sets[i % 2]
            hair.addPoly(
                [
                    skia.Point(snap(x - tx * 2.3), snap(y - ty * 2.3)),
                    skia.Point(
                        snap(x - ty * reach + tx * slant), snap(y + tx * reach + ty * slant)
                    ),
                    skia.Point(snap(x + tx * 2.3), snap(y + ty * 2.3)),
                    skia.Point(
                        snap(x + ty * reach + tx * slant), snap(y - tx * reach + ty * slant)
                    ),
                ],
                True,
            )
        if not measure.nextContour():
            return sets


class Pen:
    """Collects the parts of one figure at one instant."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.parts: list[Part] = []

    def part(
        self,
        depth: float,
        part: PartId,
        path: Path,
        colour: Colour,
        *,
        paint: Draw | None = None,
        outline: bool = True,
        shade: float = 1.0,
        glossy: bool = False,
        fuzzy: bool = True,
    ) -> None:
        """Adds a shaded outline; `paint` draws patterns inside it before it is shaded."""
        self.parts.append(
            Part(depth, part, path, colour, paint, outline, shade, glossy, fuzzy, None)
        )

    def sketch(self, depth: float, part: PartId, footprint: Path | None, draw: Draw) -> None:
        """Adds something that draws itself (an eye, a mouth); `footprint` claims its pixels."""
        self.parts.append(Part(depth, part, footprint, INK, None, False, 0.0, False, False, draw))

    def paint(self, canvas: Canvas, ids: Canvas) -> None:
        """Draws all parts, far ones first; equal depths in the order they were added."""
        ordered = sorted(self.parts, key=lambda part: part.depth)
        if self.style.border:
            _paint_border(canvas, ids, self.style, ordered)
        for item in ordered:
            if item.draw is not None:
                item.draw(canvas)
            elif item.path is not None:
                box = item.path.getBounds()
                hairy = self.style.fuzz and item.fuzzy and min(box.width(), box.height()) > 12
                hairs = _hairs(item.path) if hairy else ()
                _paint_part(canvas, self.style, item, item.path, hairs)
                for hair in hairs:
                    ids.drawPath(hair, _id_paint(self.style, item))
            if item.path is not None:
                ids.drawPath(item.path, _id_paint(self.style, item))

    def outline_bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all outlines, in px of the character's own space."""
        left, top, right, bottom = 1e9, 1e9, -1e9, -1e9
        for item in self.parts:
            if item.path is not None:
                box = item.path.getBounds()
                left, top = min(left, box.left()), min(top, box.top())
                right, bottom = max(right, box.right()), max(bottom, box.bottom())
        return left, top, right, bottom

    def union(self) -> Path:
        """All outlines in one path (overlaps wind together)."""
        path = skia.Path()
        for item in self.parts:
            if item.path is not None and item.draw is None:
                path.addPath(item.path)
        return path


def _paint_border(canvas: Canvas, ids: Canvas, style: Style, parts: list[Part]) -> None:
    """The white rim of a sticker under all parts; each part owns the rim next to it."""
    width = 2 * (style.outline + style.border)
    for item in parts:
        if item.path is not None and item.draw is None:
            canvas.drawPath(item.path, stroke(WHITE, width))
            rim = skia.Paint(AntiAlias=False, Color=skia.ColorSetARGB(255, int(item.part), 0, 0))
            rim.setStyle(skia.Paint.kStrokeAndFill_Style)
            rim.setStrokeWidth(snap(width))
            rim.setStrokeJoin(skia.Paint.kRound_Join)
            ids.drawPath(item.path, rim)


def _id_paint(style: Style, item: Part) -> Paint:
    paint = skia.Paint(AntiAlias=False, Color=skia.ColorSetARGB(255, int(item.part), 0, 0))
    grow = style.outline * 2 if item.outline else 0.0
    if grow and item.draw is None:
        paint.setStyle(skia.Paint.kStrokeAndFill_Style)
        paint.setStrokeWidth(snap(grow))
        paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def line_colour(colour: Colour) -> Colour:
    """The outline of a part: its own colour deep in shadow, so that lines are never dead black."""
    return mix(darker(colour, 0.86), INK, 0.35)


def _paint_part(
    canvas: Canvas, style: Style, item: Part, path: Path, hairs: tuple[Path, ...]
) -> None:
    colour = item.colour
    box = path.getBounds()
    small = min(box.width(), box.height())
    if style.part_shadow:
        canvas.drawPath(moved(path, 3.5, 5.5), fill((0.13, 0.07, 0.16), 0.34, blur=3.0))
    if style.outline and item.outline:
        canvas.drawPath(path, stroke(line_colour(colour), style.outline * 2))
    for hair, tone in zip(hairs, (darker(colour, 0.10), lighter(colour, 0.06)), strict=False):
        canvas.drawPath(hair, fill(tone))
    canvas.drawPath(path, fill(colour))
    shaded = item.shade > 0
    if item.paint is None and not shaded:
        return
    canvas.save()
    canvas.clipPath(path, doAntiAlias=True)
    if item.paint is not None:
        item.paint(canvas)
    if shaded:
        _shade(canvas, style, item, box, small, hairy=bool(hairs))
    canvas.restore()


def _shade(
    canvas: Canvas, style: Style, item: Part, box: skia.Rect, small: float, *, hairy: bool
) -> None:
    path, colour, k = item.path, item.colour, item.shade
    width, height = box.width(), box.height()
    if style.grain:
        paint = skia.Paint(Shader=_grain_shader(style.name), BlendMode=skia.BlendMode.kSoftLight)
        paint.setAlphaf(min(1.0, style.grain * 2.0))
        canvas.save()
        canvas.translate(snap(box.left()), snap(box.top()))
        canvas.drawRect(skia.Rect.MakeWH(snap(width + 2), snap(height + 2)), paint)
        canvas.restore()
    if style.soft:
        s = style.soft * k
        light = lighter(colour, 0.6)
        shadow = darker(colour, 1.0)
        gradient = skia.GradientShader.MakeRadial(
            (snap(box.left() + width * 0.34), snap(box.top() + height * 0.26)),
            snap(max(width, height) * 0.86 + 1.0),
            [argb(light, 0.42 * s), argb(light, 0.0), argb(shadow, 0.0), argb(shadow, 0.46 * s)],
            [0.0, 0.40, 0.46, 1.0],
        )
        canvas.drawRect(box, skia.Paint(AntiAlias=False, Shader=gradient, Dither=True))
        if small > 14:
            canvas.drawPath(
                moved(path, -small * 0.06, -small * 0.08),
                stroke(shadow, small * 0.20, 0.34 * s, blur=max(1.0, small * 0.075)),
            )
        if style.rim and small > 14 and not hairy:
            rim = lighter(mix(colour, (0.72, 0.84, 1.0), 0.4), 0.5)
            canvas.drawPath(
                moved(path, -2.0, -1.6), stroke(rim, 2.6, style.rim * 0.6 * k, blur=1.2)
            )
    if style.cel:
        cast = small * (0.11 if style.outline else 0.16)
        canvas.save()
        canvas.clipPath(moved(path, -cast, -cast * 1.25), skia.ClipOp.kDifference, True)
        if style.hatch:
            canvas.drawRect(box, fill(darker(colour, 0.9), style.cel * 0.5 * k))
            _hatch(canvas, box, line_colour(colour))
        else:
            canvas.drawRect(box, fill(darker(colour, 0.95), style.cel * 0.62 * k))
        canvas.restore()
    if style.gloss and item.glossy and small > 40:
        _gloss(canvas, style, box)
    if style.edge:
        canvas.drawPath(path, stroke(lighter(colour, 0.65), 2.6, style.edge))


def _hatch(canvas: Canvas, box: skia.Rect, colour: Colour) -> None:
    lines = skia.Path()
    height = box.height()
    x = box.left() - height
    x -= x % 7.0
    while x < box.right():
        lines.moveTo(snap(x), snap(box.bottom()))
        lines.lineTo(snap(x + height), snap(box.top()))
        x += 7.0
    canvas.drawPath(lines, stroke(colour, 1.4, 0.55))


def _gloss(canvas: Canvas, style: Style, box: skia.Rect) -> None:
    width, height = box.width(), box.height()
    canvas.save()
    canvas.translate(snap(box.left() + width * 0.27), snap(box.top() + height * 0.17))
    canvas.rotate(-28)
    rx, ry = snap(width * 0.12), snap(min(width, height) * 0.055)
    spot = skia.Rect.MakeLTRB(-rx, -ry, rx, ry)
    blur = 0.0 if style.outline else 3.0
    canvas.drawOval(spot, fill(WHITE, style.gloss * (0.75 if style.outline else 0.6), blur=blur))
    if style.outline:
        dot = snap(ry * 0.7)
        canvas.drawCircle(snap(rx * 1.5), snap(ry * 0.6), dot, fill(WHITE, style.gloss * 0.75))
    canvas.restore()
