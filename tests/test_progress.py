"""What people see of a run, and what machines read of it."""

import json
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import pytest

from a2bench import plugins, progress
from a2bench.dataset import Dataset
from a2bench.progress import run_progress
from a2bench.records import Result
from a2bench.run import plan, run
from a2bench.runner import Job, WorkerFactory
from a2bench.store import RunFolder

DOCS = Path(__file__).parents[1] / "docs" / "runner.md"


def result(status: str, *, device: str = "cpu:0", seconds: float = 0.0) -> Result:
    """What a run says of one case that took so many seconds beside 60 s of loading."""
    return Result.model_validate(
        {
            **{"method": "m", "case_id": "a__b", "protocol": "cross", "seed": 0},
            **{"status": status, "fingerprint": f"sha256:{'0' * 64}", "device": device},
            "failure": "oom" if status == "failed" else None,
            "reason": "" if status == "ok" else "why",
            "prediction_sha256": f"sha256:{'1' * 64}" if status == "ok" else None,
            # the step is a part of `infer`
            "seconds": {"load": 60.0, "prepare": 1.0, "step_go": seconds - 1, "infer": seconds - 1},
        }
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds; a test sets it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_each_device_has_its_counts_and_its_speed(clock: list[float]) -> None:
    """Ten cases, four answers in 40 s: 6 * 10 s are left, and 55 s after 5 s more.

    Of cuda:0 two clips took 4 and 6 s, loading left out: 5.0 a case.
    """
    devices = progress._Devices(10)
    assert devices.seconds_left() is None
    for answer in (
        result("ok", device="cuda:0", seconds=4),
        result("ok", device="cuda:0", seconds=6),
        result("failed", device="cuda:1"),
    ):
        assert devices.add(answer).startswith("m cross a__b")
    clock[0] = 40.0
    assert devices.add(result("skipped", device="cuda:1")) == "m cross a__b skipped"

    assert devices.seconds_left() == 60.0
    clock[0] = 45.0
    from rich.console import Console

    console = Console(file=StringIO(), width=100)
    console.print(devices.table())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    assert rows == [
        ["device", "done", "failed", "skipped", "seconds a case", "time left"],
        ["cuda:0", "2", "0", "0", "5.0", "0:55"],
        ["cuda:1", "0", "1", "1", "-", "0:55"],
    ]


def test_before_the_first_answer_it_says_so(clock: list[float]) -> None:
    """Loading a model, or a queue, may take minutes."""
    devices = progress._Devices(10)
    clock[0] = 125.0

    (column, *_) = devices.table().columns
    assert list(column.cells) == [
        "[dim]no case is done yet; 2:05 of starting, loading, waiting[/dim]"
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0, "0:00"), (59.2, "1:00"), (3723, "1:02:03"), (4 * 86400, "4 days")],
)
def test_times_are_read_at_a_glance(seconds: float | None, text: str) -> None:
    """3723 s = 1 h + 2 min + 3 s."""
    assert progress._clock(seconds) == text


def test_a_log_file_has_a_line_for_each_failure(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 100 cases 99 succeed: about ten lines, and one for the failure."""
    with run_progress(100) as shown:
        for index in range(100):
            clock[0] += 1
            shown.answered(result("failed" if index == 55 else "ok"))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "run: 1/100 m cross a__b on cpu:0, 1:39 left"
    assert "run: 56/100 m cross a__b oom on cpu:0, 0:44 left" in lines
    assert lines[-1] == "run: 100/100 m cross a__b on cpu:0, 0:00 left"
    assert 10 <= len(lines) <= 13


class _Here:
    """A back end that does everything in this process."""

    summary = "here"

    def run(
        self, jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None = None
    ) -> Iterator[Result]:
        worker = make_worker("cpu")
        return (worker(job) for job in jobs)


def test_events_have_the_fields_that_are_documented(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row of the table in docs/runner.md names the fields of that event, all of them."""
    text = DOCS.read_text(encoding="utf-8").partition("## `events.jsonl`")[2]
    text = text.partition("| field |")[0]
    documented = {
        event: set(re.findall(r"`([a-z_ ]+)`", fields)[0].split())
        for event, fields in re.findall(r"^\| `(\w+)` \| (.*)$", text, flags=re.MULTILINE)
    }
    everywhere = set(re.findall(r"every line has `([a-z_ ]+)`", text)[0].split())
    monkeypatch.setattr(plugins, "runner", lambda _: _Here())
    store = RunFolder.of(tmp_path, "events")

    run(store, tiny, [plugins.card("still")], ["self"], "smoke")

    lines = (store.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    written = [json.loads(line) for line in lines]
    assert [row["event"] for row in written] == ["run_started", *["case"] * 4, "run_ended"]
    assert set(documented) == {row["event"] for row in written}
    for row in written:
        assert set(row) == documented[row["event"]] | everywhere
        assert row["schema"] == "a2bench.event/1"


def test_a_run_counts_its_own_cases(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure of an earlier run is not this run's: two cases were left, two are done."""
    monkeypatch.setattr(plugins, "runner", lambda _: _Here())
    store = RunFolder.of(tmp_path, "events")
    cards = [plugins.card("still")]
    jobs, _ = plan(store, tiny, cards, ["self"], "smoke")
    for job in jobs[:2]:
        failed = Result.failed(job.request, "crash", "why")
        RunFolder.save_result(Path(job.request.output), failed)

    summary = run(store, tiny, cards, ["self"], "smoke")

    last = json.loads((store.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert len(summary.failed) == 2
    assert (last["done"], last["failed"], last["skipped"]) == (2, 0, 0)
