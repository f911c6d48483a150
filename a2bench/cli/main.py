"""The command line. Nothing heavy is imported until a verb needs it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from a2bench.cli import dataset_verbs as dataset_verbs  # registers its commands
from a2bench.cli import environments, groups, judging, study_verbs
from a2bench.cli import report_verbs as report_verbs  # registers its commands
from a2bench.cli import results_verbs as results_verbs  # registers its commands
from a2bench.cli.options import (
    DEFAULT_DATASET,
    AsJson,
    DatasetName,
    Home,
    MethodNames,
    ProtocolName,
    ProtocolNames,
    RunName,
    SplitName,
    Subset,
    SuiteName,
    TrackName,
    Workers,
)
from a2bench.errors import A2BenchError, unknown_name

EXIT_FAIL, EXIT_WRONG_INPUT = 1, 2
EXIT_INTERRUPTED = 130

_HYDRA_VERB: dict[str, Any] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}

app = typer.Typer(
    name="a2bench",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A²Bench: the benchmark for character image animation.\n\n"
    "build a data set, run methods on it, score their videos, print the table.\n\n"
    "New here? Type: a2bench demo",
)

app.add_typer(environments.app, name="env")
app.add_typer(study_verbs.app, name="study")


def _hydra(context: typer.Context, verb: str) -> None:
    from a2bench.cli import hydra_verbs, tasks, train_verb

    verbs = (tasks.BUILD, tasks.RUN, tasks.SCORE, train_verb.TRAIN)
    found = next(one for one in verbs if one.name == verb)
    if verb == "build":
        from a2bench.doctor import require_skia

        require_skia()
    raise typer.Exit(hydra_verbs.call(found, context.args))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder of everything it makes.")] = Path(
        "a2bench-demo"
    ),
    split: Annotated[str, typer.Option(help="How much: smoke (4), demo (8), mini (20).")] = "demo",
    profile: Annotated[
        str, typer.Option(help="Pixels: default (512x768), small, tiny (128x192).")
    ] = "default",
    workers: Workers = None,
) -> None:
    """The whole flow on 8 characters; no GPU, no download."""
    from a2bench.doctor import require_skia

    require_skia()
    from a2bench.cli.tasks import console
    from a2bench.demo import demo as run_demo
    from a2bench.tables import headline_of, hidden_text, to_terminal

    report = run_demo(out, split=split, profile=profile, workers=workers)
    shown = headline_of(report.board.leaderboard)
    to_terminal(shown, console())
    if hidden := hidden_text(report.board.leaderboard, shown):
        print(f"more metrics: {hidden}", file=sys.stderr)
    to_terminal(report.field_board.leaderboard, console())
    spent = ", ".join(f"{stage} {value:.0f} s" for stage, value in report.seconds.items())
    print(f"time: {spent}", file=sys.stderr)
    print(f"table:         {out / 'leaderboard.html'}  (.md .tex .csv beside it)")
    print(f"contact sheet: {report.sheet}")
    print(f"values:        {out / 'values'}, provenance in {out / 'provenance.json'}")
    dataset = report.board.provenance.dataset
    named = f" --dataset {dataset}" if profile != "default" else ""
    print(
        f"next: every case, playing: a2bench report results --home {out / 'data'} --run demo "
        f"--split {split}{named}"
    )
    print(
        f"next: score your own videos: a2bench inputs --home {out / 'data'} --split {split} "
        f"--protocol cross --out inputs{named}"
    )


@app.command(context_settings=_HYDRA_VERB)
def build(context: typer.Context) -> None:
    """Make or resume a data set version."""
    _hydra(context, "build")


@app.command(context_settings=_HYDRA_VERB)
def run(context: typer.Context) -> None:
    """Have methods make predictions."""
    _hydra(context, "run")


@app.command(context_settings=_HYDRA_VERB)
def score(context: typer.Context) -> None:
    """Score a run, a folder of your videos, or two videos."""
    _hydra(context, "score")


@app.command(context_settings=_HYDRA_VERB)
def train(context: typer.Context) -> None:
    """Train a method whose card names a trainer."""
    _hydra(context, "train")


@app.command()
def inputs(
    dataset: DatasetName = DEFAULT_DATASET,
    protocol: ProtocolName = "cross",
    split: SplitName = "quant",
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("inputs"),
    fps: Annotated[
        float | None, typer.Option(help="Driving frames a second, 4 to 60; default 8.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(help="Driving frames; default as many as scoring needs.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT; default the data set's own.")
    ] = None,
    fit: Annotated[
        str, typer.Option(help="How to reach that size: stretch, letterbox, crop.")
    ] = "stretch",
    home: Home = None,
    workers: Workers = None,
) -> None:
    """Hand out inputs for a method you run elsewhere."""
    from a2bench.cli.tasks import parse_fit, parse_protocols, parse_size
    from a2bench.dataset import Dataset
    from a2bench.handout import hand_out
    from a2bench.paths import data_home

    found = Dataset.find(data_home(home), dataset)
    (name,) = parse_protocols(protocol)
    rows = hand_out(
        found,
        name,
        split,
        out,
        size=parse_size(size),
        fps=fps,
        frames=frames,
        fit=parse_fit(fit),
        workers=workers,
    )
    print(f"{len(rows)} cases of {found.label}, {name}, split {split}, in {out}")
    print("each has ref.png, driving.mp4 and, where poses are known, pose.npz and pose.mp4")
    print(f"write your videos as FOLDER/<case_id>.mp4, for example {rows[0].case_id}.mp4")
    at = f" --home {home}" if home else ""
    print(
        f"next: a2bench score --predictions FOLDER --pairs {out / 'pairs.jsonl'} "
        f"method=my_method{at}"
    )


@app.command()
def table(
    context: typer.Context,
    dataset: DatasetName = DEFAULT_DATASET,
    split: SplitName = "quant",
    protocol: ProtocolNames = "",
    method: MethodNames = "",
    suite: SuiteName = "a2bench",
    track: TrackName = "given_pose",
    run: RunName = "main",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the table, its values and provenance; default none."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            help="As --out, in a folder below this one named by data set, split, track and suite: "
            "a committed leaderboard (--into results)."
        ),
    ] = None,
    places: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="Read a leaderboard's folder, or those below one (results), instead of a run; "
            "again: another beside it.",
        ),
    ] = None,
    sheet: Annotated[
        int, typer.Option(help="With --out or --into: a contact sheet of so many cases.", min=0)
    ] = 0,
    picture: Annotated[
        Path | None,
        typer.Option(help="The table as a picture: FILE.png, FILE.pdf or FILE.svg (matplotlib)."),
    ] = None,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Print although cases are missing; marked.")
    ] = False,
    all_columns: Annotated[
        bool,
        typer.Option("--all-columns", help="Every metric of the suite, not the headline only."),
    ] = False,
    subset: Subset = None,
    preset: Annotated[
        str | None,
        typer.Option(help="This run in a paper's layout, such as animate_x_table1; `list`."),
    ] = None,
    cases: Annotated[
        bool,
        typer.Option("--cases", help="Print as CSV every case's numbers instead of their means."),
    ] = False,
    ablation: Annotated[
        bool,
        typer.Option(
            "--ablation",
            help="The models that `a2bench train` made, a row a variant: mean over training and "
            "sampling seeds, difference to `full` with intervals; default split mini.",
        ),
    ] = False,
    methods_paragraph: Annotated[
        bool,
        typer.Option(
            "--methods-paragraph", help="Print the set-up as LaTeX text with BibTeX instead."
        ),
    ] = False,
    published: Annotated[
        str | None,
        typer.Option(help="Print a paper's table instead, such as animate_x_table1; `list`."),
    ] = None,
    reproduce: Annotated[
        str | None,
        typer.Option(help="tiktok: paper, re-evaluations by others and this run side by side."),
    ] = None,
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Print the table; --out writes it as .md .tex .csv .html, with every value and provenance.

    Any number can be followed to its cases: the same command with --cases prints what it is the
    mean of, from a run or, with --from, from a leaderboard's files alone.
    """
    if published is not None or reproduce is not None:
        from a2bench.cli import papers

        print(papers.text(published, reproduce, home, run, as_json=json), end="")
        return
    layout = None
    if preset is not None:
        from a2bench.cli import papers

        if preset == "list":
            print(papers.presets_text(), end="")
            return
        layout = papers.layout(preset)
        dataset = layout.dataset if dataset == DEFAULT_DATASET else dataset
        protocol, suite, all_columns = protocol or layout.protocol, layout.suite, True
    from a2bench.boards import board
    from a2bench.cli.tasks import console, parse_protocols
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.store import RunFolder
    from a2bench.tables import headline_of, hidden_text, to_json, to_terminal
    from a2bench.tracks import on_track, parse_track
    from a2bench.training.trained import use_trained

    protocols = parse_protocols(protocol.split(",")) if protocol else None
    methods = method.split(",") if method else None
    if places:
        from a2bench.cli.files import board_of

        if sheet:
            raise A2BenchError("--sheet shows predictions: it needs the run, not --from.")
        narrow = bool(methods or protocols or subset or len(places) > 1 or layout)
        if narrow and (out or into):
            raise A2BenchError(
                "--out with --from writes one whole leaderboard anew; leave --method, --protocol, "
                "--subset, --preset and a second --from out."
            )
        whole = board_of(context, places, methods, protocols, subset or ())
        leaderboard, provenance = whole.leaderboard(), whole.provenance
    else:
        root = data_home(home)
        use_trained(root)
        found, store = Dataset.find(root, dataset), RunFolder.of(root, run)
        if ablation:
            from a2bench.cli import ablation as ablation_table

            names = protocols or ["cross"]
            ablation_table.show(store, found, names, split, suite, methods, layout, out, json=json)
            return
        made = board(
            store,
            found,
            methods and [on_track(name, parse_track(track)) for name in methods],
            protocols,
            split,
            suite,
            track=parse_track(track),
            subset=subset or (),
            metrics=layout.metrics if layout else None,
            allow_partial=allow_partial,
        )
        leaderboard, provenance = made.leaderboard, made.provenance
    if methods_paragraph:
        from a2bench.methods_text import methods_paragraph as paragraph

        print(paragraph(leaderboard, provenance), end="")
    elif cases:
        from a2bench.tables import to_cases_csv

        print(to_cases_csv(leaderboard), end="")
    elif json:
        import json as json_module

        print(json_module.dumps(to_json(leaderboard), indent=1, allow_nan=False))
    else:
        shown = leaderboard if all_columns else headline_of(leaderboard)
        to_terminal(shown, console())
        if more := len(leaderboard.columns) - len(shown.columns):
            hidden = hidden_text(leaderboard, shown)
            print(f"{more} more metrics of the suite: --all-columns ({hidden})", file=sys.stderr)
    if layout:
        print(layout.note(leaderboard), file=sys.stderr)
    if picture is not None:
        from a2bench.table_picture import write_picture

        shown = leaderboard if all_columns else headline_of(leaderboard)
        print(write_picture(shown, picture), file=sys.stderr if json else sys.stdout)
    if out is not None or into is not None:
        from a2bench.leaderboard import committed, folder_name, write_leaderboard

        if not places:
            whole = committed(made, store, found)
        folders = [out] if out else []
        folders += [into / folder_name(whole.provenance)] if into else []
        for folder in folders:
            if sheet:  # first: the page shows it, and predictions may be deleted afterwards
                from a2bench.boards import write_sheet
                from a2bench.tables import CONTACT_SHEET

                shown_as = made.leaderboard.protocols[-1]
                rows = [row for row in made.leaderboard.rows if row.protocol == shown_as]
                write_sheet(
                    store, found, [row.card.name for row in rows], shown_as, split,
                    folder / CONTACT_SHEET, most_cases=sheet,
                )  # fmt: skip
            for path in write_leaderboard(whole, folder, all_columns=all_columns):
                print(path, file=sys.stderr if json else sys.stdout)


@app.command(name="ls")
def list_names(
    kind: Annotated[str, typer.Argument(help="methods, metrics, runners, datasets or runs.")],
    home: Home = None,
    json: AsJson = False,
) -> None:
    """List methods, metrics, runners, datasets or runs."""
    from a2bench.cli import listing

    if kind not in listing.KINDS:
        raise unknown_name("kind", kind, listing.KINDS)
    rows = listing.KINDS[kind](home)
    if json:
        import json as json_module

        print(json_module.dumps(rows, indent=1))
        return
    for line in listing.as_lines(rows):
        print(line)


@app.command()
def info(
    kind: Annotated[str, typer.Argument(help="metric, method or dataset.")],
    name: Annotated[str, typer.Argument(help="Its name.")],
    home: Home = None,
    json: AsJson = False,
) -> None:
    """All that is known of a metric, method or data set."""
    from a2bench.cli import listing

    if kind == "dataset":
        dataset_verbs.print_info(name, home, json=json)
        return
    if kind not in listing.INFO:
        raise unknown_name("kind", kind, [*listing.INFO, "dataset"])
    facts = listing.INFO[kind](name, home)
    if json:
        import json as json_module

        print(json_module.dumps(facts, indent=1))
        return
    for line in listing.fact_lines(facts):
        print(line)


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Weights or groups; `all`; none: list them.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take files from this folder; default $A2BENCH_WEIGHTS_FROM."),
    ] = None,
    json: AsJson = False,
) -> None:
    """List weight files, or get them: resumed, checked, into $A2BENCH_WEIGHTS."""
    from a2bench.cli import fetching, listing

    if not names:
        rows = fetching.listed()
        if json:
            import json as json_module

            print(json_module.dumps(rows, indent=1))
            return
        for line in listing.as_lines(rows):
            print(line)
        print("next: a2bench fetch NAME, a2bench fetch metrics, or --from FOLDER", file=sys.stderr)
        return
    problems = fetching.fetch_all(names, fetching.source_folder(source))
    if problems:
        raise A2BenchError("\n".join(problems))


@app.command()
def doctor(
    home: Home = None,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Each metric: what is missing, published numbers.")
    ] = False,
    json: AsJson = False,
) -> None:
    """What works here, what is missing, what to type."""
    if metrics:
        _doctor_metrics(json)
        return
    from a2bench.doctor import checks

    found = checks(home)
    if json:
        import json as json_module

        print(json_module.dumps([check.as_dict() for check in found], indent=1))
    else:
        for check in found:
            print(f"{check.state:<9} {check.name:<26} {check.found}")
            if check.fix:
                print(f"{'':<9} {'':<26} fix: {check.fix}")
        bad = [check.name for check in found if check.state == "missing"]
        print(
            f"missing: {', '.join(bad)}"
            if bad
            else "all that the demo needs is there: a2bench demo"
        )
    if any(check.state == "missing" for check in found):
        raise typer.Exit(EXIT_FAIL)


app.add_typer(groups.top)
app.add_typer(groups.report, name="report", help="Static pages that open from the disk.")
app.add_typer(groups.export, name="export", help="What others read: hub, COCO, Animate-X.")
app.add_typer(groups.verify, name="verify", help="Check a data set or a leaderboard.")


app.command(name="compare")(judging.compare_methods)
app.command(name="gate")(judging.gate)
app.command(name="validity")(judging.validity)


def _doctor_metrics(json: bool) -> None:
    from a2bench.anchors import reports

    found = reports()
    if json:
        import json as json_module

        print(json_module.dumps([vars(report) for report in found], indent=1))
    else:
        for report in found:
            print(f"{report.state:<8} {report.name:<26} {report.found}")
            if report.fix:
                print(f"{'':<8} {'':<26} fix: {report.fix}")
        lacking = sum(report.state == "missing" for report in found)
        print(f"{len(found)} metrics, {lacking} without weights here")
    if any(report.state == "differs" for report in found):
        raise typer.Exit(EXIT_FAIL)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"a2bench {installed('a2bench')}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an A2BenchError is printed without a traceback, exit code 2."""
    try:
        app()
    except A2BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(EXIT_WRONG_INPUT) from None
    except SystemExit as ended:
        if ended.code == EXIT_INTERRUPTED:  # typer's answer to Ctrl-C
            print("stopped; run the same command again, it goes on where it was", file=sys.stderr)
        raise
    except BrokenPipeError:  # `a2bench ls metrics | head`
        sys.stderr.close()
        raise SystemExit(0) from None
