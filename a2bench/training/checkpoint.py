"""A training run's state on the disk: safetensors and JSON, nothing that can carry code.

`checkpoints/<step>/` has the weights that are learned, their moving averages, the optimizer's two
moments of each, and `state.json`. There is no state of a random generator: everything random at a
step is drawn from the seed and the step's number.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from a2bench.errors import A2BenchError
from a2bench.paths import aside_name, sweep_asides, write_json

_SCHEMA = "a2bench.checkpoint/1"
_MOST_JSON_BYTES = 2**20
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class State:
    """What `state.json` says.

    Attributes:
        step: last one that is done.
        seconds: of training so far.
        averaged: steps that the moving average has seen.
        scaler: of float16, as its `state_dict`.
    """

    step: int
    seconds: float
    averaged: int
    scaler: dict[str, float]


def folders(run: Path) -> list[Path]:
    """Return the whole checkpoints of a run, oldest first."""
    found = [path.parent for path in (run / "checkpoints").glob("*/state.json")]
    return sorted((path for path in found if path.name.isdigit()), key=lambda path: int(path.name))


def save(
    run: Path,
    state: State,
    module: nn.Module,
    averages: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    keep: int,
) -> Path:
    """Write a checkpoint whole or not at all, and remove all but the newest `keep`."""
    parent = run / "checkpoints"
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{state.step:08d}"
    sweep_asides(parent)
    aside = parent / aside_name(folder.name)
    try:
        aside.mkdir()
        save_file(_plain(learned(module)), aside / "model.safetensors")
        save_file(_plain(averages), aside / "average.safetensors")
        save_file(_plain(_moments(module, optimizer)), aside / "optimizer.safetensors")
        write_json(
            aside / "state.json",
            {
                "schema": _SCHEMA,
                "step": state.step,
                "seconds": state.seconds,
                "averaged": state.averaged,
                "scaler": state.scaler,
                "optimizer_steps": _steps(module, optimizer),
            },
        )
        if folder.exists():  # the same step, done again
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for old in folders(run)[:-keep]:
        shutil.rmtree(old)
    return folder


def load(
    folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[State, dict[str, Tensor]]:
    """Fill module and optimizer from a checkpoint; return its state and the moving averages.

    Raises:
        A2BenchError: a file is missing, damaged, or of another model.
    """
    raw = _read_json(folder / "state.json")
    names = dict(learned(module))
    weights = _read(folder / "model.safetensors", names)
    averages = _read(folder / "average.safetensors", names)
    steps = int(raw["optimizer_steps"])
    wanted = {f"{name}.{kind}": p for name, p in names.items() for kind in _MOMENTS}
    moments = _read(folder / "optimizer.safetensors", wanted) if steps else {}
    with torch.no_grad():
        for name, parameter in names.items():
            parameter.copy_(weights[name])
            if steps:
                optimizer.state[parameter] = {
                    "step": torch.tensor(float(steps)),
                    **{kind: moments[f"{name}.{kind}"].to(parameter) for kind in _MOMENTS},
                }
    scaler = {str(key): float(value) for key, value in raw["scaler"].items()}
    return State(int(raw["step"]), float(raw["seconds"]), int(raw["averaged"]), scaler), averages


def learned(module: nn.Module) -> dict[str, nn.Parameter]:
    """Return name -> parameter of those that need a gradient."""
    return {name: p for name, p in module.named_parameters() if p.requires_grad}


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _moments(module: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{name}.{kind}": optimizer.state[parameter][kind]
        for name, parameter in learned(module).items()
        for kind in _MOMENTS
        if parameter in optimizer.state
    }


def _steps(module: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Return how often the optimizer has moved; all parameters move together."""
    found = {
        int(optimizer.state[parameter]["step"])
        for parameter in learned(module).values()
        if parameter in optimizer.state
    }
    if len(found) > 1:
        raise AssertionError(f"parameters have moved {sorted(found)} times")
    return found.pop() if found else 0


def _read(path: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise A2BenchError(f"{path}: not a whole safetensors file: {str(error)[:200]}") from error
    wrong = sorted(found.keys() ^ expected.keys())
    wrong += [
        name for name in found.keys() & expected.keys() if found[name].shape != expected[name].shape
    ]
    if wrong:
        raise A2BenchError(
            f"{path}: not of this model: {len(wrong)} tensors differ (first: {wrong[0]})\n"
            "hint: train under another name=..., or begin anew with restart=true"
        )
    return found


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_JSON_BYTES:
            raise A2BenchError(f"{path}: over {_MOST_JSON_BYTES} bytes; not a checkpoint's state")
        found = json.loads(path.read_text(encoding="utf-8"))
        known = {"schema", "step", "seconds", "averaged", "scaler", "optimizer_steps"}
        if not isinstance(found, dict) or found.keys() != known or found["schema"] != _SCHEMA:
            raise ValueError(f"expected schema {_SCHEMA}")
    except (OSError, ValueError) as error:
        raise A2BenchError(
            f"{path}: not a checkpoint's state: {error}\nhint: delete {path.parent}; training goes "
            "on from the one before it"
        ) from error
    return found
