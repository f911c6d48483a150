"""What the command line does with leaderboards: verify, submit-check, export."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2bench.cli.groups import export, top, verify
from a2bench.cli.options import DEFAULT_DATASET, AsJson, Home, SplitName, SuiteName
from a2bench.errors import A2BenchError, unknown_name

if TYPE_CHECKING:
    from a2bench.verify_results import Report

EXIT_FAIL, EXIT_WRONG_INPUT = 1, 2


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
    from a2bench.verify_results import as_json
    from a2bench.verify_results import verify_results as verified

    store = RunFolder.of(data_home(home), run)
    reports = verified(path, cases=cases, seed=seed, store=store)
    if json:
        print(as_json(reports))
    else:
        for report in reports:
            _print(report)
        bad = sum(bool(one.problems or one.versions) for one in reports)
        print(f"{len(reports)} leaderboards" + (f", {bad} not verified" if bad else " verified"))
    if any(report.problems for report in reports):
        raise typer.Exit(EXIT_FAIL)
    if any(report.versions for report in reports):
        raise typer.Exit(EXIT_WRONG_INPUT)


@top.command("submit-check")
def submit_check(
    folder: Annotated[Path, typer.Argument(help="The folder that `table --out` wrote.")],
    results: Annotated[
        Path, typer.Option(help="Committed leaderboards that it is to stand beside.")
    ] = Path("results"),
    cases: Annotated[
        int, typer.Option(min=0, help="Predictions to make or score again; 0: none.")
    ] = 2,
    seed: Annotated[int, typer.Option(help="Which ones.")] = 0,
    run: Annotated[str, typer.Option(help="Run whose stored predictions may be scored.")] = "main",
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Check a leaderboard that is to be contributed, before a pull request and in its CI.

    Layout (no links, no other files, none over 1.5 MB), texts (no markup, formulas, terminal
    codes or letters that look like others), the method's card and licences, pages that are what
    the values make, and all that `verify results` checks.

    Exit code 0: it can be contributed, the last line says how; 1: each problem is on a line of its
    own; 2: no such folder, or other versions are installed.
    """
    from a2bench.paths import data_home
    from a2bench.store import RunFolder
    from a2bench.submit_check import submit_check as checked
    from a2bench.verify_results import as_json

    report, place = checked(
        folder,
        results=results if results.is_dir() else None,
        cases=cases,
        seed=seed,
        store=RunFolder.of(data_home(home), run),
    )
    if json:
        print(as_json([report]))
    else:
        _print(report)
        if report.problems:
            print(f"next: mend these, then: a2bench submit-check {folder}")
        elif report.versions:
            print("next: install that version, then check again")
        else:
            print(
                f"next: cp -r {folder} {results / place}, commit that folder alone, and open a "
                "pull request (CONTRIBUTING.md)"
            )
    if report.problems:
        raise typer.Exit(EXIT_FAIL)
    if report.versions:
        raise typer.Exit(EXIT_WRONG_INPUT)


@export.command("results")
def export_results(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="A leaderboard's folder, or one above several.")
    ] = Path("results"),
    to: Annotated[str, typer.Option(help="hf: the Hugging Face Hub.")] = "hf",
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("export"),
    hub_dataset: Annotated[
        str | None, typer.Option(help="The data set's repository there, OWNER/NAME.")
    ] = None,
    hub_revision: Annotated[str | None, typer.Option(help="Its commit there.")] = None,
    source_url: Annotated[
        str | None, typer.Option(help="Web address at which the leaderboard can be read.")
    ] = None,
    dataset: Annotated[str, typer.Option(help="Name, or name@version.")] = DEFAULT_DATASET,
    split: SplitName = "quant",
    suite: SuiteName = "a2bench",
) -> None:
    """Write a leaderboard for the Hugging Face Hub; nothing is uploaded.

    `dataset/eval.yaml` goes into the data set's repository and says which tasks it has;
    `models/METHOD/.eval_results/` goes into the repository of that method.
    """
    from a2bench.cli.files import board_of
    from a2bench.export_results import export_hf

    if to != "hf":
        raise unknown_name("form", to, ["hf"])
    if hub_dataset is None:
        raise A2BenchError(
            "of which data set on the Hub are these results?\nhint: --hub-dataset OWNER/NAME"
        )
    files = export_hf(
        board_of(context, [path], None, None),
        out,
        dataset_id=hub_dataset,
        dataset_revision=hub_revision,
        source_url=source_url,
    )
    for file in files:
        print(file)
    print(f"next: hf upload {hub_dataset} {files[0]} eval.yaml --repo-type dataset")


def _print(report: "Report") -> None:
    from a2bench.verify import printable

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
