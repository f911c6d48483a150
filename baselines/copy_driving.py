"""`copy_driving`: the driver's own frames. The right motion of the wrong character."""

from a2bench.method import Inputs
from a2bench.metric import Video


class CopyDriving:
    """Hands the driving video back."""

    def __init__(self, device: str) -> None:
        del device  # nothing to load

    def __call__(self, inputs: Inputs) -> Video:
        """The driver's frames."""
        return inputs.driving_video[: inputs.frames]
