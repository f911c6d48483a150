"""What a metric is, and what it is given.

A metric is one file `metrics/<name>.py` with a `METRIC`. It never opens a file: the scorer decodes
each video once and hands the same `ClipPair` to every metric that has the same view of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from a2bench import weights
from a2bench.records import Region, ValueStatus

Video = UInt8[np.ndarray, "t h w 3"]
"""RGB frames, uint8 in [0, 255]; `t` frames, `h` rows, `w` columns."""

Pixels = Bool[np.ndarray, "t h w"]
"""Which pixels of which frames are scored."""

View = Literal["scored", "field"]
"""What a metric is shown of a clip.

`scored`: the rules of suite `a2bench`: without the input frame (and, in `cross`, without frames
turned away), each frame with its region. `field`: every frame of the clip, whole, the input frame
too, as the field's script does (suite `disco`).
"""


@dataclass(frozen=True)
class Poses:
    """Key points of a clip pair, frame by frame, COCO-18.

    Attributes:
        prediction_xy: float64 (t, 18, 2), px of the target's frame; NaN where there is no such
            joint. Brought beside the prediction: nothing here looks for people in pictures.
        target_xy: the truth's, as the data set has them.
        seen: bool (t, 18): joints that can be seen in the truth.
    """

    prediction_xy: Float64[np.ndarray, "t 18 2"]
    target_xy: Float64[np.ndarray, "t 18 2"]
    seen: Bool[np.ndarray, "t 18"]


@dataclass(frozen=True)
class ClipPair:
    """One prediction beside its truth: only the frames that are scored.

    Attributes:
        prediction: RGB uint8 (t, h, w, 3).
        target: RGB uint8 (t, h, w, 3), the truth.
        scored_pixels: bool (t, h, w): the region minus each frame's undefined parts; None: all.
        background: bool (h, w): pixels outside the region in every frame; None: not known.
        instants: each frame's number in the clip, so that metrics of movement see gaps; None: the
            frames follow each other.
        reference_image: the picture of the character that the method was given; None: not known.
        poses: key points of truth and prediction; None: none were brought.
    """

    prediction: Video
    target: Video
    scored_pixels: Pixels | None = None
    background: Bool[np.ndarray, "h w"] | None = None
    instants: tuple[int, ...] | None = None
    reference_image: UInt8[np.ndarray, "_ _ 3"] | None = None
    poses: Poses | None = None

    def __post_init__(self) -> None:
        if self.prediction.shape != self.target.shape:
            raise ValueError(f"{self.prediction.shape = } but {self.target.shape = }")
        if self.scored_pixels is not None and self.scored_pixels.shape != self.target.shape[:3]:
            raise ValueError(f"{self.scored_pixels.shape = } but {self.target.shape = }")
        if self.background is not None and self.background.shape != self.target.shape[1:3]:
            raise ValueError(f"{self.background.shape = } but {self.target.shape = }")
        if self.instants is not None and len(self.instants) != len(self.target):
            raise ValueError(f"{len(self.instants) = } but {self.target.shape = }")

    @cached_property
    def identical(self) -> bool:
        """Whether every pixel of every scored frame is the same, outside the region too."""
        return bool(np.array_equal(self.prediction, self.target))

    @cached_property
    def full_frame(self) -> "ClipPair":
        """The same clips with every pixel scored."""
        return self if self.scored_pixels is None else replace(self, scored_pixels=None)

    @cached_property
    def outside_region(self) -> "ClipPair":
        """The same clips with the background scored; only where it is known."""
        assert self.background is not None
        every = np.broadcast_to(self.background, self.target.shape[:3])
        return replace(self, scored_pixels=every)

    @cached_property
    def successive(self) -> tuple[int, ...]:
        """Indices `i` for which frame `i + 1` is the next instant of the clip."""
        at = self.instants or tuple(range(len(self.target)))
        return tuple(i for i in range(len(at) - 1) if at[i + 1] == at[i] + 1)

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


NO_POSE = (
    "no key points were brought: put <case_id>.pose.npz beside the prediction "
    "(`a2bench score --predictions`)"
)


@dataclass(frozen=True)
class Agreement:
    """How near a metric comes to an independent implementation of the same definition.

    Attributes:
        reference: the implementation, with its version.
        within: largest difference, in the metric's unit, that the tests let pass; the measured
            one is in docs/precision.md.
    """

    reference: str
    within: float


@dataclass(frozen=True)
class ClipFeatures:
    """What a network says of one clip.

    Attributes:
        case_id: of the clip.
        reference_id, driver_id: who is seen and who drives it.
        vectors: float32, one row a frame or window.
    """

    case_id: str
    reference_id: str
    driver_id: str
    vectors: Float32[np.ndarray, "n d"]


@dataclass(frozen=True)
class Extractor:
    """A network with one convention of feeding it: frames of a clip to vectors.

    Attributes:
        name, version: identify it in the store of features; the version rises when the same frames
            give other vectors.
        weights: rows of the weight table.
        dimension: of a vector.
        of: what a vector is of, such as "frame" or "window of 16 frames".
        fewest_frames: shorter clips have no vector.
        extract: the computation; loads its network when it is first called.
    """

    name: str
    version: int
    weights: tuple[str, ...]
    dimension: int
    of: str
    extract: Callable[[Video], Float32[np.ndarray, "n d"]]
    fewest_frames: int = 1


@dataclass(frozen=True)
class SetOutcome(Outcome):
    """A set's number with what it rests on.

    Attributes:
        samples: vectors of the prediction's side, N.
        rank: of their covariance, where the metric uses one.
        low, high: 95 % interval, where there is one.
        ranked: whether methods may be ranked by it.
    """

    samples: int | None = None
    rank: int | None = None
    low: float | None = None
    high: float | None = None
    ranked: bool = True


@dataclass(frozen=True)
class SetPart:
    """How a metric of a whole set is computed: one value a protocol, method and seed.

    Attributes:
        extractor: makes the vectors, kept a clip, so that each is computed once.
        distance: of the predictions' clips to the truths'; both hold the same cases in the same
            order, sorted by case id.
    """

    extractor: Extractor
    distance: Callable[[Sequence[ClipFeatures], Sequence[ClipFeatures]], SetOutcome]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A full-reference metric of one clip, or of the set of all clips.

    Attributes:
        version: rises when the same videos give another number.
        summary: what it says, one line.
        direction: which way is better.
        unit: of the value ("dB", "px", "1").
        value_range: smallest and largest possible value.
        perfect: the value of a prediction equal to the truth.
        clip: the computation for one clip; the scorer never calls it for identical clips.
        of_set: the computation for a set of clips; a metric has the one or the other.
        weights: rows of the weight table that `clip` needs; those of `of_set` are known by it.
        cap: value with which a case enters means where the metric is unbounded (PSNR).
        digits: printed decimals.
        choices: every decision that changes the number, such as "resize" or "covariance", by name.
        minimum: the fewest frames, pixels or clips that give a number.
        pitfalls: what it does not see, for `info metric`.
        paper, code: source, the code with its commit or version.
        licences: of code and weights that it stands on.
        agreement: independent implementations that the tests hold it against.
        region: the pixels it scores where a region is known: the region, the whole frame
            (`*_full`), or what lies outside the region (`*_background`).
        view: the frames it is shown; metrics of suite `disco` have the field's.
        identical_is_perfect: whether a clip equal to its truth has the perfect value; else it is
            computed like any other.
        sees_reference: whether it looks at the picture that the method was given.
        needs_pose: looks at key points that were brought beside the prediction, and at nothing
            else; `unavailable` without them.
        missing: what the machine lacks to compute it (weights), with the command that gets it;
            "" where nothing is missing. Asked once a run.
    """

    version: int
    summary: str
    direction: Literal["higher", "lower"]
    unit: str
    value_range: tuple[float, float]
    perfect: float
    clip: Callable[[ClipPair], Outcome] | None = None
    of_set: SetPart | None = None
    weights: tuple[str, ...] = ()
    title: str
    cap: float | None = None
    digits: int = 3
    formula: str = ""
    pitfalls: str = ""
    paper: str = ""
    code: str = ""
    suites: tuple[str, ...] = field(default=("a2bench",))
    choices: Mapping[str, str] = field(default_factory=dict, hash=False)
    minimum: str = "1 frame"
    licences: str = ""
    agreement: tuple[Agreement, ...] = ()
    region: Region = "motion"
    view: View = "scored"
    sees_reference: bool = False
    identical_is_perfect: bool = True
    needs_pose: bool = False
    missing: Callable[[], str] = _nothing_missing

    def __post_init__(self) -> None:
        if (self.clip is None) == (self.of_set is None):
            raise ValueError("a metric has `clip` or `of_set`, one of them")
        if self.all_weights and self.missing is _nothing_missing:
            object.__setattr__(self, "missing", partial(weights.missing, *self.all_weights))

    @property
    def all_weights(self) -> tuple[str, ...]:
        """Rows of the weight table without which it has no number."""
        return self.of_set.extractor.weights if self.of_set else self.weights

    def outcome(self, pair: ClipPair) -> Outcome:
        """Score one clip: identical clips are perfect by definition, without computing."""
        if not len(pair.target):
            return Outcome(None, "undefined", "no scored frame")
        if self.needs_pose:
            assert self.clip is not None
            return Outcome(None, "unavailable", NO_POSE) if pair.poses is None else self.clip(pair)
        if self.region == "frame":
            pair = pair.full_frame
        elif self.region == "background":
            if pair.background is None:
                return Outcome(None, "undefined", "no mask: nothing says what is background")
            pair = pair.outside_region
        if pair.scored_pixels is not None and not pair.scored_pixels.any():
            return Outcome(None, "undefined", "no scored pixel: the region is empty in every frame")
        if pair.identical and self.identical_is_perfect:
            return Outcome(self.perfect, "identical")
        assert self.clip is not None  # sets have no outcome of one clip
        found = self.clip(pair)
        if found.value is not None and (mark := weights.unverified(*self.weights)):
            return replace(found, reason="; ".join(filter(None, (found.reason, mark))))
        return found

    def scored_region(self, *, masked: bool) -> Region:
        """Return the region of its values, on data with masks or without."""
        return self.region if masked and self.view == "scored" else "frame"

    def better(self, first: float, second: float) -> bool:
        """Whether `first` is strictly better than `second`."""
        return first > second if self.direction == "higher" else first < second
