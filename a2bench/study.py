"""`study make`: one static folder in which people compare videos, and not a word of whose they are.

    page/index.html            the page: instructions, comparisons, saving
    page/media/<token>.mp4     videos; the names say nothing
    page/media/<token>.webp    reference pictures
    key.json                   what is behind it; stays with whoever made the study

The design follows the user study of the Animate-X paper (section 4.2, appendix C): two videos of
one case side by side, a forced choice in each of three questions. Here each sheet (a participant's)
has its own order, sides are counterbalanced over sheets and within them, and a few comparisons have
a known answer. All of it is a function of the seed.
"""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from a2bench.card import environment
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.ondemand import load_truth
from a2bench.parallel import in_processes
from a2bench.paths import (
    canonical_json,
    sha256_text,
    sweep_asides,
    write_aside,
    write_json,
    write_text,
)
from a2bench.progress import progress
from a2bench.records import Case, MethodCard, Protocol
from a2bench.run import seeds_of
from a2bench.store import RunFolder
from a2bench.study_answers import read_key
from a2bench.study_records import MOST_SHEETS, MOST_TRIALS, QUESTIONS, Shown, StudyKey, Trial
from a2bench.video import read_image, read_video, write_preview

TRUTH, WRECK = "truth", "wreck"
"""The two sides of an attention check: the right video, and one that nobody takes for it."""

_CRF = 20
"""Of the videos: at their size no block is seen; about 100 kB each at 384 px."""


@dataclass(frozen=True)
class Study:
    """What was made.

    Attributes:
        key: with every trial and sheet.
        cases: that are shown, in the order of the split.
        left_out: case -> why it is not.
        bytes: of the page's folder.
    """

    folder: Path
    key: StudyKey
    cases: tuple[str, ...]
    left_out: dict[str, str]
    bytes: int


def make_study(
    store: RunFolder,
    dataset: Dataset,
    methods: Sequence[str],
    protocol: Protocol,
    split: str,
    out: Path,
    *,
    cases: int = 10,
    sheets: int = 10,
    comparisons: int = 45,
    checks: int = 3,
    height: int = 384,
    seed: int = 0,
    title: str = "Which video is better?",
    workers: int | None = None,
) -> Study:
    """Write a study of some methods of a run.

    Args:
        store: the run.
        dataset: it was run on.
        methods: two or more, in any order.
        protocol: of the cases.
        split: of the cases.
        out: folder to write; the page and the key go below it.
        cases: at most so many, the first of the split for which every method has a video.
        sheets: participants that are planned for; each has a sheet of its own.
        comparisons: on a sheet, attention checks apart; at most all there are.
        checks: attention checks on a sheet.
        height: of the videos in px; smaller ones are not enlarged.
        seed: of orders and sides.
        title: of the page.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: fewer than two methods, one twice or a reference row; no case that all have; a
            video that cannot be read; `out` holds another study, for which there may be answers.
    """
    cards = _cards(store, methods)
    chosen, left_out = _chosen(store, dataset, cards, protocol, split, cases)
    key = plan(
        methods=sorted(methods),
        case_ids=[case.case_id for case in chosen],
        sheets=sheets,
        comparisons=comparisons,
        checks=checks,
        seed=seed,
        about={
            "dataset": dataset.info.name,
            "version": dataset.info.version,
            "protocol": protocol,
            "split": split,
            "run": store.folder.name,
            "video_seeds": {card.name: seeds_of(card, None)[0] for card in cards},
            "predictions": _digests(store, dataset, cards, chosen),
        },
    )
    _refuse_other(out, key)
    media = out / "page" / "media"
    media.mkdir(parents=True, exist_ok=True)
    sweep_asides(media)
    tasks = [*_method_tasks(store, dataset, cards, chosen, key, media, height)]
    tasks += _check_tasks(dataset, chosen, key, media, height)
    with progress("videos of the study", len(tasks)) as shown:
        for name in in_processes(_write_media, tasks, workers=workers):
            shown.advance(note=name)
    write_text(out / "page" / "index.html", page_text(key, title))
    write_json(out / "key.json", key.model_dump(mode="json"))  # last: the study is whole
    size = sum(path.stat().st_size for path in (out / "page").rglob("*") if path.is_file())
    return Study(out, key, tuple(case.case_id for case in chosen), left_out, size)


def _cards(store: RunFolder, methods: Sequence[str]) -> list[MethodCard]:
    if len(set(methods)) != len(methods) or len(methods) < 2:
        raise A2BenchError(
            f"--method {','.join(methods)}: a study compares at least two methods, each named once."
        )
    return [store.card(name) for name in sorted(methods)]


def _chosen(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocol: Protocol,
    split: str,
    most: int,
) -> tuple[list[Case], dict[str, str]]:
    """Return the first cases that every method has a video of, and why those before are not."""
    found: list[Case] = []
    left_out: dict[str, str] = {}
    for case in dataset.cases(protocol, split):
        if len(found) == most:
            break
        for card in cards:
            seed = seeds_of(card, None)[0]
            result = store.result(dataset, case, card.name, seed, fingerprint=None)
            if result is None or result.status != "ok":
                what = "not run" if result is None else result.failure or result.status
                left_out[case.case_id] = f"{card.name}: {what}"
                break
        else:
            found.append(case)
    if not found:
        reasons = "\n".join(f"  - {case}: {why}" for case, why in list(left_out.items())[:5])
        raise A2BenchError(
            f"no case of {protocol}, split {split}, that all of "
            f"{', '.join(card.name for card in cards)} have a video of:\n{reasons}\n"
            f"hint: a2bench run method=[{','.join(card.name for card in cards)}] "
            f"protocol={protocol} split={split} run={store.folder.name}"
        )
    return found, left_out


def _digests(
    store: RunFolder, dataset: Dataset, cards: Sequence[MethodCard], cases: Sequence[Case]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for card in cards:
        seed = seeds_of(card, None)[0]
        for case in cases:
            result = store.result(dataset, case, card.name, seed, fingerprint=None)
            assert result is not None
            assert result.prediction_sha256 is not None
            found.setdefault(card.name, {})[case.case_id] = result.prediction_sha256
    return found


def _refuse_other(out: Path, key: StudyKey) -> None:
    """A page that people were given must not change under their answers."""
    path = out / "key.json"
    if path.exists() and read_key(path) != key:
        raise A2BenchError(
            f"{out} holds another study, and people may have answered it.\n"
            "hint: choose another --out, or delete the folder"
        )


def plan(
    *,
    methods: Sequence[str],
    case_ids: Sequence[str],
    sheets: int,
    comparisons: int,
    checks: int,
    seed: int,
    about: dict[str, Any],
) -> StudyKey:
    """Lay out who sees what, in which order and on which side.

    All comparisons (a case and two methods) stand on one ring, such that any stretch of it has
    every pair of methods equally often, as nearly as it can; sheet after sheet takes the next
    stretch. So each comparison is shown equally often, give or take one. Sides change from one
    showing of a comparison to the next, and from case to case within a pair.

    Raises:
        A2BenchError: numbers that make no study.
    """
    pairs = list(itertools.combinations(methods, 2))
    _check_counts(sheets, comparisons, checks, len(pairs) * len(case_ids))
    rng = np.random.Generator(np.random.PCG64([seed, 20250122]))
    pairs = [pairs[index] for index in rng.permutation(len(pairs))]
    cases_of = [[case_ids[at] for at in rng.permutation(len(case_ids))] for _ in pairs]
    ring = [
        (number, cases_of[number][turn], turn % 2 == 1)
        for turn in range(len(case_ids))
        for number in range(len(pairs))
    ]
    names = [f"t{number:05d}" for number in rng.permutation(len(ring) + checks)]
    trials = [
        Trial(trial=name, case_id=case_id, first=pairs[number][0], second=pairs[number][1])
        for name, (number, case_id, _) in zip(names, ring, strict=False)
    ]
    check_cases = [case_ids[index % len(case_ids)] for index in range(checks)]
    checking = [
        Trial(trial=name, case_id=case_id, first=TRUTH, second=WRECK, check=True)
        for name, case_id in zip(names[len(ring) :], check_cases, strict=True)
    ]
    count = min(comparisons, len(ring))
    shown_before = [0] * len(ring)
    made = []
    for sheet in range(sheets):
        places = [(sheet * count + step) % len(ring) for step in range(count)]
        rows = []
        for place in places:
            odd = ring[place][2] ^ (shown_before[place] % 2 == 1)
            rows.append(Shown(trial=trials[place].trial, swapped=bool(odd)))
            shown_before[place] += 1
        rows = [rows[index] for index in rng.permutation(count)]
        made.append(_with_checks(rows, checking, sheet, rng))
    ordered = sorted([*trials, *checking], key=lambda trial: trial.trial)
    facts = {
        **about,
        "seed": seed,
        "methods": tuple(methods),
        "trials": tuple(ordered),
        "sheets": tuple(made),
        # three questions a check; who answers by chance passes with 9 answers in 2 of 100 cases
        "wrong_allowed": checks // 3,
    }
    nobody = StudyKey(study="0" * 12, secret=sha256_text(""), **facts)
    # of the videos too, which a participant cannot know: names of files cannot be guessed
    secret = sha256_text(canonical_json(nobody.model_dump(mode="json")))
    study = sha256_text(f"study {secret}").removeprefix("sha256:")[:12]
    return StudyKey(study=study, secret=secret, **facts)


def _check_counts(sheets: int, comparisons: int, checks: int, available: int) -> None:
    for value, flag, least, most in (
        (sheets, "--sheets", 1, MOST_SHEETS),
        (comparisons, "--comparisons", 1, MOST_TRIALS),
        (checks, "--checks", 0, 100),
        (available, "cases x pairs of methods", 1, MOST_TRIALS - 100),
    ):
        if not least <= value <= most:
            raise A2BenchError(f"{flag} {value}: expected {least} to {most}.")


def _with_checks(
    rows: list[Shown], checking: Sequence[Trial], sheet: int, rng: np.random.Generator
) -> tuple[Shown, ...]:
    """Spread the checks over a sheet, never first; sides alternate, the first by the sheet."""
    for number, index in enumerate(rng.permutation(len(checking))):
        low = 1 + number * len(rows) // (len(checking) + 1)
        high = max(low, (number + 1) * len(rows) // (len(checking) + 1))
        at = int(rng.integers(low, high + 1))
        swapped = (number + sheet) % 2 == 1
        rows = [*rows[:at], Shown(trial=checking[index].trial, swapped=swapped), *rows[at:]]
    return tuple(rows)


def token(key: StudyKey, *words: str) -> str:
    """Return the name of a file on the page: 16 hexadecimal digits that say nothing."""
    return sha256_text("|".join((key.secret, *words))).removeprefix("sha256:")[:16]


Task = tuple[Path, str, Any, int]
"""Where it goes, what it is made of, the source, the height."""


def _method_tasks(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    cases: Sequence[Case],
    key: StudyKey,
    media: Path,
    height: int,
) -> list[Task]:
    tasks: list[Task] = []
    for case in cases:
        reference = dataset.sample_file(case.reference_id, "reference.png")
        path = media / f"{token(key, case.case_id, 'reference')}.webp"
        tasks.append((path, "picture", reference, height))
        for card in cards:
            seed = key.video_seeds[card.name]
            source = store.prediction(dataset, key.protocol, card.name, seed, case.case_id)
            path = media / f"{token(key, case.case_id, card.name)}.mp4"
            tasks.append((path, "video", (source, case.fps), height))
    return tasks


def _check_tasks(
    dataset: Dataset, cases: Sequence[Case], key: StudyKey, media: Path, height: int
) -> list[Task]:
    by_id = {case.case_id: case for case in cases}
    tasks: list[Task] = []
    for trial in key.trials:
        if trial.check:
            case = by_id[trial.case_id]
            others = [other for other in cases if other.reference_id != case.reference_id]
            wrecked = others[0] if others else case
            for name, one in ((TRUTH, case), (WRECK, wrecked)):
                path = media / f"{token(key, trial.case_id, name)}.mp4"
                tasks.append((path, name, (dataset.folder, one), height))
    return list({task[0]: task for task in tasks}.values())


def _write_media(path: Path, what: str, source: Any, height: int) -> str:
    """Write one file of the page, unless it is there."""
    if path.exists():
        return path.name
    if what == "picture":
        image = Image.fromarray(read_image(source))
        image.thumbnail((height * 4, height), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=90, method=4)
        with write_aside(path) as aside:
            aside.write_bytes(stream.getvalue())
        return path.name
    if what == "video":
        frames, fps = read_video(source[0]).frames, source[1]
    else:
        folder, case = source
        frames, fps = load_truth(Dataset.open(folder), case).frames, case.fps
        frames = wrecked(frames) if what == WRECK else frames
    write_preview(path, frames, fps, max_width=height * 4, max_height=height, crf=_CRF)
    return path.name


def wrecked(frames: Video) -> Video:
    """Return a clip that is worse in every question: another character, no order, coarse blocks."""
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(frames))
    height, width = frames.shape[1:3]
    made = []
    for frame in frames[order]:
        small = Image.fromarray(frame).resize(
            (max(1, width // 24), max(1, height // 24)), Image.Resampling.BOX
        )
        made.append(np.asarray(small.resize((width, height), Image.Resampling.NEAREST)))
    return np.stack(made)


def page_text(key: StudyKey, title: str) -> str:
    """Return the page; what it knows of a trial are tokens."""
    by_id = {trial.trial: trial for trial in key.trials}
    sheets = []
    for sheet in key.sheets:
        rows = []
        for shown in sheet:
            trial = by_id[shown.trial]
            sides = [token(key, trial.case_id, name) for name in (trial.first, trial.second)]
            left, right = sides[::-1] if shown.swapped else sides
            rows.append([trial.trial, token(key, trial.case_id, "reference"), left, right])
        sheets.append(rows)
    return (
        environment(markup=True)
        .get_template("study.html.j2")
        .render(
            title=title,
            data={
                "study": key.study,
                "questions": [[name, *words] for name, words in QUESTIONS.items()],
                "sheets": sheets,
            },
        )
    )
