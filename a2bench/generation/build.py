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

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, wrong_fields
from a2bench.generation import brought, candidates, review
from a2bench.generation.assemble import assemble
from a2bench.generation.candidates import Candidate
from a2bench.generation.plan import STAGES, Plan, record_of, work_folder
from a2bench.generation.screening import Measures
from a2bench.generation.settings import Generation
from a2bench.generation.stages import (
    Stage,
    StageWorkers,
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
    sha256_text,
    sweep_asides,
    write_json,
    write_text,
)
from a2bench.progress import progress, run_progress
from a2bench.records import Result
from a2bench.runner import Job, Preparing, Runner, with_options
from a2bench.store import RunFolder


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
        dataset = assemble(home, work, plan, decided, said, workers)
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
            before = record_of(work, STAGES[STAGES.index(stage) - 1], one.id)
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
        there = record_of(work, stage, one.id)
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
    record = record_of(work, "screening", one.id)
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
