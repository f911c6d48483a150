"""What decides a method's predictions: of its card, its code, its weights, and the case.

Settings are noted beside the predictions they made. Predictions of two settings are never mixed in
a run; where they would be, the note says what the difference is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from a2bench import plugins, weights
from a2bench.dataset import Dataset
from a2bench.paths import (
    canonical_json,
    folder_digest,
    is_disk_full,
    sha256_file,
    sha256_text,
    write_json,
)
from a2bench.records import Case, MethodCard

PROMPT = "a character dancing"
"""The neutral sentence of the headline prompt track (`prompt=fixed`)."""

DECIDES = frozenset(
    {
        "name",
        "kind",
        "entry",
        "inputs_seen",
        "device",
        "autocast",
        "compile",
        "offload",
        "native",
        "output",
        "weights",
        "command.source.commit",
        "command.patches.file",
        "command.patches.sha256",
        "command.patches.find",
        "command.patches.replace",
        "command.literals",
        "command.environment.python",
        "command.environment.packages",
        "command.environment.lock",
        "command.environment.index_urls",
        "command.environment.find_links",
        "command.weights.name",
        "command.weights.link",
        "command.weights_folders.name",
        "command.steps.argv",
        "command.steps.folder",
        "command.steps.files",
        "command.steps.environment",
        "command.result",
    }
)
"""Fields of a card that decide what a prediction looks like; all below one that is named do too."""

DECIDES_NOTHING = frozenset(
    {
        "schema_",
        "title",
        "summary",
        "trainer",
        "status",
        "status_reason",
        "trained_on",
        "tracks",
        "stochastic",  # which seeds are run; each seed's predictions stay what they are
        "reference_row",
        "block",
        "batch_size",
        "timeout_seconds",
        "load_timeout_seconds",
        "not_applicable",
        "weights_folder",  # where it lies; its content decides
        "weights_repository",
        "paper",
        "code",
        "licence_code",
        "licence_weights",
        "hardware",
        "known_problems",
        "command.source.url",  # the commit names the content
        "command.source.licence",
        "command.patches.name",
        "command.patches.why",
        "command.environment.imports",
        "command.environment.container",
        "command.weights.gated",
        "command.weights_folders.repository",
        "command.weights_folders.licence",
        "command.terms",
        "command.steps.name",
        "command.steps.expect",
        "command.failures",
    }
)
"""The others: descriptions, limits, and what a failure is called. They may change in mid-run."""

DEFAULTS = 1
"""Raised when the default value of a field in `DECIDES` changes: cards that leave it out then mean
something else. Defaults themselves are not noted: a new field must not void results."""

NOTE = "settings.json"


def deciding(card: MethodCard) -> dict[str, Any]:
    """Return what of a card decides a prediction; fields at their default are left out."""
    found = _kept(card.model_dump(mode="json", exclude_defaults=True), "")
    assert isinstance(found, dict)
    return found


def _kept(value: Any, path: str) -> Any:
    if path in DECIDES:
        return value
    if isinstance(value, list):
        return [_kept(one, path) for one in value]
    below = {key: f"{path}.{key}".lstrip(".") for key in value}
    return {
        key: _kept(value[key], name)
        for key, name in below.items()
        if name in DECIDES or any(one.startswith(f"{name}.") for one in DECIDES)
    }


def files_of(card: MethodCard) -> dict[str, str]:
    """Return name -> digest of the files that decide a method's answers: code, lock, weights.

    Of weights that are not on this machine the published digest counts; "" where none is.
    """
    folder = plugins.card_path(card.name).parent
    files = plugins.method_files(card.name)
    lock = plugins.card_path(card.name).with_suffix(".lock")
    if card.kind == "command" and lock.is_file():
        files.append(lock)

    def name(path: Path) -> str:
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name

    found = {
        name(path): sha256_file(path)
        for path in files
        if path.suffix != ".yaml"  # what of the card decides an answer: see `deciding`
    }
    linked = card.command.weights if card.command is not None else ()
    rows = {*card.weights, *(one.name for one in linked)}
    found |= {f"weights {row}": digest for row, digest in weights.digests(*rows).items()}
    for whole in card.command.weights_folders if card.command is not None else ():
        found[f"weights {whole.name}"] = folder_digest(weights.folder() / whole.name)
    if (own := plugins.weights_folder(card)) is not None:
        found["weights_folder"] = folder_digest(own)
    return found


@dataclass(frozen=True)
class Settings:
    """All that decides a method's predictions, but for the case and its seed.

    Attributes:
        card: `deciding` fields of its card.
        files: `files_of` it.
    """

    card: Mapping[str, Any]
    files: Mapping[str, str]
    defaults: int = DEFAULTS
    prompt: str = PROMPT

    @classmethod
    def of(cls, card: MethodCard) -> Self:
        """Return the settings of a method as they are now, on this machine."""
        return cls(deciding(card), files_of(card))

    def fingerprint(self, dataset: Dataset, case: Case, seed: int) -> str:
        """Digest of everything that decides one prediction, as `sha256:<hex>`.

        Args:
            dataset: of the case.
            case: which one.
            seed: of a stochastic method, else the first.
        """
        return sha256_text(
            canonical_json(
                self._record()
                | {
                    "case": case.model_dump(mode="json"),
                    "driver": dataset.sample(case.driver_id).digests,
                    "reference": dataset.sample(case.reference_id).digests,
                    "seed": seed,
                }
            )
        )

    def _record(self) -> dict[str, Any]:
        return {
            "card": dict(self.card),
            "defaults": self.defaults,
            "files": dict(self.files),
            "prompt": self.prompt,
        }

    def note(self, folder: Path) -> None:
        """Write the settings beside the predictions that are made with them, if there is room."""
        try:
            write_json(folder / NOTE, self._record())
        except OSError as error:
            if not is_disk_full(error):
                raise

    def completed(self, folder: Path) -> Self:
        """Return the settings with the digests noted in a folder, of weights not on this machine.

        Nothing can be made with such weights here, so nothing can be mixed; scores and tables of
        predictions from elsewhere need them.
        """
        if all(self.files.values()):
            return self
        noted = noted_in(folder)
        files = noted.get("files", {}) if isinstance(noted.get("files"), dict) else {}
        known = {name: digest or str(files.get(name, "")) for name, digest in self.files.items()}
        return replace(self, files=known)

    def changes(self, folder: Path) -> list[str]:
        """Return what is different now from what is noted in a folder; none: not known."""
        noted = noted_in(folder)
        if not noted:
            return []
        return _changes(noted, self._record(), "")


def noted_in(folder: Path) -> dict[str, Any]:
    """Return the settings noted in a folder of predictions; nothing where they cannot be read."""
    try:
        found = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _changes(before: Any, now: Any, path: str) -> list[str]:
    """Return one text for each smallest part in which two records differ."""
    if before == now:
        return []
    if path == "files" and isinstance(before, dict) and isinstance(now, dict):
        names = sorted(before.keys() | now.keys())
        return [f"file {name}" for name in names if before.get(name) != now.get(name)]
    if isinstance(before, dict) and isinstance(now, dict):
        found = []
        for key in sorted(before.keys() | now.keys()):
            below = f"{path}.{key}".lstrip(".")
            found += _changes(before.get(key), now.get(key), below)
        return found
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = enumerate(zip(before, now, strict=True))
        return [text for place, pair in pairs for text in _changes(*pair, f"{path}[{place}]")]
    return [f"{path.replace('card.', 'card: ', 1)} (was {_shown(before)}, is {_shown(now)})"]


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value)
    return ascii(text)[1:-1] if len(text) <= 60 else ascii(text[:57])[1:-1] + "..."
