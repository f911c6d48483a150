"""Animate-X's UNet: peak memory of activations, and seconds beside the released code.

python benchmarks/animate_x.py                      live tensors of one forward at 33x96x64, counted
python benchmarks/animate_x.py --released FOLDER    a step's CPU time, ours as a ratio of theirs

FOLDER is a checkout of antgroup/animate-x @ e41d3f03 (einops must be installed; xformers' attention
is torch's here, the other packages it imports are not used by the network).
"""

import argparse
import math
import statistics
import sys
import time
import types
import weakref
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from a2bench.baselines.animate_x import UNet, UNetConfig

CONTEXT = 1024


class LiveBytes(TorchDispatchMode):
    """Counts bytes of storages made and not yet freed."""

    def __init__(self):
        super().__init__()
        self.live = self.peak = 0
        self.seen = weakref.WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_flatten(out)[0]:
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                if storage not in self.seen:
                    self.seen.add(storage)
                    self.live += storage.nbytes()
                    self.peak = max(self.peak, self.live)
                    weakref.finalize(storage, self._gone, storage.nbytes())
        return out

    def _gone(self, size):
        self.live -= size


def given(unet, frames, height, width, dtype=torch.float32, device="cpu"):
    def draw(*shape):
        return torch.rand(shape, dtype=dtype, device=device)

    conditions = unet.encode(
        draw(1, 77, CONTEXT), batch=1, frames=frames, latent_size=(height, width),
        image=draw(1, 1, CONTEXT), local_image=draw(1, 3, 8 * height, 8 * width),
        pose_maps=draw(1, 3, frames + 1, 8 * height, 8 * width),
        keypoints=draw(1, frames + 1, 2, 18), clip_features=draw(1, frames + 1, CONTEXT),
    )  # fmt: skip
    return draw(1, 4, frames, height, width), torch.full((1,), 500, device=device), conditions


@torch.no_grad()
def memory():
    # Flash-type attention makes its output only; on the meta device torch would count its matrix.
    torch.nn.functional.scaled_dot_product_attention = lambda q, *_: torch.empty_like(q)
    for dtype in (torch.float32, torch.float16):
        with torch.device("meta"):
            unet = UNet().to(dtype).eval()
        inputs = given(unet, 32, 96, 64, dtype, "meta")
        with LiveBytes() as count:
            unet(*inputs)
        print(f"{dtype}: {count.peak / 2**30:.2f} GiB live at most in one forward of 33x96x64")


def released(folder):
    """The released module, with stand-ins for what it imports and does not use here."""

    def attention(q, k, v, attn_bias=None, op=None):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    names = ("xformers", "xformers.ops", "open_clip", "rotary_embedding_torch", "fairscale")
    for name in (*names, "fairscale.nn", "fairscale.nn.checkpoint"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["xformers"].ops = sys.modules["xformers.ops"]
    sys.modules["xformers.ops"].memory_efficient_attention = attention
    sys.modules["rotary_embedding_torch"].RotaryEmbedding = object
    sys.modules["fairscale.nn.checkpoint"].checkpoint_wrapper = lambda module: module
    for package in ("animatex", "utils"):  # their own first files import the whole programme
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(folder / package)]
    import animatex.model.unet_animate_x as module

    return module.UNetSD_Animate_X


@torch.inference_mode()
def seconds(folder, dim, frames, height, width, rounds):
    config = UNetConfig(dim=dim)
    theirs = released(folder)(
        in_dim=4, dim=dim, y_dim=CONTEXT, context_dim=CONTEXT, out_dim=4, dim_mult=[1, 2, 4, 4],
        num_heads=8, head_dim=64, num_res_blocks=2, attn_scales=[1.0, 0.5, 0.25], dropout=0.1,
        temporal_attention=True, no_hand=True, num_tokens=4, zero_y=torch.rand(1, 77, CONTEXT),
        seq_len=frames + 1,
    ).eval()  # fmt: skip
    for name, parameter in theirs.named_parameters():  # no layer is left at zero
        spread = 1 / math.sqrt(parameter[0].numel()) if parameter.dim() > 1 else 0.1
        parameter.normal_(float(parameter.dim() == 1 and name.endswith("weight")), spread)
    for stem in ("local_image_embedding", "dwpose_embedding"):
        getattr(theirs, stem)[2].output_size = (4 * height, 4 * width)
    state = theirs.state_dict()
    del state["pose_embedding_before.pos_embed.pos_table"]
    ours = UNet(config).eval()
    ours.load_state_dict(state)
    latents, step, _ = given(ours, frames, height, width)
    raw = {
        "image": torch.rand(1, 1, CONTEXT),
        "local_image": torch.rand(1, 3, 1, 8 * height, 8 * width),
        "dwpose": torch.rand(1, 3, frames + 1, 8 * height, 8 * width),
    }
    keypoints, clip = torch.rand(1, frames + 1, 2, 18), torch.rand(frames + 1, 1, CONTEXT)

    def their_step():
        local = raw["local_image"].repeat(1, 1, frames, 1, 1)
        return theirs(
            latents, step, **raw | {"local_image": local}, pose_embeddings=[keypoints, clip]
        )

    def encode():
        return ours.encode(
            theirs.zero_y, batch=1, frames=frames, latent_size=(height, width), image=raw["image"],
            local_image=raw["local_image"][:, :, 0], pose_maps=raw["dwpose"], keypoints=keypoints,
            clip_features=clip[:, 0][None],
        )  # fmt: skip

    conditions = encode()
    timed = {
        "released": their_step,
        "encode": encode,
        "step": lambda: ours(latents, step, conditions),
    }
    took, last = {name: [] for name in timed}, {}
    for _ in range(rounds + 1):
        for name, call in timed.items():
            started = time.process_time()
            last[name] = call()
            took[name].append(time.process_time() - started)
    median = {name: statistics.median(each[1:]) for name, each in took.items()}
    theirs_took, ours_took = median["released"], median["step"]
    apart = (last["released"] - last["step"]).abs().max()
    print(
        f"dim {dim}, {frames} frames, latents {width}x{height}, {torch.get_num_threads()} threads, "
        f"median CPU time of {rounds}: released {theirs_took:.2f} s a step; ours {ours_took:.2f} s "
        f"a step and {median['encode']:.2f} s once; ratio {ours_took / theirs_took:.2f}; "
        f"largest difference {apart:.1e}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--released", type=Path, help="checkout of antgroup/animate-x")
    parser.add_argument("--size", type=int, nargs=4, default=(128, 8, 24, 16),
                        metavar=("DIM", "FRAMES", "HEIGHT", "WIDTH"))  # fmt: skip
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    if words.released is None:
        memory()
    else:
        sys.path.insert(0, str(words.released.resolve()))
        seconds(words.released.resolve(), *words.size, words.rounds)
