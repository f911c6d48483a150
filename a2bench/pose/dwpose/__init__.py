"""DWPose: a person in each frame and 133 key points of it, by two ONNX networks.

    files = [weights.path_of(name) for name in ("dwpose_detector_onnx", "dwpose_pose_onnx")]
    clip = DWPose(*files, device="cuda:0").estimate(frames, fps=8)
    poses, pictures = clip.pose(), clip.draw()

Detector YOLOX-L, estimator DWPose-L (dw-ll_ucoco_384), both by onnxruntime (`pip install
'a2bench[dwpose]'`), weights by `a2bench fetch dwpose`. What is done before and after the networks
is what the released pre-processing of Animate-X does (antgroup/animate-x @ e41d3f03; the same code
serves UniAnimate and others), number for number.
"""

from a2bench.pose.dwpose.model import DWPose
from a2bench.pose.dwpose.wholebody import WholeBodyClip

__all__ = ["DWPose", "WholeBodyClip"]
