"""Suite `disco` (L1, PSNR, SSIM) from mp4 files, beside the field's own flow, in one run.

    python benchmarks/disco_flow.py [--clips 4] [--frames 32] [--rounds 3]

The peer is the flow of DisCo's `gen_eval.sh` and `metric_center.py` (facts in the project's
research notes): every video is decoded and each frame written as PNG; then each metric by itself
reads all PNG files of both sides again, in float64, with scikit-image's SSIM on OpenCV's grey.
Ours: each mp4 is decoded once and all three metrics are computed from memory, with one process and
with two, as `a2bench score` has one a core. Files are CRF 18, 4:2:0, 512 x 768. All take turns in
each round; printed are medians. Machines are noisy: read the ratios. The values must agree.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from a2bench import plugins
from a2bench.box_ssim import grey_ssim
from a2bench.metric import ClipPair
from a2bench.video import read_video, write_truth

HEIGHT, WIDTH = 768, 512
METRICS = ("l1_over_area", "psnr_star", "ssim_gray7")


def moving_texture(frames: int, seed: int) -> np.ndarray:
    """A texture that drifts 4 px a frame, with grain."""
    generator = np.random.default_rng(seed)
    noise = generator.random((HEIGHT, WIDTH + 4 * frames, 3)).astype(np.float32)
    wide = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)
    shown = np.stack([wide[:, 4 * i : 4 * i + WIDTH] for i in range(frames)])
    grain = generator.normal(0, 2, shown.shape).astype(np.float32)
    return np.clip(shown + grain, 0, 255).astype(np.uint8)


def to_png(video: Path, folder: Path) -> None:
    """Write each frame of a video as PNG, as the field does before it measures.

    Decoded by us, so that both flows see the same pixels; FFmpeg's own conversion to RGB is 1 to
    3 ms a frame faster and gives values that differ in the third digit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(read_video(video).frames):
        cv2.imwrite(str(folder / f"{index:04d}.png"), frame[..., ::-1])


def field_flow(pairs: list[tuple[Path, Path]], work: Path) -> dict[str, float]:
    """PNG files, then one pass over all of them a metric."""
    files: list[tuple[str, str]] = []
    for number, (prediction, truth) in enumerate(pairs):
        sides = []
        for name, video in (("prediction", prediction), ("truth", truth)):
            folder = work / name / str(number)
            to_png(video, folder)
            sides.append(sorted(str(path) for path in folder.glob("*.png")))
        files += list(zip(*sides, strict=True))

    def l1(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
        return apart / (one.shape[0] * one.shape[1])

    def psnr(one: np.ndarray, other: np.ndarray) -> float:
        error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
        return 100.0 if error == 0 else 20 * np.log10(255 / np.sqrt(error))

    def ssim(one: np.ndarray, other: np.ndarray) -> float:
        grey = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in (one, other)]
        return structural_similarity(*grey, full=True)[0]

    found = {}
    for name, metric in zip(METRICS, (l1, psnr, ssim), strict=True):
        each = [metric(cv2.imread(one), cv2.imread(other)) for one, other in files]
        found[name] = float(np.mean(each))
    return found


def score_clip(prediction: Path, truth: Path) -> dict[str, float]:
    """One decode of each side, three metrics."""
    cv2.setNumThreads(1)
    pair = ClipPair(read_video(prediction).frames, read_video(truth).frames)
    return {name: plugins.metric(name).outcome(pair).value or 0.0 for name in METRICS}


def mean(each: list[dict[str, float]]) -> dict[str, float]:
    """Mean over clips of equal length."""
    return {name: float(np.mean([one[name] for one in each])) for name in METRICS}


def median_seconds(function: Callable[[], object], rounds: int) -> float:
    """Median time of a call, after one that warms up."""
    function()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Time both flows and the kernel, and compare their values."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(max_workers=2) as two_processes,
    ):
        work = Path(folder)
        pairs = []
        for number in range(arguments.clips):
            clip = moving_texture(arguments.frames + 1, seed=number)
            names = work / f"prediction{number}.mp4", work / f"truth{number}.mp4"
            for path, frames in zip(names, (clip[1:], clip[:-1]), strict=True):
                write_truth(path, frames, 8, storage="small")
            pairs.append(names)

        def ours() -> dict[str, float]:
            return mean([score_clip(*pair) for pair in pairs])

        def ours_on_two() -> dict[str, float]:
            return mean(list(two_processes.map(score_clip, *zip(*pairs, strict=True))))

        flows = {
            "the field's flow, 1 process": lambda: field_flow(pairs, work / "png"),
            "ours, 1 process": ours,
            "ours, 2 processes": ours_on_two,
        }
        values = {name: flow() for name, flow in flows.items()}  # warm: compiles, fills caches
        taken: dict[str, list[float]] = {name: [] for name in flows}
        for _ in range(arguments.rounds):
            for name, flow in flows.items():
                start = time.perf_counter()
                flow()
                taken[name].append(time.perf_counter() - start)
        count = arguments.clips * arguments.frames
        first = statistics.median(next(iter(taken.values())))
        print(
            f"{arguments.clips} clips of {arguments.frames} frames, load {os.getloadavg()[0]:.1f}"
        )
        for name, seconds in taken.items():
            median = statistics.median(seconds)
            print(f"{name:<30}{median / count * 1000:8.2f} ms a frame pair{first / median:8.1f} x")
        reference, own = values["the field's flow, 1 process"], values["ours, 1 process"]
        for name in METRICS:
            print(f"{name:<30}{own[name]:.12g}, the field's flow {reference[name]:.12g}")
        prediction, truth = (read_video(path).frames[8] for path in pairs[0])
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (prediction, truth)]
        peer = median_seconds(lambda: structural_similarity(*grey, full=True), 9)
        kernel = median_seconds(lambda: grey_ssim(*grey), 31)
        apart = abs(structural_similarity(*grey) - grey_ssim(*grey))
        print(
            f"kernel: scikit-image {peer * 1000:.1f} ms, ours {kernel * 1000:.2f} ms on one core, "
            f"{peer / kernel:.0f} x, difference {apart:.1e}"
        )


if __name__ == "__main__":
    main()
