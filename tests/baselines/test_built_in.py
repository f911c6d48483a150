"""The five built-in methods through the door that the runner uses."""

import cv2
import numpy as np
import pytest

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.method import Inputs
from a2bench.pose.cutout import cut_out, fill
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Size

NAMES = ("still", "copy_driving", "oracle", "similarity_warp", "puppet_warp")
WIDTH, HEIGHT, FRAMES = 192, 288, 5

STAND = np.array(
    [
        [96, 78], [96, 110],
        [76, 112], [60, 140], [52, 166],
        [116, 112], [132, 140], [140, 166],
        [84, 180], [82, 214], [81, 248],
        [108, 180], [110, 214], [111, 248],
        [88, 70], [104, 70], [76, 72], [116, 72],
    ],
    dtype=np.float64,
)  # fmt: skip
ARMS, LEGS = [3, 4, 6, 7], [9, 10, 12, 13]


def painted(xy, absent=()):
    """A cartoon in a pose, and which pixels it has."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    background = np.stack([columns // 2 + 60, rows // 3 + 80, 200 - rows // 3], axis=-1)
    image = background.astype(np.uint8)
    image[::16] = (120, 150, 140)  # something to see behind
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)

    def both(draw):
        draw(image)
        draw(mask)

    for a, b, width, colour in (
        (8, 9, 14, (40, 60, 160)), (9, 10, 14, (40, 60, 160)),
        (11, 12, 14, (40, 60, 160)), (12, 13, 14, (40, 60, 160)),
        (2, 3, 12, (200, 120, 20)), (3, 4, 12, (230, 200, 60)),
        (5, 6, 12, (200, 120, 20)), (6, 7, 12, (230, 200, 60)),
    ):  # fmt: skip
        if b in absent:
            continue
        ends = [tuple(int(v) for v in np.round(xy[joint])) for joint in (a, b)]
        cv2.line(image, *ends, colour, width, cv2.LINE_AA)
        cv2.line(mask, *ends, 1, width)
    trunk = np.round(xy[[2, 5, 11, 8]]).astype(np.int32)
    cv2.fillConvexPoly(image, trunk, (210, 40, 60))
    cv2.fillConvexPoly(mask, trunk, 1)
    centre = tuple(int(v) for v in np.round(xy[[16, 17]].mean(axis=0)))
    cv2.circle(image, centre, 26, (250, 170, 60), -1, cv2.LINE_AA)
    cv2.circle(mask, centre, 26, 1, -1)
    for eye in (14, 15):
        cv2.circle(image, tuple(int(v) for v in np.round(xy[eye])), 4, (20, 20, 20), -1)
    return image, mask > 0


def clip(xy, absent=()):
    xy = np.array(xy, np.float64)
    visibility = np.full(xy.shape[:2], 2, np.uint8)
    xy[:, list(absent)] = np.nan
    visibility[:, list(absent)] = 0
    return PoseClip(xy, visibility, WIDTH, HEIGHT, 8.0)


def dance():
    """Waving arms, a step to the side, a nod: frame 0 is the stand."""
    frames = []
    for index in range(FRAMES):
        xy = STAND + np.array([3.0 * index, 0.0])
        for shoulder, joints, sign in ((2, [3, 4], 1), (5, [6, 7], -1)):
            a = sign * 0.45 * index
            turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
            xy[joints] = xy[shoulder] + (xy[joints] - xy[shoulder]) @ turn.T
        frames.append(xy)
    return np.stack(frames)


def inputs_for(name, *, driving=None, reference=None, absent=(), allowed=None):
    image, _ = painted(STAND, absent)
    truth = np.stack([painted(xy, absent)[0] for xy in dance()])
    driving = clip(dance(), absent) if driving is None else driving
    reference = clip(STAND[None], absent) if reference is None else reference
    return Inputs(
        reference_image=image,
        size=Size(width=WIDTH, height=HEIGHT),
        frames=FRAMES,
        fps=8.0,
        seed=0,
        allowed=frozenset(plugins.card(name).inputs_seen if allowed is None else allowed),
        sources={
            "pose": lambda: (driving, reference),
            "driving_rgb": lambda: truth[:, ::-1],
            "truth": lambda: truth,
        },
    )


def animate(name, inputs):
    return plugins.method_class(plugins.card(name))("cpu")(inputs)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_complete(name):
    card = plugins.card(name)
    assert card.kind == "in_process"
    assert card.title
    assert len(card.summary) > 30
    assert card.licence_code == "Apache-2.0"
    assert not card.stochastic
    assert ("as_shipped" in card.tracks) == ("pose" not in card.inputs_seen)
    assert card.reference_row == (name == "oracle")


def test_copying_the_driver_has_no_meaning_in_self():
    assert set(plugins.card("copy_driving").not_applicable) == {"self"}


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_has_the_asked_frames_size_and_type(name):
    video = animate(name, inputs_for(name))
    assert video.shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert video.dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
def test_the_same_inputs_give_the_same_bytes(name):
    assert animate(name, inputs_for(name)).tobytes() == animate(name, inputs_for(name)).tobytes()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "still"])
def test_an_undeclared_look_is_refused(name):
    with pytest.raises(A2BenchError, match="its card does not declare"):
        animate(name, inputs_for(name, allowed=()))


def test_still_needs_nothing_and_repeats_the_reference():
    inputs = inputs_for("still", allowed=())
    assert (animate("still", inputs) == inputs.reference_image).all()


def test_copy_driving_and_oracle_hand_their_input_on():
    inputs = inputs_for("oracle")
    np.testing.assert_array_equal(animate("oracle", inputs), inputs.truth)
    inputs = inputs_for("copy_driving")
    np.testing.assert_array_equal(animate("copy_driving", inputs), inputs.driving_video)


@pytest.mark.parametrize("name", ["similarity_warp", "puppet_warp"])
def test_a_pose_that_does_not_move_gives_back_the_reference(name):
    driving = clip(np.repeat(STAND[None], FRAMES, axis=0) * 0.8 + 11)
    inputs = inputs_for(name, driving=driving)
    assert (animate(name, inputs) == inputs.reference_image).all()


def test_a_tiny_motion_changes_little():
    driving = clip(
        np.repeat(STAND[None], FRAMES, axis=0) + np.linspace(0, 0.05, FRAMES)[:, None, None]
    )
    inputs = inputs_for("puppet_warp", driving=driving)
    change = np.abs(animate("puppet_warp", inputs)[-1].astype(float) - inputs.reference_image)
    assert change.mean() < 1.0  # seams and resampling; the cartoon itself has contrasts over 100


@pytest.mark.parametrize("name", ["similarity_warp", "puppet_warp"])
def test_pixels_far_from_all_motion_stay_those_of_the_reference(name):
    inputs = inputs_for(name)
    video = animate(name, inputs)
    far = np.ones((HEIGHT, WIDTH), np.bool_)
    far[25:285, 10:] = False
    assert (video[:, far] == inputs.reference_image[far]).all()


def test_the_puppet_comes_nearer_to_the_truth_than_standing_still():
    inputs = inputs_for("puppet_warp")
    truth = np.stack([painted(xy)[0] for xy in dance()]).astype(float)

    def error(video):
        return ((video[1:] - truth[1:]) ** 2).mean()

    still = error(np.repeat(inputs.reference_image[None], FRAMES, axis=0))
    assert error(animate("puppet_warp", inputs)) < 0.5 * still


@pytest.mark.parametrize("name", ["similarity_warp", "puppet_warp"])
@pytest.mark.parametrize(
    "absent",
    [ARMS, LEGS, [*ARMS, *LEGS], [8, 11, *LEGS], [0, 14, 15, 16, 17], [1, 2, 5, *ARMS],
     [*range(1, 14)], [*range(18)]],
    ids=["arms", "legs", "limbs", "hips", "face", "shoulders", "body", "all"],
)  # fmt: skip
def test_bodies_without_some_parts_are_drawn(name, absent):
    video = animate(name, inputs_for(name, absent=absent))
    assert video.shape == (FRAMES, HEIGHT, WIDTH, 3)
    moved = (video[-1] != video[0]).any()
    assert moved == (len(absent) < 18)


@pytest.mark.parametrize("name", ["similarity_warp", "puppet_warp"])
def test_a_driver_that_leaves_the_frame_does_no_harm(name):
    driving = clip(STAND + np.arange(FRAMES)[:, None, None] * [400.0, -300.0])
    video = animate(name, inputs_for(name, driving=driving))
    assert (video[-1] == video[-2]).all()  # nothing but the empty background


def test_the_cut_out_is_the_character():
    image, mask = painted(STAND)
    found = cut_out(image, STAND).mask
    overlap = (found & mask).sum() / (found | mask).sum()
    assert overlap > 0.85


def test_filling_continues_a_plane():
    rows, columns = np.mgrid[:64, :80]
    plane = np.stack([rows, columns, rows + columns], axis=-1).astype(np.uint8)
    known = np.ones((64, 80), np.bool_)
    known[20:40, 30:50] = False
    filled = fill(np.where(known[..., None], plane, 0).astype(np.uint8), known)
    assert (filled[known] == plane[known]).all()
    # Push-pull is a smooth guess, not a harmonic solve: a hole of 20 px across slopes of 1 a px.
    assert np.abs(filled.astype(int) - plane)[~known].max() <= 12
