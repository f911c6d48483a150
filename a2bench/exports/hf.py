"""The Hugging Face layout: a data set folder as it is, of one split, ready to be pushed.

The card's front matter names `manifest.jsonl` as the table, so that `datasets.load_dataset(folder)`
and the hub's viewer show a row a sample; pictures, videos, poses and masks lie under the names that
its `id` and `files` give. What comes down from the hub is a data set again:
`a2bench verify dataset FOLDER`.
"""

import os
import shutil
from pathlib import Path

from a2bench.builders.assembly import build_samples, whole_folder
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError

_MOTION = "motion.bvh"


def write(dataset: Dataset, split: str, out: Path, *, workers: int | None = None) -> str:
    """Write the data set of a split; files are linked where the disk is the same.

    Raises:
        A2BenchError: the split is not built, or `out` holds something else.
    """
    ids = dataset.ids(split)
    for key in ids:
        dataset.sample(key)
    if out.exists() and not (out / "dataset.json").is_file() and any(out.iterdir()):
        raise A2BenchError(f"{out} is not an empty folder.\nhint: choose another --out")
    motion = dataset.folder / _MOTION
    if motion.is_file() and not (out / _MOTION).exists():
        shutil.copyfile(motion, out / _MOTION)
    # through the builder's own door: manifest, card, Croissant and checksums are those of a build
    made = build_samples(
        out, dataset.info, ids, _copy_sample, str(dataset.folder.absolute()),
        workers=workers, label="export to Hugging Face",
    )  # fmt: skip
    return f"{len(made.samples)} samples of {dataset.label}, split {split}"


def _copy_sample(folder: Path, key: str, source: str) -> str:
    dataset = Dataset.open(Path(source))
    with whole_folder(folder / "samples" / key, record="sample.json") as aside:
        for name in [*dataset.sample(key).files, "sample.json"]:
            path = dataset.sample_file(key, name)
            if not path.is_file():
                raise A2BenchError(
                    f"{path} is missing.\nhint: `a2bench verify dataset` says what else is"
                )
            try:
                os.link(path, aside / name)
            except OSError:  # another disk, or one without links
                shutil.copyfile(path, aside / name)
    return key


def push(folder: Path, repository: str, *, version: str, private: bool = False) -> str:
    """Upload an export to the hub as one commit with the version as its tag; return its address.

    Args:
        folder: what `write` made.
        repository: `ORGANISATION/NAME`; made if it is not there.
        version: of the data set.
        private: whether a repository that is made is private.

    Raises:
        A2BenchError: not logged in, no right to write, no network; with what the hub said.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    hub = HfApi()
    try:
        hub.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        made = hub.upload_folder(
            repo_id=repository,
            folder_path=folder,
            repo_type="dataset",
            commit_message=f"Version {version}",
        )
        hub.create_tag(repository, tag=version, repo_type="dataset", exist_ok=True)
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError) as error:
        raise A2BenchError(
            f"{repository}: not uploaded: {error}\n"
            "hint: `hf auth login` with a token that may write, then the same command again"
        ) from error
    return str(made.commit_url)
