"""Candidates that were made elsewhere, with closed models say: `p0001-c0.mp4`, `p0001-c0.png`."""

import re
from dataclasses import dataclass
from pathlib import Path

from a2bench.builders.adopt import own_size
from a2bench.errors import A2BenchError, problems_error
from a2bench.generation.prompts import Prompt
from a2bench.generation.stages import stage_file
from a2bench.normalise import fit_image
from a2bench.paths import sha256_file, sha256_text
from a2bench.video import probe, read_image, read_video, write_png, write_truth

_NAME = re.compile(r"(p\d{4,5})-c(\d{1,2})\.(mp4|mkv|webm|mov|png|jpg|jpeg|webp)")
_VIDEOS = ("mp4", "mkv", "webm", "mov")


@dataclass(frozen=True)
class Brought:
    """Files of candidates by candidate id.

    Attributes:
        count: candidates of a prompt, at most.
        sha256: over all files.
    """

    videos: dict[str, Path]
    pictures: dict[str, Path]
    prompts: tuple[Prompt, ...]
    count: int
    sha256: str


def look(folder: Path, prompts: tuple[Prompt, ...]) -> Brought:
    """Find the candidates in a folder; headers are read, nothing is decoded.

    Args:
        folder: with videos called PROMPT-cNUMBER, and pictures of the same names.
        prompts: that may be named.

    Raises:
        A2BenchError: every file that is no candidate, at once.
    """
    if not folder.is_dir():
        raise A2BenchError(f"made={folder}: no such folder.")
    known = {prompt.id for prompt in prompts}
    videos: dict[str, Path] = {}
    pictures: dict[str, Path] = {}
    problems = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        try:
            if match is None:
                raise A2BenchError(
                    f"{path.name}: expected names such as p0001-c0.mp4, p0001-c0.png"
                )
            if match[1] not in known:
                raise A2BenchError(f"{path.name}: there is no prompt {match[1]}")
            if not path.resolve().is_relative_to(folder.resolve()):
                raise A2BenchError(f"{path.name}: a link that leaves {folder}")
            key = f"{match[1]}-c{int(match[2])}"
            kind = videos if match[3] in _VIDEOS else pictures
            if key in kind:
                raise A2BenchError(f"{path.name}: {kind[key].name} is candidate {key} too")
            if kind is videos:
                probe(path)
            else:
                read_image(path)
            kind[key] = path
        except A2BenchError as error:
            problems.append(str(error))
    problems += [f"{path.name}: a picture without its video" for key, path in pictures.items()
                 if key not in videos]  # fmt: skip
    if problems:
        raise problems_error(f"made={folder}: nothing was taken; mend or move these away", problems)
    if not videos:
        raise A2BenchError(f"made={folder}: no candidate there; expected p0001-c0.mp4 and so on.")
    lines = [f"{path.name} {sha256_file(path)}" for path in [*videos.values(), *pictures.values()]]
    used = {key.rpartition("-c")[0] for key in videos}
    return Brought(
        videos=videos,
        pictures=pictures,
        prompts=tuple(prompt for prompt in prompts if prompt.id in used),
        count=1 + max(int(key.rpartition("-c")[2]) for key in videos),
        sha256=sha256_text("\n".join(lines)),
    )


def take(work: Path, candidate: str, video: Path, picture: Path | None) -> str:
    """Bring a candidate's files to the form in which ours are stored; the video last.

    Raises:
        A2BenchError: the video says nothing of its rate, or cannot be decoded whole.
    """
    clip = read_video(video)
    if clip.fps is None:
        raise A2BenchError(f"{video}: does not say its rate")
    size = own_size(*clip.frames.shape[1:3])
    frames = [fit_image(frame, size, "stretch") for frame in clip.frames]
    if picture is not None:
        write_png(stage_file(work, "text_to_image", candidate), read_image(picture))
    write_truth(stage_file(work, "image_to_video", candidate), frames, clip.fps, storage="lossless")
    return candidate
