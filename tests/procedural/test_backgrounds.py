"""Places cover the whole frame."""

import numpy as np
import pytest
import skia

from a2bench.procedural import background_names
from a2bench.procedural.backgrounds import (
    PHRASES,
    background_tone,
    measured_tone,
    paint_background,
)
from a2bench.procedural.colour import PALETTES


@pytest.mark.parametrize("name", background_names())
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_background_leaves_no_gap(name, seed):
    """Painted on nothing, every pixel is opaque afterwards: a gap would show as black."""
    pixels = np.zeros((384, 256, 4), dtype=np.uint8)
    surface = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType)
    canvas = surface.getCanvas()
    canvas.scale(0.5, 0.5)
    paint_background(canvas, name, PALETTES["retro"], seed)

    assert (pixels[..., 3] == 255).all()


def test_every_background_has_a_phrase_for_captions():
    assert set(PHRASES) == set(background_names())


@pytest.mark.parametrize("name", background_names())
def test_the_frozen_tone_of_a_place_is_that_of_its_picture(name):
    """The table is rounded to 0.01; 0.06 leaves room for small repaints, not for another place."""
    assert background_tone(name) == pytest.approx(measured_tone(name), abs=0.06)
