"""What a metric is, and what it is given.

A metric is one file `metrics/<name>.py` with a `METRIC`. It never opens a file: the scorer decodes
each video once and hands the same `ClipPair` to every metric.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, UInt8

from a2bench.records import Region, ValueStatus

Video = UInt8[np.ndarray, "t h w 3"]
"""RGB frames, uint8 in [0, 255]; `t` frames, `h` rows, `w` columns."""

Pixels = Bool[np.ndarray, "t h w"]
"""Which pixels of which frames are scored."""


@dataclass(frozen=True)
class ClipPair:
    """One prediction beside its truth: only the frames that are scored.

    Attributes:
        prediction: RGB uint8 (t, h, w, 3).
        target: RGB uint8 (t, h, w, 3), the truth.
        scored_pixels: bool (t, h, w): the region minus each frame's undefined parts; None: all.
    """

    prediction: Video
    target: Video
    scored_pixels: Pixels | None = None

    def __post_init__(self) -> None:
        if self.prediction.shape != self.target.shape:
            raise ValueError(f"{self.prediction.shape = } but {self.target.shape = }")
        if self.scored_pixels is not None and self.scored_pixels.shape != self.target.shape[:3]:
            raise ValueError(f"{self.scored_pixels.shape = } but {self.target.shape = }")

    @property
    def region(self) -> Region:
        """`motion` where only some pixels are scored, `frame` where all are."""
        return "frame" if self.scored_pixels is None else "motion"

    @cached_property
    def identical(self) -> bool:
        """Whether every pixel of every scored frame is the same, outside the region too."""
        return bool(np.array_equal(self.prediction, self.target))

    @cached_property
    def full_frame(self) -> "ClipPair":
        """The same clips with every pixel scored."""
        return self if self.scored_pixels is None else ClipPair(self.prediction, self.target)

    @cached_property
    def scored_box(self) -> tuple[slice, slice]:
        """Rows and columns that hold every scored pixel; the whole frame where all are."""
        height, width = self.target.shape[1:3]
        if self.scored_pixels is None or not self.scored_pixels.any():
            return slice(0, height), slice(0, width)
        ever = self.scored_pixels.any(axis=0)
        rows, columns = np.flatnonzero(np.any(ever, axis=1)), np.flatnonzero(np.any(ever, axis=0))
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


@dataclass(frozen=True)
class Outcome:
    """A clip's number, or why there is none."""

    value: float | None
    status: ValueStatus = "ok"
    reason: str = ""


def _nothing_missing() -> str:
    return ""


@dataclass(frozen=True)
class Metric:
    """A full-reference metric of one clip.

    Attributes:
        version: rises when the same videos give another number.
        summary: what it says, one line.
        direction: which way is better.
        unit: of the value ("dB", "px", "1").
        value_range: smallest and largest possible value.
        perfect: the value of a prediction equal to the truth.
        clip: the computation; the scorer never calls it for identical clips.
        cap: value with which a case enters means where the metric is unbounded (PSNR).
        digits: printed decimals.
        pitfalls: what it does not see, for `info metric`.
        paper, code: source, the code with its commit or version.
        whole_frame: scores every pixel even where a region is known (`*_full`).
        missing: what the machine lacks to compute it (weights), with the command that gets it;
            "" where nothing is missing. Asked once a run.
    """

    version: int
    summary: str
    direction: Literal["higher", "lower"]
    unit: str
    value_range: tuple[float, float]
    perfect: float
    clip: Callable[[ClipPair], Outcome]
    title: str
    cap: float | None = None
    digits: int = 3
    formula: str = ""
    pitfalls: str = ""
    paper: str = ""
    code: str = ""
    suites: tuple[str, ...] = field(default=("a2bench",))
    whole_frame: bool = False
    missing: Callable[[], str] = _nothing_missing

    def outcome(self, pair: ClipPair) -> Outcome:
        """Score one clip: identical clips are perfect by definition, without computing."""
        if not len(pair.target):
            return Outcome(None, "undefined", "no scored frame")
        if self.whole_frame:
            pair = pair.full_frame
        if pair.scored_pixels is not None and not pair.scored_pixels.any():
            return Outcome(None, "undefined", "no scored pixel: the region is empty in every frame")
        if pair.identical:
            return Outcome(self.perfect, "identical")
        return self.clip(pair)

    def better(self, first: float, second: float) -> bool:
        """Whether `first` is strictly better than `second`."""
        return first > second if self.direction == "higher" else first < second
