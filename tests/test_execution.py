"""What a run survives: killed workers, full disks, lost devices, children left behind."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from a2bench import plugins
from a2bench.chunk import do_chunk, result_of
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paths import alone_in, aside_name
from a2bench.processes import MARK, _marked, end_marked, new_mark
from a2bench.records import MethodCard, Result
from a2bench.run import plan, run
from a2bench.store import RunFolder
from a2bench.watch import LOG_HEAD_BYTES, LOG_TAIL_BYTES, Watch, cut_log
from a2bench.worker import make_worker

MakeMethod = Callable[..., MethodCard]
STILL = "return np.repeat(inputs.reference_image[None], inputs.frames, 0)"


@pytest.fixture
def method(plugin_folder: Path) -> MakeMethod:
    """Write a scratch method from the body of its class and return its card."""

    def make(name: str, body: str, *, card: str = "") -> MethodCard:
        folder = plugin_folder / "baselines"
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\ntitle: {name}\nsummary: s\nkind: in_process\nentry: It\n"
            f"inputs_seen: []\n{card}"
        )
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        (folder / f"{name}.py").write_text(
            "import os, pathlib, resource, signal, subprocess, sys, time\nimport numpy as np\n"
            f"class It:\n{lines}"
        )
        plugins.card.cache_clear()
        return plugins.card(name)

    return make


@pytest.fixture
def store(tmp_path: Path) -> RunFolder:
    return RunFolder.of(tmp_path / "home", "test")


def call(body: str, init: str = "pass") -> str:
    """Return the body of a class with these two methods."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return f"def __init__(self, device):\n    {init}\ndef __call__(self, inputs):\n{indented}\n"


def local() -> Any:
    """Return the module of the local back end, which is no package of this process's path."""
    return sys.modules[type(plugins.runner("local")).__module__]


def once(marker: Path, fault: str) -> str:
    """Return code that does something the first time only, then behaves like `still`."""
    return (
        f"marker = pathlib.Path({str(marker)!r})\n"
        f"first = not marker.exists(); marker.touch()\nif first:\n    {fault}\n{STILL}"
    )


def events(store: RunFolder) -> Iterator[dict[str, object]]:
    for line in (store.folder / "events.jsonl").read_text().splitlines():
        yield json.loads(line)


def test_a_method_with_batch_is_given_its_clips_together(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """`batch_size: 3` of four cases: three, then one; the same bytes as one at a time."""
    body = call(STILL) + (
        "def batch(self, several):\n"
        "    print(f'batch of {len(several)}')\n"
        "    return [self(inputs) for inputs in several]\n"
    )
    together = method("together", body, card="batch_size: 3\n")
    alone = method("alone", body)

    for card in (together, alone):
        run(store, tiny, [card], ["self"], "smoke", workers=1)

    cases = [case.case_id for case in tiny.cases("self", "smoke")]
    made = {
        card.name: [store.prediction(tiny, "self", card.name, 0, case) for case in cases]
        for card in (together, alone)
    }
    for one, other in zip(made["together"], made["alone"], strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert made["together"][0].with_suffix(".log").read_text() == "batch of 3\n"
    assert not made["alone"][0].with_suffix(".log").exists()


def test_a_batch_that_fails_is_done_one_by_one(
    tiny: Dataset, store: RunFolder, method: MakeMethod, tmp_path: Path
) -> None:
    """A batch too large for memory, then one whose process dies: no case is lost."""
    died = tmp_path / "died"
    memory = call(STILL) + "def batch(self, several):\n    raise MemoryError\n"
    dies = call(STILL) + (
        f"def batch(self, several):\n    pathlib.Path({str(died)!r}).touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    for name, body in (("memory", memory), ("dies", dies)):
        card = method(name, body, card="batch_size: 4\n")
        summary = run(store, tiny, [card], ["self"], "smoke", workers=1)
        assert (summary.made, summary.failed) == (4, [])
    assert died.exists()


def test_memory_that_was_too_small_for_a_used_process_is_tried_in_a_fresh_one(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """The second clip of a process fails; the third process does the third clip, and so on."""
    body = call(
        f"self.clips += 1\nif self.clips > 1:\n    raise MemoryError('leak')\n{STILL}",
        init="self.clips = 0",
    )

    summary = run(store, tiny, [method("leaks", body)], ["self"], "smoke", workers=1)

    assert (summary.made, summary.failed) == (4, [])
    attempts = [event["attempts"] for event in events(store) if event["event"] == "case"]
    assert attempts == [1, 2, 2, 2]


def test_a_worker_over_its_address_space_costs_one_case(
    tiny: Dataset, store: RunFolder, method: MakeMethod, tmp_path: Path
) -> None:
    """RLIMIT_AS 256 MiB above what is used; an array of 1 GiB does not fit: numpy says so."""
    fault = (
        "now = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize(); "
        "resource.setrlimit(resource.RLIMIT_AS, (now + 2**28, now + 2**28)); "
        "np.ones(2**30, np.uint8)"
    )
    body = call(once(tmp_path / "first", fault))

    summary = run(store, tiny, [method("hungry", body)], ["self"], "smoke", workers=1)

    (failed,) = summary.failed
    assert (failed.failure, summary.made) == ("oom", 3)
    assert "1.00 GiB" in failed.reason


def test_what_a_worker_started_ends_with_it(
    tiny: Dataset, store: RunFolder, method: MakeMethod, tmp_path: Path
) -> None:
    """Children in sessions of their own, left behind by workers that are then out of time.

    They are started while the method is loaded, which has a limit of its own.
    """
    pids = tmp_path / "pids"
    init = (
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True); "
        f"open({str(pids)!r}, 'a').write(f'{{child.pid}} {{os.getpid()}} ')"
    )
    card = method("leaves", call("time.sleep(600)", init=init), card="timeout_seconds: 1\n")

    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)

    left = [int(pid) for pid in pids.read_text().split()]
    assert [failed.failure for failed in summary.failed] == ["timeout"] * 4
    assert len(left) == 8
    _wait_for(lambda: not any(map(_runs, left)), seconds=60)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_workers_end_when_the_run_is_killed(
    tiny_home: Path, plugin_folder: Path, method: MakeMethod, tmp_path: Path
) -> None:
    """SIGKILL to the run alone: no worker and no child of one stays; the next run goes on."""
    pids = tmp_path / "pids"
    fault = (
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True); "
        f"pathlib.Path({str(pids)!r}).write_text(f'{{child.pid}} {{os.getpid()}} .'); "
        "time.sleep(600)"
    )
    method("sleeps", call(once(tmp_path / "first", fault)))
    words = ("method=sleeps", "dataset=a2bench-proc-tiny", "protocol=self", "split=smoke")
    command = [sys.executable, "-m", "a2bench", "run", *words, "workers=1"]
    command += [f"home={tiny_home}", "run=killed"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _wait_for(lambda: pids.exists() and pids.read_text().endswith("."))
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    child, worker = map(int, pids.read_text().split()[:2])
    _wait_for(lambda: not _runs(child) and not _runs(worker))
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert f"this run: process {process.pid} on " in refused.stderr
    assert again.returncode == 0, again.stderr
    assert "4 predictions made" in again.stdout


def _wait_for(condition: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lock_survives_nobody(tmp_path: Path) -> None:
    """Held: refused, and its holder named. Its holder gone: free."""
    lock = tmp_path / "run.lock"
    with (
        alone_in(lock, "this run"),
        pytest.raises(A2BenchError, match=rf"process {os.getpid()} on .* is at work"),
        alone_in(lock, "this run"),
    ):
        pass
    with alone_in(lock, "this run"):
        pass


def test_leftovers_of_a_killed_run_are_swept(tiny: Dataset, store: RunFolder) -> None:
    """An unfinished video of a process that is no more."""
    case = tiny.cases("self", "smoke")[0].case_id
    output = store.prediction(tiny, "self", "still", 0, case)
    dead = subprocess.Popen(["true"])
    dead.wait()
    leftover = output.with_name(
        aside_name(case).replace(f".{os.getpid()}", f".{dead.pid}") + ".mp4"
    )
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half a video")

    run(store, tiny, [plugins.card("still")], ["self"], "smoke", workers=1)

    assert not leftover.exists()
    assert output.exists()


def test_a_method_that_dies_while_it_loads_is_given_up(
    tiny: Dataset, store: RunFolder, method: MakeMethod, tmp_path: Path
) -> None:
    """Three workers die; the fourth case is not tried; the other method is done."""
    starts = tmp_path / "starts"
    init = f"open({str(starts)!r}, 'a').write('x'); os.kill(os.getpid(), signal.SIGSEGV)"
    cards = [method("dead", call(STILL, init=init)), plugins.card("still")]

    summary = run(store, tiny, cards, ["self"], "smoke", workers=1)

    assert [failed.failure for failed in summary.failed] == ["crash"] * 4
    assert "SIGSEGV while it loaded the method" in summary.failed[0].reason
    assert "so ended 3 cases, the others are not tried" in summary.failed[3].reason
    assert (len(starts.read_text()), summary.made) == (3, 4)


def test_a_worker_that_is_gone_when_it_is_given_a_case_costs_that_case(
    tiny: Dataset, store: RunFolder
) -> None:
    """Its end of the pipe is closed, its process not yet seen as dead."""
    jobs, _ = plan(store, tiny, [plugins.card("still")], ["self"], "smoke")
    queue = local()._Queue(jobs)
    worker = local()._Worker(make_worker, "cpu:0", None)
    worker.process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    worker.process.start()
    worker.pipe, end = multiprocessing.Pipe()
    end.close()

    worker.give(queue.next())
    (result,) = local()._answer(worker, queue)

    assert (result.status, result.failure) == ("failed", "crash")
    assert queue.next() is not None
    assert worker.process is None


def test_a_missing_class_is_found_before_anything_starts(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """No worker is started and no result is written."""
    card = method("misnamed", call(STILL)).model_copy(update={"entry": "Other"})

    with pytest.raises(A2BenchError, match=r"has no class 'Other'"):
        run(store, tiny, [card], ["self"], "smoke", workers=1)
    assert not (store.folder / "events.jsonl").exists()


def test_a_lost_device_fails_no_case(
    tiny: Dataset,
    store: RunFolder,
    method: MakeMethod,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The only device is gone after one clip: three are skipped, and done by the next run."""
    monkeypatch.setattr(local(), "visible_gpus", lambda _: ["0"])
    gone, mended = tmp_path / "gone", tmp_path / "mended"
    body = call(
        f"gone, mended = pathlib.Path({str(gone)!r}), pathlib.Path({str(mended)!r})\n"
        "if gone.exists() and not mended.exists():\n"
        "    raise RuntimeError('CUDA error: no CUDA-capable device is detected')\n"
        f"gone.touch()\n{STILL}"
    )
    card = method("unplugged", body, card="device: cuda\n")

    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)
    kept = sorted((store.folder / "predictions").rglob("*.mp4"))
    written = [path.stat().st_mtime_ns for path in kept]
    mended.touch()
    again = run(store, tiny, [card], ["self"], "smoke", workers=1)

    assert (summary.made, summary.failed, len(summary.skipped)) == (1, [], 3)
    assert "every device was lost" in summary.skipped[0].reason
    assert "RuntimeError: CUDA error: no CUDA-capable device" in summary.skipped[0].reason
    assert (again.made, again.done_before) == (3, 1)
    assert [path.stat().st_mtime_ns for path in kept] == written


def test_only_methods_on_a_device_can_lose_it(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """A CPU method that asks for a GPU is wrong, on every machine."""
    body = call("raise RuntimeError('No CUDA GPUs are available')")

    summary = run(store, tiny, [method("wants_gpu", body)], ["self"], "smoke", workers=1)

    assert [failed.failure for failed in summary.failed] == ["crash"] * 4
    assert summary.skipped == []


def test_a_batch_on_a_lost_device_is_one_strike(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Four clips of one answer say the same thing once; all four are done again."""
    card = method("several", call(STILL), card="device: cuda\nbatch_size: 4\n")
    jobs, _ = plan(store, tiny, [card], ["self"], "smoke")
    queue = local()._Queue(jobs)
    worker = local()._Worker(make_worker, "cuda:0", "0")
    worker.pipe, end = multiprocessing.Pipe()
    worker.task = queue.next()

    end.send([Result.failed(job.request, "crash", "GPU is lost") for job in jobs])

    assert list(local()._answer(worker, queue)) == []
    assert worker.strikes == 1
    assert [len(queue.next().jobs) for _ in jobs] == [1, 1, 1, 1]
    assert queue.lost_words == "GPU is lost"


@pytest.mark.parametrize(
    ("error", "kind", "loads"), [("MemoryError('20 GiB')", "oom", 3), ("ValueError", "crash", 1)]
)
def test_a_model_that_cannot_be_loaded_is_not_loaded_for_every_case(
    error: str,
    kind: str,
    loads: int,
    tiny: Dataset,
    store: RunFolder,
    method: MakeMethod,
    tmp_path: Path,
) -> None:
    """Three cases say so, the fourth is not begun; a new process only where memory was short."""
    starts = tmp_path / "starts"
    init = f"open({str(starts)!r}, 'a').write('x'); raise {error}"

    card = method("unloadable", call(STILL, init))
    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)

    assert [failed.failure for failed in summary.failed] == [kind] * 4
    assert "so ended 3 cases, the others are not tried" in summary.failed[-1].reason
    assert len(starts.read_text()) == loads


def test_missing_weights_are_found_before_anything_starts(
    tiny: Dataset,
    store: RunFolder,
    method: MakeMethod,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No process loads it; its cases are skipped, another method's are made."""
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "empty"))
    init = f"pathlib.Path({str(tmp_path / 'started')!r}).touch()"
    row = method("row", call(STILL, init), card="weights: [animate_x_unet]\n")
    own = method("own", call(STILL, init), card="weights_folder: nowhere\n")

    summary = run(store, tiny, [row, own, plugins.card("still")], ["self"], "smoke", workers=1)

    assert summary.made == 4
    assert {(result.method, result.failure) for result in summary.skipped} == {
        ("row", "missing_weights"),
        ("own", "missing_weights"),
    }
    assert len(summary.skipped) == 8
    assert "a2bench fetch animate_x_unet" in summary.skipped[0].reason
    assert "nowhere is not there" in summary.skipped[-1].reason
    assert not (tmp_path / "started").exists()


def test_a_method_in_process_is_offline_too(
    tiny: Dataset, store: RunFolder, method: MakeMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its module is imported; what the user has set stays."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "CUDA_VISIBLE_DEVICES")
    card = method("asks", call(STILL, f"print([os.environ[name] for name in {names}])"))

    run(store, tiny, [card], ["self"], "smoke", workers=1)

    case = tiny.cases("self", "smoke")[0].case_id
    log = store.prediction(tiny, "self", "asks", 0, case).with_suffix(".log")
    assert log.read_text() == "['1', '0', '']\n"


def test_each_gpu_has_one_worker_that_sees_no_other(
    tiny: Dataset, store: RunFolder, method: MakeMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By index or by name, as CUDA_VISIBLE_DEVICES has them; a result says which it was."""
    monkeypatch.setattr(local(), "visible_gpus", lambda _: ["3", "GPU-5ebe"])
    body = call(
        "assert self.device == 'cuda:0'\n"
        f"print(os.environ['CUDA_VISIBLE_DEVICES'])\ntime.sleep(2)\n{STILL}",
        "self.device = device",
    )

    run(store, tiny, [method("gpu", body, card="device: cuda\n")], ["self"], "smoke")

    logs = [path.read_text().strip() for path in sorted(store.folder.rglob("*.log"))]
    records = sorted(store.folder.glob("predictions/*/*/*/*/0/*.json"))
    devices = [Result.model_validate_json(path.read_bytes()).device for path in records]
    assert devices == [f"cuda:{gpu}" for gpu in logs]
    assert set(logs) == {"3", "GPU-5ebe"}


def test_the_memory_of_a_gpu_is_read_from_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the device that CUDA_VISIBLE_DEVICES names; 2048 MiB in use."""
    asked = []

    def by_uuid(name: str) -> str:
        asked.append(name)
        return name

    nvml = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=by_uuid,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=2**31),
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5ebe")

    with Watch(device="cuda:1") as watch:
        pass

    assert (watch.peak_gpu_mib, asked) == (2048.0, ["GPU-5ebe"])


def test_a_method_that_rolls_dice_of_its_own_rolls_the_same(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Global generators are seeded for each clip, so neither order nor worker decides."""
    body = call(f"import random\nprint(random.random(), np.random.rand())\n{STILL}")
    card = method("dice", body, card="stochastic: true\n")

    run(store, tiny, [card], ["self"], "smoke", seeds=[0, 1], workers=2)

    said: dict[int, set[str]] = {}
    for seed in (0, 1):
        for case in tiny.cases("self", "smoke"):
            log = store.prediction(tiny, "self", "dice", seed, case.case_id).with_suffix(".log")
            said.setdefault(seed, set()).add(log.read_text())
    assert [len(lines) for lines in said.values()] == [1, 1]
    assert said[0] != said[1]


def test_processes_that_are_started_while_others_are_ended_end_too() -> None:
    """A program that starts one detached child after the other."""
    mark = new_mark()
    code = (
        "import subprocess\nwhile True:\n"
        "    subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    )
    forker = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {MARK: mark})
    _wait_for(lambda: len(_marked(mark)) > 20)

    ended = end_marked(mark)

    assert ended > 20
    assert _marked(mark) == set()
    assert forker.wait() == -signal.SIGKILL


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 40 MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        text = f"cannot mount a tmpfs here: {mounted.stderr.strip()}"
        if os.environ.get("A2BENCH_REQUIRE_EXTERNAL") == "1":
            pytest.fail(text)
        pytest.skip(text)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_nothing(tiny: Dataset, small_disk: Path) -> None:
    """Under 32 MiB free no clip is begun: skipped, not failed; with room they are made."""
    store = RunFolder.of(small_disk, "full")
    card = plugins.card("similarity_warp")
    first = run(store, tiny, [plugins.card("still")], ["self"], "smoke", workers=1)
    kept = sorted(store.folder.rglob("*.mp4"))
    written = [path.stat().st_mtime_ns for path in kept]
    filler = small_disk / "filler"
    filler.write_bytes(bytes(10 * 2**20))

    full = run(store, tiny, [card], ["self"], "smoke", workers=1)
    filler.unlink()
    again = run(store, tiny, [card], ["self"], "smoke", workers=1)

    assert (first.made, full.failed, len(full.skipped)) == (4, [], 4)
    assert "disk full" in full.skipped[0].reason
    assert (again.made, again.failed) == (4, [])
    assert [path.stat().st_mtime_ns for path in kept] == written


def test_a_disk_that_fills_while_a_clip_is_stored_leaves_no_half_file(
    tiny: Dataset, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real error of the real file system, in the encoder's writes."""
    monkeypatch.setattr("a2bench.worker._LEAST_FREE_BYTES", 0)
    store = RunFolder.of(small_disk, "full")
    jobs, _ = plan(store, tiny, [plugins.card("puppet_warp")], ["self"], "smoke")
    folder = Path(jobs[0].request.output).parent
    folder.mkdir(parents=True)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "filler").write_bytes(bytes(free - 16 * 2**10))

    result = make_worker("cpu")(jobs[0])

    assert (result.status, result.failure) == ("skipped", None)
    assert "disk full" in result.reason
    assert [path.suffix for path in folder.iterdir()] in ([], [".log"])


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT"])
def test_a_method_that_finds_no_room_is_skipped(
    code: str, tiny: Dataset, store: RunFolder, method: MakeMethod, tmp_path: Path
) -> None:
    """A full disk or a used-up quota, of its own files: no fault of the method."""
    fault = f"import errno; raise OSError(errno.{code}, os.strerror(errno.{code}), 'cache')"
    body = call(once(tmp_path / "first", fault))

    summary = run(store, tiny, [method("writes", body)], ["self"], "smoke", workers=1)

    assert (summary.made, summary.failed, len(summary.skipped)) == (3, [], 1)
    assert summary.skipped[0].reason.startswith("disk full: ")


def test_a_disk_without_room_for_a_folder_skips_and_goes_on(
    tiny: Dataset, small_disk: Path
) -> None:
    """Not one file more fits (no inode is left): no folder, log, note, event or record."""
    store = RunFolder.of(small_disk, "full")
    still, warp = plugins.card("still"), plugins.card("similarity_warp")
    run(store, tiny, [still], ["self"], "smoke", workers=1)
    used = sum(1 for _ in small_disk.rglob("*")) + 1  # and the folder itself
    limit = ["mount", "-o", f"remount,nr_inodes={used}", str(small_disk)]
    subprocess.run(limit, check=True)

    full = run(store, tiny, [still, warp], ["self"], "smoke", workers=1)
    subprocess.run([*limit[:2], "remount,nr_inodes=9999", str(small_disk)], check=True)
    again = run(store, tiny, [still, warp], ["self"], "smoke", workers=1)

    assert (full.made, full.failed, len(full.skipped), full.done_before) == (0, [], 4, 4)
    assert all(result.reason.startswith("disk full") for result in full.skipped)
    assert (again.made, again.failed, again.done_before) == (4, [], 4)


def test_a_chunk_on_a_full_disk_goes_on(
    tiny: Dataset, store: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of its first case does not fit; the other three are written."""
    jobs, _ = plan(store, tiny, [plugins.card("still")], ["self"], "smoke")
    save, refused = RunFolder.save_result, []

    def full_once(prediction: Path, result: Result) -> None:
        if not refused:
            refused.append(result.case_id)
            raise OSError(errno.ENOSPC, "No space left on device")
        save(prediction, result)

    monkeypatch.setattr(RunFolder, "save_result", staticmethod(full_once))
    do_chunk(jobs, make_worker, workers=1)

    left = [job.request.case.case_id for job in jobs if result_of(job) is None]
    assert left == refused
    assert len(refused) == 1


def test_events_say_what_happened(
    tiny: Dataset, store: RunFolder, method: MakeMethod, tmp_path: Path
) -> None:
    """One line a case between start and end, with stages, memory and device."""
    card = method("once", call(once(tmp_path / "first", "raise ValueError('no way')")))

    run(store, tiny, [card], ["self"], "smoke", workers=1)

    start, *cases, end = events(store)
    assert (start["event"], start["to_do"], start["runner"]) == ("run_started", 4, "local")
    assert [case["status"] for case in cases] == ["failed", "ok", "ok", "ok"]
    assert (cases[0]["failure"], cases[1]["device"]) == ("crash", "cpu:0")
    assert set(cases[1]["seconds"]) == {"prepare", "infer", "store"}  # type: ignore[call-overload]
    assert cases[1]["peak_host_mib"] > 20  # type: ignore[operator]
    assert (end["event"], end["how"], end["done"], end["failed"]) == ("run_ended", "done", 3, 1)
    result = Result.model_validate_json(
        store.prediction(tiny, "self", "once", 0, str(cases[1]["case_id"]))
        .with_suffix(".json")
        .read_bytes()
    )
    assert result.device == "cpu:0"


def test_a_log_flood_is_cut_in_the_middle(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """8 MB printed: the first and the last lines stay."""
    body = call("for index in range(100000):\n    print(f'{index:06d} ' + 'x' * 73)\n" + STILL)

    run(store, tiny, [method("talks", body)], ["self"], "smoke", workers=1)

    logs = sorted(store.folder.rglob("*.log"))
    assert len(logs) == 4
    for log in logs:
        text = log.read_text()
        assert len(text) < LOG_HEAD_BYTES + LOG_TAIL_BYTES + 200
        assert text.startswith("000000 ")
        assert text.rstrip().endswith("099999 " + "x" * 73)
        assert "bytes of this log were left out" in text


def test_a_writer_goes_on_while_its_log_is_cut(tmp_path: Path) -> None:
    """O_APPEND: what comes after the cut lies at the end."""
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 100 + b"b" * (LOG_HEAD_BYTES + LOG_TAIL_BYTES) + b"c" * 100)
        cut_log(log)
        writer.write(b"end")

    text = log.read_bytes()
    assert text.startswith(b"a" * 100)
    assert text.endswith(b"c" * 100 + b"end")
    assert b"200 bytes of this log were left out" in text


def test_memory_is_measured_while_it_is_used() -> None:
    """300 MiB more until a third of them is seen."""
    with Watch() as watch:
        before = watch.peak_host_mib
        assert before is not None
        block = b"x" * (300 * 2**20)
        _wait_for(lambda: (watch.peak_host_mib or 0) - before > 90, seconds=60)
        del block

    assert watch.peak_gpu_mib is None
