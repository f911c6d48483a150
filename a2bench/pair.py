"""`score --pair`: two clips as they are, no data set, no input frame."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.features import extracted
from a2bench.metric import ClipFeatures, ClipPair, Metric, Outcome, Pixels, Video, View
from a2bench.sets import set_outcome


def pair_outcomes(
    prediction: Video, target: Video, mask: Video | None, metrics: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Score two clips as they are: every frame, whole frame or the mask (`score --pair`).

    Args:
        prediction: RGB uint8 (t, h, w, 3).
        target: RGB uint8 (t, h, w, 3).
        mask: RGB uint8 (1 or t, h, w, 3), scored where brighter than 127; None: everywhere.
        metrics: names.

    Raises:
        A2BenchError: counts or sizes differ; nothing is cut or resized on the sly. Or a mask is
            given and no metric would look at it.
    """
    asked = {name: plugins.metric(name) for name in metrics}
    if prediction.shape != target.shape:
        raise A2BenchError(
            f"prediction has {_shape(prediction)}, truth has {_shape(target)}: they must agree.\n"
            "hint: --pair never resizes or cuts; bring both to one size and count first"
        )
    pixels: Pixels | None = None
    if mask is not None:
        if mask.shape[1:3] != target.shape[1:3] or len(mask) not in (1, len(target)):
            raise A2BenchError(f"mask has {_shape(mask)}, truth has {_shape(target)}")
        if all(metric.view == "field" for metric in asked.values()):
            raise A2BenchError(
                "the metrics asked for score whole frames and would not look at the mask.\n"
                "hint: leave --mask out, or ask for --suite a2bench"
            )
        pixels = np.broadcast_to(mask.max(axis=-1) > 127, target.shape[:3])
    background = None if pixels is None else np.logical_not(pixels.any(axis=0))
    pairs: dict[View, ClipPair] = {
        "scored": ClipPair(prediction, target, pixels, background),
        "field": ClipPair(prediction, target),
    }
    if any(metric.all_weights for metric in asked.values()):
        import torch

        torch.set_num_threads(1)  # as in scoring a run: a sum's order never depends on the machine
    found: dict[str, dict[str, object]] = {}
    vectors: Vectors = {}
    for name, metric in asked.items():
        lacking = metric.missing()
        if lacking:
            outcome = Outcome(None, "unavailable", lacking)
        elif metric.of_set is not None:
            outcome = _as_set(metric, prediction, target, vectors)
        else:
            outcome = metric.outcome(pairs[metric.view])
        found[name] = {
            "value": outcome.value,
            "status": outcome.status,
            "reason": outcome.reason,
            "unit": metric.unit,
        }
    return found


Vectors = dict[str, tuple[ClipFeatures, ClipFeatures]]
"""Of the two clips, by extractor: metrics that share one share the work."""


def _as_set(metric: Metric, prediction: Video, target: Video, vectors: Vectors) -> Outcome:
    """Return a set metric's answer for sets of one clip, with what it rests on."""
    assert metric.of_set is not None
    extractor = metric.of_set.extractor
    if extractor.name not in vectors:
        own, true = (
            ClipFeatures("pair", "pair", "pair", extracted(extractor, clip))
            for clip in (prediction, target)
        )
        vectors[extractor.name] = (own, true)
    own, true = vectors[extractor.name]
    found = set_outcome(metric, [own], [true])
    if found.value is None:
        return found
    rests = f"a set of one clip: N = {found.samples}"
    rests += f", rank {found.rank}" if found.rank is not None else ""
    return replace(found, reason="; ".join(filter(None, (rests, found.reason))))


def _shape(video: Video) -> str:
    t, h, w = video.shape[:3]
    return f"{t} frame{'s' if t > 1 else ''} of {w}x{h}"
