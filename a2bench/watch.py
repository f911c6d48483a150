"""What happens beside a method while it works: memory is measured, its log is kept bounded."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from a2bench.paths import is_disk_full

LOG_HEAD_BYTES, LOG_TAIL_BYTES = 64 * 2**10, 192 * 2**10
"""What is kept of a log: how it began and how it ended."""

_LOG_LIMIT_BYTES = 4 * (LOG_HEAD_BYTES + LOG_TAIL_BYTES)
"""A growing log is cut when it reaches this, so that cutting is rare."""

_PERIOD_SECONDS, _TREE_PERIOD_SECONDS = 0.1, 0.5
"""Between samples of one process, and of a tree: finding children reads all of /proc."""

_MIB = 2**20


class Watch:
    """Samples memory of a process tree and its GPU, and cuts its log, in a thread of its own.

    Attributes:
        peak_host_mib: most resident memory of the process and its children seen so far.
        peak_gpu_mib: most memory in use on the device, as NVML counts it; None without NVML or GPU.
    """

    def __init__(
        self, *, process_id: int | None = None, device: str = "cpu", log: Path | None = None
    ) -> None:
        """Watch `process_id` (None: this process) that works on `device` and writes to `log`."""
        self._process = psutil.Process(process_id or os.getpid())
        self._with_children = process_id is not None
        self._gpu_used = _gpu_used(device)
        self._log = log
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak_host_mib: float | None = None
        self.peak_gpu_mib: float | None = None

    def __enter__(self) -> Self:
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._sample()

    def _run(self) -> None:
        period = _TREE_PERIOD_SECONDS if self._with_children else _PERIOD_SECONDS
        while not self._ended.wait(period):
            self._sample()
            if self._log is not None and _size(self._log) > _LOG_LIMIT_BYTES:
                cut_log(self._log)

    def _sample(self) -> None:
        used = _resident_mib(self._process, with_children=self._with_children)
        if used is not None:
            self.peak_host_mib = round(max(self.peak_host_mib or 0.0, used), 1)
        gpu = self._gpu_used()
        if gpu is not None:
            self.peak_gpu_mib = round(max(self.peak_gpu_mib or 0.0, gpu), 1)


def _resident_mib(process: psutil.Process, *, with_children: bool) -> float | None:
    try:
        members = [process, *(process.children(recursive=True) if with_children else ())]
    except psutil.NoSuchProcess:
        return None
    total = 0
    for member in members:
        try:
            total += member.memory_info().rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # ended meanwhile
    return total / _MIB


def _gpu_used(device: str) -> Callable[[], float | None]:
    """Return what reads the memory in use on a device, in MiB; it says None where that is unknown.

    `device` is counted in CUDA_VISIBLE_DEVICES, which NVML does not know.
    """
    if not device.startswith("cuda"):
        return lambda: None
    try:
        import pynvml
    except ImportError:
        return lambda: None
    index = int(device.partition(":")[2] or 0)
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    name = visible[index] if index < len(visible) else str(index)
    try:
        pynvml.nvmlInit()
        handle = (
            pynvml.nvmlDeviceGetHandleByIndex(int(name))
            if name.isdigit()
            else pynvml.nvmlDeviceGetHandleByUUID(name)
        )
    except pynvml.NVMLError:
        return lambda: None

    def read() -> float | None:
        try:
            return float(pynvml.nvmlDeviceGetMemoryInfo(handle).used) / _MIB
        except pynvml.NVMLError:
            return None

    return read


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def cut_log(path: Path, limit_bytes: int = LOG_HEAD_BYTES + LOG_TAIL_BYTES) -> None:
    """Keep the beginning and the end of a log that is over its limit; its writer may go on.

    The file is cut in place: whoever appends to it (O_APPEND) goes on at the new end.
    """
    size = _size(path)
    if size <= limit_bytes:
        return
    left_out = size - LOG_HEAD_BYTES - LOG_TAIL_BYTES
    with _room_or_not(), path.open("r+b") as handle:
        handle.seek(size - LOG_TAIL_BYTES)
        tail = handle.read(LOG_TAIL_BYTES)
        handle.truncate(LOG_HEAD_BYTES)
        handle.seek(LOG_HEAD_BYTES)
        handle.write(f"\n[a2bench: {left_out} bytes of this log were left out]\n".encode() + tail)


@contextmanager
def _room_or_not() -> Iterator[None]:
    """Pass over a full disk: a log that is cut short decides nothing."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise


def end_of_log(path: Path, limit_bytes: int = 2000, *, after: bytes = b"") -> str:
    """Return the last lines of a log as printable text; only what follows `after`, if it is there.

    Where `after` lies further back, or was cut out of the middle, all that is read follows it.
    """
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, _size(path) - limit_bytes))
            found = handle.read()
    except OSError:
        return ""
    shown = found.rpartition(after)[2] if after else found
    text = shown.decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)


@contextmanager
def output_into(log: Path, *, append: bool = False) -> Iterator[None]:
    """Send what this process and its children print meanwhile into a file; empty: no file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    start = 0 if append else os.O_TRUNC
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | start, 0o644)
    before = [os.dup(1), os.dup(2)]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for number in (1, 2):
            os.dup2(target, number)
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with _room_or_not():
                stream.flush()
        for number, old in zip((1, 2), before, strict=True):
            os.dup2(old, number)
            os.close(old)
        os.close(target)
        cut_log(log)
        if not _size(log):
            log.unlink(missing_ok=True)
