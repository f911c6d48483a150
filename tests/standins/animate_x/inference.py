"""As antgroup/animate-x e41d3f03: a config, one video of the answer and one of three columns."""

import argparse
import json
from pathlib import Path

from standin_media import write_avi

COLUMNS = ((40, 200, 40), (40, 40, 200), (200, 40, 40))

parser = argparse.ArgumentParser()
parser.add_argument("--cfg", required=True)
config_path = Path(parser.parse_args().cfg)
config = json.loads(config_path.read_text())
width, height = config["resolution"]
for index, (stride, reference, poses, frames, points, seed) in enumerate(config["test_list_path"]):
    for path in (reference, poses, frames, points):
        assert Path(path).exists(), path
    out = Path(config["log_dir"]) / config_path.stem
    out.mkdir(parents=True, exist_ok=True)
    stem = f"{Path(reference).name[:-4]}_{Path(poses).name}_seed_{seed}_rank_01_00_{index:02d}"
    stem += f"_{height}x{width}"
    count = config["max_frames"]
    write_avi(out / f"{stem}.mp4", COLUMNS, width, height, count, 8)
    write_avi(out / f"{stem}_results_1col.mp4", COLUMNS[2:], width, height, count, 8)
