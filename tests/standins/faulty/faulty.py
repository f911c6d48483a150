"""Does what it is told to do wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

fault, out, frames, width, height = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])


def write(name="answer.mp4", count=frames, moving=True):
    import av
    import numpy as np

    with av.open(str(out / name), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(count):
            frame = np.full((height, width, 3), 90 + index, np.uint8)
            if moving:
                frame[:, index : index + 4] = 250
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def leave_child():
    child = subprocess.Popen(["sleep", "300"], start_new_session=True)
    Path(os.environ["CHILD_FILE"]).write_text(str(child.pid))


if fault == "timeout":
    leave_child()
    time.sleep(300)
elif fault == "oom":
    sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB")
elif fault == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
elif fault == "no_person":
    sys.exit("TypeError: expected non-empty vector for x")
elif fault == "says_wrong":
    print("wrong")
elif fault == "truncated":
    write()
    whole = (out / "answer.mp4").read_bytes()
    (out / "answer.mp4").write_bytes(whole[: len(whole) // 2])
elif fault == "short":
    write(count=frames - 3)
elif fault == "long":
    write(count=frames + 3)
elif fault == "constant":
    write(moving=False)
elif fault == "flood":
    for _ in range(60000):
        print("x" * 99)
    write()
elif fault == "child":
    leave_child()
    write()
elif fault == "hostile_name":
    write("-rf $(touch x); \n\x1b[31m..mp4.mp4")
elif fault == "two":
    write("one.mp4")
    write("two.mp4")
elif fault == "link":
    secret = Path(os.environ["CHILD_FILE"]).with_name("secret.mp4")
    (out / "answer.mp4").symlink_to(secret)
elif fault == "linked_frame":
    import cv2
    import numpy as np

    for index in range(frames):
        cv2.imwrite(str(out / f"{index:04d}.png"), np.full((height, width, 3), index, np.uint8))
    (out / "0007.png").unlink()
    (out / "0007.png").symlink_to(Path(os.environ["CHILD_FILE"]).with_name("secret.png"))
elif fault == "disk_full":
    sys.exit("OSError: [Errno 28] No space left on device: 'latents.pt'")
elif fault == "handled":
    print("torch.OutOfMemoryError: CUDA out of memory. Trying again in halves")
elif fault == "environment":
    for name, value in sorted(os.environ.items()):
        print(f"{name}={value}")
    write()
