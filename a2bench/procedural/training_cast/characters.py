"""Training characters by number, and clips of them at training size."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from a2bench.errors import A2BenchError
from a2bench.metric import Video
from a2bench.paths import write_aside
from a2bench.pose.keypoints import ABSENT, PoseClip
from a2bench.procedural.accessories import SLOTS
from a2bench.procedural.backgrounds import BACKGROUNDS
from a2bench.procedural.cast import Character, travel_scale
from a2bench.procedural.colour import Colour
from a2bench.procedural.dance import Dance, Segment
from a2bench.procedural.figure import BodyDesign
from a2bench.procedural.moves import DancePose, mirrored
from a2bench.procedural.patterns import PATTERNS
from a2bench.procedural.pen import STYLES
from a2bench.procedural.rng import Pcg32, seed_from_text
from a2bench.procedural.scene import FRAME_SIZE, Scene
from a2bench.procedural.species import Recipe
from a2bench.procedural.training_cast.moves import TRAINING_MOVES
from a2bench.procedural.training_cast.palettes import TRAINING_PALETTES
from a2bench.procedural.training_cast.species import TRAINING_SPECIES
from a2bench.training.clips import TrainingClip

FRAMES = 32
FPS = 8.0
"""The benchmark's scoring instants."""

_SEED = "training cast 1"
_FAR = 1_000_000
"""Doubles, who dance what a character dances for an image encoder, are numbered from here."""
_THUMBNAIL_HEIGHT = 96
_SMALLEST_DRAWN = (144, 216)


@dataclass(frozen=True)
class TrainingDance(Dance):
    """A sequence of training moves."""

    def _move(self, segment: Segment, beat: float) -> DancePose:
        pose = TRAINING_MOVES[segment.move](beat + segment.phase, segment.amplitude)
        if segment.mirror:
            pose = mirrored(pose)
        k = self.travel_scale
        return pose._replace(
            travel=pose.travel * k,
            right_foot_x=pose.right_foot_x * (0.5 + 0.5 * k),
            left_foot_x=pose.left_foot_x * (0.5 + 0.5 * k),
        )


@dataclass(frozen=True)
class TrainingCharacter(Character):
    """A character of the training families."""

    def recipe(self) -> Recipe:
        """The choices behind the body."""
        a = self.attributes
        return Recipe(
            seed=self.seed,
            style=self.style,
            coat=int(a["coat"]),
            proportions=a["proportions"],
            outfit=a["outfit"],
            pattern=a["pattern"],
            palette=TRAINING_PALETTES[a["palette"]],
            accessory=a["accessories"],
            background=a["background"],
        )

    def design(self) -> BodyDesign:
        """The body, ready to be drawn."""
        return TRAINING_SPECIES[self.species].build(self.recipe())

    def dance(self) -> Dance:
        """Its dance: four or five training moves, 50 to 110 beats a minute."""
        rng = Pcg32(self.seed, "dance")
        segments = tuple(
            Segment(name, 2 + rng.below(3), rng.uniform(0.8, 1.2), rng.chance(0.5), 4 * rng.unit())
            for name in self.moves
        )
        return TrainingDance(segments, self.bpm, travel_scale(self.design().rig))

    def palette_colours(self) -> tuple[Colour, Colour, Colour, Colour]:
        """Main, accent, second and light colour."""
        return TRAINING_PALETTES[self.attributes["palette"]]


def training_character(number: int) -> TrainingCharacter:
    """Return the character of a number from 0 on; species take turns."""
    rng = Pcg32(seed_from_text(f"{_SEED} {number}"), "character")
    names = sorted(TRAINING_SPECIES)
    species = TRAINING_SPECIES[names[number % len(names)]]
    free = [name for name, slot in SLOTS.items() if slot in species.slots and name != "none"]
    moves = tuple(rng.shuffled(sorted(TRAINING_MOVES))[:5])
    attributes = {
        "coat": str(rng.below(species.coats)),
        "proportions": rng.choice(species.proportions),
        "outfit": rng.choice(species.outfits),
        "pattern": rng.choice(PATTERNS),
        "palette": rng.choice(sorted(TRAINING_PALETTES)),
        "accessories": rng.choice(free) if rng.chance(0.35) else "none",
        "background": rng.choice(sorted(BACKGROUNDS)),
        "background_motion": "still",
    }
    style = rng.choice(sorted(STYLES))
    return TrainingCharacter(
        id=f"training-{number:05d}-{species.name.replace(' ', '_')}-{style}",
        index=number,
        seed=seed_from_text(f"{_SEED} {number} body"),
        family=species.family,
        species=species.name,
        style=style,
        body_plan=species.plan,
        has_arms=True,
        has_legs=True,
        has_neck=True,
        has_tail=False,
        has_ears=False,
        has_wings=False,
        attributes=attributes,
        prompt="",
        moves=moves,
        bpm=50.0 + 5.0 * rng.below(13),
    )


@dataclass(frozen=True)
class TrainingCast:
    """Clips of the training characters: a provider as `a2bench.training.clips` describes it.

    A clip is some of the 32 frames that a character dances at 8 Hz, the benchmark's instants; its
    reference is the neutral stand at 0 s, as in the benchmark.

    Attributes:
        characters: how many.
        first: number of the first one, so that a validation set can be others.
        drivers: share of clips whose `driving_frames` show somebody else dancing the same, as in
            `cross`; in the others an image encoder sees the character itself, as in `self`.
        cache: folder that keeps what was drawn; None: draw whenever asked.
    """

    characters: int = 600
    first: int = 0
    drivers: float = 0.5
    cache: str | None = None

    def describe(self) -> str:
        """Say in a few words what these are, for a model's card."""
        families = len({species.family for species in TRAINING_SPECIES.values()})
        return (
            f"{self.characters} procedural characters of {families} families, "
            f"{len(TRAINING_MOVES)} moves, none of them the benchmark's"
        )

    def identity(self) -> dict[str, str]:
        """Return what decides the clips beside the fields: the version of the cast."""
        return {"cast": _SEED}

    def __len__(self) -> int:
        return self.characters

    def clip(
        self, index: int, *, size: tuple[int, int], frames: int, rng: np.random.Generator
    ) -> TrainingClip:
        """Return a clip of a character: every first to fourth of its frames, from anywhere.

        Raises:
            A2BenchError: no such index, another shape than 2:3, or more frames than 32.
        """
        if not 0 <= index < self.characters or not 1 <= frames <= FRAMES:
            raise A2BenchError(
                f"clip {index} of {frames} frames: the training cast has {self.characters} "
                f"characters and clips of 1 to {FRAMES} frames"
            )
        stride = 1 + int(rng.integers(max(1, min(4, (FRAMES - 1) // max(frames - 1, 1)))))
        start = int(rng.integers(FRAMES - (frames - 1) * stride))
        taken = slice(start, start + (frames - 1) * stride + 1, stride)
        drawn = self._drawn(self.first + index, _drawn_size(*size))
        poses = drawn.poses.resized(*size)
        other = rng.random() < self.drivers
        return TrainingClip(
            training_character(self.first + index).id,
            _brought_to(drawn.frames[taken], size),
            poses[taken],
            FPS / stride,
            reference_image=_brought_to(drawn.frames[:1], size)[0],
            reference_pose=poses[:1],
            driving_frames=np.asarray(drawn.driver[taken]) if other else None,
        )

    def _drawn(self, number: int, size: tuple[int, int]) -> "_Drawn":
        if self.cache is None:
            return _draw(number, size)
        folder = Path(self.cache) / f"{_SEED} {size[0]}x{size[1]}".replace(" ", "-")
        path = folder / f"{number:05d}"
        poses = path.with_suffix(".pose.npz")
        if not poses.exists():  # written last: what it stands for is whole
            drawn = _draw(number, size)
            folder.mkdir(parents=True, exist_ok=True)
            for part, pixels in (("frames", drawn.frames), ("driver", drawn.driver)):
                with (
                    write_aside(path.with_suffix(f".{part}.npy")) as aside,
                    aside.open("wb") as out,
                ):
                    np.save(out, pixels)
            drawn.poses.save(poses)
        return _Drawn(
            np.load(path.with_suffix(".frames.npy"), mmap_mode="r", allow_pickle=False),
            np.load(path.with_suffix(".driver.npy"), mmap_mode="r", allow_pickle=False),
            PoseClip.load(poses),
        )


@dataclass(frozen=True)
class _Drawn:
    """All frames of a character, and its driver's double as a thumbnail for image encoders."""

    frames: Video
    driver: Video
    poses: PoseClip


def _drawn_size(width: int, height: int) -> tuple[int, int]:
    """Return the size at which frames of a size are drawn.

    Small ones are drawn larger and made smaller, as a method's reference picture is: so thin lines
    fade instead of breaking.

    Raises:
        A2BenchError: another shape than the drawings'.
    """
    if width * FRAME_SIZE[1] != height * FRAME_SIZE[0]:
        raise A2BenchError(
            f"{width}x{height} px: training characters are drawn 2:3\n"
            f"hint: size=({2 * height // 3}, {height})"
        )
    return max((width, height), _SMALLEST_DRAWN)


def _brought_to(frames: Video, size: tuple[int, int]) -> Video:
    """Return frames (t, h, w, 3) at a size, by antialiased bicubic."""
    if frames.shape[2] == size[0]:
        return np.asarray(frames)
    bicubic = Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(one).resize(size, bicubic)) for one in frames])


def _draw(number: int, size: tuple[int, int]) -> _Drawn:
    width, height = size
    character = training_character(number)
    double = training_character(number + _FAR)
    scene = Scene.self_driven(character)
    rendered = [scene.frame(i / FPS, scale=height / FRAME_SIZE[1]) for i in range(FRAMES)]
    visibility = np.stack([frame.visibility for frame in rendered])
    xy = np.stack([frame.joints[:, :2] for frame in rendered])
    xy[visibility == ABSENT] = np.nan
    other = Scene.cross_driven(double, character)
    small = _THUMBNAIL_HEIGHT / FRAME_SIZE[1]
    driver = [other.frame(i / FPS, scale=small).rgb for i in range(FRAMES)]
    return _Drawn(
        np.stack([frame.rgb for frame in rendered]),
        np.stack(driver),
        PoseClip(np.round(xy, 2), visibility, width, height, FPS),
    )
