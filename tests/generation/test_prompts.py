"""The 500 prompts are what the grammar makes, all different, and mixed from the first on."""

from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from a2bench.errors import A2BenchError
from a2bench.generation.prompts import (
    COUNT,
    TEMPLATE,
    as_csv,
    committed_prompts,
    grammar_prompts,
    own_prompts,
    sample_id,
)


def test_the_committed_file_is_what_the_grammar_makes() -> None:
    text = (resources.files("a2bench.generation") / "prompts_1.csv").read_text(encoding="utf-8")
    assert as_csv(grammar_prompts()) == text
    assert committed_prompts() == grammar_prompts()


def test_five_hundred_different_sentences_after_the_papers_template() -> None:
    prompts = committed_prompts()
    assert len({prompt.text for prompt in prompts}) == COUNT == 500
    for prompt in prompts:
        assert prompt.text == TEMPLATE.format(
            object=prompt.object, season=prompt.season, province=prompt.province,
            location=prompt.location,
        )  # fmt: skip
    # 190 objects of 9 categories: an object of the smallest (15) comes ceil(55 / 15) = 4 times
    counts = Counter(prompt.object for prompt in prompts)
    assert len(counts) == 190
    assert max(counts.values()) == 4
    categories = Counter(prompt.category for prompt in prompts)
    assert max(categories.values()) - min(categories.values()) <= 1
    assert len({prompt.category for prompt in prompts[:9]}) == 9


def test_ids_are_file_names() -> None:
    ids = [sample_id(prompt) for prompt in committed_prompts()]
    assert len(set(ids)) == 500
    assert ids[4] == "p0005-block-of-tofu"


def test_a_list_of_ones_own_is_a_line_a_prompt(tmp_path: Path) -> None:
    listing = tmp_path / "mine.txt"
    listing.write_text("# two\na dancing tea cup\n\na  dancing   boot\n")
    found = own_prompts(listing)
    assert [(one.id, one.text) for one in found] == [
        ("p0001", "a dancing tea cup"),
        ("p0002", "a dancing boot"),
    ]
    assert sample_id(found[0]) == "p0001"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 prompts"),
        ("one\none\n", "line 2: the same as line 1"),
        ("a" * 1001, "line 1: expected at most 1000 printable"),
        ("bell \x07", "line 1: expected at most 1000 printable"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    listing = tmp_path / "mine.txt"
    listing.write_text(text)
    with pytest.raises(A2BenchError, match=said):
        own_prompts(listing)
    with pytest.raises(A2BenchError, match="no such file"):
        own_prompts(tmp_path / "none.txt")
