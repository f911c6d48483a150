"""The card, its pictures and the Croissant description that every build leaves."""

import json
import re
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from a2bench.about import about
from a2bench.attributes import Facet, facets, sample_words
from a2bench.builders import adopt
from a2bench.card import attributes_svg, write_card
from a2bench.croissant import write_croissant
from a2bench.dataset import Dataset
from a2bench.paths import sha256_file
from a2bench.records import MotionFile
from a2bench.video import write_truth


@pytest.fixture
def strange(tmp_path: Path) -> Dataset:
    """A set of a brought video, whose name holds what Markdown, YAML and HTML obey."""
    frames = np.random.default_rng(0).integers(0, 256, (8, 32, 48, 3), dtype=np.uint8)
    name = "a | <script>alert(1)</script>\u2028*b*".replace("/", "")
    write_truth(tmp_path / "videos" / f"{name}.mp4", frames, 8.0, storage="lossless")
    write_truth(tmp_path / "videos" / "plain.mp4", frames[::-1], 8.0, storage="lossless")
    return adopt.build(tmp_path, source=tmp_path / "videos", name="mine", workers=1)


def read_by_mlcroissant(folder: Path) -> tuple[Any, list[dict[str, Any]]]:
    """Return what the reference library says of a description, and the rows it reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's, of its own classes
        import mlcroissant

        described = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
        return described.metadata.ctx.issues, list(described.records("samples"))


def test_the_card_says_what_it_is_how_made_limits_uses_and_licence(tiny: Dataset) -> None:
    """With the digest of every split that is built, and pictures that are there."""
    text = (tiny.folder / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])

    assert front["license"] == "cc0-1.0"
    assert f"| smoke | 4 | {tiny.digest('smoke')} |" in text
    assert "| demo | 8 | not built |" in text
    for head in ("How it was made", "Intended uses", "Known limits and biases", "Versions"):
        assert f"## {head}" in text
    for picture in re.findall(r"\]\((card/[^)]+)\)", text):
        assert (tiny.folder / picture).is_file()
    for name in ("cast.jpg", "motion.jpg"):
        with Image.open(tiny.folder / "card" / name) as image:
            assert 400 <= image.width <= 1600
            assert (tiny.folder / "card" / name).stat().st_size < 1_500_000


def test_the_card_is_the_same_bytes_each_time(copied: Dataset) -> None:
    """It is outside the content digest, and deterministic all the same."""
    names = ("README.md", "card/cast.jpg", "card/motion.jpg", "card/attributes.svg")
    before = {name: sha256_file(copied.folder / name) for name in names}
    for name in names:
        (copied.folder / name).unlink()

    write_card(copied)

    assert {name: sha256_file(copied.folder / name) for name in names} == before


def test_a_new_attribute_or_field_shows_by_itself(tiny: Dataset) -> None:
    """Nested ones, numbers, lists and words joined by commas too."""
    sample = next(iter(tiny.samples.values()))
    changed = sample.model_copy(
        update={"attributes": {"moves": "hop, twist", "hat_size": "3", "fur": "none"}}
    )

    words = sample_words(changed)

    assert words["moves"] == ("hop", "twist")
    assert words["hat size"] == ("3",)
    assert words["has pose"] == ("yes",)
    assert words["size"] == ("128x192",)
    assert "digests" not in words


def test_attributes_are_counted_numbers_in_ranges_and_digests_left_out(
    tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 speeds from 0 to 29 are ten ranges of width 5 or less; equal values are no attribute."""
    one = next(iter(tiny.samples.values()))
    rows = {
        f"s{number}": one.model_copy(
            update={
                "id": f"s{number}",
                "attributes": {
                    "speed": str(number),
                    "same": "x",
                    "colour": "red" if number < 20 else "blue",
                    "source_sha256": f"sha256:{number:064d}",
                },
            }
        )
        for number in range(30)
    }
    info = tiny.info.model_copy(
        update={"order": tuple(rows), "splits": {"few": 10, "full": 30}, "cross_pairs": ()}
    )
    dataset = Dataset(tiny.folder, info)
    monkeypatch.setitem(dataset.__dict__, "samples", rows)

    found = {facet.name: facet.counts for facet in facets(dataset)}

    assert set(found) == {"speed", "colour", "split"}
    assert found["colour"] == {"red": 20, "blue": 10}
    assert found["split"] == {"few": 10, "full": 20}
    # width 5: 29 / 2 needs 15 ranges, 29 / 5 needs 6
    assert list(found["speed"])[:2] == ["0 to 5", "5 to 10"]
    assert set(found["speed"].values()) == {5}


def test_charts_are_valid_xml_whatever_the_words(tmp_path: Path) -> None:
    """Names and values are escaped."""
    evil = "<script>alert(1)</script>&"
    svg = attributes_svg([Facet(evil, {evil: 3, "b": 1}, {})])

    root = ElementTree.fromstring(svg)

    assert "<script>" not in svg
    assert any(element.text == evil for element in root.iter())


def test_croissant_is_valid_and_reads_the_manifest(tiny: Dataset) -> None:
    """`mlcroissant` finds no error, and gives every row with its attributes."""
    issues, rows = read_by_mlcroissant(tiny.folder)

    assert not issues.errors
    assert all("datePublished" in one for one in issues.warnings)  # only the release has a date
    assert [row["samples/id"].decode() for row in rows] == sorted(tiny.samples)
    first = tiny.samples[rows[0]["samples/id"].decode()]
    assert rows[0]["samples/attribute_species"].decode() == first.attributes["species"]
    assert rows[0]["samples/rgb_digest"].decode() == first.digests["rgb"]
    assert rows[0]["samples/height"] == 192


def test_croissant_has_the_responsible_ai_fields(tiny: Dataset) -> None:
    """What the RAI vocabulary asks of a data set for evaluation."""
    record = json.loads((tiny.folder / "croissant.json").read_text())

    assert "http://mlcommons.org/croissant/RAI/1.0" in record["conformsTo"]
    for name in (
        "dataCollection",
        "dataCollectionType",
        "dataAnnotationProtocol",
        "dataUseCases",
        "dataLimitations",
        "dataBiases",
        "dataSocialImpact",
        "personalSensitiveInformation",
        "dataReleaseMaintenancePlan",
    ):
        assert record[f"rai:{name}"], name


def test_texts_from_file_names_are_shown_not_obeyed(strange: Dataset) -> None:
    """An adopted video may be called anything; card, chart and description stay what they are."""
    assert len(strange.samples) == 2
    ElementTree.fromstring((strange.folder / "card" / "attributes.svg").read_text())
    issues, rows = read_by_mlcroissant(strange.folder)
    assert len(rows) == 2
    assert not issues.errors
    assert "<script>" not in (strange.folder / "README.md").read_text()


def test_a_set_that_dances_a_capture_says_so_and_is_not_the_release(copied: Dataset) -> None:
    """No word denies the capture or the person in it; its name is shown, not obeyed."""
    plain = (copied.folder / "README.md").read_text()
    assert "No picture, motion capture, model or person went into it." in plain
    capture = copied.folder / "motion.bvh"
    capture.write_text("HIERARCHY")
    named = MotionFile(name="<b>_x_</b>\n# head.bvh", sha256=sha256_file(capture))
    info = copied.info.model_copy(update={"motion": named})

    write_card(Dataset(copied.folder, info))
    write_croissant(Dataset(copied.folder, info))

    text = (copied.folder / "README.md").read_text()
    issues, _ = read_by_mlcroissant(copied.folder)
    described = json.loads((copied.folder / "croissant.json").read_text())
    assert "All dance the motion capture \\<b\\>\\_x\\_\\</b\\> \\# head.bvh, retargeted" in text
    for record in (text, json.dumps(described)):
        assert "The movements of whoever was captured in" in record
        for lie in ("No picture, motion", "no real person", "procedural moves", "is procedural"):
            assert lie not in record
    assert not issues.errors
    (listed,) = (one for one in described["distribution"] if one["@id"] == "motion.bvh")
    assert f"sha256:{listed['sha256']}" == named.sha256


def test_only_the_release_has_its_date(tiny: Dataset) -> None:
    """Other pixels under the same version were not published with it."""
    released = Dataset(tiny.folder, tiny.info.model_copy(update={"profile": "default"}))
    capture = MotionFile(name="a.bvh", sha256="sha256:" + "0" * 64)
    danced = released.info.model_copy(update={"motion": capture})

    assert about(released).published == "2026-11-22"
    assert about(tiny).published == ""
    assert about(Dataset(tiny.folder, danced)).published == ""
