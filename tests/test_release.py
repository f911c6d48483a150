"""Release digests: a version is its pixels, poses and masks."""

import json
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from a2bench.builders import release
from a2bench.builders.release import check_release
from a2bench.errors import A2BenchError

GOOD = {kind: "sha256:" + str(number) * 64 for number, kind in enumerate(("rgb", "pose", "mask"))}


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A release with one sample."""
    record = {
        "version": "9.0.0",
        "libraries": "skia-python 144.1",
        "self": {"a": release.shortened(GOOD)},
        "cross": {},
    }
    path = tmp_path / "digests.json"
    path.write_text(json.dumps(record))
    monkeypatch.setattr(release, "DIGESTS", path)
    release._released.cache_clear()
    yield
    release._released.cache_clear()


@pytest.mark.usefixtures("released")
def test_what_equals_the_release_passes_and_what_it_does_not_name_too() -> None:
    """Samples that were not recorded, and other versions, have nothing to differ from."""
    check_release("9.0.0", "self", "a", GOOD)
    check_release("9.0.0", "self", "b", GOOD)
    check_release("9.1.0", "self", "a", GOOD | {"rgb": "sha256:" + "f" * 64})


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize(
    ("kind", "name"), [("rgb", "pixels"), ("pose", "poses"), ("mask", "masks")]
)
def test_other_content_on_x86_64_is_another_data_set(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, with what differs and what the release was drawn with."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    with pytest.raises(A2BenchError, match=rf"a: {name} differ from release 9\.0\.0.*\n.*144\.1"):
        check_release("9.0.0", "self", "a", GOOD | {kind: "sha256:" + "f" * 64})


@pytest.mark.usefixtures("released")
def test_other_pixels_on_another_architecture_are_said_loudly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Skia's last bits differ there; poses must not."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    check_release("9.0.0", "self", "a", GOOD | {"rgb": "sha256:" + "f" * 64})

    assert "warning: a: pixels differ" in capsys.readouterr().err
    with pytest.raises(A2BenchError, match="poses differ"):
        check_release("9.0.0", "self", "a", GOOD | {"pose": "sha256:" + "f" * 64})


def test_the_committed_digests_are_of_the_version_that_is_drawn() -> None:
    """All samples, cross truths and mannequin clips: a release that was stopped is none.

    At release: `python -m a2bench.builders.release HOME`.
    """
    from a2bench.builders.procedural import cross_pairs
    from a2bench.procedural import VERSION, split_order

    record = json.loads(release.DIGESTS.read_text())
    pairs = [f"{pair.reference_id}__{pair.driver_id}" for pair in cross_pairs(split_order())]

    assert record["version"] == VERSION
    assert set(record["self"]) == set(record["rescaled"]) == set(split_order())
    assert set(record["cross"]) == set(pairs)
