"""Animate-X through `a2bench run`, with small random weights under a name that says so."""

import json
import shutil

import pytest

from a2bench import plugins
from a2bench.records import Result
from a2bench.settings import files_of
from a2bench.worker import loaded_method
from tests.baselines import animate_x_tiny as tiny

NAME = "animate_x_random_tiny"

CARD = f"""
name: {NAME}
title: Random weights (not Animate-X)
summary: A small network of Animate-X's build with random weights; tests the way, shows nothing.
kind: in_process
entry: RandomTiny
inputs_seen: [pose, clip_of_rgb]
tracks: [given_pose]
stochastic: true
batch_size: 2
native: {{size: {{width: 64, height: 96}}, fps: 8}}
weights_folder: ../../weights
"""

CLASS = """
from a2bench.baselines.animate_x import AnimateX


class RandomTiny(AnimateX):
    weights = "random"
    steps = 1
"""


@pytest.fixture
def card(plugin_folder, tmp_path):
    tiny.pipeline().save_pretrained(tmp_path / "weights")
    folder = plugin_folder / "baselines"
    (folder / f"{NAME}.yaml").write_text(CARD, encoding="utf-8")
    (folder / f"{NAME}.py").write_text(CLASS, encoding="utf-8")
    return folder / f"{NAME}.yaml"


def results(home, name):
    return [
        Result.model_validate(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(home.glob(f"runs/main/predictions/*/*/*/{name}/*/*.json"))
    ]


def test_random_weights_animate_a_reference_from_end_to_end(card, tiny_home, tmp_path, cli):
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    words = ["dataset=a2bench-proc-tiny", "split=smoke", "protocol=self", f"home={home}"]
    done = cli("run", f"method={NAME}", *words, "seeds=1", "workers=1")
    assert done.returncode == 0, done.stderr
    assert "4 predictions made" in done.stdout
    assert {result.method for result in results(home, NAME)} == {NAME}
    scored = cli("score", f"method={NAME}", *words, "seeds=1", "workers=1", COLUMNS="200")
    assert scored.returncode == 0, scored.stderr
    assert "Random weights (not Animate-X)" in scored.stdout


def test_the_random_weights_are_refused_under_the_models_own_name(card):
    code = card.with_suffix(".py")
    code.write_text(code.read_text().replace('    weights = "random"\n', ""), encoding="utf-8")
    with pytest.raises(Exception, match="holds random weights, RandomTiny stands for released"):
        loaded_method(plugins.card(NAME), "cpu")


def test_without_weights_a_run_says_what_to_type(card, tiny_home, tmp_path, cli):
    card.write_text(CARD + "weights: [animate_x_unet]\n", encoding="utf-8")
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    words = ["dataset=a2bench-proc-tiny", "split=smoke", "protocol=self", f"home={home}"]
    empty = str(tmp_path / "empty")
    done = cli("run", f"method={NAME}", *words, "seeds=1", "workers=1", A2BENCH_WEIGHTS=empty)
    assert done.returncode == 1
    assert "absent: `a2bench fetch animate_x_unet`" in done.stdout
    assert "4 skipped" in done.stdout
    assert {(result.status, result.failure) for result in results(home, NAME)} <= {
        ("skipped", "missing_weights")
    }
    listed = cli("ls", "methods", A2BENCH_WEIGHTS=empty)
    row = next(line for line in listed.stdout.splitlines() if line.startswith("animate_x "))
    assert "needs weights" in row
    assert row.endswith("a2bench fetch animate_x")


def test_all_files_of_the_package_decide_a_prediction():
    names = files_of(plugins.card("animate_x"))
    assert {f"animate_x/{name}.py" for name in ("unet", "layers", "sampler", "prepare")} <= set(
        names
    )
    assert {"drawing.py", "keypoints.py"} <= set(names)


def test_a_subclass_elsewhere_depends_on_the_package_too(card):
    assert "unet.py" in files_of(plugins.card(NAME))


def test_a_model_without_the_indicator_does_not_look_at_the_drivers_frames(tiny_home):
    """Its card says `pose` alone, and looking at more is refused."""
    from a2bench.answers import case_inputs, native_grid
    from a2bench.baselines.animate_x.method import TrainedAnimateX
    from a2bench.dataset import Dataset
    from a2bench.records import MethodCard, Request

    dataset = Dataset.find(tiny_home, "a2bench-proc-tiny")
    case = dataset.cases("self", "smoke")[0]
    method = object.__new__(TrainedAnimateX)
    method.pipeline = tiny.pipeline()
    for seen, looked in ((("pose",), False), (("pose", "clip_of_rgb"), True)):
        card = MethodCard(
            name="toy", title="Toy", summary="t", kind="precomputed", inputs_seen=seen
        )
        request = Request(
            method="toy", dataset=str(dataset.folder.absolute()), case=case, seed=0, prompt="",
            output="out.mp4", fingerprint="sha256:" + "0" * 64,
        )  # fmt: skip
        inputs = case_inputs(dataset, card, request, native_grid(card, request))

        assert (method._clip(inputs).driving_frames is not None) == looked
