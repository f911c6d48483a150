"""How far a mean can be trusted, and whether two methods differ: over characters, seeded.

The unit of chance is the character, not the frame and not the case: cases that share a character
move together. Where every character occurs once (`self`, `rescaled`, and `cross` of a released
split) each case is a cluster of its own. In general a case of `cross` belongs to two clusters, its
reference and its driver, and the variance of the mean is V_reference + V_driver - V_pair.

Everything here is a function of its arguments: no clock, no global generator, the same answer for
any order of the cases.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError

RESAMPLES = 4999
"""Of the bootstrap: the ends of a 95 % interval are then its 125th and 4875th number."""

FLIPS = 9999
"""Of the permutation test: the smallest p it can print is 1 / (1 + FLIPS)."""

EXACT_UP_TO = 13
"""Clusters up to which all 2^n sign flips are tried, fewer than FLIPS."""

SEED = 20250122
"""Of every resampling. Printed with the tables; another seed is another version of this file."""

LEVEL = 0.95

Floats = npt.NDArray[np.float64]

Clusters = tuple[str, ...]
"""The clusters one case belongs to: (character,) or (reference, driver)."""


@dataclass(frozen=True)
class Estimate:
    """A mean over cases with its interval.

    Attributes:
        value: the mean.
        low, high: ends of the interval at `LEVEL`; None: fewer than two clusters.
        standard_error: of the mean, from the clusters; None likewise.
        cases: number of cases.
        clusters: number of clusters, the fewer of reference and driver.
    """

    value: float
    low: float | None
    high: float | None
    standard_error: float | None
    cases: int
    clusters: int


@dataclass(frozen=True)
class Comparison:
    """Two methods on the cases that both have, case by case.

    Attributes:
        effect: mean of first - second, in the metric's unit, with its interval.
        p: two-sided, of the sign-flip permutation test; None: fewer than two clusters.
        wins, ties, losses: cases in which the first is better, equal, worse.
        minimum_detectable: the smallest true difference (in the metric's unit) that this number of
            cases finds with probability 0.8 at 0.05, two-sided; None: fewer than two clusters.
    """

    effect: Estimate
    p: float | None
    wins: int
    ties: int
    losses: int
    minimum_detectable: float | None


def estimate(numbers: Mapping[str, float], clusters: Mapping[str, Clusters]) -> Estimate:
    """Mean over cases with a 95 % interval from a studentised cluster bootstrap.

    The bootstrap-t (Efron and Tibshirani 1993, chapter 12.5) resamples clusters and divides each
    resampled deviation by its own standard error: with skewed values it keeps its coverage where
    percentile intervals are too short (tests/test_statistics.py simulates it). Where clusters
    cross (a character is the reference or driver of several cases) no resampling of one of them
    is right; the interval is then Student's, with the multiway standard error (Cameron, Gelbach
    and Miller 2011) and one degree of freedom less than the fewer clusters.

    Args:
        numbers: case id -> value, finite.
        clusters: case id -> the clusters of the case; more cases than `numbers` do no harm.

    Raises:
        A2BenchError: no case.
    """
    if not numbers:
        raise A2BenchError("no case to estimate a mean from")
    ids = sorted(numbers)
    values = np.array([numbers[case_id] for case_id in ids], dtype=np.float64)
    mean = math.fsum(values) / len(values)
    labels = [clusters[case_id] for case_id in ids]
    fewest = min(len(set(way)) for way in zip(*labels, strict=True))
    error = _standard_error(values - mean, labels)
    if error is None:
        return Estimate(mean, None, None, None, len(ids), fewest)
    if error == 0.0:
        return Estimate(mean, mean, mean, 0.0, len(ids), fewest)
    one_way = _one_way(labels)
    if one_way is None:
        reach = student(fewest - 1, (1 + LEVEL) / 2) * error
        return Estimate(mean, mean - reach, mean + reach, error, len(ids), fewest)
    low, high = _bootstrap_t(values, one_way, mean, error)
    return Estimate(mean, low, high, error, len(ids), fewest)


def compare(
    first: Mapping[str, float],
    second: Mapping[str, float],
    clusters: Mapping[str, Clusters],
    *,
    higher_is_better: bool,
) -> Comparison:
    """Compare two methods on the cases both have a number for.

    Raises:
        A2BenchError: they have no case in common.
    """
    common = sorted(first.keys() & second.keys())
    if not common:
        raise A2BenchError("the two methods have no scored case in common")
    differences = {case_id: first[case_id] - second[case_id] for case_id in common}
    effect = estimate(differences, clusters)
    sign = 1.0 if higher_is_better else -1.0
    wins = sum(sign * difference > 0 for difference in differences.values())
    ties = sum(difference == 0 for difference in differences.values())
    detectable = None
    if effect.standard_error is not None:
        freedom = effect.clusters - 1
        reach = student(freedom, 0.975) + student(freedom, 0.8)
        detectable = reach * effect.standard_error
    return Comparison(
        effect=effect,
        p=sign_flip_p(differences, clusters),
        wins=wins,
        ties=ties,
        losses=len(common) - wins - ties,
        minimum_detectable=detectable,
    )


def student_interval(numbers: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the mean of a few independent normal numbers; None: fewer than two."""
    if len(numbers) < 2:
        return None
    mean = math.fsum(numbers) / len(numbers)
    variance = math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)
    reach = student(len(numbers) - 1, (1 + LEVEL) / 2) * math.sqrt(variance / len(numbers))
    return mean - reach, mean + reach


def sign_flip_p(differences: Mapping[str, float], clusters: Mapping[str, Clusters]) -> float | None:
    """Two-sided p of a paired permutation test: under no difference each sign is a coin.

    Signs are flipped a cluster at a time. All 2^n flips are tried where there are few, else
    `FLIPS` seeded ones with the observed one counted in (Phipson and Smyth 2010), so p is never 0.
    Where clusters cross, each way is tested and the larger p is returned.

    Returns:
        p in (0, 1]; None: fewer than two clusters.
    """
    ids = sorted(differences)
    values = np.array([differences[case_id] for case_id in ids], dtype=np.float64)
    labels = [clusters[case_id] for case_id in ids]
    one_way = _one_way(labels)
    ways = [one_way] if one_way is not None else [list(way) for way in zip(*labels, strict=True)]
    found = []
    for way in ways:
        sums, _ = _by_cluster(values, way)
        if len(sums) < 2:
            return None
        flipped = _signs(len(sums)) @ sums
        observed = abs(math.fsum(sums))
        # The same sum in another order of adding may differ in its last digits.
        slack = 1e-12 * float(np.abs(sums).sum())
        extreme = int((np.abs(flipped) >= observed - slack).sum())
        exact = len(sums) <= EXACT_UP_TO
        found.append(extreme / len(flipped) if exact else (1 + extreme) / (1 + len(flipped)))
    return max(found)


def smallest_p(clusters: float) -> float:
    """Return the smallest p that `sign_flip_p` can give: all signs one way, or all the other."""
    return 2.0 ** (1 - clusters) if clusters <= EXACT_UP_TO else 1 / (1 + FLIPS)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust a family of p-values for their number (Holm 1979): reject where <= alpha.

    Returns:
        The adjusted values in the given order, each in [p, 1].
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


GROUPS = 20
"""Groups of clips that a delete-group jackknife leaves out in turn: clip i is in group i % 20."""


def jackknife_interval(whole: float, left: Sequence[float]) -> tuple[float, float]:
    """95 % interval of a set's number from leaving out groups of clips (Shao and Tu 1995, 2.3).

    It is an interval for the value expected at this number of clips: where the estimator is
    biased, as a Fréchet distance is, the bias is not in it.

    Args:
        whole: the number of all clips.
        left: the number without each group in turn.
    """
    groups = len(left)
    mean = math.fsum(left) / groups
    variance = (groups - 1) / groups * math.fsum((one - mean) ** 2 for one in left)
    reach = student(groups - 1, (1 + LEVEL) / 2) * math.sqrt(variance)
    return whole - reach, whole + reach


def _one_way(labels: Sequence[Clusters]) -> list[str] | None:
    """Return the one clustering that matters, or None where two cross.

    A way in which each label occurs once says nothing that the other way does not.
    """
    ways = [list(way) for way in zip(*labels, strict=True)]
    repeated = [way for way in ways if len(set(way)) < len(way)]
    if not repeated:
        return ways[0]
    return repeated[0] if len(repeated) == 1 else None


def _by_cluster(values: Floats, labels: Sequence[str]) -> tuple[Floats, Floats]:
    """Return the sum and the number of cases of each cluster."""
    position = {label: index for index, label in enumerate(sorted(set(labels)))}
    where = np.array([position[label] for label in labels])
    sums = np.bincount(where, weights=values, minlength=len(position))
    counts = np.bincount(where, minlength=len(position))
    return sums.astype(np.float64), counts.astype(np.float64)


def _variance(residuals: Floats, labels: Sequence[str]) -> float | None:
    """Variance of a mean whose cases are correlated within clusters; None: one cluster."""
    sums, _ = _by_cluster(residuals, labels)
    groups = len(sums)
    if groups < 2:
        return None
    # For clusters of one case this is the sample variance over n.
    return groups / (groups - 1) * float(np.square(sums).sum()) / len(residuals) ** 2


def _standard_error(residuals: Floats, labels: Sequence[Clusters]) -> float | None:
    one_way = _one_way(labels)
    if one_way is not None:
        variance = _variance(residuals, one_way)
        return None if variance is None else math.sqrt(variance)
    single = [_variance(residuals, way) for way in zip(*labels, strict=True)]
    pair = _variance(residuals, ["\n".join(label) for label in labels])
    if pair is None or any(variance is None for variance in single):
        return None
    terms = [variance for variance in single if variance is not None]
    # The difference can fall below each term, even below zero, by chance: never print less.
    return math.sqrt(max(sum(terms) - pair, *terms))


def _bootstrap_t(
    values: Floats, labels: Sequence[str], mean: float, error: float
) -> tuple[float, float]:
    # Centred first: moments of resamples are then differences of small numbers.
    sums, counts = _by_cluster(values - mean, labels)
    groups = len(sums)
    drawn = _resamples(groups)
    number = drawn @ counts
    means = (drawn @ sums) / number
    # Sum over drawn clusters of (sum_g - mean* n_g)^2, expanded into three products.
    square = (
        drawn @ np.square(sums)
        - 2 * means * (drawn @ (sums * counts))
        + np.square(means) * (drawn @ np.square(counts))
    )
    errors = np.sqrt(groups / (groups - 1) * np.maximum(square, 0.0)) / number
    # A resample of one cluster only has no spread: infinitely far, on its side.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(errors > 1e-12 * error, means / errors, np.copysign(np.inf, means))
    ratios.sort()
    tail = round((1 - LEVEL) / 2 * (RESAMPLES + 1))
    upper, lower = float(ratios[-tail]), float(ratios[tail - 1])
    if not (math.isfinite(upper) and math.isfinite(lower)):
        reach = student(groups - 1, (1 + LEVEL) / 2)  # too few clusters to resample
        upper, lower = reach, -reach
    return mean - upper * error, mean - lower * error


@lru_cache(maxsize=8)
def _resamples(groups: int) -> Floats:
    """How often each cluster is drawn in each resample: (RESAMPLES, groups), rows sum to groups."""
    generator = np.random.Generator(np.random.PCG64([SEED, groups]))
    return generator.multinomial(groups, np.full(groups, 1.0 / groups), size=RESAMPLES).astype(
        np.float64
    )


@lru_cache(maxsize=8)
def _signs(groups: int) -> Floats:
    """Sign of each cluster in each flip: (flips, groups) of -1 and 1."""
    if groups <= EXACT_UP_TO:
        bits = np.arange(2**groups)[:, None] >> np.arange(groups)[None, :]
        return np.where(bits & 1, -1.0, 1.0)
    generator = np.random.Generator(np.random.PCG64([SEED, groups]))
    return generator.choice(np.array([-1.0, 1.0]), size=(FLIPS, groups))


@lru_cache(maxsize=64)
def student(freedom: int, probability: float) -> float:
    """Quantile of Student's t."""
    from scipy import stats

    return float(stats.t.ppf(probability, freedom))
