"""The three stages that need a network: pictures, videos, what a detector sees of them.

A candidate at a stage is a job of the common runner: its card says the device and the limits, its
request the prompt, the seed and where the file goes. So one worker a device, loading once,
time-outs, memory, crashes, resume and every back end are the runner's; nothing of it was changed.
"""

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from a2bench.builders.estimated_poses import Networks, estimate
from a2bench.dataset import LONGEST_SECONDS
from a2bench.errors import A2BenchError
from a2bench.generation.pipelines import filled, generator, load, uint8_frames
from a2bench.generation.screening import fitted, measure, worst
from a2bench.generation.settings import Generation, PipelineSettings
from a2bench.method import Method
from a2bench.metric import Video
from a2bench.normalise import fit_image
from a2bench.paths import sha256_file, write_aside, write_json
from a2bench.pose.dwpose.wholebody import POINTS, WholeBodyClip
from a2bench.records import Case, MethodCard, Request, Result, Size
from a2bench.runner import Worker
from a2bench.video import Picture, read_image, read_video, write_png, write_truth
from a2bench.worker import CaseWorker, what_went_wrong

Stage = Literal["text_to_image", "image_to_video", "screening"]

_FOLDERS = {"text_to_image": "pictures", "image_to_video": "videos", "screening": "screening"}
_SUFFIXES = {"text_to_image": ".png", "image_to_video": ".mp4", "screening": ".npz"}


def stage_file(work: Path, stage: Stage, candidate: str) -> Path:
    """Return where what a stage makes of a candidate lies; its record beside it as `.json`."""
    return work / _FOLDERS[stage] / f"{candidate}{_SUFFIXES[stage]}"


def measures_file(work: Path, candidate: str) -> Path:
    """Return where what was measured of a candidate lies."""
    return work / "measures" / f"{candidate}.json"


@dataclass(frozen=True)
class StageWorkers:
    """Makes the worker of a stage on a device; picklable, so that another process can."""

    stage: Stage
    generation: Generation
    weights_folder: Path | None
    """Of the stage's pipeline."""
    networks: Networks

    def __call__(self, device: str) -> Worker:
        """Return the worker."""
        return _StageWorker(self, device)

    def tool(self, device: str) -> "_Tool":
        """Return what does the stage, loaded."""
        if self.stage == "screening":
            return _Screening(self.networks, clip=self.generation.identity_clip is not None)
        kind = _TextToImage if self.stage == "text_to_image" else _ImageToVideo
        assert self.weights_folder is not None
        return kind(self.generation, self.weights_folder, device)


class _StageWorker(CaseWorker):
    """Does a stage's jobs: the worker of the common runner, with another tool in its hand."""

    def __init__(self, about: StageWorkers, device: str) -> None:
        super().__init__(device)
        self._about = about

    def _loaded_or_not(self, card: MethodCard) -> Method | Exception:
        try:
            # it is called with requests, by this class alone
            return cast(Method, self._about.tool(self._device))
        except Exception as error:  # what a pipeline raises while it loads is a result
            traceback.print_exc()
            return error

    def _with_method(
        self, card: MethodCard, requests: Sequence[Request], log: Path
    ) -> list[Result]:
        if isinstance(self._method, Exception):
            return [what_went_wrong(request, self._method) for request in requests]
        tool = cast(_Tool, self._method)
        results = []
        for request in requests:
            started = time.perf_counter()
            try:
                tool(request)
            except Exception as error:  # what a pipeline raises is a result
                traceback.print_exc()
                results.append(what_went_wrong(request, error))
                continue
            seconds = round(time.perf_counter() - started, 4)
            results.append(
                Result(
                    method=request.method,
                    case_id=request.case.case_id,
                    protocol=request.case.protocol,
                    seed=request.seed,
                    status="ok",
                    fingerprint=request.fingerprint,
                    prediction_sha256=sha256_file(Path(request.output)),
                    infer_seconds=seconds,
                    seconds={"infer": seconds},
                )
            )
        return results

    def expect(self, jobs: Sequence[Any]) -> None:
        """Read nothing ahead: inputs are one small file."""


class _Tool:
    """Makes the file of a request."""

    def __call__(self, request: Request) -> None:
        raise NotImplementedError


class _TextToImage(_Tool):
    def __init__(self, generation: Generation, folder: Path, device: str) -> None:
        assert generation.text_to_image is not None
        self._settings = generation.text_to_image
        self.pipeline = load(self._settings, folder, device)

    def __call__(self, request: Request) -> None:
        answer = _called(self.pipeline, self._settings, request, {}).images
        frames = _checked(uint8_frames(answer[:1]), self._settings.size, 1)
        write_png(Path(request.output), frames[0])


class _ImageToVideo(_Tool):
    def __init__(self, generation: Generation, folder: Path, device: str) -> None:
        assert generation.image_to_video is not None
        self._settings = generation.image_to_video
        self.pipeline = load(self._settings, folder, device)

    def __call__(self, request: Request) -> None:
        from PIL import Image

        settings = self._settings
        made = read_image(stage_file(_work(request), "text_to_image", request.case.case_id))
        picture = fit_image(made, settings.size, "crop")
        values = {
            "image": Image.fromarray(picture), "frames": settings.frames, "fps": settings.fps
        }  # fmt: skip
        answer = _called(self.pipeline, settings, request, values).frames[0]
        frames = _checked(uint8_frames(answer), settings.size, settings.frames)
        write_truth(Path(request.output), frames, settings.fps, storage="lossless")


def _work(request: Request) -> Path:
    return Path(request.dataset)


def _called(
    pipeline: Any, settings: PipelineSettings, request: Request, values: dict[str, Any]
) -> Any:
    import torch

    common = {
        "prompt": request.prompt,
        "width": settings.size.width,
        "height": settings.size.height,
        "generator": generator(request.seed),
    }
    with torch.inference_mode():
        return pipeline(**filled(settings.call, common | values))


def _checked(frames: Video, size: Size, count: int) -> Video:
    height, width = frames.shape[1:3]
    if (len(frames), width, height) != (count, size.width, size.height):
        raise A2BenchError(
            f"the pipeline answered {len(frames)} frames of {width}x{height} px, asked for {count} "
            f"of {size}.\nhint: set size= and frames= to what it can make"
        )
    return frames


class _Screening(_Tool):
    def __init__(self, networks: Networks, *, clip: bool) -> None:
        self._networks = networks
        self._networks.loaded()
        self._clip = None
        if clip:
            from a2bench.networks import clip as network

            self._clip = network.loaded()

    def __call__(self, request: Request) -> None:
        work, candidate = _work(request), request.case.case_id
        made = read_video(
            stage_file(work, "image_to_video", candidate), until_seconds=LONGEST_SECONDS
        )
        frames, fps = made.frames, made.fps or request.case.fps
        path = stage_file(work, "text_to_image", candidate)
        size = Size(width=frames.shape[2], height=frames.shape[1])
        # brought candidates may come without their picture
        picture = fit_image(read_image(path), size, "crop") if path.exists() else frames[0]
        seen = estimate(self._networks, frames, fps) or _nobody(frames, fps)
        found = measure(frames, fps, picture, seen, self._likeness(frames, picture))
        write_json(measures_file(work, candidate), found.model_dump(mode="json"))
        save_points(Path(request.output), seen)

    def _likeness(self, frames: Video, picture: Picture) -> float | None:
        """Cosine of CLIP's embeddings, of the worst tenth of the frames."""
        if self._clip is None:
            return None
        from a2bench.networks.clip import embed

        embedded = embed(self._clip, np.concatenate([fitted(picture, frames)[None], frames]))
        return worst(np.asarray(embedded[1:] @ embedded[0], np.float64))


def _nobody(frames: Video, fps: float) -> WholeBodyClip:
    height, width = frames.shape[1:3]
    empty = np.zeros((len(frames), POINTS, 2))
    return WholeBodyClip(empty, empty[..., 0], np.zeros(len(frames), np.int64), width, height, fps)


POINTS_SCHEMA = "a2bench.points/1"
POINTS_ARRAYS = ("xy", "scores", "people", "size", "fps")


def save_points(path: Path, seen: WholeBodyClip) -> None:
    """Write what the detector saw: the same bytes for the same points."""
    with write_aside(path) as aside:
        np.savez_compressed(
            aside,
            schema=np.array(POINTS_SCHEMA),
            xy=np.round(seen.xy, 2).astype(np.float32),
            scores=np.round(seen.scores, 4).astype(np.float32),
            people=seen.people,
            size=np.array([seen.width, seen.height]),
            fps=np.array(seen.fps),
        )


def load_points(path: Path) -> WholeBodyClip:
    """Read what `save_points` wrote.

    Raises:
        A2BenchError: another kind of file.
    """
    from a2bench.pose.keypoints import load_npz

    arrays = load_npz(path, POINTS_SCHEMA, POINTS_ARRAYS, 256 * 2**20)
    try:
        width, height = (int(side) for side in arrays["size"])
        xy = arrays["xy"].astype(np.float64)
        scores = arrays["scores"].astype(np.float64)
        if xy.shape != (len(xy), POINTS, 2) or scores.shape != xy.shape[:2]:
            raise ValueError(f"points {xy.shape}, scores {scores.shape}")
        return WholeBodyClip(
            xy, scores, arrays["people"].astype(np.int64), width, height, float(arrays["fps"])
        )
    except (ValueError, TypeError) as error:
        raise A2BenchError(f"{path}: not a file of points: {error}") from error


def stage_card(
    stage: Stage, *, device: Literal["cpu", "cuda"], timeout_seconds: float
) -> MethodCard:
    """Return a stage as the runner knows what it runs."""
    titles = {
        "text_to_image": "Pictures from prompts",
        "image_to_video": "Videos from pictures",
        "screening": "Poses and measures of videos",
    }
    return MethodCard(
        name=stage,
        title=titles[stage],
        summary=f"A stage of a generative build: {titles[stage].lower()}.",
        kind="in_process",
        entry="Stage",
        inputs_seen=("prompt",),
        stochastic=stage != "screening",
        device=device,
        timeout_seconds=timeout_seconds,
    )


def stage_request(
    work: Path,
    stage: Stage,
    candidate: str,
    *,
    prompt: str,
    seed: int,
    generation: Generation,
    fingerprint: str,
) -> Request:
    """Return what a stage is asked to make of a candidate."""
    video = generation.image_to_video
    size = video.size if video is not None else Size(width=16, height=16)
    return Request(
        method=stage,
        dataset=str(work.absolute()),
        case=Case(
            case_id=candidate,
            protocol="self",
            reference_id=candidate,
            driver_id=candidate,
            size=size,
            fps=generation.fps,
            frames=generation.frames,
        ),
        seed=seed,
        prompt=prompt,
        output=str(stage_file(work, stage, candidate).absolute()),
        fingerprint=fingerprint,
    )
