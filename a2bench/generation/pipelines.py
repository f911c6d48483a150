"""Pipelines of diffusers from folders in the hub's layout: checked, loaded, called.

Nothing is downloaded. A folder may be hostile: only classes of diffusers and transformers are made,
only tensors in safetensors are read, no code in it is imported, no link out of it is followed.
"""

import importlib
import inspect
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from a2bench.errors import A2BenchError
from a2bench.generation.settings import PipelineSettings, Weights
from a2bench.metric import Video
from a2bench.paths import folder_digest

VALUES = ("prompt", "image", "width", "height", "frames", "fps", "generator")
"""What `{...}` in a call map may stand for."""

_MAX_INDEX_BYTES = 2**20
_PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})


def pipeline_class(target: str) -> Any:
    """Return the class that `_target_` names.

    Raises:
        A2BenchError: not installed, no such class, or no pipeline of diffusers.
    """
    module_name, _, name = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise A2BenchError(
            f"_target_={target}: cannot be imported: {error}\n"
            "hint: pip install 'a2bench[generate]' (or a newer diffusers)"
        ) from error
    from diffusers import DiffusionPipeline

    if not (isinstance(found, type) and issubclass(found, DiffusionPipeline)):
        raise A2BenchError(f"_target_={target}: not a pipeline of diffusers.")
    return found


def check_call(key: str, settings: PipelineSettings) -> None:
    """Hold a call map against the signature of the installed release.

    Args:
        key: of the configuration, for messages.
        settings: whose call map.

    Raises:
        A2BenchError: packages are missing, or arguments that it does not take or would lack.
    """
    if lacking := [name for name in settings.needs if find_spec(name) is None]:
        raise A2BenchError(
            f"{key}: {settings.target} needs {', '.join(lacking)}.\n"
            f"hint: pip install {' '.join(lacking)} (or 'a2bench[generate]')"
        )
    taken = inspect.signature(pipeline_class(settings.target).__call__).parameters
    if unknown := sorted(set(settings.call) - set(taken)):
        raise A2BenchError(
            f"{key}.call: {settings.target} of the installed diffusers takes no "
            f"{', '.join(unknown)}; it takes {', '.join(name for name in taken if name != 'self')}."
        )
    required = [
        name
        for name, one in taken.items()
        if one.default is inspect.Parameter.empty
        and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and name != "self"
    ]
    if lacking := [name for name in required if name not in settings.call]:
        raise A2BenchError(f"{key}.call: {settings.target} needs {', '.join(lacking)} too.")
    filled(settings.call, dict.fromkeys(VALUES, 0))
    if "{generator}" not in settings.call.values():
        raise A2BenchError(
            f"{key}.call: no argument is {{generator}}: candidates could not be made again.\n"
            f"hint: {key}.call.generator='{{generator}}'"
        )


def filled(call: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with `{name}` replaced by the value of that name.

    Raises:
        A2BenchError: a name that is none of `VALUES`.
    """
    found = {}
    for name, value in call.items():
        if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
            if value[1:-1] not in values:
                known = ", ".join(f"{{{one}}}" for one in VALUES)
                raise A2BenchError(f"call.{name}={value}: expected one of {known}, or a value.")
            found[name] = values[value[1:-1]]
        else:
            found[name] = value
    return found


def check_folder(key: str, settings: PipelineSettings, folder: Path) -> None:
    """Look at a folder of weights before anything of it is loaded.

    Raises:
        A2BenchError: it is not there (with what to type), or is not such a pipeline, or holds what
            is never opened.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        download = f"hf download {settings.repository or 'REPOSITORY'}"
        if settings.revision != "main":
            download += f" --revision {settings.revision}"
        raise A2BenchError(
            f"{key}: no weights of {settings.repository or settings.target} in {folder} "
            "(model_index.json is missing).\n"
            f"hint: {download} --local-dir {folder}\n"
            f"hint: or name another folder: {key}.folder=FOLDER"
        )
    _refuse_links(folder)
    if index.stat().st_size > _MAX_INDEX_BYTES:
        raise A2BenchError(f"{index}: {index.stat().st_size} bytes; not the index of a pipeline.")
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))
    except ValueError as error:
        raise A2BenchError(f"{index}: not JSON: {error}.") from error
    name = settings.target.rpartition(".")[2]
    if not isinstance(listed, dict) or listed.get("_class_name") != name:
        came = listed.get("_class_name") if isinstance(listed, dict) else type(listed).__name__
        raise A2BenchError(
            f"{index}: a pipeline of class {ascii(came)[:80]}, expected {name}.\n"
            f"hint: {key}._target_ names the class, {key}.folder the folder"
        )
    for part, value in listed.items():
        if part.startswith("_") or not isinstance(value, list):
            continue
        library = value[0] if value else None
        if library not in ("diffusers", "transformers", None) and not _is_pipeline_module(library):
            raise A2BenchError(
                f"{index}: component {ascii(part)[:80]} is of {ascii(library)[:80]}; only classes "
                "of diffusers and transformers are made, code in a folder is never run."
            )
    for path in sorted(folder.rglob("*.py")):
        raise A2BenchError(f"{path}: code in a folder of weights is never run; remove it.")
    tensors = {path.parent for path in folder.rglob("*.safetensors")}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PICKLES and path.parent not in tensors:
            raise A2BenchError(
                f"{path}: a pickle; tensors are read from safetensors only.\n"
                "hint: use a repository or revision that has safetensors"
            )


def _is_pipeline_module(library: object) -> bool:
    """Whether a component's class lies in diffusers' own package of a pipeline."""
    from diffusers import pipelines

    return isinstance(library, str) and library.isidentifier() and hasattr(pipelines, library)


def _refuse_links(folder: Path) -> None:
    """Links may lead within the folder, or from a snapshot of the hub's cache to its blobs."""
    root = folder.resolve()
    allowed = [root]
    if root.parent.name == "snapshots":
        allowed.append(root.parent.parent / "blobs")
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not any(path.resolve().is_relative_to(one) for one in allowed):
            raise A2BenchError(f"{path}: a link that leaves {folder}.")


def weights_of(folder: Path) -> Weights:
    """Return what lies in a folder; large files are hashed once as long as they stay the same."""
    commit = folder.resolve().name if folder.resolve().parent.name == "snapshots" else ""
    noted = folder / ".cache" / "huggingface" / "download" / "model_index.json.metadata"
    if noted.is_file():
        first = noted.read_text(encoding="utf-8", errors="replace")[:200].split("\n", 1)[0]
        commit = first if first.isalnum() else commit
    return Weights(sha256=folder_digest(folder), commit=commit[:100])


def load(settings: PipelineSettings, folder: Path, device: str) -> Any:
    """Return a pipeline on its device.

    Args:
        settings: class, dtypes and offload.
        folder: passed `check_folder`.
        device: "cpu" or "cuda:N".
    """
    import torch

    dtypes = {"default": getattr(torch, settings.dtype)}
    dtypes |= dict.fromkeys(settings.float32, torch.float32)
    pipeline = pipeline_class(settings.target).from_pretrained(
        str(folder), dtype=dtypes, use_safetensors=True, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    if settings.offload is None:
        pipeline.to(device)
    else:
        getattr(pipeline, f"enable_{settings.offload}_cpu_offload")(device=device)
    return pipeline


def generator(seed: int) -> Any:
    """Return a generator of random numbers on the CPU: the same on every device."""
    import torch

    return torch.Generator("cpu").manual_seed(seed)


def uint8_frames(answer: Any) -> Video:
    """Return what a pipeline answered, pictures or floats in [0, 1], as RGB uint8 (t, h, w, 3).

    Raises:
        A2BenchError: other shapes, or numbers that are not finite.
    """
    frames = np.stack([np.asarray(frame) for frame in answer])
    if frames.ndim != 4 or frames.shape[-1] != 3:
        raise A2BenchError(f"the pipeline answered {frames.shape}, expected RGB (t, h, w, 3)")
    if frames.dtype != np.uint8:
        if not np.isfinite(frames).all():
            raise A2BenchError("the pipeline answered numbers that are not finite")
        frames = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    return frames
