"""Data set -> runner -> predictions. Running again does only what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.parallel import worker_count
from a2bench.paths import canonical_json, sha256_file, sha256_text
from a2bench.progress import progress
from a2bench.records import Case, MethodCard, Protocol, Request, Result
from a2bench.runner import Job
from a2bench.store import RunFolder
from a2bench.worker import make_worker

PROMPT = "a character dancing"
"""The neutral sentence of the headline prompt track (`prompt=fixed`)."""

SEEDS = (0, 1, 2)
"""Fixed seeds of stochastic methods; deterministic ones run once, with the first."""


@dataclass
class RunSummary:
    """What a run did."""

    done_before: int = 0
    finished: int = 0
    failed: list[Result] = field(default_factory=list)
    not_applicable: list[tuple[str, Protocol, str]] = field(default_factory=list)
    made: int = 0
    """Of those finished, the ones with a prediction."""


def reason_not_applicable(card: MethodCard, dataset: Dataset, case: Case) -> str:
    """Return why a method has no meaning for a case, or "" where it has."""
    if case.protocol in card.not_applicable:
        return card.not_applicable[case.protocol]
    if "pose" in card.inputs_seen and not (
        dataset.sample(case.reference_id).has_pose and dataset.sample(case.driver_id).has_pose
    ):
        return "needs poses, which are not known there"
    return ""


def seeds_of(card: MethodCard, seeds: Sequence[int] | None) -> tuple[int, ...]:
    """Return the seeds to run: those asked for, else three, or one where nothing is random."""
    if not card.stochastic:
        return SEEDS[:1]
    return tuple(seeds) if seeds is not None else SEEDS


def files_of(card: MethodCard) -> dict[str, str]:
    """Return file name -> digest of what decides an in-process method's answers."""
    return {path.name: sha256_file(path) for path in plugins.method_files(card.name)}


def fingerprint(
    card: MethodCard, files: dict[str, str], dataset: Dataset, case: Case, seed: int
) -> str:
    """Digest of everything that decides a prediction, as `sha256:<hex>`.

    Args:
        card: of the method.
        files: `files_of(card)`.
        dataset: of the case.
        case: which one.
        seed: of a stochastic method, else the first.
    """
    return sha256_text(
        canonical_json(
            {
                "card": card.model_dump(mode="json"),
                "case": case.model_dump(mode="json"),
                "files": files,
                "driver": dataset.sample(case.driver_id).digests,
                "prompt": PROMPT,
                "reference": dataset.sample(case.reference_id).digests,
                "seed": seed,
            }
        )
    )


def plan(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    *,
    seeds: Sequence[int] | None = None,
    retry_failed: bool = False,
) -> tuple[list[Job], RunSummary]:
    """Return the jobs that are missing, and what is done or has no meaning; no side effects.

    Raises:
        A2BenchError: a method that cannot be run from here, or results of another setting.
    """
    summary = RunSummary()
    jobs: list[Job] = []
    for card in cards:
        if card.kind != "in_process":
            raise A2BenchError(
                f"method {card.name!r} is {card.kind}: it runs elsewhere, its videos are scored.\n"
                f"hint: a2bench inputs --dataset {dataset.info.name} --protocol {protocols[0]} "
                f"--split {split} --out inputs, then a2bench score --predictions FOLDER "
                f"method={card.name}"
            )
        files = files_of(card)
        for protocol in protocols:
            for case in dataset.cases(protocol, split):
                if reason := reason_not_applicable(card, dataset, case):
                    if (card.name, protocol, reason) not in summary.not_applicable:
                        summary.not_applicable.append((card.name, protocol, reason))
                    continue
                for seed in seeds_of(card, seeds):
                    request = Request(
                        method=card.name,
                        dataset=str(dataset.folder),
                        case=case,
                        seed=seed,
                        prompt=PROMPT,
                        output=str(
                            store.prediction(dataset, protocol, card.name, seed, case.case_id)
                        ),
                        fingerprint=fingerprint(card, files, dataset, case, seed),
                    )
                    done = store.result(
                        dataset, case, card.name, seed, fingerprint=request.fingerprint
                    )
                    if done is None or (retry_failed and done.status == "failed"):
                        jobs.append(Job(card, request))
                    else:
                        summary.done_before += 1
                        if done.status == "failed":
                            summary.failed.append(done)
    return jobs, summary


def run(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    *,
    runner: str = "local",
    seeds: Sequence[int] | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
) -> RunSummary:
    """Make every prediction that is missing.

    Raises:
        A2BenchError: see `plan`; or unknown runner.
    """
    back_end = plugins.runner(runner)
    jobs, summary = plan(
        store, dataset, cards, protocols, split, seeds=seeds, retry_failed=retry_failed
    )
    if not jobs:
        return summary
    outputs = {
        (
            job.request.method,
            job.request.case.protocol,
            job.request.seed,
            job.request.case.case_id,
        ): (Path(job.request.output))
        for job in jobs
    }
    worker_count(workers, len(jobs))  # says what is wrong before anything starts
    with progress("run", len(jobs)) as shown:
        for result in back_end.run(jobs, make_worker, workers=workers):
            key = (result.method, result.protocol, result.seed, result.case_id)
            store.save_result(outputs[key], result)
            summary.finished += 1
            if result.status == "failed":
                summary.failed.append(result)
            else:
                summary.made += 1
            shown.advance(note=f"{result.method} {result.case_id} {result.failure or ''}")
    if summary.finished != len(jobs):
        raise A2BenchError(
            f"runner {runner!r} answered {summary.finished} of {len(jobs)} jobs.\n"
            "hint: run the same command again; what was answered is kept"
        )
    return summary
