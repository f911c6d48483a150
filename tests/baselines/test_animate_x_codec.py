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


def test_a_folder_holds_it(tmp_path):
    codec = PatchCodec.fit(pictures(), 4, 8)
    codec.save_pretrained(tmp_path)

    again = read_autoencoder(tmp_path)

    assert torch.equal(again.encode(pictures()), codec.encode(pictures()))


@pytest.mark.parametrize(
    "change",
    [{"patch": 0}, {"channels": 49}, {"patch": "4"}, {"more": 1}, {"_class_name": "PatchCode"}],
)
def test_a_folder_that_says_something_else_is_refused(tmp_path, change):
    PatchCodec(4, 8).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(A2BenchError):
        read_autoencoder(tmp_path)
