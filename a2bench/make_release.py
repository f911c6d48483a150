"""`python -m a2bench.builders.release HOME`: draw a whole release and write down its digests.

500 samples, 500 cross truths and 500 mannequin clips of the default profile, then the golden
frames. It goes on where it was stopped. While it works the digest file says `unreleased`, so that
nothing is compared with the version before; HOME remembers the code it was drawn by, and another is
refused.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from a2bench.builders import goldens, procedural, release
from a2bench.builders.assembly import library_versions
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.ondemand import Grid, driving_clip, driving_digests, truth_digests, truth_folder
from a2bench.parallel import in_processes
from a2bench.paths import canonical_json, sha256_file, sha256_text, sweep_asides, write_text
from a2bench.progress import progress
from a2bench.records import Case, Protocol

_DRAWN_BY = (
    "procedural/*.py", "pose/*.py", "video.py", "masks.py", "builders/procedural.py"
)  # fmt: skip


def code_digest() -> str:
    """SHA-256 over the files that decide pixels, poses and masks."""
    root = Path(__file__).parent
    files = [path for pattern in _DRAWN_BY for path in sorted(root.glob(pattern))]
    return sha256_text(
        canonical_json({str(path.relative_to(root)): sha256_file(path) for path in files})
    )


def make_release(
    home: Path,
    *,
    split: str = "full",
    cross: str | None = None,
    mannequins: str | None = None,
    workers: int | None = None,
) -> None:
    """Draw what is missing and write `released_digests.json` and `golden_digests.json`.

    Args:
        home: data root that holds nothing drawn by other code.
        split: how many samples; less than `full` is for trying and stays `unreleased`.
        cross: how many cross truths, as a split; None: as many as samples.
        mannequins: how many mannequin clips, as a split; None: as many as samples.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: the home was drawn by other code.
    """
    mark, code = home / "release_code.txt", code_digest()
    if mark.exists() and mark.read_text(encoding="utf-8").strip() != code:
        raise A2BenchError(
            f"{home} holds clips that were drawn by other code than this.\n"
            "hint: take an empty folder, or delete this one"
        )
    write_text(mark, code + "\n")
    release.write_record("a2bench-proc", release.UNRELEASED, "", {})
    with _timed("self truths"):
        dataset = procedural.build(home, split=split, workers=workers)
    digests: dict[Protocol, dict[str, str]] = {
        "self": {key: release.shortened(dataset.sample(key).digests) for key in dataset.ids(split)}
    }
    with _timed("cross truths"):
        digests["cross"] = _draw(dataset, dataset.cases("cross", cross or split), workers)
    with _timed("mannequin clips"):
        digests["rescaled"] = _draw(
            dataset, dataset.cases("rescaled", mannequins or split), workers
        )
    with _timed("golden frames"):
        frames = goldens.golden_digests(workers=workers)
    libraries = " ".join(
        f"{name} {version}"
        for name, version in library_versions().items()
        if name not in ("a2bench", "machine")
    )
    counts = ", ".join(f"{len(found)} {protocol}" for protocol, found in digests.items())
    if split != "full":
        print(f"tried with {counts}, {len(frames)} golden frames; nothing is released by it")
        return
    record = {"version": dataset.info.version, "libraries": libraries, "frames": frames}
    write_text(goldens.GOLDENS, json.dumps(record, indent=0, sort_keys=True) + "\n")
    release.write_record(dataset.info.name, dataset.info.version, libraries, digests)
    print(f"{release.DIGESTS}: {counts}; {goldens.GOLDENS}: {len(frames)} frames")


def _draw(dataset: Dataset, cases: list[Case], workers: int | None) -> dict[str, str]:
    for name in ("cross", "mannequin"):
        sweep_asides(dataset.cache / name)
    found: dict[str, str] = {}
    tasks = [(dataset, case) for case in cases]
    with progress(f"draw {cases[0].protocol}", len(tasks)) as shown:
        for case_id, digests in in_processes(_drawn, tasks, workers=workers):
            found[case_id] = release.shortened(digests)
            shown.advance(note=case_id)
    return found


def _drawn(dataset: Dataset, case: Case) -> tuple[str, dict[str, str]]:
    if case.protocol == "cross":
        truth_folder(dataset, case)
        return case.case_id, truth_digests(dataset, case) or {}
    grid = Grid(case.size, case.fps, case.frames, "stretch")
    driving_clip(dataset, case, grid)
    return case.case_id, driving_digests(dataset, case, grid)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - started:.0f} s", file=sys.stderr)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m a2bench.builders.release", description=__doc__)
    parser.add_argument("home", type=Path, help="data root to draw into (about 2.5 GB)")
    parser.add_argument("--split", default="full", help="how many; less than full is for trying")
    parser.add_argument("--cross", default=None, help="split of the cross truths, if fewer")
    parser.add_argument("--mannequins", default=None, help="split of the mannequins, if fewer")
    parser.add_argument("--workers", type=int, default=None, help="processes; default one a core")
    chosen = parser.parse_args()
    try:
        make_release(**vars(chosen))
    except A2BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
