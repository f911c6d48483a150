"""`adopt`: a folder of videos becomes a data set: reference = first frame, protocol `self`."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from a2bench.builders.assembly import (
    build_samples,
    library_versions,
    whole_folder,
    write_sample,
)
from a2bench.dataset import LONGEST_SECONDS, SPLITS, Dataset, dataset_folder
from a2bench.errors import A2BenchError, problems_error
from a2bench.metric import Video
from a2bench.normalise import fit_image, frames_for_instants
from a2bench.paths import safe_name, sha256_file, sha256_text
from a2bench.records import DatasetInfo, Fit, Record, Sample, Size
from a2bench.video import probe, read_truth, read_video, rgb_digest, write_png, write_truth

FPS = 8.0
MOST_FRAMES = 32
"""The scoring grid; a shorter video gets as many instants as it covers."""

_FEWEST_FRAMES = 2
_LONGEST_SIDE_PX = 1280
_SUFFIXES = {".mp4", ".mkv", ".webm", ".mov", ".avi", ".gif", ".m4v"}


class Source(Record):
    """What one sample is made of; handed to the build process as JSON."""

    path: str
    sha256: str
    size: Size | None
    fit: Fit


@dataclass(frozen=True)
class _Found:
    sample_id: str
    source: Source
    frames: int


def build(
    home: Path,
    *,
    source: Path,
    name: str | None = None,
    version: str = "1.0.0",
    size: Size | None = None,
    fit: Fit = "stretch",
    workers: int | None = None,
) -> Dataset:
    """Turn a folder of videos into a data set version, or resume.

    Args:
        home: data root.
        source: folder of videos (not searched below).
        name: of the data set; None: the folder's.
        version: rises when videos are added or changed; a version never changes.
        size: bring every video to this size; None: each keeps its own (made even, at most 1280 px).
        fit: how, if `size` is given.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: every unusable video at once; nothing is built then.
    """
    found = _find(source, size, fit)
    label = safe_name(name or _slug(source.resolve().name), what="data set name")
    order = tuple(sorted((one.sample_id for one in found), key=lambda key: sha256_text(key)))
    splits = {split: count for split, count in SPLITS.items() if count < len(order)}
    info = DatasetInfo(
        name=label,
        version=version,
        builder="adopt",
        profile="default",
        protocols=("self",),
        order=order,
        splits=splits | {"full": len(order)},
        cross_pairs=(),
        licence="of the videos' owners",
        build=library_versions() | {"sources": _sources_digest(found)},
    )
    folder = dataset_folder(home, label, version)
    sources = {one.sample_id: one.source for one in found}
    _refuse_other_sources(folder, sources)
    argument = TypeAdapter(dict[str, Source]).dump_json(sources).decode()
    return build_samples(
        folder, info, order, _build_sample, argument, workers=workers, label=f"adopt {label}"
    )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "adopted"


def _sources_digest(found: list[_Found]) -> str:
    return sha256_text("\n".join(f"{one.sample_id} {one.source.sha256}" for one in found))


def _find(source: Path, size: Size | None, fit: Fit) -> list[_Found]:
    if not source.is_dir():
        raise A2BenchError(f"source={source}: no such folder of videos.")
    videos = sorted(path for path in source.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not videos:
        raise A2BenchError(f"source={source}: no video there ({', '.join(sorted(_SUFFIXES))}).")
    found: list[_Found] = []
    problems: list[str] = []
    for path in videos:
        try:
            seen = probe(path)
        except A2BenchError as error:
            problems.append(str(error))
            continue
        seconds = seen.duration_seconds or 0.0
        frames = min(MOST_FRAMES, int(seconds * FPS + 1e-6))
        sample_id = _slug(path.stem)
        if frames < _FEWEST_FRAMES:
            problems.append(f"{path.name}: {seconds:.2f} s long, at least 0.25 s are needed")
        elif sample_id in {one.sample_id for one in found}:
            problems.append(f"{path.name}: another video has the id {sample_id!r} too; rename one")
        else:
            kept = Source(path=str(path.resolve()), sha256=sha256_file(path), size=size, fit=fit)
            found.append(_Found(sample_id, kept, frames))
    if problems:
        raise problems_error(
            f"source={source}: nothing was built; mend or move these videos away", problems
        )
    return found


def _refuse_other_sources(folder: Path, sources: dict[str, Source]) -> None:
    """A sample that is built must come from the file that is there now."""
    for sample_id, source in sources.items():
        path = folder / "samples" / sample_id / "sample.json"
        if not path.exists():
            continue
        try:
            built = Sample.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise A2BenchError(f"{path}: {error}") from error
        if built.attributes.get("source_sha256") != source.sha256:
            raise A2BenchError(
                f"{source.path} is not the video that {sample_id!r} of {folder} was made of.\n"
                "hint: build it under another version=..., a version is never changed"
            )


def own_size(height: int, width: int) -> Size:
    """Return a video's size as a data set keeps it: even sides, the longer at most 1280 px."""
    scale = min(1.0, _LONGEST_SIDE_PX / max(height, width))
    return Size(width=round(width * scale / 2) * 2, height=round(height * scale / 2) * 2)


def _resized(frames: Video, size: Size | None, fit: Fit) -> Video:
    height, width = frames.shape[1:3]
    if size is not None:
        return np.stack([fit_image(frame, size, fit) for frame in frames])
    target = own_size(height, width)
    if target.width in (width, width - 1) and target.height in (height, height - 1):
        return frames[:, : target.height, : target.width]  # an odd row or column, never resampled
    return np.stack([fit_image(frame, target, "stretch") for frame in frames])


def _build_sample(folder: Path, sample_id: str, argument: str) -> str:
    source = TypeAdapter(dict[str, Source]).validate_json(argument)[sample_id]
    with whole_folder(folder / "samples" / sample_id, record="sample.json") as aside:
        clip = read_video(Path(source.path), until_seconds=LONGEST_SECONDS)
        fps = clip.fps or FPS
        frames = _resized(clip.frames, source.size, source.fit)
        covered = float(clip.times_seconds[-1]) + 0.5 / fps
        instants = [index / FPS for index in range(MOST_FRAMES) if index / FPS <= covered]
        if len(instants) < _FEWEST_FRAMES:
            raise A2BenchError(f"{source.path}: {covered:.2f} s of pictures, 0.25 s are needed")
        indices, time_error = frames_for_instants(clip.times_seconds, instants, clip.fps)
        write_truth(aside / "video.mp4", frames[indices], FPS, storage="lossless")
        # Constant rate: what a method at another rate is given, sampled from it by time.
        even = [index / fps for index in range(int(covered * fps + 1e-6))]
        steady, _ = frames_for_instants(clip.times_seconds, even, clip.fps)
        write_truth(aside / "driving.mp4", frames[steady], fps, storage="lossless")
        truth = read_truth(aside / "video.mp4")
        write_png(aside / "reference.png", truth[0])
        height, width = truth.shape[1:3]
        write_sample(
            aside,
            Sample(
                id=sample_id,
                index=1,
                category="adopted",
                attributes={
                    "source": Path(source.path).name,
                    "source_sha256": source.sha256,
                    "source_fps": f"{fps:g}",
                    "largest_time_error_seconds": f"{time_error:.4f}",
                },
                prompt="a person or character dancing",
                size=Size(width=width, height=height),
                fps=FPS,
                frames=len(instants),
                has_pose=False,
                has_mask=False,
                pose_source="none",
                files={},
                digests={"rgb": rgb_digest(truth)},
            ),
        )
    return sample_id
