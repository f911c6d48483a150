"""COCO key points: pictures and one `annotations.json`, as `pycocotools` reads it.

    images/<sample>/<frame>.png
    annotations.json

COCO has seventeen points; ours has those and the neck, which is left out. Points of limbs that a
body does not have are 0 (not labelled), hidden ones and those outside the picture 1, others 2.
Format: https://cocodataset.org/#format-data.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.exports import claim, in_parallel
from a2bench.masks import MaskClip
from a2bench.ondemand import checked_file
from a2bench.paths import write_json
from a2bench.pose.keypoints import JOINT_INDEX, PoseClip
from a2bench.video import read_truth, write_png

POINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
    "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's order."""

SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
"""COCO's bones: numbers of points, from 1."""

_OURS = [JOINT_INDEX[name] for name in POINTS]


def write(dataset: Dataset, split: str, out: Path, *, workers: int | None = None) -> str:
    """Write the truths of a split as pictures with key points; return what was written.

    Raises:
        A2BenchError: no poses, a damaged sample, or `out` holds something else.
    """
    ids = dataset.ids(split)
    if lacking := [key for key in ids if not dataset.sample(key).has_pose]:
        raise A2BenchError(f"{dataset.label}: {lacking[0]} has no key points to export.")
    claim(out, dataset, "coco", split=split)
    todo = [(dataset, key, out) for key in ids if not (out / "parts" / f"{key}.json").exists()]
    folders = [out / "parts", *(out / "images" / key for key in ids)]
    in_parallel("export to COCO", _write_sample, todo, folders=folders, workers=workers)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for key in ids:
        part = json.loads((out / "parts" / f"{key}.json").read_bytes())
        for image, annotation in zip(part["images"], part["annotations"], strict=True):
            number = len(images) + 1
            images.append(image | {"id": number})
            if annotation["num_keypoints"]:
                annotations.append(annotation | {"id": number, "image_id": number})
    info = dataset.info
    write_json(
        out / "annotations.json",
        {
            "info": {
                "description": f"{dataset.label}, split {split} ({dataset.digest(split)})",
                "version": info.version,
            },
            "licenses": [{"id": 1, "name": info.licence, "url": ""}],
            "categories": [
                {
                    "id": 1,
                    "name": "character",
                    "supercategory": "character",
                    "keypoints": list(POINTS),
                    "skeleton": [list(bone) for bone in SKELETON],
                }
            ],
            "images": images,
            "annotations": annotations,
        },
    )
    return f"{len(images)} pictures of {len(ids)} samples with {len(annotations)} poses"


def _write_sample(dataset: Dataset, key: str, out: Path) -> str:
    frames = read_truth(checked_file(dataset, key, "video.mp4"))
    poses = PoseClip.load(checked_file(dataset, key, "pose.npz"))
    masks = None
    if dataset.sample(key).has_mask:
        masks = MaskClip.load(checked_file(dataset, key, "mask.npz")).foreground
    images, annotations = [], []
    for index, frame in enumerate(frames):
        name = f"{key}/{index:06d}.png"
        write_png(out / "images" / name, frame)
        images.append(
            {"file_name": name, "width": poses.width, "height": poses.height, "license": 1}
        )
        annotations.append(_annotation(poses, index, None if masks is None else masks[index]))
    write_json(out / "parts" / f"{key}.json", {"images": images, "annotations": annotations})
    return key


def _annotation(poses: PoseClip, index: int, mask: Any) -> dict[str, Any]:
    """Return one picture's key points, box and area in px; the ids are given later."""
    seen = poses.visibility[index][_OURS].astype(int)
    xy = np.where(seen[:, None] > 0, poses.xy[index][_OURS], 0.0)
    points = np.concatenate([xy, seen[:, None]], axis=1)
    if mask is not None and mask.any():
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        left, top = int(columns[0]), int(rows[0])
        box = [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]
        area = float(mask.sum())
    else:  # of a data set without masks: around the points
        low, high = xy[seen > 0].min(axis=0), xy[seen > 0].max(axis=0)
        box = [*np.round(low, 2).tolist(), *np.round(high - low, 2).tolist()]
        area = float(np.prod(high - low))
    return {
        "category_id": 1,
        "iscrowd": 0,
        "keypoints": [round(float(number), 2) for number in points.ravel()],
        "num_keypoints": int((seen > 0).sum()),
        "bbox": box,
        "area": area,
    }
