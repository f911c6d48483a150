"""Features of windows of video: each function is one published convention, named after it."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from a2bench import weights
from a2bench.networks.frames import (
    bilinear_crop,
    bilinear_squash,
    pil_bicubic,
    to_tensor,
    window_starts,
)
from a2bench.networks.i3d import I3D, SIDE_PX, Unit
from a2bench.networks.loading import (
    built,
    by_device,
    device,
    exact,
    filled,
    folded,
    key_of,
    ready,
)
from a2bench.networks.resnet3d import CHANNEL_MEANS, SEGMENT_FRAMES, ResNet3D50
from a2bench.networks.resnet3d import SIDE_PX as RESNET_SIDE_PX

Frames = UInt8[np.ndarray, "t h w 3"]
WINDOW_FRAMES = 16

BATCH, BATCH_CUDA = 2, 8
"""Windows at a time; fixed, so that a feature never depends on its neighbours."""


def prepared_i3d(tensors: dict[str, Tensor], *, eps: float, pool_frames: int) -> I3D:
    """Return I3D with these weights, batch norms folded, on its device."""
    made = filled(built(lambda: I3D(eps=eps, pool_frames=pool_frames)), tensors, what="I3D weights")
    pairs = {
        f"{path}.conv3d": f"{path}.bn"
        for path, module in made.named_modules()
        if isinstance(module, Unit) and module.bn is not None
    }
    return ready(folded(made, pairs), dimensions=3)


def prepared_resnet3d(tensors: dict[str, Tensor]) -> ResNet3D50:
    """Return the 3-D ResNet-50 with these weights, batch norms folded, on its device."""
    kept = {key: value for key, value in tensors.items() if not key.startswith("fc.")}
    made = filled(built(ResNet3D50), kept, what="3-D ResNet-50 weights")
    pairs = {
        path: path.replace("conv", "bn")
        for path, module in made.named_modules()
        if isinstance(module, nn.Conv3d) and "downsample" not in path
    }
    pairs |= {
        f"{path}.0": f"{path}.1"
        for path, module in made.named_modules()
        if path.endswith("downsample") and isinstance(module, nn.Sequential)
    }
    return ready(folded(made, pairs), dimensions=3)


@cache
def _i3d(name: str, eps: float, pool_frames: int, _: tuple[str, ...]) -> I3D:
    return prepared_i3d(weights.tensors(name), eps=eps, pool_frames=pool_frames)


@cache
def _resnet3d(name: str, _: tuple[str, ...]) -> ResNet3D50:
    return prepared_resnet3d(weights.tensors(name))


def of_windows(
    network: nn.Module, frames: Float[Tensor, "t 3 side side"], starts: Sequence[int], width: int
) -> Float[np.ndarray, "n d"]:
    """Features of windows of prepared frames, a fixed number at a time."""
    found = []
    count = by_device(cpu=BATCH, cuda=BATCH_CUDA)
    frames = frames.to(device())
    with exact():
        for first in range(0, len(starts), count):
            clips = [frames[at : at + width].movedim(1, 0) for at in starts[first : first + count]]
            batch = torch.stack(clips)
            found.append(network(batch.contiguous(memory_format=torch.channels_last_3d)).cpu())
    return torch.cat(found).numpy()


def i3d_styleganv(frames: Frames) -> Float[np.ndarray, "n 400"]:
    """Logits of windows of 16 frames that see every frame (StyleGAN-V's detector)."""
    network = _i3d("i3d_torchscript", 1e-3, 2, key_of("i3d_torchscript"))
    starts = window_starts(len(frames), WINDOW_FRAMES)
    return of_windows(network, styleganv_frames(frames), starts, WINDOW_FRAMES)


def i3d_disco(frames: Frames) -> Float[np.ndarray, "n 400"]:
    """Logits of a window of 16 frames from every frame on (DisCo's frame folders)."""
    network = _i3d("i3d_pretrained_400", 1e-3, 1, key_of("i3d_pretrained_400"))
    starts = range(len(frames) - WINDOW_FRAMES + 1)
    return of_windows(network, disco_frames(frames), starts, WINDOW_FRAMES)


def i3d_videogpt(frames: Frames) -> Float[np.ndarray, "n 400"]:
    """Logits of windows of 16 frames that see every frame (VideoGPT, TATS)."""
    network = _i3d("i3d_pretrained_400", 1e-5, 2, key_of("i3d_pretrained_400"))
    starts = window_starts(len(frames), WINDOW_FRAMES)
    return of_windows(network, videogpt_frames(frames), starts, WINDOW_FRAMES)


def i3d_cdfvd(frames: Frames) -> Float[np.ndarray, "n 400"]:
    """Logits of windows of 16 frames that see every frame (cd-fvd's I3D)."""
    network = _i3d("i3d_pretrained_400", 1e-5, 2, key_of("i3d_pretrained_400"))
    starts = window_starts(len(frames), WINDOW_FRAMES)
    return of_windows(network, styleganv_frames(frames), starts, WINDOW_FRAMES)


def resnet3d_windows(frames: Frames) -> Float[np.ndarray, "n 2048"]:
    """Features of windows of 16 frames that see every frame."""
    network = _resnet3d("resnet3d50_kinetics", key_of("resnet3d50_kinetics"))
    shown = resnet3d_frames(frames)
    if len(shown) < SEGMENT_FRAMES:
        shown = segments(shown)
    starts = window_starts(len(shown), SEGMENT_FRAMES)
    return of_windows(network, shown, starts, SEGMENT_FRAMES)


def resnet3d_disco(frames: Frames) -> Float[np.ndarray, "n 2048"]:
    """Features of a window of 16 frames from every frame on (DisCo's frame folders)."""
    network = _resnet3d("resnet3d50_kinetics", key_of("resnet3d50_kinetics"))
    shown = resnet3d_frames(frames)
    starts = range(max(1, len(shown) - SEGMENT_FRAMES + 1))
    if len(shown) < SEGMENT_FRAMES:
        shown = segments(shown)
    return of_windows(network, shown, starts, SEGMENT_FRAMES)


def resnet3d_segments(frames: Frames) -> Float[np.ndarray, "1 2048"]:
    """Mean of the features of segments of 16 frames, the last one filled up."""
    network = _resnet3d("resnet3d50_kinetics", key_of("resnet3d50_kinetics"))
    shown = segments(resnet3d_frames(frames))
    found = of_windows(network, shown, range(0, len(shown), SEGMENT_FRAMES), SEGMENT_FRAMES)
    return np.asarray(found.mean(axis=0, keepdims=True))


def segments(frames: Float[Tensor, "t 3 h w"]) -> Float[Tensor, "_ 3 h w"]:
    """Fill up to a whole number of segments by repeating the last frame."""
    lacking = -len(frames) % SEGMENT_FRAMES
    return torch.cat((frames, frames[-1:].expand(lacking, -1, -1, -1)))


def styleganv_frames(frames: Frames) -> Float[Tensor, "t 3 224 224"]:
    """224x224 squash, bilinear without antialias, [-1, 1]."""
    return bilinear_squash(to_tensor(frames), SIDE_PX) * (2 / 255) - 1


def disco_frames(frames: Frames) -> Float[Tensor, "t 3 224 224"]:
    """224x224 squash by Pillow's bicubic, unclipped, x / 127.5 - 1."""
    return pil_bicubic(frames, SIDE_PX) / 127.5 - 1


def videogpt_frames(frames: Frames) -> Float[Tensor, "t 3 224 224"]:
    """Short side 224, bilinear without antialias, centre crop, [-1, 1]."""
    return bilinear_crop(to_tensor(frames) / 255, SIDE_PX) * 2 - 1


def resnet3d_frames(frames: Frames) -> Float[Tensor, "t 3 112 112"]:
    """112x112 squash by Pillow's bicubic, unclipped, channel means subtracted."""
    means = torch.tensor(CHANNEL_MEANS).view(1, 3, 1, 1)
    return pil_bicubic(frames, RESNET_SIDE_PX) - means
