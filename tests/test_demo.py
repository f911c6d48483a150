"""The main job, as a newcomer sees it, on the real demo set."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from a2bench import plugins
from a2bench.leaderboard import read_leaderboard

Cli = Callable[..., CompletedProcess[str]]


def _means(demo_folder: Path, protocol: str) -> dict[tuple[str, str], float]:
    sums: dict[tuple[str, str], list[float]] = {}
    for value in read_leaderboard(demo_folder).values:
        if value.protocol == protocol and value.value is not None:
            sums.setdefault((value.method, value.metric), []).append(value.value)
    return {key: sum(numbers) / len(numbers) for key, numbers in sums.items()}


@pytest.mark.parametrize("metric", ["psnr", "ssim", "l1", "flow_error_dis"])
def test_the_truth_beats_the_puppet_and_the_puppet_beats_the_still_picture(
    demo_folder: Path, metric: str
) -> None:
    """In `cross`, on every primary metric: the region and the metrics reward moving rightly."""
    means = _means(demo_folder, "cross")
    better = plugins.metric(metric).better

    oracle, puppet, still = (means[name, metric] for name in ("oracle", "puppet_warp", "still"))

    assert better(oracle, puppet)
    assert better(puppet, still)


def test_the_folder_holds_table_values_provenance_and_contact_sheet(demo_folder: Path) -> None:
    """Everything in one place."""
    names = {path.name for path in demo_folder.iterdir()}

    assert names >= {
        *("leaderboard.md", "leaderboard.tex", "leaderboard.csv", "leaderboard.html"),
        *("values", "provenance.json", "contact_sheet.png"),
    }
    provenance = json.loads((demo_folder / "provenance.json").read_text())
    assert provenance["dataset"] == "a2bench-proc"
    for kind in ("md", "tex", "html"):
        text = (demo_folder / f"leaderboard.{kind}").read_text()
        assert provenance["dataset_digest"].removeprefix("sha256:")[:12] in text
        assert provenance["dataset_version"] in text


def test_a_second_time_computes_nothing_and_says_what_to_type_next(
    demo_folder: Path, cli: Cli
) -> None:
    """The same bytes; no prediction is made or scored again."""
    before = {path: path.stat().st_mtime_ns for path in (demo_folder / "data").rglob("*.mp4")}
    table = (demo_folder / "leaderboard.csv").read_bytes()

    done = cli("demo", "--out", str(demo_folder))

    after = {path: path.stat().st_mtime_ns for path in (demo_folder / "data").rglob("*.mp4")}
    assert done.returncode == 0, done.stderr
    assert before == after
    assert (demo_folder / "leaderboard.csv").read_bytes() == table
    assert "leaderboard.html" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("next: ")


def test_the_demo_shows_what_the_data_set_is_about(demo_folder: Path) -> None:
    """Six families, a body without arms and one without legs among the eight."""
    from a2bench.dataset import Dataset
    from a2bench.procedural import cast

    dataset = Dataset.find(demo_folder / "data", "a2bench-proc")
    people = {one.id: one for one in cast()}
    shown = [people[key] for key in dataset.ids("demo")]

    assert len({one.family for one in shown}) >= 6
    assert any(not one.has_arms for one in shown)
    assert any(not one.has_legs for one in shown)


def test_the_table_is_printed_from_values_for_machines_too(demo_folder: Path, cli: Cli) -> None:
    """`table --json` is the leaderboard: the rows of both protocols, every metric."""
    done = cli(
        *("table", "--home", str(demo_folder / "data"), "--run", "demo", "--split", "demo"),
        "--json",
    )
    record = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert record["schema"] == "a2bench.leaderboard/1"
    assert record["cases"] == {"self": 8, "cross": 8}
    assert {"psnr", "ssim", "l1", "flow_error_dis", "fid"} <= set(record["metrics"])
