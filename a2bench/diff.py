"""What differs between two data set versions, and which version number that asks for.

Compared is what the manifests record: digests of decoded pixels, poses and masks, splits, pairs and
words. `a2bench verify` says whether a folder still holds what its manifest records.

Semantic versions: MAJOR where a score could change (pixels, poses, masks, what a method is given,
splits, pairs, anything taken away), MINOR where something was added, PATCH where only words did.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from a2bench.dataset import Dataset
from a2bench.records import DatasetInfo, Sample

Level = Literal["major", "minor", "patch"]
LEVELS: tuple[Level, ...] = ("major", "minor", "patch")


@dataclass(frozen=True)
class Change:
    """One kind of difference.

    Attributes:
        level: the version number it asks to raise.
        what: `pixels`, `poses`, `masks`, `grid`, `prompt`, `attribute species`, `split quant`, ...
        text: how, in a few words.
        ids: the samples concerned; none where it is about the whole set.
    """

    level: Level
    what: str
    text: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """All that differs from `old` to `new`; `compared` samples are built in both."""

    old: DatasetInfo
    new: DatasetInfo
    changes: tuple[Change, ...]
    compared: int
    built_in_one: int
    """Ids of both that are built on one side only, so that nothing can be said of them."""

    @property
    def needed(self) -> Level | None:
        """The least part of the version that must rise; None: nothing differs."""
        return next(
            (level for level in LEVELS if any(c.level == level for c in self.changes)), None
        )

    @property
    def made(self) -> Level | None:
        """The part that did rise from old to new; None: none, or not semantic versions."""
        old, new = _numbers(self.old.version), _numbers(self.new.version)
        if old is None or new is None or new <= old:
            return None
        return next(level for level, a, b in zip(LEVELS, old, new, strict=True) if a != b)

    @property
    def enough(self) -> bool:
        """Whether the version rose as far as it must; another name is another data set."""
        if self.needed is None or self.old.name != self.new.name:
            return True
        return self.made is not None and LEVELS.index(self.made) <= LEVELS.index(self.needed)

    @property
    def next_version(self) -> str:
        """The least version after `old` that the changes allow; empty if it is not semantic."""
        numbers = _numbers(self.old.version)
        if numbers is None:
            return ""
        if self.needed is None:
            return self.old.version
        place = LEVELS.index(self.needed)
        raised = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
        return ".".join(map(str, raised))

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON has it."""
        return {
            "schema": "a2bench.diff/1",
            "old": f"{self.old.name} {self.old.version}",
            "new": f"{self.new.name} {self.new.version}",
            "same": not self.changes,
            "samples_compared": self.compared,
            "samples_built_in_one_only": self.built_in_one,
            "changes": [
                {"level": c.level, "what": c.what, "text": c.text, "ids": list(c.ids)}
                for c in self.changes
            ],
            "version": {
                "needed": self.needed,
                "made": self.made,
                "enough": self.enough,
                "next_after_old": self.next_version,
            },
        }


def _numbers(version: str) -> tuple[int, int, int] | None:
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    major, minor, patch = (int(part) for part in parts)
    return major, minor, patch


def diff(old: Dataset, new: Dataset) -> Difference:
    """Compare two versions.

    Raises:
        A2BenchError: a manifest cannot be read.
    """
    shared = [key for key in old.info.order if key in set(new.info.order)]
    both = [key for key in shared if key in old.samples and key in new.samples]
    one = [key for key in shared if (key in old.samples) != (key in new.samples)]
    found = [*_of_sets(old.info, new.info), *_of_samples(old.samples, new.samples, both)]
    found.sort(key=lambda change: LEVELS.index(change.level))
    return Difference(old.info, new.info, tuple(found), len(both), len(one))


_LISTS = {"name", "version", "build", "order", "splits", "cross_pairs", "protocols", "licence"}


def _of_sets(old: DatasetInfo, new: DatasetInfo) -> Iterator[Change]:
    before, after = set(old.order), set(new.order)
    if gone := [key for key in old.order if key not in after]:
        yield Change("major", "ids", "taken away", tuple(gone))
    if added := [key for key in new.order if key not in before]:
        yield Change("minor", "ids", "added", tuple(added))
    for split in sorted(set(old.splits) | set(new.splits)):
        if split not in new.splits:
            yield Change("major", f"split {split}", "taken away")
        elif split not in old.splits:
            yield Change("minor", f"split {split}", "added")
        else:
            ids = set(old.order[: old.splits[split]]), set(new.order[: new.splits[split]])
            if ids[0] != ids[1]:
                moved = tuple(sorted(ids[0] ^ ids[1]))
                yield Change("major", f"split {split}", "other ids are in it", moved)
    for protocol in sorted(set(old.protocols) | set(new.protocols)):
        if protocol not in new.protocols:
            yield Change("major", f"protocol {protocol}", "taken away")
        elif protocol not in old.protocols:
            yield Change("minor", f"protocol {protocol}", "added")
    pairs = {pair.reference_id: pair for pair in new.cross_pairs}
    was = {pair.reference_id: pair for pair in old.cross_pairs}
    shared = [key for key in was if key in pairs]
    if moved := tuple(key for key in shared if was[key].driver_id != pairs[key].driver_id):
        yield Change("major", "cross pairs", "another driver", moved)
    words = tuple(key for key in shared if key not in moved and was[key] != pairs[key])
    if words:
        yield Change("minor", "cross pairs", "another description", words)
    if old.licence != new.licence:
        yield Change("patch", "licence", f"{old.licence!r} became {new.licence!r}")
    # whatever else describes a set may decide what is scored
    for name in type(old).model_fields:
        if name not in _LISTS and getattr(old, name) != getattr(new, name):
            yield Change("major", name.rstrip("_"), "another value in dataset.json")


_GIVEN = {"rgb": "pixels", "pose": "poses", "mask": "masks"}
_GRID = ("size", "fps", "frames")
_NOT_COMPARED = {"id", "files", "digests", "attributes", "prompt", "index", *_GRID}
"""`files` are the containers' bytes, which differ between encoders though pixels do not."""


def _of_samples(
    old: Mapping[str, Sample], new: Mapping[str, Sample], both: list[str]
) -> Iterator[Change]:
    def where(differs: Any) -> tuple[str, ...]:
        return tuple(key for key in both if differs(old[key], new[key]))

    kinds = sorted({kind for key in both for kind in (*old[key].digests, *new[key].digests)})
    for kind in kinds:
        if ids := where(lambda a, b, kind=kind: a.digests.get(kind) != b.digests.get(kind)):
            yield Change("major", _GIVEN.get(kind, kind), "changed", ids)
    if ids := where(lambda a, b: any(getattr(a, f) != getattr(b, f) for f in _GRID)):
        yield Change("major", "grid", "another size, rate or number of frames", ids)
    if ids := where(lambda a, b: a.prompt != b.prompt):
        yield Change("major", "prompt", "changed: some methods are given it", ids)
    names = sorted({name for key in both for name in (*old[key].attributes, *new[key].attributes)})
    for name in names:
        for level, text, differs in _WORDS:
            if ids := where(
                lambda a, b, n=name, d=differs: d(a.attributes.get(n), b.attributes.get(n))
            ):
                yield Change(level, f"attribute {name}", text, ids)
    for name in Sample.model_fields:
        if name in _NOT_COMPARED:
            continue
        if ids := where(lambda a, b, n=name: getattr(a, n) != getattr(b, n)):
            yield Change("minor", name.rstrip("_"), "another value in the manifest", ids)


_WORDS: tuple[tuple[Level, str, Any], ...] = (
    ("major", "taken away", lambda a, b: a is not None and b is None),
    ("minor", "added", lambda a, b: a is None and b is not None),
    ("patch", "another value", lambda a, b: None not in (a, b) and a != b),
)
"""What may happen to an attribute: level, words, and whether it did, from old and new value."""
