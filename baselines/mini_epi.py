"""The in-domain miniature: Animate-X's classes at small widths, with weights trained here.

docs/miniature.md says how it was trained, what it can do and what it cannot.
"""

from dataclasses import replace

from a2bench.method import Inputs
from a2bench.pose.realign import realign

from .animate_x import Clip, TrainedAnimateX


class MiniEPI(TrainedAnimateX):
    """A trained model whose driving poses first take the reference's proportions.

    The paper's appendix A does so ("we adjust the length of the driving pose to align roughly with
    the reference pose"); the released code does not. It takes one step from noise, always the same
    noise: a seed would change nothing that matters.
    """

    def _clip(self, inputs: Inputs) -> Clip:
        clip = super()._clip(inputs)
        return replace(clip, poses=realign(clip.poses, inputs.reference_pose), seed=0)
