"""DDIM with v-prediction and zero terminal signal-to-noise ratio, as Animate-X samples.

Asking for 30 steps runs 31 (times 991, 958, ..., 1: the stride is 1000 // 30 = 33); the pure-noise
time 999 is not visited unless the step count brings it there. `quirks` lists what is kept.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from a2bench.errors import A2BenchError

TIMES = 1000
_FIRST_BETA, _LAST_BETA = 0.00085, 0.012


@lru_cache(maxsize=1)
def alphas_cumprod() -> Tensor:
    """Share of signal at times 0 to 999, float64; exactly 0 at the last."""
    betas = torch.linspace(_FIRST_BETA**0.5, _LAST_BETA**0.5, TIMES, dtype=torch.float64) ** 2
    root = (1 - betas).cumprod(0).sqrt()
    # Shifted so that the last is 0, scaled so that the first stays.
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    return root**2


def betas() -> Tensor:
    """Noise added at each time, float64 (1000,); 1 at the last."""
    alphas = alphas_cumprod()
    return 1 - torch.cat([alphas[:1], alphas[1:] / alphas[:-1]])


def times(steps: int) -> list[int]:
    """Return the times that `steps` asked for visits, falling; they may be more than asked.

    Raises:
        A2BenchError: not 1 to 1000 steps.
    """
    if not 1 <= steps <= TIMES:
        raise A2BenchError(f"{steps} steps: expected 1 to {TIMES}")
    return [min(1 + time, TIMES - 1) for time in range(0, TIMES, TIMES // steps)][::-1]


def sample(
    predict: Callable[[Tensor, int], Tensor],
    noise: Tensor,
    steps: int,
    *,
    visited: Sequence[int] | None = None,
    on_step: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Run the deterministic (eta 0) loop.

    The released code divides by the signal to get the noise back from x0, which is 0/0 at time
    999; the v-prediction gives it without a division: noise = sqrt(a) v + sqrt(1 - a) x.

    Args:
        predict: v, of x at an integer time, both of any shape.
        noise: float32, the start.
        steps: asked for; see `times`.
        visited: falling times to visit instead, for models of few steps; each step lands on the
            next, the last one on the first noise level.
        on_step: told the number of steps done, and x.

    Returns:
        The denoised latents, float32.
    """
    alphas = alphas_cumprod()
    if visited is None:
        chosen = times(steps)
        targets = [max(time - TIMES // steps, 0) for time in chosen]
    else:
        chosen, targets = list(visited), [*visited[1:], 0]
    x = noise
    for done, (time, target) in enumerate(zip(chosen, targets, strict=True), start=1):
        signal, spread = _roots(alphas[time])
        next_signal, next_spread = _roots(alphas[target])
        v = predict(x, time).to(x.dtype)
        clean = signal * x - spread * v
        x = next_signal * clean + next_spread * (signal * v + spread * x)
        if on_step is not None:
            on_step(done, x)
    return x


def guided(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance: away from the unconditional prediction by `scale`."""
    return unconditional + scale * (conditional - unconditional)


def start_noise(
    shape: tuple[int, int, int, int], generator: torch.Generator, *, offset: float = 0.1
) -> Tensor:
    """Draw start noise (c, f, h, w) on the CPU, so that a seed means the same on every device.

    As in training, a tenth of a second draw is added, one number a channel and frame.
    """
    noise = torch.randn(shape, generator=generator)
    return noise + offset * torch.randn((*shape[:2], 1, 1), generator=generator)


def _roots(alpha: Tensor) -> tuple[float, float]:
    return float(alpha.sqrt()), float((1 - alpha).sqrt())
