"""A leaderboard in the forms of the Hugging Face Hub: `eval.yaml` and `.eval_results/*.yaml`.

    OUT/dataset/eval.yaml                          into the data set's repository: its tasks
    OUT/models/<method>/.eval_results/a2bench.yaml into the method's repository: its numbers
    OUT/models/<method>/README.md                  the same in a model card, for older readers

A task is a metric in a protocol, `cross_psnr`. What is not ranked (reference rows, metrics of too
few clips, cells without a number) is not exported. No date is written: the commit to the Hub has
one, and the same leaderboard gives the same bytes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import (
    EvalResult,
    EvalResultEntry,
    ModelCardData,
    eval_result_entries_to_yaml,
)

from a2bench.errors import A2BenchError
from a2bench.leaderboard import Committed
from a2bench.paths import write_text
from a2bench.results import Cell, Column, Leaderboard, Row
from a2bench.suites import SUITES
from a2bench.tables import escape_markdown

FRAMEWORK = "a2bench"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def export_hf(
    found: Committed,
    out: Path,
    *,
    dataset_id: str,
    dataset_revision: str | None = None,
    source_url: str | None = None,
) -> list[Path]:
    """Write a leaderboard for the Hub; return the files.

    Args:
        found: the leaderboard.
        out: folder to write.
        dataset_id: repository of the data set there, OWNER/NAME.
        dataset_revision: its commit.
        source_url: where the leaderboard can be read.

    Raises:
        A2BenchError: not a repository's name, not a web address, or nothing to export.
    """
    if not _REPOSITORY.fullmatch(dataset_id):
        raise A2BenchError(f"{dataset_id!r}: expected the data set's repository, OWNER/NAME.")
    if source_url is not None and not source_url.startswith(("https://", "http://")):
        raise A2BenchError(f"{source_url!r}: expected a web address, https://...")
    board = found.leaderboard()
    ranked = [row for row in board.rows if row.card.ranked]
    cells = [(row, column, cell) for row in ranked for column, cell in exported(board, row)]
    if not cells:
        raise A2BenchError("nothing to export: no row has a number that is ranked.")
    made = found.provenance
    tasks = list(dict.fromkeys((row.protocol, column.name) for row, column, _ in cells))
    record: dict[str, Any] = {
        "name": f"{made.dataset} {made.dataset_version}",
        "description": "Character image animation: one picture, one dance. "
        f"Split {made.split}, suite {made.suite}, track {made.track.replace('_', ' ')}; a task is "
        "a metric in a protocol.",
        "evaluation_framework": FRAMEWORK,
        "tasks": [
            {"id": f"{protocol}_{name}", "config": protocol, "split": made.split}
            for protocol, name in tasks
        ],
    }
    written = [out / "dataset" / "eval.yaml"]
    write_text(written[0], _yaml(record))
    for method in dict.fromkeys(row.card.name for row, _, _ in cells):
        own = [one for one in cells if one[0].card.name == method]
        folder = out / "models" / method
        entries = [
            EvalResultEntry(
                dataset_id=dataset_id,
                task_id=f"{row.protocol}_{column.name}",
                value=cell.value,
                dataset_revision=dataset_revision,
                source_url=source_url,
                source_name="A²Bench" if source_url else None,
                notes=_notes(found, row, column, cell),
            )
            for row, column, cell in own
        ]
        results = folder / ".eval_results" / "a2bench.yaml"
        write_text(results, _yaml(eval_result_entries_to_yaml(entries)))
        card = folder / "README.md"
        write_text(card, _card(found, own, dataset_id, dataset_revision))
        written += [results, card]
    return written


def exported(board: Leaderboard, row: Row) -> Iterator[tuple[Column, Cell]]:
    """Yield a row's ranked headline cells that have a number."""
    suite = SUITES.get(board.caption.suite)
    for column, cell in zip(board.columns, row.cells, strict=True):
        shown = suite is None or suite.prints(column.name)
        if shown and cell.ranked and cell.value is not None:
            yield column, cell


def _notes(found: Committed, row: Row, column: Column, cell: Cell) -> str:
    made = found.provenance
    parts = [
        f"{made.dataset} {made.dataset_version} ({made.dataset_digest[7:19]})",
        f"split {made.split}",
        f"track {made.track}",
        f"{column.name} version {column.version}, region {column.region}, {column.direction} is "
        f"better{f', {column.unit}' if column.unit not in ('', '1') else ''}",
        f"{row.scored} of {row.of} cases",
    ]
    if cell.low is not None and cell.high is not None:
        parts.append(f"95 % interval {cell.low:.{column.digits}f} to {cell.high:.{column.digits}f}")
    if made.partial:
        parts.append("partial")
    return "; ".join(parts)


def _card(
    found: Committed,
    own: list[tuple[Row, Column, Cell]],
    dataset_id: str,
    dataset_revision: str | None,
) -> str:
    """Return a model card: metadata that lists the numbers, and a sentence for people."""
    made = found.provenance
    card = own[0][0].card
    results = [
        EvalResult(
            task_type="image-to-video",
            task_name=f"Character image animation, {row.protocol}",
            dataset_type=dataset_id,
            dataset_name=f"{made.dataset} {made.dataset_version}",
            dataset_config=row.protocol,
            dataset_split=made.split,
            dataset_revision=dataset_revision,
            metric_type=column.name,
            metric_name=column.title,
            metric_value=cell.value,
        )
        for row, column, cell in own
    ]
    data = ModelCardData(model_name=card.title, eval_results=results).to_yaml()
    return (
        f"---\n{data}\n---\n\n# {escape_markdown(card.title)}\n\n"
        f"{escape_markdown(card.summary)}\n\nScored by A²Bench on "
        f"{escape_markdown(made.dataset)} {escape_markdown(made.dataset_version)}, "
        f"split {escape_markdown(made.split)}.\n"
    )


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
