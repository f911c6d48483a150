"""Kernel distances: the definition pair by pair, torch-fidelity, and what ranks."""

import itertools

import numpy as np
import pytest
import torch

from a2bench import mmd
from a2bench.distances import frechet_at_infinity, kernel_by_character
from a2bench.metric import ClipFeatures


def _sets(clips: int, d: int = 6, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    generator = np.random.default_rng(seed)
    sizes = [2 + index % 3 for index in range(clips)]
    own = [generator.normal(size=(size, d)).astype(np.float32) for size in sizes]
    true = [1 + generator.normal(size=(size, d)).astype(np.float32) for size in sizes]
    return own, true


def test_it_is_the_mean_over_pairs_of_different_characters() -> None:
    """Every pair written out; in `cross` a pair that shares reference or driver is left out."""
    own, true = _sets(5)
    labels = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("a", "e")]

    def mean(first: list[np.ndarray], second: list[np.ndarray]) -> float:
        kernels = [
            (float(x.astype(float) @ y.astype(float)) / 6 + 1) ** 3
            for i, j in itertools.product(range(5), repeat=2)
            if i != j and all(a != b for a, b in zip(labels[i], labels[j], strict=True))
            for x in first[i]
            for y in second[j]
        ]
        return float(np.mean(kernels))

    found = mmd.by_character(own, true, labels)

    assert found.value == pytest.approx(
        mean(own, own) + mean(true, true) - 2 * mean(own, true), rel=1e-12
    )
    assert found.pairs == 20 - 2 * 2  # 0-4 share a reference, 0-3 a driver
    assert (found.low, found.high) == (None, None)


def test_the_truth_itself_gets_zero() -> None:
    """All three means are then over the same pairs."""
    own, _ = _sets(6)

    assert mmd.by_character(own, own, [(str(i), str(i)) for i in range(6)]).value == 0


def test_copying_ones_own_truth_within_a_character_gains_nothing() -> None:
    """Predictions that sit on the wrong character's truth: pairs of one clip would reward them."""
    _, true = _sets(100)
    labels = [(str(i), str(i)) for i in range(100)]
    shifted = [clip + 0.5 for clip in true]

    ranked = mmd.by_character(shifted, true, labels)

    assert ranked.value > 0
    assert ranked.low is not None
    assert ranked.high is not None
    assert ranked.low < ranked.value < ranked.high


def test_there_is_no_interval_of_few_clips_or_where_reference_and_driver_differ() -> None:
    """Caution, see docs/validity.md: characters tie clips together in `cross`."""
    own, true = _sets(100)
    themselves = [(str(i), str(i)) for i in range(100)]
    crossed = [(str(i), str((i + 1) % 100)) for i in range(100)]

    few = mmd.by_character(own[:99], true[:99], themselves[:99])
    shared = mmd.by_character(own, true, crossed)

    assert (few.low, few.high) == (None, None)
    assert (shared.low, shared.high) == (None, None)


def test_one_character_alone_is_undefined() -> None:
    clip = ClipFeatures("a", "x", "x", np.ones((3, 4), dtype=np.float32))

    found = kernel_by_character([clip], [clip])

    assert (found.value, found.status) == (None, "undefined")
    assert "no two of different characters" in found.reason


@pytest.mark.filterwarnings("ignore")  # of torch-fidelity's own imports
def test_the_standard_estimator_is_torch_fidelitys() -> None:
    """The same subsets from the same seed: the same number."""
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

    x, y = np.random.default_rng(0).normal(size=(2, 60, 16))
    theirs = kid_features_to_metric(
        torch.from_numpy(x),
        torch.from_numpy(y + 0.3),
        kid_subsets=100,
        kid_subset_size=40,
        verbose=False,
    )

    ours = mmd.of_subsets(x, y + 0.3, size=40)

    assert ours == pytest.approx(theirs[KEY_METRIC_KID_MEAN], rel=1e-9)


def test_the_interval_covers_what_a_second_draw_gives() -> None:
    """100 clips, 60 draws: a 95 % interval around the truth in 88 % of them or more."""
    shift, inside = 0.4, 0
    labels = [(str(i), str(i)) for i in range(100)]
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(60):
        x = generator.normal(size=(100, 1, 4)) + generator.normal(size=(100, 1, 4)) * 0.5
        y = generator.normal(size=(100, 1, 4)) * 1.25**0.5 + shift
        draws.append(mmd.by_character(list(x), list(y), labels))
    truth = float(np.mean([one.value for one in draws]))  # unbiased: their mean is the truth
    for one in draws:
        assert one.low is not None
        assert one.high is not None
        inside += one.low <= truth <= one.high

    assert inside / 60 >= 0.88


def test_extrapolation_removes_the_first_order_of_the_bias() -> None:
    """Two sets of one distribution, d = 20, 200 clips of 2: FD is biased up, its limit 0."""
    generator = np.random.default_rng(0)
    sides = [
        [
            ClipFeatures(str(i), str(i), str(i), generator.normal(size=(2, 20)).astype(np.float32))
            for i in range(200)
        ]
        for _ in range(2)
    ]
    from a2bench.distances import frechet

    biased = frechet(ddof=1)(*sides)
    limit = frechet_at_infinity(ddof=1)(*sides)

    assert biased.value is not None
    assert limit.value is not None
    assert biased.value > 0.3
    assert abs(limit.value) < biased.value / 3
    assert not limit.ranked
    assert frechet_at_infinity(ddof=1)(sides[0][:7], sides[1][:7]).status == "undefined"
