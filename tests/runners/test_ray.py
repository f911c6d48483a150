"""Runner `ray`: several Ray nodes on this machine; what is lost is run elsewhere."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paths import is_alive
from a2bench.records import MethodCard
from a2bench.run import RunSummary, plan, run
from a2bench.runner import Job, with_options
from a2bench.store import RunFolder
from a2bench.worker import make_worker

ray = pytest.importorskip("ray")
MakeMethod = Callable[..., MethodCard]
Predictions = Callable[[RunFolder], dict[str, bytes]]
OBJECT_STORE = 80 * 2**20


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Ray head without a CPU and two nodes with one CPU each, all on this machine.

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
        made.add_node(num_cpus=1, object_store_memory=OBJECT_STORE, wait=False)
        made.add_node(num_cpus=1, object_store_memory=OBJECT_STORE, wait=False)
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


def test_local_and_ray_give_the_same_bytes(
    cluster: Any, tiny: Dataset, tmp_path: Path, noise: MethodCard, predictions: Predictions
) -> None:
    """Two deterministic methods and a seeded one: 4 + 4 + 4 * 2 videos."""
    cards = [plugins.card("still"), plugins.card("similarity_warp"), noise]
    found = []
    for name in ("local", "ray"):
        store = RunFolder.of(tmp_path, name)
        given = {"address": cluster.address} if name == "ray" else {}
        summary = run(
            store, tiny, cards, ["self"], "smoke", runner=name, runner_options=given, seeds=[0, 1]
        )
        assert (summary.made, summary.failed) == (16, [])
        found.append(predictions(store))

    assert found[0] == found[1]


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


@pytest.mark.parametrize(
    "how", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.full)]
)
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
