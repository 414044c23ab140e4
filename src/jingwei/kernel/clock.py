"""Time: whole microseconds since 1970 UTC, read only through a Clock; and the bank's own calendar."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

BANK_OFFSET = 8 * HOUR
"""The bank's day begins at midnight China Standard Time (UTC+8, no daylight saving)."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time in microseconds since 1970 UTC."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's clock, never going backwards within one process."""

    def __init__(self, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        """`nanoseconds` reads the machine's time since 1970 UTC."""
        self._nanoseconds = nanoseconds
        self._last = 0

    def now(self) -> int:
        self._last = max(self._last + 1, self._nanoseconds() // 1000)
        return self._last


class ManualClock:
    """A clock that moves only when told; for tests, replays and simulations."""

    def __init__(self, now: int = 0) -> None:
        self.at = now

    def now(self) -> int:
        return self.at

    def advance(self, microseconds: int) -> None:
        self.at += microseconds


def bank_day(at: int) -> int:
    """Number of the bank's calendar day (days since 1970-01-01, UTC+8) that holds this moment."""
    return (at + BANK_OFFSET) // DAY


def bank_month(day: int) -> int:
    """Number of the month (year * 12 + month - 1) that holds this bank day."""
    when = date(1970, 1, 1) + timedelta(days=day)
    return when.year * 12 + when.month - 1


def day_start(day: int) -> int:
    """First moment of a bank day."""
    return day * DAY - BANK_OFFSET


def iso(at: int) -> str:
    """ISO 8601 in UTC with microseconds, ending in Z."""
    return (EPOCH + timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_iso(text: str) -> int:
    """Microseconds of an ISO 8601 moment; without an offset it is read as UTC. Raises ValueError."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - EPOCH) // timedelta(microseconds=1)


def local_text(at: int, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment as the bank's own clocks show it (UTC+8); `form` as strftime reads it."""
    return (EPOCH + timedelta(microseconds=at + BANK_OFFSET)).strftime(form)
