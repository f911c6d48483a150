"""The layout's rules: one top-level name, plug-ins apart from each other, layers in order."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLUGINS = sorted(
    path for kind in ("metrics", "runners", "baselines") for path in (ROOT / kind).glob("*.py")
)


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_plug_in_imports_the_core_and_never_another_plug_in(path: Path) -> None:
    """Shared numerics move down into the core."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    ]

    for module in modules:
        head = module.split(".")[:2]
        assert head[0] not in ("metrics", "runners", "baselines"), module
        assert head[-1] not in ("metrics", "runners", "baselines"), module


def test_the_layers_point_one_way() -> None:
    """Records, media, data set, run and score, tables, command line: no import goes up."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stdout


def test_no_file_of_ours_names_a_machine_path() -> None:
    """Nothing that is tracked knows where it was written."""
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".toml", ".json", ".csv", ".html"):
            text = path.read_text(encoding="utf-8")
            for root in ("home", "root", "tmp", "work"):
                assert f" /{root}/" not in text, name
