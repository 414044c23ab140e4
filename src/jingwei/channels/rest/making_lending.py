"""From a body to a command of lending: behaviour is measured and the bureau queried on the way."""

from __future__ import annotations

from typing import Any

from jingwei.channels.lending.asking import application
from jingwei.channels.problems import Problem
from jingwei.channels.rest import asked_lending as asked
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.reading import amount
from jingwei.domains.credit.loans import Loan, PayLaterLine
from jingwei.domains.credit.products import shipped
from jingwei.journeys.change_loan import RestructureLoan, WriteOffLoan
from jingwei.journeys.pay_later import AnswerPayLater, DrawPayLater, line_text
from jingwei.journeys.repay_loan import CancelLoan, RepayLoan
from jingwei.journeys.review_loan import AskLoanReview, ReviewLoan
from jingwei.journeys.sign_loan import DeclineLoanOffer, SignLoan, signed_text
from jingwei.kernel.command import Command


def loan(desk: Desk, _: str, ask: asked.LoanAsk, stamp: Stamp) -> Command:
    """ApplyForLoan, with what the customer lets the bank look at."""
    product = shipped().find(ask.product)
    if product is None:
        raise Problem("loan_product_not_found", product=ask.product)
    stamped = {
        "key": stamp.key, "actor": stamp.caller.actor, "at": stamp.at, "known_at": stamp.at,
    }  # fmt: skip
    return application(
        desk.reader, stamped, desk.home.registry, lambda: desk.home.insight, customer=stamp.caller.id,
        product=ask.product, account=ask.account, amount_minor=amount(ask.amount, product.currency),
        months=ask.months,
        purpose=ask.purpose, person=ask.person,
    )  # fmt: skip


def signature(_: Desk, named: str, ask: asked.LoanSignatureAsk, stamp: Stamp) -> Command:
    """SignLoan, proved by the customer's own token.

    A program that acts for a person who signed on cannot sign for them: they prove it in the app.
    """
    if stamp.caller.signed_on:
        raise Problem("proof_needed")
    minor = amount(ask.amount, ask.currency)
    signed = signed_text(named, ask.account, minor, ask.currency)
    return _made(
        stamp.of(
            SignLoan,
            customer=stamp.caller.id,
            application=named,
            account=ask.account,
            amount_minor=minor,
            currency=ask.currency,
            terms_sha256=ask.terms_sha256,
            contract_sha256=ask.contract_sha256,
            proof=f"token {signed}",
        )
    )


def decline(_: Desk, named: str, __: asked.LoanNothingAsk, stamp: Stamp) -> Command:
    """DeclineLoanOffer."""
    return _made(stamp.of(DeclineLoanOffer, customer=stamp.caller.id, application=named))


def loan_appeal(_: Desk, named: str, ask: asked.LoanAppealAsk, stamp: Stamp) -> Command:
    """AskLoanReview."""
    return _made(stamp.of(AskLoanReview, application=named, text=ask.text))


def repayment(desk: Desk, named: str, ask: asked.RepaymentAsk, stamp: Stamp) -> Command:
    """RepayLoan; staff pay on a customer's loan from the customer's account."""
    minor = amount(ask.amount, ask.currency, least=0)
    whose = owner(desk, named) if stamp.caller.inside else stamp.caller.id
    return _made(stamp.of(RepayLoan, customer=whose, loan=named, amount_minor=minor, how=ask.how))


def cancellation(_: Desk, named: str, __: asked.LoanNothingAsk, stamp: Stamp) -> Command:
    """CancelLoan."""
    return _made(stamp.of(CancelLoan, customer=stamp.caller.id, loan=named))


def restructuring(_: Desk, named: str, ask: asked.RestructuringAsk, stamp: Stamp) -> Command:
    """RestructureLoan."""
    return _made(stamp.of(RestructureLoan, loan=named, months=ask.months, why=ask.why[:500]))


def write_off(_: Desk, named: str, ask: asked.WriteOffAsk, stamp: Stamp) -> Command:
    """WriteOffLoan."""
    return _made(stamp.of(WriteOffLoan, loan=named, why=ask.why[:500]))


def loan_review(_: Desk, named: str, ask: asked.LoanReviewAsk, stamp: Stamp) -> Command:
    """ReviewLoan."""
    minor = amount(ask.amount, ask.currency, least=0)
    return _made(stamp.of(ReviewLoan, case=named, approve=ask.approve, words=ask.words, amount_minor=minor))


def pay_later(desk: Desk, named: str, ask: asked.PayLaterAsk, stamp: Stamp) -> Command:
    """AnswerPayLater; opening is proved by the customer's own token, as a signature is."""
    if ask.accept and stamp.caller.signed_on:
        raise Problem("proof_needed")
    found = desk.reader.load(PayLaterLine, [named])
    proof = f"token {line_text(found[0])}" if found and ask.accept else ""
    return _made(stamp.of(AnswerPayLater, line=named, accept=ask.accept, proof=proof))


def drawing(_: Desk, named: str, ask: asked.DrawAsk, stamp: Stamp) -> Command:
    """DrawPayLater."""
    return _made(stamp.of(DrawPayLater, line=named, purchase=ask.purchase, months=ask.months))


def owner(desk: Desk, loan_id: str) -> str:
    """Whose loan this is. Raises Problem."""
    found = desk.reader.load(Loan, [loan_id])
    if not found:
        raise Problem("loan_not_found")
    return found[0].customer


def _made(command: Any) -> Command:
    assert isinstance(command, Command)
    return command
