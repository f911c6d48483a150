"""Between frames and latents: whatever autoencoder a folder has, the pipeline sees one interface.

The released model has Stable Diffusion's VAE. A small model of one's own may have another one, such
as a linear autoencoder of patches.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

VAE_SCALE = 0.18215
"""Latents of the released VAE are multiplied by it."""


class Codec(Protocol):
    """Frames to latents and back.

    Attributes:
        factor: side of a frame over side of its latent.
        channels: of a latent.
        module: what computes, to be moved between devices and saved.
    """

    factor: int
    channels: int
    module: nn.Module

    def encode(self, pictures: Tensor, draw: Callable[[], Tensor]) -> Tensor:
        """Encode pictures (n, 3, H, W) in [-1, 1] as latents (n, channels, h, w), scaled.

        Args:
            pictures: to be encoded.
            draw: makes standard normal numbers (n, channels, h, w), for a codec that samples.
        """

    def decode(self, latents: Tensor) -> Tensor:
        """Decode scaled latents (n, channels, h, w) to pictures (n, 3, H, W), about [-1, 1]."""

    def save(self, folder: Path) -> None:
        """Write configuration and weights as safetensors."""


class VaeCodec:
    """diffusers' AutoencoderKL; a latent is a sample of the posterior, as released."""

    def __init__(self, vae: Any) -> None:
        self.module: nn.Module = vae
        self._vae = vae  # its types are incomplete
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        self.channels = int(vae.config.latent_channels)

    def encode(self, pictures: Tensor, draw: Callable[[], Tensor]) -> Tensor:
        """See `Codec`."""
        posterior = self._vae.encode(pictures).latent_dist
        sample: Tensor = posterior.mean + posterior.std * draw()
        return sample * VAE_SCALE

    def decode(self, latents: Tensor) -> Tensor:
        """See `Codec`."""
        pictures: Tensor = self._vae.decode(latents / VAE_SCALE).sample
        return pictures

    def save(self, folder: Path) -> None:
        """See `Codec`."""
        self._vae.save_pretrained(folder, safe_serialization=True)


class PatchLatents:
    """`codec.PatchCodec`; it draws nothing."""

    def __init__(self, codec: Any) -> None:
        self.module: nn.Module = codec
        self._codec = codec
        self.factor = int(codec.patch)
        self.channels = int(codec.channels)

    def encode(self, pictures: Tensor, draw: Callable[[], Tensor]) -> Tensor:
        """See `Codec`."""
        latents: Tensor = self._codec.encode(pictures)
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        """See `Codec`."""
        pictures: Tensor = self._codec.decode(latents)
        return pictures

    def save(self, folder: Path) -> None:
        """See `Codec`."""
        self._codec.save_pretrained(folder)


def codec_of(module: Any) -> Codec:
    """Return the interface of an autoencoder: diffusers' AutoencoderKL, or one of this package."""
    return PatchLatents(module) if hasattr(module, "patch") else VaeCodec(module)
