"""Making a release: in one command, resumed, never mixed with clips of other code."""

from pathlib import Path

import pytest

from a2bench import make_release as tool
from a2bench.builders import goldens, procedural, release
from a2bench.errors import A2BenchError


def test_a_home_drawn_by_other_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "release_code.txt").write_text("sha256:other\n")

    with pytest.raises(A2BenchError, match="drawn by other code") as caught:
        tool.make_release(tmp_path, split="smoke")
    assert "hint: take an empty folder" in str(caught.value)


def test_the_code_that_draws_decides_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tool.code_digest()
    monkeypatch.setattr(tool, "_DRAWN_BY", ("video.py",))

    assert before == before.lower()
    assert tool.code_digest() != before


def test_a_release_writes_every_digest_and_its_golden_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cast of one, drawn by the real path at full size."""
    monkeypatch.setattr(release, "DIGESTS", tmp_path / "digests.json")
    monkeypatch.setattr(goldens, "GOLDENS", tmp_path / "goldens.json")
    monkeypatch.setattr(goldens, "golden_digests", lambda workers: {"self/a@0": "1 2 3"})
    one = procedural.describe("default").order[:1]
    monkeypatch.setattr(procedural, "split_order", lambda: one)
    monkeypatch.setattr(procedural, "SPLITS", {"full": 1})
    release._released.cache_clear()

    tool.make_release(tmp_path / "home", workers=1)
    record = release._released()

    assert record["version"] == procedural.VERSION
    assert list(record["self"]) == list(record["rescaled"]) == list(one)
    assert list(record["cross"]) == [f"{one[0]}__{one[0]}"]
    assert goldens.released_goldens() == (procedural.VERSION, {"self/a@0": "1 2 3"})
    assert release.pins(procedural.VERSION)
    release._released.cache_clear()
