"""Ceilings: what each method's own size, rate and fit cost before any model runs.

    python benchmarks/ceilings.py --split mini                # writes docs/ceilings.md
    python benchmarks/ceilings.py --split smoke --methods fomm tps --out -

The truth is sent through the frame of every method (`ceiling_map_of_NAME`, scoring rule 7). Methods
with the same grid share one run, so each grid is drawn, stored and scored once; what is there from
an earlier run in `--home` is kept. No weights are needed. `still` stands beside: a metric whose
ceiling is near it cannot tell methods of that format apart.
"""

import argparse
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from statistics import fmean

from a2bench import plugins
from a2bench.boards import ceilings_of
from a2bench.dataset import Dataset
from a2bench.paths import data_home
from a2bench.records import MethodCard, Protocol, Value
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder

METRICS = ("psnr", "ssim", "l1", "flow_error_dis")
READING = """\
**How to read it.** A row is what a perfect method of that format would be given, not what the
method is given. Where the scores of two methods differ no more than their rows, they differ in
format, not in skill: skill, the share of the way from `still` to the row, is what compares them
(`a2bench table` prints it where `ceiling_map_of_NAME` was run). Where a row is near `still`, that
metric cannot tell methods of that format apart.

**What is not in it.** The codec: programs write H.264 by imageio, PyAV, moviepy or torchvision,
each with settings of its own that no card names, or PNG; here nothing is lost between. And a
method's own VAE, which costs more, but needs its weights."""
DOCUMENT = Path(__file__).parent.parent / "docs" / "ceilings.md"


def grids(dataset: Dataset, cards: list[MethodCard]) -> dict[str, list[str]]:
    """Return ceiling row -> methods whose grid it is; "": those that lose nothing."""
    rows = ceilings_of(dataset, cards)
    shared: dict[str, list[str]] = defaultdict(list)
    for card in cards:
        if card.name in rows:
            key = card.native.model_dump_json() if rows[card.name] else ""
            shared[key].append(card.name)
    return {(plugins.CEILING + names[0] if key else ""): names for key, names in shared.items()}


def means(values: list[Value], method: str) -> list[float]:
    """Return a row's mean of every metric, cases capped as in tables."""
    found = []
    for name in METRICS:
        cap = plugins.metric(name).cap
        numbers = [
            one.value if cap is None else min(one.value, cap)
            for one in values
            if one.method == method and one.metric == name and one.value is not None
        ]
        found.append(fmean(numbers))
    return found


def main() -> None:
    """Run, score and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--dataset", default="a2bench-proc")
    parser.add_argument("--split", default="mini")
    parser.add_argument("--protocol", default="cross", choices=("self", "cross"))
    parser.add_argument("--methods", nargs="*", default=None)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--out", default=str(DOCUMENT), help="file, or - for the terminal")
    options = parser.parse_args()

    home = data_home(options.home)
    dataset = Dataset.find(home, options.dataset)
    protocol: Protocol = options.protocol
    cards = [plugins.card(name) for name in options.methods or plugins.names("baselines")]
    found = grids(dataset, cards)
    rows = [plugins.card(name) for name in ["still", "oracle", *filter(None, found)]]
    store = RunFolder.of(home, "ceilings")
    run(store, dataset, rows, [protocol], options.split, workers=options.workers)
    values = score(
        store, dataset, rows, [protocol], options.split, METRICS, workers=options.workers
    )

    lines = [
        f"| method | grid | {' | '.join(METRICS)} |",
        f"|---|---|{'---|' * len(METRICS)}",
    ]
    for row, names in sorted(found.items(), key=lambda one: one[1]):
        native = plugins.card(names[0]).native
        grid = (
            "loses nothing"
            if not row
            else (
                f"{native.size or 'own size'}, {native.fit}, "
                f"{'own rate' if native.fps is None else f'{native.fps:g} Hz'}"
            )
        )
        numbers = means(values, row or "oracle")
        lines.append(f"| {' '.join(names)} | {grid} | {' | '.join(f'{n:.4g}' for n in numbers)} |")
    numbers = means(values, "still")
    lines.append(f"| *still* | - | {' | '.join(f'{n:.4g}' for n in numbers)} |")
    table = "\n".join(lines)
    if options.out == "-":
        print(table)
        return
    of = len(dataset.cases(protocol, options.split))
    text = (
        "# Ceilings\n\n"
        "What each method's own frame size, fit and rate cost: the truth sent through, before\n"
        "any model runs. A perfect method of that format would get these values. Means over "
        f"{of} cases,\n{dataset.label}, protocol `{protocol}`, split `{options.split}`, in the "
        "motion region; a case's PSNR at\nmost 58.92 dB. `still` repeats the reference.\n\n"
        f"Printed on {date.today()} by `python benchmarks/ceilings.py --split {options.split} "
        f"--protocol {protocol}`.\n\n{READING}"
    )
    Path(options.out).write_text(f"{text}\n\n{table}\n", encoding="utf-8")
    print(f"{options.out}: {len(found)} grids", file=sys.stderr)


if __name__ == "__main__":
    main()
