"""The pipeline on small random networks: what goes in, what comes out, what is refused."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from a2bench.baselines.animate_x import (
    AnimateX,
    AnimateXPipeline,
    PipelineConfig,
    UNetConfig,
    prepare,
    sampler,
)
from a2bench.errors import A2BenchError, MissingWeights
from a2bench.normalise import BadPrediction
from tests.baselines import animate_x_tiny as tiny


@pytest.fixture(scope="module")
def pipeline():
    return tiny.pipeline()


@pytest.fixture(scope="module")
def folder(pipeline, tmp_path_factory):
    path = tmp_path_factory.mktemp("animate_x")
    pipeline.save_pretrained(path)
    return path


def apart(one, other):
    return np.abs(one.astype(int) - other).max()


def test_a_clip_becomes_as_many_frames_of_the_asked_size(pipeline):
    clip = tiny.clip(3)
    video = pipeline(clip.reference_image, clip.driving_frames, clip.poses, size=(32, 48))
    assert video.shape == (3, 48, 32, 3)
    assert video.dtype == np.uint8
    assert video.std() > 1


@pytest.mark.parametrize("conditioning", ["local_image", "randomref"])
@pytest.mark.parametrize("batch_guidance", [False, True])
def test_clips_answer_the_same_alone_and_together(pipeline, conditioning, batch_guidance):
    """One grey level is left to the order of floating-point sums."""
    options = {"conditioning": conditioning, "batch_guidance": batch_guidance}
    clips = [tiny.clip(3, seed=seed) for seed in (1, 2)]
    together = pipeline.animate(clips, **options)
    for clip, video in zip(clips, together, strict=True):
        assert apart(video, pipeline.animate([clip], **options)[0]) <= 1


def test_a_seed_decides_and_nothing_else_is_drawn(pipeline):
    clip = tiny.clip(2)
    first = pipeline.animate([clip])[0]
    torch.rand(5)  # the global generator plays no part
    assert (pipeline.animate([clip])[0] == first).all()
    assert (pipeline.animate([dataclasses.replace(clip, seed=9)])[0] != first).any()


def test_start_noise_is_drawn_on_the_cpu_with_a_tenth_of_offset():
    random = torch.Generator().manual_seed(5)
    plain, offset = (
        torch.randn(4, 2, 3, 3, generator=random),
        torch.randn(4, 2, 1, 1, generator=random),
    )
    noise = sampler.start_noise((4, 2, 3, 3), torch.Generator().manual_seed(5))
    assert torch.equal(noise, plain + 0.1 * offset)


@pytest.mark.parametrize("changed", ["reference_image", "driving_frames", "poses"])
@pytest.mark.parametrize("conditioning", ["local_image", "randomref"])
def test_every_input_moves_the_answer(pipeline, changed, conditioning):
    clip, other = tiny.clip(2), tiny.clip(2, seed=3)
    moved = dataclasses.replace(clip, **{changed: getattr(other, changed)})
    one, two = (pipeline.animate([each], conditioning=conditioning)[0] for each in (clip, moved))
    assert (one != two).any()


def test_without_a_reference_pose_driving_frame_0_stands_for_it(pipeline):
    """The released code took whichever file the folder listed first."""
    clip = tiny.clip(3)
    explicit = dataclasses.replace(clip, reference_pose=clip.poses[:1])
    other = dataclasses.replace(clip, reference_pose=clip.poses[1:2])
    options = {"conditioning": "randomref"}
    answers = [pipeline.animate([each], **options)[0] for each in (clip, explicit, other)]
    assert (answers[0] == answers[1]).all()
    assert (answers[0] != answers[2]).any()


def test_a_guidance_scale_of_1_needs_no_second_branch(pipeline):
    clip = tiny.clip(2)
    assert (pipeline.animate([clip], guidance_scale=1)[0] != pipeline.animate([clip])[0]).any()
    near = pipeline.animate([clip], guidance_scale=1 + 1e-9)[0]
    assert apart(near, pipeline.animate([clip], guidance_scale=1)[0]) <= 1


def test_a_long_clip_is_done_in_overlapping_windows(pipeline):
    # 18 frames in windows of 8 that share 2: 0-7, 6-13, and the last ends at the end, 10-17.
    assert prepare.windows(18, 8, 2) == [slice(0, 8), slice(6, 14), slice(10, 18)]
    assert prepare.windows(8, 8, 2) == [slice(0, 8)]
    # Weights rise over the overlap and fall over it: 1 2 3 3 3 3 2 1.
    assert prepare.window_weights(8, 2).tolist() == [1, 2, 3, 3, 3, 3, 2, 1]
    with pytest.raises(A2BenchError, match="cannot overlap by 8"):
        prepare.windows(18, 8, 8)
    assert pipeline.animate([tiny.clip(11)])[0].shape[0] == 11


def test_windows_that_agree_blend_to_the_same(pipeline, monkeypatch):
    """With a network that looks at no neighbour, one window and many answer alike."""
    monkeypatch.setattr(pipeline.unet, "forward", lambda latents, *_: 0.3 * latents)
    clip = tiny.clip(11)
    one = pipeline.animate([clip], window=11)[0]
    assert apart(pipeline.animate([clip], window=4, overlap=2)[0], one) <= 1


def test_a_short_clip_gives_fewer_frames():
    """32 frames at stride 2 need 63; 40 give 20. (The released code raised IndexError.)"""
    assert prepare.frame_indices(63, 32, 2) == list(range(0, 63, 2))
    assert prepare.frame_indices(40, 32, 2) == list(range(0, 40, 2))
    assert prepare.frame_indices(1, 32, 2) == [0]
    with pytest.raises(A2BenchError, match="no frame"):
        prepare.frame_indices(0, 32, 2)


def test_every_other_driving_frame(pipeline):
    clip = tiny.clip(5)
    halved = dataclasses.replace(
        clip, driving_frames=clip.driving_frames[::2], poses=clip.poses[::2]
    )
    strided = pipeline.animate([clip], frame_stride=2)[0]
    assert (strided == pipeline.animate([halved])[0]).all()


def test_the_pose_picture_reaches_the_network_with_red_and_blue_swapped():
    drawn = np.zeros((64, 64, 3), np.uint8)
    drawn[16:48, 16:48] = (250, 120, 10)
    seen = prepare.as_the_network_knows(drawn)
    assert np.abs(seen[32, 32].astype(int) - (10, 120, 250)).max() <= 3  # JPEG


def test_key_points_are_fractions_and_absent_ones_are_minus_one():
    poses = tiny.poses(2)
    tensor = prepare.keypoint_tensor(poses)
    assert tensor.shape == (2, 2, 18)
    assert tensor[1, 0, 7].item() == pytest.approx(poses.xy[1, 7, 0] / 64)
    assert tensor[1, 1, 7].item() == pytest.approx(poses.xy[1, 7, 1] / 96)
    assert (tensor[:, :, 4] == -1).all()


def test_decoded_frames_are_truncated_not_rounded():
    # 0.999 * 0.5 + 0.5 = 0.9995, times 255 = 254.87
    assert prepare.as_video(torch.full((1, 3, 2, 2), 0.999)).max() == 254
    assert prepare.as_video(torch.full((1, 3, 2, 2), 7.0)).min() == 255


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_channels_last_and_offload_stay_near(pipeline, dtype):
    """Steps multiply rounding: 8 bits of mantissa in bfloat16, 11 in float16."""
    clip = tiny.clip(2)
    options = {"dtype": dtype, "channels_last": True, "offload": True}
    near = tiny.pipeline(**options).animate([clip])[0]
    difference = np.abs(near.astype(int) - pipeline.animate([clip])[0]).mean()
    assert difference < (6 if dtype == torch.bfloat16 else 1)


@pytest.mark.full  # tracing takes 10 s
def test_a_compiled_unet_answers_the_same(pipeline):
    compiled = tiny.pipeline()
    compiled.unet.compile(backend="eager")  # inductor needs a compiler
    clip = tiny.clip(2)
    assert apart(compiled.animate([clip])[0], pipeline.animate([clip])[0]) <= 1


def test_a_saved_pipeline_answers_the_same(pipeline, folder):
    clip = tiny.clip(2)
    again = AnimateXPipeline.from_pretrained(folder)
    assert apart(again.animate([clip])[0], pipeline.animate([clip])[0]) <= 1  # memory alignment
    assert again.config.weights == "random"
    assert not list(folder.rglob("*.bin"))


def copied(folder, to):
    for path in folder.rglob("*"):
        if path.is_file():
            target = to / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return to


UNET = "unet/diffusion_pytorch_model.safetensors"
VAE = "vae/diffusion_pytorch_model.safetensors"
CLIP = "image_encoder/model.safetensors"
TEXT = "text_embedding.safetensors"


@pytest.mark.parametrize("part", [UNET, VAE, CLIP, TEXT])
@pytest.mark.parametrize("change", ["missing", "surplus", "shape", "torn"])
def test_a_folder_with_other_tensors_is_refused_by_their_names(folder, tmp_path, part, change):
    """Neither library does that by itself: both draw new random weights for what lacks."""
    path = copied(folder, tmp_path) / part
    tensors = load_file(path)
    name = sorted(tensors)[-1]
    if change == "missing":
        kept, said = {k: v for k, v in tensors.items() if k != name}, rf"1 keys lack \({name}\)"
    elif change == "surplus":
        kept, said = tensors | {"lora.up": torch.ones(2)}, r"1 keys are not known \(lora\.up\)"
    else:
        kept, said = tensors | {name: torch.ones(1, 77, 5)}, rf"{name} has shape \(1, 77, 5\)"
    save_file(kept, path)
    if change == "torn":
        path.write_bytes(path.read_bytes()[:-10])
        said = "not a whole safetensors file"
    with pytest.raises(A2BenchError, match=rf"{path.name}: {said}"):
        AnimateXPipeline.from_pretrained(tmp_path)


def test_counted_positions_may_be_in_a_folder_or_not(folder, pipeline, tmp_path):
    """Some versions of transformers save them; they are no weights."""
    path = copied(folder, tmp_path) / CLIP
    prefix = "vision_model." if any(k.startswith("vision_model.") for k in load_file(path)) else ""
    counted = {f"{prefix}embeddings.position_ids": torch.arange(5)[None]}
    save_file(load_file(path) | counted, path)
    clip = tiny.clip(2)
    again = AnimateXPipeline.from_pretrained(tmp_path).animate([clip])[0]
    assert apart(again, pipeline.animate([clip])[0]) <= 1


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("model_index.json", {"schema": "other/1"}, "expected schema"),
        ("model_index.json", {"code": "x"}, "expected schema"),
        ("model_index.json", {"weights": "official"}, "weights 'official'"),
        (
            "model_index.json",
            {"weights": "released"},
            r"hint: released ones come by .a2bench fetch",
        ),
        ("model_index.json", {"weights": None}, "weights None"),
        ("model_index.json", {"window": 0}, r"window: 0: expected 1 to 1024\nhint: window=32"),
        ("model_index.json", {"steps": "30"}, "steps: '30': expected a whole number"),
        ("unet/config.json", {"dim": 0}, "dim: 0: expected 1 to 65536"),
        ("unet/config.json", {"perceiver": {"depth": 10**9}}, "depth: 1000000000: expected 1 to"),
        ("unet/config.json", {"beta": 1}, "unknown field 'beta'"),
        ("vae/config.json", {"_class_name": "Script"}, "'Script', expected AutoencoderKL"),
        ("vae/config.json", {"latent_channels": "x"}, "not a VAE's"),
        ("image_encoder/config.json", {"model_type": "t5"}, "'t5', expected clip_vision_model"),
    ],
)
def test_a_folder_of_another_kind_is_refused(folder, tmp_path, file, change, said):
    path = copied(folder, tmp_path) / file
    path.write_text(json.dumps(json.loads(path.read_text()) | change), encoding="utf-8")
    with pytest.raises(A2BenchError, match=said):
        AnimateXPipeline.from_pretrained(tmp_path)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_folder_in_half_precision_reads_back_in_it(tmp_path, dtype):
    """The UNet in the dtype it was kept in, norms in float32; `dtype=` says another."""
    kept = tiny.pipeline(dtype=dtype)
    kept.save_pretrained(tmp_path)
    again = AnimateXPipeline.from_pretrained(tmp_path)
    assert again.dtype == again.unet.dtype == dtype
    assert again.unet.out[0].weight.dtype == torch.float32
    assert {p.dtype for p in again.vae.parameters()} == {torch.float32}
    clip = tiny.clip(2)
    assert apart(again.animate([clip])[0], kept.animate([clip])[0]) <= 1
    wide = AnimateXPipeline.from_pretrained(tmp_path, dtype=torch.float32)
    assert {p.dtype for p in wide.unet.parameters()} == {torch.float32}
    assert wide.animate([clip])[0].std() > 1
    with pytest.raises(A2BenchError, match=r"dtype torch\.float64: expected torch\.float32"):
        AnimateXPipeline.from_pretrained(tmp_path, dtype=torch.float64)


def test_parts_in_half_precision_are_read_to_float32(folder, tmp_path):
    """VAE and CLIP compute in float32 whatever they were stored in."""
    for part in (VAE, CLIP):
        path = copied(folder, tmp_path) / part
        save_file({name: tensor.half() for name, tensor in load_file(path).items()}, path)
    near = AnimateXPipeline.from_pretrained(tmp_path)
    assert {p.dtype for p in near.vae.parameters()} == {torch.float32}
    assert {p.dtype for p in near.image_encoder.parameters()} == {torch.float32}


def test_nothing_is_called_released_by_default():
    with pytest.raises(TypeError, match="weights"):
        PipelineConfig()
    parts = tiny.pipeline()
    with pytest.raises(TypeError, match="config"):
        AnimateXPipeline(parts.unet, parts.vae, parts.image_encoder, parts.text_embedding)


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_an_answer_that_is_not_finite_is_no_black_clip(part):
    broken = tiny.pipeline()
    module = broken.unet.out[2] if part == "unet" else broken.vae.decoder.conv_out
    module.bias.data.fill_(float("nan"))
    with pytest.raises(BadPrediction, match="not finite") as caught:
        broken.animate([tiny.clip(2)])
    assert caught.value.failure == "bad_output"


def test_no_folder_is_refused_with_what_it_must_be(tmp_path):
    with pytest.raises(A2BenchError, match="what save_pretrained wrote"):
        AnimateXPipeline.from_pretrained(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, {"size": (60, 96)}, r"multiple of 16 px\nhint: size=\(64, 96\)"),
        ({}, {"conditioning": "none"}, "conditioning 'none'"),
        ({}, {"frame_stride": 0}, r"frame_stride=0: each must be at least 1\nhint: frame_stride=1"),
        ({}, {"num_frames": 0}, "num_frames=0: each must be at least 1"),
        ({}, {"window": 0}, r"window: 0: expected 1 to 1024\nhint: window=32 as released"),
        ({}, {"window": 2.5}, "window: 2.5: expected a whole number"),
        ({}, {"overlap": 8}, r"windows of 8 frames cannot overlap by 8\nhint: overlap=2"),
        ({}, {"overlap": -1}, "cannot overlap by -1"),
        ({}, {"steps": 0}, "steps: 0: expected 1 to 1000"),
        ({}, {"guidance_scale": float("nan")}, "guidance_scale: nan: expected 0 to 1000"),
        ({}, {"size": (0, 96)}, "width: 0"),
        ({"poses": tiny.poses(4)}, {}, "2 driving frames with poses of 4"),
        ({"reference_pose": tiny.poses(2)}, {}, "a reference pose of 2 frames"),
    ],
)
def test_inputs_that_do_not_fit_are_named(pipeline, change, options, said):
    with pytest.raises(A2BenchError, match=said):
        pipeline.animate([dataclasses.replace(tiny.clip(2), **change)], **options)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"dim": 33}, r"dim: 33 is no multiple of 32\nhint: dim=32"),
        ({"dim": True}, "dim: True: expected a whole number"),
        ({"dim_mult": ()}, "dim_mult: .* expected 1 to 8 levels"),
        ({"dim_mult": [1, 2]}, "expected a tuple"),
        ({"attn_scales": (0.3,)}, r"no level has 0\.3 of the full size\nhint: of 4 levels"),
        ({"head_dim": 7}, "head_dim: 7 does not divide the 320 channels"),
        ({"dropout": float("nan")}, "dropout: nan: expected 0 to 1"),
        ({"context_dim": 768}, r"perceiver\.output_dim is 1024, context_dim is 768"),
        ({"perceiver": 1}, "perceiver: 1"),
    ],
)
def test_sizes_that_no_network_has_are_named(fields, said):
    with pytest.raises(A2BenchError, match=said):
        UNetConfig(**fields)


def test_clips_of_other_lengths_are_not_done_together(pipeline):
    with pytest.raises(A2BenchError, match=r"clips of \[2, 3\] frames"):
        pipeline.animate([tiny.clip(2), tiny.clip(3)])


def test_released_weights_that_are_absent_are_named_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(MissingWeights, match="a2bench fetch animate_x_unet animate_x_vae"):
        AnimateX("cpu")


def test_a_method_never_shows_other_weights_than_its_name_says(folder):
    class Mine(AnimateX):
        pass

    with pytest.raises(A2BenchError, match="holds random weights, Mine stands for released ones"):
        Mine("cpu", weights_folder=folder)
