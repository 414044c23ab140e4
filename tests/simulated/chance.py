"""Chance by name: a draw depends on the seed and on what it decides, on nothing drawn before it.

So a client left out of a run, or a fault forbidden, changes no draw of the others: that is what lets a
failing run be cut down to a short one.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
WIDE = 1 << 64


class Chance:
    """All draws of one seed."""

    def __init__(self, seed: int) -> None:
        self._root = blake2b(str(seed).encode(), digest_size=8)

    def bits(self, name: str) -> int:
        """64 bits for this name."""
        drawn = self._root.copy()
        drawn.update(name.encode())
        return int.from_bytes(drawn.digest(), "big")

    def share(self, name: str) -> float:
        """A number from 0 to below 1."""
        return self.bits(name) / WIDE

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both possible."""
        return least + self.bits(name) % (most - least + 1)

    def one_of(self, name: str, options: Sequence[T]) -> T:
        """One of these."""
        return options[self.bits(name) % len(options)]
