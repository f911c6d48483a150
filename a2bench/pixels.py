"""The arithmetic that several pixel metrics share; it knows no clip, case or file.

Everywhere: `prediction` and `target` are RGB uint8 (t, h, w, 3); `scored` says which pixels of
which frames count (None: all); `box` holds rows and columns outside of which nothing is scored,
and only saves work. Results do not depend on the number of threads or on the memory layout.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from a2bench.box_ssim import grey_ssim

Frame = UInt8[np.ndarray, "h w 3"]
Video = UInt8[np.ndarray, "t h w 3"]
Pixels = Bool[np.ndarray, "t h w"]
Box = tuple[slice, slice]

PEAK = 255
"""Largest value of a channel."""

PSNR_CAP_DB = 10.0 * math.log10(PEAK**2 * 12)
"""PSNR of rounding alone: an error spread evenly over one 8-bit step has MSE 1/12; 58.92 dB."""

FIELD_IDENTICAL_DB = 100.0
"""What the field's script gives a frame without error."""

SSIM_SIGMA_PX = 1.5
SSIM_RADIUS_PX = 5
"""11 taps: Wang et al. 2004, section III-C; scikit-image's truncation at 3.5 sigma is the same."""

SSIM_C1 = (0.01 * PEAK) ** 2
SSIM_C2 = (0.03 * PEAK) ** 2

FLOW_SMALLEST_SIDE_PX = 12
"""Under it DIS has no pyramid level that holds its 8 px patches (scoring rule 4)."""

_DIS_SIDE_PX = 32
"""The preset's finest scale, a quarter, has to hold a patch of 8 px."""

FLAT_GREY_LEVELS = 1.0
"""A frame whose grey deviates less than this is flat: a constant colour, dithered at most."""

# As many rows at a time as keep the six float64 planes of SSIM in the cache: 41 ms with whole
# frames of 512x768, 23 ms with 64 to 128 rows, 33 ms with 16.
_STRIP_ROWS = 64


class Total(NamedTuple):
    """A sum and the number of values in it."""

    total: float
    values: int

    @property
    def mean(self) -> float:
        """Their mean; an int total is exact up to this division."""
        return self.total / self.values


WHOLE_FRAME: Box = (slice(None), slice(None))


def _mask(scored: Pixels | None, index: int, box: Box) -> UInt8[np.ndarray, "rows columns"] | None:
    """The scored pixels of a frame as OpenCV wants them; None: every pixel."""
    return None if scored is None else np.ascontiguousarray(scored[index][box]).view(np.uint8)


def _pixels(
    mask: UInt8[np.ndarray, "rows columns"] | None, frame: UInt8[np.ndarray, "rows columns 3"]
) -> int:
    """How many of the frame's pixels are scored."""
    return frame.shape[0] * frame.shape[1] if mask is None else int(np.count_nonzero(mask))


def _summed_norm(
    prediction: Video, target: Video, scored: Pixels | None, box: Box, norm: int
) -> Total:
    total = values = 0
    for index in range(len(target)):
        mask = _mask(scored, index, box)
        one = np.ascontiguousarray(prediction[index][box])
        other = np.ascontiguousarray(target[index][box])
        # OpenCV adds integers and hands over a double that may be a last digit off (it squares
        # a root): rounding a frame's sum gives the integer back for any frame under 10^9 pixels.
        total += round(cv2.norm(one, other, norm, mask))
        values += 3 * _pixels(mask, other)
    return Total(total, values)


def squared_error(prediction: Video, target: Video, scored: Pixels | None, box: Box) -> Total:
    """Squared difference over scored pixels and channels of all frames; the sum is exact."""
    return _summed_norm(prediction, target, scored, box, cv2.NORM_L2SQR)


def absolute_error(prediction: Video, target: Video, scored: Pixels | None, box: Box) -> Total:
    """Absolute difference, in [0, 255], over scored pixels and channels; the sum is exact."""
    return _summed_norm(prediction, target, scored, box, cv2.NORM_L1)


def field_psnr(sums: Sequence[int], values: int) -> float:
    """Mean over frames of each frame's PSNR in dB; a frame without error counts as 100 dB.

    The field's script (Wangt-CN/DisCo @ c4fa48a tool/metrics): 20 log10(255 / sqrt(MSE)).

    Args:
        sums: squared error of each frame.
        values: how many values each is a sum of.
    """
    decibels = [
        20.0 * math.log10(PEAK / math.sqrt(total / values)) if total else FIELD_IDENTICAL_DB
        for total in sums
    ]
    return math.fsum(decibels) / len(decibels)


def squared_error_by_frame(prediction: Video, target: Video) -> list[int]:
    """Squared difference over all pixels and channels of each frame, exact."""
    return [
        round(cv2.norm(np.ascontiguousarray(one), np.ascontiguousarray(other), cv2.NORM_L2SQR))
        for one, other in zip(prediction, target, strict=True)
    ]


def wrapped_squared_error_by_frame(prediction: Video, target: Video) -> list[int]:
    """The same in 8-bit arithmetic: difference and square are each taken modulo 256."""
    found = []
    for one, other in zip(prediction, target, strict=True):
        apart = one - other  # uint8: wraps
        apart *= apart
        found.append(round(cv2.norm(np.ascontiguousarray(apart), cv2.NORM_L1)))
    return found


def grey_ssim_by_frame(prediction: Video, target: Video) -> list[float]:
    """SSIM of each frame's 8-bit grey with a 7 x 7 uniform window, sample covariance, no border."""
    return [
        grey_ssim(_grey(one), _grey(other)) for one, other in zip(prediction, target, strict=True)
    ]


def mean_squared_error_to_psnr(mean_squared_error: float) -> float:
    """PSNR in dB of an error that is not 0."""
    return 10.0 * math.log10(PEAK**2 / mean_squared_error)


def _gaussian_weights() -> Float64[np.ndarray, " n"]:
    offsets = np.arange(-SSIM_RADIUS_PX, SSIM_RADIUS_PX + 1)
    weights = np.exp(-0.5 * (offsets / SSIM_SIGMA_PX) ** 2)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


_WEIGHTS = _gaussian_weights()


def _gaussian(values: Float64[np.ndarray, "h w 3"], out: Float64[np.ndarray, "h w 3"]) -> None:
    # OpenCV's REFLECT repeats the border pixel (cba|abc), as scipy's 'reflect' does.
    cv2.sepFilter2D(values, cv2.CV_64F, _WEIGHTS, _WEIGHTS, dst=out, borderType=cv2.BORDER_REFLECT)


def _ssim_of_strip(
    prediction: UInt8[np.ndarray, "h w 3"],
    target: UInt8[np.ndarray, "h w 3"],
    planes: Float64[np.ndarray, "6 h w 3"],
) -> Float64[np.ndarray, "h w 3"]:
    """SSIM of every pixel and channel, from the sum s and the difference d of the frames.

    With means m and variances v under the window, 4 m_a m_b = m_s^2 - m_d^2,
    2 (m_a^2 + m_b^2) = m_s^2 + m_d^2, and so for (co)variances: four filters, not five. Where the
    frames agree under the window, d is 0 and the quotient is exactly 1.

    The answer is one of `planes`, the room to work in: with new arrays for every strip the
    allocator gave pages back and took them again, at up to three times the time.
    """
    added, apart, mean_added, mean_apart, var_added, var_apart = planes
    np.add(prediction, target, out=added, dtype=np.float64)
    np.subtract(prediction, target, out=apart, dtype=np.float64)
    _gaussian(added, out=mean_added)
    _gaussian(apart, out=mean_apart)
    added *= added
    apart *= apart
    _gaussian(added, out=var_added)
    _gaussian(apart, out=var_apart)
    mean_added *= mean_added
    mean_apart *= mean_apart
    var_added -= mean_added
    var_apart -= mean_apart
    # Numerator and denominator carry the same factor 4, hence the doubled constants.
    mean_added += 2 * SSIM_C1
    var_added += 2 * SSIM_C2
    similarity, other = added, apart
    np.subtract(mean_added, mean_apart, out=similarity)
    np.subtract(var_added, var_apart, out=other)
    similarity *= other
    mean_added += mean_apart
    var_added += var_apart
    mean_added *= var_added
    similarity /= mean_added
    return np.asarray(similarity, dtype=np.float64)


def ssim_map(prediction: Frame, target: Frame, box: Box) -> Float64[np.ndarray, "rows columns 3"]:
    """SSIM of every pixel and channel in the box: those values of the whole frame's map.

    Wang et al. 2004: Gaussian window of 11 taps, sigma 1.5, K1 .01, K2 .03, population covariance;
    the frame is mirrored at its borders. Only the box and the window's radius are computed.
    """
    height, width = target.shape[:2]
    rows, columns = box
    left = max(0, columns.start - SSIM_RADIUS_PX)
    right = min(width, columns.stop + SSIM_RADIUS_PX)
    found = np.empty((rows.stop - rows.start, columns.stop - columns.start, 3))
    planes = np.empty((6, _STRIP_ROWS + 2 * SSIM_RADIUS_PX, right - left, 3))
    for first in range(rows.start, rows.stop, _STRIP_ROWS):
        last = min(first + _STRIP_ROWS, rows.stop)
        # With a radius around them, scored rows and columns see no border but the frame's own.
        top, bottom = max(0, first - SSIM_RADIUS_PX), min(height, last + SSIM_RADIUS_PX)
        strip = _ssim_of_strip(
            prediction[top:bottom, left:right],
            target[top:bottom, left:right],
            planes[:, : bottom - top],
        )
        found[first - rows.start : last - rows.start] = strip[
            first - top : last - top, columns.start - left : columns.stop - left
        ]
    return found


def ssim(prediction: Video, target: Video, scored: Pixels | None, box: Box) -> Total:
    """SSIM over scored pixels and channels of all frames."""
    totals, values = [], 0
    for index in range(len(target)):
        mask = _mask(scored, index, box)
        if pixels := _pixels(mask, target[index][box]):
            similarity = ssim_map(prediction[index], target[index], box)
            totals.append(sum(cv2.mean(similarity, mask)[:3]) * pixels)
            values += 3 * pixels
    # fsum rounds once: the order of frames changes no digit.
    return Total(math.fsum(totals), values)


def _grey(frame: Frame) -> UInt8[np.ndarray, "h w"]:
    """BT.601 luma in 8 bits, OpenCV's fixed-point RGB2GRAY."""
    grey = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, dtype=np.uint8)


def flat_frames(prediction: Video, target: Video, scored: Pixels | None) -> list[int]:
    """Frames whose scored pixels are flat in the prediction and are not in the truth."""
    found = []
    for index in range(len(target)):
        mask = _mask(scored, index, WHOLE_FRAME)
        if mask is not None and not mask.any():
            continue
        deviations = [
            float(cv2.meanStdDev(_grey(video[index]), mask=mask)[1].item())
            for video in (prediction, target)
        ]
        if deviations[0] < FLAT_GREY_LEVELS <= deviations[1]:
            found.append(index)
    return found


def _dis_flow(
    first: UInt8[np.ndarray, "h w"], second: UInt8[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w 2"]:
    """DIS flow in px from one grey frame to another, (across, down)."""
    height, width = first.shape
    if height < min(width, _DIS_SIDE_PX):
        # Where a side is too short for the preset's finest scale, OpenCV picks the scales from
        # the width alone and reads outside of a low, wide frame: it crashes (5.0.0, 4.x).
        upright = _dis_flow(np.ascontiguousarray(first.T), np.ascontiguousarray(second.T))
        return np.ascontiguousarray(upright.transpose(1, 0, 2)[..., ::-1])
    # A new one each time costs nothing measurable. One that is kept remembers the scales it
    # picked for a small frame, and answers the second time otherwise than the first.
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    # None, which the stubs do not know, is no flow to start from; zeros would be one.
    flow = estimator.calc(first, second, None)  # type: ignore[call-overload]
    return np.asarray(flow, dtype=np.float32)


def flow_length(prediction: Video, target: Video, scored: Pixels | None) -> Total:
    """Length in px of the DIS flow from truth to prediction, over the scored pixels of all frames.

    The flow is that of the whole grey frame, each frame for itself. OpenCV cuts the work the same
    way for any number of threads. Sides from 12 px.
    """
    totals, values = [], 0
    for index in range(len(target)):
        mask = _mask(scored, index, WHOLE_FRAME)
        if pixels := _pixels(mask, target[index]):
            flow = _dis_flow(_grey(target[index]), _grey(prediction[index])).astype(np.float64)
            # Not cv2.magnitude: its last digit changes with where in memory the array lies.
            length = np.sqrt(flow[..., 0] ** 2 + flow[..., 1] ** 2)
            totals.append(cv2.mean(length, mask)[0] * pixels)
            values += pixels
    return Total(math.fsum(totals), values)


def _scored_in_both(scored: Pixels | None, index: int) -> Bool[np.ndarray, "1 h w"] | None:
    """Pixels scored in frame `index` and in the next, bool (1, h, w)."""
    return None if scored is None else scored[index : index + 1] & scored[index + 1 : index + 2]


def change_error(
    prediction: Video,
    target: Video,
    scored: Pixels | None,
    box: Box,
    successive: Sequence[int],
) -> Total:
    """Absolute difference of the changes from frame i to i + 1, for i in `successive`; exact."""
    total = values = 0
    for index in successive:
        mask = _mask(_scored_in_both(scored, index), 0, box)
        before, after = (
            np.subtract(prediction[at][box], target[at][box], dtype=np.int16)
            for at in (index, index + 1)
        )
        # |(p' - p) - (t' - t)| = |(p' - t') - (p - t)|, at most 510
        total += round(cv2.norm(after, before, cv2.NORM_L1, mask))
        values += 3 * _pixels(mask, target[index][box])
    return Total(total, values)


def flow_difference(
    prediction: Video, target: Video, scored: Pixels | None, successive: Sequence[int]
) -> Total:
    """Distance in px between the DIS flows of truth and prediction from frame i to i + 1."""
    totals, values = [], 0
    for index in successive:
        mask = _mask(_scored_in_both(scored, index), 0, WHOLE_FRAME)
        if pixels := _pixels(mask, target[index]):
            of_truth, of_prediction = (
                _dis_flow(_grey(video[index]), _grey(video[index + 1])).astype(np.float64)
                for video in (target, prediction)
            )
            apart = of_truth - of_prediction
            length = np.sqrt(apart[..., 0] ** 2 + apart[..., 1] ** 2)
            totals.append(cv2.mean(length, mask)[0] * pixels)
            values += pixels
    return Total(math.fsum(totals), values)
