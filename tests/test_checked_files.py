"""What a method is shown is what was built: an exchanged file is found before it is handed on."""

import shutil
from pathlib import Path

import pytest

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.ondemand import Grid, checked_file, driving_clip


@pytest.mark.parametrize("name", ["reference.png", "video.mp4", "pose.npz"])
def test_another_samples_file_in_the_place_of_ones_own_is_found(
    tiny_home: Path, tmp_path: Path, name: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    dataset = Dataset.find(home, "a2bench-proc-tiny")
    first, second = dataset.ids("smoke")[:2]
    case = next(c for c in dataset.cases("self", "smoke") if c.reference_id == first)
    assert checked_file(dataset, first, name).name == name
    shutil.copy(dataset.sample_file(second, name), dataset.sample_file(first, name))

    with pytest.raises(A2BenchError, match="damaged or exchanged"):
        checked_file(dataset, first, name)
    if name != "reference.png":
        sample = dataset.sample(first)
        own = Grid(sample.size, sample.fps, sample.frames, "stretch")
        with pytest.raises(A2BenchError, match="damaged or exchanged"):
            driving_clip(dataset, case, own)
