"""`a2bench fetch`: what weights there are, and getting them."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from a2bench import plugins, weights
from a2bench.cli.listing import Rows
from a2bench.errors import A2BenchError
from a2bench.weights.fetch import Say, fetch


def megabytes(count: int | None) -> str:
    """Return a size in MB as a table shows it."""
    return "?" if count is None else f"{count / 1e6:.1f} MB" if count > 1e5 else f"{count} B"


def listed() -> Rows:
    """Return what there is: one row a file with its state on this machine."""
    rows = []
    for name, row in weights.table().items():
        found = weights.status(name)
        size = found.path.stat().st_size if found.path else row.size_bytes
        rows.append(
            {
                "name": name,
                "state": found.state,
                "size": megabytes(size),
                "hash": "published" if row.sha256 else row.sha256_prefix or "unpublished",
                "groups": " ".join(row.groups),
                "licence": row.licence,
            }
        )
    return rows


@contextmanager
def _shown(row: weights.WeightRow) -> Iterator[Say]:
    """Show bytes as they come: a bar on a terminal, else a line every tenth."""
    if not sys.stderr.isatty():
        tenth = -1

        def say(done: int, total: int | None) -> None:
            nonlocal tenth
            now = done * 10 // total if total else done // 100_000_000
            if now > tenth:
                tenth = now
                print(f"{row.name}: {megabytes(done)} of {megabytes(total)}", file=sys.stderr)

        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as Speed

    columns = (
        TextColumn("[bold]{task.description:<26}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        Speed(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(row.name, total=row.size_bytes)

        def draw(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield draw


def source_folder(named: Path | None) -> Path | None:
    """Return the folder to take files from: `--from`, else `$A2BENCH_WEIGHTS_FROM`.

    Raises:
        A2BenchError: no such folder.
    """
    folder = named or (Path(value) if (value := os.environ.get("A2BENCH_WEIGHTS_FROM")) else None)
    if folder is not None and not folder.expanduser().is_dir():
        raise A2BenchError(f"no folder {folder}.\nhint: --from names a folder with weight files")
    return folder.expanduser() if folder else None


def _rows_of(name: str) -> list[str]:
    """Return the names of a method's files; a name of the table stands for itself."""
    known = weights.table()
    if name in known or any(name in row.groups for row in known.values()):
        return [name]
    if name not in plugins.names("baselines"):
        return [name]
    card = plugins.card(name)
    linked = card.command.weights if card.command is not None else ()
    return [*card.weights, *(one.name for one in linked)]


def fetch_all(names: Sequence[str], source: Path | None) -> list[str]:
    """Get rows one after the other; return what went wrong, after all were tried.

    Args:
        names: rows, groups, and methods, which stand for all files they load.
        source: a folder to take the files from; None: download.

    Raises:
        A2BenchError: a name that is none of these.
    """
    rows = weights.rows_named([one for name in names for one in _rows_of(name)])
    wanted = [row for row in rows if not weights.status(row.name).usable]
    known = sum(row.size_bytes or 0 for row in wanted)
    print(f"{len(rows)} files, {len(wanted)} to get ({megabytes(known)}), into {weights.folder()}")
    problems = []
    for row in rows:
        try:
            with _shown(row) as say:
                got = fetch(row, source=source, say=say)
        except A2BenchError as error:
            problems.append(str(error))
            print(f"{row.name}: not fetched", file=sys.stderr)
            continue
        state = got.status.state
        how = f"from {got.came_from}" if got.came_from else "was there"
        mark = "" if state == "ready" else f"; {weights.unverified(row.name)}"
        print(f"{row.name}: {how}; licence: {row.licence}{mark}")
    return problems
