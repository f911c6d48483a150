"""`verify results`: do a leaderboard's files agree with each other, and with what is made again?

Four steps. *Files*: every digest of `provenance.json`. *Values*: canonical, nothing twice, the
counts and the list of cases. *Table*: `leaderboard.csv` computed from the values, byte for byte.
*Cases*: some predictions of built-in deterministic methods are made anew (their characters are
drawn for it, no data set is needed) or, where the run folder is there, stored predictions are
scored anew, and every number is compared. Everything read here may be hostile: reading is bounded
and each problem is one line of the report.
"""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from a2bench import plugins
from a2bench.dataset import Dataset, write_manifest
from a2bench.errors import A2BenchError
from a2bench.from_files import folders_below
from a2bench.leaderboard import (
    Committed,
    file_problems,
    read_leaderboard,
    read_provenance,
    truth_of,
)
from a2bench.ondemand import truth_digests
from a2bench.paths import sha256_file, sha256_text, write_json
from a2bench.progress import progress
from a2bench.records import Case, DatasetInfo, MethodCard, Protocol, Request, Value
from a2bench.results import (
    Provenance,
    count_cases,
    library_versions,
    machine,
    split_digest,
)
from a2bench.runner import Job
from a2bench.score import CaseTask, Entry, score_case
from a2bench.settings import PROMPT, Settings, deciding, files_of
from a2bench.store import RunFolder
from a2bench.tables import to_csv
from a2bench.worker import make_worker

SAME = 1e-6
"""Most relative difference of a number that is made again with the same libraries and machine."""

NEAR = 1e-2
"""The same where a library or the machine is another one: other last digits in a warp or a flow."""

NETWORK = 1e-4
"""Of a metric with weights: the order of its sums depends on the threads."""

ABSOLUTE = 1e-9
"""Differences below this are none, whatever they are relative to."""


@dataclass(frozen=True)
class Again:
    """One prediction that was made or scored again.

    Attributes:
        how: `re-run`: the method was run again; `re-scored`: its stored prediction was scored.
        metrics: numbers that were compared.
        largest: relative difference of the worst of them.
    """

    protocol: Protocol
    method: str
    case_id: str
    how: Literal["re-run", "re-scored"]
    metrics: int
    largest: float


@dataclass
class Report:
    """What verifying one leaderboard found.

    Attributes:
        label: data set, split, track and suite; the folder where that cannot be read.
        steps: what was checked: `files`, `values`, `table`, `cases`.
        problems: none where all agrees.
        versions: what is installed here in another version than it was made with, and what to
            install; then its numbers cannot be checked.
        again: predictions made or scored again.
        notes: what was not compared, and why.
    """

    label: str
    folder: Path
    steps: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "leaderboard": self.label,
            "folder": str(self.folder),
            "steps": self.steps,
            "ok": not self.problems and not self.versions,
            "problems": self.problems,
            "versions": self.versions,
            "again": [asdict(one) for one in self.again],
            "notes": self.notes,
        }


def verify_results(
    path: Path, *, cases: int = 2, seed: int = 0, store: RunFolder | None = None
) -> list[Report]:
    """Check every leaderboard at or below a path.

    Args:
        path: a leaderboard's folder, or one above several.
        cases: predictions of each that are made or scored again; 0: none.
        seed: which ones.
        store: the run whose stored predictions may be scored; None: none.

    Raises:
        A2BenchError: no leaderboard there.
    """
    return [_verified(folder, cases, seed, store) for folder in folders_below(path)]


def _verified(folder: Path, cases: int, seed: int, store: RunFolder | None) -> Report:
    report = Report(str(folder), folder)
    try:
        made = read_provenance(folder)
    except A2BenchError as error:
        report.problems.append(_without(folder, error))
        return report
    report.label = (
        f"{made.dataset} {made.dataset_version}, {made.split}, {made.track}, {made.suite}"
    )
    report.steps.append("files")
    report.problems += file_problems(folder, made)
    report.versions += version_differences(made)
    report.steps.append("values")
    try:
        found = read_leaderboard(folder, check_files=False)
    except A2BenchError as error:
        report.problems.append(_without(folder, error))
        return report
    report.problems += value_problems(found)
    if not report.versions:
        report.steps.append("table")
        report.problems += table_problems(found, folder)
    if cases and not report.problems and not report.versions:
        report.steps.append("cases")
        _again(found, cases, seed, store, report)
    return report


def _without(folder: Path, error: A2BenchError) -> str:
    return str(error).split("\nhint:", 1)[0].replace(f"{folder}/", "")


# --- files, values, table ------------------------------------------------------------------------


def version_differences(made: Provenance) -> list[str]:
    """Return what is another version here than in a leaderboard, and what to install."""
    known = plugins.names("metrics")
    found = []
    for name, measured in made.metrics.items():
        if name not in known:
            found.append(f"metric {name} is not installed here")
        elif (here := plugins.metric(name).version) != measured.version:
            found.append(f"metric {name} is version {here} here, {measured.version} there")
    if (drawn := _drawn_here(made)) and made.dataset_version != drawn:
        found.append(f"{made.dataset} is version {drawn} here, {made.dataset_version} there")
    if not found:
        return []
    text = f"install a2bench {made.libraries.get('a2bench', '?')}"
    commit = f" (git {made.git.commit[:12]})" if made.git else ""
    return [*found, f"{text}{commit} to check these numbers"]


def value_problems(found: Committed) -> Iterator[str]:
    """Yield where the values do not agree with the provenance, or are not of this split."""
    made = found.provenance
    cases = {
        protocol: [case.case_id for case in found.cases_of(protocol)] for protocol in made.rows
    }
    known = {(protocol, case_id) for protocol, ids in cases.items() for case_id in ids}
    if strays := sorted(set(found.clips) - {key for key in found.clips if _at(key) in known}):
        yield f"values/{strays[0][0]}.csv: {strays[0][3]} is no case of values/cases.csv"
    if split_digest(cases) != made.split_digest:
        yield "values/cases.csv: not the cases (or not the order) that provenance.json says"
    cards = {
        protocol: [found.card(name) for name in names] for protocol, names in made.rows.items()
    }
    for protocol, shown in cards.items():
        counts = count_cases(
            [value for value in found.values if value.case_id in set(cases[protocol])],
            {protocol: cases[protocol]},
            shown,
        )
        if counts.get(protocol) != made.counts.get(protocol):
            yield f"provenance.json: counts of {protocol} are not those of the values"
    for value in found.values:
        metric = value.metric
        if metric in plugins.names("metrics") and value.value is not None:
            low, high = plugins.metric(metric).value_range
            if not low <= value.value <= high:
                yield (
                    f"values/{value.protocol}.csv: {value.method} {value.case_id}: {metric} is "
                    f"{value.value!r}, outside of {low:g} to {high:g}"
                )
    yield from _split_problems(found, cases)


def _at(key: tuple[Protocol, str, int, str]) -> tuple[Protocol, str]:
    return key[0], key[3]


def _split_problems(found: Committed, cases: Mapping[Protocol, list[str]]) -> Iterator[str]:
    """Compare the cases with the generator's: a split has all of its cases, in its order."""
    made = found.provenance
    if _drawn_here(made) != made.dataset_version:
        return
    info = _description(made)
    count = info.splits.get(made.split)
    if count is None:
        yield f"provenance.json: {made.dataset} has no split {made.split[:40]!r}"
        return
    pairs = info.cross_pairs[:count]
    for protocol, ids in cases.items():
        expected = (
            [f"{pair.reference_id}__{pair.driver_id}" for pair in pairs]
            if protocol == "cross"
            else list(info.order[:count])
        )
        if ids != expected and not made.subset:
            yield f"values/cases.csv: not the {count} cases of {made.split} in {protocol}"
    for case in found.cases:
        named = (
            f"{case.reference_id}__{case.driver_id}"
            if case.protocol == "cross"
            else case.reference_id
        )
        if case.case_id != named:
            yield f"values/cases.csv: {case.case_id} is not of {named}"


def table_problems(found: Committed, folder: Path) -> Iterator[str]:
    """Yield where `leaderboard.csv` is not what the values make."""
    try:
        expected = to_csv(found.leaderboard())
    except A2BenchError as error:
        yield f"the values make no table: {str(error).splitlines()[0]}"
        return
    path = folder / "leaderboard.csv"
    came = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
    if came == expected:
        return
    made, here = found.provenance.libraries.get("a2bench", "?"), library_versions()["a2bench"]
    lines = zip(came.split("\n"), expected.split("\n"), strict=False)
    number = next((at for at, (a, b) in enumerate(lines, 1) if a != b), came.count("\n") + 1)
    other = f" (made by a2bench {made}, this is {here})" if made != here else ""
    yield f"leaderboard.csv, line {number}: not what the values make{other}"


# --- cases ---------------------------------------------------------------------------------------


@cache
def _no_generator() -> str:
    """Return why nothing can be drawn here; "": it can."""
    try:
        import a2bench.builders.procedural  # noqa: F401
    except (ImportError, OSError) as error:  # skia needs system libraries
        return f"{error}; `a2bench doctor` says what to install"
    return ""


def _drawn_here(made: Provenance) -> str:
    """Return the version of its data set that can be drawn here; "": it cannot."""
    if _no_generator():
        return ""
    from a2bench.builders import procedural
    from a2bench.procedural import VERSION

    names = [procedural.dataset_name(profile) for profile in procedural.PROFILES]
    return VERSION if made.dataset in names else ""


def _description(made: Provenance) -> DatasetInfo:
    from a2bench.builders import procedural

    names = {procedural.dataset_name(profile): profile for profile in procedural.PROFILES}
    return procedural.describe(names[made.dataset])


def _again(
    found: Committed, count: int, seed: int, store: RunFolder | None, report: Report
) -> None:
    """Make or score some predictions again and compare every number."""
    made = found.provenance
    if not _drawn_here(made):
        why = _no_generator() or f"{made.dataset} is not drawn by this program"
        report.notes.append(f"no case made again: {why}")
        return
    with tempfile.TemporaryDirectory(prefix="a2bench-verify-") as scratch:
        drawn = Drawn(Path(scratch), made)
        able = _able(found, drawn, store, report)
        chosen = sorted(able, key=lambda one: sha256_text(f"{seed}|{'|'.join(one)}"))[:count]
        if not chosen:
            report.notes.append("no case made again: no method here can be, and no run has them")
        limits = _limits(made, report)
        with progress("verify cases", len(chosen)) as shown:
            for protocol, method, case_id in chosen:
                try:
                    _one_again(found, drawn, store, (protocol, method, case_id), limits, report)
                except A2BenchError as error:
                    text = str(error).split("\nhint:", 1)[0]
                    report.problems.append(f"{protocol} / {method} / {case_id}: {text}")
                shown.advance(note=case_id)


def _limits(made: Provenance, report: Report) -> float:
    here = library_versions()
    differs = [
        f"{name} {here[name]} (there {made.libraries.get(name, '?')})"
        for name in here
        if name not in ("a2bench", "python") and made.libraries.get(name) != here[name]
    ]
    differs += [f"{machine()} (there {made.machine})"] * (machine() != made.machine)
    if not differs:
        return SAME
    report.notes.append(f"tolerance {NEAR:g} instead of {SAME:g}: {', '.join(differs)}")
    return NEAR


def _able(
    found: Committed, drawn: "Drawn", store: RunFolder | None, report: Report
) -> list[tuple[Protocol, str, str]]:
    """Return (protocol, method, case id) of what can be made or scored again here."""
    made = found.provenance
    able: list[tuple[Protocol, str, str]] = []
    others: dict[str, str] = {}
    for protocol, names in made.rows.items():
        for method in names:
            reason = _why_not_run(found.card(method), made)
            for case in found.cases_of(protocol):
                clip = found.clips.get((protocol, method, 0, case.case_id))
                if clip is None or not clip.prediction_sha256:
                    continue
                if not reason or _stored(drawn, store, protocol, method, case.case_id, found):
                    able.append((protocol, method, case.case_id))
                else:
                    others[method] = reason
    report.notes += [f"{method} is not run again: {why}" for method, why in sorted(others.items())]
    return able


def _why_not_run(card: MethodCard, made: Provenance) -> str:
    """Return why a method cannot be run again here with the same answer; "": it can."""
    if card.kind != "in_process" or not plugins.is_method(card.name):
        return "its videos were made elsewhere"
    if card.stochastic:
        return "its answer depends on chance"
    if card.device != "cpu" or card.weights:
        return "it needs a GPU or weights"
    here = plugins.card(card.name)
    if deciding(here) != deciding(card) or files_of(here) != made.methods[card.name].files:
        return "its card or code is another one here"
    return ""


def _stored(
    drawn: "Drawn",
    store: RunFolder | None,
    protocol: Protocol,
    method: str,
    case_id: str,
    found: Committed,
) -> Path | None:
    """Return the stored prediction that the values are of, if the run has it."""
    if store is None:
        return None
    path = store.prediction(drawn.dataset, protocol, method, 0, case_id)
    sha256 = found.clips[protocol, method, 0, case_id].prediction_sha256
    return path if path.is_file() and sha256_file(path) == sha256 else None


def _one_again(
    found: Committed,
    drawn: "Drawn",
    store: RunFolder | None,
    about: tuple[Protocol, str, str],
    limit: float,
    report: Report,
) -> None:
    protocol, method, case_id = about
    case = drawn.case(found, protocol, case_id)
    card = found.card(method)
    stored = _stored(drawn, store, protocol, method, case_id, found)
    how: Literal["re-run", "re-scored"] = "re-scored"
    if not _why_not_run(card, found.provenance):
        how, stored = "re-run", drawn.predicted(plugins.card(method), case)
    assert stored is not None  # `_able` has seen to it
    there = {
        value.metric: value
        for value in found.values
        if (value.protocol, value.method, value.seed, value.case_id)
        == (protocol, method, 0, case_id)
    }
    names = [
        name
        for name, value in there.items()
        if value.status != "unavailable" and not plugins.metric(name).missing()
    ]
    entry = Entry(method, 0, stored, sha256_file(stored))
    folder = drawn.home / "values"
    _, values = score_case(CaseTask(drawn.dataset.folder, case, ((entry, tuple(names)),), folder))
    truth = truth_of(truth_digests(drawn.dataset, case))
    (row,) = [one for one in found.cases_of(protocol) if one.case_id == case_id]
    if truth != row.truth:
        report.problems.append(f"{protocol} / {case_id}: its truth is not the one that was scored")
    worst = 0.0
    for value in values:
        off = difference(value, there[value.metric])
        allowed = max(limit, NETWORK) if plugins.metric(value.metric).all_weights else limit
        worst = max(worst, off)
        if off > allowed:
            report.problems.append(
                f"{protocol} / {method} / {case_id}: {value.metric} is {_shown(value)} when {how}, "
                f"{_shown(there[value.metric])} in the values (relative tolerance {allowed:g})"
            )
    report.again.append(Again(protocol, method, case_id, how, len(values), worst))


def _shown(value: Value) -> str:
    return value.status if value.value is None else repr(value.value)


def difference(ours: Value, theirs: Value) -> float:
    """Return the relative difference of two values; infinity where only one has a number."""
    if ours.value is None or theirs.value is None:
        return 0.0 if ours.status == theirs.status else math.inf
    off = abs(ours.value - theirs.value)
    if off <= ABSOLUTE:
        return 0.0
    return off / max(abs(ours.value), abs(theirs.value))


class Drawn:
    """A scratch data set that has the characters of single cases only, drawn when asked for."""

    def __init__(self, home: Path, made: Provenance) -> None:
        self.home = home
        info = _description(made)
        self._whole = Dataset(home / "datasets" / info.name / info.version, info)
        write_json(self._whole.folder / "dataset.json", info.model_dump(mode="json"))

    @property
    def dataset(self) -> Dataset:
        """The data set with what is drawn so far."""
        return Dataset.open(self._whole.folder)  # a new one: it keeps its manifest

    def case(self, found: Committed, protocol: Protocol, case_id: str) -> Case:
        """Return a case of the leaderboard, its characters drawn."""
        from a2bench.builders import procedural

        (row,) = [one for one in found.cases_of(protocol) if one.case_id == case_id]
        for sample_id in {row.reference_id, row.driver_id}:
            if not (self._whole.folder / "samples" / sample_id / "sample.json").exists():
                procedural.rebuild(self._whole.folder, sample_id, self._whole)
        write_manifest(self._whole.folder, self._whole.info.order)
        driver = self.dataset.sample(row.driver_id)
        return Case(
            case_id=case_id,
            protocol=protocol,
            reference_id=row.reference_id,
            driver_id=row.driver_id,
            size=self.dataset.sample(row.reference_id).size,
            fps=driver.fps,
            frames=driver.frames,
        )

    def predicted(self, card: MethodCard, case: Case) -> Path:
        """Run a method on a case and return its stored prediction.

        Raises:
            A2BenchError: it failed.
        """
        dataset = self.dataset
        output = self.home / "predictions" / case.protocol / card.name / f"{case.case_id}.mp4"
        request = Request(
            method=card.name,
            dataset=str(dataset.folder),
            case=case,
            seed=0,
            prompt=PROMPT,
            output=str(output),
            fingerprint=Settings.of(card).fingerprint(dataset, case, 0),
        )
        result = make_worker("cpu")(Job(card, request))
        if result.status != "ok":
            raise A2BenchError(f"run again, it failed: {result.reason.splitlines()[-1]}")
        return output


def as_json(reports: Sequence[Report]) -> str:
    """Return the reports for `--json`."""
    record = {
        "schema": "a2bench.verify_results/1",
        "ok": all(not one.problems and not one.versions for one in reports),
        "leaderboards": [one.as_dict() for one in reports],
    }
    return json.dumps(record, indent=1, allow_nan=False)
