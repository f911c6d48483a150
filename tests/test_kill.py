"""A run that is killed at any moment and started again ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TINY = ("demo", "--profile", "tiny", "--split", "smoke", "--workers", "2")
KILLS = 10
LIMIT_SECONDS = 300
"""Of one run; it takes ten seconds or so. What hangs fails here, not by the limit of the CI job."""


def _start(out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "a2bench", *TINY, "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _finished(process: subprocess.Popen[bytes]) -> int:
    """Wait for a run; return its exit status. Nothing is left behind if it hangs."""
    try:
        return process.wait(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def _files(out: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(out))


def test_ten_kills_later_the_leaderboard_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """SIGKILL to the whole process group at ten moments spread over the work, then once whole.

    The moments are counted in files written, not in seconds, so that they are spread over build,
    run and scoring on any machine.
    """
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    assert _finished(_start(undisturbed)) == 0
    total = _files(undisturbed)
    killed = 0
    for kill in range(1, KILLS + 1):
        process = _start(disturbed)
        goal = total * kill // (KILLS + 1)
        late = time.monotonic() + LIMIT_SECONDS
        while process.poll() is None and _files(disturbed) < goal and time.monotonic() < late:
            time.sleep(0.02)
        time.sleep(0.01 * kill)  # not always just after a rename
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        _finished(process)

    assert _finished(_start(disturbed)) == 0

    assert killed >= KILLS // 2  # on a busy machine more moments find the work done
    for name in ("leaderboard.csv", "leaderboard.md", "leaderboard.tex", "leaderboard.html"):
        assert (disturbed / name).read_bytes() == (undisturbed / name).read_bytes()
    assert not list(disturbed.rglob(".*"))  # nothing half done is left lying
