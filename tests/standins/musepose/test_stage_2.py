"""As TMElyralab/MusePose 61c52bd9: writes below the current folder; the answer and a grid."""

import argparse
import time
from pathlib import Path

import av
import numpy as np
import yaml

GENERATED, OTHERS = (200, 40, 40), ((40, 200, 40), (40, 40, 200))

parser = argparse.ArgumentParser()
parser.add_argument("--config", required=True)
for flag in ("-W", "-H", "-L", "-S", "-O", "--seed", "--steps", "--skip", "--fps"):
    parser.add_argument(flag, type=int, required=True)
parser.add_argument("--cfg", type=float, required=True)
args = parser.parse_args()
config = yaml.safe_load(Path(args.config).read_text())


def write(path, columns):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=args.fps, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = args.W, args.H * len(columns), "yuv420p"
        for index in range(args.L):
            frame = np.concatenate([np.full((args.H, args.W, 3), c, np.uint8) for c in columns])
            frame[:, index : index + 4] = 0
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


for reference, poses in config["test_cases"].items():
    for pose in poses:
        assert Path(reference).exists() and Path(pose).exists()
        out = Path("./output") / time.strftime("video-%Y%m%d") / time.strftime("%H%M-cfg-m1-m2")
        out.mkdir(parents=True, exist_ok=True)
        stem = f"{Path(reference).stem}_{Path(pose).stem}_{args.cfg}_{args.steps}_{args.skip}"
        write(out / f"{stem}.mp4", (GENERATED,))
        write(out / f"{stem}_m1_m2.mp4", (*OTHERS, GENERATED))
