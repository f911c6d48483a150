"""How hard a cross pair is, by the bodies of reference and driver."""

from collections import Counter

from a2bench.builders.procedural import SPLITS, cross_pairs
from a2bench.procedural import Character, cast, split_order
from a2bench.records import Pair

PAIRS = cross_pairs(split_order())
BY_ID = {character.id: character for character in cast()}


def bodies(pair: Pair) -> tuple[Character, Character]:
    """Return the reference and the driver."""
    return BY_ID[pair.reference_id], BY_ID[pair.driver_id]


def lacks_limbs(reference: Character, driver: Character) -> bool:
    """Whether the reference has arms or legs and the driver none that could show how they move."""
    return (reference.has_arms and not driver.has_arms) or (
        reference.has_legs and not driver.has_legs
    )


def test_the_500_pairs_have_these_tiers():
    """232 + 193 + 75 = 500."""
    assert Counter(pair.tier for pair in PAIRS) == {
        "other_body": 232,
        "same_body": 193,
        "missing_limbs": 75,
    }


def test_limbs_are_missing_where_the_driver_has_none_for_those_of_the_reference():
    """And nowhere else: the other way round, a driver may have limbs that the reference lacks."""
    for pair in PAIRS:
        assert lacks_limbs(*bodies(pair)) == (pair.tier == "missing_limbs"), pair


def test_of_the_others_the_same_body_is_the_same_plan():
    for pair in PAIRS:
        reference, driver = bodies(pair)
        if pair.tier != "missing_limbs":
            same = reference.body_plan == driver.body_plan
            assert same == (pair.tier == "same_body"), pair


def test_every_split_from_demo_up_has_every_tier():
    """`smoke` has four pairs, none of one body plan."""
    for split, count in SPLITS.items():
        if count >= SPLITS["demo"]:
            assert {pair.tier for pair in PAIRS[:count]} == {
                "same_body",
                "other_body",
                "missing_limbs",
            }, split
