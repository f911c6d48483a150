"""A chunk of jobs done on the machine it is started on, away from the command that planned it.

Every result is written beside its prediction as it comes, so whoever planned the jobs reads what
came of them from the shared disk, and a chunk that is started again does only what is missing.

    python -m a2bench.chunk JOBS.jsonl INDEX CASES_PER_TASK
"""

import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.paths import read_utf8, write_text
from a2bench.records import MethodCard, Request, Result
from a2bench.runner import Job, WorkerFactory
from a2bench.store import RunFolder


def record_path(job: Job) -> Path:
    """Return where the result record of a job lies once it is done."""
    return Path(job.request.output).with_suffix(".json")


def result_of(job: Job) -> Result | None:
    """Return what came of a job, or None while there is no record of it."""
    try:
        text = record_path(job).read_bytes()
    except FileNotFoundError:
        return None
    return Result.model_validate_json(text)


def do_chunk(jobs: Sequence[Job], make_worker: WorkerFactory, *, workers: int | None) -> None:
    """Do the jobs that have no record yet, on all devices given to this process.

    Raises:
        A2BenchError: a CUDA method, and no device.
    """
    missing = [job for job in jobs if not record_path(job).exists()]
    outputs = {_key(job.request): Path(job.request.output) for job in missing}
    for result in plugins.runner("local").run(missing, make_worker, workers=workers):
        if result.device:  # "cpu:0" is the name of one on every node
            device = f"{socket.gethostname()}/{result.device}"
            result = result.model_copy(update={"device": device})
        kept = RunFolder.keep_result(outputs[_key(result)], result)
        if kept.status == "skipped":
            print(f"skipped: {kept.method} {kept.case_id}: {kept.reason}", file=sys.stderr)


def _key(about: Request | Result) -> tuple[str, str, int, str]:
    if isinstance(about, Request):
        return about.method, about.case.protocol, about.seed, about.case.case_id
    return about.method, about.protocol, about.seed, about.case_id


def write_jobs(path: Path, jobs: Sequence[Job]) -> None:
    """Write jobs as JSON lines, for `read_jobs` on another machine."""
    rows = [
        {"card": job.card.model_dump(mode="json"), "request": job.request.model_dump(mode="json")}
        for job in jobs
    ]
    write_text(path, "".join(json.dumps(row) + "\n" for row in rows))


def read_jobs(path: Path) -> list[Job]:
    """Return the jobs that `write_jobs` wrote.

    Raises:
        A2BenchError: another kind of file; the line is named.
    """
    jobs = []
    # not splitlines(): a text may hold U+2028, which is no end of a JSON line
    for number, line in enumerate(read_utf8(path).removesuffix("\n").split("\n"), 1):
        try:
            row = json.loads(line)
            card, request = row["card"], row["request"]
            jobs.append(Job(MethodCard.model_validate(card), Request.model_validate(request)))
        except (ValueError, KeyError, TypeError) as error:  # pydantic's is a ValueError
            raise A2BenchError(f"{path}, line {number}: not a job: {error}") from error
    return jobs


def main(arguments: Sequence[str]) -> int:
    """Do chunk INDEX of a job file; exit code 0 when each of its jobs has a result, else 2."""
    if len(arguments) != 3 or not (arguments[1].isdigit() and arguments[2].isdigit()):
        print("usage: python -m a2bench.chunk JOBS.jsonl INDEX CASES_PER_TASK", file=sys.stderr)
        return 2
    from a2bench.worker import make_worker  # with all that animates; who plans needs none of it

    path, index, count = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    try:
        jobs = read_jobs(path)[index * count : (index + 1) * count]
        do_chunk(jobs, make_worker, workers=None)
    except A2BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for job in jobs:
        result = result_of(job)
        status = "no record" if result is None else result.failure or result.status
        print(f"{job.request.method} {job.request.case.case_id} {job.request.seed}: {status}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
