"""From prompts to a data set version: stage after stage, each resumed where it stopped.

Everything that costs time lies in `generation/<name>/<version>/` of the data root:

    generation.json                  what decides it all
    pictures/ videos/ screening/     p0001-c0.png .mp4 .npz, a record and a log beside each
    measures/                        p0001-c0.json
    candidates.csv                   the audit table
    review/index.html                where a person looks at the candidates

The version in `datasets/` is assembled of what was kept, at the end; its own `candidates.csv` says
of every candidate what became of it and why.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError

from a2bench import plugins, weights
from a2bench.builders.assembly import (
    build_samples,
    library_versions,
    whole_folder,
    write_sample,
)
from a2bench.builders.estimated_poses import Networks
from a2bench.builders.footage import write_footage
from a2bench.dataset import LONGEST_SECONDS, SPLITS, Dataset, dataset_folder
from a2bench.errors import A2BenchError, problems_error, wrong_fields
from a2bench.generation import brought, candidates, review
from a2bench.generation.candidates import Candidate, candidate_id
from a2bench.generation.pipelines import check_call, check_folder, weights_of
from a2bench.generation.prompts import Prompt, sample_id
from a2bench.generation.screening import Measures
from a2bench.generation.settings import (
    AccurateRule,
    Generation,
    PipelineSettings,
    Prompts,
    Thresholds,
    VideoSettings,
)
from a2bench.generation.stages import (
    Stage,
    StageWorkers,
    load_points,
    measures_file,
    stage_card,
    stage_file,
    stage_request,
)
from a2bench.parallel import in_processes
from a2bench.paths import (
    alone_in,
    cached_sha256,
    canonical_json,
    sha256_file,
    sha256_text,
    sweep_asides,
    write_json,
    write_text,
)
from a2bench.progress import progress, run_progress
from a2bench.records import DatasetInfo, Record, Result, Sample
from a2bench.runner import Job, Preparing, Runner, with_options
from a2bench.store import RunFolder
from a2bench.video import read_video

STAGES: tuple[Stage, ...] = ("text_to_image", "image_to_video", "screening")

WHAT = {
    "text_to_image": "pictures",
    "image_to_video": "videos",
    "screening": "videos to be screened",
}


@dataclass(frozen=True)
class Plan:
    """What is to be built, checked: everything it needs is there.

    Attributes:
        name: of the data set.
        version: of the data set.
        generation: what decides the candidates.
        prompts: in order.
        folders: stage -> folder of its weights.
        networks: of DWPose.
        brought: candidates made elsewhere; None: all are made here.
        device: of the pipelines.
        limits: of the screening.
        accurate: which poses count as accurate.
    """

    name: str
    version: str
    generation: Generation
    prompts: tuple[Prompt, ...]
    folders: Mapping[Stage, Path]
    networks: Networks
    brought: "brought.Brought | None"
    device: Literal["cpu", "cuda"]
    limits: Thresholds
    accurate: AccurateRule

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Which have work: of candidates made elsewhere the last alone."""
        return STAGES if self.brought is None else STAGES[-1:]

    def device_of(self, stage: Stage) -> Literal["cpu", "cuda"]:
        """Return where a stage runs."""
        if stage != "screening":
            return self.device
        return "cpu" if self.networks.device == "cpu" else "cuda"

    def made(self) -> list[Candidate]:
        """Return every candidate, nothing of it known yet."""
        return [
            Candidate(prompt, number, self.seed(prompt, number))
            for prompt in self.prompts
            for number in range(self.generation.candidates)
            if self.brought is None or candidate_id(prompt, number) in self.brought.videos
        ]

    def seed(self, prompt: Prompt, number: int) -> int:
        """Return the seed of a candidate: the same for its picture and its video, never drawn."""
        text = f"{self.generation.seed}|{prompt.id}|{number}"
        return int(sha256_text(text)[7:15], 16) % 2**31


@dataclass(frozen=True)
class Outcome:
    """What a build came to.

    Attributes:
        dataset: None: it waits for a person, or for candidates that could not be made.
        page: where candidates are looked at.
        candidates: with verdicts, and what was decided where it was.
        failures: candidate id -> why it could not be made.
    """

    dataset: Dataset | None
    page: Path
    candidates: list[Candidate]
    failures: dict[str, str]


def work_folder(home: Path, name: str, version: str) -> Path:
    """Return where the candidates of a version lie."""
    dataset_folder(home, name, version)  # refuses names that are no folder's
    return home / "generation" / name / version


def prepare(
    *,
    problems: Sequence[str] = (),
    name: str,
    version: str,
    prompts: tuple[Prompt, ...],
    prompt_source: str,
    per_prompt: int,
    seed: int,
    motion_prompt: str,
    text_to_image: PipelineSettings,
    image_to_video: VideoSettings,
    folders: Mapping[Stage, Path],
    made: Path | None,
    fps: float,
    frames: int,
    networks: Networks | None,
    device: Literal["cpu", "cuda"],
    identity: Literal["clip", "colour"],
    limits: Thresholds,
    accurate: AccurateRule,
) -> Plan:
    """Look at everything a build needs before anything starts.

    Args:
        problems: what was found to be missing before.
        name: of the data set.
        version: of the data set.
        prompts: what is asked for, in order.
        prompt_source: what they are called.
        per_prompt: candidates of each.
        seed: all others come from it.
        motion_prompt: of the videos; `{prompt}` and `{object}` are filled in.
        text_to_image: the pipeline of the pictures.
        image_to_video: the pipeline of the videos.
        folders: of their weights.
        made: folder of candidates made elsewhere; the pipelines are then not used.
        fps: of the truth.
        frames: of the truth, at most.
        networks: of DWPose; None: why there are none is among the problems.
        device: of the pipelines.
        identity: `clip` needs CLIP's weights.
        limits: of the screening.
        accurate: which poses count as accurate.

    Raises:
        A2BenchError: everything that is missing, each with what to type.
    """
    own = None if made is None else brought.look(made, prompts)
    if own is not None:
        prompts, per_prompt = own.prompts, own.count
    problems = list(problems)
    if own is None:
        needed: tuple[tuple[Stage, PipelineSettings], ...] = (
            ("text_to_image", text_to_image),
            ("image_to_video", image_to_video),
        )
        for stage, settings in needed:
            try:
                check_call(stage, settings)
                check_folder(stage, settings, folders[stage])
                if settings.offload is not None and device == "cpu":
                    raise A2BenchError(
                        f"{stage}.offload={settings.offload} needs device=cuda.\n"
                        f"hint: {stage}.offload=null"
                    )
            except A2BenchError as error:
                problems.append(str(error))
        seconds = image_to_video.frames / image_to_video.fps
        if seconds < frames / fps - 0.5 / fps:
            problems.append(
                f"image_to_video: {image_to_video.frames} frames at {image_to_video.fps:g} Hz last "
                f"{seconds:.2f} s, a truth of {frames} frames at {fps:g} Hz needs "
                f"{(frames - 0.5) / fps:.2f} s.\nhint: frames={int(seconds * fps)}"
            )
    if identity == "clip" and (lacking := weights.missing("clip_vit_b32")):
        problems.append(f"identity=clip: {lacking}\nhint: or identity=colour, which needs none")
    try:
        motion_prompt.format(prompt="", object="")
    except (LookupError, ValueError, AttributeError) as error:
        problems.append(f"motion_prompt: only {{prompt}} and {{object}} are filled in ({error})")
    if problems:
        raise problems_error("dataset=generative cannot be built here yet", problems)
    assert networks is not None
    sentences = sha256_text("\n".join(prompt.text for prompt in prompts))
    return Plan(
        name=name,
        version=version,
        generation=Generation(
            prompts=Prompts(source=prompt_source, sha256=sentences, count=len(prompts)),
            candidates=per_prompt,
            seed=seed,
            motion_prompt=motion_prompt,
            text_to_image=text_to_image if own is None else None,
            text_to_image_weights=weights_of(folders["text_to_image"]) if own is None else None,
            image_to_video=image_to_video if own is None else None,
            image_to_video_weights=weights_of(folders["image_to_video"]) if own is None else None,
            brought=None if own is None else own.sha256,
            fps=fps,
            frames=frames,
            dwpose={
                "detector": networks.detector_sha256,
                "estimator": networks.estimator_sha256,
            },
            identity_clip=f"sha256:{weights.digests('clip_vit_b32')['clip_vit_b32']}"
            if identity == "clip"
            else None,
        ),
        prompts=prompts,
        folders=folders,
        networks=networks,
        brought=own,
        device=device,
        limits=limits,
        accurate=accurate,
    )


def build(
    home: Path,
    plan: Plan,
    *,
    answers: Path | Literal["wait", "none"],
    allow_failed: bool = False,
    runner: str = "local",
    runner_options: Mapping[str, object] | None = None,
    timeout_seconds: float = 7200.0,
    workers: int | None = None,
    command: str = "",
) -> Outcome:
    """Make or resume a version.

    Args:
        home: data root.
        plan: what, from `prepare`.
        answers: `wait`: stop when the page is there. `none`: the screening decides. Or the file
            with the page's answers.
        allow_failed: go on though some candidates could not be made.
        runner: a name of `a2bench ls runners`.
        runner_options: what is set of it.
        timeout_seconds: of one candidate at one stage.
        workers: CPU processes; None: one a core.
        command: what the page tells to type with the answers.

    Raises:
        A2BenchError: candidates of other settings lie there, answers that are none, or nothing
            passed.
    """
    back_end = with_options(plugins.runner(runner), runner, runner_options or {})
    if isinstance(back_end, Preparing) and back_end.prepares():
        raise A2BenchError("runner.script is of `a2bench run`; a build starts its own tasks.")
    generation = plan.generation
    work = work_folder(home, plan.name, plan.version)
    if runner == "local" and any(plan.device_of(stage) == "cuda" for stage in plan.stages):
        _refuse_without_gpu()
    with alone_in(work / "build.lock", "this build"):
        _keep_settings(work, generation)
        failures: dict[str, str] = {}
        if plan.brought is not None:
            _take_brought(work, plan.brought, workers)
        for stage in plan.stages:
            failures |= _carry_out(work, plan, stage, back_end, timeout_seconds, workers)
        made = candidates.judged(
            [_measured(work, one) for one in plan.made()], plan.limits, failures
        )
        write_text(work / "candidates.csv", candidates.as_csv(made))
        page = review.write_page(
            work,
            made,
            name=plan.name,
            version=plan.version,
            command=command,
            workers=workers,
        )
        if answers == "wait" or (failures and not allow_failed):
            return Outcome(None, page, made, failures)
        said = None
        if isinstance(answers, Path):
            said = review.read_review(answers, made, name=plan.name, version=plan.version)
        decided = candidates.with_accurate(review.decided(made, said), plan.accurate)
        dataset = _assemble(home, work, plan, decided, said, workers)
        return Outcome(dataset, page, decided, failures)


def _refuse_without_gpu() -> None:
    import torch

    if not torch.cuda.device_count():
        raise A2BenchError(
            "device=cuda (or pose_device): this machine shows no CUDA device.\n"
            "hint: `a2bench doctor` says what is missing; runner=ray or runner=slurm use those of "
            "others; candidates made elsewhere (made=FOLDER) need none: device=cpu"
        )


def _keep_settings(work: Path, generation: Generation) -> None:
    """Write `generation.json`, or check that the one there says the same."""
    path = work / "generation.json"
    now = generation.model_dump(mode="json")
    if not path.exists():
        write_json(path, now)
        return
    try:
        there = Generation.model_validate_json(path.read_bytes()).model_dump(mode="json")
    except ValidationError as error:
        raise A2BenchError(f"{path}: not a valid record:\n{wrong_fields(error)}") from error
    if there != now:
        differs = [name for name in now if now[name] != there[name]]
        raise A2BenchError(
            f"{work}: candidates of other settings lie there (differs in: {', '.join(differs)}); "
            "two settings are never mixed.\n"
            "hint: choose another version=..., or move the folder away"
        )


def _take_brought(work: Path, found: "brought.Brought", workers: int | None) -> None:
    for folder in ("pictures", "videos"):
        sweep_asides(work / folder)
    tasks = [
        (work, key, path, found.pictures.get(key))
        for key, path in found.videos.items()
        if not stage_file(work, "image_to_video", key).exists()
    ]
    if tasks:
        with progress("take candidates", len(tasks)) as shown:
            for key in in_processes(brought.take, tasks, workers=workers):
                shown.advance(note=key)


def _jobs(
    work: Path, plan: Plan, stage: Stage, timeout_seconds: float
) -> tuple[list[Job], dict[str, Result]]:
    """Return what a stage has to do, and what of it is done; inputs that lack are left out."""
    card = stage_card(
        stage,
        device=plan.device_of(stage),
        timeout_seconds=timeout_seconds,
    )
    jobs, done = [], {}
    for one in plan.made():
        settings: dict[str, object] = {"seed": one.seed, "prompt": one.prompt.text}
        if stage != "text_to_image" and plan.brought is None:
            before = _record(work, STAGES[STAGES.index(stage) - 1], one.id)
            if before is None or before.status != "ok":
                continue
            settings["input"] = before.prediction_sha256
        elif stage == "screening":
            settings["input"] = cached_sha256(stage_file(work, "image_to_video", one.id))
        prompt = one.prompt.text
        if stage == "image_to_video":
            prompt = plan.generation.motion_prompt.format(
                prompt=prompt, object=one.prompt.object or "character"
            )
        settings["generation"] = plan.generation.model_dump(mode="json")
        request = stage_request(
            work,
            stage,
            one.id,
            prompt=prompt,
            seed=one.seed,
            generation=plan.generation,
            fingerprint=sha256_text(canonical_json(settings)),
        )
        there = _record(work, stage, one.id)
        if (
            there is not None
            and there.status == "ok"
            and there.fingerprint == request.fingerprint
            and Path(request.output).exists()
        ):
            done[one.id] = there
        else:
            jobs.append(Job(card, request))
    return jobs, done


def _record(work: Path, stage: Stage, candidate: str) -> Result | None:
    path = stage_file(work, stage, candidate).with_suffix(".json")
    if not path.exists():
        return None
    try:
        return Result.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise A2BenchError(
            f"{path}: not a result record:\n{wrong_fields(error)}\nhint: delete it"
        ) from error


def _carry_out(
    work: Path,
    plan: Plan,
    stage: Stage,
    back_end: Runner,
    timeout_seconds: float,
    workers: int | None,
) -> dict[str, str]:
    """Have a stage done; return candidate id -> why it could not be."""
    jobs, _ = _jobs(work, plan, stage, timeout_seconds)
    failures: dict[str, str] = {}
    if not jobs:
        return failures
    for folder in {Path(job.request.output).parent for job in jobs} | {work / "measures"}:
        sweep_asides(folder)
    for job in jobs:  # a failure, or of another input: it is made again
        Path(job.request.output).with_suffix(".json").unlink(missing_ok=True)
    make_worker = StageWorkers(stage, plan.generation, plan.folders.get(stage), plan.networks)
    with run_progress(len(jobs)) as shown:
        for result in back_end.run(jobs, make_worker, workers=workers):
            kept = RunFolder.keep_result(stage_file(work, stage, result.case_id), result)
            shown.answered(kept)
            if kept.status != "ok":
                last = kept.reason.strip().split("\n")
                said = [line for line in last if not line.startswith("hint:")]
                failures[kept.case_id] = f"{stage}: {kept.failure or kept.status}: {said[-1]}"
    return failures


def _measured(work: Path, one: Candidate) -> Candidate:
    """Return a candidate with what is known of it: its video's digest and its measures."""
    record = _record(work, "screening", one.id)
    if record is None or record.status != "ok":
        return one
    path = measures_file(work, one.id)
    try:
        measures = Measures.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise A2BenchError(
            f"{path}: not what was measured of {one.id}.\n"
            f"hint: delete {stage_file(work, 'screening', one.id)} and build again"
        ) from error
    video = stage_file(work, "image_to_video", one.id)
    return replace(one, video_sha256=cached_sha256(video), measures=measures)


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


def _assemble(
    home: Path,
    work: Path,
    plan: Plan,
    decided: list[Candidate],
    said: "review.Review | None",
    workers: int | None,
) -> Dataset:
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


def plan_lines(home: Path, plan: Plan) -> list[str]:
    """Return what a build would do, a line a stage; times only where candidates were timed.

    A stage's time is the median of the candidates that are done, on the devices that did them.
    """
    generation = plan.generation
    work = work_folder(home, plan.name, plan.version)
    lines = [
        f"{generation.prompts.count} prompts ({generation.prompts.source}), "
        f"{len(plan.made())} candidates, in {work}"
    ]
    for stage in plan.stages:
        timed = [
            record.infer_seconds
            for one in plan.made()
            if (record := _record(work, stage, one.id)) is not None
            and record.status == "ok"
            and record.infer_seconds is not None
        ]
        to_do = len(plan.made()) - len(timed)
        if timed:
            each = float(np.median(timed))
            how_long = (
                f"{each:.1f} s each so far (median), "
                f"{to_do * each / 3600:.1f} device hours for the rest"
            )
        else:
            how_long = "no time known before the first is made: try count=1 first"
        lines.append(f"{stage}: {to_do} {WHAT[stage]} to make, {len(timed)} done; {how_long}")
    sizes = [path.stat().st_size for path in sorted((work / "videos").glob("*.mp4"))]
    if sizes:
        whole = sum(sizes) / len(sizes) * len(plan.made())
        lines.append(f"disk: {whole / 1e9:.1f} GB of videos in all, as large as those so far")
    if work.exists() or home.exists():
        free = shutil.disk_usage(work if work.exists() else home).free
        lines.append(f"disk: {free / 1e9:.1f} GB free")
    return lines
