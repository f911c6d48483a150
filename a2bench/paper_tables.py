"""Numbers printed in papers: shown as printed, beside ours, never among ours."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import ConfigDict

from a2bench.errors import A2BenchError, unknown_name
from a2bench.records import Protocol, Record

THIRD_PARTY = "third_party.csv"


class PaperTable(Record):
    """Where a table stands, what its columns are called here, and what differs.

    Attributes:
        columns: the table's column -> our metric that computes the same thing.
        dataset: our data set that stands in its place; None: none does.
    """

    file: str
    paper: str
    data: str
    protocol: Protocol | None
    dataset: str | None
    columns: dict[str, str]
    differs: tuple[str, ...]

    model_config = ConfigDict(frozen=True, extra="forbid")

    def rows(self) -> list[dict[str, str]]:
        """Return the rows, numbers as printed; the first column names the method."""
        return _csv(self.file)


def _csv(name: str) -> list[dict[str, str]]:
    text = (resources.files("a2bench.published") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def paper_tables() -> dict[str, PaperTable]:
    """Return every table by name."""
    text = (resources.files("a2bench.published") / "tables.yaml").read_text(encoding="utf-8")
    return {name: PaperTable.model_validate(entry) for name, entry in yaml.safe_load(text).items()}


def paper_table(name: str) -> PaperTable:
    """Return a table by name.

    Raises:
        A2BenchError: no such table.
    """
    if name not in paper_tables():
        raise unknown_name("published table", name, paper_tables())
    return paper_tables()[name]


@dataclass(frozen=True)
class Reported:
    """One number somebody printed.

    Attributes:
        number: as printed.
        source: paper or re-evaluation, with its protocol.
        kind: whose: the paper's own, somebody else's of the same weights, or this run's.
    """

    method: str
    metric: str
    number: str
    source: str
    kind: Literal["paper", "third party", "ours"]


REPRODUCED = {"tiktok": ("animate_x_table7", "TikTok")}
"""Name of `--reproduce` -> the paper's table and the data set's name in `third_party.csv`."""


def reported(name: str, ours: Mapping[tuple[str, str], str]) -> list[Reported]:
    """Return every number known for a data set: paper, re-evaluations, ours; by method and metric.

    Args:
        name: such as "tiktok".
        ours: (method, metric) -> printed number of this run; may be empty.

    Raises:
        A2BenchError: no such data set.
    """
    if name not in REPRODUCED:
        raise unknown_name("data set with published numbers", name, REPRODUCED)
    table_name, dataset = REPRODUCED[name]
    table = paper_table(table_name)
    found = [
        Reported(row["method"], table.columns.get(column, column), number, table.paper, "paper")
        for row in table.rows()
        for column, number in row.items()
        if column != "method" and number
    ]
    found += [
        Reported(
            row["method"],
            row["metric"],
            row["value"],
            f"{row['source']} ({row['source_id']}; {row['protocol']})",
            "third party",
        )
        for row in _csv(THIRD_PARTY)
        if row["dataset"] == dataset
    ]
    found += [
        Reported(method, metric, number, "this run", "ours")
        for (method, metric), number in ours.items()
    ]
    order = {"paper": 0, "third party": 1, "ours": 2}
    return sorted(
        found,
        key=lambda one: (one.method.casefold(), one.metric, order[one.kind], one.source),
    )


def to_markdown(heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table under a heading; a bar in a cell is escaped."""
    lines = [heading, "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        if len(row) != len(columns):
            raise A2BenchError(f"a row of {len(row)} cells under {len(columns)} columns")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines) + "\n"


def published_markdown(name: str) -> str:
    """Return a paper's table with its source and with what differs from ours.

    Raises:
        A2BenchError: no such table.
    """
    table = paper_table(name)
    rows = table.rows()
    columns = list(rows[0])
    ours = [table.columns.get(column, "") for column in columns[1:]]
    text = to_markdown(
        f"Published, not measured here: {table.paper}. Data: {table.data}.",
        columns,
        [*([row[column] or "-" for column in columns] for row in rows), ["ours:", *ours]],
    )
    text += "\n" + "".join(f"- {line}\n" for line in table.differs)
    if table.dataset and table.protocol:
        text += (
            f"\nOurs beside it: a2bench table --dataset {table.dataset} --protocol "
            f"{table.protocol} --suite disco\n"
        )
    return text


def reproduced_markdown(name: str, numbers: Sequence[Reported]) -> str:
    """Return what paper, re-evaluations and this run say of each method, metric by metric."""
    return to_markdown(
        f"{name}: what is printed, what others measured with the released weights, and this run. "
        "Other protocols, other numbers: read the source beside each.",
        ["method", "metric", "number", "whose", "source"],
        [[one.method, one.metric, one.number, one.kind, one.source] for one in numbers],
    )
