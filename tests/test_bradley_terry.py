"""Bradley-Terry strengths: closed forms, known strengths found again, intervals that hold."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from a2bench.bradley_terry import strengths

Floats = npt.NDArray[np.float64]


def simulated(
    true: Floats, people: int, rounds: int, rng: np.random.Generator, spread: float = 0.0
) -> Floats:
    """Return wins of participants who compare every pair `rounds` times.

    Each has an opinion of their own: `spread` is its standard deviation around the true strengths.
    """
    count = len(true)
    wins = np.zeros((people, count, count))
    for person in range(people):
        own = true + spread * rng.standard_normal(count)
        for i in range(count):
            for j in range(i):
                won = rng.binomial(rounds, 1 / (1 + math.exp(own[j] - own[i])))
                wins[person, i, j], wins[person, j, i] = won, rounds - won
    return wins


def test_of_two_methods_the_difference_is_the_log_odds() -> None:
    """30 wins of 40: b1 - b2 = log(30 / 10) = 1.0986, so +0.549 and -0.549 around a mean of 0."""
    wins = np.array([[[0, 30], [10, 0]]])

    found = strengths(wins)

    np.testing.assert_allclose(found.values, [math.log(3) / 2, -math.log(3) / 2], atol=1e-10)
    assert found.reach is None  # one participant
    assert not found.steadied


def test_of_two_methods_the_interval_is_the_clustered_one_of_a_share() -> None:
    """Four people chose the first 9, 8, 7, 6 of 10 times: p = 0.75, score_g = k_g - 7.5.

    The sum of squared scores is 1.5^2 + .5^2 + .5^2 + 1.5^2 = 5; with H = n p q = 40 * 3/16 = 7.5
    the variance of b1 - b2 is 5 / 7.5^2 * 4/3, and half the difference has half the error.
    """
    wins = np.array([[[0, k], [10 - k, 0]] for k in (9, 8, 7, 6)], dtype=float)

    found = strengths(wins)

    assert found.reach is not None
    error = math.sqrt(5 / 7.5**2 * 4 / 3) / 2
    student = 3.182446305284263  # 0.975 quantile, 3 degrees of freedom
    np.testing.assert_allclose(found.reach, [student * error] * 2, rtol=1e-9)


def test_wins_that_are_exactly_expected_give_the_strengths_back() -> None:
    """Fed the probabilities themselves, the maximum is at the truth: the score is zero there."""
    true = np.array([1.5, 0.5, -0.5, -1.5])
    chance = 1 / (1 + np.exp(true[None, :] - true[:, None]))
    np.fill_diagonal(chance, 0)

    np.testing.assert_allclose(strengths(chance[None]).values, true, atol=1e-9)


def test_known_strengths_are_found_again_and_the_intervals_hold_them() -> None:
    """40 draws of 12 people whose opinions differ: 95 % intervals hold the mean opinion.

    With 4 methods these are 160 intervals, not independent; 88 % is far below what chance explains.
    Without clusters they would be half as long and hold it in about 70 %.
    """
    rng = np.random.default_rng(1)
    true = np.array([0.9, 0.3, -0.3, -0.9])
    held, errors = [], []
    for _ in range(40):
        found = strengths(simulated(true, 12, 6, rng, spread=0.4))
        assert found.reach is not None
        errors.append(found.values - true)
        held += list(np.abs(found.values - true) <= found.reach)

    assert np.abs(np.mean(errors, axis=0)).max() < 0.1
    assert np.mean(held) > 0.88


def test_who_always_wins_gets_a_finite_strength_and_it_is_said() -> None:
    """Half a win more on both sides: 10 to 0 becomes 10.5 to 0.5, log(21) apart."""
    found = strengths(np.array([[[0, 10], [0, 0]]]))

    assert found.steadied
    np.testing.assert_allclose(found.values, [math.log(21) / 2, -math.log(21) / 2], atol=1e-9)


def test_methods_that_nothing_connects_are_refused() -> None:
    """A with B, C with D: no scale holds all four."""
    wins = np.zeros((1, 4, 4))
    wins[0, 0, 1] = wins[0, 1, 0] = wins[0, 2, 3] = wins[0, 3, 2] = 1

    with pytest.raises(ValueError, match="never compared"):
        strengths(wins)
    with pytest.raises(ValueError, match="expected counts"):
        strengths(-wins)


def test_a_chain_of_comparisons_is_enough() -> None:
    """A 2:1 B, B 2:1 C and nothing between A and C: log 2 apart each, 2 log 2 in all."""
    wins = np.zeros((1, 3, 3))
    wins[0, 0, 1], wins[0, 1, 0], wins[0, 1, 2], wins[0, 2, 1] = 2, 1, 2, 1

    found = strengths(wins)

    np.testing.assert_allclose(found.values, [math.log(2), 0, -math.log(2)], atol=1e-9)
