"""Fixtures of the back ends' tests."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from a2bench import environment, plugins
from a2bench.checkout import fetch_source
from a2bench.records import MethodCard
from a2bench.store import RunFolder
from tests.test_command import STANDINS, git_repository


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
def upstream(plugin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MethodCard:
    """A command method: MusePose's two programs, as a stand-in, with checkout and interpreter."""
    monkeypatch.setenv("A2BENCH_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "upstream"
    commit = git_repository(STANDINS / "musepose", repository)
    job = 'test_cases:\n  "{reference_image}":\n    - "{work}/aligned.mp4"\n'
    steps = [
        {
            "name": "align",
            "argv": [
                *("{python}", "pose_align.py", "--imgfn_refer", "{reference_image}"),
                *("--vidfn", "{driving_video}", "--outfn", "{work}/demo.mp4"),
                *("--outfn_align_pose_video", "{work}/aligned.mp4"),
            ],
        },
        {
            "name": "animate",
            "argv": [
                *("{python}", "test_stage_2.py", "--config", "{work}/job.yaml"),
                *("-W", "{width}", "-H", "{height}", "-L", "{frames}", "-S", "48", "-O", "4"),
                *("--seed", "{seed}", "--steps", "20", "--cfg", "3.5", "--skip", "0"),
                *("--fps", "{fps}"),
            ],
            "files": {"job.yaml": job},
        },
    ]
    block = {
        "source": {"url": f"file://{repository}", "commit": commit},
        "environment": {"python": f"{sys.version_info.major}.{sys.version_info.minor}"},
        "steps": steps,
        "result": {"find": "source/output/*/*/*.mp4", "leave_out": ["*_20_0_*.mp4"]},
    }
    fields = {
        **{"name": "upstream", "title": "u", "summary": "s", "kind": "command", "command": block},
        **{"inputs_seen": ["driving_rgb"], "native": {"size": {"width": 96, "height": 160}}},
    }
    (plugin_folder / "baselines" / "upstream.yaml").write_text(yaml.safe_dump(fields))
    plugins.card.cache_clear()
    card = plugins.card("upstream")
    fetch_source(environment.block_of(card))
    environment.use_interpreter(card, Path(sys.executable))
    return card


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
