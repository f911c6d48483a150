"""Other processes: found again by a mark in their environment, and ended with all they started."""

import os
import re
import signal
import uuid
from pathlib import Path

import psutil

MARK = "A2BENCH_MARK"
"""Environment variable that what a worker starts inherits, however it detaches itself."""


def new_mark() -> str:
    """Return a mark nobody else has."""
    return uuid.uuid4().hex


def end_marked(mark: str) -> int:
    """End every process of this user that inherited a mark; return how many there were.

    Marks nest: a job's is its worker's, a slash, and its own.
    """
    ended = 0
    for process in psutil.process_iter():
        try:
            found = process.environ().get(MARK, "")
            if process.pid != os.getpid() and f"{found}/".startswith(f"{mark}/"):
                process.send_signal(signal.SIGKILL)
                ended += 1
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue  # ended meanwhile, or another user's
    return ended


def oom_kills() -> int:
    """Return how often this system's kernel has killed a process for want of memory; 0: unknown."""
    try:
        text = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^oom_kill (\d+)$", text, flags=re.MULTILINE)
    return int(found[1]) if found else 0


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
