"""How networks are loaded and run, the same for all of them.

Float32 throughout: no autocast, no half precision, TF32 off (CUDA's default for convolutions is
on, and moves features by 1e-3). Batches are of a fixed size a clip, so that a feature never
depends on what else is scored or by how many processes.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor, nn

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.weights.convert import key_problems

Network = TypeVar("Network", bound=nn.Module)


@cache
def device() -> torch.device:
    """Return where networks run: `$A2BENCH_DEVICE`, else the first GPU, else the processor."""
    named = os.environ.get("A2BENCH_DEVICE")
    found = torch.device(named or ("cuda" if torch.cuda.is_available() else "cpu"))
    if found.type == "cuda":
        if not torch.cuda.is_available():
            raise A2BenchError(f"A2BENCH_DEVICE={named}: this torch sees no CUDA device")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
    return found


def settings() -> dict[str, str]:
    """Return what decides the last digits of a network's answer, for provenance."""
    where = device()
    name = torch.cuda.get_device_name(where) if where.type == "cuda" else "cpu"
    return {"torch": torch.__version__, "networks_on": name, "networks_in": "float32, TF32 off"}


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
