"""How often the 95 % intervals hold what they are for: simulated, printed as tables.

    python benchmarks/interval_coverage.py mean      # means over cases: statistics.estimate
    python benchmarks/interval_coverage.py kernel    # KID, KVD: mmd.by_character
    python benchmarks/interval_coverage.py frechet   # FID, FID-VID, FVD: distances.frechet_interval

[--rounds N] draws a cell. Features are simulated: 64 dimensions with a spectrum falling as 1 / k,
each clip with a part of its own that its vectors share, each prediction near its own truth. 93 to
97 % are asked for; a cell of 1000 rounds is known to 0.7 points (one standard error). Run with one
thread (OMP_NUM_THREADS=1): the matrices are small.
"""

import argparse
import math
from collections.abc import Iterator

import numpy as np

from a2bench import distances, mmd
from a2bench.metric import ClipFeatures
from a2bench.statistics import estimate

DIMENSION = 64
SPREAD = 1 / np.sqrt(np.arange(1, DIMENSION + 1))


def vectors(
    generator: np.random.Generator, clips: int, windows: int, alike: float
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of truths and of predictions, (clips, windows, 64) each.

    Args:
        generator: of the draw.
        clips: of different characters.
        windows: vectors a clip.
        alike: share of the variance that the vectors of one clip have in common.
    """

    def draw() -> np.ndarray:
        own = generator.normal(size=(clips, 1, DIMENSION)) * math.sqrt(alike)
        each = generator.normal(size=(clips, windows, DIMENSION)) * math.sqrt(1 - alike)
        return (own + each) * SPREAD

    truth = draw()
    # half of what a prediction shows is its truth's, it spreads less, and it is off by a little
    prediction = math.sqrt(0.5) * truth + math.sqrt(0.3) * draw() + 0.3 * SPREAD
    return truth.astype(np.float32), prediction.astype(np.float32)


def clips_of(features: np.ndarray) -> list[ClipFeatures]:
    return [ClipFeatures(str(i), str(i), str(i), one) for i, one in enumerate(features)]


def crossed(generator: np.random.Generator, sides: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Add what a character brings to the clip it is seen in and to the one that it drives."""
    clips = len(sides[0])
    effect = generator.normal(size=(clips, 1, DIMENSION)) * SPREAD * 0.7
    both = (effect + np.roll(effect, -1, axis=0)).astype(np.float32)
    return np.stack((sides[0] + both, sides[1] + np.float32(0.8) * both))


def interval_of_frechet(
    generator: np.random.Generator, clips: int, windows: int, alike: float, *, cross: bool = False
) -> tuple[float, float, float]:
    """Value, low, high of one draw, whether or not tables would print the interval."""
    sides = vectors(generator, clips, windows, alike)
    truth, prediction = map(clips_of, crossed(generator, sides) if cross else sides)
    value, _ = distances._frechet(prediction, truth, 1)
    return (value, *distances.frechet_interval(prediction, truth, value, 1))


def interval_of_kernel(
    generator: np.random.Generator, clips: int, windows: int, *, cross: bool
) -> tuple[float, float, float]:
    """Value, low, high of one draw; in cross each character is reference once and driver once."""
    sides = vectors(generator, clips, windows, 0.5)
    truth, prediction = crossed(generator, sides) if cross else sides
    labels = [(str(i), str((i + cross) % clips)) for i in range(clips)]
    allowed = mmd.different(labels)
    np.fill_diagonal(allowed, False)
    sums = (mmd.block_sums(prediction), mmd.block_sums(truth), mmd.block_sums(prediction, truth))
    value, left = mmd.value_and_left(sums, [windows] * clips, [windows] * clips, allowed)
    return (value, *mmd.jackknife_interval(value, left))


def covered(rounds: int, draws: Iterator[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Share of intervals that hold the mean of the values, their mean, and half the mean width."""
    found = np.array([draw for draw, _ in zip(draws, range(rounds), strict=False)])
    expected = found[:, 0].mean()
    inside = (found[:, 1] <= expected) & (expected <= found[:, 2])
    return float(inside.mean()), float(expected), float((found[:, 2] - found[:, 1]).mean() / 2)


def forever(function: object, *given: object, **named: object) -> Iterator[tuple[float, ...]]:
    generator = np.random.default_rng(0)
    while True:
        yield function(generator, *given, **named)  # type: ignore[operator]


def verdict(share: float) -> str:
    return "" if 0.93 <= share <= 0.97 else "**no**"


def of_frechet(rounds: int) -> None:
    print("| protocol | clips | vectors a clip | N / d | coverage | | expected | ± |")
    print("|---|---:|---:|---:|---:|---|---:|---:|")
    cells = [
        (False, clips, windows, alike)
        for windows, alike in ((1, 0.0), (2, 0.8), (8, 0.8))
        for clips in (20, 40, 100, 200, 500)
    ]
    cells += [(True, clips, 2, 0.8) for clips in (40, 100, 500)]
    for cross, clips, windows, alike in cells:
        draws = forever(interval_of_frechet, clips, windows, alike, cross=cross)
        share, expected, reach = covered(rounds, draws)  # type: ignore[arg-type]
        print(
            f"| {'cross' if cross else 'self'} | {clips} | {windows} | "
            f"{clips * windows / DIMENSION:.1f} | {share:.1%} | {verdict(share)} | "
            f"{expected:.3f} | {reach:.3f} |",
            flush=True,
        )


def of_kernel(rounds: int) -> None:
    print("| protocol | clips | coverage | | expected | ± |\n|---|---:|---:|---|---:|---:|")
    for cross in (False, True):
        for clips in (20, 40, 100, 200, 500):
            draws = forever(interval_of_kernel, clips, 1, cross=cross)
            share, expected, reach = covered(rounds, draws)  # type: ignore[arg-type]
            print(
                f"| {'cross' if cross else 'self'} | {clips} | {share:.1%} | {verdict(share)} | "
                f"{expected:.4f} | {reach:.4f} |",
                flush=True,
            )


def of_mean(rounds: int) -> None:
    print("| characters | cases | values | coverage | |\n|---:|---:|---|---:|---|")
    alone = [
        (n, n, shape) for n in (8, 20, 50, 100) for shape in ("normal", "gamma", "exponential")
    ]
    for characters, cases, shape in [*alone, (40, 200, "5 a character"), (40, 200, "crossed")]:
        generator = np.random.default_rng(0)
        inside = 0
        for _ in range(rounds):
            numbers, labels, truth = case_values(generator, characters, cases, shape)
            found = estimate(numbers, labels)
            if found.low is None or found.high is None:
                raise SystemExit("no interval")
            inside += found.low <= truth <= found.high
        share = inside / rounds
        print(f"| {characters} | {cases} | {shape} | {share:.1%} | {verdict(share)} |", flush=True)


def case_values(
    generator: np.random.Generator, characters: int, cases: int, shape: str
) -> tuple[dict[str, float], dict[str, tuple[str, ...]], float]:
    """Values of cases, their characters, and the mean they were drawn around.

    `gamma`: of shape 4, skewness 1, as skewed as errors in px are here; `exponential`: 2. `5 a
    character`: an effect of the character as large as the noise. `crossed`: effects of reference
    and driver, each with 5 of the other.
    """
    each = cases // characters
    ids = [f"{i:03d}-{k}" for i in range(characters) for k in range(each)]
    own = np.repeat(np.arange(characters), each)
    labels: dict[str, tuple[str, ...]] = {name: (str(i),) for name, i in zip(ids, own, strict=True)}
    truth = {"gamma": 4.0, "exponential": 1.0}.get(shape, 0.0)
    if shape == "gamma":
        values = generator.gamma(4.0, 1.0, cases)
    elif shape == "exponential":
        values = generator.exponential(size=cases)
    else:
        values = generator.normal(size=cases)
    if shape in ("5 a character", "crossed"):
        values = values + generator.normal(size=characters)[own]
    if shape == "crossed":
        driver = (own + 7 * np.tile(np.arange(each), characters)) % characters
        values = values + generator.normal(size=characters)[driver]
        labels = {name: (f"r{i}", f"d{j}") for name, i, j in zip(ids, own, driver, strict=True)}
    return dict(zip(ids, values.tolist(), strict=True)), labels, truth


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("mean", "kernel", "frechet"))
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()
    {"mean": of_mean, "kernel": of_kernel, "frechet": of_frechet}[options.what](options.rounds)


if __name__ == "__main__":
    main()
