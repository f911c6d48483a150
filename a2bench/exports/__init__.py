"""A data set in the layouts of others: one file a layout, each with a function `write`.

Every layout is a folder that is made whole: an export that stopped goes on where it was when the
same command is given again, and what is there is never mixed with another data set's.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.parallel import in_processes
from a2bench.paths import canonical_json, read_utf8, sweep_asides, write_text
from a2bench.progress import progress

_MARK = ".a2bench-export.json"
"""Of which data set, layout and setting a folder is."""


def claim(out: Path, dataset: Dataset, layout: str, **setting: str) -> None:
    """Make `out` the folder of this export, or see that it already is.

    Raises:
        A2BenchError: it holds something else.
    """
    mark = canonical_json({"dataset": dataset.label, "layout": layout, **setting})
    path = out / _MARK
    if path.is_file():
        if read_utf8(path).strip() == mark:
            return
        raise A2BenchError(
            f"{out} holds another export: {read_utf8(path).strip()[:200]}.\n"
            "hint: choose another --out"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise A2BenchError(f"{out} is not an empty folder.\nhint: choose another --out")
    write_text(path, mark + "\n")


def in_parallel(
    label: str,
    write_one: Callable[..., str],
    tasks: Sequence[tuple[Any, ...]],
    *,
    folders: Iterable[Path],
    workers: int | None,
) -> None:
    """Write every piece on all cores, with progress; sweep what killed writers left first."""
    for folder in folders:
        sweep_asides(folder)
    with progress(label, len(tasks)) as shown:
        for name in in_processes(write_one, tasks, workers=workers):
            shown.advance(note=name)
