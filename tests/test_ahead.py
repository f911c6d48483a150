"""While a method is at one clip, the inputs of the next are read."""

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from a2bench import ahead, plugins
from a2bench.ahead import Ahead
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.method import Inputs
from a2bench.records import MethodCard, Request
from a2bench.run import plan
from a2bench.runner import Job
from a2bench.store import RunFolder
from a2bench.worker import make_worker

local: Any = sys.modules[type(plugins.runner("local")).__module__]


@pytest.fixture
def jobs(tiny: Dataset, tmp_path: Path) -> list[Job]:
    """Four jobs of a method that looks at the driving video."""
    cards = [plugins.card("copy_driving")]
    return plan(RunFolder.of(tmp_path, "ahead"), tiny, cards, ["cross"], "smoke")[0]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Which clip was read and by which thread, in order."""
    found: list[tuple[str, str]] = []
    read = ahead.read_inputs

    def noted(card: MethodCard, request: Request) -> Inputs:
        found.append((request.case.case_id, threading.current_thread().name))
        return read(card, request)

    monkeypatch.setattr(ahead, "read_inputs", noted)
    return found


def test_each_clip_is_read_once_and_is_the_same(
    jobs: list[Job], reads: list[tuple[str, str]]
) -> None:
    """The first in its own time, the second beside it; the worker's answers do not differ."""
    first, second = jobs[:2]
    worker = make_worker("cpu")
    worker.expect([second])
    answers = [worker(job).prediction_sha256 for job in (first, second)]

    assert sorted(case for case, _ in reads) == sorted(
        job.request.case.case_id for job in (first, second)
    )
    assert dict(reads)[second.request.case.case_id] == "ahead_0"
    assert [make_worker("cpu")(job).prediction_sha256 for job in (first, second)] == answers


def test_a_clip_that_cannot_be_read_fails_in_its_own_time(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong ahead is tried again, and raised where it is the clip's result."""
    (first, second), reading = jobs[:2], Ahead()
    monkeypatch.setattr(
        ahead, "case_inputs", lambda *_: (_ for _ in ()).throw(A2BenchError("no such file"))
    )
    reading.expect(second.card, [second.request])

    with pytest.raises(A2BenchError, match="no such file"):
        reading.inputs(first.card, first.request)
    monkeypatch.undo()
    assert reading.inputs(second.card, second.request).driving_video.shape == (32, 192, 128, 3)


def test_what_never_came_is_forgotten(jobs: list[Job]) -> None:
    """Another worker did it: two calls later nothing of it is held in memory."""
    reading = Ahead()
    for job in jobs[:3]:
        reading.expect(job.card, [job.request])

    assert {*reading._now, *reading._next} == {job.request.output for job in jobs[1:3]}


def worker(label: str, task: Job | None = None, upcoming: Job | None = None) -> Any:
    """A worker that is at one job and expects another; no process is started."""
    made = local._Worker(make_worker, label, None)
    made.task = None if task is None else local._Task((task,))
    made.upcoming = None if upcoming is None else local._Task((upcoming,))
    return made


def test_a_worker_is_given_what_it_expects(jobs: list[Job]) -> None:
    """Before what waits."""
    idle = worker("cpu:0", upcoming=jobs[0])
    queue = local._Queue(jobs[1:])

    task = local._next_of(idle, [idle], queue)

    assert task is not None
    assert task.jobs == (jobs[0],)
    assert idle.upcoming is None


def test_no_worker_is_idle_while_another_only_expects_a_job(jobs: list[Job]) -> None:
    """The queue is empty: the idle worker does what the busy one would have done next."""
    busy, idle = worker("cpu:0", task=jobs[0], upcoming=jobs[1]), worker("cpu:1")

    task = local._next_of(idle, [busy, idle], local._Queue([]))

    assert task is not None
    assert task.jobs == (jobs[1],)
    assert busy.upcoming is None


def test_a_job_that_is_tried_again_comes_before_what_is_expected(jobs: list[Job]) -> None:
    """As if nothing had been read ahead."""
    failed = worker("cpu:0", upcoming=jobs[1])
    queue = local._Queue(jobs[2:])

    local._put_back(failed, queue, [local._Task((jobs[0],), 1)])

    order = []
    while (task := queue.next()) is not None:
        order += task.jobs
    assert order == jobs
