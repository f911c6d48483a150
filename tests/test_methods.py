"""What is said of methods: status on this machine, what to type next, known problems."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner

from a2bench import plugins
from a2bench.cli import listing

Cli = Callable[..., CompletedProcess[str]]

PAPER = {
    *("animate_x_official", "unianimate", "mimicmotion", "controlnext_svd_v2", "musepose"),
    *("moore_animate_anyone", "fomm", "mraa", "lia", "magic_animate", "tps", "champ"),
}
PRECOMPUTED = {
    *("disco", "dreampose", "magic_pose", "bdmm", "realisdance_dit", "x_dyna"),
    *("dreamactor", "human_dit", "scail_2"),
}
EXPERIMENTAL = {
    *("unianimate_dit", "animate_x_plusplus", "stable_animator", "one_to_all", "mtvcrafter"),
    *("steady_dancer", "scail", "hyper_motion", "magic_animate", "champ", "wan_animate"),
}


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no weights, no GPU."""
    monkeypatch.setenv("A2BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr(listing, "has_gpu", lambda: False)


def rows() -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in listing.KINDS["methods"](None)}


def test_every_method_is_listed_with_where_it_stands() -> None:
    found = rows()

    assert found.keys() >= PAPER | PRECOMPUTED | EXPERIMENTAL
    status = {name: row["status"] for name, row in found.items()}
    assert {name for name in status if status[name] == "precomputed only"} == PRECOMPUTED
    assert {name for name in status if status[name] == "experimental"} == EXPERIMENTAL
    assert status["still"] == "ready"
    assert status["animate_x"] == "needs weights"
    assert status["fomm"] == "needs its environment"


def test_every_row_says_what_to_type_next() -> None:
    found = rows()

    assert all(row["next"].startswith(("a2bench ", "hf ")) for row in found.values())
    assert found["lia"]["next"] == "a2bench env build lia"
    assert found["disco"]["next"] == "a2bench score --predictions FOLDER method=disco"
    assert found["mimicmotion"]["native"] == "576x1024, 15 Hz, 71 frames"
    assert found["lia"]["code"] == "CC-BY-NC-4.0"


def test_a_method_that_has_all_but_a_gpu_says_so(plugin_folder: Path) -> None:
    card = "{name: mine, title: M, summary: s, kind: in_process, entry: M, inputs_seen: []"
    (plugin_folder / "baselines" / "mine.yaml").write_text(f"{card}, device: cuda}}")
    plugins.card.cache_clear()

    assert rows()["mine"]["status"] == "needs a GPU"


def test_a_broken_card_hides_no_other(plugin_folder: Path) -> None:
    (plugin_folder / "baselines" / "bad.yaml").write_text("{name: bad, wrong: 1}")
    plugins.card.cache_clear()

    found = rows()
    assert found["bad"]["status"] == "broken card"
    assert found["still"]["status"] == "ready"


@pytest.mark.parametrize("name", sorted(PAPER | EXPERIMENTAL))
def test_known_problems_say_what_we_do_about_them(name: str) -> None:
    card = plugins.card(name)

    assert card.known_problems
    assert all(one.ours and one.source for one in card.known_problems)
    assert card.hardware
    assert card.licence_code
    assert card.licence_weights


@pytest.mark.parametrize("name", sorted(PRECOMPUTED | EXPERIMENTAL))
def test_what_cannot_be_run_says_why(name: str) -> None:
    assert len(plugins.card(name).status_reason) > 40


def test_info_shows_the_card_and_its_problems() -> None:
    from a2bench.cli.main import app

    done = CliRunner().invoke(app, ["info", "method", "mraa"])
    as_json = CliRunner().invoke(app, ["info", "method", "mraa", "--json"])

    assert done.exit_code == 0
    assert "without importing os" in done.stdout
    assert "ours: A patch imports it." in done.stdout
    assert "checkpoints/ted384.pth" in done.stdout
    assert json.loads(as_json.stdout)["licence_code"].startswith("none granted")
