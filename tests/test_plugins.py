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


def test_an_installed_package_adds_its_plug_ins_by_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door for third parties is the door of our own: listed by name, loaded when asked."""
    package = tmp_path / "theirs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "drift.py").write_text(
        "from a2bench.metric import Metric, Outcome\n"
        "METRIC = Metric(version=1, title='Drift', summary='s', direction='lower', unit='1',\n"
        "    value_range=(0, 1), perfect=0.0, clip=lambda pair: Outcome(0.5))\n"
    )
    (package / "theirs_method.yaml").write_text(
        "name: theirs_method\ntitle: T\nsummary: s\nkind: precomputed\ninputs_seen: [pose]\n"
    )
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[a2bench.metrics]\ndrift = theirs.drift\n[a2bench.baselines]\ntheirs_method = theirs\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    assert "drift" in plugins.names("metrics")
    assert plugins.metric("drift").title == "Drift"
    assert plugins.card("theirs_method").inputs_seen == ("pose",)


@pytest.mark.parametrize(
    ("text", "said"),
    [("import foo(", r"bad\.py:1: this plug-in"), ("import no_such_module", "No module named")],
)
def test_a_plug_in_that_cannot_be_imported_names_its_file(
    plugin_folder: Path, text: str, said: str
) -> None:
    """A broken file of somebody else is an error with its path, and the list still prints."""
    from a2bench.cli.listing import KINDS

    (plugin_folder / "metrics" / "bad.py").write_text(text)

    with pytest.raises(A2BenchError, match=said):
        plugins.metric("bad")
    assert "bad" in {row["name"] for row in KINDS["metrics"](None)}


def test_a_plug_in_folder_that_is_none_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One level too deep, or a typo: said, not ignored."""
    monkeypatch.setenv("A2BENCH_PLUGINS", str(tmp_path))

    with pytest.raises(A2BenchError, match="expected a folder with metrics/, baselines/"):
        plugins.names("metrics")
