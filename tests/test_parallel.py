"""How many processes are started where nobody says."""

import os
from pathlib import Path

import pytest

from a2bench import parallel
from a2bench.errors import A2BenchError
from a2bench.parallel import cores, worker_count


@pytest.fixture(autouse=True)
def eight_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 64 cores of which this process may use eight, without quota or Slurm."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(parallel, "_CPU_QUOTA", tmp_path / "cpu.max")
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)


def test_a_process_uses_the_cores_it_may_run_on() -> None:
    """Eight of 64, as `taskset` or Slurm's affinity plug-in leave it."""
    assert cores() == worker_count(None, 100) == 8
    assert worker_count(None, 3) == 3


@pytest.mark.parametrize(("given", "expected"), [("4", 4), ("16", 8), ("0", 1), ("four", 8)])
def test_a_slurm_task_uses_the_cores_it_was_given(
    given: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm without binding: the variable alone says it; it never adds cores."""
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)

    assert cores() == expected


@pytest.mark.parametrize(("quota", "expected"), [("max 100000", 8), ("150000 100000", 2)])
def test_a_container_uses_its_quota(tmp_path: Path, quota: str, expected: int) -> None:
    """1.5 cores are two processes."""
    (tmp_path / "cpu.max").write_text(f"{quota}\n")

    assert cores() == expected


def test_where_nothing_is_known_of_affinity_all_cores_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "sched_getaffinity")

    assert cores() == 64


def test_what_is_asked_for_is_not_second_guessed() -> None:
    """More than the cores, if somebody wants it; never less than one."""
    assert worker_count(12, 100) == 12
    with pytest.raises(A2BenchError, match="workers=0"):
        worker_count(0, 4)
