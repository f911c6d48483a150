"""What the Hydra verbs do with their configuration."""

import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from a2bench.cli.hydra_verbs import Verb
from a2bench.errors import A2BenchError, unknown_name
from a2bench.paths import data_home
from a2bench.records import PROTOCOLS, Fit, MethodCard, Protocol, Size
from a2bench.tracks import on_track, parse_track
from a2bench.training.trained import use_trained

if TYPE_CHECKING:
    from rich.console import Console


def _names(value: Any) -> list[str]:
    """Return a name or a list of names as a list without repeats."""
    words = [value] if isinstance(value, str) else [str(word) for word in value]
    return list(dict.fromkeys(words))


def _suites(value: Any) -> list[str]:
    """Return suites: a name, a list, or names with commas."""
    return [name.strip() for word in _names(value) for name in word.split(",")]


def parse_size(text: str | None) -> Size | None:
    """Return WIDTHxHEIGHT as a size.

    Raises:
        A2BenchError: not of that form, or not even (4:2:0 video needs it).
    """
    if text is None:
        return None
    width, _, height = str(text).lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise A2BenchError(f"size={text}: expected WIDTHxHEIGHT, such as 512x768.")
    if int(width) % 2 or int(height) % 2 or not min(int(width), int(height)) >= 16:
        raise A2BenchError(f"size={text}: both sides must be even and at least 16 px.")
    if max(int(width), int(height)) > 8192:
        raise A2BenchError(f"size={text}: at most 8192 px a side.")
    return Size(width=int(width), height=int(height))


def parse_fit(text: str) -> Fit:
    """Return the fit of that name.

    Raises:
        A2BenchError: no such fit.
    """
    if text not in get_args(Fit):
        raise unknown_name("fit", text, get_args(Fit))
    return cast(Fit, text)


def parse_protocols(value: Any) -> list[Protocol]:
    """Return protocols by name, in their fixed order.

    Raises:
        A2BenchError: no such protocol.
    """
    words = _names(value)
    for word in words:
        if word not in PROTOCOLS:
            raise unknown_name("protocol", word, PROTOCOLS)
    return [name for name in PROTOCOLS if name in words]


def whole_number(value: Any, key: str, *, least: int) -> int | None:
    """Return a count, or None where none is given.

    Raises:
        A2BenchError: not a whole number, or too small.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise A2BenchError(f"{key}={value}: expected a whole number of at least {least}.")
    return value


def positive(value: Any, key: str) -> float | None:
    """Return a number above 0, or None where none is given.

    Raises:
        A2BenchError: not a number, or not above 0.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise A2BenchError(f"{key}={value}: expected a number above 0.")
    return float(value)


def parse_seeds(value: Any) -> list[int] | None:
    """Return seeds: of N the first N, of a list those, of null None.

    Raises:
        A2BenchError: neither.
    """
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return list(range(whole_number(value, "seeds", least=1) or 1))
    seeds = [whole_number(seed, "seeds", least=0) for seed in value]
    return sorted({seed for seed in seeds if seed is not None})


def parse_duration(value: Any) -> float:
    """Return seconds of a time such as 2h, 90m, 1h30m, 45s; a bare number is seconds.

    Raises:
        A2BenchError: not of that form, or nothing.
    """
    units = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
    text = str(value).strip().lower()
    text = f"{text}s" if text.replace(".", "", 1).isdigit() else text
    if not re.fullmatch(r"(\d+(\.\d+)?[dhms])+", text):
        raise A2BenchError(f"budget={value}: expected a time such as 2h, 90m, 1h30m or 45s.")
    seconds = sum(
        float(n) * units[unit] for n, _, unit in re.findall(r"(\d+(\.\d+)?)([dhms])", text)
    )
    if not seconds > 0:
        raise A2BenchError(f"budget={value}: expected more than no time.")
    return seconds


def console() -> "Console":
    """Return a console for tables: as wide as the terminal, or wide enough for a file."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=160)


def _build(cfg: Any) -> int:
    home = data_home(cfg.home)
    if cfg.builder == "procedural":
        from a2bench.builders import procedural

        dataset = procedural.build(
            home,
            split=cfg.split,
            profile=cfg.profile,
            motion=None if cfg.motion is None else Path(str(cfg.motion)).expanduser(),
            workers=whole_number(cfg.workers, "workers", least=1),
        )
        split = cfg.split
    elif cfg.builder == "generative":
        from a2bench.cli.generating import build_generative

        return build_generative(cfg, home)
    else:
        from a2bench.builders import adopt
        from a2bench.cli.building import pose_networks, said_of_poses

        found, why_not = pose_networks(cfg)
        dataset = adopt.build(
            home,
            source=Path(cfg.source).expanduser(),
            name=cfg.name,
            version=str(cfg.version),
            layout=str(cfg.layout),
            ids=cfg.ids,
            rate_hz=positive(cfg.rate, "rate"),
            fps=positive(cfg.fps, "fps") or adopt.FPS,
            frames=whole_number(cfg.frames, "frames", least=2) or adopt.MOST_FRAMES,
            size=parse_size(cfg.size),
            fit=parse_fit(cfg.fit),
            networks=found,
            workers=whole_number(cfg.workers, "workers", least=1),
        )
        split = "full"
        print(said_of_poses(dataset, why_not))
    print(f"{dataset.label}: {len(dataset.ids(split))} samples (split {split}) in {dataset.folder}")
    print(f"content digest: {dataset.digest(split)}")
    protocol = dataset.info.protocols[-1]
    methods = "[still,puppet_warp]" if cfg.builder == "procedural" else "[still,oracle]"
    print(
        f"next: a2bench run method={methods} dataset={dataset.info.name} "
        f"protocol={protocol} split={split}" + (f" home={cfg.home}" if cfg.home else "")
    )
    return 0


def _run(cfg: Any) -> int:
    from omegaconf import OmegaConf

    from a2bench import plugins
    from a2bench.budget import run_within
    from a2bench.dataset import Dataset
    from a2bench.run import note_settings, plan, planned_lines, run
    from a2bench.runner import Preparing, with_options
    from a2bench.store import RunFolder

    seconds = None if cfg.budget is None else parse_duration(cfg.budget)
    if seconds is not None and cfg.dry_run:
        raise A2BenchError(
            f"budget={cfg.budget} times two cases a method, and dry_run=true runs none.\n"
            "hint: leave one of the two away; what the timed cases make is kept and counts"
        )
    home = data_home(cfg.home)
    use_trained(home)
    names = _names(cfg.method)
    if cfg.track is not None:
        names = [on_track(name, parse_track(cfg.track)) for name in names]
    cards = [plugins.card(name) for name in names]
    options = cast(dict[str, object], OmegaConf.to_container(cfg.runner_options))
    back_end = with_options(plugins.runner(cfg.runner), cfg.runner, options)
    dataset = Dataset.find(home, cfg.dataset)
    protocols = parse_protocols(cfg.protocol)
    store = RunFolder.of(home, cfg.run)
    seeds = parse_seeds(cfg.seeds)
    if cfg.dry_run or (isinstance(back_end, Preparing) and seconds is None):
        jobs, summary = plan(
            store,
            dataset,
            cards,
            protocols,
            cfg.split,
            seeds=seeds,
            retry_failed=cfg.retry_failed,
        )
        if cfg.dry_run:
            for line in planned_lines(jobs, as_json=cfg.json):
                print(line)
            print(
                f"{len(jobs)} to run, {summary.done_before} done before; nothing was run (dry_run)",
                file=sys.stderr,
            )
            return 0
        if isinstance(back_end, Preparing) and (prepared := back_end.prepared(jobs)):
            note_settings(store, dataset, jobs)
            print(prepared)
            return 0
    how: dict[str, Any] = {
        "runner": cfg.runner,
        "runner_options": options,
        "seeds": seeds,
        "workers": whole_number(cfg.workers, "workers", least=1),
        "retry_failed": cfg.retry_failed,
    }
    split = cfg.split
    if seconds is None:
        summary = run(store, dataset, cards, protocols, split, **how)
    else:
        summary, estimate = run_within(seconds, store, dataset, cards, protocols, split, **how)
        split = estimate.chosen
        for line in estimate.lines(seconds):
            print(line, file=sys.stderr)
    for method, protocol, reason in summary.not_applicable:
        print(f"not applicable: {method} in {protocol}: {reason}")
    for result in summary.failed:
        said = [line for line in result.reason.split("\n") if not line.startswith("hint:")]
        last = said[-1].strip()
        print(
            f"failed: {result.method} {result.protocol} {result.case_id}: {result.failure}: {last}"
        )
    same: dict[tuple[str, str, str], list[str]] = {}
    for result in summary.skipped:
        last = result.reason.strip().split("\n")[-1].strip()
        same.setdefault((result.method, result.protocol, last), []).append(result.case_id)
    for (method, where, last), cases in same.items():
        which = cases[0] if len(cases) == 1 else f"{len(cases)} cases"
        print(f"skipped: {method} {where} {which}: {last}")
    skipped = f"{len(summary.skipped)} skipped, " if summary.skipped else ""
    print(
        f"{summary.made} predictions made, {summary.done_before} were there, "
        f"{len(summary.failed)} failed, {skipped}in {store.folder}"
    )
    if summary.failed:
        first = summary.failed[0]
        path = store.prediction(
            dataset, first.protocol, first.method, first.seed, first.case_id
        ).with_suffix(".json")
        print(f"hint: whole reasons are in such files: {path}; mended? add retry_failed=true")
    print(f"next: a2bench score dataset={cfg.dataset} split={split}{_where(cfg)}")
    return 1 if summary.failed or summary.skipped else 0


def _where(cfg: Any, *, flags: bool = False) -> str:
    """Return the run and home that the next command needs too."""
    words = {"run": cfg.run if cfg.run != "main" else None, "home": cfg.home}
    form = " --{} {}" if flags else " {}={}"
    return "".join(form.format(key, value) for key, value in words.items() if value is not None)


def _score(cfg: Any) -> int:
    if cfg.pair is not None:
        return _score_pair(cfg)
    from a2bench.boards import board, rows_of
    from a2bench.dataset import Dataset
    from a2bench.score import score
    from a2bench.store import RunFolder
    from a2bench.suites import suites_metrics
    from a2bench.tables import headline_of, to_terminal

    home = data_home(cfg.home)
    use_trained(home)
    store = RunFolder.of(home, cfg.run)
    suites = _suites(cfg.suite)
    track = parse_track(cfg.track)
    metrics = suites_metrics(suites)
    seeds = parse_seeds(cfg.seeds)
    workers = whole_number(cfg.workers, "workers", least=1)
    if cfg.predictions is not None:
        dataset, card, protocol, split = _bring(cfg, home, store)
        rows: dict[Protocol, list[MethodCard]] = {protocol: [card]}
    else:
        dataset = Dataset.find(home, cfg.dataset or "a2bench-proc")
        split = cfg.split or "quant"
        rows = rows_of(
            store,
            dataset,
            [on_track(name, track) for name in _names(cfg.method)] if cfg.method else None,
            parse_protocols(cfg.protocol) if cfg.protocol else None,
            track,
        )
    values = [
        value
        for protocol, cards in rows.items()
        for value in score(
            store,
            dataset,
            cards,
            [protocol],
            split,
            metrics,
            seeds=seeds,
            allow_partial=cfg.allow_partial,
            workers=workers,
        )
    ]
    if cfg.json:
        print(json.dumps([value.model_dump(mode="json") for value in values], indent=1))
        return 0
    for name in suites:
        made = board(
            store,
            dataset,
            list(dict.fromkeys(card.name for cards in rows.values() for card in cards)),
            list(rows) if cfg.protocol or cfg.predictions else None,
            split,
            name,
            track=track,
            seeds=seeds,
            allow_partial=cfg.allow_partial,
        )
        to_terminal(headline_of(made.leaderboard), console())
    print(f"values: {store.values_folder(dataset) / 'values.parquet'}")
    suite = "" if suites[0] == "a2bench" else f" --suite {suites[0]}"
    suite += " --allow-partial" if made.leaderboard.partial else ""
    suite += "" if track == "given_pose" else f" --track {track}"
    print(
        f"next: a2bench table --dataset {dataset.info.name} --split {split}{suite} --out table"
        + _where(cfg, flags=True)
    )
    return 0


def _bring(cfg: Any, home: Path, store: Any) -> tuple[Any, MethodCard, Protocol, str]:
    """Take brought videos into the run; what they are of comes from keys or pairs.jsonl."""
    from a2bench.bring import bring
    from a2bench.dataset import Dataset
    from a2bench.handout import read_pairs

    folder = Path(cfg.predictions).expanduser()
    listing = Path(cfg.pairs).expanduser() if cfg.pairs else folder / "pairs.jsonl"
    rows = read_pairs(listing) if cfg.pairs or listing.exists() else []
    if rows and cfg.dataset is None:
        dataset = Dataset.find(home, f"{rows[0].dataset}@{rows[0].version}")
    else:
        dataset = Dataset.find(home, cfg.dataset or "a2bench-proc")
    if cfg.protocol is None and not rows:
        raise A2BenchError(
            "which protocol are these predictions of?\n"
            "hint: add protocol=self, rescaled or cross, or pairs=FOLDER/pairs.jsonl from "
            "`a2bench inputs`"
        )
    protocols = parse_protocols(cfg.protocol) if cfg.protocol else [rows[0].protocol]
    if len(protocols) != 1:
        raise A2BenchError("predictions=FOLDER holds one protocol; score each with its own folder.")
    split = cfg.split or (rows[0].split if rows else "quant")
    names = _names(cfg.method) if cfg.method else []
    if len(names) != 1:
        raise A2BenchError("how shall the row be called?\nhint: add method=my_method")
    card = _card_of_brought(cfg, store, names[0])
    bring(
        store,
        dataset,
        card,
        protocols[0],
        split,
        folder,
        handed_out={row.case_id: row for row in rows},
        allow_partial=cfg.allow_partial,
        workers=whole_number(cfg.workers, "workers", least=1),
    )
    return dataset, card, protocols[0], split


def _card_of_brought(cfg: Any, store: Any, name: str) -> MethodCard:
    from pydantic import ValidationError

    from a2bench import plugins

    if plugins.is_method(name):
        card = plugins.card(name)
        if card.kind == "in_process":
            raise A2BenchError(
                f"method={name} is a method we run ourselves; its row is not for brought videos.\n"
                "hint: choose another method=NAME"
            )
        return card
    try:
        return MethodCard(
            name=name,
            title=name,
            summary="videos brought by the user",
            kind="precomputed",
            inputs_seen=tuple(cfg.inputs_seen),
        )
    except ValidationError as error:
        raise A2BenchError(f"method={name} inputs_seen={list(cfg.inputs_seen)}: {error}") from error


def _score_pair(cfg: Any) -> int:
    from a2bench import plugins
    from a2bench.pair import pair_outcomes
    from a2bench.suites import suites_metrics
    from a2bench.video import read_any, read_image

    if len(cfg.pair) != 2:
        raise A2BenchError("pair=[PREDICTION,TRUTH] names two videos.")
    prediction, truth = (Path(path).expanduser() for path in cfg.pair)
    mask = None
    if cfg.mask is not None:
        path = Path(cfg.mask).expanduser()
        still = path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp")
        mask = read_image(path)[None] if still else read_any(path).frames
    suites = _suites(cfg.suite)
    outcomes = pair_outcomes(
        read_any(prediction).frames, read_any(truth).frames, mask, suites_metrics(suites)
    )
    if cfg.json:
        record = {"schema": "a2bench.pair/1", "suite": ",".join(suites), "metrics": outcomes}
        print(json.dumps(record, indent=1, allow_nan=False))
    else:
        for name, outcome in outcomes.items():
            value = outcome["value"]
            digits = plugins.metric(name).digits
            shown = f"{value:.{digits}f}" if isinstance(value, float) else "-"
            reason = f"  ({outcome['reason']})" if outcome["reason"] else ""
            print(f"{name:<20}{shown:>12} {outcome['unit']}  {outcome['status']}{reason}")
    return 0 if any(outcome["value"] is not None for outcome in outcomes.values()) else 2


BUILD = Verb(
    "build",
    "Make or resume a data set version; running it again does only what is missing.",
    (
        "a2bench build dataset=procedural split=demo",
        "a2bench build dataset=adopt source=my_videos name=my-set",
        "a2bench build dataset=adopt layout=tiktok ids=tiktok_335_339 source=TikTok_dataset "
        "name=tiktok size=256x256 fps=30 frames=4096",
        "a2bench build dataset=generative count=5 dry_run=true",
        "a2bench build dataset=generative review=answers.json text_to_image=flux_schnell",
    ),
    _build,
)
RUN = Verb(
    "run",
    "Have methods make predictions; running it again does only what is missing.",
    (
        "a2bench run method=puppet_warp split=demo protocol=cross",
        "a2bench run method=[still,puppet_warp,oracle] protocol=[self,cross] split=mini",
        "a2bench run method=my_method split=full budget=2h",
        "a2bench run -m method=still,puppet_warp protocol=self,cross split=demo",
    ),
    _run,
)
SCORE = Verb(
    "score",
    "Score predictions: of a run, of a folder of videos made elsewhere, or of two videos.",
    (
        "a2bench score split=demo",
        "a2bench score --predictions my_videos method=my_method protocol=cross split=demo",
        "a2bench score --pair prediction.mp4 truth.mp4 --json",
    ),
    _score,
    two_values=("pair",),
)
