"""The published networks again, written from their keys with plain functions, and random weights.

Nothing here is shared with `a2bench.networks`: padding, pooling and order are stated anew, so that
an agreement means something. Weights are random, batch-norm statistics included: with the default
statistics of 0 and 1 an epsilon or a folding gone wrong would not be seen.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

Tensors = dict[str, Tensor]


def random_tensors(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> Tensors:
    """Seeded weights that keep activations near 1."""
    generator = torch.Generator().manual_seed(seed)
    made: Tensors = {}
    for key, shape in shapes.items():
        if key.endswith("num_batches_tracked"):
            made[key] = torch.tensor(7)
        elif key.endswith("running_var") or (key.endswith("weight") and len(shape) == 1):
            made[key] = torch.rand(shape, generator=generator) + 0.5
        elif len(shape) > 1:
            made[key] = torch.randn(shape, generator=generator) * math.sqrt(
                2 / math.prod(shape[1:])
            )
        else:
            made[key] = torch.randn(shape, generator=generator) * 0.1
    return made


def worst(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference relative to the largest value."""
    return float((ours - theirs).abs().max() / theirs.abs().max())


def _norm(x: Tensor, tensors: Tensors, key: str, eps: float) -> Tensor:
    """Batch norm spelled out."""
    mean, variance, weight, bias = (
        tensors[f"{key}.{name}"].view(1, -1, 1, 1, 1)
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / torch.sqrt(variance + eps) * weight + bias


def resnet3d50(tensors: Tensors, clips: Tensor) -> Tensor:
    """Hara's ResNet-50 with shortcut type B, its own average pool at the end."""
    x = functional.conv3d(clips, tensors["conv1.weight"], stride=(1, 2, 2), padding=3)
    x = _norm(x, tensors, "bn1", 1e-5).clamp(min=0)
    x = functional.max_pool3d(x, kernel_size=(3, 3, 3), stride=2, padding=1)
    for layer, depth in (("layer1", 3), ("layer2", 4), ("layer3", 6), ("layer4", 3)):
        for block in range(depth):
            at = f"{layer}.{block}"
            stride = 2 if block == 0 and layer != "layer1" else 1
            y = functional.conv3d(x, tensors[f"{at}.conv1.weight"])
            y = _norm(y, tensors, f"{at}.bn1", 1e-5).clamp(min=0)
            y = functional.conv3d(y, tensors[f"{at}.conv2.weight"], stride=stride, padding=1)
            y = _norm(y, tensors, f"{at}.bn2", 1e-5).clamp(min=0)
            y = functional.conv3d(y, tensors[f"{at}.conv3.weight"])
            y = _norm(y, tensors, f"{at}.bn3", 1e-5)
            if block == 0:
                x = functional.conv3d(x, tensors[f"{at}.downsample.0.weight"], stride=stride)
                x = _norm(x, tensors, f"{at}.downsample.1", 1e-5)
            x = (x + y).clamp(min=0)
    # sample_duration 16 and sample_size 112: ceil(16 / 16), ceil(112 / 32)
    return functional.avg_pool3d(x, (1, 4, 4), stride=1).flatten(1)


def _same_before(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after by TensorFlow's formula for SAME."""
    total = max(kernel - stride, 0) if size % stride == 0 else max(kernel - size % stride, 0)
    return total // 2, total - total // 2


def _padded(x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    t, h, w = (_same_before(x.shape[2 + i], kernel[i], stride[i]) for i in range(3))
    return functional.pad(x, (*w, *h, *t))


def i3d(tensors: Tensors, clips: Tensor, *, eps: float, pool_frames: int) -> Tensor:
    """DeepMind's Inception-v1 I3D: 400 logits, mean over time."""

    def unit(x: Tensor, key: str, kernel: int = 1, stride: int = 1) -> Tensor:
        x = _padded(x, (kernel,) * 3, (stride,) * 3)
        x = functional.conv3d(x, tensors[f"{key}.conv3d.weight"], stride=stride)
        return _norm(x, tensors, f"{key}.bn", eps).clamp(min=0)

    def pool(x: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
        return functional.max_pool3d(_padded(x, kernel, stride), kernel, stride)

    def mixed(x: Tensor, key: str) -> Tensor:
        return torch.cat(
            [
                unit(x, f"{key}.b0"),
                unit(unit(x, f"{key}.b1a"), f"{key}.b1b", 3),
                unit(unit(x, f"{key}.b2a"), f"{key}.b2b", 3),
                unit(pool(x, (3, 3, 3), (1, 1, 1)), f"{key}.b3b"),
            ],
            dim=1,
        )

    x = unit(clips, "Conv3d_1a_7x7", 7, 2)
    x = pool(x, (1, 3, 3), (1, 2, 2))
    x = unit(unit(x, "Conv3d_2b_1x1"), "Conv3d_2c_3x3", 3)
    x = pool(x, (1, 3, 3), (1, 2, 2))
    for key in ("3b", "3c"):
        x = mixed(x, f"Mixed_{key}")
    x = pool(x, (3, 3, 3), (2, 2, 2))
    for key in ("4b", "4c", "4d", "4e", "4f"):
        x = mixed(x, f"Mixed_{key}")
    x = pool(x, (2, 2, 2), (2, 2, 2))
    for key in ("5b", "5c"):
        x = mixed(x, f"Mixed_{key}")
    x = functional.avg_pool3d(x, (pool_frames, 7, 7), stride=1)
    x = functional.conv3d(x, tensors["logits.conv3d.weight"], tensors["logits.conv3d.bias"])
    return x.flatten(2).mean(dim=2)
