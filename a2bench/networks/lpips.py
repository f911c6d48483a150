"""LPIPS v0.1: weighted distances between unit-normalised features of AlexNet or VGG-16.

Zhang, Isola, Efros, Shechtman and Wang, The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric, CVPR 2018; code lpips 0.1.4 (BSD-2). The network expects RGB in [-1, 1].
Backbones are torchvision's files, heads those that the lpips package carries.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Literal, cast

import numpy as np
import torch
import torchvision
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from a2bench import weights
from a2bench.networks.frames import to_tensor
from a2bench.networks.loading import built, by_device, exact, filled, key_of, ready

Backbone = Literal["alex", "vgg"]
Range = Literal["signed", "unit"]
"""What the network is fed: `signed` is [-1, 1], as trained; `unit` [0, 1], as DisCo does."""

WEIGHTS: dict[Backbone, tuple[str, str]] = {
    "alex": ("alexnet_imagenet", "lpips_alex_head"),
    "vgg": ("vgg16_imagenet", "lpips_vgg_head"),
}
_TAPS: dict[Backbone, tuple[tuple[int, int], ...]] = {
    # index of the ReLU in torchvision's `features`, and its channels
    "alex": ((1, 64), (4, 192), (7, 384), (9, 256), (11, 256)),
    "vgg": ((3, 64), (8, 128), (15, 256), (22, 512), (29, 512)),
}
_FEWEST_PX: dict[Backbone, int] = {"alex": 31, "vgg": 16}
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPS = 1e-10

PAIRS, PAIRS_CUDA = 1, 4
"""Pairs of frames at a time; fixed, so that a value never depends on the rest of the clip."""

_BLOCK_ELEMENTS = 2**18
"""Of a layer's features at a time on a core, so that they stay in its cache: 1 MB."""


class Lpips(nn.Module):
    """One backbone with its five heads."""

    def __init__(self, backbone: Backbone, features: nn.Sequential, heads: list[Tensor]) -> None:
        super().__init__()
        self.taps = dict(_TAPS[backbone])
        self.features = features[: max(self.taps) + 1]
        for index, head in enumerate(heads):
            self.register_buffer(f"head{index}", head)
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))

    def layers(
        self, first: Float[Tensor, "b 3 h w"], second: Float[Tensor, "b 3 h w"]
    ) -> Iterator[Float[Tensor, "b 1 _ _"]]:
        """Yield each layer's map of weighted squared differences, at its own size."""
        count = len(first)
        both = torch.cat((first, second))
        x = (both - cast(Tensor, self.shift)) / cast(Tensor, self.scale)
        x = x.contiguous(memory_format=torch.channels_last)
        layer = 0
        for index, module in enumerate(self.features):
            x = module(x)
            if index in self.taps:
                yield self._distances(x, cast(Tensor, getattr(self, f"head{layer}")), count)
                layer += 1

    def _distances(
        self, x: Float[Tensor, "2*b c h w"], head: Float[Tensor, "1 c 1 1"], count: int
    ) -> Float[Tensor, "b 1 h w"]:
        """Weighted squared differences of unit-length features, pixel by pixel."""
        pixels = x.permute(0, 2, 3, 1).reshape(2, -1, x.shape[1])  # a view: channels are innermost
        found = torch.empty(pixels.shape[1], device=x.device)
        block = len(found) if x.is_cuda else max(1, _BLOCK_ELEMENTS // x.shape[1])
        for start in range(0, len(found), block):
            # unit length over channels; x itself goes on to the next layer
            part = pixels[:, start : start + block]
            unit = part / (part.square().sum(dim=2, keepdim=True).sqrt_() + _EPS)
            difference = unit[0].sub_(unit[1]).square_()
            torch.mv(difference, head.view(-1), out=found[start : start + block])
        return found.view(count, 1, *x.shape[2:])

    def maps(
        self, first: Float[Tensor, "b 3 h w"], second: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, "b h w"]:
        """Distance at every pixel: the layers' maps, enlarged bilinearly and added."""
        size = first.shape[-2:]
        total = torch.zeros((len(first), *size), device=first.device)
        for layer in self.layers(first, second):
            total += functional.interpolate(
                layer, size=size, mode="bilinear", align_corners=False
            ).squeeze(1)
        return total

    def means(
        self, first: Float[Tensor, "b 3 h w"], second: Float[Tensor, "b 3 h w"]
    ) -> Float[Tensor, " b"]:
        """Distance of whole pictures: each layer's mean, added (the package's default)."""
        found = [layer.mean(dim=(1, 2, 3)) for layer in self.layers(first, second)]
        return torch.stack(found).sum(dim=0)


def prepared(
    backbone: Backbone, backbone_tensors: dict[str, Tensor], head_tensors: dict[str, Tensor]
) -> Lpips:
    """Return the network with these weights, on its device.

    Raises:
        A2BenchError: keys or shapes differ from those of torchvision and lpips.
    """
    make = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16}[backbone]
    made = filled(built(lambda: make(weights=None)), backbone_tensors, what=WEIGHTS[backbone][0])
    heads = filled(built(lambda: _Heads(backbone)), head_tensors, what=WEIGHTS[backbone][1])
    vectors = [head.model[1].weight for head in heads.children()]  # type: ignore[index,union-attr]
    network = Lpips(backbone, made.features, [vector.detach() for vector in vectors])
    return ready(network.eval(), dimensions=2)


class _Head(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Dropout(), nn.Conv2d(channels, 1, 1, bias=False))


class _Heads(nn.Module):
    """The heads under the package's keys: `lin0.model.1.weight` and so on."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        for index, (_, channels) in enumerate(_TAPS[backbone]):
            self.add_module(f"lin{index}", _Head(channels))


@cache
def _loaded(backbone: Backbone, _: tuple[str, ...]) -> Lpips:
    trunk, head = WEIGHTS[backbone]
    return prepared(backbone, weights.tensors(trunk), weights.tensors(head))


def loaded(backbone: Backbone) -> Lpips:
    """Return the network with the published weights.

    Raises:
        A2BenchError: the weights are absent or wrong.
    """
    return _loaded(backbone, key_of(*WEIGHTS[backbone]))


def _input(frames: UInt8[np.ndarray, "b h w 3"], given: Range) -> Float[Tensor, "b 3 h w"]:
    unit = to_tensor(frames) / 255
    return 2 * unit - 1 if given == "signed" else unit


def _batches(
    prediction: UInt8[np.ndarray, "t h w 3"],
    target: UInt8[np.ndarray, "t h w 3"],
    given: Range,
    answer: Callable[[Tensor, Tensor], Tensor],
) -> Iterator[Float[np.ndarray, "b ..."]]:
    """Yield the network's answers to a few pairs of frames at a time, float64."""
    pairs = by_device(cpu=PAIRS, cuda=PAIRS_CUDA)
    for start in range(0, len(target), pairs):
        with exact():  # not around the yield: the caller's own switches hold there
            few = (_input(clip[start : start + pairs], given) for clip in (prediction, target))
            found = answer(*few).double().cpu().numpy()
        yield found


def frame_maps(
    network: Lpips, prediction: UInt8[np.ndarray, "t h w 3"], target: UInt8[np.ndarray, "t h w 3"]
) -> Iterator[Float[np.ndarray, "h w"]]:
    """Yield each frame's map of distances, float64."""
    for maps in _batches(prediction, target, "signed", network.maps):
        yield from maps


def too_small(backbone: Backbone, frames: UInt8[np.ndarray, "t h w 3"]) -> str:
    """Return why frames have no LPIPS, or "": something must be left in the last layer."""
    height, width = frames.shape[1:3]
    least = _FEWEST_PX[backbone]
    return f"{width}x{height} px: a side is under {least}" if min(height, width) < least else ""


def mean_over(
    maps: Iterable[Float[np.ndarray, "h w"]], scored_pixels: Bool[np.ndarray, "t h w"] | None
) -> float:
    """Mean over scored pixels and frames, the same for any order of frames."""
    sums, counts = [], []
    for index, found in enumerate(maps):
        seen = found if scored_pixels is None else found[scored_pixels[index]]
        sums.append(float(seen.sum()))
        counts.append(seen.size)
    return math.fsum(sums) / sum(counts)


def frame_means(
    network: Lpips,
    prediction: UInt8[np.ndarray, "t h w 3"],
    target: UInt8[np.ndarray, "t h w 3"],
    given: Range,
) -> list[float]:
    """Distance of each pair of frames as a whole."""
    found = _batches(prediction, target, given, network.means)
    return [float(mean) for means in found for mean in means]
