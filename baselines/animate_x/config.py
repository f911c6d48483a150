"""Sizes of the network. The defaults are the released model's."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from a2bench.errors import A2BenchError


@dataclass(frozen=True)
class PoseEncoderConfig:
    """Sizes of the key-point encoder."""

    d_model: int = 1024
    nhead: int = 8
    num_encoder_layers: int = 3
    dim_feedforward: int = 1024


@dataclass(frozen=True)
class PerceiverConfig:
    """Sizes of the perceiver over CLIP features."""

    dim: int = 1024
    depth: int = 8
    dim_head: int = 64
    heads: int = 16
    embedding_dim: int = 1024
    output_dim: int = 1024


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of the UNet.

    The release's `attn_scales` stands in its `default_config.py`, not in its yaml; the default of
    its class, [1/2, 1/4, 1/8], makes another network.

    Attributes:
        dim: channels at full latent size.
        context_dim: of text, image and motion tokens.
        dim_mult: channels of each level, in multiples of `dim`; each level halves the size.
        num_heads: of the first temporal transformer only; elsewhere channels / head_dim.
        attn_scales: sizes (1: full) that have attention.
        num_tokens: image tokens in the context.
    """

    in_dim: int = 4
    dim: int = 320
    context_dim: int = 1024
    out_dim: int = 4
    dim_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_heads: int = 8
    head_dim: int = 64
    num_res_blocks: int = 2
    attn_scales: tuple[float, ...] = (1.0, 0.5, 0.25)
    dropout: float = 0.1
    num_tokens: int = 4
    pose_encoder: PoseEncoderConfig = field(default_factory=PoseEncoderConfig)
    perceiver: PerceiverConfig = field(default_factory=PerceiverConfig)

    @property
    def size_multiple(self) -> int:
        """Latent height and width must be multiples of this: 8 in the released model."""
        return 1 << (len(self.dim_mult) - 1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for `config.json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave.

        Raises:
            A2BenchError: a field is unknown or has another type.
        """
        values = dict(values)
        for name, part in (("pose_encoder", PoseEncoderConfig), ("perceiver", PerceiverConfig)):
            if isinstance(values.get(name), Mapping):
                values[name] = _checked(part, values[name], f"UNet config, {name}")
        return _checked(cls, values, "UNet config")


_T = TypeVar("_T")


def _checked(cls: type[_T], values: Mapping[str, Any], what: str) -> _T:
    fields = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - fields.keys()):
        raise A2BenchError(f"{what}: unknown field {unknown[0]!r}, expected {sorted(fields)}")
    tuples = {"dim_mult", "attn_scales"}
    read = {name: tuple(v) if name in tuples else v for name, v in values.items()}
    for name, value in read.items():
        whole = value if isinstance(value, tuple) else (value,)
        if not all(isinstance(v, int | float | PoseEncoderConfig | PerceiverConfig) for v in whole):
            raise A2BenchError(f"{what}, {name}: expected numbers, got {value!r}")
    return cls(**read)
