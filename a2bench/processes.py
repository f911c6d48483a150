"""Other processes: found again by a mark in their environment, and ended with all they started."""

import os
import re
import signal
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

MARK = "A2BENCH_MARK"
"""Environment variable that what a worker starts inherits, however it detaches itself."""


def one_thread() -> dict[str, str]:
    """Return the variables with which a process of one core starts; what the user set stays.

    A worker a core, each with a thread a core, is slow. And where the order of a sum depends on
    the number of threads, a prediction would depend on the machine and on the back end.
    """
    return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that processes inherit which are started meanwhile."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def new_mark() -> str:
    """Return a mark nobody else has."""
    return uuid.uuid4().hex


_ENDING_SECONDS = 10.0
"""How long `end_marked` goes on: a process that waits for a broken disk cannot be ended."""


def end_marked(mark: str) -> int:
    """End every process of this user that inherited a mark; return how many there were.

    Done when nobody is left: what a process started while others were ended is found by the next
    look. Marks nest: a job's is its worker's, a slash, and its own.
    """
    ended: set[psutil.Process] = set()
    deadline = time.monotonic() + _ENDING_SECONDS
    while (found := _marked(mark)) and time.monotonic() < deadline:
        for process in found:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.send_signal(signal.SIGKILL)
        ended |= found
        time.sleep(0.005)  # not psutil's wait: it would take the exit code from who started it
    return len(ended)


def _marked(mark: str) -> set[psutil.Process]:
    """Return the processes with a mark, but for this one and those that wait to be reaped."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _has_mark(process, mark):
                found.add(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue  # ended meanwhile, or another user's
    return found


def _has_mark(process: psutil.Process, mark: str) -> bool:
    """Whether a process inherited a mark, also where it wrote its title over its environment.

    Such a title (setproctitle; Ray's agents) leaves empty strings before the variables, at which
    psutil stops reading.
    """
    try:
        block = Path(f"/proc/{process.pid}/environ").read_bytes()
    except FileNotFoundError:  # no /proc (macOS), or it ended
        found = str(process.environ().get(MARK, ""))
    except (PermissionError, ProcessLookupError):  # another user's, or the kernel's
        return False
    else:
        head = f"{MARK}=".encode()
        marks = [entry[len(head) :] for entry in block.split(b"\0") if entry.startswith(head)]
        found = marks[0].decode(errors="replace") if marks else ""
    return f"{found}/".startswith(f"{mark}/")


def oom_kills() -> int:
    """Return how often this system's kernel has killed a process for want of memory; 0: unknown."""
    try:
        text = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^oom_kill (\d+)$", text, flags=re.MULTILINE)
    return int(found[1]) if found else 0


_DISK_FULL_SIGNS = ("no space left on device", "disk quota exceeded")


def is_disk_full_text(text: str) -> bool:
    """Whether what a method printed or raised says that a disk was full, or a quota used up."""
    return any(sign in text.lower() for sign in _DISK_FULL_SIGNS)


_OOM_SIGNS = (
    "out of memory",
    "cannot allocate memory",
    "cublas_status_alloc_failed",
    "memoryerror",
    "unable to allocate",
)


def is_out_of_memory(text: str) -> bool:
    """Whether what a method printed or raised says that memory was not enough."""
    return any(sign in text.lower() for sign in _OOM_SIGNS)
