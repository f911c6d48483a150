"""Time and precision of the pixel metrics against their peers, on one core, in one run.

    python benchmarks/pixel_metrics.py [--frames 8] [--rounds 5]
    A2BENCH_REAL_DATA=... python benchmarks/pixel_metrics.py --precision

Machines are noisy: read the ratios. Frames are 512 x 768, textured, decoded already; the region is
an ellipse of 40 % of the frame. Every function is given one clip, as the scorer does, and all take
turns in each round; printed is the median over the rounds of a clip's milliseconds a frame.
`--precision` prints the worst difference to the references on real videos instead.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import (
    peak_signal_noise_ratio as torch_psnr,
)
from torchmetrics.functional.image import (
    structural_similarity_index_measure as torch_ssim,
)

from a2bench import pixels, plugins
from a2bench.metric import ClipPair
from a2bench.video import read_video

HEIGHT, WIDTH = 768, 512


def moving_textures(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """A texture that drifts, and the same one frame later with some noise."""
    generator = np.random.default_rng(0)
    noise = generator.random((HEIGHT, WIDTH + 4 * frames + 4, 3)).astype(np.float32)
    wide = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    shown = np.stack([wide[:, 4 * i : 4 * i + WIDTH] for i in range(frames + 1)])
    grain = generator.normal(0, 4, shown.shape)
    return np.clip(shown + grain, 0, 255).astype(np.uint8)[1:], shown.astype(np.uint8)[:-1]


def ellipse(frames: int) -> np.ndarray:
    """40 % of the frame: pi/4 x (.88 x .58) of it."""
    rows, columns = np.ogrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    inside = (rows / 0.88) ** 2 + (columns / 0.58) ** 2 < 1
    return np.broadcast_to(inside, (frames, HEIGHT, WIDTH))


def scikit_ssim_map(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """SSIM of Wang et al. 2004 as scikit-image computes it, for every pixel and channel."""
    _, similarity = structural_similarity(
        prediction,
        target,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1,
        data_range=255,
        full=True,
    )
    return similarity


def peers(prediction: np.ndarray, target: np.ndarray) -> dict[str, dict[str, Callable[[], object]]]:
    """Metric -> what others offer for it, on whole frames."""

    def each(function: Callable[[np.ndarray, np.ndarray], object]) -> Callable[[], object]:
        return lambda: [function(p, t) for p, t in zip(prediction, target, strict=True)]

    def tensor(frame: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(frame).permute(2, 0, 1)[None].float()

    def dis(p: np.ndarray, t: np.ndarray) -> object:
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (t, p)]
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(*grey, None)

    def farneback(p: np.ndarray, t: np.ndarray) -> object:
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (t, p)]
        return cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 3, 15, 3, 5, 1.2, 0)

    return {
        "psnr": {
            "scikit-image": each(lambda p, t: peak_signal_noise_ratio(t, p, data_range=255)),
            "torchmetrics": each(lambda p, t: torch_psnr(tensor(p), tensor(t), data_range=255.0)),
        },
        "ssim": {
            "scikit-image": each(scikit_ssim_map),
            "torchmetrics": each(lambda p, t: torch_ssim(tensor(p), tensor(t), data_range=255.0)),
        },
        "l1": {
            "numpy float64": each(
                lambda p, t: np.abs(p.astype(np.float64) - t.astype(np.float64)).mean()
            )
        },
        "flow_error_dis": {"bare OpenCV DIS": each(dis), "OpenCV Farneback": each(farneback)},
    }


def print_precision(videos: Path) -> None:
    """Worst differences over real videos: each frame against the one half a second before."""
    worst: dict[str, float] = {}

    def note(what: str, first: float, second: float) -> None:
        worst[what] = max(worst.get(what, 0.0), abs(first - second))

    files, pairs = sorted(videos.glob("*.mp4")), 0
    for path in files:
        frames = read_video(path).frames
        chosen = np.linspace(8, len(frames) - 1, 4, dtype=int)
        prediction, target = frames[chosen - 4], frames[chosen]
        height, width = target.shape[1:3]
        rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        region = np.broadcast_to((rows / 0.88) ** 2 + (columns / 0.58) ** 2 < 1, target.shape[:3])
        maps = np.stack([scikit_ssim_map(p, t) for p, t in zip(prediction, target, strict=True)])
        whole = (slice(0, height), slice(0, width))
        for p, t, expected in zip(prediction, target, maps, strict=True):
            apart = np.abs(pixels.ssim_map(p, t, whole) - expected).max()
            note("one pixel of the SSIM map, scikit-image", apart, 0)
        for suffix, mask in (("", region), ("_full", np.ones(target.shape[:3], dtype=np.bool_))):
            pair = ClipPair(prediction, target, region)
            first, second = prediction[mask].astype(np.float64), target[mask].astype(np.float64)
            found = {
                name: plugins.metric(name + suffix).clip(pair).value or 0.0
                for name in ("psnr", "ssim", "l1", "flow_error_dis")
            }
            psnr = peak_signal_noise_ratio(second, first, data_range=255)
            note(f"psnr{suffix}, scikit-image float64", found["psnr"], psnr)
            note(f"ssim{suffix}, scikit-image float64", found["ssim"], maps[mask].mean())
            l1 = np.abs(first - second).mean() / 255
            note(f"l1{suffix}, numpy float64", found["l1"], l1)
            cv2.setNumThreads(2)
            again = plugins.metric(f"flow_error_dis{suffix}").clip(pair).value or 0.0
            cv2.setNumThreads(1)
            note(f"flow_error_dis{suffix}, itself on two threads", found["flow_error_dis"], again)
        pairs += len(chosen)
    print(f"worst difference over {pairs} pairs of frames of {len(files)} videos")
    for what, difference in worst.items():
        print(f"{what:<48}{difference:10.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if arguments.precision:
        print_precision(Path(os.environ["A2BENCH_REAL_DATA"]) / "videos")
        return
    prediction, target = moving_textures(arguments.frames)
    region = ellipse(arguments.frames)

    functions: dict[tuple[str, str], Callable[[], object]] = {}
    for name, others in peers(prediction, target).items():
        clip, clip_full = plugins.metric(name).clip, plugins.metric(f"{name}_full").clip
        # A new pair each time: what a pair keeps for the next metric is paid here each time.
        functions[name, "ours, region"] = lambda clip=clip: clip(
            ClipPair(prediction, target, region)
        )
        functions[name, "ours, full"] = lambda clip=clip_full: clip(ClipPair(prediction, target))
        functions |= {(name, peer): function for peer, function in others.items()}

    taken: dict[tuple[str, str], list[float]] = {key: [] for key in functions}
    for function in functions.values():
        function()  # warm up
    for _ in range(arguments.rounds):
        for key, function in functions.items():
            start = time.perf_counter()
            function()
            taken[key].append((time.perf_counter() - start) * 1000 / arguments.frames)

    share = region[0].mean()
    print(f"{WIDTH}x{HEIGHT}, {arguments.frames} frames, region {share:.0%}, one thread")
    print(f"{'metric':<16}{'function':<20}{'ms/frame':>10}{'x ours, full':>14}")
    for (name, what), times in taken.items():
        median = statistics.median(times)
        ratio = median / statistics.median(taken[name, "ours, full"])
        print(f"{name:<16}{what:<20}{median:>10.2f}{ratio:>14.1f}")


if __name__ == "__main__":
    main()
