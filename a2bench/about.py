"""What people should know of a data set before they use it, by builder: one text for all readers.

The card and the Croissant description print it; numbers come from the data set itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from a2bench.dataset import Dataset


@dataclass(frozen=True)
class About:
    """The words of a card; each entry of a tuple is one sentence or two.

    Attributes:
        summary: what it is, for somebody who never heard of it.
        made: how.
        uses, misuses: what it is meant for, and what it must not be taken for.
        limits: what is known to be missing or unlike the world.
        biases: what is more frequent or easier than elsewhere.
        personal: what of real people is in it.
        impact: what it may do in the world.
        truth: where poses and masks come from.
        maintenance: how versions come about.
        published: date, ISO 8601; empty where unknown.
    """

    summary: str
    made: tuple[str, ...]
    uses: tuple[str, ...]
    misuses: tuple[str, ...]
    limits: tuple[str, ...]
    biases: tuple[str, ...]
    personal: str
    impact: str
    truth: str
    maintenance: str
    published: str = ""


_MAINTENANCE = (
    "A version never changes. Versions are semantic: any change of a pixel, a pose or a split of "
    "existing samples is a new major version, added samples or fields are a minor one, texts are a "
    "patch. `a2bench diff A B` says which is needed; `a2bench verify dataset` checks a copy."
)

_PUBLISHED = {"1.0.0": "2026-11-22"}
"""Version of a2bench-proc -> day it was released; constant, so that a rebuild gives the same."""


def _procedural(dataset: Dataset, shown: Callable[[str], str]) -> About:
    motion = dataset.info.motion
    capture = "" if motion is None else shown(motion.name)
    released = dataset.info.profile == "default" and motion is None
    return About(
        summary=(
            f"{len(dataset.info.order)} drawn cartoon characters, from foxes to teapots, each with "
            "a reference picture and a dance video of its own, exact 2-D poses (COCO-18 with "
            "visibility) and exact foreground masks: a benchmark for methods that animate a "
            "character from one picture and a driving video or pose sequence."
        ),
        made=(
            "Every frame is drawn by program: vector shapes on a posed 2.5-D body, rasterised on "
            "the CPU. "
            + (
                "No picture, motion capture, model or person went into it."
                if motion is None
                else f"No picture or model went into it; of motion capture, {capture}."
            ),
            "Species, drawing style, proportions, outfit, palette, accessory and background are "
            "combined by quota; no two characters share species, style, palette and outfit.",
            (
                "Dances are sequences of procedural moves on a beat, from a seed of each character."
                if motion is None
                else f"All dance the motion capture {capture}, retargeted by limb directions, each "
                "from a moment of its own."
            ),
            "The splits are prefixes of one order that keeps families, styles, body plans and "
            "backgrounds balanced.",
        ),
        uses=(
            "Comparing character-animation methods under one protocol (`self`, `cross` and the "
            "others that `dataset.json` names), with exact truth.",
            "Finding out where methods fail: by body plan, missing limbs, motion or style.",
            "Testing pose and mask code against exact answers.",
        ),
        misuses=(
            "Training: anybody can draw it, so a method that was trained on it says nothing here.",
            "Claims about real people, photographs or rendered 3-D characters.",
            "Comparison with numbers on the data set of the Animate-X authors, which was never "
            "released: this is not that data set.",
        ),
        limits=(
            "One drawing program: flat to softly shaded illustration, not photographs, 3-D "
            "renders or the pictures of today's image generators.",
            (
                "Motion is procedural: more regular than that of people, without hands, fingers or "
                "speech."
                if motion is None
                else f"Motion is that of one capture, {capture}, for all; its hands and fingers "
                "are left out, and there is no speech."
            ),
            "One character a video, whole body in view, short clips at one size and rate.",
            "Pose detectors that were trained on people find few of these bodies; use the poses "
            "that come with them.",
            "Colour is stored 4:2:0, so the truth itself has half the chroma resolution.",
        ),
        biases=(
            "Quotas balance what the program knows, not what occurs in the world or in other "
            "character collections.",
            "Large eyes, frontal poses and clean backgrounds are more frequent than in found "
            "pictures; frame 0 is always near neutral and frontal.",
        ),
        personal=(
            "None: no real person, voice, name or likeness is in it."
            if motion is None
            else f"The movements of whoever was captured in {capture}; no picture, voice, name or "
            "likeness."
        ),
        impact=(
            "It lets methods be compared without pictures of people or of artists' characters. "
            "Methods that do well on it may be used to animate likenesses without consent; the "
            "data set neither helps with nor measures that."
        ),
        truth=(
            "Poses, visibility and masks are computed from the geometry that is drawn, not "
            "annotated and not estimated."
        ),
        maintenance=_MAINTENANCE,
        published=_PUBLISHED.get(dataset.info.version, "") if released else "",
    )


def _poses_known(posed: int, samples: int) -> str:
    """Say of how many samples poses are known, and what follows for methods that need them."""
    if posed == samples:
        return "Poses are estimates, with a detector's errors; no exact ones are known."
    return (
        f"{samples - posed} of {samples} samples have no pose: methods that need one are "
        "not_applicable there."
    )


def _adopted(dataset: Dataset, shown: Callable[[str], str]) -> About:
    del shown
    posed = sum(sample.has_pose for sample in dataset.samples.values())
    return About(
        summary=(
            f"{len(dataset.info.order)} videos that were brought by the user of the benchmark; the "
            "first frame of each is the reference picture."
        ),
        made=(
            "Each video was sampled at the scoring instants and stored without loss; its source "
            "file and digest are in the manifest.",
        ),
        uses=("Scoring methods on one's own videos under the protocol `self`.",),
        misuses=("Publication, unless the videos' owners and the people in them agreed.",),
        limits=(
            "No masks: whole frames are scored.",
            _poses_known(posed, len(dataset.samples)),
            "Compression and editing of the sources are part of the truth.",
        ),
        biases=("Those of whoever chose the videos.",),
        personal="Unknown to the benchmark: the videos may show people.",
        impact="Unknown to the benchmark; it depends on the videos.",
        truth=(
            f"Poses of {posed} of {len(dataset.samples)} videos are estimated by DWPose, which was "
            "trained on people; nobody corrected them."
            if posed
            else "There are no annotations beside the videos themselves."
        ),
        maintenance=_MAINTENANCE,
    )


def _generated(dataset: Dataset, shown: Callable[[str], str]) -> About:
    del shown
    return About(
        summary=(
            f"{len(dataset.info.order)} characters made by generative models; which ones is in "
            "`dataset.json`."
        ),
        made=(
            "Pictures and videos come from generative models, from recorded prompts and seeds.",
            "Of several candidates a prompt at most one was kept: `candidates.csv` has every "
            "measure, verdict and reason, and who decided.",
        ),
        uses=("Scoring methods on pictures like those of today's image generators.",),
        misuses=("Training of the models that made it.",),
        limits=("Videos may hold the errors of the models; poses, if any, are estimated.",),
        biases=("Those of the models and of the prompts.",),
        personal="No person was recorded; models may have seen people in training.",
        impact="As of generated videos in general.",
        truth="Poses, where there are any, are estimated by a detector.",
        maintenance=_MAINTENANCE,
    )


def about(dataset: Dataset, shown: Callable[[str], str] = str) -> About:
    """Return the words for a data set's builder.

    Args:
        dataset: what they are about.
        shown: makes text from file names, which may be anything, harmless for who prints it.
    """
    words = {"procedural": _procedural, "adopt": _adopted, "generative": _generated}
    return words[dataset.info.builder](dataset, shown)
