"""`still`: the reference, repeated. What any method must beat."""

import numpy as np

from a2bench.method import Inputs
from a2bench.metric import Video


class Still:
    """Repeats the reference image."""

    def __init__(self, device: str) -> None:
        del device  # nothing to load

    def __call__(self, inputs: Inputs) -> Video:
        """The reference image in every frame."""
        return np.repeat(inputs.reference_image[None], inputs.frames, axis=0)
