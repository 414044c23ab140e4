"""Which of the offers that fit to show: Thompson sampling as exact chances, so that choices can be weighed.

Each offer has, in each context, how often it was shown and taken; with a prior of one in twenty its share is
Beta(1 + taken, 19 + shown - taken). Thompson sampling (Thompson 1933; Chapelle, Li 2011) shows an offer with
the chance that its share is the largest. Here that chance is integrated on a grid instead of drawn, so that
it is known to the one who chooses and sealed with the choice: that is what inverse propensity weighing needs
(Horvitz, Thompson 1952). All state is whole numbers, and the draw hangs on words alone, so a record done
again chooses again what it chose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

PPM: Final = 1_000_000
POINTS: Final = 400
PRIOR: Final = (1, 19)
"""Before anything is known, one offer in twenty is expected to be taken."""


class Arm(NamedTuple):
    """An offer in a context: how often it was shown there and taken."""

    offer: str
    shown: int
    taken: int

    @property
    def expected(self) -> float:
        """The share expected to be taken."""
        return (PRIOR[0] + self.taken) / (sum(PRIOR) + self.shown)


def chances(arms: Sequence[Arm], explore_ppm: int) -> list[int]:
    """For each arm the chance that it is chosen, in parts of a million that add up to one.

    Of `explore_ppm` every arm has its part whatever was learned; the rest goes by the chance of being best.
    """
    best = best_chances(tuple((one.shown, one.taken) for one in arms))
    raw = [(1 - explore_ppm / PPM) * one + explore_ppm / PPM / len(arms) for one in best]
    whole = [int(one * PPM) for one in raw]
    rest = sorted(range(len(arms)), key=lambda i: (whole[i] - raw[i] * PPM, i))
    for i in rest[: PPM - sum(whole)]:
        whole[i] += 1
    return whole


@lru_cache(maxsize=4096)
def best_chances(counts: tuple[tuple[int, int], ...]) -> tuple[float, ...]:
    """The chance of each (shown, taken) to have the largest share of all; they add up to one."""
    if len(counts) == 1:
        return (1.0,)
    low, high = _range(counts)
    grid = [low + (high - low) * (i + 0.5) / POINTS for i in range(POINTS)]
    densities = [_density(shown, taken, grid) for shown, taken in counts]
    below = [_cumulated(one) for one in densities]
    wins = []
    for i, density in enumerate(densities):
        others = [below[j] for j in range(len(counts)) if j != i]
        wins.append(sum(p * math.prod(one[k] for one in others) for k, p in enumerate(density)))
    total = sum(wins)
    return tuple(one / total for one in wins)


def _range(counts: tuple[tuple[int, int], ...]) -> tuple[float, float]:
    """Where any of the shares can be, eight deviations around each mean."""
    lows, highs = [], []
    for shown, taken in counts:
        a, b = PRIOR[0] + taken, PRIOR[1] + shown - taken
        mean, wide = a / (a + b), math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
        lows.append(mean - 8 * wide)
        highs.append(mean + 8 * wide)
    return max(0.0, min(lows)), min(1.0, max(highs))


def _density(shown: int, taken: int, grid: Sequence[float]) -> list[float]:
    """The share's density on the grid, adding up to one."""
    a, b = PRIOR[0] + taken, PRIOR[1] + shown - taken
    logs = [(a - 1) * math.log(x) + (b - 1) * math.log1p(-x) for x in grid]
    top = max(logs)
    raw = [math.exp(one - top) for one in logs]
    total = sum(raw)
    return [one / total for one in raw]


def _cumulated(density: Sequence[float]) -> list[float]:
    """How much lies below the middle of each cell."""
    told, sum_ = [], 0.0
    for one in density:
        told.append(sum_ + one / 2)
        sum_ += one
    return told


def choose(shares: Sequence[int], drawn: int) -> int:
    """The position that a number of 64 bits falls on, when positions have these parts of a million."""
    place = drawn * PPM >> 64
    for i, share in enumerate(shares):
        place -= share
        if place < 0:
            return i
    raise AssertionError("shares do not add up to a million")
