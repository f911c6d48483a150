"""Distances between the clips of predictions and of truths, as metrics of sets use them."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from a2bench import mmd
from a2bench.frechet import Moments, frechet_distance, frechet_of_moments, moments, rank_of
from a2bench.metric import ClipFeatures, SetOutcome

Clips = Sequence[ClipFeatures]

FULL_CLIPS = 500
"""Clips of split `full`: with fewer, methods are not ranked by a Fréchet distance."""

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
        count = _count(predictions)
        if min(count, _count(truths)) < 2:
            return SetOutcome(None, "undefined", f"{count} vectors have no covariance")
        value = _frechet(predictions, truths, ddof)
        vectors = _stacked(predictions)
        return SetOutcome(
            value,
            samples=count,
            rank=rank_of(vectors),
            ranked=count > vectors.shape[1] and len(predictions) >= FULL_CLIPS,
        )

    return distance


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
        for size in sizes:
            kept = sorted(order[:size])
            own, true = ([side[index] for index in kept] for side in (predictions, truths))
            if min(_count(own), _count(true)) < 2:
                continue
            inverse.append(1 / _count(own))
            values.append(_frechet(own, true, ddof))
        if len(values) < 2:
            return SetOutcome(None, "undefined", "too few vectors to fit a line to")
        _, intercept = np.polyfit(inverse, values, 1)
        return SetOutcome(float(intercept), samples=_count(predictions), ranked=False)

    return distance


def kernel_by_character(predictions: Clips, truths: Clips) -> SetOutcome:
    """Kernel distance over pairs of clips of different characters: the one that ranks (rule 8)."""
    labels = [(clip.reference_id, clip.driver_id) for clip in predictions]
    own, true = ([clip.vectors for clip in side] for side in (predictions, truths))
    if not mmd.different(labels).any():
        reason = f"{len(labels)} clips, and no two of different characters"
        return SetOutcome(None, "undefined", reason)
    found = mmd.by_character(own, true, labels)
    return SetOutcome(found.value, samples=_count(predictions), low=found.low, high=found.high)


def kernel_of_subsets(predictions: Clips, truths: Clips) -> SetOutcome:
    """The usual KID: mean over 100 random subsets of at most 1000 vectors."""
    own, true = _stacked(predictions), _stacked(truths)
    if min(len(own), len(true)) < 2:
        return SetOutcome(None, "undefined", f"{len(own)} vectors have no pair")
    return SetOutcome(mmd.of_subsets(own, true), samples=len(own), ranked=False)


def _frechet(predictions: Clips, truths: Clips, ddof: int) -> float:
    dimension = predictions[0].vectors.shape[1]
    if min(_count(predictions), _count(truths)) <= dimension:
        return frechet_distance(_stacked(predictions), _stacked(truths), ddof=ddof)
    return frechet_of_moments(_moments(predictions), _moments(truths), ddof=ddof)


def _moments(clips: Clips) -> Moments:
    return moments(clip.vectors for clip in clips)


def _stacked(clips: Clips) -> Float[np.ndarray, "n d"]:
    return np.concatenate([clip.vectors for clip in clips])


def _count(clips: Clips) -> int:
    return sum(len(clip.vectors) for clip in clips)
