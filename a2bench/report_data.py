"""What the pages of the report know, as JSON types; every number comes from a leaderboard.

`site` is loaded by both pages, `protocol` once the protocol is chosen: 500 cases x 10 methods are
1 MB. Numbers of cases are those with which they enter the table (`a2bench table --cases`), so that
the mean over all of them is the number that the table prints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2bench import plugins
from a2bench.leaderboard import CaseRow, Committed, plain
from a2bench.previews import CURVES, CasePreviews, Made, key, method_stem
from a2bench.records import MethodCard, Protocol, Value
from a2bench.results import Leaderboard, Provenance, library_versions
from a2bench.suites import SUITES
from a2bench.tables import (
    ARROWS,
    PARTIAL,
    PROTOCOL_TEXT,
    caption_parts,
    groups_of,
    html_row,
    legend_text,
    notes,
    plain_text,
    spans,
)

_BAD = ("failed", "missing", "not_applicable")
"""Statuses of a value that say there is no prediction."""


@dataclass(frozen=True)
class Part:
    """One suite of the report: what was read and its table."""

    read: Committed
    leaderboard: Leaderboard


def link(text: str) -> str:
    """Return an address that a page may link to; "" where it is none."""
    plain = plain_text(text)
    return plain if plain.startswith(("https://", "http://")) and " " not in plain else ""


def shown_seeds(read: Committed) -> dict[tuple[Protocol, str], int]:
    """Return (protocol, method) -> the seed whose predictions are shown: its first."""
    seeds: dict[tuple[Protocol, str], int] = {}
    for protocol, method, seed, _ in read.clips:
        seeds[protocol, method] = min(seed, seeds.get((protocol, method), seed))
    return seeds


def site_data(
    parts: Sequence[Part], absent_suites: Mapping[str, str], why_absent: str, made_by: str
) -> dict[str, Any]:
    """Return what both pages know.

    Args:
        parts: one a suite, of the same cases; the first is the headline.
        absent_suites: suite -> why it is not shown.
        why_absent: why a preview may not be there.
        made_by: the command line that made the report.
    """
    first = parts[0].leaderboard
    cards = {row.card.name: row.card for part in parts for row in part.leaderboard.rows}
    return {
        "dataset": plain_text(f"{first.caption.dataset} {first.caption.version}"),
        "name": plain_text(first.caption.dataset),
        "version": plain_text(first.caption.version),
        "split": plain_text(first.caption.split),
        "digest": plain_text(first.caption.digest),
        "track": first.caption.track,
        "caption": caption_parts(first),
        "partial": PARTIAL if first.partial else "",
        "protocols": [
            {"name": name, "text": PROTOCOL_TEXT[name], "cases": first.cases[name]}
            for name in first.protocols
        ],
        "suites": [_suite(part) for part in parts],
        "absent_suites": [[name, plain_text(why)] for name, why in absent_suites.items()],
        "methods": {name: _method(card) for name, card in cards.items()},
        "curves": [_curve(name) for name in CURVES],
        "provenance": _provenance([part.read.provenance for part in parts]),
        "why_absent": plain(why_absent),
        "made_by": plain(made_by),
        "a2bench": library_versions()["a2bench"],
    }


def _suite(part: Part) -> dict[str, Any]:
    name = part.leaderboard.caption.suite
    known = SUITES.get(name)
    return {
        "name": name,
        "summary": known.summary if known else "",
        "legend": spans(legend_text(part.leaderboard)),
        "columns": [
            {
                "name": column.name,
                "title": plain_text(column.title),
                "summary": plain_text(column.summary),
                "arrow": ARROWS[column.direction],
                "higher": column.direction == "higher",
                "unit": "" if column.unit in ("", "1") else plain_text(column.unit),
                "digits": column.digits,
                "perfect": column.perfect,
                "headline": known is None or known.prints(column.name),
                "version": column.version,
                "region": column.region,
                "pitfalls": plain_text(plugins.metric(column.name).pitfalls),
                "formula": plain_text(plugins.metric(column.name).formula),
            }
            for column in part.leaderboard.columns
        ],
    }


def _curve(name: str) -> dict[str, Any]:
    metric = plugins.metric(name)
    return {
        "name": name,
        "title": metric.title,
        "arrow": ARROWS[metric.direction],
        "higher": metric.direction == "higher",
        "unit": "" if metric.unit in ("", "1") else metric.unit,
        "digits": metric.digits,
    }


def _method(card: MethodCard) -> dict[str, Any]:
    return {
        "title": plain_text(card.title),
        "summary": plain_text(card.summary),
        "reference": card.reference_row,
        "paper": link(card.paper),
        "code": link(card.code),
        "inputs": [name.replace("_", " ") for name in card.inputs_seen],
        "trained_on": plain_text(card.trained_on) or "not stated",
        "licences": plain_text(
            f"code {card.licence_code or 'not stated'}, "
            f"weights {card.licence_weights or 'not stated'}"
        ),
        "stochastic": card.stochastic,
        "hardware": plain_text(card.hardware),
    }


def _provenance(made: Sequence[Provenance]) -> list[list[Any]]:
    """Return groups of (what, value) in the order to print."""
    first = made[0]
    commit = "not a git checkout"
    if first.git is not None:
        commit = first.git.commit + (", with changes" if first.git.dirty else "")
    groups: list[tuple[str, list[tuple[str, str]]]] = [
        (
            "Data set",
            [
                ("data set", f"{first.dataset} {first.dataset_version}, profile {first.profile}"),
                ("content of the split", first.dataset_digest),
                ("cases of the split", f"{first.split}, {first.split_digest}"),
                *([("subset", first.subset)] if first.subset else []),
            ],
        ),
        (
            "Predictions",
            [
                (f"{protocol}: {method}", _counts_text(counts.model_dump()))
                for protocol, by_method in first.counts.items()
                for method, counts in by_method.items()
            ],
        ),
        (
            "Methods",
            [
                (f"{name}: {what}", value)
                for name, by in first.methods.items()
                for what, value in (
                    ("card and code", first.cards.get(name, "")),
                    *sorted(by.files.items()),
                    *((f"requests in {place}", one) for place, one in by.fingerprints.items()),
                    ("devices", ", ".join(by.devices)),
                    *sorted(by.made_of.items()),
                    ("ceiling", first.ceilings.get(name) or ""),
                )
                if value
            ],
        ),
        (
            "Metrics",
            [
                (
                    name,
                    f"version {one.version}, region {one.region}, unit {one.unit}, {one.digest}",
                )
                for part in made
                for name, one in part.metrics.items()
            ],
        ),
        (
            "Software",
            [
                *sorted({**first.weights}.items()),
                *sorted(first.libraries.items()),
                ("decoder", first.decoder),
                ("machine of the table", first.machine),
                ("git commit", commit),
                *sorted(first.settings.items()),
            ],
        ),
    ]
    return [
        [title, [[plain_text(what), plain_text(value)] for what, value in rows if value]]
        for title, rows in groups
        if rows
    ]


def _counts_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def protocol_data(
    parts: Sequence[Part], protocol: Protocol, previews: Sequence[CasePreviews]
) -> dict[str, Any]:
    """Return tables, cases, numbers and previews of one protocol.

    Args:
        parts: as `site_data`.
        protocol: of the tables and cases.
        previews: of its cases, in their order; what is not there is told by "".
    """
    read = parts[0].read
    cases = read.cases_of(protocol)
    place = {case.case_id: at for at, case in enumerate(cases)}
    methods = list(
        dict.fromkeys(
            row.card.name
            for part in parts
            for row in part.leaderboard.rows
            if row.protocol == protocol
        )
    )
    numbers: dict[str, dict[str, list[float | None]]] = {}
    filled: dict[str, dict[str, list[int]]] = {}
    for part in parts:
        for row in part.leaderboard.rows:
            for cell in row.cells if row.protocol == protocol else ():
                if cell.numbers:
                    by_case = [cell.numbers.get(case.case_id) for case in cases]
                    numbers.setdefault(cell.metric, {})[row.card.name] = by_case
                    entered = sorted(place[case_id] for case_id in cell.filled)
                    filled.setdefault(cell.metric, {})[row.card.name] = entered
    there = [one.files() for one in previews]
    seeds: dict[str, set[int]] = {}
    for at, name, seed, _ in read.clips:
        if at == protocol:
            seeds.setdefault(name, set()).add(seed)
    stems = {method: _stems(previews, there, method) for method in methods}
    return {
        "protocol": protocol,
        "tables": [_table(part.leaderboard, protocol) for part in parts],
        "methods": methods,
        "cases": [case.case_id for case in cases],
        "references": [case.reference_id for case in cases],
        "drivers": [case.driver_id for case in cases],
        "facts": _facts(cases),
        "numbers": numbers,
        "filled": {
            metric: {name: at for name, at in by_method.items() if at}
            for metric, by_method in filled.items()
        },
        "seconds": {method: _seconds(read, protocol, method, cases) for method in methods},
        "seeds": {method: sorted(seeds.get(method, ())) for method in methods},
        "bad": _bad(parts, protocol, place),
        "previews": stems,
        "reference": _there(previews, there, "reference", ".webp"),
        "driver": _there(previews, there, "driver", ".js"),
        "truth": _there(previews, there, "truth", ".js"),
    }


def _stems(
    previews: Sequence[CasePreviews], there: Sequence[Mapping[str, bool]], method: str
) -> list[str]:
    found = []
    for one, files in zip(previews, there, strict=True):
        stem = next((made.stem for made in one.methods if made.method == method), "")
        found.append(stem if files.get(f"{stem}.js") and files.get(f"{stem}.webp") else "")
    return found


def _there(
    previews: Sequence[CasePreviews], there: Sequence[Mapping[str, bool]], role: str, suffix: str
) -> list[str]:
    stems = [str(getattr(one, role)) for one in previews]
    return [
        stem if files[f"{stem}{suffix}"] else "" for stem, files in zip(stems, there, strict=True)
    ]


def _table(leaderboard: Leaderboard, protocol: Protocol) -> dict[str, Any]:
    found = notes(leaderboard)
    groups = {group.protocol: group for group in groups_of(leaderboard)}
    ranked, blocks = groups[protocol][1:] if protocol in groups else ([], [])
    apart = [row for _, rows in blocks for row in rows]
    used = {
        letter
        for row in (*ranked, *apart)
        for column in ("method", "scored", *(one.name for one in leaderboard.columns))
        for letter in found.of(row, column).split(",")
    }
    return {
        "rows": [
            {
                "method": row.card.name,
                "reference": not row.card.ranked,
                **html_row(row, leaderboard.columns, found),
                "low": [cell.low for cell in row.cells],
                "high": [cell.high for cell in row.cells],
            }
            for row in (*ranked, *apart)
        ],
        "notes": [(letter, spans(text)) for letter, text in found.listed() if letter in used],
    }


def _facts(cases: Sequence[CaseRow]) -> dict[str, dict[str, list[Any]]]:
    """Return attribute -> its values, and of each case which one; -1: it has none."""
    found: dict[str, dict[str, list[Any]]] = {}
    for name in sorted({name for case in cases for name in case.facts}):
        words = [case.facts.get(name) for case in cases]
        values = sorted({word for word in words if word is not None})
        place = {value: at for at, value in enumerate(values)}
        found[name] = {
            "values": [plain_text(value) for value in values],
            "of": [-1 if word is None else place[word] for word in words],
        }
    return found


def _seconds(
    read: Committed, protocol: Protocol, method: str, cases: Sequence[CaseRow]
) -> list[float | None]:
    """Return a method's own seconds for each case, the mean over its seeds."""
    by_case: dict[str, list[float]] = {}
    for (place, name, _, case_id), clip in read.clips.items():
        if (place, name) == (protocol, method) and clip.seconds is not None:
            by_case.setdefault(case_id, []).append(clip.seconds)
    means = [by_case.get(case.case_id) for case in cases]
    return [sum(one) / len(one) if one else None for one in means]


def _bad(
    parts: Sequence[Part], protocol: Protocol, place: Mapping[str, int]
) -> dict[str, dict[str, list[str]]]:
    """Return method -> case number -> (status, reason) where there is no prediction of a seed."""
    found: dict[str, dict[str, list[str]]] = {}
    values: list[Value] = [
        value
        for part in parts
        for value in part.read.values
        if value.protocol == protocol and value.status in _BAD and value.case_id in place
    ]
    for value in values:
        reason = [value.status.replace("_", " "), plain_text(value.reason)]
        found.setdefault(value.method, {}).setdefault(str(place[value.case_id]), reason)
    return found


def stems_of(read: Committed, case: CaseRow) -> tuple[str, str, str]:
    """Return the names of the previews of a case's reference, driver and truth.

    They follow from the leaderboard alone: previews are found again without data set and run. The
    truth shows the reference dancing as the driver does, so its digest changes with either.
    """
    made = read.provenance
    of = (made.dataset, made.dataset_version, made.profile, case.protocol, case.truth)
    return (
        f"reference-{key(*of, case.reference_id)}",
        f"driver-{key(*of, case.driver_id)}",
        f"truth-{key(case.truth)}",
    )


def previews_of(
    read: Committed, protocol: Protocol, methods: Sequence[str], media: Path
) -> list[CasePreviews]:
    """Return which previews the cases of a protocol have by the leaderboard, made or not."""
    seeds = shown_seeds(read)
    found = []
    for case in read.cases_of(protocol):
        made = []
        for method in methods:
            seed = seeds.get((protocol, method), 0)
            clip = read.clips.get((protocol, method, seed, case.case_id))
            if clip is not None and clip.prediction_sha256:
                stem = method_stem(method, clip.prediction_sha256, case.truth)
                made.append(Made(method, seed, None, clip.prediction_sha256, stem))
        folder = media / protocol / case.case_id
        found.append(CasePreviews(folder, *stems_of(read, case), tuple(made)))
    return found
