"""Every network against its reference, under the same random weights."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from a2bench import weights
from a2bench.errors import A2BenchError
from a2bench.networks import clip, frames, inception, lpips, video
from a2bench.networks.i3d import key_shapes as i3d_keys
from a2bench.networks.resnet3d import key_shapes as resnet3d_keys
from tests.networks import reference
from tests.networks.reference import Tensors, random_tensors, worst

LIMIT = 1e-5
"""Relative, of features: order of sums, and batch norms folded into convolutions."""


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _pictures(count: int, height: int = 120, width: int = 80) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def inception_tensors() -> Tensors:
    with torch.device("meta"):
        shapes = {key: tuple(one.shape) for key, one in inception.network().state_dict().items()}
    return random_tensors(shapes)


def test_inception_is_pytorch_fids(
    inception_tensors: Tensors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own class, resize and range included; ours folded, channels last, in a batch."""
    import pytorch_fid.inception

    monkeypatch.setattr(
        pytorch_fid.inception, "load_state_dict_from_url", lambda *_, **__: inception_tensors
    )
    theirs = pytorch_fid.inception.InceptionV3([3]).eval()
    images = frames.to_tensor(_pictures(3))
    made = inception.prepared(inception_tensors)
    with torch.inference_mode():
        expected = theirs(images / 255)[0].flatten(1)
        together = inception.features(made, images)
        alone = torch.cat([inception.features(made, image[None]) for image in images])

    assert worst(together, expected) < LIMIT
    assert worst(alone, together) < 1e-6  # the batch decides the order of sums, no more
    assert len(inception_tensors) == 566  # keys of the published file


@pytest.mark.filterwarnings("ignore")
def test_inception_is_torch_fidelitys_but_for_its_range(
    inception_tensors: Tensors, tmp_path: Path
) -> None:
    """Its own class at 299 x 299, where nobody resizes: (x - 128) / 128 in, the same features out.

    Fed our range, the features differ: the range matters, and is named on the card.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    torch.save(inception_tensors, tmp_path / "w.pth")
    theirs = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(tmp_path / "w.pth")
    )
    pictures = torch.from_numpy(_pictures(1, 299, 299)).movedim(-1, 1)
    made = inception.prepared(inception_tensors)
    with torch.inference_mode():
        expected = theirs(pictures)[0]
        shifted = ((pictures.float() - 128) / 128 + 1) / 2 * 255

        assert worst(inception.features(made, shifted), expected) < LIMIT
        assert worst(inception.features(made, pictures.float()), expected) > 1e-4


@pytest.mark.parametrize("backbone", ["alex", "vgg"])
@pytest.mark.filterwarnings("ignore")  # lpips calls torchvision the old way
def test_lpips_is_the_packages(backbone: lpips.Backbone) -> None:
    """Map (`spatial=True`) and mean; random backbone, published heads."""
    import lpips as package

    trunk, heads = _lpips_tensors(backbone)
    theirs = package.LPIPS(net=backbone, pnet_rand=True, verbose=False, spatial=True).eval()
    for key, tensor in theirs.state_dict().items():
        if key.startswith("net."):
            tensor.copy_(trunk[f"features.{key.split('.', 2)[2]}"])
    ours = lpips.prepared(backbone, trunk, heads)
    first, second = (frames.to_tensor(_pictures(2, 70, 53)) / 127.5 - 1).split(1)
    with torch.inference_mode():
        expected_map = theirs(first, second)[0]
        theirs.spatial = False
        expected_mean = theirs(first, second).flatten()

        assert worst(ours.maps(first, second), expected_map) < LIMIT
        assert worst(ours.means(first, second), expected_mean) < LIMIT
        assert float(ours.means(first, first)) == 0


def _lpips_tensors(backbone: lpips.Backbone) -> tuple[Tensors, Tensors]:
    make = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16}[backbone]
    with torch.device("meta"):
        shapes = {key: tuple(one.shape) for key, one in make(weights=None).state_dict().items()}
    used = {key: shape for key, shape in shapes.items() if key.startswith("features")}
    unused = {key: torch.zeros(1).expand(shape) for key, shape in shapes.items() if key not in used}
    return random_tensors(used) | unused, weights.tensors(f"lpips_{backbone}_head")


@pytest.mark.filterwarnings("ignore")
def test_lpips_is_torchmetrics_too() -> None:
    """A second reading of the same definition, without the package."""
    from torchmetrics.functional.image.lpips import _LPIPS

    trunk, heads = _lpips_tensors("alex")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = _LPIPS(pretrained=True, net="alex", pnet_rand=True).eval()
    for key, tensor in theirs.state_dict().items():
        if key.startswith("net."):
            tensor.copy_(trunk[f"features.{key.split('.', 2)[2]}"])
    ours = lpips.prepared("alex", trunk, heads)
    first, second = (frames.to_tensor(_pictures(2, 70, 53)) / 127.5 - 1).split(1)
    with torch.inference_mode():
        assert worst(ours.means(first, second), theirs(first, second).flatten()) < LIMIT


def test_i3d_is_a_second_writing_of_it() -> None:
    """DisCo's and VideoGPT's settings on 17 frames, where epsilon and pool both matter."""
    tensors = random_tensors(i3d_keys())
    clips = torch.rand((1, 3, 17, 224, 224), generator=torch.Generator().manual_seed(1)) * 2 - 1
    answers = []
    with torch.inference_mode():
        for eps, pool in ((1e-3, 1), (1e-5, 2)):
            network = video.prepared_i3d(tensors, eps=eps, pool_frames=pool)
            answers.append(network(clips))
            expected = reference.i3d(tensors, clips, eps=eps, pool_frames=pool)

            assert worst(answers[-1], expected) < LIMIT

    assert worst(answers[0], answers[1]) > 1e-3


def test_resnet3d_is_a_second_writing_of_it() -> None:
    """16 frames of 112 px, `fc` in the file and not in the network."""
    tensors = random_tensors(resnet3d_keys())
    network = video.prepared_resnet3d(tensors)
    clips = torch.randn((1, 3, 16, 112, 112), generator=torch.Generator().manual_seed(1)) * 60
    with torch.inference_mode():
        assert worst(network(clips), reference.resnet3d50(tensors, clips)) < LIMIT


@pytest.mark.filterwarnings("ignore")
def test_clip_is_the_vision_half_of_transformers_clip() -> None:
    """A whole CLIP's tensors in, position ids or not; embeddings of unit length out."""
    from transformers import CLIPConfig, CLIPModel

    shapes = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12}
    vision = shapes | {"num_attention_heads": 12, "patch_size": 32, "image_size": 224}
    text = {"num_hidden_layers": 1, "hidden_size": 32, "num_attention_heads": 2, "vocab_size": 50}
    theirs = CLIPModel(
        CLIPConfig(vision_config=vision, text_config=text, projection_dim=512)
    ).eval()
    tensors = random_tensors({key: tuple(v.shape) for key, v in theirs.state_dict().items()})
    theirs.load_state_dict(tensors)
    old = {"vision_model.embeddings.position_ids": torch.arange(50)[None]}
    ours = clip.prepared(tensors | old)
    pictures = _pictures(2)
    with torch.inference_mode():
        found = theirs.get_image_features(pixel_values=clip.preprocess(pictures))
        found = found if torch.is_tensor(found) else found.pooler_output
        expected = found / found.norm(dim=1, keepdim=True)

    embedded = torch.from_numpy(clip.embed(ours, pictures))
    assert worst(embedded, expected.double()) < LIMIT
    assert clip.embed(ours, pictures[:1])[0] @ embedded[0].numpy() == pytest.approx(1, abs=1e-6)


def test_a_missing_key_or_another_shape_is_refused() -> None:
    """Exact equality: nothing is filled in with random numbers."""
    tensors = random_tensors(resnet3d_keys())
    short = {key: value for key, value in tensors.items() if key != "bn1.weight"}
    wide = tensors | {"conv1.weight": torch.zeros(64, 3, 7, 7, 8)}

    with pytest.raises(A2BenchError, match=r"1 keys lack \(bn1.weight\)"):
        video.prepared_resnet3d(short)
    with pytest.raises(A2BenchError, match=r"conv1.weight has shape \(64, 3, 7, 7, 8\), expected"):
        video.prepared_resnet3d(wide)
    with pytest.raises(A2BenchError, match=r"1 keys are not known \(extra\)"):
        video.prepared_resnet3d(tensors | {"extra": torch.zeros(1)})


def test_windows_see_every_frame() -> None:
    """31 frames: 0 to 15 and 15 to 30. 16: one. 32: two side by side. 33: three."""
    assert frames.window_starts(31, 16) == [0, 15]
    assert frames.window_starts(16, 16) == [0]
    assert frames.window_starts(32, 16) == [0, 16]
    assert frames.window_starts(33, 16) == [0, 8, 17]
    for count in range(16, 100):
        seen = {at + i for at in frames.window_starts(count, 16) for i in range(16)}
        assert seen == set(range(count))


def test_conventions_of_size_and_range() -> None:
    """Squash and crop, overshoot of the unclipped bicubic, ranges and channel means."""
    pictures = np.zeros((2, 60, 120, 3), dtype=np.uint8)
    pictures[:, :, 60:] = 255
    squashed, cropped = video.styleganv_frames(pictures), video.videogpt_frames(pictures)
    bicubic, resnet = video.disco_frames(pictures), video.resnet3d_frames(pictures)

    for made in (squashed, cropped, bicubic):
        assert made.shape == (2, 3, 224, 224)
    assert squashed.min() == -1
    assert squashed.max() == 1
    assert bicubic.max() > 1.05  # not clipped
    assert resnet.shape == (2, 3, 112, 112)
    assert float(resnet[0, 0, 50, 2]) == pytest.approx(-114.7748, abs=1e-3)
    assert float(resnet[0, 2, 50, 110]) == pytest.approx(255 - 99.475, abs=1e-3)
    # the crop shows the middle half of the width: the edge is in the middle of both
    assert float(cropped[0, 0, 100, 100]) == -1
    assert float(cropped[0, 0, 100, 124]) == 1
    assert len(video.segments(resnet)) == 16
    torch.testing.assert_close(video.segments(resnet)[15], resnet[1])
