"""Python environments of upstream methods: made by uv from a lock, or an interpreter that is there.

environments/<key>/venv/               the environment; `<key>` is of the card's block and lock
environments/<key>/lock.txt            every package with its hashes
environments/<key>/environment.json    written last: its existence means the rest is whole
interpreters/<method>.json             an interpreter of the user's, instead
accepted_terms.json                    licences the user has accepted, by digest of their text
"""

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from a2bench import plugins, weights
from a2bench.checkout import changed_files, source_folder, source_problem
from a2bench.command_card import CommandBlock, Terms, UvEnvironment
from a2bench.errors import A2BenchError
from a2bench.paths import (
    cache,
    canonical_json,
    only_one,
    sha256_file,
    sha256_text,
    write_json,
    write_text,
)
from a2bench.records import FailureKind, MethodCard

_UV_SECONDS = 3600.0
_LOOK_SECONDS = 120.0


@dataclass(frozen=True)
class Problem:
    """Why a method cannot be run here, and what to type."""

    kind: FailureKind | None
    """None: nothing of the method's own (no environment, no checkout)."""
    text: str
    hint: str


def block_of(card: MethodCard) -> CommandBlock:
    """Return the command block of a card.

    Raises:
        A2BenchError: the method is of another kind and has no environment of its own.
    """
    if card.command is None:
        raise A2BenchError(
            f"method {card.name!r} is {card.kind}: it has no environment of its own.\n"
            "hint: `a2bench ls methods` shows which are of kind command"
        )
    return card.command


def lock_path(card: MethodCard) -> Path:
    """Return where the lock lies that a card ships."""
    return plugins.card_path(card.name).with_suffix(".lock")


def _shipped_lock(card: MethodCard) -> str:
    block = block_of(card).environment
    if block.lock != "card" or not block.packages:
        return ""
    path = lock_path(card)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def environment_key(card: MethodCard) -> str:
    """Return the name of a card's environment: another block or lock is another environment."""
    block = block_of(card).environment
    decides = {
        "block": block.model_dump(mode="json", exclude={"imports", "container"}),
        "lock": _shipped_lock(card),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    return sha256_text(canonical_json(decides))[7:19]


def environment_folder(card: MethodCard) -> Path:
    """Return where a card's environment is or will be."""
    return cache() / "environments" / environment_key(card)


def _interpreter_note(method: str) -> Path:
    return cache() / "interpreters" / f"{method}.json"


def python_of(card: MethodCard) -> Path:
    """Return the interpreter that runs a method; it need not be there yet."""
    note = _interpreter_note(card.name)
    if note.is_file():
        return Path(_read(note)["interpreter"])
    return environment_folder(card) / "venv" / "bin" / "python"


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise A2BenchError(f"{path}: cannot be read: {error}.\nhint: delete it") from error
    if not isinstance(found, dict):
        raise A2BenchError(f"{path}: not a record of ours.\nhint: delete it")
    return found


def describe(card: MethodCard) -> str:
    """Return what a prediction's provenance says of its environment."""
    note = _interpreter_note(card.name)
    facts = _read(note if note.is_file() else environment_folder(card) / "environment.json")
    if note.is_file():
        return f"{facts['interpreter']}: Python {facts['python']}, packages {facts['packages']}"
    return f"uv {environment_key(card)}: Python {facts['python']}, lock {facts['lock']}"


def build(card: MethodCard) -> Path:
    """Make a method's environment from its lock, unless it is there; return its folder.

    Raises:
        A2BenchError: no uv, no lock, or uv fails (its last lines are in the text).
    """
    block = block_of(card).environment
    folder = environment_folder(card)
    with only_one(folder.with_suffix(".lock"), f"building the environment of {card.name}"):
        if (folder / "environment.json").is_file():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        venv, lock = folder / "venv", folder / "lock.txt"
        _uv("venv", "--quiet", "--python", block.python, str(venv))
        write_text(lock, _lock(card, venv))
        if block.packages:
            _uv(
                *("pip", "sync", "--quiet", "--python", str(venv / "bin" / "python")),
                *("--require-hashes", *_places(block), str(lock)),
            )
        facts = _looked_at(venv / "bin" / "python")
        facts |= {
            "block": block.model_dump(mode="json"),
            "lock": sha256_file(lock),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "made_for": card.name,
        }
        write_json(folder / "environment.json", facts)
    return folder


def _lock(card: MethodCard, venv: Path) -> str:
    block = block_of(card).environment
    if not block.packages:
        return ""
    if block.lock == "card":
        text = _shipped_lock(card)
        if not text:
            raise A2BenchError(
                f"{lock_path(card)}: no such file; the card says its lock lies there.\n"
                f"hint: a2bench env build {card.name} --lock writes it; look at it, then keep it"
            )
        return text
    return compiled_lock(card, venv / "bin" / "python")


def compiled_lock(card: MethodCard, python: Path | None = None) -> str:
    """Return the lock uv makes of a card's packages today, with hashes.

    Raises:
        A2BenchError: uv finds no set of packages that fit.
    """
    block = block_of(card).environment
    requirements = cache() / "environments" / f"{environment_key(card)}.in"
    write_text(requirements, "".join(f"{package}\n" for package in block.packages))
    try:
        return _uv(
            *("pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"),
            *("--python", str(python or block.python), *_places(block), str(requirements)),
        )
    finally:
        requirements.unlink(missing_ok=True)


def _places(block: UvEnvironment) -> list[str]:
    words = [f"--extra-index-url={url}" for url in block.index_urls]
    return words + [f"--find-links={place}" for place in block.find_links]


def uv_program() -> str:
    """Return the uv to use: of the Python package, else of the path.

    Raises:
        A2BenchError: there is none.
    """
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise A2BenchError(
            "uv, which makes environments, is not installed.\nhint: pip install 'a2bench[env]'"
        )
    return found


def _uv(*words: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV",)
    }
    try:
        done = subprocess.run(
            [uv_program(), *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_UV_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise A2BenchError(f"uv {words[0]} took over {_UV_SECONDS:g} s; try again.") from error
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise A2BenchError(
            f"uv {' '.join(words[:2])} failed:\n{said}\n"
            "hint: correct `environment` in the card; or use an interpreter of yours: "
            "a2bench env build METHOD --interpreter PATH"
        )
    return done.stdout


_LOOK = """
import hashlib, importlib.metadata as m, json, platform
names = sorted({f"{d.metadata['Name']}=={d.version}" for d in m.distributions()})
print(json.dumps({"python": platform.python_version(), "count": len(names),
    "packages": "sha256:" + hashlib.sha256("\\n".join(names).encode()).hexdigest()}))
"""


def _looked_at(python: Path) -> dict[str, Any]:
    """Return version and packages of an interpreter, as it says itself."""
    done = _run_python(python, _LOOK)
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise A2BenchError(
            f"{python}: does not work as a Python 3.8 or later: {said[0]}"
        ) from error
    return dict(found)


def _run_python(python: Path, code: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [str(python), "-I", "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LOOK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise A2BenchError(f"{python}: cannot be run: {error}") from error


def use_interpreter(card: MethodCard, python: Path) -> dict[str, Any]:
    """Run a method by an interpreter of the user's from now on; return what it is.

    Raises:
        A2BenchError: it cannot be run.
    """
    block_of(card)
    facts = {"interpreter": str(python.expanduser().absolute())} | _looked_at(python)
    write_json(_interpreter_note(card.name), facts)
    return facts


def missing_imports(card: MethodCard) -> list[str]:
    """Return the modules of the card's `imports` that its interpreter cannot import, with why."""
    lacking = []
    for module in block_of(card).environment.imports:
        if not re.fullmatch(r"[A-Za-z_][\w.]*", module):
            raise A2BenchError(f"method {card.name!r}: imports: {module!r} is no module name")
        done = _run_python(python_of(card), f"import {module}")
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            lacking.append(f"{module}: {said[0]}")
    return lacking


def container_script(card: MethodCard) -> str:
    """Return a script that runs the method's interpreter in a container; we never run it.

    Raises:
        A2BenchError: the card names no image.
    """
    image = block_of(card).environment.container
    if not image:
        raise A2BenchError(
            f"method {card.name!r}: its card names no container image.\n"
            f"hint: a2bench env build {card.name} (uv), or --interpreter PATH"
        )
    folders = f'-v {shlex.quote(str(cache()))}:{shlex.quote(str(cache()))} -v "$PWD":"$PWD"'
    return (
        "#!/bin/sh\n"
        f"# Interpreter of {card.name} in a container. Printed by a2bench, not run by it.\n"
        'exec docker run --rm --gpus "device=$CUDA_VISIBLE_DEVICES" --network none \\\n'
        f'  {folders} -v "${{TMPDIR:-/tmp}}":"${{TMPDIR:-/tmp}}" -w "$PWD" \\\n'
        f'  {shlex.quote(image)} python "$@"\n'
    )


def remove(card: MethodCard) -> list[Path]:
    """Remove what is kept for a method: environment, checkout, interpreter; return what was there.

    An environment or checkout that other cards share is made again when they need it.
    """
    folder, source = environment_folder(card), source_folder(block_of(card))
    gone = []
    for path in (folder, source):
        note = path / "environment.json" if path == folder else path.with_suffix(".json")
        with only_one(path.with_suffix(".lock"), f"building what {card.name} needs"):
            note.unlink(missing_ok=True)  # first: what is half removed is not whole
            if path.exists():
                shutil.rmtree(path)
                gone.append(path)
    if (path := _interpreter_note(card.name)).exists():
        path.unlink()
        gone.append(path)
    return gone


def _terms_file() -> Path:
    return cache() / "accepted_terms.json"


def open_terms(card: MethodCard) -> list[Terms]:
    """Return the licences of a card that were not accepted yet, in these words."""
    accepted = _read(_terms_file()) if _terms_file().is_file() else {}
    return [terms for terms in block_of(card).terms if _terms_key(terms) not in accepted]


def _terms_key(terms: Terms) -> str:
    return sha256_text(f"{terms.title}\n{terms.text}\n{terms.url}")


def accept(terms: Sequence[Terms], method: str) -> None:
    """Record that the user accepts licences; once, for every method that has the same."""
    with only_one(_terms_file().with_suffix(".lock"), "recording a licence"):
        accepted = _read(_terms_file()) if _terms_file().is_file() else {}
        for one in terms:
            accepted[_terms_key(one)] = {
                "title": one.title,
                "url": one.url,
                "method": method,
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        write_json(_terms_file(), accepted)


def problems(card: MethodCard, *, thorough: bool = False) -> list[Problem]:
    """Return everything that keeps a method from running here.

    Args:
        card: of the method.
        thorough: also read every file of the checkout and import the card's modules.
    """
    block = block_of(card)
    found: list[Problem] = []
    build_it = f"a2bench env build {card.name}"
    if terms := open_terms(card):
        titles = ", ".join(one.title for one in terms)
        hint = f"{build_it} (shows the terms; add --accept-terms to agree)"
        found.append(Problem("licence_not_accepted", f"terms not accepted: {titles}", hint))
    if text := source_problem(block):
        found.append(Problem(None, text, build_it))
    elif thorough and (text := changed_files(block)):
        hint = f"a2bench env remove {card.name}, then {build_it}"
        found.append(Problem(None, text, hint))
    python, note = python_of(card), _interpreter_note(card.name)
    whole = note.is_file() or (environment_folder(card) / "environment.json").is_file()
    if not whole or not python.exists():
        found.append(Problem(None, f"no environment: {python} is not there", build_it))
    elif thorough:
        lacking = missing_imports(card)
        hint = "correct `environment` in the card, then build it again"
        found += [Problem(None, f"import {text}", hint) for text in lacking]
    for linked in block.weights:
        status = weights.status(linked.name)
        if not status.usable:
            kind: FailureKind = "gated" if linked.gated else "missing_weights"
            asks = f" ({status.row.source} asks for a log-in)" if linked.gated else ""
            text = f"{status.reason.partition(':')[0]}{asks}"
            found.append(Problem(kind, text, f"a2bench fetch {linked.name}"))
    for whole_folder in block.weights_folders:
        there = weights.folder() / whole_folder.name
        if not there.is_dir():
            text = f"{there} is absent, a copy of {whole_folder.repository}"
            get_it = f"hf download {whole_folder.repository} --local-dir {there}"
            found.append(Problem("missing_weights", text, get_it))
    return found
