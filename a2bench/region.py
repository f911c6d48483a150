"""Which pixels and frames of a clip the primary scores look at.

The region is one picture for the whole clip: where the truth's character ever is, grown by a
margin. It comes from the truth alone, so no prediction can change what it is judged on.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float

from a2bench.errors import A2BenchError

MARGIN_PX = 16
"""Growth of the region in a frame of height `MARGIN_HEIGHT` (scoring rule 2)."""

MARGIN_HEIGHT = 768

LARGEST_YAW_DEGREES = 90.0
"""Beyond it a reference picture taken from the front shows nothing of what is seen (`cross`)."""


def margin_px(height: int) -> int:
    """Growth of the region in px, for frames of that height: never under 1."""
    return max(1, round(MARGIN_PX * height / MARGIN_HEIGHT))


def motion_region(masks: Bool[np.ndarray, "t h w"]) -> Bool[np.ndarray, "h w"]:
    """Union of the truth's foreground over all frames, grown by a Euclidean disc.

    A pixel is inside when a foreground pixel lies within `margin_px` of it, centre to centre.
    That is an exact disc: an elliptical kernel of OpenCV is not one. Frame 0 counts too: where
    the character starts, a prediction has to uncover the background.

    Args:
        masks: the truth's foreground in every frame, frame 0 included.

    Raises:
        A2BenchError: no frames.
    """
    if not len(masks):
        raise A2BenchError(f"masks without frames: {masks.shape = }, expected (t, h, w) with t > 0")
    background = np.ascontiguousarray(~masks.any(axis=0))
    if background.all():
        return np.zeros(background.shape, dtype=np.bool_)
    distance = cv2.distanceTransform(background.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Squared distances are integers: the next distance after r is over r + 1/(2r+1), which is
    # .003 at height 8192. The slack of .001 makes the last float32 digit of the root harmless.
    return np.asarray(distance <= margin_px(masks.shape[1]) + 0.001, dtype=np.bool_)


def scored_pixels(
    masks: Bool[np.ndarray, "t h w"], undefined: Bool[np.ndarray, "t h w"] | None = None
) -> Bool[np.ndarray, "t h w"]:
    """The region of every frame, minus what is undefined in that frame.

    Args:
        masks: the truth's foreground in every frame, frame 0 included.
        undefined: parts of which the protocol does not say how they look (`cross`).

    Returns:
        One picture a frame; without `undefined` a read-only view of one picture.

    Raises:
        A2BenchError: the shapes differ, or no frames.
    """
    region = motion_region(masks)
    if undefined is None:
        return np.broadcast_to(region, masks.shape)
    if undefined.shape != masks.shape:
        raise A2BenchError(f"{undefined.shape = } but {masks.shape = }: one picture a frame each")
    return np.asarray(region & ~undefined, dtype=np.bool_)


def frames_scored(yaw_degrees: Float[np.ndarray, " t"]) -> Bool[np.ndarray, " t"]:
    """Which frames enter the primary scores in `cross`: those turned by at most 90 degrees.

    Args:
        yaw_degrees: the character's turn about its upright axis, 0 towards the camera; any
            number of whole turns may be added.

    Raises:
        A2BenchError: an angle that is not finite.
    """
    if not np.isfinite(yaw_degrees).all():
        first = int(np.flatnonzero(~np.isfinite(yaw_degrees))[0])
        raise A2BenchError(f"yaw of frame {first} is {yaw_degrees[first]}, expected degrees")
    wrapped = np.mod(yaw_degrees + 180.0, 360.0) - 180.0
    # A millionth of a degree: a right angle stays one when it has gone through radians.
    return np.asarray(np.abs(wrapped) <= LARGEST_YAW_DEGREES + 1e-6, dtype=np.bool_)
