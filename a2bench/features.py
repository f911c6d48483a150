"""Features of clips: the extractors that metrics share, and the store that keeps what they say.

A file holds the vectors of one clip under a name made of everything that decides them: the decoded
pixels' digest, the frames that are shown, the extractor with its version, and its weights' digests.
So truth vectors are computed once for all methods, and nothing stale is ever read. Vectors are
float32 as the network gave them; statistics are float64.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.metric import Extractor, Video, View
from a2bench.paths import sha256_text, write_aside

SCHEMA = "a2bench.features/1"
"""Rises when other frames are shown to extractors under the same view."""


def shown_to_sets(frames: Video, view: View) -> Video:
    """Frames that set metrics see: whole and none masked; `scored` leaves out the input frame."""
    return frames if view == "field" else frames[1:]


def features_key(extractor: Extractor, view: View, pixels: str) -> str:
    """Digest of everything that decides a clip's vectors, hexadecimal.

    Args:
        extractor: with the weights that are there now.
        view: which frames it is shown.
        pixels: digest of the clip, `sha256:<hex>`.
    """
    parts = (SCHEMA, extractor.name, str(extractor.version), view, pixels)
    digests = [f"{name}={digest}" for name, digest in weights.digests(*extractor.weights).items()]
    return sha256_text("|".join((*parts, *digests))).removeprefix("sha256:")


def features_path(folder: Path, key: str) -> Path:
    """Return where vectors of a key lie."""
    return folder / "features" / key[:2] / f"{key}.npy"


def extracted(extractor: Extractor, frames: Video) -> Float32[np.ndarray, "n d"]:
    """Vectors of a clip; none where it is too short.

    Raises:
        A2BenchError: the extractor gave something else, or the weights are absent.
    """
    if len(frames) < extractor.fewest_frames:
        return np.zeros((0, extractor.dimension), dtype=np.float32)
    found = extractor.extract(frames)
    if found.ndim != 2 or found.shape[1] != extractor.dimension or not np.isfinite(found).all():
        raise A2BenchError(
            f"{extractor.name} gave {found.shape = } or what is not finite, expected "
            f"(n, {extractor.dimension})"
        )
    return found.astype(np.float32, copy=False)


def write_features(path: Path, vectors: Float32[np.ndarray, "n d"]) -> None:
    """Keep vectors, whole or not at all."""
    with write_aside(path) as aside:
        np.save(aside, vectors, allow_pickle=False)


def read_features(path: Path, extractor: Extractor) -> Float32[np.ndarray, "n d"]:
    """Return kept vectors.

    Raises:
        A2BenchError: no such file, or not vectors of this extractor.
    """
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise A2BenchError(
            f"{path}: no vectors of {extractor.name}: {error}\nhint: delete it and score again"
        ) from error
    if found.dtype != np.float32 or found.ndim != 2 or found.shape[1] != extractor.dimension:
        raise A2BenchError(
            f"{path}: {found.dtype} {found.shape}, expected float32 (n, {extractor.dimension}).\n"
            "hint: delete it and score again"
        )
    return np.asarray(found)


def _pool3(frames: Video) -> Float32[np.ndarray, "t 2048"]:
    from a2bench.networks.inception import pool3

    return pool3(frames)


def _i3d_styleganv(frames: Video) -> Float32[np.ndarray, "n 400"]:
    from a2bench.networks.video import i3d_styleganv

    return i3d_styleganv(frames)


def _i3d_disco(frames: Video) -> Float32[np.ndarray, "n 400"]:
    from a2bench.networks.video import i3d_disco

    return i3d_disco(frames)


def _i3d_videogpt(frames: Video) -> Float32[np.ndarray, "n 400"]:
    from a2bench.networks.video import i3d_videogpt

    return i3d_videogpt(frames)


def _i3d_cdfvd(frames: Video) -> Float32[np.ndarray, "n 400"]:
    from a2bench.networks.video import i3d_cdfvd

    return i3d_cdfvd(frames)


def _resnet3d_windows(frames: Video) -> Float32[np.ndarray, "n 2048"]:
    from a2bench.networks.video import resnet3d_windows

    return resnet3d_windows(frames)


def _resnet3d_disco(frames: Video) -> Float32[np.ndarray, "n 2048"]:
    from a2bench.networks.video import resnet3d_disco

    return resnet3d_disco(frames)


def _resnet3d_segments(frames: Video) -> Float32[np.ndarray, "n 2048"]:
    from a2bench.networks.video import resnet3d_segments

    return resnet3d_segments(frames)


_WINDOW = "window of 16 frames"

INCEPTION_POOL3 = Extractor("inception_pool3", 1, ("inception_fid",), 2048, "frame", _pool3)
"""pytorch-fid's Inception pool3, every frame."""

I3D_STYLEGANV = Extractor(
    "i3d_styleganv", 1, ("i3d_torchscript",), 400, _WINDOW, _i3d_styleganv, fewest_frames=16
)
"""StyleGAN-V's I3D logits; windows together see every frame."""

I3D_DISCO = Extractor(
    "i3d_disco", 1, ("i3d_pretrained_400",), 400, _WINDOW, _i3d_disco, fewest_frames=16
)
"""DisCo's I3D logits, a window from every frame on."""

I3D_VIDEOGPT = Extractor(
    "i3d_videogpt", 1, ("i3d_pretrained_400",), 400, _WINDOW, _i3d_videogpt, fewest_frames=16
)
"""VideoGPT's and TATS's I3D logits."""

I3D_CDFVD = Extractor(
    "i3d_cdfvd", 1, ("i3d_pretrained_400",), 400, _WINDOW, _i3d_cdfvd, fewest_frames=16
)
"""cd-fvd's I3D logits."""

RESNET3D_WINDOWS = Extractor(
    "resnet3d_windows", 1, ("resnet3d50_kinetics",), 2048, _WINDOW, _resnet3d_windows
)
"""3-D ResNet-50 features; windows together see every frame."""

RESNET3D_DISCO = Extractor(
    "resnet3d_disco", 1, ("resnet3d50_kinetics",), 2048, _WINDOW, _resnet3d_disco
)
"""DisCo's 3-D ResNet-50 features, a window from every frame on."""

RESNET3D_SEGMENTS = Extractor(
    "resnet3d_segments", 1, ("resnet3d50_kinetics",), 2048, "video", _resnet3d_segments
)
"""3-D ResNet-50 features: mean over segments of a video."""
