"""The numbers of docs/evaluation_bugs.md are those that its command makes."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_table_of_the_page_is_made_by_the_committed_script(demo_folder: Path) -> None:
    """From the committed leaderboard, seeded noise and the demo's frames."""
    path = ROOT / "benchmarks" / "evaluation_bugs.py"
    spec = importlib.util.spec_from_file_location("evaluation_bugs", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shown = dict(script.blocks(script.PAGE.read_text(encoding="utf-8")))

    assert set(shown) == set(script.TABLES)
    for name, make in script.TABLES.items():
        assert shown[name] == make(demo_folder), (
            f"{name}: python benchmarks/evaluation_bugs.py --demo a2bench-demo --write"
        )
