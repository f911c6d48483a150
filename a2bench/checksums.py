"""`checksums.sha256`: every file of a data set version, as `sha256sum -c` reads it."""

import re
from pathlib import Path

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paths import read_utf8, sha256_file, write_text
from a2bench.records import DatasetInfo

CHECKSUMS = "checksums.sha256"

ROOT_FILES = frozenset(
    {
        "dataset.json",
        "manifest.jsonl",
        "README.md",
        "croissant.json",
        "card/attributes.svg",
        "card/cast.jpg",
        "card/motion.jpg",
    }
)
"""What lies in every version beside its samples and the checksums."""

GENERATED_FILES = frozenset({"candidates.csv", "generation.json", "review.json"})
"""In a generated version beside them: every candidate's measures and verdict, the settings, and
what a person said."""


def root_files(info: DatasetInfo) -> frozenset[str]:
    """Return the names of a version's own files: those of all, and those of its builder."""
    made = GENERATED_FILES if info.builder == "generative" else frozenset()
    return ROOT_FILES | made | ({"motion.bvh"} if info.motion is not None else frozenset())


_MAX_BYTES = 64 * 2**20
_LINE = re.compile(r"([0-9a-f]{64})  ([^\x00-\x1f\\]+)")


def sample_files(dataset: Dataset) -> dict[str, str | None]:
    """Return path -> digest of every sample file the manifest names; of `sample.json` None."""
    found: dict[str, str | None] = {}
    for sample in dataset.samples.values():
        for name, digest in sample.files.items():
            found[f"samples/{sample.id}/{name}"] = digest
        found[f"samples/{sample.id}/sample.json"] = None
    return found


def write_checksums(dataset: Dataset) -> None:
    """Write the list; digests of videos and masks come from the manifest, the others are read."""
    digests = sample_files(dataset) | {
        name: None for name in root_files(dataset.info) if (dataset.folder / name).is_file()
    }
    lines = [
        f"{(digest or sha256_file(dataset.folder / path)).removeprefix('sha256:')}  {path}\n"
        for path, digest in sorted(digests.items())
    ]
    write_text(dataset.folder / CHECKSUMS, "".join(lines))


def read_checksums(path: Path) -> dict[str, str]:
    """Return relative path -> `sha256:<hex>`; the paths are not trusted yet.

    Raises:
        A2BenchError: too large, not text, or a line of another form or twice there.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise A2BenchError(f"{path}: over {_MAX_BYTES} bytes; not a list of ours")
    found: dict[str, str] = {}
    for number, line in enumerate(read_utf8(path).split("\n")[:-1], start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise A2BenchError(
                f"{path}, line {number}: expected 64 hexadecimal digits, two spaces, a path; "
                f"came {line[:80]!r}"
            )
        if match[2] in found:
            raise A2BenchError(f"{path}, line {number}: {match[2]!r} is there twice")
        found[match[2]] = f"sha256:{match[1]}"
    return found
