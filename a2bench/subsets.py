"""Which cases of a split: by what is known of the reference character, the driver and the pair."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, unknown_name
from a2bench.records import Case
from a2bench.statistics import Clusters

DRIVER = "driver."
"""Prefix of a key that asks about the driver instead of the reference."""


def facts(dataset: Dataset, case: Case) -> dict[str, str]:
    """Return what a case can be chosen by: `family=animals`, `driver.style=ink`, ..."""
    reference, driver = dataset.sample(case.reference_id), dataset.sample(case.driver_id)
    found = {"family": reference.category, **reference.attributes}
    found[f"{DRIVER}family"] = driver.category
    found |= {f"{DRIVER}{key}": value for key, value in driver.attributes.items()}
    return found


def clusters_of(cases: Iterable[Case]) -> dict[str, Clusters]:
    """Return case id -> the characters it stands on."""
    return {
        case.case_id: (
            (case.reference_id, case.driver_id)
            if case.protocol == "cross"
            else (case.reference_id,)
        )
        for case in cases
    }


def choose(dataset: Dataset, cases: Sequence[Case], asked: Iterable[str]) -> list[Case]:
    """Return the cases that meet every `KEY=VALUE[,VALUE]`.

    Raises:
        A2BenchError: see `choose_ids`.
    """
    chosen = choose_ids({case.case_id: facts(dataset, case) for case in cases}, asked)
    return [case for case in cases if case.case_id in chosen]


def choose_ids(known: Mapping[str, Mapping[str, str]], asked: Iterable[str]) -> frozenset[str]:
    """Return the ids of the cases that meet every `KEY=VALUE[,VALUE]`.

    Args:
        known: case id -> what it can be chosen by.
        asked: the conditions.

    Raises:
        A2BenchError: not of that form, no such key or value in these cases, or none is left.
    """
    asked = list(asked)
    tests: list[Callable[[Mapping[str, str]], bool]] = []
    for one in asked:
        key, equals, words = one.partition("=")
        if not equals or not words:
            raise A2BenchError(f"--subset {one}: expected KEY=VALUE, such as family=animals.")
        keys = sorted({name for found in known.values() for name in found})
        if key not in keys:
            raise unknown_name("attribute", key, keys)
        values = words.split(",")
        there = sorted({found[key] for found in known.values() if key in found})
        for value in values:
            if value not in there:
                raise unknown_name(f"{key} of these cases", value, there)
        tests.append(_test(key, frozenset(values)))
    chosen = frozenset(key for key, found in known.items() if all(test(found) for test in tests))
    if not chosen:
        raise A2BenchError(f"no case of these {len(known)} is {' and '.join(asked)}.")
    return chosen


def _test(key: str, values: frozenset[str]) -> Callable[[Mapping[str, str]], bool]:
    return lambda found: found.get(key) in values
