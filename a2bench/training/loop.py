"""The training loop: AdamW, moving average, checkpoints that resume exactly, a log.

Everything random at a step is drawn from (seed, step), and of a sample from (seed, step, slot), so
a run that was ended goes on as if it had not been. On a CPU the loss curve is then the same bit for
bit (with the same number of threads); the tests hold it to that.
"""

import json
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Literal, TextIO

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from a2bench.errors import A2BenchError, unknown_name
from a2bench.metric import Video
from a2bench.paths import write_text
from a2bench.progress import progress
from a2bench.training import checkpoint
from a2bench.training.clips import TrainingClips
from a2bench.training.trainer import MethodTrainer, Prepare, Sample, generator

PRECISIONS = ("no", "fp16", "bf16")
SCHEDULES = ("constant", "cosine")
TRACKERS = ("tensorboard", "wandb", "trackio")

_CLIP, _OTHER = 0, 1
"""Streams of a sample: what clip it is; everything else."""

_GRID_CLIPS = 4


@dataclass(frozen=True)
class Settings:
    """How long and how a run is trained.

    Attributes:
        steps: of the optimizer.
        minutes: of training after which it ends, if that comes first; None: never.
        batch_size: clips a step, of all devices and accumulated parts together.
        accumulation: parts a step's batch is computed in on each device.
        seed: of first weights, clips, noise and dropout.
        schedule: of the learning rates after the warm-up.
        warmup_steps: over which they rise evenly from 0.
        weight_decay: of AdamW.
        clip_gradient: largest norm of the gradient; None: any.
        average: decay of the moving average of the weights, which is what is saved.
        precision: of the computation; weights are float32.
        device: "cpu", or None: what accelerate finds.
        data_workers: processes that make samples beside the training; 0: none.
        checkpoint_every: steps.
        keep: newest checkpoints that are kept.
        log_every: steps; every step is computed into the next line's mean.
        sample_every: steps between grids of samples; 0: none.
        log_with: trackers beside `log.jsonl`.
    """

    steps: int
    minutes: float | None = None
    batch_size: int = 1
    accumulation: int = 1
    seed: int = 0
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_steps: int = 0
    weight_decay: float = 0.01
    clip_gradient: float | None = 1.0
    average: float = 0.9999
    precision: Literal["no", "fp16", "bf16"] = "no"
    device: str | None = None
    data_workers: int = 0
    checkpoint_every: int = 500
    keep: int = 2
    log_every: int = 1
    sample_every: int = 0
    log_with: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, known in (("precision", PRECISIONS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in known:
                raise unknown_name(name, str(getattr(self, name)), known)
        if unknown := [name for name in self.log_with if name not in TRACKERS]:
            raise unknown_name("log_with", unknown[0], TRACKERS)
        if self.device not in (None, "cpu"):
            raise A2BenchError(f"device={self.device}: expected cpu, or null for what is there")
        least = {"warmup_steps": 0, "data_workers": 0, "sample_every": 0, "seed": 0}
        for name in (
            "steps", "batch_size", "accumulation", "checkpoint_every", "keep", "log_every", *least,
        ):  # fmt: skip
            value, smallest = getattr(self, name), least.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
                raise A2BenchError(f"{name}={value!r}: expected a whole number from {smallest} on")
        if not 0 <= self.average < 1:
            raise A2BenchError(f"average={self.average}: expected 0 to below 1")

    def decides(self) -> dict[str, Any]:
        """Return what decides a run's weights; the rest may be changed when it goes on."""
        kept = (
            "batch_size", "accumulation", "seed", "schedule", "warmup_steps", "weight_decay",
            "clip_gradient", "average", "precision",
        )  # fmt: skip
        found = {name: getattr(self, name) for name in kept}
        if self.schedule == "cosine":
            found["steps"] = self.steps
        return found

    def rate(self, step: int) -> float:
        """Return the share of the learning rates at a step, from 1 on."""
        if step <= self.warmup_steps:
            return step / self.warmup_steps
        if self.schedule == "constant":
            return 1.0
        left = max(self.steps - self.warmup_steps, 1)
        done = min((step - self.warmup_steps - 1) / left, 1.0)
        return 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class Outcome:
    """What came of a call of `train`.

    Attributes:
        step: last one done.
        seconds: of training, all calls together.
        loss: mean of the last hundred steps that this call logged; None: it did none.
        ended: why it stopped.
    """

    step: int
    seconds: float
    loss: float | None
    ended: Literal["steps", "minutes", "signal"]


class _Slots(Dataset[Sample]):
    """(step, slot) -> sample; which clip it is, and all its chance, follow from the numbers."""

    def __init__(
        self, trainer: MethodTrainer, clips: TrainingClips, prepare: Prepare, seed: int
    ) -> None:
        self._clips, self._prepare, self._seed = clips, prepare, seed
        self._size, self._frames = trainer.size, trainer.frames

    def __getitem__(self, place: tuple[int, int]) -> Sample:
        seed = (self._seed, *place)
        rng = generator(seed, _CLIP)
        index = int(rng.integers(len(self._clips)))
        clip = self._clips.clip(index, size=self._size, frames=self._frames, rng=rng)
        return self._prepare(clip, (*seed, _OTHER))


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed or the scheduler wants the machine; once asked, it is too late."""
    asked = False

    def note(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def train(
    trainer: MethodTrainer,
    clips: TrainingClips,
    settings: Settings,
    folder: Path,
    *,
    label: str,
) -> Outcome:
    """Train until the steps or minutes are over, from the newest checkpoint on if there is one.

    The trainer is left with the averaged weights.

    Args:
        trainer: of the method.
        clips: what it is trained on.
        settings: how.
        folder: of the run: `checkpoints/`, `log.jsonl`, `samples/`.
        label: for the progress bar.

    Raises:
        A2BenchError: a batch that the devices cannot share, a loss that is not finite, a tracker
            that is not installed, or a checkpoint of another model.
    """
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise A2BenchError(
            "training needs accelerate.\nhint: pip install 'a2bench[train]'"
        ) from error
    from diffusers.training_utils import EMAModel

    for name in settings.log_with:
        if find_spec(name) is None:
            extra = "'a2bench[train]'" if name == "tensorboard" else name
            raise A2BenchError(
                f"log_with={name}: it is not installed.\nhint: pip install {extra}, or log_with=[]"
            )
    accelerator = Accelerator(
        cpu=settings.device == "cpu",
        mixed_precision=settings.precision,
        log_with=list(settings.log_with) or None,
        project_dir=str(folder),
    )
    ranks, parts = accelerator.num_processes, settings.accumulation
    if settings.batch_size % (ranks * parts):
        nearest = ranks * parts * max(1, round(settings.batch_size / (ranks * parts)))
        raise A2BenchError(
            f"batch_size={settings.batch_size} clips cannot be shared by {ranks} devices x "
            f"{parts} parts\nhint: batch_size={nearest}"
        )
    module = trainer.module
    optimizer = _optimizer(trainer, settings)
    run = accelerator.prepare_model(module)
    wrapped = accelerator.prepare_optimizer(optimizer)
    parameters = list(checkpoint.learned(module).values())
    average = EMAModel(parameters, decay=settings.average, foreach=True)
    state = checkpoint.State(0, 0.0, 0, {})
    if found := checkpoint.folders(folder):
        state, averages = checkpoint.load(found[-1], module, optimizer)
        average.shadow_params = [
            averages[name].to(p.device) for name, p in checkpoint.learned(module).items()
        ]
        average.optimization_step = state.averaged
        if accelerator.scaler is not None and state.scaler:
            accelerator.scaler.load_state_dict(state.scaler)
    main = accelerator.is_main_process
    if settings.log_with:
        options = {"tensorboard": {"purge_step": state.step + 1}}
        accelerator.init_trackers(
            label, init_kwargs={k: v for k, v in options.items() if k in settings.log_with}
        )
    log = _Log(folder / "log.jsonl", state.step) if main else None
    begun, seconds_before = time.monotonic(), state.seconds
    step, ended, recent = state.step, "steps", list[float]()

    def so_far() -> float:
        return seconds_before + time.monotonic() - begun

    def save() -> None:
        accelerator.wait_for_everyone()
        if main:
            scaler = accelerator.scaler.state_dict() if accelerator.scaler is not None else {}
            names = checkpoint.learned(module)
            checkpoint.save(
                folder,
                checkpoint.State(step, so_far(), average.optimization_step, scaler),
                module,
                dict(zip(names, average.shadow_params, strict=True)),
                optimizer,
                keep=settings.keep,
            )

    batches = _batches(trainer, clips, settings, state.step, accelerator)
    device = accelerator.device
    module.train()
    kept: list[float] = []
    with _asked_to_stop() as stop, progress(label, settings.steps) as bar:
        if state.step:
            bar.advance(min(state.step, settings.steps), note=f"from step {state.step} on")
        while step < settings.steps:
            late = settings.minutes is not None and so_far() > 60 * settings.minutes
            asked, over = _agreed(accelerator, stop(), late)
            if asked or over:
                ended = "signal" if asked else "minutes"
                break
            step += 1
            share = settings.rate(step)
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * share
            torch.manual_seed(_number(settings.seed, step, accelerator.process_index))
            total, norm = torch.zeros((), device=device), None
            for part in range(parts):
                batch = {name: value.to(device) for name, value in next(batches).items()}
                last = part == parts - 1
                with _part(accelerator, run, last=last):
                    loss = run(batch).mean() / parts
                    accelerator.backward(loss)
                total += loss.detach()
            most = settings.clip_gradient if settings.clip_gradient is not None else math.inf
            norm = accelerator.clip_grad_norm_(parameters, most)
            wrapped.step()
            wrapped.zero_grad()
            average.step(parameters)
            value = float(accelerator.reduce(total, "mean"))
            if not math.isfinite(value):
                raise A2BenchError(
                    f"{label}: the loss of step {step} is {value}.\nhint: a smaller learning rate, "
                    f"clip_gradient=1, or precision=no; {folder} has the last checkpoint"
                )
            kept.append(value)
            recent = [*recent[-99:], value]
            if step % settings.log_every == 0 or step == settings.steps:
                line = {"loss": math.fsum(kept) / len(kept), "gradient_norm": float(norm or 0)}
                for group in optimizer.param_groups:
                    line[f"learning_rate/{group['name']}"] = group["lr"]
                if log is not None:
                    log.write(step, line, so_far())
                accelerator.log(line, step=step)
                kept = []
            bar.advance(note=f"loss {math.fsum(recent) / len(recent):.4f}")
            if step % settings.checkpoint_every == 0 and step < settings.steps:
                save()
            if main and settings.sample_every and step % settings.sample_every == 0:
                average.store(parameters)
                average.copy_to(parameters)
                grid = _grid(trainer, clips, settings.seed)
                average.restore(parameters)
                module.train()
                _keep_grid(accelerator, folder, grid, step)
    save()
    accelerator.end_training()
    average.copy_to(parameters)
    accelerator.free_memory()
    mean = math.fsum(recent) / len(recent) if recent else None
    return Outcome(step, so_far(), mean, ended)  # type: ignore[arg-type]


def _optimizer(trainer: MethodTrainer, settings: Settings) -> torch.optim.AdamW:
    """AdamW over the trainer's groups.

    Raises:
        A2BenchError: a parameter that is learned is in no group, or in two.
    """
    parameters = checkpoint.learned(trainer.module)
    groups = trainer.groups()
    named = [name for group in groups for name in group.parameters]
    if sorted(named) != sorted(parameters):
        odd = sorted(set(named) ^ parameters.keys()) or sorted(named)
        raise AssertionError(f"parameters in no group or in two: {odd[:3]}")
    return torch.optim.AdamW(
        [
            {
                "name": group.name,
                "params": [parameters[name] for name in group.parameters],
                "lr": group.learning_rate,
                "initial_lr": group.learning_rate,
            }
            for group in groups
            if group.parameters
        ],
        weight_decay=settings.weight_decay,
    )


def _batches(
    trainer: MethodTrainer, clips: TrainingClips, settings: Settings, done: int, accelerator: Any
) -> Iterator[Sample]:
    """Yield this device's parts of every step's batch, from the step after `done` on."""
    rank, ranks = accelerator.process_index, accelerator.num_processes
    each = settings.batch_size // (ranks * settings.accumulation)
    places = (
        [(step, (part * ranks + rank) * each + slot) for slot in range(each)]
        for step in range(done + 1, settings.steps + 1)
        for part in range(settings.accumulation)
    )
    workers = settings.data_workers
    return iter(
        DataLoader(
            _Slots(trainer, clips, trainer.prepare(), settings.seed),
            batch_sampler=_Places(places),
            num_workers=workers,
            # threads and CUDA do not survive a fork
            multiprocessing_context="spawn" if workers else None,
        )
    )


class _Places:
    """What torch calls a batch sampler."""

    def __init__(self, places: Iterator[list[tuple[int, int]]]) -> None:
        self._places = places

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        return self._places


@contextmanager
def _part(accelerator: Any, run: Any, *, last: bool) -> Iterator[None]:
    """Gradients of several devices are joined with the last part of a step only."""
    if last:
        with accelerator.autocast():
            yield
    else:
        with accelerator.no_sync(run), accelerator.autocast():
            yield


def _agreed(accelerator: Any, *asked: bool) -> list[bool]:
    """Whether any device says each of these; all must stop at the same step."""
    if accelerator.num_processes == 1:
        return list(asked)
    votes = torch.tensor([float(one) for one in asked], device=accelerator.device)
    return [bool(count > 0) for count in accelerator.reduce(votes, "sum").tolist()]


def _number(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


class _Log:
    """`log.jsonl`, a line a logged step; what a killed run wrote after its checkpoint goes."""

    def __init__(self, path: Path, done: int) -> None:
        if path.exists():
            kept = []
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= done:
                        kept.append(line + "\n")
                except (ValueError, KeyError, TypeError):
                    break  # a line that was being written
            write_text(path, "".join(kept))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def write(self, step: int, line: Mapping[str, float], seconds: float) -> None:
        with self._path.open("a", encoding="utf-8") as handle:
            _line(handle, {"step": step, **line, "seconds": round(seconds, 3)})


def _line(handle: TextIO, record: Mapping[str, object]) -> None:
    handle.write(json.dumps(record) + "\n")


def _grid(trainer: MethodTrainer, clips: TrainingClips, seed: int) -> Video:
    """Reference, truth and answer of a few fixed clips, (t, h, w, 3), a row a clip."""
    rng = generator((seed,), _CLIP)
    count = min(_GRID_CLIPS, len(clips))
    chosen = [
        clips.clip(int(index), size=trainer.size, frames=trainer.frames, rng=rng)
        for index in np.linspace(0, len(clips) - 1, count)
    ]
    answers = trainer.animate(chosen, seed=seed)
    rows = []
    for clip, answer in zip(chosen, answers, strict=True):
        still = clip.frames[0] if clip.reference_image is None else clip.reference_image
        first = np.broadcast_to(still, clip.frames.shape)
        rows.append(np.concatenate([first, clip.frames, answer], axis=2))
    return np.concatenate(rows, axis=1)


def _keep_grid(accelerator: Any, folder: Path, grid: Video, step: int) -> None:
    """Write a grid's middle frames as PNG, and give it to trackers that take pictures."""
    from a2bench.video import write_png

    picked = grid[np.linspace(0, len(grid) - 1, min(4, len(grid))).round().astype(int)]
    picture = np.concatenate(list(picked), axis=1)
    path = folder / "samples" / f"{step:08d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, picture)
    for tracker in accelerator.trackers:
        if tracker.name == "tensorboard":
            tracker.writer.add_image("samples", picture, step, dataformats="HWC")
        elif tracker.name == "wandb":
            tracker.log_images({"samples": [picture]}, step=step)
