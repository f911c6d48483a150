"""Pipelines of diffusers as methods: one class each, with the same four steps."""

from .pipelines import AnimateDiffControlNet as AnimateDiffControlNet
from .pipelines import DiffusersMethod as DiffusersMethod
from .pipelines import StableVideo as StableVideo
from .pipelines import Vace as Vace
from .pipelines import WanAnimate as WanAnimate
from .pipelines import WanAnimate2 as WanAnimate2
from .pipelines import WanImageToVideo as WanImageToVideo
