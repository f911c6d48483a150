"""`wan_animate`: see `baselines/diffusion`."""

from .diffusion import WanAnimate as WanAnimate
