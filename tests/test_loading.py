"""What a card says of autocast, compile and offload is applied, or refused: never ignored."""

from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.records import MethodCard
from a2bench.run import plan
from a2bench.store import RunFolder
from a2bench.worker import loaded_method, make_worker

CLASS = """
import os

import numpy as np
import torch


class Pipeline:
    def enable_model_cpu_offload(self, device):
        self.offloaded_to = device


class It:
    def __init__(self, device):
        self.model = torch.nn.Linear(4, 4)
        self.pipeline = Pipeline()

    def __call__(self, inputs):
        os.write(1, str(self.model(torch.ones(1, 4)).dtype).encode())  # past pytest's capture
        return np.repeat(inputs.reference_image[None], inputs.frames, 0)
"""

MakeCard = Callable[..., MethodCard]


@pytest.fixture
def make_card(plugin_folder: Path) -> MakeCard:
    def make(name: str, text: str = CLASS, **fields: str) -> MethodCard:
        lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
        (plugin_folder / "baselines" / f"{name}.yaml").write_text(
            f"name: {name}\ntitle: {name}\nsummary: s\nkind: in_process\nentry: It\n"
            f"inputs_seen: []\n{lines}"
        )
        (plugin_folder / "baselines" / f"{name}.py").write_text(text)
        return plugins.card(name)

    return make


@pytest.mark.parametrize(("autocast", "dtype"), [("bfloat16", "bfloat16"), (None, "float32")])
def test_calls_run_under_autocast(
    autocast: str | None, dtype: str, make_card: MakeCard, tiny: Dataset, tmp_path: Path
) -> None:
    """A linear layer's output has the card's type."""
    card = make_card("cast", **({"autocast": autocast} if autocast else {}))
    jobs, _ = plan(RunFolder.of(tmp_path, "r"), tiny, [card], ["self"], "smoke")

    result = make_worker("cpu")(jobs[0])

    assert result.status == "ok", result.reason
    log = Path(jobs[0].request.output).with_suffix(".log").read_text()
    assert log.strip() == f"torch.{dtype}"


def test_modules_are_compiled_and_pipelines_offloaded(make_card: MakeCard) -> None:
    """By torch.compile's own back end `eager`; the values stay."""
    method = loaded_method(make_card("both", compile="eager", offload="model"), "cpu")

    assert method.pipeline.offloaded_to == "cpu"  # type: ignore[attr-defined]
    assert method.model._compiled_call_impl is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize(("key", "value"), [("compile", "eager"), ("offload", "sequential")])
def test_what_cannot_be_applied_is_refused(key: str, value: str, make_card: MakeCard) -> None:
    """No attribute to compile, no pipeline that offloads so."""
    bare = "class It:\n    def __init__(self, device):\n        pass\n    __call__ = None\n"

    with pytest.raises(A2BenchError, match=f"its card says `{key}: {value}`"):
        loaded_method(make_card("bare", bare, **{key: value}), "cpu")
