"""Cards that give exact poses to programs that would otherwise find their own."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from a2bench import plugins
from a2bench.command import plan
from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Size
from a2bench.tracks import on_track
from a2bench.video import write_png
from tests.test_plans import request

BOTH = ("moore_animate_anyone", "musepose", "unianimate")


def test_the_track_chooses_the_card_and_no_detector_is_loaded() -> None:
    for name in BOTH:
        card = plugins.card(on_track(name, "given_pose"))
        assert card.name == f"{name}_given_pose"
        assert set(card.inputs_seen) == {"pose"}
        assert card.native == plugins.card(name).native
        assert card.command is not None
        assert not [one.name for one in card.command.weights if one.name.startswith("dwpose")]


def test_unianimate_is_given_pictures_as_its_own_script_writes_them(tmp_path: Path) -> None:
    """Four digits, JPEG, red and blue swapped; the reference's among them, under its own name."""
    width, height = 64, 96
    xy = np.full((3, 18, 2), np.nan)
    xy[:, 1], xy[:, 2] = (32, 30), (12, 30)  # neck and right shoulder: a red limb
    pose = PoseClip(xy, np.where(np.isfinite(xy[..., 0]), 2, 0).astype(np.uint8), 64, 96, 8.0)
    card = plugins.card("unianimate_given_pose")
    asked = request(card.name, Size(width=width, height=height), 3, 0, "")
    planned = plan(card, asked, work=tmp_path, python=Path(sys.executable))
    step = planned.steps[0]
    drawn = draw_pose(pose)
    for index, picture in enumerate(drawn):
        path = Path(planned.inputs["pose_images"]) / f"{index:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, picture)
    write_png(Path(planned.inputs["reference_pose_image"]), drawn[0])
    for name, text in step.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    subprocess.run(step.argv, check=True, timeout=60)

    folder = tmp_path / "poses"
    assert sorted(path.name for path in folder.iterdir()) == [
        *(f"{index:04d}.jpg" for index in range(3)),
        "ref_pose.jpg",
    ]
    given = cv2.imread(str(folder / "0001.jpg"))[:, :, ::-1]  # as PIL opens it
    red, _, blue = given[30, 22].astype(int)
    assert drawn[1, 30, 22].tolist() == [153, 0, 0]  # 0.6 x 255
    assert blue > 100 > red
