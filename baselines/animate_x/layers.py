"""The blocks of Animate-X's network; attribute names are the released checkpoint's keys.

Frames travel as images (b*n, c, h, w), sample by sample; n is the number of frames, the
reference's slot included. All attention is `scaled_dot_product_attention` without mask.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Indicator

_MOST_SEQUENCES = 32_768
"""Attention over time has a sequence a pixel; CUDA kernels take at most 65,535 in one launch."""


def group_norm(channels: int, eps: float = 1e-5) -> nn.GroupNorm:
    """32 groups, as everywhere in the network."""
    return nn.GroupNorm(32, channels, eps=eps)


def images_to_tokens(x: Tensor) -> Tensor:
    """(b, c, h, w) to (b, h*w, c); a view where the memory is channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def tokens_to_images(tokens: Tensor, height: int) -> Tensor:
    """(b, h*w, c) to (b, c, h, w), a channels-last view."""
    return torch.unflatten(tokens, 1, (height, -1)).permute(0, 3, 1, 2)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v of (B, heads, tokens, d)."""
    if q.requires_grad and q.device.type == "cpu":
        # The fused kernel is slow on a CPU where many short sequences are trained: 2.8 times for 7
        # frames at 3,456 pixels, 1.7 times for 216 tokens (both directions, bfloat16).
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1)
        return weights.to(v.dtype) @ v
    if len(q) <= _MOST_SEQUENCES:
        return F.scaled_dot_product_attention(q, k, v)
    starts = range(0, len(q), _MOST_SEQUENCES)
    parts = [slice(start, start + _MOST_SEQUENCES) for start in starts]
    return torch.cat([F.scaled_dot_product_attention(q[p], k[p], v[p]) for p in parts])


class Attention(nn.Module):
    """Multi-head attention of tokens to a context, or to each other."""

    def __init__(self, dim: int, context_dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        inner = heads * head_dim
        self.heads = heads
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_k = nn.Linear(context_dim, inner, bias=False)
        self.to_v = nn.Linear(context_dim, inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, dim))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Tokens (B, t, dim), context (b, s, context_dim) of B/b tokens' rows each, to (B, t, dim).

        A context that all frames of a sample share is projected once.
        """
        context = x if context is None else context
        q, k, v = (
            torch.unflatten(tokens, -1, (self.heads, -1)).transpose(1, 2)
            for tokens in (self.to_q(x), self.to_k(context), self.to_v(context))
        )
        if len(k) != len(q):
            k, v = (
                part.unsqueeze(1).expand(-1, len(q) // len(k), -1, -1, -1).flatten(0, 1)
                for part in (k, v)
            )
        answer: Tensor = self.to_out(attend(q, k, v).transpose(1, 2).flatten(2))
        return answer


class _GatedLinear(nn.Module):
    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.proj(x)
        value, gate = projected.chunk(2, dim=-1)
        return value * F.gelu(gate)


class _FeedForward(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(_GatedLinear(dim, 4 * dim), nn.Identity(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.net(x)
        return answer


class TransformerBlock(nn.Module):
    """Self-attention, second attention, gated feed-forward; each after its norm, each added.

    The second attention looks at `context`, or where that is None at the tokens again.
    """

    def __init__(self, dim: int, context_dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.attn1 = Attention(dim, dim, heads, head_dim)
        self.ff = _FeedForward(dim)
        self.attn2 = Attention(dim, context_dim, heads, head_dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.norm3 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Tokens (B, t, dim) to (B, t, dim)."""
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), context)
        answer: Tensor = x + self.ff(self.norm3(x))
        return answer


class MotionAttention(nn.Module):
    """The paper's motion attention: a spatial transformer whose context is the motion tokens."""

    def __init__(self, channels: int, context_dim: int, head_dim: int) -> None:
        super().__init__()
        heads = channels // head_dim
        self.norm_p = group_norm(channels, eps=1e-6)
        self.proj_in_p = nn.Linear(channels, channels)
        self.transformer_blocks_p = nn.ModuleList(
            [TransformerBlock(channels, context_dim, heads, head_dim)]
        )
        self.proj_out_p = nn.Linear(channels, channels)

    def forward(self, x: Tensor, motion: Tensor) -> Tensor:
        """Images (b*n, c, h, w), motion tokens (b*n, 4, context_dim)."""
        tokens = self.proj_in_p(images_to_tokens(self.norm_p(x)))
        tokens = self.proj_out_p(self.transformer_blocks_p[0](tokens, motion))
        return x + tokens_to_images(tokens, x.shape[2])


class SpatialTransformer(nn.Module):
    """Attention within a frame and to the text and image tokens, then motion attention."""

    def __init__(
        self, channels: int, context_dim: int, head_dim: int, indicator: Indicator = "full"
    ) -> None:
        super().__init__()
        self.parallel = indicator == "parallel"
        heads = channels // head_dim
        self.norm = group_norm(channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList(
            [TransformerBlock(channels, context_dim, heads, head_dim)]
        )
        self.proj_out = nn.Linear(channels, channels)
        self.pose_attention = (
            None if indicator == "none" else MotionAttention(channels, context_dim, head_dim)
        )

    def forward(self, x: Tensor, context: Tensor, motion: Tensor) -> Tensor:
        """Images (b*n, c, h, w), context (b, 81, context_dim), motion (b*n, 4, context_dim)."""
        tokens = self.proj_in(images_to_tokens(self.norm(x)))
        tokens = self.proj_out(self.transformer_blocks[0](tokens, context))
        attended = tokens_to_images(tokens, x.shape[2])
        if self.pose_attention is None:
            return x + attended
        answer: Tensor = (
            self.pose_attention(x, motion) + attended
            if self.parallel
            else self.pose_attention(x + attended, motion)
        )
        return answer


class TemporalTransformer(nn.Module):
    """Attention over the frames at each pixel, twice; no position is told.

    The projections are 1x1 convolutions in the checkpoint, hence their third axis.
    """

    def __init__(self, channels: int, heads: int, head_dim: int) -> None:
        super().__init__()
        inner = heads * head_dim
        self.norm = group_norm(channels, eps=1e-6)
        self.proj_in = nn.Conv1d(channels, inner, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(inner, inner, heads, head_dim)])
        self.proj_out = nn.Conv1d(inner, channels, 1)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """Images (b*n, c, h, w); the norm's statistics are those of all frames together."""
        height, width = x.shape[2:]
        tokens = images_to_tokens(across_frames(self.norm, x, frames))
        tokens = F.linear(tokens, self.proj_in.weight[..., 0], self.proj_in.bias)
        tokens = (
            torch.unflatten(tokens, 0, (-1, frames)).transpose(1, 2).flatten(0, 1)
        )  # (b*h*w, n, c)
        tokens = self.transformer_blocks[0](tokens)
        tokens = F.linear(tokens, self.proj_out.weight[..., 0], self.proj_out.bias)
        tokens = torch.unflatten(tokens, 0, (-1, height * width)).transpose(1, 2).flatten(0, 1)
        return x + tokens_to_images(tokens, height)


def across_frames(layer: nn.Module, x: Tensor, frames: int) -> Tensor:
    """Apply a layer to (b, c, n, h*w), made of images (b*n, c, h, w), and turn back."""
    height = x.shape[2]
    clip = torch.unflatten(x.flatten(2), 0, (-1, frames)).transpose(1, 2)
    out: Tensor = layer(clip)
    return torch.unflatten(out.transpose(1, 2).flatten(0, 1), 2, (height, -1))


class _ConvOverTime(nn.Conv3d):
    """Kernel (3, 1, 1), computed as the 2-D convolution over (n, h*w) that it is."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight[..., 0], self.bias, padding=(1, 0))


class TemporalConvolution(nn.Module):
    """Four convolutions over time, added to what came in; it tells the frames' order."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()

        def stage(*between: nn.Module) -> nn.Sequential:
            return nn.Sequential(group_norm(channels), nn.SiLU(), *between, _ConvOverTime(channels))

        # The first has no dropout, so its weights are named .2 and the others' .3.
        self.conv1 = stage()
        self.conv2 = stage(nn.Dropout(dropout))
        self.conv3 = stage(nn.Dropout(dropout))
        self.conv4 = stage(nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        """Clip (b, c, n, h*w) to the same."""
        answer: Tensor = x + self.conv4(self.conv3(self.conv2(self.conv1(x))))
        return answer


class ResBlock(nn.Module):
    """A residual block a frame, with the time step added; then the convolutions over time."""

    def __init__(self, channels: int, out: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            group_norm(channels), nn.SiLU(), nn.Conv2d(channels, out, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, out))
        self.out_layers = nn.Sequential(
            group_norm(out), nn.SiLU(), nn.Dropout(dropout), nn.Conv2d(out, out, 3, padding=1)
        )
        self.skip_connection = nn.Identity() if channels == out else nn.Conv2d(channels, out, 1)
        self.temopral_conv = TemporalConvolution(out, dropout)  # the checkpoint's spelling

    def forward(self, x: Tensor, embedding: Tensor, frames: int) -> Tensor:
        """Images (b*n, channels, h, w), embedding (b, e), to (b*n, out, h, w)."""
        step = self.emb_layers(embedding).repeat_interleave(frames, dim=0)
        hidden = self.in_layers(x) + step[..., None, None]
        hidden = self.skip_connection(x) + self.out_layers(hidden)
        return across_frames(self.temopral_conv, hidden, frames)


class Downsample(nn.Module):
    """Half the size by a strided convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b*n, c, h, w) to (b*n, c, h/2, w/2)."""
        answer: Tensor = self.op(x)
        return answer


class Upsample(nn.Module):
    """Twice the size: nearest, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b*n, c, h, w) to (b*n, c, 2h, 2w)."""
        answer: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return answer


class PictureStem(nn.Sequential):
    """Brings RGB maps of any size to the latents' grid.

    The released code pools to 384x256 whatever comes; four times the latents' sides is that size
    at its own resolution, and right at others.
    """

    def __init__(self, out: int) -> None:
        super().__init__(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.SiLU(),
            nn.Identity(),  # the pooling's place in the checkpoint's numbering
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(32, out, 3, stride=2, padding=1),
        )

    def embed(self, pictures: Tensor, latent_size: tuple[int, int]) -> Tensor:
        """Pictures (b, 3, H, W) in [0, 1] to (b, out, h, w)."""
        height, width = latent_size
        x = self[1](self[0](pictures))
        if x.requires_grad and x.device.type == "cpu":  # pooling is there 2.3 times as fast
            x = x.contiguous(memory_format=torch.channels_last)
        x = F.adaptive_avg_pool2d(x, (4 * height, 4 * width))
        answer: Tensor = self[5](self[4](self[3](x)))
        return answer


class _FusedAttention(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, 3 * heads * dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(heads * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            torch.unflatten(part, -1, (self.heads, -1)).transpose(1, 2)
            for part in self.to_qkv(x).chunk(3, dim=-1)
        )
        answer: Tensor = self.to_out(attend(q, k, v).transpose(1, 2).flatten(2))
        return answer


class _PreNorm(nn.Module):
    def __init__(self, dim: int, fn: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = fn

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.fn(self.norm(x))
        return answer


class _PlainFeedForward(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU()),
            nn.Identity(),
            nn.Linear(4 * dim, dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.net(x)
        return answer


class StemTransformer(nn.Module):
    """Two-headed attention over the frames at each latent pixel of a stem.

    Quirk of the release: the feed-forward part has no norm before it.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.ModuleList([_PreNorm(dim, _FusedAttention(dim, heads=2)), _PlainFeedForward(dim)])]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Clip (b, c, f, h, w) to the same."""
        height, width = x.shape[3:]
        tokens = x.permute(0, 3, 4, 2, 1).flatten(0, 2)
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            attend, feed = layer
            tokens = tokens + attend(tokens)
            tokens = tokens + feed(tokens)
        return torch.unflatten(tokens, 0, (-1, height, width)).permute(0, 4, 3, 1, 2)
