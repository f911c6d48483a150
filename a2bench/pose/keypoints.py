"""COCO-18 (OpenPose) key points: names, bones, and the record of a clip's poses.

R and L are the character's own: its right is at the picture's left when it faces the viewer.
"""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError
from a2bench.paths import write_aside

JOINTS = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)
JOINT_INDEX = {name: index for index, name in enumerate(JOINTS)}

BONES = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10),
    (1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
"""Parent and child joint of the seventeen bones that are drawn, in OpenPose's colour order."""

ABSENT, OCCLUDED, VISIBLE = 0, 1, 2
"""Visibility: the body has no such joint; hidden or outside the frame; seen."""

_SCHEMA = "a2bench.pose/1"
_MAX_POSE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class PoseClip:
    """Key points of a clip.

    Attributes:
        xy: float64 (t, 18, 2), px, x right and y down; NaN where the joint is absent.
        visibility: uint8 (t, 18): 0 absent, 1 occluded or outside the frame, 2 visible.
        width, height: frame size in px.
        fps: frames a second.
    """

    xy: npt.NDArray[np.float64]
    visibility: npt.NDArray[np.uint8]
    width: int
    height: int
    fps: float

    def __post_init__(self) -> None:
        t = len(self.xy)
        if self.xy.shape != (t, 18, 2) or self.visibility.shape != (t, 18):
            raise ValueError(f"{self.xy.shape = }, {self.visibility.shape = }: expected (t, 18, 2)")
        present = self.visibility != ABSENT
        if not np.isfinite(self.xy[present]).all():
            raise ValueError("a present joint has no finite coordinates")
        if not np.isnan(self.xy[~present]).all():
            raise ValueError("an absent joint has coordinates; expected NaN")

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Bool (t, 18): which joints the body has."""
        return np.asarray(self.visibility != ABSENT)

    def __getitem__(self, frames: slice) -> "PoseClip":
        return PoseClip(self.xy[frames], self.visibility[frames], self.width, self.height, self.fps)

    def resized(self, width: int, height: int) -> "PoseClip":
        """Return the same poses on a frame stretched to another size."""
        scale = np.array([width / self.width, height / self.height])
        return PoseClip(self.xy * scale, self.visibility, width, height, self.fps)

    def digest(self) -> str:
        """SHA-256 over visibility and coordinates rounded to 0.01 px, as `sha256:<hex>`."""
        hundredths = np.where(self.present[..., None], np.round(self.xy * 100), 0)
        state = hashlib.sha256(f"{self.width}x{self.height}@{self.fps:g}x{len(self)}".encode())
        state.update(hundredths.astype("<i8").tobytes())
        state.update(self.visibility.tobytes())
        return "sha256:" + state.hexdigest()

    def save(self, path: Path) -> None:
        """Write `pose.npz`: the same bytes for the same poses."""
        hundredths = np.where(self.present[..., None], np.round(self.xy * 100), 0).astype(np.int32)
        with write_aside(path) as aside:
            np.savez_compressed(
                aside,
                schema=np.array(_SCHEMA),
                xy_hundredths=hundredths,
                visibility=self.visibility,
                size=np.array([self.width, self.height]),
                fps=np.array(self.fps),
            )

    @classmethod
    def load(cls, path: Path) -> "PoseClip":
        """Read `pose.npz`.

        Raises:
            A2BenchError: not such a file, or absurdly large; nothing is unpickled.
        """
        names = ("xy_hundredths", "visibility", "size", "fps")
        arrays = load_npz(path, _SCHEMA, names, _MAX_POSE_BYTES)
        try:
            visibility = arrays["visibility"].astype(np.uint8)
            xy = arrays["xy_hundredths"].astype(np.float64) / 100
            xy[visibility == ABSENT] = np.nan
            width, height = (int(side) for side in arrays["size"])
            return cls(xy, visibility, width, height, float(arrays["fps"]))
        except (ValueError, IndexError, TypeError) as error:
            raise A2BenchError(f"{path}: not a pose file: {error}") from error


def load_npz(
    path: Path, schema: str, names: tuple[str, ...], max_bytes: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Read named arrays from an npz of a schema; the file may be hostile.

    Raises:
        A2BenchError: missing, not an npz, of another schema, other members than named, or over
            `max_bytes` unpacked.
    """
    if not path.exists():
        raise A2BenchError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise A2BenchError(f"{path}: not an npz file: {error}") from error
    if set(sizes) != {f"{name}.npy" for name in ("schema", *names)}:
        raise A2BenchError(f"{path}: has {sorted(sizes)}, expected arrays schema, {sorted(names)}")
    if sum(sizes.values()) > max_bytes:
        raise A2BenchError(f"{path}: {sum(sizes.values())} bytes unpacked, at most {max_bytes}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            if (found := str(archive["schema"])) != schema:
                raise A2BenchError(f"{path}: schema {found[:80]!r}, expected {schema!r}")
            return {name: archive[name] for name in names}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise A2BenchError(f"{path}: damaged npz: {error}") from error
