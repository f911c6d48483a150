"""Evaluating a function in this process: between two epochs, in a notebook."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from a2bench.answers import case_inputs, checked, native_grid, store_prediction
from a2bench.dataset import Dataset
from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.paths import data_home, sha256_text
from a2bench.progress import progress
from a2bench.records import Input, MethodCard, NativeGrid, Protocol, Request, Size
from a2bench.run import PROMPT, reason_not_applicable
from a2bench.score import ensure_truths, score
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics
from a2bench.video import Clip

if TYPE_CHECKING:
    import pandas as pd

    from a2bench.records import Value


def evaluate(
    predict: Callable[[Inputs], Video],
    dataset: str | Dataset = "a2bench-proc",
    split: str = "mini",
    protocol: Protocol = "self",
    *,
    seeds: Sequence[int] = (0,),
    suite: str = "a2bench",
    name: str = "predict",
    inputs_seen: Sequence[Input] = ("driving_rgb", "pose"),
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    frames: int | None = None,
    home: str | Path | None = None,
) -> "pd.DataFrame":
    """Score a function on a split, in this process: no subprocess, nothing kept on disk.

    The values are those of `a2bench run` and `a2bench score` on the same frames.

    Args:
        predict: is given `Inputs` (reference_image, driving_video, driving_pose, size, frames,
            fps, seed) and returns RGB uint8 (frames, height, width, 3). What it raises is raised.
        dataset: name, name@version, folder, or an open data set.
        split: smoke 4, demo 8, mini 20, lite 50, quant 100, full 500 cases.
        protocol: self, rescaled or cross.
        seeds: each case is predicted once a seed.
        suite: a2bench, extended or disco, or one of your own; its metrics are the rows.
        name: of the method, in the column `method`.
        inputs_seen: what `predict` may look at beside the reference image.
        size: (width, height) px it is given and answers; None: the data set's own.
        fps: driving frames a second; None: the scoring grid's.
        frames: driving frames; None: as many as scoring needs.
        home: data root; None: $A2BENCH_HOME, else ./a2bench-data.

    Returns:
        One row a case, seed and metric: protocol, method, seed, case_id, metric, value, status,
        reason, region, unit; metrics of whole sets have a row a seed. `value` is NaN where there
        is none, and `reason` says why.

    Raises:
        A2BenchError: unknown names, a split that is not built, or an answer of a wrong form.
    """
    found = dataset if isinstance(dataset, Dataset) else Dataset.find(data_home(home), dataset)
    card = MethodCard(
        name=name,
        title=name,
        summary="a function",
        kind="precomputed",
        inputs_seen=tuple(inputs_seen),
        stochastic=True,  # every seed that is asked for is run
        native=NativeGrid(
            size=Size(width=size[0], height=size[1]) if size else None, fps=fps, frames=frames
        ),
    )
    metrics = suite_metrics(suite)
    cases = [
        case
        for case in found.cases(protocol, split)
        if not reason_not_applicable(card, found, case)
    ]
    if protocol == "cross":
        ensure_truths(found, cases, workers=1)
    with TemporaryDirectory(prefix="a2bench_") as folder:
        store = RunFolder(Path(folder))
        store.save_card(card)
        with progress("predict", len(cases) * len(seeds)) as shown:
            for case in cases:
                for seed in seeds:
                    output = store.prediction(found, protocol, name, seed, case.case_id)
                    request = Request(
                        method=name,
                        dataset=str(found.folder.absolute()),
                        case=case,
                        seed=seed,
                        prompt=PROMPT,
                        output=str(output),
                        fingerprint=sha256_text(f"{case.case_id} {seed}"),
                    )
                    grid = native_grid(card, request)
                    answer = predict(case_inputs(found, card, request, grid))
                    clip = Clip(
                        checked(answer, card, grid), np.arange(grid.frames) / grid.fps, grid.fps
                    )
                    result = store_prediction(clip, card, request, {"infer": 0.0})
                    store.save_result(output, result)
                    shown.advance(note=case.case_id)
        values = score(store, found, [card], [protocol], split, metrics, seeds=seeds, workers=1)
    return _frame(values)


def _frame(values: "Sequence[Value]") -> "pd.DataFrame":
    import pandas as pd

    columns = [
        *("protocol", "method", "seed", "case_id", "metric"),
        *("value", "status", "reason", "region", "unit"),
    ]
    rows = [value.model_dump(include=set(columns)) for value in values]
    frame = pd.DataFrame(rows, columns=columns)
    frame["value"] = frame["value"].astype(float)
    return frame
