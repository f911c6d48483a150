"""Human anchors: seeded, within the table, upright, and met by the mannequin that is drawn."""

import numpy as np
import pytest

from a2bench.pose.anthropometry import ADULT, anchor_pose, human_anchor
from a2bench.pose.keypoints import ABSENT, PoseClip
from a2bench.pose.realign import realign
from a2bench.procedural import DRIVEN_BONES, Character, MannequinScene, Scene, cast, split_order

LIMBS = ((2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (11, 12), (12, 13))


def member(position: int) -> Character:
    by_id = {character.id: character for character in cast()}
    return by_id[split_order()[position]]


def test_a_seed_always_gives_the_same_body_and_others_give_others() -> None:
    assert human_anchor("a") == human_anchor("a")
    assert len({human_anchor(str(seed)).body for seed in range(50)}) == 50


def test_the_mean_adult_is_that_of_the_table() -> None:
    """Winter, figure 4.1: knee at .285, hip at .530, shoulder at .818 of the stature."""
    assert ADULT.ankle_height + ADULT.shin == pytest.approx(0.285)
    assert ADULT.ankle_height + ADULT.leg == pytest.approx(0.530)
    assert (ADULT.shoulder_height, ADULT.upper_arm, ADULT.forearm) == (0.818, 0.186, 0.146)


@pytest.mark.parametrize("seed", range(20))
def test_seeded_bodies_stay_human(seed: int) -> None:
    """Within 8 % of the mean and the rescaling to a stature of 1; in order from floor to crown."""
    anchor = human_anchor(str(seed))
    body = anchor.body

    for name in ("shin", "thigh", "upper_arm", "forearm", "shoulder_joints", "hip_joints"):
        assert getattr(body, name) == pytest.approx(getattr(ADULT, name), rel=0.11)
    heights = [body.ankle_height, body.ankle_height + body.leg, body.shoulder_height]
    heights += [body.chin_height, body.eye_height, 1.0]
    assert heights == sorted(heights)
    assert 0.68 <= anchor.stature <= 0.80


def test_an_anchor_pose_has_all_joints_and_the_lengths_of_its_body() -> None:
    anchor = human_anchor("a")
    pose = anchor_pose(anchor, 512, 768)
    unit = anchor.stature * 768

    assert (pose.visibility == 2).all()
    for (a, b), length in (((2, 3), "upper_arm"), ((3, 4), "forearm"), ((8, 9), "thigh")):
        found = np.linalg.norm(pose.xy[0, a] - pose.xy[0, b])
        assert found == pytest.approx(getattr(anchor.body, length) * unit)
    assert pose.xy[0, 10, 1] == pytest.approx(768 * 11 / 12 - anchor.body.ankle_height * unit)


def clip_of(scene: Scene | MannequinScene, times: list[float]) -> PoseClip:
    frames = [scene.frame(t, scale=0.25) for t in times]
    xy = np.stack([frame.joints[:, :2] for frame in frames])
    visibility = np.stack([frame.visibility for frame in frames])
    xy[visibility == ABSENT] = np.nan
    height, width = frames[0].rgb.shape[:2]
    return PoseClip(xy, visibility, width, height, 8.0)


def test_the_mannequin_stands_as_its_anchor_does() -> None:
    """Frame 0 against the anchor drawn as large: every joint within 3 % of the stature."""
    scene = MannequinScene(member(0))
    stature = scene.camera.scale * 560 * 0.25
    found = clip_of(scene, [0.0]).xy[0]
    anchor = anchor_pose(scene.anchor, 128, 192).xy[0]
    expected = (anchor - anchor[1]) * stature / (scene.anchor.stature * 192) + found[1]

    np.testing.assert_allclose(found, expected, rtol=0, atol=0.03 * stature)


@pytest.mark.parametrize("position", [0, 3, 7])
def test_the_mannequins_bones_point_where_the_characters_do(position: int) -> None:
    character = member(position)
    times = [0.0, 0.7, 1.5, 2.4, 3.3]
    own, human = (clip_of(s, times) for s in (Scene(character), MannequinScene(character)))
    compared = 0
    for frame in range(len(times)):
        for a, b in DRIVEN_BONES:
            if own.present[frame, [a, b]].all():
                there = own.xy[frame, b] - own.xy[frame, a]
                here = human.xy[frame, b] - human.xy[frame, a]
                if min(np.linalg.norm(there), np.linalg.norm(here)) > 0.5:
                    across = there[0] * here[1] - there[1] * here[0]
                    assert abs(across) < 2e-4 * np.linalg.norm(there) * np.linalg.norm(here)
                    compared += 1
    assert compared > 20


def test_realign_to_the_mannequins_first_frame_gives_its_dance() -> None:
    """The 2-D transfer, which knows no depth, agrees with the 3-D one to a tenth of the stature."""
    character = member(3)
    times = [0.0, 0.5, 1.0, 1.5, 2.0]
    human = clip_of(MannequinScene(character), times)
    moved = realign(clip_of(Scene(character), times), human[:1])
    stature = MannequinScene(character).camera.scale * 560 * 0.25
    error = np.linalg.norm((moved.xy - human.xy)[:, LIMBS], axis=-1) / stature

    assert np.median(error) < 0.03
    assert error.max() < 0.15
