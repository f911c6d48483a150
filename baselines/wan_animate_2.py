"""`wan_animate_2`: see `baselines/diffusion`."""

from .diffusion import WanAnimate2 as WanAnimate2
