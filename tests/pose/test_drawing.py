"""The OpenPose picture: colours, order, scale, absent joints."""

import numpy as np
import pytest

from a2bench.pose.drawing import COLOURS, draw_pose, overlay_pose
from a2bench.pose.keypoints import PoseClip


def pose_of(joints: dict[int, tuple[float, float]], *, width: int = 512, height: int = 768):
    xy = np.full((1, 18, 2), np.nan)
    visibility = np.zeros((1, 18), np.uint8)
    for joint, at in joints.items():
        xy[0, joint], visibility[0, joint] = at, 2
    return PoseClip(xy, visibility, width, height, 8.0)


def test_a_body_without_joints_is_black():
    assert not draw_pose(pose_of({})).any()


def test_a_joint_is_a_disc_of_its_colour():
    frame = draw_pose(pose_of({4: (100, 200)}))[0]
    drawn = (frame == COLOURS[4]).all(axis=-1)
    assert frame.any(axis=-1).sum() == drawn.sum()
    rows, columns = np.nonzero(drawn)
    assert (rows.mean(), columns.mean()) == (200, 100)
    # A disc of radius 4 has about 16 pi = 50 pixels.
    assert 44 <= drawn.sum() <= 62


def test_a_limb_has_its_colour_at_six_tenths():
    frame = draw_pose(pose_of({2: (100, 200), 3: (100, 300)}))[0]
    assert tuple(frame[250, 100]) == (int(255 * 0.6), int(170 * 0.6), 0)


def test_a_limb_needs_both_ends():
    assert not draw_pose(pose_of({2: (100, 200), 4: (100, 300)}))[0][220:280].any()


def test_hidden_joints_are_drawn_too():
    shown = pose_of({2: (100, 200), 3: (100, 300)})
    hidden = PoseClip(shown.xy, np.minimum(shown.visibility, 1), 512, 768, 8.0)
    np.testing.assert_array_equal(draw_pose(hidden), draw_pose(shown))


def test_line_width_scales_with_the_frame():
    large = draw_pose(pose_of({4: (200, 400)}, width=1024, height=1536)).any(axis=-1).sum()
    small = draw_pose(pose_of({4: (100, 200)})).any(axis=-1).sum()
    assert large / small == pytest.approx(4, rel=0.15)  # areas of discs rasterised at 4 and 8 px


def test_joints_far_outside_the_frame_do_no_harm():
    frame = draw_pose(pose_of({2: (100, 200), 3: (1e9, -1e9)}))[0]
    assert tuple(frame[200, 100]) == COLOURS[2]


def test_overlay_dims_the_picture_and_keeps_the_drawing():
    pose = pose_of({4: (10, 10)}, width=32, height=48)
    frames = np.full((1, 48, 32, 3), 200, np.uint8)
    result = overlay_pose(frames, pose)[0]
    assert tuple(result[10, 10]) == COLOURS[4]
    assert tuple(result[40, 30]) == (100, 100, 100)


def test_overlay_refuses_another_size():
    with pytest.raises(ValueError, match="as the pose has"):
        overlay_pose(np.zeros((2, 48, 32, 3), np.uint8), pose_of({}, width=32, height=48))
