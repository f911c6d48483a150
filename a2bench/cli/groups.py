"""Verbs that have a command for each kind of thing; other files add theirs."""

import typer

verify = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
"""`a2bench verify KIND ...`"""

report = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
"""`a2bench report KIND ...`"""

export = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
"""`a2bench export KIND ...`"""

top = typer.Typer()
"""Verbs of one command each, beside those of `main`."""
