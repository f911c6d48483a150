"""What a model is trained on: short clips with their key points, from whatever provider.

A provider is asked for the clip of an index; the same index and the same state of the generator
give the same clip, on every machine and in any order. So a training run that was ended goes on
with the clips it would have seen.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from a2bench.metric import Video
from a2bench.pose.keypoints import PoseClip


@dataclass(frozen=True)
class TrainingClip:
    """One clip with its key points.

    Attributes:
        name: of the character, for logs and errors.
        frames: RGB uint8 (t, h, w, 3), what is to be learned.
        poses: key points of the frames, as many, on their size; as in a sample's `pose.npz`.
        fps: frames a second.
        reference_image: RGB uint8 (h, w, 3) of the same character, what a method is given of it;
            None: the trainer takes one of the frames.
        reference_pose: its key points, one frame; None where `reference_image` is.
        driving_frames: RGB uint8 (t, any height, any width, 3) of somebody who dances the same,
            what an image encoder may see of the driver; None: `frames` themselves.
    """

    name: str
    frames: Video
    poses: PoseClip
    fps: float
    reference_image: npt.NDArray[np.uint8] | None = None
    reference_pose: PoseClip | None = None
    driving_frames: Video | None = None

    def __post_init__(self) -> None:
        t, height, width = self.frames.shape[:3]
        if (len(self.poses), self.poses.height, self.poses.width) != (t, height, width):
            found = f"{len(self.poses)} poses on {self.poses.width}x{self.poses.height}"
            raise ValueError(f"{self.name}: {t} frames of {width}x{height} px with {found}")
        if (self.reference_image is None) != (self.reference_pose is None):
            raise ValueError(f"{self.name}: reference picture and pose go together")
        if self.driving_frames is not None and len(self.driving_frames) != t:
            raise ValueError(f"{self.name}: {len(self.driving_frames)} driving frames for {t}")


class TrainingClips(Protocol):
    """A provider of clips."""

    def __len__(self) -> int:
        """Return how many characters or videos it has; `clip` takes indices below that."""

    def clip(
        self, index: int, *, size: tuple[int, int], frames: int, rng: np.random.Generator
    ) -> TrainingClip:
        """Return a clip of the index.

        Args:
            index: 0 to len - 1.
            size: (width, height) in px of the clip's frames.
            frames: how many.
            rng: what chooses the part, the dance or the view; nothing else is random.
        """
