"""Runner `local`: one worker process a device of this machine; on a CPU, one a core.

A worker that dies or overruns its time costs one case, which is marked; a fresh worker goes on.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from a2bench.errors import A2BenchError
from a2bench.records import FailureKind, Result
from a2bench.runner import Job, WorkerFactory

_SPAWN = get_context("spawn")
"""Never fork: a forked CUDA context or thread pool hangs."""


def _serve(connection: Connection, make_worker: WorkerFactory, gpu: str | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    work = make_worker("cpu" if gpu is None else "cuda:0")
    while True:
        try:
            job = connection.recv()
        except EOFError:  # the parent is gone, or has no more jobs
            return
        connection.send(work(job))


@dataclass
class _Worker:
    """A process, its pipe, and the job it is at."""

    make_worker: WorkerFactory
    gpu: str | None
    process: SpawnProcess | None = None
    pipe: Connection | None = None
    job: Job | None = None
    deadline: float = float("inf")

    def give(self, job: Job) -> None:
        if self.process is None or not self.process.is_alive():
            self.pipe, end = _SPAWN.Pipe()
            self.process = _SPAWN.Process(
                target=_serve, args=(end, self.make_worker, self.gpu), daemon=True
            )
            self.process.start()
            end.close()
        assert self.pipe is not None
        self.pipe.send(job)
        self.job, self.deadline = job, time.monotonic() + job.card.timeout_seconds

    def stop(self) -> None:
        if self.pipe is not None:
            self.pipe.close()
        if self.process is not None and self.process.is_alive():
            self.process.kill()
        if self.process is not None:
            self.process.join()
        self.process = self.pipe = self.job = None

    def lost(self, kind: FailureKind, reason: str) -> Result:
        """End the process and mark the job it was at."""
        job = self.job
        assert job is not None
        self.stop()
        return Result.failed(job.request, kind, reason)


def _how_it_ended(process: SpawnProcess) -> str:
    process.join(5)
    code = process.exitcode
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = " (often: the machine is out of memory)" if name == "SIGKILL" else ""
        return f"worker process ended by {name}{hint}"
    return f"worker process ended with exit code {code}"


class LocalRunner:
    """All devices of this machine."""

    summary = "this machine: one worker process a GPU, or one a core for CPU methods"

    def run(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None = None
    ) -> Iterator[Result]:
        """Have every job done; results come as they are ready."""
        on_gpu = [job for job in jobs if job.card.device == "cuda"]
        on_cpu = [job for job in jobs if job.card.device == "cpu"]
        if on_gpu:
            gpus = _visible_gpus(on_gpu[0].card.name)
            yield from _run([_Worker(make_worker, gpu) for gpu in gpus], on_gpu)
        if on_cpu:
            count = min(workers or os.cpu_count() or 1, len(on_cpu))
            yield from _run([_Worker(make_worker, None) for _ in range(count)], on_cpu)


def _visible_gpus(method: str) -> list[str]:
    import torch

    count = torch.cuda.device_count()
    if not count:
        raise A2BenchError(
            f"method {method!r} needs a CUDA device, this machine shows none.\n"
            "hint: `a2bench doctor` says what is missing; or run it elsewhere and bring its videos:"
            " a2bench inputs, then a2bench score --predictions"
        )
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return listed.split(",")[:count] if listed else [str(index) for index in range(count)]


def _run(workers: list[_Worker], jobs: Sequence[Job]) -> Iterator[Result]:
    waiting = list(reversed(jobs))
    try:
        for worker in workers:
            if waiting:
                worker.give(waiting.pop())
        while busy := [worker for worker in workers if worker.job is not None]:
            pipes = {worker.pipe: worker for worker in busy}
            patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
            ready = wait([pipe for pipe in pipes if pipe is not None], timeout=patience)
            for pipe in ready:
                worker = pipes[pipe]  # type: ignore[index]
                assert worker.pipe is not None
                assert worker.process is not None
                try:
                    result: Result = worker.pipe.recv()
                    worker.job = None
                except (EOFError, ConnectionResetError):
                    result = worker.lost("crash", _how_it_ended(worker.process))
                if waiting:
                    worker.give(waiting.pop())
                yield result
            for worker in busy:
                if worker.job is not None and time.monotonic() > worker.deadline:
                    seconds = worker.job.card.timeout_seconds
                    result = worker.lost("timeout", f"no answer within {seconds:g} s")
                    if waiting:
                        worker.give(waiting.pop())
                    yield result
    finally:
        for worker in workers:
            worker.stop()


RUNNER = LocalRunner()
