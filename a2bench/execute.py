"""Having jobs done: results are stored as they come, one run a folder at a time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from a2bench.errors import A2BenchError
from a2bench.events import EventLog
from a2bench.paths import sweep_asides
from a2bench.progress import run_progress
from a2bench.records import Protocol, Request, Result
from a2bench.runner import Job, Runner
from a2bench.store import RunFolder
from a2bench.worker import make_worker


@dataclass
class RunSummary:
    """What a run did."""

    done_before: int = 0
    finished: int = 0
    failed: list[Result] = field(default_factory=list)
    skipped: list[Result] = field(default_factory=list)
    """Cases this machine could not do (disk full, device lost): done by the next run."""
    not_applicable: list[tuple[str, Protocol, str]] = field(default_factory=list)
    made: int = 0
    """Of those finished, the ones with a prediction."""


def carry_out(
    store: RunFolder,
    jobs: Sequence[Job],
    summary: RunSummary,
    back_end: Runner,
    *,
    workers: int | None,
    about: Mapping[str, object],
    unready: Mapping[str, str] | None = None,
) -> None:
    """Have jobs done by a back end and store every result as it comes.

    Args:
        store: where.
        jobs: what.
        summary: is added to.
        back_end: by whom.
        workers: CPU workers; None: one a core.
        about: fields of the event `run_started`.
        unready: method -> which of its weights this machine lacks; its cases are skipped.

    Raises:
        A2BenchError: the back end left jobs unanswered; what was answered is kept.
    """
    outputs = {_key(job.request): Path(job.request.output) for job in jobs}
    for folder in {output.parent for output in outputs.values()}:
        sweep_asides(folder)
    events = EventLog(store.folder / "events.jsonl")
    events.write("run_started", {**about, "to_do": len(jobs), "done_before": summary.done_before})
    started, how = time.monotonic(), "error"
    answered, failed_before = 0, len(summary.failed)
    lacking = unready or {}
    begun = [job for job in jobs if job.card.name not in lacking]
    skipped = [
        Result.skipped(job.request, lacking[job.card.name], "missing_weights")
        for job in jobs
        if job.card.name in lacking
    ]
    try:
        with run_progress(len(jobs)) as shown:
            made = back_end.run(begun, make_worker, workers=workers) if begun else ()
            for result in chain(skipped, made):
                kept = store.keep_result(outputs[_result_key(result)], result)
                answered += 1
                events.case(kept)
                _count(summary, kept)
                shown.answered(kept)
        how = "done"
    except KeyboardInterrupt:
        how = "interrupted"
        raise
    finally:
        counts = {"done": summary.made, "failed": len(summary.failed) - failed_before}
        counts["skipped"] = len(summary.skipped)
        seconds = round(time.monotonic() - started, 3)
        events.write("run_ended", {"how": how, "seconds": seconds, **counts})
    if answered != len(jobs):
        raise A2BenchError(
            f"the runner ({back_end.summary}) answered {answered} of {len(jobs)} jobs.\n"
            "hint: run the same command again; what was answered is kept"
        )


def _key(request: Request) -> tuple[str, Protocol, int, str]:
    return request.method, request.case.protocol, request.seed, request.case.case_id


def _result_key(result: Result) -> tuple[str, Protocol, int, str]:
    return result.method, result.protocol, result.seed, result.case_id


def _count(summary: RunSummary, result: Result) -> None:
    summary.finished += 1
    if result.status == "failed":
        summary.failed.append(result)
    elif result.status == "skipped":
        summary.skipped.append(result)
    else:
        summary.made += 1
