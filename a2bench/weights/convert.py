"""Converters run here: `python -I -m a2bench.weights.convert NAME SOURCE TARGET`.

A process of its own, because a TorchScript file is a program. The file is read once, and the bytes
that were hashed are those the converter is handed; another hash is refused before anything is read
as more than bytes.
"""

import hashlib
import importlib
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.paths import write_aside


def entry(words: str) -> Callable[..., object]:
    """Return the function that `module:function` names.

    Raises:
        A2BenchError: no such module or function.
    """
    module, _, function = words.partition(":")
    try:
        found: Callable[..., object] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise A2BenchError(f"weight table: {words} cannot be imported: {error}") from error
    return found


_ISOLATED = ("-I",)
"""No PYTHONPATH, no current folder: what is imported is what is installed."""

CONVERT_SECONDS = 600
"""A conversion takes seconds; a file that hangs its reader must not hang the command."""

_COUNTER = "num_batches_tracked"


def check_keys(row: weights.WeightRow, tensors: dict[str, "object"]) -> None:
    """Compare keys and shapes with what the row's network has.

    Raises:
        A2BenchError: a key more or less, or another shape; the first few are named.
    """
    if row.keys is None:
        return
    expected = entry(row.keys)()
    assert isinstance(expected, dict)
    came = {key: tuple(getattr(tensor, "shape", ())) for key, tensor in tensors.items()}
    if problems := key_problems(came, expected):
        raise A2BenchError(f"{row.file} is not {row.name}: {'; '.join(problems)}")


def key_problems(
    came: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]
) -> list[str]:
    """Return in words how two lists of keys with shapes differ; the first few of each kind.

    `num_batches_tracked` counts training steps and is no weight: old files lack it.
    """
    came = {key: shape for key, shape in came.items() if not key.endswith(_COUNTER)}
    expected = {key: shape for key, shape in expected.items() if not key.endswith(_COUNTER)}
    lacking = sorted(expected.keys() - came.keys())
    extra = sorted(came.keys() - expected.keys())
    other = [
        f"{key} has shape {came[key]}, expected {expected[key]}"
        for key in sorted(came.keys() & expected.keys())
        if came[key] != expected[key]
    ]
    return [
        *([f"{len(lacking)} keys lack ({', '.join(lacking[:3])})"] if lacking else []),
        *([f"{len(extra)} keys are not known ({', '.join(extra[:3])})"] if extra else []),
        *other[:3],
    ]


def convert(row: weights.WeightRow, source: Path) -> Path:
    """Convert a fetched file in a process of its own; return the file of plain tensors.

    Raises:
        A2BenchError: the process refused or died; what it said is in the text.
    """
    target = weights.converted_path(row, source)
    command = [sys.executable, *_ISOLATED, "-m", "a2bench.weights.convert", row.name]
    try:
        done = subprocess.run(
            [*command, str(source), str(target)],
            capture_output=True,
            text=True,
            check=False,
            timeout=CONVERT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise A2BenchError(
            f"{source} could not be converted: not done after {CONVERT_SECONDS} s"
        ) from error
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise A2BenchError(f"{source} could not be converted: {reason.removeprefix('error: ')}")
    weights.write_note(target, converted_from=weights.sha256_of(source))
    return target


def convert_here(name: str, source: Path, target: Path) -> None:
    """Convert a file in this process; `convert` starts one of its own for it.

    Raises:
        A2BenchError: the file is not the row's, or not what its network takes.
    """
    row = weights.row(name)
    if row.converter is None:
        raise A2BenchError(f"{name} has no converter")
    data = source.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if not row.verifiable or not row.is_right(digest):
        raise A2BenchError(
            f"{source} has SHA-256 {digest}, expected {row.sha256}: it was not opened"
        )
    tensors = entry(row.converter)(BytesIO(data))
    assert isinstance(tensors, dict)
    check_keys(row, tensors)
    from safetensors.torch import save_file

    with write_aside(target) as aside:
        save_file({key: tensors[key].contiguous() for key in sorted(tensors)}, aside)


if __name__ == "__main__":
    try:
        convert_here(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    except A2BenchError as error:
        print(f"error: {error}".splitlines()[0], file=sys.stderr)
        raise SystemExit(2) from None
