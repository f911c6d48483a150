"""A picture of results: each case's reference, driver, truth and every method's frames.

One line a case, one column a role; in each column the same instants, side by side.
The font is the one that Pillow brings, so the picture is the same on every machine with the same
Pillow.
"""

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from a2bench import paths
from a2bench.errors import A2BenchError
from a2bench.metric import Video

Picture = UInt8[np.ndarray, "h w 3"]
"""RGB, uint8 in [0, 255]; `h` rows, `w` columns."""

MAX_BYTES = 3_000_000
"""Largest file that is written: it loads on a phone, and git keeps it without regret."""

WIDTH_PX = 2000

_Role = Literal["reference", "driver", "truth", "method"]

_PAGE = (250, 250, 251)
_INK = (24, 27, 33)
_SOFT = (104, 112, 125)
_TILE = (235, 237, 241)


@dataclass(frozen=True)
class SheetRow:
    """One case of the sheet; clips hold only the frames that are shown, one an instant.

    Attributes:
        label: printed above the line.
        reference: the picture that was animated.
        driver: what drives it; None: not shown.
        truth: what was scored against.
        predictions: method title -> its frames, or the reason why there are none.
    """

    label: str
    reference: Picture
    driver: Video | None
    truth: Video
    predictions: Mapping[str, Video | str] = field(default_factory=dict)


def spread_frames(frames: int, *, count: int = 2) -> tuple[int, ...]:
    """Return frame indices spread evenly over what is scored (frame 0 is the input)."""
    count = min(count, frames - 1)
    return tuple(round(step * (frames - 1) / count) for step in range(1, count + 1))


def contact_sheet(
    rows: Sequence[SheetRow],
    *,
    instants_seconds: Sequence[float],
    width: int = WIDTH_PX,
) -> Picture:
    """Draw the sheet.

    Args:
        rows: the cases, from top to bottom; the columns are the methods of all of them.
        instants_seconds: of the frames, for the heads of the columns.
        width: of the picture, in pixels; less where a few columns do not fill it.

    Raises:
        A2BenchError: nothing to draw, not one frame an instant, or a width that
            leaves no room for the pictures.
    """
    if not rows or not instants_seconds:
        raise A2BenchError("a contact sheet needs at least one case and one instant")
    for row in rows:
        _check(row, len(instants_seconds))
    methods = list(dict.fromkeys(title for row in rows for title in row.predictions))
    driven = any(row.driver is not None for row in rows)
    inputs: list[tuple[_Role, str]] = [("reference", "Reference")]
    if driven:
        inputs.append(("driver", "Driver"))
    layout = _Layout.of(
        width,
        [
            inputs,
            [("truth", "Truth")],
            [("method", title) for title in methods],
        ],
        len(instants_seconds),
    )
    heights = [layout.tile_height(row.truth) for row in rows]
    block = [layout.label + height for height in heights]
    total = layout.top + sum(block) + layout.block_gap * (len(rows) - 1) + layout.margin
    page = Image.new("RGB", (layout.right + layout.margin, total), _PAGE)
    draw = ImageDraw.Draw(page)
    layout.draw_heads(draw, instants_seconds)
    y = layout.top
    for row, height in zip(rows, heights, strict=True):
        draw.text((layout.margin, y), _one_line(row.label), fill=_SOFT, font=_font(layout.small))
        y += layout.label
        for column in layout.columns:
            x = column.left
            for index in range(column.tiles):
                shown = _shown(row, column.role, column.title, index)
                if shown is None:
                    break
                width_px = column.width if isinstance(shown, str) else layout.tile_width
                tile = layout.tile(shown, width_px, height)
                page.paste(tile, (x, y), _rounded(tile.size, layout.radius))
                if isinstance(shown, str):
                    break  # one reason for all instants
                x += layout.tile_width + layout.gap
        y += height + layout.block_gap
    return np.asarray(page)


def write_contact_sheet(
    path: Path,
    rows: Sequence[SheetRow],
    *,
    instants_seconds: Sequence[float],
    width: int = WIDTH_PX,
) -> None:
    """Write the sheet as PNG, narrower where it would be over `MAX_BYTES`.

    Raises:
        A2BenchError: as `contact_sheet`, or the sheet is too large at every width.
    """
    for share in (1.0, 0.8, 0.64, 0.5):
        picture = contact_sheet(rows, instants_seconds=instants_seconds, width=round(width * share))
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG", optimize=True)
        if stream.tell() <= MAX_BYTES:
            with paths.write_aside(path) as aside:
                aside.write_bytes(stream.getvalue())
            return
    raise A2BenchError(
        f"{path}: the contact sheet of {len(rows)} cases is over {MAX_BYTES} bytes at half width.\n"
        "hint: show fewer cases or instants"
    )


def _check(row: SheetRow, instants: int) -> None:
    """Refuse a clip that is not RGB uint8 with one frame an instant."""
    clips = {"driver": row.driver, "truth": row.truth, **row.predictions}
    for name, clip in clips.items():
        if clip is None or isinstance(clip, str):
            continue
        if clip.dtype != np.uint8 or clip.ndim != 4 or clip.shape[3] != 3:
            raise A2BenchError(
                f"contact sheet, {row.label}, {name}: expected RGB uint8 (t, h, w, 3), got "
                f"{clip.dtype} {clip.shape}"
            )
        if len(clip) != instants:
            raise A2BenchError(
                f"contact sheet, {row.label}, {name}: {len(clip)} frames for {instants} instants"
            )


def _shown(row: SheetRow, role: _Role, title: str, index: int) -> Picture | str | None:
    """Return the frame, the reason why there is none, or None for an empty place."""
    if role == "reference":
        return row.reference
    clip = {"driver": row.driver, "truth": row.truth}.get(role, row.predictions.get(title))
    if clip is None:
        return "not run" if role == "method" else None
    if isinstance(clip, str):
        return clip
    frame: Picture = clip[index]
    return frame


class _Column(NamedTuple):
    """One role; the reference has one tile, the others one an instant."""

    role: _Role
    title: str
    left: int
    width: int
    tiles: int


@dataclass(frozen=True)
class _Layout:
    """Places and sizes in pixels; all scale with the width."""

    margin: int
    gap: int
    group_gap: int
    block_gap: int
    radius: int
    text: int
    small: int
    tile_width: int
    columns: tuple[_Column, ...]

    @classmethod
    def of(
        cls, width: int, groups: Sequence[Sequence[tuple[_Role, str]]], instants: int
    ) -> "_Layout":
        unit = width / 1000
        margin, gap, group_gap = round(10 * unit), max(2, round(1.5 * unit)), round(12 * unit)
        column_gap = round(6 * unit)
        text, small = max(11, round(9.5 * unit)), max(9, round(7 * unit))
        roles = [[(role, 1 if role == "reference" else instants) for role, _ in g] for g in groups]
        count = sum(tiles for group in roles for _, tiles in group)
        shown = [group for group in groups if group]
        columns_shown = sum(len(group) for group in shown)
        free = width - 2 * margin - group_gap * (len(shown) - 1)
        free -= column_gap * (columns_shown - len(shown)) + gap * (count - columns_shown)
        tile_width = free // count
        if tile_width < 40:
            raise A2BenchError(
                f"a contact sheet {width} px wide with {count} pictures a line leaves "
                f"{tile_width} px a picture, at least 40 are needed.\n"
                "hint: show fewer methods, or give a larger width"
            )
        # few columns would make huge tiles
        tile_width = min(tile_width, round(190 * unit))
        columns: list[_Column] = []
        x = margin
        for group in shown:
            for role, title in group:
                tiles = 1 if role == "reference" else instants
                wide = tiles * (tile_width + gap) - gap
                columns.append(_Column(role, title, x, wide, tiles))
                x += wide + column_gap
            x += group_gap - column_gap
        return cls(
            margin=margin,
            gap=gap,
            group_gap=group_gap,
            block_gap=round(6 * unit),
            radius=max(2, round(3 * unit)),
            text=text,
            small=small,
            tile_width=tile_width,
            columns=tuple(columns),
        )

    @property
    def right(self) -> int:
        return self.columns[-1].left + self.columns[-1].width

    @property
    def label(self) -> int:
        return round(self.small * 1.5)

    @property
    def head_lines(self) -> int:
        font = _font(self.text)
        return max(len(_wrapped(one.title, font, one.width, 2)) for one in self.columns)

    @property
    def top(self) -> int:
        return self.margin + round(self.head_lines * self.text * 1.3 + self.small * 1.6)

    def tile_height(self, truth: Video) -> int:
        rows, columns = int(truth.shape[1]), int(truth.shape[2])
        return max(1, round(self.tile_width * rows / columns))

    def draw_heads(self, draw: ImageDraw.ImageDraw, instants_seconds: Sequence[float]) -> None:
        font = _font(self.text)
        step = round(self.text * 1.3)
        for column in self.columns:
            lines = _wrapped(column.title, font, column.width, 2)
            y = self.margin + step * (self.head_lines - len(lines))
            for number, line in enumerate(lines):
                place = (column.left + column.width // 2, y + number * step)
                draw.text(place, line, fill=_INK, font=font, anchor="ma")
            if column.role == "reference":
                continue
            for number, second in enumerate(instants_seconds):
                middle = column.left + number * (self.tile_width + self.gap) + self.tile_width // 2
                place = (middle, self.margin + step * self.head_lines)
                draw.text(place, f"{second:.1f} s", fill=_SOFT, font=_font(self.small), anchor="ma")

    def tile(self, shown: Picture | str, width: int, height: int) -> Image.Image:
        """Return a tile: the whole frame, centred, or the reason why there is none."""
        tile = Image.new("RGB", (width, height), _TILE)
        if isinstance(shown, str):
            font = _font(self.small)
            step = round(self.small * 1.35)
            inner = width - 2 * round(self.small * 0.7)
            lines = _wrapped(shown, font, inner, max(1, height // step - 1))
            draw = ImageDraw.Draw(tile)
            y = (height - step * len(lines)) // 2
            for number, line in enumerate(lines):
                place = (width // 2, y + number * step)
                draw.text(place, line, fill=_SOFT, font=font, anchor="ma")
            return tile
        picture = Image.fromarray(shown)
        scale = min(width / picture.width, height / picture.height)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        tile.paste(picture, ((width - size[0]) // 2, (height - size[1]) // 2))
        return tile


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    width: int,
    most: int,
) -> list[str]:
    """Return lines that fit the width; what is over `most` lines ends in "..."."""
    per_line = max(1, int(width / max(font.getlength("abcdefghijklmnop") / 16, 1)))
    lines = textwrap.wrap(_one_line(text), per_line) or [""]
    while per_line > 1 and any(font.getlength(line) > width for line in lines):
        per_line -= 1
        lines = textwrap.wrap(_one_line(text), per_line)
    if len(lines) > most:
        last = lines[most - 1]
        while last and font.getlength(last + "...") > width:
            last = last[:-1]
        lines = [*lines[: most - 1], last.rstrip() + "..."]
    return lines


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Return the mask of a rectangle with smooth round corners."""
    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius * 4, fill=255)
    return large.resize(size, Image.Resampling.LANCZOS)
