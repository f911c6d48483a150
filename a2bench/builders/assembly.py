"""What every builder shares: start or resume a version, write samples whole, list them."""

import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from a2bench.card import write_card
from a2bench.checksums import CHECKSUMS, write_checksums
from a2bench.croissant import write_croissant
from a2bench.dataset import Dataset, write_manifest
from a2bench.errors import A2BenchError
from a2bench.parallel import in_processes
from a2bench.paths import aside_name, sha256_file, sweep_asides, write_json
from a2bench.progress import progress
from a2bench.records import DatasetInfo, Sample

BuildSample = Callable[[Path, str, str], str]
"""(data set folder, sample id, builder's argument) -> sample id; runs in a worker process."""


def library_versions() -> dict[str, str]:
    """Return the libraries and the machine that decide pixels, for `dataset.json`."""
    libraries = ("a2bench", "av", "numpy", "opencv-python-headless", "skia-python")
    return {name: version(name) for name in libraries} | {
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def start_version(folder: Path, info: DatasetInfo) -> None:
    """Write `dataset.json`, or check that the one there says the same (build versions aside).

    Raises:
        A2BenchError: another data set lies there; a version is never changed.
    """
    path = folder / "dataset.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, info.model_dump(mode="json"))
        return
    there = Dataset.open(folder).info
    if there.model_copy(update={"build": {}}) != info.model_copy(update={"build": {}}):
        differs = [
            name
            for name in type(info).model_fields
            if name != "build" and getattr(there, name) != getattr(info, name)
        ]
        raise A2BenchError(
            f"{folder} holds another {info.name} {info.version} (differs in: {', '.join(differs)});"
            " a version is never changed.\n"
            "hint: choose another version=..., or move the folder away"
        )


@contextmanager
def whole_folder(folder: Path, *, record: str) -> Iterator[Path]:
    """Yield an empty folder to fill; it becomes `folder` only if the block ends without an error.

    `record` is the file that says a folder is whole. Where another process made one meanwhile,
    that stays, since both are the same; what has no record is replaced.
    """
    aside = folder.with_name(aside_name(folder.name))
    sweep_asides(folder.parent, folder.name)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        try:
            aside.replace(folder)
        except OSError:
            if (folder / record).exists():
                return
            shutil.rmtree(folder)
            aside.replace(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_sample(aside: Path, sample: Sample) -> None:
    """Write `sample.json` with the digests of every file beside it."""
    files = {path.name: sha256_file(path) for path in sorted(aside.iterdir())}
    row = sample.model_copy(update={"files": files})
    write_json(aside / "sample.json", row.model_dump(mode="json"))


def build_samples(
    folder: Path,
    info: DatasetInfo,
    wanted: Sequence[str],
    build_sample: BuildSample,
    argument: str,
    *,
    workers: int | None,
    label: str,
) -> Dataset:
    """Build what is missing of `wanted` on all cores, then write the manifest.

    Raises:
        A2BenchError: a worker died (memory, a signal) or the disk is full; what was finished stays.
    """
    start_version(folder, info)
    for place in (folder, folder / "card", folder / "samples"):
        sweep_asides(place)
    missing = [key for key in wanted if not (folder / "samples" / key / "sample.json").exists()]
    if missing:
        # what is said about the samples is written again at the end
        (folder / CHECKSUMS).unlink(missing_ok=True)
        tasks = [(folder, key, argument) for key in missing]
        with progress(label, len(missing)) as shown:
            try:
                for key in in_processes(build_sample, tasks, workers=workers):
                    shown.advance(note=key)
            except OSError as error:
                raise A2BenchError(
                    f"{folder}: cannot write ({error.strerror or error}); finished samples stay.\n"
                    "hint: make room (500 samples need about 900 MB), then build again"
                ) from error
    changed = write_manifest(folder, info.order)
    dataset = Dataset.open(folder)
    if changed or not (folder / CHECKSUMS).exists():
        _finish(dataset)
    return dataset


def _finish(dataset: Dataset) -> None:
    """Write what is said about the samples; the checksums last, so that they close a version."""
    if not dataset.samples:
        return
    write_card(dataset)
    write_croissant(dataset)
    write_checksums(dataset)
