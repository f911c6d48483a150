"""As TMElyralab/MusePose 61c52bd9: writes the aligned pose video where it is told to."""

import argparse
import shutil

parser = argparse.ArgumentParser()
for name in ("imgfn_refer", "vidfn", "outfn_align_pose_video", "outfn"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--max_frame", type=int, default=300)
parser.add_argument("--align_frame", type=int, default=0)
args = parser.parse_args()
shutil.copyfile(args.vidfn, args.outfn_align_pose_video)
