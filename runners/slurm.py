"""Runner `slurm`: job arrays through submitit; each task does a chunk of cases on its node.

Results come back as records on the shared disk and are taken as they appear. A task that reaches
its time limit or is preempted is queued again by Slurm and goes on; of a task that dies the
unfinished cases are submitted again, at most `resubmits` times each. `executor=local` starts the
same tasks on this machine; `script=FILE` writes a plain array script for machines without submitit.
"""

import importlib.util
import shlex
import subprocess
import sys
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from a2bench.chunk import do_chunk, record_path, result_of, write_jobs
from a2bench.errors import A2BenchError
from a2bench.parallel import worker_count
from a2bench.paths import write_text
from a2bench.records import MethodCard, Result
from a2bench.runner import Job, Options, WorkerFactory

_LAST_WORDS = 1000
"""Characters of a dead task's log that are kept as the reason."""

_CANCEL_SECONDS = 15.0
_ASK_SECONDS = 60.0

_NOTE = ".submitted"
"""Ending of an empty file that is named like a Slurm job which does cases of a run."""


class SlurmOptions(Options):
    """What can be set of `runner=slurm`."""

    executor: Literal["slurm", "local"] = Field(
        "slurm", description="local: the same tasks as processes of this machine, to try it"
    )
    partition: str | None = Field(None, description="where to queue")
    account: str | None = Field(None, description="who pays")
    qos: str | None = Field(None, description="quality of service")
    constraint: str | None = Field(None, description="features a node must have, such as h100")
    time_minutes: int = Field(240, ge=1, description="time limit of a task; it is queued again")
    cases_per_task: int = Field(20, ge=1, description="cases a task does, one after another")
    parallel_tasks: int = Field(64, ge=1, description="tasks at work at the same time")
    array_size: int = Field(1000, ge=1, description="most tasks of one array (MaxArraySize)")
    gpus_per_task: int = Field(1, ge=1, description="GPUs of a task with CUDA methods")
    cpus_per_task: int = Field(4, ge=1, description="cores of a task; CPU methods: one case each")
    memory_gb: float | None = Field(None, gt=0, description="memory of a task, in GB")
    setup: tuple[str, ...] = Field(
        (), description="shell lines before a task: ['module load cuda']"
    )
    sbatch: dict[str, str | int | bool] = Field(
        {}, description="other sbatch flags: {reservation: benchmark}"
    )
    requeues: int = Field(3, ge=0, description="how often a task may reach its time limit")
    resubmits: int = Field(
        2, ge=0, description="how often a case of a task that died is tried again"
    )
    poll_seconds: float = Field(5.0, gt=0, description="between looks at the shared disk")
    settle_seconds: float = Field(
        30.0, ge=0, description="how late the shared disk may show what an ended task wrote"
    )
    script: str | None = Field(
        None, description="write an array script to this file, start nothing; needs no submitit"
    )


class _Task:
    """What one array task does; pickled by submitit, which calls it on the node."""

    def __init__(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, workers: int, started: Path
    ) -> None:
        self.jobs, self.make_worker = list(jobs), make_worker
        self.workers, self.started = workers, started

    def __call__(self) -> str:
        """Return "" or what is wrong with the set-up of this node."""
        self.started.touch()
        try:
            do_chunk(self.jobs, self.make_worker, workers=self.workers)
        except A2BenchError as error:
            return str(error)
        return ""

    def checkpoint(self) -> Any:
        """Go on as the same task: what has a record is not done again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@dataclass
class _Submitted:
    """A task in the queue or at work, and its jobs without a result."""

    handle: Any
    jobs: list[Job]
    started: Path
    answered: int = 0
    ended_at: float | None = None

    def ended(self, settle_seconds: float) -> bool:
        """Whether the task has ended and all it wrote must have arrived here."""
        if self.ended_at is None and self.handle.done():
            self.ended_at = time.monotonic()
        return self.ended_at is not None and time.monotonic() - self.ended_at >= settle_seconds

    def last_words(self) -> str:
        """Return the end of the task's log, or that there is none."""
        for text in (self.handle.stderr(), self.handle.stdout()):
            if text and text.strip():
                return str(text).strip()[-_LAST_WORDS:]
        return f"no log in {self.handle.paths.folder}: is it on a disk that all nodes share?"


class SlurmRunner:
    """Job arrays of a Slurm cluster."""

    summary = "a Slurm cluster, by job arrays (submitit); or an array script to submit yourself"

    def __init__(self, options: SlurmOptions | None = None) -> None:
        self.options = options or SlurmOptions()

    def configured(self, options: SlurmOptions) -> "SlurmRunner":
        """Return the same back end with these options."""
        return SlurmRunner(options)

    def missing(self) -> str:
        """Return the line that installs submitit, or "" where it is installed or not needed."""
        if self.options.script or importlib.util.find_spec("submitit"):
            return ""
        return "pip install 'a2bench[slurm]' (or runner.script=FILE, which does without)"

    def prepares(self) -> bool:
        """Whether a script is to be written instead of a run."""
        return self.options.script is not None

    def prepared(self, jobs: Sequence[Job]) -> str:
        """Write the array script and its jobs, where `script` is set; return what to type next."""
        if self.options.script is None:
            return ""
        if not jobs:
            return "nothing is missing: no script is written"
        script = Path(self.options.script).expanduser().absolute()
        listing = script.with_name(script.name + ".jobs.jsonl")
        for job in jobs:
            record_path(job).unlink(missing_ok=True)  # a failure that is tried again
        write_jobs(listing, jobs)
        write_text(script, self._script_text(jobs, script, listing))
        tasks = -(-len(jobs) // self.options.cases_per_task)
        return (
            f"{len(jobs)} cases in {tasks} tasks: {script} and {listing.name} beside it\n"
            f"next: sbatch {shlex.quote(str(script))}\n"
            "then: this command without runner.script says what is there and does the rest"
        )

    def _script_text(self, jobs: Sequence[Job], script: Path, listing: Path) -> str:
        options = self.options
        tasks = -(-len(jobs) // options.cases_per_task)
        if tasks > options.array_size:
            raise A2BenchError(
                f"{len(jobs)} cases make {tasks} tasks, more than an array has: "
                f"{options.array_size}.\n"
                f"hint: runner.cases_per_task={-(-len(jobs) // options.array_size)}"
            )
        flags: dict[str, Any] = {
            "job-name": "a2bench",
            "array": f"0-{tasks - 1}%{options.parallel_tasks}",
            "time": options.time_minutes,
            "cpus-per-task": options.cpus_per_task,
            "gpus-per-node": options.gpus_per_task if _needs_gpu(jobs) else None,
            "mem": f"{options.memory_gb * 1024:.0f}M" if options.memory_gb else None,
            "partition": options.partition,
            "account": options.account,
            "qos": options.qos,
            "constraint": options.constraint,
            "requeue": True,
            "open-mode": "append",
            "output": f"{script}.%A_%a.log",
            **options.sbatch,
        }
        head = [
            f"#SBATCH --{key}" + ("" if value is True else f"={shlex.quote(str(value))}")
            for key, value in flags.items()
            if value is not None and value is not False
        ]
        command = shlex.join([sys.executable, "-m", "a2bench.chunk", str(listing)])
        last = f'exec {command} "$SLURM_ARRAY_TASK_ID" {options.cases_per_task}'
        lines = ["#!/bin/bash", *head, "set -euo pipefail", *options.setup, last]
        return "\n".join(lines) + "\n"

    def devices(self, card: MethodCard, cases: int, workers: int | None) -> int:
        """Return how many clips of a method are made at the same time, once all tasks are at work.

        How long tasks wait in Slurm's queue is nobody's to know.
        """
        options = self.options
        if options.executor == "local" and card.device == "cuda":
            tasks, width = 1, options.gpus_per_task
        elif options.executor == "local":
            width = min(worker_count(workers, sys.maxsize), options.cpus_per_task)
            tasks = max(1, worker_count(workers, sys.maxsize) // width)
        else:
            tasks = options.parallel_tasks
            width = options.gpus_per_task if card.device == "cuda" else options.cpus_per_task
        needed = -(-cases // options.cases_per_task)
        return max(1, min(cases, min(tasks, needed) * width))

    def run(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None = None
    ) -> Iterator[Result]:
        """Have every job done; results come as their records appear.

        Raises:
            A2BenchError: no Slurm here, tasks that cannot start, or nodes without what they need.
        """
        folder = _run_folder(jobs) / "slurm"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # what lies there is unpickled by the tasks
        if unused := _unused(self.options):
            print(
                f"runner.executor=local has no queue: {', '.join(unused)} not used", file=sys.stderr
            )
        if self.options.executor == "slurm":
            _refuse_second_array(folder)
        queue = _Queue(self.options, folder, make_worker, workers)
        for device in ("cuda", "cpu"):
            queue.add([job for job in jobs if job.card.device == device])
        yield from queue.results()


_ONLY_ON_SLURM = (
    *("partition", "account", "qos", "constraint", "memory_gb"),
    *("setup", "sbatch", "parallel_tasks", "array_size"),
)


def _unused(options: SlurmOptions) -> list[str]:
    """Return the keys that were set and that submitit's local executor has no use for."""
    if options.executor == "slurm":
        return []
    return [f"runner.{key}" for key in _ONLY_ON_SLURM if key in options.model_fields_set]


class _Queue:
    """Chunks that wait, tasks that were submitted, and what was lost with dead ones."""

    def __init__(
        self,
        options: SlurmOptions,
        folder: Path,
        make_worker: WorkerFactory,
        workers: int | None,
    ) -> None:
        self._options, self._folder, self._make_worker = options, folder, make_worker
        self._waiting: deque[list[Job]] = deque()
        self._tasks: list[_Submitted] = []
        self._stale: set[Path] = set()
        """Records of failures that are tried again: gone when their case is submitted."""
        self._losses: Counter[str] = Counter()
        self._any_started = False
        self._notes: list[Path] = []
        """Of the arrays that were submitted; they outlive a command that was killed."""
        self._on_slurm = options.executor == "slurm"
        # Slurm holds back what is over `parallel_tasks` itself; here nobody else does
        cores = worker_count(workers, sys.maxsize)
        self._cpus = options.cpus_per_task if self._on_slurm else min(cores, options.cpus_per_task)
        self._room = options.array_size if self._on_slurm else max(1, cores // self._cpus)

    def add(self, jobs: Sequence[Job]) -> None:
        """Queue jobs of one device in chunks."""
        count = self._options.cases_per_task
        self._stale |= {record_path(job) for job in jobs}
        self._waiting += [list(jobs[i : i + count]) for i in range(0, len(jobs), count)]

    def results(self) -> Iterator[Result]:
        try:
            while self._waiting or self._tasks:
                self._submit()
                for task in list(self._tasks):
                    ended = task.ended(self._options.settle_seconds if self._on_slurm else 0.0)
                    yield from self._arrived(task)
                    if not task.jobs and (self._on_slurm or ended):
                        self._tasks.remove(task)
                    elif ended:
                        self._tasks.remove(task)
                        yield from self._lost(task)
                if self._tasks:
                    time.sleep(self._options.poll_seconds)
        finally:
            self._cancel()

    def _submit(self) -> None:
        """Submit what there is room for: one array a kind of device."""
        while self._waiting and len(self._tasks) < self._room:
            gpu = _needs_gpu(self._waiting[0])
            room = self._room - len(self._tasks)
            if not self._on_slurm and gpu:
                if self._tasks:
                    return  # submitit gives every local task the same devices: one at a time
                room = 1
            chunks: list[list[Job]] = []
            while self._waiting and len(chunks) < room and _needs_gpu(self._waiting[0]) == gpu:
                chunks.append(self._waiting.popleft())
            tasks = [
                _Task(
                    chunk,
                    self._make_worker,
                    self._cpus,
                    self._folder / f"{uuid.uuid4().hex}.started",
                )
                for chunk in chunks
            ]
            executor = self._executor(gpu=gpu)
            for record in {record_path(job) for chunk in chunks for job in chunk} & self._stale:
                record.unlink(missing_ok=True)  # only now: what cannot start loses none
                self._stale.discard(record)
            with executor.batch():
                handles = [executor.submit(task) for task in tasks]
            self._tasks += [
                _Submitted(handle, task.jobs, task.started)
                for handle, task in zip(handles, tasks, strict=True)
            ]
            ids = dict.fromkeys(str(handle.job_id).partition("_")[0] for handle in handles)
            if self._on_slurm:
                self._notes += [self._folder / f"{job_id}{_NOTE}" for job_id in ids]
                for note in self._notes:
                    note.touch()
            where = f"Slurm job {', '.join(ids)}" if self._on_slurm else "processes of this machine"
            cases = sum(len(task.jobs) for task in tasks)
            print(
                f"submitted: {cases} cases in {len(tasks)} tasks, {where}; logs: {self._folder}",
                file=sys.stderr,
            )

    def _executor(self, *, gpu: bool) -> Any:
        import submitit

        options = self._options
        try:
            executor = submitit.AutoExecutor(
                folder=self._folder,
                cluster=options.executor,
                **{f"{options.executor}_max_num_timeout": options.requeues},
            )
        except RuntimeError as error:  # submitit: no srun here
            raise A2BenchError(
                f"runner=slurm: {error}\n"
                "hint: run this on a login node of the cluster; runner.executor=local tries it "
                "here; runner.script=FILE writes a script to take there"
            ) from error
        executor.update_parameters(
            name="a2bench",
            timeout_min=options.time_minutes,
            cpus_per_task=options.cpus_per_task,
            gpus_per_node=options.gpus_per_task if gpu else 0,
        )
        if options.memory_gb:
            executor.update_parameters(mem_gb=options.memory_gb)
        if self._on_slurm:
            wanted = {
                "array_parallelism": options.parallel_tasks,
                "partition": options.partition,
                "account": options.account,
                "qos": options.qos,
                "constraint": options.constraint,
                "setup": list(options.setup) or None,
                "additional_parameters": dict(options.sbatch) or None,
            }
            executor.update_parameters(
                **{f"slurm_{key}": value for key, value in wanted.items() if value is not None}
            )
        return executor

    def _arrived(self, task: _Submitted) -> Iterator[Result]:
        for job in list(task.jobs):
            if (result := result_of(job)) is not None:
                task.jobs.remove(job)
                task.answered += 1
                yield result

    def _lost(self, task: _Submitted) -> Iterator[Result]:
        """Queue what a dead task left undone again; mark what has died with a task too often."""
        self._any_started |= task.started.exists() or task.answered > 0
        words = self._refusal(task)
        if not self._any_started:
            raise A2BenchError(
                f"the first Slurm task ended before it did anything: {words}\n"
                f"hint: whole logs are in {self._folder}; mend the set-up (runner.setup, "
                "runner.partition, ...) and run the same command again"
            )
        # those it was at, or all where it never came so far
        width = self._options.gpus_per_task if _needs_gpu(task.jobs) else self._cpus
        width *= task.jobs[0].card.batch_size
        suspects = task.jobs[:width] if task.answered else task.jobs
        again: list[list[Job]] = []
        for job in suspects:
            self._losses[job.request.fingerprint] += 1
            times = self._losses[job.request.fingerprint]
            if times > self._options.resubmits:
                reason = f"the Slurm task it was in died {times} times; the last time: {words}"
                yield Result.failed(job.request, "crash", reason)
            else:
                again.append([job])  # alone, so that it takes no other case with it
        if rest := task.jobs[len(suspects) :]:
            again.append(rest)
        self._waiting += again

    def _refusal(self, task: _Submitted) -> str:
        """Return the last words of a dead task; raise what it refused to do as what it is."""
        answered = task.handle.paths.result_pickle.exists() and task.handle.exception() is None
        if answered and (said := task.handle.result()):
            raise A2BenchError(str(said))
        return task.last_words()

    def _cancel(self) -> None:
        """End what is still queued or at work, and wait for it."""
        for task in self._tasks:
            task.handle.cancel(check=False)
        deadline = time.monotonic() + _CANCEL_SECONDS
        while time.monotonic() < deadline and not self._on_slurm:
            if all(task.handle.done() for task in self._tasks):
                break
            time.sleep(0.05)
        self._tasks.clear()
        for note in self._notes:
            note.unlink(missing_ok=True)


def _refuse_second_array(folder: Path) -> None:
    """Look for arrays of a command that was killed: two tasks must not do the same cases.

    Raises:
        A2BenchError: one is still queued or at work.
    """
    for note in sorted(folder.glob(f"*{_NOTE}")):
        job_id = note.name.removesuffix(_NOTE)
        try:
            said = subprocess.run(
                ["squeue", "--noheader", "--format=%T", f"--jobs={job_id}"],
                capture_output=True,
                text=True,
                check=False,
                timeout=_ASK_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise A2BenchError(
                f"whether Slurm job {job_id} of an earlier command is still at work cannot be "
                f"told: squeue: {error}.\n"
                f"hint: run this on a login node; or, where the job has ended, remove {note}"
            ) from error
        if states := Counter(said.stdout.split()):  # a job that has long ended: nothing, an error
            found = ", ".join(f"{count} {state.lower()}" for state, count in states.items())
            raise A2BenchError(
                f"Slurm job {job_id} of an earlier command still does cases of this run "
                f"({found}).\n"
                f"hint: wait for it (squeue -j {job_id}) or end it (scancel {job_id}), then run "
                "the same command again: what was finished is kept"
            )
        note.unlink()


def _needs_gpu(jobs: Sequence[Job]) -> bool:
    return any(job.card.device == "cuda" for job in jobs)


def _run_folder(jobs: Sequence[Job]) -> Path:
    """Return the run's folder: what holds `predictions/` of the first job.

    A build has none: there it is what holds the folder of its stage.
    """
    output = Path(jobs[0].request.output)
    above = (parent.parent for parent in output.parents if parent.name == "predictions")
    return next(above, output.parents[1])


RUNNER = SlurmRunner()
