"""Every bound that a metric's card states is measured again, on made frames and on real ones."""

import os
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.agreement import measured, measured_lines
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


def test_the_record_is_of_these_checks_and_holds_their_bounds() -> None:
    """What `a2bench info metric` prints: measured by `make precision`, each within its bound."""
    record = measured()

    assert [(row.metric, row.reference, row.bound, row.unit) for row in record] == [
        (check.name, check.reference, check.bound, check.unit) for check in CHECKS
    ]
    for row in record:
        differences = [one for one in (row.made, row.real) if one is not None]
        assert differences
        assert max(differences) <= row.bound


def test_the_table_of_the_document_is_the_record() -> None:
    document = (Path(__file__).parent.parent / "docs" / "precision.md").read_text(encoding="utf-8")

    for row in measured():
        assert f"| `{row.metric}` | {row.reference} |" in document
    (line,) = (line for line in measured_lines("psnr_background") if "scikit-image" in line)
    assert line.endswith("dB on real frames; bound 1e-09 dB")
    assert "float64: measured " in line
