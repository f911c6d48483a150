"""The data set card: `README.md` with its pictures, made by every build that changes the manifest.

The same samples and libraries give the same bytes. The card is no part of the content digest,
which is over pixels, poses, masks and pairs.
"""

import io
import math
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from a2bench.about import about
from a2bench.attributes import Facet, facets
from a2bench.croissant import split_digests
from a2bench.dataset import Dataset
from a2bench.masks import MaskClip
from a2bench.metric import Video
from a2bench.paths import write_aside, write_text
from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Sample
from a2bench.video import read_image, read_truth

_SHEET_PX = 1600
_GAP_PX = 4
_PAGE = (250, 250, 251)
_DANCERS = 4
"""Characters on the sheet of dances; decoding them is most of the card's time."""
_INSTANTS = 8

_COLUMNS = 3
_COLUMN_PX = 400
_LABEL_PX = 150
_BAR_PX = 190
_ROW_PX = 18
_MOST_BARS = 24


def write_card(dataset: Dataset) -> None:
    """Write README.md, card/cast.jpg, card/motion.jpg, card/attributes.svg.

    Raises:
        A2BenchError: the manifest, a picture or a video cannot be read.
    """
    folder = dataset.folder
    built = [dataset.samples[key] for key in dataset.info.order if key in dataset.samples]
    _write_jpeg(folder / "card" / "cast.jpg", cast_sheet(dataset, built))
    dancers = built[:_DANCERS]
    _write_jpeg(folder / "card" / "motion.jpg", motion_sheet(dataset, dancers))
    write_text(folder / "card" / "attributes.svg", attributes_svg(facets(dataset)))
    write_text(folder / "README.md", _card(dataset, built))


def environment(*, markup: bool) -> jinja2.Environment:
    """Return where this module's templates come from; `markup`: values are escaped for HTML."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("a2bench", "templates"),
        autoescape=markup,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _markdown(text: str) -> str:
    """Return text that Markdown and YAML show as it is: values may come from file names."""
    return re.sub(r"([\\`*_\[\]<>|&#!])", r"\\\1", " ".join(text.split()))


def _card(dataset: Dataset, built: list[Sample]) -> str:
    info = dataset.info
    sizes = sorted({f"{one.size} px, {one.frames} frames at {one.fps:g} Hz" for one in built})
    seconds = sum(one.frames / one.fps for one in built)
    facts = [
        ("samples built", f"{len(built)} of {len(info.order)}, {seconds:.0f} s of video"),
        ("video", "; ".join(sizes[:3]) + ("; and other sizes" if len(sizes) > 3 else "")),
        ("protocols", ", ".join(info.protocols)),
        ("truth of poses", ", ".join(sorted({one.pose_source for one in built}))),
        ("builder, profile", f"{info.builder}, {_markdown(info.profile)}"),
        ("licence", _markdown(info.licence)),
    ]
    files = sorted({name for one in built for name in one.files} | {"sample.json"})
    count = len(info.order)
    return (
        environment(markup=False)
        .get_template("card.md.j2")
        .render(
            name=info.name,
            version=info.version,
            licence_tag=info.licence.lower() if info.licence == "CC0-1.0" else "other",
            size_category="n<1K" if count < 1000 else "1K<n<10K",
            about=about(dataset, _markdown),
            facts=facts,
            splits=[(_markdown(name), ids, digest) for name, ids, digest in split_digests(dataset)],
            files=", ".join(f"`{name}`" for name in files),
            pairs=len(info.cross_pairs),
            build=_markdown(", ".join(f"{key} {info.build[key]}" for key in sorted(info.build))),
            pictures={
                "cast": f"The reference picture of each of the {len(built)} samples that are built",
                "motion": "Frames of some samples"
                + (", below them the same frames with pose and mask" if _drawn(built) else ""),
            },
        )
    )


def _drawn(samples: list[Sample]) -> bool:
    return any(sample.has_pose for sample in samples)


def cast_sheet(dataset: Dataset, built: list[Sample]) -> Image.Image:
    """Return the reference picture of every sample, in order, as one sheet about 1600 px wide."""
    first = built[0].size
    ratio = first.height / first.width
    columns = max(8, math.ceil(math.sqrt(len(built) * ratio * 0.9)))
    wide = (_SHEET_PX - _GAP_PX) // columns - _GAP_PX
    high = round(wide * ratio)

    def tile(sample: Sample) -> Image.Image:
        return _tile(read_image(dataset.sample_file(sample.id, "reference.png")), wide, high)

    with ThreadPoolExecutor() as pool:  # Pillow frees the interpreter's lock while it works
        return _grid(list(pool.map(tile, built)), columns)


def motion_sheet(dataset: Dataset, dancers: list[Sample]) -> Image.Image:
    """Return frames of some samples; below each line its pose over what its mask covers."""
    wide = (_SHEET_PX - _GAP_PX) // _INSTANTS - _GAP_PX
    high = round(wide * dancers[0].size.height / dancers[0].size.width)
    tiles: list[Image.Image] = []
    for sample in dancers:
        frames = read_truth(dataset.sample_file(sample.id, "video.mp4"))
        shown = np.linspace(0, len(frames) - 1, _INSTANTS).round().astype(int)
        tiles += [_tile(frame, wide, high) for frame in frames[shown]]
        if sample.has_pose:
            below = _with_truth(dataset, sample, frames)[shown]
            tiles += [_tile(frame, wide, high) for frame in below]
    return _grid(tiles, _INSTANTS)


def _with_truth(dataset: Dataset, sample: Sample, frames: Video) -> Video:
    """Return the frames with the background darkened and the pose drawn."""
    pose = PoseClip.load(dataset.sample_file(sample.id, "pose.npz"))
    shown = frames // 4 * 3
    if sample.has_mask:
        masks = MaskClip.load(dataset.sample_file(sample.id, "mask.npz"))
        shown = np.where(masks.foreground[..., None], shown, frames // 4)
    drawn = draw_pose(pose)
    return np.where(drawn.any(axis=-1, keepdims=True), drawn, shown)


def _tile(picture: Video, width: int, height: int) -> Image.Image:
    """Return a picture within a tile, whole and centred."""
    image = Image.fromarray(picture)
    scale = min(width / image.width, height / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    tile = Image.new("RGB", (width, height), _PAGE)
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    tile.paste(small, ((width - size[0]) // 2, (height - size[1]) // 2))
    return tile


def _grid(tiles: list[Image.Image], columns: int) -> Image.Image:
    width, height = tiles[0].size
    rows = math.ceil(len(tiles) / columns)
    columns = min(columns, len(tiles))
    page = Image.new(
        "RGB",
        (columns * (width + _GAP_PX) + _GAP_PX, rows * (height + _GAP_PX) + _GAP_PX),
        _PAGE,
    )
    for position, tile in enumerate(tiles):
        row, column = divmod(position, columns)
        page.paste(tile, (_GAP_PX + column * (width + _GAP_PX), _GAP_PX + row * (height + _GAP_PX)))
    return page


def _write_jpeg(path: Path, image: Image.Image) -> None:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=84, optimize=True, progressive=True)
    with write_aside(path) as aside:
        aside.write_bytes(stream.getvalue())


def attributes_svg(shown: list[Facet]) -> str:
    """Return bar charts of every attribute, packed into columns, as one SVG."""
    below = [12] * _COLUMNS
    charts: list[dict[str, Any]] = []
    for facet in shown:
        items = list(facet.counts.items())
        bars, rest = items[:_MOST_BARS], items[_MOST_BARS:]
        most = max(facet.counts.values())
        column = below.index(min(below))
        charts.append(
            {
                "name": facet.name,
                "x": 12 + column * _COLUMN_PX,
                "y": below[column],
                "bars": [
                    {
                        "label": value if len(value) <= 22 else value[:21] + "…",
                        "value": value,
                        "count": count,
                        "width": max(1, round(_BAR_PX * count / most)),
                    }
                    for value, count in bars
                ],
                "more": f"and {len(rest)} more values" if rest else "",
            }
        )
        below[column] += 24 + _ROW_PX * (len(bars) + bool(rest)) + 24
    return (
        environment(markup=True)
        .get_template("attributes.svg.j2")
        .render(
            width=_COLUMNS * _COLUMN_PX + 12,
            height=max(below),
            charts=charts,
            label_width=_LABEL_PX,
            row=_ROW_PX,
        )
    )
