"""What the command line does with data sets: verify, diff, info, report."""

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2bench.cli.groups import export, report, top, verify
from a2bench.cli.options import AsJson, Home, SplitName, Workers
from a2bench.errors import A2BenchError

if TYPE_CHECKING:
    from a2bench.diff import Difference

EXIT_FAIL, EXIT_INCONCLUSIVE = 1, 3
_MOST_IDS = 3

NameOrFolder = Annotated[str, typer.Argument(help="Name, name@version, or a folder.")]


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


@top.command("diff")
def diff_datasets(
    old: NameOrFolder, new: NameOrFolder, home: Home = None, json: AsJson = False
) -> None:
    """What differs between two data set versions, and which version number that asks for.

    Exit code 0: the same; 1: they differ; 3: what is built in both is the same, but some samples
    are built on one side only.
    """
    from a2bench.dataset import Dataset
    from a2bench.diff import diff
    from a2bench.paths import data_home
    from a2bench.verify import printable

    root = data_home(home)
    found = diff(Dataset.find(root, old), Dataset.find(root, new))
    if json:
        print(json_module.dumps(found.as_dict(), indent=1))
    else:
        print(f"{found.old.name} {found.old.version} -> {found.new.name} {found.new.version}")
        width = max((len(printable(change.what)) for change in found.changes), default=0)
        for change in found.changes:
            some = ", ".join(change.ids[:_MOST_IDS]) + (
                ", ..." if len(change.ids) > _MOST_IDS else ""
            )
            concerns = f": {len(change.ids)} ids ({some})" if change.ids else ""
            what = printable(change.what)
            print(f"  {change.level}  {what:<{width}}  {printable(change.text)}{concerns}")
        print(f"{found.compared} samples compared", end="")
        print(f", {found.built_in_one} built on one side only" if found.built_in_one else "")
        print(_verdict(found))
    if found.changes:
        raise typer.Exit(EXIT_FAIL)
    if found.built_in_one:
        raise typer.Exit(EXIT_INCONCLUSIVE)


def _verdict(found: "Difference") -> str:
    if found.needed is None:
        return "the same in all that was compared"
    if found.old.name != found.new.name:
        return "two data sets of different names: no version rule binds them"
    needed = f"a {found.needed} change: after {found.old.version} at least {found.next_version}"
    if found.enough:
        return f"{needed}; {found.new.version} is enough"
    return f"{needed}; {found.new.version} is not enough"


def print_info(name: str, home: Path | None, *, json: bool) -> None:
    """Print all that is known of a data set."""
    from a2bench.dataset import Dataset
    from a2bench.overview import overview
    from a2bench.paths import data_home
    from a2bench.verify import printable

    facts = overview(Dataset.find(data_home(home), name))
    if json:
        print(json_module.dumps(facts, indent=1))
        return
    attributes = facts.pop("attributes")
    splits = facts.pop("splits")
    lines = {key: value for key, value in facts.items() if not isinstance(value, dict)}
    for key, value in facts.items():
        if isinstance(value, dict):
            lines |= {f"{key} {inner}": text for inner, text in value.items()}
    width = max(map(len, lines))
    for key, value in lines.items():
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        print(f"{printable(key):<{width}}  {printable(text)}")
    print("\nsplits")
    for split, fact in splits.items():
        print(f"  {printable(split):<8} {fact['ids']:>5} ids  {fact['digest'] or 'not built'}")
    print(f"\nattributes of the {facts['samples_built']} samples that are built")
    for key, counts in attributes.items():
        shown = ", ".join(f"{value} ({count})" for value, count in list(counts.items())[:12])
        more = f", and {len(counts) - 12} more" if len(counts) > 12 else ""
        print(f"  {printable(key)}: {printable(shown)}{more}")


@report.command("dataset")
def report_dataset(
    dataset: NameOrFolder,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the page; default: reports/NAME-VERSION in the data root."),
    ] = None,
    home: Home = None,
    workers: Workers = None,
    json: AsJson = False,
) -> None:
    """A page that shows every character dancing; filters, skeletons, masks. Opens from the disk.

    About 45 kB a character. Making it again makes only the previews that are missing.
    """
    from a2bench.dataset import Dataset
    from a2bench.gallery import write_gallery
    from a2bench.paths import data_home

    root = data_home(home)
    found = Dataset.find(root, dataset)
    folder = out or root / "reports" / f"{found.info.name}-{found.info.version}"
    made = write_gallery(found, folder, workers=workers)
    if json:
        facts = {"page": str(made.page), "samples": made.samples, "bytes": made.bytes}
        print(json_module.dumps(facts, indent=1))
        return
    size = f"{made.samples} samples, {made.bytes / 1e6:.1f} MB"
    print(f"{found.label}: {size}, {made.made} previews made")
    print(f"open: {made.page}")


@export.command("dataset")
def export_dataset(
    dataset: NameOrFolder,
    to: Annotated[str, typer.Option(help="hf, animate_x or coco.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    split: SplitName = "quant",
    protocol: Annotated[
        str, typer.Option(help="Of --to animate_x: who drives: self, rescaled or cross.")
    ] = "cross",
    push: Annotated[
        str | None,
        typer.Option(metavar="ORG/NAME", help="Of --to hf: upload it to the hub afterwards."),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Of --push: a repository that is made is private.")
    ] = False,
    home: Home = None,
    workers: Workers = None,
) -> None:
    """Write a data set in another layout; running again goes on where it stopped.

    hf: the folder as the Hugging Face hub and `datasets` read it (--push uploads it).
    animate_x: input folders of the released Animate-X code, with exact poses.
    coco: pictures with COCO's seventeen key points in one annotations.json.
    """
    from a2bench.dataset import Dataset
    from a2bench.errors import unknown_name
    from a2bench.exports import animate_x, coco, hf
    from a2bench.paths import data_home

    if to not in ("hf", "animate_x", "coco"):
        raise unknown_name("layout", to, ["hf", "animate_x", "coco"])
    if push is not None and to != "hf":
        raise A2BenchError(f"--push goes with --to hf, not with --to {to}.")
    found = Dataset.find(data_home(home), dataset)
    if to == "animate_x":
        from a2bench.cli.tasks import parse_protocols

        (name,) = parse_protocols(protocol)
        done = animate_x.write(found, split, out, protocol=name, workers=workers)
        hint = (
            f"next: copy {out}/data into a checkout; its configuration: {out}/config_a2bench.yaml"
        )
    elif to == "coco":
        done = coco.write(found, split, out, workers=workers)
        hint = f"next: pycocotools.coco.COCO('{out / 'annotations.json'}')"
    else:
        done = hf.write(found, split, out, workers=workers)
        hint = f"next: datasets.load_dataset('{out}'), or the same command with --push ORG/NAME"
        if push is not None:
            hint = hf.push(out, push, version=found.info.version, private=private)
    print(f"{done}, in {out}")
    print(hint)
