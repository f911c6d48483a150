"""`a2bench doctor --metrics`: what lacks, and whether published numbers come out."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import anchors


def test_every_metric_is_reported_with_what_to_type(
    cli: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = cli("doctor", "--metrics", "--json", A2BENCH_WEIGHTS=str(tmp_path))
    found = {row["name"]: row for row in json.loads(done.stdout)}

    assert done.returncode == 0, done.stderr
    assert found["fvd"]["state"] == "missing"
    assert found["fvd"]["fix"] == "a2bench fetch i3d_torchscript"
    assert found["psnr"]["state"] == "ok"


def test_a_number_that_is_not_the_published_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric without weights stands in for one whose weights are there."""
    for value, state in ((2.0001, "ok"), (2.1, "differs")):
        anchor = anchors.Anchor((), 2.0, 1e-3, lambda value=value: value, "a paper")
        monkeypatch.setitem(anchors.ANCHORS, "psnr", anchor)

        report = anchors._report("psnr")

        assert report.state == state
        assert "published 2 (a paper)" in report.found
