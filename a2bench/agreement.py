"""How near our numbers came to independent implementations when `make precision` was last run."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

RECORD = "precision.json"
"""Beside this file; written together with docs/precision.md."""


@dataclass(frozen=True)
class Measured:
    """Worst differences to one reference.

    Attributes:
        metric: its name.
        reference: the independent implementation, with its version.
        bound: the largest difference that the tests let pass.
        unit: of the difference ("dB", "1", "relative").
        made: on made frames; None: not compared on any.
        real: on real frames.
    """

    metric: str
    reference: str
    bound: float
    unit: str
    made: float | None
    real: float | None

    @property
    def text(self) -> str:
        """One line: what was measured, then the bound."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        found = [
            f"{difference:.1e}{unit} on {frames} frames"
            for difference, frames in ((self.made, "made"), (self.real, "real"))
            if difference is not None
        ]
        return f"{self.reference}: measured {', '.join(found)}; bound {self.bound:g}{unit}"


@cache
def measured() -> tuple[Measured, ...]:
    """Return every comparison, in the order of docs/precision.md."""
    rows = json.loads(files("a2bench").joinpath(RECORD).read_text(encoding="utf-8"))
    return tuple(Measured(**row) for row in rows)


def measured_lines(metric: str) -> list[str]:
    """Return a line for each independent implementation that a metric was compared with."""
    return [row.text for row in measured() if row.metric == metric]
