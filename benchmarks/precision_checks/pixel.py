"""The pixel metrics beside numpy, scikit-image, FFmpeg and OpenCV."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import av
import cv2
import numpy as np
from av.filter import Graph
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from a2bench import plugins
from a2bench.metric import ClipPair
from benchmarks.precision_checks import Check, pairs_of

Reference = Callable[[ClipPair], float | None]
"""The value of a clip pair whose every given pixel is scored; None: not defined there."""


def _scored(name: str, pair: ClipPair) -> tuple[np.ndarray, ClipPair]:
    """Return the pixels that a metric scores, bool (t, h, w)."""
    region = plugins.metric(name).region
    every = np.ones(pair.target.shape[:3], dtype=np.bool_)
    if region == "frame" or plugins.metric(name).view == "field":
        return every, pair
    inside = every if pair.scored_pixels is None else np.asarray(pair.scored_pixels)
    return (inside if region == "motion" else ~inside), pair


def _chosen(name: str, pair: ClipPair) -> tuple[np.ndarray, np.ndarray]:
    pixels, _ = _scored(name, pair)
    return pair.prediction[pixels].astype(np.float64), pair.target[pixels].astype(np.float64)


def _psnr(name: str, pair: ClipPair) -> float | None:
    first, second = _chosen(name, pair)
    if np.array_equal(first, second):
        return None
    return float(peak_signal_noise_ratio(second, first, data_range=255))


def _l1(name: str, pair: ClipPair) -> float:
    first, second = _chosen(name, pair)
    return float(np.abs(first - second).mean() / 255)


_MAPS: dict[int, np.ndarray] = {}


def _ssim_maps(pair: ClipPair) -> np.ndarray:
    """SSIM of Wang et al. 2004 by scikit-image, (t, h, w, 3)."""
    if id(pair) not in _MAPS:  # the pairs are kept as long as the program runs
        _MAPS[id(pair)] = np.stack(
            [
                structural_similarity(
                    one,
                    other,
                    gaussian_weights=True,
                    sigma=1.5,
                    use_sample_covariance=False,
                    channel_axis=-1,
                    data_range=255,
                    full=True,
                )[1]
                for one, other in zip(pair.prediction, pair.target, strict=True)
            ]
        )
    return _MAPS[id(pair)]


def _ssim(name: str, pair: ClipPair) -> float:
    pixels, _ = _scored(name, pair)
    return float(_ssim_maps(pair)[pixels].mean())


def _decibels(errors: list[float]) -> float:
    return float(np.mean([20 * np.log10(255 / np.sqrt(e)) if e else 100.0 for e in errors]))


def _psnr_star(_: str, pair: ClipPair) -> float:
    return _decibels(
        [
            float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
            for one, other in zip(pair.prediction, pair.target, strict=True)
        ]
    )


def _psnr_uint8(_: str, pair: ClipPair) -> float:
    return _decibels(
        [
            float(np.mean((one - other) ** 2))
            for one, other in zip(pair.prediction, pair.target, strict=True)
        ]
    )


def _ssim_gray7(_: str, pair: ClipPair) -> float:
    def grey(frame: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(np.ascontiguousarray(frame[..., ::-1]), cv2.COLOR_BGR2GRAY)

    found = [
        structural_similarity(grey(one), grey(other), full=True)[0]
        for one, other in zip(pair.prediction, pair.target, strict=True)
    ]
    return float(np.mean(found))


def _l1_over_area(_: str, pair: ClipPair) -> float:
    height, width = pair.target.shape[1:3]
    each = [
        np.abs(one.astype(np.float64) - other.astype(np.float64)) / (height * width)
        for one, other in zip(pair.prediction, pair.target, strict=True)
    ]
    return float(np.mean(each))


def _ffmpeg_psnr(_: str, pair: ClipPair) -> float | None:
    """PSNR over the three planes of all frames, from the MSE that FFmpeg's filter prints.

    Its decibels have six decimals; the MSE of a frame has six too, so each frame is taken back
    from its decibels, and the frames are pooled.
    """
    count, height, width = pair.target.shape[:3]
    if height % 2 or width % 2:
        return None  # the frame's copy into FFmpeg wants even sides in gbrp as well
    graph = Graph()
    sources = [
        graph.add_buffer(width=width, height=height, format="gbrp", time_base=Fraction(1, 8))
        for _ in range(2)
    ]
    compare, sink = graph.add("psnr"), graph.add("buffersink")
    for index, source in enumerate(sources):
        source.link_to(compare, 0, index)
    compare.link_to(sink)
    graph.configure()
    errors = []
    for index in range(count):
        for source, clip in zip(sources, (pair.prediction, pair.target), strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(clip[index]), format="rgb24")
            frame = frame.reformat(format="gbrp")
            frame.pts, frame.time_base = index, Fraction(1, 8)
            source.push(frame)
        decibels = float(graph.vpull().metadata["lavfi.psnr.psnr_avg"])
        errors.append(0.0 if math.isinf(decibels) else 255**2 / 10 ** (decibels / 10))
    return 10 * math.log10(255**2 / np.mean(errors)) if any(errors) else None


def _dis(name: str, pair: ClipPair) -> float | None:
    if min(pair.target.shape[1:3]) < 32:
        return None  # under it ours lies frames on their side, on purpose
    lengths = []
    for one, other in zip(pair.prediction, pair.target, strict=True):
        first, second = (
            cv2.cvtColor(np.ascontiguousarray(frame[..., ::-1]), cv2.COLOR_BGR2GRAY)
            for frame in (other, one)
        )
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        lengths.append(np.linalg.norm(dis.calc(first, second, None).astype(np.float64), axis=-1))
    pixels, _ = _scored(name, pair)
    return float(np.stack(lengths)[pixels].mean())


def _both_scored(name: str, pair: ClipPair) -> np.ndarray:
    pixels, _ = _scored(name, pair)
    return pixels[1:] & pixels[:-1]


def _flicker(name: str, pair: ClipPair) -> float | None:
    if len(pair.target) < 2:
        return None
    change = np.diff(pair.prediction.astype(np.int64), axis=0)
    change -= np.diff(pair.target.astype(np.int64), axis=0)
    return float(np.abs(change)[_both_scored(name, pair)].mean() / 255)


def _flow_temporal(name: str, pair: ClipPair) -> float | None:
    if min(pair.target.shape[1:3]) < 32 or len(pair.target) < 2:
        return None
    flows = []
    for clip in (pair.target, pair.prediction):
        grey = [
            cv2.cvtColor(np.ascontiguousarray(frame[..., ::-1]), cv2.COLOR_BGR2GRAY)
            for frame in clip
        ]
        flows.append(
            [
                cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
                .calc(grey[i], grey[i + 1], None)
                .astype(np.float64)
                for i in range(len(grey) - 1)
            ]
        )
    lengths = np.linalg.norm(np.array(flows[0]) - np.array(flows[1]), axis=-1)
    return float(lengths[_both_scored(name, pair)].mean())


def _joint_by_joint(name: str, pair: ClipPair) -> float:
    assert pair.poses is not None
    distances: list[float | None] = []
    near: list[bool] = []
    for found, truth, seen in zip(
        pair.poses.prediction_xy, pair.poses.target_xy, pair.poses.seen, strict=True
    ):
        points = [tuple(map(float, point)) for point in truth[seen]]
        across, down = zip(*points, strict=True)
        side = max(max(across) - min(across), max(down) - min(down))
        for one, other in zip(found[seen], points, strict=True):
            gone = math.isnan(one[0])
            apart = math.inf if gone else math.hypot(one[0] - other[0], one[1] - other[1])
            near.append(apart <= 0.1 * side)
            distances += [] if gone else [apart]
    return sum(near) / len(near) if name == "pck" else math.fsum(distances) / len(distances)


_REFERENCES: dict[str, Callable[[str, ClipPair], float | None]] = {
    "scikit-image 0.26 peak_signal_noise_ratio, float64": _psnr,
    "FFmpeg psnr filter, gbrp planes": _ffmpeg_psnr,
    "numpy float64": _l1,
    "scikit-image 0.26 structural_similarity map, float64": _ssim,
    "numpy float64, the script's arithmetic": lambda name, pair: {
        "psnr_star": _psnr_star,
        "l1_over_area": _l1_over_area,
    }[name](name, pair),
    "numpy uint8, the script's arithmetic": _psnr_uint8,
    "scikit-image structural_similarity on OpenCV grey": _ssim_gray7,
    "OpenCV DIS called frame by frame, numpy mean": _dis,
    "OpenCV DIS called pair by pair, numpy mean": _flow_temporal,
    "numpy int64 differences": _flicker,
    "math.hypot, joint by joint": _joint_by_joint,
}


def _difference(name: str, reference: str, source: str) -> float | None:
    worst: float | None = None
    for pair in pairs_of(source):
        found, expected = (
            plugins.metric(name).outcome(pair),
            _REFERENCES[reference](name, pair),
        )
        if found.value is None or found.status == "identical" or expected is None:
            continue
        worst = max(worst or 0.0, abs(found.value - expected))
    return worst


def _check(name: str, reference: str, bound: float) -> Check:
    return Check(
        name,
        reference,
        bound,
        plugins.metric(name).unit,
        lambda source: _difference(name, reference, source),
    )


@cache
def _metrics() -> tuple[str, ...]:
    return tuple(
        name
        for name in plugins.names("metrics")
        if any(agreement.reference in _REFERENCES for agreement in plugins.metric(name).agreement)
    )


CHECKS = [
    _check(name, agreement.reference, agreement.within)
    for name in _metrics()
    for agreement in plugins.metric(name).agreement
    if agreement.reference in _REFERENCES
]
