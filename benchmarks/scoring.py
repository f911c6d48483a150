"""How long 500 cases take to score, and that memory does not grow with their number.

    python benchmarks/scoring.py budget [--split mini]   # seconds per suite, scaled to 500 cases
    python benchmarks/scoring.py memory                  # peak RSS of 12 and of 500 small cases
    python benchmarks/scoring.py sets [--split smoke]    # what a second method costs of the first
    python benchmarks/scoring.py set_memory              # peak RSS of FID and KID, 12 to 500 clips

`budget` builds a split at full size in a temporary folder, runs `puppet_warp` in `self` and scores
it with `a2bench score` (a process a core). `memory` adopts 12 and 500 clips of 128 x 192 and reads
the peak of the largest process of each scoring command; a clip that is kept would add 2.4 MB a
case. `sets` scores FID and KID of two methods with random weights (no number of a metric is shown)
in this process, one thread, and counts CPU seconds. `set_memory` computes FID and KID from vectors
of 31 frames a clip on the disk.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a script

from a2bench.video import write_truth

BUDGET_SECONDS = {"disco": 240, "a2bench": 480}
CASES = 500


def a2bench(*words: str) -> None:
    """Run the command line quietly; its errors are shown."""
    done = subprocess.run(
        [sys.executable, "-m", "a2bench", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def budget(split: str) -> None:
    """Print seconds of 500 cases: start-up once, and what each case adds.

    Splits are nested: 4 cases are scored first, then the rest of the split. Both pay for the same
    start of the processes, so that their difference is what the further cases cost.
    """
    with tempfile.TemporaryDirectory() as home:
        where = (f"home={home}", "method=puppet_warp", "protocol=self")
        a2bench("build", "dataset=procedural", f"split={split}", f"home={home}")
        a2bench("run", *where, f"split={split}")
        from a2bench.dataset import Dataset

        dataset = Dataset.find(Path(home), "a2bench-proc")
        few = len(dataset.cases("self", "smoke"))
        rest = len(dataset.cases("self", split)) - few
        for suite, allowed in BUDGET_SECONDS.items():
            spent = []
            for name in ("smoke", split):
                wall, used = time.perf_counter(), _children_cpu_seconds()
                a2bench("score", *where, f"suite={suite}", f"split={name}")
                spent.append((time.perf_counter() - wall, _children_cpu_seconds() - used))
            each = [(b - a) / (rest - few) for a, b in zip(*spent, strict=True)]
            wall, used = (a + (CASES - few) * x for a, x in zip(spent[0], each, strict=True))
            print(
                f"{suite:<10}a case {each[0]:.2f} s ({each[1]:.2f} CPU seconds), start-up "
                f"{spent[0][0] - few * each[0]:.0f} s; {CASES} cases {wall:.0f} s ({used:.0f} CPU "
                f"seconds), budget {allowed} s; load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb_of_scoring(cases: int, home: Path) -> float:
    """Score so many small cases in a process of its own; MB of its largest process."""
    source = home / "videos"
    source.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for index in range(cases):
        low = generator.integers(40, 200, (32, 24, 16, 3), dtype=np.uint8)
        frames = np.kron(low, np.ones((1, 8, 8, 1), np.uint8))
        write_truth(source / f"clip{index:03d}.mp4", frames, 8, storage="small")
    where = (f"home={home}", "dataset=small-clips")
    a2bench("build", "dataset=adopt", f"source={source}", "name=small-clips", f"home={home}")
    a2bench("run", "method=still", "protocol=self", "split=full", *where)
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'a2bench', *sys.argv[1:]], check=True,\n"
        "    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    words = ("score", "method=still", "protocol=self", "split=full", "suite=[a2bench,disco]")
    done = subprocess.run(
        [sys.executable, "-c", script, *words, *where],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout) / 1024


def memory() -> None:
    """Print the peak of 12 and of 500 cases."""
    peaks = {}
    for cases in (12, CASES):
        with tempfile.TemporaryDirectory() as home:
            peaks[cases] = peak_mb_of_scoring(cases, Path(home))
        print(f"{cases:>4} cases: peak {peaks[cases]:.0f} MB in the largest process")
    print(f"growth {peaks[CASES] / peaks[12] - 1:+.1%}")


def sets(split: str) -> None:
    """Print the CPU seconds of FID and KID for a first and for a second method."""
    import torch

    from a2bench import plugins, weights
    from a2bench.builders import procedural
    from a2bench.run import run
    from a2bench.score import score
    from a2bench.store import RunFolder
    from benchmarks.precision_checks.network import inception_tensors

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        torch.save(inception_tensors(), home / "random.pth")
        digest = hashlib.sha256((home / "random.pth").read_bytes()).hexdigest()
        rows = dict(weights.table())
        rows["inception_fid"] = rows["inception_fid"].model_copy(
            update={"file": "random.pth", "size_bytes": None, "sha256": digest}
        )
        weights.table = lambda: rows  # type: ignore[assignment]
        os.environ["A2BENCH_WEIGHTS"] = folder
        dataset = procedural.build(home, split=split, profile="tiny", workers=1)
        store = RunFolder.of(home, "sets")
        taken = []
        for name in ("similarity_warp", "puppet_warp"):
            card = plugins.card(name)
            run(store, dataset, [card], ["self"], split, workers=1)
            start = time.process_time()
            score(store, dataset, [card], ["self"], split, ["fid", "kid"], workers=1)
            taken.append(time.process_time() - start)
    cases = len(dataset.cases("self", split))
    print(
        f"FID and KID of {cases} cases, CPU seconds: first method {taken[0]:.1f}, "
        f"second {taken[1]:.1f}, {taken[1] / taken[0]:.2f} of it"
    )


def set_memory() -> None:
    """Print the peak of a process that computes FID and KID of so many clips."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from a2bench import plugins\n"
        "from a2bench.features import KeptClips, write_features\n"
        "from a2bench.records import Case, Size\n"
        "count, folder = int(sys.argv[1]), Path(sys.argv[2])\n"
        "generator = np.random.default_rng(0)\n"
        "size = Size(width=64, height=64)\n"
        "cases = [Case(case_id=f'c{i}', protocol='self', reference_id=f'c{i}', driver_id=f'c{i}',\n"
        "    size=size, frames=32, fps=8) for i in range(count)]\n"
        "sides = []\n"
        "for side in ('own', 'true'):\n"
        "    paths = [folder / side / f'{side}{i}.safetensors' for i in range(count)]\n"
        "    for path in paths:\n"
        "        vectors = generator.normal(size=(31, 2048)).astype(np.float32)\n"
        "        write_features(path, vectors, 'made')\n"
        "    part = plugins.metric('fid').of_set\n"
        "    sides.append(KeptClips(cases, paths, part.extractor, folder))\n"
        "for name in sys.argv[3:]:\n"
        "    plugins.metric(name).of_set.distance(*sides)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    for cases in (12, 80, CASES):  # 80 clips are the first with more vectors than dimensions
        for name in ("kid", "fid"):
            with tempfile.TemporaryDirectory() as folder:
                words = [sys.executable, "-c", script, str(cases), folder, name]
                done = subprocess.run(words, capture_output=True, text=True, check=True)
            print(f"{name} of {cases:>3} clips: peak {int(done.stdout) / 1024:.0f} MB", flush=True)


def main() -> None:
    """Choose what to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("budget", "memory", "sets", "set_memory"))
    parser.add_argument("--split", default="", help="budget: mini, sets: smoke, if not said")
    arguments = parser.parse_args()
    if arguments.what == "budget":
        budget(arguments.split or "mini")
    elif arguments.what == "sets":
        sets(arguments.split or "smoke")
    elif arguments.what == "set_memory":
        set_memory()
    else:
        memory()


if __name__ == "__main__":
    main()
