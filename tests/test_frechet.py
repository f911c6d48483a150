"""Fréchet distance: closed forms, high precision, rank deficiency, exact merging."""

import mpmath
import numpy as np
import pytest

from a2bench.frechet import (
    Moments,
    frechet_distance,
    frechet_of_moments,
    moments,
    rank_of,
    rank_of_moments,
)


def exactly(count: int, mean: np.ndarray, covariance: np.ndarray, seed: int = 0) -> np.ndarray:
    """A sample that has this mean and covariance (over n - 1) to rounding, not by chance."""
    noise = np.random.default_rng(seed).normal(size=(count, len(mean)))
    noise -= noise.mean(axis=0)
    whitened, _ = np.linalg.qr(noise)
    return whitened * np.sqrt(count - 1) @ np.linalg.cholesky(covariance).T + mean


def test_diagonal_covariances_have_a_closed_form() -> None:
    """|m|^2 + sum (sqrt a - sqrt b)^2 = 9 + (1-2)^2 + (3-1)^2 + (2-2)^2 = 14."""
    first = exactly(50, np.zeros(3), np.diag([1.0, 9.0, 4.0]))
    second = exactly(70, np.array([3.0, 0, 0]), np.diag([4.0, 1.0, 4.0]), seed=1)

    assert frechet_distance(first, second) == pytest.approx(14, abs=1e-12)
    assert frechet_of_moments(Moments.of(first), Moments.of(second)) == pytest.approx(14, abs=1e-12)


def test_covariances_that_do_not_commute() -> None:
    """Tr sqrt(AB) = sqrt(tr AB + 2 sqrt(det A det B)) for 2 x 2.

    A = [[2,1],[1,2]], B = [[3,0],[0,1]]: tr AB = 8, det A det B = 9, so sqrt(8 + 6) = sqrt 14;
    FD = 4 + 4 - 2 sqrt 14.
    """
    first = exactly(9, np.zeros(2), np.array([[2.0, 1.0], [1.0, 2.0]]))
    second = exactly(9, np.zeros(2), np.diag([3.0, 1.0]), seed=1)

    assert frechet_distance(first, second) == pytest.approx(8 - 2 * np.sqrt(14), abs=1e-12)


def test_equal_sets_translation_scale_and_rotation() -> None:
    """0; |t|^2; (c - 1)^2 tr S; invariant under an orthogonal map of both."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 30, 8))
    turn, _ = np.linalg.qr(generator.normal(size=(8, 8)))
    shift = np.arange(8.0)
    spread = np.trace(np.cov(x.T))
    away = 4 * np.square(x.mean(axis=0)).sum()

    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(x, x + shift) == pytest.approx(np.square(shift).sum(), rel=1e-13)
    assert frechet_distance(x, 3 * x) == pytest.approx(4 * spread + away, rel=1e-13)
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y), rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(5, 7), (12, 40), (40, 60)])
def test_fewer_vectors_than_dimensions_against_fifty_digits(n: int, m: int) -> None:
    """D = 12: both deficient, one deficient, none; the trace by mpmath's eigenvalues of S1 S2."""
    generator = np.random.default_rng(n)
    x = generator.normal(size=(n, 12))
    y = generator.normal(size=(m, 12)) @ generator.normal(size=(12, 12))
    with mpmath.workdps(50):
        sides = []
        for side in (x, y):
            exact = mpmath.matrix(side.tolist())
            count = exact.rows
            means = [mpmath.fsum(exact[i, j] for i in range(count)) / count for j in range(12)]
            centred = mpmath.matrix(
                [[exact[i, j] - means[j] for j in range(12)] for i in range(count)]
            )
            sides.append((means, centred.T * centred / (count - 1)))
        (mean_x, cov_x), (mean_y, cov_y) = sides
        roots = mpmath.fsum(
            mpmath.sqrt(max(mpmath.mpf(0), mpmath.re(value)))
            for value in mpmath.eig(cov_x * cov_y, left=False, right=False)
        )
        expected = mpmath.fsum((a - b) ** 2 for a, b in zip(mean_x, mean_y, strict=True))
        expected += sum(cov_x[i, i] + cov_y[i, i] for i in range(12)) - 2 * roots

    assert frechet_distance(x, y) == pytest.approx(float(expected), rel=1e-9)
    both = frechet_of_moments(Moments.of(x), Moments.of(y))
    assert both == pytest.approx(float(expected), rel=1e-7)  # roots of rounded eigenvalues


def test_it_is_pytorch_fids_number() -> None:
    """Full rank, where its matrix root is good; sqrtm's signature changed, so its trace is ours."""
    import scipy.linalg

    x, y = np.random.default_rng(0).normal(size=(2, 200, 16)) ** 3
    first, second = np.cov(x.T), np.cov(y.T)
    root = scipy.linalg.sqrtm(first @ second).real
    expected = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(first + second - 2 * root)

    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_merging_is_exact_where_raw_sums_lose_digits() -> None:
    """Mean 1000, deviation 1e-3: any sharding gives the moments of the whole."""
    x = 1000 + 1e-3 * np.random.default_rng(0).normal(size=(90, 5))
    whole = Moments.of(x)
    for cuts in ([30, 60], [1, 2, 50], [89]):
        parts = moments(np.split(x, cuts))

        assert parts.count == 90
        largest = np.abs(whole.scatter).max()
        np.testing.assert_allclose(parts.scatter, whole.scatter, rtol=0, atol=1e-9 * largest)
        np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-15)


def test_the_other_covariance_and_too_few_vectors() -> None:
    """Over n instead of n - 1: equal means, so a factor (n - 1) / n. One vector has none."""
    x = np.random.default_rng(0).normal(size=(20, 4))
    x -= x.mean(axis=0)
    y = 2 * x

    ratio = frechet_distance(x, y, ddof=0) / frechet_distance(x, y, ddof=1)

    assert ratio == pytest.approx(19 / 20, rel=1e-12)
    with pytest.raises(ValueError, match="1 vectors have no covariance over n - 1"):
        frechet_distance(x[:1], y)
    with pytest.raises(ValueError, match="shape"):
        frechet_distance(x, y[:, :3])


def test_the_rank_is_that_of_the_centred_vectors() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(10, 30)).astype(np.float32)

    assert rank_of(x) == 9
    assert rank_of(generator.normal(size=(100, 30)).astype(np.float32)) == 30
    assert rank_of(np.concatenate([x, x, x])) == 9
    assert rank_of(np.ones((5, 30), dtype=np.float32)) == 0
    assert rank_of(x[:1]) == 0


def test_taking_a_part_out_is_merging_backwards() -> None:
    """The moments of what is left; offsets of 1e3 cost no digits. The rank is the vectors'."""
    x = np.random.default_rng(0).normal(size=(300, 5)) @ np.diag([1, 2, 3, 4, 0]) + 1e3
    left = Moments.of(x).without(Moments.of(x[100:180]))
    direct = Moments.of(np.concatenate((x[:100], x[180:])))

    np.testing.assert_allclose(left.mean, direct.mean, rtol=1e-13)
    np.testing.assert_allclose(left.scatter, direct.scatter, rtol=0, atol=1e-9)
    assert left.count == 220
    assert rank_of_moments(direct) == rank_of(x) == 4
    with pytest.raises(ValueError, match="300 of 300"):
        Moments.of(x).without(Moments.of(x))
