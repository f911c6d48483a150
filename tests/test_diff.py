"""`diff`: what changed between two versions, and the version number it asks for."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from a2bench.dataset import Dataset
from a2bench.diff import diff
from a2bench.records import Pair

Cli = Callable[..., CompletedProcess[str]]


def changed(dataset: Dataset, *, info: dict[str, Any] | None = None, **rows: Any) -> Dataset:
    """Return a data set with other fields in its description or its first row; on no disk."""
    new = Dataset(dataset.folder, dataset.info.model_copy(update=info or {}))
    first = dataset.ids("smoke")[0]
    samples = dict(dataset.samples)
    samples[first] = samples[first].model_copy(update=rows)
    new.__dict__["samples"] = samples
    return new


def test_a_data_set_is_the_same_as_itself(tiny: Dataset) -> None:
    """Nothing to raise."""
    found = diff(tiny, tiny)

    assert (found.changes, found.needed, found.enough) == ((), None, True)
    assert found.compared == 4


@pytest.mark.parametrize(
    ("kind", "what"), [("rgb", "pixels"), ("pose", "poses"), ("mask", "masks")]
)
def test_any_pixel_pose_or_mask_is_a_major_change(tiny: Dataset, kind: str, what: str) -> None:
    """One sample is enough, and it is named."""
    first = tiny.ids("smoke")[0]
    digests = tiny.sample(first).digests | {kind: "sha256:" + "0" * 64}

    found = diff(tiny, changed(tiny, digests=digests))

    assert [(c.level, c.what, c.ids) for c in found.changes] == [("major", what, (first,))]
    # the version did not rise at all
    assert (found.needed, found.made, found.enough) == ("major", None, False)


def test_a_split_or_a_driver_that_changed_is_a_major_change(tiny: Dataset) -> None:
    """Two ids of the order exchanged, over the border of split smoke."""
    order = list(tiny.info.order)
    order[3], order[4] = order[4], order[3]
    pairs = list(tiny.info.cross_pairs)
    pairs[0] = Pair(reference_id=pairs[0].reference_id, driver_id=pairs[2].driver_id)

    splits = diff(tiny, changed(tiny, info={"order": tuple(order)}))
    drivers = diff(tiny, changed(tiny, info={"cross_pairs": tuple(pairs)}))

    assert [(c.level, c.what, len(c.ids)) for c in splits.changes] == [("major", "split smoke", 2)]
    assert [(c.level, c.what) for c in drivers.changes] == [("major", "cross pairs")]


def test_what_is_added_is_minor_and_what_is_taken_away_is_major(tiny: Dataset) -> None:
    """An attribute, a split, a protocol."""
    attributes = dict(tiny.sample(tiny.ids("smoke")[0]).attributes)
    more = changed(
        tiny,
        info={"splits": tiny.info.splits | {"tiny": 2}, "protocols": (*tiny.info.protocols, "x")},
        attributes=attributes | {"mood": "merry"},
    )

    assert diff(tiny, more).needed == "minor"
    assert {c.what for c in diff(tiny, more).changes} == {
        *("split tiny", "protocol x", "attribute mood")
    }
    assert diff(more, tiny).needed == "major"


def test_other_words_are_a_patch_but_a_prompt_is_given_to_methods(tiny: Dataset) -> None:
    """A caption changes what a method sees."""
    attributes = dict(tiny.sample(tiny.ids("smoke")[0]).attributes) | {"species": "wolf"}

    assert diff(tiny, changed(tiny, attributes=attributes)).needed == "patch"
    assert diff(tiny, changed(tiny, info={"licence": "MIT"})).needed == "patch"
    assert diff(tiny, changed(tiny, prompt="a wolf")).needed == "major"


@pytest.mark.parametrize(
    ("old", "new", "made", "enough", "after"),
    [
        ("1.4.2", "2.0.0", "major", True, "2.0.0"),
        ("1.4.2", "1.5.0", "minor", False, "2.0.0"),
        ("1.4.2", "1.4.3", "patch", False, "2.0.0"),
        ("1.4.2", "1.4.2", None, False, "2.0.0"),
        ("1.4.2", "1.3.0", None, False, "2.0.0"),
        ("first", "second", None, False, ""),
    ],
)
def test_the_version_must_rise_as_far_as_the_change_asks(
    tiny: Dataset, old: str, new: str, made: str | None, enough: bool, after: str
) -> None:
    """A prompt changed, which is major."""
    before = changed(tiny, info={"version": old})
    found = diff(before, changed(tiny, info={"version": new}, prompt="a wolf"))

    assert (found.made, found.enough, found.next_version) == (made, enough, after)


def test_a_change_of_containers_and_of_libraries_is_none(tiny: Dataset) -> None:
    """Other encoders write other bytes of the same pixels."""
    files = dict.fromkeys(tiny.sample(tiny.ids("smoke")[0]).files, "sha256:" + "0" * 64)

    assert diff(tiny, changed(tiny, info={"build": {"av": "99"}}, files=files)).changes == ()


def test_the_command_line_says_same_differs_or_inconclusive(
    cli: Cli, tiny: Dataset, copied: Dataset
) -> None:
    """0, 1 with the bump to make, 3 where a sample is built on one side only."""
    old, new = str(tiny.folder), str(copied.folder)
    assert cli("diff", old, new).returncode == 0

    manifest = copied.folder / "manifest.jsonl"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(lines[:3]))
    assert cli("diff", old, new).returncode == 3

    row = json.loads(lines[0]) | {"prompt": "a wolf"}
    manifest.write_text(json.dumps(row) + "\n" + "".join(lines[1:]))
    differs = cli("diff", old, new, "--json")
    record = json.loads(differs.stdout)
    assert differs.returncode == 1
    assert record["version"] == {
        "needed": "major",
        "made": None,
        "enough": False,
        "next_after_old": "2.0.0",
    }
    assert "at least 2.0.0; 1.0.0 is not enough" in cli("diff", old, new).stdout
    assert cli("diff", old, str(tiny.folder / "samples")).returncode == 2


def test_info_tells_all_that_is_known(cli: Cli, tiny: Dataset) -> None:
    """For people and as JSON, attributes with counts, splits with digests."""
    folder = str(tiny.folder)
    record = json.loads(cli("info", "dataset", folder, "--json").stdout)
    text = cli("info", "dataset", folder).stdout

    assert (record["samples_built"], record["samples"]) == (4, 500)
    assert record["splits"]["smoke"] == {"ids": 4, "digest": tiny.digest("smoke")}
    assert record["splits"]["full"]["digest"] is None
    assert sum(record["attributes"]["style"].values()) == 4
    assert tiny.digest("smoke") in text
    assert "fox (1)" in text


def test_a_broken_data_set_is_listed_as_broken(cli: Cli, tmp_path: Path) -> None:
    """The others are listed all the same."""
    folder = tmp_path / "datasets" / "bad" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset.json").write_text('{"name": 3}')

    done = cli("ls", "datasets", "--home", str(tmp_path))

    assert done.returncode == 0
    assert "bad@1.0.0" in done.stdout
    assert "broken" in done.stdout
