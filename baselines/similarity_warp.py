"""`similarity_warp`: the cut-out character moved, turned and scaled as a whole, frame by frame."""

import numpy as np

from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.pose.cutout import cut_out, paste
from a2bench.pose.realign import fit_similarity, realign

_SAME_PX = 1e-6


class SimilarityWarp:
    """Least-squares similarity from the reference's joints to the realigned driver's."""

    def __init__(self, device: str) -> None:
        del device  # nothing to load

    def __call__(self, inputs: Inputs) -> Video:
        """The character moved by one similarity a frame over its filled background."""
        image = inputs.reference_image
        start = inputs.reference_pose.xy[0]
        poses = realign(inputs.driving_pose[: inputs.frames], inputs.reference_pose)
        joints = np.flatnonzero(poses.present.all(axis=0) & inputs.reference_pose.present[0])
        cutout = cut_out(image, start)
        layer = cutout.layer(image)
        video = np.empty((inputs.frames, *image.shape), np.uint8)
        for frame, xy in zip(video, poses.xy, strict=True):
            if np.abs(xy[joints] - start[joints]).max(initial=0) < _SAME_PX:
                frame[:] = image
                continue
            frame[:] = cutout.background
            paste(frame, layer, fit_similarity(start[joints], xy[joints]))
        return video
