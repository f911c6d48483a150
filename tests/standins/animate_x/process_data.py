"""As antgroup/animate-x e41d3f03: frames, poses and key points of a video; wrong, and exit 0."""

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--source_video_paths", required=True)
parser.add_argument("--saved_pose_dir", required=True)
parser.add_argument("--saved_pose", required=True)
parser.add_argument("--saved_frame_dir", required=True)
args = parser.parse_args()
try:
    stem = Path(args.source_video_paths).name[:-4]
    assert Path(args.source_video_paths).read_bytes()[4:8] == b"ftyp"
    for folder in (Path(args.saved_pose) / stem, Path(args.saved_frame_dir) / stem):
        folder.mkdir(parents=True)
        (folder / "0000.jpg").write_bytes(b"picture")
    Path(args.saved_pose_dir).mkdir(parents=True)
    (Path(args.saved_pose_dir) / f"{stem}.pkl").write_bytes(b"points")
except Exception:
    print("wrong")
