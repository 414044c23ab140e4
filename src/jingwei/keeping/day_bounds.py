"""From which record on an account's lines can be of a moment after a bank day: what day-ends walk back to."""

from __future__ import annotations

import msgspec

from jingwei.journeys.run_day_end import Mark, first_key
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import day_start
from jingwei.kernel.command import AHEAD
from jingwei.stores.store import Reader, StoreError

Bounds = tuple[Mark, ...]

MOST = 60
"""Bounds that are named: those of so many day-ends, the newest first."""

LOOKED = 400
"""So many days back a day-end is looked for that named its bounds."""


class _Known(msgspec.Struct):
    known_at: int


class _Asked(msgspec.Struct):
    """As much of a record as tells when the bank learned of it."""

    command: _Known


_asked = msgspec.json.Decoder(_Asked)


def day_bounds(reader: Reader, day: int) -> Bounds:
    """Pairs (bank day, record number) for this day and some before, the newest first.

    Nothing is dated more than AHEAD after the bank learned of it, so that no record before the first one
    known AHEAD before midnight holds a line of the next day. Records need not stand in the order they were
    known: a stream that catches up knows what it brings since before. So they are looked through one by one,
    from where the last day-end's bound was; without one from the beginning, and then for the days 1, 2, 4,
    8 ... before, too. Raises StoreError when a record cannot be read.
    """
    before = bounds_named(reader, day)
    if before and before[0][0] == day:
        return before
    if before:
        return (*_found(reader, [day], before[0][1]), *before)[:MOST]
    found = _found(reader, [day, *(day - (1 << n) for n in range(20))], 0)
    begins = next((n for n, (_, record) in enumerate(found) if not record), len(found))
    return found[: begins + 1]


def bounds_named(reader: Reader, day: int) -> Bounds:
    """The bounds that the newest day-end of this day or one before named; none when there was none lately.

    Raises StoreError when its record cannot be read.
    """
    keys = {first_key(day - back): day - back for back in range(LOOKED)}
    answered = reader.answered(list(keys))
    for key in sorted(answered, key=lambda key: -keys[key]):
        leaf = reader.record(answered[key])
        if leaf is None:
            raise StoreError(f"record {answered[key]} is missing")
        named: Bounds = unseal(leaf).command.since
        if named:
            return tuple(sorted(named, reverse=True))
    return ()


def _found(reader: Reader, days: list[int], start: int) -> Bounds:
    """For each of these days, the newest first, the first record from `start` on that may be of a later."""
    size = reader.size()
    left, found = list(days), dict.fromkeys(days, size)
    for seq, leaf in reader.records(start, size):
        known = _asked.decode(leaf).command.known_at
        while left and known >= day_start(left[-1] + 1) - AHEAD:
            found[left.pop()] = seq
        if not left:
            break
    return tuple(found.items())
