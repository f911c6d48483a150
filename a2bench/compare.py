"""Are two methods different, and is one good enough: paired, over characters, with a verdict."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from a2bench import plugins, statistics
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Metric
from a2bench.records import MethodCard, Protocol, Value
from a2bench.results import ALPHA
from a2bench.run import seeds_of
from a2bench.score import lookup
from a2bench.statistics import Comparison, Estimate
from a2bench.store import RunFolder
from a2bench.subsets import choose, clusters_of

DIFFER_MOST = 5
"""Cases named a metric and side."""

Verdict = Literal["better", "worse", "inconclusive"]
EXIT_CODES: dict[Verdict, int] = {"better": 0, "worse": 1, "inconclusive": 3}


@dataclass(frozen=True)
class Side:
    """A method's results in a run, asked for as METHOD or RUN/METHOD."""

    store: RunFolder
    card: MethodCard
    label: str


@dataclass(frozen=True)
class Line:
    """One metric of a comparison.

    Attributes:
        metric: its name.
        first, second: means over the common cases.
        paired: effect, p, wins.
        p_adjusted: Holm over the metrics of the comparison; None: fewer than two characters.
        verdict: of the first method, at `ALPHA`.
        differ_most: (case id, first, second), those where the first is better by most, then those
            where the second is.
    """

    metric: str
    first: float
    second: float
    paired: Comparison
    p_adjusted: float | None
    verdict: Verdict
    differ_most: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Report:
    """Two methods, metric by metric.

    Attributes:
        of: cases of the split (and subset); `lines` are over those both have.
        skipped: metric -> why it was not compared.
        verdict: `better` where the first is better in one metric and worse in none.
    """

    first: str
    second: str
    dataset: str
    protocol: Protocol
    split: str
    subset: tuple[str, ...]
    of: int
    lines: tuple[Line, ...]
    skipped: dict[str, str]
    verdict: Verdict


def side(home_runs: "RunsOf", word: str) -> Side:
    """Return a method's results by METHOD or RUN/METHOD.

    Raises:
        A2BenchError: no such method.
    """
    run, slash, method = word.rpartition("/")
    store = home_runs(run if slash else None)
    return Side(store, store.card(method), word)


class RunsOf:
    """Opens run folders of one data root; the default run has no name in front of its methods."""

    def __init__(self, home: Any, default: str) -> None:
        self._home, self._default = home, default

    def __call__(self, run: str | None) -> RunFolder:
        """Return a run's folder.

        Raises:
            A2BenchError: it does not exist.
        """
        store = RunFolder.of(self._home, run or self._default)
        if not store.folder.is_dir():
            raise A2BenchError(f"{store.folder}: no such run.\nhint: a2bench ls runs")
        return store


def numbers(values: Iterable[Value], metric: Metric, seeds: Sequence[int]) -> dict[str, float]:
    """Return case id -> mean over the seeds, for cases that have a number for every seed.

    A value enters with the metric's cap at best (scoring rule 7).
    """
    by_case: dict[str, dict[int, float]] = {}
    for value in values:
        if value.value is not None and value.status in ("ok", "identical"):
            capped = value.value
            if metric.cap is not None and metric.better(capped, metric.cap):
                capped = metric.cap
            by_case.setdefault(value.case_id, {})[value.seed] = capped
    return {
        case_id: math.fsum(found.values()) / len(found)
        for case_id, found in by_case.items()
        if set(seeds) <= found.keys()
    }


def of_side(
    who: Side,
    dataset: Dataset,
    protocol: Protocol,
    split: str,
    metrics: Sequence[str],
    wanted: frozenset[str],
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Return metric -> case id -> number, and metric -> why there is none.

    Raises:
        A2BenchError: see `score.lookup`; nothing scored.
    """
    found = lookup(who.store, dataset, [who.card], [protocol], split, metrics)
    unscored = sum(len(names) for task in found.tasks for _, names in task.entries)
    if found.absent or unscored:
        what = f"{len(found.absent)} predictions" if found.absent else f"{unscored} values"
        verb = "run" if found.absent else "score"
        raise A2BenchError(
            f"{who.label} in {protocol}: {what} of split {split} are missing.\n"
            f"hint: a2bench {verb} method={who.card.name} dataset={dataset.info.name} "
            f"protocol={protocol} split={split} run={who.store.folder.name}"
        )
    by_metric: dict[str, list[Value]] = {}
    for value in found.values.values():
        if value.case_id in wanted:
            by_metric.setdefault(value.metric, []).append(value)
    seeds = seeds_of(who.card, None)
    got: dict[str, dict[str, float]] = {}
    lacking: dict[str, str] = {}
    for name in metrics:
        got[name] = numbers(by_metric.get(name, ()), plugins.metric(name), seeds)
        if not got[name]:
            reasons = [value.reason for value in by_metric.get(name, ()) if value.reason]
            lacking[name] = reasons[0] if reasons else f"no value of {who.label}"
    return got, lacking


def compare(
    first: Side,
    second: Side,
    dataset: Dataset,
    protocol: Protocol,
    split: str,
    metrics: Sequence[str],
    *,
    subset: Sequence[str] = (),
) -> Report:
    """Compare two methods of runs on the cases where both succeeded.

    Raises:
        A2BenchError: a side is not scored; no common case; no metric can be compared.
    """
    cases = dataset.cases(protocol, split)
    chosen = choose(dataset, cases, subset) if subset else list(cases)
    wanted = frozenset(case.case_id for case in chosen)
    ours, our_lack = of_side(first, dataset, protocol, split, metrics, wanted)
    theirs, their_lack = of_side(second, dataset, protocol, split, metrics, wanted)
    return report(
        (first.label, second.label),
        (ours, theirs),
        their_lack | our_lack,
        metrics,
        clusters_of(chosen),
        dataset=dataset.label,
        protocol=protocol,
        split=split,
        subset=subset,
    )


def report(
    labels: tuple[str, str],
    sides: tuple[Mapping[str, Mapping[str, float]], Mapping[str, Mapping[str, float]]],
    skipped: dict[str, str],
    metrics: Sequence[str],
    clusters: Mapping[str, statistics.Clusters],
    *,
    dataset: str,
    protocol: Protocol,
    split: str,
    subset: Sequence[str] = (),
) -> Report:
    """Compare two sides, wherever their numbers come from.

    Args:
        labels: of the first and the second.
        sides: of each, metric -> case id -> number.
        skipped: metric -> why a side has none.
        metrics: to compare, in order.
        clusters: case id -> its characters, for every case that is asked for.
        dataset: name and version.
        protocol: of the cases.
        split: of the cases.
        subset: which of them.

    Raises:
        A2BenchError: no common case; no metric can be compared.
    """
    ours, theirs = sides
    paired = {
        name: statistics.compare(
            ours[name],
            theirs[name],
            clusters,
            higher_is_better=plugins.metric(name).direction == "higher",
        )
        for name in metrics
        if name not in skipped
    }
    if not paired:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise A2BenchError(f"no metric can be compared ({reasons}).")
    tested = [name for name, found in paired.items() if found.p is not None]
    adjusted = dict(
        zip(tested, statistics.holm([paired[name].p or 1.0 for name in tested]), strict=True)
    )
    lines = tuple(
        _line(name, ours[name], theirs[name], found, adjusted.get(name))
        for name, found in paired.items()
    )
    return Report(
        first=labels[0],
        second=labels[1],
        dataset=dataset,
        protocol=protocol,
        split=split,
        subset=tuple(subset),
        of=len(clusters),
        lines=lines,
        skipped=skipped,
        verdict=_verdict([line.verdict for line in lines]),
    )


def _line(
    name: str,
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    paired: Comparison,
    p_adjusted: float | None,
) -> Line:
    metric = plugins.metric(name)
    sign = 1.0 if metric.direction == "higher" else -1.0
    common = sorted(ours.keys() & theirs.keys())
    by_gain = sorted(
        common, key=lambda case_id: (sign * (theirs[case_id] - ours[case_id]), case_id)
    )
    won = [name for name in by_gain[:DIFFER_MOST] if sign * (ours[name] - theirs[name]) > 0]
    lost = [
        name for name in reversed(by_gain[-DIFFER_MOST:]) if sign * (ours[name] - theirs[name]) < 0
    ]
    verdict: Verdict = "inconclusive"
    if p_adjusted is not None and p_adjusted <= ALPHA and paired.effect.value != 0:
        verdict = "better" if sign * paired.effect.value > 0 else "worse"
    return Line(
        metric=name,
        first=math.fsum(ours[case_id] for case_id in common) / len(common),
        second=math.fsum(theirs[case_id] for case_id in common) / len(common),
        paired=paired,
        p_adjusted=p_adjusted,
        verdict=verdict,
        differ_most=tuple((name, ours[name], theirs[name]) for name in [*won, *lost]),
    )


def _verdict(verdicts: Sequence[Verdict]) -> Verdict:
    better, worse = "better" in verdicts, "worse" in verdicts
    if better == worse:  # nothing shown, or one metric against another
        return "inconclusive"
    return "better" if better else "worse"


@dataclass(frozen=True)
class Check:
    """One condition of a gate and what came of it.

    Attributes:
        text: the condition in words.
        found: what was measured, with its interval.
        verdict: `better`: holds; `worse`: does not; `inconclusive`: the interval holds both.
    """

    text: str
    found: str
    verdict: Verdict


def threshold_check(name: str, asked: float, found: Estimate) -> Check:
    """Return whether a mean is at least as good as a number, all of its interval counted."""
    metric = plugins.metric(name)
    sign = 1.0 if metric.direction == "higher" else -1.0
    text = f"{name} {'>=' if sign > 0 else '<='} {asked:g}"
    shown = f"{found.value:.{metric.digits}f}"
    if found.low is None or found.high is None:
        return Check(text, f"{shown}, one character: no interval", "inconclusive")
    shown += f" [{found.low:.{metric.digits}f}, {found.high:.{metric.digits}f}]"
    worst, best = sorted((sign * found.low, sign * found.high))
    verdict: Verdict = "inconclusive"
    if worst >= sign * asked:
        verdict = "better"
    elif best < sign * asked:
        verdict = "worse"
    return Check(text, shown, verdict)


def no_worse_checks(report: Report) -> list[Check]:
    """Return, a metric a check, whether the first method was shown to be worse than the second."""
    checks = []
    for line in report.lines:
        digits = plugins.metric(line.metric).digits
        effect = line.paired.effect
        shown = f"{line.first:.{digits}f} against {line.second:.{digits}f}"
        if line.p_adjusted is None:
            shown += ", one character: no test"
        else:
            shown += f", difference {effect.value:+.{digits}f}, Holm p {line.p_adjusted:.4f}"
        verdict: Verdict = "better" if line.verdict != "worse" else "worse"
        if line.p_adjusted is None:
            verdict = "inconclusive"
        checks.append(Check(f"{line.metric} no worse than {report.second}", shown, verdict))
    return checks


def gate_verdict(checks: Sequence[Check]) -> Verdict:
    """Return `worse` where one condition fails, `better` where all hold, else `inconclusive`."""
    verdicts = {check.verdict for check in checks}
    if "worse" in verdicts:
        return "worse"
    return "inconclusive" if "inconclusive" in verdicts else "better"
