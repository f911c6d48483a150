"""Checkpoints with the released names, small or without content, to the names of our parts."""

import io
import os
import pickle

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

from a2bench import weights
from a2bench.baselines.animate_x import UNet, convert
from a2bench.errors import A2BenchError
from tests.baselines import animate_x_tiny as tiny


@pytest.fixture(scope="module")
def released():
    """A checkpoint as the authors' is, with a small network's shapes."""
    table = "pose_embedding_before.pos_embed.pos_table"
    return UNet(tiny.UNET).state_dict() | {table: torch.zeros(1, 33, 32)}


def file_of(checkpoint):
    handle = io.BytesIO()
    torch.save(checkpoint, handle)
    handle.seek(0)
    return handle


def converted(checkpoint):
    return convert.unet_tensors(convert.read(file_of(checkpoint)), convert.shapes(UNet(tiny.UNET)))


@pytest.mark.parametrize("form", ["flat", "nested", "distributed"])
def test_a_released_unet_loads_in_every_form_it_may_have(released, form):
    checkpoint = {
        "flat": released,
        "nested": {"state_dict": released, "step": 20000},
        "distributed": {f"module.{name}": tensor for name, tensor in released.items()},
    }[form]
    tensors = converted(checkpoint)
    assert tensors.keys() == released.keys() - {"pose_embedding_before.pos_embed.pos_table"}
    assert all(torch.equal(tensors[name], released[name]) for name in tensors)


def test_the_released_size_fits_by_names_and_shapes():
    """All 2,099 on the meta device; `unet` compares with the network at its full size."""
    with torch.device("meta"):
        full = UNet().state_dict()
        again = convert.unet_tensors(full, convert.shapes(UNet()))
    assert len(again) == 2099


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("out.2.bias"), r"1 keys lack \(out\.2\.bias\)"),
        (lambda d: d.update({"lora.weight": torch.ones(2)}), r"1 keys are not known \(lora"),
        (lambda d: d.update({"out.2.bias": torch.ones(5)}), r"out\.2\.bias has shape \(5,\)"),
        (lambda d: d.update({"out.2.bias": torch.ones(4, dtype=torch.int64)}), "int64, expected f"),
        (lambda d: d.update({"out.2.bias": "text"}), r"no tensors: \['out\.2\.bias'\]"),
        (lambda d: d.update({"module.x": torch.ones(1), "x": torch.ones(1)}), "with and without"),
    ],
)
def test_a_unet_that_differs_is_refused(released, change, said):
    checkpoint = dict(released)
    change(checkpoint)
    with pytest.raises(A2BenchError, match=said):
        converted(checkpoint)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["pickle", "checkpoint"])
def test_a_hostile_file_is_not_run(tmp_path, form):
    harm = tmp_path / "harm"
    if form == "pickle":
        handle = io.BytesIO(pickle.dumps({"state_dict": Hostile(harm)}, protocol=2))
    else:
        handle = file_of({"out.2.bias": torch.ones(4), "extra": Hostile(harm)})
    with pytest.raises(A2BenchError, match="not a checkpoint of plain tensors"):
        convert.read(handle)
    assert not harm.exists()


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 torn"])
def test_a_torn_file_is_named(content):
    with pytest.raises(A2BenchError, match="not a checkpoint"):
        convert.read(io.BytesIO(content))


@pytest.mark.parametrize("content", [{}, [1, 2], {"state_dict": {}}])
def test_a_file_without_tensors_is_named(content):
    with pytest.raises(A2BenchError, match="a checkpoint"):
        convert.read(file_of(content))


def latent_diffusion_vae(levels=4):
    """Names and shapes of latent diffusion's VAE of 8 channels, one residual block a level."""
    shapes = {}

    def conv(name, out=8, into=8, side=3):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (out, into, side, side), (out,)

    def norm(name):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (8,), (8,)

    def residual(name):
        for index in (1, 2):
            norm(f"{name}.norm{index}")
            conv(f"{name}.conv{index}")

    for half in ("encoder", "decoder"):
        conv(f"{half}.conv_in", into=3 if half == "encoder" else 4)
        residual(f"{half}.mid.block_1")
        residual(f"{half}.mid.block_2")
        norm(f"{half}.mid.attn_1.norm")
        for one in ("q", "k", "v", "proj_out"):
            conv(f"{half}.mid.attn_1.{one}", side=1)
        norm(f"{half}.norm_out")
        conv(f"{half}.conv_out", out=8 if half == "encoder" else 3)
        for level in range(levels):
            side = "down" if half == "encoder" else "up"
            for block in range(1 if half == "encoder" else 2):
                residual(f"{half}.{side}.{level}.block.{block}")
            if level != (levels - 1 if half == "encoder" else 0):
                conv(f"{half}.{side}.{level}.{side}sample.conv")
    conv("quant_conv", side=1)
    conv("post_quant_conv", out=4, into=4, side=1)
    random = torch.Generator().manual_seed(0)
    return {
        f"first_stage_model.{name}": torch.randn(shape, generator=random)
        for name, shape in shapes.items()
    }


def test_a_vae_gets_the_names_that_diffusers_own_converter_gives():
    model = tiny.vae()
    checkpoint = latent_diffusion_vae() | {"model.diffusion_model.out.weight": torch.ones(1)}
    tensors = convert.vae_tensors(checkpoint, convert.shapes(model))
    theirs = convert_ldm_vae_checkpoint(dict(checkpoint), model.config)
    assert tensors.keys() == theirs.keys()
    assert all(torch.equal(tensors[name], theirs[name].reshape(tensors[name].shape))
               for name in tensors)  # fmt: skip
    model.load_state_dict(tensors)


def test_a_vae_with_a_key_more_is_refused():
    checkpoint = latent_diffusion_vae() | {"first_stage_model.loss.logvar": torch.ones(1)}
    with pytest.raises(A2BenchError, match=r"VAE: 1 keys are not known \(loss\.logvar\)"):
        convert.vae_tensors(checkpoint, convert.shapes(tiny.vae()))


class OpenClipTower(nn.Module):
    """open_clip's transformer, restated with torch's own attention: names and computation."""

    def __init__(self, width, heads, layers):
        super().__init__()
        self.resblocks = nn.ModuleList()
        for _ in range(layers):
            block = nn.Module()
            block.ln_1, block.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
            block.attn = nn.MultiheadAttention(width, heads, batch_first=True)
            block.mlp = nn.Module()
            block.mlp.c_fc = nn.Linear(width, 2 * width)
            block.mlp.c_proj = nn.Linear(2 * width, width)
            self.resblocks.append(block)

    def forward(self, x, mask=None, leave_out=0):
        for block in self.resblocks[: len(self.resblocks) - leave_out]:
            y = block.ln_1(x)
            x = x + block.attn(y, y, y, attn_mask=mask, need_weights=False)[0]
            x = x + block.mlp.c_proj(nn.functional.gelu(block.mlp.c_fc(block.ln_2(x))))
        return x


def open_clip(width=32, vocabulary=49408):
    model = nn.Module()
    model.visual = nn.Module()
    model.visual.class_embedding = nn.Parameter(torch.randn(width))
    model.visual.positional_embedding = nn.Parameter(torch.randn(5, width))
    model.visual.proj = nn.Parameter(torch.randn(width, 32))
    model.visual.conv1 = nn.Conv2d(3, width, 14, stride=14, bias=False)
    model.visual.ln_pre, model.visual.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
    model.visual.transformer = OpenClipTower(width, 2, 2)
    model.positional_embedding = nn.Parameter(torch.randn(77, 16))
    model.token_embedding = nn.Embedding(vocabulary, 16)
    model.transformer = OpenClipTower(16, 2, 3)
    model.ln_final = nn.LayerNorm(16)
    model.text_projection = nn.Parameter(torch.randn(16, 32))
    model.logit_scale = nn.Parameter(torch.ones(()))
    with torch.no_grad():
        for parameter in model.parameters():  # no norm is left the identity
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def text_encoder():
    return CLIPTextModel(
        CLIPTextConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=3,
                       num_attention_heads=2, hidden_act="gelu")
    )  # fmt: skip


@torch.no_grad()
def test_clip_answers_as_open_clip_does():
    source, vision = open_clip(), tiny.image_encoder().eval()
    with torch.device("meta"):
        text = text_encoder()
    tensors = convert.clip_tensors(source.state_dict(), vision, text)
    embedding = tensors.pop("text_embedding")
    vision.load_state_dict({name.removeprefix("vision."): t for name, t in tensors.items()})

    picture = torch.randn(2, 3, 28, 28)
    tower = source.visual
    x = tower.conv1(picture).flatten(2).transpose(1, 2)
    x = torch.cat([tower.class_embedding.expand(2, 1, -1), x], dim=1) + tower.positional_embedding
    expected = tower.ln_post(tower.transformer(tower.ln_pre(x))[:, 0]) @ tower.proj
    torch.testing.assert_close(vision(picture).image_embeds, expected, rtol=1e-4, atol=1e-5)

    tokens = torch.tensor([[49406, 49407] + [0] * 75])
    mask = torch.full((77, 77), float("-inf")).triu(1)
    x = source.token_embedding(tokens) + source.positional_embedding
    expected = source.ln_final(source.transformer(x, mask, leave_out=1))
    assert embedding.shape == (1, 77, 16)
    torch.testing.assert_close(embedding, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("visual.attnpool.weight", "image tower: 1 keys are not known"),
        ("transformer.resblocks.7.ln_1.weight", "text tower: 1 keys are not known"),
        ("somewhere.else", "CLIP: keys are not known"),
    ],
)
def test_a_clip_with_a_key_more_is_refused(name, said):
    checkpoint = open_clip().state_dict() | {name: torch.ones(1)}
    with pytest.raises(A2BenchError, match=said):
        convert.clip_tensors(checkpoint, tiny.image_encoder(), text_encoder())


def test_the_released_files_are_rows_of_the_weight_table():
    rows = {row.name: row for row in weights.rows_named(["animate_x"])}
    assert set(rows) == {"animate_x_unet", "animate_x_vae", "animate_x_clip"}
    for row in rows.values():
        assert row.sha256  # known before anything is opened
        function = row.converter.rpartition(":")[2]
        assert callable(getattr(convert, function))


def test_the_released_sizes_of_vae_and_clip():
    """248 tensors of the VAE; 632 million parameters of ViT-H/14's image tower."""
    with torch.device("meta"):
        vae, vision = convert.released_vae(), convert.released_image_encoder()
        text = convert.released_text_encoder()
    assert len(vae.state_dict()) == 248
    assert sum(p.numel() for p in vision.parameters()) == 632_076_800
    assert text.config.max_position_embeddings == 77
