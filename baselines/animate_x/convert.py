"""The released checkpoints as plain tensors, named as our network, diffusers and transformers do.

`a2bench fetch animate_x` calls these once a file, in a process of its own, when its SHA-256 fits.
Every tensor of a checkpoint has a place or is named here as left out; what else differs, a key
more or less, another shape, anything that is no tensor, is an error.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from a2bench.errors import A2BenchError

from .config import UNetConfig
from .tensors import Shapes, exactly, read_checkpoint, shapes
from .unet import UNet

RELEASED_UNET = UNetConfig()

TEXT_KEY = "text_embedding"
VISION_PREFIX = "vision."

_POSITIONS = "pose_embedding_before.pos_embed.pos_table"
"""The one tensor of the released UNet that ours computes instead."""

_START, _END, _PAD = 49406, 49407, 0
"""Tokens of the empty prompt; open_clip pads with 0."""


def released_vae() -> AutoencoderKL:
    """Stable Diffusion 2.1's VAE, without weights of value."""
    return AutoencoderKL(  # type: ignore[no-untyped-call]
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    )


def released_image_encoder() -> CLIPVisionModelWithProjection:
    """ViT-H/14's image tower, without weights of value."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=1280,
            intermediate_size=5120,
            num_hidden_layers=32,
            num_attention_heads=16,
            patch_size=14,
            projection_dim=1024,
            hidden_act="gelu",
        )
    )


def released_text_encoder() -> CLIPTextModel:
    """ViT-H/14's text tower, without weights of value."""
    return CLIPTextModel(
        CLIPTextConfig(
            hidden_size=1024,
            intermediate_size=4096,
            num_hidden_layers=24,
            num_attention_heads=16,
            hidden_act="gelu",
        )
    )


def unet(handle: BinaryIO) -> dict[str, Tensor]:
    """`animate-x_ckpt.pth`: the UNet."""
    with torch.device("meta"):
        expected = UNet(RELEASED_UNET)
    return unet_tensors(read_checkpoint(handle), shapes(expected))


def vae(handle: BinaryIO) -> dict[str, Tensor]:
    """`v2-1_512-ema-pruned.ckpt`: Stable Diffusion's VAE; its UNet and text encoder are left."""
    with torch.device("meta"):
        expected: Any = released_vae()
    return vae_tensors(read_checkpoint(handle), shapes(expected))


def clip(handle: BinaryIO) -> dict[str, Tensor]:
    """`open_clip_pytorch_model.bin`: the image tower, and of the text tower one constant."""
    with torch.device("meta"):
        vision, text = released_image_encoder(), released_text_encoder()
    return clip_tensors(read_checkpoint(handle), vision, text)


def unet_tensors(checkpoint: Mapping[str, Tensor], expected: Shapes) -> dict[str, Tensor]:
    """Rename nothing but `module.` (of distributed training); leave out the position table."""
    named = {name.removeprefix("module."): tensor for name, tensor in checkpoint.items()}
    if len(named) != len(checkpoint):
        raise A2BenchError("not the checkpoint of the UNet: keys with and without `module.`")
    named.pop(_POSITIONS, None)
    return exactly(named, expected, "not the checkpoint of the UNet")


_VAE_NAMES = (
    (r"\bdown\.(\d+)\.block\.(\d+)\.", r"down_blocks.\1.resnets.\2."),
    (r"\bdown\.(\d+)\.downsample\.", r"down_blocks.\1.downsamplers.0."),
    (r"\bup\.(\d+)\.block\.(\d+)\.", r"up_blocks.\1.resnets.\2."),
    (r"\bup\.(\d+)\.upsample\.", r"up_blocks.\1.upsamplers.0."),
    (r"\bmid\.block_1\.", "mid_block.resnets.0."),
    (r"\bmid\.block_2\.", "mid_block.resnets.1."),
    (r"\bmid\.attn_1\.norm\.", "mid_block.attentions.0.group_norm."),
    (r"\bmid\.attn_1\.proj_out\.", "mid_block.attentions.0.to_out.0."),
    (r"\bmid\.attn_1\.([qkv])\.", r"mid_block.attentions.0.to_\1."),
    (r"\bnin_shortcut\.", "conv_shortcut."),
    (r"\bnorm_out\.", "conv_norm_out."),
)


def vae_tensors(checkpoint: Mapping[str, Tensor], expected: Shapes) -> dict[str, Tensor]:
    """Names of latent diffusion to those of diffusers; levels of the decoder count from its end."""
    levels = 1 + max(
        (int(found[1]) for name in expected if (found := re.search(r"up_blocks\.(\d+)", name))),
        default=0,
    )
    prefix = "first_stage_model."
    tensors = {}
    for name, tensor in checkpoint.items():
        if not name.startswith(prefix):
            continue
        new = name.removeprefix(prefix)
        for pattern, replacement in _VAE_NAMES:
            new = re.sub(pattern, replacement, new)
        new = re.sub(
            r"up_blocks\.(\d+)", lambda found: f"up_blocks.{levels - 1 - int(found[1])}", new
        )
        # Attention's 1x1 convolutions are linear layers there.
        squeeze = ".attentions." in new and tensor.dim() == 4 and tensor.shape[2:] == (1, 1)
        tensors[new] = tensor[:, :, 0, 0] if squeeze else tensor
    return exactly(tensors, expected, "not the checkpoint of the VAE")


def _tower(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Blocks of an open_clip tower under transformers' names: joint projections are split."""
    renamed = {}
    for name, tensor in tensors.items():
        found = re.fullmatch(re.escape(prefix) + r"(\d+)\.(.+)", name)
        if found is None:
            continue
        layer, rest = f"encoder.layers.{found[1]}.", found[2]
        if rest in ("attn.in_proj_weight", "attn.in_proj_bias"):
            kind = rest.rpartition("_")[2]
            for one, part in zip("qkv", tensor.chunk(3), strict=True):
                renamed[f"{layer}self_attn.{one}_proj.{kind}"] = part
            continue
        for old, new in (
            ("ln_1.", "layer_norm1."),
            ("ln_2.", "layer_norm2."),
            ("attn.out_proj.", "self_attn.out_proj."),
            ("mlp.c_fc.", "mlp.fc1."),
            ("mlp.c_proj.", "mlp.fc2."),
        ):
            if rest.startswith(old):
                rest = new + rest.removeprefix(old)
                break
        renamed[layer + rest] = tensor
    return renamed


def clip_tensors(
    checkpoint: Mapping[str, Tensor],
    vision: CLIPVisionModelWithProjection,
    text: CLIPTextModel,
) -> dict[str, Tensor]:
    """open_clip's ViT to transformers' image tower (`vision.*`) and the empty prompt's embedding.

    `vision` and `text` give names, shapes and the text tower's computation; their weights are
    not used (they may lie on the meta device).
    """
    known = ("visual.", "transformer.resblocks.", "ln_final.", "token_embedding.")
    single = {"positional_embedding", "text_projection", "logit_scale"}  # the last two: left out
    surplus = [name for name in checkpoint if name not in single and not name.startswith(known)]
    if surplus:
        raise A2BenchError(f"not the checkpoint of CLIP: keys are not known: {surplus[:3]}")
    own = {"logit_scale", "text_projection"}
    own |= {name for name in checkpoint if name.startswith("visual.")}
    seen = _vision(checkpoint)
    seen = exactly(
        _prefixed(seen, "vision_model.", shapes(vision)),
        shapes(vision),
        "not the checkpoint of CLIP's image tower",
    )
    told = _text({name: value for name, value in checkpoint.items() if name not in own})
    told = exactly(
        _prefixed(told, "text_model.", shapes(text)),
        shapes(text),
        "not the checkpoint of CLIP's text tower",
    )
    text = text.to_empty(device="cpu")
    text.load_state_dict({name: tensor.float() for name, tensor in told.items()})
    restore_positions(text)
    renamed = {VISION_PREFIX + name: tensor for name, tensor in seen.items()}
    return renamed | {TEXT_KEY: empty_prompt(text)}


def _vision(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors = _tower(checkpoint, "visual.transformer.resblocks.")
    for name, tensor in checkpoint.items():
        if not name.startswith("visual.") or name.startswith("visual.transformer.resblocks."):
            continue
        rest = name.removeprefix("visual.")
        new = {
            "class_embedding": "embeddings.class_embedding",
            "conv1.weight": "embeddings.patch_embedding.weight",
            "positional_embedding": "embeddings.position_embedding.weight",
            "ln_pre.weight": "pre_layrnorm.weight",  # transformers' spelling
            "ln_pre.bias": "pre_layrnorm.bias",
            "ln_post.weight": "post_layernorm.weight",
            "ln_post.bias": "post_layernorm.bias",
            "proj": "visual_projection.weight",
        }.get(rest, name)
        tensors[new] = tensor.T if rest == "proj" else tensor
    return tensors


def _text(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors = _tower(checkpoint, "transformer.resblocks.")
    for name, tensor in checkpoint.items():
        if name.startswith("transformer.resblocks."):
            continue
        new = {
            "token_embedding.weight": "embeddings.token_embedding.weight",
            "positional_embedding": "embeddings.position_embedding.weight",
            "ln_final.weight": "final_layer_norm.weight",
            "ln_final.bias": "final_layer_norm.bias",
        }.get(name, name)
        tensors[new] = tensor
    return tensors


def _prefixed(
    tensors: Mapping[str, Tensor], prefix: str, expected: Iterable[str]
) -> dict[str, Tensor]:
    """Some versions of transformers keep a tower under a prefix, some do not."""
    with_prefix = {name.removeprefix(prefix) for name in expected if name.startswith(prefix)}
    return {(prefix if name in with_prefix else "") + name: t for name, t in tensors.items()}


def restore_positions(model: nn.Module) -> None:
    """Fill the buffers of counted positions, which no checkpoint has and `to_empty` loses."""
    for name, buffer in model.named_buffers():
        if name.endswith("position_ids"):
            owner = model.get_submodule(name.rpartition(".")[0])
            positions = torch.arange(buffer.numel()).reshape(buffer.shape)
            owner.register_buffer("position_ids", positions, persistent=False)


@torch.inference_mode()
def empty_prompt(text: CLIPTextModel) -> Tensor:
    """What the text tower says of "": its last block but one, normed, all tokens, (1, 77, d)."""
    length = text.config.max_position_embeddings
    tokens = torch.full((1, length), _PAD)
    tokens[0, :2] = torch.tensor([_START, _END])
    model: Any = text  # transformers' types are incomplete
    states = model.eval()(input_ids=tokens, output_hidden_states=True).hidden_states[-2]
    norm: Any = getattr(text, "text_model", text).final_layer_norm
    embedding: Tensor = norm(states)
    return embedding.clone()
