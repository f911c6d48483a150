"""Pose clips: what they refuse, and what survives a file."""

import numpy as np
import pytest

from a2bench.errors import A2BenchError
from a2bench.pose.keypoints import BONES, JOINT_INDEX, JOINTS, PoseClip, load_npz


def clip(*, absent: tuple[int, ...] = (), frames: int = 3) -> PoseClip:
    xy = np.random.default_rng(0).uniform(0, 64, (frames, 18, 2))
    visibility = np.full((frames, 18), 2, np.uint8)
    xy[:, list(absent)] = np.nan
    visibility[:, list(absent)] = 0
    return PoseClip(xy, visibility, 64, 96, 8.0)


def test_bones_are_a_tree_over_all_joints_rooted_at_the_neck():
    children = [child for _, child in BONES]
    assert sorted([*children, JOINT_INDEX["neck"]]) == list(range(len(JOINTS)))
    reached = {JOINT_INDEX["neck"]}
    for parent, child in BONES:
        assert parent in reached
        reached.add(child)


def test_a_present_joint_without_coordinates_is_refused():
    good = clip()
    xy = good.xy.copy()
    xy[1, 4, 0] = np.inf
    with pytest.raises(ValueError, match="no finite coordinates"):
        PoseClip(xy, good.visibility, 64, 96, 8.0)


def test_an_absent_joint_with_coordinates_is_refused():
    good = clip()
    visibility = good.visibility.copy()
    visibility[0, 7] = 0
    with pytest.raises(ValueError, match="absent joint has coordinates"):
        PoseClip(good.xy, visibility, 64, 96, 8.0)


def test_wrong_shapes_are_refused_with_the_shapes():
    with pytest.raises(ValueError, match=r"\(3, 17, 2\)"):
        PoseClip(np.zeros((3, 17, 2)), np.full((3, 17), 2, np.uint8), 64, 96, 8.0)


def test_a_slice_keeps_frames_and_size():
    whole = clip()
    part = whole[1:]
    assert len(part) == 2
    assert (part.width, part.height, part.fps) == (64, 96, 8.0)
    np.testing.assert_array_equal(part.xy, whole.xy[1:])


def test_resizing_stretches_each_axis_on_its_own():
    whole = clip(absent=(3,))
    doubled = whole.resized(128, 288)
    np.testing.assert_allclose(doubled.xy[:, 0], whole.xy[:, 0] * [2, 3])
    assert not doubled.present[:, 3].any()


def test_a_file_gives_back_the_poses_to_a_hundredth_of_a_pixel(tmp_path):
    whole = clip(absent=(3, 4))
    whole.save(tmp_path / "pose.npz")
    loaded = PoseClip.load(tmp_path / "pose.npz")
    # Coordinates are stored as integer hundredths: half of one is lost at most.
    np.testing.assert_allclose(loaded.xy, whole.xy, atol=0.0051)
    np.testing.assert_array_equal(loaded.visibility, whole.visibility)
    assert (loaded.width, loaded.height, loaded.fps) == (64, 96, 8.0)
    assert loaded.digest() == whole.digest()


def test_the_same_poses_give_the_same_file(tmp_path):
    for name in ("a.npz", "b.npz"):
        clip(absent=(3,)).save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_digest_sees_coordinates_visibility_size_and_rate():
    one = clip()
    visibility = one.visibility.copy()
    visibility[0, 0] = 1
    others = [
        PoseClip(one.xy + 0.02, one.visibility, 64, 96, 8.0),
        PoseClip(one.xy, visibility, 64, 96, 8.0),
        PoseClip(one.xy, one.visibility, 65, 96, 8.0),
        PoseClip(one.xy, one.visibility, 64, 96, 9.0),
    ]
    assert len({one.digest(), *(other.digest() for other in others)}) == 5
    assert PoseClip(one.xy.copy(), one.visibility, 64, 96, 8.0).digest() == one.digest()


def test_a_missing_or_foreign_file_is_named(tmp_path):
    with pytest.raises(A2BenchError, match="no such file"):
        PoseClip.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(A2BenchError, match="not an npz"):
        PoseClip.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(A2BenchError, match="expected arrays"):
        PoseClip.load(tmp_path / "other.npz")


def test_pickled_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "evil.npz", schema=np.array("s/1"), one=np.array([{"a": 1}], dtype=object))
    with pytest.raises(A2BenchError, match="damaged npz"):
        load_npz(tmp_path / "evil.npz", "s/1", ("one",), 1000)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "big.npz", schema=np.array("s/1"), one=np.zeros(10_000))
    with pytest.raises(A2BenchError, match="at most 1000"):
        load_npz(tmp_path / "big.npz", "s/1", ("one",), 1000)


def test_a_file_of_another_schema_is_refused(tmp_path):
    np.savez(tmp_path / "new.npz", schema=np.array("s/2"), one=np.zeros(3))

    with pytest.raises(A2BenchError, match="schema 's/2', expected 's/1'"):
        load_npz(tmp_path / "new.npz", "s/1", ("one",), 1000)
