"""Frames and their truth: determinism, joints, parts, and what `cross` defines."""

import hashlib
import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from a2bench.procedural import (
    DRIVEN_BONES,
    DURATION_SECONDS,
    SPRINGY,
    Character,
    Frame,
    PartId,
    Scene,
    cast,
    split_order,
)

NECK, ARMS, LEGS, EARS = 1, (2, 3, 4, 5, 6, 7), (8, 9, 10, 11, 12, 13), (16, 17)


def members(count: int) -> list[Character]:
    by_id = {character.id: character for character in cast()}
    return [by_id[identifier] for identifier in split_order()[:count]]


def digest(frame: Frame) -> str:
    """SHA-256 of pixels, mask, parts and the pose on a grid of 0.01 px."""
    state = hashlib.sha256()
    for array in (frame.rgb, frame.mask, frame.parts):
        state.update(np.ascontiguousarray(array).tobytes())
    state.update(np.round(frame.joints * 100).astype("<i8").tobytes())
    state.update(frame.visibility.tobytes())
    return state.hexdigest()


def digests_of(position: int) -> list[str]:
    scene = Scene.self_driven(members(position + 1)[position])
    return [digest(scene.frame(time_seconds)) for time_seconds in (0.0, 1.9)]


@pytest.fixture(scope="module", params=range(12), ids=lambda position: split_order()[position])
def scene(request):
    return Scene.self_driven(members(12)[request.param])


def test_another_process_draws_the_same_pixels():
    """A spawned interpreter shares no state with this one, not even the hash seed."""
    expected = digests_of(2)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        actual = pool.submit(digests_of, 2).result()

    assert expected == actual


def test_a_frame_does_not_depend_on_the_frames_before_it(scene):
    forwards = [digest(scene.frame(t, scale=0.5)) for t in (0.4, 1.3)]
    fresh = Scene.self_driven(scene.character)
    backwards = [digest(fresh.frame(t, scale=0.5)) for t in (1.3, 0.4)]

    assert forwards == backwards[::-1]


def test_arrays_have_the_size_and_type_that_the_frame_promises(scene):
    frame = scene.frame(0.7)

    assert frame.rgb.shape == (768, 512, 3)
    assert frame.rgb.dtype == np.uint8
    assert frame.mask.shape == frame.parts.shape == frame.undefined.shape == (768, 512)
    assert frame.mask.dtype == frame.undefined.dtype == np.bool_
    assert frame.parts.dtype == np.uint8
    assert frame.joints.shape == (18, 3)
    assert frame.joints.dtype == np.float64
    assert frame.visibility.shape == (18,)
    assert frame.visibility.dtype == np.uint8
    assert np.isfinite(frame.joints).all()
    assert set(np.unique(frame.parts)) <= {int(part) for part in PartId}


def test_the_mask_is_where_parts_are(scene):
    frame = scene.frame(2.1)

    np.testing.assert_array_equal(frame.mask, frame.parts != 0)
    assert 0.04 < frame.mask.mean() < 0.6


def test_the_first_frame_is_a_frontal_neutral_stand(scene):
    """It is the reference image: frontal, eyes open, both hands and feet in sight."""
    frame = scene.frame(0.0)

    assert frame.yaw_degrees == 0.0
    assert frame.visibility[0] == 2 or "glasses" in scene.character.attributes["accessories"]
    for joint in (4, 7, 10, 13):
        assert frame.visibility[joint] != 1
    if scene.character.has_arms:
        right, left = frame.joints[4], frame.joints[7]
        assert right[0] < frame.joints[2][0]
        assert left[0] > frame.joints[5][0]
        assert abs(right[1] - left[1]) < 1.0


def test_a_character_fills_the_frame(scene):
    rows = np.flatnonzero(scene.frame(0.0).mask.any(axis=1))

    assert 0.55 <= (rows[-1] - rows[0] + 1) / 768 <= 0.90


def test_joints_that_are_visible_lie_on_their_limb(scene):
    limbs = {
        3: PartId.RIGHT_ARM, 4: PartId.RIGHT_ARM, 6: PartId.LEFT_ARM, 7: PartId.LEFT_ARM,
        9: PartId.RIGHT_LEG, 10: PartId.RIGHT_LEG, 12: PartId.LEFT_LEG, 13: PartId.LEFT_LEG,
    }  # fmt: skip
    seen = 0
    for time_seconds in (0.0, 0.9, 1.7, 2.6, 3.5):
        frame = scene.frame(time_seconds)
        for joint, part in limbs.items():
            if frame.visibility[joint] == 2:
                x, y = (math.floor(value) for value in frame.joints[joint, :2])
                assert frame.parts[y, x] == part
                seen += 1

    assert seen or not (scene.character.has_arms or scene.character.has_legs)


def test_absent_joints_are_exactly_those_the_body_does_not_have(scene):
    character, frame = scene.character, scene.frame(1.2)
    absent = set()
    absent |= set() if character.has_arms else set(ARMS)
    absent |= set() if character.has_legs else set(LEGS)
    absent |= set() if character.has_ears else set(EARS)
    absent |= set() if character.has_neck else {NECK}

    assert set(np.flatnonzero(frame.visibility == 0)) == absent


def test_nothing_is_undefined_in_a_self_scene(scene):
    assert not scene.frame(1.5).undefined.any()


def test_the_whole_body_moves(scene):
    """Over the scored 3.9 s some joint travels more than a tenth of the frame height."""
    frames = [scene.frame(i * 0.25, scale=0.25) for i in range(16)]
    present = frames[0].visibility > 0
    positions = np.stack([frame.joints[present, :2] for frame in frames])
    travelled = np.abs(np.diff(positions, axis=0)).sum(axis=(0, 2))

    assert travelled.max() > 0.1 * 768 * 0.25


def test_half_scale_halves_the_joints(scene):
    """Everything is computed in unit scale; only the canvas shrinks."""
    full, half = scene.frame(1.1), scene.frame(1.1, scale=0.5)

    assert half.rgb.shape == (384, 256, 3)
    np.testing.assert_allclose(half.joints, full.joints / 2, rtol=0, atol=1e-9)


def test_an_instant_outside_the_dance_is_refused(scene):
    with pytest.raises(ValueError, match=r"outside the dance: ask for 0 to 6\.2"):
        scene.frame(DURATION_SECONDS + 0.1)


def angle_degrees(frame: Frame, bone: tuple[int, int]) -> tuple[float, float]:
    """Angle and length (px) of a bone in the picture."""
    dx, dy = frame.joints[bone[1], :2] - frame.joints[bone[0], :2]
    return math.degrees(math.atan2(dy, dx)), math.hypot(dx, dy)


@pytest.mark.parametrize(("reference", "driver"), [(0, 3), (3, 6), (2, 5), (6, 2), (7, 0), (1, 2)])
def test_the_bones_of_the_reference_point_where_those_of_the_driver_do(reference, driver):
    """Parallel projection: shared bones agree to rounding (0.01 degrees)."""
    cast_of_demo = members(8)
    own = Scene.self_driven(cast_of_demo[driver])
    cross = Scene.cross_driven(cast_of_demo[reference], cast_of_demo[driver])
    compared = 0
    for time_seconds in (0.0, 0.6, 1.4, 2.3, 3.1, 3.8):
        there, here = own.frame(time_seconds, scale=0.25), cross.frame(time_seconds, scale=0.25)
        for bone in DRIVEN_BONES:
            if all(there.visibility[j] and here.visibility[j] for j in bone):
                (a, long_a), (b, long_b) = angle_degrees(there, bone), angle_degrees(here, bone)
                # Bones that point at the viewer have no direction in the picture.
                if min(long_a, long_b) > 0.5:
                    assert abs((a - b + 180) % 360 - 180) < 0.01
                    compared += 1

    assert compared > 10


def test_a_cross_scene_keeps_place_and_camera_of_the_reference():
    reference, driver = members(4)[0], members(4)[3]
    cross, own = Scene.cross_driven(reference, driver), Scene.self_driven(reference)

    assert cross.camera == own.camera
    np.testing.assert_array_equal(cross.frame(0.0).rgb, own.frame(0.0).rgb)


def test_limbs_that_the_driver_lacks_are_undefined_in_cross():
    """The penguin has no arms: the fox keeps its own, and they are not scored."""
    fox, penguin = members(8)[0], members(8)[4]
    frame = Scene.cross_driven(fox, penguin).frame(1.4)
    arms = np.isin(frame.parts, (PartId.RIGHT_ARM, PartId.LEFT_ARM))

    assert not penguin.has_arms
    assert arms.any()
    assert frame.undefined[arms].all()
    assert not frame.undefined[np.isin(frame.parts, (PartId.TORSO, PartId.RIGHT_LEG))].any()


def test_springs_blinks_and_mouths_are_undefined_in_cross():
    fox, robot = members(4)[0], members(4)[3]
    frame = Scene.cross_driven(fox, robot).frame(1.4)
    springy = np.isin(frame.parts, SPRINGY)

    assert springy.any()
    np.testing.assert_array_equal(frame.undefined, springy)
