"""Implicit pose indicator: what key points and CLIP features of the driving frames say of motion.

Key points of all frames pass a small transformer and become four tokens a frame; they are added
to learned queries, which read the frame's CLIP feature in a perceiver. The answer, four motion
tokens a frame, is the context of the motion attention. (Paper: arXiv 2410.10306, section 3.3.)
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Indicator, PerceiverConfig, PoseEncoderConfig

TOKENS = 4
"""Motion tokens a frame; a literal in the released code, whatever its configuration says."""

_COORDINATES = 36


def sinusoid_table(length: int, dim: int) -> Tensor:
    """Positions 0 to length-1 as float32 (length, dim): sines at even places, cosines at odd.

    Computed for any length, so no `pos_table` is stored and no clip is too long for it.
    """
    position = torch.arange(length, dtype=torch.float64)[:, None]
    pair = torch.arange(dim, dtype=torch.float64) // 2
    angle = position / 10000 ** (2 * pair / dim)
    even = torch.arange(dim) % 2 == 0
    return torch.where(even, angle.sin(), angle.cos()).float()


class _Encoder(nn.Module):
    def __init__(self, config: PoseEncoderConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                config.d_model, config.nhead, config.dim_feedforward, dropout=0.1, batch_first=True
            )
            for _ in range(config.num_encoder_layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class KeypointEncoder(nn.Module):
    """Key points of a clip to four tokens a frame; frames look at each other, samples never."""

    def __init__(self, config: PoseEncoderConfig) -> None:
        super().__init__()
        dim = config.d_model
        self.encoder = _Encoder(config)
        self.increase_embed_dim = nn.Sequential(
            nn.Linear(_COORDINATES, dim // 2), nn.Linear(dim // 2, dim)
        )
        self.pre_image_condition_p = nn.Sequential(
            nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, TOKENS * dim)
        )

    def forward(self, keypoints: Tensor) -> Tensor:
        """Key points (b, n, 2, 18), rows x and y, to (b, n, 4, d_model)."""
        x = self.increase_embed_dim(keypoints.flatten(2))
        x = x + sinusoid_table(x.shape[1], x.shape[2]).to(x)
        answer: Tensor = self.pre_image_condition_p(self.encoder(x))
        return torch.unflatten(answer, -1, (TOKENS, -1))


class _PerceiverAttention(nn.Module):
    def __init__(self, dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        inner = heads * head_dim
        self.heads = heads
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_kv = nn.Linear(dim, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, dim, bias=False)

    def forward(self, x: Tensor, latents: Tensor) -> Tensor:
        latents = self.norm2(latents)
        keys, values = self.to_kv(torch.cat([self.norm1(x), latents], dim=1)).chunk(2, dim=-1)
        q, k, v = (
            torch.unflatten(tokens, -1, (self.heads, -1)).transpose(1, 2)
            for tokens in (self.to_q(latents), keys, values)
        )
        out = F.scaled_dot_product_attention(q, k, v)
        answer: Tensor = self.to_out(out.transpose(1, 2).flatten(2))
        return answer


class Perceiver(nn.Module):
    """Learned queries, moved by the key points' tokens, read the frame's CLIP feature."""

    def __init__(self, config: PerceiverConfig, indicator: Indicator = "full") -> None:
        super().__init__()
        dim = config.dim
        self.clip_queries = indicator == "clip_queries"
        self.latents = (
            None
            if indicator == "no_learned_query"
            else nn.Parameter(torch.randn(1, TOKENS, dim) / math.sqrt(dim))
        )
        self.proj_in = nn.Linear(config.embedding_dim, dim)
        self.proj_out = nn.Linear(dim, config.output_dim)
        self.norm_out = nn.LayerNorm(config.output_dim)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    _PerceiverAttention(dim, config.heads, config.dim_head),
                    nn.Sequential(
                        nn.LayerNorm(dim),
                        nn.Linear(dim, 4 * dim, bias=False),
                        nn.GELU(),
                        nn.Linear(4 * dim, dim, bias=False),
                    ),
                ]
            )
            for _ in range(config.depth)
        )

    def forward(self, clip_features: Tensor, pose_tokens: Tensor | None) -> Tensor:
        """CLIP features (B, 1, e) and key-point tokens (B, 4, dim) of B frames to (B, 4, out).

        Without key points' tokens the learned queries stand alone.
        """
        x = self.proj_in(clip_features)
        latents, x = self._queries(x, pose_tokens)
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            attend, feed = layer
            latents = latents + attend(x, latents)
            latents = latents + feed(latents)
        answer: Tensor = self.norm_out(self.proj_out(latents))
        return answer

    def _queries(self, x: Tensor, pose_tokens: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the queries (B, 4, dim) and what they read (B, n, dim)."""
        if pose_tokens is None:
            assert self.latents is not None
            return self.latents.expand(len(x), -1, -1), x
        if self.latents is None:
            return pose_tokens, x
        if self.clip_queries:
            return self.latents + x, pose_tokens
        return self.latents + pose_tokens, x
