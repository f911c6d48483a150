"""The training loop: it learns, it goes on exactly where it was ended, it says what is wrong."""

import dataclasses
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from a2bench.baselines.animate_x.training import AnimateXTrainer
from a2bench.errors import A2BenchError
from a2bench.training import checkpoint
from a2bench.training.loop import Outcome, Settings, train
from tests.training.small import OPTIONS, MadeUpClips

SETTINGS = Settings(steps=5, batch_size=2, checkpoint_every=2, device="cpu", average=0.9)


def run(folder: Path, settings: Settings = SETTINGS, **options: object):
    """Train as a new process would: nothing is shared but the folder."""
    trainer = AnimateXTrainer({**OPTIONS, **options}, MadeUpClips(), seed=settings.seed)
    return trainer, train(trainer, MadeUpClips(), settings, folder, label="test")


def losses(folder: Path) -> list[tuple[int, float]]:
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [(line["step"], line["loss"]) for line in map(json.loads, lines)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory):
    """A run that nobody ended: folder and trainer."""
    folder = tmp_path_factory.mktemp("whole")
    trainer, outcome = run(folder)
    assert outcome.step == 5
    assert outcome.ended == "steps"
    return folder, trainer


def test_every_step_is_logged_with_loss_gradient_and_rates(whole):
    folder, _ = whole
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]

    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert all(line["gradient_norm"] > 0 for line in lines)
    assert {key for line in lines for key in line if "/" in key} == {
        "learning_rate/indicator",
        "learning_rate/rest",
    }


def test_a_run_that_dies_goes_on_with_the_same_losses_and_weights(whole, tmp_path, monkeypatch):
    """Died in step 5, after the checkpoint of step 4 and, worse, in the middle of a log line."""

    class Died(BaseException):
        """As a power cut: nothing is caught or saved."""

    whole_folder, whole_trainer = whole
    calls = iter(range(1, 100))

    forward = type(whole_trainer.module).forward

    def dies(module, batch):
        if next(calls) == 5:
            raise Died
        return forward(module, batch)

    with monkeypatch.context() as patch:
        patch.setattr(type(whole_trainer.module), "forward", dies)
        with pytest.raises(Died):
            run(tmp_path)
    with (tmp_path / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"step": 5, "lo')
    trainer, outcome = run(tmp_path)

    assert losses(tmp_path) == losses(whole_folder)  # bit for bit
    assert outcome.step == 5
    again, before = trainer.module.state_dict(), whole_trainer.module.state_dict()
    assert all(torch.equal(again[name], before[name]) for name in before)


def test_being_asked_to_stop_saves_the_step_and_ends(whole, tmp_path, monkeypatch):
    whole_folder, whole_trainer = whole

    forward = type(whole_trainer.module).forward

    def asks(module, batch):
        os.kill(os.getpid(), signal.SIGTERM)
        return forward(module, batch)

    with monkeypatch.context() as patch:
        patch.setattr(type(whole_trainer.module), "forward", asks)
        _, outcome = run(tmp_path)

    assert (outcome.step, outcome.ended) == (1, "signal")
    assert [folder.name for folder in checkpoint.folders(tmp_path)] == ["00000001"]
    run(tmp_path)
    assert losses(tmp_path) == losses(whole_folder)


def test_a_run_whose_time_is_over_saves_and_ends(whole, tmp_path):
    """No time at all: nothing is done, and a later run with time is as if this one had not been."""
    _, outcome = run(tmp_path, dataclasses.replace(SETTINGS, minutes=1e-9))
    assert (outcome.step, outcome.ended) == (0, "minutes")
    run(tmp_path)
    assert losses(tmp_path) == losses(whole[0])


def test_a_batch_in_parts_is_the_batch(whole, tmp_path):
    """Gradients of halves average to the whole's: the first two losses agree to rounding.

    Dropout is drawn a call, so the pose encoder's is switched off for this by its probability.
    """
    folder, _ = whole
    run(tmp_path, dataclasses.replace(SETTINGS, steps=1, accumulation=2))

    (_, first), (_, parted) = losses(folder)[0], losses(tmp_path)[0]
    # the drawn network answers 0 whatever dropout does, so step 1 is exact up to summation order
    assert parted == pytest.approx(first, rel=1e-6)


def test_it_learns(tmp_path):
    """At time 500 nearly all of v can be read off the noisy latents: the error falls at once."""
    drops = {"everything": 0.0, "nothing": 1.0}
    settings = dataclasses.replace(SETTINGS, steps=12, batch_size=1, checkpoint_every=100)
    run(tmp_path, settings, times=[500], drops=drops, learning_rate=1e-2)

    curve = [loss for _, loss in losses(tmp_path)]
    assert curve[-1] < 0.5 * curve[0]


def test_what_is_saved_is_the_moving_average(tmp_path):
    settings = dataclasses.replace(SETTINGS, steps=2, average=0.0)
    trainer, _ = run(tmp_path, settings)
    latest = checkpoint.folders(tmp_path)[-1]
    weights, average = (load_file(latest / f"{name}.safetensors") for name in ("model", "average"))
    names = checkpoint.learned(trainer.module)
    # a decay of 0 forgets everything but the newest weights, up to the rounding of a difference
    assert all(torch.allclose(weights[name], average[name], atol=1e-6) for name in names)
    assert all(torch.equal(trainer.module.state_dict()[name], average[name]) for name in names)


def test_only_the_newest_checkpoints_are_kept(whole):
    assert [folder.name for folder in checkpoint.folders(whole[0])] == ["00000004", "00000005"]


def test_a_damaged_checkpoint_is_named(whole, tmp_path):
    shutil.copytree(whole[0] / "checkpoints", tmp_path / "checkpoints")
    broken = tmp_path / "checkpoints" / "00000005" / "model.safetensors"
    broken.write_bytes(broken.read_bytes()[:100])
    with pytest.raises(A2BenchError, match="not a whole safetensors file"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, "steps=0"),
        ({"precision": "fp8"}, "precision: 'fp8'"),
        ({"schedule": "linear"}, "schedule: 'linear'"),
        ({"log_with": ("tensorbord",)}, "Did you mean 'tensorboard'"),
        ({"average": 1.0}, "average=1.0"),
        ({"device": "cuda:9"}, "device=cuda:9"),
    ],
)
def test_settings_that_cannot_be_are_named(change, said):
    with pytest.raises(A2BenchError, match=said):
        dataclasses.replace(SETTINGS, **change)


def test_a_batch_that_parts_cannot_share_is_refused(tmp_path):
    with pytest.raises(A2BenchError, match="hint: batch_size=4"):
        run(tmp_path, dataclasses.replace(SETTINGS, batch_size=3, accumulation=2))


def test_learning_rates_warm_up_and_fall():
    """Two steps of warm-up, then half a cosine over the other four."""
    settings = dataclasses.replace(SETTINGS, steps=6, schedule="cosine", warmup_steps=2)
    half = 0.5 * (1 + 2**-0.5)
    expected = [0.5, 1.0, 1.0, half, 0.5, 1 - half]
    assert [settings.rate(step) for step in range(1, 7)] == pytest.approx(expected)


def test_tensorboard_gets_losses_and_pictures(tmp_path):
    settings = dataclasses.replace(SETTINGS, steps=1, sample_every=1, log_with=("tensorboard",))
    _, outcome = run(tmp_path, settings)

    assert isinstance(outcome, Outcome)
    assert list((tmp_path / "test").glob("events.out.tfevents*"))
    with Image.open(tmp_path / "samples" / "00000001.png") as grid:
        # 3 clips below each other; reference, truth, answer of 64 px for each of 2 frames
        assert grid.size == (2 * 3 * 64, 3 * 64)


def test_an_absent_tracker_is_named_before_anything_starts(tmp_path):
    with pytest.raises(A2BenchError, match="log_with=trackio: it is not installed"):
        run(tmp_path, dataclasses.replace(SETTINGS, log_with=("trackio",)))
    assert not (tmp_path / "log.jsonl").exists()
