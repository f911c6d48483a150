"""The input folders of the released Animate-X code, with our exact poses in place of DWPose's.

    data/images/<case>.png                      the reference
    data/saved_frames/<case>/frame_0000.jpg     the driver's frames (for CLIP)
    data/saved_pose/<case>/frame_0000.jpg       its skeletons
    data/saved_pkl/<case>.pkl                   its key points
    config_a2bench.yaml                         the lines of the released configuration that differ

Copy `data/` into a checkout of github.com/antgroup/animate-x (e41d3f03) and start it with the
released configuration in which these lines stand; `process_data.py` is not run. As that script
leaves them: skeletons are written by OpenCV although they were drawn as RGB, key points are
divided by width and height, absent ones are -1. The pickle holds numpy arrays and is for that code
to read; nothing of ours reads it.
"""

import pickle
from pathlib import Path

import cv2
import numpy as np
import yaml

from a2bench.builders.assembly import whole_folder
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.exports import claim, in_parallel
from a2bench.normalise import fit_image
from a2bench.ondemand import Grid, checked_file, driving_clip
from a2bench.paths import write_aside, write_text
from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Case, Protocol
from a2bench.video import read_image, read_truth, write_png

RESOLUTION = (512, 768)
"""Width and height the network works at."""

_SEED = 13
"""Of the released configuration."""

_FACE_POINTS, _HAND_POINTS = 68, 21


def write(
    dataset: Dataset, split: str, out: Path, *, protocol: Protocol, workers: int | None = None
) -> str:
    """Write every case's inputs; return what was written.

    Raises:
        A2BenchError: no poses, a damaged sample, or `out` holds something else.
    """
    cases = dataset.cases(protocol, split)
    for case in cases:
        if not (dataset.sample(case.driver_id).has_pose):
            raise A2BenchError(f"{dataset.label}: {case.driver_id} has no key points to export.")
    claim(out, dataset, "animate_x", split=split, protocol=protocol)
    data = out / "data"
    todo = [
        (dataset, case, data)
        for case in cases
        if not (data / "saved_pkl" / f"{case.case_id}.pkl").exists()
    ]
    kinds = ("images", "saved_frames", "saved_pose", "saved_pkl")
    in_parallel(
        "export to Animate-X", _write_case, todo,
        folders=[data / kind for kind in kinds], workers=workers,
    )  # fmt: skip
    frames = {case.frames for case in cases}
    text = yaml.safe_dump(
        {
            "max_frames": min(frames),
            "resolution": list(RESOLUTION),
            "round": 1,
            "seed": _SEED,
            "test_list_path": [
                [
                    1,
                    f"data/images/{case.case_id}.png",
                    f"data/saved_pose/{case.case_id}",
                    f"data/saved_frames/{case.case_id}",
                    f"data/saved_pkl/{case.case_id}.pkl",
                    _SEED,
                ]
                for case in cases
            ],
        },
        sort_keys=False,
        default_flow_style=None,
        width=1000,
    )
    write_text(out / "config_a2bench.yaml", text)
    return f"{len(cases)} cases of {dataset.label}, {protocol}, split {split}"


def _write_case(dataset: Dataset, case: Case, data: Path) -> str:
    reference = read_image(checked_file(dataset, case.reference_id, "reference.png"))
    write_png(data / "images" / f"{case.case_id}.png", fit_image(reference, case.size, "stretch"))
    path, poses = driving_clip(dataset, case, Grid(case.size, case.fps, case.frames, "stretch"))
    assert poses is not None  # looked at before anything was written
    _write_pictures(data / "saved_frames" / case.case_id, read_truth(path)[..., ::-1])
    _write_pictures(data / "saved_pose" / case.case_id, draw_pose(poses))
    with write_aside(data / "saved_pkl" / f"{case.case_id}.pkl") as aside:  # last: it is whole now
        aside.write_bytes(pickle.dumps(_as_released(poses), protocol=4))
    return case.case_id


def _write_pictures(folder: Path, pictures: np.ndarray) -> None:
    """Write frames (t, h, w, 3), taken for BGR by OpenCV, as JPEG."""
    last = f"frame_{len(pictures) - 1:04d}.jpg"
    if (folder / last).exists():
        return
    with whole_folder(folder, record=last) as aside:
        for index, picture in enumerate(pictures):
            if not cv2.imwrite(str(aside / f"frame_{index:04d}.jpg"), picture):
                raise A2BenchError(f"{aside}: frame {index} cannot be written; is the disk full?")


def _as_released(poses: PoseClip) -> dict[str, object]:
    """Return the dictionary that the released pre-processing pickles; face and hands not found."""
    count = len(poses)
    xy = poses.xy / (poses.width, poses.height)
    xy[~poses.present] = -1
    return {
        "bodies": xy,
        "body_indices": np.where(poses.present, np.arange(18), -1).astype(np.float64),
        "faces": np.full((count, _FACE_POINTS, 2), -1.0),
        "hands": np.full((count, 2, _HAND_POINTS, 2), -1.0),
        "size": (poses.height, poses.width, 3),
        "fps": int(poses.fps),
    }
