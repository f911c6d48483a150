"""SSIM with a 7 x 7 uniform window on 8-bit grey frames, in one compiled pass.

The definition is scikit-image's default (uniform window, sample covariance, border of 3 px left
out). Every window sum of 8-bit values and of their products is an integer: at most 49 x 255 =
12,495 for values, whose square is 1.6e8, and 49 x 49 x 255^2 = 1.6e8 for scaled products. All of
it is int32 and exact; only the last quotient is float64. Sums slide down the columns, so a frame
costs a few additions a pixel whatever the window.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

WINDOW_PX = 7
BORDER_PX = 3

_N = WINDOW_PX**2
_C1 = (0.01 * 255) ** 2 * _N**2
_C2 = (0.03 * 255) ** 2 * _N * (_N - 1)
"""Means carry a factor 1/49, sample (co)variances 1/(49 x 48): the constants are scaled instead."""

_Grey = npt.NDArray[np.uint8]
_Sums = npt.NDArray[np.int32]
_Quotients = npt.NDArray[np.float64]
_Eight = tuple[float, float, float, float, float, float, float, float]


@cache
def _compiled() -> Callable[[_Grey, _Grey], float]:
    """Compile on first use (2 s a process): nothing else pays for it.

    The inner loops are functions of their own, each with few arrays: LLVM then proves that they
    do not overlap and uses vector instructions (0.7 ms a frame of 512x768; 2.2 ms in one body).
    numba widens int32 sums to int64 unless each is cast back.
    """
    import numba

    int32, float64 = np.int32, np.float64
    jit: Any = numba.njit(nogil=True, error_model="numpy")

    def add(
        a: _Grey, b: _Grey, of_a: _Sums, of_b: _Sums, of_squares: _Sums, of_products: _Sums
    ) -> None:
        for x in range(a.size):
            of_a[x] = int32(of_a[x] + a[x])
        for x in range(a.size):
            of_b[x] = int32(of_b[x] + b[x])
        for x in range(a.size):
            p, q = int32(a[x]), int32(b[x])
            of_squares[x] = int32(of_squares[x] + int32(int32(p * p) + int32(q * q)))
        for x in range(a.size):
            of_products[x] = int32(of_products[x] + int32(int32(a[x]) * int32(b[x])))

    def slide(
        a: _Grey,
        b: _Grey,
        c: _Grey,
        d: _Grey,
        of_a: _Sums,
        of_b: _Sums,
        of_squares: _Sums,
        of_products: _Sums,
    ) -> None:
        """Rows `a`, `b` enter the window, `c`, `d` leave it."""
        for x in range(a.size):
            of_a[x] = int32(of_a[x] + int32(int32(a[x]) - int32(c[x])))
        for x in range(a.size):
            of_b[x] = int32(of_b[x] + int32(int32(b[x]) - int32(d[x])))
        for x in range(a.size):
            p, q, r, s = int32(a[x]), int32(b[x]), int32(c[x]), int32(d[x])
            entering, leaving = int32(p * p) + int32(q * q), int32(r * r) + int32(s * s)
            of_squares[x] = int32(of_squares[x] + int32(entering) - int32(leaving))
        for x in range(a.size):
            p, q, r, s = int32(a[x]), int32(b[x]), int32(c[x]), int32(d[x])
            of_products[x] = int32(of_products[x] + int32(int32(p * q) - int32(r * s)))

    def seven(column: _Sums, window: _Sums) -> None:
        for x in range(window.size):
            window[x] = int32(
                column[x]
                + column[x + 1]
                + column[x + 2]
                + column[x + 3]
                + column[x + 4]
                + column[x + 5]
                + column[x + 6]
            )

    def quotient(a: _Sums, b: _Sums, squares: _Sums, products: _Sums, out: _Quotients) -> None:
        for x in range(out.size):
            product = int32(int32(2) * int32(a[x] * b[x]))
            power = int32(int32(a[x] * a[x]) + int32(b[x] * b[x]))
            covariance = int32(int32(2 * _N * products[x]) - product)
            variance = int32(int32(_N * squares[x]) - power)
            above = (float64(product) + _C1) * (float64(covariance) + _C2)
            out[x] = above / ((float64(power) + _C1) * (float64(variance) + _C2))

    def total(values: _Quotients, sums: _Eight) -> _Eight:
        """Eight sums side by side, in an order that no processor changes."""
        s0, s1, s2, s3, s4, s5, s6, s7 = sums
        whole = values.size // 8 * 8
        for x in range(0, whole, 8):
            s0 += values[x]
            s1 += values[x + 1]
            s2 += values[x + 2]
            s3 += values[x + 3]
            s4 += values[x + 4]
            s5 += values[x + 5]
            s6 += values[x + 6]
            s7 += values[x + 7]
        for x in range(whole, values.size):
            s0 += values[x]
        return s0, s1, s2, s3, s4, s5, s6, s7

    enter, move, across, divide, summed = map(jit, (add, slide, seven, quotient, total))

    def ssim_total(prediction: _Grey, target: _Grey) -> float:
        height, width = target.shape
        inner = width - 6
        of_a, of_b = np.zeros(width, int32), np.zeros(width, int32)
        of_squares, of_products = np.zeros(width, int32), np.zeros(width, int32)
        a, b = np.zeros(inner, int32), np.zeros(inner, int32)
        squares, products = np.zeros(inner, int32), np.zeros(inner, int32)
        quotients = np.empty(inner, float64)
        sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for y in range(height):
            if y < 7:
                enter(prediction[y], target[y], of_a, of_b, of_squares, of_products)
            else:
                move(
                    prediction[y],
                    target[y],
                    prediction[y - 7],
                    target[y - 7],
                    of_a,
                    of_b,
                    of_squares,
                    of_products,
                )
            if y >= 6:
                across(of_a, a)
                across(of_b, b)
                across(of_squares, squares)
                across(of_products, products)
                divide(a, b, squares, products, quotients)
                sums = summed(quotients, sums)
        s0, s1, s2, s3, s4, s5, s6, s7 = sums
        whole: float = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
        return whole

    compiled: Callable[[_Grey, _Grey], float] = jit(ssim_total)
    return compiled


def grey_ssim(prediction: _Grey, target: _Grey) -> float:
    """SSIM of two grey pictures, uint8 (h, w), sides from 7 px.

    Raises:
        ValueError: other shapes or types: compiled code does not check its bounds.
    """
    for picture in (prediction, target):
        if picture.dtype != np.uint8 or picture.ndim != 2 or min(picture.shape) < WINDOW_PX:
            raise ValueError(f"{picture.shape = } {picture.dtype = }, expected uint8 (h, w) >= 7")
    if prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape = } but {target.shape = }")
    height, width = target.shape
    pixels: int = (height - 2 * BORDER_PX) * (width - 2 * BORDER_PX)
    return _compiled()(np.ascontiguousarray(prediction), np.ascontiguousarray(target)) / pixels
