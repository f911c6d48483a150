"""Progress for people, on stderr; data stays on stdout."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from a2bench.records import Result

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.table import Table


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


def _bar() -> "RichProgress":
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
    return RichProgress(*columns, console=Console(stderr=True))


@contextmanager
def progress(label: str, total: int) -> Iterator[Progress]:
    """Show a bar (terminal) or a few lines (log file) for `total` items."""
    if not sys.stderr.isatty():
        yield _Lines(label, total)
        return
    with _bar() as bar:
        task = bar.add_task(label, total=total, note="")

        class _Bar:
            def advance(self, count: int = 1, *, note: str = "") -> None:
                bar.update(task, advance=count, note=note.replace("[", "("))

        yield _Bar()


class RunProgress(Protocol):
    """What a run says while it works."""

    def answered(self, result: Result) -> None:
        """Say what came of one case."""


@dataclass
class _Device:
    """What one device has done so far."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def seconds_a_case(self) -> str:
        return f"{self.seconds / self.done:.1f}" if self.done else "-"


class _Devices:
    """Counts by device, and the note about the last case."""

    def __init__(self) -> None:
        self.by_name: dict[str, _Device] = {}

    def add(self, result: Result) -> str:
        """Count a result and return a note about it."""
        device = self.by_name.setdefault(result.device or "elsewhere", _Device())
        if result.status == "ok":
            device.done += 1
            device.seconds += sum(result.seconds.values())
        else:
            device.failed += 1
        note = f"{result.method} {result.protocol} {result.case_id}"
        return f"{note} {result.failure or result.status}" if result.status != "ok" else note

    def table(self) -> "Table":
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("device", min_width=30)
        for head in ("done", "failed", "seconds a case"):
            table.add_column(head, justify="right")
        for name, device in sorted(self.by_name.items()):
            failed = f"[red]{device.failed}[/red]" if device.failed else "0"
            table.add_row(name, str(device.done), failed, device.seconds_a_case)
        return table


class _RunLines:
    """Plain lines: every failure, and about ten in all of the rest."""

    def __init__(self, total: int) -> None:
        self._devices, self._total, self._done, self._next = _Devices(), total, 0, 0
        self._started = time.monotonic()

    def answered(self, result: Result) -> None:
        note = self._devices.add(result)
        self._done += 1
        if result.status != "ok" or self._done >= self._next or self._done == self._total:
            each = (time.monotonic() - self._started) / self._done
            left = f", {each * (self._total - self._done):.0f} s left"
            print(f"run: {self._done}/{self._total} {note}{left}", file=sys.stderr)
            self._next = max(self._next, self._done + max(1, self._total // 10))


@contextmanager
def run_progress(total: int) -> Iterator[RunProgress]:
    """Show a bar and a line a device (terminal), or a few lines (log file), for `total` cases."""
    if not sys.stderr.isatty():
        yield _RunLines(total)
        return
    from rich.console import Console, Group
    from rich.live import Live

    devices = _Devices()
    bar = _bar()
    task = bar.add_task("run", total=total, note="")

    class _Live:
        def answered(self, result: Result) -> None:
            bar.update(task, advance=1, note=devices.add(result).replace("[", "("))

    with Live(
        get_renderable=lambda: Group(bar, devices.table()),
        console=Console(stderr=True),
        refresh_per_second=4,
    ):
        yield _Live()
