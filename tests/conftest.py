"""Fixtures that more than one test file uses."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from a2bench import command, plugins
from a2bench.dataset import Dataset


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--goldens", metavar="DIR", help="run Animate-X's golden files found in DIR")


collect_ignore = ["standins"]  # upstream's names, `test_stage_2.py` among them


def external(variable: str) -> Path:
    """Return a folder outside the repository; skip without it, fail where it must be there."""
    value = os.environ.get(variable)
    if value:
        return Path(value)
    if os.environ.get("A2BENCH_REQUIRE_EXTERNAL") == "1":
        pytest.fail(f"${variable} is not set, and A2BENCH_REQUIRE_EXTERNAL=1 says it must be")
    pytest.skip(f"${variable} is not set")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with `videos/` and `images/`: real dance videos, never committed."""
    return external("A2BENCH_REAL_DATA")


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with the four smoke characters at 128x192; tests must not change it."""
    from a2bench.builders import procedural

    home = tmp_path_factory.mktemp("tiny")
    procedural.build(home, split="smoke", profile="tiny", workers=1)
    return home


@pytest.fixture(scope="session")
def tiny(tiny_home: Path) -> Dataset:
    """The data set of `tiny_home`."""
    return Dataset.find(tiny_home, "a2bench-proc-tiny")


@pytest.fixture
def copied(tiny: Dataset, tmp_path: Path) -> Dataset:
    """A copy of the tiny data set that a test may damage."""
    folder = tmp_path / "datasets" / tiny.info.name / tiny.info.version
    shutil.copytree(tiny.folder, folder)
    return Dataset.open(folder)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `a2bench demo` leaves: CI's own, or made once for all test processes."""
    if value := os.environ.get("A2BENCH_DEMO"):
        return Path(value)
    shared = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else None
    root = shared or tmp_path_factory.mktemp("demo")
    with (root / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "demo" / "contact_sheet.png").exists():
            done = a2bench("demo", "--out", str(root / "demo"))
            assert done.returncode == 0, done.stderr
    return root / "demo"


def a2bench(*words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the real command line."""
    return subprocess.run(
        [sys.executable, "-m", "a2bench", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | env,
    )


@pytest.fixture(scope="session")
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The real command line, in a process of its own."""
    return a2bench


@pytest.fixture
def plugin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty scratch plug-in folder that this process and its children see."""
    folder = tmp_path / "plugins"
    for kind in ("metrics", "baselines", "runners"):
        (folder / kind).mkdir(parents=True)
    monkeypatch.setenv("A2BENCH_PLUGINS", str(folder))
    caches = (plugins.metric, plugins.card, plugins.runner)
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()
    for name in [name for name in sys.modules if name.startswith("a2bench_plugins.")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def offline_flags_end_with_their_test() -> Iterator[None]:
    """A worker made in this process sets them for good, as it should in a process of its own."""
    before = {name: os.environ.get(name) for name in command.OFFLINE}
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
