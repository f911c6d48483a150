"""The ablation table: sources of variance told apart, and the way from training to the table."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from a2bench import plugins
from a2bench.ablation import Spread, ablation, spread, to_csv, to_markdown, trained_methods
from a2bench.cli.hydra_verbs import CONF
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.run import plan
from a2bench.score import score
from a2bench.statistics import student_interval
from a2bench.store import RunFolder
from a2bench.training.launch import Order, train
from a2bench.training.loop import Settings
from a2bench.training.trained import read_record, use_trained
from a2bench.worker import CaseWorker


def test_sampling_within_a_model_and_training_between_models():
    """Rows (1, 3) and (5, 7): within each the variance is 2, so sampling sd = sqrt(2).

    Means of rows are 2 and 6, variance 8; half of the sampling variance is in it: 8 - 2/2 = 7.
    """
    assert spread([[1.0, 3.0], [5.0, 7.0]]) == Spread(7**0.5, 2**0.5)


def test_what_sampling_explains_is_not_trainings():
    """Row means 2 and 3, variance 0.5; sampling alone makes 2/2 = 1: nothing is left."""
    assert spread([[1.0, 3.0], [2.0, 4.0]]) == Spread(0.0, 2**0.5)


def test_one_seed_says_nothing_of_its_spread():
    assert spread([[1.0]]) == Spread(None, None)
    assert spread([[1.0, 2.0]]) == Spread(None, 0.5**0.5)
    assert spread([[1.0], [2.0]]) == Spread(0.5**0.5, None)


def test_students_interval_of_three():
    """Mean 2, sd 1, t(2, 0.975) = 4.3027: 2 -+ 4.3027 / sqrt(3)."""
    assert student_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 2.48414, 2 + 2.48414), abs=1e-5)
    assert student_interval([1.0]) is None


def trained(home, variant, seed=0, name=None):
    """Train a variant of recipe `tiny` for one step, in this process."""
    values = yaml.safe_load((CONF / "train/experiment/tiny.yaml").read_text(encoding="utf-8"))
    settings = Settings(steps=1, device="cpu", seed=seed)
    data = values["data"]
    options = values["options"] | {"steps": 1, "guidance_scale": 1.0}
    return train(Order("animate_x", "tiny", variant, name, options, data, settings), home)


def test_from_training_to_the_table(tiny_home, tmp_path, plugin_folder):
    """Two variants become methods, are run and scored and compared; nobody writes a card."""
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    made = {variant: trained(home, variant) for variant in ("full", "no_ipi")}
    assert [done.record.name for done in made.values()] == ["tiny_t0", "tiny_no_ipi_t0"]
    assert [done.made for done in made.values()] == [1, 1]
    assert len({done.record.weights_sha256 for done in made.values()}) == 2
    assert trained(home, "full").made == 0  # it was trained already
    with pytest.raises(A2BenchError, match=r"loop.seed \(was 0, is 1\)"):
        trained(home, "full", seed=1, name="tiny_t0")

    use_trained(home)
    cards = [plugins.card(done.record.name) for done in made.values()]
    assert [card.inputs_seen for card in cards] == [("pose", "clip_of_rgb"), ("pose",)]
    dataset, store = Dataset.find(home, "a2bench-proc-tiny"), RunFolder.of(home, "main")
    jobs, _ = plan(store, dataset, cards, ["cross"], "smoke", seeds=[0, 1])
    assert len(jobs) == 2 * 4 * 2
    worker = CaseWorker("cpu")
    for job in jobs:
        result = worker(job)
        assert result.status == "ok", result.reason
        RunFolder.save_result(Path(job.request.output), result)
    score(store, dataset, cards, ["cross"], "smoke", ["psnr"], seeds=[0, 1], workers=1)

    (models,) = trained_methods(store, dataset, None).values()
    table = ablation(store, dataset, models, "cross", "smoke", ["psnr"])
    assert [(line.title, line.cells["psnr"].cases) for line in table.lines] == [
        ("Animate-X", 4),
        ("w/o IPI", 4),
    ]
    full, without = (line.cells["psnr"] for line in table.lines)
    assert full.difference is None
    # difference of means = mean of differences
    assert without.difference.value == pytest.approx(without.value - full.value)
    assert full.spread.training is None
    assert full.spread.sampling is not None
    text = to_markdown(table)
    assert "claims nothing about the full model" in text
    assert "| Full miniature |" in text
    assert "Animate-X" not in text  # 64x64 px: no result of it
    assert len({line.count("|") for line in text.split("\n\n")[2].splitlines()}) == 1
    rows = to_csv(table).splitlines()
    assert all(len(a.split(",")) == len(b.split(",")) for a, b in pairwise(rows))
    alone = [model for model in models if model[1].variant != "full"]
    with pytest.raises(A2BenchError, match="no model of variant full"):
        ablation(store, dataset, alone, "cross", "smoke", ["psnr"])


@pytest.mark.full
def test_the_same_by_the_command_line(tiny_home, tmp_path, cli):
    """One sweep, one run, one table; a second training of the same does nothing."""
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    at = f"home={home}"
    words = ("experiment=tiny", "steps=1", "batch_size=1")
    done = cli("train", "-m", *words, "variant=full,no_ipi", at)
    assert done.returncode == 0, done.stderr
    record = read_record(home / "trained/models/tiny_no_ipi_t0/trained.json")
    assert set(record.overrides) == {*words, "variant=no_ipi"}
    again = cli("train", *words, at)
    assert "it was trained already" in again.stdout, again.stderr
    other = cli("train", *words, "options.learning_rate=0.5", at)
    assert other.returncode == 2
    assert "options.learning_rate (was 0.001, is 0.5)" in other.stderr
    where = ["dataset=a2bench-proc-tiny", "split=smoke", "protocol=cross", at, "workers=1"]
    ran = cli("run", "method=[tiny_t0,tiny_no_ipi_t0]", *where, "seeds=1")
    assert ran.returncode == 0, ran.stderr
    scored = cli("score", *where, "seeds=1")
    assert scored.returncode == 0, scored.stderr
    shown = cli(
        "table", "--ablation", "--json", "--dataset", "a2bench-proc-tiny", "--split", "smoke",
        "--home", str(home),
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    (table,) = json.loads(shown.stdout)
    assert [row["title"] for row in table["variants"]] == ["Full miniature", "w/o IPI"]
