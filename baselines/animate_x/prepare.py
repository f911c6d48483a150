"""From pictures and poses to what the network is fed, with the habits it was trained on.

Habits of the released pre-processing that the answers depend on are listed in `quirks`.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.pose.keypoints import PoseClip

Picture = npt.NDArray[np.uint8]

_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def squash(picture: Picture, width: int, height: int) -> Picture:
    """RGB uint8 (h, w, 3) stretched to another size by Pillow's antialiased bilinear filter."""
    resized = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def unit_tensor(pictures: Sequence[Picture], width: int, height: int) -> Tensor:
    """Pictures squashed, as float32 (n, 3, height, width) in [0, 1]."""
    stacked = np.stack([squash(picture, width, height) for picture in pictures])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255


def clip_tensor(pictures: Sequence[Picture], side: int) -> Tensor:
    """Pictures for CLIP's image encoder, float32 (n, 3, side, side)."""
    mean, std = (torch.tensor(values)[:, None, None] for values in (_CLIP_MEAN, _CLIP_STD))
    return (unit_tensor(pictures, side, side) - mean) / std


def through_jpeg(picture: Picture) -> Picture:
    """RGB picture after OpenCV wrote it as JPEG (its quality, 95) and it was read again."""
    written, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]))
    read = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert written
    assert read is not None
    return np.ascontiguousarray(read[..., ::-1]).astype(np.uint8)


def as_the_network_knows(pose_picture: Picture) -> Picture:
    """A pose picture drawn as RGB, after the released write and read: a JPEG, channels swapped."""
    return through_jpeg(np.ascontiguousarray(pose_picture[..., ::-1]))


def pose_tensor(pictures: Video, width: int, height: int) -> Tensor:
    """Pose pictures of a clip, as drawn in RGB, to float32 (n, 3, height, width) in [0, 1]."""
    return unit_tensor([as_the_network_knows(picture) for picture in pictures], width, height)


def keypoint_tensor(poses: PoseClip) -> Tensor:
    """Key points of a clip, float32 (n, 2, 18): x over width, y over height, -1 where absent."""
    xy = poses.xy / (poses.width, poses.height)
    xy[~poses.present] = -1
    return torch.from_numpy(xy).float().transpose(1, 2)


def frame_indices(available: int, frames: int | None, stride: int) -> list[int]:
    """Return which driving frames are used: 0, stride, 2 stride, ...

    A clip too short for `frames` gives as many as it has: nothing is held, looped or stretched,
    the answer is shorter. (The released code dies of an index there.)

    Raises:
        A2BenchError: no frame, or a stride below 1.
    """
    for name, value in (("num_frames", frames), ("frame_stride", stride)):
        if value is not None and (type(value) is not int or value < 1):
            raise A2BenchError(f"{name}={value!r}: each must be at least 1\nhint: {name}=1")
    indices = list(range(0, available, stride))[:frames]
    if not indices:
        raise A2BenchError("the driving clip has no frame")
    return indices


def windows(frames: int, window: int, overlap: int) -> list[slice]:
    """Return the overlapping parts in which a long clip is denoised; the last ends at its end.

    Raises:
        A2BenchError: windows that would not move on.
    """
    if type(overlap) is not int or not 0 <= overlap < window:
        raise A2BenchError(
            f"windows of {window} frames cannot overlap by {overlap!r}\nhint: overlap={window // 4}"
        )
    if frames <= window:
        return [slice(0, frames)]
    starts = list(range(0, frames - window, window - overlap))
    return [slice(start, start + window) for start in [*starts, frames - window]]


def window_weights(frames: int, overlap: int) -> Tensor:
    """Weight of each frame of a window: rising over the overlap, falling over it; float32."""
    rank = torch.arange(frames)
    return (torch.minimum(rank, frames - 1 - rank) + 1).clamp(max=overlap + 1).float()


def as_video(decoded: Tensor) -> Video:
    """Decoded frames (n, 3, h, w) in [-1, 1] as RGB uint8 (n, h, w, 3), truncated as released.

    They must be finite: NaN would become black.
    """
    assert decoded.isfinite().all()
    scaled = (decoded.float() * 0.5 + 0.5).clamp(0, 1) * 255
    return scaled.permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()
