"""What a `parity_pose.npz` of the released pose front end holds, compared with ours."""

import numpy as np

from a2bench.pose.dwpose import detector, estimator
from a2bench.pose.dwpose.drawing import body_and_feet, draw_frame
from a2bench.pose.dwpose.wholebody import FACE, HANDS, normalised, with_neck
from tests.pose import dwpose_models as models

TOLERANCE = 1e-4
PIXELS = 0.005
"""Share of pixels of a drawing that may differ: another OpenCV draws some borders otherwise."""


def near(ours, stored, tolerance=TOLERANCE):
    ours, stored = np.asarray(ours, np.float64), np.asarray(stored, np.float64)
    assert ours.shape == stored.shape
    assert np.isfinite(ours).all()
    assert np.abs(ours - stored).max(initial=0) <= tolerance


def same_picture(ours, stored):
    assert ours.shape == stored.shape
    assert stored.any()
    assert (ours != stored).any(axis=-1).mean() <= PIXELS


def check_pose_golden(golden):
    """Compare every array of a `parity_pose.npz`."""
    points, scores = with_neck(golden["kp133"], golden["score133"])
    near(points, golden["kp134"])
    near(scores, golden["score134"])
    height, width = (int(side) for side in golden["canvas_hw"])
    placed = normalised(points[0], scores[0], width, height)
    body, shown = body_and_feet(placed, scores[0])
    near(body, golden["body_candidate"])
    assert (np.where(shown, np.arange(20), -1) == golden["body_subset"][0]).all()
    near(placed[HANDS].reshape(2, 21, 2), golden["hands"])
    near(placed[FACE], golden["faces"][0])
    for name, faces in (("canvas_no_face", False), ("canvas_with_face", True)):
        canvas = np.zeros((height, width, 3), np.uint8)
        draw_frame(canvas, placed, scores[0], faces=faces)
        same_picture(canvas, golden[name])
    # Its inputs are not in the file; these names in `namefill.py` give them.
    x = models.drawn("sx", (6, 576)).astype(np.float32)
    y = models.drawn("sy", (6, 768)).astype(np.float32)
    x[2] = -1  # no positive bin: no place
    xy, told = estimator.decode(x, y, golden["simcc_center"], golden["simcc_scale"])
    near(xy, golden["simcc_kp"][0])
    near(told, golden["simcc_score"][0])
    shades = models.drawn("img", (120, 90, 3), normal=False).astype(np.float32)
    picture = (shades * 255).astype(np.uint8)
    cut, centre, size = estimator.crop(picture, golden["crop_box"])
    near(centre, golden["crop_center"])
    near(size, golden["crop_scale"])
    near(cut[::16, ::16], golden["crop_sub"])
    square, scale = detector.letterbox(picture)
    near(square[:, ::16, ::16], golden["det_input_sub"])
    # The predictions cannot be had again. The boxes that were kept, one a cell, are all kept.
    boxes = golden["det_boxes"]
    near(detector.people(predicted(boxes, scale), scale)[0], boxes, 1e-3)  # exp of a float32 log


def predicted(boxes, scale):
    """Predictions (8400, 85) that decode to boxes, one in each of the first cells.

    Each is a little less sure than the one before.
    """
    predictions = np.zeros((detector.CELLS, detector.COLUMNS))
    count = len(boxes)
    ranks = np.arange(count)
    cell = np.stack([ranks % 80, ranks // 80], axis=1)
    middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    predictions[:count, :2] = middle * scale / 8 - cell
    predictions[:count, 2:4] = np.log(sides * scale / 8)
    predictions[:count, 4], predictions[:count, 5] = 1, 1 - 0.5 * ranks / count
    return predictions.astype(np.float32)
