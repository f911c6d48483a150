"""`a2bench demo`: the whole flow on eight characters, on any laptop."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from a2bench import plugins
from a2bench.boards import Board, board, write_sheet
from a2bench.builders import procedural
from a2bench.errors import A2BenchError
from a2bench.leaderboard import committed, read_provenance, with_files, write_leaderboard
from a2bench.records import Protocol
from a2bench.results import Provenance
from a2bench.run import run
from a2bench.score import ensure_truths, score
from a2bench.store import RunFolder
from a2bench.suites import suites_metrics

METHODS = ("still", "copy_driving", "similarity_warp", "puppet_warp", "oracle")
MINIATURE = "mini_epi"
"""A network that learned, in a block of its own; in `cross` only: it takes a second a clip."""
PROTOCOLS: tuple[Protocol, ...] = ("self", "cross")
SUITES = ("a2bench", "disco")


@dataclass
class DemoReport:
    """What the demo made, for its last lines."""

    board: Board
    field_board: Board
    """The same predictions by suite `disco`, the field's script."""
    files: list[Path]
    sheet: Path
    seconds: dict[str, float] = field(default_factory=dict)


def demo(
    out: Path, *, split: str = "demo", profile: str = "default", workers: int | None = None
) -> DemoReport:
    """Build, run, score and print a leaderboard; running it again does only what is missing.

    Args:
        out: folder of everything it makes.
        split: how many characters.
        profile: pixels of the data set.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: `out` holds results of other settings.
    """
    seconds: dict[str, float] = {}
    started = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal started
        now = time.perf_counter()
        seconds[stage] = now - started
        started = now

    home = out / "data"
    store = RunFolder.of(home, "demo")
    dataset = procedural.build(home, split=split, profile=profile, workers=workers)
    lap("build")
    ensure_truths(dataset, dataset.cases("cross", split), workers)
    lap("cross truths")
    cards = [plugins.card(name) for name in METHODS]
    metrics = suites_metrics(SUITES)
    parts = ((cards, PROTOCOLS), ([plugins.card(MINIATURE)], PROTOCOLS[1:]))
    finished = 0
    for some, protocols in parts:
        finished += run(store, dataset, some, protocols, split, workers=workers).finished
    lap("run")
    for some, protocols in parts:
        score(store, dataset, some, protocols, split, metrics, workers=workers, networks=False)
    lap("score")
    names = (*METHODS, MINIATURE)
    # no protocols named: each method has a row where it has results
    made, field_made = (
        board(store, dataset, names, None, split, suite, networks=False) for suite in SUITES
    )
    sheet = out / "contact_sheet.png"
    found = committed(made, store, dataset)
    if not sheet.exists() or finished or _written(out) != with_files(found.provenance, {}):
        write_sheet(store, dataset, names, "cross", split, sheet)
    files = write_leaderboard(found, out)  # after the sheet, which the page shows
    lap("table and contact sheet")
    return DemoReport(made, field_made, files, sheet, seconds)


def _written(out: Path) -> Provenance | None:
    """Return what the folder's table was made of; None where there is none that can be read."""
    try:
        return with_files(read_provenance(out), {})
    except A2BenchError:  # none yet, or another version's: all is written anew
        return None
