"""Puts a whole figure together: body, head, face, limbs and everything that hangs on them."""

from a2bench.procedural.colour import darker
from a2bench.procedural.face import draw_face
from a2bench.procedural.figure import Figure, SurfaceLook, SurfacePaint
from a2bench.procedural.limbs import draw_arms, draw_legs
from a2bench.procedural.parts import PartId
from a2bench.procedural.paths import Path
from a2bench.procedural.pen import Canvas, Draw
from a2bench.procedural.solids import PosedSolid

_TORSO_DEPTH = 0.0
_HEAD_DEPTH = 20.0


def draw_figure(figure: Figure) -> None:
    """Adds every part of the figure to its pen."""
    design, skeleton = figure.design, figure.skeleton
    draw_legs(figure)
    outline = design.torso_outline(figure) if design.torso_outline is not None else None
    _draw_solid(figure, skeleton.torso, design.torso, _TORSO_DEPTH, PartId.TORSO, outline)
    if design.head is not None:
        _draw_solid(figure, skeleton.head, design.head, _HEAD_DEPTH, PartId.HEAD)
    draw_arms(figure)
    draw_face(figure)
    for feature in design.features:
        feature(figure)


def _draw_solid(
    figure: Figure,
    solid: PosedSolid,
    look: SurfaceLook,
    depth: float,
    part: PartId,
    outline: Path | None = None,
) -> None:
    def painter(paints: tuple[SurfacePaint, ...]) -> Draw | None:
        def paint(canvas: Canvas) -> None:
            for item in paints:
                item(canvas, solid)

        return paint if paints else None

    pen = figure.pen
    if solid.solid.slab:
        side = look.side if look.side is not None else darker(look.colour, 0.35)
        pen.part(
            depth,
            part,
            solid.outline(),
            side,
            paint=painter(look.side_paints),
            fuzzy=look.fuzzy,
            shade=0.5 * look.shade,
        )
        pen.part(
            depth + 0.01,
            part,
            solid.face_outline(),
            look.colour if solid.front > 0 else darker(look.colour, 0.15),
            paint=painter(look.paints if solid.front > 0 else look.back_paints),
            outline=False,
            glossy=look.glossy,
            fuzzy=False,
            shade=look.shade,
        )
        return
    pen.part(
        depth,
        part,
        outline if outline is not None else solid.outline(),
        look.colour,
        paint=painter(look.paints),
        glossy=look.glossy,
        fuzzy=look.fuzzy,
        shade=look.shade,
    )
