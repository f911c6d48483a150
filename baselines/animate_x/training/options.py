"""What can be set of a training run of Animate-X (`options.` of `a2bench train`)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, get_args

from a2bench.errors import A2BenchError, unknown_name
from a2bench.training.trainer import Variant

from ..config import UNetConfig, check_fields
from ..pipeline import Conditioning
from .epi import ABLATIONS, EPIConfig

_INDICATORS = {
    "no_ipi": ("w/o IPI", "none"),
    "no_lq": ("w/o LQ", "no_learned_query"),
    "no_dq": ("w/o DQ", "no_pose_query"),
    "pa": ("PA", "parallel"),
    "kv_q": ("KV_Q", "clip_queries"),
}
_EPI_TITLES = {
    "no_epi": "w/o EPI",
    "no_add": "w/o Add",
    "no_drop": "w/o Drop",
    "no_bs": "w/o BS",
    "no_nf": "w/o NF",
    "no_al": "w/o AL",
    "no_rescale": "w/o Rescalings",
    "no_realign": "w/o Realign",
}


def _changes(config: EPIConfig) -> dict[str, Any]:
    """Return the fields that are not at their default."""
    default = EPIConfig()
    return {
        each.name: getattr(config, each.name)
        for each in dataclasses.fields(EPIConfig)
        if getattr(config, each.name) != getattr(default, each.name)
    }


VARIANTS: Mapping[str, Variant] = {
    "full": Variant("Animate-X", {}),
    **{
        name: Variant(title, {"unet": {"indicator": indicator}})
        for name, (title, indicator) in _INDICATORS.items()
    },
    **{
        name: Variant(
            _EPI_TITLES.get(name) or f"lambda {name.removeprefix('lambda_')} %",
            {"epi": _changes(config)},
        )
        for name, config in ABLATIONS.items()
    },
}
"""Rows of the paper's Tables 4, 5 and 6."""


@dataclass(frozen=True)
class Drops:
    """Which conditions a sample is trained without, as in the released configuration.

    Attributes:
        everything: probability that a sample has no condition at all; what guidance starts from.
            The indicator's inputs are then zeros and the reference's slot is empty.
        nothing: probability that it has all.
        local_image, pose_maps, image, reference_latent: of each in the other samples, on its own.
    """

    everything: float = 0.1
    nothing: float = 0.1
    local_image: float = 0.5
    pose_maps: float = 0.5
    image: float = 0.5
    reference_latent: float = 0.0

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            if not 0 <= getattr(self, each.name) <= 1:
                raise A2BenchError(f"drops.{each.name}={getattr(self, each.name)}: expected 0 to 1")
        if self.everything + self.nothing > 1:
            raise A2BenchError("drops: everything + nothing is over 1")


@dataclass(frozen=True)
class Options:
    """Everything of a run that is Animate-X's own; the defaults are the paper's and the release's.

    Attributes:
        start: folder of a model to start from (`save_pretrained`), "released", or None: all drawn.
        width, height: of the frames, in px.
        frames: of a clip.
        fps: driving frames a second that the trained method asks for.
        conditioning: where the reference enters.
        unet: sizes of the UNet, where it is drawn; `indicator` also where it is not.
        autoencoder: `{kind: vae, ...}` with fields of diffusers' AutoencoderKL, `{kind: patch,
            patch: 6, channels: 48, power: 0.5, finish: 0, pictures: 256}` with arguments of
            `PatchCodec.fit`, or a folder's path; only without `start`.
        image_encoder: fields of transformers' CLIPVisionConfig, or a folder's path; likewise.
        train_image_encoder: whether it is learned too; the paper's is frozen.
        epi: of the explicit pose indicator.
        pool: poses in its pool.
        learning_rate: of all but the implicit indicator.
        learning_rate_indicator: of it.
        learning_rate_image_encoder: of the image encoder, where it is learned.
        offset_noise: share of a second draw a channel and frame.
        times: diffusion times that are trained; None: all 1000.
        time_weights: how often each of `times`; None: equally.
        drops: of conditions.
        checkpointing: whether activations are computed again instead of kept.
        window, steps, guidance_scale: of the trained pipeline; window None: `frames`.
        huber: c of a pseudo-Huber loss 2 c (sqrt(e^2 + c^2) - c) of v instead of its square: errors
            above c count linearly, so that what moves does not outweigh what stays. None: squares.
        learn_from_pictures: whether, with a codec's `finish`, the network learns from decoded
            pictures too, and not the codec alone. For the end of a training: from the beginning
            it made the miniature learn more slowly.
        sampling_times: falling times that the trained pipeline visits instead of those of `steps`.
    """

    start: str | None = None
    width: int = 512
    height: int = 768
    frames: int = 32
    fps: float = 8.0
    conditioning: Conditioning = "local_image"
    unet: Mapping[str, Any] = field(default_factory=dict)
    autoencoder: Mapping[str, Any] | str | None = None
    image_encoder: Mapping[str, Any] | str | None = None
    train_image_encoder: bool = False
    epi: EPIConfig = field(default_factory=EPIConfig)
    pool: int = 256
    learning_rate: float = 5e-5
    learning_rate_indicator: float = 5e-7
    learning_rate_image_encoder: float = 5e-5
    offset_noise: float = 0.1
    times: tuple[int, ...] | None = None
    time_weights: tuple[float, ...] | None = None
    drops: Drops = field(default_factory=Drops)
    checkpointing: bool = False
    window: int | None = None
    steps: int = 30
    guidance_scale: float = 2.5
    sampling_times: tuple[int, ...] | None = None
    huber: float | None = None
    learn_from_pictures: bool = False

    def __post_init__(self) -> None:
        if self.conditioning not in get_args(Conditioning):
            raise unknown_name("conditioning", str(self.conditioning), get_args(Conditioning))
        least = {
            "offset_noise": 0,
            "guidance_scale": 0,
            **{name: 0 for name in vars(self) if name.startswith("learning_rate")},
        }
        check_fields(self, "options", least=least)
        if self.times is not None and not (
            self.times and all(type(time) is int and 0 <= time < 1000 for time in self.times)
        ):
            raise A2BenchError(f"options.times={self.times}: expected times from 0 to 999")
        if self.huber is not None and not 0 < self.huber <= 100:
            raise A2BenchError(f"options.huber={self.huber}: expected a number up to 100")
        if self.time_weights is not None and (
            self.times is None
            or len(self.time_weights) != len(self.times)
            or min(self.time_weights) < 0
            or not sum(self.time_weights) > 0
        ):
            raise A2BenchError(
                f"options.time_weights={self.time_weights}: expected one a time, not negative"
            )
        if self.start is not None and (self.autoencoder or self.image_encoder):
            raise A2BenchError("options.start brings autoencoder and image encoder along")

    @property
    def network(self) -> UNetConfig:
        """Sizes of a UNet that is drawn."""
        return UNetConfig.from_dict(_listed(self.unet))

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Read plain values.

        Raises:
            A2BenchError: an option is unknown or wrong.
        """
        found = _listed(values)
        for name, part in (("epi", EPIConfig), ("drops", Drops)):
            if isinstance(found.get(name), Mapping):
                found[name] = _fields(part, found[name], name)
        made: Self = _fields(cls, found, "options")
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dataclasses.asdict(self)


def _fields(cls: Any, values: Mapping[str, Any], where: str) -> Any:
    known = {each.name for each in dataclasses.fields(cls)}
    if unknown := sorted(values.keys() - known):
        raise unknown_name(f"key of `{where}`", unknown[0], known)
    try:
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
    except TypeError as error:
        raise A2BenchError(f"{where}: {error}") from error


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables and lists of whatever kind as plain ones."""
    return {
        key: _listed(value)
        if isinstance(value, Mapping)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in values.items()
    }
