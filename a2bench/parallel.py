"""Work spread over processes, the same way everywhere."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar, TypeVarTuple

from a2bench.errors import A2BenchError

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


def worker_count(workers: int | None, tasks: int) -> int:
    """Return how many processes to start: those asked for or one a core, never idle ones.

    Raises:
        A2BenchError: fewer than one was asked for.
    """
    if workers is not None and workers < 1:
        raise A2BenchError(f"workers={workers}: at least one process has to do the work.")
    return max(1, min(workers or os.cpu_count() or 1, tasks))


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
