"""Prompts become a data set by tiny random pipelines of diffusers' real classes, and resume."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from a2bench.builders.estimated_poses import Networks, networks
from a2bench.cli.hydra_verbs import CONF, help_text
from a2bench.cli.tasks import BUILD, parse_size
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.generation.build import Outcome, build
from a2bench.generation.pipelines import check_call, check_folder
from a2bench.generation.plan import Plan, plan_lines, prepare
from a2bench.generation.prompts import GRAMMAR, committed_prompts
from a2bench.generation.settings import (
    AccurateRule,
    PipelineSettings,
    Thresholds,
    VideoSettings,
)
from a2bench.verify import verify_dataset
from a2bench.video import probe, read_image
from tests.generation import tiny_pipelines
from tests.generation.conftest import rows_of
from tests.pose import dwpose_models

Cli = Callable[..., subprocess.CompletedProcess[str]]

DEFAULTS = yaml.safe_load((CONF / "build/dataset/generative.yaml").read_text())
PRESETS = sorted(
    path.relative_to(CONF / "build").with_suffix("").as_posix()
    for group in ("text_to_image", "image_to_video")
    for path in (CONF / "build" / group).glob("*.yaml")
)

LOOSE = {
    "pose_share": 0.0, "pose_confidence": 0.0, "pose_jitter": 100.0, "one_subject": 0.0,
    "identity_colour": 0.0, "identity_clip": 0.0, "motion_least": 0.0, "motion_most": 1000.0,
    "cut": 1.0,
}  # fmt: skip
"""Random weights make noise: here every candidate that has a pose passes."""


def preset(name: str, **changes: object) -> Any:
    """A preset as the command line reads it."""
    listed = yaml.safe_load((CONF / "build" / f"{name}.yaml").read_text()) | changes
    listed.pop("folder")
    if isinstance(listed["size"], str):
        listed["size"] = parse_size(listed["size"])
    kind = VideoSettings if "frames" in listed else PipelineSettings
    return kind.model_validate(listed)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_calls_what_the_installed_release_takes(name: str) -> None:
    check_call(name, preset(name))


def test_the_help_has_every_preset_and_its_keys() -> None:
    text = help_text(BUILD)
    for name in PRESETS:
        group, _, one = name.partition("/")
        assert re.search(rf"^  {group}=.*\b{one}\b", text, flags=re.MULTILINE), name
        for key in yaml.safe_load((CONF / "build" / f"{name}.yaml").read_text()):
            assert re.search(rf"^  {group}.KEY=.*\b{key}\b", text, flags=re.MULTILINE), key


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `flux` and `wan` in the hub's layout, and DWPose's two networks."""
    folder = tmp_path_factory.mktemp("models")
    tiny_pipelines.save_flux(folder / "flux")
    tiny_pipelines.save_wan(folder / "wan")
    dwpose_models.bright_detector(folder / "detector.onnx")
    dwpose_models.bright_estimator(folder / "estimator.onnx", spread=0.1)
    return folder


def seen_by(models: Path) -> Networks:
    found, _ = networks(
        "dwpose",
        detector=models / "detector.onnx",
        estimator=models / "estimator.onnx",
        device="cpu",
    )
    assert found is not None
    return found


TINY_PICTURES = {"dtype": "float32", "offload": None, "size": "64x64"}
TINY_VIDEOS = TINY_PICTURES | {"frames": 5, "fps": 16, "float32": []}


def planned(models: Path, **changes: object) -> Plan:
    """Two prompts, two candidates each: 64 x 64 px, 5 frames at 16 Hz, one step."""
    pictures = preset("text_to_image/flux_schnell", **TINY_PICTURES)
    videos = preset("image_to_video/wan2_1_i2v_14b", **TINY_VIDEOS)
    steps = {"num_inference_steps": 1}
    given = {
        "name": "tiny", "version": "1.0.0", "prompts": committed_prompts()[:2],
        "prompt_source": GRAMMAR, "per_prompt": 2, "seed": 0,
        "motion_prompt": DEFAULTS["motion_prompt"],
        "text_to_image": pictures.model_copy(
            update={"call": pictures.call | steps | {"max_sequence_length": 16}}
        ),
        "image_to_video": videos.model_copy(update={"call": videos.call | steps}),
        "folders": {"text_to_image": models / "flux", "image_to_video": models / "wan"},
        "made": None, "fps": 8.0, "frames": 2, "networks": seen_by(models), "device": "cpu",
        "identity": "colour", "limits": Thresholds(**LOOSE),
        "accurate": AccurateRule(**DEFAULTS["accurate"]),
    }  # fmt: skip
    return prepare(**(given | changes))  # type: ignore[arg-type]


WORDS = (
    "build", "dataset=generative", "name=tiny", "count=2", "candidates=2", "device=cpu",
    "identity=colour", "frames=2", "review=none", "text_to_image=flux_schnell",
    "text_to_image.offload=null", "text_to_image.dtype=float32", "text_to_image.size=64x64",
    "text_to_image.call.num_inference_steps=1", "text_to_image.call.max_sequence_length=16",
    "image_to_video.offload=null", "image_to_video.dtype=float32", "image_to_video.size=64x64",
    "image_to_video.frames=5", "image_to_video.fps=16", "image_to_video.float32=[]",
    "image_to_video.call.num_inference_steps=1", "workers=1",
    *(f"screening.{name}={value}" for name, value in LOOSE.items()),
)  # fmt: skip

INLINE = """
class Inline:
    summary = "this process, which stops after some jobs"
    left = 10**9

    def run(self, jobs, make_worker, *, workers=None):
        worker = make_worker("cpu")
        for job in jobs:
            if Inline.left == 0:
                raise KeyboardInterrupt
            Inline.left -= 1
            yield worker(job)


RUNNER = Inline()
"""


@pytest.fixture
def inline(plugin_folder: Path) -> Any:
    """A back end in this process; `left` jobs until it is interrupted."""
    (plugin_folder / "runners" / "inline.py").write_text(INLINE)
    from a2bench import plugins

    return type(plugins.runner("inline"))


def built(home: Path, models: Path) -> Outcome:
    return build(home, planned(models), answers="none", runner="inline", workers=1)


@pytest.mark.filterwarnings("ignore")  # of diffusers and transformers, about their own parts
def test_a_build_interrupted_at_any_stage_ends_as_one_that_was_not(
    models: Path, inline: Any, tmp_path: Path, cli: Cli
) -> None:
    """Stopped in the pictures, in the videos and in the screening; the last part by the CLI."""
    whole = built(tmp_path / "whole", models)
    assert whole.dataset is not None
    assert whole.failures == {}

    home = tmp_path / "stopped"
    for left in (2, 3, 4):  # 4 pictures, 4 videos, 4 screenings: stops at 2, 5, 9
        inline.left = left
        with pytest.raises(KeyboardInterrupt):
            built(home, models)
        work = home / "generation" / "tiny" / "1.0.0"
        assert not (home / "datasets").exists()
        # as a kill in the middle of writing would leave it
        (work / "videos" / "p0002-c1.mp4").unlink(missing_ok=True)
    assert len(list((work / "screening").glob("*.json"))) == 1
    done = cli(
        *WORDS, f"home={home}", f"text_to_image.folder={models / 'flux'}",
        f"image_to_video.folder={models / 'wan'}", f"detector={models / 'detector.onnx'}",
        f"estimator={models / 'estimator.onnx'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = Dataset.find(home, "tiny")
    assert found.digest("full") == whole.dataset.digest("full")
    for name in ("manifest.jsonl", "candidates.csv", "generation.json", "dataset.json"):
        assert (found.folder / name).read_bytes() == (whole.dataset.folder / name).read_bytes()
    assert not verify_dataset(found.folder, workers=1).problems

    # what it is made of
    assert set(rows_of(found.folder / "candidates.csv")) == {
        "p0001-c0", "p0001-c1", "p0002-c0", "p0002-c1",
    }  # fmt: skip
    assert "FluxPipeline black-forest-labs/FLUX.1-schnell main" in found.info.build["text_to_image"]
    assert "float32 offload none" in found.info.build["image_to_video"]
    assert found.info.licence.startswith("made by models under Apache-2.0 (black-forest-labs/")
    video = probe(work / "videos" / "p0001-c0.mp4")
    assert (video.width, video.height, video.frames, video.fps) == (64, 64, 5, 16)
    # other seeds, other pictures
    first, second = (read_image(work / "pictures" / f"p0001-c{n}.png") for n in (0, 1))
    assert np.abs(first.astype(int) - second.astype(int)).max() > 0

    # what a plan says now, and what another setting would do
    lines = plan_lines(home, planned(models))
    assert lines[1].startswith("text_to_image: 0 pictures to make, 4 done; ")
    with pytest.raises(A2BenchError, match=r"other settings lie there \(differs in: seed\)"):
        build(home, planned(models, seed=1), answers="none", runner="inline", workers=1)


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path, cli: Cli) -> None:
    done = cli(
        "build", "dataset=generative", f"home={tmp_path / 'home'}",
        A2BENCH_WEIGHTS=str(tmp_path / "weights"),
    )  # fmt: skip
    assert done.returncode == 2
    for line in (
        "hint: a2bench fetch dwpose",
        f"hint: hf download Qwen/Qwen-Image --local-dir {tmp_path / 'weights' / 'Qwen-Image'}",
        "hint: hf download Wan-AI/Wan2.1-I2V-14B-480P-Diffusers --local-dir",
        "identity=clip: weights",
    ):
        assert line in done.stderr, line
    assert not (tmp_path / "home").exists()


def test_a_clip_shorter_than_the_truth_is_refused_before_anything_runs(models: Path) -> None:
    """5 frames at 16 Hz last 0.31 s; 32 frames at 8 Hz need 3.94 s."""
    with pytest.raises(A2BenchError, match=r"last 0.31 s, a truth of 32 .* needs 3.94 s"):
        planned(models, frames=32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": "{sentence}"}, r"call.prompt=\{sentence\}: expected one of"),
        ({"steps": 3}, "takes no steps; it takes prompt"),
        ({"generator": None}, r"no argument is \{generator\}"),
    ],
)
def test_a_call_map_is_held_against_the_signature(change: dict[str, object], said: str) -> None:
    settings = preset("text_to_image/flux_schnell")
    wrong = settings.model_copy(update={"call": settings.call | change})
    with pytest.raises(A2BenchError, match=said):
        check_call("text_to_image", wrong)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("diffusers.NoSuchPipeline", "cannot be imported"),
        ("no_such_package.Pipeline", "cannot be imported"),
        ("subprocess.Popen", "not a pipeline of diffusers"),
    ],
)
def test_only_pipelines_are_made(target: str, said: str) -> None:
    settings = preset("text_to_image/flux_schnell", _target_=target)
    with pytest.raises(A2BenchError, match=said):
        check_call("text_to_image", settings)


def _index(**changes: object) -> str:
    return json.dumps(
        {"_class_name": "FluxPipeline", "vae": ["diffusers", "AutoencoderKL"]} | changes
    )


def _write(name: str, text: str = "x") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return write


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "model_index.json").unlink(), r"hint: hf download black-forest"),
        (_write("model_index.json", "{"), "not JSON"),
        (_write("model_index.json", "[]"), "a pipeline of class 'list', expected FluxPipeline"),
        (_write("model_index.json", _index(_class_name="Evil")), "of class 'Evil', expected Flux"),
        (_write("model_index.json", _index(vae=["evil", "X"])), "'vae' is of 'evil'; only classes"),
        (_write("model_index.json", _index(vae=["../x", "X"])), "only classes of diffusers"),
        (_write("vae/evil.py"), r"evil.py: code in a folder of weights is never run"),
        (_write("vae/weights.bin"), r"weights.bin: a pickle; tensors are read from safetensors"),
        (lambda folder: (folder / "out").symlink_to("/etc/hostname"), "out: a link that leaves"),
        (lambda folder: (folder / "dir").symlink_to("/etc"), "dir: a link that leaves"),
    ],
)
def test_a_hostile_folder_of_weights_is_refused_before_it_is_opened(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    folder = tmp_path / "flux"
    folder.mkdir()
    (folder / "model_index.json").write_text(_index())
    check_folder("text_to_image", preset("text_to_image/flux_schnell"), folder)
    spoil(folder)
    with pytest.raises(A2BenchError, match=said):
        check_folder("text_to_image", preset("text_to_image/flux_schnell"), folder)


def test_a_snapshot_of_the_hubs_cache_may_link_to_its_blobs(tmp_path: Path) -> None:
    root = tmp_path / "models--a--b"
    (root / "blobs").mkdir(parents=True)
    (root / "blobs" / "1").write_text(_index())
    folder = root / "snapshots" / "0123abcd"
    folder.mkdir(parents=True)
    (folder / "model_index.json").symlink_to("../../blobs/1")
    check_folder("text_to_image", preset("text_to_image/flux_schnell"), folder)
