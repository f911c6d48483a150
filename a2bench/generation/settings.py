"""What decides the candidates of a generative build, as records.

`generation.json` beside the candidates says it; candidates of two settings are never mixed.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from a2bench.records import Digest, Rate, Record, Size

Threshold = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class PipelineSettings(Record):
    """A pipeline of diffusers and how it is called."""

    target: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")] = Field(
        alias="_target_"
    )
    """Its class: `diffusers.QwenImagePipeline`."""
    repository: str = Field("", max_length=200)
    """On the hub; what `hf download` takes."""
    revision: str = Field("main", max_length=100)
    """Commit, tag or branch that is asked for."""
    licence: str = Field("", max_length=200)
    dtype: Literal["float32", "float16", "bfloat16"] = "bfloat16"
    float32: tuple[str, ...] = ()
    """Components that stay in float32 (`vae`)."""
    offload: Literal["model", "sequential"] | None = None
    """To the CPU, between uses."""
    needs: tuple[str, ...] = ()
    """Packages that diffusers uses for it without saying so when they are missing."""
    size: Size
    """Of what it makes, in px."""
    call: dict[str, Any]
    """Arguments by name; texts of the form `{prompt}` stand for what `VALUES` names."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


class VideoSettings(PipelineSettings):
    """An image-to-video pipeline."""

    frames: int = Field(ge=2, le=1024)
    fps: Rate
    """Of its videos."""


class Weights(Record):
    """What lies in a folder of weights."""

    sha256: Digest
    """Over names and contents of its files."""
    commit: str = ""
    """Of the hub, where the download noted it; "" where it did not."""


class Prompts(Record):
    """Which prompts are used."""

    source: str
    """The grammar's name, or the name of a file of one's own."""
    sha256: Digest
    """Of the sentences that are used, in order."""
    count: int = Field(ge=1)


class Generation(Record):
    """`generation.json`: everything that decides the candidates and what is measured of them."""

    schema_: Literal["a2bench.generation/1"] = Field("a2bench.generation/1", alias="schema")
    prompts: Prompts
    candidates: int = Field(ge=1, le=64)
    """Of a prompt: each a picture and a video made of it."""
    seed: int = Field(ge=0, lt=2**31)
    motion_prompt: str = Field(max_length=1000)
    """What the video's prompt is: `{prompt}` and `{object}` are filled in."""
    text_to_image: PipelineSettings | None
    """None: candidates were made elsewhere, and `brought` is their digest."""
    text_to_image_weights: Weights | None
    image_to_video: VideoSettings | None
    image_to_video_weights: Weights | None
    brought: Digest | None
    """Over the files of candidates that were made elsewhere."""
    fps: Rate
    """Of the truth."""
    frames: int = Field(ge=2, le=4096)
    """Of the truth."""
    dwpose: dict[Literal["detector", "estimator"], Digest]
    """Network -> digest of its file."""
    identity_clip: Digest | None
    """Digest of CLIP's weights; None: identity is measured by colours alone."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


class Thresholds(Record):
    """What a candidate must have to pass the screening; see `a2bench.generation.screening`."""

    pose_share: Threshold
    """Least share of frames in which a pose is found."""
    pose_confidence: Threshold
    """Least mean score of the key points."""
    pose_jitter: Threshold
    """Most mean change of a key point's velocity, in frame heights a frame."""
    one_subject: Threshold
    """Least share of frames with exactly one subject."""
    identity_colour: Threshold
    """Least agreement of the subject's colours with the picture's."""
    identity_clip: Threshold
    """Least cosine of CLIP embeddings; used where CLIP's weights are."""
    motion_least: Threshold
    """Least motion, in frame heights a second."""
    motion_most: Threshold
    cut: Threshold
    """Largest step between two frames, as mean difference of all pixels in [0, 1]."""


class AccurateRule(Record):
    """Which poses count as accurate where no person says so."""

    most: int = Field(ge=1)
    """So many at most, the surest first."""
    pose_share: Threshold
    pose_confidence: Threshold
    pose_jitter: Threshold
