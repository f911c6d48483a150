"""What a data set's samples are like, as words that can be counted and filtered by.

Read generically: an attribute or a field that a builder adds to its samples shows up by itself in
`info`, the card, Croissant and the gallery.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from a2bench.dataset import Dataset
from a2bench.records import Sample

_NOT_WORDS = {"schema", "id", "index", "prompt", "files", "digests", "attributes", "category"}
"""Fields of a sample that say which one it is, not what it is like."""

_FIRST = ("family", "species", "style", "body plan", "difficulty", "moves", "background", "split")
"""Shown first, where they are there; all others follow in order of their name."""

_LONGEST_WORD = 60
_MOST_VALUES = 120
_MOST_NUMBERS = 12
"""Numbers with more values than this are gathered into ranges."""


@dataclass(frozen=True)
class Facet:
    """One attribute over all samples that are built.

    Attributes:
        name: as people read it.
        counts: value -> number of samples that have it; numbers ascend, words by count.
        of: sample id -> its values (a sample has several moves).
    """

    name: str
    counts: dict[str, int]
    of: dict[str, tuple[str, ...]]


def sample_words(sample: Sample) -> dict[str, tuple[str, ...]]:
    """Return attribute -> values of one sample; `a, b` is two values."""
    row = sample.model_dump(mode="json")
    row["size"] = str(sample.size)
    found: dict[str, tuple[str, ...]] = {"family": tuple(_split(sample.category))}
    for key, value in row.items():
        if key not in _NOT_WORDS:
            found |= _words(key, value)
    for key, value in sample.attributes.items():
        found |= _words(key, value)
    return found


def _words(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    name = key.replace("_", " ")
    if isinstance(value, Mapping):
        nested = [_words(f"{key} {inner}", one) for inner, one in sorted(value.items())]
        return {name: words for one in nested for name, words in one.items()}
    values = value if isinstance(value, list) else [value]
    words = [word for one in values for word in _split(one)]
    return {name: tuple(dict.fromkeys(words))} if words else {}


def _split(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, float):
        return [f"{value:g}"]
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, str):
        parts = value.replace("_", " ").split(", ")
        return [word for part in parts if (word := " ".join(part.split()))]
    return []  # None, or lists of records: nothing that could be counted


def facets(dataset: Dataset) -> list[Facet]:
    """Return every attribute in which samples differ; those of digests and free text are left out.

    Raises:
        A2BenchError: the manifest cannot be read.
    """
    words = {sample_id: sample_words(sample) for sample_id, sample in dataset.samples.items()}
    for split, ids in new_ids_of_splits(dataset).items():
        for sample_id in set(ids) & set(words):
            words[sample_id]["split"] = (split,)
    for pair in dataset.info.cross_pairs:
        if pair.reference_id in words:
            for key, value in pair.model_dump(mode="json").items():
                if key not in ("reference_id", "driver_id"):
                    words[pair.reference_id] |= _words(f"cross {key}", value)
    names = {name for one in words.values() for name in one}
    ordered = [name for name in _FIRST if name in names] + sorted(names - set(_FIRST))
    splits = list(new_ids_of_splits(dataset))
    made = [_facet(name, words, splits if name == "split" else ()) for name in ordered]
    return [facet for facet in made if facet is not None]


def new_ids_of_splits(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """Return split -> ids that no smaller split has; together they are all ids."""
    found, start = {}, 0
    for split, count in sorted(dataset.info.splits.items(), key=lambda item: item[1]):
        found[split] = dataset.info.order[start:count]
        start = max(start, count)
    return {split: ids for split, ids in found.items() if ids}


def _facet(
    name: str, words: Mapping[str, Mapping[str, tuple[str, ...]]], order: Iterable[str]
) -> Facet | None:
    of = {sample_id: one[name] for sample_id, one in words.items() if name in one}
    values = {value for one in of.values() for value in one}
    if any(len(value) > _LONGEST_WORD for value in values):
        return None
    numbers = _numbers(values)
    ascending = sorted(numbers, key=numbers.__getitem__) if numbers is not None else []
    shown = ascending
    if numbers is not None and len(numbers) > _MOST_NUMBERS:
        ranges = _ranges(numbers)
        of = {sample_id: tuple(ranges[value] for value in one) for sample_id, one in of.items()}
        shown = list(dict.fromkeys(ranges[value] for value in ascending))
    tally = Counter(value for one in of.values() for value in one)
    if not 2 <= len(tally) <= _MOST_VALUES:
        return None
    shown = shown or [value for value in order if value in tally]
    shown = shown or sorted(tally, key=lambda value: (-tally[value], value))
    return Facet(name, {value: tally[value] for value in shown}, of)


def _numbers(values: Iterable[str]) -> dict[str, float] | None:
    try:
        found = {value: float(value) for value in values}
    except ValueError:
        return None
    return found if all(map(math.isfinite, found.values())) else None


def _ranges(numbers: Mapping[str, float]) -> dict[str, str]:
    """Return number -> range of a round width (1, 2 or 5 times a power of ten), 5 to 12 in all."""
    low, high = min(numbers.values()), max(numbers.values())
    width = 10 ** math.floor(math.log10((high - low) / 10))
    width *= next(step for step in (1, 2, 5, 10) if (high - low) / (width * step) <= 10)
    found = {}
    for text, value in numbers.items():
        start = math.floor(value / width)
        found[text] = f"{start * width:g} to {(start + 1) * width:g}"
    return found
