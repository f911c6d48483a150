"""Animate-X as a pipeline: a reference picture and a driving clip in, frames out.

    pipeline = AnimateXPipeline.from_pretrained(folder, device="cuda", dtype=torch.float16)
    frames = pipeline(reference_image, driving_frames, poses, seed=11)

VAE and CLIP are those of diffusers and transformers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self, get_args

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from a2bench import weights
from a2bench.errors import A2BenchError, MissingWeights
from a2bench.metric import Video
from a2bench.normalise import BadPrediction
from a2bench.paths import write_aside, write_json
from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip

from . import convert, prepare, sampler, stored
from .config import UNetConfig, check_fields
from .latents import codec_of
from .unet import CONFIG_FILE, WEIGHTS_FILE, Conditions, UNet

Conditioning = Literal["local_image", "randomref", "both"]
"""Where the reference enters. `local_image`: as an RGB map beside every frame, as the released
configuration does. `randomref`: as a VAE latent with the reference's pose in a slot of its own
before frame 1, as the paper describes. `both`: as the released network can be fed, and none of its
configurations does. CLIP sees the reference in all."""

WeightsKind = Literal["released", "trained", "random"]
"""`released`: the authors' checkpoint, converted. `trained`: your own. `random`: for tests; its
answers are no results of Animate-X."""

WEIGHTS = ("animate_x_unet", "animate_x_vae", "animate_x_clip")
"""Rows of the weight table."""

_SCHEMA = "a2bench.animate_x/1"
_DTYPES = (torch.float32, torch.float16, torch.bfloat16)
_MOST_FRAMES = 1024
"""In one window; a clip may be longer."""
_NOT_FINITE = "the answer is not finite (NaN or infinite numbers)"
_DECODE_FRAMES = 2
_CLIP_BATCH = 16


@dataclass(frozen=True)
class PipelineConfig:
    """What a folder's network was made for.

    Attributes:
        weights: what they are; see `WeightsKind`. There is no default: nothing is called released
            but what `from_weights` read.
        width, height: frame size in px.
        window: frames that are denoised together; longer clips are done in overlapping windows.
        steps: asked of the sampler; 30 runs 31, see `sampler.times`.
        guidance_scale: 1 is none.
        conditioning: where the reference enters.
        times: falling diffusion times that are visited instead of the sampler's own, for models
            that were trained at few; None: by `steps`.
    """

    weights: WeightsKind
    width: int = 512
    height: int = 768
    window: int = 32
    steps: int = 30
    guidance_scale: float = 2.5
    conditioning: Conditioning = "local_image"
    times: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.weights not in get_args(WeightsKind):
            raise A2BenchError(
                f"weights {self.weights!r}: expected {get_args(WeightsKind)}\n"
                "hint: weights='trained' for your own, weights='random' for a test"
            )
        if self.conditioning not in get_args(Conditioning):
            raise A2BenchError(
                f"conditioning {self.conditioning!r}: expected {get_args(Conditioning)}"
            )
        most = {"window": _MOST_FRAMES, "steps": sampler.TIMES, "guidance_scale": 1000}
        check_fields(self, "pipeline config", least={"guidance_scale": 0}, most=most)
        if self.times is not None and not _falling(self.times):
            raise A2BenchError(
                f"pipeline config, times: {self.times!r}: expected falling times from 999 to 0"
            )


@dataclass(frozen=True)
class Clip:
    """What one answer is made of.

    Attributes:
        reference_image: RGB uint8 (h, w, 3), any size.
        driving_frames: RGB uint8 (t, h, w, 3), any size; only CLIP sees them. None: its features
            are zeros, as in the unconditional branch.
        poses: key points of the driving frames, as many.
        reference_pose: of the reference, one frame; None: that of driving frame 0, as released.
        seed: of the start noise; the same on every device.
        pose_pictures: the driving poses as somebody drew them, RGB uint8 (t, h, w, 3), any size.
            None: drawn from `poses`, so that pictures and key points always agree.
    """

    reference_image: prepare.Picture
    driving_frames: Video | None
    poses: PoseClip
    reference_pose: PoseClip | None = None
    seed: int = 0
    pose_pictures: Video | None = None


class AnimateXPipeline:
    """UNet, VAE and CLIP with what joins them."""

    def __init__(
        self,
        unet: UNet,
        vae: Any,
        image_encoder: Any,
        text_embedding: Tensor,
        config: PipelineConfig,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        channels_last: bool = False,
        compile_unet: bool = False,
        offload: bool = False,
    ) -> None:
        """Join the parts.

        Args:
            unet: denoiser.
            vae: diffusers' AutoencoderKL, or another autoencoder that `latents.codec_of` knows.
            image_encoder: transformers' CLIPVisionModelWithProjection.
            text_embedding: (1, 77, context_dim) of the empty prompt.
            config: what the weights are, and their sizes.
            device: where to compute.
            dtype: whatever the parts came in, the UNet is kept in this one (its norms in float32).
                float16 and bfloat16: UNet and VAE decoder run under autocast. CLIP, VAE and the
                sampler's state are float32 always.
            channels_last: memory order of the UNet's images.
            compile_unet: `torch.compile` the UNet; pays off after a few clips of one size.
            offload: keep VAE and CLIP on the CPU except while they work.
        """
        if dtype not in _DTYPES:
            raise A2BenchError(f"dtype {dtype}: expected {', '.join(map(str, _DTYPES))}")
        self.config = config
        self.device = torch.device(device)
        self.dtype = dtype
        self.offload = offload
        self.unet = unet.eval().requires_grad_(False).to_dtype(dtype)
        if channels_last:
            self.unet.to_channels_last()
        self.unet.to(self.device)
        if compile_unet:
            self.unet.compile()
        self.vae = vae.eval().requires_grad_(False).float()
        self.image_encoder = image_encoder.eval().requires_grad_(False).float()
        if not offload:
            for part in (self.vae, self.image_encoder):
                part.to(self.device)
        self.text_embedding = text_embedding.float().to(self.device)
        self.codec = codec_of(self.vae)

    @torch.inference_mode()
    def animate(
        self,
        clips: Sequence[Clip],
        *,
        conditioning: Conditioning | None = None,
        num_frames: int | None = None,
        frame_stride: int = 1,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance_scale: float | None = None,
        window: int | None = None,
        overlap: int | None = None,
        batch_guidance: bool = False,
        on_step: Callable[[int, int], None] | None = None,
    ) -> list[Video]:
        """Animate clips together; each answer is what it would be alone.

        Args:
            clips: all of as many frames.
            conditioning: where the reference enters; None: the configuration's.
            num_frames: most frames to make; None: as many as drive. A shorter clip gives fewer.
            frame_stride: every so many of the driving frames is used.
            size: (width, height) in px; None: what the weights were made for.
            steps: asked of the sampler; None: the configuration's, or the times it names.
            guidance_scale: 1 skips the unconditional branch; None: the configuration's.
            window: frames denoised together; None: the configuration's.
            overlap: of neighbouring windows, in frames, where their predictions are blended; None:
                a quarter of the window.
            batch_guidance: both branches in one batch: faster where memory is plenty.
            on_step: told steps done and their number.

        Returns:
            RGB uint8 (frames, height, width, 3) each.

        Raises:
            A2BenchError: inputs that do not fit together, or a size the network cannot do.
            BadPrediction: the answer is not finite (`bad_output`).
        """
        changed: dict[str, Any] = {
            "steps": steps,
            "guidance_scale": guidance_scale,
            "conditioning": conditioning,
            "window": window,
            "width": None if size is None else size[0],
            "height": None if size is None else size[1],
        }
        asked = {name: value for name, value in changed.items() if value is not None}
        config = replace(self.config, **asked)
        scale = config.guidance_scale
        chosen = [_chosen(clip, num_frames, frame_stride) for clip in clips]
        if not chosen:
            return []
        if len(lengths := {len(clip.poses) for clip in chosen}) > 1:
            raise A2BenchError(f"clips of {sorted(lengths)} frames cannot be done together")
        frames = lengths.pop()
        width, height = config.width, config.height
        latent_size = self._latent_size(width, height)
        overlap = config.window // 4 if overlap is None else overlap
        parts = prepare.windows(frames, config.window, overlap)
        generators = [torch.Generator().manual_seed(clip.seed) for clip in chosen]
        # Order of draws as released: the VAE's first, even where its latent is not used.
        channels = self.codec.channels
        posterior = [torch.randn((channels, *latent_size), generator=each) for each in generators]
        noise = torch.stack(
            [sampler.start_noise((channels, frames, *latent_size), each) for each in generators]
        ).to(self.device)
        branches = self._encode(
            chosen, config.conditioning, (width, height), latent_size, parts, torch.stack(posterior)
        )
        if scale == 1:
            branches = [pair[:1] for pair in branches]
        predict = self._predictor(parts, branches, scale, overlap, batch_guidance)
        visited = None if steps is not None else config.times
        total = len(visited or sampler.times(config.steps))
        latents = sampler.sample(
            predict,
            noise,
            config.steps,
            visited=visited,
            on_step=None if on_step is None else lambda done, _: on_step(done, total),
        )
        return self._decode(latents)

    def __call__(
        self,
        reference_image: prepare.Picture,
        driving_frames: Video | None,
        poses: PoseClip,
        *,
        reference_pose: PoseClip | None = None,
        seed: int = 0,
        pose_pictures: Video | None = None,
        **options: Any,
    ) -> Video:
        """Animate one clip: `animate` with the fields of `Clip` as arguments."""
        clip = Clip(reference_image, driving_frames, poses, reference_pose, seed, pose_pictures)
        return self.animate([clip], **options)[0]

    def _latent_size(self, width: int, height: int) -> tuple[int, int]:
        multiple = self.codec.factor * self.unet.config.size_multiple
        if width % multiple or height % multiple or min(width, height) < multiple:
            raise A2BenchError(
                f"{width}x{height} px: each side must be a multiple of {multiple} px\n"
                f"hint: size=({max(round(width / multiple), 1) * multiple}, "
                f"{max(round(height / multiple), 1) * multiple})"
            )
        return height // self.codec.factor, width // self.codec.factor

    def _encode(
        self,
        clips: Sequence[Clip],
        conditioning: Conditioning,
        size: tuple[int, int],
        latent_size: tuple[int, int],
        parts: Sequence[slice],
        posterior: Tensor,
    ) -> list[tuple[Conditions, ...]]:
        """Conditional and unconditional branch of each window."""
        reference = torch.cat(
            [prepare.unit_tensor([clip.reference_image], *size) for clip in clips]
        )
        reference = reference.to(self.device)
        image, features = self._clip_features(clips)
        poses = torch.stack([prepare.pose_tensor(_pictures(clip), *size) for clip in clips])
        own_pose = torch.stack([prepare.pose_tensor(_own_picture(clip), *size) for clip in clips])
        keypoints = torch.stack([prepare.keypoint_tensor(clip.poses) for clip in clips])
        own_keypoints = torch.stack([prepare.keypoint_tensor(_own_pose(clip)) for clip in clips])
        given: dict[str, Any] = {"image": image}
        if conditioning != "randomref":
            given["local_image"] = reference
        if conditioning != "local_image":
            given["reference_latent"] = self._latent(reference, posterior)
        branches: list[tuple[Conditions, ...]] = []
        with self._autocast():
            for part in parts:
                common: dict[str, Any] = {
                    "batch": len(clips),
                    "frames": part.stop - part.start,
                    "latent_size": latent_size,
                }
                window = torch.cat([own_pose, poses[:, part]], dim=1).to(self.device)
                driven = None
                if features is not None:
                    driven = torch.cat([image, features[:, part]], dim=1)
                conditional = self.unet.encode(
                    self.text_embedding,
                    **common,
                    **given,
                    pose_maps=window.transpose(1, 2),
                    keypoints=torch.cat([own_keypoints, keypoints[:, part]], 1).to(self.device),
                    clip_features=driven,
                )
                branches.append((conditional, self.unet.encode(self.text_embedding, **common)))
        return branches

    def _clip_features(self, clips: Sequence[Clip]) -> tuple[Tensor, Tensor | None]:
        """Of the references, (b, 1, e), and of the driving frames, (b, f, e)."""
        side = int(self.image_encoder.config.image_size)
        with self._at_work(self.image_encoder):

            def embed(pictures: Sequence[prepare.Picture]) -> Tensor:
                pixels = torch.split(prepare.clip_tensor(pictures, side), _CLIP_BATCH)
                parts = [self.image_encoder(part.to(self.device)).image_embeds for part in pixels]
                return torch.cat(parts)

            image = torch.stack([embed([clip.reference_image]) for clip in clips])
            driving = [clip.driving_frames for clip in clips if clip.driving_frames is not None]
            if not driving:
                return image, None
            if len(driving) < len(clips):
                raise A2BenchError("some clips have driving frames and some have none")
            return image, torch.stack([embed(list(video)) for video in driving])

    def _latent(self, reference: Tensor, posterior: Tensor) -> Tensor:
        """Latents (b, channels, h, w) of references in [0, 1]."""
        with self._at_work(self.vae):
            return self.codec.encode(reference * 2 - 1, lambda: posterior.to(self.device))

    def _predictor(
        self,
        parts: Sequence[slice],
        branches: Sequence[tuple[Conditions, ...]],
        scale: float,
        overlap: int,
        batch_guidance: bool,
    ) -> Callable[[Tensor, int], Tensor]:
        def guided(latents: Tensor, time: int, pair: tuple[Conditions, ...]) -> Tensor:
            groups = [(Conditions.cat(*pair),)] if batch_guidance else [(each,) for each in pair]
            answers: list[Tensor] = []
            for (conditions,) in groups:
                copies = len(conditions.control) // len(latents)
                times = torch.full((len(conditions.control),), time, device=self.device)
                out: Tensor = self.unet(latents.repeat(copies, 1, 1, 1, 1), times, conditions)
                answers += list(out.float().chunk(copies))
            if len(answers) == 1:
                return answers[0]
            conditional, unconditional = answers
            return sampler.guided(conditional, unconditional, scale)

        def predict(latents: Tensor, time: int) -> Tensor:
            with self._autocast():
                if len(parts) == 1:
                    return guided(latents, time, branches[0])
                total, weights = torch.zeros_like(latents), latents.new_zeros(latents.shape[2])
                for part, pair in zip(parts, branches, strict=True):
                    weight = prepare.window_weights(part.stop - part.start, overlap)
                    weight = weight.to(self.device)
                    answer = guided(latents[:, :, part], time, pair)
                    total[:, :, part] += answer * weight[:, None, None]
                    weights[part] += weight
                return total / weights[:, None, None]

        return predict

    def _decode(self, latents: Tensor) -> list[Video]:
        with self._at_work(self.vae), self._autocast():
            videos = []
            if not latents.isfinite().all():
                raise BadPrediction("bad_output", f"Animate-X: {_NOT_FINITE} after sampling")
            for clip in latents.transpose(1, 2):
                parts = [self.codec.decode(part) for part in clip.split(_DECODE_FRAMES)]
                decoded = torch.cat(parts)
                if not decoded.isfinite().all():
                    raise BadPrediction("bad_output", f"Animate-X: {_NOT_FINITE} after decoding")
                videos.append(prepare.as_video(decoded))
        return videos

    def _autocast(self) -> AbstractContextManager[object]:
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    @contextmanager
    def _at_work(self, part: nn.Module) -> Iterator[None]:
        part.to(self.device)
        try:
            yield
        finally:
            if self.offload:
                part.to("cpu")

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that `from_pretrained` reads; safetensors and JSON only.

        The UNet is written in the dtype it is kept in, VAE and CLIP in float32.

        Raises:
            A2BenchError: released weights, which no folder can be known to hold.
        """
        if self.config.weights == "released":
            raise A2BenchError(
                "released weights are kept by `a2bench fetch animate_x`, not in a folder\nhint: "
                "weights you changed are yours: pipeline.config = "
                "dataclasses.replace(pipeline.config, weights='trained')"
            )
        path = Path(folder)
        self.unet.save_pretrained(path / "unet")
        self.codec.save(path / "vae")
        self.image_encoder.save_pretrained(path / "image_encoder", safe_serialization=True)
        with write_aside(path / stored.TEXT) as aside:
            save_file({convert.TEXT_KEY: self.text_embedding.cpu().contiguous()}, aside)
        write_json(path / stored.INDEX, {"schema": _SCHEMA} | asdict(self.config))

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, *, dtype: torch.dtype | None = None, **options: Any
    ) -> Self:
        """Read a folder that `save_pretrained` wrote; nothing is downloaded or unpickled.

        Args:
            folder: with `model_index.json`.
            dtype: to compute in; None: what the folder's UNet is in.
            options: device, channels_last, compile_unet, offload; see the constructor.

        Raises:
            A2BenchError: a part is missing or is not what its place asks for.
        """
        path = Path(folder)
        config = _read_config(path / stored.INDEX)
        sizes = UNetConfig.from_dict(stored.read_json(path / "unet" / CONFIG_FILE))
        unet = UNet.from_file(sizes, path / "unet" / WEIGHTS_FILE)
        text = stored.read_text(path, sizes.context_dim)
        vae = stored.read_autoencoder(path / "vae")
        encoder = stored.read_image_encoder(path / "image_encoder")
        _fit_together(sizes, vae, encoder, path)
        return cls(unet, vae, encoder, text, config, dtype=dtype or unet.dtype, **options)

    @classmethod
    def from_weights(cls, **options: Any) -> Self:
        """Join the released parts, which `a2bench fetch animate_x` put into the weights folder.

        Args:
            options: device, dtype, channels_last, compile_unet, offload; see the constructor.

        Raises:
            A2BenchError: a file is absent or not the released one; the command is in the text.
        """
        if lacking := weights.missing(*WEIGHTS):
            raise MissingWeights(f"Animate-X: {lacking}")
        paths = {name: weights.path_of(name) for name in WEIGHTS}
        unet = UNet.from_file(convert.RELEASED_UNET, paths["animate_x_unet"])
        clip = weights.tensors("animate_x_clip")
        text = clip.pop(convert.TEXT_KEY)
        with torch.device("meta"):
            vae = convert.released_vae()
            encoder = convert.released_image_encoder()
        named = {name.removeprefix(convert.VISION_PREFIX): t for name, t in clip.items()}
        return cls(
            unet,
            stored.fill(vae, weights.tensors("animate_x_vae"), paths["animate_x_vae"]),
            stored.fill(encoder, named, paths["animate_x_clip"]),
            text,
            PipelineConfig("released"),
            **options,
        )


def _fit_together(sizes: UNetConfig, vae: Any, encoder: Any, path: Path) -> None:
    """Compare what the parts hand to each other."""
    for what, found, expected in (
        ("the VAE's latent channels", codec_of(vae).channels, sizes.in_dim),
        ("the UNet's output channels", sizes.out_dim, sizes.in_dim),
        ("CLIP's features", encoder.config.projection_dim, sizes.context_dim),
        ("CLIP's features", encoder.config.projection_dim, sizes.perceiver.embedding_dim),
    ):
        if found != expected:
            raise A2BenchError(f"{path}: {what} are {found}, the UNet takes {expected}")


def _read_config(path: Path) -> PipelineConfig:
    values = stored.read_json(path)
    known = {"schema"} | {field.name for field in fields(PipelineConfig)}
    if values.get("schema") != _SCHEMA or values.keys() - known:
        raise A2BenchError(f"{path}: expected schema {_SCHEMA} with only {sorted(known)}")
    if values.get("weights") not in ("trained", "random"):
        raise A2BenchError(
            f"{path}: weights {values.get('weights')!r}: a folder holds 'trained' or 'random' ones"
            "\nhint: released ones come by `a2bench fetch animate_x` and from_weights()"
        )
    del values["schema"]
    if isinstance(values.get("times"), list):
        values["times"] = tuple(values["times"])
    try:
        return PipelineConfig(**values)
    except A2BenchError as error:
        raise A2BenchError(f"{path}: {error}") from error


def _falling(times: object) -> bool:
    """Whether these are diffusion times, each smaller than the one before."""
    return (
        isinstance(times, tuple)
        and len(times) > 0
        and all(type(time) is int and 0 <= time < sampler.TIMES for time in times)
        and all(one > other for one, other in pairwise(times))
    )


def _chosen(clip: Clip, frames: int | None, stride: int) -> Clip:
    """The clip with only the driving frames that are used."""
    video = clip.driving_frames
    if video is not None and len(video) != len(clip.poses):
        raise A2BenchError(f"{len(video)} driving frames with poses of {len(clip.poses)}")
    if clip.pose_pictures is not None and len(clip.pose_pictures) != len(clip.poses):
        count = len(clip.pose_pictures)
        raise A2BenchError(f"{count} pose pictures with key points of {len(clip.poses)} frames")
    if clip.reference_pose is not None and len(clip.reference_pose) != 1:
        raise A2BenchError(f"a reference pose of {len(clip.reference_pose)} frames, expected 1")
    indices = prepare.frame_indices(len(clip.poses), frames, stride)
    used = slice(0, indices[-1] + 1, stride)
    return Clip(
        clip.reference_image,
        None if video is None else video[used],
        clip.poses[used],
        clip.reference_pose,
        clip.seed,
        None if clip.pose_pictures is None else clip.pose_pictures[used],
    )


def _own_pose(clip: Clip) -> PoseClip:
    return clip.poses[:1] if clip.reference_pose is None else clip.reference_pose


def _pictures(clip: Clip) -> Video:
    return draw_pose(clip.poses) if clip.pose_pictures is None else clip.pose_pictures


def _own_picture(clip: Clip) -> Video:
    if clip.reference_pose is None and clip.pose_pictures is not None:
        return clip.pose_pictures[:1]
    return draw_pose(_own_pose(clip))
