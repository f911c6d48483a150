"""CLIP ViT-B/32 image embeddings (transformers), with OpenAI's own preprocessing.

Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021.
Preprocessing: short side 224 by Pillow's bicubic on 8-bit pictures, centre crop, mean, deviation.
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from a2bench import weights
from a2bench.networks.loading import built, device, exact, filled, key_of

WEIGHTS = "clip_vit_b32"
SIDE_PX = 224
BATCH = 8
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


def network() -> nn.Module:
    """Return the vision half of CLIP ViT-B/32 without weights."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    sizes = CLIPVisionConfig(
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        patch_size=32,
        image_size=SIDE_PX,
        projection_dim=512,
        hidden_act="quick_gelu",
    )
    made: nn.Module = CLIPVisionModelWithProjection(sizes)
    return made


def prepared(tensors: dict[str, Tensor]) -> nn.Module:
    """Return the network with the vision half of a whole CLIP's weights, on its device."""
    made = built(network)
    wanted = made.state_dict()
    kept = {
        key: value
        for key, value in tensors.items()
        if key.startswith(("vision_model.", "visual_projection."))
        and not key.endswith("position_ids")  # counted, not learned
    }
    if not any(key.startswith("vision_model.") for key in wanted):  # transformers 5 drops it
        kept = {key.removeprefix("vision_model."): value for key, value in kept.items()}
    filled(made, kept, what=WEIGHTS)
    # position ids are a buffer outside the state dict, and `built` left it without values
    for module in made.modules():
        ids = getattr(module, "position_ids", None)
        if isinstance(ids, Tensor):
            module.position_ids = torch.arange(ids.shape[-1]).expand(1, -1)
    return made.to(device())


def preprocess(frames: UInt8[np.ndarray, "t h w 3"]) -> Float[Tensor, "t 3 224 224"]:
    """Pictures as CLIP takes them."""
    made = []
    for frame in frames:
        height, width = frame.shape[:2]
        # torchvision's rule for the long side: cut, not rounded
        size = (
            (SIDE_PX, int(SIDE_PX * height / width))
            if width <= height
            else (int(SIDE_PX * width / height), SIDE_PX)
        )
        small = Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC)
        left, top = round((size[0] - SIDE_PX) / 2), round((size[1] - SIDE_PX) / 2)
        made.append(np.asarray(small.crop((left, top, left + SIDE_PX, top + SIDE_PX))))
    unit = torch.from_numpy(np.stack(made)).movedim(-1, 1).float() / 255
    return (unit - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(DEVIATION).view(1, 3, 1, 1)


@cache
def _loaded(_: tuple[str, ...]) -> nn.Module:
    return prepared(weights.tensors(WEIGHTS))


def embed(made: nn.Module, frames: UInt8[np.ndarray, "t h w 3"]) -> Float[np.ndarray, "t 512"]:
    """Unit-length embeddings of pictures, float64."""
    found = []
    with exact():
        for start in range(0, len(frames), BATCH):
            images = preprocess(frames[start : start + BATCH]).to(device())
            found.append(made(pixel_values=images).image_embeds.double().cpu())
    whole = torch.cat(found)
    return np.asarray((whole / whole.norm(dim=1, keepdim=True)).numpy())


def loaded() -> nn.Module:
    """Return the network with the published weights.

    Raises:
        A2BenchError: the weights are absent or wrong.
    """
    return _loaded(key_of(WEIGHTS))
