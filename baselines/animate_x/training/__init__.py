"""Training of Animate-X: `a2bench train method=animate_x`. The authors released none of it."""

from .trainer import AnimateXTrainer

__all__ = ["AnimateXTrainer"]
