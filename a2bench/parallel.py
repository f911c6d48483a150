"""Work spread over processes, the same way everywhere."""

import math
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from a2bench.errors import A2BenchError

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Of a container: microseconds it may compute, and in how many; or `max`."""


def cores() -> int:
    """Return how many cores this process may use, which need not be all that the machine has.

    The least of what the system lets it run on (affinity, as Slurm and taskset set it), what a
    container's quota allows, and what a Slurm task was given (`SLURM_CPUS_PER_TASK`, where Slurm
    counts cores and does not bind them).
    """
    try:
        counts = [len(os.sched_getaffinity(0))]
    except AttributeError:  # macOS
        counts = [os.cpu_count() or 1]
    given = os.environ.get("SLURM_CPUS_PER_TASK", "")
    if given.isdigit():
        counts.append(int(given))
    try:
        quota, period = _CPU_QUOTA.read_text(encoding="ascii").split()
        if quota != "max":
            counts.append(math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no container, or an older system
        pass
    return max(1, min(counts))


def worker_count(workers: int | None, tasks: int) -> int:
    """Return how many processes to start: those asked for or one a core, never idle ones.

    Raises:
        A2BenchError: fewer than one was asked for.
    """
    if workers is not None and workers < 1:
        raise A2BenchError(f"workers={workers}: at least one process has to do the work.")
    return max(1, min(workers or cores(), tasks))


def in_processes(
    function: Callable[[*Arguments], Answer],
    tasks: Sequence[tuple[*Arguments]],
    *,
    workers: int | None,
) -> Iterator[Answer]:
    """Yield what the function answers to each task, as they are done.

    One worker is this process itself. What was answered stays answered when a later task fails.

    Args:
        function: importable by name.
        tasks: its arguments, picklable.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: a process died; or what the function raises.
    """
    count = worker_count(workers, len(tasks))
    if count == 1:
        for task in tasks:
            yield function(*task)
        return
    # spawn: a forked thread pool or CUDA context hangs
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        futures = [pool.submit(function, *task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise A2BenchError(
                "a worker process died (out of memory, or killed); what was finished is kept.\n"
                "hint: run the same command again, or with workers=1"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _quiet() -> None:
    """Leave Ctrl-C to the parent: a worker's traceback would bury its message."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
