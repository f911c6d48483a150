"""Rank agreement of two leaderboards: closed forms, scipy, ties, and what it cannot say."""

from typing import Literal

import numpy as np
import pytest
from scipy import stats

from a2bench.errors import A2BenchError
from a2bench.records import Value
from a2bench.validity import agreement, tau_b


def _values(
    means: dict[str, float], noise: float = 0.0, cases: int = 20, seed: int = 0
) -> list[Value]:
    generator = np.random.default_rng(seed)
    protocol: Literal["cross"] = "cross"
    return [
        Value(
            protocol=protocol,
            method=method,
            seed=0,
            case_id=f"c{case}",
            metric="psnr",
            version=1,
            value=mean + noise * float(generator.normal()),
            status="ok",
            reason="",
            region="motion",
            unit="dB",
            key="sha256:" + "0" * 64,
        )
        for method, mean in means.items()
        for case in range(cases)
    ]


BOTH = ("cross", "cross")
FIVE = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": 5.0}


def test_the_same_order_on_other_data_is_one_and_the_reverse_minus_one() -> None:
    other = {name: 10 * value for name, value in FIVE.items()}
    assert agreement(_values(FIVE), _values(other), "psnr", BOTH).tau == 1.0
    backwards = {name: -value for name, value in FIVE.items()}
    assert agreement(_values(FIVE), _values(backwards), "psnr", BOTH).tau == -1.0


def test_one_swapped_pair_of_ten_is_named() -> None:
    # 9 pairs agree, 1 does not: (9 - 1) / 10
    other = FIVE | {"b": 3.5, "c": 2.5}
    found = agreement(_values(FIVE), _values(other), "psnr", BOTH)
    assert found.tau == pytest.approx(0.8)
    assert found.swapped == (("b", "c"),)


def test_tau_b_agrees_with_scipy_with_ties() -> None:
    generator = np.random.default_rng(1)
    for _ in range(20):
        first, second = generator.integers(0, 4, size=(2, 7)).astype(float)
        expected = stats.kendalltau(first, second).statistic
        found = tau_b(first, second)
        assert found == pytest.approx(expected) if not np.isnan(expected) else found is None


def test_noise_widens_the_interval_and_few_methods_have_none() -> None:
    clear = agreement(_values(FIVE, 0.1), _values(FIVE, 0.1, seed=1), "psnr", BOTH)
    noisy = agreement(_values(FIVE, 9.0), _values(FIVE, 9.0, seed=1), "psnr", BOTH)
    assert clear.low == 1.0
    assert noisy.low is not None
    assert noisy.low < 0.5
    three = {name: FIVE[name] for name in "abc"}
    found = agreement(_values(three), _values(three), "psnr", BOTH)
    assert (found.tau, found.low, found.high) == (1.0, None, None)


def test_methods_of_one_side_only_and_reference_rows_are_left_out() -> None:
    found = agreement(
        _values(FIVE | {"oracle": 99.0}),
        _values(FIVE | {"oracle": 0.0, "only here": 3.0}),
        "psnr",
        BOTH,
        leave_out=("oracle",),
    )
    assert found.methods == tuple("abcde")
    with pytest.raises(A2BenchError, match="1 methods in common"):
        agreement(_values({"a": 1.0}), _values(FIVE), "psnr", BOTH)
