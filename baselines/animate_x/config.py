"""Sizes of the network. The defaults are the released model's."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar, get_args, get_type_hints

from a2bench.errors import A2BenchError

Indicator = Literal["full", "none", "no_learned_query", "no_pose_query", "parallel", "clip_queries"]
"""The implicit pose indicator, and the paper's ablations of it (Table 4).

full: as released. none (w/o IPI): no motion tokens, no motion attention. no_learned_query (w/o LQ):
the key points' tokens are the queries. no_pose_query (w/o DQ): the learned queries alone. parallel
(PA): motion attention beside the spatial attention, on the same input, instead of after it.
clip_queries (KV_Q): CLIP's feature is added to the learned queries, which read the key points'
tokens.
"""

_GROUPS = 32
"""Of every group norm in the UNet."""

_MOST = 65_536
_MOST_LAYERS = 256
"""A folder's configuration may be hostile: it is read before its weights show that it is not."""


@dataclass(frozen=True)
class PoseEncoderConfig:
    """Sizes of the key-point encoder."""

    d_model: int = 1024
    nhead: int = 8
    num_encoder_layers: int = 3
    dim_feedforward: int = 1024

    def __post_init__(self) -> None:
        check_fields(self, "pose encoder", most={"num_encoder_layers": _MOST_LAYERS})
        _divides(self, "pose encoder", "nhead", "d_model")
        _divides(self, "pose encoder", 2, "d_model")


@dataclass(frozen=True)
class PerceiverConfig:
    """Sizes of the perceiver over CLIP features."""

    dim: int = 1024
    depth: int = 8
    dim_head: int = 64
    heads: int = 16
    embedding_dim: int = 1024
    output_dim: int = 1024

    def __post_init__(self) -> None:
        check_fields(self, "perceiver", most={"depth": _MOST_LAYERS})


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
        control_channels: of the maps of local image and driving poses, laid beside the latents of
            frames 1 and on.
        reference_width: channels inside the stem of the reference's latent; all that its slot shows
            goes through them.
        indicator: the implicit pose indicator; anything but `full` is an ablation of it.
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
    control_channels: int = 8
    reference_width: int = 32
    pose_encoder: PoseEncoderConfig = field(default_factory=PoseEncoderConfig)
    perceiver: PerceiverConfig = field(default_factory=PerceiverConfig)
    indicator: Indicator = "full"

    def __post_init__(self) -> None:
        most = {"dropout": 1, "num_res_blocks": _MOST_LAYERS}
        check_fields(self, "UNet config", least={"dropout": 0}, most=most)
        if self.indicator not in get_args(Indicator):
            raise A2BenchError(
                f"UNet config, indicator: {self.indicator!r}: expected {get_args(Indicator)}\n"
                "hint: indicator=full as released"
            )
        _divides(self, "UNet config", _GROUPS, "dim")
        if not 1 <= len(self.dim_mult) <= 8 or not all(
            type(multiple) is int and 1 <= multiple <= 64 for multiple in self.dim_mult
        ):
            raise A2BenchError(
                f"UNet config, dim_mult: {self.dim_mult!r}: expected 1 to 8 levels of 1 to 64\n"
                "hint: dim_mult=(1, 2, 4, 4) as released"
            )
        halves = tuple(0.5**level for level in range(len(self.dim_mult)))
        if unknown := [scale for scale in self.attn_scales if scale not in halves]:
            raise A2BenchError(
                f"UNet config, attn_scales: no level has {unknown[0]!r} of the full size\n"
                f"hint: of {len(halves)} levels, these: {halves}"
            )
        for multiple in self.dim_mult:
            if self.dim * multiple % self.head_dim:
                raise A2BenchError(
                    f"UNet config, head_dim: {self.head_dim} does not divide the "
                    f"{self.dim * multiple} channels of a level\nhint: head_dim=64 as released"
                )
        for one, other, values in (
            (
                "pose_encoder.d_model",
                "perceiver.dim",
                (self.pose_encoder.d_model, self.perceiver.dim),
            ),
            ("perceiver.output_dim", "context_dim", (self.perceiver.output_dim, self.context_dim)),
        ):
            if values[0] != values[1]:
                raise A2BenchError(
                    f"UNet config: {one} is {values[0]}, {other} is {values[1]}: they are the "
                    f"same tokens\nhint: {one}={values[1]}"
                )

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


def check_fields(
    config: Any,
    what: str,
    *,
    least: Mapping[str, float] | None = None,
    most: Mapping[str, float] | None = None,
) -> None:
    """Check the types of a config's fields, and that its numbers are in their range.

    Args:
        config: a dataclass.
        what: it is, for the error.
        least: smallest value of a number, where it is not 1.
        most: largest value of a number, where it is not 65,536.

    Raises:
        A2BenchError: a field is not what its annotation says, or out of range.
    """
    hints = get_type_hints(type(config))
    defaults = {each.name: each.default for each in dataclasses.fields(config)}
    for name, hint in hints.items():
        value = getattr(config, name)
        default = defaults.get(name, dataclasses.MISSING)
        tail = "" if default is dataclasses.MISSING else f"\nhint: {name}={default} as released"
        if hint is int or hint is float:
            kinds = (int,) if hint is int else (int, float)
            low, high = (least or {}).get(name, 1), (most or {}).get(name, _MOST)
            if isinstance(value, bool) or not isinstance(value, kinds):
                kind = "a whole number" if hint is int else "a number"
                raise A2BenchError(f"{what}, {name}: {value!r}: expected {kind}{tail}")
            if not low <= value <= high:  # NaN is not either
                raise A2BenchError(f"{what}, {name}: {value!r}: expected {low} to {high}{tail}")
        elif isinstance(default, tuple) and not isinstance(value, tuple):
            raise A2BenchError(f"{what}, {name}: {value!r}: expected a tuple of numbers{tail}")
        elif dataclasses.is_dataclass(hint) and type(value) is not hint:
            raise A2BenchError(f"{what}, {name}: {value!r}: expected {hint}")


def _divides(config: Any, what: str, divisor: str | int, name: str) -> None:
    by = divisor if isinstance(divisor, int) else getattr(config, divisor)
    if getattr(config, name) % by:
        said = f"{divisor} ({by})" if isinstance(divisor, str) else str(by)
        raise A2BenchError(
            f"{what}, {name}: {getattr(config, name)} is no multiple of {said}\n"
            f"hint: {name}={round(getattr(config, name) / by) * by or by}"
        )


def _checked(cls: type[_T], values: Mapping[str, Any], what: str) -> _T:
    fields = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - fields.keys()):
        raise A2BenchError(f"{what}: unknown field {unknown[0]!r}, expected {sorted(fields)}")
    return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
