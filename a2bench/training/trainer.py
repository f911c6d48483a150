"""What a method brings to be trained: a module whose forward pass is its loss, and its samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from a2bench.metric import Video
from a2bench.training.clips import TrainingClip, TrainingClips

Sample = dict[str, Tensor]
"""One clip as the module wants it, on the CPU; samples of one run stack."""

Prepare = Callable[[TrainingClip, Sequence[int]], Sample]
"""Clip and seed -> sample. All chance of a sample comes from its seed. Worker processes get it
pickled, so it holds no network."""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters with a learning rate of their own.

    Attributes:
        name: for the log.
        learning_rate: before warm-up and schedule.
        parameters: names in the module.
    """

    name: str
    learning_rate: float
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """One row of an ablation.

    Attributes:
        title: as tables print it.
        options: what it changes of the trainer's options.
    """

    title: str
    options: Mapping[str, Any]


class MethodTrainer(Protocol):
    """A method that can be trained; its card's `trainer` names the class.

    Made with `options` (the configuration's, of its own making), `clips`, and `seed`, from which
    all first weights are drawn.

    Attributes:
        module: all that is computed with. `module(batch)` is the loss of each sample (b,); what
            needs a gradient is learned, the rest is frozen.
        size: (width, height) in px of the clips it is trained on.
        frames: of a clip.
    """

    module: nn.Module
    size: tuple[int, int]
    frames: int

    def __init__(self, options: Mapping[str, Any], clips: TrainingClips, *, seed: int) -> None:
        """Draw the first weights, or read those that training starts from.

        Raises:
            A2BenchError: an option is unknown or wrong.
        """

    @classmethod
    def variants(cls) -> Mapping[str, Variant]:
        """Return the ablations it knows; `full` changes nothing."""

    def settings(self) -> dict[str, Any]:
        """Return every option in force, as plain values: what a run is compared by on resuming."""

    def groups(self) -> list[ParameterGroup]:
        """Return the parameters that are learned, each once."""

    def prepare(self) -> Prepare:
        """Return what makes a sample of a clip."""

    def animate(self, clips: Sequence[TrainingClip], *, seed: int) -> list[Video]:
        """Animate the clips' references by their own poses with the weights as they are."""

    def save(self, folder: Path) -> None:
        """Write the model as its method class reads it (`weights_folder=`)."""

    def card(self) -> dict[str, Any]:
        """Return the fields of the trained model's card that come from training."""

    def adapter(self) -> str:
        """Return the Python text beside that card: the class `Trained`."""


def generator(seed: Sequence[int], stream: int) -> np.random.Generator:
    """Return one of a sample's independent streams of chance."""
    return np.random.default_rng([*seed, stream])
