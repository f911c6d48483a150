"""What the command line does with reports: report results."""

import json as json_module
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from a2bench.cli.groups import report
from a2bench.cli.options import (
    DEFAULT_DATASET,
    AsJson,
    DatasetName,
    Home,
    MethodNames,
    ProtocolNames,
    RunName,
    SplitName,
    Subset,
    TrackName,
    Workers,
)
from a2bench.errors import A2BenchError


@report.command("results")
def report_results(
    context: typer.Context,
    dataset: DatasetName = DEFAULT_DATASET,
    split: SplitName = "quant",
    protocol: ProtocolNames = "",
    method: MethodNames = "",
    track: TrackName = "given_pose",
    run: RunName = "main",
    places: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="Read a leaderboard's folder, or those below one (results), instead of a run; "
            "again: another beside it. Previews come from --run where it still has the videos.",
        ),
    ] = None,
    subset: Subset = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the report; default: reports/NAME-SPLIT-RUN in the data root."
        ),
    ] = None,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Show although cases are missing; marked.")
    ] = False,
    home: Home = None,
    workers: Workers = None,
    json: AsJson = False,
) -> None:
    """A folder of pages that shows a run: tables, charts, and every case, playing in step.

    It opens from the disk, requests nothing, and can be copied anywhere. Numbers are those of
    `a2bench table`. Previews (about 60 kB a clip, two a second and core) are kept in it: making it
    again makes only what is missing, and the run's videos may then be deleted; after that, --from
    a leaderboard that `a2bench table --out FOLDER` wrote makes the report from the previews.

    Worst cases first: click a number in the table, then a case. `?` on a page lists its keys.

    Exit code 0: written, the last line says what to open; 2: nothing scored yet, no such run,
    data set or leaderboard, with the command to type.
    """
    from a2bench.cli.tasks import parse_protocols
    from a2bench.dataset import Dataset
    from a2bench.from_files import gathered, narrowed
    from a2bench.paths import data_home
    from a2bench.report import Source, read_run, read_suites, write_report
    from a2bench.store import RunFolder
    from a2bench.tracks import on_track, parse_track

    root = data_home(home)
    store = RunFolder.of(root, run)
    protocols = parse_protocols(protocol.split(",")) if protocol else None
    methods = method.split(",") if method else None
    if places:
        typed = {
            name: str(context.params[name])
            for name in ("dataset", "split")
            if (how := context.get_parameter_source(name)) and how.name == "COMMANDLINE"
        }
        read, absent = read_suites(
            lambda suite: narrowed(
                gathered(
                    places, {**typed, "suite": suite}, {"dataset": dataset, "split": split}
                ),
                methods, protocols, subset or (),
            ),
            hint="a2bench table --suite SUITE --out FOLDER writes one",
        )  # fmt: skip
        made_of = read[0].provenance
        try:
            found = Dataset.find(root, f"{made_of.dataset}@{made_of.dataset_version}")
        except A2BenchError:  # not built here: kept previews are shown
            source = Source(store, None)
        else:
            source = Source(store, found)
    else:
        source = Source(store, Dataset.find(root, dataset))
        assert source.dataset is not None
        if not store.folder.is_dir():
            raise A2BenchError(
                f"no run {run!r} in {root / 'runs'}.\n"
                "hint: `a2bench ls runs` lists them; `a2bench run` and `a2bench score` make one; "
                "--from FOLDER reads a leaderboard that `a2bench table --out FOLDER` wrote"
            )
        chosen = parse_track(track)
        read, absent = read_run(
            store,
            source.dataset,
            methods and [on_track(name, chosen) for name in methods],
            protocols,
            split,
            track=chosen,
            subset=subset or (),
            allow_partial=allow_partial,
        )
    made = read[0].provenance
    name = f"{made.dataset}-{made.dataset_version}-{made.split}-{run}"
    done = write_report(
        read,
        out or root / "reports" / name,
        source,
        absent_suites=absent,
        made_by=shlex.join(["a2bench", *sys.argv[1:]]),
        workers=workers,
    )
    if json:
        facts = {
            "page": str(done.page),
            "cases": done.cases,
            "methods": done.methods,
            "suites": list(done.suites),
            "previews_made_for_cases": done.made,
            "previews_absent": done.absent,
            "bytes": done.bytes,
        }
        print(json_module.dumps(facts, indent=1))
        return
    print(
        f"{made.dataset} {made.dataset_version}, split {made.split}: {done.cases} cases, "
        f"{done.methods} methods, suites {', '.join(done.suites)}, {done.bytes / 1e6:.0f} MB, "
        f"previews of {done.made} cases made"
    )
    for suite, why in done.absent_suites.items():
        print(f"not shown: suite {suite}: {why}")
    if done.absent:
        print(f"not shown: {done.absent} videos: {done.why_absent}")
    print(f"open: {done.page}")
