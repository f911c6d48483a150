"""The records that cross a file boundary, each with its schema version.

Flow: Sample (manifest row) -> Case (what is scored) -> Request (what a method is given)
-> Result (what came of it) -> Value (one number or the reason why there is none).
"""

import re
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from a2bench.command_card import CommandBlock
from a2bench.record import Digest as Digest
from a2bench.record import FailureKind as FailureKind
from a2bench.record import Input as Input
from a2bench.record import Name as Name
from a2bench.record import Record as Record

Protocol = Literal["self", "rescaled", "cross"]
"""`self`: own pose, own video. `rescaled`: pose re-shaped to a human. `cross`: another's dance."""

PROTOCOLS: tuple[Protocol, ...] = ("self", "rescaled", "cross")

Track = Literal["given_pose", "as_shipped"]

ValueStatus = Literal[
    "ok", "identical", "missing", "undefined", "failed", "unavailable", "not_applicable"
]
ResultStatus = Literal["ok", "failed", "skipped"]
Region = Literal["motion", "frame", "background"]
"""`motion`: where the character ever is, dilated. `background`: all other pixels. `frame`: both."""

Fit = Literal["stretch", "letterbox", "crop"]

CaseId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
SetId = Annotated[str, StringConstraints(pattern=r"^split:[A-Za-z0-9._-]{1,100}$")]
"""Where the value of a whole split stands among those of its cases: `set_id`."""

FolderName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$", max_length=100)
]
"""A data set's name or version: one folder, never a path."""

Rate = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
"""Frames a second, in Hz."""


class Size(Record):
    """A frame size in pixels."""

    width: int = Field(ge=16, le=8192)
    height: int = Field(ge=16, le=8192)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Sample(Record):
    """One character with its video: a row of `manifest.jsonl`."""

    schema_: Literal["a2bench.sample/1"] = Field("a2bench.sample/1", alias="schema")
    id: CaseId
    index: int
    category: str
    """Family of the character ("animals"), or "adopted"."""
    attributes: dict[str, str]
    prompt: str
    """One sentence that describes the picture; the caption of the `caption` prompt track."""
    size: Size
    fps: Rate
    """Rate of the truth, in Hz: the scoring instants are `i / fps` seconds."""
    frames: int = Field(ge=2, le=4096)
    has_pose: bool
    has_mask: bool
    pose_source: Literal["exact", "estimated", "none"]
    files: dict[str, str]
    """File name -> `sha256:<hex>` of its bytes."""
    digests: dict[str, str]
    """`rgb`, `pose`, `mask`: SHA-256 of the decoded content, whatever the container's bytes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


Tier = Literal["same_body", "other_body", "missing_limbs"]
"""Of a cross pair: both have one body plan; they do not; or the driver lacks arms or legs that the
reference has, whose pixels are then undefined."""


class Pair(Record):
    """One fixed cross case: A's picture, B's dance."""

    reference_id: CaseId
    driver_id: CaseId
    tier: Tier = "other_body"


class MotionFile(Record):
    """A motion capture that a data set's characters dance instead of their own dances."""

    name: str
    """Of the file it came from; its bytes lie in the data set as `motion.bvh`."""
    sha256: Digest


class DatasetInfo(Record):
    """`dataset.json`: what a data set version is and how it was made."""

    schema_: Literal["a2bench.dataset/1"] = Field("a2bench.dataset/1", alias="schema")
    name: FolderName
    version: FolderName
    builder: Literal["procedural", "adopt", "generative"]
    profile: str
    protocols: tuple[Protocol, ...]
    order: tuple[CaseId, ...]
    """All ids in the one stratified seeded order whose prefixes are the splits."""
    splits: dict[str, int]
    """Split name -> number of ids (the first so many of `order`)."""
    cross_pairs: tuple[Pair, ...]
    """One per id, in `order`; a driver comes from the smallest split that holds its reference."""
    licence: str
    motion: MotionFile | None = None
    build: dict[str, str]
    """Library versions and machine, for people; not part of any digest."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    @model_validator(mode="after")
    def _lists_agree(self) -> "DatasetInfo":
        known = set(self.order)
        if len(known) != len(self.order):
            raise ValueError("`order` names an id twice")
        for split, count in self.splits.items():
            if not 1 <= count <= len(self.order):
                raise ValueError(f"split {split!r} has {count} ids, `order` has {len(self.order)}")
        if self.cross_pairs:
            references = tuple(pair.reference_id for pair in self.cross_pairs)
            if references != self.order:
                raise ValueError("`cross_pairs` must list every id of `order` once, in order")
            if unknown := {pair.driver_id for pair in self.cross_pairs} - known:
                raise ValueError(f"`cross_pairs` has unknown drivers: {sorted(unknown)[:5]}")
        return self


class Case(Record):
    """What is scored: a reference character, a driver, a protocol."""

    case_id: CaseId
    protocol: Protocol
    reference_id: CaseId
    driver_id: CaseId
    size: Size
    fps: Rate
    frames: int = Field(ge=2, le=4096)

    @property
    def instants_seconds(self) -> tuple[float, ...]:
        """The scoring instants."""
        return tuple(index / self.fps for index in range(self.frames))


class SpatialMap(Record):
    """How a prediction's picture lies on the target's."""

    fit: Fit = "stretch"
    """`stretch`: each axis scaled on its own. `letterbox`: the whole target picture was fitted
    into the prediction's frame, bars are cut. `crop`: the prediction shows the middle of the
    target picture only; the rest cannot be scored and is refused."""
    panel: int = 0
    """Which of `panels` side-by-side pictures is the prediction, from the left, from 0."""
    panels: int = Field(1, ge=1, le=8)
    gap_px: int = Field(0, ge=0, le=64)
    """Between two panels (torchvision's `make_grid` leaves 2)."""
    border_px: int = Field(0, ge=0, le=64)
    """Around all panels together."""

    @model_validator(mode="after")
    def _panel_exists(self) -> "SpatialMap":
        if not 0 <= self.panel < self.panels:
            raise ValueError(f"panel {self.panel} of {self.panels}: count from 0")
        return self


class TemporalMap(Record):
    """Which prediction frame stands for which instant."""

    fps: float | None = Field(None, gt=0, le=240)
    """Frame rate where the file does not say or says it wrong; None: the file's time stamps."""
    dropped_first: int = Field(0, ge=0, le=240)
    """Frames at the start that are not part of the answer (the reference repeated, say)."""


class PredictionMap(Record):
    """`prediction.yaml`: the map from what a method writes to what is scored."""

    spatial: SpatialMap | None = None
    temporal: TemporalMap | None = None


class NativeGrid(Record):
    """What a method wants to be given, and gives back."""

    size: Size | None = None
    """Frame size; None: the data set's own."""
    fps: float | None = Field(None, ge=4, le=60)
    """Driving frames a second; None: the scoring grid's."""
    frames: int | None = Field(None, ge=1, le=372)
    """Driving frames; None: as many as the scoring grid needs. 372 = 6.2 s at 60 fps."""
    fit: Fit = "stretch"
    """How reference and driver are brought to `size`; the normaliser undoes it."""


class KnownProblem(Record):
    """What is wrong upstream, as `a2bench info method NAME` tells it."""

    problem: str
    source: str = ""
    """Where it is told: an address of an issue, or the file that was read."""
    ours: str
    """What the card does about it; "nothing" is an answer too, with the reason."""


class MethodCard(Record):
    """`baselines/<name>.yaml`: everything the runner must know of a method, as data."""

    schema_: Literal["a2bench.method/1"] = Field("a2bench.method/1", alias="schema")
    name: Name
    title: str
    summary: str
    kind: Literal["in_process", "command", "precomputed"]
    entry: str | None = None
    """`in_process`: the class beside the card that animates; its file is `<name>.py`."""
    trainer: str | None = None
    """`in_process`: the class in module `training` of the method's package that trains it."""
    status: Literal["ready", "experimental"] = "ready"
    """`experimental`: the plan stands, but nobody has carried it out with the real weights, and
    some of what it needs lies outside the card."""
    status_reason: str = ""
    """Why it is experimental, or why it is `precomputed` only."""
    inputs_seen: tuple[Input, ...]
    trained_on: str = ""
    """Data that its weights have seen, for the table's column; "none": it has no weights."""
    tracks: tuple[Track, ...] = ("given_pose", "as_shipped")
    """A method without a pose input stands in both."""
    weights: tuple[Name, ...] = ()
    """`in_process`: rows of the weight table that it loads (`a2bench fetch` gets them)."""
    weights_folder: str | None = None
    """`in_process`: a folder of weights, absolute or beside the card; `{weights}` in it is the
    folder of `a2bench fetch`. The class is made with `weights_folder=` its path."""
    weights_repository: str = ""
    """The hub repository that `weights_folder` is a copy of, where it is one."""
    stochastic: bool = False
    """Whether the seed changes the answer; then three seeds are run on `quant`."""
    reference_row: bool = False
    """An oracle or ceiling: printed, never ranked, bold or underlined."""
    block: str = ""
    """Heading of a block of its own below the ranked rows, for a method that the others are not
    compared with: printed, never ranked."""
    command: CommandBlock | None = None
    """`command`: the upstream repository, its environment, and how it is told what to do."""
    device: Literal["cpu", "cuda"] = "cpu"
    batch_size: int = Field(1, ge=1, le=256)
    """Clips given at once to a class that has `batch`; it answers as one at a time would."""
    autocast: Literal["float16", "bfloat16"] | None = None
    """`in_process`: torch autocast around every call."""
    compile: str | None = None
    """`in_process`: torch.compile back end ("inductor") for every torch module of the object."""
    offload: Literal["model", "sequential"] | None = None
    """`in_process`: CPU offload of every diffusers pipeline of the object."""
    native: NativeGrid = NativeGrid()
    output: PredictionMap = PredictionMap()
    timeout_seconds: float = Field(600.0, gt=0)
    """For one clip, loading left out."""
    load_timeout_seconds: float = Field(1800.0, gt=0)
    """For making the class, once a worker process."""
    not_applicable: dict[Protocol, str] = {}
    """Protocol -> why the method has no meaning there ("equals the truth")."""
    paper: str = ""
    code: str = ""
    licence_code: str = ""
    licence_weights: str = ""
    hardware: str = ""
    """What it needs to run, as its authors state it or as we estimate it."""
    known_problems: tuple[KnownProblem, ...] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    @property
    def ranked(self) -> bool:
        """Whether its row is compared with others: no reference row, and in no block of its own."""
        return not self.reference_row and not self.block

    @model_validator(mode="after")
    def _entry_fits_kind(self) -> "MethodCard":
        if (self.kind == "in_process") != (self.entry is not None):
            raise ValueError("`entry` (a class name) goes with kind in_process, and only with it")
        if (self.kind == "command") != (self.command is not None):
            raise ValueError("`command` (a block) goes with kind command, and only with it")
        if self.weights_folder is not None and self.kind != "in_process":
            raise ValueError("`weights_folder` goes with kind in_process")
        if self.status == "experimental" and not self.status_reason:
            raise ValueError("status experimental needs `status_reason`")
        if self.command is not None:
            self.command.check_inputs(self.inputs_seen)
        return self


def ceiling_card(method: MethodCard, *, name: str, truth: MethodCard) -> MethodCard:
    """Return the card of a method's ceiling: what `truth` is given is mapped as the method's is.

    Args:
        method: whose ceiling.
        name: of the ceiling.
        truth: the card of the method that answers with the truth on the grid it is given.
    """
    size, fps = method.native.size or "own size", method.native.fps
    grid = f"{size}, {method.native.fit}, {'own rate' if fps is None else f'{fps:g} Hz'}"
    return truth.model_copy(
        update={
            "name": name,
            "title": f"Ceiling of {method.title}",
            "summary": f"The truth sent through the frame of {method.title} ({grid}).",
            "native": method.native,
            "not_applicable": {},
        }
    )


class Request(Record):
    """What one method is asked for one case and seed."""

    schema_: Literal["a2bench.request/1"] = Field("a2bench.request/1", alias="schema")
    method: Name
    dataset: str
    """Folder of the data set version."""
    case: Case
    seed: int = Field(ge=0)
    prompt: str
    output: str
    """Where the normalised prediction goes; the result record lies beside it as `.json`."""
    fingerprint: Digest
    """Digest of everything that decides the answer: see `a2bench.settings`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


class Result(Record):
    """What came of a request; written last, so its existence means the prediction is whole."""

    schema_: Literal["a2bench.result/1"] = Field("a2bench.result/1", alias="schema")
    method: str
    case_id: CaseId
    protocol: Protocol
    seed: int
    status: ResultStatus
    failure: FailureKind | None = None
    reason: str = ""
    fingerprint: Digest
    prediction_sha256: Digest | None = None
    """Digest of the prediction file; scoring refuses a file that does not match."""
    pose_sha256: Digest | None = None
    """Digest of `<case_id>.pose.npz` beside it: key points that were brought with it."""
    time_error_seconds: float | None = None
    """Largest distance between a scoring instant and the frame that stands for it."""
    infer_seconds: float | None = None
    """The method's own time for this clip, loading left out."""
    seconds: dict[str, float] = {}
    """Stage -> seconds: `load` (first clip of a worker only), `prepare`, `infer`, `store`."""
    peak_gpu_mib: float | None = None
    """Most memory in use on the device while the clip was made, as NVML counts it, sampled."""
    peak_host_mib: float | None = None
    """Most resident memory of the method's processes meanwhile, sampled."""
    device: str = ""
    """Where it was made, as the back end calls it ("cuda:1", "cpu:0")."""
    attempts: int = Field(1, ge=1)
    provenance: dict[str, str] = {}
    """What made it, where the card does not say: commit, environment, digests of weights."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    @classmethod
    def failed(cls, request: Request, kind: FailureKind, reason: str) -> "Result":
        """Return the result of a request that came to nothing."""
        return cls._without_prediction(request, "failed", kind, reason)

    @classmethod
    def skipped(cls, request: Request, reason: str, kind: FailureKind | None = None) -> "Result":
        """Return the result of a request that this machine could not do: no fault of the method.

        It is done by the next run.
        """
        return cls._without_prediction(request, "skipped", kind, reason)

    @classmethod
    def _without_prediction(
        cls, request: Request, status: ResultStatus, kind: FailureKind | None, reason: str
    ) -> "Result":
        return cls(
            method=request.method,
            case_id=request.case.case_id,
            protocol=request.case.protocol,
            seed=request.seed,
            status=status,
            failure=kind,
            reason=reason,
            fingerprint=request.fingerprint,
        )

    @model_validator(mode="after")
    def _status_has_its_fields(self) -> "Result":
        if self.status == "ok" and self.prediction_sha256 is None:
            raise ValueError("status ok needs prediction_sha256")
        if self.status == "failed" and (self.failure is None or not self.reason):
            raise ValueError("status failed needs failure and reason")
        if self.status == "skipped" and not self.reason:
            raise ValueError("status skipped needs a reason")
        return self


def set_id(split: str) -> str:
    """Return the case id under which a set's values stand; no case can have it."""
    return f"split:{split}"


def stand_ins_text(count: int, of: int) -> str:
    """Return what a set's value says of failed cases, for which the clip of `still` stands."""
    return f"{count} of {of} clips are `still`'s (failed cases)"


def stand_ins_of(reason: str) -> int:
    """Return how many failed cases a set's value says it has."""
    found = re.search(r"(?:^|; )(\d+) of \d+ clips are `still`'s \(failed cases\)$", reason)
    return int(found[1]) if found else 0


class Value(Record):
    """One metric on one case: a number, or a status and a reason."""

    protocol: Protocol
    method: str
    seed: int
    case_id: CaseId | SetId
    metric: Name
    version: int
    """Rises when the same videos give another number; versions never share a table."""
    value: float | None
    status: ValueStatus
    reason: str = ""
    region: Region
    unit: str
    key: Digest
    """Digest of truth, prediction and metric version: a changed one is scored anew."""
    samples: int | None = None
    """Of a set: how many vectors the prediction's side has, N."""
    rank: int | None = None
    """Of a set: of their covariance."""
    low: float | None = None
    """Of a set: lower end of its 95 % interval."""
    high: float | None = None
    """Of a set: upper end."""
    ranked: bool = True
    """Whether methods may be ranked by it; a Fréchet distance of a few clips must not."""
    computed_in: str = ""
    """What a network ran in, such as "torch 2.14.1, cpu, float32, autocast off", noted when it did;
    of a set every one that its vectors come from. Empty: no network was asked."""

    @model_validator(mode="after")
    def _number_or_reason(self) -> "Value":
        if (self.status in ("ok", "identical")) != (self.value is not None):
            raise ValueError(f"status {self.status} with value {self.value}")
        if self.value is None and not self.reason:
            raise ValueError(f"status {self.status} needs a reason")
        return self
