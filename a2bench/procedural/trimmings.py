"""Ears, horns, tails, wings, leaves and antennae: things that hang on a body and follow on
springs.
"""

import math

import skia

from a2bench.procedural.colour import Colour, darker, lighter
from a2bench.procedural.figure import Feature, Figure
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import Path, curve, ellipse, mapped, matrix_of, tapered_limb
from a2bench.procedural.pen import Canvas, fill, stroke
from a2bench.procedural.vectors import DEGREES, Vec2

_EAR_SHAPES: dict[str, tuple[tuple[Vec2, ...], tuple[Vec2, ...], float]] = {
    "round": (
        (
            (-0.62, 0.1),
            (-0.66, -0.5),
            (-0.3, -0.98),
            (0.3, -0.98),
            (0.66, -0.5),
            (0.62, 0.1),
            (0.0, 0.3),
        ),
        ((-0.36, 0.0), (-0.38, -0.42), (0.0, -0.74), (0.38, -0.42), (0.36, 0.0), (0.0, 0.15)),
        1.0,
    ),
    "pointy": (
        (
            (-0.58, 0.25),
            (-0.46, -0.50),
            (-0.06, -1.26),
            (0.10, -1.24),
            (0.44, -0.50),
            (0.56, 0.25),
            (0.0, 0.4),
        ),
        ((-0.30, 0.1), (-0.24, -0.45), (0.0, -0.94), (0.22, -0.45), (0.28, 0.1)),
        0.85,
    ),
    "long": (
        ((-0.22, 0.25), (-0.38, -0.9), (-0.18, -1.95), (0.16, -1.95), (0.38, -0.9), (0.24, 0.25)),
        ((-0.08, 0.0), (-0.20, -0.9), (-0.02, -1.66), (0.18, -0.9), (0.10, 0.0)),
        1.0,
    ),
    "flop": (
        (
            (-0.30, 0.0),
            (0.10, -0.36),
            (0.66, -0.18),
            (0.98, 0.50),
            (0.86, 1.24),
            (0.42, 1.30),
            (0.08, 0.62),
        ),
        (),
        1.0,
    ),
    "leafy": (
        (
            (-0.1, 0.2),
            (0.2, -0.42),
            (0.9, -0.60),
            (1.5, -0.25),
            (1.35, 0.2),
            (0.7, 0.40),
            (0.1, 0.35),
        ),
        ((0.25, 0.08), (0.45, -0.22), (0.9, -0.36), (1.22, -0.16), (0.95, 0.12), (0.55, 0.22)),
        1.0,
    ),
    "fan": (
        (
            (-0.2, 0.5),
            (0.0, -0.5),
            (0.6, -1.0),
            (1.3, -0.8),
            (1.55, 0.0),
            (1.2, 0.8),
            (0.5, 1.0),
            (0.0, 0.85),
        ),
        (
            (0.2, 0.35),
            (0.32, -0.35),
            (0.75, -0.66),
            (1.15, -0.45),
            (1.25, 0.05),
            (0.9, 0.58),
            (0.45, 0.65),
        ),
        1.0,
    ),
    "horn": (
        ((-0.30, 0.25), (-0.28, -0.35), (0.05, -0.85), (0.40, -1.15), (0.36, -0.70), (0.34, 0.25)),
        (),
        0.8,
    ),
    "antler": (
        (
            (-0.12, 0.2),
            (-0.14, -0.55),
            (-0.46, -0.95),
            (-0.36, -1.02),
            (-0.06, -0.80),
            (0.02, -1.45),
            (0.14, -1.45),
            (0.16, -0.95),
            (0.52, -1.25),
            (0.58, -1.14),
            (0.20, -0.60),
            (0.14, 0.2),
        ),
        (),
        0.5,
    ),
}
"""Outline, inner part and tension of ears for the character's left side: x outwards, y down, in
ear sizes."""


def ear_pair(
    kind: str,
    size: float,
    colour: Colour,
    inner: Colour | None,
    *,
    azimuth: float,
    v: float,
    splay: float = 14.0,
    part: PartId = PartId.EAR,
    springy: float = 0.6,
) -> Feature:
    """Both ears (or horns) of a head, mirrored; they splay outwards and swing on the springs."""
    outline_points, inner_points, tension = _EAR_SHAPES[kind]
    outline = curve(outline_points, tension=tension)
    inside = curve(inner_points, tension=tension) if inner_points else None
    in_front = kind in ("flop", "horn", "antler", "fan", "leafy")

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        roll = math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0])
        turn = math.cos(head.yaw(0.5) * DEGREES)
        for side in (-1.0, 1.0):
            place = head.place(side * azimuth, v, 0.94)
            swing = figure.springs.sway * springy + side * figure.springs.bounce * -14.0 * springy
            angle = roll + (side * splay * max(-0.4, min(1.0, turn)) + swing) * DEGREES
            c, s = math.cos(angle) * size, math.sin(angle) * size
            flat = (0.42 + 0.58 * abs(turn)) * side
            if turn < 0:
                flat = -flat
            matrix = matrix_of(c * flat, -s, s * flat, c, place.x, place.y)
            near = place.z - head.centre(v)[2]
            depth = 20.4 + near * 0.004 if in_front and turn > -0.2 else 19.5 + near * 0.004
            beside = near < 0.46 * head.solid.half_width
            if in_front and kind in ("fan", "leafy") and turn > 0.5 and beside:
                depth = 19.6
            if not in_front and v < 0.62 and near > 0.30 * head.solid.half_width:
                # Ears at the sides, not on top: the near one lies on the head in profile.
                depth = 20.45
            if turn < -0.2 or near < -0.35 * head.solid.half_width:
                depth = 19.0 if near < 0 and turn > 0 else 21.0 + near * 0.004
            paint = None
            if inside is not None and inner is not None and turn > -0.05:
                filled = mapped(inside, matrix)
                inner_colour = inner

                def paint(
                    canvas: Canvas, filled: Path = filled, tone: Colour = inner_colour
                ) -> None:
                    canvas.drawPath(filled, fill(tone))

            figure.pen.part(depth, part, mapped(outline, matrix), colour, paint=paint, shade=0.7)

    return add


def tail(
    widths: tuple[float, ...],
    length: float,
    colour: Colour,
    *,
    tip: Colour | None = None,
    rings: Colour | None = None,
    curl: tuple[float, float] = (105.0, 10.0),
    v: float = 0.10,
) -> Feature:
    """A tail that starts at the back and curls from `curl[0]` to `curl[1]` degrees off the
    vertical.
    """
    count = len(widths)

    def add(figure: Figure) -> None:
        torso = figure.skeleton.torso
        back = torso.point(0.0, v, -torso.solid.half_width * torso.solid.depth * 0.85)
        yaw = torso.yaw(0.0) * DEGREES
        wag = figure.springs.sway * 1.4 + 12.0 * math.sin(math.pi * figure.beat)
        points: list[Vec2] = [(back[0], back[1])]
        x, y = back[0], back[1]
        step = length / (count - 1)
        # The tail leaves the body sideways in front view and straight back in profile.
        across = 0.78 * math.cos(yaw) - 0.95 * math.sin(yaw)
        for i in range(1, count):
            u = i / (count - 1)
            angle = (curl[0] + (curl[1] - curl[0]) * u + wag * u) * DEGREES
            x += step * math.sin(angle) * across
            y -= step * math.cos(angle)
            points.append((x, y))
        path = tapered_limb(points, widths)
        last = float(count - 1)

        def paint(canvas: Canvas) -> None:
            wide = [w * 1.3 for w in widths]
            if tip is not None:
                canvas.drawPath(tapered_limb(points, wide, start=last * 0.66, end=last), fill(tip))
            if rings is not None:
                s = last * 0.25
                while s < last:
                    canvas.drawPath(
                        tapered_limb(points, wide, start=s, end=min(last, s + 0.26)), fill(rings)
                    )
                    s += 0.62

        depth = -40.0 if math.cos(yaw) > -0.15 else 16.0
        figure.pen.part(depth, PartId.TAIL, path, colour, paint=paint, shade=0.9)

    return add


def puff_tail(size: float, colour: Colour, v: float = 0.12) -> Feature:
    """A round short tail."""

    def add(figure: Figure) -> None:
        torso = figure.skeleton.torso
        x, y, z = torso.point(0.0, v, -torso.solid.half_width * torso.solid.depth - size * 0.4)
        depth = -40.0 if z < figure.skeleton.root[2] else 16.0
        figure.pen.part(depth, PartId.TAIL, ellipse(x, y, size, size * 0.92), colour, shade=0.8)

    return add


_WINGS: dict[str, tuple[Vec2, ...]] = {
    "feather": (
        (0.0, 0.0),
        (0.30, -0.22),
        (0.72, -0.20),
        (1.02, 0.10),
        (1.10, 0.52),
        (0.98, 0.98),
        (0.84, 1.16),
        (0.76, 0.86),
        (0.60, 1.12),
        (0.52, 0.80),
        (0.34, 0.98),
        (0.26, 0.66),
        (0.06, 0.62),
        (-0.06, 0.26),
    ),
    "flipper": (
        (0.0, -0.05),
        (0.30, 0.02),
        (0.52, 0.42),
        (0.62, 0.95),
        (0.56, 1.28),
        (0.36, 1.12),
        (0.10, 0.55),
    ),
    "bat": (
        (0.0, 0.0),
        (0.25, -0.45),
        (0.62, -0.82),
        (1.06, -0.98),
        (1.20, -0.50),
        (1.16, 0.05),
        (0.92, -0.10),
        (0.78, 0.28),
        (0.55, 0.10),
        (0.38, 0.42),
        (0.18, 0.28),
    ),
    "fairy": (
        (0.0, 0.0),
        (0.25, -0.75),
        (0.75, -1.05),
        (1.10, -0.72),
        (0.85, -0.10),
        (1.0, 0.35),
        (0.70, 0.68),
        (0.25, 0.45),
    ),
}


def wings(
    kind: str,
    size: float,
    colour: Colour,
    *,
    v: float,
    as_arms: bool,
    detail: Colour | None = None,
    lift_degrees: float = 0.0,
) -> Feature:
    """A pair of wings: at the sides instead of arms, or on the back. They flap on the beat."""
    shape = curve(_WINGS[kind], tension=0.8 if kind != "bat" else 0.45)
    shade_path = mapped(shape, matrix_of(0.72, 0, 0, 0.72, 0.06, 0.02))

    def add(figure: Figure) -> None:
        torso = figure.skeleton.torso
        yaw = torso.yaw(v)
        turn = math.cos(yaw * DEGREES)
        roll = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0])
        flap = 0.5 - 0.5 * math.cos(2 * math.pi * figure.beat)
        warm_up = min(1.0, figure.time_seconds / 0.4)
        raised = (
            lift_degrees + (46.0 if as_arms else 20.0) * flap * warm_up
        ) + figure.springs.bounce * -16.0
        for side in (-1.0, 1.0):
            if as_arms:
                place = torso.place(side * 84.0, v, 0.96)
                x, y, z = place.x, place.y, place.z
                depth = 14.0 if z - torso.centre(v)[2] > -0.3 * torso.solid.half_width else -15.0
            else:
                x, y, z = torso.point(
                    side * torso.solid.width_at(v) * 0.4,
                    v,
                    -torso.solid.half_width * torso.solid.depth * 0.8,
                )
                depth = -42.0 if turn > 0 else 18.0
            angle = roll - side * (raised + figure.springs.sway * 0.3 * side) * DEGREES
            c, s = math.cos(angle) * size, math.sin(angle) * size
            flat = side * (0.35 + 0.65 * abs(turn)) * (1.0 if turn >= 0 else -1.0)
            matrix = matrix_of(c * flat, -s, s * flat, c, x, y)

            def paint(canvas: Canvas, matrix: skia.Matrix = matrix) -> None:
                if detail is not None:
                    canvas.drawPath(mapped(shade_path, matrix), fill(detail, 0.8))

            figure.pen.part(
                depth, PartId.WING, mapped(shape, matrix), colour, paint=paint, shade=0.85
            )

    return add


def antennae(
    colour: Colour, bulb: Colour, size: float, *, spread: float = 16.0, count: int = 2
) -> Feature:
    """Feelers with bulbs on top of the head."""

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        sides = (-1.0, 1.0) if count == 2 else (0.0,)
        for side in sides:
            place = head.place(90.0 * side, 0.95, 0.8) if count == 2 else head.place(0.0, 0.99, 0.0)
            lean = side * spread + figure.springs.sway * 1.3
            up, across = place.up, (-place.up[1], place.up[0])
            points = [(place.x, place.y)]
            for i in (1, 2):
                a = lean * i * 0.6 * DEGREES
                px, py = points[-1]
                points.append(
                    (
                        px + size * 0.5 * (up[0] * math.cos(a) + across[0] * math.sin(a)),
                        py + size * 0.5 * (up[1] * math.cos(a) + across[1] * math.sin(a)),
                    )
                )
            pen = figure.pen
            thin = tapered_limb(points, (7.0, 6.0, 5.0))
            pen.part(19.0, PartId.SOFT_ACCESSORY, thin, colour, shade=0.5, fuzzy=False)
            x, y = points[-1]
            pen.part(
                19.2,
                PartId.SOFT_ACCESSORY,
                ellipse(x, y, size * 0.17, size * 0.17),
                bulb,
                glossy=True,
            )

    return add


def crown_of_leaves(
    count: int,
    length: float,
    width: float,
    colour: Colour,
    *,
    v: float = 0.97,
    spread: float = 150.0,
    droop: float = 0.25,
) -> Feature:
    """Leaves fanned out on top: strawberry, pineapple, carrot, radish."""

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        x, y, _ = head.centre(v)
        roll = math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0])
        yaw = head.yaw(v)
        order = sorted(range(count), key=lambda i: -abs(i - (count - 1) / 2))
        for rank, i in enumerate(order):
            f = (i / (count - 1) - 0.5) if count > 1 else 0.0
            # The fan turns with the body: leaves crowd together at the sides as it spins.
            angle = f * spread + 8.0 * math.sin((yaw + i * 50) * DEGREES) * abs(
                math.sin(yaw * DEGREES)
            )
            angle += figure.springs.sway * 0.8 * (0.5 + abs(f))
            a = angle * DEGREES
            reach = length * (0.78 + 0.22 * math.cos(a))
            half = width / 2
            shape = curve(
                [
                    (0.0, 6.0),
                    (-half, -reach * 0.32),
                    (-half * 0.55 + reach * droop * math.sin(a) * 0.4, -reach * 0.75),
                    (reach * droop * math.sin(a), -reach),
                    (half * 0.70 + reach * droop * math.sin(a) * 0.4, -reach * 0.72),
                    (half, -reach * 0.32),
                ],
                tension=0.85,
            )
            c, s = math.cos(a + roll), math.sin(a + roll)
            path = mapped(shape, matrix_of(c, -s, s, c, x, y))
            tone = lighter(colour, 0.18) if rank % 2 else darker(colour, 0.10)
            figure.pen.part(
                19.0 + rank * 0.05 if v > 0.9 else 20.6,
                PartId.SOFT_ACCESSORY,
                path,
                tone,
                shade=0.8,
            )

    return add


def stem(
    length: float,
    width: float,
    colour: Colour,
    *,
    bend: float = 14.0,
    leaf: Colour | None = None,
    v: float = 0.96,
) -> Feature:
    """A stalk on top, with a leaf if wanted."""

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        x, y, _ = head.centre(v)
        roll = math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0])
        points = [(x, y + 4)]
        for i in (1, 2):
            a = roll + (bend * i + figure.springs.sway * 0.5) * DEGREES
            points.append(
                (points[-1][0] + math.sin(a) * length / 2, points[-1][1] - math.cos(a) * length / 2)
            )
        path = tapered_limb(points, (width * 0.9, width * 0.75, width * 1.05))
        figure.pen.part(19.4, PartId.SOFT_ACCESSORY, path, colour, shade=0.7)
        if leaf is not None:
            a = roll + (-58.0 + figure.springs.sway) * DEGREES
            c, s = math.cos(a), math.sin(a)
            shape = curve(
                [(0, 4), (-13, -20), (-7, -44), (2, -54), (10, -40), (13, -18)], tension=0.9
            )
            vein = mapped(
                curve([(0, 0), (1, -24), (2, -46)], closed=False),
                matrix_of(c, -s, s, c, points[1][0], points[1][1]),
            )
            leaf_path = mapped(shape, matrix_of(c, -s, s, c, points[1][0], points[1][1]))
            line = darker(leaf, 0.4)
            figure.pen.part(
                19.5,
                PartId.SOFT_ACCESSORY,
                leaf_path,
                leaf,
                paint=lambda canvas: canvas.drawPath(vein, stroke(line, 2.0)),
                shade=0.7,
            )

    return add


def petals(count: int, length: float, width: float, colour: Colour, *, v: float = 0.5) -> Feature:
    """A ring of petals round the head: flowers and the mane of a lion."""

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        x, y, _ = head.centre(v)
        roll = math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0])
        turn = 0.45 + 0.55 * abs(math.cos(head.yaw(v) * DEGREES))
        rx, ry = head.solid.half_width * 0.72, head.solid.height * 0.5 * 0.72
        shape = curve(
            [
                (0, 0),
                (-width / 2, -length * 0.45),
                (-width * 0.34, -length * 0.9),
                (0, -length),
                (width * 0.34, -length * 0.9),
                (width / 2, -length * 0.45),
            ]
        )
        for i in range(count):
            a = 2 * math.pi * i / count + figure.springs.sway * 0.35 * DEGREES
            px, py = rx * turn * math.sin(a), -ry * math.cos(a)
            c0, s0 = math.cos(roll), math.sin(roll)
            c, s = math.cos(a + roll), math.sin(a + roll)
            matrix = matrix_of(c, -s, s, c, x + px * c0 - py * s0, y + px * s0 + py * c0)
            tone = colour if i % 2 else lighter(colour, 0.16)
            # Every second petal lies behind its neighbours, which reads as two rows.
            depth = 18.0 + (0.3 if i % 2 else 0.0)
            figure.pen.part(depth, PartId.SOFT_ACCESSORY, mapped(shape, matrix), tone, shade=0.7)

    return add


def tuft(size: float, colour: Colour, *, v: float = 0.96) -> Feature:
    """A tuft of hair on top of the head."""
    shape = curve(
        [
            (-0.5, 0.25),
            (-0.62, -0.35),
            (-0.30, -0.25),
            (-0.20, -0.95),
            (0.10, -0.45),
            (0.48, -0.80),
            (0.40, -0.25),
            (0.66, -0.20),
            (0.5, 0.25),
        ],
        tension=0.6,
    )

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        x, y, _ = head.centre(v)
        a = (
            math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0])
            + figure.springs.sway * 0.5 * DEGREES
        )
        c, s = math.cos(a) * size, math.sin(a) * size
        figure.pen.part(
            20.5,
            PartId.SOFT_ACCESSORY,
            mapped(shape, matrix_of(c, -s, s, c, x, y)),
            colour,
            shade=0.6,
        )

    return add


def spikes(count: int, size: float, colour: Colour) -> Feature:
    """Dragon spikes down the back, seen at the edge of the head when it turns."""
    shape = curve([(-0.5, 0.2), (0.0, -0.9), (0.5, 0.2)], tension=0.3)

    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        for i in range(count):
            v = 0.98 - i * 0.17
            place = head.place(180.0, v, 1.0 if i else 0.0)
            a = math.atan2(place.x - head.centre(0.4)[0], head.centre(0.4)[1] - place.y)
            c, s = math.cos(a) * size, math.sin(a) * size
            depth = 19.0 if place.facing < 0 else 21.0
            figure.pen.part(
                depth,
                PartId.RIGID_ACCESSORY,
                mapped(shape, matrix_of(c, -s, s, c, place.x, place.y)),
                colour,
                shade=0.6,
            )

    return add
