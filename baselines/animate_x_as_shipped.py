"""Animate-X on the track `as_shipped`: poses by its own detector, prepared as its authors do.

As released (process_data.py): DWPose on every driving frame at its own size, the surest person of
each, the whole frame where it sees nobody; body, feet and hands drawn; no smoothing, no alignment
to the reference, no pose of the reference. Driving frames are JPEGs before CLIP sees them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from a2bench import weights
from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.pose.dwpose import DWPose

from .animate_x import AnimateX, AnimateXPipeline, Clip, prepare

NETWORKS = {"dwpose_detector_onnx": "yolox_l.onnx", "dwpose_pose_onnx": "dw-ll_ucoco_384.onnx"}
"""Row of the weight table -> its name below `dwpose/` in a weights folder of one's own."""


class AnimateXAsShipped(AnimateX):
    """The released model behind the released pre-processing.

    A weights folder of one's own may have a folder `dwpose` with both networks; without it they are
    those of `a2bench fetch dwpose`.
    """

    def __init__(self, device: str, weights_folder: Path | None = None) -> None:
        """Load Animate-X and both networks of DWPose onto one device."""
        super().__init__(device, weights_folder)
        own = None if weights_folder is None else Path(weights_folder) / "dwpose"
        if own is not None and own.is_dir():
            files = [own / file for file in NETWORKS.values()]
        else:
            files = [weights.path_of(name) for name in NETWORKS]
        self.dwpose = DWPose(*files, device=device)

    def batch(self, inputs: Sequence[Inputs]) -> Sequence[Video]:
        """Return one clip for each of the inputs, at the network's own size."""
        clips = [self._clip(each) for each in inputs]
        pipeline: AnimateXPipeline = self.pipeline
        return pipeline.animate(clips, conditioning=self.conditioning, steps=self.steps)

    def _clip(self, inputs: Inputs) -> Clip:
        frames = inputs.driving_video
        seen = self.dwpose.estimate(frames, fps=inputs.fps)
        return Clip(
            inputs.reference_image,
            np.stack([prepare.through_jpeg(frame) for frame in inputs.clip_frames]),
            seen.pose(),
            seed=inputs.seed,
            pose_pictures=seen.draw(),
        )
