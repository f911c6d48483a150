"""Tables and comparisons from committed files: no run, no data set."""

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from a2bench.errors import A2BenchError
from a2bench.from_files import compare_committed, gathered, narrowed
from a2bench.leaderboard import write_leaderboard
from a2bench.tables import to_cases_csv, to_csv

from .leaderboards import CARDS, toy

Cli = Callable[..., CompletedProcess[str]]
DEFAULTS = {"dataset": "toy", "split": "smoke", "suite": "a2bench"}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder of leaderboards: ours, and a contribution with `steady` and its own `still`."""
    everybody, steady, still = CARDS[:2] + CARDS[3:], CARDS[2], CARDS[3]
    write_leaderboard(toy(cards=everybody), tmp_path / "toy-1.0.0/smoke-given_pose-a2bench")
    mine = toy(cards=(steady, still))
    write_leaderboard(mine, tmp_path / "toy-1.0.0/smoke-given_pose-a2bench+steady")
    return tmp_path


def test_a_contribution_and_ours_are_one_table(results: Path) -> None:
    """As if all had been run together: nothing of a row depends on the folder it came from."""
    found = gathered([results], {}, DEFAULTS)

    assert to_csv(found.leaderboard()) == to_csv(toy().leaderboard())


def test_any_number_is_the_mean_of_what_cases_prints(results: Path) -> None:
    """The second of the two commands: rule 6 (failed, undefined) is in the numbers already."""
    board = gathered([results], {}, DEFAULTS).leaderboard()
    rows = list(csv.DictReader(io.StringIO(to_cases_csv(board))))

    for row in board.rows:
        mine = [
            one for one in rows if (one["protocol"], one["method"]) == (row.protocol, row.card.name)
        ]
        for cell in row.cells:
            if cell.metric in rows[0] and cell.value is not None:
                numbers = [float(one[cell.metric]) for one in mine]
                assert math.fsum(numbers) / len(numbers) == cell.value
    (failed,) = [
        one
        for one in rows
        if one["method"] == "flaky" and one["protocol"] == "self" and "psnr" in one["filled"]
    ]
    assert failed["case_id"] == "a2p-0002-toy"  # one seed of it ran out of memory
    assert failed["filled"] == "psnr ssim l1 flow_error_dis"


def test_another_data_set_never_shares_the_table(results: Path) -> None:
    other = toy(cards=CARDS[2:])
    changed = other.provenance.model_copy(update={"dataset_digest": "sha256:" + "0" * 64})
    write_leaderboard(
        type(other)(changed, other.cases, other.clips, other.values), results / "toy-1.0.0/other"
    )

    with pytest.raises(A2BenchError, match=r"do not share a table: dataset_digest is"):
        gathered([results], {}, DEFAULTS)


def test_another_metric_version_never_shares_the_table(results: Path) -> None:
    """Both columns are called PSNR; the numbers do not mean the same."""
    other = toy(cards=CARDS[2:])
    older = other.provenance.metrics["psnr"].model_copy(update={"version": 0})
    changed = other.provenance.model_copy(
        update={"metrics": other.provenance.metrics | {"psnr": older}}
    )
    values = tuple(
        one.model_copy(update={"version": 0}) if one.metric == "psnr" else one
        for one in other.values
    )
    write_leaderboard(
        type(other)(changed, other.cases, other.clips, values), results / "toy-1.0.0/other"
    )

    with pytest.raises(A2BenchError, match="psnr is version 0"):
        gathered([results], {}, DEFAULTS)


def test_what_is_asked_for_and_not_there_is_named(results: Path) -> None:
    with pytest.raises(A2BenchError, match=r"--split full.*there: --dataset toy@1\.0\.0"):
        gathered([results], {"split": "full"}, DEFAULTS)
    with pytest.raises(A2BenchError, match="Did you mean"):
        narrowed(toy(), ["stedy"], None)
    with pytest.raises(A2BenchError, match="protocol of this leaderboard"):
        narrowed(toy(), None, ["rescaled"])


def test_a_subset_has_only_its_cases() -> None:
    """Three of the six are food; a distance of sets has no meaning there."""
    board = narrowed(toy(), ["steady"], ["self"], ["family=food"]).leaderboard()

    (row,) = board.rows
    assert row.of == 3
    assert {cell.status for cell in row.cells if cell.metric in ("kid", "fid")} == {"unavailable"}


def test_methods_are_compared_as_in_a_run() -> None:
    """`still` has 1 dB more than `steady` on each case, six wins: p = 2 / 2^6."""
    report = compare_committed(toy(), "still", "steady", "cross")

    (psnr,) = [line for line in report.lines if line.metric == "psnr"]
    assert psnr.paired.effect.value == pytest.approx(1.0)
    assert (psnr.paired.wins, psnr.paired.losses) == (6, 0)
    assert psnr.paired.p == pytest.approx(2 / 2**6)
    assert set(report.skipped) == {"lpips_alex", "lpips_vgg"}


def test_the_two_commands(results: Path, cli: Cli) -> None:
    """The table, then what its numbers are made of; and a comparison, all from files."""
    place = ("--from", str(results), "--dataset", "toy", "--split", "smoke")
    table = cli("table", *place, "--json")
    cases = cli("table", *place, "--cases", "--method", "steady", "--protocol", "cross")
    compared = cli("compare", "still", "steady", *place, "--json")

    assert table.returncode == 0, table.stderr
    (row,) = [
        row
        for row in json.loads(table.stdout)["rows"]
        if (row["method"], row["protocol"]) == ("steady", "cross")
    ]
    numbers = [float(one["psnr"]) for one in csv.DictReader(io.StringIO(cases.stdout))]
    assert math.fsum(numbers) / 6 == row["metrics"]["psnr"]["value"]
    assert json.loads(compared.stdout)["schema"] == "a2bench.compare/1"
    assert compared.returncode in (0, 1, 3)
