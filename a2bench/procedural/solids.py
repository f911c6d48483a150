"""Simple 3-D bodies seen in parallel projection: turned (lathe) bodies and thick flat (slab)
bodies.

A solid is a shape at rest; a `PosedSolid` is the shape somewhere in space and answers what
drawing needs: its
outline, where a point of its surface lies, how a sticker on that point is foreshortened, and
whether it faces us.
Parallel projection keeps 2-D bone directions independent of where a character stands.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import skia

from a2bench.procedural.paths import Path, curve, matrix_of, polygon
from a2bench.procedural.vectors import DEGREES, Rotation, Vec2, Vec3, add, rotated, yaw_rotation

_SAG = 0.16
"""How far bands sag in the middle, as a part of the half width: as if seen from slightly above."""


@dataclass(frozen=True)
class Pose3:
    """Where a solid is: `origin` is the middle of its bottom; it may be twisted from bottom to
    top.
    """

    origin: Vec3
    tilt: Rotation
    yaw_bottom: float
    yaw_top: float
    stretch_x: float = 1.0
    stretch_y: float = 1.0


@dataclass(frozen=True)
class Placement:
    """A point of a surface: position in px, the frame of a sticker lying there, and how much it
    faces the viewer.
    """

    x: float
    y: float
    z: float
    across: Vec2
    up: Vec2
    facing: float
    """1 straight at the viewer, 0 edge-on, negative behind."""

    def matrix(self, size: float = 1.0) -> skia.Matrix:
        """The map from sticker units (x right, y down) to px."""
        return matrix_of(
            self.across[0] * size,
            -self.up[0] * size,
            self.across[1] * size,
            -self.up[1] * size,
            self.x,
            self.y,
        )


@dataclass(frozen=True)
class Solid:
    """A body of `height` px; `profile` gives (v, width) pairs from v = 0 (bottom) to 1, widths
    in 0..1.
    """

    height: float
    half_width: float
    profile: tuple[Vec2, ...]
    depth: float = 0.85
    """Depth over width: 1 is a turned body, 0.3 a flat one."""
    tension: float = 1.0
    slab: tuple[Vec2, ...] = ()
    """For thick flat bodies the front outline as (x in -1..1, v) points; `profile` then bounds
    it."""
    bevel: float = 0.0
    """How far the flat faces of a slab are inset, as a part of its size: cushions and buns are
    round at the edge, books are not."""

    def width_at(self, v: float) -> float:
        """Half width in px at height v (linear between profile points)."""
        previous = self.profile[0]
        for point in self.profile:
            if point[0] >= v:
                span = point[0] - previous[0]
                f = (v - previous[0]) / span if span > 1e-9 else 1.0
                return self.half_width * (previous[1] + (point[1] - previous[1]) * f)
            previous = point
        return self.half_width * previous[1]

    @cached_property
    def slab_samples(self) -> tuple[Vec2, ...]:
        """The slab outline as a fine polygon."""
        points = self.slab
        count = len(points)
        k = self.tension / 2
        result = []
        for i in range(count):
            a, b = points[i - 1], points[i]
            c, d = points[(i + 1) % count], points[(i + 2) % count]
            for j in range(5):
                t = j / 5
                h1 = 2 * t**3 - 3 * t**2 + 1
                h2 = -2 * t**3 + 3 * t**2
                h3 = t**3 - 2 * t**2 + t
                h4 = t**3 - t**2
                result.append(
                    (
                        h1 * b[0] + h2 * c[0] + h3 * k * (c[0] - a[0]) + h4 * k * (d[0] - b[0]),
                        h1 * b[1] + h2 * c[1] + h3 * k * (c[1] - a[1]) + h4 * k * (d[1] - b[1]),
                    )
                )
        return tuple(result)


@dataclass(frozen=True)
class PosedSolid:
    """A solid somewhere in space."""

    solid: Solid
    pose: Pose3

    def yaw(self, v: float) -> float:
        """Yaw in degrees at height v."""
        return self.pose.yaw_bottom + (self.pose.yaw_top - self.pose.yaw_bottom) * v

    def point(self, x: float, v: float, z: float) -> Vec3:
        """The point x px beside and z px before the axis at height v (before squash), in px."""
        pose = self.pose
        local = rotated(yaw_rotation(self.yaw(v)), (x * pose.stretch_x, 0.0, z * pose.stretch_x))
        y = -self.solid.height * v * pose.stretch_y
        return add(pose.origin, rotated(pose.tilt, (local[0], y, local[2])))

    def centre(self, v: float) -> Vec3:
        """The point of the axis at height v."""
        return self.point(0.0, v, 0.0)

    def seen_half_width(self, v: float, width: float) -> float:
        """Half width in px of a section of the given half width as seen from the front."""
        yaw = self.yaw(v) * DEGREES
        depth = self.solid.depth
        return (
            width
            * self.pose.stretch_x
            * math.sqrt(math.cos(yaw) ** 2 + (depth * math.sin(yaw)) ** 2)
        )

    def side_points(self, v: float, width: float) -> tuple[Vec2, Vec2]:
        """Left and right end of a section in px."""
        x, y, _ = self.centre(v)
        half = self.seen_half_width(v, width)
        dx, dy = self.pose.tilt[0][0] * half, self.pose.tilt[1][0] * half
        return (x - dx, y - dy), (x + dx, y + dy)

    def outline(self) -> Path:
        """The outline of the whole body."""
        if self.solid.slab:
            return self._slab_sweep()
        left, right = [], []
        for v, width in self.solid.profile:
            a, b = self.side_points(v, width * self.solid.half_width)
            left.append(a)
            right.append(b)
        return curve(right + left[::-1], tension=self.solid.tension)

    def face_outline(self) -> Path:
        """The flat face of a slab that is turned to the viewer (front, or back when seen from
        behind).
        """
        near = 1.0 if self.front > 0 else -1.0
        return polygon(self._slab_points(near, self.solid.bevel))

    def _slab_points(self, near: float, inset: float) -> list[Vec2]:
        thickness = self.solid.half_width * self.solid.depth * near
        keep = 1.0 - inset
        result = []
        for x, v in self.solid.slab_samples:
            p = self.point(x * self.solid.half_width * keep, 0.5 + (v - 0.5) * keep, thickness)
            result.append((p[0], p[1]))
        return result

    def _slab_sweep(self) -> Path:
        """The outline of the whole slab: of a bevelled one, of a few layers that round its edge."""
        bevel = self.solid.bevel
        path = self._layer_sweep(1.0, bevel)
        for near, part in ((0.80, 0.42), (0.40, 0.0)) if bevel else ():
            layer = self._layer_sweep(near, bevel * part)
            path = skia.Op(path, layer, skia.PathOp.kUnion_PathOp)
        return path

    def _layer_sweep(self, near: float, inset: float) -> Path:
        """The outline of front, back and all between: each edge from whichever of the two planes
        lies further out.
        """
        front, back = self._slab_points(near, inset), self._slab_points(-near, inset)
        count = len(front)
        area = math.fsum(
            front[i - 1][0] * front[i][1] - front[i - 1][1] * front[i][0] for i in range(count)
        )
        way = 1.0 if area > 0 else -1.0
        points: list[Vec2] = []
        for i in range(count):
            j = (i + 1) % count
            ex, ey = front[j][0] - front[i][0], front[j][1] - front[i][1]
            dx, dy = front[i][0] - back[i][0], front[i][1] - back[i][1]
            edge = front if (ey * dx - ex * dy) * way >= 0 else back
            if not points or points[-1] != edge[i]:
                points.append(edge[i])
            points.append(edge[j])
        return polygon(points)

    @property
    def front(self) -> float:
        """How much the front faces the viewer: 1 frontal, 0 profile, -1 from behind."""
        return math.cos(self.yaw(0.5) * DEGREES) * self.pose.tilt[2][2]

    def place(self, azimuth_degrees: float, v: float, lift: float = 1.0) -> Placement:
        """A point of the surface: azimuth 0 is the front, positive towards the character's left."""
        solid = self.solid
        width = max(solid.width_at(v), 1.0) * lift
        a = azimuth_degrees * DEGREES
        if solid.slab:
            forward = 1.0 if math.cos(a) >= 0 else -1.0
            p = self.point(width * math.sin(a), v, solid.half_width * solid.depth * forward * lift)
            across: Vec3 = (forward, 0.0, 0.0)
            normal: Vec3 = (0.0, 0.0, forward)
        else:
            p = self.point(width * math.sin(a), v, width * solid.depth * math.cos(a))
            size = math.sqrt(math.cos(a) ** 2 + (solid.depth * math.sin(a)) ** 2)
            across = (math.cos(a) / size, 0.0, -solid.depth * math.sin(a) / size)
            normal = (-across[2], 0.0, across[0])
        turn = yaw_rotation(self.yaw(v))
        across = rotated(self.pose.tilt, rotated(turn, across))
        normal = rotated(self.pose.tilt, rotated(turn, normal))
        up = rotated(self.pose.tilt, (0.0, -1.0, 0.0))
        return Placement(
            p[0],
            p[1],
            p[2],
            (across[0] * self.pose.stretch_x, across[1] * self.pose.stretch_x),
            (up[0] * self.pose.stretch_y, up[1] * self.pose.stretch_y),
            normal[2],
        )

    def side_place(self, side: float, v: float) -> Placement:
        """The middle of the side of a thick flat body: side -1 is its right, 1 its left."""
        p = self.point(side * self.solid.width_at(v), v, 0.0)
        turn = yaw_rotation(self.yaw(v))
        across = rotated(self.pose.tilt, rotated(turn, (0.0, 0.0, -side)))
        normal = rotated(self.pose.tilt, rotated(turn, (side, 0.0, 0.0)))
        up = rotated(self.pose.tilt, (0.0, -1.0, 0.0))
        return Placement(
            p[0],
            p[1],
            p[2],
            (across[0] * self.pose.stretch_x, across[1] * self.pose.stretch_x),
            (up[0] * self.pose.stretch_y, up[1] * self.pose.stretch_y),
            normal[2],
        )

    def band(self, low: float, high: float) -> Path:
        """The region between two heights, with sagging edges; it may stick out at the sides
        (paint it clipped).
        """
        wide = self.solid.half_width * 1.25
        top = self._sagging(high, wide) if high < 1.0 else self._sagging(1.4, wide)
        bottom = self._sagging(low, wide) if low > 0.0 else self._sagging(-0.4, wide)
        return curve(bottom + top[::-1], tension=0.75)

    def _sagging(self, v: float, wide: float) -> list[Vec2]:
        (x0, y0), (x1, y1) = self.side_points(v, wide)
        sag = 0.0 if self.solid.slab else self.solid.width_at(v) * _SAG
        dx, dy = -self.pose.tilt[0][1] * sag, self.pose.tilt[1][1] * sag
        result = []
        for f, s in ((0.0, -0.35), (0.2, 0.55), (0.5, 1.0), (0.8, 0.55), (1.0, -0.35)):
            result.append((x0 + (x1 - x0) * f - dx * s, y0 + (y1 - y0) * f + dy * s))
        return result


def superellipse(exponent: float = 2.0, jaw: float = 0.0, levels: int = 11) -> tuple[Vec2, ...]:
    """Profile of a rounded body: exponent 2 is an ellipse, 4 a soft box; `jaw` widens the lower
    half.
    """
    result = []
    for i in range(levels):
        y = -math.cos(math.pi * i / (levels - 1))
        width = max(0.0, 1.0 - abs(y) ** exponent) ** (1.0 / exponent)
        result.append(((y + 1) / 2, width * (1.0 - jaw * y)))
    widest = max(width for _, width in result)
    return tuple((v, width / widest) for v, width in result)
