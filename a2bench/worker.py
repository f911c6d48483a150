"""One job, from request to stored prediction, inside a worker process.

The runner decides where this runs; what is done is the same everywhere.
"""

import gc
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.method import BatchMethod, Inputs, Method
from a2bench.metric import Video
from a2bench.normalise import BadPrediction, fit_image, fit_pose_xy, to_target
from a2bench.ondemand import Grid, driving_clip, load_truth
from a2bench.paths import sha256_file
from a2bench.pose.keypoints import PoseClip
from a2bench.records import Input, MethodCard, Request, Result, SpatialMap
from a2bench.runner import Job, Worker
from a2bench.video import Clip, read_image, read_truth, write_lossless_rgb
from a2bench.watch import Watch, output_into

_OOM_SIGNS = (
    "out of memory",
    "cannot allocate memory",
    "cublas_status_alloc_failed",
    "cannot allocate",
)
_DISK_FULL_SIGN = "no space left on device"
_LEAST_FREE_BYTES = 32 * 2**20
"""Below this the disk counts as full before a clip is made: minutes of GPU would be lost."""


def is_out_of_memory(text: str) -> bool:
    """Whether what a method printed or raised says that memory was not enough."""
    return any(sign in text.lower() for sign in _OOM_SIGNS)


class CaseWorker:
    """Does jobs on one device, in this process."""

    def __init__(self, device: str) -> None:
        import cv2

        cv2.setNumThreads(1)  # one worker a core: threads inside would only get in each other's way
        self._device = device
        self._name = ""
        self._method: Method | Exception | None = None
        self._load_seconds = 0.0
        self._log: Path | None = None
        """Of the clip for which the method was loaded: loading is its beginning."""

    def load(self, job: Job) -> None:
        """Make a job's method ready; never raises: what goes wrong is the result of its jobs."""
        card = job.card
        if card.kind != "in_process" or self._name == card.name:
            return
        self._method = None  # two models at once need not fit on the device
        _free_device_memory()
        started = time.perf_counter()
        self._log = Path(job.request.output).with_suffix(".log")
        with output_into(self._log):
            try:
                self._method = loaded_method(card, self._device)
            except Exception as error:  # a method's code is anybody's: what it raises is a result
                traceback.print_exc()
                self._method = error
        self._name, self._load_seconds = card.name, time.perf_counter() - started

    def __call__(self, job: Job) -> Result:
        """Do one job."""
        (result,) = self.batch([job])
        return result

    def batch(self, jobs: Sequence[Job]) -> list[Result]:
        """Do jobs of one method, together where the method can; one result each, in order."""
        card, requests = jobs[0].card, [job.request for job in jobs]
        if full := _disk_is_full(Path(requests[0].output)):
            return [Result.skipped(request, full) for request in requests]
        self.load(jobs[0])
        log = Path(requests[0].output).with_suffix(".log")
        with (
            output_into(log, append=log == self._log),
            Watch(device=self._device, log=log) as watch,
        ):
            results = self._with_method(card, requests)
        self._log = None
        load_seconds, self._load_seconds = self._load_seconds, 0.0
        if load_seconds:
            first = results[0]
            seconds = {"load": round(load_seconds, 4)} | first.seconds
            results[0] = first.model_copy(update={"seconds": seconds})
        peaks = {"peak_host_mib": watch.peak_host_mib, "peak_gpu_mib": watch.peak_gpu_mib}
        return [result.model_copy(update=peaks) for result in results]

    def _with_method(self, card: MethodCard, requests: Sequence[Request]) -> list[Result]:
        if self._method is None or isinstance(self._method, Exception):
            assert self._method is not None
            return [_what_went_wrong(request, self._method) for request in requests]
        if len(requests) > 1 and isinstance(self._method, BatchMethod):
            try:
                return _predict(self._method, card, requests, self._device)
            except Exception:  # alone, each says for itself what is wrong, or fits into memory
                traceback.print_exc()
                _free_device_memory()
        results = []
        for request in requests:
            try:
                results += _predict(self._method, card, [request], self._device)
            except Exception as error:  # a method's code is anybody's: what it raises is a result
                traceback.print_exc()
                results.append(_what_went_wrong(request, error))
        return results


def make_worker(device: str) -> Worker:
    """Return what does jobs on a device ("cpu", "cuda:0") and keeps a method loaded between."""
    return CaseWorker(device)


def _what_went_wrong(request: Request, error: Exception) -> Result:
    if isinstance(error, BadPrediction):
        return Result.failed(request, error.failure, str(error))
    text = "".join(traceback.format_exception(error, limit=-3)).strip()[-2000:]
    if _DISK_FULL_SIGN in text.lower():
        return Result.skipped(request, f"disk full: {text}")
    if isinstance(error, MemoryError) or is_out_of_memory(text):
        return Result.failed(request, "oom", f"out of memory: {text}")
    return Result.failed(request, "crash", text)


def _disk_is_full(output: Path) -> str:
    folder = output.parent
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free >= _LEAST_FREE_BYTES:
        return ""
    return f"disk full: {free / 2**20:.0f} MiB free in {folder}; make room and run again"


def _free_device_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")  # where nobody imported it, it holds nothing
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def loaded_method(card: MethodCard, device: str) -> Method:
    """Make a method's object and apply what its card says of autocast, compile and offload.

    Raises:
        A2BenchError: the card asks for what the object has nothing to apply to.
    """
    method = plugins.method_class(card)(device)
    if card.offload is not None:
        name = f"enable_{card.offload}_cpu_offload"
        pipelines = [part for part in vars(method).values() if hasattr(part, name)]
        if not pipelines:
            raise A2BenchError(
                f"method {card.name!r}: its card says `offload: {card.offload}`, but no attribute "
                f"of {card.entry} has {name}().\nhint: keep the diffusers pipeline in self.pipeline"
            )
        for pipeline in pipelines:
            getattr(pipeline, name)(device=device)
    if card.compile is not None:
        import torch

        modules = [part for part in vars(method).values() if isinstance(part, torch.nn.Module)]
        if not modules:
            raise A2BenchError(
                f"method {card.name!r}: its card says `compile: {card.compile}`, but no attribute "
                f"of {card.entry} is a torch module.\nhint: keep the model in self.model"
            )
        for module in modules:
            module.compile(backend=card.compile)
    return method


def _autocast(card: MethodCard, device: str) -> AbstractContextManager[object]:
    if card.autocast is None:
        return nullcontext()
    import torch

    kind = "cuda" if device.startswith("cuda") else "cpu"
    return torch.autocast(kind, dtype=getattr(torch, card.autocast))


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


def _inputs(dataset: Dataset, card: MethodCard, request: Request, grid: Grid) -> Inputs:
    case = request.case
    reference = read_image(dataset.sample_file(case.reference_id, "reference.png"))

    def driving_video() -> Video:
        path, _ = driving_clip(dataset, case, grid)
        return read_truth(path)

    def poses() -> tuple[PoseClip, PoseClip]:
        _, driving = driving_clip(dataset, case, grid)
        if driving is None:
            raise A2BenchError(f"{dataset.label}: {case.driver_id} has no poses")
        own = PoseClip.load(dataset.sample_file(case.reference_id, "pose.npz"))[:1]
        xy = fit_pose_xy(own.xy, case.size, grid.size, grid.fit)
        return driving, PoseClip(xy, own.visibility, grid.size.width, grid.size.height, own.fps)

    sources: dict[Input, Callable[[], object]] = {
        "driving_rgb": driving_video,
        "pose": poses,
        "prompt": lambda: request.prompt,
        "truth": lambda: load_truth(dataset, case).frames,
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


def _predict(
    method: Method, card: MethodCard, requests: Sequence[Request], device: str
) -> list[Result]:
    """Have clips made (several: by the method's `batch`), then checked, normalised and stored."""
    started = time.perf_counter()
    dataset = Dataset.open(Path(requests[0].dataset))
    grids = [native_grid(card, request) for request in requests]
    given = [
        _inputs(dataset, card, request, grid) for request, grid in zip(requests, grids, strict=True)
    ]
    for inputs in given:
        inputs.read_all()
    prepared = time.perf_counter()
    with _autocast(card, device):
        if len(requests) == 1:
            answers: Sequence[object] = [method(given[0])]
        else:
            assert isinstance(method, BatchMethod)
            answers = list(method.batch(given))
    inferred = time.perf_counter()
    if len(answers) != len(requests):
        raise BadPrediction(
            "bad_output",
            f"{card.name}.batch answered {len(answers)} clips to {len(requests)} inputs",
        )
    shared = {
        "prepare": (prepared - started) / len(requests),
        "infer": (inferred - prepared) / len(requests),
    }
    return [
        _stored(answer, card, request, grid, shared)
        for answer, request, grid in zip(answers, requests, grids, strict=True)
    ]


def _stored(
    answer: object, card: MethodCard, request: Request, grid: Grid, seconds: dict[str, float]
) -> Result:
    try:
        frames = _checked(answer, card, grid)
        clip = Clip(frames, np.arange(len(frames)) / grid.fps, grid.fps)
        return store_prediction(clip, card, request, seconds)
    except BadPrediction as error:
        return Result.failed(request, error.failure, str(error))


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


def _checked(answer: object, card: MethodCard, grid: Grid) -> Video:
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
    if (answer == answer[:, :1, :1]).all():
        raise BadPrediction("bad_output", f"{what} one constant colour in every frame")
    return answer
