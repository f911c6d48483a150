"""Methods by diffusers: what they call is held against the installed release, tiny ones are run."""

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import diffusers
import numpy as np
import pytest
import torch

from a2bench import plugins
from a2bench.baselines.diffusion.pipelines import FACE_PX, DiffusersMethod, face_crops, uint8_frames
from a2bench.method import Inputs
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Size

PIPELINES = {
    "vace": "WanVACEPipeline",
    "wan_i2v": "WanImageToVideoPipeline",
    "svd": "StableVideoDiffusionPipeline",
    "animatediff_controlnet": "AnimateDiffControlNetPipeline",
    "wan_animate": "WanAnimatePipeline",
}
SIZE = Size(width=32, height=48)


def inputs(name: str, size: Size = SIZE, frames: int = 5) -> Inputs:
    """What a method may see of a small clip: a figure that walks to the right."""
    xy = np.full((frames, 18, 2), np.nan)
    for index in range(frames):
        xy[index, :, 0] = np.linspace(8, 20, 18) + index
        xy[index, :, 1] = np.linspace(6, 44, 18)
    visibility = np.full((frames, 18), 2, np.uint8)
    pose = PoseClip(xy, visibility, size.width, size.height, 8.0)
    video = np.random.default_rng(0).integers(
        0, 255, (frames, size.height, size.width, 3), dtype=np.uint8
    )
    return Inputs(
        reference_image=video[0],
        size=size,
        frames=frames,
        fps=8.0,
        seed=3,
        allowed=frozenset(plugins.card(name).inputs_seen),
        sources={
            "pose": lambda: (pose, pose[:1]),
            "driving_rgb": lambda: video,
            "prompt": lambda: "a fox dancing",
        },
    )


def bare(name: str) -> DiffusersMethod:
    """A method without its pipeline."""
    cls = plugins.method_class(plugins.card(name))
    found = cls.__new__(cls)
    assert isinstance(found, DiffusersMethod)
    return found


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_every_argument_is_one_the_installed_release_takes(name: str) -> None:
    """And what it looks at is what its card names: anything else is refused."""
    call = inspect.signature(getattr(diffusers, PIPELINES[name]).__call__)
    given = bare(name).arguments(inputs(name))

    assert given.keys() <= call.parameters.keys()
    needed = {
        one.name
        for one in call.parameters.values()
        if one.default is inspect.Parameter.empty and one.name != "self"
    }
    assert needed <= given.keys()


def test_the_modular_pipeline_takes_every_argument() -> None:
    blocks = diffusers.modular_pipelines.WanAnimate2Blocks()
    known = {one.name for one in blocks.inputs}
    given = bare("wan_animate_2").arguments(inputs("wan_animate_2"))

    assert given.keys() <= known
    assert {one.name for one in blocks.inputs if one.required} <= given.keys()
    assert "videos" in {one.name for one in blocks.outputs}


def test_pictures_and_floats_become_bytes() -> None:
    floats = np.array([[[[0.0, 0.5, 1.2]]]])  # 0.5 x 255 = 127.5, to the even one: 128
    np.testing.assert_array_equal(uint8_frames(floats), [[[[0, 128, 255]]]])


def test_a_face_is_cut_out_around_its_joints() -> None:
    """Joints 4 px from their middle: a square of 2 x 2 x 4 = 16 px, 32 px of the crop each."""
    frame = np.zeros((1, 64, 64, 3), np.uint8)
    frame[0, 30:34, 30:34] = 255  # middle of the face at (32, 32)
    xy = np.full((1, 18, 2), np.nan)
    xy[0, 14], xy[0, 15] = (28, 32), (36, 32)

    crop = face_crops(frame, xy)[0, :, :, 0]

    white = np.argwhere(crop > 127)
    low, high = white.min(axis=0), white.max(axis=0) + 1
    assert crop.shape == (FACE_PX, FACE_PX)
    assert abs(high - low - 4 * 32).max() <= 32  # bilinear edges
    assert abs((low + high) / 2 - FACE_PX / 2).max() <= 32


def tokenizer() -> Any:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    words = {"[PAD]": 0, "[UNK]": 1, "a": 2, "fox": 3, "dancing": 4}
    model = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    return PreTrainedTokenizerFast(
        tokenizer_object=model, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16
    )


def tiny_vace() -> Any:
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    return diffusers.WanVACEPipeline(
        tokenizer=tokenizer(),
        text_encoder=UMT5EncoderModel(
            UMT5Config(vocab_size=8, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
        ).eval(),
        vae=diffusers.AutoencoderKLWan(
            base_dim=3,
            z_dim=16,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ).eval(),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        transformer=diffusers.WanVACETransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=16,
            out_channels=16,
            text_dim=16,
            freq_dim=32,
            ffn_dim=32,
            num_layers=2,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
            vace_layers=[0],
            vace_in_channels=96,
        ).eval(),
    )


def tiny_svd() -> Any:
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(0)
    return diffusers.StableVideoDiffusionPipeline(
        vae=diffusers.AutoencoderKLTemporalDecoder(
            block_out_channels=(32, 64),
            down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
            layers_per_block=1,
            latent_channels=4,
        ).eval(),
        image_encoder=CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=16,
                projection_dim=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                image_size=224,
                intermediate_size=16,
                patch_size=56,
            )
        ).eval(),
        unet=diffusers.UNetSpatioTemporalConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=1,
            sample_size=16,
            in_channels=8,
            out_channels=4,
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            cross_attention_dim=16,
            num_attention_heads=2,
            projection_class_embeddings_input_dim=96,
            addition_time_embed_dim=32,
        ).eval(),
        scheduler=diffusers.EulerDiscreteScheduler(
            prediction_type="v_prediction", use_karras_sigmas=True, timestep_type="continuous"
        ),
        feature_extractor=CLIPImageProcessor(
            crop_size={"height": 224, "width": 224}, size={"shortest_edge": 224}
        ),
    )


def tiny_wan(image_size: int) -> dict[str, Any]:
    """What both Wan pipelines with a picture have beside their transformer."""
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        CLIPVisionModel,
        UMT5Config,
        UMT5EncoderModel,
    )

    torch.manual_seed(0)
    return {
        "tokenizer": tokenizer(),
        "text_encoder": UMT5EncoderModel(
            UMT5Config(vocab_size=8, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
        ).eval(),
        "vae": diffusers.AutoencoderKLWan(
            base_dim=3,
            z_dim=16,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ).eval(),
        "image_encoder": CLIPVisionModel(
            CLIPVisionConfig(
                hidden_size=4,
                projection_dim=4,
                num_hidden_layers=2,
                num_attention_heads=2,
                image_size=image_size,
                intermediate_size=16,
                patch_size=1,
            )
        ).eval(),
        "image_processor": CLIPImageProcessor(
            crop_size={"height": image_size, "width": image_size},
            size={"shortest_edge": image_size},
        ),
    }


_TRANSFORMER = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "in_channels": 36,
    "out_channels": 16,
    "text_dim": 16,
    "freq_dim": 32,
    "ffn_dim": 32,
    "num_layers": 2,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "image_dim": 4,
    "rope_max_seq_len": 32,
}


def tiny_wan_i2v() -> Any:
    return diffusers.WanImageToVideoPipeline(
        **tiny_wan(8),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        transformer=diffusers.WanTransformer3DModel(**_TRANSFORMER).eval(),
    )


def tiny_wan_animate() -> Any:
    return diffusers.WanAnimatePipeline(
        **tiny_wan(4),
        scheduler=diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0
        ),
        transformer=diffusers.WanAnimateTransformer3DModel(
            **_TRANSFORMER,
            latent_channels=16,
            motion_encoder_channel_sizes={"4": 16, "8": 16, "16": 16},
            motion_encoder_size=16,
            motion_style_dim=8,
            motion_dim=4,
            motion_encoder_dim=16,
            face_encoder_hidden_dim=16,
            face_encoder_num_heads=2,
            inject_face_latents_blocks=2,
        ).eval(),
    )


class TinyAnimateDiff:
    """A folder with `base`, `motion_adapter`, `controlnet` and `ip_adapter`, as the card wants."""

    _BLOCKS: ClassVar[dict[str, Any]] = {
        "block_out_channels": (8, 8),
        "layers_per_block": 1,
        "in_channels": 4,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "cross_attention_dim": 16,
        "norm_num_groups": 2,
        "attention_head_dim": 2,
    }

    def save_pretrained(self, folder: Path) -> None:
        from safetensors.torch import save_file
        from transformers import (
            CLIPTextConfig,
            CLIPTextModel,
            CLIPVisionConfig,
            CLIPVisionModelWithProjection,
        )

        torch.manual_seed(0)
        unet = diffusers.UNet2DConditionModel(
            **self._BLOCKS,
            sample_size=8,
            out_channels=4,
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        )
        diffusers.StableDiffusionPipeline(
            vae=diffusers.AutoencoderKL(
                block_out_channels=(8, 8, 8, 8),
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                latent_channels=4,
                norm_num_groups=2,
            ),
            text_encoder=CLIPTextModel(
                CLIPTextConfig(
                    vocab_size=8,
                    hidden_size=16,
                    intermediate_size=16,
                    num_hidden_layers=1,
                    num_attention_heads=2,
                    max_position_embeddings=16,
                    bos_token_id=0,
                    eos_token_id=2,
                    pad_token_id=1,
                )
            ),
            tokenizer=tokenizer(),
            unet=unet,
            scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ).save_pretrained(folder / "base")
        diffusers.MotionAdapter(
            block_out_channels=(8, 8),
            motion_layers_per_block=1,
            motion_norm_num_groups=2,
            motion_num_attention_heads=2,
            use_motion_mid_block=True,
        ).save_pretrained(folder / "motion_adapter")
        diffusers.ControlNetModel(
            **self._BLOCKS, conditioning_embedding_out_channels=(8, 8, 8, 8)
        ).save_pretrained(folder / "controlnet")
        models = folder / "ip_adapter" / "models"
        CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=16,
                projection_dim=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                image_size=224,
                intermediate_size=16,
                patch_size=56,
            )
        ).save_pretrained(models / "image_encoder")
        adapter = {
            "image_proj.proj.weight": torch.randn(4 * 16, 16),  # four tokens
            "image_proj.proj.bias": torch.zeros(4 * 16),
            "image_proj.norm.weight": torch.ones(16),
            "image_proj.norm.bias": torch.zeros(16),
        }
        crossing = [name for name in unet.attn_processors if "attn2" in name]
        for index in range(len(crossing)):
            for what in ("to_k_ip", "to_v_ip"):
                adapter[f"ip_adapter.{2 * index + 1}.{what}.weight"] = torch.randn(8, 16)
        save_file(adapter, models / "ip-adapter_sd15.safetensors")


TINY = {
    "vace": tiny_vace,
    "svd": tiny_svd,
    "wan_i2v": tiny_wan_i2v,
    "wan_animate": tiny_wan_animate,
    "animatediff_controlnet": TinyAnimateDiff,
}


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # in a scheduler of diffusers
@pytest.mark.parametrize("name", sorted(TINY))
def test_a_tiny_pipeline_goes_from_folder_to_frames(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real classes, random weights, saved and loaded as the hub's folders are; twice the same."""
    TINY[name]().save_pretrained(tmp_path / "weights")
    cls = plugins.method_class(plugins.card(name))
    monkeypatch.setattr(cls, "steps", 1)
    if name == "wan_animate":
        monkeypatch.setattr(cls, "segment", 5)
    if name == "animatediff_controlnet":
        monkeypatch.setattr(cls, "window", 4)
    if cls.needs:  # type: ignore[attr-defined]
        clean = SimpleNamespace(fix_text=lambda text: text)  # ours is clean: ftfy changes nothing
        module = inspect.getmodule(getattr(diffusers, PIPELINES[name]))
        monkeypatch.setattr(module, "ftfy", clean, raising=False)
        monkeypatch.setattr(cls, "needs", ())
    method = cls("cpu", weights_folder=tmp_path / "weights")  # type: ignore[call-arg]
    method.pipeline.set_progress_bar_config(disable=True)  # type: ignore[attr-defined]

    first, second = method(inputs(name)), method(inputs(name))

    assert first.shape == (5, SIZE.height, SIZE.width, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
