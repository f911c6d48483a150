"""From a method's own frames to the scored ones: by a declared map, or refused with its lines."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import yaml
from PIL import Image

from a2bench.errors import A2BenchError
from a2bench.normalise import (
    BadPrediction,
    Normalised,
    fit_image,
    fit_pose_xy,
    frames_for_instants,
    to_target,
)
from a2bench.records import Fit, PredictionMap, Size, SpatialMap, TemporalMap
from a2bench.video import Clip, read_video, write_lossless_rgb

FITS: tuple[Fit, ...] = ("stretch", "letterbox", "crop")
TARGET = Size(width=64, height=96)
INSTANTS = tuple(index / 8 for index in range(32))
"""The scoring grid: 32 instants at 8 Hz."""


def numbered(count: int, width: int = 64, height: int = 96) -> npt.NDArray[np.uint8]:
    """Frames of one grey each, its value the frame's number: shows which frame was taken."""
    numbers = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(numbers, (count, height, width, 3)).copy()


def clip_at(fps: float, count: int, width: int = 64, height: int = 96) -> Clip:
    """A video with time stamps."""
    return Clip(numbered(count, width, height), np.arange(count) / fps, float(fps))


def folder_of(count: int, width: int = 64, height: int = 96) -> Clip:
    """A folder of frames: no time."""
    return Clip(numbered(count, width, height), np.full(count, np.nan), None)


def normalise(
    clip: Clip,
    *,
    spatial: SpatialMap | None = None,
    temporal: TemporalMap | None = None,
    target: Size = TARGET,
    instants: Sequence[float] = INSTANTS,
) -> Normalised:
    declared = PredictionMap(spatial=spatial, temporal=temporal) if spatial or temporal else None
    return to_target(
        clip, target_size=target, instants_seconds=instants, declared=declared, what="case_7.mp4"
    )


def chosen(result: Normalised) -> list[int]:
    """Numbers of the frames that were taken."""
    return [int(number) for number in result.frames[:, 0, 0, 0]]


def smooth(width: int, height: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A picture without fine detail, so that resizing there and back keeps it."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("fit", FITS)
def test_a_picture_of_the_wanted_size_is_not_touched(fit: Fit) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)

    assert fit_image(picture, TARGET, fit) is picture


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(40, 40), (120, 50), (33, 97), (64, 95)])
def test_a_picture_of_one_colour_keeps_it(fit: Fit, size: tuple[int, int]) -> None:
    picture = np.full((96, 64, 3), (10, 200, 90), np.uint8)

    fitted = fit_image(picture, Size(width=size[0], height=size[1]), fit)

    assert fitted.shape == (size[1], size[0], 3)
    coloured = (fitted == (10, 200, 90)).all(axis=2)
    bars = (fitted == 0).all(axis=2)
    assert (coloured | bars).all()
    assert fit == "letterbox" or coloured.all()


def test_letterbox_bars_are_black_and_half_on_each_side() -> None:
    # 64x96 in 100x48: scale 1/2, 32 px wide, (100 - 32) / 2 = 34 px left and right.
    fitted = fit_image(np.full((96, 64, 3), 255, np.uint8), Size(width=100, height=48), "letterbox")

    assert (fitted[:, :34] == 0).all()
    assert (fitted[:, 34:66] == 255).all()
    assert (fitted[:, 66:] == 0).all()


def test_crop_shows_the_middle() -> None:
    # The middle 64 of 96 rows fill a square; thirds of 32 rows: 16 of the first, 32, 16 of the last
    picture = np.zeros((96, 64, 3), np.uint8)
    picture[32:64] = 255

    fitted = fit_image(picture, Size(width=64, height=64), "crop")

    assert (fitted[:16] == 0).all()
    assert (fitted[16:48] == 255).all()
    assert (fitted[48:] == 0).all()


def test_reducing_is_antialiased() -> None:
    """Stripes one pixel wide become grey, not stripes or one of their colours."""
    stripes = np.zeros((96, 64, 3), np.uint8)
    stripes[:, ::2] = 255

    fitted = fit_image(stripes, Size(width=16, height=24), "stretch")

    # 127.5, away from the borders, where the kernel is cut off unevenly.
    assert np.abs(fitted[:, 2:-2].astype(int) - 127.5).max() <= 2


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(96, 64), (128, 192), (40, 90), (77, 51)])
def test_points_move_with_the_picture_under_them(fit: Fit, size: tuple[int, int]) -> None:
    """The centre of a white square, found in the fitted picture, is where the point went."""
    picture = np.zeros((96, 64, 3), np.uint8)
    picture[40:52, 26:42] = 255
    centre = np.array([34.0, 46.0])
    wanted = Size(width=size[0], height=size[1])

    moved = fit_pose_xy(centre, TARGET, wanted, fit)

    weight = fit_image(picture, wanted, fit)[..., 0].astype(float)
    rows, columns = np.indices(weight.shape) + 0.5
    found = [(weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()]
    assert moved == pytest.approx(found, abs=0.1)  # rounding of grey values at the edge


def test_absent_points_stay_absent() -> None:
    xy = np.array([[[1.0, 2.0], [np.nan, np.nan]]])

    moved = fit_pose_xy(xy, TARGET, Size(width=128, height=96), "stretch")

    assert moved[0, 0].tolist() == [2.0, 2.0]
    assert np.isnan(moved[0, 1]).all()
    assert xy[0, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("size", [(60, 104), (128, 128), (100, 48), (33, 97)])
def test_what_was_fitted_in_is_found_again(fit: Fit, size: tuple[int, int]) -> None:
    """The way back cuts exactly where the way forth put the bars."""
    target = smooth(64, 96)
    native = fit_image(target, Size(width=size[0], height=size[1]), fit)
    clip = Clip(native[None].repeat(32, axis=0), np.arange(32) / 8, 8.0)

    result = normalise(clip, spatial=SpatialMap(fit=fit))

    # Smooth content, so only rounding and the borders of the kernel are left.
    error = result.frames[0].astype(int) - target
    assert np.abs(error).mean() < 2
    assert np.abs(error[[0, -1]]).mean() < 6  # no black bar bleeds in
    assert np.abs(error[:, [0, -1]]).mean() < 6


def test_frames_on_the_grid_pass_bit_for_bit() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (32, 96, 64, 3), dtype=np.uint8)

    result = normalise(Clip(frames, np.arange(32) / 8, 8.0))

    assert np.array_equal(frames, result.frames)
    assert result.time_error_seconds == 0


@pytest.mark.parametrize(
    ("fps", "count", "expected", "error_seconds"),
    [
        (8, 32, range(32), 0.0),
        (16, 63, range(0, 63, 2), 0.0),
        (24, 94, range(0, 94, 3), 0.0),
        (4, 16, [index // 2 for index in range(32)], 0.125),  # equally near: the earlier
        # 30 Hz: instant 1 at 3.75 frames -> 4, off by 0.25 / 30; instant 2 at 7.5 -> 7, 0.5 / 30
        (30, 117, None, 0.5 / 30),
    ],
)
def test_each_instant_gets_its_nearest_frame(
    fps: float, count: int, expected: Sequence[int] | None, error_seconds: float
) -> None:
    result = normalise(clip_at(fps, count))

    if expected is not None:
        assert list(expected) == chosen(result)
    else:
        assert chosen(result)[:5] == [0, 4, 7, 11, 15]
    assert result.time_error_seconds == pytest.approx(error_seconds)


def test_varying_frame_times_count_as_they_are() -> None:
    times_seconds = np.array([0.0, 0.1, 0.26, 0.9, 1.0])

    indices, error_seconds = frames_for_instants(times_seconds, (0.0, 0.25, 0.5, 0.75, 1.0), None)

    assert indices.tolist() == [0, 2, 2, 3, 4]
    assert error_seconds == pytest.approx(0.24)  # 0.5 against 0.26


def test_a_millisecond_of_rounding_does_not_swap_neighbours() -> None:
    """WebM writes 0.125 s as 0.125 and 0.0625 as 0.062 or 0.063: ties stay with the earlier."""
    exact = np.arange(16) / 4
    rounded = exact + np.where(np.arange(16) % 2, 4e-4, -4e-4)

    exact_indices, _ = frames_for_instants(exact, INSTANTS, 4)
    indices, _ = frames_for_instants(rounded, INSTANTS, 4)

    assert np.array_equal(exact_indices, indices)


@pytest.mark.parametrize(
    ("fps", "count"),
    [
        (8, 32),
        (4, 16),  # last frame at 3.75 s stands until 3.875 s: half a frame of 0.25 s
        (16, 62),  # last frame at 3.8125 s: one frame early is 0.0625 s, half of that is not enough
        (16, 81),
    ],
)
def test_the_last_frame_may_lie_half_a_frame_early(fps: float, count: int) -> None:
    clip = clip_at(fps, count)
    beyond_seconds = 3.875 - (count - 1) / fps

    if beyond_seconds <= 0.5 / fps:
        assert len(normalise(clip).frames) == 32
    else:
        with pytest.raises(BadPrediction, match="too short"):
            normalise(clip)


def test_a_clip_that_ends_early_is_too_short_and_says_by_how_much() -> None:
    # 16 frames at 8 Hz last 2 s; the last instant at 3.875 s needs half a frame more: 3.9375 s.
    with pytest.raises(BadPrediction, match=r"16 frames last 2\.000 s.* needs 3\.938 s") as caught:
        normalise(clip_at(8, 16))

    assert caught.value.failure == "too_short"
    assert "case_7.mp4" in str(caught.value)
    assert isinstance(caught.value, A2BenchError)


def test_times_that_do_not_rise_are_a_bug() -> None:
    with pytest.raises(ValueError, match="expected rising times"):
        frames_for_instants(np.array([0.0, np.nan]), INSTANTS, 8)


def declared_by(caught: pytest.ExceptionInfo[BadPrediction]) -> PredictionMap:
    """The map made of the YAML lines that an error tells to add."""
    lines = re.findall(
        r"^(?:spatial:|temporal:|  fit: \w+|  fps: [\d.]+)$", str(caught.value), re.M
    )
    return PredictionMap.model_validate(yaml.safe_load("\n".join(lines)))


def test_another_aspect_is_refused_with_the_line_that_accepts_it() -> None:
    """81 frames of 480x832 px at 16 Hz for 512x768: a common video model's output."""
    clip = clip_at(16, 81, width=480, height=832)
    target = Size(width=512, height=768)

    with pytest.raises(
        BadPrediction, match=r"480x832 px has another aspect than .* 512x768"
    ) as why:
        normalise(clip, target=target)
    declared = declared_by(why)
    result = normalise(clip, target=target, spatial=declared.spatial)

    assert why.value.failure == "bad_output"
    assert declared == PredictionMap(spatial=SpatialMap(fit="stretch"))
    assert result.frames.shape == (32, 768, 512, 3)
    assert chosen(result) == list(range(0, 64, 2))
    assert result.time_error_seconds == 0


def test_nearly_the_same_aspect_needs_no_line() -> None:
    # 512x758 against 512x768: 1.3 % is refused; 512x764 is 0.5 %.
    target = Size(width=512, height=768)

    assert normalise(clip_at(8, 32, 512, 764), target=target).frames.shape == (32, 768, 512, 3)
    with pytest.raises(BadPrediction, match="another aspect"):
        normalise(clip_at(8, 32, 512, 758), target=target)


def test_a_folder_of_as_many_frames_as_instants_is_the_scoring_grid() -> None:
    result = normalise(folder_of(32))

    assert chosen(result) == list(range(32))
    assert result.time_error_seconds == 0


@pytest.mark.parametrize("count", [31, 33, 81])
def test_a_folder_of_another_count_is_refused_with_the_line_to_add(count: int) -> None:
    with pytest.raises(BadPrediction, match=f"{count} frames without a time") as why:
        normalise(folder_of(count))

    assert why.value.failure == "bad_output"
    assert declared_by(why) == PredictionMap(temporal=TemporalMap(fps=8))


def test_a_declared_rate_gives_a_folder_its_time() -> None:
    result = normalise(folder_of(81), temporal=TemporalMap(fps=16))

    assert chosen(result) == list(range(0, 64, 2))


def test_the_right_count_at_another_rate_is_ambiguous_until_declared() -> None:
    """32 frames stamped 25 Hz: the scoring grid with a wrong rate, or 1.28 s of fast dance?"""
    clip = clip_at(25, 32)

    with pytest.raises(BadPrediction, match=r"ambiguous.*25 frames a second.*1\.280 s") as why:
        normalise(clip)
    result = normalise(clip, temporal=declared_by(why).temporal)

    assert why.value.failure == "bad_output"
    assert chosen(result) == list(range(32))


def test_time_stamps_that_reach_the_last_instant_are_believed() -> None:
    """32 frames at 4 Hz last 8 s: by time, every instant but the first two shares a frame."""
    assert chosen(normalise(clip_at(4, 32))) == [index // 2 for index in range(32)]


def test_a_declared_rate_overrules_the_stamps() -> None:
    assert chosen(normalise(clip_at(8, 63), temporal=TemporalMap(fps=16))) == list(range(0, 63, 2))


def test_dropped_first_frames_do_not_count() -> None:
    """A method that repeats the reference once at the start."""
    stamped = normalise(clip_at(8, 33), temporal=TemporalMap(dropped_first=1))
    folder = normalise(folder_of(33), temporal=TemporalMap(dropped_first=1))
    rated = normalise(folder_of(64), temporal=TemporalMap(dropped_first=1, fps=16))

    assert chosen(stamped) == chosen(folder) == list(range(1, 33))
    assert chosen(rated) == list(range(1, 64, 2))


def test_dropping_every_frame_is_too_short() -> None:
    with pytest.raises(BadPrediction, match="leaves none") as caught:
        normalise(clip_at(8, 32), temporal=TemporalMap(dropped_first=32))

    assert caught.value.failure == "too_short"


@pytest.mark.parametrize("panel", [0, 1, 2])
def test_one_of_several_pictures_side_by_side_is_cut_out(panel: int) -> None:
    frames = np.zeros((32, 96, 192, 3), np.uint8)
    for index in range(3):
        frames[:, :, 64 * index : 64 * (index + 1)] = 50 + index
    clip = Clip(frames, np.arange(32) / 8, 8.0)

    result = normalise(clip, spatial=SpatialMap(panel=panel, panels=3))

    assert result.frames.shape == (32, 96, 64, 3)
    assert (result.frames == 50 + panel).all()


def test_a_panel_may_have_bars() -> None:
    """Two pictures of 64x96 letterboxed into squares, side by side."""
    target = smooth(64, 96)
    square = fit_image(target, Size(width=96, height=96), "letterbox")
    frame = np.concatenate([np.full_like(square, 128), square], axis=1)
    clip = Clip(frame[None].repeat(32, axis=0), np.arange(32) / 8, 8.0)

    result = normalise(clip, spatial=SpatialMap(fit="letterbox", panel=1, panels=2))

    assert np.array_equal(target, result.frames[0])  # 64x96 inside 96x96: never resized


def test_gaps_and_a_border_are_left_out() -> None:
    """Three pictures of 64x96 as `make_grid` lays them: 3 x 64 + 4 x 2 = 200 wide, 96 + 4 high."""
    frames = np.zeros((32, 100, 200, 3), np.uint8)
    for index in range(3):
        left = 2 + index * (64 + 2)
        frames[:, 2:98, left : left + 64] = 50 + index
    clip = Clip(frames, np.arange(32) / 8, 8.0)

    result = normalise(clip, spatial=SpatialMap(panel=2, panels=3, gap_px=2, border_px=2))

    assert (result.frames == 52).all()


def test_more_panels_than_columns_are_refused() -> None:
    with pytest.raises(BadPrediction, match="cannot hold 8 panels"):
        normalise(clip_at(8, 32, width=4), spatial=SpatialMap(panel=0, panels=8))


def test_a_crop_is_refused_because_the_rest_was_never_seen() -> None:
    # A square shows the middle 64 of 96 rows.
    with pytest.raises(BadPrediction, match=r"32 px of the target were never seen") as caught:
        normalise(clip_at(8, 32, 64, 64), spatial=SpatialMap(fit="crop"))
    # 48x96 shows the middle 48 of 64 columns.
    with pytest.raises(BadPrediction, match=r"16 px of the target were never seen"):
        normalise(clip_at(8, 32, 48, 96), spatial=SpatialMap(fit="crop"))

    assert caught.value.failure == "bad_output"


def test_a_crop_that_lost_nothing_is_a_resize() -> None:
    result = normalise(clip_at(8, 32, 128, 192), spatial=SpatialMap(fit="crop"))

    assert result.frames.shape == (32, 96, 64, 3)


def test_constant_output_is_scored_not_refused() -> None:
    black = Clip(np.zeros((32, 96, 64, 3), np.uint8), np.arange(32) / 8, 8.0)

    assert not normalise(black).frames.any()


def test_tiny_and_huge_outputs_need_no_special_case() -> None:
    """Sizes beyond those of `Size` are outputs like others."""
    tiny = normalise(clip_at(8, 32, 2, 3))

    assert chosen(tiny) == list(range(32))


def test_the_ceiling_of_a_method_is_a_file_away(tmp_path: Path) -> None:
    """Truth to a method's grid, through a real file, and back: a perfect method's output."""
    truth = np.stack([smooth(64, 96, seed) for seed in range(32)])
    native = np.stack(
        [fit_image(frame, Size(width=60, height=104), "letterbox") for frame in truth]
    )
    write_lossless_rgb(tmp_path / "prediction.mp4", native, 8)

    result = normalise(read_video(tmp_path / "prediction.mp4"), spatial=SpatialMap(fit="letterbox"))

    assert result.time_error_seconds == 0
    assert np.abs(result.frames.astype(int) - truth).mean() < 2
