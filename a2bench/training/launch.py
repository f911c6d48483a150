"""From a configuration to a trained model: what `a2bench train` does."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError, unknown_name
from a2bench.paths import alone_in, folder_digest, safe_name, sha256_file, write_json
from a2bench.results import git_state, library_versions
from a2bench.training import checkpoint, loop, trained
from a2bench.training.clips import TrainingClips
from a2bench.training.dataset_clips import DatasetClips
from a2bench.training.trainer import MethodTrainer

PROVIDERS = ("dataset", "training_cast")


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Attributes:
        base: method whose card names a trainer.
        experiment: name of the configuration; "" for none.
        variant: of the trainer's ablations.
        name: of the trained model; None: made of experiment, variant and seed.
        options: of the trainer.
        data: `provider` and what it takes.
        settings: of the loop.
        overrides: as typed, for the record.
    """

    base: str
    experiment: str
    variant: str
    name: str | None
    options: Mapping[str, Any]
    data: Mapping[str, Any]
    settings: loop.Settings
    overrides: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """The trained model's name."""
        if self.name is not None:
            return self.name
        words = [self.experiment or self.base]
        words += [self.variant] if self.variant != "full" else []
        return "_".join([*words, f"t{self.settings.seed}"])


@dataclass(frozen=True)
class Done:
    """What came of an order.

    Attributes:
        record: of the model; None: it was stopped before its last step.
        made: steps that this call trained.
    """

    record: trained.Trained | None
    folder: Path
    step: int
    made: int
    loss: float | None


def clips_of(data: Mapping[str, Any], home: Path) -> TrainingClips:
    """Return the provider that a configuration names.

    Raises:
        A2BenchError: no such provider or option, or data that cannot be trained on.
    """
    rest = dict(data)
    provider = rest.pop("provider", None)
    if provider == "dataset":
        known = {"dataset", "split", "stride", "test_set"}
        _refuse_unknown(rest, known, "data")
        if "dataset" not in rest:
            raise A2BenchError("data.dataset=...: which data set?\nhint: `a2bench ls datasets`")
        dataset = Dataset.find(home, str(rest.pop("dataset")))
        return DatasetClips(dataset, str(rest.pop("split", "full")), **rest)
    if provider == "training_cast":
        from a2bench.procedural.training_cast import TrainingCast

        _refuse_unknown(rest, set(signature(TrainingCast).parameters), "data")
        return TrainingCast(**rest)
    raise unknown_name("provider of training data", str(provider), PROVIDERS)


def _refuse_unknown(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(given.keys() - known):
        raise unknown_name(f"key of `{where}`", unknown[0], known)


def train(order: Order, home: Path, *, restart: bool = False) -> Done:
    """Train a model, or go on with it, or do nothing where it is trained already.

    Args:
        order: what.
        home: data root.
        restart: remove what is there of it first.

    Raises:
        A2BenchError: wrong configuration; or a run of that name with other settings.
    """
    name = safe_name(order.called, what="name of the trained model")
    folder = trained.model_folder(home, name)
    trainer_class = plugins.trainer_class(plugins.card(order.base))
    variants = trainer_class.variants()
    if order.variant not in variants:
        raise unknown_name(f"variant of {order.base}", order.variant, variants)
    clips = clips_of(order.data, home)
    main = int(os.environ.get("RANK", "0")) == 0  # as launchers say it: one process a device
    with alone_in(folder / "train.lock", "this training run") if main else nullcontext():
        if restart and main:
            for path in folder.iterdir():
                if path.name != "train.lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        options = _merged(order.options, variants[order.variant].options)
        trainer: MethodTrainer = trainer_class(options, clips, seed=order.settings.seed)
        # where drawings are kept decides nothing
        data = {key: value for key, value in order.data.items() if key != "cache"}
        deciding = _plain(
            {
                "base": order.base,
                "variant": order.variant,
                "options": trainer.settings(),
                "data": {**data, **_identity(clips)},
                "loop": order.settings.decides(),
            }
        )
        _check_same(folder / "training.json", deciding, name)
        if (folder / trained.RECORD).is_file():
            record = trained.read_record(folder / trained.RECORD)
            enough = record.steps >= order.settings.steps or record.ended == "minutes"
            if enough and folder_digest(folder / "weights") == record.weights_sha256:
                return Done(record, folder, record.steps, 0, record.last_loss)
        if main:
            write_json(folder / "training.json", deciding)
        found = checkpoint.folders(folder)
        before = int(found[-1].name) if found else 0
        outcome = loop.train(trainer, clips, order.settings, folder, label=f"train {name}")
        made = outcome.step - before
        if outcome.ended == "signal" or not main:
            return Done(None, folder, outcome.step, made, outcome.loss)
        record = _written(order, home, name, trainer, clips, deciding, outcome)
        return Done(record, folder, outcome.step, made, outcome.loss)


def _written(
    order: Order,
    home: Path,
    name: str,
    trainer: MethodTrainer,
    clips: TrainingClips,
    deciding: dict[str, Any],
    outcome: loop.Outcome,
) -> trained.Trained:
    """Save the weights, the method and its record."""
    folder = trained.model_folder(home, name)
    trainer.save(folder / "weights")
    describe = getattr(clips, "describe", None)
    variant = type(trainer).variants()[order.variant]
    base = plugins.card(order.base)
    seen = describe() if describe is not None else str(order.data["provider"])
    card = {
        "title": f"{order.experiment or order.base}: {variant.title}, seed {order.settings.seed}",
        "trained_on": f"{seen}; {outcome.step} steps",
        "tracks": ["given_pose"],
        "stochastic": base.stochastic,
        "licence_code": "Apache-2.0",
    } | trainer.card()
    path = trained.write_method(home, name, card, trainer.adapter())
    state = git_state()
    record = trained.Trained(
        name=name,
        base=order.base,
        experiment=order.experiment,
        variant=order.variant,
        variant_title=variant.title,
        training_seed=order.settings.seed,
        overrides=order.overrides,
        settings=deciding,
        weights_sha256=folder_digest(folder / "weights"),
        card_sha256=sha256_file(path),
        steps=outcome.step,
        seconds=round(outcome.seconds, 3),
        last_loss=outcome.loss,
        ended=outcome.ended,
        libraries=library_versions(),
        commit="" if state is None else state.commit + ("+" if state.dirty else ""),
    )
    trained.write_record(folder, record)
    return record


def _identity(clips: TrainingClips) -> dict[str, str]:
    found = getattr(clips, "identity", None)
    return dict(found()) if found is not None else {}


def _merged(options: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with a variant's changes; tables are merged, all else replaced."""
    merged = dict(options)
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged


def _plain(value: Any) -> Any:
    """As it comes back from JSON."""
    return json.loads(json.dumps(value))


def _check_same(path: Path, now: dict[str, Any], name: str) -> None:
    """Refuse to go on with other settings.

    Raises:
        A2BenchError: what is different.
    """
    if not path.is_file():
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise A2BenchError(f"{path}: not JSON: {error}\nhint: restart=true") from error
    if changed := _differences(before, now, ""):
        raise A2BenchError(
            f"{name} was begun with other settings: {'; '.join(changed[:4])}\n"
            "hint: another name=..., or restart=true to begin it anew"
        )


def _differences(before: Any, now: Any, path: str) -> Sequence[str]:
    if before == now:
        return []
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            text
            for key in sorted(before.keys() | now.keys())
            for text in _differences(before.get(key), now.get(key), f"{path}.{key}".lstrip("."))
        ]
    return [f"{path} (was {str(before)[:60]}, is {str(now)[:60]})"]
