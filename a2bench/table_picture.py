"""The table as a picture for slides and papers: PNG, PDF or SVG by matplotlib.

The same rows, marks, intervals and caption as the other formats; the footnotes stay there (their
letters would need a second page), so a cell without a number says in the table what it lacks.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from a2bench.errors import A2BenchError
from a2bench.paths import write_aside
from a2bench.results import Leaderboard
from a2bench.tables import (
    ARROWS,
    TIED,
    caption_parts,
    cell_text,
    groups_of,
    interval_text,
    legend_text,
    plain_text,
    skill_text,
)

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".pdf", ".svg")

_DPI = 200
_POINTS_AN_INCH = 72
_ROW_PT, _SMALL_PT, _GAP_PT, _MARGIN_PT = 9.0, 6.0, 14.0, 12.0
_LINE = 1.45
"""Of the letters' height, from one line to the next."""
_INK, _SOFT = "#16181d", "#6b7280"
_CAPTION_LETTERS_AN_INCH = 21.0

Weight = Literal["normal", "bold"]


@dataclass(frozen=True)
class _Text:
    """Words in a cell: under each other, the first large."""

    lines: tuple[str, ...]
    bold: bool = False
    underlined: bool = False
    italic: bool = False


@dataclass(frozen=True)
class _Line:
    """A row of the picture: cells, or one text over all columns; a rule above it or none."""

    cells: tuple[_Text, ...]
    whole: bool = False
    rule: float = 0.0
    """Width in pt of the rule above; 0: none."""


def write_picture(leaderboard: Leaderboard, path: Path) -> Path:
    """Write the table as a picture; the same bytes for the same table and matplotlib.

    Args:
        leaderboard: what to print (`tables.headline_of` for the headline columns).
        path: ends in .png (200 dots an inch), .pdf or .svg.

    Raises:
        A2BenchError: another ending, or matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise A2BenchError(f"{path}: a picture of a table ends in {', '.join(SUFFIXES)}.")
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise A2BenchError(
            f"{path}: pictures of tables are drawn by matplotlib ({error}).\n"
            "hint: pip install 'a2bench[plots]'"
        ) from error
    lines = _lines(leaderboard)
    # letters stay letters in PDF and SVG; the SVG's ids are not drawn by lot
    settings: Any = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "a2bench"}
    with mpl.rc_context(settings):
        figure = Figure(dpi=_DPI)
        canvas = FigureCanvasAgg(figure)
        renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
        widths = _widths(lines, figure, renderer)
        wide = sum(widths) + _GAP_PT * (len(widths) - 1)
        caption = _caption(leaderboard, wide / _POINTS_AN_INCH)
        high = sum(_height(line) for line in lines) + len(caption) * _SMALL_PT * _LINE + _ROW_PT
        figure.set_size_inches(
            (wide + 2 * _MARGIN_PT) / _POINTS_AN_INCH, (high + 2 * _MARGIN_PT) / _POINTS_AN_INCH
        )
        _draw(figure, renderer, lines, widths, caption, wide=wide, high=high)
        kind = path.suffix.lower()[1:]
        unsigned = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}
        with write_aside(path) as aside:
            figure.savefig(aside, format=kind, dpi=_DPI, metadata=unsigned[kind])
    return path


def _lines(leaderboard: Leaderboard) -> list[_Line]:
    heads = [
        _Text(("Method",)),
        _Text(("Inputs seen",)),
        *(
            _Text((f"{plain_text(column.title)} {ARROWS[column.direction]}",))
            for column in leaderboard.columns
        ),
        _Text(("Scored / of",)),
    ]
    lines = [_Line(tuple(heads), rule=1.2)]
    for protocol, ranked, blocks in groups_of(leaderboard):
        lines.append(_Line((_Text((f"Protocol {protocol}",), bold=True),), whole=True, rule=0.6))
        apart = [row for _, rows in blocks for row in rows]
        for row in (*ranked, *apart):
            italic = not row.card.ranked
            cells = [
                _Text((plain_text(row.card.title),), italic=italic),
                _Text((", ".join(row.card.inputs_seen).replace("_", " ") or "none",)),
            ]
            for cell, column in zip(row.cells, leaderboard.columns, strict=True):
                number = cell_text(cell, column) + (TIED if cell.tied else "")
                small = (interval_text(cell, column), skill_text(cell))
                lacks = () if cell.value is not None else (cell.status.replace("_", " "),)
                cells.append(
                    _Text(
                        (number, *lacks, *filter(None, small)),
                        bold=cell.best,
                        underlined=cell.second,
                    )
                )
            cells.append(_Text((f"{row.scored} / {row.of}",)))
            first = any(row is rows[0] for _, rows in blocks)
            lines.append(_Line(tuple(cells), rule=0.4 if first else 0.0))
    return lines


def _size(index: int) -> float:
    return _ROW_PT if index == 0 else _SMALL_PT


def _height(line: _Line) -> float:
    """In pt; as high as its cell of most lines."""
    most = max(len(cell.lines) for cell in line.cells)
    return sum(_size(index) * _LINE for index in range(most)) + (3.0 if line.rule else 0.0)


def _widths(lines: Sequence[_Line], figure: "Figure", renderer: "RendererBase") -> list[float]:
    """Return the width in pt of every column: that of its widest text."""
    widths = [0.0] * max(len(line.cells) for line in lines)
    for line in lines:
        for at, cell in enumerate(() if line.whole else line.cells):
            for index, words in enumerate(cell.lines):
                probe = figure.text(
                    0, 0, words, fontsize=_size(index), weight="bold" if cell.bold else "normal"
                )
                pixels = probe.get_window_extent(renderer).width
                probe.remove()
                widths[at] = max(widths[at], pixels * _POINTS_AN_INCH / _DPI)
    return widths


def _caption(leaderboard: Leaderboard, inches: float) -> list[str]:
    parts = "; ".join(f"{what} {value}" for what, value in caption_parts(leaderboard))
    text = f"A²Bench. {parts}. {legend_text(leaderboard).replace('`', '')}"
    return textwrap.wrap(text, max(40, round(inches * _CAPTION_LETTERS_AN_INCH)))


def _draw(
    figure: "Figure",
    renderer: "RendererBase",
    lines: Sequence[_Line],
    widths: Sequence[float],
    caption: Sequence[str],
    *,
    wide: float,
    high: float,
) -> None:
    from matplotlib.lines import Line2D

    across, down = wide + 2 * _MARGIN_PT, high + 2 * _MARGIN_PT

    def put(x: float, y: float, words: str, size: float, right: bool, **style: Any) -> float:
        """Write words and return how wide they are, in pt."""
        put = figure.text(
            x / across, 1 - y / down, words, fontsize=size, va="baseline",
            ha="right" if right else "left", **style,
        )  # fmt: skip
        return float(put.get_window_extent(renderer).width) * _POINTS_AN_INCH / _DPI

    def rule(y: float, width: float, x0: float = _MARGIN_PT, x1: float | None = None) -> None:
        ends = (x0 / across, (_MARGIN_PT + wide if x1 is None else x1) / across)
        line = Line2D(
            ends, (1 - y / down,) * 2, transform=figure.transFigure, color=_INK, linewidth=width
        )
        figure.add_artist(line)

    y = _MARGIN_PT
    for line in lines:
        if line.rule:
            rule(y, line.rule)
            y += 3.0
        x = _MARGIN_PT
        for at, cell in enumerate(line.cells):
            right = at >= 2
            edge = x + (widths[at] if right else 0.0)
            base = y
            for index, words in enumerate(cell.lines):
                base += _size(index) * _LINE
                style: dict[str, Any] = {"color": _INK if index == 0 else _SOFT}
                if index == 0:
                    style |= {"weight": "bold" if cell.bold else "normal"}
                    style |= {"style": "italic" if cell.italic else "normal"}
                length = put(edge, base - 0.3 * _size(index), words, _size(index), right, **style)
                if index == 0 and cell.underlined:
                    rule(base - 0.08 * _ROW_PT, 0.6, edge - length, edge)
            x += widths[at] + _GAP_PT
        y += _height(line) - (3.0 if line.rule else 0.0)
    rule(y + 2.0, 1.2)
    y += _ROW_PT
    for words in caption:
        y += _SMALL_PT * _LINE
        put(_MARGIN_PT, y, words, _SMALL_PT, False, color=_SOFT)
