"""Where a model run takes its choices from: chance, a recorded run, or Hypothesis."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Dice(Protocol):
    """Chooses a whole number from 0 (the plainest choice) up to but not including `n`."""

    def below(self, n: int) -> int: ...


class Recorded:
    """Draws by chance and writes down what it drew."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random
        self.drawn: list[int] = []

    def below(self, n: int) -> int:
        value = int(self._draw() * n)
        self.drawn.append(value)
        return value


class Replayed:
    """Draws what is written; where nothing is written any more, the plainest choice."""

    def __init__(self, written: Sequence[int]) -> None:
        self._written = iter(written)

    def below(self, n: int) -> int:
        return min(next(self._written, 0), n - 1)


def pick(dice: Dice, things: Sequence[T]) -> T:
    """One of these; the first is the plainest."""
    return things[dice.below(len(things))]


def once_in(dice: Dice, n: int) -> bool:
    """True once in n times; false is the plainer choice."""
    return dice.below(n) == n - 1
