"""Upstream code, by address and commit, in a cache: what is there is whole and never changes.

Layout of `$A2BENCH_CACHE` (else the user's cache folder):
    sources/<key>/            a checkout, patched; `<key>` is of commit and patches
    sources/<key>.json        its note: address, commit, digest of all files
    environments/<key>/       see `a2bench.environment`
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from a2bench.command_card import CommandBlock, Patch, Source
from a2bench.errors import A2BenchError
from a2bench.paths import (
    aside_name,
    cache,
    canonical_json,
    inside,
    only_one,
    sha256_file,
    sha256_text,
    sweep_asides,
    write_json,
)

_GIT_SECONDS = 1800.0


def source_folder(block: CommandBlock) -> Path:
    """Return where a method's patched checkout is or will be."""
    decides = {
        "commit": block.source.commit,
        "patches": [patch.model_dump(exclude={"why"}) for patch in block.patches],
    }
    return cache() / "sources" / sha256_text(canonical_json(decides))[7:23]


def source_problem(block: CommandBlock) -> str:
    """Return why the checkout cannot be used, or ""."""
    folder = source_folder(block)
    note = folder.with_suffix(".json")
    if not note.is_file() or not folder.is_dir():
        return f"{block.source.url} at {block.source.commit[:8]} is not checked out"
    return ""


def changed_files(block: CommandBlock) -> str:
    """Return what is wrong with the content of a checkout, or ""; reads every file."""
    folder = source_folder(block)
    noted = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    if noted["content"] != tree_digest(folder):
        return f"{folder}: files were changed since the checkout"
    return ""


def fetch_source(block: CommandBlock) -> Path:
    """Check out and patch upstream code, unless it is there; return its folder.

    Raises:
        A2BenchError: no such commit, a link that leaves the checkout, or a patch that does not fit.
    """
    folder = source_folder(block)
    with only_one(folder.with_suffix(".lock"), f"fetching {block.source.url}"):
        sweep_asides(folder.parent)
        if not source_problem(block):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        aside = folder.with_name(aside_name(folder.name))
        try:
            _check_out(block.source, aside)
            for path in aside.rglob("*"):
                if path.is_symlink():
                    inside(aside, str(path.relative_to(aside)), what=block.source.url)
            _patch(block.patches, aside)
            content = tree_digest(aside)
            aside.replace(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        facts = {"url": block.source.url, "commit": block.source.commit, "content": content}
        write_json(folder.with_suffix(".json"), facts)
    return folder


def tree_digest(folder: Path) -> str:
    """SHA-256 of all names and contents below a folder, as `sha256:<hex>`."""
    total = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            said = f"link {path.readlink()}"
        elif path.is_file():
            said = sha256_file(path)
        else:
            continue
        total.update(f"{path.relative_to(folder)}\0{said}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _check_out(source: Source, target: Path) -> None:
    target.mkdir(parents=True)
    _git(target, "init", "--quiet")
    # One commit is enough where the server gives it by name; else all of its history is fetched.
    one = ("fetch", "--quiet", "--depth=1", "--no-tags", "--", source.url, source.commit)
    if _git(target, *one, check=False):
        _git(target, "fetch", "--quiet", "--", source.url, "+refs/*:refs/upstream/*")
    found = _git(target, "cat-file", "-e", f"{source.commit}^{{commit}}", check=False)
    if found:
        raise A2BenchError(
            f"{source.url} has no commit {source.commit}.\nhint: correct `commit` in the card"
        )
    _git(target, "checkout", "--quiet", "--detach", source.commit)
    shutil.rmtree(target / ".git")


def _git(folder: Path, *words: str, check: bool = True) -> int:
    """Run git without prompts, hooks, submodules or odd transports; return its exit code."""
    environment = os.environ | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environment.pop(name, None)  # set where a hook of the user's repository runs us
    command = ["git", "-c", "core.hooksPath=/dev/null", *words]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise A2BenchError("git is not installed.\nhint: apt-get install git") from error
    except subprocess.TimeoutExpired as error:
        raise A2BenchError(f"git {words[0]} took over {_GIT_SECONDS:g} s; try again.") from error
    if check and done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise A2BenchError(
            f"git {words[0]} failed: {last[0]}\n"
            "hint: `url` in the card may also be a folder of this machine, where you cloned it"
        )
    return done.returncode


def _patch(patches: Sequence[Patch], folder: Path) -> None:
    original: dict[str, str] = {}
    for patch in patches:
        path = inside(folder, patch.file, what=f"patch {patch.name}")
        if not path.is_file():
            raise A2BenchError(f"patch {patch.name}: the checkout has no file {patch.file}.")
        came = original.setdefault(patch.file, sha256_file(path))
        if came != patch.sha256:
            raise A2BenchError(
                f"patch {patch.name}: {patch.file} has {came}, the patch is for {patch.sha256}.\n"
                "hint: it is another version of the file; look at it, then correct the card"
            )
        text = path.read_text(encoding="utf-8")
        if (count := text.count(patch.find)) != 1:
            raise A2BenchError(
                f"patch {patch.name}: what it looks for is {count} times in {patch.file}, "
                "expected once."
            )
        path.write_text(text.replace(patch.find, patch.replace), encoding="utf-8")
