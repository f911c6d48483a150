"""Weight files: one table of what they are, where they lie, and whether they are the right ones.

A row is data: `a2bench/weights/*.yaml`, and `$A2BENCH_PLUGINS/weights/*.yaml` for a plug-in's own.
Nothing is downloaded here (`a2bench fetch` does that) and nothing is unpickled: tensors are read
with `weights_only`, TorchScript only by a row's converter in a process of its own (`convert`).

Files lie in one folder: `$A2BENCH_WEIGHTS`, else the user's cache. A file somebody put there by
hand is as good as a fetched one: its SHA-256 is computed once and noted beside it.
"""

import hashlib
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from a2bench.errors import A2BenchError, unknown_name, wrong_fields
from a2bench.paths import plugin_folders, safe_name, write_json
from a2bench.records import Name, Record

if TYPE_CHECKING:
    from torch import Tensor

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Entry = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
"""`module:function`, imported only when it is needed."""

State = Literal["ready", "unverified", "absent", "wrong", "unconverted"]


class HubFile(Record):
    """A file on the Hugging Face hub, fetched by `huggingface_hub` (tokens, gates, resume)."""

    repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    path: str
    revision: str = "main"


class WeightRow(Record):
    """One weight file: what it is, what it must hash to, where it can be had."""

    name: Name
    file: str
    """Its name in the weights folder; one name is one content."""
    size_bytes: int | None = Field(None, gt=0)
    """None: published nowhere."""
    sha256: Sha256 | None = None
    """None: published nowhere; then keys and shapes must fit (`keys`) and values are marked."""
    sha256_prefix: str = Field("", pattern=r"^[0-9a-f]{0,64}$")
    """What a torch-hub style file name carries of it, where the whole is not published."""
    licence: str
    source: str
    """The page that offers or describes it."""
    urls: tuple[str, ...] = ()
    """Direct downloads, tried in order; none: only by hand, `a2bench fetch NAME --from FOLDER`."""
    hub: tuple[HubFile, ...] = ()
    package: str = ""
    """`distribution_module/path` of a file that an installed package carries."""
    groups: tuple[Name, ...] = ()
    """`a2bench fetch GROUP` fetches all rows of a group."""
    format: Literal["torch", "torchscript", "safetensors", "other"] = "torch"
    nested_key: str = ""
    """Key under which a checkpoint keeps its tensors (`state_dict`)."""
    strip_prefix: str = ""
    """What every key of a checkpoint starts with (`module.`)."""
    converter: Entry | None = None
    """`module:function`, called with the open file in a process of its own; returns tensors, which
    are kept as safetensors and are what `tensors` reads."""
    keys: Entry | None = None
    """`module:function` that returns every key with its shape; needed where no hash is known."""
    opened_by: Literal["a2bench", "method"] = "a2bench"
    """`method`: only the method's own program reads it, in its own process; we never open it. Where
    no hash is published either, what came is noted and counts as `unverified`."""
    note: str = ""

    @model_validator(mode="after")
    def _can_be_checked(self) -> "WeightRow":
        safe_name(self.file, what=f"weights {self.name}: file")
        if self.format == "torchscript" and self.sha256 is None:
            raise ValueError("TorchScript is a program: it is never taken without `sha256`")
        if self.opened_by == "method":
            if self.converter or self.keys or self.format != "other":
                raise ValueError(
                    "`opened_by: method` goes with `format: other` and without converter or keys"
                )
            return self
        if self.sha256 is None and not self.sha256_prefix and self.keys is None:
            raise ValueError("without a published `sha256`, `keys` must say how it is recognised")
        return self

    @property
    def verifiable(self) -> bool:
        """Whether the content is known by a published SHA-256 (or the prefix of one)."""
        return bool(self.sha256 or self.sha256_prefix)

    def is_right(self, sha256: str) -> bool:
        """Whether a file with that SHA-256 may be this one."""
        return self.sha256 in (None, sha256) and sha256.startswith(self.sha256_prefix)


@dataclass(frozen=True)
class WeightStatus:
    """What the machine has of one row.

    Attributes:
        state: `ready`; `unverified`: usable, its hash is published nowhere; `absent`; `wrong`:
            a file of that name with another hash or size; `unconverted`: there, not yet usable.
        path: the file that is there, if one is.
        sha256: of that file, hexadecimal.
        reason: why it cannot be used, and what to type; "" where it can.
    """

    row: WeightRow
    state: State
    path: Path | None = None
    sha256: str = ""
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether networks may load it."""
        return self.state in ("ready", "unverified")


def folder() -> Path:
    """Return the weights folder: `$A2BENCH_WEIGHTS`, else in the user's cache."""
    if named := os.environ.get("A2BENCH_WEIGHTS"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("a2bench") / "weights"


def _table_files() -> list[Path]:
    found = sorted(Path(__file__).parent.glob("*.yaml"))
    for extra in plugin_folders():
        found += sorted((extra / "weights").glob("*.yaml"))
    return found


@cache
def _read_table(path: Path, _changed: int) -> tuple[WeightRow, ...]:
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        if not isinstance(listed, list):
            raise A2BenchError(f"weight table {path}: expected a list of rows")
        return tuple(WeightRow.model_validate(row) for row in listed)
    except ValidationError as error:
        raise A2BenchError(f"weight table {path}:\n{wrong_fields(error)}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise A2BenchError(f"weight table {path}: not YAML: {error}") from error


def table() -> dict[str, WeightRow]:
    """Return every row by name, sorted.

    Raises:
        A2BenchError: a table that does not validate, two rows of one name, or one file name with
            two contents.
    """
    rows: dict[str, WeightRow] = {}
    files: dict[str, WeightRow] = {}
    for path in _table_files():
        for row in _read_table(path, path.stat().st_mtime_ns):
            if row.name in rows:
                raise A2BenchError(f"weight table {path}: two rows are called {row.name!r}")
            if (other := files.get(row.file)) and other.sha256 != row.sha256:
                raise A2BenchError(
                    f"weight table {path}: {row.name} and {other.name} are both {row.file}"
                )
            rows[row.name] = files[row.file] = row
    return dict(sorted(rows.items()))


def row(name: str) -> WeightRow:
    """Return the row of that name.

    Raises:
        A2BenchError: no such row.
    """
    rows = table()
    if name not in rows:
        raise unknown_name("weights", name, rows, hint="`a2bench fetch` lists them")
    return rows[name]


def rows_named(names: Iterable[str]) -> list[WeightRow]:
    """Return the rows of names and groups, each once; `all` is every row that we open ourselves.

    What upstream programs load is asked for by name: together it fills a disk.

    Raises:
        A2BenchError: neither a row nor a group.
    """
    rows = table()
    groups: dict[str, list[WeightRow]] = {
        "all": [one for one in rows.values() if one.opened_by == "a2bench"]
    }
    for one in rows.values():
        for group in one.groups:
            groups.setdefault(group, []).append(one)
    found: dict[str, WeightRow] = {}
    for name in names:
        chosen = [rows[name]] if name in rows else groups.get(name)
        if chosen is None:
            known = [*rows, *groups]
            raise unknown_name("weights", name, known, hint="`a2bench fetch` lists them")
        found |= {one.name: one for one in chosen}
    return list(found.values())


def note_path(path: Path) -> Path:
    """Return where the note about a file lies: its hash, and how it was checked."""
    return path.with_name(f"{path.name}.a2bench.json")


def converted_path(one: WeightRow, path: Path | None = None) -> Path:
    """Return where a row's converted tensors lie."""
    return (path.parent if path else folder()) / f"{one.name}.safetensors"


def _packaged(one: WeightRow) -> Path | None:
    if not one.package:
        return None
    module, _, inside = one.package.partition("/")
    spec = find_spec(module)  # does not import it
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / inside
    return path if path.is_file() else None


_hashes: dict[tuple[Path, int, int], str] = {}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; computed once as long as size and time stay."""
    stat = path.stat()
    key = (path.resolve(), stat.st_size, stat.st_mtime_ns)
    if key not in _hashes:
        noted = read_note(path)
        if noted.get("bytes") == key[1] and noted.get("mtime_ns") == key[2]:
            _hashes[key] = str(noted["sha256"])
        else:
            with path.open("rb") as handle:
                _hashes[key] = hashlib.file_digest(handle, "sha256").hexdigest()
    return _hashes[key]


def read_note(path: Path) -> dict[str, Any]:
    """Return the note about a file; nothing where there is none that can be read."""
    try:
        found = json.loads(note_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("sha256"), str) else {}


def write_note(path: Path, **facts: Any) -> None:
    """Note a file's hash beside it, so that it is not computed again."""
    stat = path.stat()
    record = {"sha256": sha256_of(path), "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    try:
        write_json(note_path(path), record | facts)
    except PermissionError:
        return  # a read-only folder shared by many: then the hash is computed again


def status(name: str) -> WeightStatus:
    """Say what the machine has of a row: looks at the file's hash, opens nothing.

    Raises:
        A2BenchError: no such row.
    """
    one = row(name)
    path = _packaged(one) or folder() / one.file
    if not path.is_file():
        return WeightStatus(one, "absent", reason=f"{one.file} is absent: {fetch_command(one)}")
    if wrong := wrong_content(one, path):
        again = f"delete it, then {fetch_command(one)}"
        return WeightStatus(one, "wrong", path, sha256_of(path), f"{wrong}: {again}")
    digest = sha256_of(path)
    if not read_note(path) and not one.package:
        write_note(path)
    if one.converter is not None:
        made = converted_path(one, path)
        noted = read_note(made) if made.is_file() else {}
        if noted.get("converted_from") != digest or noted.get("sha256") != sha256_of(made):
            reason = f"{one.file} is not converted yet: {fetch_command(one)}"
            return WeightStatus(one, "unconverted", path, digest, reason)
    return WeightStatus(one, "ready" if one.verifiable else "unverified", path, digest)


def wrong_content(one: WeightRow, path: Path) -> str:
    """Return why a file is not the row's, or ""."""
    size = path.stat().st_size
    if one.size_bytes is not None and size != one.size_bytes:
        return f"{path} has {size} bytes, {one.name} has {one.size_bytes}"
    if not one.verifiable:
        return ""
    digest = sha256_of(path)
    if not one.is_right(digest):
        expected = one.sha256 or f"{one.sha256_prefix}..."
        return f"{path} has SHA-256 {digest}, {one.name} has {expected}"
    return ""


def fetch_command(one: WeightRow) -> str:
    """Return what to type to get a row."""
    return f"`a2bench fetch {one.name}`"


def missing(*names: str) -> str:
    """Return what is not usable, each with the command that gets it; "" where nothing lacks."""
    lacking = [found for found in map(status, names) if not found.usable]
    if not lacking:
        return ""
    if all(found.state == "absent" for found in lacking):
        files = ", ".join(found.row.file for found in lacking)
        words = " ".join(found.row.name for found in lacking)
        are = "is" if len(lacking) == 1 else "are"
        return f"weights {files} {are} absent: `a2bench fetch {words}`"
    return "; ".join(found.reason for found in lacking)


def unverified(*names: str) -> str:
    """Return the rows in use whose hash is published nowhere, with the one observed; or ""."""
    found = [found for found in map(status, names) if found.state == "unverified"]
    return "; ".join(
        f"unverified weights: {one.row.file} with SHA-256 {one.sha256} (none is published)"
        for one in found
    )


def digests(*names: str) -> dict[str, str]:
    """Return name -> SHA-256: the published one, else that of the file that is there ("": none).

    Published ones are known without the file, so that a table of values that another machine
    computed can be made anywhere.
    """
    return {name: row(name).sha256 or status(name).sha256 for name in sorted(names)}


def require(name: str) -> WeightStatus:
    """Return a row that can be used.

    Raises:
        A2BenchError: absent, wrong or not converted; with the command.
    """
    found = status(name)
    if not found.usable:
        what, _, command = found.reason.rpartition(": ")
        raise A2BenchError(f"{what}.\nhint: {command.strip('`')}")
    return found


def path_of(name: str) -> Path:
    """Return the file to read: the converted tensors where a row has a converter.

    Raises:
        A2BenchError: absent, wrong or not converted; with the command.
    """
    found = require(name)
    assert found.path is not None  # usable
    return converted_path(found.row, found.path) if found.row.converter else found.path


def tensors(name: str) -> dict[str, "Tensor"]:
    """Return a row's tensors on the CPU, keys as the networks name them; runs no code of the file.

    Raises:
        A2BenchError: absent or wrong, or not a file of tensors.
    """
    one = row(name)
    path = path_of(name)
    if one.converter is not None or one.format == "safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if one.format != "torch":
        raise A2BenchError(f"{name} ({one.format}) has no tensors that can be read: {one.note}")
    return read_tensors(one, path)


DAMAGED = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,  # UnicodeDecodeError is one
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    MemoryError,  # a size that a damaged file claims
    struct.error,
    zipfile.BadZipFile,
)
"""What torch's reader raises on bytes that are no checkpoint, or hold more than tensors: seen in
36,000 damaged checkpoints of both formats."""


def read_tensors(one: WeightRow, path: Path) -> dict[str, "Tensor"]:
    """Return the tensors of a PyTorch checkpoint, read without running what it pickles.

    Raises:
        A2BenchError: it holds more than tensors, is damaged, or has no tensors under the row's key.
    """
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        first = str(error).strip().split("\n", 1)[0][:200]
        raise A2BenchError(
            f"{path}: not a file of plain tensors, so it is not opened: {first}\n"
            f"hint: delete it, then a2bench fetch {one.name}"
        ) from error
    if one.nested_key:
        found = found.get(one.nested_key) if isinstance(found, Mapping) else None
    kept = {
        str(key).removeprefix(one.strip_prefix): value
        for key, value in (found.items() if isinstance(found, Mapping) else ())
        if isinstance(value, torch.Tensor)
    }
    if not isinstance(found, Mapping) or not kept:
        at = f" under {one.nested_key!r}" if one.nested_key else ""
        raise A2BenchError(f"{path}: no tensors{at}: not the checkpoint {one.name} is")
    return kept
