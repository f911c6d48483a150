"""All that is known of a data set version, for `info dataset`."""

from typing import Any

from a2bench.attributes import facets
from a2bench.checksums import CHECKSUMS
from a2bench.croissant import split_digests
from a2bench.dataset import Dataset

_ELSEWHERE = {
    "schema", "order", "splits", "cross_pairs", "build", "name", "version", "builder", "profile",
    "protocols", "licence",
}  # fmt: skip


def overview(dataset: Dataset) -> dict[str, Any]:
    """Return facts as JSON has them; whatever `dataset.json` says besides shows by itself.

    Raises:
        A2BenchError: the manifest cannot be read.
    """
    info = dataset.info
    rows = list(dataset.samples.values())
    sizes = sorted({f"{row.size}, {row.frames} frames at {row.fps:g} Hz" for row in rows})
    files = [path for path in dataset.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    described = info.model_dump(mode="json")
    return {
        "name": info.name,
        "version": info.version,
        "builder": info.builder,
        "profile": info.profile,
        "licence": info.licence,
        "protocols": list(info.protocols),
        "folder": str(dataset.folder),
        "samples": len(info.order),
        "samples_built": len(rows),
        "video": sizes[:5] + (["and other sizes"] if len(sizes) > 5 else []),
        "video_seconds": round(sum(row.frames / row.fps for row in rows), 3),
        "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "cross_pairs": len(info.cross_pairs),
        "closed_by_checksums": (dataset.folder / CHECKSUMS).exists(),
        "card": str(dataset.folder / "README.md"),
        **{key: value for key, value in described.items() if key not in _ELSEWHERE},
        "splits": {
            name: {"ids": count, "digest": digest if digest != "not built" else None}
            for name, count, digest in split_digests(dataset)
        },
        "attributes": {facet.name: facet.counts for facet in facets(dataset)},
        "built_with": dict(sorted(info.build.items())),
    }
