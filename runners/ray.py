"""Runner `ray`: a Ray cluster that exists, or one that is started here and ended with the run.

One actor a device keeps loaded methods between jobs; a job is handed out when an actor is free.
An actor that is lost (killed, out of memory, its node gone) loses nothing: its case is run again
elsewhere, at most `retries` times. A case whose device or node is lost each time is skipped: that
is no fault of its method. Every node must see the data root: files do not travel.
"""

import importlib.metadata
import importlib.util
import logging
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from a2bench.errors import A2BenchError
from a2bench.parallel import worker_count
from a2bench.paths import aside_name
from a2bench.processes import MARK, environment, new_mark, one_thread
from a2bench.records import FailureKind, MethodCard, Result
from a2bench.runner import Job, Options, WorkerFactory, batches, is_device_lost

_OBJECT_STORE_BYTES = 128 * 2**20
"""Of a cluster started here: requests and results are a few kB, videos go through the disk."""

_START_ATTEMPTS = 3
"""So many workers in a row that cannot start, or load a method, are not bad luck."""

_COMMAND_SLACK_SECONDS = 60.0
"""The worker itself ends a command in time; this is for reading and storing its output."""

_LONGEST_FOLDER = 25
"""Characters of a temporary folder that leave room for Ray's socket names (107 at most)."""

_STRIKES = 2
"""Lost-device answers in a row after which a device gets no more work."""

_SAY_WAITING_SECONDS = 15.0
_KNOCK_SECONDS = 10.0


class RayOptions(Options):
    """What can be set of `runner=ray`."""

    address: str | None = Field(
        None, description="host:port or auto; null: $RAY_ADDRESS, else a cluster started here"
    )
    cpus_per_worker: float = Field(1, gt=0, description="CPUs Ray keeps for a worker")
    gpus_per_worker: float = Field(
        1, gt=0, description="GPUs of a worker of a CUDA method; 0.5: two workers share one"
    )
    gpu_workers: int | None = Field(
        None, ge=1, description="workers of CUDA methods; null: as many as the cluster has room for"
    )
    retries: int = Field(
        2, ge=0, description="how often a case is run again when its worker or node is lost"
    )


@dataclass(frozen=True)
class _Check:
    """What a node must see of the shared disk before it is given work."""

    probe: Path
    """A file just written by the driver, in the folder of the predictions."""
    text: str
    datasets: tuple[str, ...]

    def problem(self) -> str:
        """Return what this machine does not see, or ""."""
        try:
            seen = self.probe.read_text(encoding="utf-8")
        except OSError as error:
            return f"the folder of the predictions is not there ({error})"
        if seen != self.text:
            return f"{self.probe} has other content there"
        if not os.access(self.probe.parent, os.W_OK):
            return f"{self.probe.parent} cannot be written there"
        for folder in self.datasets:
            # a build's candidates have no dataset.json yet, but what decides them
            if not any(Path(folder, name).exists() for name in ("dataset.json", "generation.json")):
                return f"the data set {folder} is not there"
        return ""


@dataclass(frozen=True)
class _Hello:
    """What an actor says of itself when it is up."""

    node: str
    """Address of its machine."""
    node_id: str
    gpus: tuple[str, ...]
    """As CUDA_VISIBLE_DEVICES names them."""
    version: str
    problem: str


class _Host:
    """The actor: one device with a method loaded on it."""

    def __init__(self, make_worker: WorkerFactory, device: str, given: Mapping[str, str]) -> None:
        os.environ.update(given)
        os.environ[MARK] = mark = new_mark()
        self._guard = _guard(mark)
        self._worker = make_worker(device)

    def hello(self, check: _Check) -> _Hello:
        import ray

        return _Hello(
            node=ray.util.get_node_ip_address(),
            node_id=ray.get_runtime_context().get_node_id(),
            gpus=tuple(ray.get_runtime_context().get_accelerator_ids()["GPU"]),
            version=importlib.metadata.version("a2bench"),
            problem=check.problem(),
        )

    def load(self, job: Job) -> bool:
        return self._worker.load(job)

    def batch(self, jobs: Sequence[Job]) -> list[Result]:
        return self._worker.batch(jobs)


_GUARD = """
import os, shutil, sys, time
from a2bench.processes import end_marked
mark, parent, folder = sys.argv[1:]
while os.getppid() == int(parent):
    time.sleep(0.2)
end_marked(mark)
if folder:
    shutil.rmtree(folder, ignore_errors=True)
"""


def _guard(mark: str, folder: str = "") -> "subprocess.Popen[bytes]":
    """Start a process that outlives this one and ends what carries the mark, then a folder.

    However this process ends: nobody else would end the children of one that was killed.
    """
    command = [sys.executable, "-c", _GUARD, mark, str(os.getpid()), folder]
    unmarked = {key: text for key, text in os.environ.items() if key != MARK}
    return subprocess.Popen(command, env=unmarked, start_new_session=True, stdin=subprocess.DEVNULL)


@dataclass(frozen=True)
class _Task:
    """Jobs that are given together, and how often they were given before."""

    jobs: tuple[Job, ...]
    tries: int = 0
    losses: int = 0
    """How often its device or its node was lost, which is no fault of the method."""

    @property
    def attempts(self) -> int:
        return self.tries + self.losses + 1

    def one_by_one(self) -> "list[_Task]":
        """Return each job on its own, one try older."""
        return [_Task((job,), self.tries + 1, self.losses) for job in self.jobs]


@dataclass
class _Seat:
    """An actor, and what it is at."""

    actor: Any
    strikes: int = 0
    """Lost-device answers in a row, those of the actors before it in this place too."""
    node_id: str = ""
    label: str = ""
    """Its device, as results name it."""
    task: _Task | None = None
    """None while it starts."""
    loading: bool = False
    lacks_method: bool = False
    """Whether it could not load the method of its task."""
    deadline: float = float("inf")
    used: bool = False
    """Whether it has made a clip before: then its memory is not all free."""


@dataclass
class _Pool:
    """The actors of one kind of device, and the tasks that wait for one."""

    make_worker: WorkerFactory
    device: Literal["cpu", "cuda"]
    resources: Mapping[str, float]
    retries: int
    check: _Check
    waiting: deque[_Task]
    seats: dict[Any, _Seat] = field(default_factory=dict)
    """Ray's reference of the answer that is awaited -> who owes it."""
    loading_deaths: Counter[str] = field(default_factory=Counter)
    """Method -> how often in a row it was not loaded: its actor was lost, or it raised."""
    parked: list[Any] = field(default_factory=list)
    """Actors on devices that were lost: kept, so that Ray gives nobody else such a device."""
    lost_words: str = "nothing"
    """What was last said of a lost device."""
    failed_starts: int = 0
    seen_one: bool = False

    def start(self, *, strikes: int = 0) -> None:
        """Ask Ray for one more actor, where there is work for it."""
        import ray

        starting = sum(seat.task is None for seat in self.seats.values())
        if starting >= len(self.waiting):
            return
        given = {key: text for key, text in os.environ.items() if key.startswith("A2BENCH_")}
        given.pop(MARK, None)
        if self.device == "cpu":
            given |= one_thread()
        actor = (
            ray.remote(_Host)
            .options(max_restarts=0, max_task_retries=0, **self.resources)
            .remote(self.make_worker, "cuda:0" if self.device == "cuda" else "cpu", given)
        )
        self.seats[actor.hello.remote(self.check)] = _Seat(actor, strikes)

    def give(self, seat: _Seat) -> None:
        """Hand the next task to a free actor, which first loads its method; without one, end it."""
        import ray

        if not self.waiting:
            ray.kill(seat.actor)
            return
        seat.task, seat.loading = self.waiting.popleft(), True
        first = seat.task.jobs[0]
        seat.deadline = time.monotonic() + first.card.load_timeout_seconds
        self.seats[seat.actor.load.remote(first)] = seat

    def work(self, seat: _Seat) -> None:
        """Have an actor whose method is loaded make the clips: from here on it is their time."""
        assert seat.task is not None
        card = seat.task.jobs[0].card
        seconds = card.timeout_seconds * len(seat.task.jobs)
        if card.kind == "command":
            seconds += _COMMAND_SLACK_SECONDS
        seat.loading, seat.deadline = False, time.monotonic() + seconds
        self.seats[seat.actor.batch.remote(list(seat.task.jobs))] = seat

    def results(self, actors: int) -> Iterator[Result]:
        """Yield one result a job, over so many actors."""
        import ray

        said_waiting_at = time.monotonic() + _SAY_WAITING_SECONDS
        try:
            for _ in range(actors):
                self.start()
            while self.waiting or any(seat.task for seat in self.seats.values()):
                if not self.seats:
                    yield from self._nobody_left()
                    return
                now = time.monotonic()
                patience = min([1.0, *(seat.deadline - now for seat in self.seats.values())])
                ray.wait(list(self.seats), timeout=max(0.0, patience))  # for the first answer
                for reference in _ready(list(self.seats)):
                    yield from self._answered(reference)
                yield from self._overdue()
                if not self.seen_one and time.monotonic() > said_waiting_at:
                    wants = ", ".join(f"{key}={value:g}" for key, value in self.resources.items())
                    print(f"waiting: Ray has no room yet for a worker ({wants})", file=sys.stderr)
                    said_waiting_at = float("inf")
        finally:
            for actor in [*self.parked, *(seat.actor for seat in self.seats.values())]:
                ray.kill(actor)
            self.parked.clear()
            self.seats.clear()

    def _nobody_left(self) -> Iterator[Result]:
        for task in self.waiting:
            for job in task.jobs:
                reason = f"every device was lost; run again; the last said: {self.lost_words}"
                yield Result.skipped(job.request, reason)
        self.waiting.clear()

    def _answered(self, reference: Any) -> Iterator[Result]:
        import ray
        from ray.exceptions import RayError

        seat = self.seats.pop(reference)
        try:
            answer = ray.get(reference)
        except RayError as error:
            yield from self._lost(seat, error)
            return
        if isinstance(answer, _Hello):
            _refuse_strange_node(answer, self.check)
            seat.node_id, seat.label = answer.node_id, self._label(answer)
            self.seen_one, self.failed_starts = True, 0
            self.give(seat)
        elif seat.loading:
            assert seat.task is not None
            seat.lacks_method = not answer
            if answer:
                self.loading_deaths[seat.task.jobs[0].card.name] = 0
            self.work(seat)
        else:
            yield from self._made(seat, answer)

    def _label(self, hello: _Hello) -> str:
        if hello.gpus:
            return f"{hello.node}/cuda:{','.join(hello.gpus)}"
        taken = {seat.label for seat in self.seats.values()}
        labels = (f"{hello.node}/{self.device}:{index}" for index in count())
        return next(label for label in labels if label not in taken)

    def _made(self, seat: _Seat, results: Sequence[Result]) -> Iterator[Result]:
        """Yield the results of a task; queue again what another actor can do."""
        task = seat.task
        assert task is not None
        kept, gone, broken = [], False, False
        for job, result in zip(task.jobs, results, strict=True):
            # a program was a fresh process; the next one would meet the same memory
            short = result.failure == "oom" and job.card.kind == "in_process"
            if self.device == "cuda" and is_device_lost(result):
                gone, self.lost_words = True, _last_line(result.reason)
                if task.losses < self.retries:
                    self.waiting.append(_Task((job,), task.tries, task.losses + 1))
                    continue
                reason = f"its device was lost {task.losses + 1} times: {self.lost_words}"
                kept.append(self._placed(Result.skipped(job.request, reason), seat))
            elif short and seat.used and task.tries == 0:
                self.waiting.append(_Task((job,), 1, task.losses))
            else:
                kept.append(self._placed(result, seat))
            # after such an error every call of that process may fail
            broken |= short or "cuda error" in result.reason.lower()
        if seat.lacks_method and len(kept) == len(results):
            kept += self._not_loaded(kept[-1], seat)
        seat.used = True
        if gone:
            self._after_lost_device(seat)
        elif broken:
            self._replace(seat)
        else:
            seat.strikes = 0
            self.give(seat)
        yield from kept

    def _after_lost_device(self, seat: _Seat) -> None:
        """Try the device with a fresh process once; then give it no more work."""
        strikes = seat.strikes + 1
        if strikes < _STRIKES:
            self._replace(seat, strikes=strikes)
        else:
            self.parked.append(seat.actor)

    def _placed(self, result: Result, seat: _Seat) -> Result:
        assert seat.task is not None
        place = {"device": seat.label, "attempts": seat.task.attempts}
        return result.model_copy(update=place)

    def _replace(self, seat: _Seat, *, strikes: int = 0) -> None:
        import ray

        ray.kill(seat.actor)
        self.start(strikes=strikes)

    def _lost(self, seat: _Seat, error: Exception) -> Iterator[Result]:
        """Queue the task of a lost actor again, last; mark a case that was lost too often."""
        from ray.exceptions import RayTaskError

        text = str(error)
        task = seat.task
        if task is None:
            self.failed_starts += 1
            if self.failed_starts >= _START_ATTEMPTS:
                raise A2BenchError(
                    f"{self.failed_starts} Ray workers in a row could not start: "
                    f"{_last_line(error)}\n"
                    "hint: every node needs the same environment: pip install 'a2bench[ray]' there"
                ) from error
            self._replace(seat)
            return
        oom = "memory pressure" in text or "OutOfMemory" in type(error).__name__
        kind: FailureKind = "oom" if oom else "crash"
        words = f"{type(error).__name__}: {_last_line(error)}"
        if "node has died" in text or not _node_is_there(seat.node_id):
            yield from self._lost_with_node(seat, words)
        elif seat.loading:
            yield from self._died_loading(seat, kind, words)
        elif len(task.jobs) > 1:  # one by one, to see which it was
            self.waiting.extend(task.one_by_one())
        elif isinstance(error, RayTaskError):  # raised by our own code: the same elsewhere
            yield self._placed(Result.failed(task.jobs[0].request, "crash", text[-2000:]), seat)
        elif task.tries < self.retries:
            self.waiting.append(replace(task, tries=task.tries + 1))
        else:
            reason = f"its Ray worker was lost {task.tries + 1} times, each time another; the last:"
            yield self._placed(Result.failed(task.jobs[0].request, kind, f"{reason} {words}"), seat)
        self._replace(seat)

    def _lost_with_node(self, seat: _Seat, words: str) -> Iterator[Result]:
        """Queue a task again whose node is gone: that says nothing of the method."""
        task = seat.task
        assert task is not None
        if task.losses < self.retries:
            self.waiting.append(replace(task, losses=task.losses + 1))
            return
        reason = f"its Ray node was lost {task.losses + 1} times, each time another; {words}"
        for job in task.jobs:
            yield self._placed(Result.skipped(job.request, reason), seat)

    def _died_loading(self, seat: _Seat, kind: FailureKind, words: str) -> Iterator[Result]:
        """Queue a task again; after several such deaths in a row give its method up."""
        assert seat.task is not None
        name = seat.task.jobs[0].card.name
        self.waiting.append(replace(seat.task, tries=seat.task.tries + 1))
        self.loading_deaths[name] += 1
        if self.loading_deaths[name] < _START_ATTEMPTS:
            return
        reason = f"{_START_ATTEMPTS} Ray workers ended while they loaded the method; the last:"
        for job in self._taken_out(name):
            yield self._placed(Result.failed(job.request, kind, f"{reason} {words}"), seat)

    def _not_loaded(self, last: Result, seat: _Seat) -> Iterator[Result]:
        """Give a method up that several cases in a row could not have loaded."""
        self.loading_deaths[last.method] += 1
        if self.loading_deaths[last.method] < _START_ATTEMPTS:
            return
        reason = f"{last.reason}; so ended {_START_ATTEMPTS} cases, the others are not tried"
        for job in self._taken_out(last.method):
            if last.status == "skipped":
                yield self._placed(Result.skipped(job.request, reason, last.failure), seat)
            else:
                failed = Result.failed(job.request, last.failure or "crash", reason)
                yield self._placed(failed, seat)

    def _taken_out(self, name: str) -> list[Job]:
        """Return the jobs of a method that wait; they wait no longer."""
        given_up = [task for task in self.waiting if task.jobs[0].card.name == name]
        self.waiting = deque(task for task in self.waiting if task not in given_up)
        return [job for task in given_up for job in task.jobs]

    def _overdue(self) -> Iterator[Result]:
        now = time.monotonic()
        for reference, seat in list(self.seats.items()):
            if seat.task is None or now <= seat.deadline or _ready([reference]):
                continue  # an answer that came while results were stored is in time
            del self.seats[reference]
            card, jobs = seat.task.jobs[0].card, seat.task.jobs
            if not _node_is_there(seat.node_id):  # Ray itself takes half a minute to find out
                yield from self._lost_with_node(seat, "it does not answer any more")
            elif seat.loading:
                words = f"not loaded within {card.load_timeout_seconds:g} s"
                yield from self._died_loading(seat, "timeout", words)
            elif len(jobs) > 1:
                self.waiting.extend(seat.task.one_by_one())
            else:
                words = f"no answer within {card.timeout_seconds:g} s"
                yield self._placed(Result.failed(jobs[0].request, "timeout", words), seat)
            self._replace(seat)


def _ready(references: Sequence[Any]) -> list[Any]:
    """Return those whose answer, or whose end, is known by now."""
    import ray

    found, _ = ray.wait(references, num_returns=len(references), timeout=0)
    return list(found)


def _node_is_there(node_id: str) -> bool:
    """Whether a node is part of the cluster and its Ray can still be reached."""
    import ray

    for node in ray.nodes():
        if node["NodeID"] == node_id:
            address = node["NodeManagerAddress"], node["NodeManagerPort"]
            try:
                socket.create_connection(address, timeout=_KNOCK_SECONDS).close()
            except OSError:
                return False
            return bool(node["Alive"])
    return False


def _last_line(error: Exception | str) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:500]


def _refuse_strange_node(hello: _Hello, check: _Check) -> None:
    if hello.problem:
        raise A2BenchError(
            f"Ray node {hello.node} does not see the data root: {hello.problem}.\n"
            "hint: put the data root on a disk that all nodes share and add home=FOLDER; "
            f"here the predictions are in {check.probe.parent}"
        )
    here = importlib.metadata.version("a2bench")
    if hello.version != here:
        raise A2BenchError(
            f"Ray node {hello.node} has a2bench {hello.version}, here it is {here}.\n"
            "hint: install the same version there; results of two versions are never mixed"
        )


@contextmanager
def _checked_disk(jobs: Sequence[Job]) -> Iterator[_Check]:
    """Yield what nodes are asked to see, while a probe lies in the folder of the predictions."""
    folder = Path(os.path.commonpath([Path(job.request.output).parent for job in jobs]))
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / aside_name("probe")
    text = os.urandom(8).hex()
    probe.write_text(text, encoding="utf-8")
    try:
        datasets = sorted({job.request.dataset for job in jobs})
        yield _Check(probe, text, tuple(datasets))
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def _connected(address: str | None, cpus: int) -> Iterator[None]:
    """Connect to a cluster, or start one here that ends with the block."""
    import ray

    if ray.is_initialized():  # the caller's own connection: used, and left as it is
        yield
        return
    if address is not None and address.startswith("ray://"):
        raise A2BenchError(
            f"runner.address={address}: Ray Client is not supported.\n"
            "hint: run a2bench on a machine of the cluster, with runner.address=auto"
        )
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    logging.getLogger("ray").setLevel("ERROR")  # what it says before it reads `logging_level`
    folder: Path | None = None
    guard: subprocess.Popen[bytes] | None = None
    try:
        if address is not None:
            host, _, port = address.rpartition(":")
            if port.isdigit():  # Ray itself gives up after minutes
                socket.create_connection((host, int(port)), timeout=_KNOCK_SECONDS).close()
            ray.init(address=address, **quiet)
        else:
            root = tempfile.gettempdir()
            short = root if len(root) <= _LONGEST_FOLDER else "/tmp"
            folder = Path(tempfile.mkdtemp(prefix="a2b-ray-", dir=short))
            mark = new_mark()
            guard = _guard(mark, str(folder))
            with environment({MARK: mark, "RAY_USAGE_STATS_ENABLED": "0"}):
                ray.init(
                    num_cpus=cpus,
                    include_dashboard=False,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _temp_dir=str(folder),
                    **quiet,
                )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        _put_away(folder, guard)
        said = f"no Ray cluster at {address}" if address else "Ray could not be started here"
        raise A2BenchError(
            f"{said}: {_last_line(error)}\n"
            "hint: `ray status` shows whether a cluster runs (one with token authentication wants "
            "RAY_AUTH_MODE=token); runner.address and $RAY_ADDRESS name it, without them one is "
            "started here"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()
        _put_away(folder, guard)


def _put_away(folder: Path | None, guard: "subprocess.Popen[bytes] | None") -> None:
    """Remove what was made for a cluster that was started here and has ended."""
    if guard is not None:
        guard.kill()
        guard.wait()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


class RayRunner:
    """Actors of a Ray cluster."""

    summary = "a Ray cluster, or one started here: an actor a device, lost cases run elsewhere"

    def __init__(self, options: RayOptions | None = None) -> None:
        self.options = options or RayOptions()
        self._rooms: dict[str, int] = {}
        """Device -> workers the cluster had room for when it was asked."""

    def configured(self, options: RayOptions) -> "RayRunner":
        """Return the same back end with these options."""
        return RayRunner(options)

    def missing(self) -> str:
        """Return the line that installs Ray, or "" where it is installed."""
        return "" if importlib.util.find_spec("ray") else "pip install 'a2bench[ray]'"

    def run(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None = None
    ) -> Iterator[Result]:
        """Have every job done; results come as they are ready.

        Raises:
            A2BenchError: no cluster, no GPU in it, workers that cannot start, or a node that does
                not see the data root.
        """
        cpus = math.ceil(worker_count(workers, len(jobs)) * self.options.cpus_per_worker)
        with _connected(self._address(), cpus), _checked_disk(jobs) as check:
            for device in ("cuda", "cpu"):
                these = [job for job in jobs if job.card.device == device]
                if not these:
                    continue
                resources = {"num_cpus": self.options.cpus_per_worker}
                if device == "cuda":
                    resources["num_gpus"] = self.options.gpus_per_worker
                waiting = deque(_Task(tuple(batch)) for batch in batches(these))
                actors = min(self._room(these[0].card, workers), len(waiting))
                pool = _Pool(make_worker, device, resources, self.options.retries, check, waiting)
                yield from pool.results(actors)

    def devices(self, card: MethodCard, cases: int, workers: int | None) -> int:
        """Return how many clips of a method are made at the same time.

        Raises:
            A2BenchError: no cluster, or no GPU in it.
        """
        import ray

        here = self._address() is None and not ray.is_initialized()
        if here and card.device == "cpu":  # as `run` would start it
            return worker_count(workers, cases)
        if card.device not in self._rooms:
            with _connected(self._address(), cpus=1):
                self._rooms[card.device] = self._room(card, workers)
        return min(self._rooms[card.device], cases)

    def _address(self) -> str | None:
        return self.options.address or os.environ.get("RAY_ADDRESS") or None

    def _room(self, card: MethodCard, workers: int | None) -> int:
        """Return how many workers to ask for."""
        import ray

        total = ray.cluster_resources()
        if card.device == "cpu":
            return workers or max(1, int(total.get("CPU", 1) / self.options.cpus_per_worker))
        if self.options.gpu_workers is not None:
            return self.options.gpu_workers
        gpus, share = total.get("GPU", 0.0), self.options.gpus_per_worker
        if not gpus:
            raise A2BenchError(
                f"method {card.name!r} needs a CUDA device, the Ray cluster shows none.\n"
                "hint: `ray status` lists what it has; where GPU nodes start on demand, say how "
                "many workers: runner.gpu_workers=N"
            )
        # Ray never splits a worker's share over two GPUs, nor gives 1.5 of one
        return max(1, int(gpus) * int(1 / share + 1e-9) if share < 1 else int(gpus / share))


RUNNER = RayRunner()
