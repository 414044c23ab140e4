"""A batch of events as columns: payments and fraud reports, in arrival order."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol

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


class Happened(Protocol):
    """One event by itself: a batch's columns as fields, and each entity's name, "" where there is none."""

    @property
    def kind(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def ref_at(self) -> int: ...
    @property
    def amount_minor(self) -> int: ...


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
    if not n:
        return
    numbers: tuple[NDArray[Any], ...] = (events.kind, events.at, events.ref_at, events.amount_minor)
    check_numbers(*(int(column.min()) for column in numbers))
    check_numbers(*(int(column.max()) for column in numbers))


def check_numbers(kind: int, at: int, ref_at: int, amount_minor: int) -> None:
    """Raise ValueError naming the first number of an event that is out of range."""
    if (
        0 <= kind <= FRAUD_REPORT
        and EARLIEST <= at <= LATEST
        and EARLIEST <= ref_at <= LATEST
        and 0 <= amount_minor <= MAX_AMOUNT_MINOR
    ):
        return
    for name, value, (low, high) in zip(
        EventColumns._fields, (kind, at, ref_at, amount_minor), RANGES, strict=False
    ):
        if not low <= value <= high:
            raise ValueError(f"{name} must be from {low} to {high}, not {value}")
