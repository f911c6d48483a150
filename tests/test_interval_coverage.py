"""The jackknife, simulated small; `benchmarks/interval_coverage.py` prints the whole tables."""

import numpy as np

from a2bench.distances import FEWEST_WITH_INTERVAL, frechet
from a2bench.metric import ClipFeatures
from a2bench.statistics import GROUPS, jackknife_interval


def test_for_a_mean_the_jackknife_is_students_interval() -> None:
    """One value a group: variance of the mean s^2 / n, t of 19 degrees of freedom is 2.093."""
    values = np.random.default_rng(0).normal(size=GROUPS)
    left = [float(np.delete(values, group).mean()) for group in range(GROUPS)]

    low, high = jackknife_interval(float(values.mean()), left)

    reach = 2.0930240544 * values.std(ddof=1) / np.sqrt(GROUPS)
    assert abs((high - low) / 2 - reach) < 1e-9
    assert abs((high + low) / 2 - values.mean()) < 1e-12


def _clips(vectors: np.ndarray, drivers: int = 0) -> list[ClipFeatures]:
    count = len(vectors)
    return [
        ClipFeatures(str(i), str(i), str((i + drivers) % count), one.astype(np.float32))
        for i, one in enumerate(vectors)
    ]


def test_a_frechet_interval_holds_the_value_expected_at_this_n() -> None:
    """100 draws of 40 clips, d = 8: 95 % +- 2.2 (one standard error); 88 % would be 3 of them."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(100):
        truth = generator.normal(size=(40, 1, 8))
        prediction = 0.7 * truth + 0.5 * generator.normal(size=truth.shape) + 0.3
        found.append(frechet(ddof=1)(_clips(prediction), _clips(truth)))
    expected = np.mean([one.value for one in found if one.value is not None])
    inside = 0
    for one in found:
        assert one.low is not None
        assert one.high is not None
        inside += one.low <= expected <= one.high

    assert inside >= 88


def test_too_few_clips_and_cross_have_none() -> None:
    vectors = np.random.default_rng(0).normal(size=(FEWEST_WITH_INTERVAL, 2, 4))
    distance = frechet(ddof=1)

    few = distance(_clips(vectors[1:]), _clips(vectors[1:] + 1))
    crossed = distance(_clips(vectors, 1), _clips(vectors + 1, 1))
    enough = distance(_clips(vectors), _clips(vectors + 1))

    assert (few.low, few.high) == (crossed.low, crossed.high) == (None, None)
    assert enough.low is not None
    assert few.samples == 2 * (FEWEST_WITH_INTERVAL - 1)
    assert not enough.ranked
