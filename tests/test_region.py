"""The region is an exact disc around everything the character ever covers."""

import numpy as np
import pytest

from a2bench.errors import A2BenchError
from a2bench.region import frames_scored, margin_px, motion_region, scored_pixels


def _grown_by_definition(foreground: np.ndarray, radius: int) -> np.ndarray:
    """Every pixel with a foreground pixel within the radius, in integers, one disc at a time."""
    rows, columns = np.indices(foreground.shape)
    grown = np.zeros_like(foreground)
    for row, column in np.argwhere(foreground):
        grown |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return grown


@pytest.mark.parametrize(
    ("height", "expected"),
    # 16 h / 768 = h / 48: 768 -> 16, 1216 -> 25.3, 384 -> 8, 96 -> 2, 24 -> .5 -> at least 1.
    [(768, 16), (1216, 25), (384, 8), (96, 2), (24, 1), (16, 1)],
)
def test_the_margin_scales_with_the_height_and_never_vanishes(height: int, expected: int) -> None:
    assert margin_px(height) == expected


def test_one_pixel_grows_to_the_disc_of_gauss() -> None:
    """Integer points within 16 of the origin: Gauss's circle problem has N(16) = 797."""
    masks = np.zeros((2, 768, 64), dtype=np.bool_)
    masks[1, 400, 32] = True

    region = motion_region(masks)

    assert np.count_nonzero(region) == 797
    assert region[400 + 16, 32]
    assert region[400, 32 + 16]
    assert not region[400 + 16, 32 + 1]  # 16^2 + 1 > 16^2


@pytest.mark.parametrize("height", [48, 96, 150, 240])
def test_the_region_is_that_of_the_definition_for_scattered_pixels(height: int) -> None:
    generator = np.random.default_rng(height)
    masks = generator.random((3, height, 67)) < 0.002

    expected = _grown_by_definition(masks.any(axis=0), margin_px(height))

    assert np.array_equal(motion_region(masks), expected)


def test_large_radii_are_exact_too() -> None:
    """At height 8160 the radius is 170; the disc is compared row by row in integers."""
    masks = np.zeros((1, 8160, 401), dtype=np.bool_)
    masks[0, 4000, 200] = True
    rows, columns = np.ogrid[:8160, :401]

    expected = (rows - 4000) ** 2 + (columns - 200) ** 2 <= 170**2

    assert np.array_equal(motion_region(masks), expected)


def test_the_region_is_the_union_over_all_frames_with_the_first() -> None:
    masks = np.zeros((3, 48, 48), dtype=np.bool_)
    masks[0, 10, 10] = masks[2, 30, 40] = True

    region = motion_region(masks)

    assert region[10, 10]
    assert region[30, 40]
    assert np.count_nonzero(region) == 10  # two discs of radius 1: five pixels each


def test_masks_at_the_border_and_whole_frames_are_kept() -> None:
    corner = np.zeros((1, 96, 64), dtype=np.bool_)
    corner[0, 0, 0] = True

    # radius 2 in a corner: (0,0) (0,1) (0,2) (1,0) (1,1) (2,0)
    assert np.count_nonzero(motion_region(corner)) == 6
    assert motion_region(np.ones((2, 96, 64), dtype=np.bool_)).all()


def test_no_foreground_gives_an_empty_region_and_no_frames_are_refused() -> None:
    assert not motion_region(np.zeros((2, 96, 64), dtype=np.bool_)).any()
    with pytest.raises(A2BenchError, match="masks without frames"):
        motion_region(np.zeros((0, 96, 64), dtype=np.bool_))


def test_the_order_and_layout_of_masks_do_not_matter() -> None:
    masks = np.random.default_rng(1).random((5, 96, 64)) < 0.003

    region = motion_region(masks)

    assert np.array_equal(region, motion_region(masks[::-1]))
    assert np.array_equal(region, motion_region(np.asfortranarray(masks)))


def test_undefined_parts_leave_only_their_own_frame() -> None:
    masks = np.zeros((3, 96, 64), dtype=np.bool_)
    masks[:, 40:60, 20:40] = True
    undefined = np.zeros_like(masks)
    undefined[1, 45:50] = True

    scored = scored_pixels(masks, undefined)

    region = motion_region(masks)
    assert np.array_equal(scored[0], region)
    assert np.array_equal(scored[2], region)
    assert not scored[1, 45:50].any()
    assert np.array_equal(scored[1] | (undefined[1] & region), region)


def test_without_undefined_parts_every_frame_has_the_region() -> None:
    masks = np.random.default_rng(2).random((4, 96, 64)) < 0.01

    scored = scored_pixels(masks)

    assert scored.shape == masks.shape
    assert all(np.array_equal(frame, motion_region(masks)) for frame in scored)


def test_undefined_parts_of_another_shape_are_refused() -> None:
    masks = np.ones((2, 96, 64), dtype=np.bool_)
    with pytest.raises(A2BenchError, match=r"undefined.shape = \(1, 96, 64\)"):
        scored_pixels(masks, masks[:1])


def test_frames_turned_by_more_than_a_right_angle_are_not_scored() -> None:
    yaw = np.array([0.0, 89.9, 90.0, 90.1, 180.0, -90.0, -90.1, 269.9, 270.0, 360.0, 810.0])

    # 269.9 = -90.1, 270 = -90, 810 = 2 x 360 + 90
    expected = [True, True, True, False, False, True, False, False, True, True, True]
    assert frames_scored(yaw).tolist() == expected


def test_a_right_angle_that_went_through_radians_stays_one() -> None:
    turns = np.arange(-10, 11)
    yaw = np.degrees(np.radians(90.0) + turns * 2 * np.pi)

    assert frames_scored(yaw).all()


def test_an_angle_that_is_no_number_is_refused_with_its_frame() -> None:
    with pytest.raises(A2BenchError, match="yaw of frame 1 is nan"):
        frames_scored(np.array([0.0, np.nan]))
