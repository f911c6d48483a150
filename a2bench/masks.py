"""What is known of each truth pixel: the foreground and the parts a protocol leaves undefined."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError
from a2bench.paths import write_aside
from a2bench.pose.keypoints import load_npz

_SCHEMA = "a2bench.masks/1"
_MAX_MASK_BYTES = 512 * 2**20


@dataclass(frozen=True)
class MaskClip:
    """Masks of a clip, one set a frame.

    Attributes:
        foreground: bool (t, h, w), the character.
        undefined: bool (t, h, w), pixels whose truth the protocol does not define (in `cross`:
            springy parts, blinking eyes, limbs the driver lacks). All False in `self`.
        yaw_degrees: float64 (t,), how far the body is turned from the viewer.
    """

    foreground: npt.NDArray[np.bool_]
    undefined: npt.NDArray[np.bool_]
    yaw_degrees: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.foreground.shape != self.undefined.shape or self.foreground.ndim != 3:
            raise ValueError(f"{self.foreground.shape = }, {self.undefined.shape = }")
        if self.yaw_degrees.shape != self.foreground.shape[:1]:
            raise ValueError(f"{self.yaw_degrees.shape = }, {self.foreground.shape = }")

    def _hundredths(self) -> npt.NDArray[np.int32]:
        return np.round(self.yaw_degrees * 100).astype(np.int32)

    def digest(self) -> str:
        """SHA-256 over shapes, bits and yaw to 0.01 degrees, as `sha256:<hex>`."""
        state = hashlib.sha256("x".join(map(str, self.foreground.shape)).encode())
        state.update(np.packbits(self.foreground).tobytes())
        state.update(np.packbits(self.undefined).tobytes())
        state.update(self._hundredths().astype("<i4").tobytes())
        return "sha256:" + state.hexdigest()

    def save(self, path: Path) -> None:
        """Write `mask.npz`, one bit a pixel."""
        with write_aside(path) as aside:
            np.savez_compressed(
                aside,
                schema=np.array(_SCHEMA),
                shape=np.array(self.foreground.shape, np.int32),
                foreground=np.packbits(self.foreground),
                undefined=np.packbits(self.undefined),
                yaw_hundredths=self._hundredths(),
            )

    @classmethod
    def load(cls, path: Path) -> "MaskClip":
        """Read `mask.npz`.

        Raises:
            A2BenchError: not such a file, or absurdly large; nothing is unpickled.
        """
        names = ("shape", "foreground", "undefined", "yaw_hundredths")
        arrays = load_npz(path, _SCHEMA, names, _MAX_MASK_BYTES)
        try:
            shape = tuple(int(side) for side in arrays["shape"])
            count = int(np.prod(shape))
            if len(shape) != 3 or min(shape) < 1 or count > _MAX_MASK_BYTES:
                raise ValueError(f"shape {shape}")

            def unpack(name: str) -> npt.NDArray[np.bool_]:
                packed = arrays[name].astype(np.uint8)
                if packed.shape != ((count + 7) // 8,):  # never unpack what the file does not hold
                    raise ValueError(f"{name} has {packed.size} bytes for {count} pixels")
                bits = np.unpackbits(packed, count=count)
                return bits.reshape(shape).astype(np.bool_)

            yaw = arrays["yaw_hundredths"].astype(np.float64) / 100
            return cls(unpack("foreground"), unpack("undefined"), yaw)
        except (ValueError, TypeError) as error:
            raise A2BenchError(f"{path}: not a mask file: {error}") from error


def first_foreground(path: Path) -> npt.NDArray[np.bool_]:
    """Read the foreground of frame 0 alone, (h, w): faster than the whole clip.

    Raises:
        A2BenchError: not such a file, or absurdly large.
    """
    names = ("shape", "foreground", "undefined", "yaw_hundredths")
    arrays = load_npz(path, _SCHEMA, names, _MAX_MASK_BYTES)
    _, height, width = (int(side) for side in arrays["shape"])
    count = height * width
    packed = arrays["foreground"].astype(np.uint8)[: (count + 7) // 8]
    return np.unpackbits(packed, count=count).astype(np.bool_).reshape(height, width)
