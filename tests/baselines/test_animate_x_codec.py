"""The linear codec in the VAE's place."""

import json

import pytest
import torch

from a2bench.baselines.animate_x.codec import PatchCodec
from a2bench.baselines.animate_x.stored import read_autoencoder
from a2bench.errors import A2BenchError


def pictures(count: int = 6) -> torch.Tensor:
    """Smooth random pictures (n, 3, 24, 16) in [-1, 1]."""
    noise = torch.randn((count, 3, 6, 4), generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(noise, scale_factor=4, mode="bilinear").tanh()


def test_with_all_directions_nothing_is_lost():
    """4 x 4 px in RGB are 48 numbers: 48 channels."""
    codec = PatchCodec.fit(pictures(), 4, 48)

    latents = codec.encode(pictures())

    assert latents.shape == (6, 48, 6, 4)
    torch.testing.assert_close(codec.decode(latents), pictures(), atol=1e-5, rtol=0)


def test_fewer_directions_lose_what_varies_least():
    """The squared error is the sum of the variances of the directions that were left out."""
    shown = pictures(20)
    few, all_of_them = PatchCodec.fit(shown, 4, 8), PatchCodec.fit(shown, 4, 48)

    error = ((few.decode(few.encode(shown)) - shown) ** 2).sum() / (20 * 24)

    variances = (all_of_them.encode(shown) / all_of_them.scale[:, None, None]).var(
        dim=(0, 2, 3), correction=0
    )
    torch.testing.assert_close(error, variances[8:].sum(), atol=1e-4, rtol=1e-3)


def test_a_patch_is_seen_by_its_own_latent_alone():
    codec = PatchCodec.fit(pictures(), 4, 12)
    changed = pictures(1)
    changed[..., 8:12, 4:8] += 0.5

    moved = (codec.encode(changed) - codec.encode(pictures(1))).abs().amax(dim=1)[0]

    assert moved[2, 1] > 0.1
    moved[2, 1] = 0
    assert moved.max() < 1e-6


@pytest.mark.parametrize("power", [0.0, 0.5, 0.75, 1.0])
def test_a_latent_varies_by_the_deviation_to_one_minus_power(power):
    """A direction of deviation s gives latents of s / s^power: as in pixels at 0, all 1 at 1."""
    codec = PatchCodec.fit(pictures(20), 4, 4, power)
    plain = PatchCodec.fit(pictures(20), 4, 4, 0.0)

    spread = codec.encode(pictures(20)).std(dim=(0, 2, 3), correction=0)

    deviation = plain.encode(pictures(20)).std(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(spread, deviation ** (1 - power), atol=1e-3, rtol=1e-3)


def test_another_power_is_refused():
    with pytest.raises(A2BenchError, match="expected 0 to 1"):
        PatchCodec.fit(pictures(), 4, 4, 1.5)


def test_convolutions_over_decoded_pictures_begin_by_changing_nothing():
    plain, finished = (PatchCodec.fit(pictures(), 4, 8, finish=width) for width in (0, 5))
    latents = plain.encode(pictures())

    assert torch.equal(finished.encode(pictures()), latents)
    assert torch.equal(finished.decode(latents), plain.decode(latents))


def test_a_finished_pixel_depends_on_19x19_of_what_was_decoded():
    """3x3 reaches 1 px; dilated by 2, 4 and 1 reaches 2, 4 and 1; 3x3 again 1: 9 on each side."""
    torch.manual_seed(0)
    finish = PatchCodec(4, 8, finish=5).finish
    torch.nn.init.normal_(finish.last.weight)
    shown = torch.rand((1, 3, 25, 25), requires_grad=True)

    finish(shown)[0, 0, 12, 12].backward()

    reached = shown.grad.abs().sum(dim=(0, 1)).nonzero()
    assert (reached - 12).abs().max() == 9


@pytest.mark.parametrize("finish", [0, 5])
def test_a_folder_holds_it(tmp_path, finish):
    codec = PatchCodec.fit(pictures(), 4, 8, finish=finish)
    if codec.finish is not None:
        torch.nn.init.normal_(codec.finish.last.weight)
    codec.save_pretrained(tmp_path)

    again = read_autoencoder(tmp_path)

    latents = codec.encode(pictures())
    assert torch.equal(again.encode(pictures()), latents)
    assert torch.equal(again.decode(latents), codec.decode(latents))
    assert json.loads((tmp_path / "config.json").read_text()).get("finish", 0) == finish


@pytest.mark.parametrize(
    "change",
    [
        {"patch": 0},
        {"channels": 49},
        {"patch": "4"},
        {"more": 1},
        {"_class_name": "PatchCode"},
        {"finish": -1},
        {"finish": 5},  # whose tensors are not there
    ],
)
def test_a_folder_that_says_something_else_is_refused(tmp_path, change):
    PatchCodec(4, 8).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(A2BenchError):
        read_autoencoder(tmp_path)
