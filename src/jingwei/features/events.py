"""A batch of events as columns: payments and fraud reports, in arrival order."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jingwei.kernel.money import MAX_AMOUNT_MINOR

PAYMENT: Final = 0
FRAUD_REPORT: Final = 1
EARLIEST: Final = -(2**52)
LATEST: Final = 2**53
RANGES: Final = (
    (PAYMENT, FRAUD_REPORT),
    (EARLIEST, LATEST),
    (EARLIEST, LATEST),
    (0, MAX_AMOUNT_MINOR),
)
"""Smallest and largest value of kind, at, ref_at, amount_minor."""
FEW: Final = 16
"""Up to this many values are looked at one by one, which is faster than the columns' minimum and maximum."""


class EventColumns(NamedTuple):
    """n events in arrival order.

    kind: 0 payment, 1 fraud report. at, ref_at: microseconds UTC; a report's `at` is its own, its ref_at when
    the reported payment happened; a payment's ref_at equals its at. amount_minor: 0 to 10^15. entities: one
    list of n names for each entity ("customer", "payee", ...), "" where there is none; an entity left out is
    missing everywhere.
    """

    kind: NDArray[np.uint8]
    at: NDArray[np.int64]
    ref_at: NDArray[np.int64]
    amount_minor: NDArray[np.int64]
    entities: dict[str, list[str]]


def part(events: EventColumns, first: int, last: int) -> EventColumns:
    """The events from `first` to before `last`."""
    return EventColumns(
        events.kind[first:last],
        events.at[first:last],
        events.ref_at[first:last],
        events.amount_minor[first:last],
        {entity: names[first:last] for entity, names in events.entities.items()},
    )


def check(events: EventColumns) -> None:
    """Raise ValueError naming the first thing wrong: lengths, kinds, moments or amounts out of range."""
    n = len(events.kind)
    lengths = [len(column) for column in (events.at, events.ref_at, events.amount_minor)]
    lengths += [len(names) for names in events.entities.values()]
    if lengths.count(n) != len(lengths):
        raise ValueError(f"the columns of a batch have different lengths: {sorted({n, *lengths})}")
    numbers: tuple[NDArray[Any], ...] = (events.kind, events.at, events.ref_at, events.amount_minor)
    for name, column, (low, high) in zip(EventColumns._fields, numbers, RANGES, strict=False):
        values = column.tolist() if n <= FEW else (column.min(), column.max())
        for value in values:
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")
