"""What a runner back end is: something that has jobs done and says what came of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from a2bench.records import MethodCard, Request, Result


@dataclass(frozen=True)
class Job:
    """One request with the card it is for; picklable."""

    card: MethodCard
    request: Request


WorkerFactory = Callable[[str], Callable[[Job], Result]]
"""Device -> a function that does one job; the function keeps loaded methods between jobs."""


@runtime_checkable
class Runner(Protocol):
    """A back end: `runners/<name>.py` has a `RUNNER` of this form."""

    summary: str

    def run(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None = None
    ) -> Iterator[Result]:
        """Have every job done, in any order; yield one result each, always.

        Args:
            jobs: what to do.
            make_worker: importable by name, so that another process can build it.
            workers: how many CPU workers; None: one a core. CUDA jobs get one a device.
        """
