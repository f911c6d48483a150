"""`verify dataset`: is what lies on the disk what was built?"""

from collections.abc import Iterator

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.masks import MaskClip
from a2bench.parallel import in_processes
from a2bench.paths import sha256_file
from a2bench.pose.keypoints import PoseClip
from a2bench.progress import progress
from a2bench.records import Sample
from a2bench.video import read_truth, rgb_digest


def verify_dataset(dataset: Dataset, workers: int | None = None) -> list[str]:
    """Return every problem found: lists, files, and the digests of decoded content."""
    folder = dataset.folder / "samples"
    on_disk = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    problems = [
        f"samples/{name}: not in the manifest"
        for name in sorted(on_disk - set(dataset.samples))
        if not name.startswith(".")
    ]
    problems += [
        f"manifest: {sample_id} is not an id of this data set"
        for sample_id in sorted(set(dataset.samples) - set(dataset.info.order))
    ]
    samples = list(dataset.samples.values())
    tasks = [(dataset, sample) for sample in samples]
    with progress("verify", len(samples)) as shown:
        found = []
        for answer in in_processes(_verify_sample, tasks, workers=workers):
            found += answer
            shown.advance()
    return problems + sorted(found)


def _verify_sample(dataset: Dataset, sample: Sample) -> list[str]:
    return list(_sample_problems(dataset, sample))


def _sample_problems(dataset: Dataset, sample: Sample) -> Iterator[str]:
    folder = dataset.folder / "samples" / sample.id
    if not folder.is_dir():
        yield f"samples/{sample.id}: missing"
        return
    for path in sorted(folder.iterdir()):
        if path.name not in {*sample.files, "sample.json"}:
            yield f"samples/{sample.id}/{path.name}: not in the manifest"
    for name, digest in sample.files.items():
        try:
            path = dataset.sample_file(sample.id, name)
        except A2BenchError as error:
            yield str(error)
            continue
        if not path.is_file():
            yield f"samples/{sample.id}/{name}: missing"
        elif sha256_file(path) != digest:
            yield f"samples/{sample.id}/{name}: other bytes than were built"
    readers = {
        "rgb": lambda: rgb_digest(read_truth(folder / "video.mp4")),
        "pose": lambda: PoseClip.load(folder / "pose.npz").digest(),
        "mask": lambda: MaskClip.load(folder / "mask.npz").digest(),
    }
    for kind, digest in sample.digests.items():
        try:
            found = readers[kind]()
        except A2BenchError as error:
            yield f"samples/{sample.id}: {error}"
            continue
        if found != digest:
            yield f"samples/{sample.id}: decoded {kind} differs from what was built"
