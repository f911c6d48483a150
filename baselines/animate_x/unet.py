"""The denoiser of Animate-X: a 3-D UNet over latents, state dict equal to the released one.

Work is split in two. `encode` turns what a clip is conditioned on into tensors that no time step
changes; it runs once. `forward` predicts v at a time step and runs at each. (The released code
does both at every step.) Source of structure: antgroup/animate-x @ e41d3f03, by the written
specification; batch size, frame count and latent size are free here.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from a2bench.errors import A2BenchError
from a2bench.paths import write_aside

from .config import UNetConfig
from .layers import (
    Downsample,
    PictureStem,
    ResBlock,
    SpatialTransformer,
    StemTransformer,
    TemporalTransformer,
    Upsample,
    group_norm,
)
from .pose_indicator import TOKENS, KeypointEncoder, Perceiver
from .tensors import exactly, read_safetensors, shapes

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class Conditions:
    """What a batch of clips is conditioned on, encoded; the same at every time step.

    Attributes:
        control: (b, control_channels, f, h, w), maps of the local image and the driving poses.
        reference: (b, in_dim + control_channels, h, w), the reference's own slot before frame 1;
            zeros as released.
        context: (b, 81, context_dim), 77 text and 4 image tokens.
        motion: (b, f + 1, 4, context_dim), the pose indicator's tokens.
    """

    control: Tensor
    reference: Tensor
    context: Tensor
    motion: Tensor

    @classmethod
    def cat(cls, *parts: "Conditions") -> "Conditions":
        """Stack along the batch, as classifier-free guidance does."""
        return cls(
            torch.cat([part.control for part in parts]),
            torch.cat([part.reference for part in parts]),
            torch.cat([part.context for part in parts]),
            torch.cat([part.motion for part in parts]),
        )


class UNet(nn.Module):
    """v-prediction of Animate-X."""

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UNetConfig()
        self.checkpointing = False
        """In training: blocks are computed again on the way back instead of being remembered."""
        dim, context = config.dim, config.context_dim
        embedding = 4 * dim
        self.time_embed = nn.Sequential(
            nn.Linear(dim, embedding), nn.SiLU(), nn.Linear(embedding, embedding)
        )
        self.pre_image_condition = nn.Sequential(
            nn.Linear(context, context), nn.SiLU(), nn.Linear(context, context * config.num_tokens)
        )
        # What an ablation of the indicator does not use is not there: its keys lack in the folder.
        indicator = config.indicator
        with_key_points = indicator not in ("none", "no_pose_query")
        self.pose_embedding_before = (
            KeypointEncoder(config.pose_encoder) if with_key_points else None
        )
        self.pose_embedding_after = (
            None if indicator == "none" else Perceiver(config.perceiver, indicator)
        )
        control, width = config.control_channels, config.reference_width
        slot = config.in_dim + control
        self.local_image_embedding = PictureStem(control)
        self.local_image_embedding_after = StemTransformer(control)
        self.dwpose_embedding = PictureStem(control)
        self.dwpose_embedding_after = StemTransformer(control)
        self.randomref_pose2_embedding = PictureStem(slot)
        self.randomref_pose2_embedding_after = StemTransformer(slot)
        self.randomref_embedding2 = nn.Sequential(
            nn.Conv2d(config.in_dim, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, slot, 3, padding=1),
        )
        self.randomref_embedding_after2 = StemTransformer(slot)
        self._build_levels(slot, embedding)
        self.out = nn.Sequential(
            group_norm(dim), nn.SiLU(), nn.Conv2d(dim, config.out_dim, 3, padding=1)
        )

    def _build_levels(self, slot: int, embedding: int) -> None:
        config = self.config
        dim, last = config.dim, len(config.dim_mult) - 1

        def block(channels: int, out: int, level: int) -> nn.ModuleList:
            layers = nn.ModuleList([ResBlock(channels, out, embedding, config.dropout)])
            if 0.5**level in config.attn_scales:
                layers += attention(out)
            return layers

        def attention(channels: int) -> list[nn.Module]:
            return [
                SpatialTransformer(channels, config.context_dim, config.head_dim, config.indicator),
                TemporalTransformer(channels, channels // config.head_dim, config.head_dim),
            ]

        first = [
            nn.Conv2d(slot, dim, 3, padding=1),
            TemporalTransformer(dim, config.num_heads, config.head_dim),
        ]
        self.input_blocks = nn.ModuleList([nn.ModuleList(first)])
        skips, channels = [dim], dim
        for level, multiple in enumerate(config.dim_mult):
            for _ in range(config.num_res_blocks):
                self.input_blocks.append(block(channels, dim * multiple, level))
                channels = dim * multiple
                skips.append(channels)
            if level != last:
                self.input_blocks.append(Downsample(channels))
                skips.append(channels)
        self.middle_block = nn.ModuleList(
            [
                ResBlock(channels, channels, embedding, config.dropout),
                *attention(channels),
                ResBlock(channels, channels, embedding, config.dropout),
            ]
        )
        self.output_blocks = nn.ModuleList()
        for level, multiple in reversed(list(enumerate(config.dim_mult))):
            for index in range(config.num_res_blocks + 1):
                layers = block(channels + skips.pop(), dim * multiple, level)
                channels = dim * multiple
                if level and index == config.num_res_blocks:
                    layers.append(Upsample(channels))
                self.output_blocks.append(layers)

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.time_embed[0].weight.dtype  # type: ignore[return-value]

    def encode(
        self,
        text: Tensor,
        *,
        batch: int,
        frames: int,
        latent_size: tuple[int, int],
        image: Tensor | None = None,
        local_image: Tensor | None = None,
        pose_maps: Tensor | None = None,
        reference_latent: Tensor | None = None,
        keypoints: Tensor | None = None,
        clip_features: Tensor | None = None,
        keep: Mapping[str, Tensor] | None = None,
    ) -> Conditions:
        """Encode what clips are conditioned on; what is None is left out as in training.

        Args:
            text: (1, 77, context_dim) of the empty prompt; it stays in the unconditional branch.
            batch: number of clips b.
            frames: f, without the reference's slot.
            latent_size: (h, w).
            image: CLIP embedding of the reference, (b, 1, context_dim).
            local_image: reference in [0, 1], (b, 3, H, W); shown beside every frame.
            pose_maps: pose of the reference, then of the driving frames, in [0, 1] and with the
                channels as the network knows them, (b, 3, f + 1, H, W).
            reference_latent: (b, in_dim, h, w); gives slot 0 the latent and the reference's pose.
            keypoints: of reference and driving frames, (b, f + 1, 2, 18), over width and height,
                -1 where absent. None: zeros.
            clip_features: of reference and driving frames, (b, f + 1, e). None: zeros.
            keep: name of an argument -> (b,), 1 for samples that have it and 0 for those that are
                treated as if it were None. None: all have what is given. In training.

        Raises:
            A2BenchError: a latent size the levels cannot halve.
        """
        config = self.config
        height, width = latent_size
        if height % config.size_multiple or width % config.size_multiple or not height * width:
            raise A2BenchError(
                f"latent size {width}x{height}: each side must be a multiple of "
                f"{config.size_multiple} (frames: of {8 * config.size_multiple} px)."
            )
        blank = text.new_zeros

        def kept(value: Tensor, name: str) -> Tensor:
            if keep is None or name not in keep:
                return value
            return value * keep[name].to(value).reshape(-1, *[1] * (value.ndim - 1))

        control = blank(batch, config.control_channels, frames, height, width)
        if local_image is not None:
            map_ = self.local_image_embedding.embed(local_image, latent_size)
            clip = map_[:, :, None].expand(-1, -1, frames, -1, -1)
            control = control + kept(self.local_image_embedding_after(clip), "local_image")
        if pose_maps is not None:
            clip = _each_frame(self.dwpose_embedding, pose_maps[:, :, 1:], latent_size)
            control = control + kept(self.dwpose_embedding_after(clip), "pose_maps")
        reference = blank(batch, config.in_dim + config.control_channels, height, width)
        if reference_latent is not None:
            one = self.randomref_embedding2(reference_latent)[:, :, None]
            reference = kept(self.randomref_embedding_after2(one)[:, :, 0], "reference_latent")
            if pose_maps is not None:
                clip = _each_frame(self.randomref_pose2_embedding, pose_maps[:, :, :1], latent_size)
                own = self.randomref_pose2_embedding_after(clip)[:, :, 0]
                reference = reference + kept(own, "reference_latent")
        image_tokens = blank(batch, config.num_tokens, config.context_dim)
        if image is not None:
            image_tokens = kept(self.image_tokens(image), "image")
        if keypoints is None:
            keypoints = blank(batch, frames + 1, 2, 18)
        if clip_features is None:
            clip_features = blank(batch, frames + 1, config.perceiver.embedding_dim)
        return Conditions(
            control=control,
            reference=reference,
            context=torch.cat([text.expand(batch, -1, -1), image_tokens], dim=1),
            motion=self.motion_tokens(
                kept(keypoints, "keypoints"), kept(clip_features, "clip_features")
            ),
        )

    def image_tokens(self, image: Tensor) -> Tensor:
        """CLIP embedding of the reference (b, 1, context_dim) to (b, 4, context_dim)."""
        answer: Tensor = self.pre_image_condition(image)
        return answer.reshape(len(image), self.config.num_tokens, -1)

    def motion_tokens(self, keypoints: Tensor, clip_features: Tensor) -> Tensor:
        """Key points (b, n, 2, 18) and CLIP features (b, n, e) to (b, n, 4, context_dim).

        Without an indicator they are zeros, which nothing reads.
        """
        if self.pose_embedding_after is None:
            return keypoints.new_zeros((*keypoints.shape[:2], TOKENS, self.config.context_dim))
        pose_tokens = None
        if self.pose_embedding_before is not None:
            pose_tokens = self.pose_embedding_before(keypoints).flatten(0, 1)
        motion: Tensor = self.pose_embedding_after(
            clip_features.flatten(0, 1)[:, None], pose_tokens
        )
        return torch.unflatten(motion, 0, keypoints.shape[:2])

    def time_embedding(self, timesteps: Tensor) -> Tensor:
        """Time steps (b,) to (b, 4 * dim)."""
        answer: Tensor = self.time_embed(_waves(timesteps, self.config.dim).to(self.dtype))
        return answer

    def network_input(self, latents: Tensor, conditions: Conditions) -> Tensor:
        """Latents (b, 4, f, h, w) to images (b*(f+1), 12, h, w), the reference's slot first.

        4 and 12 are the released `in_dim` and `in_dim + control_channels`.
        """
        noisy = torch.cat([latents, conditions.control.to(latents.dtype)], dim=1)
        slot = conditions.reference.to(latents.dtype)[:, :, None]
        return torch.cat([slot, noisy], dim=2).transpose(1, 2).flatten(0, 1)

    def forward(self, latents: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        """Predict v.

        Args:
            latents: noisy, (b, 4, f, h, w).
            timesteps: (b,), 0 to 999.
            conditions: from `encode`, of the same b, f, h, w.
        """
        frames = latents.shape[2] + 1
        embedding = self.time_embedding(timesteps)
        motion = conditions.motion.flatten(0, 1)

        def through(block: nn.Module, x: Tensor) -> Tensor:
            if self.checkpointing and torch.is_grad_enabled():
                kept: Tensor = checkpoint(run, block, x, use_reentrant=False)
                return kept
            return run(block, x)

        def run(block: nn.Module, x: Tensor) -> Tensor:
            for layer in block if isinstance(block, nn.ModuleList) else [block]:
                if isinstance(layer, ResBlock):
                    x = layer(x, embedding, frames)
                elif isinstance(layer, SpatialTransformer):
                    x = layer(x, conditions.context, motion)
                elif isinstance(layer, TemporalTransformer):
                    x = layer(x, frames)
                else:
                    x = layer(x)
            return x

        x = self.network_input(latents, conditions)
        skips = []
        for block in self.input_blocks:
            x = through(block, x)
            skips.append(x)
        x = through(self.middle_block, x)
        for block in self.output_blocks:
            x = through(block, torch.cat([x, skips.pop()], dim=1))
        answer: Tensor = self.out(x)
        return torch.unflatten(answer, 0, (-1, frames))[:, 1:].transpose(1, 2)

    def save_pretrained(self, folder: Path) -> None:
        """Write `config.json` and the weights as safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        with write_aside(folder / WEIGHTS_FILE) as aside:
            save_file({name: t.contiguous() for name, t in self.state_dict().items()}, aside)
        with write_aside(folder / CONFIG_FILE) as aside:
            aside.write_text(json.dumps(self.config.to_dict(), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def from_file(cls, config: UNetConfig, path: Path) -> Self:
        """Read weights from safetensors, of any float type; they are never in memory twice.

        Raises:
            A2BenchError: not such a file, or names or shapes are not exactly the network's.
        """
        with torch.device("meta"):
            unet = cls(config)
        tensors = exactly(read_safetensors(path), shapes(unet), str(path))
        unet.load_state_dict(tensors, assign=True)
        return unet.eval()

    def to_channels_last(self) -> Self:
        """Keep the 2-D convolutions' weights channels-last, and with them all images."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)
        return self

    def to_dtype(self, dtype: torch.dtype) -> Self:
        """Keep weights in `dtype`, for use under autocast; norms are float32."""
        self.to(dtype)
        for module in self.modules():
            if isinstance(module, nn.GroupNorm | nn.LayerNorm):
                module.float()
        return self


def _waves(timesteps: Tensor, dim: int) -> Tensor:
    """Time steps (b,) to float32 (b, dim): cosines, then sines, of falling frequencies."""
    half = dim // 2
    ranks = torch.arange(half, dtype=torch.float32, device=timesteps.device)
    angles = timesteps.float()[:, None] * torch.exp(-math.log(10000) * ranks / half)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def _each_frame(stem: PictureStem, clip: Tensor, latent_size: tuple[int, int]) -> Tensor:
    """Pictures (b, 3, f, H, W) through a stem to (b, out, f, h, w)."""
    maps = stem.embed(clip.transpose(1, 2).flatten(0, 1), latent_size)
    return torch.unflatten(maps, 0, (len(clip), -1)).transpose(1, 2)
