"""How long 500 cases take to score, and that memory does not grow with their number.

    python benchmarks/scoring.py budget [--split demo]   # seconds per suite, scaled to 500 cases
    python benchmarks/scoring.py memory                  # peak RSS of 12 and of 500 small cases

`budget` builds a split at full size in a temporary folder, runs `puppet_warp` in `self` and scores
it with `a2bench score` (a process a core). `memory` adopts 12 and 500 clips of 128 x 192 and reads
the peak of the largest process of each scoring command; a clip that is kept would add 2.4 MB a
case.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

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
    """Print seconds for this split and for 500 cases."""
    with tempfile.TemporaryDirectory() as home:
        where = (f"home={home}", f"split={split}")
        a2bench("build", "dataset=procedural", *where)
        a2bench("run", "method=puppet_warp", "protocol=self", *where)
        from a2bench.dataset import Dataset

        cases = len(Dataset.find(Path(home), "a2bench-proc").cases("self", split))
        for suite, allowed in BUDGET_SECONDS.items():
            pixel = ("method=puppet_warp", "protocol=self", f"suite={suite}")
            start = time.perf_counter()
            a2bench("score", *pixel, *where)
            seconds = time.perf_counter() - start
            start = time.perf_counter()
            a2bench("score", *pixel, *where)  # everything is known: start-up, table, keys
            fixed = time.perf_counter() - start
            scaled = fixed + (seconds - fixed) / cases * CASES
            print(
                f"{suite:<10}{cases} cases {seconds:6.1f} s (of it {fixed:.1f} s fixed); "
                f"{CASES} cases {scaled:6.0f} s, budget {allowed}; load {os.getloadavg()[0]:.1f}"
            )


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


def main() -> None:
    """Choose what to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("budget", "memory"))
    parser.add_argument("--split", default="demo")
    arguments = parser.parse_args()
    if arguments.what == "budget":
        budget(arguments.split)
    else:
        memory()


if __name__ == "__main__":
    main()
