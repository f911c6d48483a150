"""A whole Animate-X pipeline with random weights, small enough for a CPU; never a result."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from a2bench.baselines.animate_x import (
    AnimateXPipeline,
    Clip,
    PerceiverConfig,
    PipelineConfig,
    PoseEncoderConfig,
    UNet,
    UNetConfig,
)
from a2bench.pose.keypoints import PoseClip

WIDTH, HEIGHT, CONTEXT = 64, 96, 32

UNET = UNetConfig(
    dim=32,
    context_dim=CONTEXT,
    dim_mult=(1, 1),
    num_heads=1,
    head_dim=32,
    num_res_blocks=1,
    attn_scales=(0.5,),
    pose_encoder=PoseEncoderConfig(CONTEXT, 2, 1, CONTEXT),
    perceiver=PerceiverConfig(CONTEXT, 1, 16, 2, CONTEXT, CONTEXT),
)


def vae(levels=4):
    return AutoencoderKL(
        block_out_channels=(8,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        norm_num_groups=4,
    )


def image_encoder():
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=28,
            patch_size=14,
            projection_dim=CONTEXT,
            hidden_act="gelu",
        )
    )


def pipeline(**options):
    """The same random weights every time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = UNet(UNET), vae(), image_encoder(), torch.randn(1, 77, CONTEXT)
    config = PipelineConfig(weights="random", width=WIDTH, height=HEIGHT, window=8, steps=2)
    return AnimateXPipeline(*parts, config, **options)


def poses(frames, seed=0):
    random = np.random.default_rng(seed)
    xy = random.uniform(8, 56, (frames, 18, 2))
    xy[:, 4] = np.nan
    visibility = np.full((frames, 18), 2, np.uint8)
    visibility[:, 4] = 0
    return PoseClip(xy, visibility, WIDTH, HEIGHT, 8.0)


def clip(frames, seed=0, **fields):
    random = np.random.default_rng(seed)
    video = random.integers(0, 255, (frames + 1, HEIGHT, WIDTH, 3), dtype=np.uint8)
    return Clip(video[0], video[1:], poses(frames, seed), seed=seed, **fields)
