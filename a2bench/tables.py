"""One leaderboard in five formats: Markdown, LaTeX, CSV, HTML, terminal (and JSON for programs).

Every format names the data set with version and digest, prints why a number is missing, and keeps
reference rows apart, without rank. What people read has the headline columns of the suite unless
all are asked for (`headline_of`); CSV and JSON always have all. Texts that come from cards and data
sets are escaped for the format they go to; control and formatting characters (line breaks, terminal
codes, bidirectional overrides) are dropped before.

CSV is for programs: one header line, full precision, ids instead of titles, no value `NA`, not
applicable `n/a` (pandas and R read both as missing), identical PSNR `inf`. A text cell that a
spreadsheet would run as a formula gets a leading apostrophe; numbers stay as they are.
"""

import csv
import io
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from a2bench import paths, plugins, weights
from a2bench.records import Protocol
from a2bench.results import ALPHA, FLOOR_METHOD, Cell, Column, Leaderboard, Row
from a2bench.suites import SUITES

LEADERBOARD_SCHEMA = "a2bench.leaderboard/1"
CONTACT_SHEET = "contact_sheet.png"
"""Name of the picture that `write_all` shows in the HTML where it lies beside it."""

ARROWS = {"higher": "↑", "lower": "↓"}

PROTOCOL_TEXT: dict[Protocol, str] = {
    "self": "A character's own pose drives its own first frame; truth: its own video.",
    "rescaled": "The pose is re-shaped to a human body; truth: the character's own video.",
    "cross": "Another character's dance drives it; truth: a render of it dancing that dance.",
}

SEEDS_OF_STOCHASTIC = 3
"""What the rules ask of a method whose answer depends on the seed."""


@dataclass(frozen=True)
class Notes:
    """Footnotes of a table, each text once, and what they are attached to.

    Attributes:
        texts: the note of mark "a", "b", ... in order.
        marks: (protocol, method, column) -> indices into `texts`; column is a metric's name,
            "method" or "scored".
    """

    texts: tuple[str, ...]
    marks: dict[tuple[Protocol, str, str], tuple[int, ...]]

    def of(self, row: Row, column: str) -> str:
        """Return the letters to print beside a cell, such as "a,c"."""
        indices = self.marks.get((row.protocol, row.card.name, column), ())
        return ",".join(_letter(index) for index in indices)

    def listed(self) -> list[tuple[str, str]]:
        """Return (letter, text) of every note."""
        return [(_letter(index), text) for index, text in enumerate(self.texts)]


def _letter(index: int) -> str:
    """Return a, b, ..., z, aa, ab, ..."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def notes(leaderboard: Leaderboard) -> Notes:
    """Collect the footnotes in reading order."""
    order: dict[str, int] = {}
    marks: dict[tuple[Protocol, str, str], list[int]] = {}

    def note(row: Row, column: str, text: str) -> None:
        index = order.setdefault(plain_text(text), len(order))
        marks.setdefault((row.protocol, row.card.name, column), []).append(index)

    for row in leaderboard.rows:
        if row.card.stochastic and 0 < len(row.seeds) < SEEDS_OF_STOCHASTIC:
            ran = f"{len(row.seeds)} seed{'s' if len(row.seeds) > 1 else ''}"
            note(row, "method", f"stochastic, run with {ran} of {SEEDS_OF_STOCHASTIC}")
        if row.absent_ceiling:
            text = f"its skill needs its ceiling: `a2bench run method={row.absent_ceiling}`"
            note(row, "method", text)
        for cell, column in zip(row.cells, leaderboard.columns, strict=True):
            if cell.status == "unavailable":
                note(row, cell.metric, f"{column.title} is not computed: {cell.reason}")
            elif cell.status == "not_applicable":
                note(row, cell.metric, f"not applicable: {cell.reason}")
            elif cell.value is None:
                note(row, cell.metric, f"{column.title} is {cell.status}: {cell.reason}")
            if cell.note:
                note(row, cell.metric, f"{column.title}: {cell.note}")
            if cell.undefined:
                text = f"{_cases(cell.undefined)} undefined, ranked as `{FLOOR_METHOD}`"
                note(row, cell.metric, text)
            if cell.left_out:
                text = f"{_cases(cell.left_out)} in which no method has a {column.title}: left out"
                note(row, cell.metric, text)
        for what, count in (
            ("failed", max((cell.failed for cell in row.cells), default=0)),
            ("not attempted", max((cell.missing for cell in row.cells), default=0)),
        ):
            if count:
                text = (
                    f"{_cases(count)} {what}: each enters as the worse of `{FLOOR_METHOD}` there "
                    "and the method's own median"
                )
                note(row, "scored", text)
    return Notes(tuple(order), {key: tuple(indices) for key, indices in marks.items()})


def plain_text(text: str) -> str:
    """Return the text on one line, without control and invisible formatting characters."""
    spaced = " ".join(text.split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in _DROPPED)


_DROPPED = ("Cc", "Cf", "Cs", "Co", "Cn")


def cell_text(cell: Cell, column: Column) -> str:
    """Return what a cell prints: a number, `∞`, `n/a` or `–`."""
    if cell.status in ("unavailable", "missing"):
        return "–"
    if cell.status == "not_applicable" or cell.value is None:
        return "n/a"
    if cell.status == "identical" and math.isinf(column.of_identical):
        return "∞" if column.of_identical > 0 else "-∞"
    return f"{round(cell.value, column.digits) + 0.0:.{column.digits}f}"  # + 0.0: no "-0.000"


def interval_text(cell: Cell, column: Column) -> str:
    """Return the 95 % interval as `[low, high]`; "" where there is none."""
    if cell.value is None or cell.low is None or cell.high is None:
        return ""
    low, high = (round(end, column.digits) + 0.0 for end in (cell.low, cell.high))
    return f"[{low:.{column.digits}f}, {high:.{column.digits}f}]"


def skill_text(cell: Cell) -> str:
    """Return the skill in percent, such as "34 %"; "" where there is none.

    How far beyond -100 % is not printed: where `still` is nearly perfect (a background that does
    not move) thousands come out, and say no more than that. CSV and JSON have the number.
    """
    if cell.skill is None:
        return ""
    return f"{round(100 * cell.skill) + 0:d} %" if cell.skill >= -1 else "< -100 %"


def _under_text(cell: Cell, column: Column) -> str:
    """Return what stands in small print under a number: interval and skill."""
    return " · ".join(filter(None, (interval_text(cell, column), skill_text(cell))))


def _has_skill(rows: Sequence[Row]) -> bool:
    return any(cell.skill is not None for row in rows for cell in row.cells)


def _has_intervals(rows: Sequence[Row]) -> bool:
    return any(cell.low is not None for row in rows for cell in row.cells)


def _inputs(row: Row) -> str:
    return ", ".join(name.replace("_", " ") for name in row.card.inputs_seen) or "none"


def _trained_on(row: Row) -> str:
    return row.card.trained_on or "not stated"


def _scored(row: Row) -> str:
    return f"{row.scored} / {row.of}"


def _heading(column: Column) -> str:
    return f"{plain_text(column.title)} {ARROWS[column.direction]}"


def caption_parts(leaderboard: Leaderboard) -> list[tuple[str, str]]:
    """Return the caption as (what, value), in the order to print."""
    caption = leaderboard.caption
    counts = sorted(set(leaderboard.cases.values()))
    if len(counts) == 1:
        size = f"N = {counts[0]}"
    else:
        size = ", ".join(
            f"N = {leaderboard.cases[name]} in {name}" for name in leaderboard.protocols
        )
    parts = [
        ("data set", f"{caption.dataset} {caption.version}"),
        ("digest", caption.short_digest),
        ("profile", caption.profile),
        ("split", f"{caption.split} ({size})"),
        *([("subset", caption.subset)] if caption.subset else []),
        ("suite", caption.suite),
        ("track", caption.track.replace("_", " ")),
        ("region", _regions(leaderboard.columns)),
        ("seeds", ", ".join(str(seed) for seed in leaderboard.seeds) or "none"),
    ]
    return [(what, plain_text(value)) for what, value in parts]


def _regions(columns: Sequence[Column]) -> str:
    by_region: dict[str, list[str]] = {}
    for column in columns:
        if column.region is not None:
            by_region.setdefault(column.region, []).append(column.title)
    if len(by_region) <= 1:
        return next(iter(by_region), "none")
    return "; ".join(f"{', '.join(titles)}: {region}" for region, titles in by_region.items())


def _caption_sentence(leaderboard: Leaderboard) -> str:
    (_, dataset), *others = caption_parts(leaderboard)
    text = f"{dataset}; " + "; ".join(f"{what} {value}" for what, value in others) + "."
    return text + (f" {PARTIAL}" if leaderboard.partial else "")


PARTIAL = "Partial: cases that were never attempted count as failed."
LEGEND = "Best bold, second underlined; reference rows are not ranked."
TIED = "†"
STATISTICS = (
    "Brackets: 95 % interval over characters (studentised cluster bootstrap; in cross over "
    f"references and drivers). {TIED}: not shown to differ from the best (paired sign-flip "
    f"permutation test on the common cases, Holm over the protocol, {ALPHA:g})."
)


SKILL = (
    f"Percent: skill, 0 % is `{FLOOR_METHOD}` and 100 % the ceiling, the truth sent through the "
    "method's own frame size, rate and fit; none where that scale is within noise."
)


def legend_text(leaderboard: Leaderboard) -> str:
    """Return what the marks and the small print of a table mean."""
    parts = [LEGEND]
    if _has_intervals(leaderboard.rows):
        parts.append(STATISTICS)
    if _has_skill(leaderboard.rows):
        parts.append(SKILL)
    return " ".join(parts)


def headline_of(leaderboard: Leaderboard) -> Leaderboard:
    """Return the leaderboard with the headline columns of its suite only, six at most."""
    suite = SUITES.get(leaderboard.caption.suite)
    if suite is None:
        return leaderboard
    kept = [at for at, column in enumerate(leaderboard.columns) if suite.prints(column.name)]
    return replace(
        leaderboard,
        columns=tuple(leaderboard.columns[at] for at in kept),
        rows=tuple(
            replace(row, cells=tuple(row.cells[at] for at in kept)) for row in leaderboard.rows
        ),
    )


def hidden_text(whole: Leaderboard, shown: Leaderboard) -> str:
    """Return in one line which columns are not shown and whether they have numbers; "": all are."""
    names = {column.name for column in shown.columns}
    computed, lacking, reasons = [], [], []
    for at, column in enumerate(whole.columns):
        if column.name in names:
            continue
        cells = [row.cells[at] for row in whole.rows]
        if any(cell.value is not None for cell in cells):
            computed.append(column.name)
            continue
        lacking.append(column.name)
        reasons += [cell.reason for cell in cells if cell.status == "unavailable"]
    wanted = dict.fromkeys(name for one in lacking for name in plugins.metric(one).all_weights)
    absent = weights.missing(*wanted)
    parts = [f"{' '.join(computed)}: computed" if computed else ""]
    if lacking:
        why = [absent] if absent else list(dict.fromkeys(reasons))
        parts.append(f"{' '.join(lacking)}: {'; '.join(why) or 'no value'}")
    return "; ".join(part for part in parts if part)


_REFERENCE = "Reference"


class Group(NamedTuple):
    """Rows of one protocol.

    Attributes:
        protocol: whose.
        ranked: compared with each other.
        blocks: heading and rows of what is printed below them; reference rows last.
    """

    protocol: Protocol
    ranked: list[Row]
    blocks: list[tuple[str, list[Row]]]


def groups_of(leaderboard: Leaderboard) -> list[Group]:
    """Return per protocol the ranked rows and the blocks of the others."""
    groups = []
    for protocol in leaderboard.protocols:
        rows = [row for row in leaderboard.rows if row.protocol == protocol]
        blocks: dict[str, list[Row]] = {}
        for row in rows:
            if not row.card.ranked:
                heading = _REFERENCE if row.card.reference_row else plain_text(row.card.block)
                blocks.setdefault(f"{heading}, not ranked", []).append(row)
        groups.append(Group(protocol, [row for row in rows if row.card.ranked], [*blocks.items()]))
    return groups


def spans(text: str) -> list[tuple[bool, str]]:
    """Split at pairs of backticks: (whether it is code, text without backticks)."""
    parts = plain_text(text).split("`")
    if len(parts) % 2 == 0:  # one without a partner
        parts[-2:] = ["'".join(parts[-2:])]
    return [(index % 2 == 1, part) for index, part in enumerate(parts) if part]


_MARKDOWN = str.maketrans(
    {letter: f"\\{letter}" for letter in "\\`*_[]{}|~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)


def escape_markdown(text: str) -> str:
    """Return text that Markdown prints as it is: no markup, no HTML, one line."""
    return plain_text(text).translate(_MARKDOWN)


def _markdown_note(text: str) -> str:
    parts = spans(text)
    return "".join(f"`{part}`" if code else part.translate(_MARKDOWN) for code, part in parts)


def to_markdown(leaderboard: Leaderboard) -> str:
    """Return one Markdown table per protocol, with caption and footnotes."""
    found = notes(leaderboard)
    heads = [
        "Method",
        "Inputs seen",
        "Trained on",
        *(_heading(column) for column in leaderboard.columns),
        "Scored / of",
    ]
    lines = [
        f"**A²Bench.** {escape_markdown(_caption_sentence(leaderboard))} "
        + _markdown_note(legend_text(leaderboard)),
        "",
    ]
    for protocol, ranked, blocks in groups_of(leaderboard):
        lines += [f"### Protocol `{protocol}`", "", PROTOCOL_TEXT[protocol], ""]
        lines.append("| " + " | ".join(escape_markdown(head) for head in heads) + " |")
        lines.append("|:---|:---|:---|" + "---:|" * (len(heads) - 3))
        lines += [_markdown_row(row, leaderboard.columns, found) for row in ranked]
        for heading, rows in blocks:
            if ranked:
                lines.append(f"| *{escape_markdown(heading)}* |" + "  |" * (len(heads) - 1))
            lines += [_markdown_row(row, leaderboard.columns, found) for row in rows]
        lines.append("")
    lines += [f"<sup>{letter}</sup> {_markdown_note(text)}  " for letter, text in found.listed()]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_row(row: Row, columns: Sequence[Column], found: Notes) -> str:
    def marked(text: str, column: str) -> str:
        letters = found.of(row, column)
        return f"{text} <sup>{letters}</sup>" if letters else text

    title = escape_markdown(row.card.title)
    cells = [
        marked(title if row.card.ranked else f"*{title}*", "method"),
        escape_markdown(_inputs(row)),
        escape_markdown(_trained_on(row)),
    ]
    for cell, column in zip(row.cells, columns, strict=True):
        text = cell_text(cell, column)
        text = f"**{text}**" if cell.best else f"<ins>{text}</ins>" if cell.second else text
        text += TIED if cell.tied else ""
        text = marked(text, column.name)
        under = _under_text(cell, column)
        cells.append(f"{text}<br><sub>{under}</sub>" if under else text)
    cells.append(marked(_scored(row), "scored"))
    return "| " + " | ".join(cells) + " |"


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "`": r"\textquoteleft{}",
        "–": "--",
        "—": "---",
        "∞": r"$\infty$",
        "×": r"$\times$",
        "±": r"$\pm$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "→": r"$\to$",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "²": r"\textsuperscript{2}",
        "³": r"\textsuperscript{3}",
        "†": r"\textsuperscript{\dag}",
    }
)


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it is: no command, no comment, no dash ligature."""
    return _to_latex(plain_text(text))


def _to_latex(text: str) -> str:
    return "-{}-".join(part.translate(_LATEX) for part in text.split("--"))


def _latex_note(text: str) -> str:
    return "".join(
        rf"\texttt{{{_to_latex(part)}}}" if code else _to_latex(part) for code, part in spans(text)
    )


def to_latex(leaderboard: Leaderboard, *, wide: bool = False) -> str:
    """Return a LaTeX table; the document needs the package booktabs.

    Args:
        leaderboard: what to print.
        wide: over both columns of a two-column paper (`table*`).
    """
    found = notes(leaderboard)
    environment = "table*" if wide else "table"
    columns = leaderboard.columns
    width = 4 + len(columns)
    caption = leaderboard.caption
    label = "-".join(
        "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in part)
        for part in (caption.dataset, caption.version, caption.split, caption.track)
    )
    heads = [
        *("Method", "Inputs seen", "Trained on"),
        *(_heading(column) for column in columns),
        "Scored / of",
    ]
    lines = [
        rf"\begin{{{environment}}}[t]",
        r"\centering",
        r"\setlength{\belowcaptionskip}{6pt}",
        rf"\caption{{A\textsuperscript{{2}}Bench. {escape_latex(_caption_sentence(leaderboard))} "
        rf"{_latex_note(legend_text(leaderboard))}}}",
        rf"\label{{tab:a2bench-{label}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{3.5pt}",
        rf"\begin{{tabular}}{{@{{}}lll{'r' * (width - 3)}@{{}}}}",
        r"\toprule",
        " & ".join(escape_latex(head) for head in heads) + r" \\",
    ]
    for protocol, ranked, blocks in groups_of(leaderboard):
        lines.append(r"\midrule")
        lines.append(rf"\multicolumn{{{width}}}{{@{{}}l}}{{Protocol \texttt{{{protocol}}}}} \\")
        lines.append(r"\addlinespace[2pt]")
        lines += [_latex_row(row, columns, found) for row in ranked]
        for heading, rows in blocks:
            if ranked:
                lines.append(rf"\cmidrule{{1-{width}}}")
            if not rows[0].card.reference_row:
                text = rf"\textit{{{escape_latex(heading)}}}"
                lines.append(rf"\multicolumn{{{width}}}{{@{{}}l}}{{{text}}} \\")
            lines += [_latex_row(row, columns, found) for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if listed := found.listed():
        lines += ["", r"\smallskip", r"\begin{minipage}{\linewidth}\scriptsize\raggedright"]
        lines += [
            rf"\textsuperscript{{{letter}}} {_latex_note(text)}\par" for letter, text in listed
        ]
        lines.append(r"\end{minipage}")
    lines.append(rf"\end{{{environment}}}")
    return "\n".join(lines) + "\n"


def _latex_row(row: Row, columns: Sequence[Column], found: Notes) -> str:
    def marked(text: str, column: str) -> str:
        letters = found.of(row, column)
        return rf"{text}\rlap{{\textsuperscript{{{letters}}}}}" if letters else text

    title = escape_latex(row.card.title)
    letters = found.of(row, "method")
    title = title if row.card.ranked else rf"\textit{{{title}}}"
    cells = [
        rf"{title}\textsuperscript{{{letters}}}" if letters else title,
        escape_latex(_inputs(row)),
        escape_latex(_trained_on(row)),
    ]
    for cell, column in zip(row.cells, columns, strict=True):
        text = escape_latex(cell_text(cell, column))
        if cell.best or cell.second:
            text = rf"\{'textbf' if cell.best else 'underline'}{{{text}}}"
        text += (
            rf"\rlap{{{_to_latex(TIED)}}}" if cell.tied and not found.of(row, column.name) else ""
        )
        cells.append(marked(text, column.name))
    cells.append(marked(_scored(row), "scored"))
    line = " & ".join(cells) + r" \\"
    intervals = [
        interval_text(cell, column) for cell, column in zip(row.cells, columns, strict=True)
    ]
    # tiny lines under the row: beside the numbers no page is wide enough
    unders = [under for under in (intervals, list(map(skill_text, row.cells))) if any(under)]
    for under in unders:
        texts = (rf"{{\tiny {escape_latex(text)}}}" if text else "" for text in under)
        line += "[-2pt]\n" + f"& & & {' & '.join(texts)} & " + r"\\"
    return line


def escape_csv(text: str) -> str:
    """Return text that a spreadsheet does not run as a formula: an apostrophe before = + - @."""
    plain = plain_text(text)
    return f"'{plain}" if plain.startswith(("=", "+", "-", "@")) else plain


def _csv_number(cell: Cell, column: Column) -> str:
    if cell.value is None:
        return "NA" if cell.status in ("unavailable", "missing") else "n/a"
    return repr(float(column.of_identical if cell.status == "identical" else cell.value))


def _csv_part(number: float | None) -> str:
    return "NA" if number is None else repr(number)


def to_csv(leaderboard: Leaderboard) -> str:
    """Return canonical CSV: rows by protocol and method id, full precision, LF."""
    caption = leaderboard.caption
    facts = {
        "dataset": caption.dataset,
        "dataset_version": caption.version,
        "dataset_digest": caption.digest,
        "profile": caption.profile,
        "split": caption.split,
        "subset": caption.subset,
        "suite": caption.suite,
        "track": caption.track,
        "partial": "yes" if leaderboard.partial else "no",
    }
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = [column.name for column in leaderboard.columns]
    writer.writerow(
        [
            *facts,
            *("protocol", "method", "reference_row", "inputs_seen", "trained_on", "scored", "of"),
            *(
                f"{name}{part}"
                for name in names
                for part in ("", "_low", "_high", "_ceiling", "_skill")
            ),
        ]
    )
    order = {name: index for index, name in enumerate(leaderboard.protocols)}
    for row in sorted(leaderboard.rows, key=lambda row: (order[row.protocol], row.card.name)):
        writer.writerow(
            [
                *(escape_csv(fact) for fact in facts.values()),
                row.protocol,
                row.card.name,
                "yes" if row.card.reference_row else "no",
                " ".join(row.card.inputs_seen) or "none",
                escape_csv(_trained_on(row)),
                row.scored,
                row.of,
                *(
                    word
                    for cell, column in zip(row.cells, leaderboard.columns, strict=True)
                    for word in (
                        _csv_number(cell, column),
                        *map(_csv_part, (cell.low, cell.high, cell.ceiling, cell.skill)),
                    )
                ),
            ]
        )
    return stream.getvalue()


def to_cases_csv(leaderboard: Leaderboard) -> str:
    """Return canonical CSV of the numbers behind every mean: a row a (protocol, method, case).

    The mean of a column over a method's rows is what the table prints. `filled` names the metrics
    whose number there is not the method's own: failed and undefined cases, by the scoring rules.
    """
    columns = [column for column in leaderboard.columns if any(_numbers(leaderboard, column.name))]
    names = [column.name for column in columns]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["protocol", "method", "case_id", *names, "filled"])
    order = {name: index for index, name in enumerate(leaderboard.protocols)}
    for row in sorted(leaderboard.rows, key=lambda row: (order[row.protocol], row.card.name)):
        cells = [cell for cell in row.cells if cell.metric in names]
        for case_id in sorted({case_id for cell in cells for case_id in cell.numbers}):
            numbers = [cell.numbers.get(case_id) for cell in cells]
            filled = [cell.metric for cell in cells if case_id in cell.filled]
            writer.writerow(
                [
                    *(row.protocol, row.card.name, case_id),
                    *("NA" if number is None else repr(number) for number in numbers),
                    " ".join(filled),
                ]
            )
    return stream.getvalue()


def _numbers(leaderboard: Leaderboard, metric: str) -> list[Mapping[str, float]]:
    return [cell.numbers for row in leaderboard.rows for cell in row.cells if cell.metric == metric]


def to_json(leaderboard: Leaderboard) -> dict[str, Any]:
    """Return the leaderboard as JSON types, for `--json`.

    A cell's `value` is the ranked mean: finite for identical cells too (PSNR's cap).
    """
    caption = leaderboard.caption
    return {
        "schema": LEADERBOARD_SCHEMA,
        "dataset": {
            "name": caption.dataset,
            "version": caption.version,
            "digest": caption.digest,
            "profile": caption.profile,
        },
        "split": caption.split,
        "subset": caption.subset,
        "suite": caption.suite,
        "track": caption.track,
        "seeds": list(leaderboard.seeds),
        "partial": leaderboard.partial,
        "cases": dict(leaderboard.cases),
        "metrics": {
            column.name: {
                "title": column.title,
                "direction": column.direction,
                "unit": column.unit,
                "version": column.version,
                "region": column.region,
            }
            for column in leaderboard.columns
        },
        "rows": [
            {
                "protocol": row.protocol,
                "method": row.card.name,
                "title": row.card.title,
                "reference_row": row.card.reference_row,
                "inputs_seen": list(row.card.inputs_seen),
                "trained_on": _trained_on(row),
                "seeds": list(row.seeds),
                "scored": row.scored,
                "of": row.of,
                "mean_rank": row.mean_rank,
                "metrics": {
                    cell.metric: {
                        "value": cell.value,
                        "status": cell.status,
                        "reason": cell.reason,
                        "low": cell.low,
                        "high": cell.high,
                        "ceiling": cell.ceiling,
                        "skill": cell.skill,
                        "rank": cell.rank,
                        "tied": cell.tied,
                        "scored": cell.scored,
                        "of": cell.of,
                        "failed": cell.failed,
                        "missing": cell.missing,
                        "undefined": cell.undefined,
                        "left_out": cell.left_out,
                    }
                    for cell in row.cells
                },
            }
            for row in leaderboard.rows
        ],
    }


def to_terminal(leaderboard: Leaderboard, console: Console) -> None:
    """Print one table per protocol, then the footnotes."""
    found = notes(leaderboard)
    for protocol, ranked, blocks in groups_of(leaderboard):
        table = Table(
            box=box.SIMPLE_HEAD, title=Text(f"Protocol {protocol}", "bold"), title_justify="left"
        )
        table.add_column("Method", no_wrap=True, min_width=12)
        table.add_column("Inputs seen", style="dim")
        for column in leaderboard.columns:
            table.add_column(Text(_heading(column)), justify="right", no_wrap=True)
        table.add_column("Scored / of", justify="right", no_wrap=True)
        for row in ranked:
            table.add_row(*_terminal_row(row, leaderboard.columns, found))
        for heading, rows in blocks:
            if ranked:
                table.add_section()
            if not rows[0].card.reference_row:
                table.add_row(Text(heading, "dim"))
            for row in rows:
                table.add_row(*_terminal_row(row, leaderboard.columns, found), style="italic")
        console.print(table)
    for letter, text in found.listed():
        console.print(Text(f"{letter}  {text}", "dim"))
    if _has_intervals(leaderboard.rows):
        console.print(Text(STATISTICS, "dim"))
    if _has_skill(leaderboard.rows):
        console.print(Text(SKILL.replace("`", ""), "dim"))
    console.print(Text(_caption_sentence(leaderboard), "dim"))


def _terminal_row(row: Row, columns: Sequence[Column], found: Notes) -> list[Text]:
    def marked(text: Text, column: str) -> Text:
        letters = found.of(row, column)
        return text.append(f" {letters}", "not bold not underline dim") if letters else text

    cells = [marked(Text(plain_text(row.card.title)), "method"), Text(_inputs(row))]
    for cell, column in zip(row.cells, columns, strict=True):
        style = "bold" if cell.best else "underline" if cell.second else ""
        text = Text().append(cell_text(cell, column), style).append(TIED if cell.tied else "")
        text = marked(text, column.name)
        for under in filter(None, (interval_text(cell, column), skill_text(cell))):
            text.append(f"\n{under}", "not bold not underline dim")
        cells.append(text)
    cells.append(marked(Text(_scored(row)), "scored"))
    return cells


def _link(card_link: str) -> str:
    """Return the link where it is one to a web page; "" else (a path, a script)."""
    plain = plain_text(card_link)
    return plain if plain.startswith(("https://", "http://")) and " " not in plain else ""


def _html_cell(cell: Cell, column: Column, marks: str) -> dict[str, object]:
    unit = "" if column.unit in ("", "1") else f" {column.unit}"
    if cell.value is None:
        tip = f"{cell.status.replace('_', ' ')}: {cell.reason}"
    elif cell.status == "identical":
        tip = "every prediction equals its truth"
    else:
        tip = f"{column.title} {cell.value:.{column.digits + 3}f}{unit}"
    if cell.value is not None:
        tip += f"; {cell.scored} of {cell.of} cases have a number of their own"
    if cell.rank is not None:
        tip += f"; rank {cell.rank}"
    if cell.ceiling is not None:
        tip += f"; ceiling {cell.ceiling:.{column.digits}f}"
    number = column.of_identical if cell.status == "identical" else cell.value
    return {
        "text": cell_text(cell, column),
        "interval": interval_text(cell, column),
        "skill": skill_text(cell),
        "tied": TIED if cell.tied else "",
        "sort": "" if number is None else repr(number),
        "best": cell.best,
        "second": cell.second,
        "tip": plain_text(tip),
        "marks": marks,
        "muted": cell.value is None,
    }


def html_row(row: Row, columns: Sequence[Column], found: Notes) -> dict[str, object]:
    """Return what a page prints of a row, as texts."""
    return {
        "title": plain_text(row.card.title),
        "summary": plain_text(row.card.summary),
        "link": _link(row.card.code) or _link(row.card.paper),
        "inputs": [name.replace("_", " ") for name in row.card.inputs_seen],
        "trained_on": plain_text(_trained_on(row)),
        "cells": [
            _html_cell(cell, column, found.of(row, column.name))
            for cell, column in zip(row.cells, columns, strict=True)
        ],
        "scored": row.scored,
        "of": row.of,
        "method_marks": found.of(row, "method"),
        "scored_marks": found.of(row, "scored"),
    }


def to_html(leaderboard: Leaderboard, *, contact_sheet: str | None = None) -> str:
    """Return one self-contained page: it requests nothing, and reads without its script.

    Args:
        leaderboard: what to print.
        contact_sheet: file name of the picture that lies beside the page; None: no picture.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("a2bench", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found = notes(leaderboard)
    caption = leaderboard.caption
    return environment.get_template("leaderboard.html.j2").render(
        dataset=plain_text(f"{caption.dataset} {caption.version}"),
        digest=plain_text(caption.digest),
        parts=caption_parts(leaderboard),
        caption=_caption_sentence(leaderboard),
        partial=PARTIAL if leaderboard.partial else "",
        legend=spans(legend_text(leaderboard)),
        columns=[
            {
                "title": plain_text(column.title),
                "arrow": ARROWS[column.direction],
                "direction": column.direction,
                "unit": "" if column.unit in ("", "1") else plain_text(column.unit),
                "summary": plain_text(column.summary),
            }
            for column in leaderboard.columns
        ],
        groups=[
            {
                "protocol": protocol,
                "text": PROTOCOL_TEXT[protocol],
                "ranked": [html_row(row, leaderboard.columns, found) for row in ranked],
                "blocks": [
                    (heading, [html_row(row, leaderboard.columns, found) for row in rows])
                    for heading, rows in blocks
                ],
            }
            for protocol, ranked, blocks in groups_of(leaderboard)
        ],
        notes=[(letter, spans(text)) for letter, text in found.listed()],
        contact_sheet=contact_sheet,
    )


def write_all(leaderboard: Leaderboard, folder: Path, *, all_columns: bool = False) -> list[Path]:
    """Write leaderboard.md, .tex, .csv and .html; return their paths.

    CSV has every column; the others the headline ones unless `all_columns`.
    The page shows `contact_sheet.png` where that lies in the folder: write it first.
    """
    read = leaderboard if all_columns else headline_of(leaderboard)
    sheet = CONTACT_SHEET if (folder / CONTACT_SHEET).is_file() else None
    texts = {
        "md": to_markdown(read),
        "tex": to_latex(read),
        "csv": to_csv(leaderboard),
        "html": to_html(read, contact_sheet=sheet),
    }
    written = []
    for suffix, text in texts.items():
        path = folder / f"leaderboard.{suffix}"
        paths.write_text(path, text)
        written.append(path)
    return written
