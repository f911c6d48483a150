"""Faces: stickers on the head that are foreshortened with it. Eyes are most of the charm."""

import math

import skia

from a2bench.procedural.colour import INK, WHITE, Colour, darker, lighter, mix
from a2bench.procedural.figure import FaceDesign, Figure
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    mapped,
    polygon,
    rectangle,
    snap,
    tapered_limb,
)
from a2bench.procedural.pen import Canvas, argb, fill, line_colour, stroke
from a2bench.procedural.solids import Placement, PosedSolid

FACE_DEPTH = 24.0
"""In front of the head (20), behind hats (30) and raised arms (60)."""
_EDGE_ON = 0.10
"""Stickers that face the viewer less than this are not drawn: they would be slivers."""


def azimuth_of(solid: PosedSolid, offset: float, v: float) -> float:
    """The azimuth in degrees at which a surface point lies `offset` px beside the axis."""
    ratio = offset / max(solid.solid.width_at(v), 1.0)
    return math.degrees(math.asin(max(-0.94, min(0.94, ratio))))


def eye_places(face: FaceDesign, solid: PosedSolid) -> tuple[Placement, Placement]:
    """Right and left eye joint. The single eye of a cyclops gives its two corners."""
    gap = face.eye_radius * 0.8 if face.eyes == "cyclops" else face.eye_gap
    return (
        solid.place(azimuth_of(solid, -gap, face.eye_v), face.eye_v),
        solid.place(azimuth_of(solid, gap, face.eye_v), face.eye_v),
    )


def nose_place(face: FaceDesign, solid: PosedSolid) -> Placement:
    """The nose joint: the middle of the face, on the muzzle if there is one."""
    return solid.place(0.0, face.nose_v, 1.12 if face.muzzle is not None else 1.0)


def draw_face(figure: Figure) -> None:
    """Adds muzzle, cheeks, eyes, nose and mouth to the pen."""
    face, solid = figure.design.face, figure.skeleton.head
    _draw_muzzle(figure, face, solid)
    if face.cheeks is not None:
        for side in (-1.0, 1.0):
            v = face.eye_v - face.eye_radius * 1.35 / (solid.solid.height)
            gap = (
                face.eye_gap + face.eye_radius * 0.9
                if face.eyes != "cyclops"
                else face.eye_radius * 1.2
            )
            place = solid.place(azimuth_of(solid, side * gap, v), v)
            if place.facing > _EDGE_ON:
                _cheek(figure, place, face.eye_radius * 0.78, face.cheeks)
    if face.eyes == "cyclops":
        place = solid.place(0.0, face.eye_v)
        if place.facing > _EDGE_ON:
            _eye(figure, face, place, 0.0)
    else:
        for side, place in zip((-1.0, 1.0), eye_places(face, solid), strict=True):
            if place.facing > _EDGE_ON:
                _eye(figure, face, place, side)
    _draw_mouth(figure, face, solid)
    _draw_nose(figure, face, solid)


def _cheek(figure: Figure, place: Placement, size: float, colour: Colour) -> None:
    matrix = place.matrix(size)
    soft = figure.pen.style.soft > 0

    def draw(canvas: Canvas) -> None:
        canvas.save()
        canvas.concat(matrix)
        paint = fill(colour, 0.52 if soft else 0.58, blur=0.22 if soft else 0.0)
        canvas.drawOval(skia.Rect.MakeLTRB(-1.0, -0.62, 1.0, 0.62), paint)
        canvas.restore()

    figure.pen.sketch(FACE_DEPTH, PartId.HEAD, None, draw)


def _eye(figure: Figure, face: FaceDesign, place: Placement, side: float) -> None:
    matrix = place.matrix(face.eye_radius)
    closed = figure.eyelids > 0.6
    sway = max(-1.0, min(1.0, figure.springs.sway / 26.0))
    outlined = figure.pen.style.outline > 0
    kind = face.eyes

    def draw(canvas: Canvas) -> None:
        canvas.save()
        canvas.concat(matrix)
        if kind == "led":
            _led_eye(canvas, face.iris, closed)
        elif closed:
            _closed_eye(canvas)
        elif kind == "dot":
            _dot_eye(canvas)
        elif kind == "oval":
            _oval_eye(canvas, sway)
        else:
            _big_eye(canvas, face.iris, sway, outlined)
            _lid(canvas, figure.eyelids)
        if face.lashes and kind != "led":
            for x, y, u, w in ((0.80, -0.78, 1.16, -1.16), (1.0, -0.46, 1.42, -0.68)):
                canvas.drawLine(side * x, y, side * u, w, stroke(INK, 0.14))
        if face.brow_degrees is not None and kind != "led":
            canvas.save()
            canvas.translate(0, -1.62)
            canvas.rotate(face.brow_degrees * (side or 1.0))
            brow = skia.Path()
            brow.moveTo(-0.75, 0.12)
            brow.quadTo(0.0, -0.28, 0.75, 0.12)
            canvas.drawPath(brow, stroke(INK, 0.24, 0.85))
            canvas.restore()
        canvas.restore()

    footprint = mapped(ellipse(0.0, 0.0, 1.0, 1.16), matrix)
    figure.pen.sketch(FACE_DEPTH + 1.0, PartId.EYES, footprint, draw)


def _closed_eye(canvas: Canvas) -> None:
    arc = skia.Path()
    arc.moveTo(-0.82, 0.15)
    arc.quadTo(0.0, -0.72, 0.82, 0.15)
    canvas.drawPath(arc, stroke(INK, 0.25))


def _dot_eye(canvas: Canvas) -> None:
    canvas.drawPath(ellipse(0, 0, 0.70, 0.92), fill(INK))
    canvas.drawPath(ellipse(-0.20, -0.34, 0.27, 0.30), fill(WHITE))
    canvas.drawPath(ellipse(0.22, 0.40, 0.13, 0.13), fill(WHITE, 0.8))


def _oval_eye(canvas: Canvas, sway: float) -> None:
    """Rubber-hose eye: tall white oval, black pupil with a cut."""
    canvas.drawPath(ellipse(0, 0, 0.92, 1.20), fill(WHITE))
    canvas.drawPath(ellipse(0, 0, 0.92, 1.20), stroke(INK, 0.13))
    canvas.drawPath(ellipse(-0.1 * sway, 0.16, 0.56, 0.82), fill(INK))
    canvas.drawPath(ellipse(-0.16 - 0.1 * sway, -0.22, 0.24, 0.28), fill(WHITE))


def _big_eye(canvas: Canvas, iris: Colour, sway: float, outlined: bool) -> None:
    white = ellipse(0, 0, 0.98, 1.16)
    canvas.drawPath(ellipse(0, 0.05, 1.04, 1.22), fill((0.24, 0.12, 0.18), 0.30))
    canvas.drawPath(white, fill(WHITE))
    gaze = -0.10 * sway
    canvas.save()
    canvas.clipPath(white, doAntiAlias=True)
    gradient = skia.GradientShader.MakeRadial(
        (snap(gaze), 0.45),
        1.0,
        [argb(lighter(iris, 0.5)), argb(iris), argb(darker(iris, 0.75))],
        [0.0, 0.45, 1.0],
    )
    canvas.drawPath(ellipse(gaze, 0.08, 0.72, 0.84), skia.Paint(AntiAlias=True, Shader=gradient))
    canvas.drawPath(ellipse(gaze, 0.06, 0.42, 0.52), fill(INK))
    canvas.drawPath(ellipse(0, -1.05, 1.2, 0.52), fill((0.22, 0.12, 0.25), 0.24))
    canvas.restore()
    canvas.drawPath(ellipse(gaze - 0.26, -0.34, 0.26, 0.30), fill(WHITE))
    canvas.drawPath(ellipse(gaze + 0.28, 0.44, 0.13, 0.14), fill(WHITE, 0.85))
    if outlined:
        canvas.drawPath(white, stroke(INK, 0.13))
    lid = skia.Path()
    lid.moveTo(-1.02, -0.28)
    lid.quadTo(0, -1.66, 1.02, -0.28)
    canvas.drawPath(lid, stroke(INK, 0.19))


def _lid(canvas: Canvas, closed: float) -> None:
    if closed > 0.02:
        canvas.save()
        canvas.clipPath(ellipse(0, 0, 1.02, 1.2), doAntiAlias=True)
        canvas.drawRect(skia.Rect.MakeLTRB(-1.1, -1.3, 1.1, snap(-1.2 + 2.2 * closed)), fill(INK))
        canvas.restore()


def _led_eye(canvas: Canvas, colour: Colour, closed: bool) -> None:
    canvas.drawPath(ellipse(0, 0, 1.2, 1.2), fill(colour, 0.45, blur=0.4))
    half = 0.16 if closed else 1.0
    canvas.drawPath(rectangle(-0.62, -half, 1.24, 2 * half, 0.4), fill(lighter(colour, 0.35)))
    canvas.drawPath(rectangle(-0.34, -half * 0.7, 0.4, half * 0.6, 0.15), fill(WHITE, 0.9))


def _draw_muzzle(figure: Figure, face: FaceDesign, solid: PosedSolid) -> None:
    if face.muzzle is None:
        return
    half_width, half_height, colour = face.muzzle
    v = (face.nose_v + face.mouth_v) / 2
    place = solid.place(0.0, v, 1.06)
    if place.facing < -0.35:
        return
    squeeze = 0.62 + 0.38 * max(0.0, place.facing)
    path = curve(_ring(place, half_width * squeeze, half_height))
    figure.pen.part(FACE_DEPTH - 1.0, PartId.HEAD, path, colour, shade=0.6, outline=False)


def _ring(place: Placement, rx: float, ry: float) -> list[tuple[float, float]]:
    """An ellipse that rolls with the head but is not squeezed by yaw: the outline of a bulge."""
    roll = math.atan2(place.up[0], -place.up[1])
    c, s = math.cos(roll), math.sin(roll)
    result = []
    for i in range(12):
        a = 2 * math.pi * i / 12
        x, y = rx * math.cos(a), ry * math.sin(a)
        result.append((place.x + x * c - y * s, place.y + x * s + y * c))
    return result


def _draw_mouth(figure: Figure, face: FaceDesign, solid: PosedSolid) -> None:
    if face.mouth == "none":
        return
    place = solid.place(0.0, face.mouth_v, 1.10 if face.muzzle is not None else 1.0)
    if place.facing <= _EDGE_ON:
        return
    matrix = place.matrix(face.mouth_size)
    opening = 0.62 + 0.38 * (0.5 - 0.5 * math.cos(2 * math.pi * figure.beat))
    kind = face.mouth
    path = _mouth_path(kind, opening)

    def draw(canvas: Canvas) -> None:
        canvas.save()
        canvas.concat(matrix)
        _paint_mouth(canvas, kind, path, face.iris, figure.beat)
        canvas.restore()

    outline = mapped(
        path if kind in ("open", "fang", "small") else ellipse(0, 0.1, 1.0, 0.45), matrix
    )
    figure.pen.sketch(FACE_DEPTH + 1.0, PartId.MOUTH, outline, draw)


def _mouth_path(kind: str, opening: float) -> Path:
    path = skia.Path()
    if kind == "open":
        path.moveTo(-1.0, -0.15)
        path.quadTo(0, 0.12, 1.0, -0.15)
        path.cubicTo(0.9, snap(1.05 * opening), -0.9, snap(1.05 * opening), -1.0, -0.15)
        path.close()
    elif kind == "fang":
        path.moveTo(-1.0, 0)
        path.quadTo(0, 1.0, 1.0, 0)
        path.quadTo(0, 0.22, -1.0, 0)
        path.close()
    elif kind == "small":
        return ellipse(0, 0.1, 0.34, 0.44 * opening)
    elif kind == "cat":
        path.moveTo(-0.85, -0.1)
        path.quadTo(-0.45, 0.52, 0, 0)
        path.quadTo(0.45, 0.52, 0.85, -0.1)
    else:
        path.moveTo(-0.9, -0.15)
        path.quadTo(0, 0.8, 0.9, -0.15)
    return path


def _paint_mouth(canvas: Canvas, kind: str, path: Path, glow: Colour, beat: float) -> None:
    line = (0.30, 0.09, 0.12)
    if kind == "open" or kind == "small":
        canvas.drawPath(path, fill((0.42, 0.07, 0.13)))
        canvas.save()
        canvas.clipPath(path, doAntiAlias=True)
        canvas.drawPath(ellipse(0, 0.72, 0.55, 0.36), fill((0.95, 0.43, 0.46)))
        if kind == "open":
            canvas.drawRect(skia.Rect.MakeLTRB(-1.0, -0.3, 1.0, 0.08), fill(WHITE))
        canvas.restore()
        canvas.drawPath(path, stroke(line, 0.12))
    elif kind == "fang":
        canvas.drawPath(path, fill((0.30, 0.05, 0.11)))
        for x in (-0.5, 0.5):
            canvas.drawPath(polygon([(x - 0.15, 0.2), (x + 0.15, 0.2), (x, 0.62)]), fill(WHITE))
        canvas.drawPath(path, stroke(line, 0.13))
    elif kind == "led":
        for i in range(-2, 3):
            half = 0.18 + 0.32 * abs(math.sin(math.pi * beat + i * 1.45))
            canvas.drawPath(rectangle(i * 0.4 - 0.13, -half, 0.26, 2 * half, 0.1), fill(glow))
    else:
        canvas.drawPath(path, stroke(line, 0.17))


def _draw_nose(figure: Figure, face: FaceDesign, solid: PosedSolid) -> None:
    if face.nose == "none":
        return
    pen = figure.pen
    place = nose_place(face, solid)
    size, colour = face.nose_size, face.nose_colour
    if face.nose in ("beak", "bill", "carrot"):
        _draw_beak(figure, face, solid)
        return
    if face.nose == "trunk":
        _draw_trunk(figure, face, solid)
        return
    if place.facing <= -0.05:
        return
    squeeze = 0.5 + 0.5 * max(0.0, place.facing)
    if face.nose == "snout":
        path = curve(_ring(place, size * 1.5 * squeeze, size * 1.05))
        matrix = place.matrix(size)

        def nostrils(canvas: Canvas) -> None:
            canvas.save()
            canvas.concat(matrix)
            for x in (-0.55, 0.55):
                canvas.drawPath(ellipse(x, 0, 0.24, 0.42), fill(darker(colour, 0.75)))
            canvas.restore()

        pen.part(
            FACE_DEPTH + 2.0, PartId.HEAD, path, colour, paint=nostrils, shade=0.7, fuzzy=False
        )
        return
    shape = (
        curve([(-1.0, -0.55), (0, -0.78), (1.0, -0.55), (0.32, 0.6), (-0.32, 0.6)], tension=0.8)
        if face.nose == "triangle"
        else ellipse(0, 0, 1.15, 0.85)
    )
    across = (
        place.across if place.facing > 0.45 else (math.copysign(0.45, place.across[0] or 1.0), 0.0)
    )
    matrix = Placement(place.x, place.y, place.z, across, place.up, place.facing).matrix(size)

    def draw(canvas: Canvas) -> None:
        canvas.save()
        canvas.concat(matrix)
        canvas.drawPath(shape, fill(colour))
        canvas.drawPath(ellipse(-0.30, -0.34, 0.32, 0.17), fill(WHITE, 0.75))
        canvas.restore()

    pen.sketch(FACE_DEPTH + 2.0, PartId.HEAD, mapped(shape, matrix), draw)


def _draw_beak(figure: Figure, face: FaceDesign, solid: PosedSolid) -> None:
    """A cone in front of the face: base corners on the surface, tip in the air."""
    size, v = face.nose_size, face.nose_v
    base = solid.place(0.0, v)
    if base.facing < -0.25:
        return
    reach = {"beak": 1.25, "bill": 1.5, "carrot": 2.6}[face.nose]
    half = {"beak": 1.0, "bill": 1.35, "carrot": 0.55}[face.nose]
    depth = solid.solid.width_at(v) * solid.solid.depth
    rise = size / solid.solid.height

    def at(x: float, dv: float, forward: float) -> tuple[float, float]:
        p = solid.point(x * size, v + dv * rise, depth + forward * size)
        return p[0], p[1]

    left, right = at(-half, 0.0, -0.2), at(half, 0.0, -0.2)
    tip = at(0.0, -0.35, reach)
    top, bottom = at(0.0, 0.75 * min(1.0, half), 0.0), at(0.0, -1.05 * min(1.0, half), 0.1)
    colour = face.nose_colour
    pen = figure.pen
    if face.nose != "carrot":
        lower = curve([left, bottom, right, tip], tension=0.55)
        pen.part(FACE_DEPTH + 2.0, PartId.HEAD, lower, darker(colour, 0.30), shade=0.3, fuzzy=False)
        wide = at(-half * 0.55, -0.55, reach), at(half * 0.55, -0.55, reach)
        upper = (
            [left, top, right, tip]
            if face.nose == "beak"
            else [left, top, right, wide[1], tip, wide[0]]
        )
        path = curve(upper, tension=0.55)
    else:
        path = curve([left, top, right, bottom, tip], tension=0.35)
        if abs(base.facing) > 0.9:
            path = curve([left, top, right, tip], tension=0.5)
    pen.part(FACE_DEPTH + 2.2, PartId.HEAD, path, colour, shade=0.6, fuzzy=False)


def _draw_trunk(figure: Figure, face: FaceDesign, solid: PosedSolid) -> None:
    size, v = face.nose_size, face.nose_v
    depth = solid.solid.width_at(v) * solid.solid.depth
    base = solid.place(0.0, v)
    swing = figure.springs.sway * 0.02 * size
    rise = size / solid.solid.height
    joints = []
    for x, dv, forward in ((0.0, 0.3, -0.3), (0.25, -1.6, 0.9), (0.9, -3.0, 1.3), (2.0, -2.9, 1.6)):
        p = solid.point(x * size + swing * abs(dv), v + dv * rise, depth + forward * size)
        joints.append((p[0], p[1]))
    widths = [size * 2.1, size * 1.7, size * 1.25, size * 1.05]
    path = tapered_limb(joints, widths)
    colour = face.nose_colour

    def rings(canvas: Canvas) -> None:
        for x, y in joints[1:3]:
            canvas.drawPath(
                ellipse(x, y, size * 0.9, size * 0.22, 20), stroke(line_colour(colour), 1.6, 0.35)
            )

    front = FACE_DEPTH + 2.0 if base.facing > -0.2 else 10.0
    pen = figure.pen
    pen.part(front, PartId.HEAD, path, mix(colour, WHITE, 0.03), paint=rings, shade=0.9)
