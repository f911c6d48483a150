"""A linear stand-in for the VAE: pictures to patches to their principal components, and back.

For models too small for a convolutional VAE. Nothing is warped or copied between places: a latent
is the projection of one patch on fixed directions, and decoding lays each patch back where it was.
A few convolutions may go over what was decoded, as a VAE's decoder has them: they see only that.
"""

import json
from pathlib import Path
from typing import Self

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from a2bench.errors import A2BenchError
from a2bench.paths import write_aside

CLASS = "PatchCodec"
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"


_MOST_WIDE = 512


class Finish(nn.Module):
    """Residual convolutions over pictures (n, 3, H, W); what a pixel becomes depends on 19x19."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=reach, dilation=reach) for reach in (2, 4, 1)
        )
        self.last = nn.Conv2d(width, 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        """Return pictures of the same size."""
        hidden = self.first(pictures).relu()
        for block in self.blocks:
            hidden = hidden + block(hidden).relu()
        changed: Tensor = pictures + self.last(hidden)
        return changed


class PatchCodec(nn.Module):
    """Patches of p x p px as k numbers each.

    The directions are orthonormal, so decoding is the transpose of encoding, and no other k
    directions give a smaller squared error on the pictures they were fitted to. Strong directions
    stay stronger in the latents, but by less: see `fit`.

    Attributes:
        finish: convolutions over decoded pictures, None or learned with a model: what a network
            predicts differs from what was encoded, most of all where patches meet.
    """

    mean: Tensor
    basis: Tensor
    scale: Tensor

    def __init__(self, patch: int, channels: int, finish: int = 0) -> None:
        super().__init__()
        if type(patch) is not int or type(channels) is not int or not 1 <= patch <= 64:
            raise A2BenchError(f"patches of {patch!r} px, {channels!r} channels: expected 1 to 64")
        if not 1 <= channels <= 3 * patch**2:
            raise A2BenchError(
                f"{channels} channels of patches of {patch} px: expected 1 to {3 * patch**2}"
            )
        if type(finish) is not int or not 0 <= finish <= _MOST_WIDE:
            raise A2BenchError(f"finish={finish!r}: expected 0 (none) to {_MOST_WIDE} channels")
        self.patch = patch
        self.channels = channels
        self.finish = Finish(finish) if finish else None
        self.register_buffer("mean", torch.zeros(3 * patch**2))
        self.register_buffer("basis", torch.eye(channels, 3 * patch**2))
        self.register_buffer("scale", torch.ones(channels))

    @classmethod
    def fit(
        cls, pictures: Tensor, patch: int, channels: int, power: float = 0.5, finish: int = 0
    ) -> Self:
        """Find the directions that keep most of pictures, float (n, 3, H, W) in [-1, 1].

        Latents are divided by their standard deviation to `power`, 0 to 1: with 0 an error counts
        as much as in pixels, with 1 fine directions count as much as coarse ones. `finish` does
        nothing yet: its last layer begins at zero, and is not fitted here.

        Raises:
            A2BenchError: patch, channels, power or finish out of range.
        """
        if not 0 <= power <= 1:
            raise A2BenchError(f"latents over their deviation to {power!r}: expected 0 to 1")
        codec = cls(patch, channels, finish)
        patches = codec._patches(pictures).transpose(1, 2).flatten(0, 1).double()
        mean = patches.mean(dim=0)
        centred = patches - mean
        values, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
        basis = vectors.flip(1).T[:channels]
        # The sign of a direction is arbitrary: its largest number is made positive.
        largest = basis.gather(1, basis.abs().argmax(dim=1, keepdim=True))
        spread = values.flip(0)[:channels].clamp(min=1e-12).sqrt()
        codec.mean = mean.float()
        codec.basis = (basis * largest.sign()).float()
        codec.scale = spread.pow(-power).float()
        return codec

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, H, W) in [-1, 1] to latents (n, k, H/p, W/p)."""
        height = pictures.shape[2] // self.patch
        centred = self._patches(pictures) - self.mean[:, None]
        latents = (self.basis @ centred) * self.scale[:, None]
        return torch.unflatten(latents, 2, (height, -1))

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (n, k, h, w) to pictures (n, 3, h*p, w*p); may leave [-1, 1]."""
        height, width = latents.shape[2:]
        patches = self.basis.T @ (latents.flatten(2) / self.scale[:, None]) + self.mean[:, None]
        size = (height * self.patch, width * self.patch)
        pictures = nn.functional.fold(patches, size, self.patch, stride=self.patch)
        return pictures if self.finish is None else self.finish(pictures)

    def _patches(self, pictures: Tensor) -> Tensor:
        """(n, 3*p*p, patches), rows of patches first."""
        return nn.functional.unfold(pictures, self.patch, stride=self.patch)

    def save_pretrained(self, folder: Path) -> None:
        """Write `config.json` and the directions as safetensors, float32."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        with write_aside(folder / WEIGHTS_FILE) as aside:
            save_file(tensors, aside)
        config = {"_class_name": CLASS, "patch": self.patch, "channels": self.channels}
        if self.finish is not None:
            config["finish"] = self.finish.width
        with write_aside(folder / CONFIG_FILE) as aside:
            aside.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
