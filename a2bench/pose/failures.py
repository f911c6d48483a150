"""A case that fails because no pose can be had."""

from typing import Literal

from a2bench.errors import A2BenchError

Kind = Literal["no_pose_reference", "no_pose_driving", "multi_person"]


class PoseFailure(A2BenchError):
    """No pose can be had of a clip: the case failed, and this is the kind of failure."""

    def __init__(self, failure: Kind, text: str) -> None:
        super().__init__(text)
        self.failure: Kind = failure
