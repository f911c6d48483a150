"""Runner `ray`: several Ray nodes on this machine; what is lost is run elsewhere."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paths import is_alive
from a2bench.records import MethodCard, Result
from a2bench.run import RunSummary, plan, run
from a2bench.runner import Job, SizedRunner, with_options
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.worker import make_worker

ray = pytest.importorskip("ray")
MakeMethod = Callable[..., MethodCard]
Predictions = Callable[[RunFolder], dict[str, bytes]]
OBJECT_STORE = 80 * 2**20


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Ray head without a CPU and two nodes with a CPU and a GPU each, all on this machine.

    The GPUs are Ray's word alone: methods that say `device: cuda` get one, and use none.

    One such cluster exists at a time, however many test processes there are.
    """
    from ray.cluster_utils import Cluster

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with pytest.MonkeyPatch.context() as patch, (shared / "ray.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")  # others fill this machine's memory
        node = {"object_store_memory": OBJECT_STORE, "include_dashboard": False}
        made = Cluster(initialize_head=True, head_node_args=node | {"num_cpus": 0})
        for _ in range(2):
            made.add_node(num_cpus=1, num_gpus=1, object_store_memory=OBJECT_STORE, wait=False)
        try:
            made.wait_for_nodes(timeout=180)
            yield made
        finally:
            made.shutdown()


def on_ray(
    cluster: Any, store: RunFolder, dataset: Dataset, card: MethodCard, **options: object
) -> RunSummary:
    """Run the four smoke cases on the cluster."""
    options = {"address": cluster.address, **options}
    return run(store, dataset, [card], ["self"], "smoke", runner="ray", runner_options=options)


def test_local_ray_and_slurm_give_the_same_predictions_and_values(
    cluster: Any,
    tiny: Dataset,
    tmp_path: Path,
    noise: MethodCard,
    upstream: MethodCard,
    predictions: Predictions,
) -> None:
    """A seeded class and an upstream program: 4 * 2 + 4 videos, bit for bit.

    One worker here, two Ray nodes, two Slurm tasks at a time (submitit's local executor).
    """
    cards = [noise, upstream]
    options: dict[str, dict[str, object]] = {
        "local": {},
        "ray": {"address": cluster.address},
        "slurm": {
            **{"executor": "local", "poll_seconds": 0.1},
            **{"cases_per_task": 4, "cpus_per_task": 1},
        },
    }
    found = []
    for name, given in options.items():
        store = RunFolder.of(tmp_path, name)
        summary = run(
            *(store, tiny, cards, ["self"], "smoke"),
            runner=name,
            runner_options=given,
            seeds=[0, 1],
            workers=1 if name == "local" else 2,
        )
        assert (summary.made, summary.failed, summary.skipped) == (12, [], [])
        scored = [
            (value.method, value.seed, value.case_id, value.metric, value.value, value.status)
            for card in cards
            for value in score(
                store, tiny, [card], ["self"], "smoke", ["psnr"], seeds=[0, 1], workers=1
            )
        ]
        assert len(scored) == 12
        found.append((predictions(store), sorted(scored)))

    assert found[0] == found[1]
    assert found[0] == found[2]


def test_a_run_goes_on_with_any_back_end(
    cluster: Any,
    tiny_home: Path,
    tmp_path: Path,
    method: MakeMethod,
    plugin_folder: Path,
    predictions: Predictions,
) -> None:
    """Killed here in its second case, gone on with Ray to the third, with Slurm to the end.

    Nothing is done twice but what was at work when the kill came, and the files are those of a run
    that nobody disturbed.
    """
    card = method(
        "counted",
        "number = len(list(HERE.glob('call*'))); (HERE / f'call{number}.{case}').touch()\n"
        "        if number == 1: time.sleep(600)",
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "datasets").symlink_to(tiny_home / "datasets")
    store = RunFolder.of(home, "main")
    found = Dataset.find(home, "a2bench-proc-tiny")
    splits = {"three": 3, "smoke": 4}
    dataset = Dataset(found.folder, found.info.model_copy(update={"splits": splits}))
    words = ("run", "method=counted", "dataset=a2bench-proc-tiny", "protocol=self", "split=smoke")
    process = subprocess.Popen(
        [sys.executable, "-m", "a2bench", *words, "workers=1", f"home={home}"],
        start_new_session=True,
    )
    try:
        wait_for(lambda: len(list(plugin_folder.glob("call*"))) == 2, 180)
    finally:
        process.kill()
        process.wait()
    done = predictions(store)

    on = {"store": store, "dataset": dataset, "cards": [card], "protocols": ["self"]}
    with_ray = run(**on, split="three", runner="ray", runner_options={"address": cluster.address})
    slurm = {"executor": "local", "poll_seconds": 0.1}
    with_slurm = run(**on, split="smoke", runner="slurm", runner_options=slurm)

    assert len(done) == 1
    assert (with_ray.done_before, with_ray.made, with_ray.failed) == (1, 2, [])
    assert (with_slurm.done_before, with_slurm.made, with_slurm.failed) == (3, 1, [])
    assert len(list(plugin_folder.glob("call*"))) == 5  # four, and the one that was killed
    undisturbed = RunFolder.of(tmp_path, "undisturbed")
    assert run(undisturbed, dataset, [card], ["self"], "smoke", workers=1).made == 4
    assert predictions(store) == predictions(undisturbed)
    assert all(predictions(store)[name] == content for name, content in done.items())


def test_an_answer_that_is_ready_is_in_time(
    cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Both workers answer at once; while the first answer is stored for 3 s, 1 s of time is over.

    Every case is made: the second answer had come when its time was looked at.
    """
    card = method("quick", "pass", card="timeout_seconds: 1\n")
    jobs, _ = plan(store, tiny, [card], ["self"], "smoke")
    runner = with_options(plugins.runner("ray"), "ray", {"address": cluster.address})
    found = []

    for result in runner.run(jobs, make_worker):
        found.append(result.status)
        if len(found) == 1:
            time.sleep(3)

    assert found == ["ok"] * 4


@pytest.mark.parametrize(("gone", "retries"), [("one", 2), ("all", 2), ("all", 0)])
def test_a_lost_device_fails_no_case(
    gone: str, retries: int, cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """One of two devices: its case runs on the other. All: skipped, and done by the next run."""
    card = method(
        "unplugged",
        "node = str(os.getppid()); lost = HERE / 'lost'\n"
        "        try: lost.touch(exist_ok=False)\n"
        "        except FileExistsError: pass\n"
        "        else: lost.write_text(node)\n"
        f"        if lost.read_text() == node or {gone == 'all'}:\n"
        "            if not (HERE / 'mended').exists():\n"
        "                raise RuntimeError('CUDA error: no CUDA-capable device is detected')\n"
        "        time.sleep(0.5)",
        card="device: cuda\n",
    )

    summary = on_ray(cluster, store, tiny, card, retries=retries)
    (Path(os.environ["A2BENCH_PLUGINS"]) / "mended").touch()
    again = on_ray(cluster, store, tiny, card)

    assert summary.failed == []
    if gone == "one":
        assert (summary.made, again.done_before) == (4, 4)
    else:
        assert (summary.made, len(summary.skipped)) == (0, 4)
        assert all("device was lost" in result.reason for result in summary.skipped)
        assert (again.made, again.failed) == (4, [])


@pytest.mark.full
def test_two_workers_share_a_gpu(
    cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Two GPUs, half of one a worker: four clips at a time, each on the first GPU of its node.

    None of the four answers before all four are at work.
    """
    card = method(
        "shares",
        "(HERE / f'{case}.{os.getpid()}').touch()\n"
        "        while len(list(HERE.glob('*.*'))) < 4: time.sleep(0.05)",
        card="device: cuda\ntimeout_seconds: 120\n",
    )
    shares = {"gpus_per_worker": 0.5, "cpus_per_worker": 0.5}

    summary = on_ray(cluster, store, tiny, card, **shares)

    assert (summary.made, summary.failed) == (4, [])
    options = {"address": cluster.address, **shares}
    runner = with_options(plugins.runner("ray"), "ray", options)
    assert isinstance(runner, SizedRunner)
    assert (runner.devices(card, 3, None), runner.devices(card, 500, None)) == (3, 4)
    events = [json.loads(line) for line in (store.folder / "events.jsonl").read_text().splitlines()]
    devices = [event["device"] for event in events if event["event"] == "case"]
    assert len(devices) == 4
    assert all(device.endswith("/cuda:0") for device in devices)


def test_a_lost_worker_costs_at_most_its_own_case(
    cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Of four cases one kills its worker once, one always."""
    card = method(
        "faulty",
        "order = HERE / 'order'; order.mkdir(exist_ok=True)\n"
        "        seen = HERE / case\n"
        "        times = len(list(HERE.glob(case + '.*')))\n"
        "        (HERE / f'{case}.{os.getpid()}').touch()\n"
        "        if not seen.exists():\n"
        "            for kind in ('once', 'always', 'fine', 'good'):\n"
        "                try: (order / kind).mkdir()\n"
        "                except FileExistsError: continue\n"
        "                seen.write_text(kind); break\n"
        "        kind = seen.read_text()\n"
        "        if kind == 'always' or (kind == 'once' and times == 0):\n"
        "            os.kill(os.getpid(), signal.SIGKILL)",
    )

    summary = on_ray(cluster, store, tiny, card, retries=1)

    (failed,) = summary.failed
    assert (summary.made, failed.failure) == (3, "crash")
    assert failed.reason.startswith("its Ray worker was lost 2 times")


def test_workers_that_hang_are_ended(
    cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod, plugin_folder: Path
) -> None:
    """Each of four cases costs its second and its worker, which does not stay."""
    card = method(
        "hangs",
        "time.sleep(600)",
        init="(HERE / f'{os.getpid()}.pid').touch()",
        card="timeout_seconds: 1\n",
    )

    summary = on_ray(cluster, store, tiny, card)

    assert [result.failure for result in summary.failed] == ["timeout"] * 4
    assert {result.reason for result in summary.failed} == {"no answer within 1 s"}
    workers = [int(path.stem) for path in plugin_folder.glob("*.pid")]
    assert len(workers) >= 4
    wait_for(lambda: not any(map(is_alive, workers)), 60)


def test_a_method_that_kills_its_workers_while_it_loads_is_given_up(
    cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Three workers die so; the case that was not tried yet is not tried any more."""
    card = method("bad", "pass", init="os.kill(os.getpid(), signal.SIGKILL)")

    summary = on_ray(cluster, store, tiny, card)

    assert [result.failure for result in summary.failed] == ["crash"] * 4
    assert summary.failed[0].reason.startswith("3 Ray workers ended while they loaded the method")


def test_a_model_that_memory_is_too_small_for_is_not_loaded_for_every_case(
    tiny: Dataset, store: RunFolder, method: MakeMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight cases, three of them answered by actors that could not load it; no cluster needed."""
    module: Any = sys.modules[type(plugins.runner("ray")).__module__]
    card = method("large", "pass", card="stochastic: true\n")
    jobs, _ = plan(store, tiny, [card], ["self"], "smoke", seeds=[0, 1])
    waiting = deque(module._Task((job,)) for job in jobs)
    pool = module._Pool(make_worker, "cpu", {}, 2, None, waiting)
    replaced: list[object] = []
    monkeypatch.setattr(module._Pool, "_replace", lambda _, seat: replaced.append(seat))

    found: list[Result] = []
    for _ in range(3):
        task = pool.waiting.popleft()
        seat = module._Seat(actor=None, label="node/cpu:0", task=task, lacks_method=True)
        result = Result.failed(task.jobs[0].request, "oom", "out of memory: 20 GiB")
        found += pool._made(seat, [result])

    assert [result.failure for result in found] == ["oom"] * 8
    assert found[-1].reason == ("out of memory: 20 GiB; so ended 3 cases, the others are not tried")
    assert len(replaced) == 3
    assert not pool.waiting


def test_a_node_that_is_ended_loses_nothing(
    cluster: Any, tiny: Dataset, store: RunFolder, method: MakeMethod, plugin_folder: Path
) -> None:
    """The node of the worker that is at a case is killed; the case is done on the other one."""
    card = method(
        "waits",
        "mark = HERE / 'raylet'\n"
        "        try: mark.touch(exist_ok=False)\n"
        "        except FileExistsError: pass\n"
        "        else: mark.write_text(str(os.getppid())); time.sleep(600)",
    )
    ended: list[Any] = []

    def end_its_node() -> None:
        mark = plugin_folder / "raylet"
        wait_for(lambda: mark.exists() and mark.read_text() != "", 180)
        for node in list(cluster.worker_nodes):
            (raylet,) = node.all_processes["raylet"]
            if raylet.process.pid == int(mark.read_text()):
                ended.append(node)
                cluster.remove_node(node, allow_graceful=False)

    thread = threading.Thread(target=end_its_node, daemon=True)
    thread.start()
    summary = on_ray(cluster, store, tiny, card)
    thread.join(60)

    assert len(ended) == 1
    assert (summary.made, summary.failed) == (4, [])


def test_a_case_on_a_node_that_cannot_be_reached_runs_elsewhere(
    cluster: Any,
    tiny: Dataset,
    store: RunFolder,
    method: MakeMethod,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ray counts a machine without power as there for half a minute; a case's time may be less.

    Here nobody listens where Ray says its nodes do: that a case overran is not its method's fault.
    """
    card = method(
        "silent",
        "try: (HERE / 'first').touch(exist_ok=False)\n"
        "        except FileExistsError: pass\n"
        "        else: time.sleep(600)",
        card="timeout_seconds: 2\n",
    )
    nodes = ray.nodes
    monkeypatch.setattr(ray, "nodes", lambda: [node | {"NodeManagerPort": 1} for node in nodes()])

    summary = on_ray(cluster, store, tiny, card)

    assert (summary.made, summary.failed, summary.skipped) == (4, [], [])


def test_a_node_that_does_not_see_the_data_root_is_refused(
    cluster: Any, tiny: Dataset, store: RunFolder
) -> None:
    """What nodes are asked for is not there: exit 2 with the folder, no case marked as failed."""
    jobs, _ = plan(store, tiny, [plugins.card("still")], ["self"], "smoke")
    gone = jobs[0].request.model_copy(update={"dataset": "/nowhere/a2bench-proc-tiny"})
    runner = with_options(plugins.runner("ray"), "ray", {"address": cluster.address})

    with pytest.raises(A2BenchError, match=r"does not see the data root: .*/nowhere[\s\S]*home="):
        list(runner.run([*jobs[1:], Job(jobs[0].card, gone)], make_worker))

    assert not [path for path in store.folder.rglob("*") if path.is_file()]


@pytest.mark.full  # a cluster of its own takes a minute to start and to end on two busy cores
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_process(
    how: signal.Signals, tiny_home: Path, tmp_path: Path, method: MakeMethod, plugin_folder: Path
) -> None:
    """A cluster started by the run ends with it, children of the method too."""
    method(
        "slow",
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "        (HERE / 'busy').touch(); time.sleep(600)",
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "datasets").symlink_to(tiny_home / "datasets")
    words = ("run", "method=slow", "dataset=a2bench-proc-tiny", "protocol=self", "split=smoke")
    process = subprocess.Popen(
        [sys.executable, "-m", "a2bench", *words, "runner=ray", "workers=1", f"home={home}"],
        start_new_session=True,
        env=os.environ | {"HOME": str(tmp_path)},  # where Ray keeps its token
    )
    try:
        wait_for(lambda: (plugin_folder / "busy").exists() or process.poll() is not None, 180)
        assert process.poll() is None
        if how is signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does
        else:
            process.send_signal(how)
        assert process.wait(180) == (130 if how is signal.SIGINT else -how)
    finally:
        with suppress(ProcessLookupError):  # it has ended, and so has its group
            os.killpg(process.pid, signal.SIGKILL)
    assert left_of(plugin_folder) == []


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Return when it holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def left_of(plugin_folder: Path) -> list[str]:
    """Command lines of processes that inherited this test's environment, ours left out."""
    mark = f"A2BENCH_PLUGINS={plugin_folder}".encode()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        left = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # it ended while we looked
                continue
            if mark in environment and int(folder.name) != os.getpid() and words:
                left.append(words)
        if not left:
            break
        time.sleep(0.2)
    return left


def test_a_wrong_address_is_said_at_once(tiny: Dataset, store: RunFolder) -> None:
    """Nobody listens on port 1."""
    given = {"address": "127.0.0.1:1"}

    with pytest.raises(A2BenchError, match=r"no Ray cluster at 127.0.0.1:1[\s\S]*`ray status`"):
        run(
            store,
            tiny,
            [plugins.card("still")],
            ["self"],
            "smoke",
            runner="ray",
            runner_options=given,
        )
