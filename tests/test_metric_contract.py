"""What holds for every metric of a clip, whoever wrote it."""

import ast
import json
import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from a2bench import plugins
from a2bench.metric import ClipFeatures, ClipPair, Metric, Poses

NAMES = plugins.names("metrics")
CLIPS = [name for name in NAMES if plugins.metric(name).of_set is None]
"""Metrics of a clip; those of a set are in test_sets.py, networks in tests/networks."""
PIXELS = [name for name in CLIPS if not plugins.metric(name).all_weights]
LOOKS_AT_ORDER = {"flow_temporal_dis", "flicker"}
"""Metrics of movement from frame to frame; all others pool frames, whose order is then nothing."""

FIELD_PSNR = {"psnr_star", "psnr_uint8"}
"""The field gives identical frames 100 dB, and a frame with one value off by one some more."""
WRAPS_AROUND = {"psnr_uint8"}
"""Metrics whose known defect is that they do not get worse with error."""


def _computable(name: str) -> Metric:
    metric = plugins.metric(name)
    if lacking := metric.missing():
        pytest.skip(f"{name}: {lacking}")
    return metric


def _dance(frames: int = 4, height: int = 96, width: int = 80) -> np.ndarray:
    """A textured square that walks over a textured wall."""
    generator = np.random.default_rng(0)
    wall, coat = (
        cv2.normalize(
            cv2.GaussianBlur(generator.random((height, width, 3)).astype(np.float32), (0, 0), 2.5),
            None,
            10,
            245,
            cv2.NORM_MINMAX,
        ).astype(np.uint8)
        for _ in range(2)
    )
    clip = np.stack([wall] * frames)
    for index, frame in enumerate(clip):
        left = 8 + 5 * index
        frame[20:70, left : left + 30] = coat[20:70, 10:40]
    return clip


def _region(clip: np.ndarray) -> np.ndarray:
    scored = np.zeros(clip.shape[:3], dtype=np.bool_)
    scored[:, 15:75, 4:60] = True
    return scored


def _pair(prediction: np.ndarray, target: np.ndarray, scored: np.ndarray | None = None) -> ClipPair:
    """What the scorer makes: with a region, what lies outside of it is the background.

    The key points that come with it are as far off as the picture is, some joints more than others.
    """
    outside = None if scored is None else np.logical_not(scored.any(axis=0))
    spread = np.random.default_rng(0).uniform(5, 70, (18, 2))
    truth = np.broadcast_to(spread, (len(target), 18, 2))
    error = np.abs(prediction.astype(np.float64) - target).mean(axis=(1, 2, 3))
    found = truth + error[:, None, None] * np.linspace(0.2, 2, 18)[:, None]
    poses = Poses(found, truth, np.ones(truth.shape[:2], np.bool_))
    return ClipPair(prediction, target, scored, outside, poses=poses)


def _noisy(clip: np.ndarray, sigma: float) -> np.ndarray:
    grain = np.random.default_rng(1).normal(size=clip.shape)
    return np.clip(np.rint(clip + sigma * grain), 0, 255).astype(np.uint8)


def test_the_pixel_metrics_are_there() -> None:
    primary = {"psnr", "ssim", "l1", "flow_error_dis"}
    field = {"psnr_star", "psnr_uint8", "ssim_gray7", "l1_over_area"}

    assert field <= set(plugins.metric_names("disco"))

    assert primary | {f"{name}_full" for name in primary} <= set(NAMES)
    assert primary <= set(plugins.metric_names("a2bench"))
    assert {f"{name}_full" for name in primary} <= set(plugins.metric_names("extended"))


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_are_filled(name: str) -> None:
    metric = plugins.metric(name)

    for fact in ("title", "summary", "unit", "formula", "pitfalls", "paper", "code"):
        assert getattr(metric, fact), fact
    assert metric.version >= 1
    assert metric.suites
    assert metric.digits >= 0
    low, high = metric.value_range
    assert low <= metric.perfect <= high
    best = low if metric.direction == "lower" else high
    if name not in FIELD_PSNR and metric.of_set is None:
        assert metric.perfect == (best if metric.cap is None else metric.cap)
    assert math.isfinite(metric.perfect)


@pytest.mark.parametrize("name", NAMES)
def test_the_head_of_the_file_says_what_it_averages_over(name: str) -> None:
    head = ast.get_docstring(ast.parse(plugins.files("metrics")[name].read_text())) or ""

    assert "Averages over" in head
    assert "identical" in head.lower() or "equal sets" in head.lower()


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_that_changes_the_number_is_named(name: str) -> None:
    metric = plugins.metric(name)

    assert {"frames", "region", "size"} <= set(metric.choices) or metric.view == "scored"
    assert metric.choices
    assert metric.licences
    assert metric.minimum
    assert metric.agreement


@pytest.mark.parametrize(
    "name", [name for name in NAMES if plugins.metric(name).region == "background"]
)
def test_without_a_mask_there_is_no_background(name: str) -> None:
    clip = _dance()
    outcome = plugins.metric(name).outcome(ClipPair(_noisy(clip, 5), clip))

    assert outcome.status == "undefined"
    assert "mask" in outcome.reason


@pytest.mark.parametrize("name", CLIPS)
def test_a_prediction_equal_to_the_truth_is_perfect(name: str) -> None:
    if not plugins.metric(name).identical_is_perfect:
        return  # likeness to something else than the truth; in tests/networks
    clip = _dance()
    for scored in (None, _region(clip)):
        if scored is None and plugins.metric(name).region == "background":
            continue  # nothing says what is background
        outcome = plugins.metric(name).outcome(_pair(clip.copy(), clip, scored))

        assert outcome.status == "identical"
        assert outcome.value == plugins.metric(name).perfect


@pytest.mark.parametrize("dimension", [6, 64])
@pytest.mark.parametrize("name", [name for name in NAMES if plugins.metric(name).of_set])
def test_a_set_beside_itself_has_distance_zero(name: str, dimension: int) -> None:
    """With more vectors than dimensions and with fewer; usual KID pairs x with x in one term."""
    part = plugins.metric(name).of_set
    assert part is not None
    generator = np.random.default_rng(0)
    clips = [
        ClipFeatures(f"case-{i}", f"r{i}", f"r{i}", generator.normal(size=(3, dimension)))
        for i in range(12)
    ]

    found = part.distance(clips, clips).value

    assert found is not None
    if name == "kid_standard":
        assert found < 0
    else:
        assert found == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", PIXELS)
def test_an_empty_region_is_undefined_with_a_reason(name: str) -> None:
    clip = _dance()
    nothing = np.zeros(clip.shape[:3], dtype=np.bool_)

    metric = plugins.metric(name)
    if metric.region == "background":
        nothing = np.logical_not(nothing)  # the region fills the frame
    outcome = metric.outcome(_pair(_noisy(clip, 5), clip, nothing))

    if metric.region == "frame" or metric.view == "field":  # the region is not its business
        assert outcome == metric.outcome(_pair(_noisy(clip, 5), clip))
        return
    assert (outcome.value, outcome.status) == (None, "undefined")
    assert outcome.reason


@pytest.mark.parametrize("name", [name for name in PIXELS if name not in WRAPS_AROUND])
def test_a_worsening_picture_moves_it_the_stated_way(name: str) -> None:
    metric, clip = _computable(name), _dance()

    values = [
        metric.outcome(_pair(_noisy(clip, sigma), clip, _region(clip))).value
        for sigma in (3, 12, 48)
    ]

    assert None not in values
    assert values == sorted(values, reverse=metric.direction == "higher")
    assert len(set(values)) == 3


def _legal_pairs() -> Iterator[tuple[str, ClipPair]]:
    clip = _dance()
    noise = np.random.default_rng(2).integers(0, 256, clip.shape, dtype=np.uint8)
    black, white = np.zeros_like(clip), np.full_like(clip, 255)
    one_pixel = np.zeros(clip.shape[:3], dtype=np.bool_)
    one_pixel[1, 0, 0] = True
    border = np.zeros(clip.shape[:3], dtype=np.bool_)
    border[:, -1, :] = border[:, :, -1] = True
    off_by_one = clip.copy()
    off_by_one[0, 0, 0, 0] ^= 1
    yield "black for white", _pair(black, white)
    yield "white for a picture", _pair(white, clip)
    yield "a picture for black", _pair(clip, black)
    yield "noise", _pair(noise, clip)
    yield "one value off by one", _pair(off_by_one, clip)
    yield "a difference outside the region only", _pair(off_by_one, clip, border)
    yield "one frame", _pair(noise[:1], clip[:1])
    yield "one scored pixel", _pair(noise, clip, one_pixel)
    yield "a region along the border", _pair(noise, clip, border)
    yield "the smallest legal size", _pair(noise[:, :16, :16], clip[:, :16, :16])
    yield "odd sides", _pair(noise[:, :37, :23], clip[:, :37, :23])


@pytest.mark.parametrize("name", PIXELS)
def test_legal_input_gives_a_finite_number_or_a_reason(name: str) -> None:
    metric = _computable(name)
    low, high = metric.value_range
    for what, pair in _legal_pairs():
        outcome = metric.outcome(pair)

        json.dumps(outcome.value, allow_nan=False)
        if outcome.value is None:
            assert outcome.status not in ("ok", "identical"), what
            assert outcome.reason, what
        else:
            assert outcome.status in ("ok", "identical"), what
            assert low <= outcome.value <= high, what


@pytest.mark.parametrize("name", [name for name in PIXELS if name not in LOOKS_AT_ORDER])
def test_the_order_of_frames_changes_no_digit(name: str) -> None:
    metric, clip = _computable(name), _dance(frames=5)
    prediction, scored = _noisy(clip, 10), _region(clip)
    scored[1, 30:] = False
    shuffled = np.array([3, 0, 4, 2, 1])

    first = metric.outcome(_pair(prediction, clip, scored))
    second = metric.outcome(_pair(prediction[shuffled], clip[shuffled], scored[shuffled]))

    assert first == second


@pytest.mark.parametrize("name", PIXELS)
def test_memory_layout_changes_no_digit(name: str) -> None:
    metric, clip = _computable(name), _dance()
    prediction, scored = _noisy(clip, 10), _region(clip)
    expected = metric.outcome(_pair(prediction, clip, scored))
    read_only = prediction.copy()
    read_only.setflags(write=False)
    layouts = {
        "Fortran order": [np.asfortranarray(array) for array in (prediction, clip, scored)],
        "negative strides": [
            np.ascontiguousarray(array[:, ::-1])[:, ::-1] for array in (prediction, clip, scored)
        ],
        "every second of a larger array": [
            np.repeat(array, 2, axis=2)[:, :, ::2] for array in (prediction, clip, scored)
        ],
        "BGR turned to RGB": [
            np.ascontiguousarray(prediction[..., ::-1])[..., ::-1],
            np.ascontiguousarray(clip[..., ::-1])[..., ::-1],
            np.broadcast_to(scored[0], scored.shape),
        ],
        "read-only": [read_only, clip, scored],
    }

    for layout, arrays in layouts.items():
        assert metric.outcome(_pair(*arrays)) == expected, layout


@pytest.mark.parametrize("name", PIXELS)
def test_inputs_are_left_as_they_were(name: str) -> None:
    metric, clip = _computable(name), _dance()
    prediction, scored = _noisy(clip, 10), _region(clip)
    before = [array.copy() for array in (prediction, clip, scored)]

    metric.outcome(_pair(prediction, clip, scored))

    assert all(map(np.array_equal, (prediction, clip, scored), before))


@pytest.mark.parametrize("name", PIXELS)
def test_the_number_of_threads_changes_no_digit(name: str) -> None:
    """Large enough that OpenCV splits the work."""
    metric, clip = _computable(name), _dance(frames=2, height=256, width=200)
    pair = _pair(_noisy(clip, 10), clip, _region(clip))
    threads = cv2.getNumThreads()
    try:
        outcomes = []
        for count in (1, 2):
            cv2.setNumThreads(count)
            outcomes.append(metric.outcome(pair))
    finally:
        cv2.setNumThreads(threads)

    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", [name for name in PIXELS if f"{name}_full" in NAMES])
def test_a_region_of_the_whole_frame_gives_the_full_version(name: str) -> None:
    clip = _dance()
    prediction = _noisy(clip, 3)
    prediction[:, 20:60, 10:50] = _noisy(clip, 20)[:, 20:60, 10:50]
    every = _pair(prediction, clip, np.ones(clip.shape[:3], dtype=np.bool_))
    some = _pair(prediction, clip, _region(clip))
    full = plugins.metric(f"{name}_full")

    expected = full.outcome(some).value

    assert plugins.metric(name).outcome(every).value == pytest.approx(expected, rel=1e-12)
    assert plugins.metric(name).outcome(some).value != pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("prediction", "scored"),
    [
        ((3, 16, 16, 3), (4, 16, 16)),
        ((1, 16, 16, 3), (4, 16, 16)),
        ((4, 16, 17, 3), (4, 16, 16)),
        ((4, 16, 16, 3), (3, 16, 16)),
        ((4, 16, 16, 3), (4, 17, 16)),
    ],
)
def test_clips_of_different_shapes_are_refused(
    prediction: tuple[int, ...], scored: tuple[int, ...]
) -> None:
    """Numpy would broadcast one frame against four."""
    target = np.zeros((4, 16, 16, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"shape = .* but self.target.shape"):
        ClipPair(np.zeros(prediction, dtype=np.uint8), target, np.ones(scored, dtype=np.bool_))


def test_a_metric_that_does_not_see_a_corruption_says_so_on_its_card() -> None:
    """Each bold cell of the metric ladder: the pitfalls point to the page."""
    page = Path(__file__).parent.parent / "docs" / "validity.md"
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if "**" in line]
    blind = {line.split("`")[1] for line in rows if line.startswith("| `")}

    assert "psnr_background" in blind
    for name in blind:
        assert "docs/validity.md" in plugins.metric(name).pitfalls, name
