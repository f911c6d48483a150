"""Runner `local`: one worker process a device of this machine; on a CPU, one a core.

A worker that dies or overruns its time costs one case, which is marked; a fresh worker goes on.
Tried again is only what another try can help: a batch one by one, a clip that found the memory of
a long-used process too small, and a clip whose device vanished. A program starts afresh each time,
so where memory was too small for it nothing would be another one.
"""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from a2bench.errors import A2BenchError
from a2bench.parallel import cores, worker_count
from a2bench.processes import MARK, end_marked, environment, new_mark, one_thread, oom_kills
from a2bench.records import FailureKind, MethodCard, Result
from a2bench.runner import Job, WorkerFactory, batches, is_device_lost

_SPAWN = get_context("spawn")
"""Never fork: a forked CUDA context or thread pool hangs."""

_COMMAND_SLACK_SECONDS = 60.0
"""The worker itself ends a command in time; this is for reading and storing its output."""

_LOADING_TRIES = 3
"""Cases in a row that may fail since their method cannot be loaded, before it is given up."""

_STRIKES = 2
"""Lost-device answers in a row after which a device gets no more work."""


@dataclass(frozen=True)
class _Task:
    """Jobs that are given together, and how often they were given before."""

    jobs: tuple[Job, ...]
    tries: int = 0

    def again(self) -> "list[_Task]":
        """Return each job on its own, one try older."""
        return [_Task((job,), self.tries + 1) for job in self.jobs]


def _serve(connection: Connection, make_worker: WorkerFactory, gpu: str | None, mark: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.setsid()  # what the method starts can be ended with it
    os.environ[MARK] = mark
    threading.Thread(target=_end_with_parent, args=(mark,), daemon=True).start()
    os.environ["CUDA_VISIBLE_DEVICES"] = "" if gpu is None else gpu
    work = make_worker("cpu" if gpu is None else "cuda:0")
    while True:
        try:
            jobs, upcoming = connection.recv()
        except EOFError:  # the parent has no more jobs
            return
        connection.send(work.load(jobs[0]))  # from here on it is the clip's own time
        if upcoming:
            work.expect(upcoming)
        connection.send(work.batch(jobs))


def _end_with_parent(mark: str) -> None:
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    end_marked(mark)
    os.killpg(0, signal.SIGKILL)


@dataclass
class _Worker:
    """A process, its pipe, and what it is at."""

    make_worker: WorkerFactory
    label: str
    gpu: str | None
    process: SpawnProcess | None = None
    pipe: Connection | None = None
    task: _Task | None = None
    upcoming: _Task | None = None
    """What it is given next, and reads the inputs of by now."""
    deadline: float = float("inf")
    loading: bool = False
    lacks_method: bool = False
    """Whether it could not load the method of its task."""
    answered: int = 0
    """Tasks that this process has answered."""
    strikes: int = 0
    mark: str = field(default_factory=new_mark)
    oom_kills_before: int = 0

    def give(self, task: _Task, upcoming: _Task | None = None) -> None:
        if self.process is None or not self.process.is_alive():
            self.stop()
            self.pipe, end = _SPAWN.Pipe()
            self.process = _SPAWN.Process(
                target=_serve, args=(end, self.make_worker, self.gpu, self.mark), daemon=False
            )
            with environment(one_thread() if self.gpu is None else {}):
                self.process.start()
            end.close()
            self.answered = 0
        assert self.pipe is not None
        with suppress(OSError):  # it died meanwhile: `_answer` finds that and says how
            self.pipe.send((task.jobs, upcoming.jobs if upcoming else ()))
        self.upcoming = upcoming
        self.task, self.loading, self.oom_kills_before = task, True, oom_kills()
        self.deadline = time.monotonic() + task.jobs[0].card.load_timeout_seconds

    def loaded(self, *, ready: bool) -> None:
        """Start the clips' own time."""
        assert self.task is not None
        card = self.task.jobs[0].card
        seconds = card.timeout_seconds * len(self.task.jobs)
        if card.kind == "command":
            seconds += _COMMAND_SLACK_SECONDS
        self.loading, self.lacks_method = False, not ready
        self.deadline = time.monotonic() + seconds

    def stop(self) -> None:
        """End the process and everything it started."""
        if self.pipe is not None:
            self.pipe.close()
        if self.process is not None and self.process.pid is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                self.process.kill()  # not yet the leader of its group, or gone
            self.process.join()
            end_marked(self.mark)
        self.process = self.pipe = self.task = None


def _how_it_ended(worker: _Worker) -> tuple[FailureKind, str]:
    assert worker.process is not None
    worker.process.join(5)
    code = worker.process.exitcode
    while_loading = " while it loaded the method" if worker.loading else ""
    if code is None or code >= 0:
        return "crash", f"worker process ended with exit code {code}{while_loading}"
    name = signal.Signals(-code).name
    if name == "SIGKILL" and oom_kills() > worker.oom_kills_before:
        return "oom", f"worker process ended by the system: out of memory{while_loading}"
    hint = " (killed from outside)" if name == "SIGKILL" else ""
    return "crash", f"worker process ended by {name}{hint}{while_loading}"


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
            gpus = visible_gpus(on_gpu[0].card.name)
            yield from _run([_Worker(make_worker, f"cuda:{gpu}", gpu) for gpu in gpus], on_gpu)
        if on_cpu:
            count = worker_count(workers, len(on_cpu))
            slots = [_Worker(make_worker, f"cpu:{index}", None) for index in range(count)]
            yield from _run(slots, on_cpu)

    def devices(self, card: MethodCard, cases: int, workers: int | None) -> int:
        """Return how many clips of a method are made at the same time."""
        if card.device == "cuda":
            return worker_count(len(visible_gpus(card.name)), cases)
        return worker_count(workers, cases)


def visible_gpus(method: str) -> list[str]:
    """Return the CUDA devices this process may use, as CUDA_VISIBLE_DEVICES names them.

    Raises:
        A2BenchError: there is none; `method` is who needs one.
    """
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
    queue = _Queue(jobs)
    answers: list[Result] = []
    # where every core has its worker, reading ahead would only slow down the clips of others
    ahead = len(workers) < cores()
    try:
        while True:
            given = [
                (worker, task)
                for worker in workers
                if worker.task is None and (task := _next_of(worker, workers, queue)) is not None
            ]
            for worker, task in given:
                worker.give(task, queue.next() if ahead else None)
            # after the next tasks are given: while a result is stored, its worker is at work
            yield from answers
            answers.clear()
            yield from queue.given_up
            queue.given_up.clear()
            busy = [worker for worker in workers if worker.task is not None]
            if not busy:
                break
            for worker in _ready(busy):
                answers += _answer(worker, queue)
            for worker in workers:
                if worker.strikes >= _STRIKES:
                    _put_back(worker, queue, ())
            workers = [worker for worker in workers if worker.strikes < _STRIKES]
        while (task := queue.next()) is not None:
            for job in task.jobs:
                reason = f"every device was lost; run again; the last said: {queue.lost_words}"
                yield Result.skipped(job.request, reason)
        yield from queue.given_up
    finally:
        for worker in workers:
            worker.stop()


def _next_of(worker: _Worker, workers: Sequence[_Worker], queue: "_Queue") -> _Task | None:
    """Return what an idle worker is given: what it expects, what waits, or what another expects."""
    _put_back(worker, queue, ())
    task = queue.next()
    for other in workers:
        if task is None and other.upcoming is not None:
            _put_back(other, queue, ())
            task = queue.next()
    return task


def _put_back(worker: _Worker, queue: "_Queue", tasks: Sequence[_Task]) -> None:
    """Queue tasks again, first of all; after them, what the worker would have been given next."""
    if worker.upcoming is not None:
        queue.put_back([worker.upcoming])
        worker.upcoming = None
    queue.put_back(tasks)


class _Queue:
    """What waits to be done; jobs of a method that cannot be loaded are given up."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting = deque(_Task(tuple(batch)) for batch in batches(jobs))
        self._not_loaded: dict[str, list[Result]] = {}
        """Method -> results of cases in a row for which it could not be loaded."""
        self.given_up: list[Result] = []
        self.lost_words = ""
        """What the last device that was lost said."""

    def next(self) -> _Task | None:
        while self._waiting:
            task = self._waiting.popleft()
            failures = self._not_loaded.get(task.jobs[0].card.name, [])
            if len(failures) < _LOADING_TRIES:
                return task
            last = failures[-1]
            reason = f"{last.reason}; so ended {_LOADING_TRIES} cases, the others are not tried"
            for job in task.jobs:
                if last.status == "skipped":
                    given_up = Result.skipped(job.request, reason, last.failure)
                else:
                    given_up = Result.failed(job.request, last.failure or "crash", reason)
                self.given_up.append(given_up)
        return None

    def put_back(self, tasks: Sequence[_Task]) -> None:
        self._waiting.extendleft(reversed(tasks))

    def not_loaded(self, result: Result) -> None:
        self._not_loaded.setdefault(result.method, []).append(result)

    def was_loaded(self, name: str) -> None:
        self._not_loaded.pop(name, None)


def _ready(busy: Sequence[_Worker]) -> list[_Worker]:
    """Wait until workers have said something, died, or overrun their time; return those."""
    pipes = {worker.pipe: worker for worker in busy if worker.pipe is not None}
    patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
    said = [pipes[pipe] for pipe in wait(list(pipes), timeout=patience)]  # type: ignore[index]
    late = [worker for worker in busy if worker not in said and time.monotonic() > worker.deadline]
    return said + late


def _answer(worker: _Worker, queue: _Queue) -> Iterator[Result]:
    """Yield the results a worker has ready; put back what another try can help."""
    task = worker.task
    assert task is not None
    assert worker.pipe is not None
    if time.monotonic() > worker.deadline and not worker.pipe.poll():
        card = task.jobs[0].card
        seconds = card.load_timeout_seconds if worker.loading else card.timeout_seconds
        what = "not loaded" if worker.loading else "no answer"
        yield from _lost(worker, queue, "timeout", f"{what} within {seconds:g} s")
        return
    try:
        results: list[Result] | bool = worker.pipe.recv()
    except (EOFError, OSError):
        yield from _lost(worker, queue, *_how_it_ended(worker))
        return
    if isinstance(results, bool):
        worker.loaded(ready=results)
        if results:
            queue.was_loaded(task.jobs[0].card.name)
        return
    worker.task = None
    used_before, worker.answered = worker.answered > 0, worker.answered + 1
    again, kept = _sorted_out(task, results, used_before=used_before)
    if lost := [result for result in results if _is_lost(task, result)]:
        worker.strikes += 1
        queue.lost_words = _last_line(lost[-1].reason)
        worker.stop()
    elif any(_may_be_broken(result) for result in results):
        worker.stop()
        worker.strikes = 0
    else:
        worker.strikes = 0
    if worker.lacks_method and kept and not again:
        queue.not_loaded(kept[-1])
    _put_back(worker, queue, again)
    for result in kept:
        yield _placed(result, worker, task)


def _sorted_out(
    task: _Task, results: Sequence[Result], *, used_before: bool
) -> tuple[list[_Task], list[Result]]:
    """Return what another try can help, and the results of the others."""
    again, kept = [], []
    for job, result in zip(task.jobs, results, strict=True):
        short = result.failure == "oom" and job.card.kind == "in_process"
        if _is_lost(task, result) or (short and used_before and task.tries == 0):
            again.append(_Task((job,), task.tries + 1))
        else:
            kept.append(result)
    return again, kept


def _is_lost(task: _Task, result: Result) -> bool:
    return task.jobs[0].card.device == "cuda" and is_device_lost(result)


def _may_be_broken(result: Result) -> bool:
    """Whether every later call in that process may fail too."""
    return result.failure == "oom" or "cuda error" in result.reason.lower()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines[-1][:500] if lines else "nothing"


def _lost(worker: _Worker, queue: _Queue, kind: FailureKind, reason: str) -> Iterator[Result]:
    """End a worker; mark the clip it was at, or have a batch done one by one."""
    task = worker.task
    assert task is not None
    if worker.loading:
        queue.not_loaded(Result.failed(task.jobs[0].request, kind, reason))
    worker.stop()
    if len(task.jobs) > 1:
        _put_back(worker, queue, task.again())
        return
    (job,) = task.jobs
    yield _placed(Result.failed(job.request, kind, reason), worker, task)


def _placed(result: Result, worker: _Worker, task: _Task) -> Result:
    return result.model_copy(update={"device": worker.label, "attempts": task.tries + 1})


RUNNER = LocalRunner()
