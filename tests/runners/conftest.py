"""Fixtures of the back ends' tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.records import MethodCard
from a2bench.store import RunFolder


@pytest.fixture
def method(plugin_folder: Path) -> Callable[..., MethodCard]:
    """Write a scratch method whose `__call__` starts with the lines given; return its card.

    `HERE` is the plug-in folder, where a method leaves word for the test and for its next call.
    """

    def make(name: str, body: str, *, card: str = "", init: str = "pass") -> MethodCard:
        folder = plugin_folder / "baselines"
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\ntitle: {name}\nsummary: s\nkind: in_process\nentry: It\n"
            f"inputs_seen: []\n{card}"
        )
        (folder / f"{name}.py").write_text(
            "import hashlib, os, pathlib, signal, subprocess, time\nimport numpy as np\n"
            f"HERE = pathlib.Path({str(plugin_folder)!r})\n"
            f"class It:\n    def __init__(self, device): {init}\n"
            "    def __call__(self, inputs):\n"
            "        case = hashlib.sha256(inputs.reference_image.tobytes()).hexdigest()[:8]\n"
            f"        {body}\n"
            "        return np.repeat(inputs.reference_image[None], inputs.frames, 0)\n"
        )
        plugins.card.cache_clear()
        return plugins.card(name)

    return make


@pytest.fixture
def noise(method: Callable[..., MethodCard]) -> MethodCard:
    """A stochastic method: what it draws is decided by the seed alone."""
    return method(
        "noise",
        "return np.random.default_rng(inputs.seed).integers(0, 256, (32, 192, 128, 3), np.uint8)",
        card="stochastic: true\nbatch_size: 2\n",  # given two at a time, answered one by one
    )


@pytest.fixture
def store(tmp_path: Path) -> RunFolder:
    """An empty run folder."""
    return RunFolder.of(tmp_path / "home", "test")


@pytest.fixture
def predictions() -> Callable[[RunFolder], dict[str, bytes]]:
    """Relative path -> bytes of every prediction of a run."""

    def read(store: RunFolder) -> dict[str, bytes]:
        root = store.folder / "predictions"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.mp4")}

    return read
