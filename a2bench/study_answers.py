"""Reading a study's key and what people sent back. Their files are not trusted.

A file is bounded in size, checked against the schema, and against the sheet that it says it is of.
Every problem of every file is listed at once. One participant's file may come twice (saved half-way
and at the end): the fuller one counts where the two agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from a2bench.errors import A2BenchError, problems_error, wrong_fields
from a2bench.study_records import (
    MOST_BYTES,
    QUESTIONS,
    Answer,
    Answers,
    Shown,
    StudyKey,
)

MOST_FILES = 10_000
_MOST_KEY_BYTES = 64 * 2**20
_MOST_LINES = 4
"""Of what is wrong in one file that are shown."""


@dataclass(frozen=True)
class Read:
    """Answers that count, before attention checks.

    Attributes:
        answers: one of each participant, by participant.
        repeated: files that said nothing new.
    """

    answers: tuple[Answers, ...]
    repeated: int


def read_key(path: Path) -> StudyKey:
    """Read `key.json`.

    Raises:
        A2BenchError: no such file, or not a key.
    """
    try:
        if path.stat().st_size > _MOST_KEY_BYTES:
            raise A2BenchError(f"{path}: over {_MOST_KEY_BYTES} bytes, so not the key of a study.")
        return StudyKey.model_validate_json(path.read_bytes())
    except OSError as error:
        raise A2BenchError(
            f"{path}: no key of a study.\nhint: `a2bench study make` wrote key.json beside page/"
        ) from error
    except ValidationError as error:
        raise A2BenchError(f"{path}: not the key of a study:\n{wrong_fields(error)}") from error


def read_answers(paths: Sequence[Path], key: StudyKey) -> Read:
    """Read files of answers, and the `*.json` of folders.

    Raises:
        A2BenchError: every problem of every file, or no answers at all.
    """
    files = list(dict.fromkeys(path.resolve() for path in _files(paths)))
    if len(files) > MOST_FILES:
        raise A2BenchError(f"{len(files)} files of answers; at most {MOST_FILES} are read.")
    problems: list[str] = []
    found: dict[str, tuple[Path, Answers]] = {}
    repeated = 0
    for path in files:
        try:
            read = _read(path, key)
        except A2BenchError as error:
            problems.append(str(error))
            continue
        before = found.get(read.participant)
        if before is None:
            found[read.participant] = (path, read)
            continue
        fuller = _fuller(before[1], read)
        if fuller is None:
            problems.append(
                f"{path.name} and {before[0].name}: one participant, {read.participant}, with "
                "answers that contradict each other; keep one of them"
            )
            continue
        repeated += 1
        if fuller is read:
            found[read.participant] = (path, read)
    if problems:
        raise problems_error("answers that cannot be counted; mend or remove these files", problems)
    if not found:
        raise A2BenchError(
            "no answers were given.\nhint: a2bench study table FOLDER, or the files one by one"
        )
    return Read(tuple(found[name][1] for name in sorted(found)), repeated)


def _files(paths: Sequence[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.glob("*.json") if one.name != "key.json")
        elif path.is_file():
            yield path
        else:
            raise A2BenchError(f"{path}: no such file or folder of answers.")


def _read(path: Path, key: StudyKey) -> Answers:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise A2BenchError(f"{path.name}: {size} bytes; answers have at most {MOST_BYTES}")
    try:
        read = Answers.model_validate_json(path.read_bytes())
    except ValidationError as error:
        lines = wrong_fields(error).splitlines()
        more = [f"  - and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
        said = "\n".join([*lines[:_MOST_LINES], *more])
        raise A2BenchError(f"{path.name}: not answers that the page saved:\n{said}") from error
    if read.study != key.study:
        raise A2BenchError(f"{path.name}: of study {read.study}, the key is of {key.study}")
    if read.sheet > len(key.sheets):
        raise A2BenchError(f"{path.name}: sheet {read.sheet} of {len(key.sheets)}")
    names = [answer.trial for answer in read.answers]
    on_sheet = {shown.trial for shown in key.sheets[read.sheet - 1]}
    if strange := sorted(set(names) - on_sheet):
        raise A2BenchError(f"{path.name}: {strange[0]} is not on sheet {read.sheet}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise A2BenchError(f"{path.name}: {twice} is answered twice")
    return read


def _fuller(first: Answers, second: Answers) -> Answers | None:
    """Return the one that holds all choices of the other; None: they contradict each other."""
    ours, theirs = (_choices(one) for one in (first, second))
    if first.sheet != second.sheet or any(
        ours[trial] != theirs[trial] for trial in ours.keys() & theirs.keys()
    ):
        return None
    if theirs.keys() <= ours.keys():
        return first
    return second if ours.keys() <= theirs.keys() else None


def _choices(answers: Answers) -> dict[str, tuple[str, str, str]]:
    return {one.trial: (one.identity, one.temporal, one.visual) for one in answers.answers}


def wrong_checks(key: StudyKey, answers: Answers) -> int:
    """Return how many questions of attention checks were answered wrongly.

    A check that was passed over, though later trials were answered, counts as three: the page lets
    nobody pass.
    """
    checks = {trial.trial for trial in key.trials if trial.check}
    given: dict[str, Answer] = {one.trial: one for one in answers.answers}
    sheet: tuple[Shown, ...] = key.sheets[answers.sheet - 1]
    reached = max((at for at, shown in enumerate(sheet) if shown.trial in given), default=-1)
    wrong = 0
    for shown in sheet[: reached + 1]:
        if shown.trial not in checks:
            continue
        right = "right" if shown.swapped else "left"
        one = given.get(shown.trial)
        wrong += sum(one is None or getattr(one, question) != right for question in QUESTIONS)
    return wrong
