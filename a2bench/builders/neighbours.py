"""The gate against near duplicates: no two reference images of a build show one character.

Each reference is shrunk to 32 x 48 with a grey background, so that only the character counts; the
distance of two is the root mean square of their colour differences over the area that either
covers. One character in two places has 0.
"""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.masks import first_foreground
from a2bench.video import read_image

_WIDTH, _HEIGHT = 32, 48
LEAST_DISTANCE = 0.10
"""Of colours in 0..1. The nearest two of the cast, two white ghosts, are 0.11 apart."""


def thumbnail(
    picture: UInt8[np.ndarray, "h w 3"], foreground: Float[np.ndarray, "h w"]
) -> Float[np.ndarray, "48 32 4"]:
    """Return colours, grey outside the character, and how much of each pixel it covers."""
    size = (_WIDTH, _HEIGHT)
    cover = cv2.resize(foreground, size, interpolation=cv2.INTER_AREA)
    lit = picture.astype(np.float64) / 255 * foreground[..., None]
    colours = cv2.resize(lit, size, interpolation=cv2.INTER_AREA) + 0.5 * (1 - cover[..., None])
    return np.concatenate([colours, cover[..., None]], axis=2)


def distances(thumbnails: Float[np.ndarray, "n 48 32 4"]) -> Float[np.ndarray, "n n"]:
    """Return the distance of every two characters; the diagonal is infinite."""
    count = len(thumbnails)
    result = np.full((count, count), np.inf)
    for index in range(count - 1):
        rest = thumbnails[index + 1 :]
        squares = ((rest[..., :3] - thumbnails[index, ..., :3]) ** 2).mean(axis=3).sum(axis=(1, 2))
        area = np.maximum(rest[..., 3], thumbnails[index, ..., 3]).sum(axis=(1, 2))
        result[index, index + 1 :] = result[index + 1 :, index] = np.sqrt(squares / area)
    return result


def refuse_near_duplicates(dataset: Dataset) -> None:
    """Compare the references of all samples that are there.

    Raises:
        A2BenchError: two show nearly the same character; both are named.
    """
    ids = sorted(dataset.samples)
    if len(ids) < 2:
        return
    thumbnails = np.stack(
        [
            thumbnail(
                read_image(dataset.sample_file(key, "reference.png")),
                first_foreground(dataset.sample_file(key, "mask.npz")).astype(np.float64),
            )
            for key in ids
        ]
    )
    apart = distances(thumbnails)
    first, second = divmod(int(apart.argmin()), len(ids))
    if apart[first, second] < LEAST_DISTANCE:
        raise A2BenchError(
            f"{ids[first]} and {ids[second]} look alike: {apart[first, second]:.3f} apart, "
            f"expected {LEAST_DISTANCE} or more.\n"
            "hint: give one of them another palette, outfit or proportions in "
            "a2bench/procedural/cast.py"
        )
