"""`compare` and `gate`: what the scored values say of one method against another or a number."""

import json as json_module
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from a2bench.cli.options import (
    DEFAULT_DATASET,
    AsJson,
    DatasetName,
    Home,
    ProtocolName,
    SplitName,
    Subset,
    SuiteName,
)
from a2bench.errors import A2BenchError, unknown_name

if TYPE_CHECKING:
    from a2bench.compare import Report

RunOf = Annotated[str, typer.Option("--run", help="Run of methods named without one.")]


def compare_methods(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="METHOD, or RUN/METHOD.")],
    second: Annotated[str, typer.Argument(metavar="B", help="METHOD, or RUN/METHOD.")],
    dataset: DatasetName = DEFAULT_DATASET,
    split: SplitName = "quant",
    protocol: ProtocolName = "cross",
    suite: SuiteName = "a2bench",
    subset: Subset = None,
    run: RunOf = "main",
    places: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="Methods of a leaderboard's folder, or of those below one (results); no run.",
        ),
    ] = None,
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Is A better than B? Paired tests on the cases both have.

    Exit code 0: better; 1: worse; 3: not shown.
    """
    from a2bench.compare import EXIT_CODES

    if places:
        from a2bench.cli.files import board_of
        from a2bench.cli.tasks import parse_protocols
        from a2bench.from_files import compare_committed

        (name,) = parse_protocols(protocol)
        found = board_of(context, places, None, None)
        report = compare_committed(found, first, second, name, subset or ())
    else:
        report = _report(first, second, dataset, split, protocol, suite, subset or [], run, home)
    if json:
        print(json_module.dumps(_as_json(report), indent=1, allow_nan=False))
    else:
        _print_report(report)
    raise typer.Exit(EXIT_CODES[report.verdict])


def gate(
    method: Annotated[str, typer.Argument(help="METHOD, or RUN/METHOD.")],
    least: Annotated[
        list[str] | None,
        typer.Option("--min", help="METRIC=NUMBER that must be reached (errors: not exceeded)."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--no-worse-than", help="METHOD or RUN/METHOD it must not be worse than."),
    ] = None,
    dataset: DatasetName = DEFAULT_DATASET,
    split: SplitName = "quant",
    protocol: ProtocolName = "cross",
    suite: SuiteName = "a2bench",
    subset: Subset = None,
    run: RunOf = "main",
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Is a method good enough? For CI and training loops.

    A number is reached when the whole 95 % interval reaches it.
    Exit code 0: all conditions hold; 1: one does not; 3: the intervals hold both answers.
    """
    from a2bench import compare as core
    from a2bench.cli.tasks import parse_protocols
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.statistics import estimate
    from a2bench.subsets import choose, clusters_of
    from a2bench.suites import suite_metrics

    if not least and base is None:
        raise A2BenchError(
            "what is the condition?\nhint: --min psnr=20, or --no-worse-than puppet_warp, or both"
        )
    thresholds = [_threshold(word, suite_metrics(suite)) for word in least or []]
    checks: list[core.Check] = []
    if thresholds:
        root = data_home(home)
        found = Dataset.find(root, dataset)
        name = parse_protocols(protocol)[0]
        cases = found.cases(name, split)
        chosen = choose(found, cases, subset) if subset else list(cases)
        who = core.side(core.RunsOf(root, run), method)
        numbers, lacking = core.of_side(
            who,
            found,
            name,
            split,
            [metric for metric, _ in thresholds],
            frozenset(case.case_id for case in chosen),
        )
        clusters = clusters_of(chosen)
        for metric, asked in thresholds:
            if metric in lacking:
                raise A2BenchError(f"{metric} has no value: {lacking[metric]}")
            checks.append(core.threshold_check(metric, asked, estimate(numbers[metric], clusters)))
    if base is not None:
        report = _report(method, base, dataset, split, protocol, suite, subset or [], run, home)
        checks += core.no_worse_checks(report)
    verdict = core.gate_verdict(checks)
    words = {"better": "pass", "worse": "FAIL", "inconclusive": "inconclusive"}
    if json:
        shown = [asdict(check) | {"verdict": words[check.verdict].lower()} for check in checks]
        print(json_module.dumps({"gate": words[verdict].lower(), "checks": shown}, indent=1))
    else:
        for check in checks:
            print(f"{words[check.verdict]:<13} {check.text}: {check.found}")
        print(f"gate: {words[verdict]}")
    raise typer.Exit(core.EXIT_CODES[verdict])


def validity(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder `table --out` wrote.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another, of other data.")],
    protocol: Annotated[str, typer.Option(help="Of A, and of B if it has it.")] = "cross",
    second_protocol: Annotated[str | None, typer.Option(help="Of B; default as of A.")] = None,
    json: AsJson = False,
) -> None:
    """Do two leaderboards order methods alike? Kendall's tau with interval, metric by metric."""
    from a2bench import plugins
    from a2bench.cli.tasks import parse_protocols
    from a2bench.leaderboard import read_leaderboard
    from a2bench.validity import agreement

    protocols = (
        parse_protocols(protocol)[0],
        parse_protocols(second_protocol or protocol)[0],
    )
    boards = [read_leaderboard(folder) for folder in (first, second)]
    values = [board.row_values() for board in boards]
    labels = []
    for board, side in zip(boards, protocols, strict=True):
        made = board.provenance
        labels.append(f"{made.dataset} {made.dataset_version}, {side}, split {made.split}")
    numbered = [{value.metric for value in side if value.value is not None} for side in values]
    names = [name for name in plugins.names("metrics") if all(name in side for side in numbered)]
    methods = {value.method for side in values for value in side}
    rows = [
        name
        for name in sorted(methods)
        if plugins.is_method(name) and plugins.card(name).reference_row
    ]
    found = [agreement(values[0], values[1], name, protocols, leave_out=rows) for name in names]
    if not found:
        raise A2BenchError("the two have no metric in common that has numbers.")
    if json:
        print(json_module.dumps([asdict(one) for one in found], indent=1))
        return
    print(f"A: {labels[0]}\nB: {labels[1]}")
    for one in found:
        tau = "no order" if one.tau is None else f"tau {one.tau:+.2f}"
        interval = (
            f" [{one.low:+.2f}, {one.high:+.2f}]"
            if one.low is not None and one.high is not None
            else " (too few methods for an interval)"
        )
        swapped = "; ".join(f"{ours} / {theirs}" for ours, theirs in one.swapped)
        print(
            f"{one.metric:<20}{tau}{interval}, {len(one.methods)} methods"
            + (f", swapped: {swapped}" if swapped else "")
        )


def _threshold(word: str, metrics: Sequence[str]) -> tuple[str, float]:
    name, _, number = word.partition("=")
    if name not in metrics:
        raise unknown_name("metric of the suite", name, metrics)
    try:
        return name, float(number)
    except ValueError as error:
        raise A2BenchError(f"--min {word}: expected METRIC=NUMBER, such as psnr=20.") from error


def _report(
    first: str,
    second: str,
    dataset: str,
    split: str,
    protocol: str,
    suite: str,
    subset: list[str],
    run: str,
    home: Path | None,
) -> "Report":
    from a2bench import compare as core
    from a2bench.cli.tasks import parse_protocols
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.suites import suite_metrics

    root = data_home(home)
    runs = core.RunsOf(root, run)
    return core.compare(
        core.side(runs, first),
        core.side(runs, second),
        Dataset.find(root, dataset),
        parse_protocols(protocol)[0],
        split,
        suite_metrics(suite),
        subset=subset,
    )


def _as_json(report: "Report") -> dict[str, Any]:
    return {"schema": "a2bench.compare/1", **asdict(report)}


def _print_report(report: "Report") -> None:
    from rich import box
    from rich.table import Table

    from a2bench import plugins
    from a2bench.cli.tasks import console
    from a2bench.results import ALPHA
    from a2bench.tables import ARROWS

    screen = console()
    where = f"{report.dataset}, {report.protocol}, split {report.split}"
    if report.subset:
        where += f", only {' and '.join(report.subset)}"
    print(f"{report.first} against {report.second}: {where}, {report.of} cases")
    table = Table(box=box.SIMPLE_HEAD)
    for heading in (
        "metric", report.first, report.second, "difference [95 %]", "p (Holm)",
        "wins/ties/losses", "could be found", "verdict",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for line in report.lines:
        metric = plugins.metric(line.metric)
        effect, digits = line.paired.effect, metric.digits
        interval = (
            ""
            if effect.low is None or effect.high is None
            else f" [{effect.low:+.{digits}f}, {effect.high:+.{digits}f}]"
        )
        detectable = line.paired.minimum_detectable
        table.add_row(
            f"{metric.title} {ARROWS[metric.direction]}",
            f"{line.first:.{digits}f}",
            f"{line.second:.{digits}f}",
            f"{effect.value:+.{digits}f}{interval}",
            "-" if line.p_adjusted is None else f"{line.p_adjusted:.4f}",
            f"{line.paired.wins}/{line.paired.ties}/{line.paired.losses}",
            "-" if detectable is None else f"{detectable:.{digits}f}",
            line.verdict,
        )
    screen.print(table)
    for name, reason in report.skipped.items():
        print(f"not compared: {name}: {reason}")
    for line in report.lines:
        digits = plugins.metric(line.metric).digits
        print(f"{line.metric}: they differ most in")
        for case_id, ours, theirs in line.differ_most:
            print(f"  {case_id:<56} {ours:.{digits}f}  {theirs:.{digits}f}")
    counts = {line.paired.effect.cases for line in report.lines}
    scored = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    words = {
        "better": f"{report.first} is better than {report.second}",
        "worse": f"{report.first} is worse than {report.second}",
        "inconclusive": f"no difference in one direction is shown between {report.first} and "
        f"{report.second}",
    }
    print(
        f"{words[report.verdict]} (common cases {scored} of {report.of}; sign-flip permutation "
        f"test, Holm over {len(report.lines)} metrics, {ALPHA:g})"
    )
