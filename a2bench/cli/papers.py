"""`table --published` and `table --reproduce`: what papers print, apart from what we measure."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from a2bench.errors import A2BenchError
from a2bench.paper_tables import (
    paper_table,
    paper_tables,
    published_markdown,
    reported,
    reproduced_markdown,
)
from a2bench.records import Protocol
from a2bench.results import Leaderboard

OURS = {"tiktok": "tiktok"}
"""Name of `--reproduce` -> the adopted data set that stands for it."""


@dataclass(frozen=True)
class Layout:
    """What `table` has to be asked to stand beside a paper's table."""

    name: str
    dataset: str
    protocol: Protocol
    suite: str
    metrics: tuple[str, ...]

    def note(self, leaderboard: Leaderboard) -> str:
        """Return what the paper's table has beside this one."""
        ours = [row.card.name.replace("_", "") for row in leaderboard.rows]
        lacking = [
            title
            for row in paper_table(self.name).rows()
            if not any(
                name.startswith(_squashed(title := next(iter(row.values())))) for name in ours
            )
        ]
        rows = (
            f"rows of the paper that were not run here: {', '.join(lacking)}\n" if lacking else ""
        )
        return f"{rows}the paper's own numbers: a2bench table --published {self.name}"


def _squashed(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isalnum())


def presets_text() -> str:
    """Return the papers' tables that `--preset` can lay out, one a line."""
    return "".join(
        f"{name:<22}{table.paper}; {table.dataset}, {table.protocol}\n"
        for name, table in paper_tables().items()
        if table.dataset and table.protocol
    )


def layout(name: str) -> Layout:
    """Return the layout of a paper's table.

    Raises:
        A2BenchError: no such table, or one whose numbers no metric of ours measures.
    """
    table = paper_table(name)
    if table.dataset is None or table.protocol is None:
        raise A2BenchError(
            f"{table.paper} is not a table of metrics on one data set.\n"
            f"hint: a2bench table --published {name} prints it; --preset list has the others"
        )
    metrics = [metric for metric in table.columns.values() if metric]
    return Layout(name, table.dataset, table.protocol, "disco", tuple(dict.fromkeys(metrics)))


def text(
    published: str | None, reproduce: str | None, home: Path | None, run: str, *, as_json: bool
) -> str:
    """Return what to print.

    Raises:
        A2BenchError: both or unknown names.
    """
    if published is not None and reproduce is not None:
        raise A2BenchError("--published and --reproduce are two tables; ask for one.")
    if published == "list":
        found = {name: table.paper for name, table in paper_tables().items()}
        if as_json:
            return json.dumps(found, indent=1) + "\n"
        return "".join(f"{name:<22}{paper}\n" for name, paper in found.items())
    if published is not None:
        if as_json:
            table = paper_table(published)
            shown = table.model_dump(mode="json") | {"rows": table.rows()}
            return json.dumps(shown, indent=1) + "\n"
        return published_markdown(published)
    assert reproduce is not None
    numbers = reported(reproduce, _ours(reproduce, home, run))
    if as_json:
        return json.dumps([asdict(one) for one in numbers], indent=1) + "\n"
    return reproduced_markdown(reproduce, numbers)


def _ours(name: str, home: Path | None, run: str) -> dict[tuple[str, str], str]:
    """Return (method title, metric) -> number of this run; says on stderr where there is none."""
    from a2bench.boards import board
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.store import RunFolder
    from a2bench.tables import cell_text

    dataset = OURS.get(name)
    if dataset is None:
        return {}
    root = data_home(home)
    if not (root / "datasets" / dataset).is_dir():
        print(
            f"no numbers of this run: {root} has no data set {dataset!r}.\n"
            f"hint: a2bench build dataset=adopt source=FOLDER name={dataset}, then run and "
            f"score --suite disco",
            file=sys.stderr,
        )
        return {}
    found = Dataset.find(root, dataset)
    made = board(RunFolder.of(root, run), found, None, ["self"], "full", "disco").leaderboard
    return {
        (row.card.title, cell.metric): cell_text(cell, column)
        for row in made.rows
        for cell, column in zip(row.cells, made.columns, strict=True)
        if cell.value is not None
    }
