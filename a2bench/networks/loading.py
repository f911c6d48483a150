"""How networks are loaded and run, the same for all of them.

Float32 throughout, whatever the process around them has chosen: no autocast, no half precision,
TF32 off (CUDA's default for convolutions is on, and moves features by 1e-3). Batches are of a fixed
size a clip, so that a feature never depends on what else is scored or by how many processes.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.weights.convert import key_problems

Network = TypeVar("Network", bound=nn.Module)


@cache
def device() -> torch.device:
    """Return where networks run: `$A2BENCH_DEVICE`, else the first GPU, else the processor.

    Raises:
        A2BenchError: the variable names a GPU that this torch does not see, or no device at all.
    """
    named = os.environ.get("A2BENCH_DEVICE")
    try:
        found = torch.device(named or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as error:
        raise A2BenchError(
            f"A2BENCH_DEVICE={named}: no device.\nhint: cpu, cuda, cuda:1"
        ) from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise A2BenchError(
            f"A2BENCH_DEVICE={named}: this torch sees no CUDA device.\nhint: A2BENCH_DEVICE=cpu"
        )
    return found


def by_device(*, cpu: int, cuda: int) -> int:
    """Return the batch for the device in use: a GPU is idle between the small ones of a core."""
    return cuda if device().type == "cuda" else cpu


@contextmanager
def exact() -> Iterator[None]:
    """Run a network without gradients in plain float32; afterwards every switch is as it was.

    A method in the same process may have turned on autocast, TF32 or cuDNN's search for the
    fastest algorithm; none of them may reach a number that is printed.
    """
    switches = _switches()
    before = [getattr(owner, name) for owner, name, _ in switches]
    try:
        for owner, name, wanted in switches:
            setattr(owner, name, wanted)
        with torch.inference_mode(), torch.autocast(device().type, enabled=False):
            yield
    finally:
        for (owner, name, _), old in zip(switches, before, strict=True):
            setattr(owner, name, old)


def _switches() -> list[tuple[Any, str, object]]:
    """Return the owners and names of what decides float32 arithmetic, with what it must be."""
    backends = torch.backends
    switches: list[tuple[Any, str, object]] = [
        (backends.cudnn, "benchmark", False),
        (backends.cudnn, "deterministic", True),
    ]
    if hasattr(backends.cudnn, "conv"):  # since torch 2.9; the older names must not be mixed in
        owners = (
            backends.cuda.matmul,
            backends.cudnn.conv,
            backends.mkldnn.matmul,  # type: ignore[attr-defined]
            backends.mkldnn.conv,  # type: ignore[attr-defined]
        )
        return switches + [(owner, "fp32_precision", "ieee") for owner in owners]
    return [
        *switches,
        (backends.cuda.matmul, "allow_tf32", False),
        (backends.cudnn, "allow_tf32", False),
    ]


def computed_in() -> str:
    """Return what decides the last digits of a network's answer here, for provenance."""
    where = device()
    words = [f"torch {torch.__version__}"]
    if where.type == "cuda":
        words += [torch.cuda.get_device_name(where), "float32", "TF32 off", "autocast off"]
    else:
        words += [where.type, "float32", "autocast off"]
    return ", ".join(words)


def built(make: Callable[[], Network]) -> Network:
    """Return an untrained network that costs nothing: shapes only, no memory, no random numbers."""
    with torch.device("meta"):
        return make().eval().requires_grad_(False)


def filled(network: Network, tensors: Mapping[str, Tensor], *, what: str) -> Network:
    """Fill a built network; every key with its shape must be there, and no other.

    Args:
        network: of `built`.
        tensors: by key; counters of training steps may lack.
        what: name for the error.

    Raises:
        A2BenchError: keys or shapes differ.
    """
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    came = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    if problems := key_problems(came, expected):
        raise A2BenchError(f"{what} do not fit their network: {'; '.join(problems)}")
    whole = {
        key: tensors[key].float() if key in tensors else torch.zeros((), dtype=torch.long)
        for key in expected
    }
    network.load_state_dict(whole, strict=True, assign=True)
    return network.requires_grad_(False)


def folded(network: Network, pairs: Mapping[str, str]) -> Network:
    """Fold each batch norm into the convolution before it; the same function, fewer steps.

    Args:
        network: filled, in eval mode.
        pairs: path of convolution -> path of its batch norm.
    """
    for convolution, norm in pairs.items():
        fused = torch.nn.utils.fuse_conv_bn_eval(
            network.get_submodule(convolution),  # type: ignore[type-var]
            network.get_submodule(norm),  # type: ignore[arg-type]
        )
        network.set_submodule(convolution, fused)
        network.set_submodule(norm, nn.Identity())
    return network


def ready(network: Network, *, dimensions: int) -> Network:
    """Move a network to its device, with the channel as innermost dimension (faster, same sums)."""
    layout = torch.channels_last if dimensions == 2 else torch.channels_last_3d
    network.to(device())
    network.to(memory_format=layout)
    return network


def key_of(*names: str) -> tuple[str, ...]:
    """Return what a loaded network is remembered by: names and digests of its weights.

    Raises:
        A2BenchError: one of them is absent or wrong.
    """
    return tuple(f"{name}:{weights.require(name).sha256}" for name in names)
