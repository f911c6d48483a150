"""What was kept becomes a data set version: order, splits, files, samples."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np

from a2bench.builders.assembly import build_samples, library_versions, whole_folder, write_sample
from a2bench.builders.estimated_poses import Networks
from a2bench.builders.footage import write_footage
from a2bench.dataset import LONGEST_SECONDS, SPLITS, Dataset, dataset_folder
from a2bench.errors import A2BenchError
from a2bench.generation import candidates, review
from a2bench.generation.candidates import Candidate
from a2bench.generation.plan import Plan
from a2bench.generation.prompts import sample_id
from a2bench.generation.settings import Generation
from a2bench.generation.stages import load_points, stage_file
from a2bench.paths import sha256_file, sha256_text, write_text
from a2bench.records import DatasetInfo, Record, Sample
from a2bench.video import read_video


class Chosen(Record):
    """What a build process is told of a sample, as JSON."""

    work: str
    candidate: str
    video_sha256: str
    fps: float
    frames: int
    category: str
    prompt: str
    attributes: dict[str, str]


class Choices(Record):
    """All of them, by sample id."""

    samples: dict[str, Chosen]


def ordered(kept: Sequence[Candidate]) -> tuple[list[Candidate], dict[str, int]]:
    """Return what was kept in the order of the set, and its splits.

    Those of accurate poses first, each part in a fixed shuffled order: so the paper's set of
    accurate poses, `pose_accurate`, is a split as all are, a first part of the order. `quant`, the
    split that commands take where none is named, lies within it.
    """
    shuffled = sorted(kept, key=lambda one: sha256_text(sample_id(one.prompt)))
    first = [one for one in shuffled if one.accurate]
    splits = {name: count for name, count in SPLITS.items() if count < (len(first) or len(kept))}
    if first:
        splits |= {"pose_accurate": len(first)}
        splits.setdefault("quant", len(first))
    return first + [one for one in shuffled if not one.accurate], splits | {"full": len(kept)}


def assemble(
    home: Path,
    work: Path,
    plan: Plan,
    decided: list[Candidate],
    said: "review.Review | None",
    workers: int | None,
) -> Dataset:
    """Write the version of what was decided.

    Raises:
        A2BenchError: nothing was kept, or a version that was decided otherwise lies there.
    """
    generation = plan.generation
    kept, splits = ordered([one for one in decided if one.kept])
    if not kept:
        counts = "\n".join(f"  - {line}" for line in candidates.why_rejected(decided))
        raise A2BenchError(
            f"no candidate was kept, of {len(decided)}; reasons of the screening:\n{counts}\n"
            f"hint: look at {work / 'review' / 'index.html'}; thresholds are keys: "
            "`a2bench build --help`"
        )
    info = DatasetInfo(
        name=plan.name,
        version=plan.version,
        builder="generative",
        profile="default",
        protocols=("self",),
        order=tuple(sample_id(one.prompt) for one in kept),
        splits=splits,
        cross_pairs=(),
        licence=licence_of(generation),
        build=library_versions() | _said_of(generation),
    )
    folder = dataset_folder(home, plan.name, plan.version)
    own: dict[str, str] = {
        "candidates.csv": candidates.as_csv(decided),
        "generation.json": _json(
            generation.model_dump(mode="json")
            | {
                "screening": plan.limits.model_dump(mode="json"),
                "pose_accurate": plan.accurate.model_dump(mode="json"),
            }
        ),
        "review.json": _json(None if said is None else said.model_dump(mode="json")),
    }
    _keep_files(folder, own)
    choices = Choices(
        samples={
            sample_id(one.prompt): _chosen(work, generation, one, plan.networks) for one in kept
        }
    )
    return build_samples(
        folder,
        info,
        info.order,
        build_sample,
        choices.model_dump_json(),
        workers=workers,
        label=f"assemble {info.name} {info.version}",
    )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _keep_files(folder: Path, own: Mapping[str, str]) -> None:
    """Write what says how a version came about, or check that it came about like that."""
    for name, text in own.items():
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise A2BenchError(
                f"{path}: this version was decided otherwise; a version is never changed.\n"
                "hint: with other thresholds or answers build another version=...; "
                "to keep the candidates, copy their folder in generation/ to that version first"
            )
    for name, text in own.items():
        if not (folder / name).exists():
            write_text(folder / name, text)


def licence_of(generation: Generation) -> str:
    """Return what is known of the licence: that of the models, which bind who generates."""
    if generation.text_to_image is None or generation.image_to_video is None:
        return "of whoever made the candidates"
    models = (generation.text_to_image, generation.image_to_video)
    return "made by models under " + ", ".join(
        f"{one.licence or 'an unknown licence'} ({one.repository or one.target})" for one in models
    )


def _said_of(generation: Generation) -> dict[str, str]:
    """Return models, revisions, dtypes and offload as `dataset.json` and the card say them."""
    found = {
        "prompts": f"{generation.prompts.source} ({generation.prompts.count})",
        "poses": "DWPose "
        + " ".join(generation.dwpose[name][7:19] for name in ("detector", "estimator")),
    }
    if generation.brought is not None:
        return found | {"candidates": f"made elsewhere, {generation.brought[:19]}"}
    for stage, settings, content in (
        ("text_to_image", generation.text_to_image, generation.text_to_image_weights),
        ("image_to_video", generation.image_to_video, generation.image_to_video_weights),
    ):
        assert settings is not None
        assert content is not None
        found[stage] = (
            f"{settings.target.rpartition('.')[2]} {settings.repository or 'local folder'} "
            f"{content.commit or settings.revision} {content.sha256[:19]} {settings.dtype} "
            f"offload {settings.offload or 'none'}"
        )
    libraries = ("diffusers", "torch", "transformers")
    return found | {name: installed(name) for name in libraries}


def _chosen(work: Path, generation: Generation, one: Candidate, networks: Networks) -> Chosen:
    prompt, measures = one.prompt, one.measures
    assert measures is not None
    filled = {
        name: value
        for name in ("object", "season", "province", "location")
        if (value := getattr(prompt, name))
    }
    measured = {
        name: f"{value:.3f}"
        for name, value in measures.model_dump().items()
        if name != "frames" and value is not None
    }
    return Chosen(
        work=str(work.absolute()),
        candidate=one.id,
        video_sha256=one.video_sha256,
        fps=generation.fps,
        frames=generation.frames,
        category=prompt.category or "generated",
        prompt=prompt.text,
        attributes=filled
        | measured
        | {
            "candidate": str(one.number),
            "seed": str(one.seed),
            "source_sha256": one.video_sha256,
            "kept_by": one.kept_by,
            "pose_accurate": "yes" if one.accurate else "no",
            "pose_accurate_by": one.accurate_by,
            "poses": networks.label,
        },
    )


def build_sample(folder: Path, key: str, argument: str) -> str:
    """Write a sample of its candidate; runs in a worker process.

    Raises:
        A2BenchError: the candidate's video is not the one that was screened.
    """
    chosen = Choices.model_validate_json(argument).samples[key]
    work = Path(chosen.work)
    video = stage_file(work, "image_to_video", chosen.candidate)
    if not video.is_file() or sha256_file(video) != chosen.video_sha256:
        raise A2BenchError(
            f"{video}: not the video that was screened.\n"
            f"hint: delete {video.with_suffix('.json')} and build again"
        )
    with whole_folder(folder / "samples" / key, record="sample.json") as aside:
        clip = read_video(video, until_seconds=LONGEST_SECONDS)
        points = load_points(stage_file(work, "screening", chosen.candidate))
        if len(points) != len(clip.frames):
            raise A2BenchError(f"{video}: {len(clip.frames)} frames, points of {len(points)}.")
        seen = bool(np.any(points.people))
        written = write_footage(
            aside,
            clip,
            clip.frames,
            points.pose() if seen else None,
            fps=chosen.fps,
            most_frames=chosen.frames,
            what=chosen.candidate,
        )
        write_sample(
            aside,
            Sample(
                id=key,
                index=int(key[1:].partition("-")[0]),
                category=chosen.category,
                attributes=chosen.attributes,
                prompt=chosen.prompt,
                size=written.size,
                fps=chosen.fps,
                frames=written.frames,
                has_pose=seen,
                has_mask=False,
                pose_source="estimated" if seen else "none",
                files={},
                digests=written.digests,
            ),
        )
    return key
