"""`a2bench build dataset=generative`: its keys as what the builder takes, and its last lines."""

import sys
from pathlib import Path
from typing import Any, Literal, cast

from omegaconf import OmegaConf
from pydantic import ValidationError

from a2bench import weights
from a2bench.builders.estimated_poses import networks
from a2bench.cli.building import own_file, said_of_poses
from a2bench.cli.tasks import parse_size, positive, whole_number
from a2bench.errors import A2BenchError, unknown_name, wrong_fields
from a2bench.generation.build import Outcome, build
from a2bench.generation.candidates import why_rejected
from a2bench.generation.plan import Plan, plan_lines, prepare
from a2bench.generation.prompts import GRAMMAR, Prompt, committed_prompts, own_prompts
from a2bench.generation.settings import (
    AccurateRule,
    PipelineSettings,
    Thresholds,
    VideoSettings,
)
from a2bench.generation.stages import Stage
from a2bench.records import Record


def _record(kind: type[Record], key: str, value: Any) -> Any:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise A2BenchError(f"{key}:\n{wrong_fields(error)}\nhint: a2bench build --help") from error


def _pipeline(cfg: Any, key: str, kind: type[PipelineSettings]) -> tuple[Any, Path]:
    """Return a pipeline's settings, and the folder of its weights."""
    given = cast(dict[str, Any], OmegaConf.to_container(cfg[key]))
    folder = own_file(given.pop("folder", None))
    size = parse_size(given.get("size"))
    settings = _record(kind, key, given | {"size": size})
    if folder is None:
        name = settings.repository.rpartition("/")[2] or settings.target.rpartition(".")[2]
        folder = weights.folder() / name
    return settings, folder


def _prompts(cfg: Any) -> tuple[tuple[Prompt, ...], str]:
    listing = own_file(cfg.prompts)
    prompts = committed_prompts() if listing is None else own_prompts(listing)
    count = whole_number(cfg["count"], "count", least=1)
    if count is not None and count > len(prompts):
        raise A2BenchError(f"count={count}: there are {len(prompts)} prompts.")
    return prompts[:count], GRAMMAR if listing is None else listing.name


def _plan(cfg: Any) -> Plan:
    if cfg.device not in ("cpu", "cuda"):
        raise unknown_name("device", str(cfg.device), ("cpu", "cuda"))
    if cfg.identity not in ("clip", "colour"):
        raise unknown_name("measure of identity", str(cfg.identity), ("clip", "colour"))
    if cfg.pose_device not in (None, "cpu", "cuda"):
        raise unknown_name("pose_device", str(cfg.pose_device), ("cpu", "cuda"))
    pictures, picture_folder = _pipeline(cfg, "text_to_image", PipelineSettings)
    videos, video_folder = _pipeline(cfg, "image_to_video", VideoSettings)
    prompts, source = _prompts(cfg)
    found, problems = None, []
    try:
        found, _ = networks(
            "dwpose",
            detector=own_file(cfg.detector),
            estimator=own_file(cfg.estimator),
            device=str(cfg.pose_device or cfg.device),
        )
    except A2BenchError as error:  # said with all else that is missing
        problems.append(str(error))
    folders: dict[Stage, Path] = {
        "text_to_image": picture_folder,
        "image_to_video": video_folder,
    }
    return prepare(
        problems=problems,
        name=str(cfg.name),
        version=str(cfg.version),
        prompts=prompts,
        prompt_source=source,
        per_prompt=whole_number(cfg.candidates, "candidates", least=1) or 4,
        seed=whole_number(cfg.seed, "seed", least=0) or 0,
        motion_prompt=str(cfg.motion_prompt),
        text_to_image=pictures,
        image_to_video=videos,
        folders=folders,
        made=own_file(cfg.made),
        fps=positive(cfg.fps, "fps") or 8.0,
        frames=whole_number(cfg.frames, "frames", least=2) or 32,
        networks=found,
        device=cast(Literal["cpu", "cuda"], cfg.device),
        identity=cast(Literal["clip", "colour"], cfg.identity),
        limits=_record(Thresholds, "screening", OmegaConf.to_container(cfg.screening)),
        accurate=_record(AccurateRule, "accurate", OmegaConf.to_container(cfg.accurate)),
    )


def build_generative(cfg: Any, home: Path) -> int:
    """Build, or say what would be done; 1 where it waits for what could not be made."""
    plan = _plan(cfg)
    timeout = positive(cfg.timeout, "timeout") or 7200.0
    if cfg.dry_run:
        for line in plan_lines(home, plan):
            print(line)
        print("nothing was made (dry_run)", file=sys.stderr)
        return 0
    review = str(cfg.review)
    answers: Path | Literal["wait", "none"]
    if review == "wait":
        answers = "wait"
    elif review == "none":
        answers = "none"
    else:
        answers = Path(review).expanduser()
    done = build(
        home,
        plan,
        answers=answers,
        allow_failed=bool(cfg.allow_failed),
        runner=str(cfg.runner),
        runner_options=cast(dict[str, object], OmegaConf.to_container(cfg.runner_options)),
        timeout_seconds=timeout,
        workers=whole_number(cfg.workers, "workers", least=1),
        command="the same a2bench build ... with review=review.json",
    )
    return _said(cfg, plan, done)


def _said(cfg: Any, plan: Plan, done: Outcome) -> int:
    passed = sum(one.verdict.passed for one in done.candidates)
    print(
        f"screening: {passed} of {len(done.candidates)} candidates passed, "
        f"{len(done.failures)} could not be made"
    )
    for line in why_rejected(done.candidates)[:10]:
        print(f"  {line}")
    for key, reason in list(done.failures.items())[:10]:
        print(f"failed: {key}: {reason}")
    table = done.page.parent.parent / "candidates.csv"
    print(f"every measure and verdict: {table}; to look at: {done.page}")
    if done.dataset is None and done.failures and not cfg.allow_failed:
        print(
            "hint: the same command tries again what failed; allow_failed=true goes on without it"
        )
        return 1
    if done.dataset is None:
        print(
            "next: open the page, save the answers, then the same command with review=FILE; "
            "review=none takes the screening's word"
        )
        return 0
    dataset = done.dataset
    persons = sum(one.kept_by == "person" for one in done.candidates if one.kept)
    dropped = plan.generation.prompts.count - len(dataset.info.order)
    split = "pose_accurate" if "pose_accurate" in dataset.info.splits else "full"
    print(said_of_poses(dataset, ""))
    print(
        f"{dataset.label}: {len(dataset.info.order)} samples ({persons} chosen by a person), "
        f"{dropped} prompts without one, "
        f"{dataset.info.splits.get('pose_accurate', 0)} of accurate poses, in {dataset.folder}"
    )
    print(f"content digest: {dataset.digest('full')}")
    print(
        f"next: a2bench run method=[still,puppet_warp] dataset={dataset.info.name} protocol=self "
        f"split={split}" + (f" home={cfg.home}" if cfg.home else "")
    )
    return 0
