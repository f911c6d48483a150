"""What the screening of generated candidates measures on drawn characters, whole and spoiled.

    python benchmarks/screening_measures.py --home a2bench-data --characters 10

Exact poses stand for detections. Printed: the range over the characters of the measures whose
defaults were set with it (docs/generative.md).
"""

import argparse
from pathlib import Path

import numpy as np

from a2bench.dataset import Dataset
from a2bench.generation.screening import measure
from a2bench.metric import Video
from a2bench.pose.dwpose.wholebody import WholeBodyClip
from a2bench.pose.keypoints import VISIBLE, PoseClip
from a2bench.video import read_truth


def seen(dataset: Dataset, key: str) -> tuple[Video, WholeBodyClip]:
    """A clip at half size, and its exact pose as a detector would say it."""
    frames = read_truth(dataset.sample_file(key, "video.mp4"))[:, ::2, ::2]
    height, width = frames.shape[1:3]
    pose = PoseClip.load(dataset.sample_file(key, "pose.npz")).resized(width, height)
    xy, scores = np.zeros((len(frames), 134, 2)), np.zeros((len(frames), 134))
    xy[:, :18] = np.nan_to_num(pose.xy)
    scores[:, :18] = np.where(pose.visibility == VISIBLE, 0.9, np.where(pose.present, 0.4, 0))
    return frames, WholeBodyClip(xy, scores, np.ones(len(frames), np.int64), width, height, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("a2bench-data"))
    parser.add_argument("--characters", type=int, default=10)
    given = parser.parse_args()
    dataset = Dataset.find(given.home, "a2bench-proc")
    clips = [seen(dataset, key) for key in dataset.info.order[: given.characters]]
    found: dict[str, list[float]] = {}
    for index, (frames, points) in enumerate(clips):
        other = clips[(index + 1) % len(clips)][0]
        half = np.concatenate([frames[: len(frames) // 2], other[len(frames) // 2 :]])
        own = measure(frames, 8, frames[0], points)
        found.setdefault("identity_colour, own video", []).append(own.identity_colour)
        unlike = measure(frames, 8, other[0], points)
        found.setdefault("identity_colour, another's", []).append(unlike.identity_colour)
        found.setdefault("cut, whole", []).append(own.cut)
        found.setdefault("cut, another follows", []).append(measure(half, 8, frames[0], points).cut)
        found.setdefault("motion", []).append(own.motion)
    for name, values in found.items():
        print(f"{name:<28} {min(values):.3f} to {max(values):.3f} ({len(values)})")


if __name__ == "__main__":
    main()
