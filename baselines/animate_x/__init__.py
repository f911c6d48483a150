"""Animate-X (arXiv 2410.10306), native: network, sampler, pipeline and the benchmark's adapter."""

from .config import PerceiverConfig, PoseEncoderConfig, UNetConfig
from .method import AnimateX, TrainedAnimateX
from .pipeline import AnimateXPipeline, Clip, PipelineConfig
from .unet import Conditions, UNet

__all__ = [
    "AnimateX",
    "AnimateXPipeline",
    "Clip",
    "Conditions",
    "PerceiverConfig",
    "PipelineConfig",
    "PoseEncoderConfig",
    "TrainedAnimateX",
    "UNet",
    "UNetConfig",
]
