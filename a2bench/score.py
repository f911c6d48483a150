"""Predictions -> values: one decode of each video serves all metrics.

A value's key is the digest of truth, prediction and metric version: what is there with the same
key is kept, so scoring again does only what is missing. Results are the same for any number of
workers and any order, because each case is scored on its own.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, problems_error
from a2bench.metric import ClipPair, Outcome
from a2bench.ondemand import load_truth, truth_digest, truth_digests, truth_folder
from a2bench.paths import sha256_file, sha256_text
from a2bench.progress import progress
from a2bench.records import Case, MethodCard, Protocol, Region, Result, Value
from a2bench.results import read_values, write_values
from a2bench.run import reason_not_applicable, seeds_of
from a2bench.store import RunFolder
from a2bench.video import read_video

RULES = "a2bench.rules/1"
"""Version of what lies between videos and metrics: frames left out, region, undefined parts."""

ValueKey = tuple[str, str, int, str, str]
"""(protocol, method, seed, case id, metric)."""


def value_key(value: Value) -> ValueKey:
    """Return what a value is about."""
    return value.protocol, value.method, value.seed, value.case_id, value.metric


@dataclass(frozen=True)
class Entry:
    """One prediction to score."""

    method: str
    seed: int
    path: Path
    prediction_sha256: str


@dataclass(frozen=True)
class CaseTask:
    """All that is to be scored on one truth."""

    dataset: Path
    case: Case
    entries: tuple[tuple[Entry, tuple[str, ...]], ...]
    """Each prediction with the metrics that are missing."""


def measurement_key(truth: str, prediction_sha256: str, metric: str, version: int) -> str:
    """Digest of everything that decides a value, as `sha256:<hex>`."""
    return sha256_text("|".join((RULES, truth, prediction_sha256, metric, str(version))))


def score_case(task: CaseTask) -> list[Value]:
    """Score every prediction of one case; runs in a worker process.

    Raises:
        A2BenchError: truth or prediction files are not what was built or stored.
    """
    import cv2

    cv2.setNumThreads(1)  # one process a core
    dataset = Dataset.open(task.dataset)
    case = task.case
    truth = load_truth(dataset, case)
    digests = truth_digests(dataset, case)
    assert digests is not None  # load_truth has made them
    scored = truth.scored_frames()
    pixels = truth.scored_pixels()
    target = truth.frames[scored]
    scored_pixels = None if pixels is None else pixels[scored]
    values: list[Value] = []
    for entry, metrics in task.entries:
        if sha256_file(entry.path) != entry.prediction_sha256:
            raise A2BenchError(
                f"{entry.path}: not the file that was stored (its SHA-256 differs).\n"
                "hint: delete it and its .json, then run again"
            )
        frames = read_video(entry.path).frames
        if frames.shape != truth.frames.shape:
            raise A2BenchError(f"{entry.path}: {frames.shape = }, truth {truth.frames.shape}")
        pair = ClipPair(frames[scored], target, scored_pixels)
        for name in metrics:
            metric = plugins.metric(name)
            outcome = metric.outcome(pair)
            values.append(
                Value(
                    protocol=case.protocol,
                    method=entry.method,
                    seed=entry.seed,
                    case_id=case.case_id,
                    metric=name,
                    version=metric.version,
                    value=outcome.value,
                    status=outcome.status,
                    reason=outcome.reason,
                    region=_region(name, masked=pixels is not None),
                    unit=metric.unit,
                    key=measurement_key(
                        truth_digest(digests), entry.prediction_sha256, name, metric.version
                    ),
                )
            )
    return values


def _region(metric: str, *, masked: bool) -> Region:
    return "motion" if masked and not metric.endswith("_full") else "frame"


def score(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    metrics: Sequence[str],
    *,
    seeds: Sequence[int] | None = None,
    allow_partial: bool = False,
    workers: int | None = None,
) -> list[Value]:
    """Score what is missing and return all values of these methods, cases and metrics, sorted.

    Raises:
        A2BenchError: cases that were never run (unless `allow_partial`), damaged files, a dead
            worker; what was scored before is kept.
    """
    folder = store.values_folder(dataset)
    known = _known_values(folder)
    wanted: dict[ValueKey, Value] = {}
    tasks: list[CaseTask] = []
    absent: list[str] = []
    for protocol in protocols:
        for case in dataset.cases(protocol, split):
            digests = truth_digests(dataset, case)
            entries: list[tuple[Entry, tuple[str, ...]]] = []
            for card in cards:
                reason = reason_not_applicable(card, dataset, case)
                for seed in seeds_of(card, seeds):
                    result = (
                        None
                        if reason
                        else store.result(dataset, case, card.name, seed, fingerprint=None)
                    )
                    if result is None and not reason:
                        absent.append(f"{card.name} {protocol} seed {seed} {case.case_id}")
                    without = _values_without_video(
                        dataset, case, card, seed, result, reason, metrics
                    )
                    wanted |= {value_key(value): value for value in without}
                    if result is None or result.status != "ok":
                        continue
                    missing = []
                    for name in metrics:
                        about = (protocol, card.name, seed, case.case_id, name)
                        if about in wanted:  # unavailable on this machine
                            continue
                        found = known.get(about)
                        if (
                            found is not None
                            and digests is not None
                            and found.key
                            == (
                                measurement_key(
                                    truth_digest(digests),
                                    result.prediction_sha256 or "",
                                    name,
                                    plugins.metric(name).version,
                                )
                            )
                        ):
                            wanted[about] = found
                        else:
                            missing.append(name)
                    if missing:
                        path = store.prediction(dataset, protocol, card.name, seed, case.case_id)
                        entry = Entry(card.name, seed, path, result.prediction_sha256 or "")
                        entries.append((entry, tuple(missing)))
            if entries:
                tasks.append(CaseTask(dataset.folder, case, tuple(entries)))
    if absent and not allow_partial:
        shown = [*absent[:20], *(["..."] if len(absent) > 20 else [])]
        raise problems_error(
            "cases that have no prediction yet; run them (a2bench run ...), or say "
            "allow_partial=true, which marks the table",
            shown,
        )
    for value in _scored(tasks, folder, workers):
        wanted[value_key(value)] = value
    merged = known | wanted
    if merged != known or (folder / "values.jsonl").exists():
        write_values(folder / "values.parquet", [merged[key] for key in sorted(merged)])
        (folder / "values.jsonl").unlink(missing_ok=True)
    return [wanted[key] for key in sorted(wanted)]


def ensure_truths(dataset: Dataset, cases: Sequence[Case], workers: int | None = None) -> int:
    """Render every cross truth that is not there yet, on all cores; return how many were made."""
    missing = [case for case in cases if truth_digests(dataset, case) is None]
    if missing:
        count = min(workers or os.cpu_count() or 1, len(missing))
        with (
            progress("render cross truths", len(missing)) as shown,
            ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool,
        ):
            futures = [pool.submit(truth_folder, dataset, case) for case in missing]
            for future in as_completed(futures):
                shown.advance(note=future.result().name)
    return len(missing)


def _known_values(folder: Path) -> dict[ValueKey, Value]:
    known: dict[ValueKey, Value] = {}
    if (folder / "values.parquet").exists():
        known = {value_key(value): value for value in read_values(folder / "values.parquet")}
    journal = folder / "values.jsonl"
    if journal.exists():
        for line in journal.read_text(encoding="utf-8").split("\n")[:-1]:  # a torn last line: no \n
            value = Value.model_validate_json(line)
            known[value_key(value)] = value
    return known


def _scored(tasks: Sequence[CaseTask], folder: Path, workers: int | None) -> Iterable[Value]:
    """Yield values as cases are done, each case's appended to the journal first."""
    if not tasks:
        return
    folder.mkdir(parents=True, exist_ok=True)
    _mend_journal(folder / "values.jsonl")
    count = min(workers or os.cpu_count() or 1, len(tasks))
    total = sum(len(task.entries) for task in tasks)
    with (
        progress("score", total) as shown,
        (folder / "values.jsonl").open("a", encoding="utf-8") as journal,
        ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool,
    ):
        futures = {pool.submit(score_case, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                values = future.result()
                journal.write("".join(value.model_dump_json() + "\n" for value in values))
                journal.flush()
                yield from values
                task = futures[future]
                shown.advance(len(task.entries), note=task.case.case_id)
        except BrokenProcessPool as error:
            raise A2BenchError(
                "a scoring process died (out of memory, or killed); what was scored is kept.\n"
                "hint: run the same command again, or with workers=1"
            ) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _mend_journal(path: Path) -> None:
    """Cut a last line that was torn by a kill."""
    if path.exists():
        text = path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")


def _values_without_video(
    dataset: Dataset,
    case: Case,
    card: MethodCard,
    seed: int,
    result: Result | None,
    not_applicable: str,
    metrics: Sequence[str],
) -> list[Value]:
    """Return the values that are known without looking at a video: a status and a reason."""
    masked = dataset.sample(case.reference_id).has_mask
    values = []
    for name in metrics:
        metric = plugins.metric(name)
        if not_applicable:
            outcome = Outcome(None, "not_applicable", not_applicable)
        elif result is None:
            outcome = Outcome(None, "missing", "no prediction")
        elif result.status != "ok":
            reason = f"{result.failure or result.status}: {result.reason}"
            outcome = Outcome(None, "failed", reason)
        elif lacking := metric.missing():
            outcome = Outcome(None, "unavailable", lacking)
        else:
            continue
        values.append(
            Value(
                protocol=case.protocol,
                method=card.name,
                seed=seed,
                case_id=case.case_id,
                metric=name,
                version=metric.version,
                value=None,
                status=outcome.status,
                reason=outcome.reason,
                region=_region(name, masked=masked),
                unit=metric.unit,
                key=measurement_key(
                    "", f"{outcome.status}: {outcome.reason}", name, metric.version
                ),
            )
        )
    return values
