"""A contribution: what is right passes, everything hostile is refused, each by its own words."""

import json
import os
import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.leaderboard import (
    PROVENANCE,
    Committed,
    read_leaderboard,
    read_provenance,
    write_leaderboard,
    write_provenance,
)
from a2bench.results import card_digest
from a2bench.submit_check import (
    hostile,
    method_problems,
    skeleton,
    submit_check,
    text_problems,
)

from .leaderboards import DIGEST, card, mend, toy

GOOD = {
    "title": "Steady Dance",
    "summary": "Moves what stands still.",
    "code": "https://example.org/steady",
    "trained_on": "none",
}


def submission(**facts: object) -> Committed:
    """Return a leaderboard of one new method and `still`."""
    found = toy(cards=(card("steady", **GOOD | facts), plugins.card("still")))
    cards = {"steady": DIGEST, "still": card_digest("still")}
    return replace(found, provenance=found.provenance.model_copy(update={"cards": cards}))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "mine"
    write_leaderboard(submission(), folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A right contribution, for the test to spoil."""
    shutil.copytree(written, tmp_path / "mine")
    return tmp_path / "mine"


def _problems(folder: Path) -> str:
    report, _ = submit_check(folder, cases=0)
    return "\n".join(report.problems)


def test_a_right_contribution_passes_and_its_place_is_named(folder: Path) -> None:
    report, place = submit_check(folder, cases=0)

    assert report.problems == []
    assert place == "toy-1.0.0/smoke-given_pose-a2bench+steady"


# --- files --------------------------------------------------------------------------------------


def test_a_symbolic_link_is_refused_and_never_read(folder: Path) -> None:
    (folder / "leaderboard.md").unlink()
    (folder / "leaderboard.md").symlink_to("/etc/passwd")

    assert "'leaderboard.md' is a link" in _problems(folder)


def test_a_folder_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "values").rename(folder.parent / "elsewhere")
    (folder / "values").symlink_to(folder.parent / "elsewhere")

    assert "'values' is a link" in _problems(folder)


def test_a_hard_link_is_refused(folder: Path) -> None:
    """It may be a file of the reader's, which a later write would change."""
    os.link(folder / "leaderboard.md", folder.parent / "twin")

    assert "'leaderboard.md' is a hard link" in _problems(folder)


def test_a_pipe_is_refused_and_does_not_hang(folder: Path) -> None:
    (folder / "leaderboard.md").unlink()
    os.mkfifo(folder / "leaderboard.md")

    assert "neither a file nor a folder" in _problems(folder)


@pytest.mark.parametrize("name", ["../outside.csv", "/etc/passwd", "values/../../x.csv"])
def test_a_path_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    record = json.loads((folder / PROVENANCE).read_text())
    record["files"][name] = DIGEST
    text = json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False)
    (folder / PROVENANCE).write_text(text + "\n")

    assert "leaves its folder" in _problems(folder)


def test_a_pickle_is_refused_by_its_name_and_under_another(folder: Path) -> None:
    (folder / "weights.pkl").write_bytes(pickle.dumps({}))
    assert "pickles and weights are never taken" in _problems(folder)

    (folder / "weights.pkl").unlink()
    (folder / "leaderboard.csv").write_bytes(pickle.dumps({}))
    assert "'leaderboard.csv' is a pickle" in _problems(folder)


@pytest.mark.parametrize(
    "name", ["run.sh", "values/x.py", ".htaccess", "index.html", "values/deep/a"]
)
def test_files_that_are_no_leaderboards_are_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")

    assert "that a leaderboard does not have" in _problems(folder) or (
        "is no file of a leaderboard" in _problems(folder)
    )


def test_a_name_that_looks_like_a_right_one_is_refused(folder: Path) -> None:
    """A Cyrillic letter in `leaderboard.csv`."""
    (folder / "lеaderboard.csv").write_text("x")

    assert "letters that look like others" in _problems(folder)


def test_a_file_too_large_is_refused_unread(folder: Path) -> None:
    with (folder / "leaderboard.md").open("ab") as handle:
        handle.truncate(2_000_000)

    assert "has 2000000 bytes, at most 1500000 are taken" in _problems(folder)


def test_many_files_end_the_walk(folder: Path) -> None:
    for number in range(200):
        (folder / f"{number}.csv").write_text("x")

    assert _problems(folder).count("is no file of a leaderboard") == 200


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "values" / "sets.csv").unlink()

    assert "values/sets.csv is missing" in _problems(folder)


# --- digests and numbers --------------------------------------------------------------------------


def test_a_wrong_digest_is_refused(folder: Path) -> None:
    path = folder / "values" / "self.csv"
    path.write_bytes(path.read_bytes().replace(b"1.5,", b"9.5,", 1))

    assert "values/self.csv was edited" in _problems(folder)


def _edit(folder: Path, name: str, edit: Callable[[str], str]) -> None:
    path = folder / name
    text = path.read_bytes().decode()
    assert edit(text) != text
    path.write_bytes(edit(text).encode())
    mend(folder)


def test_edited_values_with_mended_digests_are_refused(folder: Path) -> None:
    """The recomputed table differs."""
    _edit(
        folder, "values/self.csv", lambda text: re.sub(r",ok,,0\.\d+", ",ok,,0.125", text, count=1)
    )

    assert "leaderboard.csv, line" in _problems(folder)


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "-inf", "1e999", "0x1p3", "1_5.0", "١.٥"])
def test_numbers_that_are_none_are_refused(folder: Path, number: str) -> None:
    _edit(folder, "values/self.csv", lambda text: text.replace("1.5,", f"{number},", 1))

    assert "is no number as a2bench writes it" in _problems(folder)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_json_numbers_that_are_none_are_refused(folder: Path, number: str) -> None:
    path = folder / PROVENANCE
    path.write_text(path.read_text().replace('"ok": 6', f'"ok": {number}', 1))

    assert PROVENANCE in _problems(folder)


def test_a_key_twice_is_refused(folder: Path) -> None:
    path = folder / PROVENANCE
    path.write_text(path.read_text().replace("{", '{\n "split": "full",', 1))

    assert "a key twice" in _problems(folder)


def test_deep_json_is_refused_at_once(folder: Path) -> None:
    (folder / PROVENANCE).write_text('{"git":' * 100_000)

    assert PROVENANCE in _problems(folder)


def test_an_edited_page_is_refused(folder: Path) -> None:
    """Its digest is right; but it is not what the values make."""
    page = "leaderboard.html"
    _edit(folder, page, lambda text: text.replace("</body>", "<script>x()</script></body>"))

    assert "leaderboard.html is not what the values make here" in _problems(folder)


def test_a_partial_table_is_refused(folder: Path) -> None:
    made = read_provenance(folder)
    write_provenance(made.model_copy(update={"partial": True}), folder)

    assert "a leaderboard has every case" in _problems(folder)


# --- texts ----------------------------------------------------------------------------------------

TEXTS = {
    "HTML": ("<img src=x onerror=alert(1)>", "markup"),
    "an entity": ("&lt;script&gt;", "markup"),
    "a Markdown link": ("[here](javascript:alert(1))", "markup"),
    "a formula": ('=HYPERLINK("http://x","y")', "formula"),
    "a plus formula": ("+1+cmd|' /C calc'!A0", "formula"),
    "an at formula": ("@SUM(A1)", "formula"),
    "a terminal code": ("\x1b[2J\x1b[31mred", "control"),
    "a bell": ("ring\x07", "control"),
    "right to left": ("gnp.\u202eexe", "control"),
    "a letter of no width": ("pup\u200bpet", "control"),
    "a second line": ("one\ntwo", "control"),
    "TeX": (r"\input{/etc/passwd}", "TeX"),
    "much text": ("a" * 5000, "5000 letters"),
}


@pytest.mark.parametrize(("text", "why"), TEXTS.values(), ids=TEXTS.keys())
def test_scripts_in_texts_are_refused(text: str, why: str) -> None:
    """In a card, and in a reason."""
    found = submission(summary=text)
    last = found.values[-1].model_copy(update={"reason": text})

    in_card, in_reason = text_problems(replace(found, values=(*found.values[:-1], last)))

    assert in_card.startswith(f"{PROVENANCE}, methods.steady.card.summary: ")
    assert in_reason.startswith("values/reasons.csv: ")
    assert why in in_card
    assert why in in_reason


@pytest.mark.parametrize("text", ["CC-BY-4.0", "a < b", "R&D", "3 > 2", "weights x.pth: `fetch x`"])
def test_harmless_texts_pass(text: str) -> None:
    assert hostile(text) == ""


def test_a_script_in_an_attribute_is_refused(tmp_path: Path) -> None:
    found = submission()
    facts = {"family": "<script>alert(1)</script>"}
    cases = tuple(replace(case, facts=facts) for case in found.cases)
    write_leaderboard(replace(found, cases=cases), tmp_path / "mine")

    assert "values/cases.csv, a2p-0000-toy: HTML" in _problems(tmp_path / "mine")


TITLES = {
    "Cyrillic": "Stеady Dance",
    "full width": "Ｓteady",
    "another's title": "Still",
    "another's title, nearly": "St1ll",
    "mathematical": "𝐒teady",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES.keys())
def test_a_title_that_looks_like_another_is_refused(title: str) -> None:
    problems = list(method_problems(submission(title=title)))

    assert problems
    assert all("look" in problem for problem in problems)


def test_names_that_look_alike_have_one_skeleton() -> None:
    """Cyrillic е and о, Greek ο, 1 and l and I, 0 and o, rn and m, accents, case."""
    assert skeleton("рuррet") == skeleton("puppet") == skeleton("PUPPÉT")
    assert skeleton("st1ll") == skeleton("stiII") == skeleton("still")
    assert skeleton("0racle") == skeleton("οracle") == skeleton("oracle")
    assert skeleton("rnimic") == skeleton("mimic")
    assert skeleton("steady") != skeleton("still")


# --- methods --------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["licence_code", "licence_weights", "trained_on", "summary"])
def test_a_card_without_licence_or_origin_is_refused(field: str) -> None:
    (problem,) = method_problems(submission(**{field: ""}))

    assert problem.startswith(f"steady: its card says nothing for `{field}`")


def test_a_card_that_nobody_can_look_up_is_refused() -> None:
    (problem,) = method_problems(submission(code=""))

    assert "neither `code` nor `paper`" in problem


def test_our_name_for_other_code_is_refused(folder: Path) -> None:
    made = read_provenance(folder)
    cards = made.cards | {"still": DIGEST}
    write_provenance(made.model_copy(update={"cards": cards}), folder)

    assert "still: not the card and code of our method still" in _problems(folder)


def test_a_row_that_we_have_already_is_refused(folder: Path, tmp_path: Path) -> None:
    ours = tmp_path / "results" / "toy-1.0.0" / "smoke-given_pose-a2bench"
    write_leaderboard(submission(), ours)

    report, _ = submit_check(folder, results=tmp_path / "results", cases=0)

    assert report.problems == [f"steady: {ours} has a row of that name already"]


def test_the_command_line_says_what_to_do_next(
    folder: Path, tmp_path: Path, cli: Callable[..., object]
) -> None:
    """Exit 0 and where to put it; exit 1 and to check again; exit 2 where nothing is."""
    good = cli("submit-check", str(folder), cwd=tmp_path)
    (folder / "x.pkl").write_bytes(b"")
    bad = cli("submit-check", str(folder), cwd=tmp_path)

    assert good.returncode == 0, good.stdout + good.stderr  # type: ignore[attr-defined]
    last = good.stdout.strip().splitlines()[-1]  # type: ignore[attr-defined]
    assert last.startswith("next: cp -r ")
    assert "results/toy-1.0.0/smoke-given_pose-a2bench+steady" in last
    assert bad.returncode == 1  # type: ignore[attr-defined]
    assert bad.stdout.strip().splitlines()[-1].startswith("next: mend these")  # type: ignore[attr-defined]
    assert read_leaderboard(folder).provenance.dataset == "toy"
