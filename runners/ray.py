"""Runner `ray`: a Ray cluster that exists, or one that is started here and ended with the run.

One actor a device keeps loaded methods between jobs; a job is handed out when an actor is free.
An actor that is lost (killed, out of memory, its node gone) loses nothing: its case is run again
elsewhere, at most `retries` times. Every node must see the data root: files do not travel.
"""

import importlib.metadata
import importlib.util
import logging
import math
import os
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from a2bench.errors import A2BenchError
from a2bench.paths import aside_name
from a2bench.records import FailureKind, Result
from a2bench.runner import Job, Options, WorkerFactory

_OBJECT_STORE_BYTES = 128 * 2**20
"""Of a cluster started here: requests and results are a few kB, videos go through the disk."""

_START_ATTEMPTS = 3
"""So many workers in a row that cannot start are a wrong set-up, not bad luck."""

_LONGEST_FOLDER = 25
"""Characters of a temporary folder that leave room for Ray's socket names (107 at most)."""

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
            if not Path(folder, "dataset.json").exists():
                return f"the data set {folder} is not there"
        return ""


@dataclass(frozen=True)
class _Hello:
    """What an actor says of itself when it is up."""

    node: str
    version: str
    problem: str


class _Host:
    """The actor: one device with the methods loaded on it."""

    def __init__(
        self, make_worker: WorkerFactory, device: str, environment: Mapping[str, str]
    ) -> None:
        os.environ.update(environment)
        self._work = make_worker(device)

    def hello(self, check: _Check) -> _Hello:
        import ray

        return _Hello(
            node=ray.util.get_node_ip_address(),
            version=importlib.metadata.version("a2bench"),
            problem=check.problem(),
        )

    def work(self, job: Job) -> Result:
        return self._work(job)


@dataclass
class _Seat:
    """An actor and the job it is at; None while it starts."""

    actor: Any
    job: Job | None = None
    deadline: float = float("inf")


@dataclass
class _Pool:
    """The actors of one kind of device, and the jobs that wait for one."""

    make_worker: WorkerFactory
    device: Literal["cpu", "cuda"]
    resources: Mapping[str, float]
    retries: int
    check: _Check
    waiting: deque[Job]
    seats: dict[Any, _Seat] = field(default_factory=dict)
    """Ray's reference of the answer that is awaited -> who owes it."""
    losses: Counter[str] = field(default_factory=Counter)
    """Fingerprint of a request -> workers lost at it."""
    failed_starts: int = 0
    seen_one: bool = False

    def start(self) -> None:
        """Ask Ray for one more actor, where there is work for it."""
        import ray

        starting = sum(seat.job is None for seat in self.seats.values())
        if starting >= len(self.waiting):
            return
        environment = {key: text for key, text in os.environ.items() if key.startswith("A2BENCH_")}
        actor = (
            ray.remote(_Host)
            .options(max_restarts=0, max_task_retries=0, **self.resources)
            .remote(self.make_worker, "cuda:0" if self.device == "cuda" else "cpu", environment)
        )
        self.seats[actor.hello.remote(self.check)] = _Seat(actor)

    def give(self, seat: _Seat) -> None:
        """Hand the next job to a free actor; without one, end it."""
        import ray

        if not self.waiting:
            ray.kill(seat.actor)
            return
        job = self.waiting.popleft()
        seat.job, seat.deadline = job, time.monotonic() + job.card.timeout_seconds
        self.seats[seat.actor.work.remote(job)] = seat

    def results(self, count: int) -> Iterator[Result]:
        """Yield one result a job, over `count` actors."""
        import ray

        said_waiting_at = time.monotonic() + _SAY_WAITING_SECONDS
        try:
            for _ in range(count):
                self.start()
            while self.waiting or any(seat.job for seat in self.seats.values()):
                now = time.monotonic()
                patience = min([1.0, *(seat.deadline - now for seat in self.seats.values())])
                ready, _ = ray.wait(list(self.seats), timeout=max(0.0, patience))
                for reference in ready:
                    yield from self._answered(reference)
                yield from self._overdue()
                if not self.seen_one and time.monotonic() > said_waiting_at:
                    wants = ", ".join(f"{key}={value:g}" for key, value in self.resources.items())
                    print(f"waiting: Ray has no room yet for a worker ({wants})", file=sys.stderr)
                    said_waiting_at = float("inf")
        finally:
            for seat in self.seats.values():
                ray.kill(seat.actor)
            self.seats.clear()

    def _answered(self, reference: Any) -> Iterator[Result]:
        import ray
        from ray.exceptions import RayError, RayTaskError

        seat = self.seats.pop(reference)
        try:
            answer = ray.get(reference)
        except RayError as error:
            ray.kill(seat.actor)
            if seat.job is None:
                self._no_start(error)
            elif isinstance(error, RayTaskError):  # raised by our own code: the same elsewhere
                yield Result.failed(seat.job.request, "crash", str(error).strip()[-2000:])
            else:
                yield from self._lost(seat.job, error)
            self.start()
            return
        if isinstance(answer, _Hello):
            _refuse_strange_node(answer, self.check)
            self.seen_one, self.failed_starts = True, 0
        self.give(seat)
        if isinstance(answer, Result):
            yield answer

    def _no_start(self, error: Exception) -> None:
        self.failed_starts += 1
        if self.failed_starts >= _START_ATTEMPTS:
            raise A2BenchError(
                f"{self.failed_starts} Ray workers in a row could not start: {_last_line(error)}\n"
                "hint: every node needs the same environment: pip install 'a2bench[ray]' there"
            ) from error

    def _lost(self, job: Job, error: Exception) -> Iterator[Result]:
        """Queue the case of a lost actor again, last, or mark it when it was lost too often."""
        times = self.losses[job.request.fingerprint] = self.losses[job.request.fingerprint] + 1
        if times <= self.retries:
            self.waiting.append(job)
            return
        text = str(error)
        oom = "memory pressure" in text or "OutOfMemory" in type(error).__name__
        kind: FailureKind = "oom" if oom else "crash"
        yield Result.failed(
            job.request,
            kind,
            f"its Ray worker was lost {times} times, each time another one; "
            f"the last: {type(error).__name__}: {_last_line(error)}",
        )

    def _overdue(self) -> Iterator[Result]:
        import ray

        now = time.monotonic()
        for reference, seat in list(self.seats.items()):
            if seat.job is not None and now > seat.deadline:
                del self.seats[reference]
                ray.kill(seat.actor)
                self.start()
                seconds = seat.job.card.timeout_seconds
                yield Result.failed(seat.job.request, "timeout", f"no answer within {seconds:g} s")


def _last_line(error: Exception) -> str:
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
def _environment(**values: str) -> Iterator[None]:
    """Set variables that Ray's processes inherit, where the user has not set them."""
    added = {key: value for key, value in values.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)


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
            with _environment(
                RAY_USAGE_STATS_ENABLED="0",
                # a method's own children end with the actor
                RAY_kill_child_processes_on_worker_exit_with_raylet_subreaper="true",
            ):
                ray.init(
                    num_cpus=cpus,
                    include_dashboard=False,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _temp_dir=str(folder),
                    **quiet,
                )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        said = f"no Ray cluster at {address}" if address else "Ray could not be started here"
        raise A2BenchError(
            f"{said}: {_last_line(error)}\n"
            "hint: `ray status` shows whether a cluster runs; runner.address and $RAY_ADDRESS "
            "name one, without them one is started here"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


class RayRunner:
    """Actors of a Ray cluster."""

    summary = "a Ray cluster, or one started here: an actor a device, lost cases run elsewhere"

    def __init__(self, options: RayOptions | None = None) -> None:
        self.options = options or RayOptions()

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
        address = self.options.address or os.environ.get("RAY_ADDRESS") or None
        count = min(workers or os.cpu_count() or 1, len(jobs))
        cpus = math.ceil(count * self.options.cpus_per_worker)
        with _connected(address, cpus), _checked_disk(jobs) as check:
            for device in ("cuda", "cpu"):
                these = [job for job in jobs if job.card.device == device]
                if not these:
                    continue
                resources = {"num_cpus": self.options.cpus_per_worker}
                if device == "cuda":
                    resources["num_gpus"] = self.options.gpus_per_worker
                pool = _Pool(
                    make_worker, device, resources, self.options.retries, check, deque(these)
                )
                yield from pool.results(min(self._room(device, these, workers), len(these)))

    def _room(self, device: str, jobs: Sequence[Job], workers: int | None) -> int:
        """Return how many workers to ask for."""
        import ray

        total = ray.cluster_resources()
        if device == "cpu":
            return workers or max(1, int(total.get("CPU", 1) / self.options.cpus_per_worker))
        if self.options.gpu_workers is not None:
            return self.options.gpu_workers
        gpus, share = total.get("GPU", 0.0), self.options.gpus_per_worker
        if not gpus:
            raise A2BenchError(
                f"method {jobs[0].card.name!r} needs a CUDA device, the Ray cluster shows none.\n"
                "hint: `ray status` lists what it has; where GPU nodes start on demand, say how "
                "many workers: runner.gpu_workers=N"
            )
        # Ray never splits a worker's share over two GPUs, nor gives 1.5 of one
        return max(1, int(gpus) * int(1 / share + 1e-9) if share < 1 else int(gpus / share))


RUNNER = RayRunner()
