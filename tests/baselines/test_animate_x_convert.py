"""Checkpoints with the released names, small or without content, to the names of our parts."""

import dataclasses
import hashlib
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

from a2bench import weights
from a2bench.baselines.animate_x import AnimateXPipeline, UNet, convert
from a2bench.baselines.animate_x.tensors import read_checkpoint, read_safetensors, shapes
from a2bench.errors import A2BenchError
from a2bench.weights import convert as conversion
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
    return convert.unet_tensors(read_checkpoint(file_of(checkpoint)), shapes(UNet(tiny.UNET)))


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
        again = convert.unet_tensors(full, shapes(UNet()))
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
        read_checkpoint(handle)
    assert not harm.exists()


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 torn"])
def test_a_torn_file_is_named(content):
    with pytest.raises(A2BenchError, match="not a checkpoint"):
        read_checkpoint(io.BytesIO(content))


def archive(members, packed):
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w", packed) as file:
        for name, content in members.items():
            file.writestr(name, content)
    handle.seek(0)
    return handle


def test_a_packed_archive_is_refused_before_it_unpacks():
    """A zip bomb: 64 MiB of zeros in some 60 KiB. Torch's own archives are never packed."""
    bomb = archive({"archive/data.pkl": bytes(64 * 2**20)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(A2BenchError, match=r"unpacks to 67108864 \(archive/data\.pkl\)"):
        read_checkpoint(bomb)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_every_damage_of_a_checkpoint_is_refused_by_name_or_read():
    """Bytes changed in the pickle of an archive that is else whole: no other error escapes."""
    whole = zipfile.ZipFile(file_of({"a": torch.ones(4, 4), "b": torch.zeros(3)}))
    members = {name: whole.read(name) for name in whole.namelist()}
    pickled = next(name for name in members if name.endswith("data.pkl"))
    random, refused = np.random.default_rng(0), 0
    for _ in range(300):
        damaged = bytearray(members[pickled])
        damaged[random.integers(len(damaged))] = random.integers(256)
        try:
            read_checkpoint(archive(members | {pickled: bytes(damaged)}, zipfile.ZIP_STORED))
        except A2BenchError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_safetensors_file_is_named(tmp_path, kept):
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.ones(64, 64)}, path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(A2BenchError, match=r"weights\.safetensors: not a whole safetensors file"):
        read_safetensors(path)


@pytest.mark.filterwarnings("ignore:.*[Ss]parse:UserWarning")
@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (torch.ones(4).to_sparse(), "sparse_coo, expected a dense tensor"),
        (torch.ones(4, dtype=torch.float64), "float64, expected floats of 16 or 32 bits"),
        (torch.ones(1).expand(10**12), r"shape \(1000000000000,\), expected \(4,\)"),
        (torch.ones(4, device="meta"), "tensors without content"),
    ],
)
def test_tensors_that_are_not_plain_numbers_are_refused(released, tensor, said):
    with pytest.raises(A2BenchError, match=said):
        converted(released | {"out.2.bias": tensor})


@pytest.mark.parametrize("content", [{}, [1, 2], {"state_dict": {}}])
def test_a_file_without_tensors_is_named(content):
    with pytest.raises(A2BenchError, match="a checkpoint"):
        read_checkpoint(file_of(content))


def latent_diffusion_vae(levels=4):
    """Names and shapes of latent diffusion's VAE of 8 channels, one residual block a level."""
    sizes = {}

    def conv(name, out=8, into=8, side=3):
        sizes[f"{name}.weight"], sizes[f"{name}.bias"] = (out, into, side, side), (out,)

    def norm(name):
        sizes[f"{name}.weight"], sizes[f"{name}.bias"] = (8,), (8,)

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
        for name, shape in sizes.items()
    }


def test_a_vae_gets_the_names_that_diffusers_own_converter_gives():
    model = tiny.vae()
    checkpoint = latent_diffusion_vae() | {"model.diffusion_model.out.weight": torch.ones(1)}
    tensors = convert.vae_tensors(checkpoint, shapes(model))
    theirs = convert_ldm_vae_checkpoint(dict(checkpoint), model.config)
    assert tensors.keys() == theirs.keys()
    assert all(torch.equal(tensors[name], theirs[name].reshape(tensors[name].shape))
               for name in tensors)  # fmt: skip
    model.load_state_dict(tensors)


def test_a_vae_with_a_key_more_is_refused():
    checkpoint = latent_diffusion_vae() | {"first_stage_model.loss.logvar": torch.ones(1)}
    with pytest.raises(A2BenchError, match=r"VAE: 1 keys are not known \(loss\.logvar\)"):
        convert.vae_tensors(checkpoint, shapes(tiny.vae()))


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


def open_clip(width=32, vocabulary=49408, text_width=16):
    model = nn.Module()
    model.visual = nn.Module()
    model.visual.class_embedding = nn.Parameter(torch.randn(width))
    model.visual.positional_embedding = nn.Parameter(torch.randn(5, width))
    model.visual.proj = nn.Parameter(torch.randn(width, 32))
    model.visual.conv1 = nn.Conv2d(3, width, 14, stride=14, bias=False)
    model.visual.ln_pre, model.visual.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
    model.visual.transformer = OpenClipTower(width, 2, 2)
    model.positional_embedding = nn.Parameter(torch.randn(77, text_width))
    model.token_embedding = nn.Embedding(vocabulary, text_width)
    model.transformer = OpenClipTower(text_width, 2, 3)
    model.ln_final = nn.LayerNorm(text_width)
    model.text_projection = nn.Parameter(torch.randn(text_width, 32))
    model.logit_scale = nn.Parameter(torch.ones(()))
    with torch.no_grad():
        for parameter in model.parameters():  # no norm is left the identity
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def text_encoder(width=16):
    return CLIPTextModel(
        CLIPTextConfig(hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
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


@pytest.fixture
def small_release(released, tmp_path, monkeypatch):
    """The three released files at a small size, each a row of the weight table by its hash.

    They are converted by the code that `a2bench fetch` runs in a process of its own.
    """
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(convert, "RELEASED_UNET", tiny.UNET)
    monkeypatch.setattr(convert, "released_vae", tiny.vae)
    monkeypatch.setattr(convert, "released_image_encoder", tiny.image_encoder)
    monkeypatch.setattr(convert, "released_text_encoder", lambda: text_encoder(tiny.CONTEXT))
    checkpoints = {
        "animate_x_unet": {"state_dict": released, "step": 20000},
        "animate_x_vae": {"state_dict": latent_diffusion_vae()},
        "animate_x_clip": open_clip(text_width=tiny.CONTEXT).state_dict(),
    }
    rows = weights.table()
    for name, checkpoint in checkpoints.items():
        path = tmp_path / rows[name].file
        torch.save(checkpoint, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows[name] = rows[name].model_copy(
            update={"sha256": digest, "size_bytes": path.stat().st_size}
        )
    monkeypatch.setattr(weights, "table", lambda: rows)
    for name in checkpoints:
        source = tmp_path / rows[name].file
        target = weights.converted_path(rows[name], source)
        conversion.convert_here(name, source, target)
        weights.write_note(target, converted_from=weights.sha256_of(source))
    return checkpoints


def test_released_files_animate_from_end_to_end(small_release):
    """Official names -> converters -> safetensors -> `from_weights` -> frames."""
    pipeline = AnimateXPipeline.from_weights()
    assert pipeline.config.weights == "released"
    stored = small_release["animate_x_unet"]["state_dict"]["out.2.weight"]
    assert torch.equal(pipeline.unet.state_dict()["out.2.weight"], stored)
    size = {"size": (tiny.WIDTH, tiny.HEIGHT), "steps": 1}
    clip = tiny.clip(2)
    video = pipeline.animate([clip], **size)[0]
    assert video.shape == (2, tiny.HEIGHT, tiny.WIDTH, 3)
    assert video.std() > 1
    # as the same parts joined by hand answer
    vae = tiny.vae()
    vae.load_state_dict(
        convert.vae_tensors(small_release["animate_x_vae"]["state_dict"], shapes(vae))
    )
    config = dataclasses.replace(pipeline.config, weights="random")
    by_hand = AnimateXPipeline(
        pipeline.unet, vae, pipeline.image_encoder, pipeline.text_embedding, config
    )
    assert np.abs(by_hand.animate([clip], **size)[0].astype(int) - video).max() <= 1


def test_a_released_model_is_not_saved_as_if_a_folder_could_be_released(small_release, tmp_path):
    with pytest.raises(A2BenchError, match=r"hint: .*weights='trained'"):
        AnimateXPipeline.from_weights().save_pretrained(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
