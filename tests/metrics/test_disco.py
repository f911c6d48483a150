"""Suite `disco`: the script's own arithmetic, written out in numpy, on the same frames."""

import math

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from a2bench import plugins
from a2bench.box_ssim import grey_ssim
from a2bench.metric import ClipPair

PSNR, OLD, SSIM, L1 = (
    plugins.metric(name) for name in ("psnr_star", "psnr_uint8", "ssim_gray7", "l1_over_area")
)


def _clips(shape: tuple[int, ...], sigma: float = 20) -> tuple[np.ndarray, np.ndarray]:
    """A smooth clip and a noisy copy whose first frame, the input, is exact."""
    generator = np.random.default_rng(sum(shape))
    target = np.stack(
        [
            cv2.GaussianBlur(frame, (0, 0), 2)
            for frame in generator.integers(0, 256, shape, np.uint8)
        ]
    )
    grain = generator.normal(0, sigma, shape)
    prediction = np.clip(np.rint(target + grain), 0, 255).astype(np.uint8)
    prediction[0] = target[0]
    return prediction, target


def _value(metric: object, prediction: np.ndarray, target: np.ndarray) -> float:
    outcome = metric.outcome(ClipPair(prediction, target))  # type: ignore[attr-defined]
    assert outcome.status == "ok", outcome
    return float(outcome.value)


SHAPES = [(3, 64, 48, 3), (2, 7, 7, 3), (4, 33, 21, 3), (1, 101, 7, 3), (2, 192, 256, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_psnr_star_is_the_mean_of_decibels_with_100_for_equal_frames(
    shape: tuple[int, ...],
) -> None:
    prediction, target = _clips(shape)
    if shape[0] == 1:
        prediction[0, 0, 0] ^= 8  # one frame, not identical
    decibels = []
    for one, other in zip(prediction, target, strict=True):
        error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
        decibels.append(100.0 if error == 0 else 20 * math.log10(255 / math.sqrt(error)))

    assert _value(PSNR, prediction, target) == pytest.approx(np.mean(decibels), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_psnr_uint8_wraps_as_numpy_does(shape: tuple[int, ...]) -> None:
    prediction, target = _clips(shape)
    if shape[0] == 1:
        prediction[0, 0, 0] ^= 8
    decibels = []
    for one, other in zip(prediction, target, strict=True):
        error = np.mean((one - other) ** 2)  # uint8, as in the script
        decibels.append(100.0 if error == 0 else 20 * math.log10(255 / math.sqrt(error)))

    assert _value(OLD, prediction, target) == pytest.approx(np.mean(decibels), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_ssim_gray7_is_scikit_images_default_on_opencv_grey(shape: tuple[int, ...]) -> None:
    prediction, target = _clips(shape)
    if shape[0] == 1:
        prediction[0, 0, 0] ^= 8
    expected = np.mean(
        [
            structural_similarity(
                *(cv2.cvtColor(np.ascontiguousarray(f[..., ::-1]), cv2.COLOR_BGR2GRAY) for f in two)
            )
            for two in zip(prediction, target, strict=True)
        ]
    )

    assert _value(SSIM, prediction, target) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_l1_is_divided_by_the_area_twice(shape: tuple[int, ...]) -> None:
    prediction, target = _clips(shape)
    if shape[0] == 1:
        prediction[0, 0, 0] ^= 8
    area = shape[1] * shape[2]
    apart = np.abs(prediction.astype(np.float64) - target.astype(np.float64)) / area

    assert _value(L1, prediction, target) == pytest.approx(apart.mean(), rel=1e-12)


def test_closed_forms_of_a_constant_difference() -> None:
    """3 and 1 frames: grey 100 against 110 and against itself.

    PSNR* = (20 log10(25.5) + 100) / 2 = 64.065 dB; L1 = mean(10, 0) / (8 x 9) = 5 / 72;
    SSIM of the first frame (2 x 100 x 110 + 6.5025) / (100^2 + 110^2 + 6.5025), of the other 1.
    """
    target = np.full((2, 8, 9, 3), 100, np.uint8)
    prediction = target.copy()
    prediction[0] = 110

    assert _value(PSNR, prediction, target) == pytest.approx((20 * math.log10(25.5) + 100) / 2)
    assert _value(L1, prediction, target) == pytest.approx(5 / 72)
    c1 = 2.55**2
    first = (22000 + c1) / (22100 + c1)
    assert _value(SSIM, prediction, target) == pytest.approx((first + 1) / 2, abs=1e-12)


def test_the_overflow_hides_a_large_error() -> None:
    """Off by 16 everywhere: 16^2 mod 256 = 0, so the old script says identical, 100 dB."""
    target = np.full((2, 8, 8, 3), 60, np.uint8)
    prediction = target + 16

    assert _value(OLD, prediction, target) == 100.0
    assert _value(PSNR, prediction, target) == pytest.approx(20 * math.log10(255 / 16))


def test_unrelated_pictures_score_28_db_in_the_old_script() -> None:
    """Why tables until 2024 read 27.9 to 31 dB: true PSNR here is 7.7 dB."""
    generator = np.random.default_rng(0)
    first, second = generator.integers(0, 256, (2, 2, 64, 64, 3), np.uint8)

    assert _value(OLD, first, second) == pytest.approx(27.9, abs=0.1)
    assert _value(PSNR, first, second) == pytest.approx(7.75, abs=0.1)


def test_a_frame_smaller_than_the_window_is_undefined() -> None:
    prediction, target = _clips((2, 6, 40, 3))

    assert SSIM.outcome(ClipPair(prediction, target)).status == "undefined"


def test_sums_are_exact_where_they_are_largest() -> None:
    """Black against white: every window sum is the largest that int32 has to hold."""
    black, white = np.zeros((40, 30), np.uint8), np.full((40, 30), 255, np.uint8)
    checked = np.indices((40, 30)).sum(axis=0).astype(np.uint8) % 2 * 255
    for one in (black, white, checked):
        for other in (black, white, checked):
            assert grey_ssim(one, other) == pytest.approx(
                structural_similarity(one, other), abs=1e-12
            )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((8, 8), np.uint8), np.zeros((8, 9), np.uint8)),
        (np.zeros((8, 6), np.uint8), np.zeros((8, 6), np.uint8)),
        (np.zeros((8, 8), np.float64), np.zeros((8, 8), np.uint8)),
        (np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)),
    ],
)
def test_the_compiled_loop_is_never_given_what_it_does_not_check(
    one: np.ndarray, other: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="shape"):
        grey_ssim(one, other)
