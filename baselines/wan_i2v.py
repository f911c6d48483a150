"""`wan_i2v`: see `baselines/diffusion`."""

from .diffusion import WanImageToVideo as WanImageToVideo
