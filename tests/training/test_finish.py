"""Convolutions over decoded pictures: learned beside the network, from its answers."""

import numpy as np
import pytest
import torch

from a2bench.baselines.animate_x import AnimateXPipeline
from a2bench.baselines.animate_x.training import AnimateXTrainer
from a2bench.baselines.animate_x.training.pictures import picture_loss
from tests.training.small import OPTIONS, MadeUpClips

PATCHES = {"kind": "patch", "patch": 8, "channels": 4, "pictures": 3}


def trainer(finish, **options):
    return AnimateXTrainer(
        {**OPTIONS, "autoencoder": {**PATCHES, "finish": finish}, **options}, MadeUpClips(), seed=0
    )


def gradients(made):
    """Gradient of every parameter that is learned, of one sample."""
    clip = MadeUpClips().clip(0, size=made.size, frames=2, rng=np.random.default_rng(0))
    sample = {name: value[None] for name, value in made.prepare()(clip, (0,)).items()}
    made.module(sample).sum().backward()
    return {name: p.grad for name, p in made.module.named_parameters() if p.requires_grad}


def test_the_loss_of_equal_pictures_is_zero():
    shown = torch.rand((2, 3, 8, 6), generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(picture_loss(shown, shown), torch.zeros(2), atol=1e-6, rtol=0)


def test_the_loss_of_even_pictures_by_hand():
    """0.6 and -0.2 of [-1, 1] are 0.8 and 0.4 of [0, 1]; nothing varies, so structure is 1.

    Absolute error 0.8. Similarity (2 * 0.8 * 0.4 + 0.0001) / (0.64 + 0.16 + 0.0001) = 0.800025.
    Loss 0.8 + 1.5 * (1 - 0.800025) = 1.0999625.
    """
    made, truth = torch.full((1, 3, 4, 4), 0.6), torch.full((1, 3, 4, 4), -0.2)
    assert picture_loss(made, truth).item() == pytest.approx(1.0999625, abs=1e-5)


def test_a_blurred_edge_costs_structure_and_another_brightness_does_not_cost_it_alone():
    """Noise where the truth is even costs more than the same absolute error as a shift."""
    truth = torch.zeros((1, 3, 8, 8))
    checks = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 0.2 - 0.1
    noisy, shifted = truth + checks, truth + 0.1
    assert picture_loss(noisy, truth).item() > picture_loss(shifted, truth).item() + 0.1


def test_the_network_does_not_learn_from_them_and_they_learn_from_its_answers():
    without, beside = gradients(trainer(0)), gradients(trainer(5))

    own = beside.keys() - without.keys()
    assert own
    assert all(name.startswith("autoencoder.finish.") for name in own)
    assert all(torch.equal(beside[name], gradient) for name, gradient in without.items())
    assert beside["autoencoder.finish.last.weight"].abs().max() > 0


def test_the_network_learns_from_decoded_pictures_when_asked():
    alone = gradients(trainer(5))
    together = gradients(trainer(5, learn_from_pictures=True))

    assert together.keys() == alone.keys()
    for name in ("autoencoder.finish.last.weight", "autoencoder.finish.last.bias"):
        assert torch.equal(together[name], alone[name])
    assert not torch.allclose(together["unet.out.2.weight"], alone["unet.out.2.weight"])


def test_one_frame_of_a_sample_is_judged_whatever_batch_it_is_in():
    made = trainer(5)
    clips = MadeUpClips()
    samples = [
        made.prepare()(clips.clip(0, size=made.size, frames=2, rng=np.random.default_rng(0)), (s,))
        for s in range(8)
    ]
    assert {int(sample["judged"]) for sample in samples} == {0, 1}

    with torch.no_grad():
        alone = torch.cat([made.module({k: v[None] for k, v in s.items()}) for s in samples])
        stacked = {name: torch.stack([s[name] for s in samples]) for name in samples[0]}
        torch.testing.assert_close(made.module(stacked), alone, rtol=1e-4, atol=1e-5)


def test_a_few_steps_make_pictures_closer_and_are_saved(tmp_path):
    made = trainer(5)
    finish = made.module.autoencoder.finish
    step = torch.optim.Adam(finish.parameters(), 1e-2)
    first = None
    for _ in range(20):
        step.zero_grad()
        gradients(made)
        step.step()
        clip = MadeUpClips().clip(0, size=made.size, frames=2, rng=np.random.default_rng(0))
        sample = {name: value[None] for name, value in made.prepare()(clip, (0,)).items()}
        with torch.no_grad():
            last = made.module(sample).item()
        first = last if first is None else first
    assert last < first - 0.01

    made.save(tmp_path)
    read = AnimateXPipeline.from_pretrained(tmp_path, dtype=torch.float32)
    assert torch.equal(read.vae.finish.last.weight, finish.last.weight)
