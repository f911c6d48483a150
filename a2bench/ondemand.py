"""Clips that are made when first asked for.

`self` truths come with the data set. `cross` truths, mannequins and driving clips at other rates or
sizes are rendered on demand into the cache folder beside the data sets, which may be deleted at any
time. Truths are checked against their digests each time they are decoded, driving clips against
those of their files each time they are used.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool

from a2bench.builders.assembly import whole_folder
from a2bench.builders.footage import DRIVING_POSE
from a2bench.builders.release import check_release, is_release
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.masks import MaskClip
from a2bench.metric import Pixels, Video
from a2bench.normalise import fit_image, fit_pose_xy, frames_for_instants
from a2bench.paths import sha256_file, write_json
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Case, Fit, Protocol, Size
from a2bench.region import frames_scored, motion_region, scored_pixels
from a2bench.video import (
    planes_to_rgb,
    read_truth,
    read_video,
    rgb_digest,
    rgb_to_planes,
    write_truth,
)


@dataclass(frozen=True)
class Grid:
    """Size, rate, length and fit of a clip that is handed out."""

    size: Size
    fps: float
    frames: int
    fit: Fit


@dataclass(frozen=True)
class Truth:
    """The right answer of a case.

    Attributes:
        frames: RGB uint8 (t, h, w, 3), all scoring instants.
        masks: None where the data set has none; then the whole frame is scored.
    """

    frames: Video
    masks: MaskClip | None

    def scored_frames(self, protocol: Protocol) -> list[int]:
        """Return the indices that pixel metrics see: not the input frame.

        In `cross` not those turned away from the viewer either: nothing says how a back looks.
        """
        count = len(self.frames)
        if self.masks is None or protocol != "cross":
            return list(range(1, count))
        seen = frames_scored(self.masks.yaw_degrees)
        return [index for index in range(1, count) if seen[index]]

    def scored_pixels(self) -> Pixels | None:
        """Return bool (t, h, w) for all instants; None: every pixel."""
        if self.masks is None:
            return None
        return scored_pixels(self.masks.foreground, self.masks.undefined)

    def background(self) -> Bool[np.ndarray, "h w"] | None:
        """Return bool (h, w), pixels outside the motion region; None: not known."""
        return None if self.masks is None else ~motion_region(self.masks.foreground)


def checked_file(dataset: Dataset, sample_id: str, name: str) -> Path:
    """Return a file of a sample, with the bytes that were built: methods see nothing else.

    Raises:
        A2BenchError: it is gone, damaged or exchanged.
    """
    path = dataset.sample_file(sample_id, name)
    if not path.is_file() or dataset.sample(sample_id).files.get(name) != sha256_file(path):
        raise A2BenchError(
            f"{path}: not the file that was built, it was damaged or exchanged.\n"
            f"hint: delete {path.parent} and build again; `a2bench verify dataset` finds them all"
        )
    return path


def truth_folder(dataset: Dataset, case: Case) -> Path:
    """Return the folder with a case's truth, rendering it if it is not there."""
    if case.protocol != "cross":
        return dataset.sample_file(case.reference_id, ".").resolve()
    folder = dataset.cache / "cross" / case.case_id
    if not (folder / "digests.json").exists():
        from a2bench.builders import procedural  # draws: needs skia, which scoring does not

        with whole_folder(folder, record="digests.json") as aside:
            digests = procedural.render_cross(
                aside,
                case.reference_id,
                case.driver_id,
                dataset.info.profile,
                procedural.dancer_of(dataset.folder),
            )
            write_json(aside / "digests.json", digests)
    return folder


def truth_digests(dataset: Dataset, case: Case) -> dict[str, str] | None:
    """Return the digests of a case's truth; None: a cross truth that is not rendered yet."""
    if case.protocol != "cross":
        return dataset.sample(case.reference_id).digests
    path = dataset.cache / "cross" / case.case_id / "digests.json"
    if not path.exists():
        return None
    return _read_digests(path)


def _read_digests(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise A2BenchError(f"{path}: {error}.\nhint: delete {path.parent}") from error
    if not isinstance(found, dict) or "rgb" not in found:
        raise A2BenchError(f"{path}: not a digest record.\nhint: delete {path.parent}")
    return {str(key): str(value) for key, value in found.items()}


def truth_digest(digests: dict[str, str]) -> str:
    """Return the part of a value's key that says which truth it was measured against."""
    return "+".join(digests[kind] for kind in ("rgb", "mask") if kind in digests)


def load_truth(dataset: Dataset, case: Case) -> Truth:
    """Read a case's truth and check it against its digests.

    Raises:
        A2BenchError: the decoded pixels or the masks are not those that were built.
    """
    folder = truth_folder(dataset, case)
    digests = truth_digests(dataset, case) or {}
    if is_release(dataset.info):
        kind: Literal["self", "cross"] = "cross" if case.protocol == "cross" else "self"
        check_release(dataset.info.version, kind, case.case_id, digests)
    frames = read_truth(folder / "video.mp4")
    _check(digests, "rgb", rgb_digest(frames), folder)
    masks = None
    if "mask" in digests:
        masks = MaskClip.load(folder / "mask.npz")
        _check(digests, "mask", masks.digest(), folder)
    return Truth(frames, masks)


def load_truth_pose(dataset: Dataset, case: Case) -> PoseClip | None:
    """Read the key points of a case's truth; None: the data set has none.

    Raises:
        A2BenchError: they are not those that were built.
    """
    folder = truth_folder(dataset, case)
    digests = truth_digests(dataset, case) or {}
    if "pose" not in digests:
        return None
    pose = PoseClip.load(folder / "pose.npz")
    _check(digests, "pose", pose.digest(), folder)
    return pose


def _check(digests: dict[str, str], kind: str, found: str, folder: Path) -> None:
    if digests.get(kind) != found:
        raise A2BenchError(
            f"{folder}: decoded {kind} has digest {found}, built was {digests.get(kind)}.\n"
            "hint: the file was damaged or exchanged; delete this folder and build again"
        )


def true_frames(dataset: Dataset, case: Case, grid: Grid) -> Video:
    """Return a case's right answer on a method's grid, RGB uint8 (grid.frames, h, w, 3).

    What a perfect method of that frame size, rate and fit would answer. Only the moments that are
    scored are made; every other frame is the nearest of those.

    Raises:
        BadPrediction: the grid ends before the last scoring instant ("too_short").
        A2BenchError: as `load_truth`.
    """
    times = np.arange(grid.frames) / grid.fps
    indices, error_seconds = frames_for_instants(
        times, case.instants_seconds, grid.fps, what=f"the truth of {case.case_id}"
    )
    if error_seconds < _SAME_MOMENT_SECONDS:
        shown = load_truth(dataset, case).frames
    else:
        shown = _truth_at(dataset, case, [float(times[index]) for index in indices])
    fitted = np.stack([fit_image(frame, grid.size, grid.fit) for frame in shown])
    nearest = np.abs(indices[:, None] - np.arange(grid.frames)).argmin(axis=0)
    found: Video = fitted[nearest]
    return found


_SAME_MOMENT_SECONDS = 1e-9


def _truth_at(dataset: Dataset, case: Case, moments_seconds: list[float]) -> Video:
    """Return the truth at moments between its frames, at its own size."""
    if dataset.info.builder == "procedural":
        from a2bench.builders import procedural

        drawn = procedural.drawn_frames(
            case.reference_id,
            case.driver_id,
            mannequin=False,
            instants_seconds=moments_seconds,
            scale=procedural.PROFILES[dataset.info.profile].scale,
            dancer=procedural.dancer_of(dataset.folder),
        )
        return planes_to_rgb(rgb_to_planes(np.stack([frame.rgb for frame in drawn])))
    clip = read_video(dataset.sample_file(case.driver_id, "driving.mp4"))
    indices, _ = frames_for_instants(clip.times_seconds, moments_seconds, clip.fps)
    return np.stack([fit_image(frame, case.size, "stretch") for frame in clip.frames[indices]])


def driving_clip(dataset: Dataset, case: Case, grid: Grid) -> tuple[Path, PoseClip | None]:
    """Return a case's driving video file and poses on a grid, made on demand.

    In `rescaled` that is the mannequin; else the driver itself.

    Raises:
        A2BenchError: the driver is too short for the grid, or a cached clip was damaged.
    """
    driver_id, mannequin = case.driver_id, case.protocol == "rescaled"
    sample = dataset.sample(driver_id)
    own = Grid(sample.size, sample.fps, sample.frames, grid.fit)
    if grid == own and not mannequin:
        pose = (
            PoseClip.load(checked_file(dataset, driver_id, "pose.npz")) if sample.has_pose else None
        )
        return checked_file(dataset, driver_id, "video.mp4"), pose
    folder = _clip_folder(dataset, case, grid)
    if not (folder / "digests.json").exists():
        with whole_folder(folder, record="digests.json") as aside:
            frames, source_pose = _render_driving(dataset, driver_id, grid, mannequin=mannequin)
            fitted = np.stack([fit_image(frame, grid.size, grid.fit) for frame in frames])
            write_truth(aside / "video.mp4", fitted, grid.fps, storage="lossless")
            digests = {"rgb": rgb_digest(read_truth(aside / "video.mp4"))}
            if source_pose is not None:
                source_size = Size(width=source_pose.width, height=source_pose.height)
                xy = fit_pose_xy(source_pose.xy, source_size, grid.size, grid.fit)
                fitted_pose = PoseClip(
                    xy, source_pose.visibility, grid.size.width, grid.size.height, grid.fps
                )
                fitted_pose.save(aside / "pose.npz")
                digests["pose"] = fitted_pose.digest()
            if grid == own and mannequin and is_release(dataset.info):
                check_release(dataset.info.version, "rescaled", driver_id, digests)
            for path in sorted(aside.iterdir()):
                digests[path.name] = sha256_file(path)
            write_json(aside / "digests.json", digests)
    _check_files(folder)
    if grid == own and mannequin and is_release(dataset.info):
        check_release(
            dataset.info.version, "rescaled", driver_id, _read_digests(folder / "digests.json")
        )
    pose_path = folder / "pose.npz"
    return folder / "video.mp4", PoseClip.load(pose_path) if pose_path.exists() else None


def _clip_folder(dataset: Dataset, case: Case, grid: Grid) -> Path:
    name = f"{case.driver_id}_{grid.size}_{grid.fps!r}fps_{grid.frames}f_{grid.fit}"
    kind = "mannequin" if case.protocol == "rescaled" else "driving"
    return dataset.cache / kind / name


def driving_digests(dataset: Dataset, case: Case, grid: Grid) -> dict[str, str]:
    """Return the digests of a clip that `driving_clip` made: `rgb`, `pose` and those of files."""
    return _read_digests(_clip_folder(dataset, case, grid) / "digests.json")


def _check_files(folder: Path) -> None:
    """Compare the files of a cached clip with the digests they were written with."""
    digests = _read_digests(folder / "digests.json")
    for name in ("video.mp4", "pose.npz"):
        path = folder / name
        if path.exists() != (name in digests) or (
            path.exists() and digests[name] != sha256_file(path)
        ):
            raise A2BenchError(
                f"{path}: not the file that was made, it was damaged or exchanged.\n"
                f"hint: delete {folder}; it is made again"
            )


def _render_driving(
    dataset: Dataset, driver_id: str, grid: Grid, *, mannequin: bool
) -> tuple[Video, PoseClip | None]:
    if dataset.info.builder == "procedural":
        from a2bench.builders import procedural

        return procedural.render_driving(
            driver_id,
            mannequin=mannequin,
            fps=grid.fps,
            frames=grid.frames,
            scale=procedural.scale_to_cover(grid.size),
            dancer=procedural.dancer_of(dataset.folder),
        )
    if mannequin:
        raise A2BenchError(f"{dataset.label}: only drawn characters have a mannequin")
    clip = read_video(dataset.sample_file(driver_id, "driving.mp4"))
    instants = [index / grid.fps for index in range(grid.frames)]
    indices, _ = frames_for_instants(clip.times_seconds, instants, clip.fps)
    if not dataset.sample(driver_id).has_pose:
        return clip.frames[indices], None
    pose = PoseClip.load(checked_file(dataset, driver_id, DRIVING_POSE))
    if len(pose) != len(clip.frames):
        raise A2BenchError(
            f"{dataset.label}: {driver_id} has {len(clip.frames)} driving frames and poses of "
            f"{len(pose)}.\nhint: `a2bench verify dataset` says what was changed"
        )
    chosen = PoseClip(pose.xy[indices], pose.visibility[indices], pose.width, pose.height, grid.fps)
    return clip.frames[indices], chosen
