"""A folder of one's own model: every part read strictly, whatever lies there.

Names and shapes must be those of the part's configuration; a tensor more or less is an error, not
a warning with new random weights in its place. Nothing is downloaded or unpickled.
"""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from a2bench.errors import A2BenchError

from . import codec, convert
from .tensors import exactly, read_safetensors, shapes

INDEX = "model_index.json"
TEXT = "text_embedding.safetensors"
TEXT_TOKENS = 77

_UNSAVED = ("position_ids",)
"""Buffers of counted positions: some versions of transformers write them, some do not."""

_MOST_JSON_BYTES = 2**20


def read_json(path: Path) -> dict[str, Any]:
    """Read a table from a JSON file.

    Raises:
        A2BenchError: no such file, absurdly large, or no JSON table.
    """
    if not path.is_file():
        raise A2BenchError(
            f"{path}: no such file.\nhint: an Animate-X folder is what save_pretrained wrote"
        )
    if (size := path.stat().st_size) > _MOST_JSON_BYTES:
        raise A2BenchError(f"{path}: {size} bytes, at most {_MOST_JSON_BYTES}")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise A2BenchError(f"{path}: not JSON: {str(error)[:200]}") from error
    if not isinstance(values, dict):
        raise A2BenchError(f"{path}: expected a table, got {type(values).__name__}")
    return values


def fill(module: Any, tensors: dict[str, Tensor], path: Path) -> Any:
    """Give a module on the meta device its weights, of any float type; buffers are counted.

    Raises:
        A2BenchError: names or shapes are not exactly the module's.
    """
    kept = {name: tensor for name, tensor in tensors.items() if not name.endswith(_UNSAVED)}
    module.load_state_dict(exactly(kept, shapes(module), str(path)), assign=True)
    convert.restore_positions(module)
    return module


def read_autoencoder(folder: Path) -> Any:
    """Read an autoencoder of a class that `latents.codec_of` knows, to float32.

    Raises:
        A2BenchError: see `fill`; or its configuration is none of such a class.
    """
    if read_json(folder / codec.CONFIG_FILE).get("_class_name") == codec.CLASS:
        return read_patch_codec(folder)
    return read_vae(folder)


def read_patch_codec(folder: Path) -> codec.PatchCodec:
    """Read what `PatchCodec` saved, to float32.

    Raises:
        A2BenchError: another class, a size out of range, or other tensors than its own.
    """
    path = folder / codec.CONFIG_FILE
    values = read_json(path)
    known = {"patch", "channels"}
    if values.pop("_class_name", None) != codec.CLASS or values.keys() - {"finish"} != known:
        raise A2BenchError(f"{path}: expected {codec.CLASS} with patch, channels, perhaps finish")
    module = codec.PatchCodec(**values)
    path = folder / codec.WEIGHTS_FILE
    module.load_state_dict(exactly(read_safetensors(path), shapes(module), str(path)))
    return module.float()


def read_vae(folder: Path) -> Any:
    """Read what diffusers' AutoencoderKL saved, to float32.

    Raises:
        A2BenchError: see `fill`; or its configuration is none of that class.
    """
    values = read_json(folder / "config.json")
    if (found := values.get("_class_name")) != "AutoencoderKL":
        raise A2BenchError(f"{folder / 'config.json'}: {found!r}, expected AutoencoderKL")
    try:
        with torch.device("meta"):
            vae: Any = AutoencoderKL.from_config(values)  # type: ignore[no-untyped-call]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise A2BenchError(f"{folder / 'config.json'}: not a VAE's: {error}") from error
    path = folder / "diffusion_pytorch_model.safetensors"
    return fill(vae, read_safetensors(path), path).float()


def read_image_encoder(folder: Path) -> Any:
    """Read what transformers' CLIPVisionModelWithProjection saved, to float32.

    Raises:
        A2BenchError: see `fill`; or its configuration is none of that class.
    """
    values = read_json(folder / "config.json")
    if (found := values.get("model_type")) != "clip_vision_model":
        raise A2BenchError(f"{folder / 'config.json'}: {found!r}, expected clip_vision_model")
    try:
        with torch.device("meta"):
            encoder = CLIPVisionModelWithProjection(CLIPVisionConfig.from_dict(values))
    except (TypeError, ValueError, KeyError, AttributeError, ZeroDivisionError) as error:
        raise A2BenchError(f"{folder / 'config.json'}: not CLIP's: {error}") from error
    path = folder / "model.safetensors"
    return fill(encoder, read_safetensors(path), path).float()


def read_text(folder: Path, context_dim: int) -> Tensor:
    """Read the empty prompt's embedding, float32 (1, 77, context_dim).

    Raises:
        A2BenchError: another shape, or other tensors.
    """
    path = folder / TEXT
    expected = {convert.TEXT_KEY: (1, TEXT_TOKENS, context_dim)}
    return exactly(read_safetensors(path), expected, str(path))[convert.TEXT_KEY].float()
