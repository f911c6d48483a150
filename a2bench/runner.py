"""What a runner back end is: something that has jobs done and says what came of each.

A back end makes one worker a device with `make_worker(device)`, in a process of its own, and gives
it jobs: one (`worker(job)`), or several of one method together (`worker.batch(jobs)`, see
`batches`). Either way every job has one result, and a result is never an exception.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Protocol, runtime_checkable

from a2bench.records import MethodCard, Request, Result


@dataclass(frozen=True)
class Job:
    """One request with the card it is for; picklable."""

    card: MethodCard
    request: Request


class Worker(Protocol):
    """What does jobs on one device. It keeps the method it was last given loaded."""

    def __call__(self, job: Job) -> Result:
        """Do one job."""

    def batch(self, jobs: Sequence[Job]) -> list[Result]:
        """Do jobs of one method, together where the method can; one result each, in order."""

    def load(self, job: Job) -> None:
        """Make a job's method ready, so that loading can be timed apart; never raises.

        Need not be called: a job loads what is not loaded. What goes wrong is its job's result.
        """


WorkerFactory = Callable[[str], Worker]
"""Device ("cpu", "cuda:0") -> worker."""


@runtime_checkable
class Runner(Protocol):
    """A back end: `runners/<name>.py` has a `RUNNER` of this form."""

    summary: str

    def run(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None = None
    ) -> Iterator[Result]:
        """Have every job done, in any order; yield one result each, always.

        `device` and `attempts` of a result are the back end's to fill (`model_copy`).

        Args:
            jobs: what to do.
            make_worker: importable by name, so that another process can build it.
            workers: how many CPU workers; None: one a core. CUDA jobs get one a device.
        """


def batches(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield jobs in the groups their cards ask for (`batch_size`): one method and protocol each."""
    for _, group in groupby(jobs, lambda job: (job.card.name, job.request.case.protocol)):
        same = iter(group)
        while found := list(islice(same, 1)):
            yield found + list(islice(same, found[0].card.batch_size - 1))
