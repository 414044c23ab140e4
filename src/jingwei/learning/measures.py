"""Figures for a two-way outcome: AUC, KS, Brier, calibration, lift; their intervals by drawing rows again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from jingwei.learning.protocol import Flags
from jingwei.models.compiled import Floats

Interval = tuple[float, float]
Counts = npt.NDArray[np.int16]

ROUNDS = 1000
"""How often the rows are drawn again for an interval."""


def draws(rows: int, rounds: int = ROUNDS, seed: int = 1) -> Counts:
    """int16[rounds, rows]: how often each row is drawn when as many rows are drawn with replacement."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, rows, (rounds, rows))
    return np.stack([np.bincount(pick, minlength=rows) for pick in picks]).astype(np.int16)


def draws_of_groups(groups: npt.NDArray[np.int64], rounds: int = ROUNDS, seed: int = 1) -> Counts:
    """Like `draws`, but whole groups (a customer with all rows) are drawn; `groups` int64[rows] from 0."""
    counts = draws(int(groups.max()) + 1, rounds, seed)
    return counts[:, groups]


def interval(values: Floats) -> Interval:
    """The middle 95 % of drawn figures; those that are no number (an empty draw) are left aside."""
    kept = values[np.isfinite(values)]
    if not len(kept):
        return float("nan"), float("nan")
    low, high = np.percentile(kept, [2.5, 97.5])
    return float(low), float(high)


def weighted_auc(truth: Flags, score: Floats, counts: Counts) -> Floats:
    """AUC float64[rounds] for row weights int16[rounds, rows]; ties count half. NaN where a class is
    absent."""
    order = np.argsort(score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0.0, True))
    out = np.empty(len(counts))
    for at, weight in enumerate(counts):
        sorted_weight = weight[order]
        bad = np.diff(np.cumsum(sorted_weight * truth[order])[ends], prepend=0)
        good = np.diff(np.cumsum(sorted_weight * ~truth[order])[ends], prepend=0)
        below = np.cumsum(good) - good
        pairs = float(bad.sum()) * float(good.sum())
        out[at] = float(np.sum(bad * (below + good / 2.0))) / pairs if pairs else np.nan
    return out


def auc_interval(truth: Flags, score: Floats, counts: Counts) -> Interval:
    """95 % interval of the AUC over drawn rows."""
    return interval(weighted_auc(truth, score, counts))


def drawn(figure: Callable[[npt.NDArray[np.int64]], float], counts: Counts) -> Interval:
    """95 % interval of any figure of row numbers, computed on each draw."""
    rows = np.arange(counts.shape[1])
    return interval(np.array([figure(np.repeat(rows, weight)) for weight in counts]))


def ks(truth: Flags, score: Floats) -> float:
    """Kolmogorov-Smirnov: the largest distance between the scores of the bad and of the good."""
    order = np.argsort(score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0.0, True))
    bad = np.cumsum(truth[order])[ends] / max(1, int(truth.sum()))
    good = np.cumsum(~truth[order])[ends] / max(1, int((~truth).sum()))
    return float(np.abs(bad - good).max())


def brier(truth: Flags, score: Floats) -> float:
    """Mean squared distance of the probability from what happened; the base rate p gives p (1 - p)."""
    return float(np.mean((score - truth) ** 2))


def calibration(truth: Flags, score: Floats) -> tuple[float, float]:
    """(slope, offset) of the outcome's log-odds on the score's log-odds; (1, 0) is calibrated (Cox 1958).

    Newton's method. A slope below one says the scores are too far apart.
    """
    inner = np.clip(score, 1e-6, 1.0 - 1e-6)
    design = np.column_stack([np.log(inner / (1.0 - inner)), np.ones(len(score))])

    def loss(at: Floats) -> float:
        told = design @ at
        return float(np.sum(np.logaddexp(0.0, told) - truth * told))

    answer = np.array([0.0, 0.0])
    for _ in range(100):
        chance = np.exp(-np.logaddexp(0.0, -(design @ answer)))
        bend = (design * (chance * (1.0 - chance))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(bend, design.T @ (chance - truth))
        while np.abs(step).max() > 1e-10 and loss(answer - step) > loss(answer):
            step = step / 2.0
        answer = answer - step
        if np.abs(step).max() < 1e-10:
            break
    return float(answer[0]), float(answer[1])


def lift(truth: Flags, score: Floats, share: float = 0.1) -> float:
    """Share of hits among the highest-scored part, over the share among all."""
    best = np.argsort(-score, kind="stable")[: max(1, round(len(score) * share))]
    rate = float(truth.mean())
    return float(truth[best].mean()) / rate if rate else float("nan")
