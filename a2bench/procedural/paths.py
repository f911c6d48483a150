"""Outlines: every number that reaches the rasteriser passes `snap`, so the last bits of libm do
not matter.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import skia

from a2bench.procedural.vectors import DEGREES, Vec2

Path: TypeAlias = skia.Path

_GRID = 64.0


def snap(value: float) -> float:
    """The value on the 1/64 px grid."""
    return math.floor(value * _GRID + 0.5) / _GRID


def fine(value: float) -> float:
    """A matrix entry on a 1/4096 grid: fine enough to turn smoothly, coarse enough to be the
    same everywhere.
    """
    return math.floor(value * 4096.0 + 0.5) / 4096.0


def matrix_of(a: float, b: float, c: float, d: float, x: float, y: float) -> skia.Matrix:
    """The affine map (u, v) -> (a u + b v + x, c u + d v + y) on the snap grid."""
    return skia.Matrix.MakeAll(fine(a), fine(b), snap(x), fine(c), fine(d), snap(y), 0, 0, 1)


def moved(path: Path, dx: float, dy: float) -> Path:
    """A shifted copy."""
    result = skia.Path(path)
    result.offset(snap(dx), snap(dy))
    return result


def mapped(path: Path, matrix: skia.Matrix) -> Path:
    """A transformed copy."""
    result = skia.Path(path)
    result.transform(matrix)
    return result


def curve(points: Sequence[Vec2], *, closed: bool = True, tension: float = 1.0) -> Path:
    """Catmull-Rom curve through the points; `tension` 0 is a polygon, 1 is round."""
    count = len(points)
    path = skia.Path()
    path.moveTo(snap(points[0][0]), snap(points[0][1]))
    k = tension / 6
    for i in range(count if closed else count - 1):
        if closed:
            a, b = points[i - 1], points[i]
            c, d = points[(i + 1) % count], points[(i + 2) % count]
        else:
            a, b = points[max(0, i - 1)], points[i]
            c, d = points[i + 1], points[min(count - 1, i + 2)]
        path.cubicTo(
            snap(b[0] + (c[0] - a[0]) * k),
            snap(b[1] + (c[1] - a[1]) * k),
            snap(c[0] - (d[0] - b[0]) * k),
            snap(c[1] - (d[1] - b[1]) * k),
            snap(c[0]),
            snap(c[1]),
        )
    if closed:
        path.close()
    return path


def polygon(points: Sequence[Vec2]) -> Path:
    """Straight closed outline."""
    path = skia.Path()
    path.moveTo(snap(points[0][0]), snap(points[0][1]))
    for x, y in points[1:]:
        path.lineTo(snap(x), snap(y))
    path.close()
    return path


def rounded_polygon(points: Sequence[Vec2], radius: float) -> Path:
    """Closed outline with corners rounded by at most `radius` px (less on short sides)."""
    count = len(points)
    path = skia.Path()
    for i in range(count):
        a, b, c = points[i - 1], points[i], points[(i + 1) % count]
        before = math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) or 1.0
        after = math.sqrt((c[0] - b[0]) ** 2 + (c[1] - b[1]) ** 2) or 1.0
        s, e = min(0.5, radius / before), min(0.5, radius / after)
        start = (b[0] + (a[0] - b[0]) * s, b[1] + (a[1] - b[1]) * s)
        end = (b[0] + (c[0] - b[0]) * e, b[1] + (c[1] - b[1]) * e)
        if i == 0:
            path.moveTo(snap(start[0]), snap(start[1]))
        else:
            path.lineTo(snap(start[0]), snap(start[1]))
        path.quadTo(snap(b[0]), snap(b[1]), snap(end[0]), snap(end[1]))
    path.close()
    return path


def ellipse(x: float, y: float, rx: float, ry: float, degrees: float = 0.0) -> Path:
    """Ellipse, turned clockwise by `degrees`."""
    path = skia.Path()
    if degrees == 0.0:
        path.addOval(skia.Rect.MakeLTRB(snap(x - rx), snap(y - ry), snap(x + rx), snap(y + ry)))
        return path
    path.addOval(skia.Rect.MakeLTRB(snap(-rx), snap(-ry), snap(rx), snap(ry)))
    c, s = math.cos(degrees * DEGREES), math.sin(degrees * DEGREES)
    path.transform(matrix_of(c, -s, s, c, x, y))
    return path


def rectangle(x: float, y: float, width: float, height: float, radius: float = 0.0) -> Path:
    """Axis-parallel rectangle with rounded corners."""
    path = skia.Path()
    rect = skia.Rect.MakeLTRB(snap(x), snap(y), snap(x + width), snap(y + height))
    if radius > 0:
        path.addRRect(skia.RRect.MakeRectXY(rect, snap(radius), snap(radius)))
    else:
        path.addRect(rect)
    return path


def star(x: float, y: float, radius: float, *, points: int = 5, inner: float = 0.48) -> Path:
    """Star with slightly rounded tips."""
    corners = []
    for i in range(points * 2):
        r = radius * (1.0 if i % 2 == 0 else inner)
        corners.append(
            (x + r * math.sin(i * math.pi / points), y - r * math.cos(i * math.pi / points))
        )
    return rounded_polygon(corners, radius * 0.16)


def heart(x: float, y: float, radius: float) -> Path:
    """Heart of about `radius` half width."""
    r = radius
    path = skia.Path()
    path.moveTo(snap(x), snap(y + r * 0.95))
    path.cubicTo(
        snap(x - r * 1.5),
        snap(y - r * 0.1),
        snap(x - r * 0.7),
        snap(y - r * 1.2),
        snap(x),
        snap(y - r * 0.35),
    )
    path.cubicTo(
        snap(x + r * 0.7),
        snap(y - r * 1.2),
        snap(x + r * 1.5),
        snap(y - r * 0.1),
        snap(x),
        snap(y + r * 0.95),
    )
    path.close()
    return path


def along(joints: Sequence[Vec2], position: float) -> Vec2:
    """The point at `position` (0..n-1) of the Catmull-Rom curve that passes through every joint."""
    count = len(joints)
    i = min(count - 2, max(0, int(position)))
    t = position - i
    a, b = joints[max(0, i - 1)], joints[i]
    c, d = joints[i + 1], joints[min(count - 1, i + 2)]
    t2, t3 = t * t, t * t * t
    x, y = (
        0.5
        * (
            2 * b[k]
            + (c[k] - a[k]) * t
            + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t2
            + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t3
        )
        for k in (0, 1)
    )
    return x, y


def tapered_limb(
    joints: Sequence[Vec2],
    widths: Sequence[float],
    *,
    start: float = 0.0,
    end: float | None = None,
    flat_end: bool = False,
) -> Path:
    """One outline with round ends along the joints, its width going smoothly from joint to joint.

    `start` and `end` cut a piece out (0..n-1 along the joints): sleeves and socks follow the
    limb exactly. `flat_end` cuts the far end off, as a hem.
    """
    stop = float(len(joints) - 1) if end is None else min(end, float(len(joints) - 1))
    steps = max(3, math.ceil((stop - start) * 6))
    line = []
    for i in range(steps + 1):
        position = start + (stop - start) * i / steps
        line.append((*along(joints, position), position))
    count = len(line)
    left: list[Vec2] = []
    right: list[Vec2] = []
    cap_start: list[Vec2] = []
    cap_end: list[Vec2] = []
    ways = [_way(line[max(0, i - 1)], line[min(count - 1, i + 1)]) for i in range(count)]
    for i, (x, y, s) in enumerate(line):
        dx, dy = ways[i]
        k = min(len(widths) - 2, int(s))
        f = s - k
        f = f * f * (3 - 2 * f)
        r = (widths[k] + (widths[k + 1] - widths[k]) * f) / 2
        if i > 0:
            _fan(line[i - 1], line[i], ways[i - 1], ways[i], r, left, right)
        bend = max(
            _turn(ways[max(0, i - 1)], ways[i]),
            _turn(ways[i], ways[min(count - 1, i + 1)]),
            key=abs,
        )
        room = min(_gap(line, i - 1), _gap(line, i))
        # Where the limb folds, its inner side keeps to the middle line instead of crossing over.
        inner = r if abs(bend) < 0.3 else min(r, max(0.25 * r, room / abs(bend) * 1.2))
        a, b = (inner, r) if bend > 0 else (r, inner)
        left.append((x - dy * a, y + dx * a))
        right.append((x + dy * b, y - dx * b))
        if i == 0:
            cap_start = _cap(x, y, dx * r, dy * r, -1.0)
        if i == count - 1:
            cap_end = (
                [(x + dx * r * 0.16, y + dy * r * 0.16)]
                if flat_end
                else _cap(x, y, dx * r, dy * r, 1.0)
            )
    return curve(cap_start + left + cap_end + right[::-1])


def _way(a: tuple[float, float, float], b: tuple[float, float, float]) -> Vec2:
    dx, dy = b[0] - a[0], b[1] - a[1]
    size = math.sqrt(dx * dx + dy * dy)
    return (dx / size, dy / size) if size > 1e-6 else (0.0, 1.0)


def _turn(a: Vec2, b: Vec2) -> float:
    """Radians from one direction to the next, positive clockwise in the picture."""
    return math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])


def _gap(line: Sequence[tuple[float, float, float]], i: int) -> float:
    if i < 0 or i + 1 >= len(line):
        return 1e9
    dx, dy = line[i + 1][0] - line[i][0], line[i + 1][1] - line[i][1]
    return math.sqrt(dx * dx + dy * dy)


def _fan(
    a: tuple[float, float, float],
    b: tuple[float, float, float],
    way_a: Vec2,
    way_b: Vec2,
    radius: float,
    left: list[Vec2],
    right: list[Vec2],
) -> None:
    """Rounds the outer side of a sharp bend between two samples."""
    turn = _turn(way_a, way_b)
    pieces = math.ceil(abs(turn) / 0.6)
    start = math.atan2(way_a[1], way_a[0])
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    for j in range(1, pieces):
        angle = start + turn * j / pieces
        dx, dy = math.cos(angle) * radius, math.sin(angle) * radius
        if turn > 0:
            right.append((x + dy, y - dx))
        else:
            left.append((x - dy, y + dx))


def _cap(x: float, y: float, dx: float, dy: float, way: float) -> list[Vec2]:
    """Three points of a half circle, from the right to the left side of a limb's start, or back
    at its end.
    """
    k = math.sqrt(0.5)
    side = 1.0 if way < 0 else -1.0
    return [
        (x + way * k * dx + side * k * dy, y + way * k * dy - side * k * dx),
        (x + way * dx, y + way * dy),
        (x + way * k * dx - side * k * dy, y + way * k * dy + side * k * dx),
    ]
