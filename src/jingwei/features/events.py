"""A batch of events as columns: payments and fraud reports, in arrival order."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jingwei.kernel.money import MAX_AMOUNT_MINOR

PAYMENT: Final = 0
FRAUD_REPORT: Final = 1
EARLIEST: Final = -(2**52)
LATEST: Final = 2**53


class EventColumns(NamedTuple):
    """n events in arrival order.

    kind: 0 payment, 1 fraud report. at, ref_at: microseconds UTC; a report's `at` is its own, its ref_at when the
    reported payment happened; a payment's ref_at equals its at. amount_minor: 0 to 10^15. entities: one list of n
    names for each entity ("customer", "payee", ...), "" where there is none; an entity left out is missing everywhere.
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
    """Raise ValueError naming the first thing wrong: lengths, unknown kinds, moments or amounts out of range."""
    n = len(events.kind)
    lengths = {len(events.at), len(events.ref_at), len(events.amount_minor)}
    lengths.update(len(names) for names in events.entities.values())
    if lengths != {n}:
        raise ValueError(f"the columns of a batch have different lengths: {sorted(lengths | {n})}")
    if n == 0:
        return
    if events.kind.max() > FRAUD_REPORT:
        raise ValueError(f"unknown kind of event {events.kind.max()}: 0 is a payment, 1 a fraud report")
    for name, column, low, high in (
        ("at", events.at, EARLIEST, LATEST),
        ("ref_at", events.ref_at, EARLIEST, LATEST),
        ("amount_minor", events.amount_minor, 0, MAX_AMOUNT_MINOR),
    ):
        if column.min() < low or column.max() > high:
            raise ValueError(f"{name} must be from {low} to {high}; it goes from {column.min()} to {column.max()}")
