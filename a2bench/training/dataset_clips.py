"""Training clips of any data set of the suite: its truths and their key points."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.normalise import fit_image
from a2bench.ondemand import checked_file
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Size
from a2bench.training.clips import TrainingClip
from a2bench.video import read_truth

_DECODED = 8
"""Videos kept decoded in each process; a 512x768 clip of 32 frames takes 38 MB."""


class DatasetClips:
    """Clips of the samples of a split.

    A clip is `frames` frames of a sample at even steps of 1 to `stride` frames, from a random one
    on; its reference picture is any other frame of the sample, as is usual for videos of people.
    """

    def __init__(
        self, dataset: Dataset, split: str, *, stride: int = 1, test_set: bool = False
    ) -> None:
        """Take the samples of a split.

        Args:
            dataset: with poses.
            split: which of its samples.
            stride: most frames between two of a clip.
            test_set: the benchmark's own characters may be trained on. Scores on them then mean
                nothing; for trying things out.

        Raises:
            A2BenchError: the benchmark's own data, a sample that is not built, or one without key
                points.
        """
        if dataset.info.builder == "procedural" and not test_set:
            raise A2BenchError(
                f"{dataset.label} is the benchmark's test set: nothing is trained on it.\n"
                "hint: data.provider=training_cast draws characters that are not in it; to try "
                "out only: data.test_set=true"
            )
        ids = dataset.ids(split)
        if without := [one for one in ids if not dataset.sample(one).has_pose]:
            raise A2BenchError(
                f"{dataset.label}: {len(without)} of {len(ids)} samples have no key points (first: "
                f"{without[0]}); training needs them\nhint: adopt the data with poses"
            )
        self._dataset, self._ids, self._stride = dataset, ids, stride
        self._split, self._test_set = split, test_set

    def __len__(self) -> int:
        return len(self._ids)

    def describe(self) -> str:
        """Return what a model trained on them has seen, for the table's column."""
        text = f"{self._dataset.label}, split {self._split} ({len(self)} videos)"
        if self._dataset.info.builder == "procedural":
            text += ": THE TEST SET ITSELF"
        return text

    def identity(self) -> dict[str, str]:
        """Return what decides the clips, for resuming."""
        return {"dataset": self._dataset.label, "digest": self._dataset.digest(self._split)}

    def clip(
        self, index: int, *, size: tuple[int, int], frames: int, rng: np.random.Generator
    ) -> TrainingClip:
        """See `TrainingClips`.

        Raises:
            A2BenchError: the video is shorter than `frames`, or not the one that was built.
        """
        name = self._ids[index]
        files = [checked_file(self._dataset, name, file) for file in ("video.mp4", "pose.npz")]
        video, poses = _decoded(*files)
        longest = (len(video) - 1) // max(frames - 1, 1)
        if len(video) < frames:
            raise A2BenchError(
                f"{self._dataset.label}: {name} has {len(video)} frames, a training clip {frames}\n"
                f"hint: options.frames={len(video)}"
            )
        step = int(rng.integers(1, max(1, min(self._stride, longest)) + 1))
        start = int(rng.integers(len(video) - step * (frames - 1)))
        reference = int(rng.integers(len(video)))
        chosen = slice(start, start + step * (frames - 1) + 1, step)
        width, height = size
        target = Size(width=width, height=height)

        def fitted(pictures: Video) -> Video:
            return np.stack([fit_image(picture, target, "stretch") for picture in pictures])

        return TrainingClip(
            name=name,
            frames=fitted(video[chosen]),
            poses=poses[chosen].resized(width, height),
            fps=poses.fps / step,
            reference_image=fitted(video[reference : reference + 1])[0],
            reference_pose=poses[reference : reference + 1].resized(width, height),
        )


@lru_cache(maxsize=_DECODED)
def _decoded(video: Path, pose: Path) -> tuple[Video, PoseClip]:
    return read_truth(video), PoseClip.load(pose)
