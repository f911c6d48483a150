"""Metrics of a whole set: which clips are in it, its key, and its value.

One value a protocol, method and seed, over all cases of a split; its place in the table of values
has the case id `split:<name>`, which no case can have. A case without a clip is stood for by the
clip of `still` (rule 6): nothing is dropped and nothing is drawn again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from a2bench import plugins, weights
from a2bench.dataset import Dataset
from a2bench.features import SCHEMA as FEATURES_SCHEMA
from a2bench.features import KeptClips, features_key, features_path
from a2bench.metric import ClipFeatures, Metric, SetOutcome, SetPart
from a2bench.ondemand import truth_digest, truth_digests
from a2bench.paths import sha256_text
from a2bench.records import Case, Protocol, Value, set_id, stand_ins_text

STAND_IN = "still"


@dataclass(frozen=True)
class Member:
    """One case of a set and the clip that is there for it.

    Attributes:
        prediction_sha256: of the clip.
        stands_in: whether it is the clip of `still`.
    """

    case: Case
    prediction_sha256: str
    stands_in: bool = False


@dataclass(frozen=True)
class SetTask:
    """A set whose value is not known.

    Attributes:
        members: every case of the split, sorted by case id.
    """

    protocol: Protocol
    method: str
    seed: int
    metric: str
    members: tuple[Member, ...]


def identity(metric: Metric, name: str) -> str:
    """Return what of a metric decides its values: name, version, weights; its vectors' too."""
    parts = [name, str(metric.version)]
    if metric.of_set is not None:
        extractor = metric.of_set.extractor
        parts += [FEATURES_SCHEMA, extractor.name, str(extractor.version)]
    digests = weights.digests(*metric.all_weights)
    return "|".join((*parts, *(f"{row}={digests[row]}" for row in digests)))


def set_key(task: SetTask, rules: str, dataset: Dataset) -> str | None:
    """Return the key of a set's value, as `sha256:<hex>`; None: a truth is not rendered yet."""
    parts = [rules, "set", identity(plugins.metric(task.metric), task.metric)]
    for member in task.members:
        digests = truth_digests(dataset, member.case)
        if digests is None:
            return None
        parts += [member.case.case_id, truth_digest(digests), member.prediction_sha256]
    return sha256_text("|".join(parts))


def truth_features_path(dataset: Dataset, case: Case, metric: Metric, part: SetPart) -> Path | None:
    """Return where a truth's vectors lie; None: the truth is not rendered yet."""
    digests = truth_digests(dataset, case)
    if digests is None:
        return None
    key = features_key(part.extractor, metric.view, truth_digest(digests))
    return features_path(dataset.cache, key)


def prediction_features_path(folder: Path, sha256: str, metric: Metric, part: SetPart) -> Path:
    """Return where a prediction's vectors lie, in the run's folder of values."""
    return features_path(folder, features_key(part.extractor, metric.view, sha256))


def has_features(dataset: Dataset, folder: Path, member: Member, metric: Metric) -> bool:
    """Say whether both sides of a case have their vectors."""
    assert metric.of_set is not None
    truth = truth_features_path(dataset, member.case, metric, metric.of_set)
    if truth is None or not truth.exists():
        return False
    sha256 = member.prediction_sha256
    return prediction_features_path(folder, sha256, metric, metric.of_set).exists()


def set_value(task: SetTask, rules: str, dataset: Dataset, folder: Path, split: str) -> Value:
    """Compute a set's value from the vectors that are kept.

    Raises:
        A2BenchError: vectors that are absent or damaged.
    """
    metric = plugins.metric(task.metric)
    part = metric.of_set
    assert part is not None
    cases = [member.case for member in task.members]
    own = [
        prediction_features_path(folder, member.prediction_sha256, metric, part)
        for member in task.members
    ]
    true = [truth_features_path(dataset, case, metric, part) for case in cases]
    present = [path for path in true if path is not None]
    assert len(present) == len(cases)  # scoring has rendered every truth
    predictions = KeptClips(cases, own, part.extractor)
    truths = KeptClips(cases, present, part.extractor, memory=dataset.cache)
    found = set_outcome(metric, predictions, truths, task.members)
    noted = "; ".join(sorted(predictions.computed_in | truths.computed_in))
    key = set_key(task, rules, dataset)
    assert key is not None  # every truth is there
    return value_of(task, split, metric, found, key, noted)


def set_outcome(
    metric: Metric,
    predictions: Sequence[ClipFeatures],
    truths: Sequence[ClipFeatures],
    members: Sequence[Member] = (),
) -> SetOutcome:
    """Compute the distance of two sets, or say why there is none; mark what must be known."""
    part = metric.of_set
    assert part is not None
    short = [clip.case_id for clip in predictions if not len(clip.vectors)]
    if short:
        return SetOutcome(
            None,
            "undefined",
            f"{len(short)} of {len(predictions)} clips, such as {short[0]}, have fewer than "
            f"{part.extractor.fewest_frames} frames",
        )
    found = part.distance(predictions, truths)
    standing = sum(member.stands_in for member in members)
    marks = [found.reason, weights.unverified(*metric.all_weights)]
    if standing:
        marks.append(stand_ins_text(standing, len(members)))
    text = "; ".join(mark for mark in marks if mark)
    return SetOutcome(
        found.value,
        found.status,
        text,
        found.samples,
        found.rank,
        found.low,
        found.high,
        found.ranked,
    )


def value_of(
    task: SetTask, split: str, metric: Metric, found: SetOutcome, key: str, computed_in: str = ""
) -> Value:
    """Return a set's outcome as a value."""
    return Value(
        protocol=task.protocol,
        method=task.method,
        seed=task.seed,
        case_id=set_id(split),
        metric=task.metric,
        version=metric.version,
        value=found.value,
        status=found.status,
        reason=found.reason,
        region="frame",
        unit=metric.unit,
        key=key,
        samples=found.samples,
        rank=found.rank,
        low=found.low,
        high=found.high,
        ranked=found.ranked,
        computed_in=computed_in if found.value is not None else "",
    )


def value_without(task: SetTask, split: str, found: SetOutcome, rules: str) -> Value:
    """Return a value that is known without looking at a clip: a status and a reason."""
    metric = plugins.metric(task.metric)
    text = "|".join((rules, "set", task.metric, str(metric.version), found.status, found.reason))
    return value_of(task, split, metric, found, sha256_text(text))


def split_metrics(metrics: Sequence[str]) -> tuple[list[str], dict[str, Metric]]:
    """Return the metrics of clips, and those of sets with their facts."""
    found: Mapping[str, Metric] = {name: plugins.metric(name) for name in metrics}
    clips = [name for name, metric in found.items() if metric.of_set is None]
    return clips, {name: metric for name, metric in found.items() if metric.of_set is not None}
