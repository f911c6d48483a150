"""Bradley-Terry strengths of methods from pairwise choices, with intervals over participants.

    P(i is chosen over j) = 1 / (1 + exp(b_j - b_i))

Strengths b are log-odds, their mean is 0 (Bradley and Terry 1952, Rank analysis of incomplete block
designs). The likelihood is concave; Newton's method finds its maximum. It has one where chains of
wins lead from every method to every other (Ford 1957); where it has none, both sides of each pair
that was compared are given half a win more, and the result says so.

The choices of one participant hang together, so the covariance is the sandwich clustered by
participant, and the interval Student's with one degree of freedom less than there are participants.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from a2bench.statistics import LEVEL, student

Floats = npt.NDArray[np.float64]

_STEPS = 100
_CLOSE = 1e-12


@dataclass(frozen=True)
class Strengths:
    """What the choices say of each method.

    Attributes:
        values: (m,) log-odds, mean 0.
        reach: (m,) half the length of the 95 % interval; None: fewer than two participants.
        steadied: half a win was given to both sides of every pair, as the maximum is at infinity.
    """

    values: Floats
    reach: Floats | None
    steadied: bool


def strengths(wins: Floats) -> Strengths:
    """Fit the strengths of m methods.

    Args:
        wins: (g, m, m): how often participant g chose method i over method j.

    Raises:
        ValueError: not of that shape, a negative count, or methods that no chain of comparisons
            connects.
    """
    if wins.ndim != 3 or wins.shape[1] != wins.shape[2] or (wins < 0).any():
        raise ValueError(f"expected counts (g, m, m), got {wins.shape}")
    total = wins.sum(axis=0)
    if not _connected(total + total.T):
        raise ValueError(
            "some methods were never compared with the others, not even by way of others"
        )
    steadied = not _connected(total)
    if steadied:
        total = total + 0.5 * (total + total.T > 0)
    fitted = _maximum(total)
    groups = len(wins)
    if groups < 2:
        return Strengths(fitted, None, steadied)
    chance = _chance(fitted)
    inverse = np.linalg.pinv(_information(total, chance))
    # of each participant: by how much each method was chosen more often than the fit expects
    scores = (wins - (wins + wins.transpose(0, 2, 1)) * chance).sum(axis=2)
    scores = scores - scores.mean(axis=0)
    covariance = inverse @ (scores.T @ scores) @ inverse * (groups / (groups - 1))
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return Strengths(fitted, student(groups - 1, (1 + LEVEL) / 2) * errors, steadied)


def _chance(fitted: Floats) -> Floats:
    """Return (m, m): how likely each is chosen over each."""
    return 1.0 / (1.0 + np.exp(fitted[None, :] - fitted[:, None]))


def _information(wins: Floats, chance: Floats) -> Floats:
    weights = (wins + wins.T) * chance * chance.T
    np.fill_diagonal(weights, 0.0)
    return np.diag(weights.sum(axis=1)) - weights


def _likelihood(wins: Floats, fitted: Floats) -> float:
    return math.fsum((wins * np.log(_chance(fitted))).ravel())


def _maximum(wins: Floats) -> Floats:
    """Newton's method; a step that does not climb is halved."""
    fitted = np.zeros(len(wins))
    reached = _likelihood(wins, fitted)
    for _ in range(_STEPS):
        chance = _chance(fitted)
        gradient = (wins - (wins + wins.T) * chance).sum(axis=1)
        step = np.linalg.pinv(_information(wins, chance)) @ gradient
        while (tried := _likelihood(wins, fitted + step)) < reached and np.abs(step).max() > _CLOSE:
            step = step / 2
        fitted, reached = fitted + step, max(tried, reached)
        if np.abs(step).max() <= _CLOSE:
            break
    return np.asarray(fitted - fitted.mean())


def _connected(wins: Floats) -> bool:
    """Whether wins lead from every method to every other (strongly connected)."""
    reach = (wins > 0) | np.eye(len(wins), dtype=bool)
    for _ in range(max(1, len(wins).bit_length())):
        reach = reach @ reach  # bool: paths twice as long
    return bool(reach.all())
