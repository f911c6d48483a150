"""What the released network does not guarantee and ours does, on small networks."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from a2bench.baselines.animate_x import Conditions, PerceiverConfig, UNet
from a2bench.errors import A2BenchError
from tests.baselines import animate_x_goldens as goldens
from tests.baselines import animate_x_tiny as tiny

GOLDEN = goldens.OWN / "animate_x_unet.safetensors"
CLOSE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def unet():
    return goldens.load(goldens.read(GOLDEN))


def given(unet, frames, height=4, width=8, batch=1, seed=0):
    """Latents and raw conditions of any size, from a seed."""
    random = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.rand(shape, generator=random)

    dim = unet.config.context_dim
    raw = {
        "image": draw(batch, 1, dim),
        "local_image": draw(batch, 3, 8 * height, 8 * width),
        "pose_maps": draw(batch, 3, frames + 1, 8 * height, 8 * width),
        "keypoints": draw(batch, frames + 1, 2, 18),
        "clip_features": draw(batch, frames + 1, dim),
    }
    return draw(batch, 4, frames, height, width), raw


def answer(unet, latents, raw, text):
    conditions = unet.encode(
        text, batch=len(latents), frames=latents.shape[2], latent_size=latents.shape[3:], **raw
    )
    return unet(latents, torch.full((len(latents),), 500), conditions)


@pytest.fixture(scope="module")
def text():
    return goldens.tensor(goldens.read(GOLDEN)["zero_y"])


@torch.inference_mode()
def test_a_sample_is_the_same_alone_and_in_a_batch(unet, text):
    """The released key-point encoder mixes samples (a reshape without a transposition)."""
    latents, raw = given(unet, frames=3, batch=3)
    together = answer(unet, latents, raw, text)
    for index in range(3):
        one = slice(index, index + 1)
        alone = answer(unet, latents[one], {k: v[one] for k, v in raw.items()}, text)
        torch.testing.assert_close(together[one], alone, **CLOSE)


@torch.inference_mode()
def test_conditional_and_unconditional_share_a_batch(unet, text):
    latents, raw = given(unet, frames=2)
    size, steps = {"batch": 1, "frames": 2, "latent_size": (4, 8)}, torch.tensor([500])
    branches = [unet.encode(text, **size, **raw), unet.encode(text, **size)]
    both = unet(latents.repeat(2, 1, 1, 1, 1), steps.repeat(2), Conditions.cat(*branches))
    for index, branch in enumerate(branches):
        alone = unet(latents, steps, branch)
        torch.testing.assert_close(both[index : index + 1], alone, **CLOSE)


@torch.inference_mode()
@pytest.mark.parametrize("frames", [1, 2, 40])
def test_any_number_of_frames(unet, text, frames):
    """The released table of positions ends at 33; 40 frames and the reference are 41."""
    latents, raw = given(unet, frames)
    out = answer(unet, latents, raw, text)
    assert out.shape == latents.shape
    assert out.isfinite().all()


@torch.inference_mode()
@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 4), (4, 12)])
def test_any_latent_size_the_levels_can_halve(unet, text, height, width):
    """The released stems are pooled to 384x256 whatever the size."""
    latents, raw = given(unet, 2, height, width)
    assert answer(unet, latents, raw, text).shape == latents.shape


def test_a_size_that_cannot_be_halved_is_named(unet, text):
    latents, raw = given(unet, 2, height=6, width=8)
    with pytest.raises(A2BenchError, match=r"8x6: each side must be a multiple of 4 .* 32 px"):
        answer(unet, latents, raw, text)


@torch.inference_mode()
def test_the_reference_latent_matters_only_in_its_own_mode(unet, text):
    latents, raw = given(unet, 2)
    latent = torch.rand(1, 4, 4, 8)
    as_released = answer(unet, latents, raw, text)
    moved = raw | {"pose_maps": raw["pose_maps"].clone()}
    moved["pose_maps"][:, :, 0] += 1  # the reference's pose is not looked at without its latent
    assert torch.equal(answer(unet, latents, moved, text), as_released)
    with_latent = answer(unet, latents, raw | {"reference_latent": latent}, text)
    assert not torch.allclose(with_latent, as_released, atol=1e-3)
    other_pose = answer(unet, latents, moved | {"reference_latent": latent}, text)
    assert not torch.allclose(other_pose, with_latent, atol=1e-3)


@torch.inference_mode()
def test_widths_that_small_models_choose_change_only_what_makes_or_reads_the_maps(text):
    """32 control channels instead of 8, a stem of 48 instead of 32; the rest keeps its shapes."""
    sizes = replace(
        tiny.UNET, control_channels=32, reference_width=48, context_dim=text.shape[2],
        pose_encoder=replace(tiny.UNET.pose_encoder, d_model=text.shape[2]),
        perceiver=PerceiverConfig(text.shape[2], 1, 16, 2, text.shape[2], text.shape[2]),
    )  # fmt: skip
    wide, plain = UNet(sizes), UNet(replace(sizes, control_channels=8, reference_width=32))
    latents, raw = given(wide, 2)

    assert answer(wide, latents, raw | {"reference_latent": latents[:, :, 0]}, text).shape == (
        latents.shape
    )
    before = plain.state_dict()
    changed = {
        name.split(".")[0] if name.split(".")[0] != "input_blocks" else name
        for name, value in wide.state_dict().items()
        if value.shape != before[name].shape
    }
    assert changed == {
        *("local_image_embedding", "local_image_embedding_after"),
        *("dwpose_embedding", "dwpose_embedding_after"),
        *("randomref_pose2_embedding", "randomref_pose2_embedding_after"),
        *("randomref_embedding2", "randomref_embedding_after2"),
        "input_blocks.0.0.weight",
    }


def test_names_and_shapes_are_the_released_ones_at_full_size(pytestconfig):
    """All 2,099 parameters; the released file has `pos_table` besides.

    The digest is that of the sorted lines "name shape" of the released state dict's parameters;
    the list itself lies among the shared goldens.
    """
    with torch.device("meta"):
        state = UNet().state_dict()
    ours = sorted(f"{name} {'x'.join(map(str, value.shape))}" for name, value in state.items())
    assert len(ours) == 2099
    assert sum(value.numel() for value in state.values()) == 1_817_708_556
    folder = pytestconfig.getoption("goldens") or os.environ.get("A2BENCH_GOLDENS")
    if folder is not None and (table := Path(folder) / "unet_keys.tsv").exists():
        rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
        released = sorted(f"{row[0]} {row[1]}" for row in rows if row[-1] == "parameter")
        assert ours == released
    assert hashlib.sha256("\n".join(ours).encode()).hexdigest() == (
        "c246d3aa5a5abf4116daa14b90090fa8829d36bd5d04ed4eddaf10c0a72c768e"
    )


@pytest.mark.full  # 7 GB and half a minute
def test_the_released_size_runs_within_10_gib():
    """1.8 billion float32 parameters are 6.8 GiB; small latents add little."""
    code = """
import resource, torch
from a2bench.baselines.animate_x import UNet
unet = UNet().eval()
with torch.inference_mode():
    size = {"batch": 1, "frames": 2, "latent_size": (8, 8)}
    conditions = unet.encode(torch.rand(1, 77, 1024), **size)
    out = unet(torch.rand(1, 4, 2, 8, 8), torch.tensor([500]), conditions)
assert out.shape == (1, 4, 2, 8, 8) and out.isfinite().all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=900
    )
    assert 6.7 < float(done.stdout) < 10
