"""What decoded pictures are measured by in training, where the codec has convolutions to learn."""

import torch.nn.functional as F
from torch import Tensor

STRUCTURE = 1.5
"""Weight of structure beside absolute error. Chosen, with the window, on 14 characters that the
miniature was not trained on."""

_WINDOW_PX = 2
"""Frames are made about five times as large before they are scored: small windows here."""

_C1, _C2 = 0.01**2, 0.03**2


def picture_loss(made: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error + 1.5 (1 - structural similarity in windows of 2x2 px), (n,).

    Args:
        made: (n, 3, H, W), [-1, 1] or a little over.
        truth: the same, [-1, 1].
    """
    made, truth = made.float(), truth.float()
    absolute = (made - truth).abs().flatten(1).mean(1)
    a, b = made * 0.5 + 0.5, truth * 0.5 + 0.5
    mean_a, mean_b = _mean(a), _mean(b)
    variance_a = _mean(a * a) - mean_a**2
    variance_b = _mean(b * b) - mean_b**2
    covariance = _mean(a * b) - mean_a * mean_b
    similarity = (
        (2 * mean_a * mean_b + _C1)
        * (2 * covariance + _C2)
        / ((mean_a**2 + mean_b**2 + _C1) * (variance_a + variance_b + _C2))
    )
    return absolute + STRUCTURE * (1 - similarity.flatten(1).mean(1))


def _mean(pictures: Tensor) -> Tensor:
    return F.avg_pool2d(pictures, _WINDOW_PX, stride=1)
