"""Kernel distance between sets of feature vectors (KID, KVD), in float64.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y),   k(a, b) = (a.b / d + 1)^3

`by_character` is the estimator that ranks: a U-statistic whose three means run over pairs of clips
of different characters only. Frames of one clip are nearly copies of each other, and a prediction
lies near its own truth: pairs inside one character would make x-x' and y-y' small for everybody
and reward a method for its own reference image. All clips count, nothing is drawn at random, and a
method that answers with the truth gets exactly 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from a2bench.statistics import GROUPS, jackknife_interval

FEWEST_WITH_INTERVAL = 5 * GROUPS
"""Clips: with 40 the interval covered 92 % in simulation, where 93 to 97 % are asked for."""

BLOCK_CLIPS = 16
"""Clips a side whose pairs are computed together: 500 frames of 2048 numbers are 8 MB."""

Sums = Float[np.ndarray, "v v"]

Clips = Sequence[Float[np.ndarray, "_ d"]]
"""Vectors of each clip, at least one."""


def polynomial_kernel(
    a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]
) -> Float[np.ndarray, "n m"]:
    """The cubic kernel of KID, with 1 / d and offset 1."""
    return np.asarray((a @ b.T / a.shape[1] + 1.0) ** 3)


@dataclass(frozen=True)
class Estimate:
    """A distance with its interval.

    Attributes:
        value: MMD^2; may be negative by chance, where the sets are alike.
        low, high: 95 % interval by delete-group jackknife; None: too few clips, or a label of two
            parts that differ.
        pairs: pairs of clips in each mean.
    """

    value: float
    low: float | None
    high: float | None
    pairs: int


def block_sums(first: Clips, second: Clips | None = None) -> Sums:
    """Sums of the kernel over every pair of clips, one of each side.

    A block of clips of each side is in memory at a time; which clips share one depends on nothing
    but their order.

    Args:
        first: vectors of each clip; each is asked for a few times and may be read from a disk.
        second: those of the other side; None: the same clips, so that half of the pairs suffices.
    """
    other = first if second is None else second
    found = np.zeros((len(first), len(other)))
    for row in range(0, len(first), BLOCK_CLIPS):
        ours, starts = _stacked(first, row)
        for column in range(row if second is None else 0, len(other), BLOCK_CLIPS):
            theirs, ends = _stacked(other, column)
            # one order of the two sides for a block and its mirror image: equal sets then have
            # equal sums to the last bit, and a distance of exactly 0
            if column >= row:
                block = _sums(ours, starts, theirs, ends)
            else:
                block = _sums(theirs, ends, ours, starts).T
            found[row : row + BLOCK_CLIPS, column : column + BLOCK_CLIPS] = block
            if second is None and column > row:
                found[column : column + BLOCK_CLIPS, row : row + BLOCK_CLIPS] = block.T
    return found


def _sums(
    a: Float[np.ndarray, "n d"], rows: list[int], b: Float[np.ndarray, "m d"], columns: list[int]
) -> Sums:
    kernel = polynomial_kernel(a, b)
    return np.asarray(np.add.reduceat(np.add.reduceat(kernel, rows, axis=0), columns, axis=1))


def _stacked(clips: Clips, start: int) -> tuple[Float[np.ndarray, "n d"], list[int]]:
    """Return the vectors of a block of clips, float64, and where each clip begins."""
    block = clips[start : start + BLOCK_CLIPS]
    begins = np.cumsum([0, *(len(clip) for clip in block[:-1])]).tolist()
    return np.concatenate([clip.astype(np.float64) for clip in block]), begins


def different(labels: Sequence[tuple[str, ...]]) -> Bool[np.ndarray, "v v"]:
    """Which pairs of clips share no label: no reference and no driver."""
    columns = [np.array(column) for column in zip(*labels, strict=True)]
    apart = [column[:, None] != column[None, :] for column in columns]
    return np.asarray(np.logical_and.reduce(apart), dtype=np.bool_)


def by_character(
    first: Clips,
    second: Clips,
    labels: Sequence[tuple[str, ...]],
    own_of_second: Callable[[], Sums] | None = None,
) -> Estimate:
    """MMD^2 over pairs of clips of different characters, in all three terms.

    Args:
        first: vectors of each clip of the predictions.
        second: vectors of each clip of the truths, same clips in the same order.
        labels: of each clip: who is in it and who drives it.
        own_of_second: returns `block_sums(second)`, where it is kept; None: it is computed.

    Raises:
        ValueError: no two clips of different characters.
    """
    allowed = different(labels)
    np.fill_diagonal(allowed, False)
    if not allowed.any():
        raise ValueError(f"{len(labels)} clips, and no two of different characters")
    own = block_sums(second) if own_of_second is None else own_of_second()
    sums = (block_sums(first), own, block_sums(first, second))
    # a character that is reference of one clip and driver of another ties groups together, and
    # leaving out groups of clips then does not leave out characters
    one_character = all(len(set(label)) == 1 for label in labels)
    with_interval = one_character and len(labels) >= FEWEST_WITH_INTERVAL
    whole, left = value_and_left(
        sums,
        [len(clip) for clip in first],
        [len(clip) for clip in second],
        allowed,
        groups=GROUPS if with_interval else 0,
    )
    low, high = jackknife_interval(whole, left) if with_interval else (None, None)
    return Estimate(whole, low, high, int(allowed.sum()))


def value_and_left(
    sums: tuple[Sums, Sums, Sums],
    first: Sequence[int],
    second: Sequence[int],
    allowed: Bool[np.ndarray, "v v"],
    groups: int = GROUPS,
) -> tuple[float, list[float]]:
    """MMD^2 from kernel sums, of all clips and without each group of clips in turn.

    Args:
        sums: of the kernel over pairs of clips: first and first, second and second, first and
            second.
        first: vectors of each clip of the one side.
        second: of the other.
        allowed: pairs of clips that count.
        groups: how many are left out; clip i is in group i % groups.
    """
    n, m = np.array(first), np.array(second)
    counts = (np.outer(n, n), np.outer(m, m), np.outer(n, m))

    def value(use: Bool[np.ndarray, "v v"]) -> float:
        means = [
            float(one[use].sum() / number[use].sum())
            for one, number in zip(sums, counts, strict=True)
        ]
        return means[0] + means[1] - 2 * means[2]

    kept = [np.arange(len(n)) % groups != group for group in range(groups)]
    return value(allowed), [value(allowed & one[:, None] & one[None, :]) for one in kept]


def unbiased(first: Float[np.ndarray, "n d"], second: Float[np.ndarray, "m d"]) -> float:
    """The usual unbiased MMD^2 of two sets of vectors, pairs of a vector with itself left out."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    n, m = len(first), len(second)
    own = [
        (gram.sum() - np.trace(gram)) / (size * (size - 1))
        for gram, size in (
            (polynomial_kernel(first, first), n),
            (polynomial_kernel(second, second), m),
        )
    ]
    return float(own[0] + own[1] - 2 * polynomial_kernel(first, second).mean())


def of_subsets(
    first: Float[np.ndarray, "n d"],
    second: Float[np.ndarray, "m d"],
    *,
    subsets: int = 100,
    size: int = 1000,
    seed: int = 2020,
) -> float:
    """Mean of `unbiased` over random subsets, drawn as torch-fidelity 0.4.0 draws them.

    Args:
        first: vectors of the one set.
        second: vectors of the other.
        subsets: how many.
        size: vectors a subset, at most as many as there are.
        seed: of numpy's RandomState.
    """
    size = min(size, len(first), len(second))
    # number for number what torch-fidelity draws, hence the old generator
    generator = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        one = first[generator.choice(len(first), size, replace=False)]
        other = second[generator.choice(len(second), size, replace=False)]
        values.append(unbiased(one, other))
    return float(np.mean(values))
