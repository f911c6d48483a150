"""`a2bench table --ablation`."""

import json as json_module
import sys
from collections.abc import Sequence
from pathlib import Path

from a2bench.ablation import ablation, to_csv, to_json, to_markdown, trained_methods
from a2bench.cli.papers import Layout
from a2bench.dataset import Dataset
from a2bench.paths import write_json, write_text
from a2bench.records import Protocol
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics


def show(
    store: RunFolder,
    dataset: Dataset,
    protocols: Sequence[Protocol],
    split: str,
    suite: str,
    methods: Sequence[str] | None,
    layout: Layout | None,
    out: Path | None,
    *,
    json: bool,
) -> None:
    """Print the ablation of every experiment in the run; write .md, .csv and .json below `out`.

    Raises:
        A2BenchError: no trained model in the run, or cases that are not scored.
    """
    metrics = layout.metrics if layout else suite_metrics(suite)
    tables = [
        ablation(store, dataset, models, protocol, split, metrics, suite=suite)
        for models in trained_methods(store, dataset, methods).values()
        for protocol in protocols
    ]
    if json:
        print(json_module.dumps([to_json(one) for one in tables], indent=1, allow_nan=False))
    else:
        print("\n".join(to_markdown(one) for one in tables), end="")
    for one in tables if out is not None else ():
        assert out is not None
        stem = f"{one.experiment}_{one.protocol}_{one.split}"
        write_text(out / f"{stem}.md", to_markdown(one))
        write_text(out / f"{stem}.csv", to_csv(one))
        write_json(out / f"{stem}.json", to_json(one))
        print(out / f"{stem}.md", file=sys.stderr)
