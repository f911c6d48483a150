"""The ablation table: sources of variance told apart, and the way from training to the table."""

import json
import shutil
from itertools import pairwise

import pytest

from a2bench.ablation import Spread, ablation, spread, to_csv, to_markdown, trained_methods
from a2bench.errors import A2BenchError
from a2bench.statistics import student_interval
from a2bench.store import RunFolder
from a2bench.training.trained import read_record


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


WORDS = ("experiment=tiny", "steps=1", "batch_size=1")


def test_from_training_to_the_table(tiny_home, tiny, tmp_path, cli, monkeypatch):
    """Two variants, trained in one sweep, run, scored and shown; no card is written by hand."""
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    at = f"home={home}"
    trained = cli("train", "-m", *WORDS, "variant=full,no_ipi", at)
    assert trained.returncode == 0, trained.stderr
    names = ["tiny_t0", "tiny_no_ipi_t0"]
    records = [read_record(home / "trained/models" / name / "trained.json") for name in names]
    assert [record.variant for record in records] == ["full", "no_ipi"]
    assert records[0].weights_sha256 != records[1].weights_sha256
    assert set(records[1].overrides) == {*WORDS, "variant=no_ipi"} - {"experiment=tiny"} | {
        "experiment=tiny"
    }

    again = cli("train", *WORDS, at)
    assert "it was trained already" in again.stdout, again.stderr
    other = cli("train", *WORDS, "options.learning_rate=0.5", at)
    assert other.returncode == 2
    assert "options.learning_rate (was 0.001, is 0.5)" in other.stderr

    words = ["dataset=a2bench-proc-tiny", "split=smoke", "protocol=cross", at, "workers=1"]
    done = cli("run", f"method=[{','.join(names)}]", *words, "seeds=1")
    assert done.returncode == 0, done.stderr
    scored = cli("score", *words, "seeds=1")
    assert scored.returncode == 0, scored.stderr
    shown = cli(
        "table", "--ablation", "--json", "--dataset", "a2bench-proc-tiny", "--split", "smoke",
        "--home", str(home),
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    (table,) = json.loads(shown.stdout)
    assert table["miniature"]
    assert [row["title"] for row in table["variants"]] == ["Animate-X", "w/o IPI"]
    full, without = (row["metrics"]["psnr"] for row in table["variants"])
    assert full["difference"] is None
    # difference of means = mean of differences
    assert without["difference"]["value"] == pytest.approx(without["value"] - full["value"])
    assert (full["cases"], without["cases"]) == (4, 4)

    monkeypatch.setenv("A2BENCH_PLUGINS", str(home / "trained"))
    store = RunFolder.of(home, "main")
    (models,) = trained_methods(store, tiny, None).values()
    text = to_markdown(ablation(store, tiny, models, "cross", "smoke", ["psnr"]))
    assert "claims nothing about the full model" in text
    assert len({line.count("|") for line in text.split("\n\n")[2].splitlines()}) == 1
    rows = to_csv(ablation(store, tiny, models, "cross", "smoke", ["psnr"])).splitlines()
    assert all(len(a.split(",")) == len(b.split(",")) for a, b in pairwise(rows))
    with pytest.raises(A2BenchError, match="no model of variant full"):
        ablation(store, tiny, models[1:] if models[0][1].variant == "full" else models[:1],
                 "cross", "smoke", ["psnr"])  # fmt: skip
