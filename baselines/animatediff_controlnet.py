"""`animatediff_controlnet`: see `baselines/diffusion`."""

from .diffusion import AnimateDiffControlNet as AnimateDiffControlNet
