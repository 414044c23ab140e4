"""What a measurement hands back: ours, the named baseline measured beside it, their ratio and the aim."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Ratio(NamedTuple):
    """One line of the table. Rates in `unit` (more is better), both from the same run."""

    name: str
    ours: float
    baseline_name: str
    baseline: float
    unit: str
    aim: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times the baseline."""
        return self.ours / self.baseline if self.baseline else float("nan")


class Spread(NamedTuple):
    """Rates of repeated rounds: the median, the slowest and the fastest."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:,.0f} to {self.high:,.0f}"


def side_by_side(
    ours: Callable[[], int], theirs: Callable[[], int], rounds: int = 5
) -> tuple[Spread, Spread]:
    """Rates per second of two functions that return how many things they did, run in turn.

    Taking turns lets a noisy machine disturb both alike.
    """
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, function in enumerate((ours, theirs)):
            started = time.perf_counter()
            done = function()
            rates[side].append(done / (time.perf_counter() - started))
    first, second = (Spread(statistics.median(side), min(side), max(side)) for side in rates)
    return first, second
