"""Worst differences between our numbers and independent implementations: docs/precision.md.

    python benchmarks/precision.py            # prints the table
    python benchmarks/precision.py --write    # and puts it into docs/precision.md (make precision)

Real videos are used where `$A2BENCH_REAL_DATA` is set. Exit 1 where a difference exceeds its bound.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a script

from a2bench import agreement
from a2bench.agreement import Measured
from benchmarks.precision_checks import Check, all_checks

DOCUMENT = Path(__file__).parent.parent / "docs" / "precision.md"
RECORD_FILE = Path(agreement.__file__).with_name(agreement.RECORD)
BEGIN, END = "<!-- made by `make precision`: begin -->", "<!-- end -->"


def _shown(difference: float | None) -> str:
    if difference is None:
        return "–"
    return "0" if difference == 0 else f"{difference:.1e}"


def rows(checks: list[Check]) -> tuple[list[str], list[str], list[Measured]]:
    """Return the table's lines, those that say where a bound does not hold, and the record."""
    lines = [
        "| what | reference | bound | made frames | real frames |",
        "|---|---|---:|---:|---:|",
    ]
    broken, found = [], []
    for check in checks:
        unit = "" if check.unit == "1" else f" {check.unit}"
        cells, differences = [], []
        for source in ("made", "real"):
            difference = check.difference(source)
            cells.append(_shown(difference))
            differences.append(difference)
            if difference is not None and not difference <= check.bound:
                broken.append(
                    f"{check.name}, {check.reference}, {source}: {difference} > {check.bound}"
                )
        lines.append(
            f"| `{check.name}` | {check.reference} | {check.bound:.0e}{unit} | {cells[0]} "
            f"| {cells[1]} |"
        )
        print(lines[-1], flush=True)
        about = (check.name, check.reference, check.bound, check.unit)
        found.append(Measured(*about, made=differences[0], real=differences[1]))
    return lines, broken, found


def main() -> None:
    """Print the table; with --write keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put it into docs/precision.md")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    lines, broken, found = rows(all_checks())
    if arguments.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCUMENT.write_text(
            before + "\n".join([BEGIN, "", *lines, "", END]) + after, encoding="utf-8"
        )
        text = ",\n ".join(json.dumps(asdict(row)) for row in found)
        RECORD_FILE.write_text(f"[\n {text}\n]\n", encoding="utf-8")
    for line in broken:
        print(line, file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
