"""Published numbers are shown as printed, labelled as published, and stay apart from ours."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.paper_tables import paper_table, paper_tables, published_markdown, reported

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
