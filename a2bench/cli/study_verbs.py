"""`study make` and `study table`: people compare videos, blind, and what they say."""

import json as json_module
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2bench.cli.options import (
    DEFAULT_DATASET,
    AsJson,
    DatasetName,
    Home,
    ProtocolName,
    RunName,
    SplitName,
    Workers,
)
from a2bench.errors import A2BenchError

if TYPE_CHECKING:
    from a2bench.study_records import StudyKey
    from a2bench.study_table import Numbers

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A user study: a blind page of pairs of videos, and the table of its answers.",
)


@app.command("make")
def make(
    method: Annotated[str, typer.Option(help="Methods to compare, with commas.")],
    dataset: DatasetName = DEFAULT_DATASET,
    split: SplitName = "quant",
    protocol: ProtocolName = "cross",
    run: RunName = "main",
    out: Annotated[Path, typer.Option(help="Folder to write: page/ and key.json.")] = Path("study"),
    cases: Annotated[
        int, typer.Option(min=1, help="Cases, the first that every method has a video of.")
    ] = 10,
    sheets: Annotated[
        int, typer.Option(min=1, help="Participants planned for, each with an order of their own.")
    ] = 10,
    comparisons: Annotated[
        int, typer.Option(min=1, help="On a sheet, attention checks apart; three questions each.")
    ] = 45,
    checks: Annotated[
        int, typer.Option(min=0, help="Attention checks on a sheet: comparisons with an answer.")
    ] = 3,
    height: Annotated[int, typer.Option(min=64, help="Of the videos, px; never enlarged.")] = 384,
    seed: Annotated[int, typer.Option(min=0, help="Of orders and sides.")] = 0,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Which video is better?",
    home: Home = None,
    workers: Workers = None,
    json: AsJson = False,
) -> None:
    """Write a page on which people compare the videos of a run: blind, pairwise, three questions.

    Give OUT/page to participants, as a folder or on any web server, each with a number of a sheet.
    No name of a method is in it. Keep OUT/key.json: it says what was behind each side.
    """
    from a2bench.cli.tasks import parse_protocols
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.store import RunFolder
    from a2bench.study import make_study

    root = data_home(home)
    (name,) = parse_protocols(protocol)
    made = make_study(
        RunFolder.of(root, run),
        Dataset.find(root, dataset),
        [word.strip() for word in method.split(",")],
        name,
        split,
        out,
        cases=cases,
        sheets=sheets,
        comparisons=comparisons,
        checks=checks,
        height=height,
        seed=seed,
        title=title,
        workers=workers,
    )
    for case_id, reason in made.left_out.items():
        print(f"left out: {case_id}: {reason}", file=sys.stderr)
    key = made.key
    if json:
        facts = {"study": key.study, "page": str(out / "page" / "index.html"), "bytes": made.bytes}
        facts |= {"cases": len(made.cases), "trials": len(key.trials), "sheets": len(key.sheets)}
        print(json_module.dumps(facts, indent=1))
        return
    print(
        f"study {key.study}: {len(key.methods)} methods, {len(made.cases)} cases, "
        f"{len(key.sheets)} sheets of {len(key.sheets[0])} comparisons, {made.bytes / 1e6:.1f} MB"
    )
    print(f"give away: {out / 'page'} (open index.html; sheet 1: index.html#sheet=1)")
    print(f"keep:      {out / 'key.json'}")
    print(f"next: a2bench study table FOLDER_OF_ANSWERS --key {out / 'key.json'}")


@app.command("table")
def table(
    answers: Annotated[
        list[Path], typer.Argument(help="Files that the page saved, or folders of them.")
    ],
    key: Annotated[Path, typer.Option(help="The study's key.json.")] = Path("study/key.json"),
    suite: Annotated[
        str, typer.Option(help="Metrics held against people: suites, with commas; empty: none.")
    ] = "a2bench",
    home: Home = None,
    json: AsJson = False,
) -> None:
    """What people chose: win rates, Bradley-Terry strengths, and which metrics agree with them.

    Intervals are over participants. Who failed the attention checks is left out and counted.
    """
    from a2bench.study_answers import read_answers, read_key
    from a2bench.study_table import study_table, to_markdown

    found = read_key(key)
    read = read_answers(answers, found)
    values, lacking = _values(found, suite, home)
    made = study_table(found, read, values, lacking)
    if json:
        record = {"schema": "a2bench.study_table/1", **asdict(made)}
        print(json_module.dumps(record, indent=1, allow_nan=False))
    else:
        print(to_markdown(made), end="")
    if not made.participants:
        raise A2BenchError(
            f"not one participant counts: all {len(made.excluded)} failed the attention checks."
        )


def _values(key: "StudyKey", suite: str, home: Path | None) -> "tuple[Numbers, dict[str, str]]":
    """Return the run's numbers; where the run is not here, the table says so and goes on."""
    from a2bench.dataset import Dataset
    from a2bench.paths import data_home
    from a2bench.store import RunFolder
    from a2bench.study_table import values_of
    from a2bench.suites import suites_metrics

    if not suite:
        return {}, {}
    metrics = suites_metrics(suite.split(","))
    root = data_home(home)
    try:
        dataset = Dataset.find(root, f"{key.dataset}@{key.version}")
        return values_of(RunFolder.of(root, key.run), dataset, key, metrics)
    except A2BenchError as error:  # people's choices stand without the run
        return {}, {"": str(error).splitlines()[0].rstrip(".")}
