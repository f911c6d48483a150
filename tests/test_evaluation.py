"""`a2bench.evaluate`: the same values as the command line, in this process."""

import subprocess
import sys

import numpy as np
import pytest

import a2bench
from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.method import Inputs
from a2bench.metric import Video
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder


def still(inputs: Inputs) -> Video:
    return np.repeat(inputs.reference_image[None], inputs.frames, axis=0)


def test_a_function_gets_the_values_that_a_run_gets(
    tiny: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`still` as a function and as a method: every number to the last bit."""
    store = RunFolder.of(tmp_path_factory.mktemp("home"), "r")
    card = plugins.card("still")
    metrics = ["psnr", "ssim", "l1", "flow_error_dis"]
    run(store, tiny, [card], ["self"], "smoke", workers=1)
    expected = {
        (value.case_id, value.metric): value.value
        for value in score(store, tiny, [card], ["self"], "smoke", metrics, workers=1)
    }

    values = a2bench.evaluate(still, tiny, "smoke", "self", inputs_seen=())

    found = values[values.metric.isin(metrics)]
    actual = {(row.case_id, row.metric): row.value for row in found.itertuples()}
    assert actual == expected
    assert set(values.columns) >= {"protocol", "method", "seed", "case_id", "metric", "value"}


def test_seeds_and_a_native_size_reach_the_function(tiny: Dataset) -> None:
    """Two seeds of each case at 96x160, 16 fps: 3.875 s * 16 = 62, so 63 frames."""
    seen = []

    def noise(inputs: Inputs) -> Video:
        seen.append(inputs.seed)
        assert inputs.driving_video.shape == (63, 160, 96, 3)
        random = np.random.default_rng(inputs.seed)
        return random.integers(0, 256, inputs.driving_video.shape, np.uint8)

    values = a2bench.evaluate(noise, tiny, "smoke", seeds=(3, 4), size=(96, 160), fps=16)

    psnr = values[values.metric == "psnr"]
    assert seen == [3, 4] * 4
    assert len(psnr) == 8
    assert (psnr.status == "ok").all()


def test_errors_are_those_of_the_function(tiny: Dataset) -> None:
    """In a training loop an error is a bug to see, not a row."""

    def broken(inputs: Inputs) -> Video:
        raise ValueError("epoch 3")

    with pytest.raises(ValueError, match="epoch 3"):
        a2bench.evaluate(broken, tiny, "smoke")
    with pytest.raises(A2BenchError, match="9 frames, expected 32"):
        a2bench.evaluate(lambda inputs: still(inputs)[:9], tiny, "smoke")


def test_importing_a2bench_is_light() -> None:
    """Neither torch nor numpy nor pandas nor Hydra before something is asked for."""
    code = (
        "import sys, a2bench; "
        "print([name for name in ('torch', 'numpy', 'pandas', 'hydra') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
