"""`verify dataset`: is what lies on the disk what was built?

Three levels. *Files*: descriptions, lists, counts and the digest of every file. *Decoded*: every
truth, pose and mask is decoded and compared with its digest. *Rebuild*: samples are drawn anew by
the generator and compared. Everything read here may be hostile: nothing is followed, unpickled or
read without a bound, and each problem is one line of the report, never an exception.
"""

import os
import platform
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from a2bench.builders.release import NORMATIVE_MACHINE, check_release, is_release, pins
from a2bench.checksums import CHECKSUMS, read_checksums, root_files
from a2bench.dataset import MAX_MANIFEST_BYTES, Dataset
from a2bench.errors import A2BenchError, wrong_fields
from a2bench.masks import MaskClip
from a2bench.parallel import in_processes, worker_count
from a2bench.paths import canonical_json, safe_name, sha256_file, sha256_text
from a2bench.pose.keypoints import PoseClip
from a2bench.progress import progress
from a2bench.records import DatasetInfo, Sample
from a2bench.video import probe, read_image, read_truth, rgb_digest

MAX_FILE_BYTES = 2**30
"""Of one file of a sample; the largest that is built has a few MB."""

NEAR_DB = 50.0
"""Least PSNR of a rebuild where the same bits are not promised (another architecture)."""

NEAR_MASK_SHARE = 1e-3
"""Most mask pixels that may differ there."""

_MOST_EXTRAS = 20
"""Extra files named a folder; the others are counted."""


class Problem(NamedTuple):
    """One thing that is not as it was built."""

    file: str
    """Path in the version's folder."""
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.text}"


@dataclass
class Report:
    """What verifying found.

    Attributes:
        label: name and version, or the folder where the description cannot be read.
        folder: of the version.
        levels: what was checked: `files`, `decoded`, `rebuild`.
        samples, files: how many were listed and hashed.
        decoded, rebuilt: ids of samples that were.
        problems: none where all is as built.
        notes: what could not be compared, or is near but not the same.
    """

    label: str
    folder: Path
    levels: list[str]
    samples: int = 0
    files: int = 0
    decoded: list[str] = field(default_factory=list)
    rebuilt: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "schema": "a2bench.verify/1",
            "dataset": self.label,
            "folder": str(self.folder),
            "levels": self.levels,
            "samples": self.samples,
            "files": self.files,
            "decoded": len(self.decoded),
            "rebuilt": self.rebuilt,
            "ok": not self.problems,
            "problems": [one._asdict() for one in self.problems],
            "notes": self.notes,
        }


def verify_dataset(
    folder: Path,
    *,
    decoded: bool = True,
    rebuild: int = 0,
    seed: int = 0,
    workers: int | None = None,
) -> Report:
    """Check a data set version; files are always checked.

    Args:
        folder: with `dataset.json`.
        decoded: decode every truth, pose and mask too.
        rebuild: this many samples are drawn anew and compared.
        seed: which ones.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: nothing there, or a rebuild was asked for that this generator cannot make.
    """
    if not os.path.lexists(folder / "dataset.json"):
        raise A2BenchError(f"{folder}: no data set here (dataset.json is missing).")
    levels = ["files"] + ["decoded"] * decoded + ["rebuild"] * (rebuild > 0)
    report = Report(str(folder), folder, levels)
    entries, empty = _entries(folder, report)
    dataset = _described(entries, report)
    if dataset is None:
        return report
    if rebuild:
        check_can_rebuild(dataset.info)
    rows = _manifest_rows(dataset, entries, report)
    report.samples, report.files = len(rows), len(entries)
    report.problems += _count_problems(dataset.info, rows)
    for row in rows.values():
        report.problems += _row_problems(dataset.info, row)
    _check_generator(dataset.info, rows, report)
    _check_machine(dataset.info, report)
    report.problems += [Problem(path, "an empty folder, no part of it") for path in empty]
    report.problems += _place_problems(entries, rows, root_files(dataset.info))
    report.problems += _digest_problems(folder, entries, rows, dataset.info, workers)
    whole = [key for key, row in rows.items() if _is_readable(row, entries)]
    report.rebuilt = sorted(whole, key=lambda key: sha256_text(f"{seed}|{key}"))[:rebuild]
    report.decoded = whole if decoded else sorted(report.rebuilt)
    tasks = [(folder, rows[key]) for key in report.decoded]
    _gather("decode", _decoded, tasks, report, workers)
    again = [(folder, dataset.info, rows[key]) for key in report.rebuilt]
    _gather("rebuild", _rebuilt, again, report, workers)
    report.problems = sorted(set(report.problems))
    return report


def printable(text: str) -> str:
    """Return text from a file or a folder as one line that no terminal obeys."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


# --- what lies there ---------------------------------------------------------------------------


def _entries(folder: Path, report: Report) -> tuple[dict[str, int], list[str]]:
    """Return relative path -> bytes of every regular file, and empty folders.

    Links and devices are problems.

    Nothing is followed: a link is named, never read.
    """
    found: dict[str, int] = {}
    empty: list[str] = []
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            there = sorted(os.scandir(folder / below), key=lambda entry: entry.name)
        except OSError as error:
            report.problems.append(Problem(below or ".", f"cannot be listed ({error.strerror})"))
            continue
        if not there and below:
            empty.append(below.removesuffix("/"))
        for entry in there:
            path = f"{below}{entry.name}"
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                report.problems.append(Problem(path, "is a link; only files are part of it"))
            elif stat.S_ISDIR(mode):
                waiting.append(path + "/")
            elif not stat.S_ISREG(mode):
                report.problems.append(Problem(path, "is neither a file nor a folder"))
            else:
                found[path] = entry.stat(follow_symlinks=False).st_size
    return found, empty[:_MOST_EXTRAS]


def _described(entries: Mapping[str, int], report: Report) -> Dataset | None:
    """Read `dataset.json` and check that it lies where its name says."""
    folder = report.folder
    if "dataset.json" not in entries:
        if not report.problems:  # a link was named already
            report.problems.append(Problem("dataset.json", "is not a file"))
        return None
    try:
        dataset = Dataset.open(folder)
    except A2BenchError as error:
        report.problems.append(Problem("dataset.json", _without(folder, error)))
        return None
    report.label = dataset.label
    place = folder.resolve()
    if place.parent.parent.name == "datasets":
        named = (place.parent.name, place.name)
        if named != (dataset.info.name, dataset.info.version):
            report.problems.append(
                Problem("dataset.json", f"says {dataset.label}, lies in {'/'.join(named)}")
            )
    return dataset


def _manifest_rows(
    dataset: Dataset, entries: Mapping[str, int], report: Report
) -> dict[str, Sample]:
    """Return the rows that can be read, in order of the file; every other line is a problem."""
    name = "manifest.jsonl"
    rows: dict[str, Sample] = {}

    def bad(number: int, text: str) -> None:
        report.problems.append(Problem(name, f"line {number}: {text}"))

    if name not in entries:
        report.problems.append(Problem(name, "missing; the build was not finished"))
        return rows
    if entries[name] > MAX_MANIFEST_BYTES:
        report.problems.append(
            Problem(name, f"{entries[name]} bytes, at most {MAX_MANIFEST_BYTES} are read")
        )
        return rows
    data = (dataset.folder / name).read_bytes()
    if data and not data.endswith(b"\n"):
        report.problems.append(Problem(name, "cut short: its last line has no end"))
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else [], start=1):
        try:
            row = Sample.model_validate_json(line)
        except ValidationError as error:
            bad(number, f"not a valid row:\n{wrong_fields(error)}")
            continue
        if row.id in rows:
            bad(number, f"id {row.id!r} is there twice")
            continue
        if line.decode("utf-8") != canonical_json(row.model_dump(mode="json")):
            bad(number, f"{row.id}: not as a build writes it (edited by hand?)")
        rows[row.id] = row
    if list(rows) != sorted(rows):
        report.problems.append(Problem(name, "rows are not sorted by id"))
    return rows


def _count_problems(info: DatasetInfo, rows: Mapping[str, Sample]) -> Iterator[Problem]:
    """What is built must be a whole split: all its ids, no other."""
    known = set(info.order)
    for key in sorted(set(rows) - known):
        yield Problem("manifest.jsonl", f"{key} is not an id of this data set")
    built = set(rows) & known
    reached = max(
        (position for position, key in enumerate(info.order, 1) if key in built), default=0
    )
    split, count = min(
        (item for item in info.splits.items() if item[1] >= reached),
        key=lambda item: item[1],
        default=("of all ids", len(info.order)),
    )
    if missing := [key for key in info.order[:count] if key not in built]:
        yield Problem(
            "manifest.jsonl",
            f"{len(built)} samples, split {printable(split)} has {count}: {len(missing)} are "
            f"missing (first: {missing[0]})",
        )


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _row_problems(info: DatasetInfo, row: Sample) -> Iterator[Problem]:
    """A row must name the files and digests that its kind of sample has."""
    place = f"manifest.jsonl, {row.id}"
    kinds = ["rgb"] + ["pose"] * row.has_pose + ["mask"] * row.has_mask
    if sorted(row.digests) != sorted(kinds):
        yield Problem(place, f"digests of {sorted(row.digests)}, expected {sorted(kinds)}")
    for name, digest in [*row.files.items(), *row.digests.items()]:
        if not _DIGEST.fullmatch(digest):
            yield Problem(place, f"{printable(name)}: {digest[:80]!r} is no sha256 digest")
    needed = {"video.mp4", "reference.png"}
    needed |= {"pose.npz"} if row.has_pose else set()
    needed |= {"mask.npz"} if row.has_mask else set()
    if info.builder != "procedural":
        needed |= {"driving.mp4"} | ({"driving_pose.npz"} if row.has_pose else set())
    for name in sorted(needed - set(row.files)):
        yield Problem(place, f"names no {name}")
    for name in row.files:
        if not _stays_inside(name):
            yield Problem(place, f"names the file {name[:80]!r}, which leaves the sample's folder")


def _stays_inside(name: str) -> bool:
    try:
        safe_name(name, what="file of a sample")
    except A2BenchError:
        return False
    return True


def _check_generator(info: DatasetInfo, rows: Mapping[str, Sample], report: Report) -> None:
    """Compare lists with the generator's and digests with the release's, where they are of it."""
    if info.builder != "procedural":
        report.notes.append(f"builder {info.builder}: no generator or release to compare with")
        return
    try:
        from a2bench.builders import procedural
        from a2bench.procedural import VERSION
    except (ImportError, OSError) as error:  # skia needs system libraries
        report.notes.append(f"not compared with the generator: {error}")
        return
    if info.version != VERSION:
        report.notes.append(f"not compared with the generator: this a2bench draws {VERSION}")
    elif info.profile not in procedural.PROFILES:
        report.problems.append(Problem("dataset.json", f"profile {info.profile[:80]!r} is unknown"))
        return
    else:
        expected = procedural.describe(info.profile, info.motion)
        differs = [
            name
            for name in type(info).model_fields
            if name != "build" and getattr(info, name) != getattr(expected, name)
        ]
        if differs:
            report.problems.append(
                Problem("dataset.json", f"differs from the generator in: {', '.join(differs)}")
            )
    if not is_release(info):
        return
    if not pins(info.version):
        report.notes.append(f"no release digests of {info.version} in this a2bench")
    for key, row in rows.items():
        if {"rgb", "pose", "mask"} <= set(row.digests):
            try:
                check_release(info.version, "self", key, row.digests)
            except A2BenchError as error:
                report.problems.append(Problem(f"manifest.jsonl, {key}", _first_line(error)))


def _check_machine(info: DatasetInfo, report: Report) -> None:
    """Say where it claims to be built: elsewhere than on x86-64 bits are not promised.

    On x86-64 the release has the released bits, wherever it was built; elsewhere it is said only.
    """
    machine = info.build.get("machine", NORMATIVE_MACHINE)
    if info.builder != "procedural" or machine == NORMATIVE_MACHINE:
        return
    text = (
        f"claims to be built on {machine[:40]!r}: --rebuild then asks for {NEAR_DB:g} dB only, "
        f"not for the same bits as on {NORMATIVE_MACHINE}"
    )
    here = platform.machine() == NORMATIVE_MACHINE
    if here and is_release(info) and pins(info.version):
        report.problems.append(Problem("dataset.json", text))
    else:
        report.notes.append(text)


# --- files -------------------------------------------------------------------------------------


def _sample_paths(row: Sample) -> dict[str, str]:
    return {
        f"samples/{row.id}/{name}": digest
        for name, digest in row.files.items()
        if _stays_inside(name)
    }


def _place_problems(
    entries: Mapping[str, int], rows: Mapping[str, Sample], root: frozenset[str]
) -> Iterator[Problem]:
    """Files that are missing, too many, or absurdly large."""
    expected = {path for row in rows.values() for path in _sample_paths(row)}
    expected |= {f"samples/{key}/sample.json" for key in rows}
    for path in sorted((expected | {CHECKSUMS, *root}) - set(entries)):
        hint = "" if path.startswith("samples/") else "; run the same `a2bench build` again"
        yield Problem(path, f"missing{hint}")
    extras: dict[str, list[str]] = {}
    for path in sorted(set(entries) - expected - {CHECKSUMS, *root}):
        extras.setdefault(path.rpartition("/")[0], []).append(path)
    for below, paths in extras.items():
        for path in paths[:_MOST_EXTRAS]:
            left = "; left by a build that was killed" if "/." in f"/{path}" else ""
            yield Problem(path, f"not part of the data set{left}")
        if len(paths) > _MOST_EXTRAS:
            yield Problem(below, f"{len(paths) - _MOST_EXTRAS} more files are not part of it")
    for path in sorted(expected & set(entries)):
        if entries[path] > MAX_FILE_BYTES:
            yield Problem(path, f"{entries[path]} bytes, at most {MAX_FILE_BYTES} are read")


def _digest_problems(
    folder: Path,
    entries: Mapping[str, int],
    rows: Mapping[str, Sample],
    info: DatasetInfo,
    workers: int | None,
) -> list[Problem]:
    """Compare the bytes of files with the manifest and with `checksums.sha256`."""
    problems: list[Problem] = []
    by_manifest = {path: one for row in rows.values() for path, one in _sample_paths(row).items()}
    motion, root = info.motion, root_files(info)
    named = root | set(by_manifest) | {f"samples/{key}/sample.json" for key in rows}
    hashed = [
        path
        for path in sorted(named & set(entries))
        if entries[path] <= (MAX_FILE_BYTES if path.startswith("samples/") else MAX_MANIFEST_BYTES)
    ]
    # threads, not processes: hashing frees the interpreter's lock, and starts at once
    with (
        ThreadPoolExecutor(worker_count(workers, len(hashed))) as pool,
        progress("hash", len(hashed)) as shown,
    ):
        found: dict[str, str] = {}
        for path, digest in zip(
            hashed, pool.map(_hashed, [folder / p for p in hashed]), strict=True
        ):
            if isinstance(digest, OSError):
                problems.append(Problem(path, f"cannot be read ({digest.strerror})"))
            else:
                found[path] = digest
            shown.advance()
    for path, digest in by_manifest.items():
        if path in found and found[path] != digest:
            problems.append(Problem(path, "other bytes than were built"))
    if motion is not None and found.get("motion.bvh", motion.sha256) != motion.sha256:
        problems.append(Problem("motion.bvh", "not the motion that dataset.json names"))
    for key, row in rows.items():
        path = f"samples/{key}/sample.json"
        if path in found and entries[path] > MAX_MANIFEST_BYTES:
            problems.append(Problem(path, f"{entries[path]} bytes; not a record of ours"))
        elif path in found:
            problems += _record_problems(folder / path, path, row)
    if CHECKSUMS not in entries:
        return problems
    try:
        listed = read_checksums(folder / CHECKSUMS)
    except A2BenchError as error:
        return [*problems, Problem(CHECKSUMS, _without(folder, error))]
    for path in sorted(set(listed) - named):
        problems.append(Problem(CHECKSUMS, f"lists {path[:200]!r}, which is no file of it"))
    for path in sorted((named & set(entries)) - set(listed)):
        problems.append(Problem(CHECKSUMS, f"does not list {path}"))
    for path, digest in found.items():
        if path in listed and listed[path] != digest and by_manifest.get(path) in (None, digest):
            problems.append(Problem(path, f"other bytes than {CHECKSUMS} says"))
    return problems


def _hashed(path: Path) -> str | OSError:
    """Return a file's digest, or why it cannot be read (a right, a failing disk)."""
    try:
        return sha256_file(path)
    except OSError as error:
        return error


def _record_problems(path: Path, name: str, row: Sample) -> Iterator[Problem]:
    try:
        record = Sample.model_validate_json(path.read_bytes())
    except ValidationError as error:
        yield Problem(name, f"not a valid record:\n{wrong_fields(error)}")
        return
    if record != row:
        differs = [
            one for one in type(row).model_fields if getattr(row, one) != getattr(record, one)
        ]
        yield Problem(name, f"differs from the manifest in: {', '.join(differs)}")


def _is_readable(row: Sample, entries: Mapping[str, int]) -> bool:
    """Whether a sample's files are there as plain files of a sane size; else they were named."""
    return all(
        entries.get(f"samples/{row.id}/{name}", MAX_FILE_BYTES + 1) <= MAX_FILE_BYTES
        for name in row.files
        if _stays_inside(name)
    )


# --- content -----------------------------------------------------------------------------------


class _Found(NamedTuple):
    problems: list[Problem]
    notes: list[str]


def _gather(
    label: str,
    function: Callable[..., _Found],
    tasks: Sequence[tuple[Any, ...]],
    report: Report,
    workers: int | None,
) -> None:
    if not tasks:
        return
    with progress(label, len(tasks)) as shown:
        for found in in_processes(function, tasks, workers=workers):
            report.problems += found.problems
            report.notes += found.notes
            shown.advance()


def _decoded(folder: Path, row: Sample) -> _Found:
    return _Found(list(_decoded_problems(folder, row)), [])


def _decoded_problems(folder: Path, row: Sample) -> Iterator[Problem]:
    """Decode a sample's files and compare with its digests, size, rate and number of frames."""
    below = f"samples/{row.id}"
    place = folder / below

    def differs(name: str, what: str, came: object, expected: object) -> Iterator[Problem]:
        if came != expected:
            yield Problem(f"{below}/{name}", f"{what} {came}, the manifest says {expected}")

    shape = (row.frames, row.size.height, row.size.width)
    try:
        header = probe(place / "video.mp4")
        # the header first: what claims another size is not decoded
        yield from differs("video.mp4", "size", f"{header.width}x{header.height}", str(row.size))
        yield from differs("video.mp4", "frames a second", header.fps, row.fps)
        if (header.width, header.height) == (row.size.width, row.size.height):
            truth = read_truth(place / "video.mp4")
            yield from differs("video.mp4", "frames", len(truth), row.frames)
            if rgb_digest(truth) != row.digests.get("rgb"):
                yield Problem(f"{below}/video.mp4", "decoded rgb differs from what was built")
            if not np.array_equal(read_image(place / "reference.png"), truth[0]):
                yield Problem(f"{below}/reference.png", "is not frame 0 of the video")
        if "driving.mp4" in row.files:
            read_truth(place / "driving.mp4")
    except A2BenchError as error:
        yield Problem(below, _without(folder, error))
    if row.has_pose:
        try:
            pose = PoseClip.load(place / "pose.npz")
            came = (len(pose), pose.height, pose.width)
            yield from differs("pose.npz", "frames, height, width", came, shape)
            if pose.digest() != row.digests.get("pose"):
                yield Problem(f"{below}/pose.npz", "decoded pose differs from what was built")
        except A2BenchError as error:
            yield Problem(below, _without(folder, error))
    if row.has_mask:
        try:
            masks = MaskClip.load(place / "mask.npz")
            yield from differs("mask.npz", "frames, height, width", masks.foreground.shape, shape)
            if masks.digest() != row.digests.get("mask"):
                yield Problem(f"{below}/mask.npz", "decoded mask differs from what was built")
        except A2BenchError as error:
            yield Problem(below, _without(folder, error))


def check_can_rebuild(info: DatasetInfo) -> None:
    """Refuse what this generator does not draw.

    Raises:
        A2BenchError: another builder or version.
    """
    if info.builder != "procedural":
        raise A2BenchError(
            f"{info.name} was made by builder {info.builder}, which draws nothing anew.\n"
            "hint: leave --rebuild out; --decoded checks every file and pixel"
        )
    from a2bench.builders import procedural
    from a2bench.procedural import VERSION

    if info.version != VERSION or info.profile not in procedural.PROFILES:
        raise A2BenchError(
            f"{info.name} {info.version} ({info.profile}) cannot be rebuilt: this a2bench draws "
            f"{VERSION}.\n"
            "hint: leave --rebuild out, or install the a2bench of that version"
        )


def _rebuilt(folder: Path, info: DatasetInfo, row: Sample) -> _Found:
    """Draw a sample anew and compare its record and digests."""
    from a2bench.builders import procedural

    below = f"samples/{row.id}"
    with tempfile.TemporaryDirectory(prefix="a2bench-verify-") as scratch:
        try:
            again = procedural.rebuild(Path(scratch), row.id, Dataset(folder, info))
        except A2BenchError as error:
            return _Found([Problem(below, f"rebuild refused: {_first_line(error)}")], [])
        # the containers' bytes are not promised, what they decode to is
        ignored = {"files", "digests"}
        fields = [name for name in type(row).model_fields if name not in ignored]
        differs = [name for name in fields if getattr(row, name) != getattr(again, name)]
        differs += [kind for kind in again.digests if again.digests[kind] != row.digests.get(kind)]
        exact = (
            platform.machine() == info.build.get("machine", NORMATIVE_MACHINE) == NORMATIVE_MACHINE
            and procedural.PROFILES[info.profile].storage == "lossless"
        )
        if not differs:
            return _Found([], [])
        if exact or not set(differs) <= {"rgb", "mask"}:
            return _Found([Problem(below, f"rebuilt, differs in: {', '.join(differs)}")], [])
        try:
            return _near(folder / below, Path(scratch) / below, below)
        except A2BenchError as error:
            return _Found([Problem(below, _without(folder, error))], [])


def _near(there: Path, again: Path, below: str) -> _Found:
    """Compare where bits are not promised: PSNR of the clip, share of mask pixels."""
    old, new = read_truth(there / "video.mp4"), read_truth(again / "video.mp4")
    masks = [MaskClip.load(folder / "mask.npz").foreground for folder in (there, again)]
    if old.shape != new.shape or masks[0].shape != masks[1].shape:
        return _Found([Problem(below, "rebuilt, differs in size or frames")], [])
    frames = zip(old, new, strict=True)  # frame by frame: float64 clips are large
    mse = float(np.mean([np.mean((a.astype(np.float64) - b) ** 2) for a, b in frames]))
    psnr = float("inf") if mse == 0 else float(10 * np.log10(255**2 / mse))
    share = float(np.mean(masks[0] != masks[1]))
    text = f"rebuilt, not bit-identical: PSNR {psnr:.1f} dB, {share:.1e} of the mask pixels differ"
    if psnr < NEAR_DB or share > NEAR_MASK_SHARE:
        limits = f"(at least {NEAR_DB:g} dB, at most {NEAR_MASK_SHARE:g})"
        return _Found([Problem(below, f"{text} {limits}")], [])
    return _Found([], [f"{below}: {text}"])


def _first_line(error: A2BenchError) -> str:
    return str(error).split("\n", 1)[0]


def _without(folder: Path, error: A2BenchError) -> str:
    """Return an error's text without its hint and without the folder that every line would name."""
    text = str(error).split("\nhint:", 1)[0]
    return text.replace(f"{folder}/", "")
