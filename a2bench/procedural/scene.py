"""Rendering: one character dancing one dance, at any instant, in pixels and ground truth."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast as typing_cast

import numpy as np
import numpy.typing as npt
import skia

from a2bench.procedural.backgrounds import paint_background
from a2bench.procedural.bvh import CapturedDance, Dancer, captured_dance
from a2bench.procedural.cast import Character, travel_scale
from a2bench.procedural.dance import DURATION_SECONDS, Dance
from a2bench.procedural.drawing import draw_figure
from a2bench.procedural.drift import paint_drift
from a2bench.procedural.face import eye_places, nose_place
from a2bench.procedural.figure import BodyDesign, Figure
from a2bench.procedural.parts import SPRINGY, PartId
from a2bench.procedural.paths import ellipse, snap
from a2bench.procedural.pen import STYLES, Pen, Style, fill
from a2bench.procedural.rig import (
    ANKLES,
    EARS,
    ELBOWS,
    EYES,
    HIPS,
    KNEES,
    NECK,
    NOSE,
    SHOULDERS,
    WRISTS,
    Posture,
    Skeleton,
    pose_skeleton,
)
from a2bench.procedural.rng import Pcg32
from a2bench.procedural.vectors import Vec3, wrapped_degrees

FRAME_SIZE = (512, 768)
"""Width and height in px at scale 1."""
FLOOR_Y = 704.0
_SIDE_MARGIN = 16.0
_TOP_MARGIN = 34.0
_SHORTEST, _TALLEST = 0.61, 0.84
"""Bounds of the height of the standing character, in frame heights."""
_FRAMING_INSTANTS = 22

OWN_PARTS: dict[int, frozenset[int]] = {
    NOSE: frozenset({PartId.HEAD, PartId.TORSO, PartId.MOUTH}),
    NECK: frozenset({PartId.TORSO, PartId.HEAD, PartId.SOFT_ACCESSORY}),
    SHOULDERS[0]: frozenset({PartId.RIGHT_ARM, PartId.TORSO}),
    SHOULDERS[1]: frozenset({PartId.LEFT_ARM, PartId.TORSO}),
    ELBOWS[0]: frozenset({PartId.RIGHT_ARM}),
    ELBOWS[1]: frozenset({PartId.LEFT_ARM}),
    WRISTS[0]: frozenset({PartId.RIGHT_ARM}),
    WRISTS[1]: frozenset({PartId.LEFT_ARM}),
    HIPS[0]: frozenset({PartId.RIGHT_LEG, PartId.TORSO}),
    HIPS[1]: frozenset({PartId.LEFT_LEG, PartId.TORSO}),
    KNEES[0]: frozenset({PartId.RIGHT_LEG}),
    KNEES[1]: frozenset({PartId.LEFT_LEG}),
    ANKLES[0]: frozenset({PartId.RIGHT_LEG}),
    ANKLES[1]: frozenset({PartId.LEFT_LEG}),
    EYES[0]: frozenset({PartId.EYES}),
    EYES[1]: frozenset({PartId.EYES}),
    EARS[0]: frozenset({PartId.EAR, PartId.HEAD}),
    EARS[1]: frozenset({PartId.EAR, PartId.HEAD}),
}
"""A joint is visible where its pixel belongs to one of these parts. The neck lies inside the
body: the part that
wraps it counts, a limb or a hat before it does not."""


@dataclass(frozen=True)
class Frame:
    """One rendered instant and its truth; all arrays have the size of the frame."""

    rgb: npt.NDArray[np.uint8]
    """(h, w, 3)"""
    mask: npt.NDArray[np.bool_]
    """(h, w), true on the character, false on its shadow."""
    parts: npt.NDArray[np.uint8]
    """(h, w), values of `PartId`."""
    undefined: npt.NDArray[np.bool_]
    """(h, w), true where the driver of a `cross` scene does not decide the pixels."""
    joints: npt.NDArray[np.float64]
    """(18, 3): x, y in px of this frame and depth in the same unit, towards the viewer positive.
    Absent: 0."""
    visibility: npt.NDArray[np.uint8]
    """(18,): 2 visible, 1 occluded or outside the frame, 0 absent on this body."""
    yaw_degrees: float
    """Yaw of the hips in [-180, 180); positive turns towards the right of the image."""


@dataclass(frozen=True)
class Camera:
    """px = scale * own + shift."""

    scale: float
    shift_x: float
    shift_y: float


def eyelids(seed: int, time_seconds: float) -> float:
    """0 open, 1 closed: short blinks at seeded instants, never in the first 0.9 s."""
    rng = Pcg32(seed, "blinks")
    start = rng.uniform(0.9, 1.8)
    while start < DURATION_SECONDS:
        since = time_seconds - start
        if 0.0 <= since <= 0.18:
            return 1.0 - abs(since / 0.09 - 1.0) ** 2
        start += rng.uniform(1.6, 3.2)
    return 0.0


class Scene:
    """Renders one character dancing one dance.

    Time is continuous from 0 to 6.2 s: `frame(t)` is a pure function of t, so any frame rate and
    any order give
    the same pixels.
    """

    def __init__(
        self, character: Character, driver: Character | None = None, dancer: Dancer | None = None
    ) -> None:
        self.character = character
        self.driver = driver
        self.dancer = dancer
        self._background_cache: dict[float, skia.Image] = {}

    @classmethod
    def self_driven(cls, character: Character, dancer: Dancer | None = None) -> "Scene":
        """The character dancing its own dance, or what was captured of a dancer."""
        return cls(character, dancer=dancer)

    @classmethod
    def cross_driven(
        cls, reference: Character, driver: Character, dancer: Dancer | None = None
    ) -> "Scene":
        """The reference, in its own place and camera, dancing the dance of the driver."""
        return cls(reference, driver, dancer)

    @cached_property
    def design(self) -> BodyDesign:
        """The body of the character."""
        return self.character.design()

    @cached_property
    def _dance(self) -> Dance | CapturedDance:
        return self._dance_of(self.driver or self.character)

    @cached_property
    def _own_dance(self) -> Dance | CapturedDance:
        return self._dance_of(self.character)

    def _dance_of(self, character: Character) -> Dance | CapturedDance:
        if self.dancer is None:
            return character.dance()
        scale = travel_scale(character.design().rig)
        return captured_dance(self.dancer, character.seed, travel_scale=scale)

    @cached_property
    def _driver_design(self) -> BodyDesign:
        return self.driver.design() if self.driver is not None else self.design

    def posture(self, time_seconds: float) -> Posture:
        """What is danced at an instant: realised on the driver's rig, free of sizes."""
        return self._dance.posture(self._driver_design.rig, time_seconds)

    def _figure(
        self, time_seconds: float, posture: Posture, dance: Dance | CapturedDance
    ) -> Figure:
        figure = Figure(
            design=self.design,
            pen=Pen(self._style),
            skeleton=pose_skeleton(self.design.rig, posture),
            springs=dance.springs(time_seconds),
            eyelids=eyelids(self.character.seed, time_seconds),
            beat=time_seconds * dance.bpm / 60.0,
            time_seconds=time_seconds,
        )
        draw_figure(figure)
        return figure

    @property
    def _style(self) -> Style:
        return STYLES[self.character.style]

    @cached_property
    def camera(self) -> Camera:
        """One scale and shift for the whole dance, from the outlines of the reference's own self
        scene.
        """
        rig = self.design.rig
        left, right, top, tall, wide = 1e9, -1e9, 1e9, 1.0, 1.0
        for i in range(_FRAMING_INSTANTS):
            t = DURATION_SECONDS * i / (_FRAMING_INSTANTS - 1)
            figure = self._figure(t, self._own_dance.posture(rig, t), self._own_dance)
            x0, y0, x1, y1 = figure.pen.outline_bounds()
            left, right, top = min(left, x0), max(right, x1), min(top, y0)
            if i == 0:
                tall, wide = y1 - y0, x1 - x0
        width, height = FRAME_SIZE
        across = (width - 2 * _SIDE_MARGIN) / (right - left)
        upwards = (FLOOR_Y - _TOP_MARGIN) / -top
        # Hands may leave the frame in the dance before a character becomes small; heads never
        # do, and the
        # neutral stand is always whole.
        scale = max(min(across, _TALLEST * height / tall), _SHORTEST * height / tall)
        scale = min(scale, upwards, (width - 12.0) / wide)
        # Grids keep the camera free of the last bits of libm.
        scale = math.floor(scale * 1024 + 0.5) / 1024
        middle = snap((left + right) / 2)
        limit = width * 0.06 / scale
        return Camera(scale, snap(width / 2 - scale * max(-limit, min(limit, middle))), FLOOR_Y)

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
        pixel = self._style.pixel_size
        if pixel:
            drawn_width, drawn_height = FRAME_SIZE[0] // pixel, FRAME_SIZE[1] // pixel
            drawn_scale = 1.0 / pixel
        else:
            drawn_width, drawn_height, drawn_scale = width, height, scale
        posture = self.posture(time_seconds)
        figure = self._figure(time_seconds, posture, self._dance)
        rgb, parts = self._draw(figure, drawn_width, drawn_height, drawn_scale)
        drifting = self._drifting(time_seconds, drawn_width, drawn_height, drawn_scale)
        if pixel:
            rows = np.arange(height) * drawn_height // height
            columns = np.arange(width) * drawn_width // width
            rgb = _posterised(rgb, parts)[rows][:, columns]
            parts = parts[rows][:, columns]
            drifting = drifting[rows][:, columns] if drifting is not None else None
        undefined = self._undefined_table(posture)[parts]
        if drifting is not None:
            undefined |= drifting & (parts == int(PartId.BACKGROUND))
        joints, visibility = project_joints(
            named_joints(figure.design, figure.skeleton), self.camera, parts, scale
        )
        return Frame(
            rgb=rgb,
            mask=parts != int(PartId.BACKGROUND),
            parts=parts,
            undefined=undefined,
            joints=joints,
            visibility=visibility,
            yaw_degrees=wrapped_degrees(posture.yaw),
        )

    def _undefined_table(self, posture: Posture) -> npt.NDArray[np.bool_]:
        table = np.zeros(len(PartId), dtype=np.bool_)
        if self.driver is not None:
            table[[int(part) for part in SPRINGY]] = True
            if posture.arms is None:
                table[[int(PartId.RIGHT_ARM), int(PartId.LEFT_ARM)]] = True
            if posture.legs is None:
                table[[int(PartId.RIGHT_LEG), int(PartId.LEFT_LEG)]] = True
        return table

    def _draw(
        self, figure: Figure, width: int, height: int, scale: float
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        camera = self.camera
        layer_pixels, layer = canvas_of(width, height)
        id_pixels, ids = canvas_of(width, height)
        for surface in (layer, ids):
            canvas = surface.getCanvas()
            canvas.scale(scale, scale)
            canvas.translate(camera.shift_x, camera.shift_y)
            canvas.scale(camera.scale, camera.scale)
        figure.pen.paint(layer.getCanvas(), ids.getCanvas())
        out_pixels, out = canvas_of(width, height)
        canvas = out.getCanvas()
        canvas.drawImage(self._background(width, height, scale), 0, 0)
        canvas.scale(scale, scale)
        if self._drifts:
            place, seed = self.character.background, self.character.seed
            paint_drift(canvas, place, seed, figure.time_seconds)
        self._floor_shadow(canvas, figure)
        canvas.resetMatrix()
        if self._style.soft or self._style.edge or self._style.border:
            self._backdrop_shadow(canvas, figure, width, height, scale)
        canvas.drawImage(layer.makeImageSnapshot(), 0, 0)
        del layer_pixels
        rgb = np.ascontiguousarray(out_pixels[..., :3])
        return rgb, np.ascontiguousarray(id_pixels[..., 0])

    @property
    def _drifts(self) -> bool:
        return self.character.attributes["background_motion"] != "still"

    def _drifting(
        self, time_seconds: float, width: int, height: int, scale: float
    ) -> npt.NDArray[np.bool_] | None:
        """Where things drift in a `cross` scene, now or in the reference image: no driver decides
        those pixels.
        """
        if self.driver is None or not self._drifts:
            return None
        pixels, surface = canvas_of(width, height)
        canvas = surface.getCanvas()
        canvas.scale(scale, scale)
        for instant in (0.0, time_seconds):
            paint_drift(canvas, self.character.background, self.character.seed, instant)
        del surface
        return np.asarray(pixels[..., 3] > 0)

    def _background(self, width: int, height: int, scale: float) -> skia.Image:
        image = self._background_cache.get(scale)
        if image is None:
            pixels, surface = canvas_of(width, height)
            canvas = surface.getCanvas()
            canvas.scale(scale, scale)
            paint_background(
                canvas,
                self.character.background,
                self.character.palette_colours(),
                self.character.seed,
            )
            image = surface.makeImageSnapshot()
            del pixels
            # One size at a time: callers render a whole clip at one scale.
            self._background_cache = {scale: image}
        return image

    def _backdrop_shadow(
        self, canvas: skia.Canvas, figure: Figure, width: int, height: int, scale: float
    ) -> None:
        """A soft shadow on what is behind the character, at an eighth of the size: it is a blur
        anyway.
        """
        camera = self.camera
        small_width, small_height = max(1, width // 8), max(1, height // 8)
        pixels, surface = canvas_of(small_width, small_height)
        small = surface.getCanvas()
        small.scale(small_width / width * scale, small_height / height * scale)
        small.translate(camera.shift_x + 6.0, camera.shift_y + 8.0)
        small.scale(camera.scale, camera.scale)
        # The blur radius is in px of the character's own space, as the whole canvas is scaled.
        shadow = fill((0.06, 0.02, 0.13), 0.34, blur=snap(9.0 / camera.scale))
        small.drawPath(figure.pen.union(), shadow)
        canvas.save()
        # Enlarging is the costly step: only where the blurred shadow can reach.
        left, top, right, bottom = figure.pen.outline_bounds()
        canvas.clipRect(
            skia.Rect.MakeLTRB(
                math.floor((left * camera.scale + camera.shift_x - 56.0) * scale),
                math.floor((top * camera.scale + camera.shift_y - 56.0) * scale),
                math.ceil((right * camera.scale + camera.shift_x + 64.0) * scale),
                math.ceil((bottom * camera.scale + camera.shift_y + 64.0) * scale),
            ),
            doAntiAlias=False,
        )
        canvas.scale(width / small_width, height / small_height)
        canvas.drawImage(
            surface.makeImageSnapshot(), 0, 0, skia.SamplingOptions(skia.FilterMode.kLinear)
        )
        canvas.restore()
        del pixels

    def _floor_shadow(self, canvas: skia.Canvas, figure: Figure) -> None:
        camera, rig = self.camera, self.design.rig
        root = figure.skeleton.root
        lowest = 0.0 if not rig.has_legs else rig.ankle_height
        if figure.skeleton.legs is not None:
            lowest = -max(leg[2][1] for leg in figure.skeleton.legs) - rig.ankle_height
        else:
            lowest = max(0.0, -root[1])
        fade = 1.0 / (1.0 + max(0.0, lowest) / 70.0)
        half = (0.95 * rig.torso.half_width + 0.25 * rig.leg) * camera.scale * (0.72 + 0.28 * fade)
        x = root[0] * camera.scale + camera.shift_x
        y = camera.shift_y - 3.0
        tone = (0.06, 0.03, 0.12)
        if self._style.soft or self._style.edge or self._style.outline:
            canvas.drawPath(ellipse(x, y, half, half * 0.15), fill(tone, 0.42 * fade, blur=7.0))
            canvas.drawPath(
                ellipse(x, y, half * 0.66, half * 0.085), fill(tone, 0.38 * fade, blur=3.5)
            )
        else:
            canvas.drawPath(ellipse(x, y, half * 0.9, half * 0.12), fill(tone, 0.30 * fade))


def project_joints(
    named: dict[int, tuple[Vec3, bool]],
    camera: Camera,
    parts: npt.NDArray[np.uint8],
    scale: float,
    own_parts: Mapping[int, frozenset[int]] = OWN_PARTS,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """Joints (18, 3) in px of the frame and their visibility (18,), from what was drawn.

    A joint is visible where its surface faces the viewer and its pixel belongs to one of its own
    parts.
    """
    height, width = parts.shape
    joints = np.zeros((18, 3), dtype=np.float64)
    visibility = np.zeros(18, dtype=np.uint8)
    for index, ((x, y, z), facing) in named.items():
        px = (x * camera.scale + camera.shift_x) * scale
        py = (y * camera.scale + camera.shift_y) * scale
        joints[index] = (px, py, z * camera.scale * scale)
        column, row = math.floor(px), math.floor(py)
        seen = (
            facing
            and 0 <= column < width
            and 0 <= row < height
            and int(parts[row, column]) in own_parts[index]
        )
        visibility[index] = 2 if seen else 1
    return joints, visibility


def named_joints(design: BodyDesign, skeleton: Skeleton) -> dict[int, tuple[Vec3, bool]]:
    """Joint index -> position in px of the character's own space, and whether its surface faces
    the viewer.
    """
    face, head = design.face, skeleton.head
    nose = nose_place(face, head)
    result: dict[int, tuple[Vec3, bool]] = {NOSE: ((nose.x, nose.y, nose.z), nose.facing > 0.08)}
    for index, eye in zip(EYES, eye_places(face, head), strict=True):
        result[index] = ((eye.x, eye.y, eye.z), eye.facing > 0.10)
    if design.ear_azimuth is not None:
        for index, side in zip(EARS, (-1.0, 1.0), strict=True):
            ear = head.place(side * design.ear_azimuth, design.ear_v, 0.92)
            near = ear.z - head.centre(design.ear_v)[2] > -0.45 * head.solid.half_width
            result[index] = ((ear.x, ear.y, ear.z), near)
    if design.rig.has_arms or design.rig.head is not None:
        result[NECK] = (skeleton.neck, True)
    if skeleton.arms is not None:
        for side_index, arm in enumerate(skeleton.arms):
            for joint, position in zip((SHOULDERS, ELBOWS, WRISTS), arm, strict=True):
                result[joint[side_index]] = (position, True)
    if skeleton.legs is not None:
        for side_index, leg in enumerate(skeleton.legs):
            for joint, position in zip((HIPS, KNEES, ANKLES), leg, strict=True):
                result[joint[side_index]] = (position, True)
    return result


def canvas_of(width: int, height: int) -> tuple[npt.NDArray[np.uint8], skia.Surface]:
    """Pixels and the surface that draws into them: 8-bit RGBA in this byte order on every
    machine.
    """
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    surface = skia.Surface(
        pixels, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    return pixels, surface


_DITHER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.int32)


def _posterised(rgb: npt.NDArray[np.uint8], parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Twelve levels per channel on the character: the palette of a small console.

    The place has twice as many and a light ordered dither, so that skies do not fall into bands.
    All in integers.
    """
    wide = rgb.astype(np.int32)
    levels = (wide * 11 + 127) // 255
    figure = (levels * 255 + 5) // 11
    height, width = parts.shape
    noise = np.tile(_DITHER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    levels = (wide * 23 + 67 + noise * 8) // 255
    place = (levels * 255 + 11) // 23
    return typing_cast(
        npt.NDArray[np.uint8],
        np.where((parts == 0)[..., None], np.minimum(place, 255), figure).astype(np.uint8),
    )
