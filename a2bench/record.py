"""What every record is made of: the base class, and the words that more than one record uses."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Input = Literal["pose", "driving_rgb", "clip_of_rgb", "prompt", "face", "hands", "truth"]
"""What a method may look at beside the reference image; shown in every table."""

FailureKind = Literal[
    "no_pose_reference",
    "no_pose_driving",
    "multi_person",
    "too_short",
    "missing_weights",
    "gated",
    "licence_not_accepted",
    "oom",
    "timeout",
    "crash",
    "missing_output",
    "bad_output",
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A snake_case id; the file name is the name."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
