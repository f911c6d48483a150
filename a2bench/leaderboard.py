"""A leaderboard as files: its table, the values of every case behind it, and what they are made of.

Layout of a folder, in `results/` named `<data set>-<version>/<split>-<track>-<suite>/`:
    leaderboard.csv .md .tex .html   the table; the CSV can be computed from the values alone
    values/cases.csv                 every case: reference, driver, digest of its truth, attributes
    values/<protocol>.csv            one row a (method, seed, case): numbers, status, seconds
    values/sets.csv                  metrics of whole sets, one row a (protocol, method, seed)
    values/reasons.csv               the texts that say why a number is not there, by their id
    provenance.json                  what all this was made of, and the SHA-256 of every file above

Every file is canonical: the same values are the same bytes, in any order, on any machine. So a file
that reads well and would be written otherwise was edited, and reading refuses it: no second form of
a number, no row twice, no column more. What a reader computes is what the writer computed.
"""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from a2bench import paths, plugins
from a2bench.boards import Board, joined
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, wrong_fields
from a2bench.ondemand import truth_digest, truth_digests
from a2bench.paths import sha256_file, sha256_text, write_text
from a2bench.records import PROTOCOLS, MethodCard, Protocol, Result, Value, set_id
from a2bench.results import Caption, Leaderboard, MadeBy, Measured, Provenance, aggregate
from a2bench.score import RULES
from a2bench.settings import PROMPT, files_of
from a2bench.statistics import RESAMPLES, SEED, Clusters
from a2bench.store import RunFolder
from a2bench.subsets import facts
from a2bench.suites import suite_metrics
from a2bench.tables import CONTACT_SHEET, escape_csv, write_all
from a2bench.video import decoder_version

PROVENANCE = "provenance.json"
TABLES = tuple(f"leaderboard.{suffix}" for suffix in ("csv", "html", "md", "tex"))
CASES, SETS, REASONS = "values/cases.csv", "values/sets.csv", "values/reasons.csv"

MAX_FILE_BYTES = 64 * 2**20
"""Read of one file; the largest of a committed leaderboard has under 1.5 MB."""

_CASE_COLUMNS = ("protocol", "case_id", "reference_id", "driver_id", "truth")
_CLIP_COLUMNS = ("method", "seed", "case_id", "seconds", "prediction_sha256")
_SET_COLUMNS = (
    *("protocol", "method", "seed", "metric", "value", "status", "reason"),
    *("samples", "rank", "low", "high", "ranked"),
)
_REASON_COLUMNS = ("id", "reason")

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")
_WHOLE = re.compile(r"0|[1-9]\d{0,17}")


@dataclass(frozen=True)
class CaseRow:
    """A case of the split.

    Attributes:
        truth: digest of its pixels and masks, `sha256:<hex>`; "": it was never rendered.
        facts: what subsets choose by (`a2bench.subsets.facts`).
    """

    protocol: Protocol
    case_id: str
    reference_id: str
    driver_id: str
    truth: str
    facts: Mapping[str, str]

    @property
    def clusters(self) -> Clusters:
        """The characters it stands on, as `a2bench.subsets.clusters_of`."""
        if self.protocol == "cross":
            return self.reference_id, self.driver_id
        return (self.reference_id,)


@dataclass(frozen=True)
class Clip:
    """What is known of a prediction beside its values.

    Attributes:
        seconds: the method's own time for it; None: not known.
        prediction_sha256: `sha256:<hex>` of the stored file; "": there is none.
    """

    seconds: float | None
    prediction_sha256: str


ClipKey = tuple[Protocol, str, int, str]
"""(protocol, method, seed, case id)."""


@dataclass(frozen=True)
class Committed:
    """A leaderboard's values and what they are made of, as a folder holds them.

    Attributes:
        cases: of all protocols, each in the order of the split.
        clips: every prediction that a value is of.
        values: all that the table is computed from.
    """

    provenance: Provenance
    cases: tuple[CaseRow, ...]
    clips: Mapping[ClipKey, Clip]
    values: tuple[Value, ...]

    def cases_of(self, protocol: Protocol) -> list[CaseRow]:
        """Return the cases of a protocol, in order."""
        return [case for case in self.cases if case.protocol == protocol]

    @property
    def metrics(self) -> list[str]:
        """Its columns, in order."""
        made = self.provenance
        if unknown := sorted(set(made.columns) - set(plugins.names("metrics"))):
            raise A2BenchError(
                f"column {unknown[0]} is no metric that is installed here.\n"
                f"hint: install a2bench {made.libraries.get('a2bench', '?')}, which made it, or "
                "the package that the metric comes from"
            )
        return list(made.columns)

    def card(self, method: str) -> MethodCard:
        """Return a method's card as it was then."""
        return self.provenance.methods[method].card

    @property
    def caption(self) -> Caption:
        """What it was measured on."""
        made = self.provenance
        return Caption(
            dataset=made.dataset,
            version=made.dataset_version,
            digest=made.dataset_digest,
            split=made.split,
            suite=made.suite,
            track=made.track,
            profile=made.profile,
            subset=made.subset,
        )

    def row_values(self) -> list[Value]:
        """Return the values of the table's own rows: not those of a `still` that is none."""
        rows = {
            (protocol, name) for protocol, names in self.provenance.rows.items() for name in names
        }
        return [value for value in self.values if (value.protocol, value.method) in rows]

    def leaderboard(self) -> Leaderboard:
        """Compute the table from the values alone, by the scoring rules.

        Raises:
            A2BenchError: a column is a metric that is not installed, or values are lacking.
        """
        made = self.provenance
        boards = []
        for protocol in (name for name in PROTOCOLS if name in made.rows):
            cases = self.cases_of(protocol)
            boards.append(
                aggregate(
                    [value for value in self.values if value.protocol == protocol],
                    {protocol: [case.case_id for case in cases]},
                    [self.card(name) for name in made.rows[protocol]],
                    self.metrics,
                    caption=self.caption,
                    allow_partial=made.partial,
                    clusters={protocol: {case.case_id: case.clusters for case in cases}},
                    ceilings=made.ceilings,
                )
            )
        return joined(boards)


# --- from a run ----------------------------------------------------------------------------------


def committed(made: Board, store: RunFolder, dataset: Dataset) -> Committed:
    """Gather a table's values, and of each prediction what the run knows."""
    methods: dict[str, dict[Protocol, list[tuple[int, str, Result]]]] = {}
    clips: dict[ClipKey, Clip] = {}
    values: list[Value] = []
    for protocol, given in made.given.items():
        by_id = {case.case_id: case for case in made.cases[protocol]}
        given = [  # of a subset there is no value of a set
            value for value in given if value.case_id in by_id or not made.provenance.subset
        ]
        values += [_plain_value(value) for value in given]
        for method, seed, case_id in sorted(
            {(one.method, one.seed, one.case_id) for one in given if one.case_id in by_id}
        ):
            found = methods.setdefault(method, {}).setdefault(protocol, [])
            result = store.result(dataset, by_id[case_id], method, seed, fingerprint=None)
            if result is not None:
                found.append((seed, case_id, result))
            clips[protocol, method, seed, case_id] = Clip(
                result.infer_seconds if result else None,
                (result.prediction_sha256 if result else None) or "",
            )
        for row in made.leaderboard.rows:
            if row.protocol == protocol:
                methods.setdefault(row.card.name, {})
    cases = [
        CaseRow(
            protocol,
            case.case_id,
            case.reference_id,
            case.driver_id,
            truth_of(truth_digests(dataset, case)),
            {escape_csv(key): plain(text) for key, text in facts(dataset, case).items()},
        )
        for protocol in made.cases
        for case in made.cases[protocol]
    ]
    shown = {column.name: column for column in made.leaderboard.columns}
    provenance = made.provenance.model_copy(
        update={
            "schema_": "a2bench.provenance/2",  # said, so that it is written
            "partial": made.leaderboard.partial,
            "rows": _rows_of(made.leaderboard),
            "methods": {
                name: _made_by(store, store.card(name), by_protocol)
                for name, by_protocol in sorted(methods.items())
            },
            "columns": tuple(shown),
            "metrics": {
                name: Measured(
                    version=column.version or plugins.metric(name).version,
                    digest=metric_digest(name),
                    region=column.region or plugins.metric(name).region,
                    unit=column.unit,
                )
                for name, column in shown.items()
            },
            "decoder": decoder_version(),
            "settings": {
                "bootstrap": f"{RESAMPLES} resamples, seed {SEED}",
                "prompt": PROMPT,
                "rules": RULES,
            },
        }
    )
    return Committed(provenance, tuple(cases), clips, tuple(values))


def metric_digest(name: str) -> str:
    """Digest of a metric's file, which is its card and its code; of a package's metric, its card.

    The code that several metrics share is not in it: what changes a number raises the version.
    """
    path = plugins.files("metrics").get(name)
    return sha256_file(path) if path is not None else sha256_text(repr(plugins.metric(name)))


def truth_of(digests: dict[str, str] | None) -> str:
    """Return the digest by which a case's truth is known; "": it was never rendered."""
    return "" if digests is None else sha256_text(truth_digest(digests))


def _rows_of(leaderboard: Leaderboard) -> dict[Protocol, tuple[str, ...]]:
    return {
        protocol: tuple(
            sorted(row.card.name for row in leaderboard.rows if row.protocol == protocol)
        )
        for protocol in leaderboard.protocols
    }


def _made_by(
    store: RunFolder,
    card: MethodCard,
    by_protocol: Mapping[Protocol, Sequence[tuple[int, str, Result]]],
) -> MadeBy:
    results = [result for found in by_protocol.values() for _, _, result in found]
    made_of: dict[str, set[str]] = {}
    for result in results:
        for key, text in result.provenance.items():
            made_of.setdefault(key, set()).add(plain(text))
    return MadeBy(
        card=card,
        files={} if store.is_brought(card) else dict(sorted(files_of(card).items())),
        fingerprints={
            protocol: fingerprints_digest(
                (seed, case_id, result.fingerprint) for seed, case_id, result in found
            )
            for protocol, found in by_protocol.items()
            if found
        },
        devices=tuple(sorted({result.device for result in results if result.device})),
        made_of={key: "; ".join(sorted(texts)) for key, texts in sorted(made_of.items())},
    )


def fingerprints_digest(requests: Iterable[tuple[int, str, str]]) -> str:
    """Digest of (seed, case id, fingerprint) of requests, in any order."""
    return sha256_text("\n".join(f"{seed} {case} {one}" for seed, case, one in sorted(requests)))


_PATH = re.compile(r"(?<![\w/.:])(?:/[\w.@+-]+)+/([\w.@+-]+)")


def plain(text: str) -> str:
    """Return text on one line without control and formatting characters, paths without folders."""
    spaced = " ".join(text.split())
    kept = (one for one in spaced if not unicodedata.category(one).startswith("C"))
    return _PATH.sub(r"\1", "".join(kept))


def _plain_value(value: Value) -> Value:
    """Return a value whose reason can be published: of a failure what went wrong, no traceback."""
    reason = value.reason
    if value.status == "failed":
        kind, _, text = reason.partition(":")
        said = [line for line in text.splitlines() if line.strip() and "hint:" not in line]
        reason = f"{kind}: {said[-1].strip()[:300]}" if said else kind
    return value.model_copy(update={"reason": escape_csv(plain(reason))})


# --- to files ------------------------------------------------------------------------------------


def folder_name(provenance: Provenance) -> str:
    """Return where a leaderboard belongs below `results/`.

    Raises:
        A2BenchError: it is not of a whole split and suite.
    """
    made = provenance
    if made.subset or list(made.columns) != suite_metrics(made.suite):
        raise A2BenchError(
            "a committed leaderboard has every case of its split and every column of its suite.\n"
            "hint: --out FOLDER writes any table, wherever you say"
        )
    for text, what in ((made.dataset, "data set"), (made.dataset_version, "version")):
        paths.safe_name(text, what=what)
    return f"{made.dataset}-{made.dataset_version}/{made.split}-{made.track}-{made.suite}"


def write_leaderboard(found: Committed, folder: Path, *, all_columns: bool = False) -> list[Path]:
    """Write a leaderboard's files, provenance last; return their paths.

    The table is computed from what was written, so that a reader gets the same one. The page shows
    `contact_sheet.png` where that lies in the folder: write it first.

    Raises:
        A2BenchError: the values do not make a table.
    """
    leaderboard = found.leaderboard()
    written = [folder / name for name in TABLES]
    texts = value_texts(found)
    (folder / PROVENANCE).unlink(missing_ok=True)  # a folder without it is not whole
    for old in (folder / "values").glob("*.csv"):
        if f"values/{old.name}" not in texts:
            old.unlink()
    for name, text in texts.items():
        write_text(folder / name, text)
        written.append(folder / name)
    write_all(leaderboard, folder, all_columns=all_columns)
    sheet = folder / CONTACT_SHEET
    listed = [*written, *([sheet] if sheet.is_file() else [])]
    files = {path.relative_to(folder).as_posix(): sha256_file(path) for path in listed}
    write_provenance(with_files(found.provenance, files), folder)
    return [*written, folder / PROVENANCE]


def with_files(provenance: Provenance, files: Mapping[str, str]) -> Provenance:
    """Return the provenance with the digests of the files beside it."""
    return provenance.model_copy(update={"files": dict(sorted(files.items()))})


def write_provenance(provenance: Provenance, folder: Path) -> None:
    """Write the record of a leaderboard's folder."""
    write_text(folder / PROVENANCE, _provenance_text(provenance))


def _provenance_text(provenance: Provenance) -> str:
    # what was set: a field that a later version adds must not void what is committed
    return paths.readable_json(
        provenance.model_dump(mode="json", by_alias=True, exclude_unset=True)
    )


def value_texts(found: Committed) -> dict[str, str]:
    """Return relative path -> content of the files below `values/`."""
    texts = {CASES: _cases_text(found.cases)}
    reasons: dict[str, str] = {}
    by_clip: dict[ClipKey, dict[str, Value]] = {}
    of_sets: list[Value] = []
    for value in found.values:
        if value.reason:
            reasons[_reason_id(value.reason)] = value.reason
        if value.case_id == set_id(found.provenance.split):
            of_sets.append(value)
        else:
            key = (value.protocol, value.method, value.seed, value.case_id)
            by_clip.setdefault(key, {})[value.metric] = value
    names = [name for name in found.metrics if any(name in one for one in by_clip.values())]
    for protocol in found.provenance.rows:
        rows = [
            [
                *(method, seed, case_id),
                _optional(found.clips[protocol, method, seed, case_id].seconds),
                found.clips[protocol, method, seed, case_id].prediction_sha256,
                *(
                    word
                    for name in names
                    for word in _words(by_clip[protocol, method, seed, case_id].get(name))
                ),
            ]
            for _, method, seed, case_id in sorted(key for key in by_clip if key[0] == protocol)
        ]
        heads = [word for name in names for word in (name, f"{name}_status", f"{name}_reason")]
        texts[f"values/{protocol}.csv"] = _csv([[*_CLIP_COLUMNS, *heads], *rows])
    texts[SETS] = _csv(
        [
            _SET_COLUMNS,
            *(
                [
                    *(value.protocol, value.method, value.seed, value.metric),
                    *_words(value),
                    _optional(value.samples),
                    _optional(value.rank),
                    _optional(value.low),
                    _optional(value.high),
                    "yes" if value.ranked else "no",
                ]
                for value in sorted(
                    of_sets,
                    key=lambda one: (
                        PROTOCOLS.index(one.protocol),
                        one.method,
                        one.seed,
                        one.metric,
                    ),
                )
            ),
        ]
    )
    texts[REASONS] = _csv([_REASON_COLUMNS, *sorted(reasons.items())])
    return texts


def _cases_text(cases: Sequence[CaseRow]) -> str:
    keys = sorted({key for case in cases for key in case.facts})
    rows = [
        [
            *(case.protocol, case.case_id, case.reference_id, case.driver_id, case.truth),
            *(escape_csv(case.facts.get(key, "")) for key in keys),
        ]
        for case in sorted(cases, key=lambda case: PROTOCOLS.index(case.protocol))
    ]
    return _csv([[*_CASE_COLUMNS, *keys], *rows])


def _reason_id(text: str) -> str:
    return "r" + sha256_text(text).removeprefix("sha256:")[:10]


def _optional(number: float | None) -> str:
    return "" if number is None else repr(number)


def _words(value: Value | None) -> tuple[str, str, str]:
    """Return a value's number, status and the id of its reason; of none three empty words."""
    if value is None:
        return "", "", ""
    return (
        _optional(value.value),
        value.status,
        _reason_id(value.reason) if value.reason else "",
    )


def _csv(rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


# --- from files ----------------------------------------------------------------------------------


def read_leaderboard(folder: Path, *, check_files: bool = True) -> Committed:
    """Read what `write_leaderboard` wrote.

    Args:
        folder: with `provenance.json`.
        check_files: compare the digest of every file with it first.

    Raises:
        A2BenchError: no such folder, a file that is absent, too large, not canonical, edited, or
            not a leaderboard's; the file and line are named.
    """
    provenance = read_provenance(folder)
    if check_files and (problems := file_problems(folder, provenance)):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise A2BenchError(
            f"{folder}: {problems[0]}{more}.\n"
            f"hint: `a2bench verify results {folder}` names all; `a2bench table --out` writes anew"
        )
    cases = _read_cases(folder)
    reasons = {row[0]: row[1] for row in _rows(folder, REASONS, _REASON_COLUMNS, exact=True)}
    reader = _Reader(folder, provenance, reasons)
    clips: dict[ClipKey, Clip] = {}
    values: list[Value] = []
    for protocol in (name for name in PROTOCOLS if name in provenance.rows):
        for key, clip, found in reader.clips(protocol):
            clips[key] = clip
            values += found
    values += reader.sets()
    made = Committed(provenance, cases, clips, tuple(values))
    for name, text in value_texts(made).items():
        if _text(folder, name) != text:
            raise A2BenchError(
                f"{folder / name}: reads well, but is not as a2bench writes it (order, form of a "
                "number, a text that belongs to no value): it was edited."
            )
    return made


def read_provenance(folder: Path) -> Provenance:
    """Read a leaderboard's `provenance.json`.

    Raises:
        A2BenchError: absent, too large, not such a record, or not as a2bench writes it.
    """
    path = folder / PROVENANCE
    if not path.is_file():
        raise A2BenchError(
            f"{folder}: no leaderboard here ({PROVENANCE} is missing).\n"
            "hint: `a2bench table --out FOLDER` writes one"
        )
    text = _text(folder, PROVENANCE)
    try:
        found = Provenance.model_validate_json(text)
    except (ValidationError, RecursionError) as error:
        said = wrong_fields(error) if isinstance(error, ValidationError) else "nested too deep"
        raise A2BenchError(
            f"{path}: not the provenance of a leaderboard:\n{said}\n"
            "hint: written by another version? `a2bench table --out` writes it anew"
        ) from error
    if _provenance_text(found) != text:
        raise A2BenchError(f"{path}: not as a2bench writes it (a key twice?): it was edited.")
    for protocol, names in found.rows.items():
        if unknown := [name for name in names if name not in found.methods]:
            raise A2BenchError(f"{path}: row {unknown[0]!r} of {protocol} has no card there.")
    if sorted(found.columns) != sorted(found.metrics):
        raise A2BenchError(f"{path}: columns and metrics differ.")
    for name, by in found.methods.items():
        if by.card.name != name:
            raise A2BenchError(f"{path}: the card of {name!r} calls itself {by.card.name!r}.")
    for name in found.files:
        paths.inside(folder, name, what=f"{path}, files")
    return found


def file_problems(folder: Path, provenance: Provenance) -> list[str]:
    """Return what of a folder's files is not as its provenance says, a line each."""
    problems = []
    texts = {*TABLES, CASES, SETS, REASONS, *(f"values/{name}.csv" for name in provenance.rows)}
    for name in sorted(texts - set(provenance.files)):
        problems.append(f"{PROVENANCE} does not list {name}")
    for name in sorted(set(provenance.files) - texts - {CONTACT_SHEET}):
        problems.append(f"{PROVENANCE} lists {name!r}, which is no file of a leaderboard")
    for name, digest in provenance.files.items():
        path = folder / name
        if not path.is_file() or path.is_symlink():
            problems.append(f"{name} is missing")
        elif path.stat().st_size > MAX_FILE_BYTES:
            problems.append(f"{name} has over {MAX_FILE_BYTES} bytes")
        elif sha256_file(path) != digest:
            problems.append(f"{name} was edited: its SHA-256 is not the one in {PROVENANCE}")
    return problems


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if not path.is_file():
        raise A2BenchError(f"{path} is missing.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise A2BenchError(f"{path}: over {MAX_FILE_BYTES} bytes; not a file of a leaderboard.")
    data = path.read_bytes()  # as bytes: reading as text would take \r\n for \n
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise A2BenchError(f"{path}: not a UTF-8 text file ({error.reason}).") from error


def _rows(folder: Path, name: str, columns: Sequence[str], *, exact: bool) -> list[list[str]]:
    """Return the rows of a CSV file below its heading, which must start with these columns."""
    where = folder / name
    try:
        rows = list(csv.reader(io.StringIO(_text(folder, name), newline=""), strict=True))
    except csv.Error as error:
        raise A2BenchError(f"{where}: not CSV ({error}).") from error
    head = rows[0] if rows else []
    if head[: len(columns)] != list(columns) or (exact and len(head) != len(columns)):
        raise A2BenchError(f"{where}: columns {head[:20]}, expected {list(columns)}.")
    if len(set(head)) != len(head):
        raise A2BenchError(f"{where}: a column is there twice.")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(head):
            raise A2BenchError(f"{where}, line {number}: {len(row)} cells, expected {len(head)}.")
    return rows if not exact else rows[1:]


def _read_cases(folder: Path) -> tuple[CaseRow, ...]:
    (head, *rows) = _rows(folder, CASES, _CASE_COLUMNS, exact=False)
    keys = head[len(_CASE_COLUMNS) :]
    found: dict[tuple[str, str], CaseRow] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{folder / CASES}, line {number}"
        protocol, case_id, reference_id, driver_id, truth = row[: len(_CASE_COLUMNS)]
        if protocol not in PROTOCOLS:
            raise A2BenchError(f"{where}: no protocol {protocol[:40]!r}.")
        for one in (case_id, reference_id, driver_id):
            paths.safe_name(one, what=where)
        if (protocol, case_id) in found:
            raise A2BenchError(f"{where}: {case_id} is there twice.")
        known = zip(keys, row[len(_CASE_COLUMNS) :], strict=True)
        found[protocol, case_id] = CaseRow(
            protocol,
            case_id,
            reference_id,
            driver_id,
            truth,
            {key: text for key, text in known if text},
        )
    return tuple(found.values())


class _Reader:
    """Reads the value files of a folder."""

    def __init__(self, folder: Path, provenance: Provenance, reasons: Mapping[str, str]) -> None:
        self._folder, self._made, self._reasons = folder, provenance, reasons

    def clips(self, protocol: Protocol) -> Iterable[tuple[ClipKey, Clip, list[Value]]]:
        """Yield every row of a protocol's file."""
        name = f"values/{protocol}.csv"
        (head, *rows) = _rows(self._folder, name, _CLIP_COLUMNS, exact=False)
        metrics = head[len(_CLIP_COLUMNS) :: 3]
        expected = [word for one in metrics for word in (one, f"{one}_status", f"{one}_reason")]
        if head[len(_CLIP_COLUMNS) :] != expected:
            raise A2BenchError(
                f"{self._folder / name}: columns {head[:40]}; expected three a metric: NAME, "
                "NAME_status, NAME_reason."
            )
        key_of_file = sha256_file(self._folder / name)
        seen = set()
        for number, row in enumerate(rows, start=2):
            where = f"{self._folder / name}, line {number}"
            method, seed, case_id, seconds, sha256 = row[: len(_CLIP_COLUMNS)]
            key = (protocol, method, _whole(seed, where), case_id)
            if key in seen:
                raise A2BenchError(f"{where}: {method}, seed {seed}, {case_id} is there twice.")
            seen.add(key)
            clip = Clip(_number(seconds, where) if seconds else None, sha256)
            words = row[len(_CLIP_COLUMNS) :]
            values = [
                self._value(key, metric, words[3 * at : 3 * at + 3], key_of_file, where)
                for at, metric in enumerate(metrics)
                if any(words[3 * at : 3 * at + 3])
            ]
            yield key, clip, values

    def sets(self) -> list[Value]:
        """Return the values of sets."""
        key_of_file = sha256_file(self._folder / SETS)
        values = []
        rows = _rows(self._folder, SETS, _SET_COLUMNS, exact=True)
        for number, row in enumerate(rows, start=2):
            where = f"{self._folder / SETS}, line {number}"
            protocol, method, seed, metric = row[:4]
            if protocol not in self._made.rows:
                raise A2BenchError(f"{where}: no protocol {protocol[:40]!r} in this leaderboard.")
            samples, rank, low, high, ranked = row[7:]
            key = (
                protocol,
                method,
                _whole(seed, where),
                set_id(self._made.split),
            )
            value = self._value(key, metric, row[4:7], key_of_file, where)
            if ranked not in ("yes", "no"):
                raise A2BenchError(f"{where}: ranked {ranked[:40]!r}, expected yes or no.")
            values.append(
                value.model_copy(
                    update={
                        "samples": _whole(samples, where) if samples else None,
                        "rank": _whole(rank, where) if rank else None,
                        "low": _number(low, where) if low else None,
                        "high": _number(high, where) if high else None,
                        "ranked": ranked == "yes",
                        "region": "frame",
                    }
                )
            )
        return values

    def _value(
        self, key: ClipKey, metric: str, words: Sequence[str], key_of_file: str, where: str
    ) -> Value:
        """Return one value; its `key` is the digest of the file that it was read from."""
        number, status, reason = words
        measured = self._made.metrics.get(metric)
        if measured is None:
            raise A2BenchError(f"{where}: {metric[:40]!r} is no column of this leaderboard.")
        if reason and reason not in self._reasons:
            raise A2BenchError(f"{where}: reason {reason[:40]!r} is not in {REASONS}.")
        protocol, method, seed, case_id = key
        try:
            return Value.model_validate(
                {
                    "protocol": protocol,
                    "method": method,
                    "seed": seed,
                    "case_id": case_id,
                    "metric": metric,
                    "version": measured.version,
                    "value": self._value_of(metric, number, where) if number else None,
                    "status": status,
                    "reason": self._reasons[reason] if reason else "",
                    "region": measured.region,
                    "unit": measured.unit,
                    "key": key_of_file,
                }
            )
        except ValidationError as error:
            raise A2BenchError(f"{where}, {metric}: {wrong_fields(error)}") from error

    def _value_of(self, metric: str, text: str, where: str) -> float:
        if text in ("inf", "-inf") and plugins.metric(metric).cap is not None:
            return float(text)  # enters means as the cap
        return _number(text, where)


def _number(text: str, where: str) -> float:
    found = float(text) if _NUMBER.fullmatch(text) and text.isascii() else math.nan
    if not math.isfinite(found) or repr(found) != text:
        raise A2BenchError(f"{where}: {text[:40]!r} is no number as a2bench writes it.")
    return found


def _whole(text: str, where: str) -> int:
    if not _WHOLE.fullmatch(text) or not text.isascii():
        raise A2BenchError(f"{where}: {text[:40]!r} is no whole number.")
    return int(text)
