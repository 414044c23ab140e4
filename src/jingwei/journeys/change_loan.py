"""RestructureLoan and WriteOffLoan: staff change a loan that is not repaid as agreed; two for large ones."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.loan_changes import restructure, write_off
from jingwei.domains.credit.loan_life import Moved
from jingwei.domains.credit.loans import RUNNING
from jingwei.domains.credit.product_file import LONGEST
from jingwei.journeys.repay_loan import DAYS_KEPT, SeenLoan, booked_with, loan_record, see_loan
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.casework import needs_two


class RestructureLoan(Command, frozen=True, kw_only=True, tag="restructure_loan"):
    """Spread all that `loan` owes over `months` from today, at its rate; `why` is kept with the record."""

    loan: Id
    months: Annotated[int, msgspec.Meta(ge=1, le=LONGEST)]
    why: Text


class WriteOffLoan(Command, frozen=True, kw_only=True, tag="write_off_loan"):
    """Give `loan` up as lost in the books; the borrower still owes it."""

    loan: Id
    why: Text


class LoanRestructured(Event, frozen=True, kw_only=True, tag="loan_restructured"):
    """What a loan owes was spread over so many months."""

    loan: str
    months: int


class LoanWrittenOff(Event, frozen=True, kw_only=True, tag="loan_written_off"):
    """A loan was given up as lost: so much of it (minor units)."""

    loan: str
    lost_minor: int


class LoanChangeProposed(Event, frozen=True, kw_only=True, tag="loan_change_proposed"):
    """A first person wants this done to a loan; a second one must ask for the same."""

    loan: str
    change: str


def look(ask: RestructureLoan | WriteOffLoan, books: Books) -> SeenLoan:
    """Read the loan."""
    return see_loan(ask.loan, books)


def check(ask: RestructureLoan | WriteOffLoan, seen: SeenLoan) -> Refusal | None:
    """Return why this cannot be asked, or None: nobody changes a loan of their own."""
    if seen.loan is None or seen.product is None:
        return Refusal("loan_not_found")
    if ask.actor.partition(":")[2] == seen.loan.customer:
        return Refusal("own_work")
    return Refusal("loan_not_running") if seen.loan.status != RUNNING else None


def settle(
    ask: RestructureLoan | WriteOffLoan, seen: SeenLoan, change: str, moved: Moved | Refusal, event: Event
) -> Outcome:
    """Carry the change out, or keep it as a proposal where two must agree."""
    number, loan = decision_id(seen.seq), seen.loan
    assert loan is not None
    if isinstance(moved, Refusal):
        return refused(number, moved, about=loan_record(loan))
    agreed = loan.proposed == change and loan.proposed_by != ask.actor
    if agreed or not needs_two(loan.principal_minor + loan.due_minor, loan.currency):
        return booked_with(moved, seen, ask.at, event)
    if (loan.proposed, loan.proposed_by) == (change, ask.actor):
        return refused(number, Refusal("second_person_needed"), about=loan_record(loan))
    proposal = LoanChangeProposed(loan=loan.id, change=change)
    answer = Answer(number, "proposed", about=loan_record(loan), events=(proposal,))
    return Outcome(answer, kept=(replace(loan, proposed=change, proposed_by=ask.actor),))


def spread(ask: RestructureLoan, seen: SeenLoan) -> Outcome:
    """Restructure the loan, alone or with a second person."""
    if refusal := check(ask, seen):
        return refused(decision_id(seen.seq), refusal)
    assert seen.loan is not None and seen.product is not None
    moved = restructure(seen.loan, seen.product, ask.months, ask.at, keeps_days=seen.keeps_days)
    event = LoanRestructured(loan=seen.loan.id, months=ask.months)
    return settle(ask, seen, f"restructure {ask.months}", moved, event)


def give_up(ask: WriteOffLoan, seen: SeenLoan) -> Outcome:
    """Write the loan off, alone or with a second person."""
    if refusal := check(ask, seen):
        return refused(decision_id(seen.seq), refusal)
    assert seen.loan is not None and seen.product is not None
    moved = write_off(seen.loan, seen.product, ask.at)
    lost = 0 if isinstance(moved, Refusal) else moved.loan.written_off_minor
    return settle(ask, seen, "write_off", moved, LoanWrittenOff(loan=seen.loan.id, lost_minor=lost))


RESTRUCTURE_LOAN = Journey(RestructureLoan, look, spread, roles=("staff",), rules=DAYS_KEPT)
WRITE_OFF_LOAN = Journey(WriteOffLoan, look, give_up, roles=("staff",))
