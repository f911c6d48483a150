"""As ali-vilab/UniAnimate-DiT 884ac92a: no arguments, literals in the script, three columns."""

from pathlib import Path

from standin_media import write_avi

test_list_path = [
    [1, "data/images/ref.jpg", "data/saved_pose/drv"],
]
seed = 0
height, width = 160, 96
max_frames = 32
COLUMNS = ((40, 200, 40), (40, 40, 200), (200, 40, 40))

for _, reference, poses in test_list_path:
    assert Path(reference).exists(), reference
    count = len(list(Path(poses).iterdir()))
    assert count == max_frames, count
    assert seed == 1, seed
    save = Path("outputs")
    save.mkdir(exist_ok=True)
    name = "video_480P_{}_{}.mp4".format(Path(reference).name)
    write_avi(save / name, COLUMNS, width, height, count, 15)
