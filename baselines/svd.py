"""`svd`: see `baselines/diffusion`."""

from .diffusion import StableVideo as StableVideo
