"""What the runner costs a case beside the method's own time, and whether its memory stays flat.

    python benchmarks/harness_overhead.py [--cases 500] [--own-seconds 0.3] [--command]

A method that answers with the driving video (512x768, 32 frames) after a wait, as one does whose
work is a GPU's, is run on a few cases with many seeds, through the real `run`: everything but the
call is harness: reading and decoding inputs (of the next case while the method is at one, where a
core is free), checking, mapping, lossless encoding, hashing, records, events. With
`--own-seconds 0` there is no such time, and a case costs all that its reading and storing cost.
With `--command` the method is a program of the standard library that waits and copies its driving
video: its own time is that of its process; checkout links, files, log and collecting are harness.
Printed: milliseconds a case by stage, the ratio to a bare decode and encode of the same frames in
the same process, and resident memory of workers and of this process after 12 cases and at the end.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

_CARD = """name: echo
title: Echo
summary: the driving video at once
kind: in_process
entry: Echo
inputs_seen: [driving_rgb]
stochastic: true
"""
_CLASS = """import time


class Echo:
    def __init__(self, device):
        pass

    def __call__(self, inputs):
        time.sleep({own_seconds})
        return inputs.driving_video
"""


_PROGRAM = """import shutil, sys, time

time.sleep(float(sys.argv[3]))
shutil.copy(sys.argv[1], sys.argv[2])
"""


def write_command_card(folder: Path, plugins_folder: Path, own_seconds: float) -> None:
    """Make a repository with the program, a card for it, and its environment: this interpreter."""
    import yaml

    from a2bench import environment, plugins
    from a2bench.checkout import fetch_source

    os.environ["A2BENCH_CACHE"] = str(folder / "cache")
    repository = folder / "upstream"
    repository.mkdir()
    (repository / "copy.py").write_text(_PROGRAM)
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    argv = ["{python}", "copy.py", "{driving_video}", "{work}/out.mp4", str(own_seconds)]
    card = yaml.safe_load(_CARD.replace("entry: Echo\n", "").replace("in_process", "command"))
    card["command"] = {
        "source": {"url": f"file://{repository}", "commit": commit},
        "environment": {"python": f"{sys.version_info.major}.{sys.version_info.minor}"},
        "steps": [{"name": "copy", "argv": argv}],
        "result": {"find": "out.mp4"},
    }
    (plugins_folder / "echo.yaml").write_text(yaml.safe_dump(card))
    found = plugins.card("echo")
    fetch_source(environment.block_of(found))
    environment.use_interpreter(found, Path(sys.executable))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--own-seconds", type=float, default=0.3)
    parser.add_argument("--command", action="store_true")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        plugins_folder = Path(folder) / "plugins" / "baselines"
        plugins_folder.mkdir(parents=True)
        (plugins_folder / "echo.yaml").write_text(_CARD)
        (plugins_folder / "echo.py").write_text(_CLASS.format(own_seconds=wanted.own_seconds))
        os.environ["A2BENCH_PLUGINS"] = str(plugins_folder.parent)
        if wanted.command:
            write_command_card(Path(folder), plugins_folder, wanted.own_seconds)
        measure(Path(folder), wanted.cases, wanted.workers)


def measure(home: Path, cases: int, workers: int) -> None:
    from a2bench import plugins
    from a2bench.builders import procedural
    from a2bench.execute import RunSummary, carry_out
    from a2bench.ondemand import Grid, driving_clip
    from a2bench.records import Result
    from a2bench.run import plan
    from a2bench.store import RunFolder
    from a2bench.video import read_truth, write_lossless_rgb

    dataset = procedural.build(home, split="smoke", workers=2)
    samples = dataset.cases("self", "smoke")
    store = RunFolder.of(home, "overhead")
    seeds = range(-(-cases // len(samples)))
    jobs, _ = plan(store, dataset, [plugins.card("echo")], ["self"], "smoke", seeds=seeds)
    jobs = jobs[:cases]

    bare = []
    for case in samples * 3:
        grid = Grid(size=case.size, fps=case.fps, frames=case.frames, fit="stretch")
        started = time.perf_counter()
        frames = read_truth(driving_clip(dataset, case, grid)[0])
        write_lossless_rgb(home / "bare.mp4", frames, case.fps)
        bare.append(time.perf_counter() - started)

    memory_of_this = []
    answered = []

    class Watched:
        summary = "local, watched"

        def run(self, jobs, make_worker, *, workers=None):  # type: ignore[no-untyped-def]
            for result in plugins.runner("local").run(jobs, make_worker, workers=workers):
                yield result
                answered.append(time.perf_counter())
                memory_of_this.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    summary = RunSummary()
    carry_out(store, jobs, summary, Watched(), workers=workers, about={})
    assert summary.made == len(jobs), summary.failed[:1]
    results = [
        Result.model_validate_json(Path(job.request.output).with_suffix(".json").read_bytes())
        for job in jobs
    ]
    # the first case of each worker has start and loading in it
    wall = (answered[-1] - answered[workers - 1]) * workers / (len(jobs) - workers)
    own = statistics.mean(result.infer_seconds or 0.0 for result in results)
    stages = {
        stage: statistics.median(result.seconds[stage] for result in results)
        for stage in ("prepare", "store")
    }
    floor = statistics.median(bare)
    print(
        f"{len(jobs)} cases of {samples[0].size}, {samples[0].frames} frames, {workers} worker(s)"
    )
    print(f"harness a case: {1000 * (wall - own):.0f} ms (method's own: {1000 * own:.1f} ms)")
    for stage, seconds in stages.items():
        print(f"  {stage}: {1000 * seconds:.0f} ms (median)")
    rest = wall - own - sum(stages.values())
    print(f"  rest (hand over, record, event, progress): {1000 * rest:.0f} ms")
    print(f"bare decode + lossless encode of the same frames: {1000 * floor:.0f} ms")
    print(f"ratio harness / bare: {(wall - own) / floor:.2f}")
    peaks = [result.peak_host_mib or 0.0 for result in results]
    print(
        f"worker memory: {max(peaks[:12]):.0f} MiB in the first 12 cases, "
        f"{max(peaks[-12:]):.0f} MiB in the last 12"
    )
    print(
        f"this process: {memory_of_this[11]:.0f} MiB after 12 cases, {memory_of_this[-1]:.0f} MiB "
        f"after {len(jobs)}"
    )


if __name__ == "__main__":
    main()
