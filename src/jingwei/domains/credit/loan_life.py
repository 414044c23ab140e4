"""The life of a loan, day by day: what falls due, what is paid, what is late. Pure.

Booked as due means: the bank's interest_earned (or fees) gains it, bank:loan_interest_due stands against it
until the borrower pays. What is lent stands on bank:loans. So a loan's `principal_minor` and `due_minor` are
what those two accounts hold for it, after every step.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.loans import REPAID, RUNNING, Loan
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.schedule import (
    Instalment,
    due_days,
    interest_of,
    pack,
    unpack,
)
from jingwei.kernel.clock import bank_day
from jingwei.ledger.accounts import Movement, chart_id
from jingwei.ledger.interest import MICRO

YEAR = 365
"""Penalty counts each day as one of 365, leap years too: nobody pays more for a day than in another year."""


class Moved(msgspec.Struct, frozen=True):
    """A loan after a step, and the money that moves with it; `paid_minor` is what the borrower gave."""

    loan: Loan
    movements: tuple[Movement, ...] = ()
    paid_minor: int = 0


def lent_out(loan: Loan) -> Movement:
    """The paying out of a loan."""
    return Movement(chart_id("loans", loan.currency), loan.account, loan.amount_minor, loan.currency, "loan")


def due_principal(loan: Loan) -> int:
    """Principal whose day has come and that is not paid."""
    return sum(one.principal - one.paid_principal for one in unpack(loan.plan) if one.closed)


def owed_now(loan: Loan) -> int:
    """Everything whose day has come and that is not paid, in minor units."""
    return loan.due_minor + due_principal(loan)


def next_open(plan: tuple[Instalment, ...]) -> int:
    """The place of the first instalment that is not due yet; as many as there are when all are."""
    return next((n for n, one in enumerate(plan) if not one.closed), len(plan))


def period_start(loan: Loan, plan: tuple[Instalment, ...]) -> tuple[int, int]:
    """The bank days on which the running period began, and since when its principal is what it is now."""
    signed = bank_day(loan.signed_at)
    closed = plan[: next_open(plan)]
    start = next((one.day for one in reversed(closed) if not one.early), signed)
    return start, closed[-1].day if closed else signed


def earned(loan: Loan, day: int) -> int:
    """Interest since the last due day up to this bank day, not booked yet (minor units).

    Borrowers pay for the days they had the money and for no others: Civil Code, article 677.
    """
    plan = unpack(loan.plan)
    place = next_open(plan)
    if loan.status != RUNNING or place == len(plan):
        return 0
    start, since = period_start(loan, plan)
    day = min(day, plan[place].day)
    left = loan.principal_minor - due_principal(loan)
    if loan.kind != "bullet":
        return interest_of(left, loan.rate_ppm, Fraction(max(day - since, 0), plan[place].day - start))
    total, begin = 0, start
    for end in due_days(start, _months_between(start, plan[place].day)):
        share = Fraction(max(min(day, end) - begin, 0), end - begin)
        total, begin = total + interest_of(left, loan.rate_ppm, share), end
    return total


def _months_between(first: int, last: int) -> int:
    """How many due days, one each month after `first`, there are up to `last`."""
    months = 1
    while due_days(first, months)[-1] < last:
        months += 1
    return months


def close_days(
    loan: Loan, product: LoanProduct, day: int, room_minor: int = 0, *, keeps_days: bool = True
) -> Moved:
    """Close every open day up to this one: penalty, what falls due, and paying it from the account.

    `room_minor` is what the account has to give. Days closed before are never closed again. `keeps_days` is
    whether the day an instalment is paid on is kept, as it is today.
    """
    movements: list[Movement] = []
    paid = 0
    while loan.status == RUNNING and loan.closed_day < day:
        step = _close_day(loan, product, loan.closed_day + 1, room_minor - paid, keeps_days)
        loan, paid = step.loan, paid + step.paid_minor
        movements += step.movements
    if loan.status == RUNNING:
        loan = replace(loan, accrued_minor=earned(loan, loan.closed_day))
    return Moved(loan, tuple(movements), paid)


def _close_day(loan: Loan, product: LoanProduct, day: int, room_minor: int, keeps_days: bool) -> Moved:
    fined = _fine(loan, product, day)
    due = fall_due(fined.loan, day)
    movements = fined.movements + due.movements
    loan = replace(due.loan, closed_day=day)
    give = min(room_minor, owed_now(loan))
    if give > 0:
        taken = pay_due(loan, give, day if keeps_days else 0)
        loan, movements = taken.loan, movements + taken.movements
    return Moved(settled(loan, day), movements, max(give, 0))


def _fine(loan: Loan, product: LoanProduct, day: int) -> Moved:
    """Penalty of one day on late principal, once it is later than the days of grace."""
    if loan.late_days(day) <= product.grace_days:
        return Moved(loan)
    late = sum(
        one.principal - one.paid_principal for one in unpack(loan.plan) if one.closed and one.day < day
    )
    micro = loan.penalty_micro + late * loan.rate_ppm * product.penalty_ppm_of // (100 * YEAR)
    whole, rest = divmod(micro, MICRO)
    loan = replace(loan, penalty_micro=rest)
    if not whole:
        return Moved(loan)
    move = Movement(
        _due(loan), chart_id("interest_earned", loan.currency), whole, loan.currency, "loan_penalty"
    )
    after = replace(loan, penalty_minor=loan.penalty_minor + whole, due_minor=loan.due_minor + whole)
    return Moved(after, (move,))


def fall_due(loan: Loan, day: int) -> Moved:
    """Book what falls due up to this day, the day included; what is booked is not booked again."""
    plan, movements = list(unpack(loan.plan)), []
    due = 0
    for n, one in enumerate(plan):
        if one.closed or one.day > day:
            continue
        plan[n] = replace(one, closed=True)
        due += one.interest + one.fee
        movements += booked(loan, one.interest, one.fee)
    if due or any(old is not new for old, new in zip(unpack(loan.plan), plan, strict=True)):
        loan = replace(loan, plan=pack(tuple(plan)), due_minor=loan.due_minor + due)
    return Moved(loan, tuple(movements))


def booked(loan: Loan, interest_minor: int, fee_minor: int = 0) -> list[Movement]:
    """Interest and fee become due: the bank has earned them, the borrower owes them."""
    sides = (("interest_earned", interest_minor), ("fees", fee_minor))
    return [
        Movement(_due(loan), chart_id(to, loan.currency), amount, loan.currency, "loan_due")
        for to, amount in sides
        if amount
    ]


def pay_due(loan: Loan, amount_minor: int, day: int = 0) -> Moved:
    """Pay so much of what is due: fees and interest before principal, the oldest first.

    The order is that of the Civil Code, article 561. Never pays more than what is due. What is paid in full
    keeps that it was on this bank day (0: it keeps none).
    """
    assert 0 < amount_minor <= owed_now(loan), "no more is paid than is due"
    left, plan = amount_minor, list(unpack(loan.plan))
    for n, one in enumerate(plan):
        if one.closed:
            fee = min(left, one.fee - one.paid_fee)
            interest = min(left - fee, one.interest - one.paid_interest)
            plan[n] = replace(one, paid_fee=one.paid_fee + fee, paid_interest=one.paid_interest + interest)
            left -= fee + interest
    penalty = min(left, loan.penalty_minor)
    left -= penalty
    charges = amount_minor - left
    for n, one in enumerate(plan):
        if one.closed:
            part = min(left, one.principal - one.paid_principal)
            plan[n] = replace(plan[n], paid_principal=one.paid_principal + part)
            left -= part
    assert left == 0, "what is due is the sum of its parts"
    pairs = zip(unpack(loan.plan), plan, strict=True)
    plan = [kept_paid(one, day) if old.left else one for old, one in pairs]
    principal = amount_minor - charges
    after = replace(
        loan, plan=pack(tuple(plan)), due_minor=loan.due_minor - charges,
        penalty_minor=loan.penalty_minor - penalty, principal_minor=loan.principal_minor - principal,
        interest_paid_minor=loan.interest_paid_minor + charges,
    )  # fmt: skip
    return Moved(after, given(loan, charges, principal), amount_minor)


def kept_paid(one: Instalment, day: int) -> Instalment:
    """An instalment that something was paid on: with the day, once nothing is left."""
    return one if one.left else replace(one, paid_day=day)


def given(loan: Loan, charges_minor: int, principal_minor: int) -> tuple[Movement, ...]:
    """The borrower's money, as it goes to what was due and to what is lent."""
    sides = ((_due(loan), charges_minor), (chart_id("loans", loan.currency), principal_minor))
    return tuple(
        Movement(loan.account, to, amount, loan.currency, "loan_payment") for to, amount in sides if amount
    )


def settled(loan: Loan, day: int) -> Loan:
    """The loan with the day since which something is late, and repaid when nothing is owed any more."""
    plan = unpack(loan.plan)
    late = next((one.day for one in plan if one.closed and one.left), 0)
    if loan.penalty_minor and not late:
        late = loan.late_since
    over = not loan.principal_minor and not loan.due_minor and next_open(plan) == len(plan)
    status = REPAID if over else loan.status
    return replace(loan, late_since=late, status=status, ended_at=0 if not over else loan.ended_at or day)


def _due(loan: Loan) -> str:
    return chart_id("loan_interest_due", loan.currency)
