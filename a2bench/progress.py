"""Progress for people, on stderr; data stays on stdout."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What a stage says while it works."""

    def advance(self, count: int = 1, *, note: str = "") -> None:
        """Say that `count` more items are done; `note` is about the last one."""


class _Lines:
    """Plain lines, about ten in all, where no terminal is there to draw a bar on."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total, self._done, self._next = label, total, 0, 0

    def advance(self, count: int = 1, *, note: str = "") -> None:
        self._done += count
        if self._done >= self._next or self._done == self._total:
            print(f"{self._label}: {self._done}/{self._total} {note}".rstrip(), file=sys.stderr)
            self._next = self._done + max(1, self._total // 10)


@contextmanager
def progress(label: str, total: int) -> Iterator[Progress]:
    """Show a bar (terminal) or a few lines (log file) for `total` items."""
    if not sys.stderr.isatty():
        yield _Lines(label, total)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    columns = (
        TextColumn("[bold]{task.description:<30}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}", table_column=Column(no_wrap=True, overflow="fold")),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, note="")

        class _Bar:
            def advance(self, count: int = 1, *, note: str = "") -> None:
                bar.update(task, advance=count, note=note.replace("[", "("))

        yield _Bar()
