"""The pipeline on small random networks: what goes in, what comes out, what is refused."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from a2bench.baselines.animate_x import AnimateX, AnimateXPipeline, prepare, sampler
from a2bench.errors import A2BenchError, MissingWeights
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


def test_a_folder_that_lacks_a_tensor_is_refused(folder, tmp_path):
    path = copied(folder, tmp_path) / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    del tensors["out.2.bias"]
    save_file(tensors, path)
    with pytest.raises(A2BenchError, match=r"Missing key.*out\.2\.bias"):
        AnimateXPipeline.from_pretrained(tmp_path)
    path.write_bytes(b"not a safetensors file")
    with pytest.raises(A2BenchError, match=r"diffusion_pytorch_model\.safetensors"):
        AnimateXPipeline.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ({"schema": "other/1"}, "expected schema"),
        ({"schema": "a2bench.animate_x/1", "weights": "released", "code": "x"}, "expected schema"),
        ({"schema": "a2bench.animate_x/1", "weights": "official"}, "weights 'official'"),
    ],
)
def test_an_index_of_another_kind_is_refused(tmp_path, index, said):
    (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(A2BenchError, match=said):
        AnimateXPipeline.from_pretrained(tmp_path)


def test_no_folder_is_refused_with_what_it_must_be(tmp_path):
    with pytest.raises(A2BenchError, match="what save_pretrained wrote"):
        AnimateXPipeline.from_pretrained(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, {"size": (60, 96)}, r"multiple of 16 px\nhint: size=\(64, 96\)"),
        ({}, {"conditioning": "both"}, "conditioning 'both'"),
        ({}, {"frame_stride": 0}, "at least 1"),
        ({"poses": tiny.poses(4)}, {}, "2 driving frames with poses of 4"),
        ({"reference_pose": tiny.poses(2)}, {}, "a reference pose of 2 frames"),
    ],
)
def test_inputs_that_do_not_fit_are_named(pipeline, change, options, said):
    with pytest.raises(A2BenchError, match=said):
        pipeline.animate([dataclasses.replace(tiny.clip(2), **change)], **options)


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
