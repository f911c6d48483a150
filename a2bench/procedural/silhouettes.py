"""Silhouettes of species: what is left of a kind of character without colour and size.

A species must be a shape of its own, not another one in other colours. Each is built by one
recipe that is the same for all of a body plan, drawn as a black shape in four views, and fitted
into one square; the distance of two species is the share of their shapes that does not overlap.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
import skia

from a2bench.procedural.colour import PALETTES
from a2bench.procedural.dance import SpringState
from a2bench.procedural.drawing import draw_figure
from a2bench.procedural.figure import Figure
from a2bench.procedural.moves import NEUTRAL
from a2bench.procedural.paths import snap
from a2bench.procedural.pen import STYLES, Pen, fill
from a2bench.procedural.registry import SPECIES
from a2bench.procedural.rig import pose_skeleton, realise
from a2bench.procedural.species import Recipe

_SIDE = 64
_VIEWS = (0.0, 45.0, 90.0)
"""Yaw in degrees; the outline from behind mirrors that from the front."""


@cache
def silhouette(species_name: str) -> npt.NDArray[np.bool_]:
    """Return (3, 64, 64): front, half turned and side view, each view filling its square."""
    species = SPECIES[species_name]
    # Proportions and outfits are shared by many species: the plainest one each can have.
    recipe = Recipe(
        seed=1,
        style="flat",
        coat=0,
        proportions=next(
            (name for name in ("chibi", "noodle") if name in species.proportions),
            species.proportions[0],
        ),
        outfit=next(
            (name for name in ("nothing", "t-shirt", "sneakers") if name in species.outfits),
            species.outfits[0],
        ),
        pattern="plain",
        palette=PALETTES["teal"],
        accessory="none",
        background="studio",
    )
    design = species.build(recipe)
    views = []
    for yaw in _VIEWS:
        posture = realise(design.rig, NEUTRAL._replace(yaw=yaw, stance_yaw=yaw))
        figure = Figure(
            design=design,
            pen=Pen(STYLES["flat"]),
            skeleton=pose_skeleton(design.rig, posture),
            springs=SpringState(0.0, 0.0),
            eyelids=0.0,
            beat=0.0,
            time_seconds=0.0,
        )
        draw_figure(figure)
        views.append(_fitted(figure.pen))
    return np.stack(views)


def _fitted(pen: Pen) -> npt.NDArray[np.bool_]:
    left, top, right, bottom = pen.outline_bounds()
    pixels = np.zeros((_SIDE, _SIDE, 4), dtype=np.uint8)
    surface = skia.Surface(
        pixels, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    canvas = surface.getCanvas()
    # One scale for width and height: a slim body stays slim.
    scale = snap(_SIDE / max(right - left, bottom - top) * 64.0) / 64.0
    canvas.translate(_SIDE / 2, _SIDE / 2)
    canvas.scale(scale, scale)
    canvas.translate(snap(-(left + right) / 2), snap(-(top + bottom) / 2))
    for part in pen.parts:
        if part.path is not None:
            canvas.drawPath(part.path, fill((0.0, 0.0, 0.0)))
    return np.asarray(pixels[..., 3] > 127)


def species_distance(first: str, second: str) -> float:
    """Return the share of both silhouettes that only one of them covers: 0 alike, 1 apart."""
    a, b = silhouette(first), silhouette(second)
    return 1.0 - float((a & b).sum()) / float((a | b).sum())


def nearest_species(count: int = 10) -> list[tuple[float, str, str]]:
    """Return the `count` pairs of species whose silhouettes are most alike, nearest first."""
    names = sorted(SPECIES)
    pairs = [
        (species_distance(first, second), first, second)
        for i, first in enumerate(names)
        for second in names[i + 1 :]
    ]
    return sorted(pairs)[:count]
