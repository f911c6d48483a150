"""The ablation table: variants of one trained method, each trained from several seeds.

A model is known by its card, its weights and what was set (`Trained`). All models are asked with
the same sampling seeds, and a sampling seed draws the same noise for each; all are measured against
the same truths. So differences are paired by case, training seed and sampling seed.

What is uncertain is told apart: which characters are in the split (interval over characters), which
weights training ends at (interval over training seeds, and its standard deviation), and which noise
sampling starts from (standard deviation over sampling seeds).
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Metric
from a2bench.records import MethodCard, Protocol, Value
from a2bench.run import SEEDS
from a2bench.score import lookup
from a2bench.statistics import Clusters, Estimate, estimate, student_interval
from a2bench.store import RunFolder
from a2bench.subsets import clusters_of
from a2bench.training.trained import Trained, record_beside

FULL = "full"

_PAPER_PX = 512 * 768
"""Of the paper's frames; models of smaller ones are miniatures."""

MINIATURE = (
    "This table tests the machinery of ablation at miniature scale. It claims nothing about the "
    "full model: other sizes, data, steps and frame size; see the models below it."
)
_HOW = (
    "Value: mean over cases, training and sampling seeds. Difference to `full`: paired "
    "by case and seeds; first interval over characters (95 %, of these weights), second over "
    "training seeds (95 %, Student's, paired by training seed). sd training: between training "
    "seeds, the share of sampling taken off; sd sampling: between sampling seeds of one model. "
    "Sets (FID, KID and the like) have one number a seed and no interval over characters."
)


_WITHOUT = "Not measured here: "


@dataclass(frozen=True)
class Spread:
    """What the seeds do to a mean over cases: one-way random effects, sampling within training.

    Attributes:
        training: standard deviation between training seeds; None: fewer than two.
        sampling: between sampling seeds of one model; None: fewer than two.
    """

    training: float | None
    sampling: float | None


@dataclass(frozen=True)
class Cell:
    """One variant and metric.

    Attributes:
        value: mean; None: not measured, `reason` says why.
        difference: to `full`, with its interval over characters; None for `full` itself, or where
            one of the two was not measured. A set's has no interval.
        over_training: interval of the difference over training seeds; None: fewer than two.
        spread: of the mean.
        cases: that all models and seeds have.
    """

    value: float | None
    reason: str
    difference: Estimate | None
    over_training: tuple[float, float] | None
    spread: Spread
    cases: int


@dataclass(frozen=True)
class Line:
    """One variant.

    Attributes:
        models: what was trained for it, by training seed.
        cells: by metric.
    """

    variant: str
    title: str
    models: Mapping[int, Trained]
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Ablation:
    """A table of one experiment."""

    experiment: str
    dataset: str
    protocol: Protocol
    split: str
    of: int
    sampling_seeds: tuple[int, ...]
    metrics: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def miniature(self) -> bool:
        """Whether a model has smaller frames than the paper's."""
        return any(_pixels(m) < _PAPER_PX for line in self.lines for m in line.models.values())

    def title(self, line: Line) -> str:
        """Return a row's title: the paper's, but no miniature is called Animate-X."""
        return "Full miniature" if self.miniature and line.variant == FULL else line.title


def _pixels(model: Trained) -> int:
    options = model.settings.get("options", {})
    return int(options.get("width", 0)) * int(options.get("height", 0))


def trained_methods(
    store: RunFolder, dataset: Dataset, methods: Sequence[str] | None
) -> dict[str, list[tuple[MethodCard, Trained]]]:
    """Return experiment -> models that the run has results of.

    Raises:
        A2BenchError: none, or one that is named was not trained here.
    """
    found: dict[str, list[tuple[MethodCard, Trained]]] = {}
    for name in methods or store.methods(dataset):
        if not plugins.is_method(name) or name.startswith(plugins.CEILING):
            continue
        record = record_beside(plugins.card_path(name))
        if record is not None:
            found.setdefault(record.experiment, []).append((plugins.card(name), record))
        elif methods is not None:
            raise A2BenchError(f"{name} is no model that `a2bench train` made.")
    if not found:
        raise A2BenchError(
            f"{store.folder} has no results of trained models for {dataset.label}.\n"
            "hint: a2bench train -m experiment=ablation_mini, then a2bench run and a2bench score; "
            "models of another data root: A2BENCH_PLUGINS=ROOT/trained"
        )
    return found


def ablation(
    store: RunFolder,
    dataset: Dataset,
    models: Sequence[tuple[MethodCard, Trained]],
    protocol: Protocol,
    split: str,
    metrics: Sequence[str],
    *,
    seeds: Sequence[int] | None = None,
    suite: str = "a2bench",
) -> Ablation:
    """Fold the values of trained models into a table; computes no metric.

    Args:
        store: the run.
        dataset: what it was run on.
        models: of one experiment.
        protocol: of the cases.
        split: of the cases.
        metrics: columns.
        seeds: of sampling; None: those that every model has predictions for.
        suite: that has the metrics, for what an error says to type.

    Raises:
        A2BenchError: no `full`, or two models of one variant and training seed.
    """
    by_variant: dict[str, dict[int, tuple[MethodCard, Trained]]] = {}
    for card, record in models:
        of_variant = by_variant.setdefault(record.variant, {})
        if record.training_seed in of_variant:
            other = of_variant[record.training_seed][0].name
            raise A2BenchError(
                f"{card.name} and {other} are the same variant and training seed.\n"
                "hint: choose with --method A,B,..."
            )
        of_variant[record.training_seed] = (card, record)
    experiment = models[0][1].experiment
    if FULL not in by_variant:
        raise A2BenchError(
            f"experiment {experiment}: no model of variant {FULL}, which all are compared with.\n"
            f"hint: a2bench train experiment={experiment}, then a2bench run"
        )
    if seeds is None:
        had = [set(store.seeds(dataset, protocol, card.name)) for card, _ in models]
        seeds = sorted(set.intersection(*had)) or list(SEEDS)
    cards = [card for card, _ in models]
    found = lookup(store, dataset, cards, [protocol], split, metrics, seeds=seeds)
    if found.absent or found.tasks:
        lacking = found.absent[0] if found.absent else f"{len(found.tasks)} cases are not scored"
        at = (
            f"dataset={dataset.info.name} protocol={protocol} split={split} seeds={len(seeds)} "
            f"run={store.folder.name}"
        )
        raise A2BenchError(
            f"experiment {experiment}: {lacking}\n"
            f"hint: a2bench run method=[{','.join(card.name for card in cards)}] {at}, then "
            f"a2bench score {at} suite={suite}"
        )
    values = list(found.values.values())
    cases = dataset.cases(protocol, split)
    tables = {
        metric: {
            variant: {
                seed: _numbers(values, metric, card.name)
                for seed, (card, _) in sorted(of_variant.items())
            }
            for variant, of_variant in by_variant.items()
        }
        for metric in metrics
    }
    clusters = clusters_of(cases)
    reasons = {value.metric: value.reason for value in values if value.value is None}
    order = [FULL, *(name for name in by_variant if name != FULL)]
    lines = tuple(
        Line(
            variant,
            next(iter(by_variant[variant].values()))[1].variant_title,
            {seed: record for seed, (_, record) in sorted(by_variant[variant].items())},
            {
                metric: _cell(tables[metric], variant, seeds, clusters, reasons.get(metric, ""))
                for metric in metrics
            },
        )
        for variant in order
    )
    return Ablation(
        experiment, dataset.label, protocol, split, len(cases), tuple(seeds), tuple(metrics), lines
    )


_Numbers = dict[int, dict[str, float]]
"""Sampling seed -> case -> number, of one model."""

_Models = Mapping[int, _Numbers]
"""Training seed -> model."""


def _numbers(values: Iterable[Value], name: str, method: str) -> _Numbers:
    found: _Numbers = {}
    metric = plugins.metric(name)
    for value in values:
        if value.method == method and value.metric == name and value.value is not None:
            number = value.value
            if metric.cap is not None and metric.better(number, metric.cap):
                number = metric.cap
            found.setdefault(value.seed, {})[value.case_id] = number
    return found


def _cell(
    table: Mapping[str, _Models],
    variant: str,
    seeds: Sequence[int],
    clusters: Mapping[str, Clusters],
    reason: str,
) -> Cell:
    """One cell, from the numbers of all variants for its metric."""
    complete = [
        set(model.get(seed, {})) for models in table.values() for model in models.values()
        for seed in seeds
    ]  # fmt: skip
    cases = sorted(set.intersection(*complete))
    if not cases:
        return Cell(None, reason, None, None, Spread(None, None), 0)
    models = table[variant]
    means = {
        trained: [_mean([model[seed][case] for case in cases]) for seed in seeds]
        for trained, model in models.items()
    }
    value = _mean([mean for by_seed in means.values() for mean in by_seed])
    difference, over_training = None, None
    shared = sorted(models.keys() & table[FULL].keys())
    if variant != FULL and shared:
        full = table[FULL]
        by_case = {
            case: _mean(
                [
                    models[trained][seed][case] - full[trained][seed][case]
                    for trained in shared
                    for seed in seeds
                ]
            )
            for case in cases
        }
        difference = _difference(by_case, clusters)
        over_training = student_interval(
            [
                _mean([models[t][s][case] - full[t][s][case] for s in seeds for case in cases])
                for t in shared
            ]
        )
    return Cell(value, "", difference, over_training, spread(list(means.values())), len(cases))


def _difference(by_case: Mapping[str, float], clusters: Mapping[str, Clusters]) -> Estimate:
    """A set is one case that no character stands for: no interval."""
    if by_case.keys() <= clusters.keys():
        return estimate(by_case, clusters)
    return Estimate(_mean(list(by_case.values())), None, None, None, len(by_case), 0)


def spread(means: Sequence[Sequence[float]]) -> Spread:
    """Tell two sources of variance apart: rows are training seeds, columns sampling seeds.

    One-way random effects: the variance of the rows' means holds 1 / columns of the sampling
    variance, which is taken off; what is left, at least 0, is training's.
    """
    columns = len(means[0])
    within = None
    if columns > 1:
        within = _mean([_variance(row) for row in means])
    between = None
    if len(means) > 1:
        rest = 0.0 if within is None else within / columns
        between = math.sqrt(max(_variance([_mean(row) for row in means]) - rest, 0.0))
    return Spread(between, None if within is None else math.sqrt(within))


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _variance(numbers: Sequence[float]) -> float:
    mean = _mean(numbers)
    return math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)


def to_markdown(table: Ablation) -> str:
    """Return the table in the paper's layout, what the seeds do, and the models."""
    without = {
        name: next(line.cells[name].reason for line in table.lines)
        for name in table.metrics
        if not any(line.cells[name].value is not None for line in table.lines)
    }
    metrics = {name: plugins.metric(name) for name in table.metrics if name not in without}
    heads = [
        f"{metric.title} {'↑' if metric.better(1.0, 0.0) else '↓'}" for metric in metrics.values()
    ]
    rows = [
        [
            table.title(line),
            *(_paper_cell(line.cells[name], metrics[name].digits) for name in metrics),
        ]
        for line in table.lines
    ]
    seeds = ", ".join(map(str, table.sampling_seeds))
    parts = [
        f"## Ablation `{table.experiment}`",
        *([MINIATURE] if table.miniature else []),
        _markdown(["Method", *heads], rows),
        f"{table.dataset}, protocol {table.protocol}, split {table.split} ({table.of} cases), "
        f"{len(table.sampling_seeds)} sampling seeds ({seeds}). " + _HOW,
        _markdown(
            ["metric", "variant", "cases", "value", "difference", "over characters",
             "over training seeds", "sd training", "sd sampling"],
            [_long_row(line, *item) for item in metrics.items() for line in table.lines],
        ),
        *([_WITHOUT + "; ".join(f"{k}: {v}" for k, v in without.items())] if without else []),
        _markdown(
            ["model", "variant", "training seed", "steps", "card", "weights", "overrides"],
            [
                [
                    model.name, line.variant, str(seed), str(model.steps),
                    model.card_sha256[7:19], model.weights_sha256[7:19],
                    " ".join(model.overrides) or "-",
                ]
                for line in table.lines
                for seed, model in line.models.items()
            ],
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _paper_cell(cell: Cell, digits: int) -> str:
    if cell.value is None:
        return "-"
    text = f"{cell.value:.{digits}f}"
    if cell.difference is None:
        return text
    found = cell.difference
    between = "" if found.low is None else f" [{found.low:+.{digits}f}, {found.high:+.{digits}f}]"
    return f"{text} ({found.value:+.{digits}f}{between})"


def _long_row(line: Line, name: str, metric: Metric) -> list[str]:
    cell = line.cells[name]

    def text(number: float | None, sign: str = "") -> str:
        return "-" if number is None else f"{number:{sign}.{metric.digits + 1}f}"

    def pair(low: float | None, high: float | None) -> str:
        return "-" if low is None else f"{text(low, '+')} to {text(high, '+')}"

    found, over = cell.difference, cell.over_training
    return [
        name,
        line.variant,
        str(cell.cases),
        text(cell.value),
        "-" if found is None else text(found.value, "+"),
        "-" if found is None else pair(found.low, found.high),
        "-" if over is None else pair(*over),
        text(cell.spread.training),
        text(cell.spread.sampling),
    ]


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def to_csv(table: Ablation) -> str:
    """Return a line a metric and variant, numbers in full."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("experiment", "variant", "metric", "value", "cases", "difference", "low", "high",
         "training_low", "training_high", "sd_training", "sd_sampling", "reason")
    )  # fmt: skip
    for line in table.lines:
        for name, cell in line.cells.items():
            found = cell.difference
            over = cell.over_training or (None, None)
            numbers = (
                *((None, None, None) if found is None else (found.value, found.low, found.high)),
                *over, cell.spread.training, cell.spread.sampling,
            )  # fmt: skip
            writer.writerow(
                (table.experiment, line.variant, name, _full(cell.value), cell.cases,
                 *map(_full, numbers), cell.reason)
            )  # fmt: skip
    return out.getvalue()


def _full(number: float | None) -> str:
    return "" if number is None else repr(number)


def to_json(table: Ablation) -> dict[str, Any]:
    """Return everything, models with their whole records."""
    return {
        "schema": "a2bench.ablation/1",
        "experiment": table.experiment,
        "dataset": table.dataset,
        "protocol": table.protocol,
        "split": table.split,
        "cases": table.of,
        "sampling_seeds": list(table.sampling_seeds),
        "miniature": table.miniature,
        "variants": [
            {
                "variant": line.variant,
                "title": table.title(line),
                "models": [model.model_dump(mode="json") for model in line.models.values()],
                "metrics": {name: asdict(cell) for name, cell in line.cells.items()},
            }
            for line in table.lines
        ],
    }
