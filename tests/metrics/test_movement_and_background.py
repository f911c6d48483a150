"""Metrics of change from frame to frame, and of what lies outside the region."""

import cv2
import numpy as np
import pytest

from a2bench import plugins
from a2bench.metric import ClipPair

FLICKER, TEMPORAL, PSNR, SSIM = (
    plugins.metric(name)
    for name in ("flicker", "flow_temporal_dis", "psnr_background", "ssim_background")
)


def _grey(levels: list[int]) -> np.ndarray:
    """One plain frame of 16 x 16 px a level."""
    return np.stack([np.full((16, 16, 3), level, np.uint8) for level in levels])


def test_flicker_is_the_change_that_the_truth_does_not_have() -> None:
    """Truth 10, 20, 30; prediction 10, 40, 30. Changes 10, 10 and 30, -10: off by 20 and 20."""
    outcome = FLICKER.outcome(ClipPair(_grey([10, 40, 30]), _grey([10, 20, 30])))

    assert outcome.value == pytest.approx(20 / 255, abs=1e-15)


def test_an_error_that_stays_is_no_flicker() -> None:
    outcome = FLICKER.outcome(ClipPair(_grey([17, 27, 37]), _grey([10, 20, 30])))

    assert (outcome.value, outcome.status) == (0.0, "identical")


def test_the_largest_change_is_two() -> None:
    """Truth black to white, prediction white to black: -255 - 255, and the range says 2."""
    outcome = FLICKER.outcome(ClipPair(_grey([255, 0]), _grey([0, 255])))

    assert outcome.value == 2.0 == FLICKER.value_range[1]


def test_frames_with_a_gap_between_them_are_no_pair() -> None:
    """Of instants 1, 2 and 5 only the first two follow each other: change off by 20."""
    pair = ClipPair(_grey([10, 40, 200]), _grey([10, 20, 30]), instants=(1, 2, 5))
    alone = ClipPair(_grey([10, 40]), _grey([10, 20]), instants=(3, 7))

    assert FLICKER.outcome(pair).value == pytest.approx(20 / 255)
    assert FLICKER.outcome(alone).status == "undefined"
    assert TEMPORAL.outcome(alone).status == "undefined"


def test_a_pixel_counts_where_both_frames_score_it() -> None:
    """Row 0 in both frames, row 1 in the first alone: only row 0's change of 20 counts."""
    target, prediction = _grey([10, 10]), _grey([10, 10])
    prediction[1, 0], prediction[1, 1] = 30, 200
    scored = np.zeros((2, 16, 16), np.bool_)
    scored[:, 0] = scored[0, 1] = True

    assert FLICKER.outcome(ClipPair(prediction, target, scored)).value == pytest.approx(20 / 255)


def test_a_drift_of_k_px_a_frame_that_stands_still_is_off_by_k() -> None:
    """The truth's texture walks 3 px a frame to the left, the prediction stands: about 3 px."""
    noise = np.random.default_rng(0).random((128, 160, 3)).astype(np.float32)
    wide = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    target = np.stack([wide[:, 3 * i : 3 * i + 128] for i in range(4)]).astype(np.uint8)
    inside = np.zeros(target.shape[:3], np.bool_)
    inside[:, 20:-20, 20:-20] = True
    still = np.repeat(target[:1], 4, axis=0)

    found = TEMPORAL.outcome(ClipPair(still, target, inside)).value

    assert found == pytest.approx(3, abs=0.15)


def test_the_background_is_what_the_region_leaves() -> None:
    """The figure is off by 90, the wall by 5: 20 log10(255 / 5) = 34.15 dB."""
    target, prediction = _grey([100, 100]), _grey([105, 105])
    region = np.zeros((2, 16, 16), np.bool_)
    region[:, :, :8] = True
    prediction[region] = 10
    pair = ClipPair(prediction, target, region, np.logical_not(region[0]))

    assert PSNR.outcome(pair).value == pytest.approx(20 * np.log10(51))
    far = ClipPair(prediction[..., 14:, :], target[..., 14:, :])
    c1 = 2.55**2
    expected = (2 * 100 * 105 + c1) / (100**2 + 105**2 + c1)
    assert plugins.metric("ssim").outcome(far).value == pytest.approx(expected)
    # windows of the wall's pixels beside the figure see up to 5 px of it
    assert SSIM.outcome(pair).value < expected


def test_a_background_that_is_left_alone_is_identical() -> None:
    target = _grey([100, 100])
    prediction = target.copy()
    region = np.zeros((2, 16, 16), np.bool_)
    region[:, :, :8] = True
    prediction[region] = 10
    pair = ClipPair(prediction, target, region, np.logical_not(region[0]))

    assert PSNR.outcome(pair).status == "identical"
