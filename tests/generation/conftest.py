"""What the tests of the generative builder share: networks that see brightness, made candidates."""

import csv
from pathlib import Path

import numpy as np
import pytest

from a2bench.builders import procedural
from a2bench.builders.estimated_poses import Networks, networks
from a2bench.metric import Video
from a2bench.procedural import cast
from tests.pose import dwpose_models

FRAMES = 16


@pytest.fixture(scope="session")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    """DWPose's inputs and outputs: a person in each half that is bright, joints where it is so.

    A joint is the brightest place near its own, so that joints lie all over the figure.
    """
    folder = tmp_path_factory.mktemp("halves")
    found, _ = networks(
        "dwpose",
        detector=dwpose_models.halves_detector(folder / "detector.onnx"),
        estimator=dwpose_models.bright_estimator(folder / "estimator.onnx", spread=0.1),
        device="cpu",
    )
    assert found is not None
    return found


@pytest.fixture(scope="session")
def figures() -> tuple[Video, Video]:
    """Two dancing characters on black, (16, 144, 96, 3) at 8 Hz."""

    def figure(sample_id: str) -> Video:
        drawn = procedural.drawn_frames(
            sample_id, sample_id, mannequin=False,
            instants_seconds=[index / 8 for index in range(FRAMES)], scale=0.1875,
        )  # fmt: skip
        return np.stack([np.where(one.mask[..., None], one.rgb, 0) for one in drawn])

    first, second = [character.id for character in cast()][:2]
    return figure(first), figure(second)


def on_stage(left: Video, right: Video | None = None) -> Video:
    """A character in the left half of a picture twice as wide, and perhaps one in the right."""
    height, width = left.shape[1:3]
    frames = np.zeros((len(left), height, 2 * width, 3), np.uint8)
    frames[:, :, :width] = left
    if right is not None:
        frames[:, :, width:] = right
    return frames


def rows_of(table: Path) -> dict[str, dict[str, str]]:
    """The audit table by candidate."""
    with table.open(encoding="utf-8", newline="") as stream:
        return {row["candidate"]: row for row in csv.DictReader(stream)}
