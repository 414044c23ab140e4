"""Day-end: what an account earned and owes up to a bank day, exactly once however often it is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from jingwei.kernel.clock import bank_day
from jingwei.ledger.accounts import Movement, Standing, chart_id
from jingwei.ledger.fees import fee_movements
from jingwei.ledger.interest import MICRO, daily_micro, is_month_end, is_posting_day, whole_minor
from jingwei.ledger.product import Product


class DayClosed(msgspec.Struct, frozen=True):
    """An account after its day-end: what is to be posted, and its standing before that is posted.

    `standing` carries the interest accrued less what `movements` pay out; `waived_minor` is a
    monthly fee the account had no money for.
    """

    movements: tuple[Movement, ...]
    standing: Standing
    waived_minor: int = 0


def first_open_day(standing: Standing) -> int:
    """Return the first bank day whose interest has not accrued: after the last one, or the opening day."""
    return max(standing.balance.accrued_day + 1, bank_day(standing.account.opened_at))


def close_days(standing: Standing, product: Product, closings: Sequence[int], day: int) -> DayClosed:
    """Return the account after accruing every open day up to and including this one.

    `closings[i]` is the booked balance at the end of day `first_open_day(standing) + i`, in minor
    units; a product that bears nothing needs none. Days accrued before are never accrued again, so
    a second run changes nothing. At the end of each posting period the whole part of the interest
    is posted; interest the owner owes is posted as far as the account has room for it and stays
    accrued beyond that, so that no day-end exceeds an overdraft line. A monthly fee is taken in
    full at the end of the month, or waived.
    """
    first, account = first_open_day(standing), standing.account
    if account.status != "open" or account.side != "customer" or day < first:
        return DayClosed((), standing)
    if not product.bears:
        return DayClosed((), Standing(account, replace(standing.balance, accrued_day=day)))
    assert len(closings) == day - first + 1, "one closing balance for each open day"
    run = _Run(standing, product)
    for today, closing in enumerate(closings, start=first):
        run.accrue(closing, today)
    balance = replace(standing.balance, accrued_micro=run.accrued, accrued_day=day)
    return DayClosed(tuple(run.movements), Standing(account, balance), run.waived)


def settle_interest(standing: Standing, product: Product) -> DayClosed:
    """Return the account with all its interest posted, halves to the even neighbour and nothing left accrued.

    For closing an account: what is less than half a minor unit is given up by whoever it is due to.
    Interest the owner owes beyond what the account has room for stays accrued.
    """
    run = _Run(standing, product)
    whole = whole_minor(standing.balance.accrued_micro, "half_even")
    run.pay(whole)
    balance = replace(standing.balance, accrued_micro=(whole - run.moved) * MICRO)
    return DayClosed(tuple(run.movements), Standing(standing.account, balance))


class _Run:
    """An account while its days are closed one after the other."""

    def __init__(self, standing: Standing, product: Product) -> None:
        self.standing = standing
        self.product = product
        self.accrued = standing.balance.accrued_micro
        self.moved = 0
        self.waived = 0
        self.movements: list[Movement] = []

    def accrue(self, closing_minor: int, day: int) -> None:
        """Close one day; what earlier days of this run posted counts from the day after."""
        interest = self.product.interest
        self.accrued += daily_micro(closing_minor + self.moved, interest, day)
        if is_posting_day(day, interest.posting):
            self.pay(whole_minor(self.accrued, interest.rounding))
        if is_month_end(day) and self.product.monthly_fee_minor:
            self.charge(self.product.monthly_fee_minor)

    def pay(self, whole: int) -> None:
        """Post interest: earned from the bank, or owed to it as far as there is room."""
        account = self.standing.account
        if whole < 0:
            whole = -min(-whole, max(self.room(), 0))
        if not whole:
            return
        self.accrued -= whole * MICRO
        self.moved += whole
        if whole > 0:
            payer, payee = chart_id("interest_paid", account.currency), account.id
        else:
            payer, payee = account.id, chart_id("interest_earned", account.currency)
        self.movements.append(Movement(payer, payee, abs(whole), account.currency, "interest"))

    def charge(self, fee_minor: int) -> None:
        """Take the monthly fee in full, or waive it when there is no money or a freeze for it."""
        if self.room() < fee_minor or self.standing.account.frozen in ("out", "both"):
            self.waived += fee_minor
            return
        self.moved -= fee_minor
        self.movements += fee_movements(self.product, self.standing.account.id, fee_minor)

    def room(self) -> int:
        """What could be paid out now, after what this run has posted."""
        return self.standing.available_minor + self.moved
