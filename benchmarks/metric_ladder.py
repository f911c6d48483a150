"""Metric ladder: does each metric get worse when a clip does? Writes docs/validity.md and plots.

    make validity
    python benchmarks/metric_ladder.py [--clips 6] [--workers 2] [--source procedural|real|both]

Eight corruptions, each in five strengths, are applied to true clips (24 instants at 8 Hz, 256 px
high, the input frame untouched): six characters of the procedural set, with exact masks, and the
six real videos of `$A2BENCH_REAL_DATA`, whole frames. Every metric that needs no network weights,
or whose weights are on this machine, scores every corrupted clip.

rho is Spearman's rank correlation between strength and badness within a clip, mean over clips:
1 says "each step is worse than the one before", 0 "does not see it". Beside it stands in how many
clips every step is worse. No metric is given random weights: what is missing is `not run`.
"""

import argparse
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import spearmanr

from a2bench import plugins
from a2bench.metric import ClipPair, Metric
from a2bench.parallel import in_processes
from a2bench.progress import progress
from a2bench.region import motion_region

HEIGHT = 256
"""A third of the data set's height: strengths in px are of this height."""

INSTANTS, RATE_HZ = 24, 8

REAL_STRIDES = {
    "dance1_right.mp4": 1,
    "dance2_right.mp4": 1,
    "dance_3_right.mp4": 1,
    "dance_1.mp4": 3,
    "dance_2.mp4": 3,
    "source_video.mp4": 2,
}
"""Frames of the file an instant of 8 Hz."""

FOLDER = Path(__file__).parent.parent / "docs"
DOCUMENT = FOLDER / "validity.md"
BEGIN, END = "<!-- made by `make validity`: begin -->", "<!-- end -->"

Frames = np.ndarray
"""RGB uint8 (t, h, w, 3)."""


@dataclass
class Source:
    """A true clip, and what corruptions need to know of it.

    Attributes:
        figure: bool (t, h, w): where the character is.
        region: bool (h, w): what metrics score; None: everything.
        lagged: clip as it was so many instants earlier (a multiple of a half where the file has
            such frames); the first frame stands for all before it.
        longer_limbs: clip with limbs longer by a share.
        dropped: bool (t, h, w) of what a strength from 1 to 5 takes away.
    """

    name: str
    frames: Frames
    figure: np.ndarray
    region: np.ndarray | None
    lagged: Callable[[float], Frames | None]
    longer_limbs: Callable[[float], Frames]
    dropped: Callable[[int], np.ndarray]


def _plate(source: Source) -> Frames:
    """The picture without the character, (h, w, 3): median of the frames where it is not."""
    hidden = np.where(source.figure[..., None], np.nan, source.frames.astype(np.float32))
    never = source.figure.all(axis=0)
    hidden[:, never] = 0
    plate = np.nanmedian(hidden, axis=0).astype(np.uint8)
    return cv2.inpaint(plate, never.astype(np.uint8), 3, cv2.INPAINT_TELEA)


def blur(source: Source) -> Iterator[Frames]:
    """Gaussian, sigma 0.5, 1, 2, 4, 8 px."""
    for sigma in (0.5, 1, 2, 4, 8):
        yield np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in source.frames])


def lag(source: Source) -> Iterator[Frames]:
    """Half an instant (where the file has it), then 1, 2, 3 and 4 instants late."""
    for instants in (0.5, 1, 2, 3, 4):
        if (late := source.lagged(instants)) is not None:
            yield late


def limb_length(source: Source) -> Iterator[Frames]:
    """Arms and legs longer by 10, 20, 30, 45, 60 % (real: the lower half of the picture)."""
    for share in (0.1, 0.2, 0.3, 0.45, 0.6):
        yield source.longer_limbs(share)


def part_drop(source: Source) -> Iterator[Frames]:
    """Arms, then legs, then the head gone (real: the lowest 10 to 60 % of the dancer)."""
    plate = _plate(source)
    for strength in range(1, 6):
        yield np.where(source.dropped(strength)[..., None], plate, source.frames)


def recolour(source: Source) -> Iterator[Frames]:
    """The character's Cr raised and Cb lowered by 6, 12, 24, 48, 72 levels; its luma is kept."""
    for levels in (6, 12, 24, 48, 72):
        shifted = []
        for frame, figure in zip(source.frames, source.figure, strict=True):
            colour = cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb).astype(np.int16)
            colour[figure, 1] += levels
            colour[figure, 2] -= levels
            shifted.append(
                cv2.cvtColor(np.clip(colour, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB)
            )
        yield np.stack(shifted)


def jitter(source: Source) -> Iterator[Frames]:
    """Each frame moved 0.5, 1, 2, 4, 8 px in a direction of its own, the same for all strengths."""
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, len(source.frames))
    height, width = source.frames.shape[1:3]
    for pixels in (0.5, 1, 2, 4, 8):
        moved = []
        for frame, angle in zip(source.frames, angles, strict=True):
            shift = np.array(
                [[1, 0, pixels * np.cos(angle)], [0, 1, pixels * np.sin(angle)]], np.float32
            )
            moved.append(
                cv2.warpAffine(frame, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
            )
        yield np.stack(moved)


def ghosting(source: Source) -> Iterator[Frames]:
    """10 to 50 % of the frame two instants before shines through."""
    before = source.frames[np.maximum(np.arange(len(source.frames)) - 2, 0)]
    for share in (0.1, 0.2, 0.3, 0.4, 0.5):
        mixed = (1 - share) * source.frames.astype(np.float32) + share * before
        yield np.rint(mixed).astype(np.uint8)


def freeze(source: Source) -> Iterator[Frames]:
    """The last 1/8, 1/4, 1/2, 3/4 of the clip, and all of it, stands still."""
    for share in (0.125, 0.25, 0.5, 0.75, 1.0):
        last = round((len(source.frames) - 1) * (1 - share))
        yield source.frames[np.minimum(np.arange(len(source.frames)), last)]


CORRUPTIONS: tuple[Callable[[Source], Iterator[Frames]], ...] = (
    blur,
    lag,
    limb_length,
    part_drop,
    recolour,
    jitter,
    ghosting,
    freeze,
)


def procedural_source(character_id: str) -> Source:
    """Render a character's clip; longer limbs are those of its rig, in the same camera."""
    from a2bench.procedural.cast import cast
    from a2bench.procedural.parts import PartId
    from a2bench.procedural.scene import Scene

    character = next(one for one in cast() if one.id == character_id)
    scene = Scene.self_driven(character)
    scale = HEIGHT / 768

    def frames_of(stage: Scene, shift_instants: float = 0.0) -> Frames:
        times = [max(0.0, (index - shift_instants) / RATE_HZ) for index in range(INSTANTS)]
        return np.stack([stage.frame(time, scale=scale).rgb for time in times])

    rendered = [scene.frame(index / RATE_HZ, scale=scale) for index in range(INSTANTS)]
    figure = np.stack([frame.mask for frame in rendered])
    parts = np.stack([frame.parts for frame in rendered])
    order = (PartId.RIGHT_ARM, PartId.LEFT_ARM, PartId.RIGHT_LEG, PartId.LEFT_LEG, PartId.HEAD)

    def longer(share: float) -> Frames:
        other = Scene.self_driven(character)
        rig, factor = scene.design.rig, 1 + share
        grown = replace(
            rig,
            upper_arm=rig.upper_arm * factor,
            forearm=rig.forearm * factor,
            leg=rig.leg * factor,
        )
        # The same posture, realised on the true body, and the same camera: only lengths differ.
        other.__dict__["design"] = replace(scene.design, rig=grown)
        other.__dict__["_driver_design"] = scene.design
        other.__dict__["camera"] = scene.camera
        return frames_of(other)

    return Source(
        name=character_id,
        frames=np.stack([frame.rgb for frame in rendered]),
        figure=figure,
        region=motion_region(figure),
        lagged=lambda instants: frames_of(scene, instants),
        longer_limbs=longer,
        dropped=lambda strength: np.isin(parts, [int(part) for part in order[:strength]]),
    )


def real_source(path: str) -> Source:
    """Read a real clip; the dancer is what differs from the median picture."""
    from a2bench.video import read_video

    stride = REAL_STRIDES[Path(path).name]
    every = read_video(Path(path)).frames[: INSTANTS * stride]
    width = round(every.shape[2] * HEIGHT / every.shape[1])
    small = np.stack(
        [cv2.resize(frame, (width, HEIGHT), interpolation=cv2.INTER_AREA) for frame in every]
    )
    at = np.arange(0, len(small), stride)
    frames = small[at]
    apart = np.abs(frames.astype(np.int16) - np.median(frames, axis=0).astype(np.int16)).max(-1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    figure = np.stack(
        [
            cv2.morphologyEx((one > 30).astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0
            for one in apart
        ]
    )

    def lagged(instants: float) -> Frames | None:
        steps = instants * stride
        return small[np.maximum(at - int(steps), 0)] if steps == int(steps) else None

    def longer(share: float) -> Frames:
        rows = np.arange(HEIGHT, dtype=np.float32)
        middle = HEIGHT / 2
        # rows below the middle show what lies nearer to it: the lower half is drawn longer
        source_rows = np.where(rows > middle, middle + (rows - middle) / (1 + share), rows)
        across, down = np.meshgrid(np.arange(width, dtype=np.float32), source_rows)
        return np.stack(
            [
                cv2.remap(frame, across, down.astype(np.float32), cv2.INTER_LINEAR)
                for frame in frames
            ]
        )

    def dropped(strength: int) -> np.ndarray:
        share = (0.1, 0.2, 0.3, 0.45, 0.6)[strength - 1]
        gone = np.zeros_like(figure)
        for index, one in enumerate(figure):
            rows = np.flatnonzero(one.any(axis=1))
            if len(rows):
                counts = np.cumsum(one.sum(axis=1)[::-1])[::-1]
                first = int(np.argmax(counts <= share * counts[0]))
                gone[index, first:] = one[first:]
        return gone

    return Source(Path(path).stem, frames, figure, None, lagged, longer, dropped)


def climb(kind: str, name: str) -> dict[str, dict[str, list[float | None]]]:
    """Return metric -> corruption -> value by strength, for one clip."""
    cv2.setNumThreads(1)
    source = procedural_source(name) if kind == "procedural" else real_source(name)
    count = len(source.frames)
    scored = None
    if source.region is not None:
        scored = np.broadcast_to(source.region, (count, *source.region.shape))
    background = None if source.region is None else np.logical_not(source.region)
    found: dict[str, dict[str, list[float | None]]] = {}
    metrics = {metric: plugins.metric(metric) for metric in runnable()}
    for corrupt in CORRUPTIONS:
        for clip in corrupt(source):
            clip = clip.copy()
            clip[0] = source.frames[0]  # the input frame is given
            views = {
                "field": ClipPair(clip, source.frames),
                "scored": ClipPair(
                    clip[1:],
                    source.frames[1:],
                    None if scored is None else scored[1:],
                    background,
                ),
            }
            for metric, card in metrics.items():
                value = card.outcome(views[card.view]).value
                found.setdefault(metric, {}).setdefault(corrupt.__name__, []).append(value)
    return found


def climb_by_name(kind: str, name: str) -> tuple[str, dict[str, dict[str, list[float | None]]]]:
    """Return the clip's short name with its values: processes answer in any order."""
    return Path(name).stem, climb(kind, name)


def runnable() -> list[str]:
    """Metrics of one clip that this machine can compute."""
    return [
        name
        for name in plugins.names("metrics")
        if isinstance(plugins.metric(name), Metric)
        and _of_one_clip(plugins.metric(name))
        and not plugins.metric(name).missing()
    ]


def _of_one_clip(metric: Metric) -> bool:
    return metric.of_set is None and not metric.needs_pose


def _badness(metric: str, values: list[float | None]) -> list[float]:
    sign = -1.0 if plugins.metric(metric).direction == "higher" else 1.0
    return [sign * value for value in values if value is not None]


def rank_agreement(metric: str, values: list[float | None]) -> float | None:
    """Spearman's rho between strength and badness; 0 where nothing moves, None without values."""
    bad = _badness(metric, values)
    if len(bad) < 3:
        return None
    if len(set(bad)) == 1:
        return 0.0
    return float(spearmanr(range(len(bad)), bad).statistic)


def monotone(metric: str, values: list[float | None]) -> bool:
    """Whether every step is worse than the one before."""
    bad = _badness(metric, values)
    return len(bad) >= 3 and all(after > before for before, after in itertools.pairwise(bad))


Climbs = dict[str, dict[str, dict[str, list[float | None]]]]
"""clip -> metric -> corruption -> values."""


def table(climbs: Climbs) -> list[str]:
    """Return the Markdown table of one kind of clips."""
    names = [corrupt.__name__ for corrupt in CORRUPTIONS]
    lines = [
        "| metric | " + " | ".join(name.replace("_", " ") for name in names) + " |",
        "|---|" + "---:|" * len(names),
    ]
    for metric in next(iter(climbs.values())):
        cells = []
        for corruption in names:
            each = [climb_[metric][corruption] for climb_ in climbs.values()]
            rhos = [rho for one in each if (rho := rank_agreement(metric, one)) is not None]
            if not rhos:
                cells.append("–")
                continue
            mean, steps = float(np.mean(rhos)), sum(monotone(metric, one) for one in each)
            text = f"{mean:.2f} ({steps}/{len(rhos)})"
            cells.append(f"**{text}**" if mean < SEES else text)
        lines.append(f"| `{metric}` | " + " | ".join(cells) + " |")
    return lines


def largest_table(climbs: Climbs) -> list[str]:
    """Return the Markdown table of values at the largest strength: how much, not only which way."""
    names = [corrupt.__name__ for corrupt in CORRUPTIONS]
    lines = [
        "| metric | " + " | ".join(name.replace("_", " ") for name in names) + " | perfect |",
        "|---|" + "---:|" * (len(names) + 1),
    ]
    for metric in next(iter(climbs.values())):
        card = plugins.metric(metric)
        digits = card.digits
        cells = []
        for corruption in names:
            last = [climb_[metric][corruption][-1] for climb_ in climbs.values()]
            numbers = [value for value in last if value is not None]
            cells.append(f"{np.median(numbers):.{digits}f}" if numbers else "–")
        lines.append(f"| `{metric}` | " + " | ".join(cells) + f" | {card.perfect:.{digits}f} |")
    return lines


SEES = 0.8
"""Mean rho under which a metric is said not to see a corruption."""


def blind_spots(climbs: Climbs) -> dict[str, list[str]]:
    """Return metric -> corruptions that it does not see."""
    found: dict[str, list[str]] = {}
    for metric in next(iter(climbs.values())):
        for corrupt in CORRUPTIONS:
            each = [climb_[metric][corrupt.__name__] for climb_ in climbs.values()]
            rhos = [rho for one in each if (rho := rank_agreement(metric, one)) is not None]
            if rhos and np.mean(rhos) < SEES:
                found.setdefault(metric, []).append(corrupt.__name__)
    return found


def plot(climbs: Climbs, path: Path) -> None:
    """Draw badness by strength, 0 to its largest, a thin line a clip: metrics down."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    metrics = list(next(iter(climbs.values())))
    figure, axes = plt.subplots(
        len(metrics), len(CORRUPTIONS), figsize=(9, 0.62 * len(metrics)), sharex=True
    )
    for row, metric in enumerate(metrics):
        for column, corrupt in enumerate(CORRUPTIONS):
            axis = axes[row][column]
            for climb_ in climbs.values():
                bad = _badness(metric, climb_[metric][corrupt.__name__])
                if len(bad) > 2:
                    low, high = min(bad), max(bad)
                    span = high - low or 1.0
                    axis.plot([(one - low) / span for one in bad], color="0.25", linewidth=0.6)
            axis.set(xticks=[], yticks=[], ylim=(-0.1, 1.1))
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
            if row == 0:
                axis.set_title(corrupt.__name__.replace("_", " "), fontsize=7)
            if column == 0:
                axis.set_ylabel(metric, fontsize=6, rotation=0, ha="right", va="center")
    figure.tight_layout(pad=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, bbox_inches="tight")
    plt.close(figure)


def clips_of(kind: str, count: int) -> list[str]:
    """Return the clips of a kind: characters with arms and legs, or real videos."""
    if kind == "real":
        folder = os.environ.get("A2BENCH_REAL_DATA")
        return (
            [str(Path(folder) / "videos" / name) for name in REAL_STRIDES][:count] if folder else []
        )
    from a2bench.procedural.cast import cast

    found = []
    for character in cast():
        rig = character.design().rig
        if rig.has_arms and rig.has_legs and rig.head is not None:
            found.append(character.id)
        if len(found) == count:
            break
    return found


def measure(
    kind: str, count: int, workers: int | None, known: Climbs, keep: Callable[[], None]
) -> Climbs:
    """Score the ladder on every clip of a kind that is not known; keep each as it is done."""
    names = clips_of(kind, count)
    todo = [name for name in names if Path(name).stem not in known]
    with progress(f"ladder, {kind}", len(todo)) as shown:
        tasks = [(kind, name) for name in todo]
        for name, found in in_processes(climb_by_name, tasks, workers=workers):
            known[name] = found
            keep()
            shown.advance(note=name)
    return {Path(name).stem: known[Path(name).stem] for name in names}


def _why_not(name: str) -> str:
    metric = plugins.metric(name)
    if isinstance(metric, Metric) and metric.needs_pose:
        return "looks at brought key points, not at the picture"
    return metric.missing() or "needs many clips, not one"


def document(results: dict[str, Climbs]) -> str:
    """Return the part of docs/validity.md that is made here."""
    not_run = {name: _why_not(name) for name in plugins.names("metrics") if name not in runnable()}
    lines = [
        "## Do the metrics see what goes wrong?",
        "",
        "Made by `make validity` (`benchmarks/metric_ladder.py`). Eight corruptions in five",
        "strengths each are applied to true clips of 24 instants at 8 Hz, 256 px high; the input",
        "frame stays untouched. A cell is the mean over clips of Spearman's rank correlation",
        "between strength and badness, and in how many clips every step is worse than the one",
        f"before. **Bold**: under {SEES}, the metric does not see it (its card says so). `–`: no",
        "value. Ranks have no size: the second table of each kind says how large the damage of",
        "the largest strength is. This is agreement with graded damage, not with people.",
        "",
        "| corruption | strengths |",
        "|---|---|",
    ]
    for corrupt in CORRUPTIONS:
        text = " ".join((corrupt.__doc__ or "").split())
        lines.append(f"| {corrupt.__name__.replace('_', ' ')} | {text} |")
    titles = {
        "procedural": "characters of `a2bench-proc`, region and background from exact masks",
        "real": "real dance videos, whole frames (no masks: no background)",
    }
    for kind, climbs in results.items():
        if not climbs:
            lines += ["", f"### {kind}", "", "Not run: `$A2BENCH_REAL_DATA` is not set."]
            continue
        lines += ["", f"### {len(climbs)} {titles[kind]}", "", *table(climbs), ""]
        lines += [
            "Value at the largest strength, median over clips:",
            "",
            *largest_table(climbs),
            "",
        ]
        lines += [f"Clips: {', '.join(f'`{name}`' for name in climbs)}.", ""]
        lines.append(f"![badness by strength, {kind} clips](images/validity_{kind}.png)")
    lines += ["", "Plots: badness by strength, scaled to each clip's largest, a line a clip.", ""]
    lines += ["### Not run", ""]
    lines += ["| metric | why |", "|---|---|"] if not_run else ["Everything was run."]
    lines += [f"| `{name}` | {reason.splitlines()[0]} |" for name, reason in not_run.items()]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Measure, or draw again what a former run measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=6, help="of each kind")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--source", choices=("procedural", "real", "both"), default="both")
    parser.add_argument("--keep", type=Path, help="JSON file of values: written, or read again")
    arguments = parser.parse_args()
    kinds = ("procedural", "real") if arguments.source == "both" else (arguments.source,)
    results: dict[str, Climbs] = {}
    if arguments.keep and arguments.keep.exists():
        results = json.loads(arguments.keep.read_text(encoding="utf-8"))

    def keep() -> None:
        if arguments.keep:
            arguments.keep.write_text(json.dumps(results), encoding="utf-8")

    for kind in kinds:
        known = results.setdefault(kind, {})
        results[kind] = measure(kind, arguments.clips, arguments.workers, known, keep)
    for kind, climbs in results.items():
        if climbs:
            plot(climbs, FOLDER / "images" / f"validity_{kind}.png")
            for metric, corruptions in blind_spots(climbs).items():
                print(f"{kind}: {metric} does not see {', '.join(corruptions)}")
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    whole = f"{before}{BEGIN}\n\n{document(results)}\n{END}{after}"
    DOCUMENT.write_text(whole, encoding="utf-8")
    print(f"wrote {DOCUMENT}", file=sys.stderr)


if __name__ == "__main__":
    main()
