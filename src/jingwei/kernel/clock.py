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


STEP = 2 * SECOND
"""The machine's clock is believed as long as it stays this near to what a steady clock says has passed."""

SLEW = 2_000
"""A clock that was set by more is followed by one part in so many of the time that passes (500 parts in a
million, as the time daemons of Unix do)."""


def _wall() -> int:
    return time.time_ns() // 1000


def _steady() -> int:
    """Microseconds that never jump; sleep of the machine counts where the system can tell."""
    asleep_too: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic_ns() if asleep_too is None else time.clock_gettime_ns(asleep_too)) // 1000


class SystemClock:
    """The machine's clock, never going backwards, and not led astray when somebody sets it.

    When the machine's clock is set while the process runs, by mistake or by an attacker, holds would lapse
    early and confirmations live too long. So time passes as on a steady clock; the machine's own is followed
    at once only over small distances, and slowly over large ones. A restart believes it again.
    """

    def __init__(self, wall: Callable[[], int] = _wall, steady: Callable[[], int] = _steady) -> None:
        self._wall, self._steady = wall, steady
        self._beat = steady()
        self._due = wall()
        self._last = self._due - 1
        self._not_followed = 0

    def now(self) -> int:
        """The moment; each is later than the one before."""
        beat = self._steady()
        passed, self._beat = beat - self._beat, beat
        self._due += passed
        gap = self._wall() - self._due
        if abs(gap) > STEP:
            most, self._not_followed = divmod(self._not_followed + passed, SLEW)
            gap = max(-most, min(gap, most))
        self._due += gap
        self._last = max(self._last + 1, self._due)
        return self._last

    def behind(self) -> int:
        """Microseconds by which the machine's clock is ahead of this one; far from 0, somebody set it."""
        return self._wall() - self._due - (self._steady() - self._beat)

    def not_before(self, at: int) -> None:
        """Go on from this moment when the clock is behind it: what is recorded has happened."""
        if self._due < at:
            self._due = self._last = at


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
