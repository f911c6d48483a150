"""Predictions -> values: one decode of each video serves all metrics.

A value's key is the digest of truth, prediction and metric version: what is there with the same
key is kept, so scoring again does only what is missing. Results are the same for any number of
workers and any order, because each case is scored on its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, problems_error
from a2bench.features import computed_in, extracted, shown_to_sets, write_features
from a2bench.metric import NO_POSE, ClipPair, Metric, Outcome, Poses, SetOutcome, Video, View
from a2bench.ondemand import (
    Truth,
    checked_file,
    load_truth,
    load_truth_pose,
    truth_digest,
    truth_digests,
    truth_folder,
)
from a2bench.parallel import in_processes
from a2bench.paths import only_one, sha256_file, sha256_text, sweep_asides, write_aside
from a2bench.pose.keypoints import VISIBLE, PoseClip
from a2bench.progress import progress
from a2bench.records import Case, MethodCard, Protocol, Region, Result, Value, set_id
from a2bench.results import read_values, write_values
from a2bench.run import reason_not_applicable, seeds_of
from a2bench.sets import (
    STAND_IN,
    Member,
    SetTask,
    has_features,
    identity,
    prediction_features_path,
    set_key,
    set_value,
    split_metrics,
    truth_features_path,
    value_without,
)
from a2bench.settings import Settings
from a2bench.store import RunFolder
from a2bench.video import read_image, read_video

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
    pose_sha256: str | None = field(default=None, compare=False)
    """Of the key points beside it; None: none were brought, or none are asked for."""


@dataclass(frozen=True)
class CaseTask:
    """All that is to be scored on one truth."""

    dataset: Path
    case: Case
    entries: tuple[tuple[Entry, tuple[str, ...]], ...]
    """Each prediction with the metrics that are missing; of a set metric its vectors are."""
    values_folder: Path
    """Of the run: vectors of predictions are kept there."""


def measurement_key(truth: str, prediction_sha256: str, metric: str) -> str:
    """Digest of everything that decides a value, as `sha256:<hex>`.

    Args:
        truth: digest of its pixels.
        prediction_sha256: of the file.
        metric: its `identity`: name, version, weights.
    """
    return sha256_text("|".join((RULES, truth, prediction_sha256, metric)))


def score_case(task: CaseTask) -> tuple[Case, list[Value]]:
    """Score every prediction of one case; runs in a worker process.

    Vectors for metrics of sets are written to their store; only values come back.

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
    if any(metric.all_weights for metric in asked.values()):
        import torch

        torch.set_num_threads(1)  # as above; and a sum's order never depends on the machine
    show = _Shown(truth, case.protocol, {(metric.view, metric.region) for metric in asked.values()})
    show.reference_image = _reference_image(dataset, case, asked.values())
    needs_pose = any(metric.needs_pose for metric in asked.values())
    true_pose = load_truth_pose(dataset, case) if needs_pose else None
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
        pose = None
        if true_pose is not None and entry.pose_sha256 is not None:
            pose = _brought_pose(entry)
        pairs: dict[View, ClipPair] = {}
        for name in metrics:
            metric = asked[name]
            if metric.of_set is not None:
                member = Member(case, entry.prediction_sha256)
                _keep_features(dataset, task.values_folder, member, metric, frames, truth)
                continue
            if metric.view not in pairs:
                pairs[metric.view] = show.pair(frames, metric.view, pose, true_pose)
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
                    key=_key(digests, metric, name, entry.prediction_sha256, entry.pose_sha256),
                    computed_in=computed_in(metric.weights) if outcome.status == "ok" else "",
                )
            )
    return case, values


def _keep_features(
    dataset: Dataset, folder: Path, member: Member, metric: Metric, frames: Video, truth: Truth
) -> None:
    """Compute what is missing of a case's vectors: the truth's once, the prediction's."""
    part = metric.of_set
    assert part is not None
    path = truth_features_path(dataset, member.case, metric, part)
    assert path is not None  # the truth is loaded
    noted = computed_in(part.extractor.weights)
    if not path.exists():
        shown = shown_to_sets(truth.frames, metric.view)
        write_features(path, extracted(part.extractor, shown), noted)
    own = prediction_features_path(folder, member.prediction_sha256, metric, part)
    if own.exists():
        return
    shown = shown_to_sets(frames, metric.view)
    if np.array_equal(shown, shown_to_sets(truth.frames, metric.view)):
        own.parent.mkdir(parents=True, exist_ok=True)
        with write_aside(own) as aside:  # with the truth's note: the network saw it there
            aside.write_bytes(path.read_bytes())
    else:
        write_features(own, extracted(part.extractor, shown), noted)


def _reference_image(
    dataset: Dataset, case: Case, metrics: Iterable[Metric]
) -> UInt8[np.ndarray, "h w 3"] | None:
    """Return the picture that the method was given, where a metric asks for it."""
    if not any(metric.sees_reference for metric in metrics):
        return None
    return read_image(checked_file(dataset, case.reference_id, "reference.png"))


def _key(
    digests: Mapping[str, str], metric: Metric, name: str, prediction: str, pose: str | None
) -> str:
    """Return the key of a value from what the metric looks at."""
    truth = truth_digest(dict(digests))
    if metric.needs_pose:
        truth, prediction = f"{truth}+{digests.get('pose')}", f"{prediction}+{pose}"
    return measurement_key(truth, prediction, identity(metric, name))


def _brought_pose(entry: Entry) -> PoseClip:
    path = entry.path.with_suffix(".pose.npz")
    if not path.exists() or sha256_file(path) != entry.pose_sha256:
        raise A2BenchError(
            f"{path}: not the file that was stored (missing, or its SHA-256 differs).\n"
            f"hint: delete {entry.path.parent} and bring the predictions again"
        )
    return PoseClip.load(path)


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
        self.reference_image: UInt8[np.ndarray, "h w 3"] | None = None

    def pair(
        self, frames: Video, view: View, pose: PoseClip | None, true_pose: PoseClip | None
    ) -> ClipPair:
        """Return a prediction of all instants beside its truth, as this view has them."""
        if self._target is None or view == "field":
            return ClipPair(frames, self._truth.frames, reference_image=self.reference_image)
        poses = None
        if pose is not None and true_pose is not None:
            at = self._instants
            seen = true_pose.visibility[at] == VISIBLE
            poses = Poses(pose.xy[at], true_pose.xy[at], np.asarray(seen))
        return ClipPair(
            frames[self._instants],
            self._target,
            self._pixels,
            self._background,
            tuple(self._instants),
            self.reference_image,
            poses,
        )


@dataclass(frozen=True)
class Lookup:
    """What is known of a set of cases, and what is not.

    Attributes:
        values: current ones: made from the predictions, truths and metrics that are there now.
        tasks: what has to be computed.
        sets: values of whole sets that have to be computed after that.
        absent: cases that were never run, one line each.
        stored: every value the run has, current or not.
    """

    values: dict[ValueKey, Value]
    tasks: list[CaseTask]
    absent: list[str]
    stored: dict[ValueKey, Value]
    sets: list[SetTask] = field(default_factory=list)


def lookup(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    metrics: Sequence[str],
    *,
    seeds: Sequence[int] | None = None,
    networks: bool = True,
) -> Lookup:
    """Find the values that are current; computes nothing.

    Args:
        store: the run.
        dataset: what it was run on.
        cards: the methods.
        protocols: of the cases.
        split: of the cases.
        metrics: names; of clips and of sets.
        seeds: of stochastic methods; None: those that the rules ask for.
        networks: whether metrics that need weights are computed; else they are unavailable.

    Raises:
        A2BenchError: predictions of an in-process method whose card or code is another one now.
    """
    stored = _stored_values(store.values_folder(dataset))
    found = Lookup({}, [], [], stored)
    settings = {card.name: Settings.of(card) for card in cards if not store.is_brought(card)}
    lacking = {name: _lacking(name, networks=networks) for name in metrics}
    metrics, of_sets = split_metrics(metrics)
    of_clips = {name: lacking[name] for name in metrics}
    nothing_lacks = dict.fromkeys(metrics, "")
    folder = store.values_folder(dataset)
    for protocol in protocols:
        clips = _Clips(store, dataset, protocol, split)
        decided = {
            name: here.completed(store.predictions(dataset, protocol, name))
            for name, here in settings.items()
        }
        for case in dataset.cases(protocol, split):
            digests = truth_digests(dataset, case)
            entries: list[tuple[Entry, tuple[str, ...]]] = []
            for card in cards:
                reason = reason_not_applicable(card, dataset, case)
                for seed in seeds_of(card, seeds):
                    result = (
                        None
                        if reason
                        else store.result(
                            dataset,
                            case,
                            card.name,
                            seed,
                            fingerprint=None,
                            settings=decided.get(card.name),
                        )
                    )
                    if result is not None and result.status == "skipped":
                        result = None  # not the method's fault: it is still to be done
                    if result is None and not reason:
                        found.absent.append(f"{card.name} {protocol} seed {seed} {case.case_id}")
                    # a value that is there counts even where its weights are not: below
                    lacks = nothing_lacks if result and result.status == "ok" else of_clips
                    for value in _values_without_video(
                        dataset, case, card, seed, result, reason, lacks
                    ):
                        found.values[value_key(value)] = value
                    clips.add(card, seed, case, result, reason)
                    if result is None or result.status != "ok":
                        continue
                    prediction = result.prediction_sha256 or ""
                    missing = []
                    for name in metrics:
                        about = (protocol, card.name, seed, case.case_id, name)
                        if about in found.values:
                            continue
                        old = stored.get(about)
                        if (
                            old is not None
                            and digests is not None
                            and old.key
                            == _key(
                                digests, plugins.metric(name), name, prediction, result.pose_sha256
                            )
                        ):
                            found.values[about] = old
                        elif lacking[name]:
                            unavailable = {name: lacking[name]}
                            (found.values[about],) = _values_without_video(
                                dataset, case, card, seed, result, "", unavailable
                            )
                        else:
                            missing.append(name)
                    if missing:
                        path = store.prediction(dataset, protocol, card.name, seed, case.case_id)
                        entry = Entry(card.name, seed, path, prediction, result.pose_sha256)
                        entries.append((entry, tuple(missing)))
            if entries:
                found.tasks.append(CaseTask(dataset.folder, case, tuple(entries), folder))
        clips.look_up(found, of_sets, lacking, folder)
    return found


def _lacking(name: str, *, networks: bool) -> str:
    """Return why a metric has no value on this machine or in this command."""
    metric = plugins.metric(name)
    if absent := metric.missing():
        return absent
    if not networks and metric.all_weights:
        return "this command computes no network metric; `a2bench score` does"
    return ""


class _Clips:
    """The clips of one protocol, by method and seed, as metrics of sets see them."""

    def __init__(self, store: RunFolder, dataset: Dataset, protocol: Protocol, split: str) -> None:
        self._store, self._dataset = store, dataset
        self._protocol, self._split = protocol, split
        self._members: dict[tuple[str, int], list[Member]] = {}
        self._problems: dict[tuple[str, int], SetOutcome] = {}
        self._paths: dict[str, Path] = {}

    def add(
        self, card: MethodCard, seed: int, case: Case, result: Result | None, reason: str
    ) -> None:
        """Take a case in: its own clip, the clip of `still`, or why there is none."""
        about = (card.name, seed)
        self._members.setdefault(about, [])
        if reason:
            self._problems.setdefault(about, SetOutcome(None, "not_applicable", reason))
            return
        if result is None:  # not run: the method has not failed, so nothing may stand for it
            self._problems.setdefault(
                about, SetOutcome(None, "missing", f"{case.case_id} was not run")
            )
            return
        method, standing = card.name, False
        if result.status != "ok":
            method, seed, standing = STAND_IN, 0, True
            result = self._stand_in(case)
        if result is None or result.status != "ok" or result.prediction_sha256 is None:
            self._problems.setdefault(
                about,
                SetOutcome(
                    None,
                    "undefined",
                    f"{case.case_id} has no clip, and `{STAND_IN}`, which stands for it, neither: "
                    f"`a2bench run method={STAND_IN} protocol={self._protocol} "
                    f"split={self._split}`",
                ),
            )
            return
        sha256 = result.prediction_sha256
        self._members[about].append(Member(case, sha256, standing))
        self._paths[sha256] = self._store.prediction(
            self._dataset, self._protocol, method, seed, case.case_id
        )

    def _stand_in(self, case: Case) -> Result | None:
        still = plugins.card(STAND_IN)
        settings = None if self._store.is_brought(still) else Settings.of(still)
        return self._store.result(
            self._dataset, case, STAND_IN, 0, fingerprint=None, settings=settings
        )

    def look_up(
        self,
        found: Lookup,
        metrics: Mapping[str, Metric],
        lacking: Mapping[str, str],
        folder: Path,
    ) -> None:
        """Add to a lookup what is known of sets, and what has to be computed for them."""
        wanted: dict[str, tuple[Case, dict[Entry, list[str]]]] = {}
        for (method, seed), members in self._members.items():
            whole = tuple(sorted(members, key=lambda member: member.case.case_id))
            for name, metric in metrics.items():
                task = SetTask(self._protocol, method, seed, name, whole)
                about = (self._protocol, method, seed, set_id(self._split), name)
                old = found.stored.get(about)
                problem = self._problems.get((method, seed))
                if problem is None and old and old.key == set_key(task, RULES, self._dataset):
                    found.values[about] = old
                    continue
                if lacking[name] and (problem is None or problem.status != "not_applicable"):
                    problem = SetOutcome(None, "unavailable", lacking[name])
                if problem is not None:
                    found.values[about] = value_without(task, self._split, problem, RULES)
                    continue
                found.sets.append(task)
                for member in whole:
                    if not has_features(self._dataset, folder, member, metric):
                        sha256 = member.prediction_sha256
                        entry = Entry(method, seed, self._paths[sha256], sha256)
                        entries = wanted.setdefault(member.case.case_id, (member.case, {}))[1]
                        entries.setdefault(entry, []).append(name)
        self._merge(found.tasks, wanted, folder)

    def _merge(
        self,
        tasks: list[CaseTask],
        wanted: Mapping[str, tuple[Case, dict[Entry, list[str]]]],
        folder: Path,
    ) -> None:
        """Put vectors into the tasks that decode those clips anyway."""
        left = dict(wanted)
        for index, task in enumerate(tasks):
            if task.case.protocol != self._protocol or task.case.case_id not in left:
                continue
            entries = {entry: list(names) for entry, names in task.entries}
            for entry, names in left.pop(task.case.case_id)[1].items():
                entries.setdefault(entry, []).extend(names)
            merged = tuple((entry, tuple(names)) for entry, names in entries.items())
            tasks[index] = replace(task, entries=merged)
        for case, more in left.values():
            entries_of = tuple((entry, tuple(names)) for entry, names in more.items())
            tasks.append(CaseTask(self._dataset.folder, case, entries_of, folder))


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
    networks: bool = True,
) -> list[Value]:
    """Score what is missing and return all values of these methods, cases and metrics, sorted.

    Raises:
        A2BenchError: cases that were never run (unless `allow_partial`), damaged files, a dead
            worker; what was scored before is kept.
    """
    folder = store.values_folder(dataset)
    with only_one(folder / "lock", "scoring into this run"):
        found = lookup(
            store, dataset, cards, protocols, split, metrics, seeds=seeds, networks=networks
        )
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
        for task in found.sets:
            value = set_value(task, RULES, dataset, folder, split)
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
    stages = _stages(tasks, workers)
    total = sum(len(task.entries) for stage, _ in stages for task in stage)
    with (
        progress("score", total) as shown,
        (folder / "values.jsonl").open("a", encoding="utf-8") as journal,
    ):
        for stage, processes in stages:
            done = {task.case.case_id + task.case.protocol: len(task.entries) for task in stage}
            arguments = [(task,) for task in stage]
            for case, values in in_processes(score_case, arguments, workers=processes):
                journal.write("".join(value.model_dump_json() + "\n" for value in values))
                journal.flush()
                yield from values
                shown.advance(done[case.case_id + case.protocol], note=case.case_id)


def _stages(
    tasks: Sequence[CaseTask], workers: int | None
) -> list[tuple[list[CaseTask], int | None]]:
    """Return what is scored one after the other, and by how many processes.

    On a processor that is everything at once. On a GPU networks have one process of their own,
    whatever `workers` says: one a core would load each model once a core and share one device. The
    videos of cases with metrics of both kinds are then decoded twice.
    """
    with_networks = {
        name
        for task in tasks
        for _, names in task.entries
        for name in names
        if plugins.metric(name).all_weights
    }
    if not with_networks or not _networks_on_gpu():
        return [(list(tasks), workers)]
    pixels = _only(tasks, lambda name: name not in with_networks)
    networks = _only(tasks, lambda name: name in with_networks)
    return [(stage, count) for stage, count in ((pixels, workers), (networks, 1)) if stage]


def _networks_on_gpu() -> bool:
    from a2bench.networks.loading import device

    return device().type == "cuda"


def _only(tasks: Sequence[CaseTask], wanted: Callable[[str], bool]) -> list[CaseTask]:
    """Return the tasks with the metrics that are wanted, and none that has nothing left."""
    found = []
    for task in tasks:
        entries = [(entry, tuple(filter(wanted, names))) for entry, names in task.entries]
        if kept := tuple((entry, names) for entry, names in entries if names):
            found.append(replace(task, entries=kept))
    return found


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
        elif result.status != "ok" and not absent:
            reason = f"{result.failure or result.status}: {result.reason}"
            outcome = Outcome(None, "failed", reason)
        elif absent:
            outcome = Outcome(None, "unavailable", absent)
        elif metric.needs_pose and not dataset.sample(case.reference_id).has_pose:
            outcome = Outcome(None, "unavailable", "the data set has no key points")
        elif metric.needs_pose and result.pose_sha256 is None:
            outcome = Outcome(None, "unavailable", NO_POSE)
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
                    "", f"{outcome.status}: {outcome.reason}", f"{name}|{metric.version}"
                ),
            )
        )
    return values
