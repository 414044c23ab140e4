"""What one's own loans and pay-later draws take for certain: instalments until a day, and what is due now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from jingwei.channels.web.lending.told import name_of
from jingwei.domains.credit.loan_changes import up_to
from jingwei.domains.credit.loan_life import owed_now
from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import unpack
from jingwei.kernel.clock import bank_day
from jingwei.ledger.planned import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jingwei.channels.web.visit import Visit
    from jingwei.ledger.accounts import Standing

MOST = 500


class Bill(NamedTuple):
    """What a loan takes on one bank day (minor units); `due` says that the day has come."""

    loan: Loan
    day: int
    amount_minor: int
    due: bool


def bills(loans: Iterable[Loan], now: int, before: int) -> list[Bill]:
    """What running loans take before bank day `before`, what is due and not paid first.

    Penalty that will grow until then is not counted: only what is certain at this moment.
    """
    found = [bill for loan in loans if loan.status == RUNNING for bill in _of(loan, now, before)]
    return sorted(found, key=lambda one: (one.day, one.loan.id))


def _of(loan: Loan, now: int, before: int) -> list[Bill]:
    product = shipped().find(loan.product)
    if product is None:
        return []
    shown, today = up_to(loan, product, now).loan, bank_day(now)
    owed = owed_now(shown)
    rows = [row for row in unpack(shown.plan) if not row.closed and row.day < before and row.amount]
    there = [Bill(shown, shown.late_since or today, owed, True)] if owed else []
    return there + [Bill(shown, row.day, row.left, False) for row in rows]


def taken(own: Sequence[Standing], certain: Iterable[Bill], currency: str) -> int:
    """What these bills take from one's own accounts of a currency (minor units)."""
    mine = {one.account.id for one in own if one.account.currency == currency}
    return sum(one.amount_minor for one in certain if one.loan.account in mine)


def bill_told(one: Bill, visit: Visit, today: int) -> dict[str, Any]:
    """A bill as the first page shows it, beside planned payments."""
    ahead = one.day - today
    when = "due" if one.due else "today" if ahead <= 0 else "tomorrow" if ahead == 1 else "day"
    kind = "draw" if one.loan.line else "instalment"
    return {
        "name": visit.say(f"bill.{kind}", name=name_of(visit, one.loan.product)),
        "to": f"/app/loans/{one.loan.id}",
        "amount_minor": one.amount_minor,
        "currency": one.loan.currency,
        "day": (FIRST + timedelta(days=one.day)).isoformat(),
        "when": when,
    }
