"""The balance of the cast, and that its species are shapes of their own."""

from collections import Counter
from dataclasses import replace

from a2bench.procedural import background_names, cast
from a2bench.procedural.backgrounds import TEXTURES
from a2bench.procedural.drift import DRIFTS
from a2bench.procedural.quotas import QUOTAS, breaches
from a2bench.procedural.silhouettes import nearest_species, species_distance


def test_the_cast_meets_every_quota():
    assert breaches(cast()) == []


def test_a_lopsided_cast_is_told_what_is_wrong():
    """Everybody in the studio: one value instead of 15, and 500 characters in it."""
    studio = [replace(c, attributes=c.attributes | {"background": "studio"}) for c in cast()]

    assert breaches(studio)[:2] == [
        "background: 1 values, expected 15",
        "background studio: 500 characters, expected 5 to 60",
    ]


def test_a_third_of_the_places_have_a_texture():
    assert set(TEXTURES) <= set(background_names())
    assert len(TEXTURES) >= len(background_names()) / 3


def test_at_most_a_tenth_of_the_backgrounds_move():
    """46 of 500; which thing drifts follows from the place."""
    moving = [c for c in cast() if c.attributes["background_motion"] != "still"]

    assert 0.05 * 500 <= len(moving) <= 0.10 * 500
    assert all(DRIFTS[c.background].name == c.attributes["background_motion"] for c in moving)
    assert len(Counter(c.attributes["background_motion"] for c in moving)) >= 5


def test_every_species_is_a_silhouette_of_its_own():
    """At least 12 % of two outlines do not overlap, with one build and no accessory for all:
    a recolour has 0 %, a round head with other ears about 5 %.
    """
    distance, first, second = nearest_species(1)[0]

    assert distance >= 0.12, f"{first} and {second} have nearly one silhouette"
    assert species_distance("fox", "fox") == 0.0


def test_no_attribute_is_without_a_quota():
    """Difficulty is measured on the drawn clips, not dealt."""
    assert set(cast()[0].attributes) <= {quota.attribute for quota in QUOTAS}


def test_captions_say_what_is_drawn():
    for character in cast():
        assert character.has_arms or "gloves" not in character.prompt, character.prompt
        assert " hearts " not in character.prompt, character.prompt
