"""Animate-X (arXiv 2410.10306), native: network, sampler, pipeline and the benchmark's adapter."""

from .config import PerceiverConfig, PoseEncoderConfig, UNetConfig
from .unet import Conditions, UNet

__all__ = ["Conditions", "PerceiverConfig", "PoseEncoderConfig", "UNet", "UNetConfig"]
