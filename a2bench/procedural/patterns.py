"""Paint on surfaces: cloth, markings, seeds and buttons that slide round a body when it turns."""

import math
from collections.abc import Callable, Sequence

from a2bench.procedural.colour import INK, WHITE, Colour, darker, lighter
from a2bench.procedural.figure import SurfacePaint
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    heart,
    mapped,
    polygon,
    rectangle,
    snap,
    star,
)
from a2bench.procedural.pen import Canvas, fill, stroke
from a2bench.procedural.rng import Pcg32
from a2bench.procedural.solids import PosedSolid
from a2bench.procedural.vectors import Vec2

_EDGE_ON = 0.06


def sticker(
    solid: PosedSolid,
    canvas: Canvas,
    azimuth: float,
    v: float,
    draw: Callable[[Canvas], None],
    size: float = 1.0,
) -> None:
    """Runs `draw` in the tangent plane of a surface point, unless the point faces away."""
    place = solid.place(azimuth, v)
    if place.facing > _EDGE_ON:
        canvas.save()
        canvas.concat(place.matrix(size))
        draw(canvas)
        canvas.restore()


def _filled(shape: Path, colour: Colour, alpha: float) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.drawPath(shape, fill(colour, alpha))

    return draw


def _rod(dx: float, dy: float, colour: Colour, width: float) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.drawLine(-dx, -dy, dx, dy, stroke(colour, width))

    return draw


def decal(
    shape: Path, colour: Colour, azimuth: float, v: float, size: float, alpha: float = 1.0
) -> SurfacePaint:
    """One filled shape, given in units of `size` px."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        sticker(solid, canvas, azimuth, v, lambda c: c.drawPath(shape, fill(colour, alpha)), size)

    return paint


def side_decal(
    shape: Path, colour: Colour, v: float, size: float, alpha: float = 1.0
) -> SurfacePaint:
    """One filled shape on each side of a thick flat body, given in units of `size` px."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        for side in (-1.0, 1.0):
            place = solid.side_place(side, v)
            if place.facing > 0.05:
                canvas.drawPath(mapped(shape, place.matrix(size)), fill(colour, alpha))

    return paint


def band(low: float, high: float, colour: Colour, alpha: float = 1.0) -> SurfacePaint:
    """A belt of colour between two heights."""
    return lambda canvas, solid: canvas.drawPath(solid.band(low, high), fill(colour, alpha))


def stripes(
    low: float, high: float, colour: Colour, step: float, part: float = 0.5, alpha: float = 1.0
) -> SurfacePaint:
    """Horizontal stripes, `step` in heights of the solid."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        v = low
        while v < high - 1e-6:
            canvas.drawPath(
                solid.band(max(v, 1e-3), min(v + step * part, high, 0.999)), fill(colour, alpha)
            )
            v += step

    return paint


def meridians(
    azimuths: Sequence[float],
    colour: Colour,
    width: float,
    *,
    low: float = 0.02,
    high: float = 0.98,
    alpha: float = 1.0,
) -> SurfacePaint:
    """Lines from bottom to top at fixed azimuths: ribs, pleats, pin stripes."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        for azimuth in azimuths:
            points: list[Vec2] = []
            facing = 0.0
            for i in range(9):
                place = solid.place(azimuth, low + (high - low) * i / 8)
                points.append((place.x, place.y))
                facing = max(facing, place.facing)
            if facing > _EDGE_ON:
                canvas.drawPath(
                    curve(points, closed=False), stroke(colour, width * (0.4 + 0.6 * facing), alpha)
                )

    return paint


def grid_of(
    shape: Path,
    colour: Colour,
    size: float,
    *,
    low: float,
    high: float,
    across: float = 30.0,
    up_px: float = 26.0,
    alpha: float = 1.0,
) -> SurfacePaint:
    """The same small shape in staggered rows all round: dots, hearts, stars, seeds."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        rows = max(1, int((high - low) * solid.solid.height / up_px))
        for row in range(rows):
            v = low + (row + 0.5) * (high - low) / rows
            count = max(
                4,
                int(
                    360.0 / across * solid.solid.width_at(v) / max(1.0, solid.solid.half_width)
                    + 0.5
                ),
            )
            for i in range(count):
                azimuth = (i + (row % 2) * 0.5) * 360.0 / count
                azimuth = azimuth - 360.0 if azimuth > 180.0 else azimuth
                sticker(
                    solid,
                    canvas,
                    azimuth,
                    v,
                    lambda c: c.drawPath(shape, fill(colour, alpha)),
                    size,
                )

    return paint


def spots(
    seed: int,
    colours: Sequence[Colour],
    count: int,
    sizes: tuple[float, float],
    *,
    low: float = 0.1,
    high: float = 0.95,
    alpha: float = 1.0,
) -> SurfacePaint:
    """Irregular spots scattered over the surface, always at the same places for one seed."""
    rng = Pcg32(seed, "spots")
    plan = [
        (
            rng.uniform(-180, 180),
            rng.uniform(low, high),
            rng.uniform(*sizes),
            rng.uniform(0.65, 1.0),
            rng.uniform(0, 90),
            rng.choice(colours),
        )
        for _ in range(count)
    ]

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        for azimuth, v, size, squash, degrees, colour in plan:
            shape = ellipse(0, 0, size, size * squash, degrees)
            sticker(
                solid,
                canvas,
                azimuth,
                v,
                _filled(shape, colour, alpha),
            )

    return paint


def sprinkles(
    seed: int,
    colours: Sequence[Colour],
    count: int,
    length: float,
    *,
    low: float,
    high: float,
    width: float = 5.0,
) -> SurfacePaint:
    """Short rods in all directions."""
    rng = Pcg32(seed, "sprinkles")
    plan = [
        (
            rng.uniform(-175, 175),
            rng.uniform(low, high),
            rng.uniform(0, math.pi),
            rng.choice(colours),
        )
        for _ in range(count)
    ]

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        for azimuth, v, angle, colour in plan:
            dx, dy = snap(math.cos(angle) * length / 2), snap(math.sin(angle) * length / 2)
            sticker(
                solid,
                canvas,
                azimuth,
                v,
                _rod(dx, dy, colour, width),
            )

    return paint


def belly(colour: Colour, v: float, half_width: float, half_height: float) -> SurfacePaint:
    """A light oval on the front."""
    return decal(ellipse(0, 0, half_width, half_height), colour, 0.0, v, 1.0)


def checks(low: float, high: float, colour: Colour, step: float) -> SurfacePaint:
    """Tartan: horizontal bands and vertical ribbons that add up where they cross."""
    horizontal = stripes(low, high, colour, step, 0.5, 0.5)
    vertical = meridians(
        range(-180, 180, 24), colour, 11.0, low=max(0.0, low), high=high, alpha=0.5
    )

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        horizontal(canvas, solid)
        canvas.save()
        canvas.clipPath(solid.band(low, high), doAntiAlias=True)
        vertical(canvas, solid)
        canvas.restore()

    return paint


def patterned(
    pattern: str, low: float, high: float, base: Colour, accent: Colour, height: float
) -> tuple[SurfacePaint, ...]:
    """A garment between two heights with one of the named cloth patterns."""
    ground = band(low, high, base)
    step = 30.0 / height
    decoration: SurfacePaint | None = None
    if pattern == "striped":
        decoration = stripes(low + step * 0.4, high, accent, step)
    elif pattern == "dotted":
        decoration = grid_of(ellipse(0, 0, 1, 1), accent, 5.5, low=low, high=high, across=26)
    elif pattern == "checked":
        decoration = checks(low, high, accent, step)
    elif pattern == "starry":
        decoration = grid_of(star(0, 0, 1), accent, 9.0, low=low, high=high, across=36, up_px=32)
    elif pattern == "hearts":
        decoration = grid_of(heart(0, 0, 1), accent, 7.5, low=low, high=high, across=36, up_px=32)
    elif pattern == "pinstriped":
        decoration = meridians(range(-180, 180, 15), accent, 2.6, low=max(0.0, low), high=high)
    hem = band(low, low + 6.0 / height, darker(base, 0.35), 0.8) if low > 0.02 else None
    if decoration is None:
        return (ground, hem) if hem is not None else (ground,)
    pattern_paint = decoration

    def clipped(canvas: Canvas, solid: PosedSolid) -> None:
        canvas.save()
        canvas.clipPath(solid.band(low, high), doAntiAlias=True)
        pattern_paint(canvas, solid)
        canvas.restore()

    return (ground, clipped, hem) if hem is not None else (ground, clipped)


PATTERNS = ("plain", "striped", "dotted", "checked", "starry", "hearts", "pinstriped")


def buttons(colour: Colour, count: int, top: float, step: float, size: float = 7.0) -> SurfacePaint:
    """A row of buttons down the front."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        def draw(c: Canvas) -> None:
            c.drawPath(ellipse(1, 1.6, size, size), fill(INK, 0.25))
            c.drawPath(ellipse(0, 0, size, size), fill(colour))
            c.drawPath(
                ellipse(-size * 0.25, -size * 0.3, size * 0.3, size * 0.24), fill(WHITE, 0.7)
            )

        for i in range(count):
            sticker(solid, canvas, 0.0, top - i * step, draw)

    return paint


def zipper(colour: Colour, low: float, high: float) -> SurfacePaint:
    """A zip down the front."""
    return meridians((0.0,), colour, 4.0, low=low, high=high)


def badge(kind: str, colour: Colour, v: float, size: float, azimuth: float = 0.0) -> SurfacePaint:
    """A star, heart, letterless shield or bolt on the chest."""
    shapes = {
        "star": star(0, 0, 1.1),
        "heart": heart(0, 0, 1.0),
        "bolt": polygon(
            [(0.15, -1.1), (-0.65, 0.2), (-0.1, 0.2), (-0.2, 1.1), (0.65, -0.25), (0.1, -0.25)]
        ),
        "moon": curve(
            [
                (0.3, -1.0),
                (-0.6, -0.6),
                (-0.8, 0.2),
                (-0.2, 0.95),
                (0.7, 0.8),
                (0.0, 0.3),
                (-0.1, -0.4),
            ]
        ),
    }
    return decal(shapes[kind], colour, azimuth, v, size)


def belt(colour: Colour, buckle: Colour, v: float, height: float) -> SurfacePaint:
    """A belt with a buckle."""
    half = 8.0 / height

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        canvas.drawPath(solid.band(v - half, v + half), fill(colour))

        def draw(c: Canvas) -> None:
            c.drawPath(rectangle(-13, -6, 26, 22, 4), fill(buckle))
            c.drawPath(rectangle(-7, -1, 14, 12, 2), fill(colour))

        sticker(solid, canvas, 0.0, v, draw)

    return paint


def overalls(
    colour: Colour, button: Colour, low_v: float, bib_v: float, half: float
) -> SurfacePaint:
    """Bib and braces over whatever lies under them."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        height = solid.solid.height
        canvas.drawPath(solid.band(-0.1, low_v), fill(colour))
        up = (bib_v - low_v) * height

        def bib(c: Canvas) -> None:
            c.drawPath(rectangle(-half, -up * 0.55, 2 * half, up * 1.2, 7), fill(colour))
            c.drawPath(
                rectangle(-half * 0.5, -up * 0.05, half, up * 0.5, 5), fill(darker(colour, 0.25))
            )
            for side in (-1, 1):
                c.drawPath(
                    rectangle(side * half * 0.82 - 5.5, -up * 0.52 - 70, 11, 78, 3), fill(colour)
                )
                c.drawPath(ellipse(side * half * 0.82, -up * 0.40, 6, 6), fill(button))

        sticker(solid, canvas, 0.0, (low_v + bib_v) / 2, bib)
        if solid.front < 0:
            for side in (-1, 1):
                sticker(
                    solid,
                    canvas,
                    180.0 + side * 20,
                    0.8,
                    lambda c: c.drawPath(rectangle(-6, -60, 12, 130), fill(colour)),
                )

    return paint


def collar(colour: Colour, v: float) -> SurfacePaint:
    """A shirt collar of two points."""

    def draw(c: Canvas) -> None:
        for side in (-1, 1):
            c.drawPath(
                polygon([(0, 0), (side * 30, -16), (side * 26, 14)]), fill(lighter(colour, 0.35))
            )

    return lambda canvas, solid: sticker(solid, canvas, 0.0, v, draw)


def under_head_shadow(v: float) -> SurfacePaint:
    """The shade that a head throws on the shoulders."""

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        canvas.drawPath(solid.band(v, 1.0), fill((0.10, 0.03, 0.18), 0.20))

    return paint


def drips(colour: Colour, v: float, seed: int, reach: float = 0.12) -> SurfacePaint:
    """Icing: colour above `v` with drops running down."""
    rng = Pcg32(seed, "drips")
    plan = [
        (i * 24.0 - 180.0, rng.uniform(0.25, 1.0) * reach, rng.uniform(8.0, 12.0))
        for i in range(15)
    ]

    def paint(canvas: Canvas, solid: PosedSolid) -> None:
        canvas.drawPath(solid.band(v, 1.0), fill(colour))
        for azimuth, down, half in plan:
            depth = down * solid.solid.height

            def drop(c: Canvas, depth: float = depth, half: float = half) -> None:
                c.drawPath(rectangle(-half, -18, 2 * half, depth + 26, half), fill(colour))

            sticker(solid, canvas, azimuth, v, drop)

    return paint


def ring_stroke(
    shape: Path, colour: Colour, width: float, azimuth: float, v: float, size: float
) -> SurfacePaint:
    """One stroked shape."""
    return lambda canvas, solid: sticker(
        solid, canvas, azimuth, v, lambda c: c.drawPath(shape, stroke(colour, width / size)), size
    )
