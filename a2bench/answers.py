"""Between a request and its prediction: what a method is given, and what becomes of its answer."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.normalise import BadPrediction, fit_image, fit_pose_xy, to_target
from a2bench.ondemand import Grid, checked_file, driving_clip, true_frames
from a2bench.paths import sha256_file
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Input, MethodCard, Request, Result, SpatialMap
from a2bench.video import Clip, read_image, read_truth, write_lossless_rgb


def native_grid(card: MethodCard, request: Request) -> Grid:
    """Return the grid a method is given and answers on."""
    case = request.case
    fps = card.native.fps or case.fps
    seconds = case.instants_seconds[-1]
    return Grid(
        size=card.native.size or case.size,
        fps=fps,
        # The frame nearest to the last instant must exist: ceil, plus frame 0.
        frames=card.native.frames or int(np.ceil(seconds * fps - 1e-9)) + 1,
        fit=card.native.fit,
    )


def case_inputs(dataset: Dataset, card: MethodCard, request: Request, grid: Grid) -> Inputs:
    """Return what a method may look at for one case; read when it is looked at."""
    case = request.case
    reference = read_image(checked_file(dataset, case.reference_id, "reference.png"))

    def driving_video() -> Video:
        path, _ = driving_clip(dataset, case, grid)
        return read_truth(path)

    def poses() -> tuple[PoseClip, PoseClip]:
        _, driving = driving_clip(dataset, case, grid)
        if driving is None:
            raise A2BenchError(f"{dataset.label}: {case.driver_id} has no poses")
        own = PoseClip.load(checked_file(dataset, case.reference_id, "pose.npz"))[:1]
        xy = fit_pose_xy(own.xy, case.size, grid.size, grid.fit)
        return driving, PoseClip(xy, own.visibility, grid.size.width, grid.size.height, own.fps)

    sources: dict[Input, Callable[[], object]] = {
        "driving_rgb": driving_video,
        "clip_of_rgb": driving_video,
        "pose": poses,
        "prompt": lambda: request.prompt,
        "truth": lambda: true_frames(dataset, case, grid),
    }
    return Inputs(
        reference_image=fit_image(reference, grid.size, grid.fit),
        size=grid.size,
        frames=grid.frames,
        fps=grid.fps,
        seed=request.seed,
        allowed=frozenset(card.inputs_seen),
        sources=sources,
    )


def store_prediction(
    clip: Clip, card: MethodCard, request: Request, seconds: dict[str, float]
) -> Result:
    """Map a method's clip to the target, write it lossless, and return its result.

    Args:
        clip: what the method answered, on its own grid.
        card: of the method; its `output` says how the clip lies on the target.
        request: that was answered.
        seconds: what the stages before took; `infer` among them.

    Raises:
        BadPrediction: the clip cannot stand for its target.
    """
    started = time.perf_counter()
    case = request.case
    declared = card.output
    if declared.spatial is None and card.native.size is not None:
        # The method answers on the frame it was given: undo what was done to its inputs.
        declared = declared.model_copy(update={"spatial": SpatialMap(fit=card.native.fit)})
    normalised = to_target(
        clip,
        target_size=case.size,
        instants_seconds=case.instants_seconds,
        declared=declared,
        what=f"{card.name}, case {case.case_id}",
    )
    if is_flat(normalised.frames):
        raise BadPrediction(
            "bad_output",
            f"{card.name}, case {case.case_id}: one constant colour in every frame, after panels "
            "and bars were cut as its card says",
        )
    output = Path(request.output)
    write_lossless_rgb(output, normalised.frames, case.fps)
    digest = sha256_file(output)
    stages = seconds | {"store": time.perf_counter() - started}
    return Result(
        method=card.name,
        case_id=case.case_id,
        protocol=case.protocol,
        seed=request.seed,
        status="ok",
        fingerprint=request.fingerprint,
        prediction_sha256=digest,
        time_error_seconds=normalised.time_error_seconds,
        infer_seconds=round(seconds["infer"], 4),
        seconds={stage: round(value, 4) for stage, value in stages.items()},
    )


def is_flat(frames: Video) -> bool:
    """Whether every frame is one colour; a picture ends the search at its first frame."""
    return all(bool((frame == frame[0, 0]).all()) for frame in frames)


def checked(answer: object, card: MethodCard, grid: Grid) -> Video:
    """Return the answer if it can be one: exit 0 is not success."""
    what = f"{card.name} answered with"
    if not isinstance(answer, np.ndarray):
        raise BadPrediction("bad_output", f"{what} {type(answer).__name__}, expected numpy uint8")
    if answer.dtype != np.uint8 or answer.ndim != 4 or answer.shape[-1] != 3:
        raise BadPrediction(
            "bad_output", f"{what} {answer.dtype} {answer.shape}, expected uint8 (t, h, w, 3)"
        )
    if not len(answer):
        raise BadPrediction("missing_output", f"{what} no frame")
    expected = (grid.frames, grid.size.height, grid.size.width)
    if card.output.temporal is None and len(answer) != expected[0]:
        raise BadPrediction(
            "too_short" if len(answer) < expected[0] else "bad_output",
            f"{what} {len(answer)} frames, expected {expected[0]} (inputs.frames); a method with "
            "another rhythm declares `output: {temporal: ...}` in its card",
        )
    if card.output.spatial is None and answer.shape[1:3] != expected[1:]:
        height, width = answer.shape[1:3]
        raise BadPrediction(
            "bad_output",
            f"{what} {width}x{height} px, expected {grid.size} (inputs.size); a method with "
            "another frame declares `output: {spatial: ...}` in its card",
        )
    if is_flat(answer):
        raise BadPrediction("bad_output", f"{what} one constant colour in every frame")
    return answer
