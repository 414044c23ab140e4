"""What is certain to come: planned payments until the month ends, and what is left to spend besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from jingwei.channels.web.customer.bills import Bill, taken
from jingwei.kernel.clock import bank_day
from jingwei.ledger.accounts import Standing
from jingwei.ledger.planned import FIRST, Schedule, occurrence, upcoming

SOON = 7
"""Days ahead that the first page shows."""


class Coming(NamedTuple):
    """One certain payment: its schedule and the bank day it is made on."""

    schedule: Schedule
    day: int


def month_end(day: int) -> int:
    """The first bank day of the next month."""
    first = FIRST + timedelta(days=day)
    return occurrence((first.replace(day=1) - FIRST).days, "monthly", 1)


def coming(schedules: Iterable[Schedule], before: int) -> list[Coming]:
    """Every payment that active schedules will make before bank day `before`, the next first."""
    found = [Coming(one, day) for one in schedules for day in upcoming(one, before)]
    return sorted(found, key=lambda one: (one.day, one.schedule.id))


def left_to_spend(
    own: Sequence[Standing], certain: Iterable[Coming], currency: str, owed: Iterable[Bill] = ()
) -> int:
    """What is in one's own accounts of a currency and neither held nor going out for certain (minor units).

    `owed` is what loans and pay-later draws take in the same time.

    An overdraft line is not one's own money; what goes to one's own account of that currency stays.
    """
    mine = {one.account.id: one for one in own if one.account.currency == currency}
    there = sum(one.balance.booked_minor - one.balance.held_minor for one in mine.values())
    goes = (one.schedule for one in certain if one.schedule.payer in mine and one.schedule.payee not in mine)
    return there - sum(one.amount_minor for one in goes) - taken(own, owed, currency)


def today(now: int) -> int:
    """The bank day at this moment."""
    return bank_day(now)
