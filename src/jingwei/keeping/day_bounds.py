"""From which record on an account's lines can be of a moment after a bank day: what day-ends walk back to."""

from __future__ import annotations

from bisect import bisect_left

from jingwei.journeys.table import unseal
from jingwei.kernel.clock import day_start
from jingwei.kernel.command import AHEAD
from jingwei.stores.store import Reader, StoreError


def day_bounds(reader: Reader, day: int) -> tuple[tuple[int, int], ...]:
    """Pairs (bank day, record number) for this day and those 1, 2, 4, 8 ... days before, back to record 0.

    Records stand in the order in which the bank learned of them, and nothing is dated more than AHEAD after
    that, so that no record before the first one known AHEAD before midnight holds a line of the next day. An
    account whose days were left open for long finds a bound at most twice as far back as it needs.
    Raises StoreError when a record cannot be read.
    """
    found, back, size = [], 0, reader.size()
    while True:
        bound = day_start(day - back + 1) - AHEAD
        record = bisect_left(range(size), bound, key=lambda seq: _known_at(reader, seq))
        found.append((day - back, record))
        if not record:
            return tuple(found)
        size, back = record, max(1, back * 2)


def _known_at(reader: Reader, seq: int) -> int:
    leaf = reader.record(seq)
    if leaf is None:
        raise StoreError(f"record {seq} is missing")
    return int(unseal(leaf).command.known_at)
