"""What small models trained here need of the sampler, the loss and the attention."""

import math

import pytest
import torch

from a2bench.baselines.animate_x import PipelineConfig, sampler
from a2bench.baselines.animate_x.layers import attend
from a2bench.errors import A2BenchError


def test_one_visit_of_pure_noise_gives_what_the_network_says():
    """At time 999 nothing of the clean latents is left: x0 = -v, whatever the noise.

    The step lands on the first noise level: sqrt(a0) x0 + sqrt(1 - a0) times the noise.
    """
    noise = torch.randn((1, 2, 3), generator=torch.Generator().manual_seed(0))
    clean = torch.full((1, 2, 3), 0.7)

    found = sampler.sample(lambda x, time: -clean, noise, 30, visited=[999])

    first = float(sampler.alphas_cumprod()[0])
    expected = math.sqrt(first) * clean + math.sqrt(1 - first) * noise
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_visiting_the_samplers_own_times_changes_nothing():
    """Strides of 200: each step of 5 lands where the next one starts, the last one near zero."""
    noise = torch.randn((1, 4), generator=torch.Generator().manual_seed(1))

    def predict(x, time):
        return 0.3 * x - time / 4000

    seen = []
    sampler.sample(
        predict, noise, 5, visited=[801, 601, 401, 201, 1], on_step=lambda n, x: seen.append(x)
    )

    assert len(seen) == 5
    torch.testing.assert_close(seen[-1], sampler.sample(predict, noise, 5), atol=0.02, rtol=0)


@pytest.mark.parametrize("times", [(), (5, 9), (1000,), (3, 3), (1.0,)])
def test_times_that_do_not_fall_are_refused(times):
    with pytest.raises(A2BenchError, match="falling"):
        PipelineConfig("trained", times=times)


def test_attention_that_is_trained_on_a_cpu_is_the_same():
    """Both ways of computing it, values and gradients."""
    draw = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn((3, 2, 7, 8), generator=draw) for _ in range(3))
    fused = attend(q, k, v)
    q, k, v = (part.requires_grad_() for part in (q, k, v))

    plain = attend(q, k, v)

    torch.testing.assert_close(plain, fused, atol=1e-5, rtol=0)
    plain.sum().backward()
    assert q.grad is not None
