"""What an in-process method is: a class that is made once a device and called once a clip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Input, Size


@dataclass(frozen=True)
class Inputs:
    """What a method may look at for one clip. Reading what the card does not name is refused.

    Attributes:
        reference_image: RGB uint8 (h, w, 3), the character; frame 0 of its own video.
        size: frame size of reference, driver and the frames wanted back.
        frames: number of frames wanted back, the first at 0 s.
        fps: frames a second of driver and answer.
        seed: for stochastic methods; never taken from a clock.
        allowed: what the card's `inputs_seen` names.
    """

    reference_image: npt.NDArray[np.uint8]
    size: Size
    frames: int
    fps: float
    seed: int
    allowed: frozenset[Input]
    sources: dict[Input, Callable[[], object]] = field(repr=False)

    def _read(self, name: Input) -> object:
        if name not in self.allowed:
            raise A2BenchError(
                f"the method looked at {name!r}, which its card does not declare.\n"
                f"hint: add {name} to `inputs_seen` in its card (it is a column of the table)."
            )
        return self.sources[name]()

    def read_all(self) -> None:
        """Read everything the card names, so that reading is not taken for the method's time."""
        names: dict[Input, str] = {
            "clip_of_rgb": "clip_frames",
            "driving_rgb": "driving_video",
            "pose": "driving_pose",
            "prompt": "prompt",
            "truth": "truth",
        }
        for name in sorted(self.allowed & names.keys()):
            getattr(self, names[name])

    @cached_property
    def driving_video(self) -> Video:
        """The driver's own frames, RGB uint8 (t, h, w, 3). Needs `driving_rgb`."""
        return self._read("driving_rgb")  # type: ignore[return-value]

    @cached_property
    def clip_frames(self) -> Video:
        """The driver's frames (t, h, w, 3), for a CLIP image encoder only. Needs `clip_of_rgb`.

        What is done with them is the method's word, as for everything its card declares.
        """
        return self._read("clip_of_rgb")  # type: ignore[return-value]

    @cached_property
    def driving_pose(self) -> PoseClip:
        """The driver's key points in px, one set a frame. Needs `pose`."""
        return self._read("pose")[0]  # type: ignore[index,no-any-return]

    @cached_property
    def reference_pose(self) -> PoseClip:
        """The reference's key points in px, one frame. Needs `pose`."""
        return self._read("pose")[1]  # type: ignore[index,no-any-return]

    @cached_property
    def prompt(self) -> str:
        """The sentence of the prompt track. Needs `prompt`."""
        return self._read("prompt")  # type: ignore[return-value]

    @cached_property
    def truth(self) -> Video:
        """The right answer, for reference rows only. Needs `truth`."""
        return self._read("truth")  # type: ignore[return-value]


@runtime_checkable
class Method(Protocol):
    """Ten lines are enough: take a device, answer with frames."""

    def __init__(self, device: str) -> None:
        """Load what is needed once; `device` is "cpu" or "cuda:N"."""

    def __call__(self, inputs: Inputs) -> Video:
        """Return `inputs.frames` RGB uint8 frames of `inputs.size`, the first at 0 s."""


@runtime_checkable
class BatchMethod(Method, Protocol):
    """A method that can do several clips at once; the card's `batch_size` says how many."""

    def batch(self, inputs: Sequence[Inputs]) -> Sequence[Video]:
        """Return one clip for each of the inputs, the same as one call each would."""
