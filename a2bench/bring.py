"""Videos made elsewhere: found, checked, normalised and put into a run, all or none."""

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import yaml
from pydantic import ValidationError

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, problems_error
from a2bench.handout import HandedOut
from a2bench.normalise import BadPrediction, to_target
from a2bench.paths import canonical_json, sha256_file, sha256_text
from a2bench.progress import progress
from a2bench.records import Case, MethodCard, PredictionMap, Protocol, Result, SpatialMap
from a2bench.store import RunFolder
from a2bench.video import read_any, write_lossless_rgb

VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".gif", ".m4v")
_SEED = 0


def read_prediction_map(folder: Path) -> PredictionMap | None:
    """Return `prediction.yaml` beside the videos, or None.

    Raises:
        A2BenchError: not valid; the field is named, and a full example is shown.
    """
    path = folder / "prediction.yaml"
    if not path.exists():
        return None
    if path.stat().st_size > 65536:
        raise A2BenchError(f"{path}: over 64 kB; expected a few lines")
    try:
        return PredictionMap.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (ValidationError, yaml.YAMLError) as error:
        raise A2BenchError(
            f"{path}: {error}\nhint: for example\n"
            "spatial:\n  fit: stretch\ntemporal:\n  fps: 16\n  dropped_first: 0"
        ) from error


def find_predictions(folder: Path, cases: Sequence[Case]) -> tuple[dict[str, Path], list[str]]:
    """Return case id -> video file or frame folder, and every problem found."""
    if not folder.is_dir():
        raise A2BenchError(f"{folder}: no such folder of predictions.")
    found: dict[str, Path] = {}
    problems: list[str] = []
    for case in cases:
        candidates = [folder / f"{case.case_id}{suffix}" for suffix in VIDEO_SUFFIXES]
        candidates = [path for path in candidates if path.is_file()]
        if (folder / case.case_id).is_dir():
            candidates.append(folder / case.case_id)
        if len(candidates) == 1:
            found[case.case_id] = candidates[0]
        elif candidates:
            names = ", ".join(path.name for path in candidates)
            problems.append(f"{case.case_id}: ambiguous, keep one of {names}")
        else:
            problems.append(
                f"{case.case_id}: missing; expected {folder / case.case_id}.mp4 (or a folder of "
                "frames of that name)"
            )
    return found, problems


def _normalise(
    source: Path, case: Case, declared: PredictionMap | None, output: Path
) -> tuple[str, float | str]:
    """Write one normalised prediction; return its case id and time error, or the problem."""
    try:
        clip = read_any(source)
        normalised = to_target(
            clip,
            target_size=case.size,
            instants_seconds=case.instants_seconds,
            declared=declared,
            what=str(source),
        )
    except (A2BenchError, BadPrediction) as error:
        return case.case_id, f"{case.case_id}: {error}"
    write_lossless_rgb(output, normalised.frames, case.fps)
    return case.case_id, normalised.time_error_seconds


def bring(
    store: RunFolder,
    dataset: Dataset,
    card: MethodCard,
    protocol: Protocol,
    split: str,
    folder: Path,
    *,
    handed_out: Mapping[str, HandedOut] | None = None,
    allow_partial: bool = False,
    workers: int | None = None,
) -> list[Result]:
    """Take a folder of videos into a run as the predictions of one method.

    Every file is found, decoded and normalised before anything is stored: either all cases are
    there afterwards or nothing has changed.

    Args:
        store: the run.
        dataset: that the videos answer.
        card: of the method that made them.
        protocol: that they were made for.
        split: whose cases are expected.
        folder: `<case_id>.mp4` files or `<case_id>/` frame folders, maybe a `prediction.yaml`.
        handed_out: rows of `pairs.jsonl` by case id: says how the inputs were fitted.
        allow_partial: take what is there; the rest is `missing` and marks the table.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: all problems at once, each with what to do.
    """
    cases = dataset.cases(protocol, split)
    declared = read_prediction_map(folder)
    found, problems = find_predictions(folder, cases)
    if allow_partial:
        problems = [problem for problem in problems if ": missing;" not in problem]
    todo: list[tuple[Case, Path, PredictionMap | None, str]] = []
    for case in cases:
        if case.case_id not in found:
            continue
        mapping = _with_handed_out(declared, (handed_out or {}).get(case.case_id))
        digest = _fingerprint(card, case, found[case.case_id], mapping)
        if store.result(dataset, case, card.name, _SEED, fingerprint=digest) is None:
            todo.append((case, found[case.case_id], mapping, digest))
    staging = store.folder / f".bring.{os.getpid()}"
    try:
        errors: dict[str, float] = {}
        if todo:
            count = min(workers or os.cpu_count() or 1, len(todo))
            staging.mkdir(parents=True, exist_ok=True)
            with (
                progress("read and normalise videos", len(todo)) as shown,
                ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool,
            ):
                futures = [
                    pool.submit(_normalise, source, case, mapping, staging / f"{case.case_id}.mp4")
                    for case, source, mapping, _ in todo
                ]
                for future in as_completed(futures):
                    case_id, answer = future.result()
                    if isinstance(answer, str):
                        problems.append(answer)
                    else:
                        errors[case_id] = answer
                    shown.advance(note=case_id)
        if problems:
            raise problems_error(f"{folder}: nothing was scored", sorted(problems))
        if not found:
            raise A2BenchError(f"{folder}: not one prediction of {protocol}, split {split}.")
        results = []
        for case, _, _, digest in todo:
            output = store.prediction(dataset, protocol, card.name, _SEED, case.case_id)
            output.parent.mkdir(parents=True, exist_ok=True)
            (staging / f"{case.case_id}.mp4").replace(output)
            result = Result(
                method=card.name,
                case_id=case.case_id,
                protocol=protocol,
                seed=_SEED,
                status="ok",
                fingerprint=digest,
                prediction_sha256=sha256_file(output),
                time_error_seconds=errors[case.case_id],
            )
            store.save_result(output, result)
            results.append(result)
        return results
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _with_handed_out(declared: PredictionMap | None, row: HandedOut | None) -> PredictionMap | None:
    """Undo what `inputs` did to the pictures, unless `prediction.yaml` says otherwise."""
    if row is None or (declared is not None and declared.spatial is not None):
        return declared
    base = declared or PredictionMap()
    return base.model_copy(update={"spatial": SpatialMap(fit=row.fit)})


def _fingerprint(card: MethodCard, case: Case, source: Path, mapping: PredictionMap | None) -> str:
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    return sha256_text(
        canonical_json(
            {
                "card": card.model_dump(mode="json"),
                "case": case.model_dump(mode="json"),
                "files": [sha256_file(path) for path in files if path.is_file()],
                "map": mapping.model_dump(mode="json") if mapping else None,
            }
        )
    )
