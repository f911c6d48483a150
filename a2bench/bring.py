"""Videos made elsewhere: found, checked, normalised and put into a run, all or none."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, problems_error, wrong_fields
from a2bench.handout import HandedOut
from a2bench.normalise import BadPrediction, to_target
from a2bench.parallel import in_processes
from a2bench.paths import (
    aside_name,
    canonical_json,
    read_utf8,
    sha256_file,
    sha256_text,
    sweep_asides,
)
from a2bench.pose.keypoints import PoseClip
from a2bench.progress import progress
from a2bench.records import (
    Case,
    MethodCard,
    PredictionMap,
    Protocol,
    Result,
    SpatialMap,
    TemporalMap,
)
from a2bench.store import RunFolder
from a2bench.video import Clip, read_any, write_lossless_rgb

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
    if not _is_inside(path, folder):
        raise A2BenchError(f"{path}: a link that leaves its folder; copy the file")
    if path.stat().st_size > 65536:
        raise A2BenchError(f"{path}: over 64 kB; expected a few lines")
    try:
        return PredictionMap.model_validate(yaml.safe_load(read_utf8(path)) or {})
    except (ValidationError, yaml.YAMLError, RecursionError) as error:
        said = wrong_fields(error) if isinstance(error, ValidationError) else str(error)
        raise A2BenchError(
            f"{path}:\n{said}\nhint: for example\n"
            "spatial:\n  fit: stretch\ntemporal:\n  fps: 16\n  dropped_first: 0"
        ) from error


def find_predictions(folder: Path, cases: Sequence[Case]) -> tuple[dict[str, Path], list[str]]:
    """Return case id -> video file or frame folder, and every problem found."""
    if not folder.is_dir():
        raise A2BenchError(f"{folder}: no such folder of predictions.")
    if any((folder / case.case_id / "ref.png").exists() for case in cases[:1]):
        raise A2BenchError(
            f"{folder}: these are the inputs that were handed out, not predictions.\n"
            "hint: name the folder that your method wrote its videos to"
        )
    found: dict[str, Path] = {}
    problems: list[str] = []
    for case in cases:
        candidates = [folder / f"{case.case_id}{suffix}" for suffix in VIDEO_SUFFIXES]
        candidates = [path for path in candidates if path.is_file()]
        if (folder / case.case_id).is_dir():
            candidates.append(folder / case.case_id)
        brought = [*candidates, *filter(None, [pose_beside(folder, case)])]
        outside = [path for path in brought if not _is_inside(path, folder)]
        if outside:
            problems.append(
                f"{case.case_id}: {outside[0]} is a link that leaves {folder}; copy it (cp -rL)"
            )
        elif len(candidates) == 1:
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


def pose_beside(folder: Path, case: Case) -> Path | None:
    """Return the key points that were put beside a prediction, if any."""
    path = folder / f"{case.case_id}.pose.npz"
    return path if path.is_file() else None


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a brought file is one of its folder, and not a link to somewhere else."""
    return path.resolve().is_relative_to(folder.resolve())


def _fitted_pose(path: Path, case: Case) -> PoseClip:
    """Read brought key points; they are those of the scoring instants.

    Raises:
        A2BenchError: not a pose file, or another number of frames.
    """
    pose = PoseClip.load(path)
    if len(pose) != case.frames:
        raise A2BenchError(
            f"{path}: key points of {len(pose)} frames, expected those of the {case.frames} "
            f"scoring instants (every {1 / case.fps:g} s from 0)"
        )
    if min(pose.width, pose.height) < 1:
        raise A2BenchError(f"{path}: a frame of {pose.width}x{pose.height} px")
    return pose.resized(case.size.width, case.size.height)


def _normalise(
    source: Path,
    case: Case,
    declared: PredictionMap | None,
    row: HandedOut | None,
    pose: Path | None,
    output: Path,
) -> tuple[str, float | str]:
    """Write one normalised prediction; return its case id and time error, or the problem."""
    try:
        clip = read_any(source)
        declared = _with_handed_out(declared, row, clip, source)
        normalised = to_target(
            clip,
            target_size=case.size,
            instants_seconds=case.instants_seconds,
            declared=declared,
            what=str(source),
        )
        fitted = None if pose is None else _fitted_pose(pose, case)
    except (A2BenchError, BadPrediction) as error:
        return case.case_id, f"{case.case_id}: {error}"
    write_lossless_rgb(output, normalised.frames, case.fps)
    if fitted is not None:
        fitted.save(output.with_suffix(".pose.npz"))
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
        folder: `<case_id>.mp4` files or `<case_id>/` frame folders, maybe a `prediction.yaml`,
            maybe `<case_id>.pose.npz` with the key points of the scoring instants.
        handed_out: rows of `pairs.jsonl` by case id: says how the inputs were fitted.
        allow_partial: take what is there; the rest is `missing` and marks the table.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: all problems at once, each with what to do.
    """
    store.refuse_other_card(card)
    cases = dataset.cases(protocol, split)
    declared = read_prediction_map(folder)
    found, problems = find_predictions(folder, cases)
    if allow_partial:
        problems = [problem for problem in problems if ": missing;" not in problem]
    todo: list[tuple[Case, Path, HandedOut | None, str]] = []
    for case in cases:
        if case.case_id not in found:
            continue
        row = (handed_out or {}).get(case.case_id)
        pose = pose_beside(folder, case)
        digest = _fingerprint(card, case, found[case.case_id], declared, row, pose)
        if (
            store.result(
                dataset, case, card.name, _SEED, fingerprint=digest, decided_by="videos or map"
            )
            is None
        ):
            todo.append((case, found[case.case_id], row, digest))
    sweep_asides(store.folder)
    staging = store.folder / aside_name("bring")
    try:
        errors: dict[str, float] = {}
        if todo:
            staging.mkdir(parents=True, exist_ok=True)
            tasks = [
                (
                    source,
                    case,
                    declared,
                    row,
                    pose_beside(folder, case),
                    staging / f"{case.case_id}.mp4",
                )
                for case, source, row, _ in todo
            ]
            with progress("read and normalise videos", len(todo)) as shown:
                for case_id, answer in in_processes(_normalise, tasks, workers=workers):
                    if isinstance(answer, str):
                        problems.append(answer)
                    else:
                        errors[case_id] = answer
                    shown.advance(note=case_id)
        if problems:
            forgotten = (
                ""
                if handed_out
                else "; made from `a2bench inputs`? then add --pairs INPUTS/pairs.jsonl"
            )
            raise problems_error(
                f"{folder}: nothing was scored, problems{forgotten}", sorted(problems)
            )
        if not found:
            raise A2BenchError(f"{folder}: not one prediction of {protocol}, split {split}.")
        store.save_card(card)  # before the first result: a row without its card could not be read
        results = []
        for case, _, _, digest in todo:
            output = store.prediction(dataset, protocol, card.name, _SEED, case.case_id)
            output.parent.mkdir(parents=True, exist_ok=True)
            (staging / f"{case.case_id}.mp4").replace(output)
            pose_sha256 = None
            fitted_pose = staging / f"{case.case_id}.pose.npz"
            if fitted_pose.exists():
                pose_sha256 = sha256_file(fitted_pose)
                fitted_pose.replace(output.with_suffix(".pose.npz"))
            result = Result(
                method=card.name,
                case_id=case.case_id,
                protocol=protocol,
                seed=_SEED,
                status="ok",
                fingerprint=digest,
                prediction_sha256=sha256_file(output),
                pose_sha256=pose_sha256,
                time_error_seconds=errors[case.case_id],
            )
            store.save_result(output, result)
            results.append(result)
        return results
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _with_handed_out(
    declared: PredictionMap | None, row: HandedOut | None, clip: Clip, source: Path
) -> PredictionMap | None:
    """Undo what `inputs` did to the pictures, where the answer looks like the inputs.

    An answer of another shape than was handed out is not taken for it, and one with the number of
    frames that was handed out but another rate is ambiguous: half a second would move every frame.

    Raises:
        A2BenchError: that ambiguity, with the lines to add.
    """
    if row is None:
        return declared
    base = declared or PredictionMap()
    if base.temporal is None and len(clip.frames) == row.frames:
        if clip.fps is None:
            base = base.model_copy(update={"temporal": TemporalMap(fps=row.fps)})
        elif abs(clip.fps - row.fps) > 0.01 * row.fps:
            raise A2BenchError(
                f"{source}: {row.frames} frames, as handed out at {row.fps:g} fps, but its time "
                f"stamps say {clip.fps:g} fps.\nhint: add to prediction.yaml beside it\n"
                f"temporal:\n  fps: {row.fps:g}"
            )
    height, width = clip.frames.shape[1:3]
    handed_out_aspect = row.size.width / row.size.height
    if base.spatial is None and abs(width / height - handed_out_aspect) <= 0.01 * handed_out_aspect:
        base = base.model_copy(update={"spatial": SpatialMap(fit=row.fit)})
    return base


def _fingerprint(
    card: MethodCard,
    case: Case,
    source: Path,
    declared: PredictionMap | None,
    row: HandedOut | None,
    pose: Path | None,
) -> str:
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    files += [] if pose is None else [pose]
    return sha256_text(
        canonical_json(
            {
                "card": card.model_dump(mode="json"),
                "case": case.model_dump(mode="json"),
                "files": [sha256_file(path) for path in files if path.is_file()],
                "map": declared.model_dump(mode="json") if declared else None,
                "handed_out": row.model_dump(mode="json", exclude={"split"}) if row else None,
            }
        )
    )
