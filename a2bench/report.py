"""`report results`: a static folder that shows a leaderboard and every case behind it.

    index.html                  tables, charts, cases worst first
    case.html                   one case: synchronised players and curves (`case.html#p=...&c=...`)
    report.css report_*.js      looks and programs of both
    data/site.js                what both pages know
    data/<protocol>.js          tables, numbers and attributes of its cases
    media/                      previews (`a2bench.previews`), kept from one call to the next

Nothing is requested from elsewhere. What is there already is not made again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from a2bench.boards import board
from a2bench.card import environment
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.leaderboard import Committed, committed, truth_of
from a2bench.ondemand import truth_digests
from a2bench.parallel import in_processes
from a2bench.paths import canonical_json, sweep_asides, write_text
from a2bench.previews import CasePreviews, Made, make
from a2bench.progress import progress
from a2bench.records import Case, Protocol, Track
from a2bench.report_data import Part, previews_of, protocol_data, site_data
from a2bench.results import read_values
from a2bench.store import RunFolder
from a2bench.suites import SUITES, suite_metrics

PAGES = ("index.html", "case.html")
_FILES = ("report.css", "report_common.js", "report_front.js", "report_player.js", "report_case.js")


@dataclass(frozen=True)
class Report:
    """Where the report is, and what is in it.

    Attributes:
        made: cases whose previews were completed by this call.
        absent: predictions whose preview is not there and cannot be made.
        why_absent: the reason, for people; "": none is absent.
    """

    page: Path
    cases: int
    methods: int
    suites: tuple[str, ...]
    absent_suites: Mapping[str, str]
    made: int
    absent: int
    why_absent: str
    bytes: int


@dataclass(frozen=True)
class Source:
    """Where previews can be made from; the report itself needs neither."""

    store: RunFolder
    dataset: Dataset | None


def read_run(
    store: RunFolder,
    dataset: Dataset,
    methods: Sequence[str] | None,
    protocols: Sequence[Protocol] | None,
    split: str,
    *,
    track: Track = "given_pose",
    subset: Sequence[str] = (),
    allow_partial: bool = False,
) -> tuple[list[Committed], dict[str, str]]:
    """Read every suite that a run was scored with; return them and why others are absent.

    Raises:
        A2BenchError: the headline suite is not whole; says what to type.
    """

    def read(suite: str) -> Committed:
        made = board(
            store, dataset, methods, protocols, split, suite,
            track=track, subset=subset, allow_partial=allow_partial,
        )  # fmt: skip
        return committed(made, store, dataset)

    found = [read("a2bench")]
    scored = {
        value.metric for value in read_values(store.values_folder(dataset) / "values.parquet")
    }
    absent: dict[str, str] = {}
    for suite in list(SUITES)[1:]:
        what = f"a2bench score suite={suite} dataset={dataset.info.name} split={split}"
        if not scored & set(suite_metrics(suite)):
            absent[suite] = f"not scored: {what}"
            continue
        try:
            found.append(read(suite))
        except A2BenchError:  # of its cases or methods some are not scored: the others stay
            absent[suite] = f"not scored for every method and case shown here: {what}"
    return found, absent


def read_suites(
    read: Callable[[str], Committed], *, hint: str
) -> tuple[list[Committed], dict[str, str]]:
    """Read every suite of a leaderboard's files; return them and why others are absent.

    Args:
        read: reads the leaderboard of a suite.
        hint: what makes one, for the page.

    Raises:
        A2BenchError: there is none of any suite.
    """
    found: list[Committed] = []
    absent: dict[str, str] = {}
    errors: list[A2BenchError] = []
    for suite in SUITES:
        try:
            found.append(read(suite))
        except A2BenchError as error:
            errors.append(error)
            absent[suite] = f"no such leaderboard there: {hint}"
    if not found:
        raise errors[0]
    return found, absent


def write_report(
    read: Sequence[Committed],
    out: Path,
    source: Source | None,
    *,
    absent_suites: Mapping[str, str] | None = None,
    made_by: str = "a2bench report results",
    workers: int | None = None,
) -> Report:
    """Write the report and the previews that are missing.

    Args:
        read: one leaderboard a suite, of the same data set and split; the first is the headline.
        out: folder of the report.
        source: of previews; None: only those that are kept are shown.
        absent_suites: suite -> why it is not shown.
        made_by: the command line, for the page.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: `out` lies in the data set or run, or a clip cannot be read.
    """
    if source is not None:
        _refuse_inside(out, source)
    first = read[0]
    parts = [Part(one, one.leaderboard()) for one in read]
    media = out / "media"
    shown = {  # reference rows are the truth: they have numbers and no player
        protocol: [
            row.card.name
            for row in parts[0].leaderboard.rows
            if row.protocol == protocol and not row.card.reference_row
        ]
        for protocol in parts[0].leaderboard.protocols
    }
    previews = {
        protocol: previews_of(first, protocol, names, media) for protocol, names in shown.items()
    }
    made, why_absent = 0, "no data set or run here has them"
    if source is not None:
        tasks, why_absent = _tasks(first, previews, source)
        if tasks:  # to be looked at while previews are made, and when they are stopped
            later = "being made, or stopped: the same command goes on"
            _write_pages(parts, previews, absent_suites or {}, later, made_by, out)
        with progress("previews", len(tasks)) as bar:
            for case_id in in_processes(make, tasks, workers=workers) if tasks else ():
                made += 1
                bar.advance(note=case_id)
    absent = sum(
        not there
        for of_protocol in previews.values()
        for one in of_protocol
        for name, there in one.files().items()
        if name.endswith(".js")
    )
    _write_pages(parts, previews, absent_suites or {}, why_absent, made_by, out)
    return Report(
        page=out / PAGES[0],
        cases=len(first.cases),
        methods=len({row.card.name for row in parts[0].leaderboard.rows}),
        suites=tuple(part.leaderboard.caption.suite for part in parts),
        absent_suites=absent_suites or {},
        made=made,
        absent=absent,
        why_absent=why_absent if absent else "",
        bytes=sum(path.stat().st_size for path in out.rglob("*") if path.is_file()),
    )


def _refuse_inside(out: Path, source: Source) -> None:
    places = {"the run": source.store.folder}
    if source.dataset is not None:
        places["the data set"] = source.dataset.folder
    for what, folder in places.items():
        if out.resolve().is_relative_to(folder.resolve()):
            raise A2BenchError(
                f"--out {out} lies in {what}, which the report must outlive.\n"
                "hint: choose a folder elsewhere"
            )


def _tasks(
    read: Committed, previews: Mapping[Protocol, Sequence[CasePreviews]], source: Source
) -> tuple[list[tuple[Path, Case, CasePreviews]], str]:
    """Return the cases of which something is missing and can be made, and why the rest cannot."""
    dataset, made = source.dataset, read.provenance
    if dataset is None:
        return [], f"data set {made.dataset} {made.dataset_version} is not built here"
    if dataset.digest(made.split) != made.dataset_digest:
        return [], f"{dataset.folder} is not the {made.dataset} {made.dataset_version} of the table"
    truths = {(case.protocol, case.case_id): case.truth for case in read.cases}
    tasks = []
    for protocol, of_protocol in previews.items():
        cases = {case.case_id: case for case in dataset.cases(protocol, made.split)}
        for one in of_protocol:
            sweep_asides(one.folder)
            there = one.files()
            if all(there.values()):
                continue
            case = cases[one.case_id]
            digest = truth_of(truth_digests(dataset, case))
            if digest and digest != truths[protocol, one.case_id]:
                continue  # its predictions were measured against another truth
            found = replace(one, methods=tuple(_found(source.store, dataset, case, one)))
            there_too = [made for made in found.methods if made.path is not None]
            wanted = {f"{made.stem}{suffix}" for made in there_too for suffix in (".js", ".webp")}
            wanted |= {name for name in there if not name.startswith("by-")}
            if any(not there[name] for name in wanted):
                tasks.append((dataset.folder, case, found))
    return tasks, f"their videos are not in {source.store.folder} any more"


def _found(store: RunFolder, dataset: Dataset, case: Case, asked: CasePreviews) -> Iterator[Made]:
    """Yield the predictions of a case, with the path of those that are there unchanged."""
    for made in asked.methods:
        result = store.result(dataset, case, made.method, made.seed, fingerprint=None)
        if result is None or result.prediction_sha256 != made.sha256:
            yield made
        else:
            path = store.prediction(dataset, case.protocol, made.method, made.seed, case.case_id)
            yield replace(made, path=path)


def _write_pages(
    parts: Sequence[Part],
    previews: Mapping[Protocol, Sequence[CasePreviews]],
    absent_suites: Mapping[str, str],
    why_absent: str,
    made_by: str,
    out: Path,
) -> None:
    site = site_data(parts, absent_suites, why_absent, made_by)
    for protocol, of_protocol in previews.items():
        data = protocol_data(parts, protocol, of_protocol)
        write_text(out / "data" / f"{protocol}.js", f"protocol({canonical_json(data)});\n")
    write_text(out / "data" / "site.js", f"site({canonical_json(site)});\n")
    templates = files("a2bench.templates")
    for name in _FILES:
        write_text(out / name, templates.joinpath(name).read_text(encoding="utf-8"))
    for name in reversed(PAGES):  # the page to open comes last: where it is, all is
        page = environment(markup=True).get_template(f"report_{name}.j2")
        write_text(out / name, page.render(dataset=site["dataset"], split=site["split"]))
