"""`verify results`: what agrees passes, what was edited is named, however well it was edited."""

from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench.errors import A2BenchError
from a2bench.leaderboard import read_provenance, write_leaderboard, write_provenance
from a2bench.records import Value
from a2bench.verify_results import Report, difference, verify_results

from .leaderboards import mend, toy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_leaderboard(toy(), tmp_path / "board")
    return tmp_path / "board"


def _only(folder: Path) -> Report:
    (report,) = verify_results(folder)
    return report


def test_what_was_written_passes(folder: Path) -> None:
    report = _only(folder)

    assert report.problems == []
    assert report.versions == []
    assert report.steps == ["files", "values", "table", "cases"]
    assert report.notes == ["no case made again: toy is not drawn by this program"]


def test_every_leaderboard_below_a_folder_is_checked(folder: Path) -> None:
    write_leaderboard(toy(dataset="other"), folder.parent / "deeper" / "board")
    (folder.parent / "deeper/board/leaderboard.md").write_text("better\n")

    ours, theirs = sorted(verify_results(folder.parent), key=lambda one: len(one.problems))

    assert (ours.problems, len(theirs.problems)) == ([], 1)
    assert theirs.problems[0].startswith("leaderboard.md was edited")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _number_of_steady(folder: Path) -> str:
    """Return the first number of a row of `steady`."""
    lines = (folder / "values/cross.csv").read_text().splitlines()
    return next(line for line in lines if line.startswith("steady,")).split(",")[5]


def test_one_edited_number_is_found_without_any_digest(folder: Path) -> None:
    """Values, digests: all mended. The table is not what they make; its digest is mended too."""
    number = _number_of_steady(folder)
    _edit(folder / "values/cross.csv", number, repr(float(number) + 1))
    mend(folder)

    report = _only(folder)

    assert len(report.problems) == 1
    assert report.problems[0].startswith("leaderboard.csv, line 8: not what the values make")


def test_an_edited_table_is_found_without_any_digest(folder: Path) -> None:
    _edit(folder / "leaderboard.csv", "steady,no,pose", "steady,yes,pose")
    mend(folder)

    assert "leaderboard.csv, line 4: not what the values make" in _only(folder).problems[0]


def test_a_case_left_out_everywhere_is_found(folder: Path) -> None:
    """The worst case is gone from values and cases: then the split is another one."""
    for name in ("cases", "self"):
        path = folder / f"values/{name}.csv"
        kept = [
            line
            for line in path.read_text().splitlines()
            if "a2p-0005-toy" not in line.split("__")[0]
        ]
        path.write_text("\n".join(kept) + "\n")
    mend(folder)

    problems = _only(folder).problems

    assert any("not the cases" in problem for problem in problems)
    assert any("counts of self are not those of the values" in problem for problem in problems)


def test_a_number_no_metric_can_have_is_found(folder: Path) -> None:
    number = _number_of_steady(folder)
    _edit(folder / "values/cross.csv", number, "-3.5")
    mend(folder)

    assert any("psnr is -3.5, outside of 0 to inf" in one for one in _only(folder).problems)


def test_another_metric_version_is_no_problem_but_cannot_be_checked(
    folder: Path, cli: Callable[..., object]
) -> None:
    """Exit code 2, and which version to install."""
    made = read_provenance(folder)
    older = made.metrics["ssim"].model_copy(update={"version": 7})
    write_provenance(made.model_copy(update={"metrics": made.metrics | {"ssim": older}}), folder)

    report = _only(folder)
    done = cli("verify", "results", str(folder))

    assert report.problems == []
    assert report.versions[0] == "metric ssim is version 1 here, 7 there"
    assert report.versions[1].startswith("install a2bench ")
    assert (done.returncode, "other versions are installed" in done.stdout) == (2, True)  # type: ignore[attr-defined]


def test_a_folder_without_a_leaderboard_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match="no leaderboard at or below"):
        verify_results(tmp_path)


def _value(number: float | None, status: str = "ok") -> Value:
    return toy().values[0].model_copy(update={"value": number, "status": status})


def test_the_difference_of_two_numbers_is_relative() -> None:
    # |20 - 20.2| / 20.2; below 1e-9 nothing is a difference; a number against none is infinite
    assert difference(_value(20.0), _value(20.2)) == pytest.approx(0.2 / 20.2)
    assert difference(_value(1e-12), _value(5e-10)) == 0.0
    assert difference(_value(1.0), _value(None, "failed")) == float("inf")
    assert difference(_value(None, "undefined"), _value(None, "undefined")) == 0.0
