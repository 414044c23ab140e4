"""Alarms on a model in service, batch by batch: its columns and score have moved, or its chances are no
longer right. False alarms are bounded; the bound is measured by `jingwei evaluate drift`.

Columns: counts in the ranges of the reference, of the newest batch and of the newest LONG batches together,
are compared with the reference by the chi-square test of two samples, so that the reference's own chance
counts too; all tests of one batch share COLUMNS_RATE. PSI = sum of (q - p) ln(q / p) is told beside and
decides nothing: below .1 it is called stable, above .25 drifted, whatever the number of rows.

Calibration: for each alternative (odds times r, or log-odds drawn towards the base rate) the likelihood of a
batch's outcomes over that under the model's own chances has mean one while the model is right.
R = (R + 1) x ratio, averaged over the alternatives, reaches 1 / OUTCOMES_RATE on average no sooner than after
so many batches (Shiryaev and Roberts; as "e-detectors" Shin, Ramdas, Rinaldo, 2023)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.learning.protocol import Flags
from jingwei.models.compiled import Floats
from jingwei.models.governance import Reference

LONG = 8
COLUMNS_RATE = 1.0 / 5000.0
"""Chance of a false alarm in one batch over all columns and both windows."""
OUTCOMES_RATE = 1.0 / 5000.0
"""False calibration alarms a batch."""
LEAST = 50
"""A batch of fewer rows waits for more."""
FLOOR = 0.5
"""What an empty range counts as in the PSI, so that the logarithm exists."""
STABLE, MOVED = 0.10, 0.25
ODDS = (0.5, 0.67, 1.5, 2.0)
SLOPES = (0.5, 1.6)
CALIBRATION = "calibration"


class Moved(msgspec.Struct, frozen=True):
    """One column in one batch: PSI of the batch and of the newest batches together, and whether it is an
    alarm."""

    name: str
    psi: float
    psi_long: float
    alarm: bool

    @property
    def reading(self) -> str:
        """The usual reading of the PSI of the newest batches together."""
        return "stable" if self.psi_long < STABLE else "moved" if self.psi_long < MOVED else "drifted"


class Looked(msgspec.Struct, frozen=True):
    """What one batch showed: its number from 1, each column, and how strong the case against calibration is
    (an alarm from 1 on; None when no outcome was known)."""

    batch: int
    rows: int
    columns: tuple[Moved, ...]
    case: float | None

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of what is an alarm."""
        wrong = self.case is not None and self.case >= 1.0
        return (*(one.name for one in self.columns if one.alarm), *((CALIBRATION,) if wrong else ()))


class Monitor:
    """Looks at batches of one model in the order in which they came. `base` is the bad rate it learned."""

    def __init__(self, references: Sequence[Reference], base: float) -> None:
        self._references = tuple(references)
        self._kept: dict[str, deque[npt.NDArray[np.int64]]] = {
            one.name: deque(maxlen=LONG) for one in references
        }
        self._base = float(np.log(base / (1.0 - base)))
        self._evidence = np.zeros(len(ODDS) + len(SLOPES))
        self._batch = 0

    def look(self, columns: Mapping[str, Floats], known: tuple[Floats, Flags] | None = None) -> Looked:
        """Take a batch: columns float64[n] by name ("score" among them), and (chances, outcomes) of decisions
        whose outcome became known. An alarm on calibration starts its evidence anew."""
        self._batch += 1
        rows = len(next(iter(columns.values())))
        tests = 2 * len(self._references)
        moved = tuple(self._column(one, columns[one.name], tests) for one in self._references)
        case = None if known is None or not len(known[0]) else self._calibration(*known)
        return Looked(self._batch, rows, moved, case)

    def _column(self, reference: Reference, values: Floats, tests: int) -> Moved:
        counts = counted(reference, values)
        kept = self._kept[reference.name]
        kept.append(counts)
        before = np.array(reference.counts, dtype=np.float64)
        long = np.sum(kept, axis=0)
        limit = critical(len(before) - 1, COLUMNS_RATE / tests)
        apart = max(distance(before, counts), distance(before, long)) if len(values) >= LEAST else 0.0
        return Moved(reference.name, psi(before, counts), psi(before, long), apart > limit)

    def _calibration(self, chance: Floats, bad: Flags) -> float:
        odds = np.log(chance / (1.0 - chance))
        others = [odds + np.log(r) for r in ODDS]
        others += [self._base + s * (odds - self._base) for s in SLOPES]
        mine = likelihood(odds, bad)
        ratio = np.array([likelihood(other, bad) - mine for other in others])
        self._evidence = (self._evidence + 1.0) * np.exp(np.clip(ratio, -300.0, 300.0))
        case = float(self._evidence.mean()) * OUTCOMES_RATE
        if case >= 1.0:
            self._evidence[:] = 0.0
        return case


def likelihood(odds: Floats, bad: Flags) -> float:
    """Log-likelihood of outcomes under log-odds."""
    return float(np.sum(bad * odds - np.logaddexp(0.0, odds)))


def counted(reference: Reference, values: Floats) -> npt.NDArray[np.int64]:
    """How many values lie in each range of the reference."""
    at = np.searchsorted(np.array(reference.edges), values, side="right")
    return np.bincount(at, minlength=len(reference.edges) + 1).astype(np.int64)


def distance(before: Floats, now: npt.NDArray[np.int64]) -> float:
    """Chi-square of two samples of counts: sum over ranges of (sqrt(n/m) a - sqrt(m/n) b)^2 / (a + b)."""
    m, n = float(before.sum()), float(now.sum())
    if not m or not n:
        return 0.0
    apart = np.sqrt(n / m) * before - np.sqrt(m / n) * now
    whole = before + now
    return float(np.sum(np.divide(apart**2, whole, out=np.zeros_like(whole), where=whole > 0)))


@cache
def critical(degrees: int, rate: float) -> float:
    """What a chi-square with so many degrees of freedom exceeds with this chance; infinite with none."""
    from scipy.stats import chi2

    return float(chi2.isf(rate, degrees)) if degrees else float("inf")


def psi(before: Floats, now: npt.NDArray[np.int64]) -> float:
    """Population stability index of two sets of counts."""
    p = np.maximum(before, FLOOR) / max(1.0, float(before.sum()))
    q = np.maximum(now, FLOOR) / max(1.0, float(now.sum()))
    return float(np.sum((q - p) * np.log(q / p)))
