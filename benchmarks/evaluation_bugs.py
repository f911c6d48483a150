"""The field's evaluation bugs in numbers of ours: the tables of docs/evaluation_bugs.md.

    python benchmarks/evaluation_bugs.py --demo a2bench-demo            # print
    python benchmarks/evaluation_bugs.py --demo a2bench-demo --write    # put into the page

From the committed leaderboard (results/), seeded noise, and, for what needs pixels, the folder of
`a2bench demo`.
"""

import argparse
import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from a2bench import frechet, pixels, plugins
from a2bench.dataset import Dataset
from a2bench.leaderboard import read_leaderboard
from a2bench.metric import ClipPair
from a2bench.networks import frames as conventions
from a2bench.video import read_any, read_image, read_truth

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "evaluation_bugs.md"
BOARDS = ROOT / "results" / "a2bench-proc-1.0.0"
METHODS = ("still", "copy_driving", "similarity_warp", "puppet_warp")
GPUS = (1, 3, 6, 7, 8)
SEED = 20250122


@cache
def values(suite: str, metric: str, protocol: str = "cross") -> dict[str, dict[str, float]]:
    """Return method -> case -> value of the committed leaderboard of split quant."""
    found: dict[str, dict[str, float]] = {}
    for value in read_leaderboard(BOARDS / f"quant-given_pose-{suite}").row_values():
        if (value.metric, value.protocol) == (metric, protocol) and value.value is not None:
            found.setdefault(value.method, {})[value.case_id] = value.value
    return found


def mean(numbers: Sequence[float]) -> float:
    """Return the mean, summed exactly."""
    return math.fsum(numbers) / len(numbers)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def overflow(_: Path) -> str:
    """PSNR in wrapping 8-bit arithmetic beside the right one."""
    rng = np.random.default_rng(SEED)
    noise, other = rng.integers(0, 256, (2, 4, 256, 256, 3), dtype=np.uint8)
    grey = np.full_like(noise, 128)
    soft = np.clip(grey + rng.normal(0, 24, grey.shape), 0, 255).round().astype(np.uint8)
    pairs = {
        "two pictures of pure noise": (noise, other),
        "grey and the same with noise of sigma 24": (grey, soft),
        "grey and the same 8 levels brighter": (grey, grey + np.uint8(8)),
        "grey and the same 16 levels brighter": (grey, grey + np.uint8(16)),
        "grey and the same 100 levels brighter": (grey, grey + np.uint8(100)),
    }
    rows = []
    for what, (one, two) in pairs.items():
        pair = ClipPair(one, two)
        shown = [plugins.metric(name).outcome(pair).value for name in ("psnr_star", "psnr_uint8")]
        rows.append([what, *(f"{value:.2f}" for value in shown)])
    for method in METHODS:
        right, wrong = (
            mean(list(values("disco", name)[method].values()))
            for name in ("psnr_star", "psnr_uint8")
        )
        rows.append([f"`{method}`, mean of 100 cases", f"{right:.2f}", f"{wrong:.2f}"])
    return table(("dB", "`psnr_star` (right)", "`psnr_uint8` (wraps)"), rows)


def input_frame(demo: Path) -> str:
    """PSNR* of `self` with and without the frame that the method was given."""
    dataset = Dataset.find(demo / "data", "a2bench-proc")
    cases = dataset.cases("self", "demo")
    stored = demo / "data" / "runs" / "demo" / "predictions" / "a2bench-proc"
    rows = []
    for method in ("still", "puppet_warp"):
        counted, left_out = [], []
        for case in cases:
            truth = read_truth(dataset.sample_file(case.reference_id, "video.mp4"))
            (path,) = stored.glob(f"*/self/{method}/0/{case.case_id}.mp4")
            answer = read_any(path).frames
            errors = pixels.squared_error_by_frame(answer, truth)
            counted.append(pixels.field_psnr(errors, truth[0].size))
            left_out.append(pixels.field_psnr(errors[1:], truth[0].size))
        first, second = mean(counted), mean(left_out)
        rows.append([f"`{method}`", f"{first:.2f}", f"{second:.2f}", f"{first - second:+.2f}"])
    return table(("`self`, 8 characters, dB", "32 frames", "31 frames", "gift"), rows)


def background(_: Path) -> str:
    """Whole-frame SSIM and PSNR beside those of the region."""
    rows = []
    for method in ("still", "similarity_warp", "puppet_warp"):
        cells = [
            (values("extended", "ssim_full"), "{:.3f}"),
            (values("a2bench", "ssim"), "{:.3f}"),
            (values("extended", "psnr_full"), "{:.2f}"),
            (values("a2bench", "psnr"), "{:.2f}"),
        ]
        shown = (text.format(mean(list(found[method].values()))) for found, text in cells)
        rows.append([f"`{method}`", *shown])
    return table(("100 cases", "SSIM, frame", "SSIM, region", "PSNR, frame", "PSNR, region"), rows)


def size(_: Path) -> str:
    """L1 as the field prints it, of the same error at several sizes."""
    rows = []
    for width, height in ((256, 256), (512, 768), (576, 1024)):
        one = np.full((2, height, width, 3), 100, np.uint8)
        pair = ClipPair(one, one + np.uint8(10))
        field = plugins.metric("l1_over_area").outcome(pair).value
        ours = plugins.metric("l1").outcome(pair).value
        rows.append([f"{width}x{height}", f"{field:.2e}", f"{ours:.4f}"])
    return table(("10 grey levels off everywhere", "`l1_over_area`", "`l1`"), rows)


def lpips_range(_: Path) -> str:
    """What the first layer of LPIPS is given of three grey levels, under both ranges."""
    from a2bench.networks.lpips import _SCALE, _SHIFT

    def given(level: int, low: float) -> str:
        signed = low + (1 - low) * level / 255
        channels = [(signed - a) / b for a, b in zip(_SHIFT, _SCALE, strict=True)]
        return f"{mean(channels):+.2f}"

    rows = [[name, given(x, -1), given(x, 0)] for name, x in (("0", 0), ("128", 128), ("255", 255))]
    return table(("grey level", "fed [-1, 1] (as trained)", "fed [0, 1]"), rows)


def i3d_input(demo: Path) -> str:
    """What I3D is given of the same pictures under three conventions, in grey levels."""
    dataset = Dataset.find(demo / "data", "a2bench-proc")
    images = np.stack(
        [read_image(dataset.sample_file(sample, "reference.png")) for sample in dataset.ids("demo")]
    )
    tensor = conventions.to_tensor(images)
    base = conventions.bilinear_squash(tensor, 224)
    rows = []
    for name, made in (
        ("squash, Pillow's antialiased bicubic (DisCo)", conventions.pil_bicubic(images, 224)),
        ("short side to 224, then the middle (VideoGPT)", conventions.bilinear_crop(tensor, 224)),
    ):
        apart = (made - base).abs()
        rows.append([name, f"{float(apart.mean()):.1f}", f"{float(apart.max()):.0f}"])
    heads = ("against a bilinear squash (StyleGAN-V, cd-fvd)", "mean", "largest")
    return table(heads, rows)


def sample_size(_: Path) -> str:
    """Fréchet distance of two samples of one distribution: the right answer is 0."""
    rng = np.random.default_rng(SEED)
    rows = []
    for clips in (20, 100, 500, 2000):
        one, two = rng.standard_normal((2, clips, 400))
        shown = [frechet.frechet_distance(one, two, ddof=ddof) for ddof in (1, 0)]
        rows.append([str(clips), *(f"{value:.1f}" for value in shown)])
    return table(("clips, 400 dimensions", "covariance over N - 1", "over N"), rows)


def gpus(_: Path) -> str:
    """Means as scripts on several GPUs make them: padded shares, and means of shares."""
    numbers = values("a2bench", "psnr")["puppet_warp"]
    ordered = [numbers[case] for case in sorted(numbers)]
    rows = []
    for count in GPUS:
        # torch's DistributedSampler: the list begins again until every process has as many
        padded = ordered + ordered[: -len(ordered) % count]
        # without padding: each process the mean of its share, then the mean of those
        shares = [mean(part) for part in np.array_split(ordered, count)]
        rows.append([str(count), f"{mean(padded):.3f}", f"{mean(shares):.3f}"])
    return table(("GPUs", "last cases repeated", "mean of the GPUs' means"), rows)


def dropped(_: Path) -> str:
    """What leaving out the cases that went worst does to a mean."""
    rows = []
    for method in ("similarity_warp", "puppet_warp"):
        ordered = sorted(values("a2bench", "psnr")[method].values())
        rows.append([f"`{method}`", *(f"{mean(ordered[count:]):.2f}" for count in (0, 5, 10))])
    return table(("PSNR, dB", "100 cases", "without the 5 worst", "without the 10 worst"), rows)


TABLES: dict[str, Callable[[Path], str]] = {
    "overflow": overflow,
    "input_frame": input_frame,
    "background": background,
    "size": size,
    "lpips_range": lpips_range,
    "i3d_input": i3d_input,
    "sample_size": sample_size,
    "gpus": gpus,
    "dropped": dropped,
}
"""Name of a mark in the page -> what makes its table."""


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, table) of every marked table of the page."""
    yield from re.findall(r"<!-- made: (\w+) -->\n\n(.*?)\n\n<!-- end -->", text, flags=re.DOTALL)


def main() -> None:
    """Print all tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--demo", type=Path, required=True, help="folder of `a2bench demo`")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        made = make(given.demo)
        print(f"{name}\n\n{made}\n")
        text = re.sub(
            rf"(<!-- made: {name} -->\n\n).*?(\n\n<!-- end -->)",
            lambda found, made=made: found[1] + made + found[2],
            text,
            flags=re.DOTALL,
        )
    if given.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
