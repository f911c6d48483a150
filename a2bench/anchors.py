"""Published numbers that real weights must reproduce: `a2bench doctor --metrics`.

An anchor needs an input that anybody can make. So the two numbers in cd-fvd's README (1064.6156 for
VideoMAE, 3383.9646 for I3D) are none: the videos that they are of are not in it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from a2bench import plugins, weights
from a2bench.frechet import frechet_distance
from a2bench.progress import progress


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


def _fvd_of_noise() -> float:
    """The script's clips, frame by frame as its generator gives them, in [0, 1] as it feeds them.

    A few minutes on a processor.
    """
    import torch

    from a2bench.networks import video

    network = video.prepared_i3d(weights.tensors("i3d_torchscript"), eps=1e-3, pool_frames=2)
    sides = []
    with progress("fvd of published noise", 2 * NOISE_CLIPS) as shown:
        for seed in (1, 2):
            # the old generator, because the script has it; a clip at a time is the same stream
            generator = np.random.RandomState(seed)
            found = []
            for _ in range(NOISE_CLIPS):
                clip = generator.rand(16, 224, 224, 3).astype(np.float32)
                frames = torch.from_numpy(clip).movedim(-1, 1)
                found.append(video.of_windows(network, frames, [0], len(clip)))
                shown.advance()
            sides.append(np.concatenate(found))
    return frechet_distance(sides[0], sides[1], ddof=1)


NOISE_CLIPS = 128

ANCHORS: dict[str, tuple[Anchor, ...]] = {
    "lpips_alex": (
        Anchor(("alexnet_imagenet", "lpips_alex_head"), 0.8140, 1e-3, _lpips_alex, _DEMO),
    ),
    "fvd": (
        Anchor(("i3d_torchscript",), 151.26, 1e-3, _fvd, _DEMO),
        Anchor(
            ("i3d_torchscript",),
            10.13808,
            1e-3,
            _fvd_of_noise,
            "universome/fvd-comparison @ 1c54d8d, README: 2 x 128 clips of noise",
        ),
    ),
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
    if (anchors := ANCHORS.get(name)) is None:
        needs = "no published number to reproduce" if metric.all_weights else "needs no weights"
        return MetricReport(name, "ok", "; ".join(filter(None, (needs, mark))))
    agrees, texts = True, []
    for anchor in anchors:
        value = anchor.compute()
        agrees &= abs(value - anchor.expected) <= anchor.within * anchor.expected
        texts.append(f"{value:.6g}, published {anchor.expected:.7g} ({anchor.source})")
    return MetricReport(name, "ok" if agrees else "differs", "; ".join(texts))
