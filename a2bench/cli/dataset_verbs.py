"""What the command line does with data sets: verify."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer

from a2bench.cli.groups import verify
from a2bench.errors import A2BenchError

EXIT_FAIL = 1

NameOrFolder = Annotated[str, typer.Argument(help="Name, name@version, or a folder.")]
Home = Annotated[
    Path | None, typer.Option(help="Data root; default $A2BENCH_HOME, else ./a2bench-data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Workers = Annotated[int | None, typer.Option(help="Processes; default one a core.")]


@verify.command("dataset")
def verify_dataset(
    dataset: NameOrFolder,
    files: Annotated[
        bool, typer.Option("--files", help="Lists, counts and the digest of every file; seconds.")
    ] = False,
    decoded: Annotated[
        bool,
        typer.Option("--decoded", help="Also decode every truth, pose and mask; the default."),
    ] = False,
    rebuild: Annotated[
        int | None,
        typer.Option(metavar="N", help="Also draw N samples anew and compare; all: a large N."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which N samples are drawn anew.")] = 0,
    home: Home = None,
    workers: Workers = None,
    json: AsJson = False,
) -> None:
    """Check that a data set is what was built: its files, what they decode to, or all drawn anew.

    Files are checked at every level; --decoded and --rebuild go together. Exit code 0: all as
    built; 1: something is not, each problem on a line of its own; 2: no data set there.
    """
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.verify import printable
    from a2bench.verify import verify_dataset as verified

    if rebuild is not None and rebuild < 1:
        raise A2BenchError(f"--rebuild {rebuild}: at least one sample has to be drawn anew.")
    report = verified(
        Dataset.folder_of(data_home(home), dataset),
        decoded=decoded or not (files or rebuild),
        rebuild=rebuild or 0,
        seed=seed,
        workers=workers,
    )
    if json:
        print(json_module.dumps(report.as_dict(), indent=1))
    else:
        for problem in report.problems:
            for line in str(problem).splitlines():
                print(printable(line))
        for note in report.notes:
            print(f"note: {printable(note)}", file=sys.stderr)
        done = [f"{report.samples} samples", f"{report.files} files hashed"]
        done += [f"{len(report.decoded)} decoded"] * bool(report.decoded)
        done += [f"{len(report.rebuilt)} rebuilt (seed {seed})"] * bool(report.rebuilt)
        count = len(report.problems)
        verdict = f"{count} problem{'s' * (count != 1)}" if count else "all as built"
        print(f"{printable(report.label)}: {', '.join(done)}: {verdict}")
        if count:
            print(
                "hint: delete the folder of each damaged sample and run the same `a2bench build` "
                "again, or take the version anew",
                file=sys.stderr,
            )
    if report.problems:
        raise typer.Exit(EXIT_FAIL)
