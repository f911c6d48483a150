"""Arms, legs, hands and feet: one tapered outline each, with cloth cut from the same outline."""

import math
from dataclasses import replace

import skia

from a2bench.procedural.colour import darker, lighter
from a2bench.procedural.figure import Cloth, Figure, LimbLook
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    curve,
    ellipse,
    mapped,
    matrix_of,
    rectangle,
    snap,
    tapered_limb,
)
from a2bench.procedural.pen import Canvas, fill, line_colour, stroke
from a2bench.procedural.vectors import Vec2, Vec3

_ARM_PARTS = (PartId.RIGHT_ARM, PartId.LEFT_ARM)
_LEG_PARTS = (PartId.RIGHT_LEG, PartId.LEFT_LEG)


def draw_arms(figure: Figure) -> None:
    """Adds both arms; whether one is behind or in front of the body follows from its depth."""
    look, skeleton = figure.design.arms, figure.skeleton
    if look is None or skeleton.arms is None:
        return
    rig = figure.design.rig
    one_piece = rig.head is None
    for index, (shoulder, elbow, wrist) in enumerate(skeleton.arms):
        middle = (0.6 * shoulder[2] + elbow[2] + wrist[2]) / 2.6 - skeleton.root[2]
        reach = rig.upper_arm
        head_low = skeleton.head.centre(0.12)[1]
        start = 0.0
        if one_piece:
            # Floaters hold their short arms before them; bodies on legs keep them behind the
            # outline until they come to the front.
            if rig.has_legs:
                emerged = (middle / reach - 0.16) / 0.5
            else:
                emerged = ((shoulder[2] - skeleton.root[2]) / rig.shoulder_half + 0.5) / 0.4
            depth = 60.0 if emerged > 0 else -14.0
            if depth > 0:
                hidden = _hidden_share(figure, (shoulder, elbow, wrist))
                start = (1.0 - min(1.0, emerged)) * hidden
        elif middle < -0.34 * reach:
            depth = -14.0
        elif wrist[2] > 0.45 * reach and wrist[1] < head_low + 20:
            depth = 60.0
        else:
            depth = 14.0
            emerged = min(1.0, (middle + 0.34 * reach) / (0.30 * reach))
            start = (1.0 - emerged) * min(0.45, _hidden_share(figure, (shoulder, elbow, wrist)))
        _draw_arm(figure, look, (shoulder, elbow, wrist), depth + index * 0.01, index, start)


_MOST_HIDDEN = 1.6
"""Along the arm (1 is the elbow): the wrist and the hand are always drawn."""


def _hidden_share(figure: Figure, joints: tuple[Vec3, Vec3, Vec3]) -> float:
    """How much of an arm, from the shoulder on, lies within the outline of the body: an arm that
    comes to the front shows this part bit by bit, instead of all at once.
    """
    torso, v = figure.skeleton.torso, figure.design.rig.shoulder_v
    height = torso.solid.height * torso.pose.stretch_y
    share = 0.0
    while share < _MOST_HIDDEN:
        a, b = joints[int(share)], joints[int(share) + 1]
        f = share - int(share)
        x, y = a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f
        level = min(1.0, max(0.0, v + (joints[0][1] - y) / height))
        middle = torso.centre(level)[0]
        if abs(x - middle) > torso.seen_half_width(level, torso.solid.width_at(level)):
            break
        share += 0.05
    return share


def _flat(joints: tuple[Vec3, Vec3, Vec3]) -> list[Vec2]:
    return [(p[0], p[1]) for p in joints]


def _draw_arm(
    figure: Figure,
    look: LimbLook,
    joints: tuple[Vec3, Vec3, Vec3],
    depth: float,
    index: int,
    start: float,
) -> None:
    pen, part = figure.pen, _ARM_PARTS[index]
    points = _flat(joints)
    path = tapered_limb(points, look.widths, start=start)
    pen.part(depth, part, path, look.colour, shade=0.85, fuzzy=look.fuzzy)
    dx, dy = points[2][0] - points[1][0], points[2][1] - points[1][1]
    size = math.sqrt(dx * dx + dy * dy)
    # A forearm that points at the viewer has no direction in the picture: then the hand hangs.
    along = (dx / size, dy / size) if size > 4.0 else (0.0, 1.0)
    _draw_hand(figure, look, points[2], along, depth + 0.2, index)
    for layer, cloth in enumerate(look.cloth):
        seen = replace(cloth, start=max(cloth.start, start))
        _draw_cloth(figure, look, points, seen, depth + 0.1 + layer * 0.01, part)


def _draw_cloth(
    figure: Figure, look: LimbLook, points: list[Vec2], cloth: Cloth, depth: float, part: PartId
) -> None:
    widths = [width * cloth.room + 2.0 for width in look.widths]
    path = tapered_limb(points, widths, start=cloth.start, end=cloth.end, flat_end=True)
    stripe = cloth.stripe

    def stripes(canvas: Canvas) -> None:
        s = cloth.start + 0.18
        while s < cloth.end:
            piece = tapered_limb(points, [w * 1.3 for w in widths], start=s, end=s + 0.16)
            if stripe is not None:
                canvas.drawPath(piece, fill(stripe))
            s += 0.40

    pen = figure.pen
    paint = stripes if stripe is not None else None
    pen.part(depth, part, path, cloth.colour, paint=paint, shade=0.85, fuzzy=False)


_HANDS: dict[str, tuple[Vec2, ...]] = {
    "mitten": (
        (-0.7, -0.60),
        (0.3, -0.95),
        (1.2, -0.72),
        (1.55, 0.0),
        (1.2, 0.70),
        (0.86, 0.86),
        (0.80, 1.28),
        (0.34, 1.36),
        (-0.06, 0.92),
        (-0.7, 0.60),
    ),
    "glove": (
        (-0.75, -0.72),
        (0.2, -0.95),
        (0.9, -1.15),
        (1.55, -1.0),
        (1.62, -0.62),
        (1.15, -0.42),
        (1.85, -0.34),
        (1.98, 0.0),
        (1.85, 0.34),
        (1.15, 0.42),
        (1.60, 0.62),
        (1.52, 0.98),
        (0.95, 1.0),
        (0.5, 0.95),
        (0.42, 1.42),
        (-0.02, 1.46),
        (-0.22, 0.98),
        (-0.75, 0.72),
    ),
    "ball": (
        (-0.75, 0.0),
        (-0.3, -0.82),
        (0.45, -0.98),
        (1.1, -0.6),
        (1.3, 0.0),
        (1.1, 0.6),
        (0.45, 0.98),
        (-0.3, 0.82),
    ),
    "claw": (
        (-0.6, -0.62),
        (0.3, -1.0),
        (1.15, -1.12),
        (1.85, -0.62),
        (1.62, -0.22),
        (1.18, -0.46),
        (0.72, -0.26),
        (0.58, 0.0),
        (0.72, 0.26),
        (1.18, 0.46),
        (1.62, 0.22),
        (1.85, 0.62),
        (1.15, 1.12),
        (0.3, 1.0),
        (-0.6, 0.62),
    ),
    "leaf": (
        (-0.5, 0.0),
        (0.3, -0.75),
        (1.1, -0.72),
        (1.9, -0.1),
        (2.2, 0.15),
        (1.3, 0.68),
        (0.4, 0.7),
    ),
}
"""Hand outlines: x along the forearm, y towards the thumb, in hand radii."""


def _draw_hand(
    figure: Figure, look: LimbLook, wrist: Vec2, along: Vec2, depth: float, index: int
) -> None:
    r = look.end_size
    thumb = 1.0 if index == 0 else -1.0
    matrix = matrix_of(
        along[0] * r, -along[1] * r * thumb, along[1] * r, along[0] * r * thumb, wrist[0], wrist[1]
    )
    shape = curve(_HANDS[look.end], tension=0.9 if look.end != "claw" else 0.6)
    path = mapped(shape, matrix)
    part = _ARM_PARTS[index]
    figure.pen.part(
        depth, part, path, look.end_colour, shade=0.7, fuzzy=look.fuzzy and look.end != "glove"
    )
    if look.end == "glove":
        cuff = mapped(rectangle(-0.95, -0.82, 0.5, 1.64, 0.22), matrix)
        figure.pen.part(depth + 0.01, part, cuff, look.end_colour, shade=0.4, fuzzy=False)


def draw_legs(figure: Figure) -> None:
    """Adds both legs and feet, behind the body unless kicked far forward."""
    look, skeleton = figure.design.legs, figure.skeleton
    if look is None or skeleton.legs is None:
        return
    for index, joints in enumerate(skeleton.legs):
        z = 0.4 * joints[0][2] + 0.3 * joints[1][2] + 0.3 * joints[2][2] - skeleton.root[2]
        depth = -10.0 + max(-4.0, min(4.0, z * 0.05)) + index * 0.01
        part = _LEG_PARTS[index]
        points = _flat(joints)
        path = tapered_limb(points, look.widths)
        figure.pen.part(depth, part, path, look.colour, shade=0.85, fuzzy=look.fuzzy)
        _draw_foot(figure, look, joints, depth + 0.2, index)
        for layer, cloth in enumerate(look.cloth):
            _draw_cloth(figure, look, points, cloth, depth + 0.3 + layer * 0.01, part)


def _draw_foot(
    figure: Figure, look: LimbLook, joints: tuple[Vec3, Vec3, Vec3], depth: float, index: int
) -> None:
    ankle = joints[2]
    yaw = math.radians(figure.skeleton.yaw)
    side = -1.0 if index == 0 else 1.0
    width = look.end_size
    height = figure.design.rig.ankle_height
    forward = math.sin(yaw) * width * 1.05 + side * 0.16 * width * math.cos(yaw)
    # Feet point a little along a shin that is swung out, and lie flat when it is upright.
    dx, dy = ankle[0] - joints[1][0], ankle[1] - joints[1][1]
    swing = math.atan2(dx, abs(dy) + 1e-6) if ankle[1] < -height - 6 else 0.0
    c, s = math.cos(-swing * 0.55), math.sin(-swing * 0.55)
    matrix = matrix_of(c, -s, s, c, ankle[0], ankle[1])
    low, high = min(0.0, forward), max(0.0, forward)
    kind = look.end
    top = {"shoe": -0.55, "paw": -0.62, "boot": -2.3, "webbed": -0.3, "peg": -0.4}[kind] * height
    grow = {"shoe": 1.0, "paw": 0.96, "boot": 0.95, "webbed": 1.28, "peg": 0.8}[kind]
    w = width * grow
    neck = max(look.widths[2] * 0.62, w * 0.5)
    shape = curve(
        [
            (-w * 0.86 + low, height),
            (-w + low, height * 0.55),
            (-w * 0.80 + low * 0.75, -height * 0.10),
            (-neck + low * 0.1, top * 0.86),
            (0.0, top),
            (neck + high * 0.1, top * 0.86),
            (w * 0.80 + high * 0.75, -height * 0.10),
            (w + high, height * 0.55),
            (w * 0.86 + high, height),
        ],
        tension=0.8,
    )
    path = mapped(shape, matrix)
    front = math.cos(yaw)

    def details(canvas: Canvas) -> None:
        canvas.save()
        canvas.concat(matrix)
        _foot_details(canvas, look, (low, high), w, height, front)
        canvas.restore()

    figure.pen.part(
        depth,
        _LEG_PARTS[index],
        path,
        look.end_colour,
        paint=details,
        shade=0.75,
        fuzzy=look.fuzzy and kind == "paw",
    )


def _foot_details(
    canvas: Canvas,
    look: LimbLook,
    reach: tuple[float, float],
    w: float,
    height: float,
    front: float,
) -> None:
    low, high = reach
    middle = low + high
    if look.sole is not None and look.end in ("shoe", "boot"):
        canvas.drawRect(
            skia.Rect.MakeLTRB(
                snap(-w * 1.2 + low), snap(height * 0.55), snap(w * 1.2 + high), snap(height * 1.3)
            ),
            fill(look.sole),
        )
    if look.end == "shoe" and front > 0.2:
        lace = stroke(lighter(look.end_colour, 0.75), 2.4, 0.9)
        for y in (-0.16, 0.14):
            canvas.drawLine(
                snap(middle - w * 0.26),
                snap(height * y),
                snap(middle + w * 0.26),
                snap(height * y),
                lace,
            )
    if look.end in ("paw", "webbed") and front > 0.1:
        line = stroke(line_colour(look.end_colour), 2.2, 0.6)
        for x in (-0.32, 0.32):
            canvas.drawLine(
                snap(middle + x * w),
                snap(height * 0.35),
                snap(middle + x * w * 1.1),
                snap(height * 0.95),
                line,
            )
    if look.end == "boot":
        canvas.drawPath(
            ellipse(0, -height * 2.1, w * 1.2, height * 0.35), fill(darker(look.end_colour, 0.3))
        )
