"""What `a2bench build` reads from its keys and says at its end, where clips are not our own."""

from pathlib import Path
from typing import Any, cast, get_args

from a2bench.builders.estimated_poses import Networks, PoseChoice, networks
from a2bench.dataset import Dataset
from a2bench.errors import unknown_name


def own_file(value: Any) -> Path | None:
    """Return the path a key names, or None."""
    return None if value is None else Path(str(value)).expanduser()


def pose_networks(cfg: Any) -> tuple[Networks | None, str]:
    """Return DWPose's networks as the keys `poses`, `detector`, `estimator`, `pose_device` ask.

    Raises:
        A2BenchError: no such choice, or files that must be there and are not.
    """
    if cfg.poses not in get_args(PoseChoice):
        raise unknown_name("choice of poses", str(cfg.poses), get_args(PoseChoice))
    return networks(
        cast(PoseChoice, cfg.poses),
        detector=own_file(cfg.detector),
        estimator=own_file(cfg.estimator),
        device=str(cfg.pose_device),
    )


def said_of_poses(dataset: Dataset, why_not: str) -> str:
    """Return the line that says of which samples poses are known, and what follows."""
    samples = dataset.samples.values()
    without = [sample.id for sample in samples if not sample.has_pose]
    if not without:
        return f"poses: estimated by DWPose in all {len(samples)} samples"
    first = why_not or f"DWPose found no body in {', '.join(without[:5])}"
    return (
        f"poses: none in {len(without)} of {len(samples)} samples ({first}); methods that need a "
        "pose are not_applicable there"
    )
