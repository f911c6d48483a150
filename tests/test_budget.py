"""`budget=`: two cases are timed, the longest nested split that fits is run."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from a2bench import plugins
from a2bench.budget import as_duration, run_within
from a2bench.cli.tasks import parse_duration
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.run import run
from a2bench.runner import SizedRunner, with_options
from a2bench.store import RunFolder

Cli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def two_splits(tiny: Dataset) -> Dataset:
    """The four smoke characters as splits of two and of four."""
    splits = {"pair": 2, "smoke": 4}
    return Dataset(tiny.folder, tiny.info.model_copy(update={"splits": splits}))


@pytest.fixture
def slow(plugin_folder: Path) -> str:
    """A method that takes three seconds a case."""
    (plugin_folder / "baselines" / "slow.yaml").write_text(
        "name: slow\ntitle: slow\nsummary: s\nkind: in_process\nentry: It\ninputs_seen: []\n"
    )
    (plugin_folder / "baselines" / "slow.py").write_text(
        "import time\nimport numpy as np\nclass It:\n    def __init__(self, device): pass\n"
        "    def __call__(self, inputs):\n        time.sleep(3)\n"
        "        return np.repeat(inputs.reference_image[None], inputs.frames, 0)\n"
    )
    return "slow"


def test_the_longest_split_that_fits_is_taken(
    two_splits: Dataset, tmp_path: Path, slow: str
) -> None:
    """Two cases are made and timed, at 3 s and a little each; for two more no time is left.

    With time, the same command makes the other two; the first are not made again.
    """
    store = RunFolder.of(tmp_path, "budget")
    cards = [plugins.card(slow)]

    summary, estimate = run_within(5, store, two_splits, cards, ["self"], "smoke", workers=2)
    again, later = run_within(600, store, two_splits, cards, ["self"], "smoke", workers=2)

    assert (estimate.chosen, summary.made, summary.done_before) == ("pair", 2, 0)
    assert estimate.seconds_a_case["slow"] >= 3
    assert estimate.devices == {"slow": 2}
    assert estimate.seconds["pair"] == 0  # the timed cases are it
    assert estimate.seconds["smoke"] == pytest.approx(estimate.seconds_a_case["slow"])
    assert (later.chosen, again.made, again.done_before) == ("smoke", 2, 2)


def test_a_budget_that_nothing_fits_into_says_what_does(tiny: Dataset, tmp_path: Path) -> None:
    """Exit with the number to type; what was timed is kept."""
    store = RunFolder.of(tmp_path, "budget")
    cards = [plugins.card("still")]

    with pytest.raises(A2BenchError, match=r"even split smoke needs about .*\nhint: budget=\d+s"):
        run_within(0.001, store, tiny, cards, ["self"], "smoke", workers=1)
    assert len(list(store.folder.rglob("*.mp4"))) == 2


def test_failed_cases_are_retried_and_timed(
    two_splits: Dataset, tmp_path: Path, plugin_folder: Path
) -> None:
    """Four cases fail. Mended but for the first, each is tried once more: three are made.

    The first is one of the two that are timed: it fails again and is not tried a third time.
    """
    (plugin_folder / "baselines" / "mended.yaml").write_text(
        "name: mended\ntitle: m\nsummary: s\nkind: in_process\nentry: It\ninputs_seen: []\n"
    )
    (plugin_folder / "baselines" / "mended.py").write_text(
        "import pathlib, numpy as np\n"
        f"HERE = pathlib.Path({str(plugin_folder)!r})\n"
        "class It:\n    def __init__(self, device): pass\n"
        "    def __call__(self, inputs):\n"
        "        calls = len(list(HERE.glob('call*'))); (HERE / f'call{calls}').touch()\n"
        "        if calls < 5: raise ValueError('no way')\n"
        "        return np.repeat(inputs.reference_image[None], inputs.frames, 0)\n"
    )
    store = RunFolder.of(tmp_path, "budget")
    cards = [plugins.card("mended")]
    first = run(store, two_splits, cards, ["self"], "smoke", workers=1)

    kept, nothing = run_within(600, store, two_splits, cards, ["self"], "smoke", workers=1)
    again, estimate = run_within(
        600, store, two_splits, cards, ["self"], "smoke", workers=1, retry_failed=True
    )

    assert len(first.failed) == len(kept.failed) == 4
    assert (kept.finished, nothing.seconds_a_case) == (0, {})
    assert (again.made, len(again.failed), again.done_before) == (3, 1, 0)
    assert estimate.chosen == "smoke"
    assert len(list(plugin_folder.glob("call*"))) == 8


@pytest.mark.parametrize(
    ("runner", "options", "cases", "expected"),
    [
        ("local", {}, 500, 3),
        ("local", {}, 2, 2),
        ("ray", {}, 500, 3),
        # 500 cases are 25 tasks of 20, of which 10 run at a time, each on its four cores
        ("slurm", {"parallel_tasks": 10}, 500, 40),
        ("slurm", {"parallel_tasks": 10}, 50, 12),  # three tasks
        ("slurm", {"executor": "local", "cpus_per_task": 1}, 500, 3),
    ],
)
def test_every_back_end_says_how_many_clips_it_makes_at_a_time(
    runner: str, options: dict[str, object], cases: int, expected: int
) -> None:
    """With `workers=3` on a CPU."""
    back_end = with_options(plugins.runner(runner), runner, options)

    assert isinstance(back_end, SizedRunner)
    assert back_end.devices(plugins.card("still"), cases, 3) == expected


@pytest.mark.parametrize("words", [("dry_run=true",), ("runner=slurm", "runner.script=array.sh")])
def test_a_budget_with_nothing_to_run_is_refused(
    cli: Cli, tiny_home: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Two cases would have to be timed."""
    done = cli(
        *("run", "method=still", "protocol=self", "split=smoke", "budget=2h", *words),
        *("dataset=a2bench-proc-tiny", f"home={tiny_home}", "run=refused"),
        cwd=tmp_path,
    )

    assert done.returncode == 2
    assert "times two cases a method" in done.stderr
    assert "hint: " in done.stderr
    assert not (tiny_home / "runs" / "refused").exists()
    assert not (tmp_path / "array.sh").exists()


def test_the_command_line_says_which_split_it_took(cli: Cli, tiny_home: Path) -> None:
    """And the next command names it."""
    done = cli(
        *("run", "--method", "still", "--protocol", "self", "--split", "smoke"),
        *("--dataset", "a2bench-proc-tiny", "--home", str(tiny_home), "--run", "timed"),
        *("--budget", "10m"),
    )

    assert done.returncode == 0, done.stderr
    assert "taking split smoke" in done.stderr
    assert "next: a2bench score dataset=a2bench-proc-tiny split=smoke" in done.stdout


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("1h30m", 5400), ("45s", 45), (90, 90), ("0.5d", 43200)]
)
def test_times_are_written_as_people_do(text: str, seconds: float) -> None:
    """2h = 2 * 3600 s."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["soon", "2 weeks", "", "-3h", "0s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(A2BenchError, match="budget="):
        parse_duration(text)


def test_durations_are_read_at_a_glance() -> None:
    """99 s, 100 s = 2 min rounded, 100 min = 1.7 h."""
    assert [as_duration(s) for s in (99, 100, 5999, 6000)] == ["99 s", "2 min", "100 min", "1.7 h"]
