"""Small copies of a case's clips for the report, each with its per-frame curves.

    <protocol>/<case id>/reference-<key>.webp     the picture of the character
    <protocol>/<case id>/driver-<key>.js          what drove it
    <protocol>/<case id>/truth-<key>.js           what should come out
    <protocol>/<case id>/by-<method>-<key>.js     what the method made of it, and its curves
    <protocol>/<case id>/by-<method>-<key>.webp   truth and method side by side, at its worst frame

A clip is H.264 in a program file, because a page that was opened from the disk may load programs
and may not read other files (docs/design/016-report-site.md). A key is the digest of what the
preview shows, so that previews outlive the predictions they were made of, and none is made twice.
"""

import base64
import io
import math
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.metric import ClipPair, Video
from a2bench.ondemand import Grid, Truth, checked_file, driving_clip, load_truth
from a2bench.paths import canonical_json, sha256_text, write_aside, write_text
from a2bench.records import Case, Protocol
from a2bench.video import read_image, read_truth, read_video, write_preview

_FORMAT = 1
"""Rises when the same clips would be shown otherwise."""

CURVES = ("psnr", "l1", "flow_error_dis")
"""Metrics that are followed frame by frame; SSIM would cost twice as much as all of these."""

MOST_BYTES = 80_000
"""Of one preview's file."""

MOST_FRAMES = 96
"""Of a longer clip every second, third, ... frame is shown."""

_PREVIEW_PX = (256, 384)
_STILL_PX = (128, 192)
_QUALITY, _COARSEST = 27, 51
"""CRF; six more halve a file, about, and more are taken where it is too large."""

_MADE = re.compile(r"(.+)-[0-9a-f]{12}\.(js|webp)")


@dataclass(frozen=True)
class Made:
    """A prediction that is there.

    Attributes:
        seed: of those that were run, the one that is shown.
        path: its video; None: it was deleted, or nobody has looked.
        sha256: of its bytes.
        stem: of its preview.
    """

    method: str
    seed: int
    path: Path | None
    sha256: str
    stem: str


@dataclass(frozen=True)
class CasePreviews:
    """The previews of one case, made or not.

    Attributes:
        folder: where they lie, `<protocol>/<case id>` below the media folder.
        reference, driver, truth: their names, without suffix.
    """

    folder: Path
    reference: str
    driver: str
    truth: str
    methods: tuple[Made, ...]

    @property
    def case_id(self) -> str:
        """Of the case."""
        return self.folder.name

    def files(self) -> dict[str, bool]:
        """Return file name -> whether it is there."""
        names = [f"{self.reference}.webp", f"{self.driver}.js", f"{self.truth}.js"]
        names += [f"{one.stem}{suffix}" for one in self.methods for suffix in (".js", ".webp")]
        there = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        return {name: name in there for name in names}


def key(*facts: str) -> str:
    """Return the key of what is shown: 12 hexadecimal digits."""
    return sha256_text(canonical_json([_FORMAT, *facts]))[7:19]


def method_stem(method: str, prediction_sha256: str, truth_digest: str) -> str:
    """Return the name of a method's preview: it changes with prediction, truth and metrics."""
    versions = [f"{name}/{plugins.metric(name).version}" for name in CURVES]
    return f"by-{method}-{key(prediction_sha256, truth_digest, *versions)}"


def shown_frames(frames: int) -> range:
    """Return which frames of a clip are shown: all of up to `MOST_FRAMES`."""
    return range(0, frames, -(-frames // MOST_FRAMES))


def make(dataset_folder: Path, case: Case, asked: CasePreviews) -> str:
    """Make what is missing of a case's previews; runs in a worker process.

    Raises:
        A2BenchError: a clip cannot be read, or is not what was built.
    """
    cv2.setNumThreads(1)  # one process a core
    dataset = Dataset.open(dataset_folder)
    there = asked.files()
    if not there[f"{asked.reference}.webp"]:
        path = checked_file(dataset, case.reference_id, "reference.png")
        _write_webp(asked.folder / f"{asked.reference}.webp", read_image(path), _PREVIEW_PX, 82)
    if not there[f"{asked.driver}.js"]:
        driver = dataset.sample(case.driver_id)
        grid = Grid(driver.size, driver.fps, driver.frames, "stretch")
        _write_clip(
            asked.folder / f"{asked.driver}.js", read_truth(driving_clip(dataset, case, grid)[0]),
            case.fps, {},
        )  # fmt: skip
    wanted = [
        one
        for one in asked.methods
        if one.path is not None and not (there[f"{one.stem}.js"] and there[f"{one.stem}.webp"])
    ]
    if not wanted and there[f"{asked.truth}.js"]:
        return asked.case_id
    truth = load_truth(dataset, case)
    if not there[f"{asked.truth}.js"]:
        _write_clip(asked.folder / f"{asked.truth}.js", truth.frames, case.fps, {})
    for one in wanted:
        assert one.path is not None
        frames = read_video(one.path).frames
        if frames.shape != truth.frames.shape:
            raise A2BenchError(f"{one.path}: {frames.shape = }, truth {truth.frames.shape}")
        found = curves(frames, truth, case.protocol)
        at = worst_frame(found)
        pair = np.concatenate([_fitted(clip[at], _STILL_PX) for clip in (truth.frames, frames)], 1)
        whole = (2 * _STILL_PX[0], _STILL_PX[1])
        _write_webp(asked.folder / f"{one.stem}.webp", pair, whole, 74)
        _write_clip(asked.folder / f"{one.stem}.js", frames, case.fps, {**found, "worst": at})
    _sweep(asked)
    return asked.case_id


def _sweep(asked: CasePreviews) -> None:
    """Remove earlier previews of what was made anew; those of other methods stay."""
    there = asked.files()
    ours = {match[1]: name for name in there if there[name] and (match := _MADE.fullmatch(name))}
    for path in asked.folder.iterdir():
        match = _MADE.fullmatch(path.name)
        if match and match[1] in ours and path.name not in there:
            path.unlink()


def curves(frames: Video, truth: Truth, protocol: Protocol) -> dict[str, list[float | None]]:
    """Return metric -> its value of each shown frame alone; None where the frame is not scored.

    The metric's own function sees a clip of one frame, with the region of the whole clip.
    """
    scored, pixels = set(truth.scored_frames(protocol)), truth.scored_pixels()
    found: dict[str, list[float | None]] = {name: [] for name in CURVES}
    for at in shown_frames(len(frames)):
        one = slice(at, at + 1)
        pair = ClipPair(frames[one], truth.frames[one], None if pixels is None else pixels[one])
        for name in CURVES:
            value = plugins.metric(name).outcome(pair).value if at in scored else None
            found[name].append(None if value is None else float(f"{value:.5g}"))
    return found


def worst_frame(found: Mapping[str, Sequence[float | None]]) -> int:
    """Return which of the shown frames has the lowest PSNR; the middle one where none is scored."""
    known = [(value, at) for at, value in enumerate(found["psnr"]) if value is not None]
    return min(known)[1] if known else len(found["psnr"]) // 2


def _fitted(frame: Any, size: tuple[int, int]) -> Any:
    """Return a picture shrunk to lie within a size, never enlarged."""
    height, width = frame.shape[:2]
    scale = min(1.0, size[0] / width, size[1] / height)
    if scale == 1.0:
        return frame
    shape = (max(2, round(width * scale)), max(2, round(height * scale)))
    return cv2.resize(frame, shape, interpolation=cv2.INTER_AREA)


def _write_webp(path: Path, picture: Any, size: tuple[int, int], quality: int) -> None:
    stream = io.BytesIO()
    Image.fromarray(_fitted(picture, size)).save(stream, "WEBP", quality=quality, method=4)
    with write_aside(path) as aside:
        aside.write_bytes(stream.getvalue())


def _write_clip(path: Path, frames: Video, fps: float, facts: Mapping[str, Any]) -> None:
    """Write a clip as a call of `clip(name, facts)`, small enough whatever it shows."""
    at = list(shown_frames(len(frames)))
    size = _PREVIEW_PX
    small = np.stack([_fitted(frames[index], size) for index in at])
    rate = fps / (at[1] - at[0]) if len(at) > 1 else fps
    crf = _QUALITY
    while True:
        video = _encoded(small, rate, crf)
        text = f"clip({canonical_json(path.stem)},"
        text += canonical_json({**video, "frames": at, "fps": fps, **facts}) + ");\n"
        size_bytes = len(text.encode())
        if size_bytes <= MOST_BYTES:
            write_text(path, text)
            return
        if crf < _COARSEST:
            crf = min(_COARSEST, crf + 1 + math.ceil(6 * math.log2(size_bytes / MOST_BYTES)))
        else:  # noise: not even the coarsest step is enough
            size = (size[0] * 3 // 4, size[1] * 3 // 4)
            small = np.stack([_fitted(frames[index], size) for index in at])


def _encoded(frames: Video, fps: float, crf: int) -> dict[str, Any]:
    """Return a clip as WebCodecs wants it: codec, its description, and where each frame lies."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_preview(path, frames, fps, crf=crf, preset="veryfast")
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            header = bytes(stream.codec_context.extradata or b"")
            step = stream.duration / len(frames) if stream.duration else 1
            packets = [packet for packet in container.demux(stream) if packet.size]
            samples = [
                [packet.pos, packet.size, int(packet.is_keyframe), round((packet.pts or 0) / step)]
                for packet in packets
            ]
            width, height = stream.width, stream.height
        data = path.read_bytes()
    return {
        "codec": f"avc1.{header[1:4].hex()}",
        "description": base64.b64encode(header).decode("ascii"),
        "width": width,
        "height": height,
        "samples": samples,
        "mp4": base64.b64encode(data).decode("ascii"),
    }
