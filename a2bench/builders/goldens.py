"""Golden frames: eight characters, four instants, all protocols; a few seconds to draw.

They tell in CI whether this machine, these libraries and this code still draw the released version,
without building it: `golden_digests.json` is written with the release and compared by a test.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from a2bench.parallel import in_processes
from a2bench.procedural import Character, Frame, MannequinScene, Scene, cast, split_order
from a2bench.records import PROTOCOLS, Protocol

GOLDENS = Path(__file__).with_name("golden_digests.json")
INSTANTS_SECONDS = (0.0, 1.3, 2.6, 3.875)
SCALE = 0.5
"""Of the 512x768 frame: the whole path, a quarter of the pixels."""

_CHARACTERS = 12
_DIGITS = 16


@cache
def golden_pairs() -> tuple[tuple[str, str], ...]:
    """Reference and driver ids, in the order of the splits: one character of each style, then one
    before a moving background, one with legs and no arms, and one without limbs.

    The driver of each is the one after it, so that all are driven and drive.
    """
    by_id = {character.id: character for character in cast()}
    first: dict[str, str] = {}
    for key in split_order():
        first.setdefault(by_id[key].style, key)
    chosen = list(first.values())
    drifting = {key for key in by_id if by_id[key].attributes["background_motion"] != "still"}
    armless = {key for key in by_id if by_id[key].body_plan == "legs without arms"}
    blobs = {key for key in by_id if by_id[key].body_plan == "blob"}
    for wanted in (drifting, armless, blobs):
        chosen.append(next(k for k in split_order() if k not in chosen and k in wanted))
    return tuple(zip(chosen, chosen[1:] + chosen[:1], strict=True))


def golden_digests(*, workers: int | None = 1, characters: int = _CHARACTERS) -> dict[str, str]:
    """Draw the golden frames; return `<protocol>/<id>@<seconds>` -> "<pixels> <pose> <masks>"."""
    tasks = [
        (protocol, reference, driver)
        for protocol in PROTOCOLS
        for reference, driver in golden_pairs()[:characters]
    ]
    found: dict[str, str] = {}
    for lines in in_processes(_of_case, tasks, workers=workers):
        found |= lines
    return dict(sorted(found.items()))


def released_goldens() -> tuple[str, dict[str, str]]:
    """Return version and digests of the committed file; version "unreleased" pins nothing."""
    found = json.loads(GOLDENS.read_text(encoding="utf-8"))
    return str(found["version"]), dict(found["frames"])


def _of_case(protocol: Protocol, reference_id: str, driver_id: str) -> dict[str, str]:
    people: dict[str, Character] = {character.id: character for character in cast()}
    reference, driver = people[reference_id], people[driver_id]
    scene: Scene | MannequinScene
    if protocol == "rescaled":
        scene = MannequinScene(reference)
    elif protocol == "cross":
        scene = Scene.cross_driven(reference, driver)
    else:
        scene = Scene.self_driven(reference)
    return {
        f"{protocol}/{reference_id}@{seconds:g}": " ".join(
            _parts(scene.frame(seconds, scale=SCALE))
        )
        for seconds in INSTANTS_SECONDS
    }


def _parts(frame: Frame) -> Iterator[str]:
    def digest(*arrays: npt.NDArray[np.generic]) -> str:
        state = hashlib.sha256()
        for array in arrays:
            state.update(np.ascontiguousarray(array).tobytes())
        return state.hexdigest()[:_DIGITS]

    hundredths = np.round(frame.joints * 100).astype("<i8")
    yaw = np.round(np.array([frame.yaw_degrees * 100])).astype("<i8")
    yield digest(frame.rgb)
    yield digest(hundredths, frame.visibility, yaw)
    yield digest(frame.parts, frame.undefined)
