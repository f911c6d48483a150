"""What each video metric gives its network: frames written a second time, windows, settings."""

import numpy as np
import pytest
import torch
from PIL import Image

from a2bench import plugins
from a2bench.features import shown_to_sets
from a2bench.networks import video
from benchmarks.precision_checks.network import pictures

HALVES = [0, 15]
EVERY = list(range(17))


def _bilinear(clip: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(clip.astype(np.float32)).permute(0, 3, 1, 2)
    return torch.nn.functional.interpolate(x, (224, 224), mode="bilinear") / 127.5 - 1


def _cropped(clip: np.ndarray) -> torch.Tensor:
    """48 x 64: 224 x 299 (VideoGPT takes the ceiling of 298.67); 37 columns are cut on the left."""
    x = torch.from_numpy(clip.astype(np.float32)).permute(0, 3, 1, 2)
    x = torch.nn.functional.interpolate(x, (224, 299), mode="bilinear")
    return x[..., 37:261] / 127.5 - 1


def _bicubic(clip: np.ndarray, side: int) -> torch.Tensor:
    channels = [
        [
            np.asarray(
                Image.fromarray(frame[..., c].astype(np.float32)).resize(
                    (side, side), Image.Resampling.BICUBIC
                )
            )
            for c in range(3)
        ]
        for frame in clip
    ]
    return torch.from_numpy(np.array(channels))


def _centred(clip: np.ndarray) -> torch.Tensor:
    return _bicubic(clip, 112) - torch.tensor([114.7748, 107.7354, 99.4750]).view(1, 3, 1, 1)


CASES = {
    "fvd": (_bilinear, HALVES, ("i3d_torchscript", 1e-3, 2)),
    "kvd": (_bilinear, HALVES, ("i3d_torchscript", 1e-3, 2)),
    "fvd_logits400": (
        lambda clip: _bicubic(clip, 224) / 127.5 - 1,
        EVERY,
        ("i3d_pretrained_400", 1e-3, 1),
    ),
    "fvd_cdfvd": (_bilinear, HALVES, ("i3d_pretrained_400", 1e-5, 2)),
    "fvd_videogpt": (_cropped, HALVES, ("i3d_pretrained_400", 1e-5, 2)),
    "fid_vid": (_centred, HALVES, ("resnet3d50_kinetics",)),
    "fid_vid_windows": (_centred, EVERY, ("resnet3d50_kinetics",)),
    "fid_vid_segments": (_centred, [0, 16], ("resnet3d50_kinetics",)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_metric_feeds_its_network_what_its_card_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the network, which tests/networks/test_agreement.py and the precision checks prove."""
    prepare, starts, settings = CASES[name]
    metric = plugins.metric(name)
    assert metric.of_set is not None
    seen: list[object] = []
    clip = shown_to_sets(pictures(32, 48, 64), metric.view)

    def network(*given: object) -> None:
        seen.append(given[:-1])

    def windows(_: object, frames: torch.Tensor, at: object, width: int) -> np.ndarray:
        seen.extend((frames, list(at), width))  # type: ignore[call-overload]
        return np.zeros((2, 1), np.float32)

    monkeypatch.setattr(video, "key_of", lambda *_: ())
    monkeypatch.setattr(video, "_i3d", network)
    monkeypatch.setattr(video, "_resnet3d", network)
    monkeypatch.setattr(video, "of_windows", windows)
    metric.of_set.extractor.extract(clip)

    assert seen[0] == settings
    assert isinstance(seen[1], torch.Tensor)
    torch.testing.assert_close(seen[1], prepare(clip), rtol=0, atol=2e-4)
    assert seen[2:] == [starts, 16]
