"""Inception-v3 of TensorFlow's 2015 archive up to pool3: the network of FID and KID.

Conventions of pytorch-fid 0.3.0: resize inside to 299x299 (bilinear, not antialiased), then 2x - 1.
Blocks are pytorch-fid's patched ones (average pools that do not count padding; a max pool in the
last block); torchvision's Inception is a different network.
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from pytorch_fid import inception as pytorch_fid
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import Inception3
from torchvision.models.inception import BasicConv2d

from a2bench import weights
from a2bench.networks.frames import bilinear_squash, to_tensor
from a2bench.networks.loading import built, by_device, exact, filled, folded, key_of, ready

DIMENSION = 2048
SIDE_PX = 299
BATCH, BATCH_CUDA = 8, 32
"""Frames at a time; fixed, so that a feature never depends on its neighbours."""
WEIGHTS = "inception_fid"


def network() -> nn.Module:
    """Return pytorch-fid's network without weights; it would download them in building it."""
    made = Inception3(num_classes=1008, aux_logits=False, init_weights=False)
    made.Mixed_5b = pytorch_fid.FIDInceptionA(192, pool_features=32)
    made.Mixed_5c = pytorch_fid.FIDInceptionA(256, pool_features=64)
    made.Mixed_5d = pytorch_fid.FIDInceptionA(288, pool_features=64)
    made.Mixed_6b = pytorch_fid.FIDInceptionC(768, channels_7x7=128)
    made.Mixed_6c = pytorch_fid.FIDInceptionC(768, channels_7x7=160)
    made.Mixed_6d = pytorch_fid.FIDInceptionC(768, channels_7x7=160)
    made.Mixed_6e = pytorch_fid.FIDInceptionC(768, channels_7x7=192)
    made.Mixed_7b = pytorch_fid.FIDInceptionE_1(1280)
    made.Mixed_7c = pytorch_fid.FIDInceptionE_2(2048)
    assert isinstance(made, nn.Module)
    return made


def prepared(tensors: dict[str, Tensor]) -> nn.Module:
    """Return the network with these weights, batch norms folded, on its device."""
    made = filled(built(network), tensors, what=WEIGHTS)
    pairs = {
        f"{path}.conv": f"{path}.bn"
        for path, module in made.named_modules()
        if isinstance(module, BasicConv2d)
    }
    made.fc = nn.Identity()
    made.dropout = nn.Identity()
    return ready(folded(made, pairs), dimensions=2)


def features(made: nn.Module, images: Float[Tensor, "t 3 h w"]) -> Float[Tensor, "t 2048"]:
    """Return pool3 features of images in [0, 255]."""
    x = bilinear_squash(images / 255, SIDE_PX)
    x = (2 * x - 1).contiguous(memory_format=torch.channels_last)
    for name, block in made.named_children():
        if name in ("avgpool", "dropout", "fc", "AuxLogits"):
            continue
        x = block(x)
    return functional.adaptive_avg_pool2d(x, 1).flatten(1)


@cache
def _loaded(_: tuple[str, ...]) -> nn.Module:
    return prepared(weights.tensors(WEIGHTS))


def pool3(frames: UInt8[np.ndarray, "t h w 3"]) -> Float[np.ndarray, "t 2048"]:
    """pool3 features of every frame.

    Raises:
        A2BenchError: the weights are absent or wrong.
    """
    made = _loaded(key_of(WEIGHTS))
    found = []
    batch = by_device(cpu=BATCH, cuda=BATCH_CUDA)
    with exact():
        for start in range(0, len(frames), batch):
            images = to_tensor(frames[start : start + batch])
            found.append(features(made, images).cpu())
    return torch.cat(found).numpy()
