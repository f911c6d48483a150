"""Where the clips lie in a folder that is adopted: videos, or folders of numbered frames.

A layout finds files by name and opens none. Which videos of a data set a paper tested on is often
disputed: each list that somebody states is a named one in `test_ids.yaml`, with who states it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from a2bench.errors import A2BenchError, unknown_name

VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi", ".gif", ".m4v"})
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


@dataclass(frozen=True)
class Entry:
    """A clip: a video, or a folder with nothing but numbered frames.

    Attributes:
        name: what its id is made of.
        rate_hz: of a folder of frames, where the layout knows it.
    """

    name: str
    path: Path
    rate_hz: float | None = None


def _videos(source: Path) -> Iterator[Entry]:
    for path in sorted(source.iterdir()):
        if path.is_dir() and _holds_frames(path):
            yield Entry(path.name, path)
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            yield Entry(path.stem, path)


def _holds_frames(folder: Path) -> bool:
    return any(path.suffix.lower() in PICTURE_SUFFIXES for path in folder.iterdir())


def _tiktok(source: Path) -> Iterator[Entry]:
    """`00001/images/0001.png`, beside `densepose` and `masks`; 30 frames a second."""
    for folder in sorted(source.iterdir()):
        if re.fullmatch(r"\d{5}", folder.name) and (folder / "images").is_dir():
            yield Entry(folder.name, folder / "images", 30.0)


def _ubc_fashion(source: Path) -> Iterator[Entry]:
    """`test/<name>.mp4`, beside `train`."""
    test = source / "test"
    if test.is_dir():
        yield from (entry for entry in _videos(test) if not entry.path.is_dir())


def _animate_x(source: Path) -> Iterator[Entry]:
    """`data/videos/<name>.mp4` of the released repository; `data/saved_frames` is made of them."""
    for videos in (source / "data" / "videos", source / "videos"):
        if videos.is_dir():
            yield from _videos(videos)
            return


@dataclass(frozen=True)
class Layout:
    """How a data set lies on the disk, in words and in code."""

    summary: str
    find: Callable[[Path], Iterator[Entry]]


LAYOUTS = {
    "videos": Layout("videos, and folders of numbered frames", _videos),
    "tiktok": Layout("NNNNN/images/NNNN.png, 30 Hz", _tiktok),
    "ubc_fashion": Layout("test/NAME.mp4", _ubc_fashion),
    "animate_x": Layout("data/videos/NAME.mp4", _animate_x),
}


@dataclass(frozen=True)
class TestIds:
    """A list of test videos as somebody states it.

    Attributes:
        stated_by: who, and where.
    """

    layout: str
    ids: tuple[str, ...]
    stated_by: str


@cache
def test_ids() -> dict[str, TestIds]:
    """Return every list by name."""
    text = (resources.files("a2bench.builders") / "test_ids.yaml").read_text(encoding="utf-8")
    return {
        name: TestIds(entry["layout"], tuple(map(str, entry["ids"])), entry["stated_by"])
        for name, entry in yaml.safe_load(text).items()
    }


def entries(source: Path, layout: str, ids: str | None) -> list[Entry]:
    """Return the clips of a folder.

    Args:
        source: the folder.
        layout: a name of `LAYOUTS`.
        ids: name of a list of test videos; None: all that are there.

    Raises:
        A2BenchError: no such layout or list, no clip, or some of the list are not there.
    """
    if layout not in LAYOUTS:
        raise unknown_name("layout", layout, LAYOUTS)
    if not source.is_dir():
        raise A2BenchError(f"source={source}: no such folder.")
    found = list(LAYOUTS[layout].find(source))
    if not found:
        raise A2BenchError(
            f"source={source}: no clip there; layout={layout} expects {LAYOUTS[layout].summary}.\n"
            f"hint: layouts: {', '.join(LAYOUTS)}; videos end in "
            f"{', '.join(sorted(VIDEO_SUFFIXES))}"
        )
    if ids is None:
        return found
    known = {name: one for name, one in test_ids().items() if one.layout == layout}
    if ids not in known:
        raise unknown_name(f"list of test videos of layout {layout}", ids, known)
    by_name = {entry.name: entry for entry in found}
    if lacking := [name for name in known[ids].ids if name not in by_name]:
        raise A2BenchError(
            f"source={source}: {len(lacking)} of the {len(known[ids].ids)} videos of ids={ids} are "
            f"not there: {', '.join(lacking[:10])}."
        )
    return [by_name[name] for name in known[ids].ids]
