"""Features of clips: the extractors that metrics share, and the store that keeps what they say.

A file holds the vectors of one clip under a name made of everything that decides them: the decoded
pixels' digest, the frames that are shown, the extractor with its version, and its weights' digests.
So truth vectors are computed once for all methods, and nothing stale is ever read. Vectors are
float32 as the network gave them, with a note of what it ran in; statistics are float64.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
from jaxtyping import Float32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.metric import ClipFeatures, Extractor, Video, View
from a2bench.paths import sha256_text, write_aside
from a2bench.records import Case

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
    return folder / "features" / key[:2] / f"{key}.safetensors"


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


def computed_in(names: Sequence[str]) -> str:
    """Return what a network with these weights runs in on this machine; "" for no weights."""
    if not names:
        return ""
    from a2bench.networks.loading import computed_in as in_networks

    return in_networks()


def write_features(path: Path, vectors: Float32[np.ndarray, "n d"], noted: str) -> None:
    """Keep vectors with what they were computed in, whole or not at all."""
    with write_aside(path) as aside:
        made = np.ascontiguousarray(vectors)
        save_file({"vectors": made}, aside, metadata={"computed_in": noted})


def read_features(path: Path, extractor: Extractor) -> Float32[np.ndarray, "n d"]:
    """Return kept vectors.

    Raises:
        A2BenchError: no such file, or not vectors of this extractor.
    """
    return _opened(path, extractor, whole=True)[0]


def _opened(
    path: Path, extractor: Extractor, *, whole: bool
) -> tuple[Float32[np.ndarray, "n d"], str]:
    """Return vectors (or none of them, but their number as the shape of nothing read) and note."""
    try:
        with safe_open(path, framework="numpy") as file:
            found, noted = file.get_slice("vectors"), (file.metadata() or {})
            shape, kind = found.get_shape(), found.get_dtype()
            if kind == "F32" and len(shape) == 2 and shape[1] == extractor.dimension:
                made = (
                    file.get_tensor("vectors") if whole else np.broadcast_to(np.float32(0), shape)
                )
                return made, noted.get("computed_in", "")
    except (OSError, SafetensorError) as error:
        raise A2BenchError(
            f"{path}: no vectors of {extractor.name}: {error}\nhint: delete it and score again"
        ) from error
    raise A2BenchError(
        f"{path}: {kind} {shape}, expected F32 (n, {extractor.dimension}).\n"
        "hint: delete it and score again"
    )


class KeptClips(Sequence[ClipFeatures]):
    """One side of a set: a clip's vectors are read when it is asked for, and not held.

    Memory thus does not grow with the set. What is computed of all clips of the truths (sums for
    kernels, moments) is kept in a file, so that a second method does not compute it again.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        paths: Sequence[Path],
        extractor: Extractor,
        memory: Path | None = None,
    ) -> None:
        """Take the files of clips' vectors.

        Args:
            cases: of the clips.
            paths: of their vectors; a name is the digest of all that decides them.
            extractor: whose vectors they are.
            memory: folder for what is computed of all of them; None: nothing is kept.
        """
        self._cases, self._paths, self._extractor = cases, paths, extractor
        self._memory = memory

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> ClipFeatures: ...
    @overload
    def __getitem__(self, index: slice) -> list[ClipFeatures]: ...
    def __getitem__(self, index: int | slice) -> ClipFeatures | list[ClipFeatures]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        case = self._cases[index]
        vectors = read_features(self._paths[index], self._extractor)
        return ClipFeatures(case.case_id, case.reference_id, case.driver_id, vectors)

    @cached_property
    def _heads(self) -> list[tuple[int, str]]:
        """Number of vectors and note of each clip; reads the files' heads only."""
        opened = (_opened(path, self._extractor, whole=False) for path in self._paths)
        return [(len(vectors), noted) for vectors, noted in opened]

    @property
    def counts(self) -> list[int]:
        """Number of vectors of each clip."""
        return [count for count, _ in self._heads]

    @property
    def labels(self) -> list[tuple[str, str]]:
        """Who is seen in each clip and who drives it."""
        return [(case.reference_id, case.driver_id) for case in self._cases]

    @property
    def computed_in(self) -> set[str]:
        """What the network ran in, of all clips."""
        return {noted for _, noted in self._heads if noted}

    def remembered(
        self, name: str, compute: Callable[[], dict[str, np.ndarray]]
    ) -> Mapping[str, np.ndarray]:
        """Return what is kept under a name for exactly these clips in this order, or compute it.

        Args:
            name: of what is computed, with a version of how.
            compute: returns arrays by name.
        """
        if self._memory is None:
            return compute()
        key = sha256_text("|".join((name, *(path.stem for path in self._paths))))
        path = self._memory / "sets" / f"{key.removeprefix('sha256:')}.safetensors"
        try:
            with safe_open(path, framework="numpy") as file:
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):  # not there yet, or damaged: it can be had again
            made = compute()
        with write_aside(path) as aside:
            save_file({key: np.ascontiguousarray(one) for key, one in made.items()}, aside)
        return made


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
