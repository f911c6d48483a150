"""The list of quirks is one: in code, in the guide, and each where it says that it is."""

import importlib
from pathlib import Path

import pytest

from a2bench.baselines.animate_x.quirks import QUIRKS

GUIDE = Path(__file__).parents[2] / "docs" / "animate_x.md"


def test_the_guide_lists_the_quirks_and_no_others():
    rows = [f"| `{quirk.name}` | {quirk.what} | `{quirk.where}` |" for quirk in QUIRKS]
    text = GUIDE.read_text(encoding="utf-8")
    table = text.partition("### Kept because")[2].partition("\n#")[0]
    assert [line for line in table.splitlines() if line.startswith("| `")] == rows
    assert len({quirk.name for quirk in QUIRKS}) == len(QUIRKS)


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_a_quirk_is_where_the_list_says(quirk):
    module, *names = quirk.where.split(".")
    found = importlib.import_module(f"a2bench.baselines.animate_x.{module}")
    for name in names:
        found = getattr(found, name)
    assert callable(found)
