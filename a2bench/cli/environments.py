"""`a2bench env`: the environments of methods that are upstream repositories."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from a2bench.cli.options import AsJson
from a2bench.errors import A2BenchError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Environments of methods that are upstream repositories (kind: command).\n\n"
    "build makes checkout and environment, check says what is missing, list shows all, remove "
    "frees the room.",
)

Name = Annotated[str, typer.Argument(help="A method of kind command (`a2bench ls methods`).")]


@app.command()
def build(
    method: Name,
    interpreter: Annotated[
        Path | None, typer.Option(help="Use this Python instead (conda, modules, a container).")
    ] = None,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="Agree to the licences that are shown.")
    ] = False,
    lock: Annotated[
        bool, typer.Option("--lock", help="Only write the lock beside the card (card authors).")
    ] = False,
    container: Annotated[
        bool, typer.Option("--container", help="Only print a script for --interpreter.")
    ] = False,
) -> None:
    """Check out upstream's code and make its environment; what is there stays."""
    from a2bench import environment, plugins
    from a2bench.checkout import fetch_source
    from a2bench.paths import write_text

    card = plugins.card(method)
    block = environment.block_of(card)
    if container:
        print(environment.container_script(card), end="")
        print("not run by a2bench: save it, make it executable, then", file=sys.stderr)
        print(f"next: a2bench env build {method} --interpreter SCRIPT", file=sys.stderr)
        return
    if lock:
        write_text(environment.lock_path(card), environment.compiled_lock(card))
        print(environment.lock_path(card))
        return
    if terms := environment.open_terms(card):
        for one in terms:
            print(f"{one.title}  {one.url}\n{one.text.rstrip()}\n", file=sys.stderr)
        if not accept_terms and not (
            sys.stdin.isatty() and typer.confirm("Do you accept these terms?", err=True)
        ):
            raise A2BenchError(
                f"method {method!r}: its terms are not accepted, nothing was built.\n"
                f"hint: a2bench env build {method} --accept-terms"
            )
        environment.accept(terms, method)
    print(f"source: {fetch_source(block)}")
    if interpreter is not None:
        facts = environment.use_interpreter(card, interpreter)
        print(f"interpreter: {facts['interpreter']}, Python {facts['python']}")
    else:
        print(f"environment: {environment.build(card)}")
    _say_problems(method)


@app.command()
def check(
    method: Name,
    json: AsJson = False,
) -> None:
    """Say what keeps a method from running here: files, imports, weights, licences."""
    from a2bench import environment, plugins

    found = environment.problems(plugins.card(method), thorough=True)
    if json:
        import json as json_module

        rows = [{"kind": one.kind, "text": one.text, "hint": one.hint} for one in found]
        print(json_module.dumps(rows, indent=1))
    else:
        _say_problems(method, thorough=True)
    if found:
        raise typer.Exit(1)


def _say_problems(method: str, *, thorough: bool = False) -> None:
    from a2bench import environment, plugins

    found = environment.problems(plugins.card(method), thorough=thorough)
    for problem in found:
        print(f"missing: {problem.text}\n  fix: {problem.hint}")
    if not found:
        print(f"ready: a2bench run method={method} split=smoke")


@app.command(name="list")
def list_all(
    json: AsJson = False,
) -> None:
    """List methods of kind command with their environments."""
    from a2bench import environment, plugins
    from a2bench.cli import listing

    rows = []
    for name in plugins.names("baselines"):
        card = plugins.card(name)
        if card.command is not None:
            lacking = environment.problems(card)
            rows.append(
                {
                    "method": name,
                    "state": "; ".join(one.text for one in lacking) or "ready",
                    "python": str(environment.python_of(card)),
                }
            )
    if json:
        import json as json_module

        print(json_module.dumps(rows, indent=1))
        return
    for line in listing.as_lines(rows):
        print(line)


@app.command()
def remove(method: Name) -> None:
    """Delete a method's environment and checkout; licences stay accepted, weights stay."""
    from a2bench import environment, plugins

    gone = environment.remove(plugins.card(method))
    for path in gone:
        print(f"removed: {path}")
    if not gone:
        print(f"nothing of {method} was there")
