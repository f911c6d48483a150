"""A toy leaderboard for tests: every status a value can have, in two protocols."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

from a2bench import plugins
from a2bench.leaderboard import (
    CaseRow,
    Clip,
    Committed,
    metric_digest,
    read_provenance,
    with_files,
    write_provenance,
)
from a2bench.paths import sha256_file
from a2bench.records import MethodCard, Protocol, Value, set_id
from a2bench.results import (
    CaseCounts,
    GitState,
    MadeBy,
    Measured,
    Provenance,
    count_cases,
    library_versions,
    split_digest,
)
from a2bench.suites import suite_metrics

DIGEST = "sha256:" + "3fa9c1d2" * 8
METRICS = suite_metrics("a2bench")
PROTOCOLS: tuple[Protocol, ...] = ("self", "cross")
CASES = [f"a2p-{index:04d}-toy" for index in range(6)]
SPLIT = "smoke"


def card(name: str, **facts: object) -> MethodCard:
    """Return a card of a method that is not installed."""
    known = {"name": name, "title": name.title(), "summary": "A toy.", "kind": "precomputed"}
    licence = {"licence_code": "Apache-2.0", "licence_weights": "none", "inputs_seen": ("pose",)}
    return MethodCard.model_validate(known | licence | facts)


CARDS = (
    card("flaky", stochastic=True),
    card("oracle", reference_row=True),
    card("steady"),
    card("still", not_applicable={}),
)


def case_ids(protocol: Protocol) -> list[str]:
    """Return the cases of a protocol, in the order of the split."""
    if protocol == "self":
        return CASES
    return [f"{a}__{b}" for a, b in zip(CASES, CASES[1:] + CASES[:1], strict=True)]


@cache
def _all_values() -> tuple[Value, ...]:
    return tuple(_values())


def _values() -> Iterator[Value]:
    for protocol, (number, made) in product(PROTOCOLS, enumerate(CARDS)):
        for seed, (at, case_id) in product(
            range(3 if made.stochastic else 1), enumerate(case_ids(protocol))
        ):
            for metric in METRICS:
                facts = plugins.metric(metric)
                if facts.of_set is not None:
                    continue
                size = 10 if facts.unit in ("dB", "px") else 1
                value: float | None = size * ((number + 1) * 0.1 + at / 70 + seed / 310)
                status, reason = "ok", ""
                if metric.startswith("lpips"):
                    value, status, reason = None, "unavailable", "weights x.pth are absent"
                elif made.name == "oracle":
                    value, status, reason = facts.perfect, "identical", "no pixel differs"
                elif made.name == "flaky" and at == 2 and seed == 1:
                    value, status, reason = None, "failed", "oom: 24 GiB"
                elif made.name == "steady" and at == 3 and metric == "flow_error_dis":
                    value, status, reason = None, "undefined", "no texture"
                yield _value(
                    protocol, made.name, seed, case_id, metric, value, status, reason, "motion"
                )
        for seed, metric in product(range(3 if made.stochastic else 1), METRICS):
            if plugins.metric(metric).of_set is not None:
                yield _value(
                    *(protocol, made.name, seed, set_id(SPLIT), metric, 100.0 + number + seed / 3),
                    *("ok", "", "frame"),
                )


def _value(
    protocol: Protocol,
    method: str,
    seed: int,
    case_id: str,
    metric: str,
    value: float | None,
    status: str,
    reason: str,
    region: str,
) -> Value:
    of_set = region == "frame"
    facts = {"samples": 6, "rank": 5, "low": 90.25, "high": 110.5, "ranked": False}
    return Value.model_validate(
        {
            "protocol": protocol,
            "method": method,
            "seed": seed,
            "case_id": case_id,
            "metric": metric,
            "version": plugins.metric(metric).version,
            "value": value,
            "status": status,
            "reason": reason,
            "region": region,
            "unit": plugins.metric(metric).unit,
            "key": DIGEST,
        }
        | (facts if of_set else {})
    )


def toy(*, dataset: str = "toy", cards: tuple[MethodCard, ...] = CARDS) -> Committed:
    """Return a leaderboard that was never measured."""
    names = [one.name for one in cards]
    values = tuple(value for value in _all_values() if value.method in names)
    cases = {protocol: case_ids(protocol) for protocol in PROTOCOLS}
    provenance = Provenance(
        schema_="a2bench.provenance/2",
        dataset=dataset,
        dataset_version="1.0.0",
        dataset_digest=DIGEST,
        profile="default",
        split=SPLIT,
        split_digest=split_digest(cases),
        suite="a2bench",
        track="given_pose",
        seeds=(0, 1, 2),
        cards={one.name: DIGEST for one in cards},
        metric_versions={name: plugins.metric(name).version for name in METRICS},
        weights={},
        libraries=library_versions(),
        machine="Linux x86_64",
        git=GitState(commit="0" * 40, dirty=False),
        counts=_counts(values, cases, cards),
        partial=False,
        rows={protocol: tuple(sorted(names)) for protocol in PROTOCOLS},
        methods={one.name: MadeBy(card=one, devices=("cpu:0",)) for one in cards},
        columns=tuple(METRICS),
        metrics={
            name: Measured(
                version=plugins.metric(name).version,
                digest=metric_digest(name),
                region="frame" if plugins.metric(name).of_set is not None else "motion",
                unit=plugins.metric(name).unit,
            )
            for name in METRICS
        },
        decoder="PyAV 1.2.3",
        settings={"prompt": "a character dancing"},
    )
    rows = tuple(
        CaseRow(
            protocol,
            case_id,
            case_id.split("__")[0],
            case_id.split("__")[-1],
            DIGEST,
            {"family": "animals" if at % 2 else "food"},
        )
        for protocol in PROTOCOLS
        for at, case_id in enumerate(case_ids(protocol))
    )
    clips = {
        (one.protocol, one.method, one.seed, one.case_id): Clip(1.5, DIGEST)
        for one in values
        if one.case_id != set_id(SPLIT)
    }
    return Committed(provenance, rows, clips, values)


def _counts(
    values: tuple[Value, ...], cases: dict[Protocol, list[str]], cards: tuple[MethodCard, ...]
) -> dict[Protocol, dict[str, CaseCounts]]:
    return count_cases(values, cases, cards)


def mend(folder: Path) -> None:
    """Write the digests of the files as they are now: what whoever edits them would do."""
    made = read_provenance(folder)
    files = {name: sha256_file(folder / name) for name in made.files}
    write_provenance(with_files(made, files), folder)
