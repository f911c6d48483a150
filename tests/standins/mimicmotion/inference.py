"""As Tencent/MimicMotion 62f91e1f: YAML in, one video named by driver and second."""

import argparse
import time
from pathlib import Path

import av
import numpy as np
import yaml
from PIL import Image

GENERATED = (200, 40, 40)

parser = argparse.ArgumentParser()
parser.add_argument("--inference_config", required=True)
parser.add_argument("--output_dir", required=True)
args = parser.parse_args()
config = yaml.safe_load(Path(args.inference_config).read_text())
checkpoint = Path(config["ckpt_path"])
assert checkpoint.read_bytes() == b"not a real checkpoint", checkpoint
for task in config["test_case"]:
    reference = Image.open(task["ref_image_path"])
    assert reference.mode == "RGB", reference.mode
    with av.open(task["ref_video_path"]) as video:
        count = sum(1 for _ in video.decode(video=0))
    stem = Path(task["ref_video_path"]).name.split(".")[0]
    name = f"{stem}_{time.strftime('%Y%m%d%H%M%S')}.mp4"
    with av.open(str(Path(args.output_dir) / name), "w") as container:
        stream = container.add_stream("libx264", rate=task["fps"], options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = *reference.size, "yuv420p"
        for index in range(count):
            frame = np.full((reference.height, reference.width, 3), GENERATED, np.uint8)
            frame[:, index : index + 4] = task["seed"]
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
