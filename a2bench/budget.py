"""As many cases as fit into a time: two are timed, then the longest split that fits is run."""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.execute import RunSummary
from a2bench.records import MethodCard, Protocol
from a2bench.run import plan, run
from a2bench.runner import Job, Preparing, Runner, SizedRunner, with_options
from a2bench.store import RunFolder

TIMED_CASES = 2
"""Cases a method that are made first; they are part of every split, so nothing is made twice."""


@dataclass(frozen=True)
class Estimate:
    """What was measured, and what follows.

    Attributes:
        seconds_a_case: method -> seconds of one case on one device, loading left out.
        devices: method -> clips that are made at the same time in what is left of the whole split;
            methods with nothing left are not in it.
        seconds: split -> seconds it would still take, for the splits up to the one asked for.
        chosen: the longest that fits; "" if none does.
    """

    seconds_a_case: dict[str, float]
    devices: dict[str, int]
    seconds: dict[str, float]
    chosen: str

    def lines(self, budget_seconds: float) -> list[str]:
        """Return the estimate for people."""
        lines = [
            f"{method}: {each:.1f} s a case"
            + (f", {self.devices[method]} at a time" if self.devices.get(method, 1) > 1 else "")
            for method, each in self.seconds_a_case.items()
        ]
        whole = list(self.seconds)[-1]
        lines.append(f"whole split {whole}: about {as_duration(self.seconds[whole])} more")
        if self.chosen:
            needs = as_duration(self.seconds[self.chosen])
            lines.append(
                f"budget {as_duration(budget_seconds)}: taking split {self.chosen}, about {needs}"
            )
        return lines


def as_duration(seconds: float) -> str:
    """Return seconds as people write them: 45 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


def run_within(
    budget_seconds: float,
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    *,
    runner: str = "local",
    runner_options: Mapping[str, object] | None = None,
    seeds: Sequence[int] | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
) -> tuple[RunSummary, Estimate]:
    """Time two cases a method, then run the longest nested split that fits into the time.

    Returns:
        What was done in all, and the estimate with the split that was taken.

    Raises:
        A2BenchError: not even the shortest split fits, or no timed case succeeded: the timed cases
            are kept; or a back end that is asked to run nothing.
    """
    started = time.monotonic()
    back_end = with_options(plugins.runner(runner), runner, runner_options or {})
    if isinstance(back_end, Preparing) and back_end.prepares():
        raise A2BenchError(
            "budget= times two cases a method, and what only writes a script runs none.\n"
            "hint: give budget= without runner.script; or split= with it, as long as it may be"
        )
    counts = dataset.info.splits
    splits = [
        name for name in sorted(counts, key=counts.__getitem__) if counts[name] <= counts[split]
    ]

    def missing(name: str) -> tuple[list[Job], RunSummary]:
        return plan(store, dataset, cards, protocols, name, seeds=seeds, retry_failed=retry_failed)

    def made(chosen: str, jobs: Sequence[Job]) -> RunSummary:
        return run(
            store,
            dataset,
            cards,
            protocols,
            chosen,
            runner=runner,
            runner_options=runner_options,
            seeds=seeds,
            workers=workers,
            retry_failed=retry_failed,
            only={job.request.fingerprint for job in jobs},
        )

    done_before = {name: missing(name)[1].done_before for name in splits}
    jobs, _ = missing(split)
    before = made(split, [job for card in cards for job in _first(jobs, card.name)])
    # a timed case that failed has had its retry
    settled = {result.fingerprint for result in before.failed}
    left = {
        name: [job for job in missing(name)[0] if job.request.fingerprint not in settled]
        for name in splits
    }
    each = {
        card.name: _seconds_a_case(store, dataset, card, protocols, split)
        for card in cards
        if any(job.card.name == card.name for job in jobs)
    }
    devices: dict[str, int] = {}
    seconds = dict.fromkeys(splits, 0.0)
    for name in splits:
        for card in cards:
            if count := sum(job.card.name == card.name for job in left[name]):
                devices[card.name] = _devices(back_end, card, count, workers)
                seconds[name] += math.ceil(count / devices[card.name]) * each[card.name]
    remaining = budget_seconds - (time.monotonic() - started)
    # what is made already needs no time, even where the timed cases took all of it
    fitting = [name for name, needed in seconds.items() if needed <= max(remaining, 0.0)]
    estimate = Estimate(each, devices, seconds, fitting[-1] if fitting else "")
    if not fitting:
        shortest = next(iter(seconds))
        spent = time.monotonic() - started
        raise A2BenchError(
            "\n".join(estimate.lines(budget_seconds))
            + f"\nbudget={as_duration(budget_seconds)}: even split {shortest} needs about "
            f"{as_duration(seconds[shortest])} more; the timed cases are kept.\n"
            f"hint: budget={int(seconds[shortest] + spent) + 1}s"
        )
    after = made(estimate.chosen, left[estimate.chosen])
    known = {result.fingerprint for result in after.failed}
    return replace(
        after,
        finished=before.finished + after.finished,
        made=before.made + after.made,
        failed=[result for result in before.failed if result.fingerprint not in known]
        + after.failed,
        done_before=done_before[estimate.chosen],
    ), estimate


def _first(jobs: Sequence[Job], method: str) -> list[Job]:
    """Return the first seed of the first cases of a method that are not done."""
    found: dict[str, Job] = {}
    for job in jobs:
        if job.card.name == method:
            found.setdefault(job.request.case.case_id, job)
    return list(found.values())[:TIMED_CASES]


def _seconds_a_case(
    store: RunFolder,
    dataset: Dataset,
    card: MethodCard,
    protocols: Sequence[Protocol],
    split: str,
) -> float:
    """Return the median over what is done; loading happens once a device and is left out."""
    found, reasons = [], []
    for protocol in protocols:
        for case in dataset.cases(protocol, split):
            for seed in store.seeds(dataset, protocol, card.name):
                result = store.result(dataset, case, card.name, seed, fingerprint=None)
                if result is None:
                    continue
                if result.status == "ok":
                    stages = {k: v for k, v in result.seconds.items() if not k.startswith("step_")}
                    found.append(sum(stages.values()) - stages.get("load", 0.0))
                else:
                    reasons.append(f"{result.failure or result.status}: {result.reason}")
    if not found:
        raise A2BenchError(
            f"method {card.name!r}: no timed case succeeded, so nothing can be estimated.\n"
            f"{reasons[-1] if reasons else 'no result'}"
        )
    return statistics.median(found)


def _devices(back_end: Runner, card: MethodCard, cases: int, workers: int | None) -> int:
    return back_end.devices(card, cases, workers) if isinstance(back_end, SizedRunner) else 1
