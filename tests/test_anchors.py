"""`a2bench doctor --metrics`: what lacks, and whether published numbers come out."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

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
        monkeypatch.setitem(anchors.ANCHORS, "psnr", (anchor,))

        report = anchors._report("psnr")

        assert report.state == state
        assert "published 2 (a paper)" in report.found


def test_one_of_two_numbers_that_differs_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both = tuple(anchors.Anchor((), 2.0, 1e-3, lambda v=v: v, f"paper {v}") for v in (2.0, 3.0))
    monkeypatch.setitem(anchors.ANCHORS, "psnr", both)

    report = anchors._report("psnr")

    assert report.state == "differs"
    assert report.found == "2, published 2 (paper 2.0); 3, published 2 (paper 3.0)"


def test_the_clips_of_noise_are_the_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arrays of all clips at once, in [0, 1] and not resized, reach the network clip by clip.

    A network that answers with means of colours stands in: the distance is then known.
    """
    from a2bench.frechet import frechet_distance
    from a2bench.networks import video

    def means(_: object, frames: torch.Tensor, at: list[int], width: int) -> np.ndarray:
        assert (at, width, tuple(frames.shape)) == ([0], 16, (16, 3, 224, 224))
        return frames.double().mean(dim=(0, 2, 3)).numpy()[None]

    monkeypatch.setattr(anchors, "NOISE_CLIPS", 3)
    monkeypatch.setattr(anchors.weights, "tensors", lambda _: {})
    monkeypatch.setattr(video, "prepared_i3d", lambda *_, **__: None)
    monkeypatch.setattr(video, "of_windows", means)

    fake, real = (
        np.random.RandomState(seed)
        .rand(3, 16, 224, 224, 3)
        .astype("f4")
        .mean((1, 2, 3), dtype="f8")
        for seed in (1, 2)
    )
    expected = frechet_distance(fake, real, ddof=1)
    assert anchors._fvd_of_noise() == pytest.approx(expected, rel=1e-3)
