"""L1: closed forms and the region."""

import numpy as np
import pytest

from a2bench import plugins
from a2bench.metric import ClipPair

L1, FULL = plugins.metric("l1"), plugins.metric("l1_full")


@pytest.mark.parametrize("difference", [1, 51, 255])
def test_a_constant_difference_gives_its_closed_form(difference: int) -> None:
    """Mean |d| / 255 = d / 255, whichever clip is the brighter."""
    dark = np.zeros((2, 16, 24, 3), dtype=np.uint8)
    bright = np.full_like(dark, difference)

    assert L1.clip(ClipPair(bright, dark)).value == difference / 255
    assert L1.clip(ClipPair(dark, bright)).value == difference / 255


def test_it_is_the_mean_over_channels_pixels_and_frames() -> None:
    """One channel of one of two frames off by 60: 60 / (3 x 2) = 10 of 255."""
    target = np.full((2, 5, 9, 3), 100, dtype=np.uint8)
    prediction = target.copy()
    prediction[1, ..., 2] = 160

    assert FULL.clip(ClipPair(prediction, target)).value == 10 / 255


def test_it_does_not_depend_on_the_resolution() -> None:
    """The field's script divides by height x width once more; this mean does not."""
    small = np.zeros((1, 16, 16, 3), dtype=np.uint8)
    large = np.zeros((1, 160, 96, 3), dtype=np.uint8)

    assert L1.clip(ClipPair(small + 9, small)).value == L1.clip(ClipPair(large + 9, large)).value


def test_frames_weigh_by_their_scored_pixels() -> None:
    """30 pixels off by 40 and 10 off by 80: (1200 + 800) / 40 = 50 of 255."""
    target = np.zeros((2, 10, 10, 3), dtype=np.uint8)
    prediction = np.full_like(target, 255)
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[0, :3] = scored[1, 9:] = True
    prediction[0, :3], prediction[1, 9:] = 40, 80

    assert L1.clip(ClipPair(prediction, target, scored)).value == 50 / 255


def test_a_region_without_difference_is_identical() -> None:
    target = np.zeros((1, 10, 10, 3), dtype=np.uint8)
    prediction = target.copy()
    prediction[0, 0] = 9
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[0, 5:] = True

    outcome = L1.outcome(ClipPair(prediction, target, scored))

    assert (outcome.value, outcome.status) == (0.0, "identical")


def test_more_noise_raises_it() -> None:
    generator = np.random.default_rng(0)
    target = generator.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    grain = generator.normal(size=target.shape)

    values = [
        L1.clip(ClipPair(np.clip(target + sigma * grain, 0, 255).astype(np.uint8), target)).value
        for sigma in (2.0, 8.0, 32.0)
    ]

    assert values == sorted(values)
