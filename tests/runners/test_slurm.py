"""Runner `slurm`: submitit's local executor for real, and its arrays on a stand-in Slurm."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from a2bench import plugins
from a2bench.chunk import main as chunk_main
from a2bench.chunk import record_path
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.records import MethodCard
from a2bench.run import RunSummary, plan, run
from a2bench.runner import Preparing, with_options
from a2bench.store import RunFolder
from a2bench.worker import make_worker

pytest.importorskip("submitit")
MakeMethod = Callable[..., MethodCard]
Predictions = Callable[[RunFolder], dict[str, bytes]]

FAKE_SLURM = {
    # one process group an array task; a task that asked for it is started again
    "sbatch": r"""
import os, pathlib, re, subprocess, sys
root = pathlib.Path(os.environ["FAKE_SLURM"])
script = pathlib.Path(sys.argv[1])
text = script.read_text()
(root / "scripts.txt").open("a").write(text)
number = len(list(root.glob("array-*"))) + 1
(root / f"array-{number}").touch()
many = re.search(r"--array=0-(\d+)", text)
kept = root / f"array-{number}.sh"
kept.write_text(text)
for index in range(int(many[1]) + 1 if many else 1):
    name = f"{number}_{index}" if many else str(number)
    env = os.environ | {"SLURM_JOB_ID": str(1000 * number + index)}
    if many:
        env |= {"SLURM_ARRAY_JOB_ID": str(number), "SLURM_ARRAY_TASK_ID": str(index)}
    else:
        env["SLURM_JOB_ID"] = str(number)
    loop = (f"while :; do rm -f {root}/again-{name}; bash {kept}; rc=$?; "
            f"[ -e {root}/again-{name} ] || break; done; echo $rc > {root}/{name}.rc")
    subprocess.Popen(["bash", "-c", loop], env=env, start_new_session=True,
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("Submitted batch job", number)
""",
    "srun": r"""
import os, sys
name = os.environ.get("SLURM_ARRAY_JOB_ID", os.environ["SLURM_JOB_ID"])
words = sys.argv[1:]
while words[0].startswith("--"):
    flag = words.pop(0)
    if flag in ("--output", "--error"):
        path = words.pop(0).replace("%A", name).replace("%j", name).replace("%t", "0")
        path = path.replace("%a", os.environ.get("SLURM_ARRAY_TASK_ID", ""))
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(target, 1 if flag == "--output" else 2)
os.execvp(words[0], words)
""",
    "sacct": r"""
import os, pathlib, sys
root = pathlib.Path(os.environ["FAKE_SLURM"])
print("JobID|State|NodeList")
for job in (word for word in sys.argv if word.isdigit()):
    for script in root.glob(f"array-{job}.sh"):
        count = script.read_text().split("--array=0-")
        names = [job] if len(count) == 1 else [
            f"{job}_{i}" for i in range(int(count[1].split("%")[0]) + 1)]
        for name in names:
            rc = root / f"{name}.rc"
            done = rc.exists() and rc.read_text().strip()
            print(f"{name}|{'RUNNING' if not done else 'COMPLETED' if done == '0' else 'FAILED'}|n")
""",
    "scontrol": r"""
import os, pathlib, sys
pathlib.Path(os.environ["FAKE_SLURM"], f"again-{sys.argv[2]}").touch()
""",
    # nothing of an array that has ended, as Slurm does after a few minutes
    "squeue": r"""
import os, pathlib, sys
root = pathlib.Path(os.environ["FAKE_SLURM"])
(job,) = (word.partition("=")[2] for word in sys.argv if word.startswith("--jobs="))
if not list(root.glob(f"{job}*.rc")):
    print("RUNNING")
""",
    "scancel": "",
}


@pytest.fixture
def fake_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Slurm's commands on PATH, as programs of ours that run array tasks on this machine."""
    bin_folder = tmp_path / "slurm" / "bin"
    bin_folder.mkdir(parents=True)
    for name, text in FAKE_SLURM.items():
        (bin_folder / name).write_text(f"#!{sys.executable}{text or chr(10)}")
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SLURM", str(tmp_path / "slurm"))
    return tmp_path / "slurm"


def on_slurm(
    store: RunFolder, dataset: Dataset, cards: list[MethodCard], **options: object
) -> RunSummary:
    """Run the four smoke cases; look often, trust the disk at once."""
    given = {"poll_seconds": 0.1, "settle_seconds": 0, "cpus_per_task": 1, **options}
    return run(
        store,
        dataset,
        cards,
        ["self"],
        "smoke",
        runner="slurm",
        runner_options=given,
        seeds=[0, 1],
        workers=2,
    )


def test_keys_that_the_local_executor_has_no_use_for_are_named() -> None:
    """Not passed over in silence: what a trial does not try is said."""
    given = {"partition": "gpu", "setup": ["module load cuda"], "cases_per_task": 2}
    unused = sys.modules[type(plugins.runner("slurm")).__module__]._unused
    for executor, expected in (("local", ["runner.partition", "runner.setup"]), ("slurm", [])):
        runner: Any = with_options(
            plugins.runner("slurm"), "slurm", {**given, "executor": executor}
        )
        assert unused(runner.options) == expected


def test_an_array_is_requeued_and_a_task_that_dies_costs_only_its_case(
    tiny: Dataset, store: RunFolder, method: MakeMethod, fake_slurm: Path
) -> None:
    """Of four cases in one task the second reaches the time limit once, the third always kills it.

    At the limit submitit asks Slurm to queue the task again, where it goes on. The killed task's
    third case is submitted once more, alone, and then marked; its fourth is done.
    """
    card = method(
        "kills",
        "seen = len(list(HERE.glob('call*'))); (HERE / f'call{seen}').touch()\n"
        "        third = HERE / 'third'\n"
        "        if seen == 1:\n"
        "            os.kill(os.getppid(), signal.SIGUSR2); time.sleep(600)\n"
        "        if seen == 3: third.write_text(case)\n"
        "        if third.exists() and third.read_text() == case:\n"
        "            os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)",
    )

    summary = on_slurm(store, tiny, [card], resubmits=1, account="lab", time_minutes=1)

    (failed,) = summary.failed
    assert (summary.made, failed.failure) == (3, "crash")
    assert failed.case_id == tiny.cases("self", "smoke")[2].case_id
    assert failed.reason.startswith("the Slurm task it was in died 2 times; the last time: ")
    first, again = (fake_slurm / "scripts.txt").read_text().split("#!/bin/bash")[1:]
    assert "#SBATCH --account=lab" in first
    assert "--array" not in first  # one task
    assert "#SBATCH --array=0-1%2" in again  # the suspect alone, and the rest


def test_an_array_of_a_killed_command_is_not_started_twice(
    tiny: Dataset, store: RunFolder, method: MakeMethod, fake_slurm: Path, tmp_path: Path
) -> None:
    """The command dies, its array goes on: the next one is refused, and then finds it done."""
    card = method("waits", "while not (HERE / 'go').exists(): time.sleep(0.1)")
    jobs, _ = plan(store, tiny, [card], ["self"], "smoke")
    given = {"poll_seconds": 0.1, "settle_seconds": 0, "cpus_per_task": 1, "cases_per_task": 4}
    runner = with_options(plugins.runner("slurm"), "slurm", given)
    queue_of = sys.modules[type(runner).__module__]
    folder = store.folder / "slurm"
    folder.mkdir(parents=True)
    killed = queue_of._Queue(runner.options, folder, make_worker, 1)  # type: ignore[attr-defined]
    killed.add(jobs)
    killed._submit()  # and nothing after it

    with pytest.raises(
        A2BenchError, match=r"Slurm job 1 .* still does cases .*1 running[\s\S]*scancel 1"
    ):
        on_slurm(store, tiny, [card])
    (tmp_path / "plugins" / "go").touch()
    deadline = time.monotonic() + 120
    while not list(fake_slurm.glob("*.rc")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    again = on_slurm(store, tiny, [card])

    assert (again.made, again.done_before) == (0, 4)
    assert again.failed == []


def test_a_set_up_that_cannot_start_marks_no_case(
    tiny: Dataset, store: RunFolder, fake_slurm: Path
) -> None:
    """The log's last words and what to mend; nothing counts as failed."""
    with pytest.raises(A2BenchError, match=r"before it did anything[\s\S]*runner.setup"):
        on_slurm(store, tiny, [plugins.card("still")], setup=["echo no such module >&2; exit 1"])

    jobs, summary = plan(store, tiny, [plugins.card("still")], ["self"], "smoke")
    assert (len(jobs), summary.failed, summary.done_before) == (4, [], 0)
    assert not any(record_path(job).exists() for job in jobs)


def test_without_slurm_the_way_out_is_said(
    tiny: Dataset, store: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(A2BenchError, match=r"srun[\s\S]*runner.executor=local[\s\S]*runner.script"):
        on_slurm(store, tiny, [plugins.card("still")])


def test_a_failure_is_forgotten_only_when_it_is_tried_again(
    tiny: Dataset,
    store: RunFolder,
    method: MakeMethod,
    plugin_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without Slurm a retry cannot start: four failures stay. With it all four are made."""
    card = method("mended", "if not (HERE / 'mended').exists(): raise ValueError('no way')")
    run(store, tiny, [card], ["self"], "smoke", workers=1)
    (plugin_folder / "mended").touch()

    def retried(executor: str) -> RunSummary:
        given = {"executor": executor, "poll_seconds": 0.1}
        return run(
            *(store, tiny, [card], ["self"], "smoke"),
            runner="slurm",
            runner_options=given,
            workers=1,
            retry_failed=True,
        )

    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with pytest.raises(A2BenchError, match="srun"):
            retried("slurm")
    kept = plan(store, tiny, [card], ["self"], "smoke")[1].failed
    again = retried("local")

    assert [failed.failure for failed in kept] == ["crash"] * 4
    assert (again.made, again.failed) == (4, [])


def test_a_written_array_script_does_the_cases_without_submitit(
    tiny: Dataset, store: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Task 1 of two by bash as Slurm would start it, task 0 by its own words; then all is there."""
    options = {"script": str(tmp_path / "array.sh"), "cases_per_task": 2, "partition": "gpu a"}
    runner = with_options(plugins.runner("slurm"), "slurm", options)
    assert isinstance(runner, Preparing)
    cards = [plugins.card("still")]
    jobs, _ = plan(store, tiny, cards, ["self"], "smoke")

    said = runner.prepared(jobs)

    assert said.startswith("4 cases in 2 tasks: ")
    assert not store.folder.exists()  # nothing was run
    text = (tmp_path / "array.sh").read_text()
    assert "#SBATCH --array=0-1%64\n" in text
    assert "#SBATCH --partition='gpu a'\n" in text
    env = os.environ | {"SLURM_ARRAY_TASK_ID": "1"}
    subprocess.run(["bash", str(tmp_path / "array.sh")], check=True, env=env, capture_output=True)
    assert len(plan(store, tiny, cards, ["self"], "smoke")[0]) == 2
    assert chunk_main([str(tmp_path / "array.sh.jobs.jsonl"), "0", "2"]) == 0
    assert plan(store, tiny, cards, ["self"], "smoke")[0] == []
    assert capsys.readouterr().out.count(": ok") == 2


def test_a_job_file_of_something_else_is_refused_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.jsonl").write_text('{"card": {}}\n')

    assert chunk_main([str(tmp_path / "jobs.jsonl"), "0", "2"]) == 2
    assert "jobs.jsonl, line 1: not a job" in capsys.readouterr().err
