"""What the look of the cast costs and where it breaks.

`python benchmarks/cast_look.py arms`: how much of an arm appears at once where it changes from
behind the body to before it (or back). `... bytes`: kB a sample with and without textures and
drift. `... neighbours`: the two characters that look most alike. Each takes every tenth character
(`neighbours`: all), or every Nth with a second argument.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import skia

from a2bench.builders.neighbours import distances, thumbnail
from a2bench.procedural import Character, PartId, Scene, cast
from a2bench.procedural.backgrounds import TEXTURES
from a2bench.procedural.figure import Figure
from a2bench.procedural.scene import canvas_of
from a2bench.video import write_png, write_truth

ARMS = (int(PartId.RIGHT_ARM), int(PartId.LEFT_ARM))
SECONDS, HZ = 4.0, 12.0


def figure_at(scene: Scene, time_seconds: float) -> Figure:
    """The parts of a figure, without drawing them."""
    return scene._figure(time_seconds, scene.posture(time_seconds), scene._dance)


def in_front(figure: Figure) -> dict[int, bool]:
    """Whether each arm is before the body."""
    found: dict[int, bool] = {}
    for part in figure.pen.parts:
        if int(part.part) in ARMS:
            found.setdefault(int(part.part), part.depth > 0)
    return found


def arm_pixels(scene: Scene, figure: Figure, arm: int) -> npt.NDArray[np.bool_]:
    """Where an arm is seen, at a quarter of the size."""
    pixels, surface = canvas_of(128, 192)
    canvas = surface.getCanvas()
    canvas.scale(0.25, 0.25)
    canvas.translate(scene.camera.shift_x, scene.camera.shift_y)
    canvas.scale(scene.camera.scale, scene.camera.scale)
    for part in sorted(figure.pen.parts, key=lambda part: part.depth):
        if part.path is not None:
            colour = skia.ColorSetARGB(255, int(part.part), 0, 0)
            canvas.drawPath(part.path, skia.Paint(AntiAlias=False, Color=colour))
    del surface
    return np.asarray(pixels[..., 0] == arm)


def changes(character: Character) -> list[float]:
    """For each change of side: the share of the arm that appears or vanishes at once."""
    scene = Scene.self_driven(character)
    shares = []
    before = in_front(figure_at(scene, 0.0))
    for step in range(1, int(SECONDS * HZ)):
        now = in_front(figure_at(scene, step / HZ))
        for arm in now:
            if now[arm] == before[arm]:
                continue
            low, high = (step - 1) / HZ, step / HZ
            for _ in range(7):
                middle = (low + high) / 2
                same = in_front(figure_at(scene, middle))[arm] == before[arm]
                low, high = (middle, high) if same else (low, middle)
            seen = [arm_pixels(scene, figure_at(scene, t), arm) for t in (low, high)]
            area = max(1, *(int(one.sum()) for one in seen))
            shares.append(int((seen[0] ^ seen[1]).sum()) / area)
        before = now
    return shares


def kilobytes(character: Character) -> tuple[float, float]:
    """Video and reference image."""
    scene = Scene.self_driven(character)
    frames = np.stack([scene.frame(index / 8).rgb for index in range(32)])
    with tempfile.TemporaryDirectory() as folder:
        video, picture = Path(folder, "video.mp4"), Path(folder, "reference.png")
        write_truth(video, frames, 8, storage="lossless")
        write_png(picture, frames[0])
        return video.stat().st_size / 1e3, picture.stat().st_size / 1e3


def main(what: str, every: int) -> None:
    """Print one of the three."""
    people = cast()[::every]
    if what == "arms":
        shares = [share for c in people if c.has_arms for share in changes(c)]
        print(
            f"{len(shares)} changes; over a quarter of the arm: {sum(s > 0.25 for s in shares)}, "
            f"over half: {sum(s > 0.5 for s in shares)}, median {np.median(shares):.2f}"
        )
    elif what == "bytes":
        textured = [c for c in people if c.background in TEXTURES]
        moving = [c for c in people if c.attributes["background_motion"] != "still"]
        rich = np.array([kilobytes(c) for c in textured])
        drifting = np.array([kilobytes(c) for c in moving])
        still = np.array(
            [
                kilobytes(replace(c, attributes=c.attributes | {"background_motion": "still"}))
                for c in moving
            ]
        )
        TEXTURES.clear()
        plain = np.array([kilobytes(c) for c in textured])
        print(f"texture, {len(textured)} samples: {(rich - plain).mean(axis=0)} kB more")
        print(f"drift, {len(moving)} samples: {(drifting / still)[:, 0]} times the video")
    else:
        frames = [Scene.self_driven(c).frame(0.0, scale=0.25) for c in cast()]
        apart = distances(np.stack([thumbnail(f.rgb, f.mask.astype(np.float64)) for f in frames]))
        first, second = divmod(int(apart.argmin()), len(apart))
        print(f"{apart.min():.3f} {cast()[first].id} {cast()[second].id}")
        print(f"median distance to the nearest: {np.median(apart.min(axis=1)):.3f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10)
