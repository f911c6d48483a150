"""What a runner back end is: something that has jobs done and says what came of each.

A back end makes one worker a device with `make_worker(device)`, in a process of its own, and gives
it jobs: one (`worker(job)`), or several of one method together (`worker.batch(jobs)`, see
`batches`). Either way every job has one result, and a result is never an exception.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Protocol, Self, runtime_checkable

from pydantic import ValidationError

from a2bench.errors import A2BenchError, wrong_fields
from a2bench.records import MethodCard, Record, Request, Result


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

    def load(self, job: Job) -> bool:
        """Make a job's method ready, so that loading can be timed apart; return whether it is.

        Never raises: what goes wrong is the result of its jobs. Need not be called: a job loads
        what is not loaded.
        """

    def expect(self, jobs: Sequence[Job]) -> None:
        """Begin to read the inputs of the jobs that come after the next ones; never raises.

        Need not be called, and they need not come: a job reads what was not read.
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


@runtime_checkable
class SizedRunner(Protocol):
    """A back end that knows how many devices it would use."""

    def devices(self, card: MethodCard, cases: int, workers: int | None) -> int:
        """Return how many clips it makes at the same time, of a method with so many to do.

        Raises:
            A2BenchError: no such device, or no cluster to ask.
        """


def batches(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield jobs in the groups their cards ask for (`batch_size`): one method and protocol each."""
    for _, group in groupby(jobs, lambda job: (job.card.name, job.request.case.protocol)):
        same = iter(group)
        while found := list(islice(same, 1)):
            yield found + list(islice(same, found[0].card.batch_size - 1))


_DEVICE_LOST_SIGNS = (
    "no cuda-capable device",
    "no cuda gpus are available",
    "cuda driver initialization failed",
    "gpu is lost",
    "device is lost",
    "gpu has fallen off the bus",
)


def is_device_lost(result: Result) -> bool:
    """Whether a failure says that the device is gone: another one can do the case.

    To be asked of methods on a device only: others say so of a machine that never had one.
    """
    reason = result.reason.lower()
    return result.status == "failed" and any(sign in reason for sign in _DEVICE_LOST_SIGNS)


class Options(Record):
    """What a user may set of a back end as `runner.KEY=VALUE`; each field has a description."""


@runtime_checkable
class Configurable(Protocol):
    """A back end that has something to set, or that needs a package of its own."""

    options: Options
    """As they are now; their class names the keys."""

    def configured(self, options: Any) -> Self:
        """Return the same back end with these options."""

    def missing(self) -> str:
        """Return what has to be installed first, as a line to type, or ""."""


@runtime_checkable
class Preparing(Protocol):
    """A back end that can also write down what somebody else will start."""

    def prepares(self) -> bool:
        """Whether the options ask for that; then nothing is run."""

    def prepared(self, jobs: Sequence[Job]) -> str:
        """Write it and say how to start it; "" where the options ask for no such thing."""


def with_options(runner: Runner, name: str, given: Mapping[str, object]) -> Runner:
    """Return a back end ready to run with what the user set.

    Raises:
        A2BenchError: nothing can be set there, a wrong value (each is named), or its package is
            not installed.
    """
    if not isinstance(runner, Configurable):
        if given:
            raise A2BenchError(f"runner {name!r} has nothing to set, came: {', '.join(given)}.")
        return runner
    try:
        options = type(runner.options).model_validate(dict(given))
    except ValidationError as error:
        raise A2BenchError(
            f"runner={name}:\n{wrong_fields(error)}\n"
            f"hint: `a2bench run --help` has the keys with runner={name}"
        ) from error
    configured = runner.configured(options)
    if line := configured.missing():
        raise A2BenchError(f"runner={name} needs a package that is not installed.\nhint: {line}")
    return configured
