"""Published numbers that real weights must reproduce: `a2bench doctor --metrics`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from a2bench import plugins, weights


@dataclass(frozen=True)
class Anchor:
    """A number somebody published for an input that anybody can make.

    Attributes:
        weights: rows it needs.
        expected: the published number.
        within: relative difference that its printed digits and other libraries allow.
        compute: ours.
        source: where it is printed.
    """

    weights: tuple[str, ...]
    expected: float
    within: float
    compute: Callable[[], float]
    source: str


@dataclass(frozen=True)
class MetricReport:
    """What `doctor --metrics` says of one metric."""

    name: str
    state: str
    found: str
    fix: str = ""


_DEMO = "JunyaoHu/common_metrics_on_video_quality, demo: zeros against ones, 30 frames of 64x64"


def _zeros_and_ones() -> tuple[np.ndarray, np.ndarray]:
    shape = (30, 64, 64, 3)
    return np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)


def _lpips_alex() -> float:
    from a2bench.networks import lpips

    black, white = _zeros_and_ones()
    return lpips.frame_means(lpips.loaded("alex"), black[:1], white[:1], "signed")[0]


def _fvd() -> float:
    """All clips of a side are equal, so the distance is that of the two vectors."""
    from a2bench.networks import video

    network = video.prepared_i3d(weights.tensors("i3d_torchscript"), eps=1e-3, pool_frames=2)
    first, second = (
        video.of_windows(network, video.styleganv_frames(clip), [0], len(clip))
        for clip in _zeros_and_ones()
    )
    return float(np.square(first.astype(np.float64) - second).sum())


ANCHORS: dict[str, Anchor] = {
    "lpips_alex": Anchor(("alexnet_imagenet", "lpips_alex_head"), 0.8140, 1e-3, _lpips_alex, _DEMO),
    "fvd": Anchor(("i3d_torchscript",), 151.26, 1e-3, _fvd, _DEMO),
}


def reports() -> list[MetricReport]:
    """Return what is missing for each metric and, where weights are, whether an anchor holds."""
    return [_report(name) for name in plugins.names("metrics")]


def _report(name: str) -> MetricReport:
    metric = plugins.metric(name)
    if lacking := metric.missing():
        reason, _, command = lacking.rpartition(": ")
        return MetricReport(name, "missing", reason or lacking, command.strip("`"))
    mark = weights.unverified(*metric.all_weights)
    if (anchor := ANCHORS.get(name)) is None:
        needs = "no published number to reproduce" if metric.all_weights else "needs no weights"
        return MetricReport(name, "ok", "; ".join(filter(None, (needs, mark))))
    value = anchor.compute()
    agrees = abs(value - anchor.expected) <= anchor.within * anchor.expected
    text = f"{value:.6g}, published {anchor.expected:g} ({anchor.source})"
    return MetricReport(name, "ok" if agrees else "differs", text)
