"""Pictures of what the explicit pose indicator does, for docs/training.md.

    python benchmarks/epi_pictures.py docs/images/epi.png

One pose, and what each operation of the rescale pool makes of it, at one end of its range and at
the other; then realignment to three bodies, and six draws of all of it together.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from a2bench.baselines.animate_x.training.epi import (
    Change,
    EPIConfig,
    ExplicitPoseIndicator,
    Operation,
    PosePool,
    apply,
    drop,
)
from a2bench.pose.anthropometry import ADULT, Anchor, HumanBody, anchor_pose
from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.video import write_png

WIDTH, HEIGHT, COLUMNS = 150, 225, 8


def dancer() -> PoseClip:
    """An adult with one arm up and a knee out."""
    pose = anchor_pose(Anchor(ADULT, 0.62), WIDTH, HEIGHT, floor=0.86)
    xy = pose.xy.copy()
    xy[0, 6] = xy[0, 5] + (19, -12)
    xy[0, 7] = xy[0, 6] + (8, -20)
    xy[0, 9] = xy[0, 8] + (-14, 28)
    xy[0, 10] = xy[0, 9] + (8, 31)
    return PoseClip(xy, pose.visibility, WIDTH, HEIGHT, 8.0)


def bodies() -> list[PoseClip]:
    """A child's, a giant's and a goblin's proportions."""
    small = HumanBody(head_breadth=0.16, eyes_apart=0.07, chin_height=0.80, eye_height=0.90)
    broad = HumanBody(shoulder_joints=0.34, hip_joints=0.2)
    short = HumanBody(
        shin=0.12, thigh=0.12, shoulder_height=0.57, chin_height=0.66, eye_height=0.80,
        upper_arm=0.28, forearm=0.26, head_breadth=0.2, eyes_apart=0.09,
    )  # fmt: skip
    return [
        anchor_pose(Anchor(body, stature), WIDTH, HEIGHT)
        for body, stature in ((small, 0.5), (broad, 0.8), (short, 0.85))
    ]


def panels() -> Iterator[tuple[str, PoseClip]]:
    pose, config = dancer(), EPIConfig()
    yield "driving pose", pose
    for operation in ("body", "shoulders", "neck", "face", "arms", "legs"):
        name: Operation = operation  # type: ignore[assignment]
        most = config.face_stretch if name == "face" else config.stretch
        for factor in (1 / most, most):
            yield f"{name} x {factor:.2f}", apply(pose, Change(factors={name: factor}))
    yield "drop left arm", apply(pose, Change(dropped="left_arm"))
    without = drop(pose, "right_arm")
    yield "no right arm", without
    yield "add: mirrored", apply(without, Change(added=True))
    for name, anchor in zip(("child", "broad", "goblin"), bodies(), strict=True):
        yield f"anchor: {name}", anchor
        yield "realigned", apply(pose, Change(anchor=anchor))
    indicator = ExplicitPoseIndicator(config, PosePool(bodies()))
    for seed in range(2):
        yield f"all, seed {seed}", indicator(pose, np.random.default_rng(seed))


def labelled(name: str, pose: PoseClip) -> npt.NDArray[np.uint8]:
    picture = draw_pose(pose)[0]
    cv2.rectangle(picture, (0, 0), (WIDTH - 1, HEIGHT - 1), (70, 70, 70), 1)
    cv2.putText(
        picture, name, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235, 235, 235), 1, cv2.LINE_AA
    )
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    found = [labelled(name, pose) for name, pose in panels()]
    blank = np.zeros_like(found[0])
    found += [blank] * (-len(found) % COLUMNS)
    rows = [np.concatenate(found[i : i + COLUMNS], axis=1) for i in range(0, len(found), COLUMNS)]
    write_png(parser.parse_args().out, np.concatenate(rows))


if __name__ == "__main__":
    main()
