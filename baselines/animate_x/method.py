"""Animate-X as a method of the benchmark."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch

from a2bench.errors import A2BenchError
from a2bench.method import Inputs
from a2bench.metric import Video

from .pipeline import AnimateXPipeline, Clip, Conditioning, WeightsKind


class AnimateX:
    """The released model, as its released configuration runs it.

    For weights of your own, a card of its own name has `weights_folder`, what
    `AnimateXPipeline.save_pretrained` wrote, and a subclass says in `weights` what they are.
    """

    weights: ClassVar[WeightsKind] = "released"
    """Others are refused: a row of a table never shows another model than its name says."""
    conditioning: ClassVar[Conditioning | None] = "local_image"
    """None: the configuration's."""
    steps: ClassVar[int | None] = None
    """None: the configuration's."""

    def __init__(self, device: str, weights_folder: Path | None = None) -> None:
        """Load a folder's weights, or the released ones from where `a2bench fetch` put them.

        On CUDA the UNet runs in float16, CLIP and VAE wait on the CPU.
        """
        cuda = device.startswith("cuda")
        dtype = torch.float16 if cuda else torch.float32
        if weights_folder is None:
            self.pipeline = AnimateXPipeline.from_weights(device=device, dtype=dtype, offload=cuda)
        else:
            self.pipeline = AnimateXPipeline.from_pretrained(
                weights_folder, device=device, dtype=dtype, offload=cuda
            )
        found = self.pipeline.config.weights
        if found != self.weights:
            raise A2BenchError(
                f"{weights_folder} holds {found} weights, {type(self).__name__} stands for "
                f"{self.weights} ones.\nhint: give them a card of their own, and a subclass with "
                f"weights = {found!r}"
            )

    def __call__(self, inputs: Inputs) -> Video:
        """Return the clip."""
        return self.batch([inputs])[0]

    def batch(self, inputs: Sequence[Inputs]) -> Sequence[Video]:
        """Return one clip for each of the inputs."""
        size = inputs[0].size
        return self.pipeline.animate(
            [self._clip(each) for each in inputs],
            conditioning=self.conditioning,
            size=(size.width, size.height),
            steps=self.steps,
        )

    def _clip(self, inputs: Inputs) -> Clip:
        # As released, the reference's own pose is shown only in its own slot; the key points that
        # come first are then those of driving frame 0.
        where = self.conditioning or self.pipeline.config.conditioning
        own = None if where == "local_image" else inputs.reference_pose
        # a model without the implicit indicator does not look at the driver's frames
        seen = inputs.clip_frames if "clip_of_rgb" in inputs.allowed else None
        return Clip(inputs.reference_image, seen, inputs.driving_pose, own, inputs.seed)


class TrainedAnimateX(AnimateX):
    """A model that `a2bench train` made, run as its folder says."""

    weights: ClassVar[WeightsKind] = "trained"
    conditioning: ClassVar[Conditioning | None] = None
