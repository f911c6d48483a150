"""Seconds of the network metrics' parts beside the usual packages, in one run on this machine.

    python benchmarks/network_metrics.py [--rounds 3] [--threads 2] [--only NAME]

Prints medians, ratios to the peer, and for LPIPS how much longer it takes than its convolutions
alone. Weights are random: times do not depend on them.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import scipy.linalg
import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

from a2bench import weights
from a2bench.frechet import frechet_distance
from a2bench.networks import inception, lpips
from a2bench.networks.frames import to_tensor


def seconds(
    rounds: int, *jobs: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Median seconds of each job, taken in turn so that load falls on all alike."""
    taken: list[list[float]] = [[] for _ in jobs]
    for job in jobs:
        job()
    for _ in range(rounds):
        for job, times in zip(jobs, taken, strict=True):
            started = clock()
            job()
            times.append(clock() - started)
    return [statistics.median(times) for times in taken]


def row(what: str, peer: str, theirs: float, ours: float, note: str = "") -> None:
    times = f"{theirs * 1e3:.0f} | {ours * 1e3:.0f} | {theirs / ours:.2f}x"
    print(f"| {what} | {peer} | {times} | {note} |", flush=True)


def of_inception(rounds: int) -> None:
    import pytorch_fid.inception

    made = inception.network()
    made.load_state_dict(random_like(made.state_dict()))
    tensors = made.state_dict()
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: tensors
    peer = pytorch_fid.inception.InceptionV3([3]).eval()
    ours = inception.prepared(dict(tensors))
    frames = np.random.default_rng(0).integers(0, 256, (8, 768, 512, 3), dtype=np.uint8)
    images = to_tensor(frames)

    def one_by_one() -> None:
        for image in images:
            peer(image[None] / 255)

    theirs, at_eight, own = seconds(
        rounds, one_by_one, lambda: peer(images / 255), lambda: inception.features(ours, images)
    )
    row("Inception, 8 frames of 512x768", "pytorch-fid, batch 1", theirs, own)
    row("the same", "pytorch-fid, batch 8", at_eight, own)


def of_frechet(rounds: int) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 640, 2048))

    def by_root() -> None:
        first, second = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scipy.linalg.sqrtm(first @ second)

    (own,) = seconds(rounds, lambda: frechet_distance(x, y))
    (theirs,) = seconds(1, by_root)
    row("Fréchet, 640 vectors of 2048", "scipy sqrtm", theirs, own)


def of_lpips(rounds: int, backbone: lpips.Backbone) -> None:
    import lpips as package

    make = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16}[backbone]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = package.LPIPS(net=backbone, pnet_rand=True, verbose=False, spatial=True).eval()
    trunk = make(weights=None).state_dict()
    ours = lpips.prepared(backbone, dict(trunk), weights.tensors(f"lpips_{backbone}_head"))
    first, second = torch.rand((2, 1, 3, 768, 512)) * 2 - 1
    with FlopCounterMode(display=False) as counter:
        ours.maps(first, second)
    work = counter.get_total_flops() / 1e9
    # the arithmetic limit: the backbone's convolutions on their real inputs, and nothing else
    both = torch.cat((first, second)).contiguous(memory_format=torch.channels_last)
    given: list[tuple[torch.nn.Module, torch.Tensor]] = []
    for module in ours.features:
        if isinstance(module, torch.nn.Conv2d):
            given.append((module, both))
        # ReLU works in place: what was kept as an input must not be the next one's
        both = module(both.clone() if isinstance(module, torch.nn.ReLU) else both)

    def convolutions() -> None:
        for module, x in given:
            module(x)

    theirs, own, limit = seconds(
        rounds,
        lambda: peer(first, second),
        lambda: ours.maps(first, second),
        convolutions,
        clock=time.process_time if torch.get_num_threads() == 1 else time.perf_counter,
    )
    row(
        f"LPIPS {backbone}, a pair of 512x768",
        "lpips",
        theirs,
        own,
        f"{work:.0f} GFLOP; its convolutions alone {limit * 1e3:.0f} ms: {own / limit:.2f} of them",
    )


def random_like(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Positive variances, small weights."""
    return {
        key: torch.rand_like(one) * 0.05 + 0.5 * key.endswith("running_var")
        if one.is_floating_point()
        else one
        for key, one in tensors.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="1: LPIPS in CPU time")
    parser.add_argument("--only", choices=("frechet", "inception", "lpips_alex", "lpips_vgg"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, medians of {options.rounds}\n")
    print("| what | peer | peer, ms | ours, ms | ratio | |\n|---|---|---:|---:|---:|---|")
    with torch.inference_mode():
        for name, measure in (
            ("frechet", lambda: of_frechet(options.rounds)),
            ("inception", lambda: of_inception(options.rounds)),
            ("lpips_alex", lambda: of_lpips(options.rounds, "alex")),
            ("lpips_vgg", lambda: of_lpips(options.rounds, "vgg")),
        ):
            if options.only in (None, name):
                measure()


if __name__ == "__main__":
    main()
