"""Every bound that a metric's card states is measured again, on made frames and on real ones."""

import os

import pytest

from a2bench import plugins
from benchmarks.precision_checks import Check, all_checks

CHECKS = all_checks()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.name}, {check.reference}")
def test_the_worst_difference_is_within_its_bound(check: Check) -> None:
    made = check.difference("made")
    assert made is None or made <= check.bound
    if "A2BENCH_REAL_DATA" in os.environ:
        real = check.difference("real")
        assert real is None or real <= check.bound
        assert made is not None or real is not None  # a check that compares nothing is none
    else:
        assert made is not None


def test_what_a_card_claims_is_checked() -> None:
    """Same metric, same reference, same bound: a claim without a check does not ship."""
    claimed = {
        (name, agreement.reference, agreement.within)
        for name in plugins.names("metrics")
        for agreement in plugins.metric(name).agreement
    }
    checked = {(check.name, check.reference, check.bound) for check in CHECKS}

    assert claimed <= checked
