"""What a run did and when, for machines: `runs/<run>/events.jsonl`, one JSON object a line.

Every line has `schema`, `time` (UTC, ISO 8601), `process` (the run's process id) and `event`:

    run_started   dataset, split, protocols, methods, runner, to_do, done_before
    case          method, protocol, seed, case_id, status, failure, reason, device, attempts,
                  seconds, infer_seconds, peak_gpu_mib, peak_host_mib
    run_ended     how ("done", "interrupted", "error"), done, failed, skipped, seconds

The file is appended to; a later run's lines follow. It decides nothing: results are the records
beside the predictions.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from a2bench.paths import canonical_json, is_disk_full
from a2bench.records import Result

EventName = Literal["run_started", "case", "run_ended"]

_OF_A_RESULT = (
    "method",
    "protocol",
    "seed",
    "case_id",
    "status",
    "failure",
    "reason",
    "device",
    "attempts",
    "seconds",
    "infer_seconds",
    "peak_gpu_mib",
    "peak_host_mib",
)


class EventLog:
    """Appends events to a file; a full disk silences it and stops nothing."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending; a last line that was torn by a kill is ended first."""
        self._path = path
        self._torn = False
        if path.exists() and path.stat().st_size:
            with path.open("rb") as handle:
                handle.seek(-1, os.SEEK_END)
                self._torn = handle.read() != b"\n"

    def write(self, event: EventName, about: Mapping[str, object]) -> None:
        """Append one event."""
        record = {
            "schema": "a2bench.event/1",
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "process": os.getpid(),
            "event": event,
            **about,
        }
        line = "\n" * self._torn + canonical_json(record) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as handle:
                handle.write(line)
        except OSError as error:
            if not is_disk_full(error):
                raise
            print(f"disk full: event not logged in {self._path}", file=sys.stderr)
        self._torn = False

    def case(self, result: Result) -> None:
        """Append what came of a case."""
        self.write("case", result.model_dump(mode="json", include=set(_OF_A_RESULT)))
