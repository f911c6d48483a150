"""Files of tensors that may be hostile or torn, and what must be in them."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from a2bench import weights
from a2bench.errors import A2BenchError

Shapes = Mapping[str, tuple[int, ...]]


def read_checkpoint(handle: BinaryIO) -> dict[str, Tensor]:
    """Read a checkpoint without running what it pickles: flat, or under `state_dict`.

    Raises:
        A2BenchError: it holds more than plain values, no tensors, or would unpack to more than it
            is.
    """
    _refuse_bomb(handle)
    try:
        found = torch.load(handle, map_location="cpu", weights_only=True)
    except weights.DAMAGED as error:
        first = str(error).strip().split("\n", 1)[0][:200] or type(error).__name__
        raise A2BenchError(f"not a checkpoint of plain tensors: {first}") from error
    if isinstance(found, Mapping) and isinstance(found.get("state_dict"), Mapping):
        found = found["state_dict"]
    if not isinstance(found, Mapping) or not found:
        raise A2BenchError(f"a checkpoint of {type(found).__name__}, expected a table of tensors")
    if others := [str(key) for key, value in found.items() if not isinstance(value, Tensor)]:
        raise A2BenchError(f"a checkpoint with values that are no tensors: {others[:3]}")
    if empty := [str(key) for key, value in found.items() if value.is_meta]:
        raise A2BenchError(f"a checkpoint with tensors without content: {empty[:3]}")
    return {str(key): value for key, value in found.items()}


def _refuse_bomb(handle: BinaryIO) -> None:
    """Torch stores an archive's members as they are; packed ones are somebody else's work."""
    size = handle.seek(0, 2)
    handle.seek(0)
    try:
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        members = []  # another format, or damaged: the reader says which
    handle.seek(0)
    unpacked = sum(member.file_size for member in members)
    packed = [one.filename for one in members if one.compress_type != zipfile.ZIP_STORED]
    if packed or unpacked > size:
        raise A2BenchError(
            f"not a checkpoint of plain tensors: an archive of {size} bytes that unpacks to "
            f"{unpacked} ({', '.join(packed[:3]) or 'members overlap'})"
        )


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file, on the CPU.

    Raises:
        A2BenchError: no such file, truncated, or another format.
    """
    if not path.is_file():
        raise A2BenchError(
            f"{path}: no such file.\nhint: an Animate-X folder is what save_pretrained wrote"
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise A2BenchError(f"{path}: not a whole safetensors file: {str(error)[:200]}") from error


def shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor that a module keeps."""
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


_FLOATS = (torch.float32, torch.float16, torch.bfloat16)


def exactly(tensors: dict[str, Tensor], expected: Shapes, what: str) -> dict[str, Tensor]:
    """Return the tensors if names and shapes are those expected, all of them dense floats.

    Raises:
        A2BenchError: they are not; the first few are named.
    """
    problems = []
    if lacking := sorted(expected.keys() - tensors.keys()):
        problems.append(f"{len(lacking)} keys lack ({', '.join(lacking[:3])})")
    if surplus := sorted(tensors.keys() - expected.keys()):
        problems.append(f"{len(surplus)} keys are not known ({', '.join(surplus[:3])})")
    for name in sorted(tensors.keys() & expected.keys()):
        tensor = tensors[name]
        if tuple(tensor.shape) != expected[name]:
            came = tuple(tensor.shape)
            problems.append(f"{name} has shape {came}, expected {expected[name]}")
        elif tensor.dtype not in _FLOATS:
            problems.append(f"{name} is {tensor.dtype}, expected floats of 16 or 32 bits")
        elif tensor.layout != torch.strided:
            problems.append(f"{name} is {tensor.layout}, expected a dense tensor")
    if problems:
        raise A2BenchError(f"{what}: {'; '.join(problems[:4])}")
    return tensors
