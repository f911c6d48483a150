"""The gate against near duplicates."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from a2bench.builders.neighbours import distances, refuse_near_duplicates, thumbnail
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError


def test_only_the_character_counts() -> None:
    """The same red square before black and before white: 0 apart; a green one sqrt(2/3) apart.

    Red and green differ by 1 in two of three channels: sqrt((1 + 1 + 0) / 3) = 0.816.
    """
    foreground = np.zeros((96, 64))
    foreground[16:80, 16:48] = 1.0
    inside = foreground[..., None] == 1
    red, green = np.array([255, 0, 0]), np.array([0, 255, 0])
    pictures = [
        np.where(inside, colour, place).astype(np.uint8)
        for colour, place in ((red, 0), (red, 255), (green, 0))
    ]

    apart = distances(np.stack([thumbnail(picture, foreground) for picture in pictures]))

    assert apart[0, 1] == 0.0
    assert apart[0, 2] == pytest.approx(np.sqrt(2 / 3))
    assert apart[0, 0] == np.inf


def test_a_build_with_one_character_twice_is_refused(tiny: Dataset, tmp_path: Path) -> None:
    """Both are named; as it was built it passes."""
    folder = tmp_path / "copy"
    shutil.copytree(tiny.folder, folder)
    refuse_near_duplicates(Dataset.open(folder))
    one, other = sorted(tiny.samples)[:2]
    for name in ("reference.png", "mask.npz"):
        shutil.copy(folder / "samples" / one / name, folder / "samples" / other / name)

    with pytest.raises(A2BenchError, match=rf"{one} and {other} look alike: 0\.000 apart"):
        refuse_near_duplicates(Dataset.open(folder))
