"""Getting weight files: from the network, from the hub, or from a folder carried by hand.

A download goes to `.partial/`, is resumed where it stopped (also by the next command), and becomes
the file only when its size and SHA-256 are the row's. A wrong one is deleted and named.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.paths import only_one, write_aside
from a2bench.weights.convert import check_keys, convert

Say = Callable[[int, int | None], None]
"""Called with bytes so far and bytes in all."""

TRIES = 4
"""Connections per address; each goes on where the last one stopped."""

MAX_BYTES_UNKNOWN = 20_000_000_000
"""Most that is taken of a file whose size is published nowhere."""


@dataclass(frozen=True)
class Fetched:
    """What became of one row.

    Attributes:
        status: after fetching.
        came_from: the address or folder; "" where it was there already.
    """

    status: weights.WeightStatus
    came_from: str = ""


class _Refused(Exception):
    """This address does not give the file; the next one may."""


def fetch(row: weights.WeightRow, *, source: Path | None = None, say: Say | None = None) -> Fetched:
    """Make one row usable: take or download it, check it, convert it.

    Args:
        row: what to get.
        source: a folder to take the file from; nothing is downloaded then.
        say: told the progress.

    Raises:
        A2BenchError: no address gives the right file (each is named with what came), or the file
            is not what the row says.
    """
    found = weights.status(row.name)
    came_from = ""
    if found.usable:
        return Fetched(found)
    target = weights.folder() / row.file
    with only_one(weights.folder() / ".partial" / f"{row.name}.lock", f"fetching {row.name}"):
        found = weights.status(row.name)  # another process may have been quicker
        if found.state == "wrong" and found.path is not None:
            print(f"{found.reason.partition(':')[0]}: replaced", file=sys.stderr)
        if found.state in ("absent", "wrong"):
            came_from = (
                _take(row, source, target) if source else _download(row, target, say or _silent)
            )
        if not row.verifiable and row.opened_by == "a2bench":
            try:
                check_keys(row, dict(weights.read_tensors(row, target)))
            except A2BenchError:
                target.unlink()
                raise
        weights.write_note(target, came_from=came_from or "found in place")
        if row.converter is not None and not weights.status(row.name).usable:
            convert(row, target)
    found = weights.status(row.name)
    if not found.usable:
        raise A2BenchError(found.reason)
    return Fetched(found, came_from)


def _silent(done: int, total: int | None) -> None:
    """Say nothing."""


def _take(row: weights.WeightRow, source: Path, target: Path) -> str:
    path = source / row.file
    if not path.is_file():
        there = next((one for one in sorted(source.rglob(row.file)) if one.is_file()), None)
        if there is None:
            raise A2BenchError(
                f"{source} has no {row.file}.\nhint: get it from {row.source} and put it there"
            )
        path = there
    if wrong := weights.wrong_content(row, path):
        raise A2BenchError(f"{wrong}: it was not taken.\nhint: get it from {row.source}")
    with write_aside(target) as aside:
        shutil.copyfile(path, aside)
        if wrong := weights.wrong_content(row, aside):  # the folder may change under our hands
            raise A2BenchError(f"{wrong}: it was not taken.\nhint: get it from {row.source}")
    return str(path)


def _download(row: weights.WeightRow, target: Path, say: Say) -> str:
    problems = []
    for file in row.hub:
        address = f"hf://{file.repository}/{file.path}@{file.revision}"
        try:
            _from_hub(row, file, target)
            return address
        except _Refused as error:
            problems.append(f"{address}: {error}")
    for url in row.urls:
        try:
            _from_url(row, url, target, say)
            return url
        except _Refused as error:
            problems.append(f"{url}: {error}")
    lines = "".join(f"\n  - {problem}" for problem in problems)
    head = f"{row.name} could not be fetched:{lines}" if problems else f"{row.name}: no download"
    raise A2BenchError(
        f"{head}\nhint: get {row.file} from {row.source}, "
        f"then a2bench fetch {row.name} --from FOLDER"
    )


def _checked(row: weights.WeightRow, path: Path) -> None:
    if wrong := weights.wrong_content(row, path):
        path.unlink()
        raise _Refused(f"not the file: {wrong.partition(' has ')[2]}; deleted")


def _from_hub(row: weights.WeightRow, file: weights.HubFile, target: Path) -> None:
    """Fetch by `huggingface_hub`, which knows tokens, gates, mirrors and resuming."""
    import huggingface_hub
    import requests
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    inside = target.parent / ".partial" / f"{row.name}.hub"
    try:
        got = huggingface_hub.hf_hub_download(
            file.repository, file.path, revision=file.revision, local_dir=inside
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, requests.RequestException, OSError) as error:
        first = str(error).strip().splitlines()
        raise _Refused(first[0][:200] if first else type(error).__name__) from error
    path = Path(got)
    _checked(row, path)
    path.replace(target)
    shutil.rmtree(inside, ignore_errors=True)


def _from_url(row: weights.WeightRow, url: str, target: Path, say: Say) -> None:
    """Fetch through pooch, which renames last and checks the hash; resuming is ours."""
    import pooch
    import requests

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent / ".partial" / f"{row.name}.part"

    def download(address: str, output: str, _: Any) -> None:
        with _closing_session() as session:
            _resuming(session, row, address, partial, say)
        partial.replace(output)

    known = f"sha256:{row.sha256}" if row.sha256 else None
    try:
        with _quiet_pooch(pooch):
            pooch.retrieve(url, known, fname=target.name, path=target.parent, downloader=download)
    except requests.RequestException as error:
        raise _Refused(_in_words(error)) from error
    except ValueError as error:  # pooch: the hash is another one; it has deleted the file
        raise _Refused("not the file: its SHA-256 is another one; deleted") from error
    _checked(row, target)


@contextmanager
def _quiet_pooch(pooch: Any) -> Iterator[None]:
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _closing_session() -> Iterator[Any]:
    import requests

    with requests.Session() as session:
        session.headers["Accept-Encoding"] = "identity"  # ranges count bytes of the file itself
        yield session


def _in_words(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    return f"{type(error).__name__}: {str(error)[:160]}"


def _resuming(session: Any, row: weights.WeightRow, url: str, partial: Path, say: Say) -> None:
    """Fill `partial`, going on where it stopped, over at most `TRIES` connections."""
    import requests
    from requests import exceptions as broken

    partial.parent.mkdir(parents=True, exist_ok=True)
    for last in [False] * (TRIES - 1) + [True]:
        before = partial.stat().st_size if partial.exists() else 0
        try:
            if _one_connection(session, row, url, partial, say):
                return
            problem = "the connection ended early"
        except (requests.ConnectionError, requests.Timeout, broken.ChunkedEncodingError) as error:
            problem = _in_words(error)
        got = (partial.stat().st_size if partial.exists() else 0) - before
        if last or got <= 0:  # nothing new came: asking again at once will not help
            raise _Refused(f"{problem}; {before + max(got, 0)} bytes are kept for the next time")


def _one_connection(
    session: Any, row: weights.WeightRow, url: str, partial: Path, say: Say
) -> bool:
    """Append what one connection gives; return whether the file is whole."""
    start = partial.stat().st_size if partial.exists() else 0
    if row.size_bytes is not None and start > row.size_bytes:
        partial.unlink()
        start = 0
    if row.size_bytes is not None and start == row.size_bytes:
        return True
    headers = {"Range": f"bytes={start}-"} if start else {}
    with session.get(url, headers=headers, stream=True, timeout=(20, 60)) as response:
        if response.status_code == 416:  # the file ends before our part does: begin again
            partial.unlink(missing_ok=True)
            return False
        response.raise_for_status()
        if "text/html" in response.headers.get("Content-Type", ""):
            raise _Refused("a web page came, not a file (a log-in, a licence or a virus check)")
        if start and response.status_code != 206:  # the server does not resume
            start = 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length is not None and length.isdigit() else None
        if row.size_bytes is not None and total not in (None, row.size_bytes):
            partial.unlink(missing_ok=True)
            raise _Refused(f"the server offers {total} bytes, {row.name} has {row.size_bytes}")
        most = row.size_bytes or MAX_BYTES_UNKNOWN
        done = start
        with partial.open("ab" if start else "wb") as handle:
            for chunk in response.iter_content(1 << 16):
                done += len(chunk)
                if done > most:
                    handle.close()
                    partial.unlink()
                    raise _Refused(f"more than {most} bytes came; deleted")
                handle.write(chunk)
                say(done, row.size_bytes or total)
    return done == (row.size_bytes or total or done)
