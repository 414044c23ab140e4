"""The fifteen features of the Fraud Detection Handbook, for its baselines.

Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine Learning for Credit Card Fraud Detection (2022),
chapter 3: amount, weekend, night; per customer the number and mean amount of payments in 1, 7 and 30 days;
per terminal the number of payments and the share of frauds in 1, 7 and 30 days that ended 7 days ago.
"""

from __future__ import annotations

import numpy as np

from jingwei.kernel.clock import DAY, HOUR
from jingwei.learning.stream import CardStream, Whole
from jingwei.models.compiled import Floats, compiled

WINDOWS = (1, 7, 30)
FEATURES = (
    "amount",
    "weekend",
    "night",
    *(f"customer_{what}_{days}d" for days in WINDOWS for what in ("payments", "mean")),
    *(f"terminal_{what}_{days}d" for days in WINDOWS for what in ("payments", "risk")),
)


def handbook_features(stream: CardStream, delay_days: int = 7) -> Floats:
    """Return float64[n, 15] for all payments of a stream."""
    amount = stream.amount_minor / 100.0
    fraud = stream.fraud.astype(np.float64)
    weekday = (stream.day + 3) % 7
    out = [amount, (weekday >= 5) * 1.0, (stream.at % DAY < 7 * HOUR) * 1.0]
    for days in WINDOWS:
        count, total = window_sums(stream.customer, stream.at, amount, 0, days * DAY)
        out += [count, total / count]
    for days in WINDOWS:
        delay = delay_days * DAY
        count, frauds = window_sums(stream.terminal, stream.at, fraud, delay, delay + days * DAY)
        out += [count, np.divide(frauds, count, out=np.zeros_like(count), where=count > 0)]
    return np.ascontiguousarray(np.column_stack(out))


def window_sums(of: Whole, at: Whole, value: Floats, near: int, far: int) -> tuple[Floats, Floats]:
    """Per payment, count and sum over the same entity's payments in (at - far, at - near]."""
    order = np.lexsort((at, of))
    counts, sums = _sums_in_order(of[order], at[order], value[order], near, far)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return counts[back], sums[back]


@compiled
def _sums_in_order(of: Whole, at: Whole, value: Floats, near: int, far: int) -> tuple[Floats, Floats]:
    counts, sums = np.empty(len(of)), np.empty(len(of))
    first = last = 0
    total = 0.0
    for i in range(len(of)):
        if i == 0 or of[i] != of[i - 1]:
            first = last = i
            total = 0.0
        while last <= i and at[last] <= at[i] - near:
            total += value[last]
            last += 1
        while first < last and at[first] <= at[i] - far:
            total -= value[first]
            first += 1
        counts[i] = last - first
        sums[i] = total if last > first else 0.0
    return counts, sums
