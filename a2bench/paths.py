"""Where things lie, and how files are written: aside first, then renamed, so a file is whole."""

import errno
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from a2bench.errors import A2BenchError

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def data_home(home: str | Path | None = None) -> Path:
    """Return the data root: the argument, else `$A2BENCH_HOME`, else `./a2bench-data`."""
    return Path(home or os.environ.get("A2BENCH_HOME") or "a2bench-data").expanduser()


def cache() -> Path:
    """Return the folder of what can be made again: `$A2BENCH_CACHE`, else the user's cache."""
    if named := os.environ.get("A2BENCH_CACHE"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("a2bench")


def plugin_folders() -> list[Path]:
    """Return the folders named by `$A2BENCH_PLUGINS`; several are separated as in `$PATH`."""
    named = os.environ.get("A2BENCH_PLUGINS", "")
    return [Path(one) for one in named.split(os.pathsep) if one]


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


def is_disk_full(error: BaseException) -> bool:
    """Whether something was not written for want of room on the disk, or of the user's quota."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def aside_name(stem: str) -> str:
    """Return a name for what is not whole yet.

    It starts with a dot, so no reader takes it for a result; no two processes share it.
    """
    return f".{stem}.{socket.gethostname()}.{os.getpid()}"


def sweep_asides(folder: Path, stem: str | None = None) -> None:
    """Remove what killed processes of this machine left unfinished in a folder.

    Args:
        folder: where to look; it need not exist.
        stem: only what was to become this name; None: everything.
    """
    mark = f".{socket.gethostname()}."
    name = "*" if stem is None else glob.escape(stem)
    for path in folder.glob(f".{name}{glob.escape(mark)}*") if folder.is_dir() else ():
        owner = path.name.rpartition(mark)[2].partition(".")[0]
        if owner.isdigit() and not is_alive(int(owner)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def is_alive(process_id: int) -> bool:
    """Whether a process of this machine still works; one that only waits to be reaped does not."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # A killed process that its parent has not asked after yet answers signals, but writes
        # no more. The state follows the command's name, which may itself hold a parenthesis.
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True  # no /proc (macOS), or gone since
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` only if the block ends without an error.

    The temporary name keeps the suffix: encoders choose the container by it. What a killed process
    left of the same file is removed: whoever resumes its work makes this file again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_asides(path.parent, path.stem)
    aside = path.with_name(aside_name(path.stem) + path.suffix)
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 text file or none."""
    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def only_one(lock: Path, what: str) -> Iterator[None]:
    """Let one process at a time into the block; the others wait, and say for whom.

    The system frees the lock when its holder ends, however it ends.
    """
    with _opened_lock(lock) as handle:
        if not _locked(handle):
            print(f"waiting: process {_holder(handle)} is {what}", file=sys.stderr)
            _locked(handle, wait=True)
        _write_holder(handle, f"{os.getpid()} on {socket.gethostname()}")
        yield


@contextmanager
def alone_in(lock: Path, what: str) -> Iterator[None]:
    """Let one process at a time into the block; a second one is refused and told of the first.

    The system frees the lock when its holder ends, however it ends.

    Raises:
        A2BenchError: another process holds the lock.
    """
    with _opened_lock(lock) as handle:
        if not _locked(handle):
            raise A2BenchError(
                f"{what}: process {_holder(handle)} is at work in {lock.parent}.\n"
                "hint: wait for it, or take another run=NAME; once it has ended, the same command "
                "goes on where it stopped"
            )
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        _write_holder(handle, f"{os.getpid()} on {socket.gethostname()} (since {started})")
        yield
        handle.truncate(0)


def _opened_lock(lock: Path) -> TextIO:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise A2BenchError(f"{lock}: this lock cannot be opened: {error.strerror}.") from error


def _locked(handle: TextIO, *, wait: bool = False) -> bool:
    """Take the lock of an open file; return whether it is ours now.

    Raises:
        A2BenchError: the file system has no locks.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        raise A2BenchError(
            f"{handle.name}: cannot be locked: {error.strerror}.\n"
            "hint: some network file systems have no locks; put the folder on another one (home= "
            "or $A2BENCH_HOME for data and runs, $A2BENCH_CACHE for environments)"
        ) from error
    return True


def _holder(handle: TextIO) -> str:
    handle.seek(0)
    return handle.read().strip() or "unknown"


def _write_holder(handle: TextIO, text: str) -> None:
    """Say in a lock whose it is; on a full disk it stays without a name."""
    try:
        handle.truncate(0)
        handle.write(text)
        handle.flush()
    except OSError as error:
        if not is_disk_full(error):
            raise


def read_utf8(path: Path) -> str:
    """Return a text file's content.

    Raises:
        A2BenchError: its bytes are not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise A2BenchError(f"{path}: not a UTF-8 text file ({error.reason}).") from error


def canonical_json(value: Any) -> str:
    """Return JSON that is the same bytes for the same value: sorted keys, no spaces."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def readable_json(value: Any) -> str:
    """Return JSON for people, the same bytes for the same value: sorted keys, a line each."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON with sorted keys, whole or not at all."""
    write_text(path, readable_json(value))


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes as `sha256:<hex>`."""
    with path.open("rb") as handle:
        return "sha256:" + hashlib.file_digest(handle, "sha256").hexdigest()


def cached_sha256(path: Path) -> str:
    """SHA-256 of a large file's bytes as `sha256:<hex>`; read once as long as it stays the same.

    The same: size, and the times of its last change of content and of owner, mode or name.
    """
    about = path.stat()
    where = str(path.resolve())
    facts: dict[str, str | int] = {"path": where, "bytes": about.st_size}
    facts |= {"mtime_ns": about.st_mtime_ns, "ctime_ns": about.st_ctime_ns}
    note = cache() / "digests" / f"{sha256_text(where)[7:39]}.json"
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        if {key: found[key] for key in facts} == facts:
            return str(found["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        pass  # no note, or none of ours: read the file
    digest = sha256_file(path)
    with suppress(OSError):  # a cache that cannot be written to: read again next time
        write_json(note, facts | {"sha256": digest})
    return digest


def folder_digest(folder: Path) -> str:
    """SHA-256 of names and contents of a folder of weights; "" where it is not there.

    Names that start with a dot are left out (caches of download tools). Contents are read once as
    long as size and times of a file stay.
    """
    if not folder.is_dir():
        return ""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            total.update(f"{inside.as_posix()}\0{cached_sha256(path)}\n".encode())
    return f"sha256:{total.hexdigest()}"


def sha256_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes as `sha256:<hex>`."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
