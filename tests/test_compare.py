"""`compare` and `gate` through the real command line, on the demo's values."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from a2bench import plugins
from a2bench.compare import gate_verdict, numbers, threshold_check
from a2bench.records import Value
from a2bench.statistics import Estimate

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def on_demo(cli: Cli, demo_folder: Path) -> Cli:
    """Call a verb on the demo's run."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        where = ("--home", str(demo_folder / "data"), "--run", "demo", "--split", "demo")
        return cli(*words, *where)

    return call


def test_puppet_warp_is_shown_to_be_better_than_still(on_demo: Cli) -> None:
    done = on_demo("compare", "puppet_warp", "still", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert report["verdict"] == "better"
    by_metric = {line["metric"]: line for line in report["lines"]}
    flow = by_metric["flow_error_dis"]
    paired = flow["paired"]
    assert flow["first"] - flow["second"] == pytest.approx(paired["effect"]["value"])
    assert paired["effect"]["high"] < 0  # a smaller error, all of the interval
    assert paired["wins"] + paired["ties"] + paired["losses"] == report["of"] == 8
    # all 2^8 flips were tried: p is a multiple of 1/256, and Holm makes it no smaller
    assert (paired["p"] * 256).is_integer()
    assert flow["p_adjusted"] >= paired["p"]


def test_the_same_two_the_other_way_round_fail(on_demo: Cli) -> None:
    done = on_demo("compare", "still", "puppet_warp")
    assert done.returncode == 1, done.stderr
    assert "still is worse than puppet_warp" in done.stdout


def test_a_method_against_itself_shows_nothing(on_demo: Cli) -> None:
    done = on_demo("compare", "still", "demo/still")
    assert done.returncode == 3, done.stderr
    assert "0/8/0" in done.stdout


def test_one_family_only_has_fewer_cases_and_unknown_words_are_named(on_demo: Cli) -> None:
    done = on_demo("compare", "puppet_warp", "still", "--subset", "family=nothing", "--json")
    assert done.returncode == 2
    known = done.stderr.rpartition("Known: ")[2].split(".")[0].split(", ")
    done = on_demo("compare", "puppet_warp", "still", "--subset", f"family={known[0]}", "--json")
    assert 1 <= json.loads(done.stdout)["of"] < 8
    assert on_demo("compare", "puppet_warp", "stil").returncode == 2
    assert "no such run" in on_demo("compare", "puppet_warp", "nowhere/still").stderr


def test_the_gate_passes_fails_and_is_inconclusive(on_demo: Cli) -> None:
    passes = on_demo("gate", "puppet_warp", "--min", "psnr=5", "--no-worse-than", "still")
    assert (passes.returncode, passes.stdout.splitlines()[-1]) == (0, "gate: pass")
    fails = on_demo("gate", "puppet_warp", "--min", "psnr=60")
    assert (fails.returncode, fails.stdout.splitlines()[-1]) == (1, "gate: FAIL")
    worse = on_demo("gate", "still", "--no-worse-than", "puppet_warp")
    assert worse.returncode == 1
    found = json.loads(on_demo("compare", "puppet_warp", "still", "--json").stdout)
    mean = next(line["first"] for line in found["lines"] if line["metric"] == "psnr")
    even = on_demo("gate", "puppet_warp", "--min", f"psnr={mean}")
    assert (even.returncode, even.stdout.splitlines()[-1]) == (3, "gate: inconclusive")
    assert on_demo("gate", "puppet_warp").returncode == 2
    assert on_demo("gate", "puppet_warp", "--min", "psnr=high").returncode == 2


def _value(
    case_id: str, seed: int, number: float | None, status: Literal["ok", "failed"] = "ok"
) -> Value:
    return Value(
        protocol="cross",
        method="m",
        seed=seed,
        case_id=case_id,
        metric="psnr",
        version=1,
        value=number,
        status=status,
        reason="" if number is not None else "why",
        region="motion",
        unit="dB",
        key="sha256:" + "0" * 64,
    )


def test_a_case_needs_a_number_for_every_seed_and_enters_as_their_mean_capped() -> None:
    values = [
        _value("a", 0, 20.0),
        _value("a", 1, 30.0),
        _value("b", 0, 20.0),
        _value("b", 1, None, "failed"),
        _value("c", 0, 20.0),
        _value("c", 1, 100.0),  # enters as the cap, 58.92
    ]
    psnr = plugins.metric("psnr")
    assert psnr.cap is not None
    assert numbers(values, psnr, (0, 1)) == {"a": 25.0, "c": (20 + psnr.cap) / 2}


def test_a_threshold_holds_only_where_all_of_the_interval_reaches_it() -> None:
    psnr = Estimate(20.0, 19.0, 21.0, 0.5, 10, 10)
    assert threshold_check("psnr", 18.9, psnr).verdict == "better"
    assert threshold_check("psnr", 20.5, psnr).verdict == "inconclusive"
    assert threshold_check("psnr", 21.1, psnr).verdict == "worse"
    error = Estimate(2.0, 1.0, 3.0, 0.5, 10, 10)
    assert threshold_check("flow_error_dis", 3.1, error).verdict == "better"
    assert threshold_check("flow_error_dis", 0.9, error).verdict == "worse"
    checks = [threshold_check("psnr", bar, psnr) for bar in (18.9, 20.5)]
    assert gate_verdict(checks) == "inconclusive"
    assert gate_verdict([*checks, threshold_check("psnr", 30, psnr)]) == "worse"
