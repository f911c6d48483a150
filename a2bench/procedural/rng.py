"""Seeded random numbers that are the same on every machine and every Python version.

`random` promises stable values only for some of its methods and `hash()` is salted, so the
generator has its
own PCG32 (O'Neill 2014, 64-bit state, XSH-RR output), seeded from the SHA-256 of a text.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK_64 = (1 << 64) - 1
_MULTIPLIER = 6364136223846793005  # PCG reference implementation


def seed_from_text(text: str) -> int:
    """The first eight bytes of the SHA-256 of `text`, as an unsigned integer."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big")


class Pcg32:
    """A PCG32 stream; two streams with different `purpose` are independent."""

    def __init__(self, seed: int, purpose: str = "") -> None:
        self._increment = (seed_from_text(purpose) << 1 | 1) & _MASK_64
        self._state = 0
        self.next_uint32()
        self._state = (self._state + seed) & _MASK_64
        self.next_uint32()

    def next_uint32(self) -> int:
        """The next 32 random bits."""
        old = self._state
        self._state = (old * _MULTIPLIER + self._increment) & _MASK_64
        shifted = (((old >> 18) ^ old) >> 27) & 0xFFFFFFFF
        rotation = old >> 59
        return (shifted >> rotation | shifted << (-rotation & 31)) & 0xFFFFFFFF

    def unit(self) -> float:
        """A float in [0, 1) with 32 random bits: exact in binary, so identical everywhere."""
        return self.next_uint32() / 4294967296.0

    def uniform(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self.unit()

    def below(self, count: int) -> int:
        """An integer in [0, count), without modulo bias worth mentioning (64-bit product)."""
        return self.next_uint32() * count >> 32

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def choice(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order (Fisher-Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result
