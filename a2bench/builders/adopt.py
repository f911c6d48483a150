"""`adopt`: videos or folders of frames become a data set: reference = first frame, `self`.

Poses are estimated by DWPose where its networks are; without them there are none, and methods that
need a pose are `not_applicable`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from a2bench.builders.assembly import (
    build_samples,
    library_versions,
    whole_folder,
    write_sample,
)
from a2bench.builders.estimated_poses import Networks, estimate
from a2bench.builders.footage import FEWEST_FRAMES, write_footage
from a2bench.builders.layouts import Entry, entries
from a2bench.dataset import LONGEST_SECONDS, SPLITS, Dataset, dataset_folder
from a2bench.errors import A2BenchError, problems_error
from a2bench.metric import Video
from a2bench.normalise import fit_image
from a2bench.paths import safe_name, sha256_file, sha256_text
from a2bench.records import DatasetInfo, Fit, Record, Sample, Size
from a2bench.video import (
    Clip,
    frame_files,
    probe,
    read_frame_folder,
    read_image,
    read_video,
)

FPS = 8.0
MOST_FRAMES = 32
"""The scoring grid; a shorter video gets as many instants as it covers."""

_MOST_TRUTH_FRAMES = 4096
_LONGEST_SIDE_PX = 1280


class Source(Record):
    """What one sample is made of; handed to the build process as JSON."""

    path: str
    sha256: str
    """Of the file; of a folder of frames, of the list of their names and digests."""
    rate_hz: float | None
    """Of a folder of frames; None: the file says."""
    size: Size | None
    fit: Fit
    fps: float
    """Of the truth."""
    frames: int
    """Of the truth, at most."""


class Work(Record):
    """What a build process is told, as JSON."""

    sources: dict[str, Source]
    networks: Networks | None
    """Of DWPose; None: no poses."""


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
    layout: str = "videos",
    ids: str | None = None,
    rate_hz: float | None = None,
    size: Size | None = None,
    fit: Fit = "stretch",
    fps: float = FPS,
    frames: int = MOST_FRAMES,
    networks: Networks | None = None,
    workers: int | None = None,
) -> Dataset:
    """Turn a folder of clips into a data set version, or resume.

    Args:
        home: data root.
        source: the folder.
        layout: where clips lie in it: a name of `layouts.LAYOUTS`.
        ids: name of a list of test videos (`layouts.test_ids`); None: all that are there.
        rate_hz: of folders of frames, where the layout does not know it.
        name: of the data set; None: the folder's.
        version: rises when videos are added or changed; a version never changes.
        size: bring every video to this size; None: each keeps its own (made even, at most 1280 px).
        fit: how, if `size` is given.
        fps: of the truth: its instants are i / fps seconds.
        frames: of the truth, at most; a shorter clip has as many as it covers.
        networks: of DWPose, for poses; None: the data set has none.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: every unusable video at once; nothing is built then.
    """
    if not 1 <= fps <= 60 or not FEWEST_FRAMES <= frames <= _MOST_TRUTH_FRAMES:
        raise A2BenchError(
            f"fps={fps:g} frames={frames}: a truth has 1 to 60 frames a second and "
            f"{FEWEST_FRAMES} to {_MOST_TRUTH_FRAMES} frames."
        )
    found = _find(
        entries(source, layout, ids), source,
        rate_hz=rate_hz, size=size, fit=fit, fps=fps, frames=frames,
    )  # fmt: skip
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
        build=library_versions()
        | {"sources": _sources_digest(found), "layout": layout, "ids": ids or "all"}
        | {"poses": "none" if networks is None else networks.label},
    )
    folder = dataset_folder(home, label, version)
    sources = {one.sample_id: one.source for one in found}
    _refuse_other_sources(folder, sources, networks)
    argument = Work(sources=sources, networks=networks).model_dump_json()
    return build_samples(
        folder, info, order, _build_sample, argument, workers=workers, label=f"adopt {label}"
    )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "adopted"


def _sources_digest(found: list[_Found]) -> str:
    return sha256_text("\n".join(f"{one.sample_id} {one.source.sha256}" for one in found))


def _find(
    clips: Sequence[Entry],
    source: Path,
    *,
    rate_hz: float | None,
    size: Size | None,
    fit: Fit,
    fps: float,
    frames: int,
) -> list[_Found]:
    found: list[_Found] = []
    problems: list[str] = []
    for entry in clips:
        path, sample_id = entry.path, _slug(entry.name)
        shown = path.relative_to(source)
        try:
            rate = entry.rate_hz or rate_hz
            sha256, seconds = _looked_at(path, source, rate)
        except A2BenchError as error:
            problems.append(str(error))
            continue
        count = min(frames, int(seconds * fps + 1e-6))
        if count < FEWEST_FRAMES:
            least = FEWEST_FRAMES / fps
            problems.append(f"{shown}: {seconds:.2f} s long, at least {least:g} s are needed")
        elif sample_id in {one.sample_id for one in found}:
            problems.append(f"{shown}: another clip has the id {sample_id!r} too; rename one")
        else:
            kept = Source(
                path=str(path.resolve()),
                sha256=sha256,
                rate_hz=rate if path.is_dir() else None,
                size=size,
                fit=fit,
                fps=fps,
                frames=frames,
            )
            found.append(_Found(sample_id, kept, count))
    if problems:
        raise problems_error(
            f"source={source}: nothing was built; mend or move these clips away", problems
        )
    return found


def _looked_at(path: Path, source: Path, rate_hz: float | None) -> tuple[str, float]:
    """Return digest and length in seconds of a clip; nothing outside the source is read.

    Raises:
        A2BenchError: a link that leaves the source, no video, frames without a rate, or a folder
            that is not one of numbered frames.
    """
    pictures = frame_files(path) if path.is_dir() else [path]
    for one in pictures:
        if not one.resolve().is_relative_to(source.resolve()):
            raise A2BenchError(f"{one.relative_to(source)}: a link that leaves {source}.")
    if not path.is_dir():
        return sha256_file(path), probe(path).duration_seconds or 0.0
    if rate_hz is None:
        raise A2BenchError(
            f"{path.relative_to(source)}: a folder of frames does not say its rate; add rate=30"
        )
    read_image(pictures[0])  # its size is looked at now, not when others are built
    lines = [f"{one.name} {sha256_file(one)}" for one in pictures]
    return sha256_text("\n".join(lines)), len(pictures) / rate_hz


def _refuse_other_sources(
    folder: Path, sources: dict[str, Source], networks: Networks | None
) -> None:
    """A sample that is built must come from the file and the networks that are there now."""
    poses = None if networks is None else networks.label
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
        if (came := built.attributes.get("poses")) != poses:
            raise A2BenchError(
                f"{folder}: {sample_id!r} was built with poses by {came or 'nobody'}, now they "
                f"would be by {poses or 'nobody'}.\n"
                "hint: "
                + ("poses=none goes on as before; " if came is None else "")
                + "or build it under another version=..., a version is never changed"
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


def _read(source: Source) -> Clip:
    """Return as much of a clip as truth and driving clips need, with the time of every frame."""
    path = Path(source.path)
    needed = max(LONGEST_SECONDS, source.frames / source.fps)
    if source.rate_hz is None:
        return read_video(path, until_seconds=needed)
    clip = read_frame_folder(path, most=math.ceil(needed * source.rate_hz) + 1)
    times = np.arange(len(clip.frames)) / source.rate_hz
    return Clip(clip.frames, times, source.rate_hz)


def _build_sample(folder: Path, sample_id: str, argument: str) -> str:
    work = Work.model_validate_json(argument)
    source = work.sources[sample_id]
    with whole_folder(folder / "samples" / sample_id, record="sample.json") as aside:
        clip = _read(source)
        frames = _resized(clip.frames, source.size, source.fit)
        seen = None
        if work.networks is not None:
            seen = estimate(work.networks, frames, clip.fps or source.fps)
        written = write_footage(
            aside,
            clip,
            frames,
            None if seen is None else seen.pose(),
            fps=source.fps,
            most_frames=source.frames,
            what=source.path,
        )
        poses = {} if work.networks is None else {"poses": work.networks.label}
        write_sample(
            aside,
            Sample(
                id=sample_id,
                index=1,
                category="adopted",
                attributes={
                    "source": Path(source.path).name,
                    "source_sha256": source.sha256,
                    "source_fps": f"{written.fps:g}",
                    "largest_time_error_seconds": f"{written.time_error_seconds:.4f}",
                }
                | poses,
                prompt="a person or character dancing",
                size=written.size,
                fps=source.fps,
                frames=written.frames,
                has_pose=seen is not None,
                has_mask=False,
                pose_source="none" if seen is None else "estimated",
                files={},
                digests=written.digests,
            ),
        )
    return sample_id
