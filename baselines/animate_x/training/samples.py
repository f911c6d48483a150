"""From a training clip to tensors: everything random of a sample is drawn here, from its seed.

Four streams: which reference and noise; which conditions are dropped; what is done to the poses;
which frame is judged as a picture.
So two variants of one seed see the same clips, noise and drops, and differ in what they switch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from a2bench.pose.drawing import draw_pose
from a2bench.pose.keypoints import PoseClip
from a2bench.training.clips import TrainingClip
from a2bench.training.trainer import Sample, generator

from .. import prepare, sampler
from .epi import EPIConfig, ExplicitPoseIndicator, PosePool
from .options import Drops

_NOISE, _DROPS, _EPI, _JUDGED = 0, 1, 2, 3

CONDITIONS = (
    "local_image",
    "pose_maps",
    "image",
    "reference_latent",
    "keypoints",
    "clip_features",
)
"""Of `keep`, in the order of the sample's tensor."""


@dataclass(frozen=True)
class SamplePreparer:
    """Makes samples; small enough to be sent to worker processes.

    Attributes:
        size: (width, height) of the frames in px.
        latent: (channels, h, w) of a frame's latent.
        image_side: of the image encoder's square, in px.
        own_pose: whether the reference's own pose is known in its slot; else driving frame 0's.
        epi, pool: of the explicit pose indicator.
        drops: of conditions.
        times, time_weights: that are trained; None: all, equally.
        offset_noise: see `Options`.
    """

    size: tuple[int, int]
    latent: tuple[int, int, int]
    image_side: int
    own_pose: bool
    epi: EPIConfig
    pool: PosePool | None
    drops: Drops
    times: tuple[int, ...] | None
    time_weights: tuple[float, ...] | None
    offset_noise: float

    def __call__(self, clip: TrainingClip, seed: tuple[int, ...]) -> Sample:
        """Return frames, conditions, time and noise of one clip.

        frames uint8 (f, 3, H, W); reference (3, H, W) in [0, 1]; pose_maps uint8 (3, f + 1, H, W)
        and keypoints (f + 1, 2, 18), the reference's slot first; pictures (f + 1, 3, s, s), as the
        image encoder takes them; time (); noise (c, f, h, w); draws (f + 1, c, h, w) for an
        autoencoder that samples; keep, one number a name of `CONDITIONS`; judged (), the frame that
        is decoded where a loss of pictures is asked for.
        """
        rng = generator(seed, _NOISE)
        width, height = self.size
        frames = clip.frames
        chosen = int(rng.integers(len(frames)))
        picture, own = clip.reference_image, clip.reference_pose
        if picture is None or own is None:
            picture, own = frames[chosen], clip.poses[chosen : chosen + 1]
        shown = ExplicitPoseIndicator(self.epi, self.pool)(clip.poses, generator(seed, _EPI))
        if not self.own_pose:
            own = shown[:1]
        told = shown if self.epi.key_points else clip.poses
        told_own = own if self.own_pose else told[:1]
        maps = torch.cat([self._maps(own), self._maps(shown)])
        driving = frames if clip.driving_frames is None else clip.driving_frames
        noise_generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        channels, h, w = self.latent
        noise = sampler.start_noise(
            (channels, len(frames), h, w), noise_generator, offset=self.offset_noise
        )
        return {
            "frames": torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2),
            "reference": prepare.unit_tensor([picture], width, height)[0],
            "pose_maps": (maps * 255).round().to(torch.uint8).transpose(0, 1),
            "keypoints": torch.cat(
                [prepare.keypoint_tensor(told_own), prepare.keypoint_tensor(told)]
            ),
            "pictures": prepare.clip_tensor([picture, *driving], self.image_side),
            "time": torch.tensor(self._time(rng)),
            "noise": noise,
            "draws": torch.randn((len(frames) + 1, channels, h, w), generator=noise_generator),
            "keep": self._keep(generator(seed, _DROPS)),
            "judged": torch.tensor(int(generator(seed, _JUDGED).integers(len(frames)))),
        }

    def _maps(self, poses: PoseClip) -> Tensor:
        return prepare.pose_tensor(draw_pose(poses), *self.size)

    def _time(self, rng: np.random.Generator) -> int:
        if self.times is None:
            return int(rng.integers(sampler.TIMES))
        weights = None
        if self.time_weights is not None:
            weights = np.array(self.time_weights) / sum(self.time_weights)
        return int(rng.choice(self.times, p=weights))

    def _keep(self, rng: np.random.Generator) -> Tensor:
        whether, *each = rng.random(1 + 4)
        drops = self.drops
        if whether < drops.everything:
            return torch.zeros(len(CONDITIONS))
        kept = torch.ones(len(CONDITIONS))
        if whether >= drops.everything + drops.nothing:
            for place, (name, number) in enumerate(zip(CONDITIONS, each, strict=False)):
                kept[place] = float(number >= getattr(drops, name))
        return kept
