"""One job, from request to stored prediction, inside a worker process.

The runner decides where this runs; what is done is the same everywhere.
"""

import gc
import os
import random
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from a2bench import command, plugins, weights
from a2bench.ahead import Ahead
from a2bench.answers import checked, native_grid, store_prediction
from a2bench.errors import A2BenchError, MissingWeights
from a2bench.method import BatchMethod, Method
from a2bench.normalise import BadPrediction
from a2bench.ondemand import Grid
from a2bench.paths import is_disk_full
from a2bench.pose.failures import PoseFailure
from a2bench.processes import is_disk_full_text, is_out_of_memory
from a2bench.records import MethodCard, Request, Result
from a2bench.runner import Job, Worker
from a2bench.video import Clip
from a2bench.watch import Watch, output_into

_LEAST_FREE_BYTES = 32 * 2**20
"""Below this the disk counts as full before a clip is made: minutes of GPU would be lost."""


class CaseWorker:
    """Does jobs on one device, in this process."""

    def __init__(self, device: str) -> None:
        import cv2

        cv2.setNumThreads(1)  # one worker a core: threads inside would only get in each other's way
        for name, value in command.OFFLINE.items():  # before a method imports what reads them
            os.environ.setdefault(name, value)
        self._device = device
        self._ahead = Ahead()
        self._name = ""
        self._method: Method | Exception | None = None
        self._load_seconds = 0.0
        self._log: Path | None = None
        """Of the clip for which the method was loaded: loading is its beginning."""

    def load(self, job: Job) -> bool:
        """Make a job's method ready, once; return whether it is.

        Never raises: what goes wrong is the result of its jobs.
        """
        card = job.card
        if card.kind != "in_process":
            return True
        if self._name != card.name:
            self._method = None  # two models at once need not fit on the device
            _free_device_memory()
            started = time.perf_counter()
            log = Path(job.request.output).with_suffix(".log")
            try:
                with output_into(log):
                    self._method = self._loaded_or_not(card)
                self._log = log
            except OSError as error:  # no log can be opened there: try again with the next job
                self._name, self._method = "", error
                return False
            self._name, self._load_seconds = card.name, time.perf_counter() - started
        return not isinstance(self._method, Exception)

    def _loaded_or_not(self, card: MethodCard) -> Method | Exception:
        try:
            return loaded_method(card, self._device)
        except Exception as error:  # a method's code is anybody's: what it raises is a result
            traceback.print_exc()
            return error

    def expect(self, jobs: Sequence[Job]) -> None:
        """Read the inputs of jobs that come next, beside the work on others."""
        card = jobs[0].card
        if card.kind == "in_process":
            self._ahead.expect(card, [job.request for job in jobs])

    def __call__(self, job: Job) -> Result:
        """Do one job."""
        (result,) = self.batch([job])
        return result

    def batch(self, jobs: Sequence[Job]) -> list[Result]:
        """Do jobs of one method, together where the method can; one result each, in order."""
        requests = [job.request for job in jobs]
        try:
            if full := _disk_is_full(jobs[0]):
                return [Result.skipped(request, full) for request in requests]
            return self._batch(jobs)
        except OSError as error:  # of ours, around the method: folders and logs
            return [what_went_wrong(request, error) for request in requests]

    def _batch(self, jobs: Sequence[Job]) -> list[Result]:
        card, requests = jobs[0].card, [job.request for job in jobs]
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
            return [what_went_wrong(request, self._method) for request in requests]
        if len(requests) > 1 and isinstance(self._method, BatchMethod):
            try:
                return _predict(self._method, card, requests, self._device, self._ahead)
            except Exception:  # alone, each says for itself what is wrong, or fits into memory
                traceback.print_exc()
                _free_device_memory()
        results = []
        for request in requests:
            try:
                results += _predict(self._method, card, [request], self._device, self._ahead)
            except Exception as error:  # a method's code is anybody's: what it raises is a result
                traceback.print_exc()
                results.append(what_went_wrong(request, error))
        return results

    def _by_command(self, card: MethodCard, request: Request, log: Path) -> Result:
        try:
            return command.execute(card, request, device=self._device, log=log)
        except (A2BenchError, OSError) as error:  # a full disk, a cache somebody is deleting
            traceback.print_exc()
            return what_went_wrong(request, error)


def make_worker(device: str) -> Worker:
    """Return what does jobs on a device ("cpu", "cuda:0") and keeps a method loaded between."""
    return CaseWorker(device)


def what_went_wrong(request: Request, error: Exception) -> Result:
    """Return the result of a request whose work raised."""
    if isinstance(error, BadPrediction | PoseFailure):
        return Result.failed(request, error.failure, str(error))
    if isinstance(error, MissingWeights):
        return Result.skipped(request, str(error), "missing_weights")
    text = "".join(traceback.format_exception(error, limit=-3)).strip()[-2000:]
    said = _said_by(error)
    if is_disk_full(error) or is_disk_full_text(said):
        return Result.skipped(request, f"disk full: {text}")
    if is_out_of_memory(said):
        return Result.failed(request, "oom", f"out of memory: {text}")
    return Result.failed(request, "crash", text)


def _said_by(error: BaseException) -> str:
    """Return type and words of an exception and of what it was raised from.

    Not the traceback: a line of code that names an error, or an earlier one that was handled, says
    nothing of this one.
    """
    words: list[str] = []
    found: BaseException | None = error
    while found is not None and len(words) < 10:
        words.append(f"{type(found).__name__}: {found}")
        found = found.__cause__
    return "\n".join(words)


def _disk_is_full(job: Job) -> str:
    """Return why a case is not begun, or "": minutes of work would be lost."""
    folders = [Path(job.request.output).parent]
    if job.card.kind == "command":
        folders.append(command.work_root().parent)  # its job folder, with all the method writes
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if is_disk_full(error):
                return f"disk full: {error}; make room and run again"
            raise
        free = shutil.disk_usage(folder).free
        if free < _LEAST_FREE_BYTES:
            return f"disk full: {free / 2**20:.0f} MiB free in {folder}; make room and run again"
    return ""


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


def _seed_everything(seed: int) -> None:
    """Seed the global generators: a method that uses them, not `inputs.seed`, is repeatable too."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the old generator is what is seeded
    torch = sys.modules.get("torch")  # where nobody imported it, nobody draws from it
    if torch is not None:
        torch.manual_seed(seed)


def _predict(
    method: Method, card: MethodCard, requests: Sequence[Request], device: str, ahead: Ahead
) -> list[Result]:
    """Have clips made (several: by the method's `batch`), then checked, normalised and stored."""
    started = time.perf_counter()
    grids = [native_grid(card, request) for request in requests]
    given = [ahead.inputs(card, request) for request in requests]
    prepared = time.perf_counter()
    _seed_everything(requests[0].seed)
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
