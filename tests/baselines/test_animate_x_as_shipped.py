"""Animate-X behind its released pre-processing: small random networks, the way from end to end."""

import json
import shutil

import numpy as np
import pytest

from a2bench import plugins
from a2bench.baselines.animate_x import prepare
from a2bench.errors import A2BenchError
from a2bench.pose.drawing import draw_pose
from a2bench.records import Result
from a2bench.settings import files_of
from a2bench.tracks import on_track, parse_track
from tests.baselines import animate_x_tiny as tiny
from tests.pose import dwpose_models as models

NAME = "animate_x_random_tiny"

CARD = """
name: {name}
title: Random weights (not Animate-X)
summary: A small network of Animate-X's build with random weights; tests the way, shows nothing.
kind: in_process
entry: RandomTiny
inputs_seen: {seen}
tracks: [{track}]
weights_folder: {folder}
stochastic: true
native: {{fps: 8}}
output: {{spatial: {{fit: stretch}}}}
"""

CODE = """
from a2bench.baselines.{module} import {base}


class RandomTiny({base}):
    weights = "random"
    steps = 1
"""

SHIPPED = ("animate_x_as_shipped", "AnimateXAsShipped", "[driving_rgb, clip_of_rgb]", "as_shipped")


@pytest.fixture(scope="module")
def weights_folder(tmp_path_factory):
    """A small pipeline; `seeing` and `blind` have networks of DWPose beside it."""
    root = tmp_path_factory.mktemp("weights")
    for name in ("seeing", "blind"):
        tiny.pipeline().save_pretrained(root / name)
        (root / name / "dwpose").mkdir()
        models.bright_detector(root / name / "dwpose" / "yolox_l.onnx")
    models.bright_estimator(root / "seeing" / "dwpose" / "dw-ll_ucoco_384.onnx")
    nothing = np.zeros((133, 576)), np.zeros((133, 768))
    models.constant_estimator(root / "blind" / "dwpose" / "dw-ll_ucoco_384.onnx", *nothing)
    return root


@pytest.fixture
def cards(plugin_folder, weights_folder):
    for name, folder, (module, base, seen, track) in (
        (NAME, "seeing", ("animate_x", "AnimateX", "[pose, clip_of_rgb]", "given_pose")),
        (f"{NAME}_as_shipped", "seeing", SHIPPED),
        ("blind_as_shipped", "blind", SHIPPED),
    ):
        card = CARD.format(name=name, seen=seen, track=track, folder=weights_folder / folder)
        (plugin_folder / "baselines" / f"{name}.yaml").write_text(card, encoding="utf-8")
        code = CODE.format(module=module, base=base)
        (plugin_folder / "baselines" / f"{name}.py").write_text(code, encoding="utf-8")
    return plugin_folder


def results(home, name):
    return [
        Result.model_validate(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(home.glob(f"runs/main/predictions/*/*/*/{name}/*/*.json"))
    ]


def test_the_track_as_shipped_runs_and_is_scored_on_its_own(cards, tiny_home, tmp_path, cli):
    """`track=` finds the method's card; where nobody is seen a case fails with its kind."""
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    words = ["dataset=a2bench-proc-tiny", "split=smoke", "protocol=self", f"home={home}"]
    words += ["track=as_shipped", "workers=1", "seeds=1"]
    done = cli("run", f"method=[{NAME},blind_as_shipped,still]", *words)
    assert "8 predictions made" in done.stdout, done.stdout + done.stderr
    made = results(home, f"{NAME}_as_shipped")
    assert [result.status for result in made] == ["ok"] * 4
    assert not results(home, NAME)
    failed = results(home, "blind_as_shipped")
    assert {result.failure for result in failed} == {"no_pose_driving"}
    assert "no body point in any of 32 driving frames" in failed[0].reason
    scored = cli("score", f"method=[{NAME},still]", *words, COLUMNS="200")
    assert scored.returncode == 0, scored.stderr
    assert "as shipped" in scored.stdout
    refused = cli("score", f"method={NAME}_as_shipped", *words, "track=given_pose")
    assert refused.returncode == 2
    assert "hint: track=as_shipped" in refused.stderr


def test_a_name_means_its_card_for_a_track(cards):
    assert on_track(NAME, "given_pose") == NAME
    assert on_track(NAME, "as_shipped") == f"{NAME}_as_shipped"
    assert on_track("animate_x", "as_shipped") == "animate_x_as_shipped"
    assert on_track("still", "as_shipped") == "still"
    assert on_track("brought_videos", "as_shipped") == "brought_videos"
    with pytest.raises(A2BenchError, match="'puppet_warp' does not stand in track as_shipped"):
        on_track("puppet_warp", "as_shipped")
    with pytest.raises(A2BenchError, match="track 'mixed': expected given_pose or as_shipped"):
        parse_track("mixed")


def test_the_front_end_decides_a_prediction():
    """Detector, drawing and the model's package are in the fingerprint."""
    names = set(files_of(plugins.card("animate_x_as_shipped")))
    assert {"detector.py", "estimator.py", "wholebody.py"} <= {
        name.split("/")[-1] for name in names
    }
    assert any(name.endswith("unet.py") for name in names)


def test_pictures_drawn_elsewhere_are_what_the_network_is_shown():
    pipeline = tiny.pipeline()
    clip = tiny.clip(2)
    arguments = clip.reference_image, clip.driving_frames, clip.poses
    drawn = draw_pose(clip.poses)
    own = pipeline(*arguments)
    assert (pipeline(*arguments, pose_pictures=drawn) == own).all()
    assert (pipeline(*arguments, pose_pictures=255 - drawn) != own).any()
    with pytest.raises(A2BenchError, match="1 pose pictures with key points of 2 frames"):
        pipeline(*arguments, pose_pictures=drawn[:1])


def test_a_driving_frame_goes_through_a_jpeg():
    """Smooth pictures come back within a few levels, noise does not come back as it was."""
    smooth = np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None].repeat(64, 0).repeat(3, 2)
    assert np.abs(prepare.through_jpeg(smooth).astype(int) - smooth).max() <= 4
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert (prepare.through_jpeg(noise) != noise).any()


def test_a_folder_without_networks_takes_those_of_the_weight_table(tmp_path, monkeypatch, cards):
    tiny.pipeline().save_pretrained(tmp_path / "mine")
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "empty"))
    method = plugins.method_class(plugins.card(f"{NAME}_as_shipped"))
    with pytest.raises(A2BenchError, match=r"yolox_l\.onnx is absent"):
        method("cpu", tmp_path / "mine")
