"""Values to files and back, and values to a leaderboard by the scoring rules.

Rules (numbers as in the project's contracts). Per case the mean over seeds, then the mean over
cases. Rule 7: a case of a metric with a `cap` enters as the cap at best. Rule 6: a failed case (a
missing one too, where `allow_partial` lets it through) gets, metric by metric, the worse of
`still`'s value there and the method's own median. Rule 4: an undefined value is ranked as `still`.
Rule 3: reference rows are printed and never ranked.

Where `still` itself has no number on a case, the worst number of the ranked methods stands for it;
where nobody has one (no pixel of the case is scored) the case is left out of that metric for all,
and the table says so. Two means that print the same share their rank: a table claims no difference
that it does not show.
"""

import itertools
import math
import platform
import statistics
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ConfigDict, Field, ValidationError

from a2bench import paths, plugins
from a2bench.errors import A2BenchError, problems_error
from a2bench.metric import Metric
from a2bench.records import (
    PROTOCOLS,
    DatasetInfo,
    Digest,
    MethodCard,
    Protocol,
    Record,
    Region,
    Track,
    Value,
    set_id,
    stand_ins_of,
)
from a2bench.statistics import Clusters, compare, estimate, holm, smallest_p

VALUES_SCHEMA = "a2bench.values/3"
_SCHEMA_KEY = b"a2bench.schema"

ALPHA = 0.05
"""Of all comparisons with the best in one protocol together (Holm)."""

FLOOR_METHOD = "still"
"""The method whose value stands for a failed or undefined one."""

MAX_ROWS = 20_000_000
"""20 methods x 3 protocols x 3 seeds x 500 cases x 11 metrics is 1 million; a Parquet file of a
few bytes can claim billions of rows."""

CellStatus = Literal["ok", "identical", "unavailable", "not_applicable", "undefined", "missing"]
"""`undefined`, `missing`: of the value of a set; of clips these are single cases."""

_COLUMNS = pa.schema(
    [
        pa.field("protocol", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=True),
        pa.field("status", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("region", pa.string(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("samples", pa.int64(), nullable=True),
        pa.field("rank", pa.int64(), nullable=True),
        pa.field("low", pa.float64(), nullable=True),
        pa.field("high", pa.float64(), nullable=True),
        pa.field("ranked", pa.bool_(), nullable=False),
        pa.field("computed_in", pa.string(), nullable=False),
    ]
)

_READABLE = {VALUES_SCHEMA: _COLUMNS, "a2bench.values/2": _COLUMNS.remove(len(_COLUMNS) - 1)}
"""Schemas that are read; what an older one lacks has its default."""

_Identity = tuple[int, str, int, str, str]


def _identity(value: Value) -> _Identity:
    return (
        PROTOCOLS.index(value.protocol),
        value.method,
        value.seed,
        value.case_id,
        value.metric,
    )


def _name(value: Value) -> str:
    return (
        f"{value.protocol} / {value.method} / seed {value.seed} / {value.case_id} / {value.metric}"
    )


def _checked(values: Iterable[Value], *, where: str) -> list[Value]:
    """Return the values in canonical order; each identity once, no NaN."""
    ordered = sorted(values, key=_identity)
    for first, second in itertools.pairwise(ordered):
        if _identity(first) == _identity(second):
            raise A2BenchError(
                f"{where}: two values of {_name(first)}.\n"
                "hint: give each method and run once; two runs of one method are two method names"
            )
    for value in ordered:
        if value.value is not None and math.isnan(value.value):
            raise A2BenchError(
                f"{where}: {_name(value)} is NaN; a value is a number, or None with a status"
            )
    return ordered


def write_values(path: Path, values: Iterable[Value]) -> None:
    """Write values as Parquet: one row each, sorted, the same bytes for the same values.

    Raises:
        A2BenchError: two values of one (protocol, method, seed, case, metric), or a NaN.
    """
    ordered = _checked(values, where=str(path))
    rows = [value.model_dump() for value in ordered]
    table = pa.Table.from_pylist(rows, schema=_COLUMNS).replace_schema_metadata(
        {_SCHEMA_KEY: VALUES_SCHEMA.encode()}
    )
    with paths.write_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def read_values(path: Path) -> list[Value]:
    """Read values written by `write_values`, in canonical order.

    Raises:
        A2BenchError: no such file, not Parquet, other columns, another schema version, a row that
            is not a value (its number is in the text), a value twice.
    """
    if not path.is_file():
        raise A2BenchError(f"no values at {path}.\nhint: `a2bench score` writes them")
    again = "\nhint: `a2bench score` writes the file anew"
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            found = (schema.metadata or {}).get(_SCHEMA_KEY)
            columns = _READABLE.get("" if found is None else found.decode("utf-8", "replace"))
            if columns is None:
                came = "none" if found is None else repr(found.decode("utf-8", "replace"))
                raise A2BenchError(
                    f"{path}: schema {came}, expected {VALUES_SCHEMA!r}: not values, or written by "
                    f"another version of a2bench.{again}"
                )
            if not schema.remove_metadata().equals(columns):
                raise A2BenchError(
                    f"{path}: columns {_fields(schema)}, expected {_fields(columns)}.{again}"
                )
            if rows > MAX_ROWS:
                raise A2BenchError(f"{path}: {rows} rows, at most {MAX_ROWS} are read.{again}")
            records = file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise A2BenchError(f"{path} cannot be read as Parquet: {error}{again}") from error
    values = []
    for number, record in enumerate(records):
        try:
            values.append(Value.model_validate(record))
        except ValidationError as error:
            raise A2BenchError(f"{path}, row {number}: {error}{again}") from error
    return _checked(values, where=str(path))


def _fields(schema: Any) -> str:
    return ", ".join(f"{entry.name} {entry.type}" for entry in schema)


class GitState(Record):
    """The commit of the checkout that computed, and whether files differed from it."""

    commit: str
    dirty: bool


class CaseCounts(Record):
    """What became of a method's cases in one protocol; together they are all cases."""

    ok: int = 0
    failed: int = 0
    not_applicable: int = 0
    missing: int = 0


class MadeBy(Record):
    """What made a method's predictions."""

    card: MethodCard
    """As it was then: its configuration, resolved."""
    files: dict[str, str] = Field(default_factory=dict)
    """Digests of its code, lock and weights; of videos that were brought none."""
    fingerprints: dict[Protocol, Digest] = Field(default_factory=dict)
    """Of all its requests there (card, code, inputs, seeds), one digest of their fingerprints."""
    devices: tuple[str, ...] = ()
    """Where, as the back end calls it ("cuda:0")."""
    made_of: dict[str, str] = Field(default_factory=dict)
    """What the card does not say: commit, environment, digests of weights."""


class Measured(Record):
    """What a column's values are of."""

    version: int
    digest: Digest
    """Of the metric's file, its card and code."""
    region: Region
    unit: str


class Provenance(Record):
    """What numbers were made of. No clock in it: a second run writes the same bytes."""

    schema_: Literal["a2bench.provenance/2"] = Field("a2bench.provenance/2", alias="schema")
    dataset: str
    dataset_version: str
    dataset_digest: Digest
    profile: str
    split: str
    split_digest: Digest
    """Of the case ids of each protocol, in order: `split_digest`."""
    subset: str = ""
    """Which cases of the split, such as "family=animals"; "": all."""
    suite: str
    track: Track
    seeds: tuple[int, ...]
    cards: dict[str, Digest]
    """Method -> digest of its card and of the code beside it: `card_digest`."""
    ceilings: dict[str, str | None] = Field(default_factory=dict)
    """Method -> the row that is its ceiling; None: a perfect answer is."""
    metric_versions: dict[str, int]
    weights: dict[str, Digest] = Field(default_factory=dict)
    """Weight file -> digest, of the metrics that have a number."""
    libraries: dict[str, str]
    machine: str
    git: GitState | None
    """None: not a git checkout (an installed wheel)."""
    counts: dict[Protocol, dict[str, CaseCounts]]
    partial: bool = False
    """Cases that were never attempted count as failed."""
    rows: dict[Protocol, tuple[str, ...]] = Field(default_factory=dict)
    """Methods of each protocol's table."""
    methods: dict[str, MadeBy] = Field(default_factory=dict)
    """Rows, and `still`, which stands for failed cases."""
    columns: tuple[str, ...] = ()
    metrics: dict[str, Measured] = Field(default_factory=dict)
    """Of the columns."""
    decoder: str = ""
    settings: dict[str, str] = Field(default_factory=dict)
    """Of run and scoring: what else decides a number."""
    files: dict[str, Digest] = Field(default_factory=dict)
    """Every file beside this one."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


def split_digest(cases_by_protocol: Mapping[Protocol, Sequence[str]]) -> str:
    """Digest of which cases were scored."""
    return paths.sha256_text(
        paths.canonical_json({name: list(cases) for name, cases in cases_by_protocol.items()})
    )


def card_digest(method: str) -> str:
    """Digest of a method's card and of the code that decides its answers (`method_files`)."""
    files = plugins.method_files(method)
    return paths.sha256_text(
        paths.canonical_json({path.name: paths.sha256_file(path) for path in files})
    )


_LIBRARIES = {
    "a2bench": "a2bench",
    "numpy": "numpy",
    "opencv": "opencv-python-headless",
    "av": "av",
    "skia": "skia-python",
}


def library_versions() -> dict[str, str]:
    """Return the versions of what decides a number: the libraries that decode, draw and compute."""
    found = {"python": platform.python_version()}
    for name, distribution in _LIBRARIES.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> str:
    """Return the operating system and processor architecture, such as "Linux x86_64"."""
    return f"{platform.system()} {platform.machine()}"


def git_state(folder: Path | None = None) -> GitState | None:
    """Return commit and dirty flag of the checkout that holds a2bench; None: not in one."""
    folder = folder or Path(__file__).parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            return None
        return done.stdout if done.returncode == 0 else None

    # a wheel inside somebody else's repository: the file is not one of the commit's
    if git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    # leaderboards in results/ decide no number: writing one must not mark the next as dirty
    pathspec = (":/", ":(top,exclude,glob)results/*-[0-9]*/**")
    commit = git("rev-parse", "HEAD")
    changes = git("status", "--porcelain", "--untracked-files=all", "--", *pathspec)
    if commit is None or changes is None:
        return None
    return GitState(commit=commit.strip(), dirty=bool(changes.strip()))


def count_cases(
    values: Iterable[Value],
    cases_by_protocol: Mapping[Protocol, Sequence[str]],
    methods: Sequence[MethodCard],
) -> dict[Protocol, dict[str, CaseCounts]]:
    """Count what became of each method's cases: the worst of a case's seeds and metrics decides."""
    seen: dict[tuple[Protocol, str, str], set[str]] = {}
    for value in values:
        seen.setdefault((value.protocol, value.method, value.case_id), set()).add(value.status)
    counts: dict[Protocol, dict[str, CaseCounts]] = {}
    for protocol, cases in cases_by_protocol.items():
        for card in methods:
            if protocol in card.not_applicable:
                counts.setdefault(protocol, {})[card.name] = CaseCounts(not_applicable=len(cases))
                continue
            outcomes: Counter[str] = Counter()
            for case_id in cases:
                statuses = seen.get((protocol, card.name, case_id), {"missing"})
                worst = ("missing", "failed", "not_applicable")
                outcomes[next((status for status in worst if status in statuses), "ok")] += 1
            counts.setdefault(protocol, {})[card.name] = CaseCounts(**outcomes)
    return counts


@dataclass(frozen=True)
class Caption:
    """What the numbers were measured on; every table prints it.

    Attributes:
        dataset: its name, as published.
        version: of the data set.
        digest: of the data set version, `sha256:<hex>`.
        split: name of the prefix that was scored.
        subset: which of its cases, such as "family=animals"; "": all.
    """

    dataset: str
    version: str
    digest: str
    split: str
    suite: str
    track: Track
    profile: str = "default"
    subset: str = ""

    @classmethod
    def of(
        cls,
        info: DatasetInfo,
        *,
        digest: str,
        split: str,
        suite: str,
        track: Track,
        subset: str = "",
    ) -> "Caption":
        """Return the caption for a data set version."""
        return cls(info.name, info.version, digest, split, suite, track, info.profile, subset)

    @property
    def short_digest(self) -> str:
        """The digest's first 12 hexadecimal digits."""
        return self.digest.removeprefix("sha256:")[:12]


@dataclass(frozen=True)
class Column:
    """One metric of the table: its facts, and what its values say of themselves.

    Attributes:
        version: of the values; None: no value has a number.
        region: of the values; None: no value has a number.
    """

    name: str
    title: str
    summary: str
    direction: Literal["higher", "lower"]
    unit: str
    digits: int
    perfect: float
    cap: float | None
    version: int | None
    region: Region | None

    @property
    def of_identical(self) -> float:
        """What a cell of identical cases prints: ±infinity where only the cap bounds the metric."""
        if self.cap is None:
            return self.perfect
        return math.inf if self.direction == "higher" else -math.inf


@dataclass(frozen=True)
class Cell:
    """One metric of one method in one protocol.

    Attributes:
        value: the ranked mean, always finite; None: unavailable or not applicable.
        status: `identical`: every prediction equals its truth (PSNR prints ∞).
        scored: cases with a number of their own for every seed.
        of: all cases.
        failed, missing: cases that entered by rule 6.
        undefined: cases that entered as `still`.
        left_out: cases in which no method has a number.
        reason: why there is no value, and the command to type.
        rank: 1 is best, ties share; None: not ranked.
        ranked: whether methods may be ranked by it.
        low, high: 95 % interval of the value over characters; None: not known.
        tied: whether it was not shown to differ from the best (paired test, Holm over the
            protocol); None: it is the best, or was not tested.
        note: what a number of a set rests on: N, rank of the covariance, stand-ins.
        ceiling: value of the truth sent through the method's frame size, rate and fit.
        skill: (value - still) / (ceiling - still); None: no such scale, see `_skill`.
        numbers: case id -> the number with which it entered the mean; of a set none.
        filled: cases whose number is not the method's own (rules 4 and 6).
    """

    metric: str
    status: CellStatus
    value: float | None
    scored: int
    of: int
    failed: int = 0
    missing: int = 0
    undefined: int = 0
    left_out: int = 0
    reason: str = ""
    rank: int | None = None
    ranked: bool = True
    low: float | None = None
    high: float | None = None
    tied: bool | None = None
    note: str = ""
    ceiling: float | None = None
    skill: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)
    filled: frozenset[str] = field(default_factory=frozenset, repr=False, compare=False)

    @property
    def best(self) -> bool:
        """Whether to print bold: first, with at least one number of its own."""
        return self.rank == 1 and self.scored > 0

    @property
    def second(self) -> bool:
        """Whether to underline."""
        return self.rank == 2 and self.scored > 0


@dataclass(frozen=True)
class Row:
    """One method in one protocol.

    Attributes:
        scored: cases whose prediction exists, for every seed.
        of: all cases.
        cells: one per column of the leaderboard.
        seeds: those that were run.
        mean_rank: over its ranked cells; None: none is.
        absent_ceiling: the method that has to be run before this one has a skill; "": none.
    """

    protocol: Protocol
    card: MethodCard
    seeds: tuple[int, ...]
    scored: int
    of: int
    cells: tuple[Cell, ...]
    mean_rank: float | None = None
    absent_ceiling: str = ""


@dataclass(frozen=True)
class Leaderboard:
    """All that a table prints, in order: by protocol, then by mean rank, reference rows last.

    Attributes:
        cases: number of cases per protocol.
        partial: whether cases that were never attempted count as failed (`allow_partial`).
    """

    caption: Caption
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    cases: dict[Protocol, int]
    partial: bool = False

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols of the table, in their order."""
        return tuple(name for name in PROTOCOLS if name in self.cases)

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds that were run."""
        return tuple(sorted({seed for row in self.rows for seed in row.seeds}))


_Seeds = dict[int, Value]
_Cases = dict[str, _Seeds]


@dataclass
class _Board:
    """Values by protocol, method, metric, case and seed, and the facts to fold them with."""

    caption: Caption
    metrics: dict[str, Metric]
    ranked: set[str]
    clusters: Mapping[Protocol, Mapping[str, Clusters]]
    index: dict[tuple[Protocol, str, str], _Cases] = field(default_factory=dict)
    succeeded: dict[tuple[Protocol, str, str], dict[str, float]] = field(default_factory=dict)
    """Protocol, method, metric -> case -> number, where every seed has one: for paired tests."""

    def characters(self, protocol: Protocol, case_id: str) -> Clusters:
        """Return what a case's chance comes from; not told, the case itself."""
        return self.clusters.get(protocol, {}).get(case_id, (case_id,))

    def cases(self, protocol: Protocol, method: str, metric: str) -> _Cases:
        return self.index.get((protocol, method, metric), {})

    def seeds(self, protocol: Protocol, method: str) -> tuple[int, ...]:
        """Seeds that the method was run with in this protocol, by any of its values."""
        found = {
            seed
            for metric in self.metrics
            for by_seed in self.cases(protocol, method, metric).values()
            for seed in by_seed
        }
        return tuple(sorted(found))

    def entering(self, value: Value) -> float | None:
        """Return the number with which a value enters means (rule 7), if it has one."""
        metric = self.metrics[value.metric]
        if value.value is None or metric.cap is None:
            return value.value
        return value.value if metric.better(metric.cap, value.value) else metric.cap

    def perfect(self, metric: str) -> float:
        """Return the number with which a perfect answer enters means (rule 7)."""
        facts = self.metrics[metric]
        return facts.perfect if facts.cap is None else facts.cap

    def own(self, protocol: Protocol, method: str, metric: str, case_id: str) -> float | None:
        """Return the mean over the seeds that have a number."""
        by_seed = self.cases(protocol, method, metric).get(case_id, {})
        numbers = [self.entering(value) for value in by_seed.values()]
        return _mean([number for number in numbers if number is not None])

    def floor(self, protocol: Protocol, metric: str, case_id: str) -> float | None:
        """Return `still`'s number on a case; where it is undefined or failed, the worst ranked one.

        None: nobody has one.

        Raises:
            A2BenchError: `still` was not scored on this case; it is never left out in silence.
        """
        looked = self.cases(protocol, FLOOR_METHOD, metric).get(case_id, {})
        scored = any(value.status not in ("missing", "unavailable") for value in looked.values())
        if not scored and not self.metrics[metric].needs_pose:  # nobody brings poses for `still`
            raise A2BenchError(
                f"{protocol} / {metric} / {case_id}: a failed or undefined case is ranked by the "
                f"value of method `{FLOOR_METHOD}` there, and `{FLOOR_METHOD}` was not scored.\n"
                f"hint: {_commands(self.caption, protocol, FLOOR_METHOD)}"
            )
        still = self.own(protocol, FLOOR_METHOD, metric, case_id)
        if still is not None:
            return still
        numbers = [self.own(protocol, method, metric, case_id) for method in sorted(self.ranked)]
        return self._worst(metric, numbers)

    def by_rule_6(self, metric: str, floor: float, median: float | None) -> float:
        worst = self._worst(metric, [floor, median])
        return floor if worst is None else worst

    def _worst(self, metric: str, numbers: Iterable[float | None]) -> float | None:
        present = [number for number in numbers if number is not None]
        if not present:
            return None
        return min(present) if self.metrics[metric].direction == "higher" else max(present)


def _mean(numbers: Sequence[float]) -> float | None:
    """Exactly rounded mean, whatever the order; None of nothing."""
    return math.fsum(numbers) / len(numbers) if numbers else None


def _commands(caption: Caption, protocol: Protocol, method: str, kind: str = "in_process") -> str:
    keys = f"method={method} dataset={caption.dataset} protocol={protocol} split={caption.split}"
    if kind == "precomputed":
        return f"`a2bench score --predictions FOLDER [--pairs FILE] {keys}`, or leave it out"
    return f"`a2bench run {keys}`, then `a2bench score {keys}` (with your run= and home=)"


def _one(kind: str, metric: str, numbered: Sequence[Value], attribute: str) -> Any:
    """Return what all values of a metric agree on.

    Raises:
        A2BenchError: they differ; says which methods have which.
    """
    by_fact: dict[Any, set[str]] = {}
    for value in numbered:
        by_fact.setdefault(getattr(value, attribute), set()).add(value.method)
    if len(by_fact) > 1:
        found = "; ".join(
            f"{fact}: {', '.join(sorted(names))}" for fact, names in sorted(by_fact.items())
        )
        raise A2BenchError(
            f"{metric}: values of different {kind} do not mix in one table ({found}).\n"
            "hint: score all methods again with one a2bench and one data set version "
            "(`a2bench score method=...`), or make a table of each"
        )
    return next(iter(by_fact), None)


def _numbered_seeds(by_seed: _Seeds, seeds: Sequence[int], statuses: set[str]) -> bool:
    return any(seed in by_seed and by_seed[seed].status in statuses for seed in seeds)


def _is_missing(by_seed: _Seeds, seeds: Sequence[int]) -> bool:
    """Whether a seed of the case was not attempted or not scored."""
    absent = any(seed not in by_seed for seed in seeds) or not seeds
    return absent or _numbered_seeds(by_seed, seeds, {"missing", "unavailable"})


_LOOKED_AT = ("ok", "identical", "undefined")
"""Statuses of a value whose metric did look at the prediction."""


def _whole_cell(cases: Sequence[str], found: _Cases) -> tuple[CellStatus, str] | None:
    """Return status and reason where they hold for the whole cell."""
    values = [value for case_id in cases for seed, value in sorted(found.get(case_id, {}).items())]
    unavailable = [value for value in values if value.status == "unavailable"]
    # beside scored cases an unavailable one was scored at another time: that one is missing
    if unavailable and not any(value.status in _LOOKED_AT for value in values):
        return "unavailable", unavailable[0].reason
    outside = [value for value in values if value.status == "not_applicable"]
    if outside and len(outside) == len(values):
        return "not_applicable", outside[0].reason
    if outside:
        # a mean over the other cases would compare different cases
        count = len({value.case_id for value in outside})
        return "not_applicable", f"{count} of {len(cases)} cases: {outside[0].reason}"
    return None


def _cell(
    board: _Board, protocol: Protocol, method: str, metric: str, cases: Sequence[str]
) -> Cell:
    """Fold one method's values of one metric into a cell."""
    found, seeds = board.cases(protocol, method, metric), board.seeds(protocol, method)
    if whole := _whole_cell(cases, found):
        return Cell(metric, whole[0], None, 0, len(cases), reason=whole[1])

    own = {case_id: board.own(protocol, method, metric, case_id) for case_id in cases}
    present = [number for number in own.values() if number is not None]
    median = statistics.median(present) if present else None
    numbers: dict[str, float] = {}
    succeeded = board.succeeded.setdefault((protocol, method, metric), {})
    counted: Counter[str] = Counter()
    identical = True
    for case_id in cases:
        by_seed = found.get(case_id, {})
        kind = _kind(by_seed, seeds)
        identical = identical and all(value.status == "identical" for value in by_seed.values())
        identical = identical and kind == "scored"
        if kind == "scored":
            number = own[case_id]
            if number is not None:
                succeeded[case_id] = number
        else:
            number = _filled(board, protocol, metric, case_id, by_seed, seeds, median)
        if number is None:
            kind = "left_out"
        else:
            numbers[case_id] = number
        counted[kind] += 1
    mean = _mean(list(numbers.values()))
    if mean is None:
        reason = "no method has a number on any case"
        return Cell(metric, "not_applicable", None, 0, len(cases), reason=reason)
    if not math.isfinite(mean):
        raise A2BenchError(
            f"{protocol} / {method} / {metric}: the mean is {mean}.\n"
            f"hint: give METRIC in metrics/{metric}.py a `cap`, the value with which a case enters"
        )
    status: CellStatus = "identical" if identical else "ok"
    interval = estimate(
        numbers, {case_id: board.characters(protocol, case_id) for case_id in numbers}
    )
    return Cell(
        metric,
        status,
        mean,
        scored=counted["scored"],
        of=len(cases),
        failed=counted["failed"],
        missing=counted["missing"],
        undefined=counted["undefined"],
        left_out=counted["left_out"],
        low=None if identical else interval.low,
        high=None if identical else interval.high,
        numbers=numbers,
        filled=frozenset(numbers.keys() - succeeded.keys()),
    )


def _set_cell(
    board: _Board, protocol: Protocol, method: str, metric: str, cases: Sequence[str]
) -> Cell:
    """Fold the values of a set, one a seed, into a cell."""
    if board.caption.subset:
        reason = "a distance of sets is computed for whole splits, not for a subset"
        return Cell(metric, "unavailable", None, 0, len(cases), reason=reason)
    by_seed = board.cases(protocol, method, metric).get(set_id(board.caption.split), {})
    lacking = [value for value in by_seed.values() if value.value is None]
    if lacking or not by_seed:
        status: CellStatus = "unavailable"
        if lacking and lacking[0].status in ("not_applicable", "undefined", "missing"):
            status = cast(CellStatus, lacking[0].status)
        reason = lacking[0].reason if lacking else "not scored yet: `a2bench score`"
        return Cell(metric, status, None, 0, len(cases), reason=reason)
    values = [by_seed[seed] for seed in sorted(by_seed)]
    mean = _mean([value.value for value in values if value.value is not None])
    samples = sorted({value.samples for value in values if value.samples is not None})
    ranks = sorted({value.rank for value in values if value.rank is not None})
    ranked = all(value.ranked for value in values)
    rests = [
        f"N = {' or '.join(map(str, samples))}" if samples else "",
        f"rank {' or '.join(map(str, ranks))}" if ranks else "",
        "" if ranked else "not ranked: too few for this distance",
        *dict.fromkeys(value.reason for value in values),
    ]
    note = ", ".join(text for text in rests if text)
    count = len(cases)
    failed = max(stand_ins_of(value.reason) for value in values)
    one = values[0] if len(values) == 1 else None  # over seeds there is no interval of the mean
    return Cell(
        metric,
        "ok",
        mean,
        scored=count - failed,
        of=count,
        failed=failed,
        ranked=ranked,
        low=one.low if one else None,
        high=one.high if one else None,
        note=note,
    )


def _kind(by_seed: _Seeds, seeds: Sequence[int]) -> str:
    """What became of a case, the worst of its seeds deciding."""
    if _is_missing(by_seed, seeds):
        return "missing"
    if _numbered_seeds(by_seed, seeds, {"failed"}):
        return "failed"
    return "undefined" if _numbered_seeds(by_seed, seeds, {"undefined"}) else "scored"


def _filled(
    board: _Board,
    protocol: Protocol,
    metric: str,
    case_id: str,
    by_seed: _Seeds,
    seeds: Sequence[int],
    median: float | None,
) -> float | None:
    """Mean over the seeds of a case where some have no number of their own."""
    floor = board.floor(protocol, metric, case_id)
    if floor is None:
        return None
    numbers = []
    for seed in seeds or (0,):
        value = by_seed.get(seed)
        number = board.entering(value) if value is not None else None
        if number is not None:
            numbers.append(number)
        elif value is not None and value.status == "undefined":
            numbers.append(floor)
        else:
            numbers.append(board.by_rule_6(metric, floor, median))
    return _mean(numbers)


def _row(board: _Board, protocol: Protocol, card: MethodCard, cases: Sequence[str]) -> Row:
    if reason := card.not_applicable.get(protocol):
        cells = tuple(
            Cell(metric, "not_applicable", None, 0, len(cases), reason=reason)
            for metric in board.metrics
        )
        return Row(protocol, card, (), 0, len(cases), cells)
    seeds = board.seeds(protocol, card.name)
    cells = tuple(
        (_cell if facts.of_set is None else _set_cell)(board, protocol, card.name, metric, cases)
        for metric, facts in board.metrics.items()
    )
    counting = [
        cell.metric
        for cell in cells
        if cell.value is not None and board.metrics[cell.metric].of_set is None
    ]
    lost = {
        case_id
        for metric in counting
        for case_id in cases
        if _kind(board.cases(protocol, card.name, metric).get(case_id, {}), seeds)
        in ("missing", "failed")
    }
    scored = len(cases) - len(lost) if counting else 0
    return Row(protocol, card, seeds, scored, len(cases), cells)


def _refuse_missing(
    board: _Board,
    cases_by_protocol: Mapping[Protocol, Sequence[str]],
    methods: Sequence[MethodCard],
) -> None:
    problems = []
    for protocol, cases in cases_by_protocol.items():
        for card in methods:
            if protocol in card.not_applicable:
                continue
            seeds = board.seeds(protocol, card.name)
            lost: dict[str, list[str]] = {}
            for metric, facts in board.metrics.items():
                found = board.cases(protocol, card.name, metric)
                if facts.of_set is not None or _whole_cell(cases, found):
                    continue
                for case_id in cases:
                    if _is_missing(found.get(case_id, {}), seeds):
                        lost.setdefault(case_id, []).append(metric)
            if lost:
                examples = "; ".join(
                    f"{case_id} ({', '.join(names)})" for case_id, names in list(lost.items())[:3]
                )
                problems.append(
                    f"{protocol} / {card.name}: {len(lost)} of {len(cases)} cases, such as "
                    f"{examples}: {_commands(board.caption, protocol, card.name, card.kind)}"
                )
    if problems:
        error = problems_error("cases without a value", problems)
        raise A2BenchError(
            f"{error}\nhint: run the lines above, or add --allow-partial: such cases then count as "
            "failed and the table is marked as partial"
        )


def _tied(
    board: _Board, protocol: Protocol, rows: Sequence[Row], columns: Sequence[Column]
) -> dict[tuple[str, str], bool]:
    """Return (method, metric) -> whether it was not shown to differ from the best of its column.

    On the cases where both succeeded; Holm over all comparisons of the protocol, so that a table
    of many columns does not find differences by their number. With so few characters that no
    difference, however large, could be shown, nothing is said.
    """
    asked: list[tuple[str, str]] = []
    found: list[float] = []
    fewest = math.inf
    for position, column in enumerate(columns):
        ranked = [row for row in rows if row.cells[position].rank is not None]
        best = next((row.card.name for row in ranked if row.cells[position].rank == 1), None)
        if best is None or board.metrics[column.name].of_set is not None:
            continue
        ours = board.succeeded.get((protocol, best, column.name), {})
        for row in ranked:
            theirs = board.succeeded.get((protocol, row.card.name, column.name), {})
            if row.card.name == best or not ours.keys() & theirs.keys():
                continue
            characters = {case_id: board.characters(protocol, case_id) for case_id in ours}
            higher = column.direction == "higher"
            result = compare(ours, theirs, characters, higher_is_better=higher)
            if result.p is not None:
                asked.append((row.card.name, column.name))
                found.append(result.p)
                fewest = min(fewest, result.effect.clusters)
    if len(found) * smallest_p(fewest) > ALPHA:
        return {}
    adjusted = holm(found)
    return {name: p > ALPHA for name, p in zip(asked, adjusted, strict=True)}


def _ranked(
    board: _Board, protocol: Protocol, rows: Sequence[Row], columns: Sequence[Column]
) -> list[Row]:
    """Return the rows of one protocol with ranks and ties, ordered."""
    ranks: dict[tuple[str, str], int] = {}
    for position, column in enumerate(columns):
        sign = -1.0 if column.direction == "higher" else 1.0
        keys = {
            row.card.name: sign * round(value, column.digits)
            for row in rows
            if row.card.ranked
            and row.cells[position].ranked
            and (value := row.cells[position].value) is not None
        }
        for name, key in keys.items():
            ranks[name, column.name] = 1 + sum(other < key for other in keys.values())

    def with_ranks(row: Row) -> Row:
        cells = tuple(
            replace(cell, rank=ranks.get((row.card.name, cell.metric))) for cell in row.cells
        )
        mean_rank = _mean([float(cell.rank) for cell in cells if cell.rank is not None])
        return replace(row, cells=cells, mean_rank=mean_rank)

    def order(row: Row) -> tuple[bool, bool, float, str]:
        last = math.inf if row.mean_rank is None else row.mean_rank
        return not row.card.ranked, row.card.reference_row, last, row.card.name

    ordered = sorted((with_ranks(row) for row in rows), key=order)
    tied = _tied(board, protocol, ordered, columns)
    return [
        replace(
            row,
            cells=tuple(
                replace(cell, tied=tied.get((row.card.name, cell.metric))) for cell in row.cells
            ),
        )
        for row in ordered
    ]


def _skilled(
    board: _Board, rows: Sequence[Row], ceilings: Mapping[str, str | None]
) -> Iterator[Row]:
    """Yield the rows of one protocol with ceiling and skill (rule 7)."""
    by_name = {row.card.name: row for row in rows}
    still = by_name.get(FLOOR_METHOD)
    for row in rows:
        name = ceilings.get(row.card.name, row.card.name)
        best = by_name.get(name) if name is not None else None
        if not row.card.ranked or still is None or not row.seeds:
            yield row
            continue
        if name is not None and best is None:
            absent = name if row.card.name in ceilings else ""
            yield replace(row, absent_ceiling=absent)
            continue
        tops = [
            board.perfect(cell.metric) if best is None else cell.value
            for cell in (best or row).cells
        ]
        cells = zip(row.cells, still.cells, tops, strict=True)
        skilled = (
            replace(cell, ceiling=top, skill=_skill(cell, floor, top)) for cell, floor, top in cells
        )
        yield replace(row, cells=tuple(skilled))


def _skill(cell: Cell, still: Cell, ceiling: float | None) -> float | None:
    """Return 0 for `still` and 1 for the ceiling, linear between and beyond.

    None: a number is lacking, nobody knows how far `still`'s is to be trusted, or the ceiling lies
    within its interval: the scale would be noise.
    """
    if cell.value is None or still.value is None or ceiling is None:
        return None
    if still.low is None or still.high is None or still.low <= ceiling <= still.high:
        return None
    return (cell.value - still.value) / (ceiling - still.value)


def aggregate(
    values: Iterable[Value],
    cases_by_protocol: Mapping[Protocol, Sequence[str]],
    methods: Sequence[MethodCard],
    metrics: Sequence[str],
    *,
    caption: Caption,
    allow_partial: bool = False,
    metric_of: Callable[[str], Metric] | None = None,
    clusters: Mapping[Protocol, Mapping[str, Clusters]] | None = None,
    ceilings: Mapping[str, str | None] | None = None,
) -> Leaderboard:
    """Fold values into a leaderboard by the scoring rules (head of this file).

    Args:
        values: of any methods, metrics and cases; what the table does not ask for is not read,
            but for the method `still`, which stands for failed and undefined cases.
        cases_by_protocol: the case ids of the split.
        methods: the rows.
        metrics: the columns, in order.
        caption: what the values were measured on.
        allow_partial: cases that were not attempted count as failed, and mark the table.
        metric_of: metric by name; default `plugins.metric`.
        clusters: protocol -> case id -> the characters of the case, for intervals and tests; not
            told, each case stands alone.
        ceilings: method -> the row whose values are its ceiling; None: its frame size, rate and fit
            lose nothing, a perfect answer is its ceiling. A method that is not named, and one whose
            row is not there, have no skill.

    Raises:
        A2BenchError: a case without a value, and not `allow_partial`; values of one metric with
            different region or version; a method that does not stand in the caption's track; a
            failed or undefined case where `still` was not scored. Each with the command to type.
    """
    for kind, asked in (("method", [card.name for card in methods]), ("metric", list(metrics))):
        if twice := sorted(name for name, count in Counter(asked).items() if count > 1):
            raise A2BenchError(f"{kind} {twice[0]!r} is asked for twice")
    if outside := [card for card in methods if caption.track not in card.tracks]:
        raise A2BenchError(
            f"tracks do not mix in one table: method {outside[0].name!r} stands in "
            f"{' and '.join(outside[0].tracks)}, the table is track {caption.track}.\n"
            f"hint: leave it out, or ask for track={outside[0].tracks[0]}"
        )
    facts = {name: (metric_of or plugins.metric)(name) for name in metrics}
    cases = {
        name: tuple(cases_by_protocol[name]) for name in PROTOCOLS if name in cases_by_protocol
    }
    wanted = {name: frozenset(ids) for name, ids in cases.items()}
    names = {card.name for card in methods}
    of_set = set_id(caption.split)
    used = _checked(
        (
            value
            for value in values
            if value.metric in facts
            and (value.method in names or value.method == FLOOR_METHOD)
            and (
                value.case_id in wanted.get(value.protocol, ())
                or (value.case_id == of_set and value.protocol in wanted)
            )
        ),
        where="values",
    )
    numbered = {
        name: [value for value in used if value.metric == name and value.value is not None]
        for name in metrics
    }
    columns = tuple(
        Column(
            name=name,
            title=metric.title,
            summary=metric.summary,
            direction=metric.direction,
            unit=metric.unit,
            digits=metric.digits,
            perfect=metric.perfect,
            cap=metric.cap,
            version=_one("version", name, numbered[name], "version"),
            region=_one("region", name, numbered[name], "region"),
        )
        for name, metric in facts.items()
    )
    ranked = {card.name for card in methods if card.ranked}
    board = _Board(caption, facts, ranked, clusters or {})
    for value in used:
        by_case = board.index.setdefault((value.protocol, value.method, value.metric), {})
        by_case.setdefault(value.case_id, {})[value.seed] = value
    if not allow_partial:
        _refuse_missing(board, cases, methods)
    rows: list[Row] = []
    for protocol, ids in cases.items():
        found = [_row(board, protocol, card, ids) for card in methods]
        rows += _skilled(board, _ranked(board, protocol, found, columns), ceilings or {})
    partial = any(cell.missing for row in rows for cell in row.cells)
    return Leaderboard(
        caption, columns, tuple(rows), {name: len(ids) for name, ids in cases.items()}, partial
    )
