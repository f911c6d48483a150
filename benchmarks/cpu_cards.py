"""Cards of the warping methods for a machine without a GPU, as a plug-in folder.

    python benchmarks/cpu_cards.py FOLDER      # FOLDER/baselines/{fomm,mraa,tps,lia}_cpu.yaml
    export A2BENCH_PLUGINS=FOLDER
    a2bench env build fomm_cpu
    a2bench run method=fomm_cpu split=smoke

Otherwise the same: checkout, environment, weights, arguments. FOMM, MRAA and TPSMM have a flag for
it; LIA asks for a GPU in four places, which patches change. They have names of their own, since the
device decides what a clip looks like, down to its last bit.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from a2bench import plugins
from a2bench.environment import lock_path

WITH_FLAG = ("fomm", "mraa", "tps")
"""Their demo.py knows --cpu."""

_DEMO = ("run_demo.py", "b436c0f38201ea4df3d3bbd6fbdf8d5e70b9eb5568e39cd6a70b42134d695b57")
_DECODER = (
    "networks/styledecoder.py",
    "14049b79a92d05383b0ebef07d8d84e6381f44e85bf5f9c6855d8fc7b9764479",
)
_LIA = (
    ("network", _DEMO, "args.channel_multiplier).cuda()", "args.channel_multiplier)"),
    ("picture", _DEMO, "args.size).cuda()", "args.size)"),
    ("video", _DEMO, "self.vid_target.cuda()", "self.vid_target"),
    ("grid", _DECODER, "repeat(input.size(0), 1, 1, 1).cuda()", "repeat(input.size(0), 1, 1, 1)"),
)
"""Name, file with its SHA-256, what is there, what shall be there."""


def cpu_card(name: str) -> dict[str, Any]:
    """Return a method's card as it works on a CPU, called NAME_cpu."""
    text = plugins.card_path(name).read_text(encoding="utf-8")
    card: dict[str, Any] = yaml.safe_load(text)
    card |= {"name": f"{name}_cpu", "title": f"{card['title']} on a CPU", "device": "cpu"}
    card["timeout_seconds"] *= 4
    command = card["command"]
    if name in WITH_FLAG:
        command["steps"][-1]["argv"].append("--cpu")
    else:
        command["patches"] = command.get("patches", []) + [
            {
                "name": f"cpu_{what}",
                "why": "works where torch has no GPU",
                "file": file,
                "sha256": f"sha256:{digest}",
                "find": there,
                "replace": instead,
            }
            for what, (file, digest), there, instead in _LIA
        ]
    return card


def write_cards(folder: Path) -> list[Path]:
    """Write all four cards, with their locks, into a plug-in folder; return their files."""
    folder = folder / "baselines"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in (*WITH_FLAG, "lia"):
        path = folder / f"{name}_cpu.yaml"
        text = yaml.safe_dump(cpu_card(name), sort_keys=False, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        shutil.copyfile(lock_path(plugins.card(name)), path.with_suffix(".lock"))
        written.append(path)
    return written


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a plug-in folder, made if it is not there")
    folder = parser.parse_args().folder
    for path in write_cards(folder):
        print(path)
    print(f"next: export A2BENCH_PLUGINS={folder.absolute()}", file=sys.stderr)


if __name__ == "__main__":
    main()
