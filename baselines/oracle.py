"""`oracle`: the truth. Shows what each metric gives to a perfect answer; never ranked."""

from a2bench.method import Inputs
from a2bench.metric import Video


class Oracle:
    """Hands the truth back."""

    def __init__(self, device: str) -> None:
        del device  # nothing to load

    def __call__(self, inputs: Inputs) -> Video:
        """The true frames."""
        return inputs.truth[: inputs.frames]
