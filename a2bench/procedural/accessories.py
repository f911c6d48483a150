"""Hats, glasses, scarves: each belongs to one slot, and a slot is used once per character."""

import math
from collections.abc import Callable

import skia

from a2bench.procedural.colour import INK, WHITE, Colour, darker
from a2bench.procedural.face import FACE_DEPTH, eye_places
from a2bench.procedural.figure import Feature, Figure
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    curve,
    ellipse,
    mapped,
    matrix_of,
    polygon,
    rectangle,
    snap,
    tapered_limb,
)
from a2bench.procedural.pen import Canvas, fill, stroke
from a2bench.procedural.vectors import DEGREES

_HAT_DEPTH = 30.0

SLOTS: dict[str, str] = {
    "none": "none",
    "cap": "top",
    "top hat": "top",
    "party hat": "top",
    "beanie": "top",
    "crown": "top",
    "straw hat": "top",
    "bow": "bow",
    "flower": "bow",
    "headphones": "sides",
    "glasses": "eyes",
    "sunglasses": "eyes",
    "scarf": "neck",
    "bow tie": "collar",
    "cape": "back",
}
"""Where an accessory sits. Species say which slots they have free; leaves, horns and long ears
take `top`."""


def accessory(name: str, main: Colour, accent: Colour, light: Colour) -> tuple[Feature, ...]:
    """The drawing of a named accessory in three colours."""
    makers: dict[str, Callable[[Colour, Colour, Colour], Feature]] = {
        "cap": _cap,
        "top hat": _top_hat,
        "party hat": _party_hat,
        "beanie": _beanie,
        "crown": _crown,
        "straw hat": _straw_hat,
        "bow": _bow,
        "flower": _flower,
        "headphones": _headphones,
        "glasses": _glasses,
        "sunglasses": _sunglasses,
        "scarf": _scarf,
        "bow tie": _bow_tie,
        "cape": _cape,
    }
    return () if name == "none" else (makers[name](main, accent, light),)


def _crown_frame(figure: Figure, v: float, cover: float) -> tuple[skia.Matrix, float, float]:
    """Frame on top of the head: unit is px, origin at height v, plus half width there and the
    yaw in radians.
    """
    head, face = figure.skeleton.head, figure.design.face
    # Brims stay above the eyes, however high those sit.
    v = max(v, min(0.90, face.eye_v + 1.35 * face.eye_radius / head.solid.height + 0.04))
    x, y, _ = head.centre(v)
    roll = math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0])
    c, s = math.cos(roll), math.sin(roll)
    half = head.seen_half_width(v, max(head.solid.width_at(v), head.solid.half_width * cover))
    return matrix_of(c, -s, s, c, x, y), half, head.yaw(v) * DEGREES


def _cap(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        matrix, half, yaw = _crown_frame(figure, 0.76, 0.6)
        top = figure.skeleton.head.solid.height * 0.36
        dome = curve(
            [
                (-half * 1.04, 6),
                (-half * 0.86, -top * 0.62),
                (0, -top),
                (half * 0.86, -top * 0.62),
                (half * 1.04, 6),
                (0, 14),
            ]
        )
        button = ellipse(0, -top, 8, 5)
        seam = skia.Path()
        turn = math.sin(yaw)
        seam.moveTo(0, snap(-top))
        seam.quadTo(snap(turn * half * 0.9), snap(-top * 0.5), snap(turn * half), 10)

        def paint(canvas: Canvas) -> None:
            canvas.save()
            canvas.concat(matrix)
            canvas.drawPath(seam, stroke(darker(main, 0.4), 2.2))
            canvas.restore()

        pen = figure.pen
        pen.part(
            _HAT_DEPTH,
            PartId.RIGID_ACCESSORY,
            mapped(dome, matrix),
            main,
            paint=paint,
            glossy=False,
        )
        pen.part(
            _HAT_DEPTH + 0.1, PartId.RIGID_ACCESSORY, mapped(button, matrix), accent, shade=0.4
        )
        front = math.cos(yaw)
        if front > -0.6:
            reach = half * (0.62 + 0.30 * abs(turn))
            cx, cy = turn * half * 0.85, 8.0 + 10.0 * max(0.0, front)
            brim = curve(
                [
                    (cx - reach, cy),
                    (cx - reach * 0.5, cy - 12),
                    (cx + reach * 0.5, cy - 12),
                    (cx + reach, cy),
                    (cx + reach * 0.5, cy + 13),
                    (cx - reach * 0.5, cy + 13),
                ],
                tension=0.9,
            )
            pen.part(
                _HAT_DEPTH + 0.2, PartId.RIGID_ACCESSORY, mapped(brim, matrix), accent, shade=0.7
            )

    return add


def _top_hat(main: Colour, accent: Colour, light: Colour) -> Feature:
    dark = darker(main, 0.6)

    def add(figure: Figure) -> None:
        matrix, half, _ = _crown_frame(figure, 0.90, 0.42)
        w, h = half * 0.86, half * 1.25
        pen = figure.pen
        crown = curve(
            [
                (-w, 0),
                (-w * 1.08, -h * 0.9),
                (-w * 0.9, -h),
                (w * 0.9, -h),
                (w * 1.08, -h * 0.9),
                (w, 0),
                (0, 9),
            ],
            tension=0.35,
        )
        ribbon = curve(
            [
                (-w * 1.1, -h * 0.10),
                (0, 2),
                (w * 1.1, -h * 0.10),
                (w * 1.1, -h * 0.36),
                (0, -h * 0.26),
                (-w * 1.1, -h * 0.36),
            ],
            tension=0.5,
        )

        def paint(canvas: Canvas) -> None:
            canvas.drawPath(mapped(ribbon, matrix), fill(accent))

        pen.part(_HAT_DEPTH + 0.1, PartId.RIGID_ACCESSORY, mapped(crown, matrix), dark, paint=paint)
        pen.part(
            _HAT_DEPTH,
            PartId.RIGID_ACCESSORY,
            mapped(ellipse(0, 2, w * 1.6, 11), matrix),
            dark,
            shade=0.7,
        )

    return add


def _party_hat(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        matrix, half, _ = _crown_frame(figure, 0.92, 0.36)
        w, h = half * 0.92, half * 2.2
        cone = curve([(-w, 2), (0, -h), (w, 2), (0, 10)], tension=0.12)
        bands = [
            curve(
                [
                    (-w, -h * f),
                    (0, -h * f + 9),
                    (w, -h * f),
                    (w, -h * f - 13),
                    (0, -h * f - 4),
                    (-w, -h * f - 13),
                ],
                tension=0.6,
            )
            for f in (0.08, 0.36, 0.64)
        ]

        def paint(canvas: Canvas) -> None:
            for item in bands:
                canvas.drawPath(mapped(item, matrix), fill(light))

        pen = figure.pen
        pen.part(
            _HAT_DEPTH, PartId.RIGID_ACCESSORY, mapped(cone, matrix), main, paint=paint, fuzzy=False
        )
        pen.part(
            _HAT_DEPTH + 0.1,
            PartId.RIGID_ACCESSORY,
            mapped(ellipse(0, -h, 13, 13), matrix),
            accent,
            shade=0.7,
        )

    return add


def _beanie(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        matrix, half, _ = _crown_frame(figure, 0.74, 0.6)
        top = figure.skeleton.head.solid.height * 0.38
        dome = curve(
            [
                (-half, 4),
                (-half * 0.88, -top * 0.62),
                (0, -top),
                (half * 0.88, -top * 0.62),
                (half, 4),
                (0, 12),
            ]
        )
        cuff = curve(
            [
                (-half * 1.07, 8),
                (-half * 1.07, -18),
                (0, -9),
                (half * 1.07, -18),
                (half * 1.07, 8),
                (0, 19),
            ],
            tension=0.7,
        )
        ribs = [
            curve(
                [(half * f * 1.02, -12 + 8 * (1 - f * f)), (half * f * 1.02, 8 + 9 * (1 - f * f))],
                closed=False,
            )
            for f in (-0.85, -0.6, -0.3, 0.0, 0.3, 0.6, 0.85)
        ]

        def paint(canvas: Canvas) -> None:
            for rib in ribs:
                canvas.drawPath(mapped(rib, matrix), stroke(darker(accent, 0.3), 2.4, 0.7))

        pen = figure.pen
        pen.part(
            _HAT_DEPTH,
            PartId.SOFT_ACCESSORY,
            mapped(ellipse(figure.springs.sway * 0.3, -top - 8, 19, 18), matrix),
            light,
            shade=0.8,
        )
        pen.part(_HAT_DEPTH + 0.1, PartId.RIGID_ACCESSORY, mapped(dome, matrix), main)
        pen.part(
            _HAT_DEPTH + 0.2,
            PartId.RIGID_ACCESSORY,
            mapped(cuff, matrix),
            accent,
            paint=paint,
            shade=0.7,
        )

    return add


def _crown(main: Colour, accent: Colour, light: Colour) -> Feature:
    gold: Colour = (0.98, 0.78, 0.25)

    def add(figure: Figure) -> None:
        matrix, half, yaw = _crown_frame(figure, 0.91, 0.42)
        w, h = half * 0.95, half * 0.95
        points = [
            (-w * 0.92, 4.0),
            (-w, -h * 0.95),
            (-w * 0.5, -h * 0.42),
            (0.0, -h * 1.1),
            (w * 0.5, -h * 0.42),
            (w, -h * 0.95),
            (w * 0.92, 4.0),
            (0.0, 10.0),
        ]

        def paint(canvas: Canvas) -> None:
            for i in range(6):
                a = yaw + i * math.pi / 3
                if math.cos(a) > 0.1:
                    gem = ellipse(
                        math.sin(a) * w * 0.92, -h * 0.16 + 6 * math.cos(a), 6 * math.cos(a), 7
                    )
                    canvas.drawPath(mapped(gem, matrix), fill(accent if i % 2 else main))

        figure.pen.part(
            _HAT_DEPTH,
            PartId.RIGID_ACCESSORY,
            mapped(curve(points, tension=0.15), matrix),
            gold,
            paint=paint,
            fuzzy=False,
        )

    return add


def _straw_hat(main: Colour, accent: Colour, light: Colour) -> Feature:
    straw: Colour = (0.93, 0.79, 0.48)

    def add(figure: Figure) -> None:
        matrix, half, _ = _crown_frame(figure, 0.84, 0.5)
        w, h = half * 0.95, half * 0.85
        crown = curve(
            [
                (-w, 2),
                (-w * 0.9, -h * 0.8),
                (-w * 0.4, -h),
                (w * 0.4, -h),
                (w * 0.9, -h * 0.8),
                (w, 2),
                (0, 12),
            ],
            tension=0.8,
        )
        ribbon = curve(
            [
                (-w * 1.1, -3),
                (0, 6),
                (w * 1.1, -3),
                (w * 1.1, -h * 0.34),
                (0, -h * 0.22),
                (-w * 1.1, -h * 0.34),
            ],
            tension=0.5,
        )
        brim = ellipse(0, 4, half * 1.75, 17)
        pen = figure.pen

        def weave(canvas: Canvas) -> None:
            for f in (0.55, 0.75, 0.92):
                canvas.drawPath(
                    mapped(ellipse(0, 4, half * 1.75 * f, 17 * f), matrix),
                    stroke(darker(straw, 0.35), 1.5, 0.6),
                )

        pen.part(
            _HAT_DEPTH,
            PartId.RIGID_ACCESSORY,
            mapped(brim, matrix),
            straw,
            paint=weave,
            fuzzy=False,
            shade=0.7,
        )
        pen.part(
            _HAT_DEPTH + 0.1,
            PartId.RIGID_ACCESSORY,
            mapped(crown, matrix),
            straw,
            fuzzy=False,
            paint=lambda canvas: canvas.drawPath(mapped(ribbon, matrix), fill(main)),
        )

    return add


def _bow_shape(
    figure: Figure, matrix: skia.Matrix, size: float, colour: Colour, depth: float
) -> None:
    pen = figure.pen
    for side in (-1.0, 1.0):
        loop = curve(
            [
                (0, 0),
                (side * size * 0.55, -size * 0.62),
                (side * size * 1.05, -size * 0.50),
                (side * size * 1.05, size * 0.50),
                (side * size * 0.55, size * 0.62),
            ],
            tension=0.75,
        )
        pen.part(depth, PartId.SOFT_ACCESSORY, mapped(loop, matrix), colour, shade=0.7)
    pen.part(
        depth + 0.1,
        PartId.SOFT_ACCESSORY,
        mapped(ellipse(0, 0, size * 0.26, size * 0.32), matrix),
        darker(colour, 0.15),
        shade=0.6,
    )


def _tilted(figure: Figure, x: float, y: float, extra_degrees: float, flat: float) -> skia.Matrix:
    head = figure.skeleton.head
    roll = math.atan2(head.pose.tilt[1][0], head.pose.tilt[0][0]) + extra_degrees * DEGREES
    c, s = math.cos(roll), math.sin(roll)
    return matrix_of(c * flat, -s, s * flat, c, x, y)


def _bow(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        place = head.place(34.0, 0.90, 1.02)
        flat = 0.45 + 0.55 * abs(place.facing)
        depth = _HAT_DEPTH if place.facing > -0.3 else 18.5
        matrix = _tilted(figure, place.x, place.y, 16.0 + figure.springs.sway * 0.6, flat)
        _bow_shape(figure, matrix, head.solid.half_width * 0.36 + 6, main, depth)

    return add


def _flower(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        place = head.place(-36.0, 0.88, 1.02)
        depth = _HAT_DEPTH if place.facing > -0.3 else 18.5
        r = head.solid.half_width * 0.15 + 5
        matrix = _tilted(
            figure, place.x, place.y, figure.springs.sway, 0.5 + 0.5 * abs(place.facing)
        )
        pen = figure.pen
        for i in range(5):
            a = i * 72 * DEGREES
            pen.part(
                depth,
                PartId.SOFT_ACCESSORY,
                mapped(ellipse(math.sin(a) * r, -math.cos(a) * r, r * 0.72, r * 0.72), matrix),
                main,
                shade=0.5,
            )
        pen.part(
            depth + 0.1,
            PartId.SOFT_ACCESSORY,
            mapped(ellipse(0, 0, r * 0.58, r * 0.58), matrix),
            accent,
            shade=0.5,
        )

    return add


def _headphones(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        head = figure.skeleton.head
        face_v = figure.design.face.eye_v
        matrix, half, _ = _crown_frame(figure, face_v, 0.3)
        top = head.solid.height * (1.0 - face_v) * head.pose.stretch_y + 7
        arc = skia.Path()
        arc.moveTo(snap(-half), 0)
        arc.cubicTo(
            snap(-half * 1.0), snap(-top * 1.34), snap(half * 1.0), snap(-top * 1.34), snap(half), 0
        )
        outline = skia.Path()
        stroke(main, 12.0).getFillPath(arc, outline)
        pen = figure.pen
        if abs(math.sin(head.yaw(0.5) * DEGREES)) < 0.97:
            pen.part(
                _HAT_DEPTH - 1.0,
                PartId.RIGID_ACCESSORY,
                mapped(outline, matrix),
                main,
                fuzzy=False,
                shade=0.6,
            )
        size = head.solid.height * 0.15
        for side in (-1.0, 1.0):
            place = head.place(side * 90.0, face_v, 1.02)
            near = (place.z - head.centre(face_v)[2]) / max(1.0, head.solid.half_width)
            if near < -0.75:
                continue
            cup = _tilted(figure, place.x, place.y, 0.0, 0.42 + 0.58 * max(0.0, near))
            pen.part(
                _HAT_DEPTH + near,
                PartId.RIGID_ACCESSORY,
                mapped(ellipse(0, 0, size, size * 1.12), cup),
                accent,
                fuzzy=False,
                shade=0.9,
            )
            pen.part(
                _HAT_DEPTH + near + 0.05,
                PartId.RIGID_ACCESSORY,
                mapped(ellipse(0, 0, size * 0.5, size * 0.58), cup),
                main,
                fuzzy=False,
                shade=0.4,
                outline=False,
            )

    return add


def _spectacles(frame: Colour, tint: Colour, tint_alpha: float) -> Feature:
    def add(figure: Figure) -> None:
        face, head = figure.design.face, figure.skeleton.head
        places = eye_places(face, head)
        centre = head.place(0.0, face.eye_v)
        if centre.facing < 0.12:
            return
        r = face.eye_radius * 1.42
        matrices = [place.matrix(r) for place in places if place.facing > 0.12]
        if face.eyes == "cyclops":
            matrices = [centre.matrix(r)]
        lens = rectangle(-1.0, -0.92, 2.0, 1.84, 0.8)

        def draw(canvas: Canvas) -> None:
            if len(places) == 2 and face.eyes != "cyclops":
                canvas.drawLine(
                    snap(places[0].x),
                    snap(places[0].y),
                    snap(places[1].x),
                    snap(places[1].y),
                    stroke(frame, 4.5),
                )
            for matrix in matrices:
                canvas.save()
                canvas.concat(matrix)
                canvas.drawPath(lens, fill(tint, tint_alpha))
                canvas.drawPath(
                    polygon([(-0.7, -0.1), (-0.1, -0.7), (0.15, -0.7), (-0.7, 0.2)]),
                    fill(WHITE, 0.35),
                )
                canvas.drawPath(lens, stroke(frame, 0.2))
                canvas.restore()

        footprint = skia.Path()
        for matrix in matrices:
            footprint.addPath(mapped(lens, matrix))
        # Clear glasses leave the eye visible, so only tinted ones claim its pixels.
        claimed = footprint if tint_alpha > 0.5 else None
        figure.pen.sketch(FACE_DEPTH + 4.0, PartId.RIGID_ACCESSORY, claimed, draw)

    return add


def _glasses(main: Colour, accent: Colour, light: Colour) -> Feature:
    return _spectacles(darker(main, 0.4), (0.8, 0.93, 1.0), 0.16)


def _sunglasses(main: Colour, accent: Colour, light: Colour) -> Feature:
    return _spectacles(INK, darker(main, 0.75), 1.0)


def _scarf(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        torso = figure.skeleton.torso
        v = 0.93
        x, y, _ = torso.centre(v)
        roll = math.atan2(torso.pose.tilt[1][0], torso.pose.tilt[0][0])
        half = (
            torso.seen_half_width(v, max(torso.solid.width_at(v), torso.solid.half_width * 0.62))
            + 8
        )
        c, s = math.cos(roll), math.sin(roll)
        matrix = matrix_of(c, -s, s, c, x, y)
        ring = curve(
            [(-half, -6), (0, 7), (half, -6), (half * 0.98, 15), (0, 32), (-half * 0.98, 15)],
            tension=0.85,
        )
        place = torso.place(26.0, v - 0.10, 1.06)
        pen = figure.pen
        reach = torso.solid.height * 0.5
        end_x = place.x + figure.springs.sway * 1.6
        points = [
            (place.x, place.y - 6),
            ((place.x + end_x) / 2 + 4, place.y + reach * 0.5),
            (end_x, place.y + reach - 14 * figure.springs.bounce),
        ]
        hanging = tapered_limb(points, (24, 28, 30))

        def striped(canvas: Canvas) -> None:
            position = 0.35
            while position < 2.0:
                canvas.drawPath(
                    tapered_limb(points, (40, 40, 40), start=position, end=position + 0.18),
                    fill(light),
                )
                position += 0.5

        if place.facing > -0.1:
            pen.part(18.2, PartId.SOFT_ACCESSORY, hanging, main, paint=striped, shade=0.8)

        def ring_stripes(canvas: Canvas) -> None:
            for i in range(-3, 4):
                px = i * half * 0.30
                canvas.drawPath(
                    mapped(
                        polygon([(px - 6, -30), (px + 6, -30), (px + 6, 60), (px - 6, 60)]), matrix
                    ),
                    fill(light),
                )

        pen.part(
            18.4, PartId.SOFT_ACCESSORY, mapped(ring, matrix), main, paint=ring_stripes, shade=0.8
        )

    return add


def _bow_tie(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        torso = figure.skeleton.torso
        one_piece = figure.design.rig.head is None
        v = max(0.12, figure.design.face.mouth_v - 0.17) if one_piece else 0.84
        place = torso.place(0.0, v, 1.05)
        if place.facing > 0.1:
            size = 22.0 if not one_piece else 24.0
            _bow_shape(figure, place.matrix(1.0), size, main, 23.0)

    return add


def _cape(main: Colour, accent: Colour, light: Colour) -> Feature:
    def add(figure: Figure) -> None:
        torso = figure.skeleton.torso
        front = torso.front > -0.1
        a, b = torso.side_points(0.92, torso.solid.half_width * 0.66)
        c, d = torso.side_points(-0.28, torso.solid.half_width * 1.35)
        sway, lift = figure.springs.sway * 1.5, figure.springs.bounce * 16.0
        lag = -22.0 * math.sin(torso.yaw(0.5) * DEGREES)
        middle = ((c[0] + d[0]) / 2 + sway + lag, (c[1] + d[1]) / 2 + 10 - lift)
        path = curve(
            [a, (c[0] + sway + lag, c[1] - lift), middle, (d[0] + sway + lag, d[1] - lift), b],
            tension=0.45,
        )
        figure.pen.part(
            -50.0 if front else 17.0, PartId.SOFT_ACCESSORY, path, main, shade=0.9, fuzzy=False
        )
        if front:
            for azimuth in (-24.0, 24.0):
                place = torso.place(azimuth, 0.90, 1.02)
                if place.facing > 0.1:
                    figure.pen.part(
                        18.6,
                        PartId.RIGID_ACCESSORY,
                        ellipse(place.x, place.y, 8, 8),
                        accent,
                        shade=0.4,
                        fuzzy=False,
                    )

    return add
