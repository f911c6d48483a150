"""Flow error: known shifts, and when there is no value."""

import cv2
import numpy as np
import pytest

from a2bench import plugins
from a2bench.metric import ClipPair, Outcome

FLOW, FULL = plugins.metric("flow_error_dis"), plugins.metric("flow_error_dis_full")


def _texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Blurred noise at full contrast: structure of some 10 px, as clothes and limbs have."""
    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def _value(outcome: Outcome) -> float:
    assert outcome.status == "ok", outcome

    assert outcome.value is not None
    return outcome.value


@pytest.mark.parametrize("shift_px", [1, 2, 4, 8])
def test_a_shift_of_k_px_gives_about_k(shift_px: int) -> None:
    """5 % or .12 px off is DIS's own error on such a texture; the frame's edge is not scored."""
    picture = _texture(160, 200 + shift_px)
    target, prediction = picture[None, :, shift_px:], picture[None, :, :-shift_px]
    inside = np.zeros(target.shape[:3], dtype=np.bool_)
    inside[:, 24:-24, 24:-24] = True

    value = _value(FLOW.clip(ClipPair(prediction, target, inside)))

    assert value == pytest.approx(shift_px, rel=0.05, abs=0.12)


def test_a_diagonal_shift_counts_its_length() -> None:
    """3 px across and 4 px down are 5 px."""
    picture = _texture(180, 220)
    target, prediction = picture[None, 4:, 3:], picture[None, :-4, :-3]
    inside = np.zeros(target.shape[:3], dtype=np.bool_)
    inside[:, 24:-24, 24:-24] = True

    assert _value(FLOW.clip(ClipPair(prediction, target, inside))) == pytest.approx(5, rel=0.05)


def test_only_the_region_is_averaged_but_the_whole_frame_is_seen() -> None:
    """The right half is moved by 4 px; far inside each half the answer is its own."""
    picture = _texture(160, 244)
    target, prediction = picture[None, :, 4:], picture[None, :, 4:].copy()
    prediction[:, :, 120:] = picture[None, :, 120:-4]
    left, right = np.zeros((2, *target.shape[:3]), dtype=np.bool_)
    left[:, 24:-24, 24:80], right[:, 24:-24, 160:-24] = True, True

    assert _value(FLOW.clip(ClipPair(prediction, target, left))) < 0.1
    assert _value(FLOW.clip(ClipPair(prediction, target, right))) == pytest.approx(4, rel=0.05)


def test_frames_weigh_by_their_scored_pixels_and_identical_frames_give_nothing() -> None:
    """Frame 0 agrees on twice the pixels: the mean is a third of frame 1's own."""
    picture = _texture(96, 100)
    target = np.stack([picture, picture])
    prediction = np.stack([picture, np.roll(picture, 2, axis=1)])
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[0, 20:60, 20:60], scored[1, 20:60, 20:40] = True, True
    alone = _value(FLOW.clip(ClipPair(prediction[1:], target[1:], scored[1:])))

    value = _value(FLOW.clip(ClipPair(prediction, target, scored)))

    assert value == pytest.approx(alone / 3, rel=1e-12)


@pytest.mark.parametrize("flat_value", [0, 128, 255])
def test_a_prediction_without_texture_is_undefined(flat_value: int) -> None:
    target = _texture(64, 64)[None]

    outcome = FLOW.outcome(ClipPair(np.full_like(target, flat_value), target))

    assert outcome.value is None
    assert outcome.status == "undefined"
    assert "no texture in 1 of 1 frames" in outcome.reason


def test_one_flat_frame_is_enough_and_is_named() -> None:
    target = np.stack([_texture(64, 64, seed) for seed in range(4)])
    prediction = np.roll(target, 1, axis=2)
    prediction[2] = 90

    outcome = FULL.outcome(ClipPair(prediction, target))

    assert "no texture in 1 of 4 frames, first in scored frame 2" in outcome.reason


def test_an_erased_character_on_a_textured_background_is_undefined() -> None:
    """The region is what has to have texture: a painted-over figure is no good answer."""
    target = _texture(96, 96)[None]
    prediction = target.copy()
    prediction[:, 30:60, 30:60] = 128
    region = np.zeros(target.shape[:3], dtype=np.bool_)
    region[:, 32:58, 32:58] = True

    assert FLOW.outcome(ClipPair(prediction, target, region)).status == "undefined"
    assert FULL.outcome(ClipPair(prediction, target, region)).status == "ok"


def test_a_frame_that_is_flat_in_the_truth_too_is_no_fault() -> None:
    """A character that has left the picture leaves a plain wall."""
    target = np.stack([_texture(64, 64), np.full((64, 64, 3), 200, dtype=np.uint8)])
    prediction = np.stack([np.roll(target[0], 1, axis=1), target[1] - 3])

    assert FLOW.outcome(ClipPair(prediction, target)).status == "ok"


@pytest.mark.parametrize("shape", [(11, 40), (40, 11), (8, 8), (1, 1)])
def test_a_side_under_12_px_is_undefined(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    prediction, target = generator.integers(0, 256, (2, 1, *shape, 3), dtype=np.uint8)

    outcome = FLOW.outcome(ClipPair(prediction, target))

    assert outcome.status == "undefined"
    assert "a side is under 12" in outcome.reason


@pytest.mark.parametrize(
    "shape", [(12, 12), (12, 200), (200, 12), (13, 17), (31, 12), (31, 1000), (32, 90), (63, 65)]
)
def test_small_odd_and_low_frames_have_a_value(shape: tuple[int, int]) -> None:
    """OpenCV alone ends the process at 12 x 200. One px everywhere but at the seam."""
    target = np.random.default_rng(0).integers(0, 256, (1, *shape, 3), dtype=np.uint8)

    value = _value(FLOW.clip(ClipPair(np.roll(target, 1, axis=2), target)))

    assert value == pytest.approx(1, abs=0.2)


def test_a_low_frame_is_measured_as_if_it_stood_upright() -> None:
    target = np.stack([_texture(20, 150)])
    prediction = np.roll(target, 2, axis=2)

    lying = _value(FLOW.clip(ClipPair(prediction, target)))
    upright = _value(FLOW.clip(ClipPair(prediction.swapaxes(1, 2), target.swapaxes(1, 2))))

    assert lying == pytest.approx(upright, rel=1e-12)


def test_a_region_of_the_whole_frame_equals_the_full_version() -> None:
    target = np.stack([_texture(70, 61, seed) for seed in range(2)])
    prediction = np.roll(target, 2, axis=2)
    every = np.ones(target.shape[:3], dtype=np.bool_)

    with_region = _value(FLOW.clip(ClipPair(prediction, target, every)))

    assert with_region == pytest.approx(_value(FULL.clip(ClipPair(prediction, target))), rel=1e-12)


def test_the_value_does_not_depend_on_where_memory_lies() -> None:
    """OpenCV's own magnitude does: its last digit follows the address of the array."""
    generator = np.random.default_rng(0)
    target = generator.integers(0, 256, (4, 40, 30, 3), dtype=np.uint8)
    pair = ClipPair(target // 2, target)
    values = set()
    for _ in range(60):
        ballast = [np.empty(int(size), np.float32) for size in generator.integers(1, 20000, 20)]
        del ballast
        values.add(FLOW.clip(pair).value)

    assert len(values) == 1
