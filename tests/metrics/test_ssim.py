"""SSIM: closed forms, the whole frame's map inside a box, and scikit-image."""

import itertools

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from a2bench import pixels, plugins
from a2bench.metric import ClipPair

SSIM, FULL = plugins.metric("ssim"), plugins.metric("ssim_full")
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

# Both sides are float64; the formulas differ, and cancellation at variance 0 costs the rest.
AGREEMENT = 1e-11


def _textures(shape: tuple[int, int, int, int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    target = generator.integers(0, 256, shape, dtype=np.uint8)
    noisy = target + generator.normal(0, 20, shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), target


def _reference_map(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    _, similarity = structural_similarity(
        prediction,
        target,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1,
        data_range=255,
        full=True,
    )
    return np.asarray(similarity)


@pytest.mark.parametrize(("first", "second"), [(0, 255), (10, 12), (200, 100)])
def test_constant_frames_give_their_closed_form(first: int, second: int) -> None:
    """All variances are 0, so the second factor is C2 / C2 = 1."""
    target = np.full((1, 20, 24, 3), second, dtype=np.uint8)
    prediction = np.full_like(target, first)

    expected = (2 * first * second + C1) / (first**2 + second**2 + C1)

    # Windows of a constant sum to it but for rounding: 1e-16 x 255^2 x 4 against C2 = 58.
    value = SSIM.clip(ClipPair(prediction, target)).value
    assert value == pytest.approx(expected, abs=1e-11)


def test_a_picture_and_its_negative_have_opposite_structure() -> None:
    """The covariance of a and 255 - a is -v_a: where v_a >> C2 the second factor is near -1."""
    target = _textures((1, 40, 40, 3))[1]

    value = SSIM.clip(ClipPair(255 - target, target)).value

    assert value is not None
    assert value < -0.9


@pytest.mark.parametrize(
    "shape", [(11, 11), (12, 40), (13, 17), (64, 64), (65, 30), (139, 101), (200, 33)]
)
def test_the_map_is_that_of_scikit_image(shape: tuple[int, int]) -> None:
    """Odd sizes, the smallest it takes, and heights around the strips' 64 rows."""
    predictions, targets = _textures((1, *shape, 3), seed=shape[0])
    whole = (slice(0, shape[0]), slice(0, shape[1]))

    found = pixels.ssim_map(predictions[0], targets[0], whole)

    assert np.abs(found - _reference_map(predictions[0], targets[0])).max() < AGREEMENT


def test_extreme_pictures_agree_with_scikit_image() -> None:
    """Bright flat areas beside black: the largest cancellation in the variances."""
    target = np.full((70, 50, 3), 255, dtype=np.uint8)
    prediction = target.copy()
    target[30:, 20:] = 0
    prediction[33:, 24:] = 1
    whole = (slice(0, 70), slice(0, 50))

    found = pixels.ssim_map(prediction, target, whole)

    assert np.abs(found - _reference_map(prediction, target)).max() < AGREEMENT


def test_every_box_holds_the_whole_frames_values() -> None:
    """Corners, borders, single pixels, and boxes smaller than the window."""
    height, width = 90, 31
    predictions, targets = _textures((1, height, width, 3))
    whole = pixels.ssim_map(predictions[0], targets[0], (slice(0, height), slice(0, width)))
    spans = [
        [slice(0, side), slice(0, 1), slice(side - 1, side), slice(3, 9), slice(side // 2, side)]
        for side in (height, width)
    ]

    for rows, columns in itertools.product(*spans):
        part = pixels.ssim_map(predictions[0], targets[0], (rows, columns))
        # The same sums of the same numbers; vector units may round the last digit otherwise.
        assert np.abs(part - whole[rows, columns]).max() < 1e-12, (rows, columns)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4, 30), (10, 10)])
def test_frames_smaller_than_the_window_are_mirrored_as_often_as_needed(
    shape: tuple[int, int],
) -> None:
    """Against numpy: pad symmetrically, then sum each window as it is written in the paper."""
    prediction, target = (clip[0] for clip in _textures((1, *shape, 3)))
    line = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights = np.outer(line, line)[..., None] / line.sum() ** 2
    padded = [
        np.pad(frame.astype(float), ((5, 5), (5, 5), (0, 0)), mode="symmetric")
        for frame in (prediction, target)
    ]
    expected = np.empty((*shape, 3))
    for row, column in np.ndindex(shape):
        p, t = (frame[row : row + 11, column : column + 11] for frame in padded)
        mean_p, mean_t = (weights * p).sum((0, 1)), (weights * t).sum((0, 1))
        var_p = (weights * (p - mean_p) ** 2).sum((0, 1))
        var_t = (weights * (t - mean_t) ** 2).sum((0, 1))
        covariance = (weights * (p - mean_p) * (t - mean_t)).sum((0, 1))
        expected[row, column] = ((2 * mean_p * mean_t + C1) * (2 * covariance + C2)) / (
            (mean_p**2 + mean_t**2 + C1) * (var_p + var_t + C2)
        )

    found = pixels.ssim_map(prediction, target, (slice(0, shape[0]), slice(0, shape[1])))

    assert np.abs(found - expected).max() < AGREEMENT


def test_the_value_is_the_mean_over_the_scored_pixels_of_all_frames() -> None:
    """Frames weigh by their scored pixels; one frame here has none."""
    prediction, target = _textures((3, 50, 40, 3))
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[0, :7, 30:] = True
    scored[2, 20:45, 3:37] = np.random.default_rng(1).random((25, 34)) < 0.5
    values = [_reference_map(prediction[index], target[index])[scored[index]] for index in range(3)]

    value = SSIM.clip(ClipPair(prediction, target, scored)).value

    assert value == pytest.approx(np.concatenate(values).mean(), abs=AGREEMENT)


def test_a_region_of_the_whole_frame_equals_the_full_version() -> None:
    prediction, target = _textures((2, 70, 33, 3))
    every = np.ones(target.shape[:3], dtype=np.bool_)

    with_region = SSIM.clip(ClipPair(prediction, target, every)).value

    assert with_region == pytest.approx(FULL.clip(ClipPair(prediction, target)).value, abs=1e-14)


def test_where_windows_agree_it_is_exactly_one() -> None:
    """The difference is 10 rows from the region, the window reaches 5."""
    prediction, target = _textures((1, 40, 40, 3))
    prediction = prediction.copy()
    prediction[:, :25] = target[:, :25]
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[:, :15] = True

    assert SSIM.clip(ClipPair(prediction, target, scored)).value == 1.0


def test_more_noise_and_more_blur_lower_it() -> None:
    target = _textures((2, 48, 40, 3))[1]
    grain = np.random.default_rng(3).normal(size=target.shape)
    noisy = [np.clip(target + sigma * grain, 0, 255).astype(np.uint8) for sigma in (2.0, 8.0, 32.0)]
    blurred = [
        np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in target])
        for sigma in (0.5, 1.0, 3.0)
    ]

    for worse_and_worse in (noisy, blurred):
        values = [SSIM.clip(ClipPair(prediction, target)).value for prediction in worse_and_worse]
        assert values == sorted(values, reverse=True)
