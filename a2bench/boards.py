"""From a run's values to a leaderboard with provenance, and the files of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from a2bench import plugins, weights
from a2bench.contact_sheet import SheetRow, spread_frames, write_contact_sheet
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.ondemand import Grid, driving_clip, load_truth
from a2bench.paths import canonical_json, sha256_text
from a2bench.records import Case, MethodCard, Protocol, Track, Value
from a2bench.results import (
    FLOOR_METHOD,
    Caption,
    Leaderboard,
    Provenance,
    aggregate,
    card_digest,
    count_cases,
    git_state,
    library_versions,
    machine,
    split_digest,
)
from a2bench.run import seeds_of
from a2bench.score import lookup
from a2bench.store import RunFolder
from a2bench.subsets import choose, clusters_of
from a2bench.suites import suite_metrics
from a2bench.video import read_image, read_truth, read_video

TRACK: Track = "given_pose"
"""Exact poses are injected; methods without a pose input stand in it too."""


@dataclass(frozen=True)
class Board:
    """A leaderboard with what it was made of.

    Attributes:
        values: of its rows.
        given: protocol -> all that the table was computed from: `still`'s too, for failed cases.
        cases: protocol -> those of the table, in the order of the split.
    """

    leaderboard: Leaderboard
    values: list[Value]
    provenance: Provenance
    given: dict[Protocol, list[Value]] = field(default_factory=dict)
    cases: dict[Protocol, list[Case]] = field(default_factory=dict)


def rows_of(
    store: RunFolder,
    dataset: Dataset,
    methods: Sequence[str] | None,
    protocols: Sequence[Protocol] | None,
    track: Track | None = None,
) -> dict[Protocol, list[MethodCard]]:
    """Return protocol -> methods of its table.

    Asked for protocols, every method has a row in each. Not asked, a method has one where it has
    results (or where it cannot have any: not applicable), so that a method run on one protocol
    does not spoil the other's table. Not named, methods are those that stand in the track.

    Raises:
        A2BenchError: no results at all.
    """
    cards = [store.card(name) for name in methods or store.methods(dataset)]
    if track is not None and methods is None:
        cards = [card for card in cards if track in card.tracks]
    if protocols is not None:
        chosen = {protocol: cards for protocol in protocols}
    else:
        with_results = {
            protocol: {card.name for card in cards if store.seeds(dataset, protocol, card.name)}
            for protocol in dataset.info.protocols
        }
        chosen = {
            protocol: [
                card
                for card in cards
                if card.name in names or (names and protocol in card.not_applicable)
            ]
            for protocol, names in with_results.items()
        }
    chosen = {protocol: shown for protocol, shown in chosen.items() if shown}
    if not chosen:
        where = "" if track is None else f" in track {track}"
        raise A2BenchError(
            f"{store.folder} has no predictions for {dataset.label}{where}.\n"
            f"hint: a2bench run method=still dataset={dataset.info.name}, then a2bench score"
        )
    return chosen


def joined(boards: Sequence[Leaderboard]) -> Leaderboard:
    """Return one leaderboard of several protocols.

    Raises:
        A2BenchError: a metric was measured in another region or version in one of them.
    """
    first = boards[0]
    columns = []
    for position, column in enumerate(first.columns):
        measured = [one.columns[position] for one in boards if one.columns[position].region]
        if len({(one.region, one.version) for one in measured}) > 1:
            raise A2BenchError(
                f"{column.name}: protocols differ in region or version of the metric.\n"
                "hint: make a table of each: --protocol self, --protocol cross"
            )
        columns.append(measured[0] if measured else column)
    return replace(
        first,
        columns=tuple(columns),
        rows=tuple(row for one in boards for row in one.rows),
        cases={protocol: count for one in boards for protocol, count in one.cases.items()},
        partial=any(one.partial for one in boards),
    )


def ceilings_of(dataset: Dataset, cards: Sequence[MethodCard]) -> dict[str, str | None]:
    """Return method -> the row that is its ceiling; None where its grid loses nothing."""
    first = dataset.sample(dataset.info.order[0])
    found: dict[str, str | None] = {}
    for card in cards:
        native = card.native
        same_size = native.size is None or native.size == first.size
        # every scoring instant is then a frame of it
        same_moments = native.fps is None or (native.fps / first.fps).is_integer()
        found[card.name] = None if same_size and same_moments else plugins.CEILING + card.name
    return {card.name: found[card.name] for card in cards if card.ranked}


def board(
    store: RunFolder,
    dataset: Dataset,
    methods: Sequence[str] | None,
    protocols: Sequence[Protocol] | None,
    split: str,
    suite: str,
    *,
    track: Track = TRACK,
    seeds: Sequence[int] | None = None,
    subset: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    allow_partial: bool = False,
    networks: bool = True,
) -> Board:
    """Fold the values of a run into a leaderboard; computes no metric.

    Args:
        store: the run.
        dataset: what it was run on.
        methods: rows; None: all of the run.
        protocols: None: those with results.
        split: of the cases.
        suite: whose rules and columns.
        track: that the rows stand in; methods that are not named are those of it.
        seeds: of stochastic methods; None: those that the rules ask for.
        subset: `KEY=VALUE[,VALUE]` of the cases (`a2bench.subsets.choose`), all to be met.
        metrics: columns; None: all of the suite.
        allow_partial: cases that were never attempted count as failed.
        networks: whether metrics that need weights are looked up.

    Raises:
        A2BenchError: nothing scored yet, missing cases, or predictions and values that are not
            of the methods as they are now; with the command to type.
    """
    chosen = rows_of(store, dataset, methods, protocols, track)
    if not (store.values_folder(dataset) / "values.parquet").exists():
        raise A2BenchError(
            f"{store.values_folder(dataset)}: nothing is scored yet.\n"
            f"hint: a2bench score dataset={dataset.info.name} split={split}"
        )
    metrics = list(metrics or suite_metrics(suite))
    cards = list({card.name: card for cards in chosen.values() for card in cards}.values())
    caption = Caption.of(
        dataset.info,
        digest=dataset.digest(split),
        split=split,
        suite=suite,
        track=track,
        subset=" and ".join(subset),
    )
    ceilings = ceilings_of(dataset, cards)
    boards: list[Leaderboard] = []
    used: list[Value] = []
    given: dict[Protocol, list[Value]] = {}
    shown_cases: dict[Protocol, list[Case]] = {}
    cases: dict[Protocol, list[str]] = {}
    for protocol, shown in chosen.items():
        all_cases = dataset.cases(protocol, split)
        chosen_cases = choose(dataset, all_cases, subset) if subset else all_cases
        shown_cases[protocol] = chosen_cases
        cases[protocol] = [case.case_id for case in chosen_cases]
        # rule 6: a failed case is ranked by what `still` gets there, whatever rows are shown
        floor = [] if any(card.name == FLOOR_METHOD for card in shown) else [FLOOR_METHOD]
        read = [*shown, *(store.card(name) for name in floor)]
        values = list(
            lookup(
                store, dataset, read, [protocol], split, metrics, seeds=seeds, networks=networks
            ).values.values()
        )
        names = {card.name for card in shown}
        used += [value for value in values if value.method in names]
        given[protocol] = [
            value for value in values if value.status != "missing" or value.method in names
        ]
        boards.append(
            aggregate(
                given[protocol],
                {protocol: cases[protocol]},
                shown,
                metrics,
                caption=caption,
                allow_partial=allow_partial,
                clusters={protocol: clusters_of(chosen_cases)},
                ceilings=ceilings,
            )
        )
    made = joined(boards)
    provenance = Provenance(
        dataset=dataset.info.name,
        dataset_version=dataset.info.version,
        dataset_digest=dataset.digest(split),
        profile=dataset.info.profile,
        split=split,
        split_digest=split_digest(cases),
        subset=caption.subset,
        suite=suite,
        track=track,
        seeds=made.seeds,
        cards={card.name: _digest_of(card) for card in cards},
        ceilings=ceilings,
        metric_versions={name: plugins.metric(name).version for name in metrics},
        weights=_weights(used),
        libraries=library_versions() | _networks(used),
        machine=machine(),
        git=git_state(),
        counts={
            protocol: counted
            for protocol, shown in chosen.items()
            for counted in count_cases(used, {protocol: cases[protocol]}, shown).values()
        },
    )
    return Board(made, used, provenance, given, shown_cases)


def _weights(used: Sequence[Value]) -> dict[str, str]:
    """Return the weight files behind the numbers, by name."""
    computed = {value.metric for value in used if value.status == "ok"}
    rows = {row for name in computed for row in plugins.metric(name).all_weights}
    return {name: f"sha256:{digest}" for name, digest in weights.digests(*rows).items() if digest}


def _networks(used: Sequence[Value]) -> dict[str, str]:
    """Return what networks ran in when they were asked, wherever that was; nothing without any."""
    noted = {part for value in used for part in value.computed_in.split("; ") if part}
    return {"networks": "; ".join(sorted(noted))} if noted else {}


def _digest_of(card: MethodCard) -> str:
    if plugins.is_method(card.name):
        return card_digest(card.name)
    return sha256_text(canonical_json(card.model_dump(mode="json")))


def write_sheet(
    store: RunFolder,
    dataset: Dataset,
    methods: Sequence[str],
    protocol: Protocol,
    split: str,
    path: Path,
    *,
    most_cases: int = 8,
) -> Path:
    """Write the contact sheet: reference, driver, truth and every method, case by case.

    Raises:
        A2BenchError: a truth or prediction cannot be read.
    """
    rows = []
    cards = [store.card(name) for name in methods]
    cases = dataset.cases(protocol, split)[:most_cases]
    shown = list(spread_frames(min(case.frames for case in cases)))
    for case in cases:
        driver = dataset.sample(case.driver_id)
        grid = Grid(driver.size, driver.fps, driver.frames, "stretch")
        predictions: dict[str, Video | str] = {}
        for card in cards:
            if card.reference_row:
                continue  # the oracle is the truth, which has its column
            seed = seeds_of(card, None)[0]
            result = store.result(dataset, case, card.name, seed, fingerprint=None)
            if result is None or result.status != "ok":
                reason = card.not_applicable.get(protocol, "not run")
                predictions[card.title] = (
                    reason if result is None else f"{result.failure or result.status}"
                )
                continue
            output = store.prediction(dataset, protocol, card.name, seed, case.case_id)
            predictions[card.title] = read_video(output).frames[shown]
        rows.append(
            SheetRow(
                label=case.case_id,
                reference=read_image(dataset.sample_file(case.reference_id, "reference.png")),
                driver=read_truth(driving_clip(dataset, case, grid)[0])[shown],
                truth=load_truth(dataset, case).frames[shown],
                predictions=predictions,
            )
        )
    write_contact_sheet(path, rows, instants_seconds=[index / cases[0].fps for index in shown])
    return path
