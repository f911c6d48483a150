"""The release's digests: what `a2bench-proc` decodes to, committed beside the code that draws it.

A build or a cross render of the default profile that gives other pixels, poses or masks is not
that version, so it is refused. Made by `python -m a2bench.builders.release HOME`, which draws all
of it; only when `VERSION` is raised. Until then the file says `unreleased` and pins nothing.
"""

import importlib
import json
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

from a2bench.errors import A2BenchError
from a2bench.paths import write_text
from a2bench.records import PROTOCOLS, DatasetInfo, Protocol

DIGESTS = Path(__file__).with_name("released_digests.json")
UNRELEASED = "unreleased"
NORMATIVE_MACHINE = "x86_64"
_DIGITS = 16
"""Hexadecimal digits kept: 64 bits, against accidents."""


def shortened(digests: dict[str, str]) -> str:
    """Return pixel, pose and mask digests (a mannequin has no mask) as one short text."""
    kinds = [kind for kind in ("rgb", "pose", "mask") if kind in digests]
    return " ".join(digests[kind].removeprefix("sha256:")[:_DIGITS] for kind in kinds)


@cache
def _released() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DIGESTS.read_text(encoding="utf-8"))
    return found


def pins(version: str) -> bool:
    """Return whether digests of this version are released."""
    return bool(_released()["version"] == version)


def is_release(info: DatasetInfo) -> bool:
    """Return whether digests of a data set are those of the release, if its version has one."""
    return info.builder == "procedural" and info.profile == "default" and info.motion is None


def check_release(version: str, protocol: Protocol, key: str, digests: dict[str, str]) -> None:
    """Compare a freshly rendered clip with the release.

    Raises:
        A2BenchError: on x86-64, where bits are promised; elsewhere poses must agree and a
            difference in pixels is said on stderr.
    """
    released = _released()
    if released["version"] != version:
        return
    expected = released.get(protocol, {}).get(key)
    found = shortened(digests)
    if expected is None or expected == found:
        return
    named = [
        kind
        for kind, old, new in zip(
            ("pixels", "poses", "masks"), expected.split(), found.split(), strict=False
        )
        if old != new
    ]
    text = (
        f"{key}: {' and '.join(named)} differ from release {version} ({protocol}), "
        f"so this is another data set."
    )
    if platform.machine() == NORMATIVE_MACHINE or "poses" in named:
        raise A2BenchError(
            f"{text}\nhint: `a2bench doctor` shows the library versions; the release was drawn "
            f"with {released['libraries']}"
        )
    print(f"warning: {text} Drawn on {platform.machine()}: compare with care.", file=sys.stderr)


def write_record(
    name: str, version: str, libraries: str, digests: dict[Protocol, dict[str, str]]
) -> None:
    """Write the digests of a release, or with `version` "unreleased" and none what pins nothing."""
    record = {"name": name, "version": version, "libraries": libraries}
    lists = {protocol: digests.get(protocol, {}) for protocol in PROTOCOLS}
    write_text(DIGESTS, json.dumps(record | lists, indent=0, sort_keys=True) + "\n")
    _released.cache_clear()


if __name__ == "__main__":
    # What makes a release stands above the builders: it builds, renders on demand and scores none.
    sys.exit(importlib.import_module("a2bench.make_release").main())
