"""Verbs that have a command for each kind of thing; other files add theirs."""

import typer

verify = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
"""`a2bench verify KIND ...`"""
