"""The one door to plug-ins: file name = name, lazy, nearest name in the error."""

from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.errors import A2BenchError


def test_the_file_name_is_the_name(plugin_folder: Path) -> None:
    """A file dropped into a plug-in folder is listed at once, before anything imports it."""
    (plugin_folder / "metrics" / "boom.py").write_text("raise RuntimeError('imported')")

    assert "boom" in plugins.names("metrics")


def test_an_unknown_name_gives_the_nearest_and_the_list() -> None:
    """A typo costs one look."""
    with pytest.raises(A2BenchError, match=r"unknown metric: 'psn'\. Did you mean 'psnr'\?"):
        plugins.metric("psn")


def test_a_third_party_file_cannot_take_a_built_in_name(plugin_folder: Path) -> None:
    """Two files of one name are refused, and both are named."""
    (plugin_folder / "metrics" / "psnr.py").write_text("")

    with pytest.raises(A2BenchError, match=r"two metrics are called 'psnr'.*psnr\.py and"):
        plugins.names("metrics")


def test_a_metric_file_without_a_metric_says_what_is_missing(plugin_folder: Path) -> None:
    """The error names the file's plug-in and what it should have."""
    (plugin_folder / "metrics" / "empty.py").write_text("")

    with pytest.raises(A2BenchError, match=r"metric 'empty': expected METRIC = Metric"):
        plugins.metric("empty")


def test_a_card_with_a_wrong_field_names_the_field(plugin_folder: Path) -> None:
    """`inputs_sen` is not swallowed."""
    text = "name: bad\ntitle: Bad\nsummary: s\nkind: precomputed\ninputs_sen: []\n"
    (plugin_folder / "baselines" / "bad.yaml").write_text(text)

    with pytest.raises(A2BenchError, match=r"(?s)bad\.yaml.*inputs_sen"):
        plugins.card("bad")


def test_a_card_under_another_file_name_is_refused(plugin_folder: Path) -> None:
    """The name in the card and the name of the file are one."""
    text = "name: other\ntitle: Bad\nsummary: s\nkind: precomputed\ninputs_seen: []\n"
    (plugin_folder / "baselines" / "mine.yaml").write_text(text)

    with pytest.raises(A2BenchError, match="`name` is 'other', the file says 'mine'"):
        plugins.card("mine")


@pytest.mark.parametrize("name", plugins.names("baselines"))
def test_every_card_is_valid_and_its_class_loads(name: str) -> None:
    """A card that names a class has it."""
    card = plugins.card(name)

    if card.kind == "in_process":
        assert callable(plugins.method_class(card))


@pytest.mark.parametrize("name", plugins.names("runners"))
def test_every_runner_loads(name: str) -> None:
    """Every file in runners/ has a RUNNER."""
    assert plugins.runner(name).summary
