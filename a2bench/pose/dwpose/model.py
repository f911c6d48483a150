"""Detector and estimator together: one person's key points in every frame."""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from a2bench.pose.dwpose import detector, estimator
from a2bench.pose.dwpose.sessions import Session
from a2bench.pose.dwpose.wholebody import BODY, POINTS, SURE, WholeBodyClip, with_neck
from a2bench.pose.failures import PoseFailure

Frames = npt.NDArray[np.uint8]


class DWPose:
    """Both networks, loaded."""

    def __init__(self, detector_file: Path, estimator_file: Path, *, device: str = "cpu") -> None:
        """Load the networks.

        Args:
            detector_file: YOLOX-L as ONNX, `yolox_l.onnx`.
            estimator_file: DWPose-L as ONNX, `dw-ll_ucoco_384.onnx`.
            device: "cpu", "cuda" or "cuda:N".

        Raises:
            A2BenchError: onnxruntime or the device lacks, or a file is not that network.
        """
        side = detector.SIDE
        self._detector = Session(
            detector_file,
            device,
            size=(side, side),
            outputs=[(1, detector.CELLS, detector.COLUMNS)],
        )
        split = estimator.SPLIT
        self._estimator = Session(
            estimator_file,
            device,
            size=(estimator.WIDTH, estimator.HEIGHT),
            outputs=[
                (1, estimator.POINTS, split * estimator.WIDTH),
                (1, estimator.POINTS, split * estimator.HEIGHT),
            ],
        )

    def estimate(
        self,
        frames: Frames,
        *,
        fps: float,
        role: Literal["reference", "driving"] = "driving",
        more_people: Literal["best", "refuse"] = "best",
        nobody: Literal["whole_frame", "absent"] = "whole_frame",
    ) -> WholeBodyClip:
        """Find one person in every frame and its key points; frames do not know of each other.

        Args:
            frames: RGB uint8 (t, h, w, 3).
            fps: frames a second.
            role: of the clip; names the kind of failure.
            more_people: `best`: the one the detector is surest of, frame by frame, as released.
                `refuse`: a failure of kind `multi_person`.
            nobody: where the detector sees nobody: `whole_frame`: look for key points in all of
                it, as released. `absent`: all of the frame's key points are absent.

        Raises:
            PoseFailure: no body point in any frame (`no_pose_reference`, `no_pose_driving`), or
                more people than may be.
        """
        xy = np.zeros((len(frames), POINTS, 2))
        scores = np.zeros((len(frames), POINTS))
        people = np.zeros(len(frames), np.int64)
        for index, frame in enumerate(frames):
            picture = np.ascontiguousarray(frame[..., ::-1])
            boxes = self.boxes(picture)
            people[index] = len(boxes)
            if len(boxes) > 1 and more_people == "refuse":
                raise PoseFailure(
                    "multi_person", f"DWPose sees {len(boxes)} people in {role} frame {index}"
                )
            if not len(boxes) and nobody == "absent":
                continue
            height, width = frame.shape[:2]
            box = boxes[0] if len(boxes) else np.array([0, 0, width, height], np.float32)
            xy[index], scores[index] = self.points(picture, box)
        if not (scores[:, BODY] >= SURE).any():
            raise PoseFailure(
                "no_pose_reference" if role == "reference" else "no_pose_driving",
                f"DWPose is sure of no body point in any of {len(frames)} {role} frames "
                f"(people seen in {int((people > 0).sum())})",
            )
        return WholeBodyClip(xy, scores, people, frames.shape[2], frames.shape[1], fps)

    def boxes(self, picture: Frames) -> npt.NDArray[np.float32]:
        """People in a BGR picture (h, w, 3): boxes (n, 4) in px, the surest first."""
        square, scale = detector.letterbox(picture)
        (predictions,) = self._detector(square)
        return detector.people(predictions[0], scale)[0]

    def points(
        self, picture: Frames, box: npt.NDArray[np.floating]
    ) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
        """Key points (134, 2) in px and scores (134,) of who is in a box of a BGR picture."""
        cut, centre, size = estimator.crop(picture, box)
        x, y = self._estimator(cut.transpose(2, 0, 1))
        xy, scores = estimator.decode(x[0], y[0], centre, size)
        points, told = with_neck(xy[None], scores[None].astype(np.float64))
        return points[0], told[0]
