"""A leaderboard as files: what is written comes back, is canonical, and makes the same table."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.leaderboard import (
    Committed,
    file_problems,
    plain,
    read_leaderboard,
    read_provenance,
    write_leaderboard,
)
from a2bench.records import Value
from a2bench.tables import to_csv

from .leaderboards import toy

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The toy leaderboard, written."""
    write_leaderboard(toy(), tmp_path / "board")
    return tmp_path / "board"


def _bytes(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _facts(value: Value) -> Value:
    """Return a value without its key: a value that is read has the digest of its file."""
    region = "motion" if value.region == "motion" else "frame"
    return value.model_copy(update={"key": "", "region": region})


def test_every_status_comes_back(folder: Path) -> None:
    found = read_leaderboard(folder)

    written = sorted(map(repr, map(_facts, toy().values)))
    assert sorted(map(repr, map(_facts, found.values))) == written
    assert {value.status for value in found.values} == {
        *("ok", "identical", "failed", "undefined", "unavailable"),
    }
    assert found.cases == toy().cases
    assert found.clips == toy().clips


def test_the_order_of_values_changes_no_byte(folder: Path, tmp_path: Path) -> None:
    """Values, clips and columns in another order, as another machine may have them."""
    made = toy()
    mixed = random.Random(0).sample(made.values, len(made.values))
    clips = dict(reversed(made.clips.items()))

    write_leaderboard(replace(made, values=tuple(mixed), clips=clips), tmp_path / "again")

    assert _bytes(tmp_path / "again") == _bytes(folder)


def test_the_table_is_computed_from_the_values_alone(folder: Path) -> None:
    """Rule 6 and 7 included: failed and undefined cases, caps, ranks, intervals."""
    found = read_leaderboard(folder)

    assert (folder / "leaderboard.csv").read_text() == to_csv(found.leaderboard())
    (row,) = [row for row in found.leaderboard().rows if row.card.name == "flaky"][:1]
    assert row.scored == 5  # of 6: one seed of one case failed
    assert row.of == 6


def test_a_mean_is_the_mean_of_its_column(folder: Path) -> None:
    """One line of pandas; `steady` has no failed case in psnr."""
    values = pd.read_csv(folder / "values" / "cross.csv")
    table = pd.read_csv(folder / "leaderboard.csv")

    mean = values[values.method == "steady"].psnr.mean()

    printed = table[(table.method == "steady") & (table.protocol == "cross")].psnr.item()
    assert mean == pytest.approx(printed, rel=1e-15)


def test_a_reader_of_edited_values_is_told(folder: Path) -> None:
    path = folder / "values" / "cross.csv"
    path.write_text(path.read_text().replace("steady,0", "steadY,0", 1))

    with pytest.raises(A2BenchError, match=r"values/cross\.csv was edited"):
        read_leaderboard(folder)


EDITS = {
    "another form of a number": lambda text: text.replace("1.5,", "1.50,", 1),
    "a number with spaces": lambda text: text.replace("1.5,", " 1.5,", 1),
    "arabic digits": lambda text: text.replace("1.5,", "١.٥,", 1),
    "not a number": lambda text: text.replace("1.5,", "nan,", 1),
    "infinity": lambda text: text.replace("1.5,", "inf,", 1),
    "a number too large": lambda text: text.replace("1.5,", "1e999,", 1),
    "a row twice": lambda text: text + text.splitlines(keepends=True)[-1],
    "rows in another order": lambda text: "\n".join(
        [text.split("\n")[0], *sorted(text.split("\n")[1:-1], reverse=True), ""]
    ),
    "a row less wide": lambda text: text.replace("1.5,", "", 1),
    "another status": lambda text: text.replace(",ok,", ",fine,", 1),
    "ok without a number": lambda text: text.replace(",ok,", ",missing,", 1),
    "a reason that is nowhere": lambda text: text.replace(",failed,r", ",failed,rr", 1),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "an unclosed quote": lambda text: text.replace("steady", '"steady', 1),
    "a column more": lambda text: text.replace("seconds", "seconds,seconds", 1),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_what_is_not_canonical_is_refused_even_with_the_right_digests(
    folder: Path, edit: Callable[[str], str]
) -> None:
    """Whoever edits the values can mend the digests too: no second way to write a value."""
    path = folder / "values" / "cross.csv"
    text = path.read_bytes().decode()
    assert edit(text) != text
    path.write_bytes(edit(text).encode())

    with pytest.raises(A2BenchError, match=r"values/cross\.csv"):
        read_leaderboard(folder, check_files=False)


PROVENANCES = {
    "empty": b"",
    "another record": b"{}",
    "not UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "deep objects": b'{"git":' * 100_000,
}


@pytest.mark.parametrize("content", PROVENANCES.values(), ids=PROVENANCES.keys())
def test_a_file_that_is_not_provenance_is_refused(folder: Path, content: bytes) -> None:
    (folder / "provenance.json").write_bytes(content)

    with pytest.raises(A2BenchError, match=r"provenance\.json"):
        read_provenance(folder)


def test_a_key_twice_in_provenance_is_refused(folder: Path) -> None:
    """A reader that takes the first and one that takes the last would see two leaderboards."""
    path = folder / "provenance.json"
    twice = path.read_text().replace(' "split": "smoke"', ' "split": "full",\n "split": "smoke"')
    path.write_text(twice)

    with pytest.raises(A2BenchError, match="a key twice"):
        read_provenance(folder)


@pytest.mark.parametrize("name", ["../outside.csv", "/etc/passwd", "values/../../x"])
def test_no_listed_file_leaves_the_folder(folder: Path, name: str) -> None:
    path = folder / "provenance.json"
    record = json.loads(path.read_text())
    record["files"] = {name: record["files"]["leaderboard.csv"]} | record["files"]
    path.write_text(json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False) + "\n")

    with pytest.raises(A2BenchError, match="leaves its folder"):
        read_provenance(folder)


def test_a_killed_write_leaves_no_folder_that_reads(folder: Path, monkeypatch: object) -> None:
    """Provenance goes first and comes last."""
    (folder / "provenance.json").unlink()

    with pytest.raises(A2BenchError, match="no leaderboard here"):
        read_leaderboard(folder)


def test_writing_again_leaves_no_stale_file(folder: Path) -> None:
    """A protocol that is gone from the table is gone from the folder."""
    made = toy()
    rows = {"self": made.provenance.rows["self"]}
    only_self = Committed(
        made.provenance.model_copy(update={"rows": rows}),
        tuple(made.cases_of("self")),
        {key: clip for key, clip in made.clips.items() if key[0] == "self"},
        tuple(value for value in made.values if value.protocol == "self"),
    )

    write_leaderboard(only_self, folder)

    assert not (folder / "values" / "cross.csv").exists()
    assert file_problems(folder, read_provenance(folder)) == []


def test_paths_and_terminal_codes_do_not_get_into_what_is_published() -> None:
    text = "crash: \x1b[31mTypeError\u202e in /srv/me/secret/model.py, see https://x.org/a/b"

    assert plain(text) == "crash: [31mTypeError in model.py, see https://x.org/a/b"


@pytest.fixture(scope="module")
def real(
    tiny: Dataset, tmp_path_factory: pytest.TempPathFactory, cli: Cli
) -> tuple[Path, dict[str, str]]:
    """A leaderboard of split smoke by the real command line, and its data root."""
    home = tmp_path_factory.mktemp("home")
    (home / "datasets").symlink_to(tiny.folder.parents[1])
    env = {"A2BENCH_HOME": str(home)}
    keys = ("dataset=a2bench-proc-tiny", "split=smoke", "workers=1")
    methods = "method=[still,puppet_warp,copy_driving,oracle]"
    for words in (("run", methods, "protocol=[self,cross]", *keys), ("score", *keys)):
        done = cli(*words, **env)
        assert done.returncode == 0, done.stderr
    words = ("table", "--dataset", "a2bench-proc-tiny", "--split", "smoke")
    done = cli(*words, "--into", str(home / "results"), **env)
    assert done.returncode == 0, done.stderr
    return home, env


BOARD = "results/a2bench-proc-tiny-1.0.0/smoke-given_pose-a2bench"


def test_the_command_line_writes_a_leaderboard_where_it_belongs(
    real: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Named by data set, version, split, track and suite; read back it is the same table."""
    home, _ = real
    found = read_leaderboard(home / BOARD)

    assert (home / BOARD / "leaderboard.csv").read_text() == to_csv(found.leaderboard())
    assert set(_bytes(home / BOARD)) == {
        *("leaderboard.csv", "leaderboard.html", "leaderboard.md", "leaderboard.tex"),
        *("provenance.json", "values/cases.csv", "values/cross.csv", "values/self.csv"),
        *("values/sets.csv", "values/reasons.csv"),
    }
    made = found.provenance
    assert made.methods["puppet_warp"].devices == ("cpu:0",)
    assert set(made.methods["puppet_warp"].fingerprints) == {"self", "cross"}
    assert set(made.methods["copy_driving"].fingerprints) == {"cross"}  # n/a in self
    assert made.decoder.startswith("PyAV ")
    assert str(home) not in "".join(text.decode() for text in _bytes(home / BOARD).values())

    shutil.copytree(home / BOARD, tmp_path / "copy")
    write_leaderboard(found, tmp_path / "copy")
    assert _bytes(tmp_path / "copy") == _bytes(home / BOARD)


def test_cases_are_made_again_and_an_edit_that_makes_a_table_is_found(
    real: tuple[Path, dict[str, str]], tmp_path: Path, cli: Cli
) -> None:
    """Values, table and digests were all edited to agree; the prediction does not."""
    home, env = real
    whole = cli("verify", "results", str(home / "results"), "--cases", "30", "--json", **env)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    (report,) = json.loads(whole.stdout)["leaderboards"]
    methods = {(one["protocol"], one["method"], one["how"]) for one in report["again"]}
    assert len(report["again"]) == 28  # 4 cases x (4 methods in cross, 3 in self)
    assert ("cross", "puppet_warp", "re-run") in methods
    assert max(one["largest"] for one in report["again"]) <= 1e-6

    found = read_leaderboard(home / BOARD)
    better = [
        value.model_copy(update={"value": value.value + 2})
        if (value.method, value.metric) == ("puppet_warp", "psnr") and value.value
        else value
        for value in found.values
    ]
    write_leaderboard(replace(found, values=tuple(better)), tmp_path / "edited")

    edited = cli("verify", "results", str(tmp_path / "edited"), "--cases", "30", **env)

    assert edited.returncode == 1
    assert "puppet_warp" in edited.stdout
    assert "psnr is" in edited.stdout
