"""Frames as networks take them: windows of time, and the field's ways to resize."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torch.nn import functional

from a2bench.networks.loading import device

Frames = UInt8[np.ndarray, "t h w 3"]


def window_starts(frames: int, width: int) -> list[int]:
    """First frames of the fewest windows that together see every frame, evenly spread."""
    count = -(-frames // width)
    if count == 1:
        return [0]
    return [round(index * (frames - width) / (count - 1)) for index in range(count)]


def to_tensor(frames: Frames) -> Float[Tensor, "t 3 h w"]:
    """Frames as float32 in [0, 255], on the device; what travels there is bytes."""
    return torch.from_numpy(frames.copy()).to(device()).movedim(-1, 1).float()


def pil_bicubic(frames: Frames, side: int) -> Float[Tensor, "t 3 side side"]:
    """Squash to a square by Pillow's antialiased bicubic in float, not clipped: may leave [0, 255].

    One channel at a time in mode F, as DisCo and clean-fid do.
    """
    made = np.empty((len(frames), 3, side, side), dtype=np.float32)
    for index, frame in enumerate(frames):
        for channel in range(3):
            plane = Image.fromarray(frame[..., channel].astype(np.float32))
            small = plane.resize((side, side), Image.Resampling.BICUBIC)
            made[index, channel] = np.asarray(small)
    return torch.from_numpy(made)


def bilinear_squash(frames: Float[Tensor, "t 3 h w"], side: int) -> Float[Tensor, "t 3 side side"]:
    """Squash to a square, bilinear, not antialiased."""
    return functional.interpolate(frames, size=(side, side), mode="bilinear", align_corners=False)


def bilinear_crop(frames: Float[Tensor, "t 3 h w"], side: int) -> Float[Tensor, "t 3 side side"]:
    """Short side to `side`, bilinear, not antialiased, then the middle square."""
    height, width = frames.shape[-2:]
    scale = side / min(height, width)
    # as VideoGPT computes it: the long side is rounded up
    size = (
        (side, int(np.ceil(width * scale)))
        if height < width
        else (int(np.ceil(height * scale)), side)
    )
    small = functional.interpolate(frames, size=size, mode="bilinear", align_corners=False)
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    return small[..., top : top + side, left : left + side]
