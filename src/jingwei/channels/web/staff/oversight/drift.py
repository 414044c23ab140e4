"""How a model's scores move: their distribution against an earlier one (PSI), and how right they were."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

STABLE, MOVED = 0.10, 0.25
"""The usual reading of the population stability index: below the first stable, above the second drifted."""

TENTHS = 10
FLOOR = 0.5
"""What an empty bin counts as, so that the logarithm exists."""


class Bin(NamedTuple):
    """Scores low <= score < high: how many before and now."""

    low: float
    high: float
    before: int
    now: int


class Drift(NamedTuple):
    """`psi` is None when there is too little to compare. `reading` is "stable", "moved" or "drifted"."""

    psi: float | None
    reading: str
    bins: tuple[Bin, ...]
    before: int
    now: int


class Calibrated(NamedTuple):
    """Payments in one tenth of the score whose truth is known: their mean score and share of fraud."""

    low: float
    known: int
    fraud: int
    mean_score: float

    @property
    def fraud_share(self) -> float:
        """Share of the known ones that were fraud."""
        return self.fraud / self.known


def drift(before: Sequence[float], now: Sequence[float], least: int = 50) -> Drift:
    """Compare two sets of scores in ten bins that each hold a tenth of the earlier ones (fewer when scores
    are tied): PSI = sum of (q - p) * ln(q / p) over the bins' shares p and q.

    With fewer than `least` scores on a side there is nothing to say.
    """
    ranked = sorted(before)
    edges = sorted({ranked[len(ranked) * i // TENTHS] for i in range(1, TENTHS)}) if ranked else []
    counts = [_counted(scores, edges) for scores in (before, now)]
    bounds = [0.0, *edges, 1.0]
    bins = tuple(Bin(bounds[i], bounds[i + 1], counts[0][i], counts[1][i]) for i in range(len(edges) + 1))
    if min(len(before), len(now)) < least:
        return Drift(None, "unknown", bins, len(before), len(now))
    psi = 0.0
    for one in bins:
        p, q = max(one.before, FLOOR) / len(before), max(one.now, FLOOR) / len(now)
        psi += (q - p) * math.log(q / p)
    reading = "stable" if psi < STABLE else "moved" if psi < MOVED else "drifted"
    return Drift(psi, reading, bins, len(before), len(now))


def _counted(scores: Sequence[float], edges: Sequence[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for score in scores:
        counts[bisect_right(edges, score)] += 1
    return counts


def calibration(scored: Sequence[tuple[float, bool]]) -> tuple[Calibrated, ...]:
    """(score, was fraud) of payments whose truth is known, by tenth of the score."""
    tenths: dict[int, list[tuple[float, bool]]] = {}
    for score, fraud in scored:
        tenths.setdefault(min(int(score * TENTHS), TENTHS - 1), []).append((score, fraud))
    return tuple(
        Calibrated(
            place / TENTHS, len(found), sum(fraud for _, fraud in found),
            sum(score for score, _ in found) / len(found),
        )
        for place, found in sorted(tenths.items())
    )  # fmt: skip
