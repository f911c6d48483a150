"""`report dataset`: one page with every character as a playing thumbnail, opened from the disk.

    index.html                    the page: texts, styles, program, what is known of each sample
    media/<id>-<key>.mp4 .webp    preview and still; the key is of their content
    media/<id>-<key>.js           poses and mask outlines, loaded when they are first shown

Nothing is requested from elsewhere. Making it again makes only what is missing.
"""

import base64
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from a2bench.about import about
from a2bench.attributes import Facet, facets, sample_words
from a2bench.card import environment
from a2bench.croissant import split_digests
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.masks import MaskClip
from a2bench.parallel import in_processes
from a2bench.paths import canonical_json, sha256_text, sweep_asides, write_aside, write_text
from a2bench.pose.drawing import COLOURS
from a2bench.pose.keypoints import ABSENT, BONES, PoseClip
from a2bench.progress import progress
from a2bench.records import Sample
from a2bench.video import read_truth, write_preview

_FORMAT = 1
"""Rises when previews of the same sample would be made otherwise."""

_PREVIEW_PX = (216, 324)
_STILL_PX = (160, 240)
_GRID = 240
"""Longer side of the grid that poses and outlines are given on; a byte holds a coordinate."""

_EIGHTHS = 8
_OUTLINE_TOLERANCE = 1.0
"""How far an outline may lie from the mask's border, in cells of the grid."""

_MADE = re.compile(r".*-[0-9a-f]{12}\.(mp4|webp|js)")

_TITLES = ("species", "source")
_SUBTITLES = ("style", "difficulty", "background")
"""Attributes that name a sample on its thumbnail, where they are there."""


@dataclass(frozen=True)
class Gallery:
    """Where the page is and what it weighs."""

    page: Path
    samples: int
    made: int
    """Previews that were not there before."""
    bytes: int


def write_gallery(dataset: Dataset, out: Path, *, workers: int | None = None) -> Gallery:
    """Write the page and its previews.

    Args:
        dataset: what is built of it is shown.
        out: folder of the page.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: nothing is built, `out` lies in the data set, or a truth cannot be read.
    """
    if out.resolve().is_relative_to(dataset.folder.resolve()):
        raise A2BenchError(
            f"--out {out} lies in the data set, whose files never change.\n"
            "hint: choose a folder elsewhere"
        )
    samples = [dataset.samples[key] for key in dataset.info.order if key in dataset.samples]
    if not samples:
        raise A2BenchError(f"{dataset.label}: no sample is built in {dataset.folder}.")
    media = out / "media"
    sweep_asides(media)
    stems = {sample.id: _stem(sample) for sample in samples}
    missing = [one for one in samples if not (media / f"{stems[one.id]}.js").exists()]
    if missing:
        tasks = [(dataset.folder, one, media, stems[one.id]) for one in missing]
        with progress("previews", len(tasks)) as shown:
            for key in in_processes(_write_preview, tasks, workers=workers):
                shown.advance(note=key)
    kept = set(stems.values())
    for path in media.iterdir():
        if _MADE.fullmatch(path.name) and path.stem not in kept:
            path.unlink()  # of a sample that is another now
    page = out / "index.html"
    write_text(page, page_text(dataset, samples, stems))
    weight = sum(path.stat().st_size for path in [page, *media.iterdir()])
    return Gallery(page, len(samples), len(missing), weight)


def _stem(sample: Sample) -> str:
    digests = canonical_json({"format": _FORMAT, "fps": sample.fps, **sample.digests})
    return f"{sample.id}-{sha256_text(digests)[7:19]}"


def _write_preview(folder: Path, sample: Sample, media: Path, stem: str) -> str:
    """Write a sample's preview, still and overlay; the overlay last: it says that all is there."""
    below = folder / "samples" / sample.id
    frames = read_truth(below / "video.mp4")
    width, height = _PREVIEW_PX
    write_preview(
        media / f"{stem}.mp4", frames, sample.fps, max_width=width, max_height=height, crf=32
    )
    still = Image.fromarray(frames[0])
    still.thumbnail(_STILL_PX, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    still.save(stream, "WEBP", quality=72, method=4)
    with write_aside(media / f"{stem}.webp") as aside:
        aside.write_bytes(stream.getvalue())
    overlay: dict[str, str] = {}
    if sample.has_pose:
        overlay["pose"] = encoded_pose(PoseClip.load(below / "pose.npz"))
    if sample.has_mask:
        overlay["mask"] = encoded_outlines(MaskClip.load(below / "mask.npz").foreground)
    text = f"overlay({canonical_json(sample.id)},{canonical_json(overlay)});\n"
    write_text(media / f"{stem}.js", text)
    return sample.id


def encoded_pose(pose: PoseClip) -> str:
    """Return joints as base64 of (t, 18, 3) int16: x and y in eighths of a cell, visibility."""
    scale = _GRID / max(pose.width, pose.height)
    xy = np.where(pose.visibility[..., None] == ABSENT, 0, pose.xy * scale * _EIGHTHS)
    cells = np.clip(np.round(xy), -(2**15), 2**15 - 1)
    values = np.concatenate([cells, pose.visibility[..., None]], axis=-1).astype("<i2")
    return base64.b64encode(values.tobytes()).decode("ascii")


def encoded_outlines(masks: npt.NDArray[np.bool_]) -> str:
    """Return a clip's masks as base64 of their outlines, to be filled by the even-odd rule.

    A frame is the number of outlines (a byte), then of each the number of points (two bytes,
    little-endian) and the points (x and y, a byte each).
    """
    height, width = masks.shape[1:]
    scale = _GRID / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return base64.b64encode(b"".join(_outlines(masks, size))).decode("ascii")


def _outlines(masks: npt.NDArray[np.bool_], size: tuple[int, int]) -> Iterator[bytes]:
    for mask in masks:
        small = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
        found, _ = cv2.findContours(
            (small > 127).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        lines = [cv2.approxPolyDP(line, _OUTLINE_TOLERANCE, closed=True) for line in found]
        lines = sorted((line for line in lines if len(line) > 2), key=len, reverse=True)[:255]
        yield bytes([len(lines)])
        for line in lines:
            yield len(line).to_bytes(2, "little") + line.astype(np.uint8).tobytes()


def page_text(dataset: Dataset, samples: Sequence[Sample], stems: dict[str, str]) -> str:
    """Return the page; every text from the data set is escaped, or data that is never markup."""
    info = dataset.info
    shown = facets(dataset)
    drivers = {pair.reference_id: pair.driver_id for pair in info.cross_pairs}
    seconds = sum(one.frames / one.fps for one in samples)
    facts = [
        ("characters" if info.builder == "procedural" else "samples", _of(samples, info.order)),
        ("video", f"{seconds:,.0f} s"),
        ("licence", info.licence),
        ("protocols", ", ".join(info.protocols)),
        *(
            (f"digest of {name}", digest.removeprefix("sha256:")[:12])
            for name, _, digest in split_digests(dataset)[-1:]
            if digest != "not built"
        ),
    ]
    return (
        environment(markup=True)
        .get_template("gallery.html.j2")
        .render(
            name=info.name,
            version=info.version,
            summary=about(dataset).summary,
            facts=facts,
            has_pose=any(one.has_pose for one in samples),
            has_mask=any(one.has_mask for one in samples),
            data={
                "grid": _GRID,
                "eighths": _EIGHTHS,
                "bones": [list(bone) for bone in BONES],
                "colours": ["#{:02x}{:02x}{:02x}".format(*colour) for colour in COLOURS],
                "facets": [{"name": facet.name, "values": list(facet.counts)} for facet in shown],
                "samples": [_entry(dataset, one, stems[one.id], shown, drivers) for one in samples],
            },
        )
    )


def _of(samples: Sequence[Sample], order: Sequence[str]) -> str:
    return str(len(order)) if len(samples) == len(order) else f"{len(samples)} of {len(order)}"


def _entry(
    dataset: Dataset,
    sample: Sample,
    stem: str,
    shown: Sequence[Facet],
    drivers: Mapping[str, str],
) -> dict[str, Any]:
    known = sample_words(sample)
    known |= {facet.name: facet.of[sample.id] for facet in shown if sample.id in facet.of}
    first = [facet.name for facet in shown if facet.name in known]
    words = [[name, list(known[name])] for name in [*first, *sorted(set(known) - set(first))]]
    driver = drivers.get(sample.id, "")
    places = [{value: place for place, value in enumerate(facet.counts)} for facet in shown]
    return {
        "id": sample.id,
        "media": stem,
        "title": next((known[key][0] for key in _TITLES if key in known), sample.id),
        "subtitle": " · ".join(known[key][0] for key in _SUBTITLES if key in known),
        "prompt": sample.prompt,
        "driver": driver if driver in dataset.samples else "",
        "size": [sample.size.width, sample.size.height],
        "fps": sample.fps,
        "frames": sample.frames,
        "words": words,
        "facets": [
            [place[value] for value in facet.of.get(sample.id, ())]
            for facet, place in zip(shown, places, strict=True)
        ],
    }
