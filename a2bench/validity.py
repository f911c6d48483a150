"""Does a ranking carry over: rank agreement of two leaderboards over the methods both have.

What a benchmark on made characters says is worth as much as its ranking on other data. Two folders
that `a2bench table --out` wrote (other data set, other protocol, other version) are compared metric
by metric: Kendall's tau-b of the methods' means, with an interval from a bootstrap that draws
methods and, within each leaderboard, cases.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError
from a2bench.records import Protocol, Value
from a2bench.statistics import LEVEL, SEED

RESAMPLES = 2000

LEAST_METHODS = 4
"""With three methods every order agrees with a given one by chance in a sixth of all cases."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How far two leaderboards order the same methods alike, by one metric.

    Attributes:
        tau: Kendall's tau-b of the means, -1 to 1; None: one of them ranks nobody above anybody.
        low, high: 95 % interval over methods and cases; None: fewer than `LEAST_METHODS` methods.
        methods: those compared.
        swapped: pairs of methods that the two order the other way round.
    """

    metric: str
    tau: float | None
    low: float | None
    high: float | None
    methods: tuple[str, ...]
    swapped: tuple[tuple[str, str], ...]


def table_of(
    values: Sequence[Value], metric: str, protocol: Protocol
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return method -> case id -> mean over seeds, and the cases that every method has."""
    gathered: dict[str, dict[str, list[float]]] = {}
    for value in values:
        if value.metric == metric and value.protocol == protocol and value.value is not None:
            by_case = gathered.setdefault(value.method, {})
            by_case.setdefault(value.case_id, []).append(value.value)
    means = {
        method: {case_id: math.fsum(found) / len(found) for case_id, found in by_case.items()}
        for method, by_case in gathered.items()
    }
    common = set.intersection(*(set(by_case) for by_case in means.values())) if means else set()
    return means, sorted(common)


def tau_b(first: Floats, second: Floats) -> float | None:
    """Kendall's tau-b of two sequences of numbers; None where one has ties only."""
    index, other = np.triu_indices(len(first), 1)
    ours, theirs = np.sign(first[index] - first[other]), np.sign(second[index] - second[other])
    size = math.sqrt(float(np.abs(ours).sum()) * float(np.abs(theirs).sum()))
    return float((ours * theirs).sum()) / size if size else None


def agreement(
    first: Sequence[Value],
    second: Sequence[Value],
    metric: str,
    protocols: tuple[Protocol, Protocol],
    *,
    leave_out: Sequence[str] = (),
) -> Agreement:
    """Compare how two sets of values order the methods that both have.

    Args:
        first: values of any methods and metrics.
        second: likewise, of the other leaderboard.
        metric: which one; both sides need it.
        protocols: of the first and of the second.
        leave_out: methods that are not ranked (oracle, ceilings).

    Raises:
        A2BenchError: fewer than two methods in common, or no case that all of them have.
    """
    sides = []
    for values, protocol in zip((first, second), protocols, strict=True):
        means, _ = table_of(values, metric, protocol)
        sides.append({name: found for name, found in means.items() if name not in leave_out})
    methods = sorted(sides[0].keys() & sides[1].keys())
    if len(methods) < 2:
        raise A2BenchError(
            f"{metric}: {len(methods)} methods in common; an order needs two.\n"
            f"first: {', '.join(sorted(sides[0])) or 'none'}; "
            f"second: {', '.join(sorted(sides[1])) or 'none'}"
        )
    tables = [_matrix(side, methods, metric) for side in sides]
    ours, theirs = (table.mean(axis=1) for table in tables)
    swapped = tuple(
        (methods[one], methods[other])
        for one in range(len(methods))
        for other in range(one + 1, len(methods))
        if (ours[one] - ours[other]) * (theirs[one] - theirs[other]) < 0
    )
    low, high = _interval(tables) if len(methods) >= LEAST_METHODS else (None, None)
    return Agreement(metric, tau_b(ours, theirs), low, high, tuple(methods), swapped)


def _matrix(side: dict[str, dict[str, float]], methods: Sequence[str], metric: str) -> Floats:
    cases = sorted(set.intersection(*(set(side[method]) for method in methods)))
    if not cases:
        raise A2BenchError(f"{metric}: no case that all of {', '.join(methods)} have a number for.")
    return np.array([[side[method][case_id] for case_id in cases] for method in methods])


def _interval(tables: Sequence[Floats]) -> tuple[float | None, float | None]:
    """Percentile interval: methods drawn once for both sides, cases on each side on their own."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    count = tables[0].shape[0]
    found = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(count, size=count)
        resampled = []
        for table in tables:
            cases = generator.integers(table.shape[1], size=table.shape[1])
            resampled.append(table[:, cases].mean(axis=1)[drawn])
        tau = tau_b(resampled[0], resampled[1])
        if tau is not None:  # a draw of one method only orders nothing
            found.append(tau)
    if len(found) < RESAMPLES / 2:
        return None, None
    ends = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(ends[0]), float(ends[1])
