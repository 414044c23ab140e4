"""How a customer's accounts were kept in the last half year, measured from their ledger lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from jingwei.domains.credit.inputs import Behaviour
from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.money import currency
from jingwei.ledger.accounts import Account, Balance, Line

MONTH, MONTHS, WINDOW = 30, 6, 90
INCOME = frozenset({"payment", "deposit"})
SPENT = frozenset({"payment", "card", "capture"})
LEAST_INCOME = 500
"""From so much income in 30 days on (whole units) it counts as a month with income."""

MOST_CHANGE = 5000

LEAST_BALANCE = 100
"""A day ends with money in the account when it ends with at least so much (whole units)."""


class History(msgspec.Struct, frozen=True):
    """One account with its lines, newest first, the other side of each may be blank."""

    account: Account
    balance: Balance
    lines: tuple[Line, ...]


def measure(histories: Sequence[History], failed: int, at: int, code: str) -> Behaviour:
    """The behaviour of a customer up to the end of yesterday, over the accounts in this currency.

    `failed` is how many payments of the last 180 days failed for want of money. A line between two of the
    customer's own accounts is neither income nor spending. Income is the lower of the two middle months, of
    those since the oldest account was opened.
    """
    mine = [one for one in histories if one.account.currency == code]
    until = bank_day(at) - 1
    unit: int = 10 ** currency(code).places
    seen = Counter(line.id for one in mine for line in one.lines)
    inside = {number for number, times in seen.items() if times > 1}
    earned, spent, purchases = [0] * MONTHS, [0] * MONTHS, 0
    for one in mine:
        for line in one.lines:
            month = (until - bank_day(line.at)) // MONTH
            if line.id in inside or not 0 <= month < MONTHS:
                continue
            if line.payer != one.account.id:
                earned[month] += line.amount_minor if line.kind in INCOME else 0
            elif line.kind in SPENT:
                spent[month] += line.amount_minor
                purchases += line.kind == "card" and until - bank_day(line.at) < WINDOW
    closing = [closings(one, until) for one in mine]
    totals = [sum(days) for days in zip(*closing, strict=True)]
    opened = min((one.account.opened_at for one in mine), default=at)
    known = max(until + 1 - bank_day(opened), 0)
    return Behaviour(
        until=until,
        account_days=known,
        balance_days=sum(total >= LEAST_BALANCE * unit for total in totals),
        income_months=sum(income >= LEAST_INCOME * unit for income in earned),
        income_minor=middle(earned, known),
        spending_minor=middle(spent, known),
        overdrawn_days=sum(any(one < 0 for one in days) for days in zip(*closing, strict=True)),
        refused=failed,
        purchases=purchases,
        income_change=change(earned, known),
        spending_change=change(spent, known),
    )


def middle(months: list[int], known_days: int) -> int:
    """The middle one of the months since the customer is known, newest first; the lower of two."""
    since = since_known(months, known_days)
    return sorted(since)[(len(since) - 1) // 2]


def since_known(months: list[int], known_days: int) -> list[int]:
    """The months since the customer is known, newest first; at least the newest."""
    return months[: min(max(-(-known_days // MONTH), 1), MONTHS)]


def change(months: list[int], known_days: int) -> int:
    """The newest month in thousandths of the mean of the others known; 1,000 when those are nothing."""
    since = since_known(months, known_days)
    before = sum(since[1:])
    return min(1000 * since[0] * (len(since) - 1) // before, MOST_CHANGE) if before else 1000


def closings(one: History, until: int) -> list[int]:
    """The balance at the end of each of the 90 days up to this one, oldest first (minor units)."""
    found: list[int] = []
    place, now = 0, one.balance.booked_minor
    for day in range(until, until - WINDOW, -1):
        end = day_start(day + 1)
        while place < len(one.lines) and one.lines[place].at >= end:
            now = _before(one.account.id, one.lines[place])
            place += 1
        found.append(now)
    return found[::-1]


def _before(account_id: str, line: Line) -> int:
    """The account's balance before this line."""
    if line.payer == account_id:
        return line.payer_after_minor + line.amount_minor
    return line.payee_after_minor - line.amount_minor
