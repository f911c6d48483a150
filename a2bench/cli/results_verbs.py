"""What the command line does with leaderboards: verify."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from a2bench.cli.groups import verify

EXIT_FAIL, EXIT_WRONG_INPUT = 1, 2

Home = Annotated[
    Path | None, typer.Option(help="Data root; default $A2BENCH_HOME, else ./a2bench-data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@verify.command("results")
def verify_results(
    path: Annotated[Path, typer.Argument(help="A leaderboard's folder, or one above several.")],
    cases: Annotated[
        int, typer.Option(min=0, help="Predictions of each to make or score again; 0: none.")
    ] = 2,
    seed: Annotated[int, typer.Option(help="Which ones.")] = 0,
    run: Annotated[str, typer.Option(help="Run whose stored predictions may be scored.")] = "main",
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Check that a leaderboard's files agree with each other, and with what is made again.

    Digests of all files; values that are canonical and complete; leaderboard.csv computed from
    them, byte for byte. Then --cases random predictions of built-in deterministic methods are made
    anew (their characters are drawn, no data set is needed) or, where the run has them, scored
    anew: numbers must agree to 1e-6 (relative; 1e-2 where libraries differ, 1e-4 with networks).

    Exit code 0: all agrees; 1: something does not, each problem on a line of its own; 2: nothing
    there, or made with other versions than are installed, and which to install.
    """
    from a2bench.paths import data_home
    from a2bench.store import RunFolder
    from a2bench.verify import printable
    from a2bench.verify_results import as_json
    from a2bench.verify_results import verify_results as verified

    store = RunFolder.of(data_home(home), run)
    reports = verified(path, cases=cases, seed=seed, store=store)
    if json:
        print(as_json(reports))
    else:
        for report in reports:
            for text in [*report.problems, *report.versions]:
                print(f"{printable(str(report.folder))}: {printable(text)}")
            for one in report.again:
                print(
                    f"{one.how}: {one.protocol} / {one.method} / {one.case_id}: {one.metrics} "
                    f"numbers, largest relative difference {one.largest:.1e}"
                )
            for note in report.notes:
                print(f"note: {printable(note)}", file=sys.stderr)
            count = len(report.problems)
            verdict = f"{count} problem{'s' * (count != 1)}" if count else "all agrees"
            verdict = "other versions are installed here" if report.versions else verdict
            print(f"{printable(report.label)}: {', '.join(report.steps)}: {verdict}")
        bad = sum(bool(one.problems or one.versions) for one in reports)
        print(f"{len(reports)} leaderboards" + (f", {bad} not verified" if bad else " verified"))
    if any(report.problems for report in reports):
        raise typer.Exit(EXIT_FAIL)
    if any(report.versions for report in reports):
        raise typer.Exit(EXIT_WRONG_INPUT)
