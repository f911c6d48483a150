"""The explicit pose indicator: closed forms, absent joints, one seed one pose, switches."""

import dataclasses

import numpy as np
import pytest

from a2bench.baselines.animate_x.training.epi import (
    ABLATIONS,
    OPERATIONS,
    PARTS,
    Change,
    EPIConfig,
    ExplicitPoseIndicator,
    PosePool,
    add_part,
    apply,
    drop,
    rescale,
)
from a2bench.baselines.animate_x.training.options import VARIANTS, Options
from a2bench.baselines.animate_x.training.samples import SamplePreparer
from a2bench.errors import A2BenchError
from a2bench.pose.anthropometry import ADULT, Anchor, anchor_pose, human_anchor
from a2bench.pose.keypoints import ABSENT, BONES, JOINT_INDEX, PoseClip
from a2bench.procedural import Scene
from a2bench.procedural.training_cast import TRAINING_SPECIES, training_character
from tests.training.small import MadeUpClips

WIDTH, HEIGHT = 120, 180
GROUPS = {
    "shoulders": [(1, 2), (1, 5)],
    "neck": [(1, 0)],
    "face": [(0, 14), (14, 16), (0, 15), (15, 17)],
    "arms": [(2, 3), (3, 4), (5, 6), (6, 7)],
    "legs": [(8, 9), (9, 10), (11, 12), (12, 13)],
}
"""Operation -> bones that it scales; all other bones keep their vector."""


def dance(frames=3, seed=0, absent=()):
    """An adult whose joints wander, without some of them."""
    rng = np.random.default_rng(seed)
    one = anchor_pose(Anchor(ADULT, 0.75), WIDTH, HEIGHT)
    xy = np.repeat(one.xy, frames, axis=0) + rng.uniform(-6, 6, (frames, 18, 2))
    visibility = np.repeat(one.visibility, frames, axis=0)
    for joint in absent:
        xy[:, joint], visibility[:, joint] = np.nan, 0
    return PoseClip(xy, visibility, WIDTH, HEIGHT, 8.0)


def bones(poses):
    """(parent, child) -> vectors (t, 2)."""
    return {(a, b): poses.xy[:, b] - poses.xy[:, a] for a, b in BONES}


def pool(count=4):
    anchors = [
        anchor_pose(Anchor(ADULT, 0.4 + 0.1 * index), WIDTH, HEIGHT) for index in range(count)
    ]
    return PosePool(anchors)


@pytest.mark.parametrize("operation", sorted(GROUPS))
def test_a_group_of_bones_is_scaled_and_no_other_changes(operation):
    """New vector = 1.3 x old vector, so length and direction follow."""
    before, after = bones(dance()), bones(rescale(dance(), {operation: 1.3}))
    for bone, vector in before.items():
        factor = 1.3 if bone in GROUPS[operation] else 1.0
        np.testing.assert_allclose(after[bone], factor * vector, atol=1e-9, err_msg=str(bone))


def test_the_body_is_scaled_from_neck_to_the_middle_of_the_hips():
    """Both hips shift by 0.3 x (middle - neck): the middle is 1.3 x as far, hips as far apart."""
    before, after = dance().xy, rescale(dance(), {"body": 1.3}).xy
    middle, moved = (xy[:, [8, 11]].mean(axis=1) - xy[:, 1] for xy in (before, after))
    np.testing.assert_allclose(moved, 1.3 * middle)
    np.testing.assert_allclose(after[:, 11] - after[:, 8], before[:, 11] - before[:, 8])
    np.testing.assert_allclose(after[:, 9] - after[:, 8], before[:, 9] - before[:, 8])  # thigh
    np.testing.assert_array_equal(after[:, :8], before[:, :8])  # head and arms


def test_factors_of_several_groups_do_not_mix():
    both = bones(rescale(dance(), {"arms": 0.7, "shoulders": 1.4}))
    before = bones(dance())
    np.testing.assert_allclose(both[2, 3], 0.7 * before[2, 3])
    np.testing.assert_allclose(both[1, 2], 1.4 * before[1, 2])


def test_factors_of_1_change_nothing():
    same = rescale(dance(), dict.fromkeys([*GROUPS, "body"], 1.0))
    np.testing.assert_allclose(same.xy, dance().xy, atol=1e-12)


@pytest.mark.parametrize(
    "absent", [(3,), (2,), (1,), (8, 11), (0, 14, 15, 16, 17), tuple(range(18))]
)
def test_absent_joints_stay_absent_and_harm_nobody(absent):
    """A joint without its parent hangs on the nearest ancestor that is there."""
    poses = dance(absent=absent)
    scaled = rescale(poses, dict.fromkeys([*GROUPS, "body"], 1.5))
    np.testing.assert_array_equal(scaled.present, poses.present)
    assert np.isfinite(scaled.xy[scaled.present]).all()


def test_a_wrist_without_an_elbow_is_scaled_from_the_shoulder():
    scaled = rescale(dance(absent=(3,)), {"arms": 2.0}).xy
    before = dance().xy
    np.testing.assert_allclose(scaled[:, 4] - scaled[:, 2], 2 * (before[:, 4] - before[:, 2]))


def test_without_a_neck_everything_stays():
    poses = dance(absent=(1,))
    np.testing.assert_array_equal(rescale(poses, {"shoulders": 2.0}).xy, poses.xy)


def test_a_joint_that_is_absent_in_one_frame_is_absent_in_that_frame():
    poses = dance()
    xy, visibility = poses.xy.copy(), poses.visibility.copy()
    xy[1, 3], visibility[1, 3] = np.nan, 0
    scaled = rescale(dataclasses.replace(poses, xy=xy, visibility=visibility), {"arms": 1.5})
    assert scaled.present[:, 3].tolist() == [True, False, True]
    whole = rescale(poses, {"arms": 1.5})
    np.testing.assert_allclose(scaled.xy[[0, 2]], whole.xy[[0, 2]])


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_dropped_part_is_absent_in_all_frames_and_nothing_else_is(part):
    left = drop(dance(), part)
    assert np.flatnonzero(~left.present.any(axis=0)).tolist() == sorted(PARTS[part])
    kept = left.present
    np.testing.assert_array_equal(left.xy[kept], dance().xy[kept])


def test_an_added_arm_is_the_mirror_image_of_the_other():
    """Reflected in the torso's axis: as far along it, as far across it the other way."""
    upright = anchor_pose(Anchor(ADULT, 0.75), WIDTH, HEIGHT)
    added = add_part(drop(upright, "right_arm"))
    np.testing.assert_allclose(added.xy, upright.xy, atol=1e-9)  # the adult is symmetric


def test_an_added_pair_of_legs_is_an_adults_at_the_torsos_scale():
    upright = anchor_pose(Anchor(ADULT, 0.75), WIDTH, HEIGHT)
    without = drop(drop(upright, "right_leg"), "left_leg")
    np.testing.assert_allclose(add_part(add_part(without)).xy, upright.xy, atol=1e-9)


def test_to_a_pose_that_lacks_nothing_nothing_is_added():
    assert add_part(dance()) is not None
    np.testing.assert_array_equal(add_part(dance()).xy, dance().xy)
    nothing = dance(absent=range(18))
    np.testing.assert_array_equal(add_part(nothing).present, nothing.present)


def test_realigned_poses_have_the_anchors_bones_and_the_drivers_directions():
    anchor = anchor_pose(Anchor(human_anchor("somebody").body, 0.5), WIDTH, HEIGHT)
    driving = dance()
    shown = apply(driving, Change(anchor=anchor))
    for bone in [(2, 3), (3, 4), (8, 9), (9, 10)]:
        ours, theirs = bones(shown)[bone], bones(driving)[bone]
        length = np.linalg.norm(bones(anchor)[bone])
        np.testing.assert_allclose(np.linalg.norm(ours[0]), length, rtol=1e-6)
        np.testing.assert_allclose(
            ours[0] / np.linalg.norm(ours[0]), theirs[0] / np.linalg.norm(theirs[0]), atol=1e-6
        )


def test_one_seed_one_pose():
    indicator = ExplicitPoseIndicator(EPIConfig(), pool())
    shown = [indicator(dance(), np.random.default_rng(7)) for _ in range(2)]
    np.testing.assert_array_equal(shown[0].xy, shown[1].xy)
    other = indicator(dance(), np.random.default_rng(8))
    assert not np.array_equal(shown[0].xy, other.xy, equal_nan=True)


def test_lambda_is_the_share_of_clips_that_change():
    """400 clips at 0.9: binomial, standard deviation 0.015; three of them either way."""
    indicator = ExplicitPoseIndicator(EPIConfig(probability=0.9), pool())
    changed = [
        indicator.drawn(np.random.default_rng(seed), WIDTH, HEIGHT) is not None
        for seed in range(400)
    ]
    assert np.mean(changed) == pytest.approx(0.9, abs=0.045)


SWITCHED_OFF = {
    "no_add": ("add",),
    "no_drop": ("drop",),
    "no_bs": ("body", "shoulders"),
    "no_nf": ("neck", "face"),
    "no_al": ("arms", "legs"),
    "no_rescale": OPERATIONS,
}


@pytest.mark.parametrize("variant", sorted(SWITCHED_OFF))
def test_a_switch_takes_away_its_operations_and_nothing_else(variant):
    """Of 200 seeds: what the variant does is what `full` does without those operations."""
    full = ExplicitPoseIndicator(EPIConfig(), pool())
    without = ExplicitPoseIndicator(ABLATIONS[variant], pool())
    off, differ = SWITCHED_OFF[variant], 0
    for seed in range(200):
        a, b = (one.drawn(np.random.default_rng(seed), WIDTH, HEIGHT) for one in (full, without))
        assert a is not None
        assert b is not None
        np.testing.assert_array_equal(a.anchor.xy, b.anchor.xy)
        assert b.factors == {name: f for name, f in a.factors.items() if name not in off}
        assert b.added == (a.added and "add" not in off)
        assert b.dropped == ("" if "drop" in off else a.dropped)
        differ += (a.factors, a.added, a.dropped) != (b.factors, b.added, b.dropped)
    assert differ > 50


def test_without_realignment_the_rest_is_the_same():
    full = ExplicitPoseIndicator(EPIConfig(), pool())
    without = ExplicitPoseIndicator(ABLATIONS["no_realign"], None)
    for seed in range(20):
        a, b = (one.drawn(np.random.default_rng(seed), WIDTH, HEIGHT) for one in (full, without))
        assert b.anchor is None
        assert (a.factors, a.added, a.dropped) == (b.factors, b.added, b.dropped)


def test_without_the_indicator_poses_are_untouched():
    poses = dance()
    assert (
        ExplicitPoseIndicator(ABLATIONS["no_epi"], None)(poses, np.random.default_rng(0)) is poses
    )


def test_factors_stay_within_their_range():
    indicator = ExplicitPoseIndicator(EPIConfig(stretch=1.5, face_stretch=2.0), pool())
    for seed in range(100):
        factors = indicator.drawn(np.random.default_rng(seed), WIDTH, HEIGHT).factors
        for name, factor in factors.items():
            most = 2.0 if name == "face" else 1.5
            assert 1 / most <= factor <= most


def test_every_row_of_the_papers_tables_is_a_variant():
    rows = "full no_ipi no_lq no_dq pa kv_q no_epi no_add no_drop no_bs no_nf no_al no_rescale"
    rows += " no_realign lambda_80 lambda_90 lambda_95 lambda_98 lambda_100"
    assert set(VARIANTS) == set(rows.split())
    for name, variant in VARIANTS.items():
        unet, epi = variant.options.get("unet", {}), variant.options.get("epi", {})
        assert Options.read({"unet": dict(unet), "epi": dict(epi)}), name


def test_anchors_of_training_are_not_those_of_the_rescaled_protocol():
    """The protocol's bodies are drawn from a character's id; the pool's are training characters'.

    Compared by what realignment takes of an anchor: the lengths of its bones over its torso's.
    """
    from a2bench.builders.procedural import split_order

    def shape(pose):
        vectors = bones(pose)
        torso = np.linalg.norm(pose.xy[0, [8, 11]].mean(axis=0) - pose.xy[0, 1])
        return np.array([np.linalg.norm(vector[0]) for vector in vectors.values()]) / torso

    protocol = np.array(
        [shape(anchor_pose(human_anchor(one), WIDTH, HEIGHT)) for one in split_order()]
    )
    for number in range(len(TRAINING_SPECIES)):
        stand = Scene.self_driven(training_character(number)).frame(0.0, scale=1 / 16)
        if stand.visibility[JOINT_INDEX["neck"]] == ABSENT:
            continue  # no anchor: see the next test
        xy = np.where(stand.visibility[:, None] == ABSENT, np.nan, stand.joints[:, :2])
        anchor = PoseClip(xy[None], stand.visibility[None], 32, 48, 8.0)
        assert np.nanmax(np.abs(protocol - shape(anchor)), axis=1).min() > 1e-3


def test_a_pool_needs_bodies():
    with pytest.raises(A2BenchError, match="has a neck"):
        PosePool([dance(1, absent=(JOINT_INDEX["neck"],))])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"probability": 1.5}, "epi.probability=1.5"),
        ({"operations": ["body", "tail"]}, "no operation 'tail'"),
        ({"stretch": 0.5}, "epi.stretch=0.5"),
        ({"lambda": 0.9}, "unknown key of `epi`: 'lambda'"),
    ],
)
def test_settings_that_cannot_be_are_named(values, said):
    with pytest.raises(A2BenchError, match=said):
        Options.read({"epi": values})


def preparer(**changes):
    options = Options()
    values = {
        "size": (64, 96),
        "latent": (4, 12, 8),
        "image_side": 28,
        "own_pose": False,
        "epi": EPIConfig(),
        "pool": pool(),
        "drops": options.drops,
        "times": None,
        "time_weights": None,
        "offset_noise": 0.1,
    }
    return SamplePreparer(**(values | changes))


def test_variants_of_a_seed_differ_in_the_poses_alone():
    """Clip, reference, time, noise and drops are the same with and without the indicator."""
    clip = MadeUpClips().clip(0, size=(64, 96), frames=2, rng=np.random.default_rng(0))
    full, without = (
        preparer(epi=epi)(clip, (0, 1, 2)) for epi in (EPIConfig(), ABLATIONS["no_epi"])
    )
    same = {name for name in full if (full[name] == without[name]).all()}
    assert set(full) - same == {"pose_maps", "keypoints"}


def test_the_implicit_indicators_key_points_can_be_left_as_they_are():
    clip = MadeUpClips().clip(0, size=(64, 96), frames=2, rng=np.random.default_rng(0))
    told, true = (
        preparer(epi=epi)(clip, (0, 1, 2))
        for epi in (EPIConfig(key_points=False), ABLATIONS["no_epi"])
    )
    assert (told["keypoints"] == true["keypoints"]).all()
    assert not (told["pose_maps"] == true["pose_maps"]).all()


def test_conditions_are_dropped_as_often_as_asked():
    """Of 300: a tenth has nothing, a tenth all, of the rest half of each (sd 0.03; 3 of them)."""
    clip = MadeUpClips().clip(0, size=(16, 16), frames=1, rng=np.random.default_rng(0))
    one = preparer(size=(16, 16), latent=(4, 2, 2), epi=ABLATIONS["no_epi"])
    kept = np.stack([one(clip, (seed,))["keep"].numpy() for seed in range(300)])
    assert (kept.sum(axis=1) == 0).mean() == pytest.approx(0.1, abs=0.06)
    assert kept[:, :3].mean(axis=0) == pytest.approx([0.1 + 0.8 * 0.5] * 3, abs=0.09)
    assert kept[:, 3:].mean(axis=0) == pytest.approx([0.9] * 3, abs=0.06)
