"""Trained models on the disk: each is a method of its own, with a card that training wrote.

    trained/baselines/<name>.yaml  its card, and <name>.py, three lines that name its class
    trained/models/<name>/         weights/ (what the card loads), trained.json, log.jsonl, ...

They are methods like all others, no card is written by hand: the verbs that know the data root find
them (`use_trained`); elsewhere `A2BENCH_PLUGINS=<home>/trained` names them.
"""

import os
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError

from a2bench.errors import A2BenchError, wrong_fields
from a2bench.paths import plugin_folders, write_json, write_text
from a2bench.record import Digest, Name, Record

RECORD = "trained.json"
_MOST_BYTES = 2**20


class Trained(Record):
    """`trained.json`: what a trained model is; written last.

    Attributes:
        base: method whose trainer made it.
        experiment: its configuration.
        variant: of an ablation; `full` is none.
        training_seed: of first weights, clips, noise and dropout.
        overrides: what was set on the command line.
        settings: all that decided the weights.
        weights_sha256: of the weights folder.
        card_sha256: of the card's text.
        steps: done.
        seconds: of training.
        ended: why it stopped.
    """

    schema_: Literal["a2bench.trained/1"] = Field("a2bench.trained/1", alias="schema")
    name: Name
    base: Name
    experiment: str
    variant: str
    variant_title: str
    training_seed: int
    overrides: tuple[str, ...]
    settings: dict[str, Any]
    weights_sha256: Digest
    card_sha256: Digest
    steps: int
    seconds: float
    last_loss: float | None
    ended: Literal["steps", "minutes", "signal"]
    libraries: dict[str, str]
    commit: str

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


def trained_root(home: Path) -> Path:
    """Return the plug-in folder of a data root's trained models."""
    return home / "trained"


def use_trained(home: Path) -> None:
    """Make a data root's trained models methods of this process and of its workers."""
    root = trained_root(home).absolute()
    known = plugin_folders()
    if (root / "baselines").is_dir() and root not in [path.absolute() for path in known]:
        os.environ["A2BENCH_PLUGINS"] = os.pathsep.join(str(path) for path in [*known, root])


def model_folder(home: Path, name: str) -> Path:
    """Return where a trained model's weights, log and checkpoints lie."""
    return trained_root(home) / "models" / name


def card_file(home: Path, name: str) -> Path:
    """Return a trained model's card."""
    return trained_root(home) / "baselines" / f"{name}.yaml"


def record_beside(card: Path) -> Trained | None:
    """Return what is known of the model of a card; None: training did not make it.

    Raises:
        A2BenchError: a record that is not valid.
    """
    path = card.parent.parent / "models" / card.stem / RECORD
    return read_record(path) if path.is_file() else None


def read_record(path: Path) -> Trained:
    """Read `trained.json`.

    Raises:
        A2BenchError: not such a file.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise A2BenchError(f"{path}: over {_MOST_BYTES} bytes; not a record of training")
    try:
        return Trained.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise A2BenchError(
            f"{path}: not a record of training:\n{wrong_fields(error)}\nhint: train it again"
        ) from error


def write_method(home: Path, name: str, card: dict[str, Any], adapter: str) -> Path:
    """Write a trained model's card and its class; return the card."""
    path = card_file(home, name)
    fields = {
        "schema": "a2bench.method/1",
        "name": name,
        "kind": "in_process",
        "entry": "Trained",
        "weights_folder": f"../models/{name}/weights",
    } | card
    head = "# written by `a2bench train`; the weights decide, this says what they are\n"
    write_text(path.with_suffix(".py"), adapter)
    write_text(path, head + yaml.safe_dump(fields, sort_keys=False, allow_unicode=True))
    return path


def write_record(folder: Path, record: Trained) -> None:
    """Write `trained.json`."""
    write_json(folder / RECORD, record.model_dump(mode="json"))
