"""Body-shape transfer against closed forms on a stick figure."""

import numpy as np
import pytest

from a2bench.pose.keypoints import PoseClip
from a2bench.pose.realign import fill_gaps, fit_similarity, realign

STAND = np.array(
    [
        [256, 180], [256, 240],
        [210, 240], [180, 300], [170, 360],
        [302, 240], [332, 300], [342, 360],
        [226, 400], [222, 480], [220, 560],
        [286, 400], [290, 480], [292, 560],
        [240, 165], [272, 165], [222, 170], [290, 170],
    ],
    dtype=np.float64,
)  # fmt: skip
ARMS, LEGS = [3, 4, 6, 7], [9, 10, 12, 13]

# Rounding of sums and products of coordinates under 1e4 px in float64, with a wide margin.
EXACT = {"rtol": 0, "atol": 1e-9}


def clip(xy, *, absent=(), width=512, height=768):
    xy = np.array(xy, np.float64)
    xy = xy[None] if xy.ndim == 2 else xy
    visibility = np.full(xy.shape[:2], 2, np.uint8)
    xy[:, list(absent)] = np.nan
    visibility[:, list(absent)] = 0
    return PoseClip(xy, visibility, width, height, 8.0)


def wild_clip(frames=12):
    return STAND + np.random.default_rng(1).normal(0, 12, (frames, 18, 2)).cumsum(axis=0)


def turned(xy, root, joints, degrees):
    """The joints of one frame turned about a root joint."""
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    result = xy.copy()
    result[joints] = xy[root] + (xy[joints] - xy[root]) @ turn.T
    return result


@pytest.mark.parametrize("absent", [(), ARMS, LEGS, [8, 11, *LEGS], [14, 15, 16, 17]])
def test_its_own_dance_on_its_own_body_is_the_same_dance(absent):
    driving = clip(wild_clip(), absent=absent)
    result = realign(driving, driving[:1])
    np.testing.assert_allclose(result.xy, driving.xy, **EXACT)


def test_its_own_dance_keeps_visibility():
    xy = STAND + np.linspace(0, 5, 4)[:, None, None]
    visibility = np.random.default_rng(2).integers(1, 3, (4, 18)).astype(np.uint8)
    driving = PoseClip(xy, visibility, 512, 768, 8.0)
    np.testing.assert_array_equal(realign(driving, driving[:1]).visibility, visibility)


def test_limbs_foreshortened_in_frame_0_do_not_break_identity():
    xy = np.stack([STAND, STAND])
    xy[0, 3], xy[0, 4] = STAND[2] + 1.0, STAND[2] + 1.5
    driving = clip(xy)
    np.testing.assert_allclose(realign(driving, driving[:1]).xy, xy, **EXACT)


def test_frame_0_of_a_body_in_the_same_stand_is_the_reference():
    reference = clip(STAND * 0.6 + (100, 250))
    result = realign(clip(wild_clip() - wild_clip()[0] + STAND), reference)
    np.testing.assert_allclose(result.xy[0], reference.xy[0], **EXACT)


def test_where_and_how_large_the_driver_is_does_not_matter():
    reference, dance = clip(STAND * 0.7 + (50, 120)), wild_clip()
    expected = realign(clip(dance), reference)
    moved = realign(clip(dance * 1.7 + (-300, 40), width=900, height=1400), reference)
    np.testing.assert_allclose(moved.xy, expected.xy, **EXACT)
    assert (moved.width, moved.height) == (512, 768)


def test_arms_twice_as_long_stay_twice_as_long_and_point_as_the_driver_does():
    long_arms = STAND.copy()
    for shoulder, elbow, wrist in ((2, 3, 4), (5, 6, 7)):
        long_arms[elbow] = STAND[shoulder] + 2 * (STAND[elbow] - STAND[shoulder])
        long_arms[wrist] = long_arms[elbow] + 2 * (STAND[wrist] - STAND[elbow])
    raised = turned(STAND, 2, [3, 4], 130)
    result = realign(clip([STAND, raised]), clip(long_arms)).xy
    np.testing.assert_allclose(result[0], long_arms, **EXACT)
    np.testing.assert_allclose(result[1], turned(long_arms, 2, [3, 4], 130), **EXACT)


def test_a_forearm_turned_by_90_degrees_turns_by_90_degrees():
    bent = turned(STAND, 6, [7], 90)
    result = realign(clip([STAND, bent]), clip(STAND * 0.5 + (128, 200))).xy[1]
    before, after = STAND[7] - STAND[6], result[7] - result[6]
    assert before @ after == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(result[7] - result[6], 0.5 * (bent[7] - bent[6]), **EXACT)


def test_foreshortening_is_kept_as_a_ratio():
    short = STAND.copy()
    short[4] = STAND[3] + 0.3 * (STAND[4] - STAND[3])
    reference = STAND.copy()
    reference[4] = STAND[3] + 1.5 * (STAND[4] - STAND[3])
    result = realign(clip([STAND, short]), clip(reference)).xy[1]
    np.testing.assert_allclose(result[4] - result[3], 0.3 * (reference[4] - reference[3]), **EXACT)


def test_a_bone_too_short_in_frame_0_does_not_explode():
    start = STAND.copy()
    start[4] = STAND[3] + (0.01, 0.0)
    start[3] = STAND[2] + 0.3 * (STAND[3] - STAND[2])
    result = realign(clip([start, STAND]), clip(STAND)).xy[1]
    lengths = np.linalg.norm(result[[3, 4]] - result[[2, 3]], axis=1)
    own = np.linalg.norm(STAND[[3, 4]] - STAND[[2, 3]], axis=1)
    assert (lengths <= 1.35 * own + 1e-9).all()


def test_travel_is_scaled_by_the_ratio_of_leg_lengths():
    short_legs = STAND.copy()
    for hip, knee, ankle in ((8, 9, 10), (11, 12, 13)):
        short_legs[knee] = STAND[hip] + (STAND[knee] - STAND[hip]) / 2
        short_legs[ankle] = short_legs[knee] + (STAND[ankle] - STAND[knee]) / 2
    result = realign(clip([STAND, STAND + np.array([40, -30])]), clip(short_legs)).xy
    np.testing.assert_allclose(result[1] - result[0], np.tile([20, -15], (18, 1)), **EXACT)


def test_without_legs_travel_is_scaled_by_the_torso():
    reference = clip(STAND * 0.5, absent=LEGS)
    result = realign(clip([STAND, STAND + np.array([40, -30])]), reference).xy
    moved = (result[1] - result[0])[~np.isnan(result[0, :, 0])]
    np.testing.assert_allclose(moved, np.tile([20, -15], (14, 1)), **EXACT)


def test_joints_the_reference_lacks_stay_absent():
    result = realign(clip(wild_clip()), clip(STAND, absent=ARMS))
    assert not result.present[:, ARMS].any()
    assert np.isnan(result.xy[:, ARMS]).all()
    assert result.present[:, [0, 1, 2, 5, *LEGS]].all()


def test_arms_the_driver_lacks_lean_with_the_torso():
    leaning = turned(STAND, 8, range(18), 20)
    result = realign(clip([STAND, leaning], absent=ARMS), clip(STAND)).xy
    np.testing.assert_allclose(result[0], STAND, **EXACT)
    for parent, joint in ((2, 3), (3, 4), (5, 6), (6, 7)):
        np.testing.assert_allclose(
            result[1, joint] - result[1, parent], leaning[joint] - leaning[parent], **EXACT
        )


@pytest.mark.parametrize("absent", [[1, 2, 5, *ARMS], [1, 8, 11, *LEGS], [*range(18)], [0, 1]])
def test_bodies_without_a_neck_give_finite_joints(absent):
    for driver_absent, reference_absent in ((absent, ()), ((), absent), (absent, absent)):
        reference = clip(STAND, absent=reference_absent)
        result = realign(clip(wild_clip(), absent=driver_absent), reference)
        np.testing.assert_array_equal(result.present, np.tile(reference.present, (12, 1)))
        assert np.isfinite(result.xy[result.present]).all()


def test_a_body_turning_to_the_side_gets_narrow_shoulders_at_the_same_height():
    side_on = STAND.copy()
    for joint in (2, 5, 8, 11):
        side_on[joint, 0] = 256 + 0.25 * (STAND[joint, 0] - 256)
    reference = STAND.copy()
    reference[[2, 5], 1] += 60  # its shoulders sit low
    result = realign(clip([STAND, side_on]), clip(reference)).xy[1]
    assert result[5, 0] - result[2, 0] == pytest.approx(0.25 * (STAND[5, 0] - STAND[2, 0]))
    assert result[2, 1] - result[1, 1] == pytest.approx(60)


def test_a_joint_lost_for_some_frames_is_taken_from_the_nearest_and_is_occluded():
    xy = np.stack([STAND, STAND + 10, STAND + 20])
    visibility = np.full((3, 18), 2, np.uint8)
    xy[1, 4], visibility[1, 4] = np.nan, 0
    driving = PoseClip(xy, visibility, 512, 768, 8.0)
    assert tuple(fill_gaps(driving)[1, 4]) == tuple(STAND[4])
    result = realign(driving, clip(STAND))
    assert result.visibility[:, 4].tolist() == [2, 1, 2]


def test_joints_outside_the_frame_are_occluded():
    result = realign(clip([STAND, STAND + np.array([400, 0])]), clip(STAND))
    assert (result.visibility[1][result.xy[1, :, 0] > 512] == 1).all()
    assert (result.visibility[0] == 2).all()


def test_a_reference_of_two_frames_is_refused():
    with pytest.raises(ValueError, match="one reference frame"):
        realign(clip(wild_clip()), clip([STAND, STAND]))


def test_a_similarity_is_found_again():
    a = np.radians(25)
    linear = 1.3 * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    affine = fit_similarity(STAND, STAND @ linear.T + (5, -7))
    np.testing.assert_allclose(affine, np.column_stack([linear, (5, -7)]), **EXACT)


def test_a_similarity_of_few_points_degrades():
    np.testing.assert_array_equal(fit_similarity(STAND[:0], STAND[:0]), np.eye(2, 3))
    np.testing.assert_allclose(fit_similarity(STAND[:1], STAND[:1] + 3), [[1, 0, 3], [0, 1, 3]])
