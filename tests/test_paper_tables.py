"""Published numbers are shown as printed, labelled as published, and stay apart from ours."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paper_tables import paper_table, paper_tables, published_markdown, reported
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("name", paper_tables())
def test_every_table_is_whole_and_its_columns_are_metrics_of_ours(name: str) -> None:
    table = paper_table(name)
    rows = table.rows()
    assert rows
    for row in rows:
        assert None not in row.values(), f"{row}: a cell too few"
        assert None not in row, f"{row}: a cell too many"
        for column, number in list(row.items())[1:]:
            if number:
                float(number)
            assert column in rows[0]
    for column, metric in table.columns.items():
        assert column in rows[0]
        assert metric in plugins.names("metrics"), metric
    assert table.differs


def test_the_headline_row_of_the_paper_is_as_printed() -> None:
    row = next(
        row for row in paper_table("animate_x_table1").rows() if row["method"] == "Animate-X"
    )
    assert row == {
        "method": "Animate-X", "psnr_star": "13.60", "ssim": "0.452", "l1": "1.02e-4",
        "lpips": "0.430", "fid": "26.11", "fid_vid": "32.23", "fvd": "703.87",
    }  # fmt: skip


def test_a_published_table_says_that_it_is_not_ours_and_what_differs() -> None:
    text = published_markdown("animate_x_table7")
    assert text.startswith("Published, not measured here: ")
    assert "| Champ | 2.94e-4 | 29.91 | - |" in text
    assert "wraps around at 256" in text
    with pytest.raises(A2BenchError, match="Did you mean 'animate_x_table7'"):
        published_markdown("animate_x_table_7")


def test_side_by_side_the_papers_number_and_the_re_evaluations_stand_together() -> None:
    ours = {("Animate-X", "fvd_logits400"): "500.00"}
    found = [one for one in reported("tiktok", ours) if one.method == "Animate-X"]
    fvd = [(one.kind, one.number) for one in found if one.metric.startswith("fvd")]
    assert fvd == [
        ("third party", "508.63"),
        ("third party", "508.6"),
        ("paper", "139.01"),
        ("ours", "500.00"),
    ]


def test_through_the_command_line(cli: Cli, tmp_path: Path) -> None:
    listed = cli("table", "--published", "list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(paper_tables())
    shown = json.loads(cli("table", "--published", "animate_x_table2", "--json").stdout)
    assert len(shown["rows"]) == 10
    done = cli("table", "--reproduce", "tiktok", "--home", str(tmp_path))
    assert done.returncode == 0
    assert "| Animate-X | ssim | 0.740 | third party |" in done.stdout
    assert "a2bench build dataset=adopt" in done.stderr
    assert cli("table", "--reproduce", "tiktok", "--published", "list").returncode == 2


def test_a_preset_prints_this_run_in_the_papers_columns(
    cli: Cli, tiny_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    found_set, store = Dataset.find(home, "a2bench-proc-tiny"), RunFolder.of(home, "preset")
    cards = [plugins.card("still")]
    run(store, found_set, cards, ["self"], "smoke", workers=1)
    score(store, found_set, cards, ["self"], "smoke", suite_metrics("disco"), workers=1)
    asked = ("--dataset", "a2bench-proc-tiny", "--split", "smoke", "--run", "preset")
    done = cli("table", "--preset", "animate_x_table2", *asked, "--home", str(home), "--json")
    found = json.loads(done.stdout)
    assert list(found["metrics"]) == [
        "psnr_star", "ssim_gray7", "l1_over_area", "lpips_vgg_unit_range",
        "fid_all_frames", "fid_vid_windows", "fvd_logits400",
    ]  # fmt: skip
    assert found["suite"] == "disco"
    assert [row["method"] for row in found["rows"]] == ["still"]
    assert "rows of the paper that were not run here: " in done.stderr
    assert "a2bench table --published animate_x_table2" in done.stderr
    # the paper's protocol unless another is asked for
    other = cli(
        "table", "--preset", "animate_x_table2", "--protocol", "cross", *asked, "--home", str(home)
    )
    assert other.returncode == 2
    assert "cross / still" in other.stderr


def test_a_paper_table_that_is_no_table_of_metrics_has_no_preset(cli: Cli) -> None:
    done = cli("table", "--preset", "animate_x_table3")
    assert done.returncode == 2
    assert "a2bench table --published animate_x_table3" in done.stderr
    assert "animate_x_table1" in cli("table", "--preset", "list").stdout
