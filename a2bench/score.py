"""Predictions -> values: one decode of each video serves all metrics.

A value's key is the digest of truth, prediction and metric version: what is there with the same
key is kept, so scoring again does only what is missing. Results are the same for any number of
workers and any order, because each case is scored on its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, problems_error
from a2bench.metric import ClipPair, Outcome, Video, View
from a2bench.ondemand import Truth, load_truth, truth_digest, truth_digests, truth_folder
from a2bench.parallel import in_processes
from a2bench.paths import only_one, sha256_file, sha256_text, sweep_asides
from a2bench.progress import progress
from a2bench.records import Case, MethodCard, Protocol, Region, Result, Value
from a2bench.results import read_values, write_values
from a2bench.run import files_of, fingerprint, reason_not_applicable, seeds_of
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
    asked = {name: plugins.metric(name) for _, names in task.entries for name in names}
    show = _Shown(truth, case.protocol, {(metric.view, metric.region) for metric in asked.values()})
    masked = truth.masks is not None
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
        pairs: dict[View, ClipPair] = {}
        for name in metrics:
            metric = asked[name]
            if metric.view not in pairs:
                pairs[metric.view] = show.pair(frames, metric.view)
            outcome = metric.outcome(pairs[metric.view])
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
                    region=metric.scored_region(masked=masked),
                    unit=metric.unit,
                    key=measurement_key(
                        truth_digest(digests), entry.prediction_sha256, name, metric.version
                    ),
                )
            )
    return values


class _Shown:
    """What metrics are shown of a case: the truth's side is made once for all predictions."""

    def __init__(self, truth: Truth, protocol: Protocol, asked: set[tuple[View, Region]]) -> None:
        self._truth = truth
        views = {view for view, _ in asked}
        self._instants = truth.scored_frames(protocol)
        self._target = truth.frames[self._instants] if "scored" in views else None
        pixels = truth.scored_pixels() if "scored" in views else None
        self._pixels = None if pixels is None else pixels[self._instants]
        self._background = truth.background() if ("scored", "background") in asked else None

    def pair(self, frames: Video, view: View) -> ClipPair:
        """Return a prediction of all instants beside its truth, as this view has them."""
        if self._target is None or view == "field":
            return ClipPair(frames, self._truth.frames)
        return ClipPair(
            frames[self._instants],
            self._target,
            self._pixels,
            self._background,
            tuple(self._instants),
        )


@dataclass(frozen=True)
class Lookup:
    """What is known of a set of cases, and what is not.

    Attributes:
        values: current ones: made from the predictions, truths and metrics that are there now.
        tasks: what has to be computed.
        absent: cases that were never run, one line each.
        stored: every value the run has, current or not.
    """

    values: dict[ValueKey, Value]
    tasks: list[CaseTask]
    absent: list[str]
    stored: dict[ValueKey, Value]


def lookup(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    metrics: Sequence[str],
    *,
    seeds: Sequence[int] | None = None,
) -> Lookup:
    """Find the values that are current; computes nothing.

    Raises:
        A2BenchError: predictions of an in-process method whose card or code is another one now.
    """
    stored = _stored_values(store.values_folder(dataset))
    found = Lookup({}, [], [], stored)
    files = {card.name: files_of(card) for card in cards if card.kind == "in_process"}
    lacking = {name: plugins.metric(name).missing() for name in metrics}
    for protocol in protocols:
        for case in dataset.cases(protocol, split):
            digests = truth_digests(dataset, case)
            truth = None if digests is None else truth_digest(digests)
            entries: list[tuple[Entry, tuple[str, ...]]] = []
            for card in cards:
                reason = reason_not_applicable(card, dataset, case)
                for seed in seeds_of(card, seeds):
                    made_by = (
                        fingerprint(card, files[card.name], dataset, case, seed)
                        if card.name in files
                        else None
                    )
                    result = (
                        None
                        if reason
                        else store.result(dataset, case, card.name, seed, fingerprint=made_by)
                    )
                    if result is not None and result.status == "skipped":
                        result = None  # not the method's fault: it is still to be done
                    if result is None and not reason:
                        found.absent.append(f"{card.name} {protocol} seed {seed} {case.case_id}")
                    for value in _values_without_video(
                        dataset, case, card, seed, result, reason, lacking
                    ):
                        found.values[value_key(value)] = value
                    if result is None or result.status != "ok":
                        continue
                    prediction = result.prediction_sha256 or ""
                    missing = []
                    for name in metrics:
                        about = (protocol, card.name, seed, case.case_id, name)
                        if about in found.values:
                            continue
                        old = stored.get(about)
                        version = plugins.metric(name).version
                        if (
                            old is not None
                            and truth is not None
                            and old.key == measurement_key(truth, prediction, name, version)
                        ):
                            found.values[about] = old
                        else:
                            missing.append(name)
                    if missing:
                        path = store.prediction(dataset, protocol, card.name, seed, case.case_id)
                        entries.append((Entry(card.name, seed, path, prediction), tuple(missing)))
            if entries:
                found.tasks.append(CaseTask(dataset.folder, case, tuple(entries)))
    return found


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
    with only_one(folder / "lock", "scoring into this run"):
        found = lookup(store, dataset, cards, protocols, split, metrics, seeds=seeds)
        if found.absent and not allow_partial:
            shown = [*found.absent[:20], *(["..."] if len(found.absent) > 20 else [])]
            raise problems_error(
                "cases that have no prediction yet; run them (a2bench run ...), or leave the "
                "method out (method=[...] names the rows), or say allow_partial=true, which marks "
                "the table",
                shown,
            )
        for value in _scored(found.tasks, folder, workers):
            found.values[value_key(value)] = value
        merged = found.stored | found.values
        if merged != found.stored or (folder / "values.jsonl").exists():
            write_values(folder / "values.parquet", [merged[key] for key in sorted(merged)])
            (folder / "values.jsonl").unlink(missing_ok=True)
    return [found.values[key] for key in sorted(found.values)]


def ensure_truths(dataset: Dataset, cases: Sequence[Case], workers: int | None = None) -> int:
    """Render every cross truth that is not there yet, on all cores; return how many were made."""
    sweep_asides(dataset.cache / "cross")
    missing = [case for case in cases if truth_digests(dataset, case) is None]
    if missing:
        tasks = [(dataset, case) for case in missing]
        with progress("render cross truths", len(missing)) as shown:
            for folder in in_processes(truth_folder, tasks, workers=workers):
                shown.advance(note=folder.name)
    return len(missing)


def _stored_values(folder: Path) -> dict[ValueKey, Value]:
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
    total = sum(len(task.entries) for task in tasks)
    done = {task.case.case_id + task.case.protocol: len(task.entries) for task in tasks}
    with (
        progress("score", total) as shown,
        (folder / "values.jsonl").open("a", encoding="utf-8") as journal,
    ):
        for values in in_processes(score_case, [(task,) for task in tasks], workers=workers):
            journal.write("".join(value.model_dump_json() + "\n" for value in values))
            journal.flush()
            yield from values
            first = values[0]
            shown.advance(done[first.case_id + first.protocol], note=first.case_id)


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
    lacking: Mapping[str, str],
) -> list[Value]:
    """Return the values that are known without looking at a video: a status and a reason."""
    masked = dataset.sample(case.reference_id).has_mask
    values = []
    for name, absent in lacking.items():
        metric = plugins.metric(name)
        if not_applicable:
            outcome = Outcome(None, "not_applicable", not_applicable)
        elif result is None:
            outcome = Outcome(None, "missing", "no prediction")
        elif result.status != "ok":
            reason = f"{result.failure or result.status}: {result.reason}"
            outcome = Outcome(None, "failed", reason)
        elif absent:
            outcome = Outcome(None, "unavailable", absent)
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
                region=metric.scored_region(masked=masked),
                unit=metric.unit,
                key=measurement_key(
                    "", f"{outcome.status}: {outcome.reason}", name, metric.version
                ),
            )
        )
    return values
