"""What is to be built, and whether everything it needs is there; nothing is made here."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError

from a2bench import weights
from a2bench.builders.estimated_poses import Networks
from a2bench.dataset import dataset_folder
from a2bench.errors import A2BenchError, problems_error, wrong_fields
from a2bench.generation import brought
from a2bench.generation.candidates import Candidate, candidate_id
from a2bench.generation.pipelines import check_call, check_folder, weights_of
from a2bench.generation.prompts import Prompt
from a2bench.generation.settings import (
    AccurateRule,
    Generation,
    PipelineSettings,
    Prompts,
    Thresholds,
    VideoSettings,
)
from a2bench.generation.stages import Stage, stage_file
from a2bench.paths import sha256_text
from a2bench.records import Result

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


def record_of(work: Path, stage: Stage, candidate: str) -> Result | None:
    """Return what came of a candidate at a stage; None: nothing yet.

    Raises:
        A2BenchError: a file that is no record.
    """
    path = stage_file(work, stage, candidate).with_suffix(".json")
    if not path.exists():
        return None
    try:
        return Result.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise A2BenchError(
            f"{path}: not a result record:\n{wrong_fields(error)}\nhint: delete it"
        ) from error


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
            if (record := record_of(work, stage, one.id)) is not None
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
