"""PSNR: closed forms, the region, and FFmpeg's own filter."""

import math
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.filter import Graph

from a2bench import pixels, plugins
from a2bench.metric import ClipPair, Outcome

PSNR, FULL = plugins.metric("psnr"), plugins.metric("psnr_full")


def _noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def _value(outcome: Outcome) -> float:
    assert outcome.status == "ok", outcome

    assert outcome.value is not None
    return outcome.value


@pytest.mark.parametrize("difference", [1, 2, 17, 128, 255])
def test_a_constant_difference_gives_its_closed_form(difference: int) -> None:
    """MSE = d^2, so PSNR = 10 log10(255^2 / d^2) = 20 log10(255 / d)."""
    target = np.zeros((2, 16, 24, 3), dtype=np.uint8)
    prediction = np.full_like(target, difference)

    expected = 20 * math.log10(255 / difference)

    assert _value(PSNR.clip(ClipPair(prediction, target))) == pytest.approx(expected, abs=1e-12)
    assert _value(PSNR.clip(ClipPair(target, prediction))) == pytest.approx(expected, abs=1e-12)


def test_the_error_is_pooled_before_the_logarithm() -> None:
    """One frame off by 10, one by 0: MSE 50, 31.14 dB; a mean of dB would be infinite."""
    target = np.zeros((2, 16, 16, 3), dtype=np.uint8)
    prediction = target.copy()
    prediction[1] = 10

    expected = 10 * math.log10(255**2 / 50)

    assert _value(FULL.clip(ClipPair(prediction, target))) == pytest.approx(expected, abs=1e-12)


def test_only_scored_pixels_count() -> None:
    """Inside the region everything is off by 5, outside by 200."""
    target = np.zeros((2, 20, 20, 3), dtype=np.uint8)
    prediction = np.full_like(target, 200)
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[0, 3:9, 2:5] = scored[1, 12:, 12:] = True
    prediction[scored] = 5
    pair = ClipPair(prediction, target, scored)

    assert _value(PSNR.clip(pair)) == pytest.approx(20 * math.log10(255 / 5), abs=1e-12)
    assert _value(FULL.clip(pair)) < 3


def test_a_region_without_difference_is_identical_at_the_cap() -> None:
    """58.92 dB = 10 log10(255^2 / (1/12)); outside the region the clips differ."""
    target = _noise((2, 16, 16, 3))
    prediction = target.copy()
    prediction[:, 0] ^= 255
    scored = np.ones(target.shape[:3], dtype=np.bool_)
    scored[:, 0] = False

    outcome = PSNR.outcome(ClipPair(prediction, target, scored))

    assert outcome.status == "identical"
    assert outcome.value == PSNR.cap == PSNR.perfect == pytest.approx(58.92, abs=0.003)


def test_a_clip_with_less_than_rounding_error_exceeds_the_cap() -> None:
    """One value of 2 x 16 x 16 x 3 = 1536 off by 1: 10 log10(255^2 x 1536) = 80 dB."""
    target = _noise((2, 16, 16, 3))
    prediction = target.copy()
    prediction[0, 4, 4, 1] ^= 1

    value = _value(PSNR.clip(ClipPair(prediction, target)))

    assert value == pytest.approx(10 * math.log10(255**2 * 1536), abs=1e-12)


def test_sums_are_exact_integers_where_differences_are_largest() -> None:
    """0 against 255 everywhere: the sum is pixels x 3 x 255^2, and uint8 must not wrap."""
    black = np.zeros((1, 1500, 1100, 3), dtype=np.uint8)
    white = np.full_like(black, 255)
    box = (slice(0, 1500), slice(0, 1100))
    every = np.ones(black.shape[:3], dtype=np.bool_)

    for scored in (None, every):
        assert pixels.squared_error(white, black, scored, box).total == black.size * 255**2
        assert pixels.absolute_error(white, black, scored, box).total == black.size * 255


@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (2, 7, 5, 3), (1, 33, 129, 3), (2, 301, 211, 3)])
def test_sums_equal_those_of_integers_in_numpy(shape: tuple[int, int, int, int]) -> None:
    target, prediction = _noise(shape), _noise(shape, seed=1)
    scored = np.random.default_rng(2).random(shape[:3]) < 0.4
    scored[0, 0, 0] = True
    apart = (prediction.astype(np.int64) - target)[scored]
    pair = ClipPair(prediction, target, scored)

    squared = pixels.squared_error(prediction, target, scored, pair.scored_box)
    absolute = pixels.absolute_error(prediction, target, scored, pair.scored_box)

    assert squared == (int((apart**2).sum()), apart.size)
    assert absolute == (int(np.abs(apart).sum()), apart.size)


def test_more_noise_and_more_blur_lower_it() -> None:
    target = np.stack([cv2.GaussianBlur(_noise((48, 40, 3), seed), (0, 0), 1.5) for seed in (1, 2)])
    grain = np.random.default_rng(3).normal(size=target.shape)
    noisy = [np.clip(target + sigma * grain, 0, 255).astype(np.uint8) for sigma in (2.0, 8.0, 32.0)]
    blurred = [
        np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in target])
        for sigma in (0.5, 1.0, 3.0)
    ]

    for worse_and_worse in (noisy, blurred):
        values = [_value(PSNR.clip(ClipPair(prediction, target))) for prediction in worse_and_worse]
        assert values == sorted(values, reverse=True)


def _ffmpeg_psnr_db(first: np.ndarray, second: np.ndarray) -> float:
    """What FFmpeg's `psnr` filter says of two grey pictures."""
    graph = Graph()
    height, width = first.shape
    sources = [
        graph.add_buffer(width=width, height=height, format="gray", time_base=Fraction(1, 8))
        for _ in range(2)
    ]
    compare, sink = graph.add("psnr"), graph.add("buffersink")
    for index, source in enumerate(sources):
        source.link_to(compare, 0, index)
    compare.link_to(sink)
    graph.configure()
    for source, picture in zip(sources, (first, second), strict=True):
        frame = av.VideoFrame.from_ndarray(picture, format="gray")
        frame.pts, frame.time_base = 0, Fraction(1, 8)
        source.push(frame)
    for source in sources:
        source.push(None)
    return float(graph.vpull().metadata["lavfi.psnr.psnr.y"])


def test_ffmpeg_agrees_to_the_digits_it_prints() -> None:
    """A grey picture as three equal channels has the grey picture's PSNR; six decimals come out."""
    target = cv2.GaussianBlur(_noise((48, 64)), (0, 0), 2)
    prediction = np.clip(
        target + np.random.default_rng(1).normal(0, 6, target.shape), 0, 255
    ).astype(np.uint8)
    colour = [np.repeat(picture[None, ..., None], 3, axis=3) for picture in (prediction, target)]

    value = _value(FULL.clip(ClipPair(*colour)))

    assert value == pytest.approx(_ffmpeg_psnr_db(prediction, target), abs=2e-6)
