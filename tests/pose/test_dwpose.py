"""DWPose: numbers of the released pre-processing, and what happens where it sees nothing.

Goldens were made with the released code (antgroup/animate-x @ e41d3f03), its two networks replaced
by drawn numbers: `data/dwpose.npz` here; `parity_pose.npz`, among the shared ones, is run by
`tests/baselines/test_animate_x_goldens.py`.
"""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.pose.dwpose import DWPose, detector, estimator
from a2bench.pose.dwpose.wholebody import WholeBodyClip
from a2bench.pose.failures import PoseFailure
from tests.pose import dwpose_models as models
from tests.pose.dwpose_golden import near, predicted, same_picture

OWN = Path(__file__).parent / "data" / "dwpose.npz"


def stand_in(name, size, best):
    """Picture, predictions and bins as the committed golden was made with."""
    height, width = size
    picture = (models.drawn(f"{name}/picture", (height, width, 3), normal=False) * 255).astype(
        np.uint8
    )
    predictions = models.drawn(f"{name}/predictions", (8400, 85)).astype(np.float32)
    predictions[:, 2:4] = predictions[:, 2:4] * np.float32(0.5) + 1
    shares = models.drawn(f"{name}/classes", (8400, 81), normal=False).astype(np.float32)
    predictions[:, 4:] = shares**8 * best
    if best == 1:
        predictions[8206 if name == "tall" else 8070, :6] = 0.3, 0.2, 2.3, 2.5, 1, 1
    bins = [
        (models.drawn(f"{name}/simcc_{axis}", (1, 133, length)) * 0.11).astype(np.float32)[0]
        for axis, length in (("x", 576), ("y", 768))
    ]
    return cv2.GaussianBlur(picture, (0, 0), 3), predictions, bins


@pytest.mark.parametrize("name", ["tall", "wide", "nobody"])
def test_a_picture_goes_through_as_in_the_released_code(tmp_path, name):
    """Letter box, boxes, crop, key points, picture; with the two networks as real ONNX files."""
    with np.load(OWN, allow_pickle=False) as file:
        golden = {key.split("/")[1]: file[key] for key in file if key.startswith(f"{name}/")}
    height, width = (int(side) for side in golden["size"])
    picture, predictions, bins = stand_in(name, (height, width), 0.5 if name == "nobody" else 1)
    square, scale = detector.letterbox(picture)
    near(square[:, ::32, ::32], golden["letterbox"])
    boxes, _ = detector.people(predictions, scale)
    assert len(boxes) == golden["box_count"]
    near(boxes[:20], golden["boxes"])
    box = boxes[0] if len(boxes) else np.array([0, 0, width, height])
    near(estimator.crop(picture, box)[0][::24, ::24], golden["crop"])

    dwpose = DWPose(
        models.constant_detector(tmp_path / "detector.onnx", predictions),
        models.constant_estimator(tmp_path / "estimator.onnx", *bins),
    )
    clip = dwpose.estimate(picture[None, ..., ::-1], fps=8)
    near(clip.xy[0], golden["xy"])
    near(clip.scores[0], golden["scores"])
    assert clip.people.tolist() == [len(boxes)]
    same_picture(clip.draw()[0], golden["canvas"])
    same_picture(clip.draw(faces=True)[0], golden["canvas_with_face"])
    pose = clip.pose()
    placed = np.where(pose.present[0, :, None], pose.xy[0] / (width, height), -1)
    near(placed, golden["bodies"][:18])


def test_boxes_that_overlap_leave_the_surest():
    """10 x 10 px boxes count 11 x 11. Shifted by 4: 7 * 11 / (2 * 121 - 77) = 0.467 goes, by 5:
    6 * 11 / (242 - 66) = 0.375 stays.
    """
    boxes = np.array([[100, 100, 110, 110], [104, 100, 114, 110], [105, 100, 115, 110.0]])
    found, scores = detector.people(predicted(boxes, 1.0), 1.0)
    near(found, boxes[[0, 2]], 1e-4)
    assert scores[0] > scores[1]


def test_another_class_or_a_low_score_is_nobody():
    cat = models.one_person()
    cat[:, 5], cat[:, 20] = 0, 0.9
    assert len(detector.people(cat, 1.0)[0]) == 0
    assert len(detector.people(models.one_person(score=0.3), 1.0)[0]) == 0
    assert len(detector.people(models.one_person(score=0.31), 1.0)[0]) == 1


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeing")
    return DWPose(
        models.bright_detector(folder / "detector.onnx"),
        models.bright_estimator(folder / "estimator.onnx"),
    )


def spot(x, y, width=96, height=128):
    frame = np.zeros((height, width, 3), np.uint8)
    frame[y - 3 : y + 4, x - 3 : x + 4] = 255
    return frame


def test_where_the_picture_is_bright_the_joints_are(seeing):
    """A spot 7 px wide: every point lies within it, but for half a bin and the window's slope."""
    for x, y in ((30, 40), (60, 90)):
        clip = seeing.estimate(spot(x, y)[None], fps=8)
        assert clip.people.tolist() == [1]
        body = clip.pose()
        assert body.present.any()
        assert np.abs(body.xy[body.present] - (x, y)).max() <= 5


def test_frames_do_not_know_of_each_other(seeing):
    frames = np.stack([spot(30, 40), spot(60, 90), spot(40, 64)])
    together = seeing.estimate(frames, fps=8)
    for index in range(3):
        alone = seeing.estimate(frames[index : index + 1], fps=8)
        assert np.array_equal(together.xy[index], alone.xy[0])


@pytest.mark.parametrize(
    ("role", "failure"), [("driving", "no_pose_driving"), ("reference", "no_pose_reference")]
)
def test_a_clip_without_any_body_point_fails_with_its_kind(seeing, role, failure):
    black = np.zeros((2, 128, 96, 3), np.uint8)
    with pytest.raises(PoseFailure, match=f"no body point in any of 2 {role} frames") as caught:
        seeing.estimate(black, fps=8, role=role)
    assert caught.value.failure == failure


def test_a_frame_without_a_person_is_looked_at_whole_or_left_out(seeing):
    """Dim spot: 0.6 * 120 / 255 = 0.28, nobody; the released code then takes the whole frame."""
    frames = np.stack([spot(30, 40), (spot(30, 40) * (120 / 255)).astype(np.uint8)])
    whole = seeing.estimate(frames, fps=8)
    assert whole.people.tolist() == [1, 0]
    assert whole.pose().present[1].any()
    left = seeing.estimate(frames, fps=8, nobody="absent")
    assert not left.pose().present[1].any()
    assert not left.draw()[1].any()


def test_of_several_people_the_surest_is_taken_or_the_case_fails(tmp_path):
    left, right = np.array([[0, 0, 300, 640.0]]), np.array([[340, 0, 640, 640.0]])
    predictions = predicted(np.concatenate([right, left]), 1.0)
    dwpose = DWPose(
        models.constant_detector(tmp_path / "two.onnx", predictions),
        models.bright_estimator(tmp_path / "estimator.onnx"),
    )
    frame = np.zeros((640, 640, 3), np.uint8)
    frame[300:340, 100:140], frame[300:340, 500:540] = 255, 255
    clip = dwpose.estimate(frame[None], fps=8)
    assert clip.people.tolist() == [2]
    assert (clip.pose().xy[0][clip.pose().present[0]][:, 0] > 450).all()  # the right one is surer
    with pytest.raises(PoseFailure, match="2 people in driving frame 0") as caught:
        dwpose.estimate(frame[None], fps=8, more_people="refuse")
    assert caught.value.failure == "multi_person"


def test_wild_key_points_are_drawn_or_not_but_never_crash():
    xy = np.random.default_rng(0).normal(0, 1e9, (1, 134, 2))
    clip = WholeBodyClip(xy, np.ones((1, 134)), np.ones(1, int), 64, 96, 8)
    assert clip.draw().shape == (1, 96, 64, 3)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path, "no such file\nhint: a2bench fetch dwpose"),
        (lambda path: (path.write_bytes(b"no network"), path)[1], "not an ONNX network"),
        (
            lambda path: models.constant_detector(path, models.one_person(), side=320),
            r"takes .*320.*expected float32 pictures \(3, 640, 640\)",
        ),
        (
            lambda path: models.constant_detector(path, models.one_person()[:100, :6], side=640),
            r"answered \[\(1, 100, 6\)\], expected \[\(1, 8400, 85\)\]",
        ),
        (
            lambda path: models.constant_detector(path, models.one_person() * np.nan),
            "not finite",
        ),
    ],
)
def test_a_file_that_is_not_the_network_is_named(tmp_path, make, said):
    path = make(tmp_path / "detector.onnx")
    good = models.bright_estimator(tmp_path / "estimator.onnx")
    with pytest.raises(A2BenchError, match=f"detector.onnx: .*{said}|{said}"):
        DWPose(path, good).estimate(spot(30, 40)[None], fps=8)


def test_a_device_that_is_not_there_is_never_replaced_in_silence(tmp_path):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    files = (
        models.bright_detector(tmp_path / "d.onnx"),
        models.bright_estimator(tmp_path / "e.onnx"),
    )
    with pytest.raises(A2BenchError, match="no CUDA\nhint: pip install onnxruntime-gpu"):
        DWPose(*files, device="cuda:0")
    with pytest.raises(A2BenchError, match="device 'tpu'"):
        DWPose(*files, device="tpu")


def test_without_onnxruntime_the_line_to_type_is_said(tmp_path):
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from pathlib import Path\n"
        "from a2bench.pose.dwpose import DWPose\n"
        "DWPose(Path('a'), Path('b'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "hint: pip install 'a2bench[dwpose]'" in done.stderr


def test_its_files_are_rows_of_the_weight_table():
    rows = {row.name: row for row in weights.rows_named(["dwpose"])}
    assert set(rows) == {"dwpose_detector_onnx", "dwpose_pose_onnx"}
    assert all(row.sha256 and row.size_bytes and row.licence for row in rows.values())
