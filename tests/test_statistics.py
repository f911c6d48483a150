"""Intervals cover what they promise, tests reject as often as they promise, closed forms hold."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from a2bench.errors import A2BenchError
from a2bench.statistics import FLIPS, compare, estimate, holm, sign_flip_p, smallest_p


def _cases(values: np.ndarray) -> dict[str, float]:
    return {f"c{index:04d}": float(value) for index, value in enumerate(values)}


def _alone(count: int) -> dict[str, tuple[str, ...]]:
    return {f"c{index:04d}": (f"c{index:04d}",) for index in range(count)}


def test_the_standard_error_of_characters_that_occur_once_is_that_of_the_mean() -> None:
    # 1, 2, 3, 6: mean 3; squares 4 + 1 + 0 + 9 = 14; sample variance 14/3; over n: 14/12
    found = estimate(_cases(np.array([1.0, 2.0, 3.0, 6.0])), _alone(4))
    assert found.value == 3.0
    assert found.standard_error == pytest.approx(math.sqrt(14 / 12), rel=1e-15)
    assert (found.cases, found.clusters) == (4, 4)


def test_two_cases_of_one_character_count_as_one() -> None:
    # Characters a: 1, 1 and b: 3, 3. mean 2, cluster sums of residuals -2 and 2:
    # 2/1 * (4 + 4) / 16 = 1. As four cases it would be 1/3.
    clusters = {"w": ("a",), "x": ("a",), "y": ("b",), "z": ("b",)}
    found = estimate({"w": 1, "x": 1, "y": 3, "z": 3}, clusters)
    assert found.standard_error == pytest.approx(1.0)
    assert found.clusters == 2


def test_crossed_clusters_add_both_ways_and_subtract_the_pair() -> None:
    # 2 x 2 grid of references a, b and drivers p, q; value = effect of the reference only.
    clusters = {
        "ap": ("a", "p"), "aq": ("a", "q"), "bp": ("b", "p"), "bq": ("b", "q"),
    }  # fmt: skip
    found = estimate({"ap": 1, "aq": 1, "bp": 3, "bq": 3}, clusters)
    # V_reference = 2 * (4 + 4) / 16 = 1; V_driver = 2 * (0 + 0) / 16 = 0;
    # V_pair = 4/3 * 4 / 16 = 1/3. 1 + 0 - 1/3 = 2/3 is below V_reference alone: 1 is taken.
    assert found.standard_error == pytest.approx(1.0)
    # Student's t, one degree of freedom: 12.706
    assert found.high == pytest.approx(2 + stats.t.ppf(0.975, 1))


def test_crossing_with_each_character_once_a_way_is_the_pair_bootstrap() -> None:
    values = np.random.default_rng(3).normal(size=30)
    pairs = {f"c{i:04d}": (f"r{i:02d}", f"d{(i * 7 + 3) % 30:02d}") for i in range(30)}
    assert estimate(_cases(values), pairs) == estimate(_cases(values), _alone(30))


def test_the_order_of_the_cases_changes_nothing_to_the_bit() -> None:
    values = _cases(np.random.default_rng(4).lognormal(size=50))
    shuffled = dict(reversed(values.items()))
    assert estimate(shuffled, _alone(50)) == estimate(values, _alone(50))


def test_equal_values_have_an_interval_of_no_width_and_one_character_has_none() -> None:
    same = estimate(_cases(np.full(5, 0.25)), _alone(5))
    assert (same.low, same.high, same.standard_error) == (0.25, 0.25, 0.0)
    one = estimate({"c0000": 1.0}, _alone(1))
    assert (one.low, one.high, one.standard_error) == (None, None, None)
    with pytest.raises(A2BenchError, match="no case"):
        estimate({}, {})


def test_for_normal_values_the_interval_is_close_to_students() -> None:
    values = np.random.default_rng(5).normal(10, 2, size=400)
    found = estimate(_cases(values), _alone(400))
    reach = stats.t.ppf(0.975, 399) * values.std(ddof=1) / math.sqrt(400)
    assert found.low == pytest.approx(values.mean() - reach, abs=0.03 * reach)
    assert found.high == pytest.approx(values.mean() + reach, abs=0.06 * reach)


@pytest.mark.parametrize("count", [20, 50, 100])
@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_simulated_intervals_of_95_percent_cover_93_to_97(count: int, shape: str) -> None:
    """1000 simulations: the standard error of the coverage itself is 0.7 %.

    `skewed` is a gamma of shape 4 (skewness 1), as skewed as errors in px over cases are here.
    """
    generator = np.random.default_rng([6, count])
    truth = 4.0
    covered = 0
    clusters = _alone(count)
    for _ in range(1000):
        drawn = (
            generator.normal(truth, 2.0, count)
            if shape == "normal"
            else generator.gamma(4.0, 1.0, count)
        )
        found = estimate(_cases(drawn), clusters)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / 1000 <= 0.97


def test_simulated_intervals_of_clustered_cases_cover_where_naive_ones_do_not() -> None:
    """40 characters with 5 cases each that share a character effect as large as the noise."""
    generator = np.random.default_rng(8)
    clusters = {f"c{index:04d}": (f"k{index // 5}",) for index in range(200)}
    covered = naive = 0
    for _ in range(1000):
        drawn = np.repeat(generator.normal(0, 1, 40), 5) + generator.normal(0, 1, 200)
        found = estimate(_cases(drawn), clusters)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
        naive += abs(drawn.mean()) <= 1.97 * drawn.std(ddof=1) / math.sqrt(200)
    assert 0.93 <= covered / 1000 <= 0.97
    assert naive / 1000 < 0.85


def test_simulated_intervals_of_crossed_cases_cover() -> None:
    """40 references x 40 drivers, 5 drivers a reference, effects of both."""
    generator = np.random.default_rng(9)
    pairs = [(r, (r + 7 * k) % 40) for r in range(40) for k in range(5)]
    clusters = {f"c{i:04d}": (f"r{r}", f"d{d}") for i, (r, d) in enumerate(pairs)}
    rows, columns = np.array(pairs).T
    covered = 0
    for _ in range(1000):
        drawn = generator.normal(0, 1, 40)[rows] + generator.normal(0, 1, 40)[columns]
        found = estimate(_cases(drawn + generator.normal(0, 1, 200)), clusters)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    assert 0.93 <= covered / 1000 <= 0.97


def test_few_cases_are_flipped_in_every_way_as_scipy_does() -> None:
    differences = np.array([0.5, -0.1, 0.7, 0.3, 0.9, -0.2, 0.4])
    ours = sign_flip_p(_cases(differences), _alone(7))
    peer = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert ours == pytest.approx(peer.pvalue, rel=1e-12)
    by_hand = [
        abs(np.dot(signs, differences)) >= abs(differences.sum()) - 1e-12
        for signs in itertools.product((-1, 1), repeat=7)
    ]
    assert ours == sum(by_hand) / 2**7


def test_many_cases_are_flipped_at_random_close_to_the_exact_p_and_never_zero() -> None:
    generator = np.random.default_rng(10)
    differences = generator.normal(0.2, 1, 100)
    ours = sign_flip_p(_cases(differences), _alone(100))
    assert ours == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)
    far = sign_flip_p(_cases(differences + 10), _alone(100))
    assert far == 1 / (1 + FLIPS)


def test_without_a_difference_p_below_five_percent_comes_five_times_in_a_hundred() -> None:
    generator = np.random.default_rng(11)
    clusters = _alone(40)
    below = 0
    for _ in range(1000):
        p = sign_flip_p(_cases(generator.normal(size=40)), clusters)
        assert p is not None
        below += p <= 0.05
    assert 0.03 <= below / 1000 <= 0.07  # standard error 0.7 %


def test_signs_are_flipped_a_character_at_a_time() -> None:
    """Ten equal cases of two characters: 2 of the 4 flips are as extreme, however many cases."""
    clusters = {f"c{index:04d}": (f"k{index % 2}",) for index in range(10)}
    assert sign_flip_p(_cases(np.ones(10)), clusters) == 0.5


def test_compare_says_effect_wins_and_what_could_have_been_found() -> None:
    first = {"a": 3.0, "b": 2.0, "c": 5.0, "d": 4.0, "only first": 9.0}
    second = {"a": 1.0, "b": 2.0, "c": 2.0, "d": 5.0}
    clusters = {name: (name,) for name in first}
    found = compare(first, second, clusters, higher_is_better=True)
    # differences 2, 0, 3, -1: mean 1, squares 1 + 1 + 4 + 4 = 10, se = sqrt(10/3/4)
    assert found.effect.value == 1.0
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.effect.cases == 4
    reach = stats.t.ppf(0.975, 3) + stats.t.ppf(0.8, 3)
    assert found.minimum_detectable == pytest.approx(reach * math.sqrt(10 / 12))
    lower = compare(first, second, clusters, higher_is_better=False)
    assert (lower.wins, lower.losses) == (1, 2)
    with pytest.raises(A2BenchError, match="no scored case in common"):
        compare({"a": 1.0}, {"b": 1.0}, clusters, higher_is_better=True)


def test_the_smallest_p_is_that_of_signs_that_all_agree() -> None:
    for count in (2, 5, 13, 40):
        differences = _cases(np.ones(count))
        assert sign_flip_p(differences, _alone(count)) == pytest.approx(smallest_p(count))


def test_holm_agrees_with_statsmodels_and_keeps_the_order_given() -> None:
    p_values = [0.04, 0.001, 0.03, 0.5, 0.011, 0.011]
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    # by hand, three: 0.01*3, then max(0.03, 0.02*2), then max(0.04, 0.9*1)
    assert holm([0.9, 0.01, 0.02]) == pytest.approx([0.9, 0.03, 0.04])
    assert holm([]) == []
