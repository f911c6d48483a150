"""Where a person looks at the candidates: a page opened from the disk, and the answers it saves.

The page is static: nothing is requested from elsewhere, nothing runs but the page's own script.
What comes back is a file anybody can have written, so it is held against a schema, the candidates
that there are, and the digest of their videos.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from a2bench.card import environment
from a2bench.errors import A2BenchError, wrong_fields
from a2bench.generation.candidates import (
    Candidate,
    by_prompt,
    screened_choice,
    videos_digest,
)
from a2bench.generation.prompts import MOST_PROMPTS
from a2bench.generation.screening import Measures
from a2bench.generation.stages import load_points, stage_file
from a2bench.parallel import in_processes
from a2bench.paths import sweep_asides, write_text
from a2bench.pose.drawing import draw_pose
from a2bench.progress import progress
from a2bench.records import Digest, Record
from a2bench.video import read_video, write_preview

MOST_BYTES = 8 * 2**20
PREVIEW_HEIGHT_PX, PREVIEW_WIDTH_PX = 288, 384


class Answer(Record):
    """What a person says of a prompt."""

    prompt: Annotated[str, StringConstraints(pattern=r"^p\d{4,5}$")]
    keep: int | None = Field(ge=0, lt=64)
    """Number of the candidate; None: none of them."""
    pose_accurate: bool | None = None
    """Of the one that is kept; None: not said."""
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class Review(Record):
    """The file that the page saves."""

    schema_: Literal["a2bench.review/1"] = Field("a2bench.review/1", alias="schema")
    dataset: str = Field(max_length=100)
    version: str = Field(max_length=100)
    videos_sha256: Digest
    """Of the candidates' videos that were looked at."""
    answers: tuple[Answer, ...] = Field(max_length=MOST_PROMPTS)

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


def read_review(path: Path, candidates: Sequence[Candidate], *, name: str, version: str) -> Review:
    """Read a person's answers; the file may be hostile.

    Raises:
        A2BenchError: too large, not such a file, of other candidates, or about prompts or
            candidates that there are not.
    """
    if not path.is_file():
        raise A2BenchError(f"review={path}: no such file; the page saves it.")
    if path.stat().st_size > MOST_BYTES:
        raise A2BenchError(
            f"review={path}: {path.stat().st_size} bytes; answers have at most {MOST_BYTES}."
        )
    try:
        found = Review.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise A2BenchError(
            f"review={path}: not the page's answers:\n{wrong_fields(error)}"
        ) from error
    if (found.dataset, found.version) != (name, version):
        raise A2BenchError(
            f"review={path}: answers about {found.dataset} {found.version}, not {name} {version}."
        )
    if found.videos_sha256 != videos_digest(candidates):
        raise A2BenchError(
            f"review={path}: answers about other videos than there are now.\n"
            "hint: open the page again and look at those"
        )
    known = by_prompt(candidates)
    seen: set[str] = set()
    for answer in found.answers:
        if answer.prompt not in known or answer.prompt in seen:
            what = "is there twice" if answer.prompt in seen else "is none of its prompts"
            raise A2BenchError(f"review={path}: {answer.prompt} {what}.")
        seen.add(answer.prompt)
        if answer.keep is not None:
            made = {one.number for one in known[answer.prompt] if one.measures is not None}
            if answer.keep not in made:
                raise A2BenchError(
                    f"review={path}: {answer.prompt} has no candidate {answer.keep} that was made."
                )
        if not answer.note.isprintable():
            raise A2BenchError(f"review={path}: the note about {answer.prompt} is no plain text.")
    return found


def decided(candidates: Sequence[Candidate], review: Review | None) -> list[Candidate]:
    """Return the candidates with `kept` set: by the person where there is an answer, else by us."""
    answers = {one.prompt: one for one in review.answers} if review is not None else {}
    found: list[Candidate] = []
    for prompt, mine in by_prompt(candidates).items():
        answer = answers.get(prompt)
        choice = screened_choice(mine)
        keep = answer.keep if answer is not None else None if choice is None else choice.number
        who = "screening" if answer is None else "person"
        for one in mine:
            kept = one.number == keep
            said = answer is not None and kept and answer.pose_accurate is not None
            found.append(
                replace(
                    one,
                    kept=kept,
                    kept_by=who,
                    accurate=answer.pose_accurate if said and answer is not None else None,
                    accurate_by="person" if said else "",
                    note=answer.note if answer is not None and kept else "",
                )
            )
    return found


def write_page(
    work: Path,
    candidates: Sequence[Candidate],
    *,
    name: str,
    version: str,
    command: str,
    workers: int | None,
) -> Path:
    """Write the page with a preview of every candidate; only missing previews are made.

    Args:
        work: folder of the candidates; the page lies in `review/`.
        candidates: judged.
        name: of the data set.
        version: of the data set.
        command: what to type with the answers.
        workers: processes; None: one a core.
    """
    folder = work / "review"
    media = folder / "media"
    sweep_asides(media)
    shown = [one for one in candidates if one.measures is not None]
    tasks = [
        (work, one.id, preview)
        for one in shown
        if not (preview := media / _preview_name(one)).exists()
    ]
    if tasks:
        with progress("previews", len(tasks)) as bar:
            for key in in_processes(_write_preview, tasks, workers=workers):
                bar.advance(note=key)
    rows = [
        {
            "prompt": mine[0].prompt.id,
            "text": mine[0].prompt.text,
            "kept": None if (choice := screened_choice(mine)) is None else choice.number,
            "candidates": [
                {
                    "number": one.number,
                    "video": f"media/{_preview_name(one)}" if one.measures is not None else "",
                    "passed": one.verdict.passed,
                    "reasons": list(one.verdict.reasons),
                    "measures": {} if one.measures is None else _shown(one.measures),
                }
                for one in mine
            ],
        }
        for mine in by_prompt(candidates).values()
    ]
    about = {
        "schema": "a2bench.review/1",
        "dataset": name,
        "version": version,
        "videos_sha256": videos_digest(candidates),
    }
    page = folder / "index.html"
    write_text(
        page,
        environment(markup=True)
        .get_template("review.html.j2")
        .render(
            name=name,
            version=version,
            command=command,
            prompts=len(rows),
            candidates=len(candidates),
            passed=sum(one.verdict.passed for one in candidates),
            rows=_in_script(rows),
            about=_in_script(about),
        ),
    )
    return page


def _in_script(value: object) -> str:
    """Return JSON that ends no script element, whatever texts are in it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _shown(found: Measures) -> dict[str, str]:
    return {name: f"{value:.3g}" for name, value in found.model_dump().items() if value is not None}


def _preview_name(one: Candidate) -> str:
    return f"{one.id}-{one.video_sha256.removeprefix('sha256:')[:12]}.mp4"


def _write_preview(work: Path, candidate: str, preview: Path) -> str:
    """Write the video with, beside it, the same frames under the poses that were found."""
    clip = read_video(stage_file(work, "image_to_video", candidate))
    points = load_points(stage_file(work, "screening", candidate))
    frames = clip.frames[: len(points)]
    drawn = draw_pose(points.pose())
    posed = np.where(drawn.any(axis=-1, keepdims=True), drawn, frames // 3)
    write_preview(
        preview,
        np.concatenate([frames, posed], axis=2),
        clip.fps or points.fps,
        max_width=PREVIEW_WIDTH_PX,
        max_height=PREVIEW_HEIGHT_PX,
    )
    return candidate
