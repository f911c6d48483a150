"""One job, from request to stored prediction, inside a worker process.

The runner decides where this runs; what is done is the same everywhere.
"""

import gc
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from a2bench import command, plugins, weights
from a2bench.answers import case_inputs, checked, native_grid, store_prediction
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, MissingWeights
from a2bench.method import BatchMethod, Method
from a2bench.normalise import BadPrediction
from a2bench.ondemand import Grid
from a2bench.processes import is_out_of_memory
from a2bench.records import MethodCard, Request, Result
from a2bench.runner import Job, Worker
from a2bench.video import Clip
from a2bench.watch import Watch, output_into

_DISK_FULL_SIGN = "no space left on device"
_LEAST_FREE_BYTES = 32 * 2**20
"""Below this the disk counts as full before a clip is made: minutes of GPU would be lost."""


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
            results = self._with_method(card, requests, log)
        self._log = None
        load_seconds, self._load_seconds = self._load_seconds, 0.0
        if load_seconds:
            first = results[0]
            seconds = {"load": round(load_seconds, 4)} | first.seconds
            results[0] = first.model_copy(update={"seconds": seconds})
        if card.kind == "command":
            return results  # measured where its programs were started
        peaks = {"peak_host_mib": watch.peak_host_mib, "peak_gpu_mib": watch.peak_gpu_mib}
        return [result.model_copy(update=peaks) for result in results]

    def _with_method(
        self, card: MethodCard, requests: Sequence[Request], log: Path
    ) -> list[Result]:
        if card.kind == "command":
            return [self._by_command(card, request, log) for request in requests]
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

    def _by_command(self, card: MethodCard, request: Request, log: Path) -> Result:
        try:
            return command.execute(card, request, device=self._device, log=log)
        except (A2BenchError, OSError) as error:  # a full disk, a cache somebody is deleting
            traceback.print_exc()
            return _what_went_wrong(request, error)


def make_worker(device: str) -> Worker:
    """Return what does jobs on a device ("cpu", "cuda:0") and keeps a method loaded between."""
    return CaseWorker(device)


def _what_went_wrong(request: Request, error: Exception) -> Result:
    if isinstance(error, BadPrediction):
        return Result.failed(request, error.failure, str(error))
    if isinstance(error, MissingWeights):
        return Result.skipped(request, str(error), "missing_weights")
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


def lacking_weights(card: MethodCard) -> str:
    """Return which weights of an in-process method are not on this machine, with what to do."""
    own = plugins.weights_folder(card)
    if own is not None and not own.is_dir():
        return f"weights_folder {own} is not there: correct it in the card, or put it there"
    return weights.missing(*card.weights)


def loaded_method(card: MethodCard, device: str) -> Method:
    """Make a method's object and apply what its card says of autocast, compile and offload.

    Raises:
        MissingWeights: this machine lacks what the card's `weights` names.
        A2BenchError: the card asks for what the object has nothing to apply to.
    """
    if lacking := lacking_weights(card):
        raise MissingWeights(f"{card.name}: {lacking}")
    own = plugins.weights_folder(card)
    given = {} if own is None else {"weights_folder": own}
    method = plugins.method_class(card)(device, **given)
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


def _predict(
    method: Method, card: MethodCard, requests: Sequence[Request], device: str
) -> list[Result]:
    """Have clips made (several: by the method's `batch`), then checked, normalised and stored."""
    started = time.perf_counter()
    dataset = Dataset.open(Path(requests[0].dataset))
    grids = [native_grid(card, request) for request in requests]
    given = [
        case_inputs(dataset, card, request, grid)
        for request, grid in zip(requests, grids, strict=True)
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
        frames = checked(answer, card, grid)
        clip = Clip(frames, np.arange(len(frames)) / grid.fps, grid.fps)
        result = store_prediction(clip, card, request, seconds)
        digests = weights.digests(*card.weights).items()
        loaded = {f"weights {name}": f"sha256:{digest}" for name, digest in digests}
        return result.model_copy(update={"provenance": loaded})
    except BadPrediction as error:
        return Result.failed(request, error.failure, str(error))
