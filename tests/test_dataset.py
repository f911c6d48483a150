"""A data set version: splits are nested and closed, what is on the disk is what was built."""

import json
import shutil
from pathlib import Path

import pytest

from a2bench.builders import procedural
from a2bench.dataset import SPLITS, Dataset
from a2bench.errors import A2BenchError
from a2bench.ondemand import load_truth
from a2bench.paths import inside, safe_name


def test_splits_are_prefixes_of_one_order_and_cross_is_closed_in_each() -> None:
    """In every split each id is a reference once and a driver once, and never its own."""
    info = procedural.describe("default")

    assert len(info.order) == 500
    for count in SPLITS.values():
        pairs = info.cross_pairs[:count]
        ids = set(info.order[:count])
        assert {pair.reference_id for pair in pairs} == ids
        assert {pair.driver_id for pair in pairs} == ids
        assert all(pair.reference_id != pair.driver_id for pair in pairs)


def test_a_profile_has_another_name_because_it_has_other_pixels() -> None:
    """The ids and pairs are the same in all."""
    default, tiny = procedural.describe("default"), procedural.describe("tiny")

    assert (default.name, tiny.name) == ("a2bench-proc", "a2bench-proc-tiny")
    assert default.cross_pairs == tiny.cross_pairs


def test_building_again_changes_nothing_and_gives_the_same_digest(
    tiny: Dataset, tmp_path: Path
) -> None:
    """Another folder, another process count: the same content digest."""
    again = procedural.build(tmp_path, split="smoke", profile="tiny", workers=2)

    assert again.digest("smoke") == tiny.digest("smoke")


def test_a_build_that_was_cut_short_goes_on(tiny: Dataset, copied: Dataset) -> None:
    """A sample without its closing record is made anew; the others are not touched."""
    first, second = copied.ids("smoke")[:2]
    (copied.folder / "samples" / first / "sample.json").unlink()
    (copied.folder / "manifest.jsonl").unlink()
    kept = (copied.folder / "samples" / second / "video.mp4").stat().st_mtime_ns

    home = copied.folder.parents[2]
    again = procedural.build(home, split="smoke", profile="tiny", workers=1)

    assert again.digest("smoke") == tiny.digest("smoke")
    assert (copied.folder / "samples" / second / "video.mp4").stat().st_mtime_ns == kept


def test_a_version_is_never_changed(copied: Dataset) -> None:
    """Another content under the same name and version is refused, and what differs is named."""
    path = copied.folder / "dataset.json"
    info = json.loads(path.read_text())
    path.write_text(json.dumps(info | {"licence": "mine"}))

    with pytest.raises(A2BenchError, match=r"differs in: licence.*never changed"):
        procedural.build(copied.folder.parents[2], split="smoke", profile="tiny")


def test_a_split_that_is_not_built_says_what_to_type(tiny: Dataset) -> None:
    """The smoke data set has four of the eight demo samples."""
    with pytest.raises(A2BenchError, match=r"4 of 8 samples.*\n.*split=demo"):
        tiny.cases("cross", "demo")


def test_an_unknown_data_set_names_the_nearest(tiny_home: Path) -> None:
    """And says how to build one."""
    with pytest.raises(A2BenchError, match=r"Did you mean 'a2bench-proc-tiny'"):
        Dataset.find(tiny_home, "a2bench-proc-tni")


def test_a_truth_that_was_exchanged_is_never_scored(copied: Dataset) -> None:
    """Reading a truth checks its decoded digest each time."""
    one, two = copied.ids("smoke")[:2]
    samples = copied.folder / "samples"
    shutil.copyfile(samples / one / "video.mp4", samples / two / "video.mp4")
    case = next(case for case in copied.cases("self", "smoke") if case.case_id == two)

    with pytest.raises(A2BenchError, match="decoded rgb has digest"):
        load_truth(copied, case)


def test_a_manifest_with_a_strange_row_names_the_line(copied: Dataset) -> None:
    """Line number and field."""
    path = copied.folder / "manifest.jsonl"
    lines = path.read_text().splitlines()
    row = json.loads(lines[1]) | {"id": "../../etc/passwd"}
    path.write_text("\n".join([lines[0], json.dumps(row), *lines[2:]]))

    with pytest.raises(A2BenchError, match=r"(?s)manifest\.jsonl, line 2:.*id"):
        _ = Dataset.open(copied.folder).samples


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", ".hidden", "a/b", "a\0b", "a..b", ""])
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    """Names from files become folder names only if they can be nothing else."""
    with pytest.raises(A2BenchError, match="cannot be a file name"):
        safe_name(name, what="case id")


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    """The resolved path counts, not the text."""
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")

    with pytest.raises(A2BenchError, match="leaves its folder"):
        inside(tmp_path / "in", "link/file", what="sample")


def test_the_reference_image_is_frame_0_of_the_truth(tiny: Dataset) -> None:
    """What methods are given is what scoring leaves out."""
    import numpy as np

    from a2bench.video import read_image

    case = tiny.cases("self", "smoke")[0]
    reference = read_image(tiny.sample_file(case.reference_id, "reference.png"))

    np.testing.assert_array_equal(reference, load_truth(tiny, case).frames[0])


def test_a_build_killed_before_its_manifest_was_renewed_goes_on(
    tiny: Dataset, copied: Dataset
) -> None:
    """All samples are there, the manifest is an older one: building again renews it."""
    manifest = copied.folder / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:2]))

    again = procedural.build(copied.folder.parents[2], split="smoke", profile="tiny", workers=1)

    assert again.digest("smoke") == tiny.digest("smoke")


def test_what_a_killed_build_left_is_swept(copied: Dataset) -> None:
    """Unfinished folders of processes that are no more; those of living ones stay."""
    import os
    import socket

    samples = copied.folder / "samples"
    dead, alive = (samples / f".x.{socket.gethostname()}.{pid}" for pid in (2**22 + 1, os.getpid()))
    dead.mkdir()
    alive.mkdir()

    procedural.build(copied.folder.parents[2], split="smoke", profile="tiny", workers=1)

    assert not dead.exists()
    assert alive.exists()


@pytest.mark.parametrize("field", ["name", "version"])
def test_a_data_set_that_calls_itself_a_path_is_refused(copied: Dataset, field: str) -> None:
    """Its name becomes folders of runs and caches."""
    path = copied.folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: "../../evil"}))

    with pytest.raises(A2BenchError, match=f"(?s)dataset.json: not a valid.*{field}"):
        Dataset.open(copied.folder)


def test_a_data_set_that_lies_elsewhere_keeps_its_cache_beside_it(
    copied: Dataset, tmp_path: Path
) -> None:
    """Opened by folder, it works as from a data root."""
    shutil.copytree(copied.folder, tmp_path / "elsewhere")
    dataset = Dataset.open(tmp_path / "elsewhere")

    truth = load_truth(dataset, dataset.cases("cross", "smoke")[0])

    assert len(truth.frames) == 32
    assert (tmp_path / "elsewhere.cache" / "cross").is_dir()


def test_a_mask_file_that_claims_more_pixels_than_it_holds_is_refused(tmp_path: Path) -> None:
    """A kilobyte must not unpack to gigabytes."""
    import numpy as np

    from a2bench.masks import MaskClip

    few = np.zeros(4, np.uint8)
    np.savez_compressed(
        tmp_path / "mask.npz",
        schema=np.array("a2bench.masks/1"),
        shape=np.array([512, 1024, 1024], np.int32),
        foreground=few,
        undefined=few,
        yaw_hundredths=np.zeros(512, np.int32),
    )

    with pytest.raises(A2BenchError, match="foreground has 4 bytes for 536870912 pixels"):
        MaskClip.load(tmp_path / "mask.npz")
