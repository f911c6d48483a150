"""Who is in the cast, and in which order the splits take them."""

from collections import Counter
from collections.abc import Iterable

import pytest

from a2bench.procedural import (
    Character,
    background_names,
    body_plan_names,
    cast,
    family_names,
    move_names,
    species_names,
    split_order,
    style_names,
)

PREFIXES = (4, 8, 20, 50, 100, 500)


def by_order(count: int) -> list[Character]:
    by_id = {character.id: character for character in cast()}
    return [by_id[identifier] for identifier in split_order()[:count]]


def spread(values: Iterable[str]) -> tuple[int, int]:
    counts = Counter(values).values()
    return min(counts), max(counts)


def test_there_are_500_characters_with_unique_ids_in_index_order():
    ids = [character.id for character in cast()]

    assert len(set(ids)) == 500
    assert [int(identifier.split("-")[1]) for identifier in ids] == list(range(1, 501))
    assert [character.index for character in cast()] == list(range(1, 501))


def test_an_id_names_species_and_style():
    """`a2p-0001-fox-cartoon`: blanks in a species become underscores."""
    for character in cast():
        expected = (
            f"a2p-{character.index:04d}-{character.species.replace(' ', '_')}-{character.style}"
        )

        assert character.id == expected


def test_the_cast_has_the_promised_variety():
    assert len(family_names()) >= 8
    assert len(species_names()) >= 48
    assert len(style_names()) >= 8
    assert len(body_plan_names()) >= 4
    assert len(background_names()) >= 15
    assert len(move_names()) >= 25


def test_every_species_appears_equally_often():
    fewest, most = spread(character.species for character in cast())

    assert len({character.species for character in cast()}) == len(species_names())
    assert most - fewest <= 1


def test_no_style_or_background_dominates():
    """Styles are dealt in turn per species, so none is more than half again as frequent as
    another.
    """
    fewest, most = spread(character.style for character in cast())
    assert most <= 1.5 * fewest

    _, most = spread(character.attributes["background"] for character in cast())
    assert most <= 70


def test_no_combination_of_species_style_palette_and_outfit_repeats():
    combinations = {
        (c.species, c.style, c.attributes["palette"], c.attributes["outfit"]) for c in cast()
    }

    assert len(combinations) == 500


def test_the_order_of_the_splits_is_a_permutation_of_the_cast():
    assert sorted(split_order()) == sorted(character.id for character in cast())


def test_the_demo_shows_what_the_set_can_do():
    demo = by_order(8)

    assert len({character.family for character in demo}) >= 6
    assert len({character.style for character in demo}) >= 5
    assert any(not character.has_arms for character in demo)
    assert any(not character.has_legs for character in demo)
    assert any(character.has_tail for character in demo)
    assert any(character.attributes["background"] != "studio" for character in demo)
    assert sum(character.has_arms and character.has_legs for character in demo) >= 4


@pytest.mark.parametrize("size", PREFIXES[2:])
def test_every_split_is_stratified(size):
    """The share of every family in a split is within one character plus five per cent of its
    share in the cast.
    """
    total = Counter(character.family for character in cast())
    part = Counter(character.family for character in by_order(size))

    for family, count in total.items():
        assert abs(part[family] - size * count / 500) <= 2.0 + 0.05 * size


def test_only_a_minority_of_dances_turns_away():
    turning = sum(bool({"spin", "big turn"} & set(character.moves)) for character in cast())

    assert 50 <= turning <= 150


def test_dances_keep_a_tempo_that_eight_frames_a_second_can_show():
    assert all(60 <= character.bpm <= 105 for character in cast())


def test_captions_name_the_character_and_the_place():
    for character in cast()[:50]:
        assert character.prompt.startswith("a cute anthropomorphic ")
        assert ", dancing, " in character.prompt
        assert "  " not in character.prompt
