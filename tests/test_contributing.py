"""CONTRIBUTING's ten lines work when they are copied, and the README's listings are true."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

ROOT = Path(__file__).parent.parent
Cli = Callable[..., CompletedProcess[str]]


def _listings(document: str) -> dict[str, str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.findall(r"<!-- test: (\S+) -->\n```\w+\n(.*?)```", text, flags=re.DOTALL)
    return dict(found)


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "README.md"])
def test_a_metric_and_a_method_from_the_documents_work(
    document: str, plugin_folder: Path, tiny_home: Path, cli: Cli
) -> None:
    """Copied into a scratch plug-in folder, they are listed, run, scored and shown."""
    listings = _listings(document)
    for name, text in listings.items():
        (plugin_folder / name).write_text(text)
    methods = [Path(name).stem for name in listings if name.endswith(".yaml")]
    metrics = [Path(name).stem for name in listings if name.startswith("metrics/")]
    where = (f"home={tiny_home}", "dataset=a2bench-proc-tiny", "split=smoke", "protocol=self")
    run = f"run={document.split('.')[0].lower()}"

    assert methods
    for method in methods:
        assert method in cli("ls", "methods").stdout
        ran = cli("run", f"method=[{method}]", *where, run)
        scored = cli("score", f"method=[{method}]", *where, run)
        assert ran.returncode == 0, ran.stderr
        assert "0 failed" in ran.stdout
        assert scored.returncode == 0, scored.stderr
    for metric in metrics:
        assert metric in cli("ls", "metrics").stdout
    if metrics:
        scored = cli("score", f"method=[{methods[0]}]", *where, run, "suite=mine")
        assert scored.returncode == 0, scored.stderr
        assert "4/4" in scored.stdout.replace(" ", "")
        words = ("--home", str(tiny_home), "--dataset", "a2bench-proc-tiny", "--split", "smoke")
        table = cli("table", *words, "--run", run.split("=")[1], "--suite", "mine", "--json")
        (row,) = json.loads(table.stdout)["rows"]
        assert set(row["metrics"]) == set(metrics)
        assert all(cell["value"] is not None for cell in row["metrics"].values())


def test_a_recipe_is_about_ten_lines() -> None:
    """The promise of the documents."""
    for name, text in _listings("CONTRIBUTING.md").items():
        code = [line for line in text.splitlines() if line.strip()]

        assert len(code) <= 14, name
