"""Poses of clips that were not drawn by us, by DWPose: which networks, and what they see."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.paths import cached_sha256
from a2bench.pose.dwpose import DWPose, WholeBodyClip
from a2bench.pose.failures import PoseFailure
from a2bench.records import Digest, Record

ROWS = {"detector": "dwpose_detector_onnx", "estimator": "dwpose_pose_onnx"}

PoseChoice = Literal["auto", "dwpose", "none"]
"""`auto`: DWPose where its networks are, else none. `dwpose`: they must be there."""


class Networks(Record):
    """The two files of DWPose, and where they run."""

    detector: str
    estimator: str
    device: str = "cpu"
    detector_sha256: Digest
    estimator_sha256: Digest

    @property
    def label(self) -> str:
        """Which networks these are, as a sample's attribute says it."""
        parts = (self.detector_sha256, self.estimator_sha256)
        return "DWPose " + " ".join(part.removeprefix("sha256:")[:12] for part in parts)

    def loaded(self) -> DWPose:
        """Return both, loaded once a process."""
        return _loaded(self.detector, self.estimator, self.device)


@cache
def _loaded(detector: str, estimator: str, device: str) -> DWPose:
    return DWPose(Path(detector), Path(estimator), device=device)


@dataclass(frozen=True)
class _Files:
    found: dict[str, Path]
    lacking: str
    """Why there are none, with what to type; "" where they are there."""


def _files(detector: Path | None, estimator: Path | None) -> _Files:
    given = {"detector": detector, "estimator": estimator}
    found: dict[str, Path] = {}
    lacking = []
    for name, path in given.items():
        if path is not None and path.is_file():
            found[name] = path
        elif path is not None:
            lacking.append(f"{name}={path}: no such file")
        elif missing := weights.missing(ROWS[name]):
            lacking.append(missing)
        else:
            found[name] = weights.path_of(ROWS[name])
    if find_spec("onnxruntime") is None:
        lacking.append("onnxruntime is not installed: `pip install 'a2bench[dwpose]'`")
    return _Files(found, "; ".join(lacking))


def networks(
    choice: PoseChoice, *, detector: Path | None, estimator: Path | None, device: str
) -> tuple[Networks | None, str]:
    """Return DWPose's networks, or None and why there are none.

    Args:
        choice: see `PoseChoice`.
        detector: ONNX file; None: that of `a2bench fetch dwpose`.
        estimator: likewise.
        device: "cpu", "cuda" or "cuda:N".

    Raises:
        A2BenchError: they must be there and are not, or a named file is not there.
    """
    if choice == "none":
        return None, "poses=none"
    files = _files(detector, estimator)
    if files.lacking:
        if choice == "dwpose" or detector is not None or estimator is not None:
            raise A2BenchError(f"DWPose: {files.lacking}.\nhint: a2bench fetch dwpose")
        return None, files.lacking
    return Networks(
        detector=str(files.found["detector"].absolute()),
        estimator=str(files.found["estimator"].absolute()),
        device=device,
        detector_sha256=cached_sha256(files.found["detector"]),
        estimator_sha256=cached_sha256(files.found["estimator"]),
    ), ""


def estimate(found: Networks, frames: Video, fps: float) -> WholeBodyClip | None:
    """Return what DWPose sees in every frame; None: no body in any.

    A frame in which the detector sees nobody has no key points; of several people the surest.
    """
    try:
        return found.loaded().estimate(frames, fps=fps, nobody="absent")
    except PoseFailure:
        return None
