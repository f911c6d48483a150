"""Networks against further references; those on the cards are in benchmarks/precision_checks."""

import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch

from a2bench.errors import A2BenchError
from a2bench.networks import frames, inception, lpips, video
from a2bench.networks.i3d import I3D, from_torchscript
from a2bench.networks.i3d import key_shapes as i3d_keys
from a2bench.networks.resnet3d import key_shapes as resnet3d_keys
from benchmarks.precision_checks.network import inception_tensors, lpips_tensors, pictures
from benchmarks.reference_networks import random_tensors, worst

LIMIT = 1e-5
"""Relative, of features: order of sums, and batch norms folded into convolutions."""


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore")
def test_inception_is_torch_fidelitys_but_for_its_range(
    tmp_path: Path,
) -> None:
    """Its own class at 299 x 299, where nobody resizes: (x - 128) / 128 in, the same features out.

    Fed our range, the features differ: the range matters, and is named on the card.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    tensors = inception_tensors()
    torch.save(tensors, tmp_path / "w.pth")
    theirs = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(tmp_path / "w.pth")
    )
    shown = torch.from_numpy(pictures(1, 299, 299)).movedim(-1, 1)
    made = inception.prepared(tensors)
    with torch.inference_mode():
        expected = theirs(shown)[0]
        shifted = ((shown.float() - 128) / 128 + 1) / 2 * 255

        assert worst(inception.features(made, shifted), expected) < LIMIT
        assert worst(inception.features(made, shown.float()), expected) > 1e-4


@pytest.mark.filterwarnings("ignore")
def test_lpips_is_torchmetrics_too() -> None:
    """A second reading of the same definition, without the package."""
    from torchmetrics.functional.image.lpips import _LPIPS

    trunk, heads = lpips_tensors("alex")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = _LPIPS(pretrained=True, net="alex", pnet_rand=True).eval()
    for key, tensor in theirs.state_dict().items():
        if key.startswith("net."):
            tensor.copy_(trunk[f"features.{key.split('.', 2)[2]}"])
    ours = lpips.prepared("alex", trunk, heads)
    first, second = (frames.to_tensor(pictures(2, 70, 53)) / 127.5 - 1).split(1)
    with torch.inference_mode():
        assert worst(ours.means(first, second), theirs(first, second).flatten()) < LIMIT


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


class _Detector(torch.nn.Module):
    """I3D traced at two lengths: padding depends on it."""

    def __init__(self, network: I3D) -> None:
        super().__init__()
        self.inner = network

    def sixteen(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)

    def ten(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)


class _Script(torch.nn.Module):
    """StyleGAN-V's script in small: other names, resize and range inside."""

    def __init__(self, detector: torch.nn.Module) -> None:
        super().__init__()
        self.detector = detector

    def forward(
        self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool
    ) -> torch.Tensor:
        assert rescale, "only so is it called"
        assert resize, "only so is it called"
        assert return_features, "only so is it called"
        b, c, t, h, w = x.shape
        flat = x.permute(0, 2, 1, 3, 4).reshape(b * t, c, h, w)
        small = torch.nn.functional.interpolate(
            flat, size=[224, 224], mode="bilinear", align_corners=False
        )
        clip = 2 * small.reshape(b, t, c, 224, 224).permute(0, 2, 1, 3, 4) / 255 - 1
        return self.detector.sixteen(clip) if t == 16 else self.detector.ten(clip)


@pytest.mark.parametrize(
    "eps", [1e-3, pytest.param(1e-5, id="another network, the same keys and shapes")]
)
def test_a_script_is_converted_only_where_it_answers_the_same(eps: float) -> None:
    """Tensors come out bit for bit under our keys; batch norm's epsilon is seen in the answers."""
    tensors = random_tensors(i3d_keys())
    network = I3D(eps=eps, pool_frames=2).eval()
    network.load_state_dict(tensors)
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is old, and so is the published file
        lengths = {"sixteen": 16, "ten": 10}
        traced = torch.jit.trace_module(
            _Detector(network).eval(),
            {name: torch.zeros(1, 3, frames, 224, 224) for name, frames in lengths.items()},
            check_trace=False,
        )
        torch.jit.save(torch.jit.script(_Script(traced)), file)
        file.seek(0)
        if eps == 1e-3:
            found = from_torchscript(file)
            for key, tensor in tensors.items():
                if not key.endswith("num_batches_tracked"):
                    assert torch.equal(found[key], tensor), key
            return
        with pytest.raises(A2BenchError, match="conversion refused"):
            from_torchscript(file)


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
