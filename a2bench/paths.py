"""Where things lie, and how files are written: aside first, then renamed, so a file is whole."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from a2bench.errors import A2BenchError

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def data_home(home: str | Path | None = None) -> Path:
    """Return the data root: the argument, else `$A2BENCH_HOME`, else `./a2bench-data`."""
    return Path(home or os.environ.get("A2BENCH_HOME") or "a2bench-data").expanduser()


def safe_name(name: str, *, what: str) -> str:
    """Return `name` if it can be one folder or file name and nothing else.

    Raises:
        A2BenchError: it has a separator, a leading dot, odd characters, or over 200 characters.
    """
    if not _SAFE_NAME.fullmatch(name) or ".." in name:
        raise A2BenchError(
            f"{what}: {name[:80]!r} cannot be a file name; expected letters, digits, . _ -, "
            "starting with a letter or digit, at most 200 characters."
        )
    return name


def inside(folder: Path, relative: str, *, what: str) -> Path:
    """Return `folder / relative`, refusing a path or a link that leaves the folder."""
    path = folder / relative
    if Path(relative).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
        raise A2BenchError(f"{what}: {relative!r} leaves its folder {folder}.")
    return path


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` only if the block ends without an error.

    The temporary name keeps the suffix (encoders choose the container by it), carries the process
    id (two processes never share it) and starts with a dot (no reader takes it for a result).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 text file or none."""
    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def canonical_json(value: Any) -> str:
    """Return JSON that is the same bytes for the same value: sorted keys, no spaces."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON with sorted keys, whole or not at all."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes as `sha256:<hex>`."""
    with path.open("rb") as handle:
        return "sha256:" + hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes as `sha256:<hex>`."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
