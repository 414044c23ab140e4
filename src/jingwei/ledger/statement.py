"""Statements: an account's lines walked back from the newest, checked to chain, with each balance. Pure.

Lines of an account are in the order they were booked. A line belongs to the latest moment up to
which any line booked before it belongs (a payment that comes in late stands where it was booked),
so that a period is one unbroken piece of the chain and its balances add up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec

from jingwei.kernel.clock import HOUR, day_start
from jingwei.ledger.accounts import Balance, Line

Fetch = Callable[[Sequence[int]], Iterable[Line]]
"""Returns the ledger lines with these numbers, in any order; it may return more, which are kept for later."""

LATE = 6 * HOUR
"""How late a payment could come in before days were cut by record number; records of then keep to it."""

Since = Sequence[tuple[int, int]]
"""Pairs (bank day, record number): no record before that number holds a line of a moment after that day."""

EVER: Since = ((-(2**20), 0),)
"""No bound: an account is walked to its first line."""


class Entry(msgspec.Struct, frozen=True):
    """One line as its account's owner sees it: `amount_minor` below zero was paid out."""

    line: int
    at: int
    kind: str
    other: str
    amount_minor: int
    after_minor: int


class Break(msgspec.Struct, frozen=True):
    """Where the chain does not hang together: the line, and what was found against what was to be found."""

    line: int
    says: str
    expected_minor: int = 0
    found_minor: int = 0


class Statement(msgspec.Struct, frozen=True):
    """The lines of a period in the order booked; `opening_minor` + their sum = `closing_minor`.

    `older` is the line from which the next page walks back, -1 when this page reaches the beginning
    of the period; then `opening_minor` is the balance the period began with. `broken` lists where
    the books do not chain.
    """

    account: str
    opening_minor: int
    closing_minor: int
    entries: tuple[Entry, ...] = ()
    older: int = -1
    broken: tuple[Break, ...] = ()


class BrokenChain(ValueError):
    """The lines of an account do not hang together; the message says which and where."""


class Chain:
    """Walks the lines of one account back, newest first, and notes where they do not chain."""

    def __init__(self, account_id: str, fetch: Fetch, known: dict[int, Line] | None = None) -> None:
        self.account_id = account_id
        self.broken: list[Break] = []
        self._fetch = fetch
        self._known = {} if known is None else known

    def walk(self, number: int, expected: int | None) -> Iterator[Line]:
        """Yield lines from this number back; `expected` is the balance after the first, if known."""
        while (line := self._read(number)) is not None:
            after, previous = side(self.account_id, line)
            if expected is not None and after != expected:
                self._note(
                    number, "the balance after it is not what the next line began with", expected, after
                )
            yield line
            expected = after - signed(self.account_id, line)
            if previous >= number:
                self._note(number, "the line before it is not older")
                return
            if previous < 0 and expected != 0:
                self._note(number, "it is the first line but does not begin at zero", 0, expected)
            number = previous

    def _read(self, number: int) -> Line | None:
        if number < 0:
            return None
        if number not in self._known:
            self._known.update((found.id, found) for found in self._fetch([number]))
        line = self._known.get(number)
        if line is None:
            self._note(number, "it is missing")
        elif self.account_id not in (line.payer, line.payee):
            self._note(number, "it belongs to other accounts")
            return None
        return line

    def _note(self, number: int, says: str, expected_minor: int = 0, found_minor: int = 0) -> None:
        self.broken.append(Break(number, says, expected_minor, found_minor))


def side(account_id: str, line: Line) -> tuple[int, int]:
    """Return (balance after in minor units, previous line) of this account's side of a line."""
    if line.payer == account_id:
        return line.payer_after_minor, line.payer_previous
    return line.payee_after_minor, line.payee_previous


def signed(account_id: str, line: Line) -> int:
    """Return the amount in minor units as this account sees it: below zero when it paid."""
    return -line.amount_minor if line.payer == account_id else line.amount_minor


def moments(lines: Sequence[Line]) -> list[int]:
    """Return, for lines in booking order, the moment each belongs to: the latest `at` so far."""
    return list(accumulate((line.at for line in lines), max))


def statement(
    balance: Balance, fetch: Fetch, start_at: int, end_at: int, *, limit: int = 100, older: int | None = None
) -> Statement:
    """Return the newest `limit` lines with start_at <= moment < end_at (microseconds UTC), in booking order.

    `older` continues an earlier page. A payment belongs where it was booked however late it came in, so that
    the account is walked to its first line. Nothing is raised for a damaged chain: `broken` tells it.
    """
    chain = Chain(balance.id, fetch)
    start, expected = (balance.last_line, balance.booked_minor) if older is None else (older, None)
    booked = list(chain.walk(start, expected))[::-1]
    when = moments(booked)
    first = bisect_left(when, start_at)
    last = bisect_left(when, end_at)
    begin = max(first, last - limit)
    page = booked[begin:last]
    closing = _balance_after(balance, booked, last)
    left = booked[begin - 1].id if begin > first else -1
    if begin == 0 and booked and not chain.broken:
        left = side(balance.id, booked[0])[1]
    entries = tuple(_entry(balance.id, line) for line in page)
    opening = closing - sum(entry.amount_minor for entry in entries)
    return Statement(balance.id, opening, closing, entries, left, tuple(chain.broken))


class Stop(msgspec.Struct, frozen=True):
    """Where the walk back for the closing balance of a bank day may end.

    A line of a record before `record` ends it: nothing booked before can be of a later day. Without `record`
    (as day-ends were run before they named it) a line at a moment before `at` ends it, which takes for
    granted that no payment comes in later than LATE.
    """

    at: int
    record: int | None

    def holds(self, line: Line) -> bool:
        """Whether nothing before this line can matter."""
        return line.at < self.at if self.record is None else line.id >> 16 < self.record


def stop_of(first_day: int, since: Since = ()) -> Stop:
    """Where to stop for this bank day; a day before all those in `since` is walked to the first line."""
    records = [record for day, record in since if day <= first_day]
    return Stop(day_start(first_day + 1) - LATE, max(records, default=0) if since else None)


def prefetch(due: Iterable[tuple[Balance, int]], fetch: Fetch, since: Since = ()) -> dict[int, Line]:
    """Return every line `closings` will read, for all accounts at once, step by step.

    `due` is each account's balance with the first bank day whose closing balance is wanted.
    """
    known: dict[int, Line] = {}
    wanted: dict[int, set[str]] = {}
    stops: dict[str, Stop] = {}
    for balance, first_day in due:
        wanted.setdefault(balance.last_line, set()).add(balance.id)
        stops[balance.id] = stop_of(first_day, since)
    wanted.pop(-1, None)
    while wanted:
        before: dict[int, set[str]] = {}
        for line in fetch(sorted(wanted)):
            known[line.id] = line
            for account_id in wanted.get(line.id, ()):
                previous = side(account_id, line)[1]
                if not stops[account_id].holds(line) and 0 <= previous < line.id:
                    before.setdefault(previous, set()).add(account_id)
        wanted = before
    return known


def closings(
    balance: Balance, days: range, fetch: Fetch, known: dict[int, Line], since: Since = ()
) -> list[int]:
    """Return the booked balance at the end of each of these bank days, one after the other, in minor units.

    `known` holds lines read beforehand by `prefetch` with the same `since`. Raises BrokenChain when it does
    not chain: no interest is computed from damaged books.
    """
    chain = Chain(balance.id, fetch, known)
    booked: list[Line] = []
    stop = stop_of(days.start, since)
    for line in chain.walk(balance.last_line, balance.booked_minor):
        booked.append(line)
        if stop.holds(line):
            break
    if chain.broken:
        found = chain.broken[0]
        raise BrokenChain(f"the books of account {balance.id} are damaged at line {found.line}: {found.says}")
    booked.reverse()
    when = moments(booked)
    return [_balance_after(balance, booked, bisect_left(when, day_start(day + 1))) for day in days]


def _entry(account_id: str, line: Line) -> Entry:
    other = line.payee if line.payer == account_id else line.payer
    return Entry(line.id, line.at, line.kind, other, signed(account_id, line), side(account_id, line)[0])


def _balance_after(balance: Balance, booked: Sequence[Line], count: int) -> int:
    """Return the balance after the first `count` of the lines walked."""
    if not booked:
        return balance.booked_minor
    if count:
        return side(balance.id, booked[count - 1])[0]
    return side(balance.id, booked[0])[0] - signed(balance.id, booked[0])
