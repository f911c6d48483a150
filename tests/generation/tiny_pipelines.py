"""FLUX and Wan image-to-video of a few thousand random parameters, of diffusers' real classes."""

from pathlib import Path

import diffusers
import torch
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)


def tokenizer() -> PreTrainedTokenizerFast:
    """Every word is one of three."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = {"[PAD]": 0, "[UNK]": 1, "dancing": 2, "camel": 3}
    model = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    model.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=model,
        pad_token="[PAD]",
        unk_token="[UNK]",
        eos_token="[PAD]",
        model_max_length=16,
    )


def save_flux(folder: Path) -> None:
    """Save a text-to-image pipeline."""
    torch.manual_seed(0)
    text = CLIPTextConfig(
        vocab_size=8, hidden_size=16, intermediate_size=16, projection_dim=16,
        num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=16,
        bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    t5 = T5Config(vocab_size=8, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=diffusers.AutoencoderKL(
            block_out_channels=(4,), latent_channels=1, norm_num_groups=1, sample_size=32,
            use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.06,
            scaling_factor=1.5,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer(),
        text_encoder_2=T5EncoderModel(t5),
        tokenizer_2=tokenizer(),
        transformer=diffusers.FluxTransformer2DModel(
            patch_size=1, in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=16, pooled_projection_dim=16,
            axes_dims_rope=(4, 4, 8),
        ),
    ).save_pretrained(folder)  # fmt: skip


def save_wan(folder: Path) -> None:
    """Save an image-to-video pipeline of Wan2.1's form, with its image encoder."""
    torch.manual_seed(0)
    diffusers.WanImageToVideoPipeline(
        tokenizer=tokenizer(),
        text_encoder=UMT5EncoderModel(
            UMT5Config(vocab_size=8, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
        ),
        vae=diffusers.AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        image_processor=CLIPImageProcessor(crop_size=32, size=32),
        image_encoder=CLIPVisionModel(
            CLIPVisionConfig(
                hidden_size=8, projection_dim=8, num_hidden_layers=2, num_attention_heads=2,
                image_size=32, intermediate_size=8, patch_size=16,
            )
        ),
        transformer=diffusers.WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=36,
            out_channels=16, text_dim=16, freq_dim=32, ffn_dim=32, num_layers=1,
            cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
            image_dim=8,
        ),
    ).save_pretrained(folder)  # fmt: skip


if __name__ == "__main__":
    import sys

    save_flux(Path(sys.argv[1]) / "flux")
    save_wan(Path(sys.argv[1]) / "wan")
