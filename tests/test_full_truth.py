"""Everything that is known of a drawn clip, at any frame rate."""

import numpy as np
import pytest

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.full_truth import full_truth
from a2bench.masks import MaskClip
from a2bench.pose.keypoints import PoseClip
from a2bench.procedural import PartId


def test_at_the_scoring_rate_it_is_what_the_data_set_holds(tiny: Dataset) -> None:
    case = tiny.cases("self", "smoke")[0]
    known = full_truth(tiny, case)
    stored = PoseClip.load(tiny.sample_file(case.reference_id, "pose.npz"))
    masks = MaskClip.load(tiny.sample_file(case.reference_id, "mask.npz"))

    assert known.pose.digest() == stored.digest()
    assert known.masks.digest() == masks.digest()


def test_another_rate_knows_the_same_of_the_same_instants(tiny: Dataset) -> None:
    """24 Hz: every third frame is one of 8 Hz."""
    case = tiny.cases("cross", "smoke")[0]
    slow, fast = full_truth(tiny, case, frames=4), full_truth(tiny, case, fps=24, frames=10)

    for name in ("depth", "parts", "boxes"):
        np.testing.assert_array_equal(getattr(slow, name), getattr(fast, name)[::3])
    np.testing.assert_array_equal(slow.pose.xy, fast.pose.xy[::3])
    np.testing.assert_array_equal(slow.masks.undefined, fast.masks.undefined[::3])


def test_parts_masks_boxes_and_joints_agree(tiny: Dataset) -> None:
    for case in tiny.cases("self", "smoke"):
        known = full_truth(tiny, case, frames=8)
        np.testing.assert_array_equal(known.masks.foreground, known.parts != PartId.BACKGROUND)
        np.testing.assert_array_equal(np.isnan(known.depth), ~known.pose.present)
        for mask, (left, top, right, bottom) in zip(
            known.masks.foreground, known.boxes, strict=True
        ):
            inside = mask[top:bottom, left:right]
            assert inside.sum() == mask.sum()
            assert inside[[0, -1]].any(axis=1).all()
            assert inside[:, [0, -1]].any(axis=0).all()


def test_depth_says_which_hip_is_nearer(tiny: Dataset) -> None:
    """A body turned to the picture's right (yaw above 0) brings its right hip towards us."""
    case = tiny.cases("self", "smoke")[0]
    known = full_truth(tiny, case, mannequin=True, fps=12, frames=70)
    turned = known.masks.yaw_degrees > 8

    assert turned.any()
    assert (known.depth[turned, 8] > known.depth[turned, 11]).all()


def test_what_cannot_be_had_is_refused(tiny: Dataset) -> None:
    case = tiny.cases("self", "smoke")[0]
    with pytest.raises(A2BenchError, match="4 to 60 fps"):
        full_truth(tiny, case, fps=100)
    with pytest.raises(A2BenchError, match=r"up to 6\.2 s"):
        full_truth(tiny, case, fps=8, frames=100)
