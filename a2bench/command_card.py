"""The `command` block of a card: an upstream repository, and how it is told what to do.

Texts of the block (arguments, files, values) may hold placeholders in braces; each is replaced by
one of these, and any other name in braces is refused when the card is read:

    {python}             interpreter of the method's environment
    {source}             the job's own view of the checkout: what is written there stays there
    {work}               the job's folder; `{work}/out` exists and is empty
    {reference_image}    PNG, RGB, on the method's grid
    {driving_video}      H.264, constant rate, on the method's grid            needs driving_rgb
    {pose_video}         its skeleton, drawn the OpenPose way                  needs pose
    {pose_images}        the same as a folder of 000000.png ...                needs pose
    {pose_npz}           its key points in px (PoseClip)                       needs pose
    {reference_pose_image} {reference_pose_npz}   the reference's own pose     needs pose
    {prompt}             the sentence of the prompt track                      needs prompt
    {seed} {width} {height} {frames} {fps}        numbers; {fps} of the driver
    {job}                a name made of letters, digits and underscores
    {weights}            the weights folder, where the card's `weights_folders` lie
"""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from a2bench.record import Digest, FailureKind, Input, Name, Record

PLACEHOLDERS: Mapping[str, Input | None] = {
    "python": None,
    "source": None,
    "work": None,
    "reference_image": None,
    "driving_video": "driving_rgb",
    "pose_video": "pose",
    "pose_images": "pose",
    "pose_npz": "pose",
    "reference_pose_image": "pose",
    "reference_pose_npz": "pose",
    "prompt": "prompt",
    "seed": None,
    "width": None,
    "height": None,
    "frames": None,
    "fps": None,
    "job": None,
    "weights": None,
}
"""Placeholder -> what of the inputs it lets the method see."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def placeholders(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return set(_PLACEHOLDER.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders replaced; in one pass, so values are never read again."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _known(text: str) -> str:
    if unknown := placeholders(text) - PLACEHOLDERS.keys():
        raise ValueError(
            f"unknown placeholder {{{min(unknown)}}}; known: {', '.join(PLACEHOLDERS)}"
        )
    return text


def _relative(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or text != str(path) or text in ("", "."):
        raise ValueError(f"{text!r}: expected a path inside the folder, such as configs/job.yaml")
    return text


Template = Annotated[str, AfterValidator(_known)]
RelativePath = Annotated[str, AfterValidator(_relative)]


class Source(Record):
    """Upstream code: cloned once, checked out at one commit, never run from a branch."""

    url: str
    """`https://...`, `file://...`, or a folder of this machine."""
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    licence: str = ""

    @model_validator(mode="after")
    def _is_an_address(self) -> "Source":
        if not (self.url.startswith(("https://", "file://", "/")) and "\n" not in self.url):
            raise ValueError(f"url {self.url!r}: expected https://, file:// or an absolute path")
        return self


class Patch(Record):
    """One small named edit of one file of the checkout, made on a copy."""

    name: Name
    why: str
    file: RelativePath
    sha256: Digest
    """Of the file as upstream has it: an edit never meets another version of it."""
    find: str = Field(min_length=1)
    """Must be there exactly once, after the edits before this one."""
    replace: str


class JobLiteral(Record):
    """A module-level assignment of a script whose value a job replaces, on the job's own copy."""

    file: RelativePath
    sha256: Digest
    """Of the file, patched if there are patches."""
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")]
    value: Template
    """A Python literal; placeholders inside quotes are escaped for them."""


class UvEnvironment(Record):
    """A Python environment that uv makes; it is named by the digest of this block and its lock."""

    python: Annotated[str, StringConstraints(pattern=r"^3\.\d{1,2}(\.\d{1,2})?$")]
    packages: tuple[str, ...] = ()
    """Requirements of ours, never upstream's file."""
    lock: Literal["card", "first_build"] = "card"
    """`card`: `<name>.lock` lies beside the card, with hashes, from PyPI. `first_build`: made when
    it is first built, where packages come from another index or from a folder."""
    index_urls: tuple[str, ...] = ()
    """Indexes beside PyPI ("https://download.pytorch.org/whl/cu121"); needs lock first_build."""
    find_links: tuple[str, ...] = ()
    """Folders or pages with wheels; needs lock first_build."""
    imports: tuple[str, ...] = ()
    """Modules that `a2bench env check` imports."""
    container: str = ""
    """An image that has the same; `env build` prints the command, we do not run it."""

    @model_validator(mode="after")
    def _lock_fits_index(self) -> "UvEnvironment":
        if self.lock == "card" and (self.index_urls or self.find_links):
            raise ValueError("packages from other places than PyPI need `lock: first_build`")
        if any(word.startswith("-") for word in (*self.packages, *self.index_urls)):
            raise ValueError("packages and indexes are names and addresses, never options")
        return self


class LinkedWeights(Record):
    """A row of the weight table, and where upstream looks for the file."""

    name: Name
    """Of the row: host, id, file, SHA-256 and licence stand there (`a2bench fetch`)."""
    link: RelativePath
    """In the checkout."""
    gated: bool = False
    """Its host asks for a log-in: an absent file is then `gated`, not `missing_weights`."""


class WeightsFolder(Record):
    """A whole hub repository, put into the weights folder by the hub's own tool."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    """Of the folder; `{weights}/<name>` in steps and literals."""
    repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    """On the Hugging Face hub."""
    licence: str = ""


class Terms(Record):
    """A licence that the user has to accept before the method is run."""

    name: Name
    title: str
    text: str
    """What it asks, in a few lines."""
    url: str = ""


class Step(Record):
    """One program of a plan."""

    name: Name
    argv: tuple[Template, ...] = Field(min_length=1)
    """Never a shell line."""
    folder: str = ""
    """Where it is started, in the checkout; "": its top."""
    files: dict[RelativePath, Template] = {}
    """Written into the job's folder first: path -> text. YAML and JSON values that hold
    placeholders are safest in double quotes: paths and prompts are escaped for them."""
    environment: dict[str, Template] = {}
    expect: tuple[RelativePath, ...] = ()
    """Patterns of files that must be in the job's folder afterwards (`out/*.mp4`)."""


class CommandOutput(Record):
    """Which file is the answer. How it lies on the target is `output` of the card."""

    find: RelativePath
    """Pattern below the job's folder; exactly one file (or folder of frames) must match."""
    leave_out: tuple[str, ...] = ()
    """Patterns of names that match too but are something else (`*_grid.mp4`)."""
    frames: int | None = Field(None, ge=1, le=4096)
    """How many frames it must have; None: as many as the driver, and `dropped_first` more."""


class CommandBlock(Record):
    """Everything the runner must know to run an upstream repository."""

    source: Source
    patches: tuple[Patch, ...] = ()
    literals: tuple[JobLiteral, ...] = ()
    environment: UvEnvironment
    weights: tuple[LinkedWeights, ...] = ()
    weights_folders: tuple[WeightsFolder, ...] = ()
    terms: tuple[Terms, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1)
    result: CommandOutput
    failures: dict[str, FailureKind] = {}
    """What the log says -> what it means ("expected non-empty vector": no_pose_reference)."""

    def templates(self) -> Iterator[str]:
        """Yield every text that may hold placeholders."""
        for step in self.steps:
            yield from step.argv
            yield from step.files.values()
            yield from step.environment.values()
        for literal in self.literals:
            yield literal.value

    def used(self) -> set[str]:
        """Return the placeholders in use."""
        return set().union(*map(placeholders, self.templates()))

    def check_inputs(self, inputs_seen: Collection[Input]) -> None:
        """Refuse a placeholder that lets the method see what its card does not name.

        Raises:
            ValueError: it does.
        """
        for name in sorted(self.used()):
            needed = PLACEHOLDERS[name]
            if needed is not None and needed not in inputs_seen:
                raise ValueError(f"{{{name}}} shows the method {needed!r}: add it to inputs_seen")
