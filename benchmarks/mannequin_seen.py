"""Is the mannequin of `rescaled` seen as a human? Two steps in two environments:

    python benchmarks/mannequin_seen.py draw frames.npz 50
    OTHER/bin/python benchmarks/mannequin_seen.py check frames.npz

OTHER is a scratch environment with `pip install mediapipe==0.10.21`, the last release whose wheel
holds the pose models (numpy 1; never beside a2bench). With `draw FILE COUNT characters` the
characters themselves are drawn, for comparison.
"""

import sys

import numpy as np

BLAZE_OF_COCO = {
    0: 0, 14: 5, 15: 2, 16: 8, 17: 7, 2: 12, 5: 11, 3: 14, 6: 13, 4: 16, 7: 15,
    8: 24, 11: 23, 9: 26, 12: 25, 10: 28, 13: 27,
}  # fmt: skip


def draw(path: str, count: int, *, characters: bool) -> None:
    """Eight instants, half a second apart, of the first characters of the split order."""
    from a2bench.procedural import MannequinScene, Scene, cast, split_order

    people = {character.id: character for character in cast()}
    frames, joints = [], []
    for key in split_order()[:count]:
        scene = Scene.self_driven(people[key]) if characters else MannequinScene(people[key])
        for index in range(8):
            frame = scene.frame(0.5 * index)
            frames.append(frame.rgb)
            joints.append(np.where(frame.visibility[:, None] > 0, frame.joints[:, :2], np.nan))
    np.savez(path, frames=np.stack(frames), joints=np.stack(joints))


def check(path: str) -> None:
    """Every frame on its own (no tracking), full model, confidence 0.5."""
    import mediapipe

    data = np.load(path)
    found, near = 0, []
    with mediapipe.solutions.pose.Pose(
        static_image_mode=True, model_complexity=1, min_detection_confidence=0.5
    ) as pose:
        for frame, joints in zip(data["frames"], data["joints"], strict=True):
            landmarks = pose.process(frame).pose_landmarks
            if landmarks is None:
                continue
            found += 1
            torso = np.linalg.norm(joints[1] - (joints[8] + joints[11]) / 2)
            height, width = frame.shape[:2]
            for ours, theirs in BLAZE_OF_COCO.items():
                point = landmarks.landmark[theirs]
                error = np.hypot(
                    point.x * width - joints[ours, 0], point.y * height - joints[ours, 1]
                )
                if np.isfinite(error / torso):
                    near.append(error < 0.2 * torso)
    count = len(data["frames"])
    share = f"{np.mean(near):.3f}" if near else "none"
    print(f"found in {found} of {count} frames ({found / count:.1%}); PCK@0.2 torso {share}")


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] == "check":
        check(words[1])
    else:
        draw(words[1], int(words[2]), characters=words[3:] == ["characters"])
