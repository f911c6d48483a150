"""3-D ResNet-50, Kinetics-400, without its last layer: the network behind FID-VID.

Hara, Kataoka and Satoh, Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?,
CVPR 2018; "old models" of kenshohara/3D-ResNets-PyTorch (shortcut type B, 112 px, 16 frames). Keys
as in `resnet-50-kinetics.pth` (`state_dict`, prefix `module.`), whose `fc` is not used.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

DIMENSION = 2048
SIDE_PX = 112
SEGMENT_FRAMES = 16
CHANNEL_MEANS = (114.7748, 107.7354, 99.4750)
"""RGB, of values in [0, 255]; subtracted, not divided by anything."""

_DEPTHS = (3, 4, 6, 3)
_PLANES = (64, 128, 256, 512)


class Bottleneck(nn.Module):
    """1x1x1, 3x3x3, 1x1x1 with a shortcut, which is a convolution where the shape changes."""

    def __init__(self, channels_in: int, planes: int, stride: int, *, shortcut: bool) -> None:
        super().__init__()
        channels_out = 4 * planes
        self.conv1 = nn.Conv3d(channels_in, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(planes)
        self.conv2 = nn.Conv3d(planes, planes, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm3d(planes)
        self.conv3 = nn.Conv3d(planes, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(channels_out)
        self.downsample = (
            nn.Sequential(
                nn.Conv3d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm3d(channels_out),
            )
            if shortcut
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, c, t, h, w) to (b, 4 planes, t', h', w')."""
        kept = x if self.downsample is None else self.downsample(x)
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.relu(self.bn2(self.conv2(x)))
        return functional.relu(self.bn3(self.conv3(x)) + kept)


class ResNet3D50(nn.Module):
    """The network up to its averaged last features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, 64, 7, (1, 2, 2), padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        channels = 64
        for number, (depth, planes) in enumerate(zip(_DEPTHS, _PLANES, strict=True), start=1):
            stride = 1 if number == 1 else 2
            blocks = [Bottleneck(channels, planes, stride, shortcut=True)]
            channels = 4 * planes
            blocks += [Bottleneck(channels, planes, 1, shortcut=False) for _ in range(1, depth)]
            self.add_module(f"layer{number}", nn.Sequential(*blocks))

    def forward(self, clips: Float[Tensor, "b 3 t h w"]) -> Float[Tensor, "b 2048"]:
        """Return the features of clips with the channel means subtracted from [0, 255]."""
        x = functional.relu(self.bn1(self.conv1(clips)))
        x = functional.max_pool3d(x, 3, 2, padding=1)
        for number in range(1, len(_DEPTHS) + 1):
            x = getattr(self, f"layer{number}")(x)
        # 16 frames of 112 px leave 1 x 4 x 4, and the original averages over exactly that
        return x.mean(dim=(2, 3, 4))


def key_shapes() -> dict[str, tuple[int, ...]]:
    """Return every key of the published tensors with its shape, `fc` included."""
    with torch.device("meta"):
        network = ResNet3D50()
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    return shapes | {"fc.weight": (400, DIMENSION), "fc.bias": (400,)}
