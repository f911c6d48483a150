"""Part ids: what every pixel of a frame belongs to."""

from enum import IntEnum


class PartId(IntEnum):
    """Values of `Frame.parts`. Right and left are the character's own."""

    BACKGROUND = 0
    TORSO = 1
    HEAD = 2
    RIGHT_ARM = 3
    LEFT_ARM = 4
    RIGHT_LEG = 5
    LEFT_LEG = 6
    EAR = 7
    TAIL = 8
    WING = 9
    EYES = 10
    MOUTH = 11
    SOFT_ACCESSORY = 12
    RIGID_ACCESSORY = 13


SPRINGY = (PartId.EAR, PartId.TAIL, PartId.WING, PartId.EYES, PartId.MOUTH, PartId.SOFT_ACCESSORY)
"""Parts whose place in `cross` is not decided by the driver: springs, blinks and mouths."""
