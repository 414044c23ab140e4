"""SignLoan: the customer signs exactly what was offered, and the money is paid out in the same step."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.loan_life import lent_out
from jingwei.domains.credit.loans import RUNNING, Loan, LoanApplication, loan_id
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import Terms, due_days, pack, schedule
from jingwei.journeys.apply_for_loan import wrong_account
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.clock import bank_day
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import format_minor
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Standing, chart_id
from jingwei.ledger.posting import post

Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
OptionalSha256 = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]

declare(
    {
        "loan_signed_another": Words(
            "You signed another loan after this offer. Apply again, so that both are looked at together.",
            "该方案作出后您又签署了其他贷款，请重新申请以便合并评估。",
        )
    }
)


class SignLoan(Command, frozen=True, kw_only=True, tag="sign_loan"):
    """Sign the offer of `application`: exactly this amount, currency and digest of the terms.

    `proof` says by which means the customer proved it and what was signed; it must name this loan and amount
    (`signed_text`). `contract_sha256` is the digest of the contract as a document, when one was shown.
    """

    customer: Id
    application: Id
    account: Id
    amount_minor: Amount
    currency: CurrencyCode
    terms_sha256: Sha256
    proof: Text = ""
    contract_sha256: OptionalSha256 = ""


class DeclineLoanOffer(Command, frozen=True, kw_only=True, tag="decline_loan_offer"):
    """Turn the offer of `application` down."""

    customer: Id
    application: Id


class LoanSigned(Event, frozen=True, kw_only=True, tag="loan_signed"):
    """A loan was signed and paid out."""

    application: str
    loan: str


class LoanOfferDeclined(Event, frozen=True, kw_only=True, tag="loan_offer_declined"):
    """A customer turned an offer down."""

    application: str


class Seen(msgspec.Struct, frozen=True):
    """The application, the account and the bank's own one, and whether another loan was signed since."""

    seq: int
    application: LoanApplication | None
    standing: Standing | None = None
    bank: Standing | None = None
    product: LoanProduct | None = None
    signed_since: bool = False


def signed_text(application: str, account: str, amount_minor: int, currency: str) -> str:
    """What a proof says is signed: this loan, this amount, to this account."""
    return f"loan {application}: {format_minor(amount_minor, currency)} {currency} to {account}"


def look(ask: SignLoan, books: Books) -> Seen:
    """Read the application with its account, and the loans signed since."""
    found = books.get(LoanApplication, ask.application)
    if found is None:
        return Seen(books.seq, None)
    loans = every(books, Loan, "customer", found.customer)
    since = any(loan.signed_at >= found.offered_at and not loan.line for loan in loans)
    bank = books.standing(chart_id("loans", found.currency))
    return Seen(
        books.seq, found, books.standing(found.account), bank, shipped().find(found.product), since
    )  # fmt: skip


def not_open(application: LoanApplication | None, actor: str, at: int) -> Refusal | None:
    """Why there is no offer for this actor to answer, or None."""
    if application is None or actor != f"customer:{application.customer}":
        return Refusal("application_not_found")
    if application.status != "offered" or at > application.expires_at:
        return Refusal("loan_offer_over")
    return None


def check(ask: SignLoan, seen: Seen) -> Refusal | None:
    """Return why this is not signed, or None. The checks run in the order written."""
    if refusal := not_open(seen.application, ask.actor, ask.at):
        return refusal
    found = seen.application
    assert found is not None
    terms = (found.customer, found.account, found.amount_minor, found.currency, found.terms_sha256)
    if terms != (ask.customer, ask.account, ask.amount_minor, ask.currency, ask.terms_sha256):
        return Refusal("loan_terms_differ")
    if not ask.proof.endswith(signed_text(found.id, found.account, found.amount_minor, found.currency)):
        return Refusal("loan_proof_missing")
    if seen.signed_since:
        return Refusal("loan_signed_another")
    if seen.product is None:
        return Refusal("loan_product_not_found", {"product": found.product})
    return wrong_account(seen.standing, found.customer, found.currency)


def act(ask: SignLoan, seen: Seen) -> Outcome:
    """Keep the contract and pay out: both, in one step, or neither."""
    number = decision_id(seen.seq)
    if refusal := check(ask, seen):
        return refused(number, refusal, about=seen.application.decision if seen.application else "")
    application, product = seen.application, seen.product
    assert application is not None and product is not None
    loan = new_loan(application, product, ask, seen.seq)
    movement = lent_out(loan)
    posted = post((movement,), {movement.payer: seen.bank, movement.payee: seen.standing}, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted, about=application.decision)
    answer = Answer(
        number, "done", movements=(movement,), about=application.decision, made=loan.id,
        events=(LoanSigned(application=application.id, loan=loan.id),),
    )  # fmt: skip
    kept = (replace(application, status="signed", loan=loan.id), loan)
    return Outcome(answer, posted.lines, tuple(posted.standings.values()), kept)


def new_loan(application: LoanApplication, product: LoanProduct, ask: SignLoan, seq: int) -> Loan:
    """The loan as it begins: nothing due, every instalment ahead, counted from the day it is paid out."""
    day = bank_day(ask.at)
    days = due_days(day, application.months)
    plan = schedule(
        Terms(
            product.kind,
            application.amount_minor,
            application.rate_ppm,
            days,
            day,
            day,
            application.fee_minor,
        )
    )
    return Loan(
        loan_id(seq), application.customer, application.id, product.id, product.kind, application.account,
        application.currency, application.amount_minor, application.rate_ppm, RUNNING, ask.at,
        application.terms_sha256, ask.contract_sha256, application.amount_minor, pack(plan), day,
    )  # fmt: skip


def look_at_offer(ask: DeclineLoanOffer, books: Books) -> Seen:
    """Read the application."""
    return Seen(books.seq, books.get(LoanApplication, ask.application))


def decline(ask: DeclineLoanOffer, seen: Seen) -> Outcome:
    """Close the application."""
    number, found = decision_id(seen.seq), seen.application
    if refusal := not_open(found, ask.actor, ask.at):
        return refused(number, refusal)
    assert found is not None
    event = LoanOfferDeclined(application=found.id)
    answer = Answer(number, "done", about=found.decision, events=(event,))
    return Outcome(answer, kept=(replace(found, status="declined"),))


SIGN_LOAN = Journey(SignLoan, look, act, roles=("customer",), accounts=("account",))
DECLINE_LOAN_OFFER = Journey(DeclineLoanOffer, look_at_offer, decline, roles=("customer",))
