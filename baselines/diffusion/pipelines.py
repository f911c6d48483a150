"""Pipelines of diffusers as methods: load a folder, say the arguments, call, return frames.

Arguments are a method of their own, so that a test can hold them against the signature
of the installed release. Weights are folders in the hub's layout; nothing is downloaded.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from PIL import Image

from a2bench.errors import A2BenchError
from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.pose.drawing import draw_pose

NEGATIVE_PROMPT = "blurry, distorted, deformed, extra limbs, text, watermark"
"""The same for all that take one."""


def pictures(frames: Video) -> list[Image.Image]:
    """Return RGB uint8 frames (t, h, w, 3) as the list of pictures that pipelines take."""
    return [Image.fromarray(frame) for frame in frames]


def uint8_frames(answer: Any) -> Video:
    """Return what a pipeline answered, pictures or floats in [0, 1], as RGB uint8 (t, h, w, 3)."""
    frames = np.stack([np.asarray(frame) for frame in answer])
    if frames.dtype != np.uint8:
        frames = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    return frames


def loaded(kind: Any, folder: Path, **words: Any) -> Any:
    """Return a part of diffusers or transformers from a folder; their loaders carry no types."""
    return kind.from_pretrained(str(folder), **words)


class DiffusersMethod:
    """What the methods share; a subclass loads its pipeline and says its arguments.

    Attributes:
        pipeline: of diffusers; where the card says `offload`, the worker puts it into practice.
    """

    offloaded: ClassVar[bool] = False
    """Whether its card says `offload`: then it waits on the CPU."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Packages that diffusers itself uses for it without saying so when they are missing."""

    def __init__(self, device: str, weights_folder: Path | None = None) -> None:
        """Load a folder in the hub's layout.

        Raises:
            A2BenchError: the card names no folder, or a package is missing.
        """
        if lacking := [name for name in self.needs if find_spec(name) is None]:
            raise A2BenchError(
                f"{type(self).__name__} needs {', '.join(lacking)}.\n"
                f"hint: pip install {' '.join(lacking)}"
            )
        if weights_folder is None:
            raise A2BenchError(
                f"{type(self).__name__} has no weights of its own.\n"
                "hint: `weights_folder` in its card names the folder"
            )
        dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
        self.pipeline = self.load(weights_folder, dtype)
        self.place(device)

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the pipeline of a folder, on the CPU."""
        raise NotImplementedError

    def place(self, device: str) -> None:
        """Bring the pipeline to its device."""
        if not self.offloaded:
            self.pipeline.to(device)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Return what the pipeline is called with, all by name."""
        raise NotImplementedError

    def __call__(self, inputs: Inputs) -> Video:
        """Return the clip."""
        with torch.inference_mode():
            answer = self.pipeline(**self.arguments(inputs)).frames[0]
        return uint8_frames(answer)


def _common(inputs: Inputs) -> dict[str, Any]:
    return {
        "height": inputs.size.height,
        "width": inputs.size.width,
        "generator": torch.Generator("cpu").manual_seed(inputs.seed),
    }


class Vace(DiffusersMethod):
    """Wan2.1-VACE: skeletons as the control video, the character as the reference picture."""

    needs = ("accelerate", "ftfy")
    steps: ClassVar[int] = 50

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the pipeline; its VAE stays in float32, as its authors say."""
        from diffusers import AutoencoderKLWan, WanVACEPipeline

        vae = loaded(AutoencoderKLWan, folder, subfolder="vae", dtype=torch.float32)
        return loaded(WanVACEPipeline, folder, vae=vae, dtype=dtype)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Skeletons drawn the OpenPose way on black, and the whole frame to be made."""
        return _common(inputs) | {
            "prompt": inputs.prompt,
            "negative_prompt": NEGATIVE_PROMPT,
            "video": pictures(draw_pose(inputs.driving_pose)),
            "reference_images": [Image.fromarray(inputs.reference_image)],
            "conditioning_scale": 1.0,
            "num_frames": inputs.frames,
            "num_inference_steps": self.steps,
            "guidance_scale": 5.0,
        }


class WanImageToVideo(DiffusersMethod):
    """Wan2.1 image-to-video: no pose; what following one is worth shows against it."""

    offloaded = True
    needs = ("accelerate", "ftfy")
    steps: ClassVar[int] = 50

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the pipeline; VAE and image encoder stay in float32, as its authors say."""
        from diffusers import AutoencoderKLWan, WanImageToVideoPipeline
        from transformers import CLIPVisionModel

        vae = loaded(AutoencoderKLWan, folder, subfolder="vae", dtype=torch.float32)
        encoder = loaded(CLIPVisionModel, folder, subfolder="image_encoder", dtype=torch.float32)
        return loaded(WanImageToVideoPipeline, folder, vae=vae, image_encoder=encoder, dtype=dtype)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """The picture and the sentence."""
        return _common(inputs) | {
            "image": Image.fromarray(inputs.reference_image),
            "prompt": inputs.prompt,
            "negative_prompt": NEGATIVE_PROMPT,
            "num_frames": inputs.frames,
            "num_inference_steps": self.steps,
            "guidance_scale": 5.0,
        }


class StableVideo(DiffusersMethod):
    """Stable Video Diffusion XT: no pose and no words."""

    steps: ClassVar[int] = 25

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the pipeline, in half precision where there is a GPU."""
        from diffusers import StableVideoDiffusionPipeline

        half = torch.float16 if dtype == torch.bfloat16 else dtype
        return loaded(StableVideoDiffusionPipeline, folder, dtype=half)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """The picture, and the rate it is asked for."""
        return _common(inputs) | {
            "image": Image.fromarray(inputs.reference_image),
            "num_frames": inputs.frames,
            "num_inference_steps": self.steps,
            "fps": round(inputs.fps),
            "motion_bucket_id": 127,
            "noise_aug_strength": 0.02,
            "decode_chunk_size": 8,
        }


class AnimateDiffControlNet(DiffusersMethod):
    """AnimateDiff with a ControlNet for skeletons and an IP-Adapter for the character.

    The folder has `base` (SD 1.5), `motion_adapter`, `controlnet` and `ip_adapter`.
    """

    steps: ClassVar[int] = 25
    window: ClassVar[int] = 16
    """Frames at once; longer clips are made of overlapping windows with shared noise."""

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the pipeline with its IP-Adapter and FreeNoise on."""
        from diffusers import (
            AnimateDiffControlNetPipeline,
            ControlNetModel,
            DDIMScheduler,
            MotionAdapter,
        )

        half = torch.float16 if dtype == torch.bfloat16 else dtype
        pipeline = loaded(
            AnimateDiffControlNetPipeline,
            folder / "base",
            motion_adapter=loaded(MotionAdapter, folder / "motion_adapter", dtype=half),
            controlnet=loaded(ControlNetModel, folder / "controlnet", dtype=half),
            scheduler=loaded(
                DDIMScheduler,
                folder / "base",
                subfolder="scheduler",
                beta_schedule="linear",
                clip_sample=False,
                timestep_spacing="linspace",
                steps_offset=1,
            ),
            dtype=half,
        )
        pipeline.load_ip_adapter(
            str(folder / "ip_adapter"),
            subfolder="models",
            weight_name="ip-adapter_sd15.safetensors",
        )
        pipeline.enable_free_noise(context_length=self.window, context_stride=4)
        return pipeline

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Skeletons drawn the OpenPose way, the character through the adapter, the sentence."""
        return _common(inputs) | {
            "prompt": inputs.prompt,
            "negative_prompt": NEGATIVE_PROMPT,
            "num_frames": inputs.frames,
            "conditioning_frames": pictures(draw_pose(inputs.driving_pose)),
            "ip_adapter_image": Image.fromarray(inputs.reference_image),
            "controlnet_conditioning_scale": 1.0,
            "num_inference_steps": self.steps,
            "guidance_scale": 7.5,
        }


FACE_PX = 512
"""Side of the face crops that WanAnimate is given."""
_FACE_JOINTS = (0, 14, 15, 16, 17)


def face_crops(frames: Video, xy: Any) -> Video:
    """Return a square around the driver's face in every frame, (t, 512, 512, 3).

    Where no joint of the face is known, the last known square is taken, at first the whole frame.

    Args:
        frames: RGB uint8 (t, h, w, 3).
        xy: key points in px (t, 18, 2), NaN where unknown.
    """
    height, width = frames.shape[1:3]
    centre, half = np.array([width / 2, height / 2]), max(width, height) / 2
    found = np.empty((len(frames), FACE_PX, FACE_PX, 3), np.uint8)
    for index, frame in enumerate(frames):
        face = xy[index][list(_FACE_JOINTS)]
        face = face[np.isfinite(face[:, 0])]
        if len(face):
            centre = face.mean(axis=0)
            half = max(2.0 * float(np.linalg.norm(face - centre, axis=1).max()), 0.04 * height)
        scale = FACE_PX / (2 * half)
        moved = FACE_PX / 2 - scale * centre
        affine = np.array([[scale, 0, moved[0]], [0, scale, moved[1]]])
        found[index] = cv2.warpAffine(
            frame, affine, (FACE_PX, FACE_PX), borderMode=cv2.BORDER_REPLICATE
        )
    return found


class WanAnimate(DiffusersMethod):
    """Wan2.2-Animate: skeletons and face crops; here the exact ones instead of its detector's."""

    offloaded = True
    needs = ("accelerate", "ftfy")
    steps: ClassVar[int] = 20
    segment: ClassVar[int] = 77

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the pipeline; its VAE stays in float32, as its authors say."""
        from diffusers import AutoencoderKLWan, WanAnimatePipeline

        vae = loaded(AutoencoderKLWan, folder, subfolder="vae", dtype=torch.float32)
        return loaded(WanAnimatePipeline, folder, vae=vae, dtype=dtype)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Skeletons, face crops of the driver, and the picture."""
        return _common(inputs) | {
            "image": Image.fromarray(inputs.reference_image),
            "pose_video": pictures(draw_pose(inputs.driving_pose)),
            "face_video": pictures(face_crops(inputs.driving_video, inputs.driving_pose.xy)),
            "prompt": inputs.prompt,
            "segment_frame_length": self.segment,
            "prev_segment_conditioning_frames": 1,
            "num_inference_steps": self.steps,
            "guidance_scale": 1.0,
            "mode": "animate",
        }

    def __call__(self, inputs: Inputs) -> Video:
        """Return the clip; the last segment is filled up by the pipeline, what is over is cut."""
        return super().__call__(inputs)[: inputs.frames]


class WanAnimate2(DiffusersMethod):
    """Wan-Animate-2: takes the driving video itself, without any pose."""

    offloaded = True
    needs = ("accelerate", "ftfy")
    steps: ClassVar[int] = 40
    segment: ClassVar[int] = 81

    def load(self, folder: Path, dtype: torch.dtype) -> Any:
        """Return the modular pipeline with all its components."""
        from diffusers import ModularPipeline

        pipeline = loaded(ModularPipeline, folder)
        pipeline.load_components(dtype=dtype)
        return pipeline

    def place(self, device: str) -> None:
        """On a GPU blocks come one by one: weights and the cache of a segment do not fit together.

        The attention is a flex attention, which has to be compiled.
        """
        if not device.startswith("cuda"):
            return
        self.pipeline.transformer.enable_group_offload(
            onload_device=torch.device(device),
            offload_device=torch.device("cpu"),
            offload_type="block_level",
            use_stream=True,
        )
        for part in (self.pipeline.text_encoder, self.pipeline.image_encoder, self.pipeline.vae):
            part.to(device)
        self.pipeline.transformer.compile_repeated_blocks(fullgraph=False)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """The picture, the driving video with its rate, and the sentence."""
        return _common(inputs) | {
            "image": Image.fromarray(inputs.reference_image),
            "driving_video": pictures(inputs.driving_video),
            "driving_video_fps": inputs.fps,
            "prompt": inputs.prompt,
            "fps": round(inputs.fps),
            "segment_frame_length": self.segment,
            "prev_segment_conditioning_frames": 1,
            "num_inference_steps": self.steps,
            "output_type": "np",
        }

    def __call__(self, inputs: Inputs) -> Video:
        """Return the clip."""
        with torch.inference_mode():
            answer = self.pipeline(**self.arguments(inputs), output="videos")[0]
        return uint8_frames(answer)[: inputs.frames]
