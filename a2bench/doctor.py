"""`a2bench doctor`: what works on this machine, what is missing, what to type."""

import ctypes
import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from a2bench.errors import A2BenchError
from a2bench.parallel import cores
from a2bench.paths import data_home

State = Literal["ok", "missing", "optional"]


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    state: State
    found: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for `--json`."""
        return asdict(self)


GL_PACKAGES = (
    "apt-get install libegl1 libgl1 (Debian, Ubuntu) "
    "or dnf install libglvnd-egl libglvnd-glx (Fedora)"
)
"""skia-python links these even where it draws on the CPU only."""


def _load_library(name: str) -> None:
    ctypes.CDLL(name)


def check_skia(load: Callable[[str], None] = _load_library) -> Check:
    """Check that skia, which draws the procedural data set, can be imported."""
    if platform.system() == "Linux":
        missing = []
        for library in ("libEGL.so.1", "libGL.so.1"):
            try:
                load(library)
            except OSError:
                missing.append(library)
        if missing:
            found = f"{' and '.join(missing)} cannot be loaded; skia-python links it"
            return Check("drawing (skia)", "missing", found, GL_PACKAGES)
    try:
        import skia
    except ImportError as error:
        return Check("drawing (skia)", "missing", str(error), "pip install 'skia-python==144.*'")
    return Check("drawing (skia)", "ok", f"skia-python {skia.__version__}")


def require_skia() -> None:
    """Raise the doctor's finding as an error where skia cannot be used."""
    check = check_skia()
    if check.state != "ok":
        raise A2BenchError(f"{check.found}.\nhint: {check.fix}")


def _package(name: str, label: str, *, optional: str = "") -> Check:
    try:
        return Check(label, "ok", f"{name} {version(name)}")
    except PackageNotFoundError:
        fix = optional or "pip install -e ."
        return Check(label, "optional" if optional else "missing", f"{name} is not installed", fix)


def _video() -> Check:
    import av

    codecs = [name for name in ("libx264", "libx264rgb") if name not in av.codecs_available]
    if codecs:
        return Check(
            "video (PyAV)",
            "missing",
            f"av {av.__version__} without {', '.join(codecs)}",
            "pip install --force-reinstall --only-binary :all: av",
        )
    return Check("video (PyAV)", "ok", f"av {av.__version__} with libx264, libx264rgb")


def _gpu() -> Check:
    if importlib.util.find_spec("torch") is None:
        return Check("GPU", "missing", "torch is not installed", "pip install -e .")
    import torch

    count = torch.cuda.device_count()
    names = ", ".join(torch.cuda.get_device_name(index) for index in range(count))
    if count:
        return Check("GPU", "ok", f"torch {torch.__version__}, {count} x {names}")
    fix = "nothing to do for the demo and for scoring; methods marked cuda need one"
    return Check("GPU", "optional", f"torch {torch.__version__}, no CUDA device", fix)


def _disk(home: Path) -> Check:
    there = next(path for path in (home.resolve(), *home.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free / 1e9
    state: State = "ok" if free > 3 else "missing"
    fix = "" if free > 3 else "the full data set needs 3 GB with a run; set A2BENCH_HOME elsewhere"
    return Check("disk", state, f"{free:.0f} GB free for {home}", fix)


def _cores() -> Check:
    usable, there = cores(), os.cpu_count() or 1
    return Check("cores", "ok", str(there) if usable == there else f"{usable} of {there} usable")


def checks(home: Path | None = None) -> list[Check]:
    """Return every check, in the order of the flow."""
    return [
        Check(
            "Python",
            "ok",
            f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        ),
        _cores(),
        check_skia(),
        _video(),
        _package("opencv-python-headless", "flow and filters (OpenCV)"),
        _package("scikit-image", "SSIM's reference"),
        _package("hydra-core", "configuration (Hydra)"),
        _gpu(),
        _package("ray", "runner=ray", optional="pip install -e '.[ray]'"),
        _package("submitit", "runner=slurm", optional="pip install -e '.[slurm]'"),
        _disk(home or data_home()),
    ]
