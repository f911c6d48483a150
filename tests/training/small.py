"""A provider of made-up clips and the smallest network of Animate-X's build, for tests."""

from dataclasses import dataclass

import numpy as np

from a2bench.pose.anthropometry import ADULT, Anchor, anchor_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.training.clips import TrainingClip

OPTIONS = {
    "width": 64,
    "height": 64,
    "frames": 2,
    "pool": 3,
    "steps": 1,
    "learning_rate": 1e-3,
    "learning_rate_indicator": 1e-3,
    "autoencoder": {
        "kind": "vae",
        "block_out_channels": [8, 8, 8],
        "down_block_types": ["DownEncoderBlock2D"] * 3,
        "up_block_types": ["UpDecoderBlock2D"] * 3,
        "layers_per_block": 1,
        "norm_num_groups": 4,
    },
    "image_encoder": {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
        "projection_dim": 32,
    },
    "unet": {
        "dim": 32,
        "context_dim": 32,
        "dim_mult": [1, 1],
        "num_heads": 1,
        "head_dim": 32,
        "num_res_blocks": 1,
        "attn_scales": [0.5],
        "pose_encoder": {
            "d_model": 32, "nhead": 2, "num_encoder_layers": 1, "dim_feedforward": 32,
        },
        "perceiver": {
            "dim": 32, "depth": 1, "dim_head": 16, "heads": 2, "embedding_dim": 32,
            "output_dim": 32,
        },
    },
}  # fmt: skip


@dataclass(frozen=True)
class MadeUpClips:
    """People of several sizes that wave, on noise; the same for the same generator state."""

    count: int = 3

    def __len__(self) -> int:
        return self.count

    def clip(
        self, index: int, *, size: tuple[int, int], frames: int, rng: np.random.Generator
    ) -> TrainingClip:
        width, height = size
        body = anchor_pose(Anchor(ADULT, 0.5 + 0.1 * index), width, height)
        xy = np.repeat(body.xy, frames, axis=0) + rng.uniform(-2, 2, (frames, 18, 2))
        poses = PoseClip(xy, np.repeat(body.visibility, frames, axis=0), width, height, 8.0)
        pictures = rng.integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
        return TrainingClip(f"person {index}", pictures, poses, 8.0)
