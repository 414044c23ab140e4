"""What can be changed about a loan: repaid early, given back, restructured, written off. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from jingwei.domains.credit.loan_life import (
    Moved,
    booked,
    close_days,
    due_principal,
    earned,
    fall_due,
    given,
    next_open,
    owed_now,
    pay_due,
    period_start,
    settled,
)
from jingwei.domains.credit.loans import CANCELLED, RUNNING, WRITTEN_OFF, Loan
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.schedule import (
    Instalment,
    Terms,
    due_days,
    fewest_months,
    pack,
    schedule,
    unpack,
)
from jingwei.kernel.clock import bank_day
from jingwei.kernel.money import Money
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Movement, chart_id

How = Literal["due", "shorter", "smaller", "all"]
"""Pay what is due; more, over fewer months; more, for smaller instalments; everything."""

declare(
    {
        "loan_nothing_due": Words("Nothing is due on this loan now.", "该笔贷款目前没有到期应还款项。"),
        "loan_above_due": Words(
            "Only {due} is due now. To pay more, say whether the term or the instalments become less.",
            "目前应还{due}。如需多还，请选择缩短期限或减少每期还款额。",
        ),
        "loan_above_rest": Words(
            "Only {due} is left to pay on this loan; repay all of it.",
            "该笔贷款仅剩{due}未还，请选择全部结清。",
        ),
        "loan_part_too_small": Words(
            "This only covers the interest until today, {interest}; give more to repay a part early.",
            "该金额仅够支付至今日的利息{interest}，提前部分还款须高于此数。",
        ),
        "loan_part_not_possible": Words(
            "This kind of loan is repaid early as a whole.", "该类贷款仅支持一次性提前结清。"
        ),
        "loan_cooling_off_over": Words(
            "The {days} days in which this loan could be given back are over; repay it early instead.",
            "该产品可在签署后{days}日内撤销；现可办理提前还款。",
        ),
        "loan_begun_to_repay": Words(
            "Repaying has begun; the loan can be repaid early instead.", "已开始还款，请办理提前还款。"
        ),
    }
)


def up_to(loan: Loan, product: LoanProduct, at: int) -> Moved:
    """The loan with all days before this moment's closed and what is due today booked."""
    day = bank_day(at)
    closed = close_days(loan, product, day - 1)
    due = fall_due(closed.loan, day)
    return Moved(due.loan, closed.movements + due.movements)


def all_owed(loan: Loan, product: LoanProduct, at: int) -> int:
    """What repays everything at this moment: due, interest until today, principal, the fee for early."""
    now = up_to(loan, product, at).loan
    rest = now.principal_minor - due_principal(now)
    fee = rest * product.early_basis_points // 10_000
    return owed_now(now) + earned(now, bank_day(at)) + rest + fee


def repay(
    loan: Loan, product: LoanProduct, amount_minor: int, how: How, at: int, *, keeps_days: bool = True
) -> Moved | Refusal:
    """The loan after the borrower pays so much (ignored for "all"), or why this cannot be."""
    begun = up_to(loan, product, at)
    now, due = begun.loan, owed_now(begun.loan)
    if how == "due" and not due:
        return Refusal("loan_nothing_due")
    if how == "due" and amount_minor > due:
        return Refusal("loan_above_due", {"due": str(Money(due, loan.currency))})
    if how == "all":
        amount_minor = all_owed(loan, product, at)
    first = min(due, amount_minor)
    paid = pay_due(now, first, bank_day(at) if keeps_days else 0) if first else Moved(now)
    moved = Moved(paid.loan, begun.movements + paid.movements, first)
    if amount_minor > first and not moved.loan.principal_minor:
        return Refusal("loan_above_rest", {"due": str(Money(due, loan.currency))})
    if amount_minor > first:
        early = _early(moved.loan, product, amount_minor - first, how, at)
        if isinstance(early, Refusal):
            return early
        moved = Moved(early.loan, moved.movements + early.movements, first + early.paid_minor)
    return replace(moved, loan=settled(moved.loan, bank_day(at)))


def _early(loan: Loan, product: LoanProduct, amount_minor: int, how: How, at: int) -> Moved | Refusal:
    """Interest until today is paid first, then the fee, then principal; the rest is scheduled anew."""
    day, rest = bank_day(at), loan.principal_minor
    interest = earned(loan, day)
    full_fee = rest * product.early_basis_points // 10_000
    if amount_minor >= interest + full_fee + rest:
        part, fee = rest, full_fee
    elif loan.kind == "bullet":
        return Refusal("loan_part_not_possible")
    else:
        part = (amount_minor - interest) * 10_000 // (10_000 + product.early_basis_points)
        fee = amount_minor - interest - part
    if part <= 0:
        return Refusal("loan_part_too_small", {"interest": str(Money(interest, loan.currency))})
    plan = unpack(loan.plan)
    place, (start, _) = next_open(plan), period_start(loan, plan)
    ahead = plan[place:]
    row = Instalment(day, part, interest, fee, part, interest, fee, closed=True, early=True)
    new: tuple[Instalment, ...] = ()
    if part < rest:
        days = tuple(one.day for one in ahead)
        terms = Terms(loan.kind, rest - part, loan.rate_ppm, days, start, day)
        if how == "shorter" and loan.kind != "interest_only":
            terms = replace(terms, days=days[: fewest_months(terms, ahead[0].amount)])
        new = schedule(terms)
    after = replace(
        loan, plan=pack((*plan[:place], row, *new)), principal_minor=rest - part, accrued_minor=0,
        interest_paid_minor=loan.interest_paid_minor + interest + fee,
    )  # fmt: skip
    movements = (*booked(loan, interest, fee), *given(loan, interest + fee, part))
    return Moved(after, movements, interest + fee + part)


def give_back(loan: Loan, product: LoanProduct, at: int) -> Moved | Refusal:
    """The loan given back whole in its cooling-off time, free of interest and charge."""
    if bank_day(at) > bank_day(loan.signed_at) + product.cooling_off_days or not product.cooling_off_days:
        return Refusal("loan_cooling_off_over", {"days": str(product.cooling_off_days)})
    if loan.principal_minor != loan.amount_minor or loan.interest_paid_minor or loan.due_minor:
        return Refusal("loan_begun_to_repay")
    after = replace(
        loan, principal_minor=0, accrued_minor=0, plan="[]", status=CANCELLED, ended_at=bank_day(at)
    )
    return Moved(after, given(loan, 0, loan.principal_minor), loan.principal_minor)


def restructure(
    loan: Loan, product: LoanProduct, months: int, at: int, *, keeps_days: bool = True
) -> Moved | Refusal:
    """The loan with all it owes spread over so many months from today; what was due is lent anew.

    An instalment that was due and not paid ends today.
    """
    if loan.status != RUNNING:
        return Refusal("loan_not_running")
    begun, day = up_to(loan, product, at), bank_day(at)
    now = begun.loan
    interest = earned(now, day)
    owed = now.due_minor + interest
    principal = now.principal_minor + owed
    kept = tuple(_ended(one, day if keeps_days else 0) for one in unpack(now.plan) if one.closed)
    kind = "annuity" if loan.kind == "bullet" else loan.kind
    ahead = schedule(Terms(kind, principal, loan.rate_ppm, due_days(day, months), day, day))
    mark = Instalment(day, 0, 0, closed=True)
    after = replace(
        now, kind=kind, plan=pack((*kept, mark, *ahead)), principal_minor=principal, due_minor=0,
        penalty_minor=0, penalty_micro=0, accrued_minor=0, late_since=0, proposed="", proposed_by="",
    )  # fmt: skip
    lent = _lent_anew(loan, owed)
    return Moved(after, (*begun.movements, *booked(now, interest), *lent))


def restructured(loan: Loan) -> bool:
    """Whether a loan was ever restructured: its plan holds the mark of the day, on which nothing was due.

    Of a loan on which nothing can ever be due before its end (interest alone, at no rate) it cannot be told.
    """
    return any(one.closed and not one.early and not one.amount for one in unpack(loan.plan))


def _ended(one: Instalment, day: int) -> Instalment:
    """An instalment with what was paid of it as all it asks; one that was open keeps the day it ended on."""
    paid = one.paid_day if not one.left else day
    parts = {"principal": one.paid_principal, "interest": one.paid_interest, "fee": one.paid_fee}
    return replace(one, paid_day=paid, **parts)


def _lent_anew(loan: Loan, owed_minor: int) -> tuple[Movement, ...]:
    if not owed_minor:
        return ()
    due = chart_id("loan_interest_due", loan.currency)
    return (Movement(chart_id("loans", loan.currency), due, owed_minor, loan.currency, "loan_restructured"),)


def write_off(loan: Loan, product: LoanProduct, at: int) -> Moved | Refusal:
    """The loan given up as lost in the books; the borrower still owes it."""
    if loan.status != RUNNING:
        return Refusal("loan_not_running")
    begun = up_to(loan, product, at)
    now, losses = begun.loan, chart_id("loan_losses", loan.currency)
    sides = (("loans", now.principal_minor), ("loan_interest_due", now.due_minor))
    moves = tuple(
        Movement(losses, chart_id(to, loan.currency), amount, loan.currency, "loan_loss")
        for to, amount in sides
        if amount
    )
    after = replace(
        now, status=WRITTEN_OFF, written_off_minor=now.principal_minor + now.due_minor, principal_minor=0,
        due_minor=0, penalty_minor=0, penalty_micro=0, accrued_minor=0, ended_at=bank_day(at), proposed="",
        proposed_by="",
    )  # fmt: skip
    return Moved(after, begun.movements + moves)


def recover(loan: Loan, amount_minor: int) -> Moved | Refusal:
    """Money that comes in on a loan written off, up to what was written off."""
    left = loan.written_off_minor - loan.recovered_minor
    amount = min(amount_minor, left)
    if loan.status != WRITTEN_OFF or amount <= 0:
        return Refusal("loan_nothing_due")
    to = chart_id("loan_recoveries", loan.currency)
    move = Movement(loan.account, to, amount, loan.currency, "loan_recovery")
    return Moved(replace(loan, recovered_minor=loan.recovered_minor + amount), (move,), amount)
