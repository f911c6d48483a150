"""The denoiser's training: mean square error of v, zero terminal signal-to-noise ratio.

Source: arXiv 2410.10306v2, appendix A, and the released inference code's diffusion and default
configuration (antgroup/animate-x @ e41d3f03); no training code was released.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.pose.keypoints import PoseClip
from a2bench.training.clips import TrainingClip, TrainingClips
from a2bench.training.trainer import ParameterGroup, Prepare, Sample, Variant

from .. import sampler, stored
from ..codec import PatchCodec
from ..latents import Codec, codec_of
from ..pipeline import AnimateXPipeline, Clip, PipelineConfig
from ..unet import UNet
from .epi import PosePool, pool_of
from .options import VARIANTS, Options
from .pictures import picture_loss
from .samples import CONDITIONS, SamplePreparer

_ENCODED_PX = 2**21
"""Pixels through the autoencoder in one call: 5 frames of 512x768, whose first layers take 1 GB."""
_ENCODED_PICTURES = 64
"""Squares through the image encoder in one call."""

_INDICATOR = ("unet.pose_embedding_before.", "unet.pose_embedding_after.")
"""Parameters of the implicit pose indicator proper; its motion attention learns with the rest."""

_ADAPTER = '''"""A model that `a2bench train` made."""

from a2bench.baselines.animate_x import TrainedAnimateX as Trained

__all__ = ["Trained"]
'''


class DenoisingLoss(nn.Module):
    """All networks of the model; a forward pass is the loss of each sample of a batch."""

    def __init__(
        self, unet: UNet, autoencoder: nn.Module, image_encoder: nn.Module, text: Tensor,
        options: Options,
    ) -> None:  # fmt: skip
        super().__init__()
        self.unet = unet
        self.autoencoder = autoencoder
        self.image_encoder = image_encoder
        self.text: Tensor
        self.register_buffer("text", text)
        self.options = options
        self._codec: Codec = codec_of(autoencoder)
        self._alphas = sampler.alphas_cumprod()

    def forward(self, batch: Sample) -> Tensor:
        """Mean square error of v, (b,); with a codec's `finish`, the loss of a decoded frame too.

        The convolutions learn from the latter; the network too, if `learn_from_pictures`.
        """
        options = self.options
        frames = batch["frames"]
        b, f = frames.shape[:2]
        reference = batch["reference"]
        with torch.no_grad():
            latents = self._latents(frames, batch["draws"][:, 1:])
            own = None
            if options.conditioning != "local_image":
                shown = reference * 2 - 1
                own = self._codec.encode(shown, lambda: batch["draws"][:, 0])
        features = self._features(batch["pictures"])
        keep = dict(zip(CONDITIONS, batch["keep"].unbind(1), strict=True))
        conditions = self.unet.encode(
            self.text,
            batch=b,
            frames=f,
            latent_size=(latents.shape[3], latents.shape[4]),
            image=features[:, :1],
            local_image=None if options.conditioning == "randomref" else reference,
            pose_maps=batch["pose_maps"].float() / 255,
            reference_latent=own,
            keypoints=batch["keypoints"],
            clip_features=features,
            keep=keep,
        )
        alpha = self._alphas.to(latents.device)[batch["time"]].float().reshape(b, 1, 1, 1, 1)
        signal, spread = alpha.sqrt(), (1 - alpha).sqrt()
        noisy = signal * latents + spread * batch["noise"]
        target = signal * batch["noise"] - spread * latents
        answer = self.unet(noisy, batch["time"], conditions)
        error: Tensor = (answer.float() - target).square()
        if (c := options.huber) is not None:
            error = 2 * c * ((error + c * c).sqrt() - c)
        loss = error.flatten(1).mean(1)
        if getattr(self.autoencoder, "finish", None) is not None:
            predicted = signal * noisy - spread * answer.float()
            each, judged = torch.arange(b, device=frames.device), batch["judged"]
            shown = predicted[each, :, judged]
            shown = shown if options.learn_from_pictures else shown.detach()
            loss = loss + self._decoded(shown, frames[each, judged])
        return loss

    def _decoded(self, predicted: Tensor, truth: Tensor) -> Tensor:
        """Loss of one decoded frame of each sample: latents (b, c, h, w), uint8 (b, 3, H, W).

        In float32: gradients of dilated convolutions in bfloat16 are not finite on a CPU (torch
        2.14, oneDNN).
        """
        with torch.autocast(predicted.device.type, enabled=False):
            return picture_loss(self._codec.decode(predicted), truth.float() / 127.5 - 1)

    def _latents(self, frames: Tensor, draws: Tensor) -> Tensor:
        """Frames uint8 (b, f, 3, H, W) to (b, c, f, h, w)."""
        b = len(frames)
        pictures = frames.flatten(0, 1)
        at_once = max(1, _ENCODED_PX // (pictures.shape[2] * pictures.shape[3]))
        numbers = iter(torch.split(draws.flatten(0, 1), at_once))
        parts = [
            self._codec.encode(part.float() / 127.5 - 1, lambda: next(numbers))
            for part in torch.split(pictures, at_once)
        ]
        return torch.unflatten(torch.cat(parts), 0, (b, -1)).transpose(1, 2).float()

    def _features(self, pictures: Tensor) -> Tensor:
        """Pictures (b, n, 3, s, s) to the image encoder's embeddings (b, n, e)."""
        with torch.set_grad_enabled(self.options.train_image_encoder and torch.is_grad_enabled()):
            parts = [
                self.image_encoder(part).image_embeds
                for part in torch.split(pictures.flatten(0, 1), _ENCODED_PICTURES)
            ]
        return torch.unflatten(torch.cat(parts), 0, pictures.shape[:2])


class AnimateXTrainer:
    """Trains Animate-X of any size; see `MethodTrainer`."""

    module: nn.Module

    def __init__(self, options: Mapping[str, Any], clips: TrainingClips, *, seed: int) -> None:
        """Draw the first weights, or read those that training starts from.

        Raises:
            A2BenchError: an option is unknown or wrong, or parts do not fit together.
        """
        self.options = options_ = Options.read(options)
        self.size, self.frames = (options_.width, options_.height), options_.frames
        self._seed = seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            unet, autoencoder, encoder, text = self._parts(clips)
        self.config = PipelineConfig(
            weights="trained",
            width=options_.width,
            height=options_.height,
            window=options_.window or options_.frames,
            steps=options_.steps,
            guidance_scale=options_.guidance_scale,
            conditioning=options_.conditioning,
            times=options_.sampling_times,
        )
        codec = codec_of(autoencoder)
        multiple = codec.factor * unet.config.size_multiple
        if options_.width % multiple or options_.height % multiple:
            raise A2BenchError(
                f"options.width={options_.width} options.height={options_.height}: each must be a "
                f"multiple of {multiple} px"
            )
        if codec.channels != unet.config.in_dim or codec.channels != unet.config.out_dim:
            raise A2BenchError(
                f"the autoencoder's latents have {codec.channels} channels, the UNet takes "
                f"{unet.config.in_dim} and gives {unet.config.out_dim}\nhint: "
                f"options.unet.in_dim={codec.channels} options.unet.out_dim={codec.channels}"
            )
        unet.checkpointing = options_.checkpointing
        unet.train().requires_grad_(True)
        autoencoder.requires_grad_(False)
        if isinstance(autoencoder, PatchCodec) and autoencoder.finish is not None:
            autoencoder.finish.requires_grad_(True)
        elif options_.learn_from_pictures:
            raise A2BenchError(
                "options.learn_from_pictures: only an autoencoder of kind patch with a `finish` "
                "decodes pictures in training\nhint: options.autoencoder.finish=24, or leave it out"
            )
        encoder.requires_grad_(options_.train_image_encoder)
        for unused in _unused(unet, options_):
            unused.requires_grad_(False)
        self.module = self._loss = DenoisingLoss(unet, autoencoder, encoder, text, options_)
        self._latent = (
            codec.channels, options_.height // codec.factor, options_.width // codec.factor
        )  # fmt: skip
        self._side = int(encoder.config.image_size)
        self._pool = self._drawn_pool(clips)

    @classmethod
    def variants(cls) -> Mapping[str, Variant]:
        """Return the rows of the paper's Tables 4, 5 and 6."""
        return VARIANTS

    def _parts(self, clips: TrainingClips) -> tuple[UNet, Any, Any, Tensor]:
        options = self.options
        if options.start is not None:
            if options.start != "released" and not Path(options.start).is_dir():
                raise A2BenchError(
                    f"options.start={options.start}: no such folder\nhint: a model that `a2bench "
                    "train` made is in HOME/trained/models/NAME/weights; is it trained already?"
                )
            pipeline = (
                AnimateXPipeline.from_weights()
                if options.start == "released"
                else AnimateXPipeline.from_pretrained(options.start, dtype=torch.float32)
            )
            unet = pipeline.unet
            asked = options.unet.get("indicator", unet.config.indicator)
            if asked != unet.config.indicator or options.unet.keys() - {"indicator"}:
                raise A2BenchError(
                    f"options.start={options.start} has sizes and indicator of its own "
                    f"({unet.config.indicator})\nhint: leave options.unet out, or start anew"
                )
            return unet, pipeline.vae, pipeline.image_encoder, pipeline.text_embedding
        sizes = options.network
        encoder = _image_encoder(options.image_encoder)
        width = encoder.config.projection_dim
        if width != sizes.context_dim or width != sizes.perceiver.embedding_dim:
            raise A2BenchError(
                f"the image encoder's features have {width} numbers, the UNet takes "
                f"{sizes.context_dim} (context_dim) and {sizes.perceiver.embedding_dim} "
                "(perceiver.embedding_dim)"
            )
        # drawn first, so that it is the same whatever the other parts take from the generator
        unet = UNet(sizes)
        _start_quiet(unet)
        autoencoder = self._autoencoder(clips)
        # one word of the empty prompt says nothing; the released text is of no use to other CLIPs
        text = torch.zeros(1, stored.TEXT_TOKENS, sizes.context_dim)
        return unet, autoencoder, encoder, text

    def _autoencoder(self, clips: TrainingClips) -> Any:
        asked = self.options.autoencoder
        if isinstance(asked, str):
            return stored.read_autoencoder(Path(asked).expanduser())
        values = dict(asked or {})
        kind = values.pop("kind", None)
        if kind == "patch":
            count = int(values.pop("pictures", 256))
            rng = np.random.default_rng([self._seed, 2])
            pictures = [
                clips.clip(int(index), size=self.size, frames=1, rng=rng).frames[0]
                for index in rng.integers(len(clips), size=count)
            ]
            stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
            return PatchCodec.fit(stacked.float() / 127.5 - 1, **values)
        if kind == "vae":
            vae: Any = AutoencoderKL
            return vae(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
        raise A2BenchError(
            f"options.autoencoder={asked}: expected a folder, or a table with kind vae or patch"
        )

    def _drawn_pool(self, clips: TrainingClips) -> PosePool | None:
        """Return poses of random training clips, the same for every variant of a seed."""
        if not self.options.epi.realign or self.options.epi.probability == 0:
            return None

        def pose(index: int) -> PoseClip:
            rng = np.random.default_rng([self._seed, 3, index])
            which = int(rng.integers(len(clips)))
            clip = clips.clip(which, size=self.size, frames=1, rng=rng)
            return clip.poses if clip.reference_pose is None else clip.reference_pose

        return pool_of(pose, self.options.pool)

    def settings(self) -> dict[str, Any]:
        """See `MethodTrainer`."""
        return self.options.to_dict()

    def groups(self) -> list[ParameterGroup]:
        """See `MethodTrainer`."""
        options = self.options
        rates = {
            "indicator": options.learning_rate_indicator,
            "image_encoder": options.learning_rate_image_encoder,
            "rest": options.learning_rate,
        }
        named: dict[str, list[str]] = {group: [] for group in rates}
        for name, parameter in self.module.named_parameters():
            if parameter.requires_grad:
                group = "indicator" if name.startswith(_INDICATOR) else "rest"
                group = "image_encoder" if name.startswith("image_encoder.") else group
                named[group].append(name)
        return [ParameterGroup(group, rates[group], tuple(found)) for group, found in named.items()]

    def prepare(self) -> Prepare:
        """See `MethodTrainer`."""
        options = self.options
        preparer = SamplePreparer(
            size=self.size,
            latent=self._latent,
            image_side=self._side,
            own_pose=options.conditioning != "local_image",
            epi=options.epi,
            pool=self._pool,
            drops=options.drops,
            times=options.times,
            time_weights=options.time_weights,
            offset_noise=options.offset_noise,
        )
        return preparer  # type: ignore[return-value]

    def pipeline(self) -> AnimateXPipeline:
        """Return a pipeline of a copy of the weights as they are: a pipeline freezes its parts."""
        module = self._loss
        device = module.text.device
        return AnimateXPipeline(
            copy.deepcopy(module.unet),
            copy.deepcopy(module.autoencoder),
            copy.deepcopy(module.image_encoder),
            module.text.clone(),
            self.config,
            device=device,
        )

    def animate(self, clips: Sequence[TrainingClip], *, seed: int) -> list[Video]:
        """See `MethodTrainer`."""
        told = self.options.conditioning != "local_image"
        made = [
            Clip(
                clip.frames[0] if clip.reference_image is None else clip.reference_image,
                clip.frames if clip.driving_frames is None else clip.driving_frames,
                clip.poses,
                (clip.poses[:1] if clip.reference_pose is None else clip.reference_pose)
                if told
                else None,
                seed,
            )
            for clip in clips
        ]
        return self.pipeline().animate(made)

    def save(self, folder: Path) -> None:
        """See `MethodTrainer`."""
        self.pipeline().save_pretrained(folder)

    def card(self) -> dict[str, Any]:
        """See `MethodTrainer`."""
        indicator = self._loss.unet.config.indicator
        return {
            "summary": "Animate-X's network, trained by `a2bench train`; not the released model.",
            "inputs_seen": ["pose", "clip_of_rgb"] if indicator != "none" else ["pose"],
            "device": "cpu" if self.options.width * self.options.height <= 256 * 384 else "cuda",
            "native": {
                "size": {"width": self.options.width, "height": self.options.height},
                "fps": self.options.fps,
                "fit": "stretch",
            },
            "paper": "https://arxiv.org/abs/2410.10306",
            "licence_weights": "CC0-1.0",
        }

    def adapter(self) -> str:
        """See `MethodTrainer`."""
        return _ADAPTER


def _image_encoder(asked: Mapping[str, Any] | str | None) -> Any:
    if isinstance(asked, str):
        return stored.read_image_encoder(Path(asked).expanduser())
    if not asked:
        raise A2BenchError(
            "options.image_encoder: the pose indicator needs one\nhint: a folder, fields of "
            "CLIPVisionConfig, or options.start=released"
        )
    try:
        return CLIPVisionModelWithProjection(CLIPVisionConfig(**{"hidden_act": "gelu", **asked}))
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise A2BenchError(f"options.image_encoder: not CLIP's: {error}") from error


def _start_quiet(unet: UNet) -> None:
    """Zero what the released code starts at zero, so that a drawn network begins simple.

    The last layers of residual blocks, temporal convolutions and transformers, the output and the
    key points' tokens: each block then begins as the identity.
    """
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if _is_last(name):
                parameter.zero_()


_LAST = (
    ".out_layers.3.",
    ".temopral_conv.conv4.3.",
    ".proj_out.",
    ".proj_out_p.",
    "out.2.",
    ".pre_image_condition_p.2.",
)


def _is_last(name: str) -> bool:
    inside = f".{name}"
    if ".pose_embedding_after." in inside:  # the perceiver's own proj_out is followed by a norm
        return False
    return any(part in inside for part in _LAST[:4] + _LAST[5:]) or name.startswith(_LAST[4])


def _unused(unet: UNet, options: Options) -> list[nn.Module]:
    """Return the parts that this way of conditioning never calls: a device would wait for them."""
    local = [unet.local_image_embedding, unet.local_image_embedding_after]
    latent = [
        unet.randomref_embedding2,
        unet.randomref_embedding_after2,
        unet.randomref_pose2_embedding,
        unet.randomref_pose2_embedding_after,
    ]
    return {"local_image": latent, "randomref": local, "both": []}[options.conditioning]
