"""The order of one account's transactions within a day: the one in which their balances chain.

The older books do not tell it. A transaction follows from a balance when that balance and its amount
give the balance recorded after it, give or take the rounding of the older books. The order sought
leaves as few transactions as possible that follow from nothing, then rounds as little as possible,
then goes by number.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache

from jingwei.channels.berka.reader import Transaction

TOLERANCE_MINOR = 10
"""The older books round to 0.10 koruna."""

ALL_ORDERS_UP_TO = 8
"""Up to so many transactions no order is better than the one found; longer days follow the chain."""

MOST_STEPS = 50_000
"""How many steps the search of a long day may take."""

Rows = list[Transaction]


def in_order(day: Iterable[Transaction], before: int | None, ours: int) -> Rows:
    """Return the day's transactions in the order in which they chain.

    `before` is the balance recorded before the day (None: any), `ours` the one our own books have.
    """
    rows = sorted(day)
    if len(rows) == 1:
        return rows
    if len(rows) <= ALL_ORDERS_UP_TO:
        return _best(rows, before, ours)
    return _chain(rows, before) or _greedy(rows, before)


def starts_at(row: Transaction) -> int:
    """Return the balance this transaction follows from, in minor units."""
    return row.balance_minor - row.amount_minor


def _best(rows: Rows, before: int | None, ours: int) -> Rows:
    """Search all orders, by the set of transactions already placed and the last of them."""
    full = (1 << len(rows)) - 1

    @cache
    def best(placed: int, last: int) -> tuple[int, int, tuple[int, ...]]:
        if placed == full:
            return 0, 0, ()
        recorded = rows[last].balance_minor if last >= 0 else before
        own = ours + sum(row.amount_minor for n, row in enumerate(rows) if placed >> n & 1)
        found: tuple[int, int, tuple[int, ...]] | None = None
        for n, row in enumerate(rows):
            if placed >> n & 1:
                continue
            gap = _gap(row, recorded, own)
            broken, rounded, order = best(placed | 1 << n, n)
            if gap > TOLERANCE_MINOR:
                broken += 1
            else:
                rounded += gap
            if found is None or (broken, rounded) < found[:2]:
                found = broken, rounded, (n, *order)
        assert found is not None
        return found

    return [rows[n] for n in best(0, -1)[2]]


def _gap(row: Transaction, recorded: int | None, own: int) -> int:
    """How far the transaction is from following from the balance recorded before it, or from ours."""
    if recorded is None:
        return 0
    start = starts_at(row)
    return min(abs(start - recorded), abs(start - own))


class _Waiting:
    """Transactions not yet placed, by the balance they follow from."""

    def __init__(self, rows: Rows) -> None:
        self.starts = sorted((starts_at(row), row) for row in rows)

    def near(self, balance: int) -> list[tuple[int, Transaction]]:
        """Those that follow from this balance, the nearest first."""
        first = bisect_left(self.starts, (balance - TOLERANCE_MINOR,))
        last = bisect_left(self.starts, (balance + TOLERANCE_MINOR + 1,))
        return sorted(self.starts[first:last], key=lambda item: (abs(item[0] - balance), item[1]))

    def take(self, item: tuple[int, Transaction]) -> None:
        """Place one."""
        del self.starts[bisect_left(self.starts, item)]

    def put_back(self, item: tuple[int, Transaction]) -> None:
        """Take one back."""
        self.starts.insert(bisect_left(self.starts, item), item)


def _chain(rows: Rows, before: int | None) -> Rows | None:
    """Follow the chain, turning back at dead ends; None when it is not found whole in MOST_STEPS steps."""
    if before is None:
        return None
    waiting = _Waiting(rows)
    placed: list[tuple[int, Transaction]] = []
    choices = [waiting.near(before)[::-1]]
    for _ in range(MOST_STEPS):
        if len(placed) == len(rows):
            return [row for _, row in placed]
        if choices[-1]:
            item = choices[-1].pop()
            waiting.take(item)
            placed.append(item)
            choices.append(waiting.near(item[1].balance_minor)[::-1])
        elif placed:
            choices.pop()
            waiting.put_back(placed.pop())
        else:
            return None
    return None


def _greedy(rows: Rows, before: int | None) -> Rows:
    """Follow the chain as far as it goes, then start again at a transaction that follows from no other."""
    waiting = _Waiting(rows)
    heads = _heads(rows)
    order: Rows = []
    balance = before
    while waiting.starts:
        near = waiting.near(balance) if balance is not None else []
        item = near[0] if near else _next_head(waiting, heads)
        waiting.take(item)
        order.append(item[1])
        balance = item[1].balance_minor
    return order


def _heads(rows: Rows) -> list[tuple[int, Transaction]]:
    """Transactions that follow from no other of the day, the lowest number last."""
    ends = sorted(row.balance_minor for row in rows)

    def follows(start: int) -> bool:
        n = bisect_left(ends, start - TOLERANCE_MINOR)
        return n < len(ends) and ends[n] <= start + TOLERANCE_MINOR

    return sorted(((starts_at(row), row) for row in rows if not follows(starts_at(row))), key=lambda i: i[1])[
        ::-1
    ]


def _next_head(waiting: _Waiting, heads: list[tuple[int, Transaction]]) -> tuple[int, Transaction]:
    while heads:
        item = heads.pop()
        n = bisect_left(waiting.starts, item)
        if n < len(waiting.starts) and waiting.starts[n] == item:
            return item
    return waiting.starts[0]
