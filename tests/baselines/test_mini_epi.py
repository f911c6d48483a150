"""The in-domain miniature: committed weights, run on a case of the demo."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from a2bench import pixels, plugins
from a2bench.masks import MaskClip
from a2bench.method import Inputs
from a2bench.pose.keypoints import ABSENT, PoseClip
from a2bench.procedural import Scene, cast
from a2bench.records import Size
from a2bench.region import scored_pixels
from a2bench.training.trained import read_record

FPS, FRAMES = 8, 32
SCORED = range(6, FRAMES, 5)
"""Instants that are looked at: 6 of 31, which is enough for a margin of decibels."""


@pytest.fixture(scope="module")
def card():
    return plugins.card("mini_epi")


@pytest.fixture(scope="module")
def folder(card) -> Path:
    found = plugins.weights_folder(card)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def method(card, folder):
    return plugins.method_class(card)("cpu", weights_folder=folder)


def character(species: str):
    return next(one for one in cast() if one.species == species)


def pose_of(scene: Scene, size: Size) -> PoseClip:
    """Key points of a scene's dance at the scoring instants, on a small frame."""
    frames = [scene.frame(i / FPS, scale=1 / 16) for i in range(FRAMES)]
    visibility = np.stack([frame.visibility for frame in frames])
    xy = np.stack([frame.joints[:, :2] for frame in frames]) * (size.width / 32)
    xy[visibility == ABSENT] = np.nan
    return PoseClip(xy, visibility, size.width, size.height, FPS)


def test_it_beats_the_still_picture_by_a_wide_margin_on_a_case_of_the_demo(method, card):
    """The fox dances what the tiger dances; both, and both moves, are new to it.

    Scored at half size by the benchmark's own PSNR and SSIM over the benchmark's own region.
    """
    fox, tiger = character("fox"), character("tiger")
    scene = Scene.cross_driven(fox, tiger)
    truth = [scene.frame(i / FPS, scale=0.5) for i in SCORED]
    first = Scene.self_driven(fox).frame(0.0, scale=0.5)
    size = card.native.size
    assert size is not None
    driver = Scene.self_driven(tiger)
    small = np.asarray(Image.fromarray(first.rgb).resize((size.width, size.height), 3))
    driving = np.stack([driver.frame(i / FPS, scale=1 / 8).rgb for i in range(FRAMES)])
    own = pose_of(Scene.self_driven(fox), size)[:1]
    inputs = Inputs(
        small, size, FRAMES, FPS, 0, frozenset(card.inputs_seen),
        {"pose": lambda: (pose_of(driver, size), own), "clip_of_rgb": lambda: driving},
    )  # fmt: skip

    answer = method(inputs)

    assert answer.shape == (FRAMES, size.height, size.width, 3)
    shown = np.stack([np.asarray(Image.fromarray(answer[i]).resize((256, 384), 3)) for i in SCORED])
    still = np.repeat(first.rgb[None], len(SCORED), axis=0)
    target = np.stack([frame.rgb for frame in truth])
    masks = MaskClip(
        np.stack([frame.mask for frame in truth]),
        np.stack([frame.undefined for frame in truth]),
        np.array([frame.yaw_degrees for frame in truth]),
    )
    scored = np.ascontiguousarray(scored_pixels(masks.foreground, masks.undefined))
    box = (slice(0, 384), slice(0, 256))
    ours, floor = (
        pixels.mean_squared_error_to_psnr(pixels.squared_error(one, target, scored, box).mean)
        for one in (shown, still)
    )
    assert ours > floor + 1.0


def test_it_follows_the_driver_and_keeps_the_character(method, card):
    """Another driver gives another dance; the same inputs give the same frames, whatever seed."""
    size = card.native.size
    fox, tiger, robot = (character(name) for name in ("fox", "tiger", "robot"))
    small = Scene.self_driven(fox).frame(0.0, scale=size.height / 768).rgb
    own = pose_of(Scene.self_driven(fox), size)[:1]

    def answer(driver, seed):
        scene = Scene.self_driven(driver)
        driving = np.stack([scene.frame(i / FPS, scale=1 / 16).rgb for i in range(4)])
        sources = {
            "pose": lambda: (pose_of(scene, size)[8:12], own),
            "clip_of_rgb": lambda: driving,
        }
        given = Inputs(small, size, 4, FPS, seed, frozenset(card.inputs_seen), sources)
        return method(given).astype(float)

    by_tiger = answer(tiger, 0)

    assert (answer(tiger, 5) == by_tiger).all()
    assert np.abs(answer(robot, 0) - by_tiger).mean() > 2


def test_nothing_calls_it_animate_x(card):
    """A block of its own, never ranked, and a name and title of its own."""
    assert not card.ranked
    assert card.block == "In-domain miniature"
    assert "animate" not in f"{card.name} {card.title}".lower()


def test_weights_and_their_records_lie_together(folder):
    """Under 10 MB; two runs on the training cast, the second from the first's end, in one hour."""
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 10e6
    seconds = 0.0
    for run in ("first_run_", ""):
        record = read_record(folder / f"{run}trained.json")
        last = json.loads((folder / f"{run}log.jsonl").read_text().splitlines()[-1])
        assert record.settings["data"]["provider"] == "training_cast"
        assert last["step"] == record.steps
        seconds += last["seconds"]
    assert seconds < 3600
