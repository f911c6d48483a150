"""Inputs for a method that runs elsewhere: everything it may see, never the truth.

Layout of the folder:
    pairs.jsonl                 one row a case: what it is, and how picture and time were mapped
    <case_id>/ref.png           the reference image
    <case_id>/driving.mp4       the driving video
    <case_id>/pose.mp4          its skeleton, drawn the OpenPose way     (where poses are known)
    <case_id>/pose.npz          its key points in px (PoseClip)          (where poses are known)
    <case_id>/ref_pose.npz      the reference's key points, one frame    (where poses are known)
"""

import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from a2bench.builders.assembly import whole_folder
from a2bench.dataset import LONGEST_SECONDS, Dataset
from a2bench.errors import A2BenchError, wrong_fields
from a2bench.normalise import fit_image, fit_pose_xy
from a2bench.ondemand import Grid, checked_file, driving_clip
from a2bench.parallel import in_processes
from a2bench.paths import canonical_json, read_utf8, sweep_asides, write_text
from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.progress import progress
from a2bench.records import Case, CaseId, Fit, FolderName, Protocol, Rate, Record, Size
from a2bench.run import PROMPT
from a2bench.video import read_image, write_png, write_preview

_MAX_PAIRS_BYTES = 16 * 2**20


class HandedOut(Record):
    """A row of `pairs.jsonl`."""

    schema_: Literal["a2bench.pair_row/1"] = Field("a2bench.pair_row/1", alias="schema")
    dataset: FolderName
    version: FolderName
    protocol: Protocol
    split: str
    case_id: CaseId
    reference: str
    driving: str
    prompt: str
    size: Size
    fps: Rate
    frames: int = Field(ge=1, le=4096)
    fit: Fit

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


def grid_for(
    dataset: Dataset,
    case: Case,
    *,
    size: Size | None,
    fps: float | None,
    frames: int | None,
    fit: Fit,
) -> Grid:
    """Return the grid a case is handed out on.

    Raises:
        A2BenchError: rate outside 4 to 60, or a clip that is too short to score or too long.
    """
    rate = case.fps if fps is None else fps
    if not 4 <= rate <= 60:
        raise A2BenchError(f"fps={rate:g}: driving clips can be had from 4 to 60 frames a second.")
    # the last frame may lie half a frame before the last instant, as the normaliser allows
    needed = math.ceil(case.instants_seconds[-1] * rate + 0.5 - 1e-9)
    count = needed if frames is None else frames
    longest = max(LONGEST_SECONDS, needed / rate)  # of an adopted set the truth may be longer
    if count < needed or (count - 1) / rate > longest:
        most = int(longest * rate) + 1
        raise A2BenchError(
            f"frames={count} at {rate:g} fps: scoring reaches to {case.instants_seconds[-1]:g} s, "
            f"clips to {longest:g} s; ask for {needed} to {most} frames."
        )
    chosen = size or case.size
    if fit == "crop" and chosen.width * case.size.height != chosen.height * case.size.width:
        raise A2BenchError(
            f"fit=crop from {case.size} to {chosen}: the sides that are cut away could never be "
            "scored.\nhint: --fit letterbox keeps proportions, --fit stretch fills the frame"
        )
    return Grid(chosen, rate, count, fit)


def hand_out(
    dataset: Dataset,
    protocol: Protocol,
    split: str,
    out: Path,
    *,
    size: Size | None = None,
    fps: float | None = None,
    frames: int | None = None,
    fit: Fit = "stretch",
    workers: int | None = None,
) -> list[HandedOut]:
    """Write what a method may see of every case; what is there already stays.

    Raises:
        A2BenchError: bad grid, unknown protocol or split, or `out` holds another hand-out.
    """
    rows, tasks = [], []
    for case in dataset.cases(protocol, split):
        grid = grid_for(dataset, case, size=size, fps=fps, frames=frames, fit=fit)
        rows.append(
            HandedOut(
                dataset=dataset.info.name,
                version=dataset.info.version,
                protocol=protocol,
                split=split,
                case_id=case.case_id,
                reference=f"{case.case_id}/ref.png",
                driving=f"{case.case_id}/driving.mp4",
                prompt=PROMPT,
                size=grid.size,
                fps=grid.fps,
                frames=grid.frames,
                fit=fit,
            )
        )
        if not (out / case.case_id / "driving.mp4").exists():
            tasks.append((case, grid))
    text = "".join(canonical_json(row.model_dump(mode="json")) + "\n" for row in rows)
    listing = out / "pairs.jsonl"
    if out.exists() and any(out.iterdir()) and not _same_hand_out(listing, rows):
        raise A2BenchError(
            f"{out} is not empty and holds something else (or another grid).\n"
            "hint: choose another --out"
        )
    write_text(listing, text)
    sweep_asides(out)
    todo = [(dataset, case, grid, out) for case, grid in tasks]
    if todo:
        with progress("hand out inputs", len(todo)) as shown:
            for case_id in in_processes(_write_case, todo, workers=workers):
                shown.advance(note=case_id)
    return rows


def _same_hand_out(listing: Path, rows: Sequence[HandedOut]) -> bool:
    """Whether a folder holds this hand-out, of a shorter or longer split maybe."""
    if not listing.exists():
        return False
    there = {row.case_id: row for row in read_pairs(listing)}
    return all(
        there[row.case_id].model_copy(update={"split": row.split}) == row
        for row in rows
        if row.case_id in there
    ) and any(row.case_id in there for row in rows)


def _write_case(dataset: Dataset, case: Case, grid: Grid, out: Path) -> str:
    with whole_folder(out / case.case_id, record="driving.mp4") as aside:
        reference = read_image(checked_file(dataset, case.reference_id, "reference.png"))
        write_png(aside / "ref.png", fit_image(reference, grid.size, grid.fit))
        video, pose = driving_clip(dataset, case, grid)
        shutil.copyfile(video, aside / "driving.mp4")
        if pose is not None:
            pose.save(aside / "pose.npz")
            write_preview(
                aside / "pose.mp4",
                draw_pose(pose),
                grid.fps,
                max_width=grid.size.width,
                max_height=grid.size.height,
            )
            own = PoseClip.load(checked_file(dataset, case.reference_id, "pose.npz"))[:1]
            xy = fit_pose_xy(own.xy, case.size, grid.size, grid.fit)
            PoseClip(xy, own.visibility, grid.size.width, grid.size.height, own.fps).save(
                aside / "ref_pose.npz"
            )
    return case.case_id


def read_pairs(path: Path) -> list[HandedOut]:
    """Read `pairs.jsonl`.

    Raises:
        A2BenchError: missing, too large, or a row that is not ours; the line is named.
    """
    if path.is_dir():
        path = path / "pairs.jsonl"
    if not path.is_file():
        raise A2BenchError(f"{path}: no such file.\nhint: `a2bench inputs` writes it")
    if path.stat().st_size > _MAX_PAIRS_BYTES:
        raise A2BenchError(f"{path}: over {_MAX_PAIRS_BYTES} bytes; not a list of ours")
    rows = []
    for number, line in enumerate(read_utf8(path).removesuffix("\n").split("\n"), start=1):
        try:
            rows.append(HandedOut.model_validate_json(line))
        except ValidationError as error:
            raise A2BenchError(f"{path}, line {number}:\n{wrong_fields(error)}") from error
    if not rows or len({_about(row) for row in rows}) != 1:
        raise A2BenchError(f"{path}: expected rows of one data set, protocol and split")
    return rows


def _about(row: HandedOut) -> Sequence[str]:
    return row.dataset, row.version, row.protocol, row.split
