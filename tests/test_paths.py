"""Files are whole or not there; what killed processes left is cleared away."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from a2bench.errors import A2BenchError
from a2bench.paths import alone_in, aside_name, only_one, sweep_asides, write_aside, write_text

HANG = (
    "import sys, time\nfrom pathlib import Path\nfrom a2bench.paths import write_aside\n"
    "with write_aside(Path(sys.argv[1])) as aside:\n"
    "    aside.write_text('half')\n    print('written', flush=True)\n    time.sleep(60)\n"
)


def _killed_while_writing(path: Path) -> subprocess.Popen[str]:
    """Return a process killed in the middle of a file, not asked after: a zombie."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANG, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    process.kill()
    stat = Path(f"/proc/{process.pid}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.005)
    return process


def test_an_error_in_mid_file_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    write_text(path, "old")

    def write_half() -> None:
        with write_aside(path) as aside:
            aside.write_text("half")
            raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        write_half()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("values.csv", "old")]


def test_writing_a_file_again_clears_what_a_killed_process_left_of_it(tmp_path: Path) -> None:
    """Also while that process is a zombie: it answers signals, but writes no more."""
    path, other = tmp_path / "case.mp4", tmp_path / "case2.mp4"
    process = _killed_while_writing(path)
    assert len(list(tmp_path.glob(".case.*.mp4"))) == 1
    write_text(other, "of another name: not its business")
    assert len(list(tmp_path.glob(".case.*.mp4"))) == 1
    write_text(path, "whole")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["case.mp4", "case2.mp4"]
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_the_unfinished_file_of_a_living_process_stays(tmp_path: Path) -> None:
    mine = tmp_path / aside_name("case")
    mine.write_text("half")
    sweep_asides(tmp_path)
    assert mine.exists()
    assert str(os.getpid()) in mine.name


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, what the system says, and what to do."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    for lock in (only_one, alone_in):
        with (
            pytest.raises(A2BenchError, match=r"x\.lock: cannot be locked: No locks.*\nhint: some"),
            lock(tmp_path / "x.lock", "testing"),
        ):
            pass
