"""Committed leaderboards at the command line: which one is meant."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from a2bench.records import Protocol

if TYPE_CHECKING:
    from a2bench.leaderboard import Committed

_CHOICES = ("dataset", "split", "suite")


def board_of(
    context: typer.Context,
    places: Sequence[Path],
    methods: Sequence[str] | None,
    protocols: Sequence[Protocol] | None,
    subset: Sequence[str] = (),
) -> "Committed":
    """Read what `--from` names; `--dataset`, `--split`, `--suite` choose where there are several.

    Their defaults choose too, but not where the path is a leaderboard's own folder.
    """
    from a2bench.from_files import gathered, narrowed

    given = {name: str(context.params[name]) for name in _CHOICES}
    typed = {
        name: text
        for name, text in given.items()
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    }
    found = gathered(places, typed, given)
    if methods is None and protocols is None and not subset:
        return found
    return narrowed(found, methods, protocols, subset)
