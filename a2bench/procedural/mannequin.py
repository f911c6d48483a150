"""The neutral human of the `rescaled` protocol: a shop-window doll that dances a character's dance.

Its bones point where the character's do (the same transfer as in `cross`); its lengths are those of
a seeded human body (`a2bench.pose.anthropometry`). Limbs that a character does not have hang in the
neutral stand, as the doll has all of them; squash and stretch, springs and blinks it has not.
"""

import math
from dataclasses import replace
from functools import cached_property

import numpy as np
import skia

from a2bench.pose.anthropometry import HumanBody, human_anchor
from a2bench.procedural.bvh import Dancer
from a2bench.procedural.cast import Character
from a2bench.procedural.colour import Colour, darker, hex_colour, lighter, mix
from a2bench.procedural.dance import DURATION_SECONDS
from a2bench.procedural.face import azimuth_of, eye_places, nose_place
from a2bench.procedural.figure import BodyDesign, FaceDesign, SurfaceLook
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import (
    Path,
    curve,
    ellipse,
    mapped,
    matrix_of,
    polygon,
    snap,
    tapered_limb,
)
from a2bench.procedural.pen import Canvas, Pen, Style, argb, fill, stroke
from a2bench.procedural.rig import EYES, Posture, Rig, Skeleton, pose_skeleton
from a2bench.procedural.scene import (
    FLOOR_Y,
    FRAME_SIZE,
    OWN_PARTS,
    Camera,
    Frame,
    Scene,
    canvas_of,
    named_joints,
    project_joints,
)
from a2bench.procedural.solids import PosedSolid, Solid
from a2bench.procedural.vectors import (
    Vec2,
    Vec3,
    add,
    lerp,
    rotated,
    scaled,
    smoothstep,
    subtract,
    unit,
    wrapped_degrees,
    yaw_rotation,
)

STATURE = 560.0
"""Of the doll in its own space, in px."""

SKIN: Colour = hex_colour("d9ab8c")
HAIR: Colour = hex_colour("4a352b")
SHIRT: Colour = hex_colour("7f95a8")
TROUSERS: Colour = hex_colour("3f4654")
SHOES: Colour = hex_colour("e4e2de")
_WALL: Colour = hex_colour("e9e6e1")
_FLOOR: Colour = hex_colour("d6d1ca")

_STYLE = Style("mannequin", soft=0.62, rim=0.22)
_SIDE_MARGIN, _TOP_MARGIN = 14.0, 26.0
_SHORTEST = 0.58
"""Least stature as a share of the frame: hands may leave the frame before the doll gets smaller."""
_FRAMING_INSTANTS = 32

_OWN_PARTS = OWN_PARTS | {eye: frozenset({PartId.EYES, PartId.HEAD}) for eye in EYES}

_TORSO_TOP = 0.836
"""Height of the base of the neck."""
_CROTCH = 0.055
"""How far the trunk reaches below the hip joints."""
_TRUNK: tuple[Vec2, ...] = (
    (0.0, 0.22),
    (0.04, 0.58),
    (0.13, 0.84),
    (0.24, 0.83),
    (0.40, 0.70),
    (0.52, 0.69),
    (0.70, 0.80),
    (0.82, 0.92),
    (0.90, 1.0),
    (0.95, 0.96),
    (0.985, 0.62),
    (1.0, 0.34),
)
_TRUNK_DEPTH = 0.64
_HEM = 0.20
"""Where the shirt ends, as a share of the trunk's height."""
_SKULL: tuple[Vec2, ...] = (
    (0.0, 0.30),
    (0.05, 0.48),
    (0.16, 0.70),
    (0.30, 0.86),
    (0.45, 0.95),
    (0.62, 1.0),
    (0.78, 0.95),
    (0.90, 0.76),
    (0.97, 0.45),
    (1.0, 0.22),
)
_HAIRLINE: tuple[Vec2, ...] = (
    (0.0, 0.80),
    (35.0, 0.79),
    (62.0, 0.70),
    (78.0, 0.50),
    (96.0, 0.46),
    (112.0, 0.22),
    (150.0, 0.12),
    (180.0, 0.10),
)
"""Height of the hairline on the head at azimuths from the front to the back."""

_HAND: tuple[Vec2, ...] = (
    (-0.08, -0.20),
    (0.10, -0.26),
    (0.42, -0.30),
    (0.72, -0.24),
    (1.0, -0.10),
    (1.02, 0.06),
    (0.86, 0.18),
    (0.58, 0.26),
    (0.66, 0.44),
    (0.56, 0.52),
    (0.36, 0.42),
    (0.14, 0.24),
    (-0.08, 0.20),
)
"""Outline of a hand: x along the forearm, y towards the thumb, in hand lengths."""


def human_design(body: HumanBody) -> BodyDesign:
    """The doll's rig and the places of its face."""
    s = STATURE
    hips = (body.ankle_height + body.leg) * s
    bottom = hips - _CROTCH * s
    rise = (body.shoulder_height - 0.818) * s
    torso_height = _TORSO_TOP * s + rise - bottom
    head_height = s - body.chin_height * s
    gap = body.chin_height * s - (_TORSO_TOP * s + rise)
    eye_v = (body.eye_height - body.chin_height) * s / head_height
    rig = Rig(
        torso=Solid(torso_height, body.shoulder_breadth * s * 0.455, _TRUNK, _TRUNK_DEPTH),
        head=Solid(
            head_height,
            body.head_breadth * s / 2,
            _SKULL,
            body.head_depth / body.head_breadth,
        ),
        leg=body.leg * s,
        ankle_height=body.ankle_height * s,
        hip_half=body.hip_joints * s / 2,
        shoulder_v=(body.shoulder_height * s - bottom) / torso_height,
        shoulder_half=body.shoulder_joints * s / 2,
        upper_arm=body.upper_arm * s,
        forearm=body.forearm * s,
        has_arms=True,
        has_legs=True,
        neck_sink=-gap / head_height,
        seat=_CROTCH * s,
    )
    face = FaceDesign(
        eye_gap=body.eyes_apart * s / 2,
        eye_v=eye_v,
        eye_radius=0.012 * s,
        nose_v=eye_v * 0.62,
        cheeks=None,
    )
    return BodyDesign(
        plan="human",
        rig=rig,
        torso=SurfaceLook(SHIRT),
        head=SurfaceLook(SKIN),
        face=face,
        arms=None,
        legs=None,
        ear_azimuth=92.0,
        ear_v=eye_v * 0.86,
    )


class MannequinScene:
    """The doll in a plain studio, dancing the dance of one character; a pure function of time."""

    def __init__(self, character: Character, dancer: Dancer | None = None) -> None:
        self.character = character
        self.anchor = human_anchor(character.id)
        self._source = Scene.self_driven(character, dancer)
        self._studio: dict[tuple[int, int], skia.Image] = {}

    @cached_property
    def design(self) -> BodyDesign:
        """The body of the doll."""
        return human_design(self.anchor.body)

    def posture(self, time_seconds: float) -> Posture:
        """What the character dances, free of its sizes and of squash and stretch."""
        return replace(self._source.posture(time_seconds), squash=0.0)

    def skeleton(self, time_seconds: float) -> Skeleton:
        """The doll at an instant, in px of its own space."""
        return pose_skeleton(self.design.rig, self.posture(time_seconds))

    @cached_property
    def camera(self) -> Camera:
        """One scale and shift for the whole dance: the seeded stature, less where hands or head
        would leave the frame.
        """
        left, right, top = -0.05 * STATURE, 0.05 * STATURE, -STATURE
        reach = self.anchor.body.hand * STATURE * 0.8
        for i in range(_FRAMING_INSTANTS):
            skeleton = self.skeleton(DURATION_SECONDS * i / (_FRAMING_INSTANTS - 1))
            assert skeleton.arms is not None
            assert skeleton.legs is not None
            for _, elbow, wrist in skeleton.arms:
                tip = add(wrist, scaled(unit(subtract(wrist, elbow)), reach))
                left, right = min(left, tip[0]), max(right, tip[0])
                top = min(top, tip[1])
            for leg in skeleton.legs:
                left, right = min(left, leg[2][0] - 24), max(right, leg[2][0] + 24)
            top = min(top, skeleton.head.centre(1.0)[1] - 10)
        width, height = FRAME_SIZE
        across = (width - 2 * _SIDE_MARGIN) / (right - left)
        upwards = (FLOOR_Y - _TOP_MARGIN) / -top
        scale = max(
            min(self.anchor.stature * height / STATURE, across), _SHORTEST * height / STATURE
        )
        scale = math.floor(min(scale, upwards) * 1024 + 0.5) / 1024
        limit = width * 0.08 / scale
        middle = max(-limit, min(limit, snap((left + right) / 2)))
        return Camera(scale, snap(width / 2 - scale * middle), FLOOR_Y)

    def frame(self, time_seconds: float, *, scale: float = 1.0) -> Frame:
        """The frame at an instant, `scale` times the size of 512 x 768.

        Raises:
            ValueError: for an instant outside 0 to 6.2 s, or a scale that leaves no pixels.
        """
        if not 0.0 <= time_seconds <= DURATION_SECONDS:
            raise ValueError(
                f"{time_seconds = } is outside the dance: ask for 0 to {DURATION_SECONDS} seconds"
            )
        width, height = (round(side * scale) for side in FRAME_SIZE)
        if width < 1 or height < 1:
            raise ValueError(f"{scale = } leaves no pixels: ask for a scale of 0.01 or more")
        skeleton = self.skeleton(time_seconds)
        pen = Pen(_STYLE)
        _draw(pen, self.design, self.anchor.body, skeleton)
        out_pixels, out = canvas_of(width, height)
        id_pixels, ids = canvas_of(width, height)
        canvas = out.getCanvas()
        canvas.drawImage(self._background(width, height), 0, 0)
        for one in (canvas, ids.getCanvas()):
            one.scale(scale, scale)
            one.translate(self.camera.shift_x, self.camera.shift_y)
            one.scale(self.camera.scale, self.camera.scale)
        _floor_shadow(canvas, skeleton)
        pen.paint(canvas, ids.getCanvas())
        parts = np.ascontiguousarray(id_pixels[..., 0])
        joints, visibility = project_joints(
            named_joints(self.design, skeleton), self.camera, parts, scale, _OWN_PARTS
        )
        return Frame(
            rgb=np.ascontiguousarray(out_pixels[..., :3]),
            mask=parts != int(PartId.BACKGROUND),
            parts=parts,
            undefined=np.zeros(parts.shape, np.bool_),
            joints=joints,
            visibility=visibility,
            yaw_degrees=wrapped_degrees(skeleton.yaw),
        )

    def _background(self, width: int, height: int) -> skia.Image:
        """A plain studio: wall, floor, and a soft seam between them."""
        image = self._studio.get((width, height))
        if image is None:
            pixels, surface = canvas_of(width, height)
            shader = skia.GradientShader.MakeLinear(
                [(0.0, 0.0), (0.0, float(height))],
                [
                    argb(lighter(_WALL, 0.4)),
                    argb(_WALL),
                    argb(darker(_FLOOR, 0.06)),
                    argb(_FLOOR),
                ],
                [0.0, 0.70, 0.84, 1.0],
            )
            surface.getCanvas().drawPaint(skia.Paint(Shader=shader))
            image = surface.makeImageSnapshot()
            del pixels
            self._studio = {(width, height): image}
        return image


def _floor_shadow(canvas: Canvas, skeleton: Skeleton) -> None:
    assert skeleton.legs is not None
    tone = (0.12, 0.10, 0.12)
    x = skeleton.root[0]
    canvas.drawPath(ellipse(x, 0.0, 96.0, 15.0), fill(tone, 0.16, blur=9.0))
    for leg in skeleton.legs:
        fade = 1.0 / (1.0 + max(0.0, -leg[2][1] - 0.039 * STATURE) / 60.0)
        canvas.drawPath(ellipse(leg[2][0], 3.0, 34.0, 7.0), fill(tone, 0.34 * fade, blur=5.0))


def _draw(pen: Pen, design: BodyDesign, body: HumanBody, skeleton: Skeleton) -> None:
    assert skeleton.legs is not None
    assert skeleton.arms is not None
    for index, leg in enumerate(skeleton.legs):
        _leg(pen, leg, skeleton, body, index)
    _trunk(pen, skeleton.torso, skeleton)
    _head(pen, design, skeleton)
    for index, arm in enumerate(skeleton.arms):
        _arm(pen, arm, skeleton, body, index)


def _flat(*points: Vec3) -> list[Vec2]:
    return [(p[0], p[1]) for p in points]


def _leg(
    pen: Pen, joints: tuple[Vec3, Vec3, Vec3], skeleton: Skeleton, body: HumanBody, index: int
) -> None:
    s, part = STATURE, (PartId.RIGHT_LEG, PartId.LEFT_LEG)[index]
    hip, knee, ankle = joints
    z = 0.3 * hip[2] + 0.4 * knee[2] + 0.3 * ankle[2] - skeleton.root[2]
    depth = -10.0 + max(-5.0, min(5.0, z * 0.05)) + index * 0.01
    line = [hip, lerp(hip, knee, 0.5), knee, lerp(knee, ankle, 0.4), ankle]
    widths = [0.100 * s, 0.094 * s, 0.068 * s, 0.066 * s, 0.044 * s]
    pen.part(depth, part, tapered_limb(_flat(*line), widths), TROUSERS, shade=0.6)
    _foot(pen, depth - 0.2, part, joints, skeleton, body, index)


def _foot(
    pen: Pen,
    depth: float,
    part: PartId,
    joints: tuple[Vec3, Vec3, Vec3],
    skeleton: Skeleton,
    body: HumanBody,
    index: int,
) -> None:
    """A shoe from heel to toe: flat on the floor, at right angles to the shin in the air."""
    s = STATURE
    _, knee, ankle = joints
    outwards = 12.0 * (-1.0 if index == 0 else 1.0)
    forward = rotated(yaw_rotation(skeleton.yaw + outwards), (0.0, 0.0, 1.0))
    shin = unit(subtract(ankle, knee))
    overlap = sum(a * b for a, b in zip(forward, shin, strict=True))
    raised = unit(subtract(forward, scaled(shin, overlap)))
    height = -ankle[1] - body.ankle_height * s
    lifted = smoothstep(height / (0.08 * s))
    way = unit(lerp(forward, raised, lifted))
    down = unit(lerp((0.0, 1.0, 0.0), shin, 0.7 * lifted))
    drop = body.ankle_height * s
    heel = add(add(ankle, scaled(way, -0.030 * s)), scaled(down, 0.45 * drop))
    toe = add(add(ankle, scaled(way, (body.foot_length - 0.055) * s)), scaled(down, 0.50 * drop))
    # Parallel projection shows no floor: a toe that points at the viewer is drawn a little lower.
    toe = add(toe, (0.0, max(0.0, way[2]) * 0.016 * s, 0.0))
    path = tapered_limb(_flat(heel, lerp(heel, toe, 0.45), toe), [0.042 * s, 0.048 * s, 0.040 * s])
    pen.part(depth + (0.4 if way[2] > -0.3 else 0.0), part, path, SHOES, shade=0.9)


def _trunk(pen: Pen, torso: PosedSolid, skeleton: Skeleton) -> None:
    """Hips under the legs, then the shirt over both, down to its hem."""
    outline = torso.outline()
    pen.part(-16.0, PartId.TORSO, outline, TROUSERS, shade=0.5)

    def under_chin(canvas: Canvas) -> None:
        chin = skeleton.head.centre(0.0)
        canvas.drawPath(
            ellipse(chin[0], chin[1] + 36.0, 36.0, 13.0), fill(darker(SHIRT, 0.8), 0.26, blur=8.0)
        )

    shirt = _above(torso, _HEM)
    pen.part(0.0, PartId.TORSO, shirt, SHIRT, paint=under_chin, shade=0.8)


def _above(torso: PosedSolid, v: float) -> Path:
    """The outline of the trunk from a height upwards, with a hem that sags a little."""
    left, right = [], []
    width = torso.solid.width_at(v) * 1.03
    levels = [(v, width), (v + 0.015, width)]
    levels += [(u, w * torso.solid.half_width) for u, w in torso.solid.profile if u > v + 0.03]
    for u, half in levels:
        a, b = torso.side_points(u, half)
        left.append(a)
        right.append(b)
    low = torso.centre(v - 0.03)
    return curve([(low[0], low[1]), *right, *left[::-1]], tension=0.9)


def _head(pen: Pen, design: BodyDesign, skeleton: Skeleton) -> None:
    s, head, torso = STATURE, skeleton.head, skeleton.torso
    base, top = torso.point(0.0, 0.965, 0.0), head.point(0.0, 0.16, -0.1 * head.solid.half_width)
    neck = tapered_limb(_flat(base, top), [0.066 * s, 0.060 * s])
    shadow = head.centre(0.02)

    def under_chin(canvas: Canvas) -> None:
        canvas.drawPath(
            ellipse(shadow[0], shadow[1], 0.042 * s, 0.020 * s),
            fill(darker(SKIN, 0.7), 0.45, blur=4.0),
        )

    pen.part(2.0, PartId.HEAD, neck, SKIN, paint=under_chin, shade=0.4)
    for side in (-1.0, 1.0):
        ear = head.place(side * 92.0, design.ear_v, 1.02)
        if ear.facing > -0.55:
            depth = 20.5 if ear.facing > 0.3 else 18.0
            wide = 0.010 * s + 0.006 * s * max(0.0, ear.facing)
            path = mapped(
                ellipse(0.0, 0.0, wide, 0.018 * s),
                matrix_of(
                    head.pose.tilt[0][0], head.pose.tilt[0][1],
                    head.pose.tilt[1][0], head.pose.tilt[1][1], ear.x, ear.y,
                ),
            )  # fmt: skip
            pen.part(depth, PartId.EAR, path, mix(SKIN, darker(SKIN, 0.5), 0.2), shade=0.6)

    def features(canvas: Canvas) -> None:
        _face(canvas, design, head)

    pen.part(20.0, PartId.HEAD, head.outline(), SKIN, paint=features, shade=0.85)
    pen.part(20.4, PartId.HEAD, _hair(head), HAIR, shade=0.7)


def _hairline(azimuth_degrees: float) -> float:
    a = abs(wrapped_degrees(azimuth_degrees))
    before = _HAIRLINE[0]
    for point in _HAIRLINE[1:]:
        if point[0] >= a:
            f = (a - before[0]) / (point[0] - before[0])
            return before[1] + (point[1] - before[1]) * f
        before = point
    return before[1]


def _hair(head: PosedSolid) -> Path:
    """The outline of the hair that is seen: along the hairline, up the far side, over the crown.

    Azimuths from one edge of the head to the other as the viewer sees it; no path operations,
    which may fail on shapes that touch themselves.
    """
    middle = -head.yaw(0.7)
    reach = 92.0
    azimuths = [middle - reach + 2 * reach * i / 24 for i in range(25)]
    points = [_seen(head, a, _hairline(a)) for a in azimuths]
    for edge, order in ((azimuths[-1], range(1, 7)), (azimuths[0], range(6, 0, -1))):
        low = _hairline(edge)
        points += [_seen(head, edge, low + (1.0 - low) * i / 6) for i in order]
    return polygon(points)


def _seen(head: PosedSolid, azimuth: float, v: float) -> Vec2:
    place = head.place(azimuth, v, 1.05)
    return (place.x, place.y)


def _face(canvas: Canvas, design: BodyDesign, head: PosedSolid) -> None:
    """Eyes, brows, nose and mouth, hinted: enough to see which way the doll looks."""
    face = design.face
    line = darker(SKIN, 0.8)
    for place in eye_places(face, head):
        if place.facing <= 0.12:
            continue
        canvas.save()
        canvas.concat(place.matrix())
        canvas.drawPath(ellipse(0.0, -1.0, 9.0, 6.5), fill(darker(SKIN, 0.5), 0.35, blur=2.0))
        canvas.drawPath(ellipse(0.0, 0.0, 6.6, 3.5), fill((0.96, 0.95, 0.94)))
        canvas.drawPath(ellipse(0.0, 0.0, 3.1, 3.3), fill(hex_colour("4b3a30")))
        canvas.drawPath(ellipse(0.0, 0.0, 1.5, 1.6), fill(hex_colour("15100e")))
        lid = curve([(-7.0, 0.6), (-3.5, -3.0), (2.0, -3.6), (7.0, -0.6)], closed=False)
        canvas.drawPath(lid, stroke(darker(HAIR, 0.3), 1.5))
        brow = curve([(-8.0, -8.4), (0.0, -11.0), (8.5, -8.6)], closed=False)
        canvas.drawPath(brow, stroke(HAIR, 2.6, 0.85))
        canvas.restore()
    nose = nose_place(face, head)
    bridge = head.place(0.0, face.eye_v - 0.02, 1.0)
    tip = head.place(0.0, face.nose_v, 1.16)
    if nose.facing > -0.1:
        wing = head.place(azimuth_of(head, 6.0, face.nose_v - 0.03), face.nose_v - 0.03, 1.06)
        other = head.place(azimuth_of(head, -6.0, face.nose_v - 0.03), face.nose_v - 0.03, 1.06)
        ridge = curve([(bridge.x, bridge.y), (tip.x, tip.y - 3.0), (tip.x, tip.y)], closed=False)
        canvas.drawPath(ridge, stroke(line, 3.2, 0.22, blur=1.6))
        under = curve([(other.x, other.y), (tip.x, tip.y + 2.5), (wing.x, wing.y)], closed=False)
        canvas.drawPath(under, stroke(line, 2.0, 0.55, blur=0.6))
    v = face.nose_v * 0.58
    mouth = head.place(0.0, v, 1.0)
    if mouth.facing > 0.1:
        canvas.save()
        canvas.concat(mouth.matrix())
        lip = mix(SKIN, hex_colour("a04848"), 0.38)
        canvas.drawPath(ellipse(0.0, 1.4, 8.6, 3.0), fill(lip, 0.8))
        canvas.drawPath(ellipse(0.0, -1.0, 7.0, 1.6), fill(lip, 0.8))
        cut = curve([(-9.6, -0.2), (0.0, 0.8), (9.6, -0.2)], closed=False)
        canvas.drawPath(cut, stroke(darker(lip, 0.6), 1.3))
        canvas.restore()


def _arm(
    pen: Pen, joints: tuple[Vec3, Vec3, Vec3], skeleton: Skeleton, body: HumanBody, index: int
) -> None:
    """Upper arm with its sleeve, forearm and hand, each before or behind the trunk by its depth."""
    s, part = STATURE, (PartId.RIGHT_ARM, PartId.LEFT_ARM)[index]
    shoulder, elbow, wrist = joints
    middle = skeleton.torso.centre(0.7)[2]
    upper_z = 0.4 * shoulder[2] + 0.6 * elbow[2] - middle
    lower_z = 0.5 * elbow[2] + 0.5 * wrist[2] - middle
    upper_depth = (10.0 if upper_z > -0.035 * s else -14.0) + index * 0.01
    lower_depth = upper_depth + 0.5
    if lower_z > 0.03 * s:
        lower_depth = 40.0 + index * 0.01
    elif lower_z < -0.05 * s:
        lower_depth = -15.0 + index * 0.01
    line = [shoulder, lerp(shoulder, elbow, 0.45), elbow]
    pen.part(
        upper_depth, part, tapered_limb(_flat(*line), [0.054 * s, 0.054 * s, 0.046 * s]), SKIN,
        shade=0.85,
    )  # fmt: skip
    sleeve = tapered_limb(
        _flat(shoulder, elbow), [0.064 * s, 0.064 * s], start=0.0, end=0.66, flat_end=True
    )
    pen.part(upper_depth + 0.1, part, sleeve, SHIRT, shade=0.55)
    line = [elbow, lerp(elbow, wrist, 0.35), wrist]
    pen.part(
        lower_depth, part, tapered_limb(_flat(*line), [0.048 * s, 0.047 * s, 0.032 * s]), SKIN,
        shade=0.85,
    )  # fmt: skip
    reach = subtract(wrist, elbow)
    seen = math.sqrt(reach[0] ** 2 + reach[1] ** 2) / max(body.forearm * s, 1e-6)
    across = (reach[0], reach[1]) if seen > 0.06 else (0.0, 1.0)
    size = math.sqrt(across[0] ** 2 + across[1] ** 2)
    cos, sin = across[0] / size, across[1] / size
    long, wide = 0.9 * body.hand * s * max(0.45, min(1.0, seen)), 0.74 * body.hand * s
    thumb = 1.0 if index == 0 else -1.0
    matrix = matrix_of(
        cos * long, -sin * wide * thumb, sin * long, cos * wide * thumb, wrist[0], wrist[1]
    )
    pen.part(lower_depth + 0.1, part, _hand(matrix), SKIN, shade=0.7)


def _hand(matrix: skia.Matrix) -> Path:
    points = [(matrix.mapXY(x, y).x(), matrix.mapXY(x, y).y()) for x, y in _HAND]
    return curve(points, tension=0.9)
