"""Small 3-D vectors and rotations on tuples.

Frame: x to the right of the image, y down, z towards the viewer. Only `math` functions are used:
numpy's
transcendental functions choose different SIMD code on different processors.
"""

import math
from typing import TypeAlias

Vec2: TypeAlias = tuple[float, float]
Vec3: TypeAlias = tuple[float, float, float]
Rotation: TypeAlias = tuple[Vec3, Vec3, Vec3]
"""Rows of a 3x3 rotation matrix."""

DEGREES = math.pi / 180


def add(a: Vec3, b: Vec3) -> Vec3:
    """Sum."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def subtract(a: Vec3, b: Vec3) -> Vec3:
    """Difference."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scaled(a: Vec3, factor: float) -> Vec3:
    """Product with a number."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def lerp(a: Vec3, b: Vec3, amount: float) -> Vec3:
    """The point `amount` of the way from a to b."""
    return (
        a[0] + (b[0] - a[0]) * amount,
        a[1] + (b[1] - a[1]) * amount,
        a[2] + (b[2] - a[2]) * amount,
    )


def length(a: Vec3) -> float:
    """Euclidean length."""
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


def unit(a: Vec3) -> Vec3:
    """The vector scaled to length one; the zero vector becomes "down"."""
    size = length(a)
    return (a[0] / size, a[1] / size, a[2] / size) if size > 1e-9 else (0.0, 1.0, 0.0)


def rotated(rotation: Rotation, a: Vec3) -> Vec3:
    """The rotated vector."""
    (p, q, r) = rotation
    return (
        p[0] * a[0] + p[1] * a[1] + p[2] * a[2],
        q[0] * a[0] + q[1] * a[1] + q[2] * a[2],
        r[0] * a[0] + r[1] * a[1] + r[2] * a[2],
    )


def product(first: Rotation, second: Rotation) -> Rotation:
    """The rotation that does `second`, then `first`."""
    columns = (
        (second[0][0], second[1][0], second[2][0]),
        (second[0][1], second[1][1], second[2][1]),
        (second[0][2], second[1][2], second[2][2]),
    )
    x, y, z = (rotated(first, column) for column in columns)
    return ((x[0], y[0], z[0]), (x[1], y[1], z[1]), (x[2], y[2], z[2]))


def yaw_rotation(degrees: float) -> Rotation:
    """Turn about the vertical axis; positive turns the face towards the image's right."""
    c, s = math.cos(degrees * DEGREES), math.sin(degrees * DEGREES)
    return ((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c))


def tilt_rotation(lean_degrees: float, bow_degrees: float) -> Rotation:
    """Bow towards the viewer's side of the body, then lean towards the image's right."""
    c, s = math.cos(lean_degrees * DEGREES), math.sin(lean_degrees * DEGREES)
    b, n = math.cos(bow_degrees * DEGREES), math.sin(bow_degrees * DEGREES)
    lean: Rotation = ((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0))
    bow: Rotation = ((1.0, 0.0, 0.0), (0.0, b, n), (0.0, -n, b))
    return product(lean, bow)


def wrapped_degrees(degrees: float) -> float:
    """The same angle in [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0


def smoothstep(amount: float) -> float:
    """Ease from 0 to 1, flat at both ends; clamped outside."""
    x = min(1.0, max(0.0, amount))
    return x * x * (3.0 - 2.0 * x)
