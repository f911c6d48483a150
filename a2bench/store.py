"""A run's folder: predictions written once, a result record beside each, values.

Layout of `runs/<run>/`:
    methods/<method>.json                                             cards of brought videos
    predictions/<dataset>/<version>/<protocol>/<method>/<seed>/<case_id>.mp4 and .json
    predictions/<dataset>/<version>/<protocol>/<method>/settings.json   what decided them
    values/<dataset>/<version>/values.parquet                         and values.jsonl while scoring
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paths import is_disk_full, safe_name, write_json
from a2bench.records import Case, MethodCard, Protocol, Result
from a2bench.settings import Settings


@dataclass(frozen=True)
class RunFolder:
    """Where one run keeps what it made."""

    folder: Path

    @classmethod
    def of(cls, home: Path, run: str) -> "RunFolder":
        """Return the folder of a run; it need not exist yet."""
        return cls(home / "runs" / safe_name(run, what="run"))

    def prediction(
        self, dataset: Dataset, protocol: Protocol, method: str, seed: int, case_id: str
    ) -> Path:
        """Return where a prediction goes; its result record is `.json` beside it."""
        safe_name(case_id, what="case id")
        return self.predictions(dataset, protocol, method) / str(seed) / f"{case_id}.mp4"

    def predictions(self, dataset: Dataset, protocol: Protocol, method: str) -> Path:
        """Return where the predictions of a method lie, one folder a seed, and their settings."""
        info = dataset.info
        return self.folder / "predictions" / info.name / info.version / protocol / method

    def result(
        self,
        dataset: Dataset,
        case: Case,
        method: str,
        seed: int,
        *,
        fingerprint: str | None,
        settings: Settings | None = None,
        decided_by: str = "card, code, weights or data",
    ) -> Result | None:
        """Return what came of a case earlier, or None.

        Args:
            dataset: of the case.
            case: which one.
            method: whose prediction.
            seed: of a stochastic method, else the first.
            fingerprint: of the request as it is now; None: what `settings` say, else any.
            settings: of the method as they are now; what of them has changed is in the error.
            decided_by: the same as words, where no settings are known.

        Raises:
            A2BenchError: a record that is not valid, or of a request that was another one.
        """
        path = self.prediction(dataset, case.protocol, method, seed, case.case_id)
        path = path.with_suffix(".json")
        if not path.exists():
            return None
        try:
            found = Result.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise A2BenchError(f"{path}: not a result record:\n{error}") from error
        if fingerprint is None and settings is not None:
            fingerprint = settings.fingerprint(dataset, case, seed)
        if fingerprint is not None and found.fingerprint != fingerprint:
            if found.status == "skipped":
                return None  # nothing was made, so there is nothing to mix with
            folder = path.parent.parent
            changes = settings.changes(folder) if settings is not None else []
            lines = "".join(f"\n  - {change}" for change in changes)
            raise A2BenchError(
                f"{path.parent}: made of other {decided_by} of {method!r}; "
                f"results of two settings are never mixed.{lines}\n"
                f"hint: choose another run=NAME (demo: another --out), or delete {folder}"
            )
        if found.status == "ok" and not path.with_suffix(".mp4").exists():
            return None  # the video was deleted: the case is not done
        return found

    @staticmethod
    def save_result(prediction: Path, result: Result) -> None:
        """Write the result record: from now on the case counts as done."""
        write_json(prediction.with_suffix(".json"), result.model_dump(mode="json"))

    @classmethod
    def keep_result(cls, prediction: Path, result: Result) -> Result:
        """Write a result; where the disk is full, return it as skipped: the next run makes it."""
        try:
            cls.save_result(prediction, result)
        except OSError as error:
            if not is_disk_full(error):
                raise
            prediction.with_suffix(".json").unlink(missing_ok=True)  # an older one would count
            reason = f"disk full: {prediction.parent} has no room for the record"
            update = {"status": "skipped", "failure": None, "reason": f"{reason}; run again"}
            return result.model_copy(update=update)
        return result

    def values_folder(self, dataset: Dataset) -> Path:
        """Return where the values of a data set version lie."""
        return self.folder / "values" / dataset.info.name / dataset.info.version

    def save_card(self, card: MethodCard) -> None:
        """Keep the card of brought videos, so that later tables know their row."""
        self.refuse_other_card(card)
        write_json(self.folder / "methods" / f"{card.name}.json", card.model_dump(mode="json"))

    def is_brought(self, card: MethodCard) -> bool:
        """Whether a method's predictions come from elsewhere: no code of ours decides them."""
        noted = (self.folder / "methods" / f"{card.name}.json").exists()
        return card.kind == "precomputed" or (card.kind == "command" and noted)

    def refuse_other_card(self, card: MethodCard) -> None:
        """Raise where this run knows the method by another card."""
        path = self.folder / "methods" / f"{card.name}.json"
        if path.exists() and self.card(card.name) != card:
            raise A2BenchError(
                f"{path}: this run has a method {card.name!r} with another card.\n"
                "hint: choose another method=NAME or run=NAME"
            )

    def card(self, method: str) -> MethodCard:
        """Return a method's card: of brought videos from the run, else by plug-in name.

        Raises:
            A2BenchError: no such method.
        """
        path = self.folder / "methods" / f"{method}.json"
        if path.exists():
            try:
                return MethodCard.model_validate_json(path.read_bytes())
            except ValidationError as error:
                raise A2BenchError(f"{path}: not a method card:\n{error}") from error
        return plugins.card(method)

    def methods(self, dataset: Dataset) -> list[str]:
        """Return the methods that have results for a data set version, sorted."""
        info = dataset.info
        root = self.folder / "predictions" / info.name / info.version
        return sorted({path.name for path in root.glob("*/*") if path.is_dir()})

    def seeds(self, dataset: Dataset, protocol: Protocol, method: str) -> list[int]:
        """Return the seeds a method has results for, sorted."""
        folder = self.predictions(dataset, protocol, method)
        return sorted(int(path.name) for path in folder.glob("*") if path.name.isdigit())
