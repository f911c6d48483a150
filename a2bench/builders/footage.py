"""A clip that was not drawn by us as the files of a sample: truth, driver, reference, poses."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.normalise import frames_for_instants
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Size
from a2bench.video import Clip, read_truth, rgb_digest, write_png, write_truth

FEWEST_FRAMES = 2

DRIVING_POSE = "driving_pose.npz"
"""Beside `driving.mp4`: its poses, where there are any."""


@dataclass(frozen=True)
class Footage:
    """What was written of a clip.

    Attributes:
        frames: of the truth.
        fps: of the driving clip.
        time_error_seconds: largest distance of a truth frame from its instant.
        digests: of the decoded content.
    """

    size: Size
    frames: int
    fps: float
    time_error_seconds: float
    digests: dict[str, str]


def write_footage(
    folder: Path,
    clip: Clip,
    frames: Video,
    poses: PoseClip | None,
    *,
    fps: float,
    most_frames: int,
    what: str,
) -> Footage:
    """Write video.mp4, driving.mp4, reference.png, and the poses of both where they are known.

    Args:
        folder: empty; of the sample.
        clip: when its frames are shown.
        frames: the same frames at the sample's size, RGB uint8 (t, h, w, 3).
        poses: of every frame, in px of that size; None: not known.
        fps: of the truth, whose instants are i / fps seconds.
        most_frames: of the truth; fewer where the clip covers fewer instants.
        what: name of the clip, for messages.

    Raises:
        A2BenchError: fewer than two instants are covered.
    """
    rate = clip.fps or fps
    covered = float(clip.times_seconds[-1]) + 0.5 / rate
    instants = [index / fps for index in range(most_frames) if index / fps <= covered]
    if len(instants) < FEWEST_FRAMES:
        raise A2BenchError(f"{what}: {covered:.2f} s of pictures, {FEWEST_FRAMES / fps:g} s needed")
    indices, time_error = frames_for_instants(clip.times_seconds, instants, clip.fps)
    write_truth(folder / "video.mp4", frames[indices], fps, storage="lossless")
    # Constant rate: what a method at another rate is given, sampled from it by time.
    even = [index / rate for index in range(int(covered * rate + 1e-6))]
    steady, _ = frames_for_instants(clip.times_seconds, even, clip.fps)
    write_truth(folder / "driving.mp4", frames[steady], rate, storage="lossless")
    truth = read_truth(folder / "video.mp4")
    write_png(folder / "reference.png", truth[0])
    digests = {"rgb": rgb_digest(truth)}
    if poses is not None:
        own = _chosen(poses, indices, fps)
        own.save(folder / "pose.npz")
        _chosen(poses, steady, rate).save(folder / DRIVING_POSE)
        digests["pose"] = own.digest()
    height, width = truth.shape[1:3]
    return Footage(Size(width=width, height=height), len(instants), rate, time_error, digests)


def _chosen(poses: PoseClip, indices: "np.typing.NDArray[np.int64]", fps: float) -> PoseClip:
    xy, visibility = poses.xy[indices], poses.visibility[indices]
    return PoseClip(xy, visibility, poses.width, poses.height, fps)
