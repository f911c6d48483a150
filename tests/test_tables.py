"""One leaderboard in every format: the same numbers, honest about what is not there, harmless."""

import csv
import io
import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from a2bench.errors import A2BenchError
from a2bench.metric import ClipPair, Metric, Outcome
from a2bench.records import MethodCard, Protocol, Value
from a2bench.results import Caption, Cell, Leaderboard, aggregate
from a2bench.suites import SUITES
from a2bench.table_picture import write_picture
from a2bench.tables import (
    cell_text,
    escape_csv,
    escape_latex,
    escape_markdown,
    headline_of,
    notes,
    to_csv,
    to_html,
    to_json,
    to_latex,
    to_markdown,
    to_terminal,
    write_all,
)

DIGEST = "sha256:" + "3fa9c1d2" * 8
FETCH = "needs weights: `a2bench fetch lpips_alex --accept`"
HOSTILE = "=1+1|<script>alert(1)</script> \\input{x} $x$ 50% _a_ **b** `c`\n\x1b[31m\u202ered&#{}~^"


def _never(pair: ClipPair) -> Outcome:
    raise AssertionError("a table computes no metric")


def _metric(title: str, unit: str, perfect: float, digits: int) -> Metric:
    return Metric(
        version=1,
        summary=f"What {title} says",
        direction="higher" if perfect > 0 else "lower",
        unit=unit,
        value_range=(0.0, math.inf),
        # as in metrics/psnr.py: a perfect PSNR is stored as the cap and printed as infinity
        perfect=min(perfect, 58.92),
        clip=_never,
        title=title,
        cap=58.92 if math.isinf(perfect) else None,
        digits=digits,
    )


METRICS = {
    "psnr": _metric("PSNR", "dB", math.inf, 2),
    "l1": _metric("L1", "1", 0.0, 4),
    "lpips_alex": _metric("LPIPS", "1", 0.0, 3),
    "flow_error_dis": _metric("Flow error", "px", 0.0, 2),
}


def _card(name: str, title: str, **fields: object) -> MethodCard:
    facts = {"name": name, "title": title, "summary": "A.", "kind": "precomputed"}
    return MethodCard.model_validate(facts | {"inputs_seen": ("pose",)} | fields)


def _leaderboard(
    *, title: str = "Puppet warp", dataset: str = "a2bench-proc", reason: str = FETCH
) -> Leaderboard:
    """Four methods, two protocols, three cases; every status occurs."""
    copies = {"self": "the driver's video is the truth"}
    methods = [
        _card("still", "Still", inputs_seen=()),
        _card("copy_driving", "Copy driving", not_applicable=copies),
        _card("puppet_warp", title, stochastic=True, code="https://example.org/code"),
        _card("oracle", "Oracle", inputs_seen=("truth",), reference_row=True),
    ]
    numbers = {"still": (18.0, 0.09, 9.1), "copy_driving": (13.0, 0.17, 2.1)}
    numbers["puppet_warp"] = (22.0, 0.05, 2.9)
    protocols: tuple[Protocol, ...] = ("self", "cross")
    values = []
    for protocol in protocols:
        for card in methods:
            if protocol in card.not_applicable:
                continue
            for index, case_id in enumerate(("a", "b", "c")):
                for name, metric in METRICS.items():
                    number: float | None = None
                    status, why = "ok", ""
                    if name == "lpips_alex":
                        status, why = "unavailable", reason
                    elif card.name == "oracle":
                        status, number = "identical", metric.perfect
                    elif card.name == "puppet_warp" and case_id == "c" and protocol == "cross":
                        status, why = "failed", "oom: 24 GiB"
                    elif card.name == "copy_driving" and case_id == "a" and name.startswith("flow"):
                        status, why = "undefined", "no texture"
                    else:
                        column = ("psnr", "l1", "flow_error_dis").index(name)
                        number = numbers[card.name][column] * (1 + index / 10)
                    values.append(
                        Value.model_validate(
                            {
                                "protocol": protocol,
                                "method": card.name,
                                "seed": 0,
                                "case_id": case_id,
                                "metric": name,
                                "version": 1,
                                "value": number,
                                "status": status,
                                "reason": why,
                                "region": "motion",
                                "unit": metric.unit,
                                "key": DIGEST,
                            }
                        )
                    )
    return aggregate(
        values,
        {"self": ("a", "b", "c"), "cross": ("a", "b", "c")},
        methods,
        list(METRICS),
        caption=Caption(dataset, "0.1.0", DIGEST, "smoke", "a2bench", "given_pose"),
        metric_of=METRICS.__getitem__,
    )


def _printed(leaderboard: Leaderboard, *, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system="standard")
    to_terminal(leaderboard, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _texts(leaderboard: Leaderboard) -> dict[str, str]:
    return {
        "md": to_markdown(leaderboard),
        "tex": to_latex(leaderboard),
        "csv": to_csv(leaderboard),
        "html": to_html(leaderboard),
        "terminal": _printed(leaderboard),
        "json": json.dumps(to_json(leaderboard), allow_nan=False),
    }


@pytest.mark.parametrize("format_name", ["md", "tex", "csv", "html", "terminal", "json"])
def test_every_format_names_data_set_version_digest_split_suite_and_track(format_name: str) -> None:
    text = _texts(_leaderboard())[format_name].replace(r"\_", "_")

    for fact in ("a2bench-proc", "0.1.0", DIGEST[7:19], "smoke", "a2bench"):
        assert fact in text
    assert "given pose" in text or "given_pose" in text


@pytest.mark.parametrize("format_name", ["md", "tex", "html", "terminal"])
def test_every_format_for_people_prints_the_reasons(format_name: str) -> None:
    text = _texts(_leaderboard())[format_name].replace("-{}-", "--").replace(r"\_", "_")
    text = text.replace("&#39;", "'")

    assert "a2bench fetch lpips_alex --accept" in text
    assert "not applicable: the driver's video is the truth" in text
    assert "1 case failed: each enters as the worse of" in text
    assert "1 case undefined, ranked as" in text
    assert "stochastic, run with 1 seed of 3" in text


def test_each_note_has_one_letter_wherever_it_holds() -> None:
    found = notes(_leaderboard())
    row = next(row for row in _leaderboard().rows if row.card.name == "oracle")

    assert len(set(found.texts)) == len(found.texts)
    assert [letter for letter, _ in found.listed()] == list("abcde")
    assert found.of(row, "lpips_alex") == "b"  # the first row's title has the first note
    assert found.of(row, "psnr") == ""


def test_a_table_without_gaps_has_no_notes() -> None:
    values = [
        Value(
            protocol="self",
            method="m",
            seed=0,
            case_id="a",
            metric="l1",
            version=1,
            value=0.5,
            status="ok",
            region="frame",
            unit="1",
            key=DIGEST,
        )
    ]
    caption = Caption("toy", "1", DIGEST, "smoke", "a2bench", "given_pose")
    found = aggregate(
        values,
        {"self": ("a",)},
        [_card("m", "M")],
        ["l1"],
        caption=caption,
        metric_of=METRICS.__getitem__,
    )

    assert notes(found).texts == ()
    assert "minipage" not in to_latex(found)
    assert '<ol class="notes">' not in to_html(found)


def _markdown_rows(text: str) -> list[list[str]]:
    rows = [line for line in text.split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_markdown_prints_the_numbers_by_hand() -> None:
    rows = {row[0]: row for row in _markdown_rows(to_markdown(_leaderboard()).split("cross`")[1])}

    # still: 18 x (1 + 1.1 + 1.2) / 3 = 19.80; copy_driving: 13 x 1.1 = 14.30
    # puppet_warp: 22 and 24.2, the third failed: worse of still's 18 x 1.2 = 21.6 and the median
    # 23.1 is 21.6; mean (22 + 24.2 + 21.6) / 3 = 22.60
    # three characters: Student's t of two degrees of freedom, 4.3027 x 1.8 / sqrt(3) = 4.47;
    # three characters have 2^3 sign flips, so p is never under 2/8: no mark says anything
    assert rows["Still"][3] == "<ins>19.80</ins><br><sub>[15.33, 24.27]</sub>"
    assert rows["Copy driving"][3].startswith("14.30<br>")
    assert rows["Puppet warp <sup>a</sup>"][3].startswith("**22.60**<br>")
    assert rows["*Oracle*"][3:] == ["∞", "0.0000", "– <sup>b</sup>", "0.00", "3 / 3"]
    assert rows["Puppet warp <sup>a</sup>"][-1].startswith("2 / 3")


@pytest.mark.parametrize("title", ["Puppet warp", HOSTILE])
def test_every_markdown_row_has_as_many_cells(title: str) -> None:
    text = to_markdown(_leaderboard(title=title, dataset=title))

    assert {len(row) for row in _markdown_rows(text)} == {8}
    assert "<script" not in text
    assert "**b**" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("a\nb\r\n# c", "a b # c"),
        ("`x`", r"\`x\`"),
    ],
)
def test_markdown_prints_text_as_it_is(text: str, expected: str) -> None:
    assert escape_markdown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("50% & $x_1^2$ #~", r"50\% \& \$x\_1\textasciicircum{}2\$ \#\textasciitilde{}"),
        ("--accept", "-{}-accept"),
        ("---", "-{}--"),
        ("a\n\nb", "a b"),
        ("^^5cinput", r"\textasciicircum{}\textasciicircum{}5cinput"),
    ],
)
def test_latex_prints_text_as_it_is(text: str, expected: str) -> None:
    assert escape_latex(text) == expected


def _latex_is_balanced(text: str) -> bool:
    bare = re.sub(r"\\[\\{}$%]", "", text)
    depth = 0
    for letter in bare:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth < 0:
            return False
    begun = re.findall(r"\\begin\{([^}]*)\}", bare)
    return (
        depth == 0
        and bare.count("$") % 2 == 0
        and sorted(begun) == sorted(re.findall(r"\\end\{([^}]*)\}", bare))
    )


@pytest.mark.parametrize("title", ["Puppet warp", HOSTILE])
@pytest.mark.parametrize("wide", [False, True])
def test_latex_is_balanced_and_every_row_has_as_many_cells(title: str, wide: bool) -> None:
    text = to_latex(_leaderboard(title=title, dataset=title, reason=HOSTILE), wide=wide)
    rows = [line for line in text.split("\n") if line.endswith(r"\\") and "multicolumn" not in line]

    assert _latex_is_balanced(text)
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {7}
    assert text.startswith(rf"\begin{{{'table*' if wide else 'table'}}}[t]")
    assert re.search(r"\\label\{tab:[A-Za-z0-9-]+\}", text)
    assert "%" not in text.replace(r"\%", "")


def test_latex_has_arrows_bold_and_underline_and_no_bold_reference() -> None:
    text = to_latex(_leaderboard())
    oracle = next(line for line in text.split("\n") if "Oracle" in line)

    assert r"PSNR $\uparrow$ & L1 $\downarrow$" in text
    assert r"\textbf{22.60}" in text
    assert r"\underline{19.80}" in text
    assert "textbf" not in oracle
    assert "underline" not in oracle
    assert r"\cmidrule" in text


@pytest.mark.full
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("title", ["Puppet warp", HOSTILE])
def test_latex_compiles_with_booktabs_only(tmp_path: Path, title: str) -> None:
    table = to_latex(_leaderboard(title=title, dataset=title, reason=HOSTILE))
    document = (
        "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
        f"{table}\\end{{document}}\n"
    )
    (tmp_path / "paper.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-no-shell-escape", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-2000:]


def test_csv_keeps_full_precision_and_says_why_nothing_is_there() -> None:
    leaderboard = _leaderboard()
    rows = list(csv.DictReader(io.StringIO(to_csv(leaderboard))))
    by_name = {(row["protocol"], row["method"]): row for row in rows}
    expected = next(
        row.cells[0].value
        for row in leaderboard.rows
        if row.protocol == "cross" and row.card.name == "puppet_warp"
    )

    assert float(by_name["cross", "puppet_warp"]["psnr"]) == expected
    assert by_name["cross", "oracle"]["psnr"] == "inf"
    assert by_name["cross", "oracle"]["reference_row"] == "yes"
    assert by_name["cross", "oracle"]["lpips_alex"] == "NA"
    assert by_name["self", "copy_driving"]["psnr"] == "n/a"
    assert by_name["cross", "puppet_warp"]["scored"] == "2"


def test_csv_is_sorted_by_protocol_and_id_with_line_feeds() -> None:
    text = to_csv(_leaderboard())
    rows = [(row["protocol"], row["method"]) for row in csv.DictReader(io.StringIO(text))]
    methods = ["copy_driving", "oracle", "puppet_warp", "still"]

    assert rows == [(name, method) for name in ("self", "cross") for method in methods]
    assert "\r" not in text
    assert text.endswith("\n")


def test_pandas_reads_what_is_not_there_as_missing() -> None:
    frame = pd.read_csv(io.StringIO(to_csv(_leaderboard())))

    assert frame["psnr"].dtype == "float64"
    assert frame["lpips_alex"].isna().all()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " ="])
def test_no_csv_text_runs_as_a_formula(start: str) -> None:
    assert escape_csv(f"{start}cmd|' /C calc'!A0")[0] == "'"
    text = to_csv(_leaderboard(dataset=f"{start}1+1", title="=2"))
    rows = list(csv.DictReader(io.StringIO(text)))

    assert {row["dataset"][0] for row in rows} == {"'"}
    assert "=2" not in text  # titles are for people: ids here


class _Page(HTMLParser):
    """Tags with attributes, and the text of the body."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    return page


def test_html_requests_nothing() -> None:
    text = to_html(_leaderboard(), contact_sheet="contact_sheet.png")
    page = _page(text)
    loaded = [
        attributes.get(name)
        for tag, attributes in page.tags
        for name in ("src", "href", "srcset", "data", "action", "poster")
        if name in attributes and tag != "a"
    ]

    assert loaded == ["contact_sheet.png"]
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|import\(", text.replace(FETCH, ""))


def test_html_prints_hostile_text_as_it_is() -> None:
    honest = _page(to_html(_leaderboard()))
    page = _page(to_html(_leaderboard(title=HOSTILE, dataset=HOSTILE, reason=HOSTILE)))

    assert [tag for tag, _ in page.tags if tag == "script"] == ["script"]
    assert len(page.tags) - len(honest.tags) in (-1, 0, 1)  # a code span less or more in a note
    assert "<script>alert(1)</script>" in page.text
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "baselines/x.py", "https://x y", "//x"])
def test_html_links_to_web_pages_only(link: str) -> None:
    leaderboard = _leaderboard()
    hostile = leaderboard.rows[0].card.model_copy(update={"code": link, "paper": ""})
    rows = tuple(replace(row, card=hostile) for row in leaderboard.rows)
    page = _page(to_html(replace(leaderboard, rows=rows)))

    assert not [attributes for tag, attributes in page.tags if tag == "a"]


def test_html_marks_best_and_second_but_never_a_reference_row() -> None:
    text = to_html(_leaderboard())
    reference = "".join(re.findall(r'<tbody class="reference">.*?</tbody>', text, re.DOTALL))

    assert "<b>22.60</b>" in text
    assert "<u>19.80</u>" in text
    assert "Oracle" in reference
    assert "<b>" not in reference
    assert "<u>" not in reference
    assert 'data-sort="inf"' in reference


def test_the_page_shows_the_contact_sheet_where_it_lies_beside(tmp_path: Path) -> None:
    written = write_all(_leaderboard(), tmp_path)
    without = (tmp_path / "leaderboard.html").read_text()
    (tmp_path / "contact_sheet.png").write_bytes(b"")
    write_all(_leaderboard(), tmp_path)

    assert [path.name for path in written] == [
        "leaderboard.md",
        "leaderboard.tex",
        "leaderboard.csv",
        "leaderboard.html",
    ]
    assert "<figure>" not in without
    assert 'src="contact_sheet.png"' in (tmp_path / "leaderboard.html").read_text()


def test_the_files_are_the_same_bytes_twice(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_all(_leaderboard(), tmp_path / "first")]
    again = [path.read_bytes() for path in write_all(_leaderboard(), tmp_path / "again")]

    assert first == again


def test_the_terminal_prints_no_codes_of_a_title() -> None:
    text = _printed(_leaderboard(title="\x1b]0;gone\x07[red]Puppet[/red] \x9b31m"), width=200)

    assert "[red]Puppet[/red]" in text  # no markup of rich either
    assert "\x1b]0" not in text
    assert "\x9b" not in text
    assert "\x07" not in text


def test_the_terminal_prints_best_bold_and_second_underlined() -> None:
    text = _printed(_leaderboard())

    assert "\x1b[1m22.60\x1b[0m" in text
    assert "\x1b[4m19.80\x1b[0m" in text
    assert "–" in text
    assert "∞" in text


def test_a_partial_table_says_so_in_every_format() -> None:
    partial = replace(_leaderboard(), partial=True)
    texts = _texts(partial)

    for name in ("md", "tex", "html", "terminal"):
        assert "Partial" in texts[name]
    assert {row["partial"] for row in csv.DictReader(io.StringIO(texts["csv"]))} == {"yes"}
    assert to_json(partial)["partial"] is True


def test_json_has_finite_numbers_only() -> None:
    found = to_json(_leaderboard())
    text = json.dumps(found, allow_nan=False)

    oracle = next(row for row in found["rows"] if row["method"] == "oracle")
    assert json.loads(text) == found
    assert oracle["metrics"]["psnr"]["status"] == "identical"
    assert oracle["metrics"]["psnr"]["value"] == pytest.approx(58.92)
    assert oracle["metrics"]["psnr"]["rank"] is None


def test_a_small_negative_mean_is_not_printed_as_minus_zero() -> None:
    column = _leaderboard().columns[1]

    assert cell_text(Cell("l1", "ok", -1e-9, 1, 1), column) == "0.0000"


def test_people_read_the_headline_columns_and_programs_get_all() -> None:
    """Six at most: appearance, motion, distribution; a plug-in's own metric is always shown."""
    headline = SUITES["a2bench"].headline
    assert len(headline) <= 6
    assert {"psnr", "flow_error_dis", "kid"} <= set(headline)
    board = _leaderboard()
    column, cell = board.columns[0], board.rows[0].cells[0]
    wide = replace(
        board,
        columns=(*board.columns, replace(column, name="fvd"), replace(column, name="mine")),
        rows=tuple(
            replace(row, cells=(*row.cells, replace(cell, metric="fvd"), cell))
            for row in board.rows
        ),
    )
    shown = [column.name for column in headline_of(wide).columns]
    assert "fvd" not in shown
    assert "mine" in shown
    assert "fvd" in to_csv(wide).splitlines()[0].split(",")


@pytest.mark.parametrize(
    ("name", "start"), [("t.png", b"\x89PNG"), ("t.pdf", b"%PDF"), ("t.svg", b"<?xml")]
)
def test_the_same_table_is_the_same_picture(name: str, start: bytes, tmp_path: Path) -> None:
    first = write_picture(_leaderboard(), tmp_path / name).read_bytes()
    again = write_picture(_leaderboard(), tmp_path / f"again{name}").read_bytes()
    assert first.startswith(start)
    assert first == again


def test_a_picture_has_the_words_of_the_table(tmp_path: Path) -> None:
    """Read from the SVG, whose letters are letters."""
    text = write_picture(_leaderboard(), tmp_path / "t.svg").read_text()
    for words in ("Puppet warp", "22.60", "[15.33, 24.27]", "unavailable", "2 / 3", "0.1.0"):
        assert words in text, words
    assert "3 cases" not in text


def test_another_ending_than_a_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match=r"ends in .png, .pdf, .svg"):
        write_picture(_leaderboard(), tmp_path / "t.gif")
