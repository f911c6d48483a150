"""`vace`: see `baselines/diffusion`."""

from .diffusion import Vace as Vace
