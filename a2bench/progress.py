"""Progress for people, on stderr; data stays on stdout."""

import math
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


def _bar(*, time_left: bool = True) -> "RichProgress":
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
        *((TextColumn("left"), TimeRemainingColumn()) if time_left else ()),
        TextColumn("[dim]{task.fields[note]}", table_column=Column(no_wrap=True, overflow="fold")),
    )
    # rich forgets speeds after 30 s, and a case may take minutes
    return RichProgress(*columns, console=Console(stderr=True), speed_estimate_period=3600)


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
    skipped: int = 0
    seconds: float = 0.0

    @property
    def seconds_a_case(self) -> str:
        return f"{self.seconds / self.done:.1f}" if self.done else "-"


class _Devices:
    """Counts by device, and the time that what is left will take.

    Cases go to whichever device is free, so all end at about the same time; the seconds a case of
    a device are those in which it was at work.
    """

    def __init__(self, total: int) -> None:
        self.by_name: dict[str, _Device] = {}
        self.answered = 0
        self._total = total
        self._started = self._last = time.monotonic()

    def add(self, result: Result) -> str:
        """Count a result and return a note about it."""
        device = self.by_name.setdefault(result.device or "not started", _Device())
        if result.status == "ok":
            device.done += 1
            # loading happens once; a step is part of `infer`
            stages = result.seconds.items()
            device.seconds += sum(s for k, s in stages if not k.startswith(("load", "step_")))
        elif result.status == "skipped":
            device.skipped += 1
        else:
            device.failed += 1
        self.answered, self._last = self.answered + 1, time.monotonic()
        note = f"{result.method} {result.protocol} {result.case_id}"
        return f"{note} {result.failure or result.status}" if result.status != "ok" else note

    def seconds_left(self) -> float | None:
        """Return how long what is left takes at the rate so far; None before the first answer."""
        if not self.answered:
            return None
        each = (self._last - self._started) / self.answered
        return max(0.0, each * (self._total - self.answered) - (time.monotonic() - self._last))

    def table(self) -> "Table":
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("device", min_width=30)
        for head in ("done", "failed", "skipped", "seconds a case", "time left"):
            table.add_column(head, justify="right")
        left = _clock(self.seconds_left())
        for name, device in sorted(self.by_name.items()):
            colours = (("red", device.failed), ("yellow", device.skipped))
            bad = [f"[{colour}]{n}[/{colour}]" if n else "0" for colour, n in colours]
            table.add_row(name, str(device.done), *bad, device.seconds_a_case, left)
        if not self.by_name:
            waited = _clock(time.monotonic() - self._started)
            table.add_row(f"[dim]no case is done yet; {waited} of starting, loading, waiting[/dim]")
        return table


def _clock(seconds: float | None) -> str:
    """Return seconds as 0:59, 1:02:03 or 3 days."""
    if seconds is None:
        return "-"
    whole = math.ceil(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours >= 72:
        return f"{whole / 86400:.0f} days"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class _RunLines:
    """Plain lines: every failure, and about ten in all of the rest."""

    def __init__(self, total: int) -> None:
        self._devices, self._total, self._next = _Devices(total), total, 0

    def answered(self, result: Result) -> None:
        note = self._devices.add(result)
        done = self._devices.answered
        if result.status != "ok" or done >= self._next or done == self._total:
            left = _clock(self._devices.seconds_left())
            place = f" on {result.device}" if result.device else ""
            print(f"run: {done}/{self._total} {note}{place}, {left} left", file=sys.stderr)
            self._next = max(self._next, done + max(1, self._total // 10))


@contextmanager
def run_progress(total: int) -> Iterator[RunProgress]:
    """Show a bar and a line a device (terminal), or a few lines (log file), for `total` cases."""
    if not sys.stderr.isatty():
        yield _RunLines(total)
        return
    from rich.console import Console, Group
    from rich.live import Live

    devices = _Devices(total)
    bar = _bar(time_left=False)  # the table has it
    task = bar.add_task("run", total=total, note="")

    class _Live:
        def answered(self, result: Result) -> None:
            bar.update(task, advance=1, note=devices.add(result).replace("[", "("))

    with Live(
        get_renderable=lambda: Group(bar, devices.table()),
        console=Console(stderr=True),
        refresh_per_second=4,
    ) as live:
        live.refresh()  # before anybody prints: then rich knows how many lines to move up
        yield _Live()
