"""A data set version on disk: its samples, splits and cases.

Layout of `datasets/<name>/<version>/`:
    dataset.json          what it is (DatasetInfo)
    manifest.jsonl        one row a sample that is built, sorted by id
    checksums.sha256      every file, as `sha256sum -c` reads it
    README.md card/ croissant.json   the card, its pictures, the description for machines
    samples/<id>/         video.mp4 reference.png [pose.npz] [mask.npz] [driving.mp4] sample.json

`sample.json` is the sample's manifest row, written last: a sample folder that has one is whole.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from a2bench.errors import A2BenchError, unknown_name, wrong_fields
from a2bench.paths import canonical_json, inside, read_utf8, safe_name, sha256_text, write_text
from a2bench.records import Case, DatasetInfo, Protocol, Sample

SPLITS: dict[str, int] = {
    "smoke": 4,
    "demo": 8,
    "mini": 20,
    "lite": 50,
    "quant": 100,
    "full": 500,
}
"""Nested prefixes of the order: split name -> number of ids."""

LONGEST_SECONDS = 6.2
"""Driving clips can be asked for up to here; what lies after the last instant is unscored."""

MAX_MANIFEST_BYTES = 64 * 2**20
"""Of `manifest.jsonl` and of `dataset.json`; 500 samples need 0.6 MB."""


def dataset_folder(home: Path, name: str, version: str) -> Path:
    """Return where a data set version lies."""
    safe_name(name, what="data set name")
    return home / "datasets" / name / safe_name(version, what="data set version")


@dataclass(frozen=True)
class Dataset:
    """One data set version, read-only."""

    folder: Path
    info: DatasetInfo

    @classmethod
    def open(cls, folder: Path) -> "Dataset":
        """Read `dataset.json`.

        Raises:
            A2BenchError: missing or invalid.
        """
        path = folder / "dataset.json"
        if not path.exists():
            raise A2BenchError(f"{folder}: no data set here (dataset.json is missing).")
        if not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
            raise A2BenchError(f"{path}: not a file of at most {MAX_MANIFEST_BYTES} bytes.")
        try:
            return cls(folder, DatasetInfo.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise A2BenchError(
                f"{path}: not a valid data set description:\n{wrong_fields(error)}"
            ) from error

    @classmethod
    def find(cls, home: Path, name: str) -> "Dataset":
        """Open `name` (newest version there), `name@version`, or a folder.

        Raises:
            A2BenchError: nothing of that name; the text says how to build it.
        """
        return cls.open(cls.folder_of(home, name))

    @staticmethod
    def folder_of(home: Path, name: str) -> Path:
        """Return the folder of `name` (newest version there), `name@version`, or a folder.

        Raises:
            A2BenchError: nothing of that name; the text says how to build it.
        """
        if "/" in name or name in (".", ".."):
            return Path(name).expanduser()
        base, _, version = name.partition("@")
        root = home / "datasets"
        safe_name(base, what="data set name")
        versions = sorted(
            (path.parent for path in (root / base).glob("*/dataset.json")),
            key=lambda folder: _version_key(folder.name),
        )
        if version:
            versions = [folder for folder in versions if folder.name == version]
        if not versions:
            known = [path.parent.parent.name for path in root.glob("*/*/dataset.json")]
            hint = "build one: a2bench build dataset=procedural split=demo" if not known else ""
            if base in known:
                raise A2BenchError(f"data set {base!r} has no version {version!r} in {root}.")
            raise unknown_name(f"data set in {root}", name, set(known), hint=hint)
        return versions[-1]

    @property
    def label(self) -> str:
        """Name and version as captions print them."""
        return f"{self.info.name} {self.info.version}"

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """Samples that are built, by id, from the manifest.

        Raises:
            A2BenchError: no manifest, or a row that is not valid.
        """
        path = self.folder / "manifest.jsonl"
        if not path.exists():
            raise A2BenchError(
                f"{self.folder}: no manifest.jsonl; the build was not finished.\n"
                "hint: run the same `a2bench build ...` again, it goes on where it stopped"
            )
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise A2BenchError(f"{path}: over {MAX_MANIFEST_BYTES} bytes; not a manifest of ours")
        rows: dict[str, Sample] = {}
        # not splitlines(): a text may hold U+2028, which is no end of a JSON line
        text = read_utf8(path).removesuffix("\n")
        for number, line in enumerate(text.split("\n") if text else (), start=1):
            try:
                row = Sample.model_validate_json(line)
            except ValidationError as error:
                raise A2BenchError(f"{path}, line {number}:\n{wrong_fields(error)}") from error
            if row.id in rows:
                raise A2BenchError(f"{path}, line {number}: id {row.id!r} is there twice")
            rows[row.id] = row
        return rows

    def sample(self, sample_id: str) -> Sample:
        """Return a built sample.

        Raises:
            A2BenchError: not built (or not of this data set).
        """
        if sample_id not in self.samples:
            raise A2BenchError(
                f"{self.label}: sample {sample_id!r} is not built in {self.folder}, "
                f"{len(self.samples)} are.\n"
                "hint: name the split that you built (--split demo), or build the rest: the same "
                "`a2bench build` with split=quant or full goes on where it stopped"
            )
        return self.samples[sample_id]

    def sample_file(self, sample_id: str, name: str) -> Path:
        """Return the path of one of a sample's files, surely inside the data set."""
        return inside(self.folder / "samples", f"{sample_id}/{name}", what=f"{self.label} sample")

    def ids(self, split: str) -> tuple[str, ...]:
        """Return the ids of a split, in order.

        Raises:
            A2BenchError: no such split.
        """
        if split not in self.info.splits:
            raise unknown_name(f"split of {self.label}", split, self.info.splits)
        return self.info.order[: self.info.splits[split]]

    def cases(self, protocol: Protocol, split: str) -> list[Case]:
        """Return the cases of a protocol and split, in order.

        Raises:
            A2BenchError: the data set has no such protocol or split, or the split is not built.
        """
        if protocol not in self.info.protocols:
            raise A2BenchError(
                f"{self.label} has no protocol {protocol!r} "
                f"(it has {', '.join(self.info.protocols)}).\n"
                f"hint: ask for protocol {self.info.protocols[0]}"
            )
        ids = self.ids(split)
        if missing := [sample_id for sample_id in ids if sample_id not in self.samples]:
            raise A2BenchError(
                f"{self.label}: {len(missing)} of {len(ids)} samples of split {split!r} are not "
                f"built (first: {missing[0]}).\n"
                f"hint: {self._build_command(split)}"
            )
        if protocol == "cross":
            pairs = [(pair.reference_id, pair.driver_id) for pair in self.info.cross_pairs]
            named = [(f"{a}__{b}", a, b) for a, b in pairs[: len(ids)]]
        else:
            named = [(sample_id, sample_id, sample_id) for sample_id in ids]
        return [
            Case(
                case_id=case_id,
                protocol=protocol,
                reference_id=reference_id,
                driver_id=driver_id,
                size=self.samples[reference_id].size,
                fps=self.samples[driver_id].fps,
                frames=self.samples[driver_id].frames,
            )
            for case_id, reference_id, driver_id in named
        ]

    def _build_command(self, split: str) -> str:
        if self.info.builder != "procedural":
            return f"run the `a2bench build dataset={self.info.builder} ...` that made it again"
        profile = "" if self.info.profile == "default" else f" profile={self.info.profile}"
        return f"a2bench build dataset=procedural split={split}{profile}"

    def digest(self, split: str) -> str:
        """SHA-256 of a split's content: ids, decoded pixels, poses, masks, cross pairs.

        The same on two machines if these are, whatever the containers' bytes. Cross truths are
        rendered on demand and checked against the release's digests.
        """
        lines = [
            canonical_json({"id": sample_id, **self.sample(sample_id).digests})
            for sample_id in self.ids(split)
        ]
        lines += [
            f"{pair.reference_id} {pair.driver_id}"
            for pair in self.info.cross_pairs[: len(self.ids(split))]
        ]
        return sha256_text("\n".join(lines))

    @property
    def cache(self) -> Path:
        """Folder for clips made on demand; may be deleted at any time.

        Beside `datasets/` of the data root; for a data set that lies elsewhere, beside its folder.
        """
        folder = self.folder.resolve()
        if folder.parents[1].name == "datasets":
            return folder.parents[2] / "cache" / self.info.name / self.info.version
        return folder.with_name(f"{folder.name}.cache")


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else -1 for part in version.split("."))


def write_manifest(folder: Path, order: tuple[str, ...]) -> bool:
    """Gather the rows of every whole sample into `manifest.jsonl`; return whether it changed."""
    rows = {}
    for sample_id in order:
        path = folder / "samples" / sample_id / "sample.json"
        if path.exists():
            try:
                row = Sample.model_validate_json(path.read_bytes())
            except ValidationError as error:
                raise A2BenchError(
                    f"{path}: not a valid record:\n{wrong_fields(error)}\n"
                    f"hint: delete {path.parent} and build again"
                ) from error
            rows[sample_id] = canonical_json(row.model_dump(mode="json"))
    text = "".join(rows[key] + "\n" for key in sorted(rows))
    path = folder / "manifest.jsonl"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    write_text(path, text)
    return True
