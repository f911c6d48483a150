"""Tables and comparisons from committed leaderboards: no run folder, no data set is needed.

A contribution is a leaderboard in a folder of its own, with its own provenance. Several are put
into one table only where data set, split, suite, track and metric versions are the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from a2bench import plugins
from a2bench.compare import Report, numbers, report
from a2bench.errors import A2BenchError, unknown_name
from a2bench.leaderboard import PROVENANCE, Committed, read_leaderboard, read_provenance
from a2bench.records import Protocol
from a2bench.results import Provenance
from a2bench.subsets import choose_ids

MOST_BOARDS = 1000
"""Leaderboards looked for below one folder."""

SAME = (
    *("dataset", "dataset_version", "dataset_digest", "profile", "split", "split_digest"),
    *("suite", "track", "subset", "columns"),
)
"""What the provenances of leaderboards must agree on to share a table."""


def folders_below(path: Path) -> list[Path]:
    """Return the folders at or below a path that hold a leaderboard, sorted.

    Raises:
        A2BenchError: no such folder, none holds one, or absurdly many do.
    """
    if not path.is_dir():
        raise A2BenchError(
            f"{path}: no such folder.\nhint: `a2bench table --into results` makes it"
        )
    if (path / PROVENANCE).is_file():
        return [path]
    found: list[Path] = []
    for record in path.rglob(PROVENANCE):
        found.append(record.parent)
        if len(found) > MOST_BOARDS:
            raise A2BenchError(f"{path}: over {MOST_BOARDS} leaderboards below it; name a folder.")
    if not found:
        raise A2BenchError(
            f"{path}: no leaderboard at or below it ({PROVENANCE} is missing).\n"
            "hint: `a2bench table --into results` writes one"
        )
    return sorted(found)


def gathered(
    places: Sequence[Path], asked: Mapping[str, str], defaults: Mapping[str, str]
) -> Committed:
    """Read the leaderboards that are asked for as one.

    A method that several hold is taken from the first that has it as a row.

    Args:
        places: folders of leaderboards, or folders above some.
        asked: `dataset` (name, or name@version), `split`, `suite` as the user named them.
        defaults: the same three, for places above several leaderboards.

    Raises:
        A2BenchError: none is of what was asked, or they do not mix; says in what they differ.
    """
    chosen: list[Path] = []
    for place in places:
        folders = folders_below(place)
        wanted = {**({} if folders == [place] else defaults), **asked}
        known = {folder: read_provenance(folder) for folder in folders}
        fits = [folder for folder, made in known.items() if _is_of(made, wanted)]
        if not fits:
            there = sorted({_label(made) for made in known.values()})
            words = " ".join(f"--{key} {text}" for key, text in wanted.items())
            raise A2BenchError(f"{place}: no leaderboard of {words}; there: {'; '.join(there)}.")
        chosen += [folder for folder in fits if folder not in chosen]
    boards = [read_leaderboard(folder) for folder in chosen]
    found = boards[0]
    for folder, board in zip(chosen[1:], boards[1:], strict=True):
        found = _joined(found, board, f"{chosen[0]} and {folder}")
    return found


def _is_of(made: Provenance, wanted: Mapping[str, str]) -> bool:
    name, _, version = wanted.get("dataset", "").partition("@")
    return (
        name in ("", made.dataset)
        and version in ("", made.dataset_version)
        and wanted.get("split", made.split) == made.split
        and wanted.get("suite", made.suite) == made.suite
    )


def _label(made: Provenance) -> str:
    return (
        f"--dataset {made.dataset}@{made.dataset_version} --split {made.split} --suite {made.suite}"
    )


def _joined(first: Committed, second: Committed, what: str) -> Committed:
    """Return two leaderboards as one, the first one's rows before."""
    ours, theirs = first.provenance, second.provenance
    for field in SAME:
        if getattr(ours, field) != getattr(theirs, field):
            raise A2BenchError(
                f"{what} do not share a table: {field} is {getattr(ours, field)!r} in one and "
                f"{getattr(theirs, field)!r} in the other.\n"
                "hint: --dataset NAME@VERSION, --split and --suite say which"
            )
    for name, measured in ours.metrics.items():
        other = theirs.metrics[name]
        if (measured.version, measured.region) != (other.version, other.region):
            raise A2BenchError(
                f"{what} do not share a table: {name} is version {measured.version} "
                f"({measured.region}) in one and {other.version} ({other.region}) in the other."
            )
    cases = list(first.cases)
    for protocol in theirs.rows:
        there = first.cases_of(protocol)
        if there and there != second.cases_of(protocol):
            raise A2BenchError(f"{what} do not share a table: the cases of {protocol} differ.")
        cases += [] if there else second.cases_of(protocol)
    rows = {
        protocol: tuple(sorted({*ours.rows.get(protocol, ()), *theirs.rows.get(protocol, ())}))
        for protocol in {**ours.rows, **theirs.rows}
    }
    # a `still` that only stands for failed cases gives way to one that is a row
    as_rows = {(protocol, name) for protocol, names in ours.rows.items() for name in names}
    from_second = {
        (protocol, name) for protocol, names in theirs.rows.items() for name in names
    } - as_rows
    there_already = {(value.protocol, value.method) for value in first.values}
    taken = from_second | (
        {(value.protocol, value.method) for value in second.values} - there_already
    )
    values = [one for one in first.values if (one.protocol, one.method) not in from_second]
    values += [one for one in second.values if (one.protocol, one.method) in taken]
    clips = {key: clip for key, clip in first.clips.items() if key[:2] not in from_second}
    clips |= {key: clip for key, clip in second.clips.items() if key[:2] in taken}
    provenance = ours.model_copy(
        update={
            "partial": ours.partial or theirs.partial,
            "rows": rows,
            "methods": theirs.methods | ours.methods,
            "ceilings": theirs.ceilings | ours.ceilings,
            "seeds": tuple(sorted({*ours.seeds, *theirs.seeds})),
        }
    )
    return Committed(provenance, tuple(cases), clips, tuple(values))


def narrowed(
    found: Committed,
    methods: Sequence[str] | None,
    protocols: Sequence[Protocol] | None,
    subset: Sequence[str] = (),
) -> Committed:
    """Return only some rows, protocols or cases of a leaderboard.

    Raises:
        A2BenchError: it has no such method or protocol, or no such cases.
    """
    made = found.provenance
    rows = made.rows
    if protocols is not None:
        if absent := [name for name in protocols if name not in rows]:
            raise unknown_name("protocol of this leaderboard", absent[0], rows)
        rows = {name: names for name, names in rows.items() if name in protocols}
    if methods is not None:
        known = {name for names in rows.values() for name in names}
        for name in methods:
            if name not in known:
                raise unknown_name("method of this leaderboard", name, known)
        rows = {
            protocol: kept
            for protocol, names in rows.items()
            if (kept := tuple(name for name in names if name in methods))
        }
    cases = [case for case in found.cases if case.protocol in rows]
    if subset:
        chosen = {
            protocol: choose_ids(
                {one.case_id: one.facts for one in found.cases_of(protocol)}, subset
            )
            for protocol in rows
        }
        cases = [case for case in cases if case.case_id in chosen[case.protocol]]
    update = {"rows": rows, "subset": " and ".join(subset) or made.subset}
    values = tuple(value for value in found.values if value.protocol in rows)
    return replace(
        found, provenance=made.model_copy(update=update), cases=tuple(cases), values=values
    )


def compare_committed(
    found: Committed, first: str, second: str, protocol: Protocol, subset: Sequence[str] = ()
) -> Report:
    """Compare two methods of a leaderboard on the cases where both succeeded.

    Raises:
        A2BenchError: no such method or protocol there; no common case; nothing to compare.
    """
    chosen = narrowed(found, [first, second], [protocol], subset)
    metrics = [name for name in chosen.metrics if plugins.metric(name).of_set is None]
    wanted = frozenset(case.case_id for case in chosen.cases)
    sides: list[dict[str, dict[str, float]]] = []
    lacking: dict[str, str] = {}
    for method in (second, first):
        got, lacks = _numbers_of(chosen, method, metrics, wanted)
        sides.append(got)
        lacking |= lacks
    made = chosen.provenance
    return report(
        (first, second),
        (sides[1], sides[0]),
        lacking,
        metrics,
        {case.case_id: case.clusters for case in chosen.cases},
        dataset=f"{made.dataset} {made.dataset_version}",
        protocol=protocol,
        split=made.split,
        subset=subset,
    )


def _numbers_of(
    found: Committed, method: str, metrics: Iterable[str], wanted: frozenset[str]
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Return metric -> case id -> number, and metric -> why there is none."""
    own = [value for value in found.values if value.method == method and value.case_id in wanted]
    seeds = sorted({value.seed for value in own})
    got: dict[str, dict[str, float]] = {}
    lacking: dict[str, str] = {}
    for name in metrics:
        values = [value for value in own if value.metric == name]
        got[name] = numbers(values, plugins.metric(name), seeds)
        if not got[name]:
            reasons = [value.reason for value in values if value.reason]
            lacking[name] = reasons[0] if reasons else f"no value of {method}"
    return got, lacking
