"""Golden files of Animate-X: read them, fill weights by name, call our network as they record.

A file is a `.pt` (tensors only) or a `.safetensors` whose header has the values that are no
tensors; both unpack to one nested dictionary. What a file holds is told by its fields:
`modes` a UNet, `alphas_cumprod` a sampler, otherwise groups with `pose_tokens` the indicator.
"""

import json
import math
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from a2bench.baselines.animate_x import UNet, UNetConfig

OWN = Path(__file__).parent / "data"
"""Made with the released code @ e41d3f03 (attention by SDPA, no CUDA calls, stems pooled to 4h x
4w, context width from the configuration); weights and inputs are drawn by name, outputs stored."""

COMPANIONS = {
    "namefill.py": "how weights are drawn, as `drawn` here",
    "unet_keys.tsv": "read by test_animate_x_network.py",
}
"""Files of a golden folder that are no goldens."""


def files(folder):
    """The golden files of a folder; what is neither one nor known otherwise is an error.

    Raises:
        ValueError: an unknown file, or no golden at all: a test that compares nothing passes.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    found = [path for path in sorted(folder.iterdir()) if path.name not in COMPANIONS]
    for path in found:
        try:
            known = path.suffix in (".pt", ".safetensors", ".npz") and parts(read(path))
        except Exception as error:  # a torn file fails in as many ways as there are readers
            raise ValueError(f"{path}: cannot be read: {error}") from error
        if not known:
            raise ValueError(f"{path}: not a golden file of a known kind")
    if not found:
        raise ValueError(f"{folder}: no golden file in it")
    return found


def read(path):
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            golden = json.loads(file.metadata()["golden"])
            for name in file.keys():  # noqa: SIM118  (no mapping)
                *groups, last = name.split("/")
                place = golden
                for group in groups:
                    place = place.setdefault(group, {})
                place[last] = file.get_tensor(name)
        if "inputs" in golden:
            pair = golden["inputs"]["pose_embeddings"]
            golden["inputs"]["pose_embeddings"] = [pair["0"], pair["1"]]
        return golden
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file}
    return torch.load(path, map_location="cpu", weights_only=True)


def kind(golden):
    if not isinstance(golden, dict):
        return None
    if "modes" in golden:
        return "unet"
    if "alphas_cumprod" in golden:
        return "ddim"
    if any(isinstance(part, dict) and "pose_tokens" in part for part in golden.values()):
        return "ipi"
    if "kp133" in golden:
        return "pose"
    return None


def parts(golden):
    """What is tested one by one: a UNet's modes, an indicator's sizes, a sampler's loops."""
    if kind(golden) in (None, "pose"):
        return [kind(golden)] if kind(golden) else []
    if kind(golden) == "unet":
        return list(golden["modes"])
    if kind(golden) == "ipi":
        return [name for name, part in golden.items() if isinstance(part, dict)]
    return ["tables", *(name for name, part in golden.items() if "final" in _keys(part))]


def _keys(part):
    return part.keys() if isinstance(part, dict) else ()


def drawn(name, shape, seed=0, half=False, gain=1.0):
    """A parameter as `namefill.py` draws it: its own stream, seeded with crc32(name) ^ seed."""
    stream = np.random.RandomState((zlib.crc32(name.encode()) ^ seed) & 0xFFFFFFFF)
    values = stream.standard_normal(math.prod(shape)).astype(np.float32).reshape(shape)
    if name.endswith("latents"):
        values *= 0.5
    elif len(shape) >= 2:
        values *= gain / np.sqrt(np.prod(shape[1:]))
    elif name.endswith("bias"):
        values *= 0.1
    else:
        values = 1.0 + 0.1 * values
    tensor = torch.from_numpy(np.array(values, dtype=np.float32, order="C"))
    return tensor.half().float() if half else tensor


@torch.no_grad()
def fill(module, seed=0, half=False, gain=1.0):
    for name, parameter in module.state_dict().items():
        parameter.copy_(drawn(name, tuple(parameter.shape), seed, half, gain))
    return module.eval()


def config_of(golden):
    names = UNetConfig.__dataclass_fields__.keys() - {"pose_encoder", "perceiver"}
    recorded = {name: value for name, value in golden["cfg"].items() if name in names}
    return UNetConfig.from_dict(
        recorded
        | {
            "pose_encoder": golden.get("pose_encoder") or {},
            "perceiver": golden.get("resampler") or {},
        }
    )


def load(golden):
    """The golden's network: its stored weights, else those drawn by name."""
    with torch.device("meta"):
        unet = UNet(config_of(golden))
    unet = unet.to_empty(device="cpu")
    if "state_dict" in golden:
        weights = {name: value.float() for name, value in golden["state_dict"].items()}
        weights.pop("pose_embedding_before.pos_embed.pos_table", None)
        unet.load_state_dict(weights)
        return unet.eval()
    how = golden.get("fill") or {}
    return fill(unet, how.get("seed", 0), how.get("half", False), how.get("gain", 1.0))


def tensor(value):
    return value.float() if value.is_floating_point() else value


def conditions(unet, golden, mode):
    """`encode` with what the mode gives."""
    inputs, given = golden["inputs"], set(golden["modes"][mode])
    x = inputs["x"]
    keywords = {}
    if "image" in given:
        keywords["image"] = tensor(inputs["image"])
    if "local_image" in given:
        keywords["local_image"] = tensor(inputs["local_image"])[:, :, 0]
    if "dwpose" in given:
        keywords["pose_maps"] = tensor(inputs["dwpose"])
    if "randomref" in given:
        keywords["reference_latent"] = tensor(inputs["randomref"])[:, :, 0]
    if "pose_embeddings" in given:
        keypoints, clip = (tensor(part) for part in inputs["pose_embeddings"])
        keywords["keypoints"] = keypoints
        keywords["clip_features"] = clip.reshape(*keypoints.shape[:2], -1)
    return unet.encode(
        tensor(golden["zero_y"]),
        batch=x.shape[0],
        frames=x.shape[2],
        latent_size=tuple(x.shape[3:]),
        **keywords,
    )


def beside(path):
    """The tiny UNet that a sampler's golden looped over: its file in the same folder."""
    for name in ("parity_tiny.pt", "parity_tiny_nw.pt"):
        if path.with_name(name).exists():
            golden = read(path.with_name(name))
            return golden, load(golden)
    raise FileNotFoundError(f"{path} was made with parity_tiny.pt, which is not beside it")


def stub(x, time, cond):
    """The stand-in model of the stored loops, found by fitting their steps (to 3e-7)."""
    return torch.tanh((0.5 + time / 2000) * x + cond) - 0.1 * x


def differs(ours, stored):
    """Largest |difference|, less what storing in 16 bits lost (half a unit in the last place).

    Infinite where either is not finite: NaN compares false with any tolerance.
    """
    assert ours.shape == stored.shape, (ours.shape, stored.shape)
    if not (ours.isfinite().all() and stored.isfinite().all()):
        return math.inf
    difference = (ours.float() - stored.float()).abs()
    if stored.dtype == torch.float16:
        difference = (difference - stored.float().abs() * 2**-11).clamp(min=0)
    return difference.max().item()
