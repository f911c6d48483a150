"""Distances between the clips of predictions and of truths, as metrics of sets use them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import overload

import numpy as np
from jaxtyping import Float, Int

from a2bench import mmd
from a2bench.features import KeptClips
from a2bench.frechet import (
    Moments,
    frechet_distance,
    frechet_of_moments,
    moments,
    rank_of,
    rank_of_moments,
)
from a2bench.metric import ClipFeatures, SetOutcome
from a2bench.statistics import GROUPS, jackknife_interval

Clips = Sequence[ClipFeatures]

FULL_CLIPS = 500
"""Clips of split `full`: with fewer, methods are not ranked by a Fréchet distance."""

FEWEST_WITH_INTERVAL = 2 * GROUPS
"""Clips: fewer than two a group were not simulated in a set of many frames a clip."""

BLOCK_CLIPS = 16
"""Clips whose vectors are in memory at a time; fixed, so that sums are rounded alike."""

SIZES = 15
"""Set sizes that an extrapolation is fitted to."""

SMALLEST_PART = 4
"""The smallest of them is the whole over this."""

SEED = 0
"""Of the order in which an extrapolation takes clips."""


def frechet(*, ddof: int) -> Callable[[Clips, Clips], SetOutcome]:
    """Return the Fréchet distance with covariances over n - ddof.

    With N vectors of d dimensions its bias is of the order of d / N and depends on the method, so
    it is ranked only where N > d and the set is as large as split `full`.
    """

    def distance(predictions: Clips, truths: Clips) -> SetOutcome:
        count, dimension = _shape(predictions)
        if min(count, _shape(truths)[0]) < 2:
            return SetOutcome(None, "undefined", f"{count} vectors have no covariance")
        value, rank = _frechet(predictions, truths, ddof)
        low, high = None, None
        if frechet_has_interval(_labels(predictions)):
            low, high = frechet_interval(predictions, truths, value, ddof)
        return SetOutcome(
            value,
            samples=count,
            rank=rank,
            low=low,
            high=high,
            ranked=count > dimension and len(predictions) >= FULL_CLIPS,
        )

    return distance


def frechet_has_interval(labels: Sequence[tuple[str, str]]) -> bool:
    """Say whether the interval covers what it says: `benchmarks/interval_coverage.py` simulates it.

    Args:
        labels: reference and driver of each clip; where they differ, leaving out groups of clips
            does not leave out characters.
    """
    alone = all(reference == driver for reference, driver in labels)
    return alone and len(labels) >= FEWEST_WITH_INTERVAL


def frechet_interval(
    predictions: Clips, truths: Clips, value: float, ddof: int
) -> tuple[float, float]:
    """95 % interval for the distance expected at this number of clips: delete-group jackknife."""
    left = []
    if _by_moments(predictions, truths):
        sides = [_moments(side) for side in (predictions, truths)]
        for group in range(GROUPS):
            parts = [_of_group(side, group) for side in (predictions, truths)]
            kept = [whole.without(part) for whole, part in zip(sides, parts, strict=True)]
            left.append(frechet_of_moments(kept[0], kept[1], ddof=ddof))
    else:
        stacks = [_stacked(side) for side in (predictions, truths)]
        groups = [_groups(side) for side in (predictions, truths)]
        for group in range(GROUPS):
            own, true = (one[mine != group] for one, mine in zip(stacks, groups, strict=True))
            left.append(frechet_distance(own, true, ddof=ddof))
    return jackknife_interval(value, left)


def frechet_at_infinity(*, ddof: int) -> Callable[[Clips, Clips], SetOutcome]:
    """Return the Fréchet distance extrapolated to infinitely many clips (Chong and Forsyth 2020).

    Distances of 15 nested sets of clips, a quarter of them to all, are fitted by a line in 1 / N;
    its value at 0 is the answer. Both sides hold the same clips, drawn by one seeded order.
    """

    def distance(predictions: Clips, truths: Clips) -> SetOutcome:
        clips = len(predictions)
        if clips < 2 * SMALLEST_PART:
            reason = f"{clips} clips, and {2 * SMALLEST_PART} are the fewest to fit a line to"
            return SetOutcome(None, "undefined", reason)
        order = np.random.Generator(np.random.PCG64(SEED)).permutation(clips)
        sizes = np.unique(np.linspace(clips / SMALLEST_PART, clips, SIZES).round().astype(int))
        inverse, values = [], []
        sums: list[Moments | None] = [None, None]
        before = 0
        for size in sizes:
            added = sorted(order[before:size])
            sums = [
                _merged(so_far, moments(_blocks(side, added)))
                for so_far, side in zip(sums, (predictions, truths), strict=True)
            ]
            before = size
            own, true = (one for one in sums if one is not None)
            if min(own.count, true.count) < 2:
                continue
            inverse.append(1 / own.count)
            if min(own.count, true.count) > len(own.mean):
                values.append(frechet_of_moments(own, true, ddof=ddof))
            else:
                kept = sorted(order[:size])
                stacks = [np.concatenate(list(_blocks(s, kept))) for s in (predictions, truths)]
                values.append(frechet_distance(stacks[0], stacks[1], ddof=ddof))
        if len(values) < 2:
            return SetOutcome(None, "undefined", "too few vectors to fit a line to")
        _, intercept = np.polyfit(inverse, values, 1)
        return SetOutcome(float(intercept), samples=_shape(predictions)[0], ranked=False)

    return distance


def kernel_by_character(predictions: Clips, truths: Clips) -> SetOutcome:
    """Kernel distance over pairs of clips of different characters: the one that ranks (rule 8)."""
    labels = _labels(predictions)
    if not mmd.different(labels).any():
        reason = f"{len(labels)} clips, and no two of different characters"
        return SetOutcome(None, "undefined", reason)
    own, true = _Vectors(predictions), _Vectors(truths)

    def own_of_truths() -> mmd.Sums:
        compute = lambda: {"sums": mmd.block_sums(true)}  # noqa: E731
        return _remembered(truths, "kernel_sums/1", compute)["sums"]

    found = mmd.by_character(own, true, labels, own_of_truths)
    return SetOutcome(found.value, samples=_shape(predictions)[0], low=found.low, high=found.high)


def kernel_of_subsets(predictions: Clips, truths: Clips) -> SetOutcome:
    """The usual KID: mean over 100 random subsets of at most 1000 vectors."""
    own, true = _stacked(predictions), _stacked(truths)
    if min(len(own), len(true)) < 2:
        return SetOutcome(None, "undefined", f"{len(own)} vectors have no pair")
    return SetOutcome(mmd.of_subsets(own, true), samples=len(own), ranked=False)


class _Vectors(Sequence[Float[np.ndarray, "_ d"]]):
    """The vectors of clips, which may be read only when they are asked for."""

    def __init__(self, clips: Clips) -> None:
        self._clips = clips

    def __len__(self) -> int:
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> Float[np.ndarray, "_ d"]: ...
    @overload
    def __getitem__(self, index: slice) -> list[Float[np.ndarray, "_ d"]]: ...
    def __getitem__(
        self, index: int | slice
    ) -> Float[np.ndarray, "_ d"] | list[Float[np.ndarray, "_ d"]]:
        if isinstance(index, slice):
            return [clip.vectors for clip in self._clips[index]]
        return self._clips[index].vectors


def _frechet(predictions: Clips, truths: Clips, ddof: int) -> tuple[float, int]:
    """Return the distance, by the cheaper of two exact ways, and the rank of the first side."""
    if _by_moments(predictions, truths):
        own, true = _moments(predictions), _moments(truths)
        return frechet_of_moments(own, true, ddof=ddof), rank_of_moments(own)
    vectors = _stacked(predictions)
    return frechet_distance(vectors, _stacked(truths), ddof=ddof), rank_of(vectors)


def _by_moments(predictions: Clips, truths: Clips) -> bool:
    """Whether both sides have more vectors than dimensions; else their vectors take less room."""
    count, dimension = _shape(predictions)
    return min(count, _shape(truths)[0]) > dimension


def _moments(clips: Clips) -> Moments:
    """Moments of all vectors, merged block by block; those of the truths are kept."""

    def compute() -> dict[str, np.ndarray]:
        found = moments(_blocks(clips))
        return {
            "count": np.array(found.count),
            "mean": found.mean,
            "scatter": found.scatter,
        }

    kept = _remembered(clips, "moments/1", compute)
    return Moments(int(kept["count"].item()), kept["mean"], kept["scatter"])


def _of_group(clips: Clips, group: int) -> Moments:
    return moments(_blocks(clips, range(group, len(clips), GROUPS)))


def _groups(clips: Clips) -> Int[np.ndarray, " n"]:
    """Group of the jackknife that each vector is in."""
    return np.repeat(np.arange(len(clips)) % GROUPS, _counts(clips))


def _merged(first: Moments | None, second: Moments) -> Moments:
    return second if first is None else first.merged(second)


def _blocks(
    clips: Clips, chosen: Sequence[int] | None = None
) -> Iterator[Float[np.ndarray, "n d"]]:
    """Yield the vectors of a few clips at a time."""
    which = range(len(clips)) if chosen is None else chosen
    for start in range(0, len(which), BLOCK_CLIPS):
        yield np.concatenate([clips[at].vectors for at in which[start : start + BLOCK_CLIPS]])


def _stacked(clips: Clips) -> Float[np.ndarray, "n d"]:
    return np.concatenate([clip.vectors for clip in clips])


def _shape(clips: Clips) -> tuple[int, int]:
    """Return the number of vectors and of their dimensions."""
    return sum(_counts(clips)), clips[0].vectors.shape[1]


def _counts(clips: Clips) -> list[int]:
    """Return the number of vectors of each clip."""
    return clips.counts if isinstance(clips, KeptClips) else [len(clip.vectors) for clip in clips]


def _labels(clips: Clips) -> list[tuple[str, str]]:
    """Return who is seen in each clip and who drives it."""
    if isinstance(clips, KeptClips):
        return clips.labels
    return [(clip.reference_id, clip.driver_id) for clip in clips]


def _remembered(
    clips: Clips, name: str, compute: Callable[[], dict[str, np.ndarray]]
) -> Mapping[str, np.ndarray]:
    """Return what was computed of these clips earlier; lists of clips in memory keep nothing."""
    return clips.remembered(name, compute) if isinstance(clips, KeptClips) else compute()
