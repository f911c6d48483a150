"""The one exception a user can fix.

A2BenchError
    Wrong input or set-up. The command line prints it without a traceback and exits with 2.

Everything else that is raised is a bug of ours and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Protocol


class A2BenchError(Exception):
    """Something the user can fix; the text says what came, what was expected, what to type."""


class MissingWeights(A2BenchError):
    """A method's weights are not on this machine: its results are `skipped`, not `failed`."""


class Invalid(Protocol):
    """What pydantic says of a record that does not validate."""

    def errors(self) -> list[Any]:
        """Return one entry a wrong field."""


def wrong_fields(error: Invalid) -> str:
    """Return one indented line a wrong field: where, what is wrong, what came."""
    lines = []
    for entry in error.errors():
        where = ".".join(str(part) for part in entry["loc"]) or "the whole"
        came = "" if entry["type"] == "missing" else f" (came: {str(entry['input'])[:80]})"
        lines.append(f"  - {where}: {entry['msg']}{came}")
    return "\n".join(lines)


def unknown_name(kind: str, name: str, known: Iterable[str], *, hint: str = "") -> A2BenchError:
    """Build the error for a name that does not exist: the nearest name and the whole list."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    text = f"unknown {kind}: {name!r}."
    if near:
        text += f" Did you mean {near[0]!r}?"
    text += f" Known: {', '.join(names) if names else 'none'}."
    if hint:
        text += f"\nhint: {hint}"
    return A2BenchError(text)


def problems_error(head: str, problems: list[str]) -> A2BenchError:
    """Build one error that lists every problem found, so that all can be mended at once."""
    lines = "\n".join(f"  - {problem}" for problem in problems)
    return A2BenchError(f"{head} ({len(problems)}):\n{lines}")
