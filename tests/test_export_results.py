"""The Hub's forms, read back by its own library."""

from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from a2bench.errors import A2BenchError
from a2bench.export_results import export_hf

from .leaderboards import toy

HUB = "someone/a2bench-proc"


def test_the_hubs_library_reads_every_number_back(tmp_path: Path) -> None:
    """`.eval_results` and the model card hold what the table prints, in full precision."""
    board = toy().leaderboard()
    export_hf(toy(), tmp_path, dataset_id=HUB, dataset_revision="a" * 40)

    row = next(row for row in board.rows if (row.card.name, row.protocol) == ("steady", "cross"))
    psnr = row.cells[0].value
    path = tmp_path / "models/steady/.eval_results/a2bench.yaml"
    entries = parse_eval_result_entries(yaml.safe_load(path.read_text()))
    by_task = {entry.task_id: entry for entry in entries}
    assert by_task["cross_psnr"].value == psnr
    assert by_task["cross_psnr"].dataset_id == HUB
    assert by_task["cross_psnr"].dataset_revision == "a" * 40
    assert "6 of 6 cases" in (by_task["cross_psnr"].notes or "")

    card = ModelCard.load(tmp_path / "models/steady/README.md")
    assert card.data.eval_results is not None
    values = {
        (one.dataset_config, one.metric_type): one.metric_value for one in card.data.eval_results
    }
    assert values["cross", "psnr"] == psnr


def test_every_result_is_of_a_task_of_the_data_set(tmp_path: Path) -> None:
    """Both files name the same tasks; reference rows and unranked distances are not there."""
    export_hf(toy(), tmp_path, dataset_id=HUB)
    tasks = yaml.safe_load((tmp_path / "dataset/eval.yaml").read_text())
    known = {task["id"] for task in tasks["tasks"]}

    found = set()
    for path in tmp_path.glob("models/*/.eval_results/*.yaml"):
        found |= {
            entry.task_id for entry in parse_eval_result_entries(yaml.safe_load(path.read_text()))
        }

    assert found == known
    assert known == {
        f"{protocol}_{metric}"
        for protocol in ("self", "cross")
        for metric in ("psnr", "ssim", "l1", "flow_error_dis")
    }
    assert not (tmp_path / "models/oracle").exists()
    assert tasks["evaluation_framework"] == "a2bench"


def test_the_same_leaderboard_is_the_same_bytes(tmp_path: Path) -> None:
    first = export_hf(toy(), tmp_path / "a", dataset_id=HUB)
    again = export_hf(toy(), tmp_path / "b", dataset_id=HUB)

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


@pytest.mark.parametrize("name", ["no-owner", "../x/y", "a/b/c", "", "a b/c"])
def test_what_is_no_repository_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(A2BenchError, match="OWNER/NAME"):
        export_hf(toy(), tmp_path, dataset_id=name)
