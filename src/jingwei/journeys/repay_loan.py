"""RepayLoan and CancelLoan: the borrower pays what is due, repays early, or gives a new loan back."""

from __future__ import annotations

import msgspec

from jingwei.domains.credit.loan_changes import How, give_back, recover, repay
from jingwei.domains.credit.loan_life import Moved
from jingwei.domains.credit.loans import RUNNING, WRITTEN_OFF, Loan
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import AmountOrZero, Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import Money
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Standing, chart_id
from jingwei.ledger.posting import post

DAYS_KEPT = 1
"""From this version of the rules on a loan keeps the day on which each instalment was paid.

Paying more than the last of a loan is told as such since shortly before: records without a version were made
under either.
"""

CHARTS = ("loans", "loan_interest_due", "interest_earned", "fees", "loan_losses", "loan_recoveries")
"""The bank's own accounts that a loan moves."""


class RepayLoan(Command, frozen=True, kw_only=True, tag="repay_loan"):
    """Pay `amount_minor` on `loan` from the account it was paid out to.

    `how`: "due" pays what is due and no more; "shorter" and "smaller" repay early what is above that, over
    fewer months or in smaller instalments; "all" repays everything, and `amount_minor` is not read.
    """

    customer: Id
    loan: Id
    amount_minor: AmountOrZero = 0
    how: How = "due"


class CancelLoan(Command, frozen=True, kw_only=True, tag="cancel_loan"):
    """Give `loan` back whole in its cooling-off time, free of charge."""

    customer: Id
    loan: Id


class LoanRepaid(Event, frozen=True, kw_only=True, tag="loan_repaid"):
    """Money came in on a loan; `status` is the loan's afterwards."""

    loan: str
    paid_minor: int
    status: str


class LoanCancelled(Event, frozen=True, kw_only=True, tag="loan_cancelled"):
    """A loan was given back in its cooling-off time."""

    loan: str


class SeenLoan(msgspec.Struct, frozen=True):
    """A loan with its product, the borrower's account and the bank's own ones."""

    seq: int
    loan: Loan | None
    product: LoanProduct | None
    standings: dict[str, Standing | None]
    rules: int = TODAYS

    @property
    def keeps_days(self) -> bool:
        """Whether the day an instalment was paid on is kept."""
        return self.rules >= DAYS_KEPT


def see_loan(loan_id: str, books: Books) -> SeenLoan:
    """Read a loan and every account it can move."""
    loan = books.get(Loan, loan_id)
    if loan is None:
        return SeenLoan(books.seq, None, None, {}, books.rules)
    names = (loan.account, *(chart_id(name, loan.currency) for name in CHARTS))
    standings = {name: books.standing(name) for name in names}
    return SeenLoan(books.seq, loan, shipped().find(loan.product), standings, books.rules)


def look(ask: RepayLoan | CancelLoan, books: Books) -> SeenLoan:
    """Read the loan."""
    return see_loan(ask.loan, books)


def not_theirs(ask: RepayLoan | CancelLoan, seen: SeenLoan) -> Refusal | None:
    """Why this actor cannot pay on this loan, or None; foreign and missing loans look alike."""
    loan = seen.loan
    if loan is None or seen.product is None or loan.customer != ask.customer:
        return Refusal("loan_not_found")
    role, _, who = ask.actor.partition(":")
    return Refusal("loan_not_found") if role == "customer" and who != loan.customer else None


def booked_with(moved: Moved, seen: SeenLoan, at: int, event: Event, result: str = "done") -> Outcome:
    """The outcome of a step of a loan: its money posted and the loan kept as it stands, or neither."""
    number = decision_id(seen.seq)
    posted = post(moved.movements, seen.standings, seen.seq, at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    answer = Answer(number, result, movements=moved.movements, about=loan_record(moved.loan), events=(event,))
    return Outcome(answer, posted.lines, tuple(posted.standings.values()), (moved.loan,))


def loan_record(loan: Loan) -> str:
    """The decision that paid the loan out."""
    return f"D{loan.id[1:]}"


def act(ask: RepayLoan, seen: SeenLoan) -> Outcome:
    """Pay, in the order the law gives: charges and interest before principal."""
    number = decision_id(seen.seq)
    if refusal := not_theirs(ask, seen):
        return refused(number, refusal)
    loan, product = seen.loan, seen.product
    assert loan is not None and product is not None
    if loan.status == WRITTEN_OFF:
        left = loan.written_off_minor - loan.recovered_minor
        moved = recover(loan, left if ask.how == "all" else ask.amount_minor)
    elif loan.status != RUNNING:
        return refused(number, Refusal("loan_not_running"))
    elif not ask.amount_minor and ask.how != "all":
        return refused(number, Refusal("amount_not_possible"))
    else:
        moved = repay(loan, product, ask.amount_minor, ask.how, ask.at, keeps_days=seen.keeps_days)
    if isinstance(moved, Refusal):
        return refused(number, as_told_then(moved, loan, seen), about=loan_record(loan))
    event = LoanRepaid(loan=loan.id, paid_minor=moved.paid_minor, status=moved.loan.status)
    return booked_with(moved, seen, ask.at, event)


def as_told_then(refusal: Refusal, loan: Loan, seen: SeenLoan) -> Refusal:
    """The refusal as it was worded under the rules of then: more than the rest was too little for a part."""
    if refusal.code != "loan_above_rest" or seen.rules >= DAYS_KEPT:
        return refusal
    return Refusal("loan_part_too_small", {"interest": str(Money(0, loan.currency))})


def cancel(ask: CancelLoan, seen: SeenLoan) -> Outcome:
    """Give the loan back."""
    number = decision_id(seen.seq)
    if refusal := not_theirs(ask, seen):
        return refused(number, refusal)
    loan, product = seen.loan, seen.product
    assert loan is not None and product is not None
    if loan.status != RUNNING:
        return refused(number, Refusal("loan_not_running"), about=loan_record(loan))
    moved = give_back(loan, product, ask.at)
    if isinstance(moved, Refusal):
        return refused(number, moved, about=loan_record(loan))
    return booked_with(moved, seen, ask.at, LoanCancelled(loan=loan.id))


REPAY_LOAN = Journey(
    RepayLoan, look, act, roles=("customer", "staff", "system"), rules=DAYS_KEPT, unnumbered=(0, DAYS_KEPT)
)
CANCEL_LOAN = Journey(CancelLoan, look, cancel, roles=("customer",))
