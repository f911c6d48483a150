"""The tutorial's commands, run in its order in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_LINKED = (".mp4", ".npz", ".png")
"""Files of a demo that nothing writes into: a link is a copy of them."""


def _copied(source: str, target: str) -> str:
    if source.endswith(_LINKED):
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


def test_the_tutorial_runs_as_it_is_printed(demo_folder: Path, tmp_path: Path) -> None:
    """The demo is there already, so its command does only what is missing: nothing."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    commands = "\n".join(blocks)
    try:
        shutil.copytree(demo_folder, tmp_path / "a2bench-demo", copy_function=_copied)
    except OSError:  # another file system: no links
        shutil.rmtree(tmp_path / "a2bench-demo")
        shutil.copytree(demo_folder, tmp_path / "a2bench-demo")

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-x", "-c", commands],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )

    assert len(blocks) >= 8
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 predictions made" in done.stdout
    assert "gate: pass" in done.stdout
    for made in ("table/leaderboard.tex", "table/provenance.json", "gallery/index.html"):
        assert (tmp_path / made).is_file(), made
    rows = (tmp_path / "table" / "leaderboard.csv").read_text(encoding="utf-8")
    for method in ("follow", "my_method", "still"):
        assert f",cross,{method}," in rows, method
