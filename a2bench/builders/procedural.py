"""`a2bench-proc`: 500 drawn characters, each dancing, with exact poses and masks."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from a2bench.builders.assembly import (
    build_samples,
    library_versions,
    start_version,
    whole_folder,
    write_sample,
)
from a2bench.builders.neighbours import refuse_near_duplicates
from a2bench.builders.release import check_release
from a2bench.dataset import SPLITS, Dataset, dataset_folder
from a2bench.errors import A2BenchError, unknown_name
from a2bench.masks import MaskClip
from a2bench.metric import Video
from a2bench.paths import sha256_file, sha256_text, write_aside, write_json
from a2bench.pose.difficulty import difficulty
from a2bench.pose.keypoints import ABSENT, PoseClip
from a2bench.procedural import (
    FRAME_SIZE,
    VERSION,
    Character,
    Frame,
    MannequinScene,
    Scene,
    cast,
    split_order,
)
from a2bench.procedural.bvh import Dancer, read_bvh
from a2bench.procedural.species import OUTFIT_PHRASES
from a2bench.records import DatasetInfo, MotionFile, Pair, Sample, Size, Tier
from a2bench.video import read_truth, rgb_digest, write_png, write_truth

MOTION_FILE = "motion.bvh"
"""In a data set whose characters dance a motion capture."""

FPS = 8.0
FRAMES = 32
"""The scoring grid: 32 instants at 8 Hz, 0 to 3.875 s."""


@dataclass(frozen=True)
class Profile:
    """What pixels a build has; the ids and the dances are the same in all."""

    scale: float
    storage: Literal["lossless", "small"]
    summary: str


PROFILES = {
    "default": Profile(1.0, "lossless", "512x768, lossless H.264 4:2:0"),
    "small": Profile(1.0, "small", "512x768, H.264 CRF 18; the decoded file is the truth"),
    "tiny": Profile(0.25, "lossless", "128x192, lossless: for tests and smoke runs only"),
}


def dataset_name(profile: str, motion: MotionFile | None = None) -> str:
    """Return the data set's name: another profile or motion has other pixels, so another name."""
    name = "a2bench-proc" if profile == "default" else f"a2bench-proc-{profile}"
    if motion is None:
        return name
    slug = re.sub(r"[^a-z0-9]+", "-", Path(motion.name).stem.lower()).strip("-")[:40] or "capture"
    return f"{name}-motion-{slug}"


def cross_pairs(order: tuple[str, ...]) -> tuple[Pair, ...]:
    """Return one fixed cross pair per id: within each split's new ids, a seeded cycle.

    Every id is once a reference and once a driver, never its own, and each split is closed.
    """
    driver_of: dict[str, str] = {}
    start = 0
    for end in sorted(set(SPLITS.values())):
        block = sorted(order[start:end], key=lambda key: sha256_text(f"cross|{VERSION}|{key}"))
        driver_of |= dict(zip(block, block[1:] + block[:1], strict=True))
        start = end
    return tuple(
        Pair(reference_id=key, driver_id=driver_of[key], tier=_tier(key, driver_of[key]))
        for key in order
    )


def _tier(reference_id: str, driver_id: str) -> Tier:
    ours, theirs = _characters()[reference_id], _characters()[driver_id]
    if (ours.has_arms and not theirs.has_arms) or (ours.has_legs and not theirs.has_legs):
        return "missing_limbs"
    return "same_body" if ours.body_plan == theirs.body_plan else "other_body"


def describe(profile: str, motion: MotionFile | None = None) -> DatasetInfo:
    """Return what `dataset.json` says of a profile, and of a motion capture that all dance.

    Raises:
        A2BenchError: no such profile.
    """
    if profile not in PROFILES:
        raise unknown_name("profile", profile, PROFILES)
    order = split_order()
    return DatasetInfo(
        name=dataset_name(profile, motion),
        version=VERSION,
        builder="procedural",
        profile=profile,
        protocols=("self", "rescaled", "cross"),
        order=order,
        splits=SPLITS,
        cross_pairs=cross_pairs(order),
        licence="CC0-1.0" + (f"; motion: of the owner of {motion.name}" if motion else ""),
        motion=motion,
        build=library_versions(),
    )


def build(
    home: Path,
    *,
    split: str = "quant",
    profile: str = "default",
    motion: Path | None = None,
    workers: int | None = None,
) -> Dataset:
    """Make or resume the data set; `split` says how much of it.

    Args:
        home: data root.
        split: how much of it.
        profile: its pixels.
        motion: a BVH file that all characters dance, each from a moment of its own; the data set
            then has a name of its own and is not the release.
        workers: processes; None: one a core.

    Raises:
        A2BenchError: unknown split or profile, a motion that cannot be read, another data set lies
            in its place, or two characters look alike.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    about = None
    if motion is not None:
        Dancer(read_bvh(motion), motion)  # says what is wrong before anything is written
        about = MotionFile(name=motion.name[:200], sha256=sha256_file(motion))
    info = describe(profile, about)
    folder = dataset_folder(home, info.name, info.version)
    if motion is not None:
        _keep_motion(folder, info, motion)
    dataset = build_samples(
        folder,
        info,
        info.order[: SPLITS[split]],
        _build_sample,
        profile,
        workers=workers,
        label=f"build {info.name} {info.version}",
    )
    refuse_near_duplicates(dataset)
    return dataset


def _keep_motion(folder: Path, info: DatasetInfo, motion: Path) -> None:
    """Put the capture into the data set: clips are drawn from it later, on demand."""
    start_version(folder, info)
    with write_aside(folder / MOTION_FILE) as aside:
        shutil.copyfile(motion, aside)


@cache
def _dancer(path: Path, sha256: str) -> Dancer:
    if not path.is_file() or sha256_file(path) != sha256:
        raise A2BenchError(f"{path}: not the motion that this data set was made with.")
    return Dancer(read_bvh(path), path)


def dancer_of(folder: Path) -> Dancer | None:
    """Return who was captured for the data set in a folder; None: characters have own dances.

    Raises:
        A2BenchError: the file was damaged or exchanged.
    """
    about = Dataset.open(folder).info.motion
    return None if about is None else _dancer(folder / MOTION_FILE, about.sha256)


@cache
def _characters() -> dict[str, Character]:
    return {character.id: character for character in cast()}


_LIMBS = ("arms", "legs", "neck", "ears", "tail", "wings")


def _shown(character: Character) -> dict[str, str]:
    """Return the attributes as they can be seen: a pattern is on cloth, or there is none."""
    worn = character.attributes["outfit"]
    on_cloth = "{pattern}" in OUTFIT_PHRASES.get(worn, "")
    limbs = {f"has_{part}": "yes" if getattr(character, f"has_{part}") else "no" for part in _LIMBS}
    return (
        dict(character.attributes)
        | limbs
        | {
            "outfit": "none" if worn == "nothing" else worn,
            "pattern": character.attributes["pattern"] if on_cloth else "none",
        }
    )


def _build_sample(folder: Path, sample_id: str, profile: str) -> str:
    final = folder / "samples" / sample_id
    with whole_folder(final, record="sample.json") as aside:
        character, dancer = _characters()[sample_id], dancer_of(folder)
        scene = Scene.self_driven(character, dancer)
        digests = _write_clip(aside, scene, PROFILES[profile], fps=FPS, frames=FRAMES)
        if profile == "default" and dancer is None:
            check_release(VERSION, "self", sample_id, digests)
        first = read_truth(aside / "video.mp4")[0]
        write_png(aside / "reference.png", first)
        height, width = first.shape[:2]
        write_sample(
            aside,
            Sample(
                id=character.id,
                index=character.index,
                category=character.family,
                attributes=_shown(character)
                | _difficulty(aside)
                | ({} if dancer is None else {"moves": "captured", "bpm": "none", "turning": ""})
                | {
                    "species": character.species,
                    "style": character.style,
                    "body_plan": character.body_plan,
                },
                prompt=character.prompt,
                size=Size(width=width, height=height),
                fps=FPS,
                frames=FRAMES,
                has_pose=True,
                has_mask=True,
                pose_source="exact",
                files={},
                digests=digests,
            ),
        )
    return sample_id


def rebuild(folder: Path, sample_id: str, original: Dataset) -> Sample:
    """Draw one sample of a data set anew into a scratch folder, for `verify --rebuild`.

    Raises:
        A2BenchError: it is not what the release says.
    """
    write_json(folder / "dataset.json", original.info.model_dump(mode="json"))
    if original.info.motion is not None:
        shutil.copyfile(original.folder / MOTION_FILE, folder / MOTION_FILE)
    _build_sample(folder, sample_id, original.info.profile)
    return Sample.model_validate_json((folder / "samples" / sample_id / "sample.json").read_bytes())


def _difficulty(folder: Path) -> dict[str, str]:
    """Level, score and parts of a written clip as manifest attributes."""
    yaw_degrees = MaskClip.load(folder / "mask.npz").yaw_degrees
    found = difficulty(PoseClip.load(folder / "pose.npz"), yaw_degrees)
    parts = {f"difficulty_{name}": f"{value:.3f}" for name, value in asdict(found).items()}
    return {"difficulty": found.level, "difficulty_score": f"{found.score:.3f}", **parts}


def _write_clip(
    folder: Path, scene: Scene, profile: Profile, *, fps: float, frames: int
) -> dict[str, str]:
    """Render a clip and write video, pose and masks; return the digests of their content."""
    rendered = [scene.frame(index / fps, scale=profile.scale) for index in range(frames)]
    video = np.stack([frame.rgb for frame in rendered])
    write_truth(folder / "video.mp4", video, fps, storage=profile.storage)
    pose = pose_of(rendered, fps)
    masks = MaskClip(
        np.stack([frame.mask for frame in rendered]),
        np.stack([frame.undefined for frame in rendered]),
        np.round([frame.yaw_degrees for frame in rendered], 2),
    )
    pose.save(folder / "pose.npz")
    masks.save(folder / "mask.npz")
    truth = read_truth(folder / "video.mp4")
    return {"rgb": rgb_digest(truth), "pose": pose.digest(), "mask": masks.digest()}


def render_cross(
    folder: Path,
    reference_id: str,
    driver_id: str,
    profile: str,
    dancer: Dancer | None = None,
) -> dict[str, str]:
    """Write the canonical render of A dancing B's dance; return the digests of its content."""
    people = _characters()
    scene = Scene.cross_driven(people[reference_id], people[driver_id], dancer)
    digests = _write_clip(folder, scene, PROFILES[profile], fps=FPS, frames=FRAMES)
    if profile == "default" and dancer is None:
        check_release(VERSION, "cross", f"{reference_id}__{driver_id}", digests)
    return digests


def render_driving(
    driver_id: str,
    *,
    mannequin: bool,
    fps: float,
    frames: int,
    scale: float,
    dancer: Dancer | None = None,
) -> tuple[Video, PoseClip]:
    """Render a driver's clip at any rate, length and size.

    Args:
        driver_id: the character.
        mannequin: the human doll that dances its dance (`rescaled`), instead of itself.
        fps: 4 to 60.
        frames: at most 6.2 s of them.
        scale: of the 512x768 scene.
        dancer: whose capture is danced; None: the character's own dance.
    """
    character = _characters()[driver_id]
    scene = (MannequinScene if mannequin else Scene.self_driven)(character, dancer)
    rendered = [scene.frame(index / fps, scale=scale) for index in range(frames)]
    return np.stack([frame.rgb for frame in rendered]), pose_of(rendered, fps)


def drawn_frames(
    reference_id: str,
    driver_id: str,
    *,
    mannequin: bool,
    instants_seconds: Sequence[float],
    scale: float,
    dancer: Dancer | None = None,
) -> list[Frame]:
    """Draw a clip with everything that is known of each frame.

    Args:
        reference_id: whose body.
        driver_id: whose dance; the same id: its own.
        mannequin: the human doll instead of the body.
        instants_seconds: 0 to 6.2.
        scale: of the 512x768 scene.
        dancer: whose capture is danced; None: the character's own dance.
    """
    people = _characters()
    scene: Scene | MannequinScene
    if mannequin:
        scene = MannequinScene(people[driver_id], dancer)
    elif reference_id == driver_id:
        scene = Scene.self_driven(people[reference_id], dancer)
    else:
        scene = Scene.cross_driven(people[reference_id], people[driver_id], dancer)
    return [scene.frame(seconds, scale=scale) for seconds in instants_seconds]


def pose_of(rendered: list[Frame], fps: float) -> PoseClip:
    """Return the joints of drawn frames as a clip."""
    visibility = np.stack([frame.visibility for frame in rendered])
    xy = np.stack([frame.joints[:, :2] for frame in rendered])
    xy[visibility == ABSENT] = np.nan
    height, width = rendered[0].rgb.shape[:2]
    return PoseClip(np.round(xy, 2), visibility, width, height, fps)


def scale_to_cover(size: Size) -> float:
    """Return the smallest scale at which a scene covers `size`, so that nothing is enlarged."""
    return max(size.width / FRAME_SIZE[0], size.height / FRAME_SIZE[1])
