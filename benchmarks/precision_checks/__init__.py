"""What `make precision` and the tests recompute: our numbers beside independent implementations.

A module of this folder has `CHECKS`, a list of `Check`. Adding one is adding a line there (and, for
a metric, an `Agreement` with the same reference and bound on its card: a test compares them).
"""

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from a2bench.metric import ClipPair, Poses


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        name: of the metric, or of the building block ("Inception features").
        reference: the independent implementation, with its version.
        bound: largest difference that passes.
        unit: of the difference ("dB", "1", "relative").
        difference: computes the worst difference, over what it is given: "made" inputs, which
            are always there, or "real" videos. None: this check has no such inputs.
    """

    name: str
    reference: str
    bound: float
    unit: str
    difference: Callable[[str], float | None]


def all_checks() -> list[Check]:
    """Return the checks of every module of this folder, by module and in order."""
    found: list[Check] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        found += importlib.import_module(f"{__name__}.{module}").CHECKS
    return found


def _texture(generator: np.random.Generator, shape: tuple[int, ...], blur: float) -> np.ndarray:
    noise = generator.random(shape).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur).reshape(shape)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def _ellipse(shape: tuple[int, ...]) -> np.ndarray:
    """About 40 % of every frame: what stands for the region."""
    frames, height, width = shape[:3]
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.broadcast_to((rows / 0.88) ** 2 + (columns / 0.58) ** 2 < 1, (frames, height, width))


def _with_region(prediction: np.ndarray, target: np.ndarray) -> ClipPair:
    region = _ellipse(target.shape)
    background = np.logical_not(region[0])
    return ClipPair(prediction, target, region, background, poses=_poses(target.shape))


def _poses(shape: tuple[int, ...]) -> Poses:
    """Key points all over the frame and others near them; some hidden, some not found."""
    generator = np.random.default_rng(shape[1])
    truth = generator.uniform(0, 1, (shape[0], 18, 2)) * (shape[2], shape[1])
    found = truth + generator.normal(0, 0.08 * shape[1], truth.shape)
    found[generator.random(found.shape[:2]) < 0.1] = np.nan
    return Poses(found, truth, generator.random(truth.shape[:2]) < 0.8)


@cache
def made_pairs() -> tuple[ClipPair, ...]:
    """Textured, noisy, constant and saturated clips; odd sides, 13 px, one frame, equal frames."""
    generator = np.random.default_rng(0)
    pairs = []
    for shape, blur, sigma in (
        ((3, 96, 80, 3), 2.0, 12.0),
        ((2, 101, 67, 3), 4.0, 3.0),
        ((1, 13, 17, 3), 1.0, 30.0),
        ((2, 256, 192, 3), 3.0, 60.0),
    ):
        target = np.stack([_texture(generator, shape[1:], blur) for _ in range(shape[0])])
        noisy = np.clip(np.rint(target + generator.normal(0, sigma, shape)), 0, 255)
        pairs.append(_with_region(noisy.astype(np.uint8), target))
    first = pairs[0]
    with_equal_frame = first.prediction.copy()
    with_equal_frame[0] = first.target[0]
    pairs.append(_with_region(with_equal_frame, first.target))
    flat = np.full((2, 24, 24, 3), 90, np.uint8)
    pairs.append(_with_region(flat + 7, flat))
    pairs.append(_with_region(np.zeros_like(flat), np.full_like(flat, 255)))
    return tuple(pairs)


@cache
def real_pairs() -> tuple[ClipPair, ...]:
    """Two frames of each real video beside those half a second earlier or less; () where none is.

    512x758 to 768x1216, from `$A2BENCH_REAL_DATA/videos`.
    """
    from a2bench.video import read_video

    if not (folder := os.environ.get("A2BENCH_REAL_DATA")):
        return ()
    pairs = []
    for path in sorted((Path(folder) / "videos").glob("*.mp4")):
        frames = read_video(path, until_seconds=2.0).frames
        chosen = np.array([len(frames) // 2, len(frames) - 1])
        pairs.append(_with_region(frames[chosen - 4].copy(), frames[chosen].copy()))
    return tuple(pairs)


def pairs_of(source: str) -> Iterator[ClipPair]:
    """Return the clips of a source, "made" or "real"."""
    yield from {"made": made_pairs, "real": real_pairs}[source]()
