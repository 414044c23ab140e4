"""From a body to a command: amounts become whole minor units, owners and records are looked up."""

from __future__ import annotations

from typing import Any

from jingwei.channels.problems import Problem
from jingwei.channels.rates import reference
from jingwei.channels.rest import asked
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.reading import amount, day_number
from jingwei.channels.rest.whose_cases import check_case
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.escalate_case import EscalateCase
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.schedule_payment import CancelSchedule, SchedulePayment
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.show_masked import ShowMasked
from jingwei.journeys.snooze_case import SnoozeCase
from jingwei.journeys.undo_payment import UndoPayment
from jingwei.keeping.day_bounds import bounds_named
from jingwei.kernel.clock import bank_day, parse_iso
from jingwei.kernel.command import Command
from jingwei.ledger.accounts import Account

NAMED = {
    "name": "some_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$"},
}


def customer(desk: Desk, _: str, ask: asked.CustomerAsk, stamp: Stamp) -> Command:
    """OpenAccount for somebody the bank does not know yet; only the bank's own may ask."""
    if not stamp.caller.inside:
        raise Problem("not_allowed")
    opening = _opening(desk, ask.product, ask.opening)
    person = {"customer": ask.customer, "name": ask.name, "kind": ask.kind, "born": ask.born}
    return _made(
        stamp.of(OpenAccount, product=ask.product, account=ask.account, opening_minor=opening, **person)
    )


def account(desk: Desk, _: str, ask: asked.AccountAsk, stamp: Stamp) -> Command:
    """OpenAccount; without a customer it is the caller's own."""
    whose = ask.customer or stamp.caller.id
    opening = _opening(desk, ask.product, ask.opening)
    return _made(
        stamp.of(
            OpenAccount,
            customer=whose,
            product=ask.product,
            account=ask.account,
            opening_minor=opening,
            source=ask.source,
        )
    )


def _opening(desk: Desk, product_id: str, text: str) -> int:
    """The opening amount in the product's currency; an unknown product is left to the journey to refuse."""
    product = desk.home.products.find(product_id) or desk.home.products.latest(product_id)
    return 0 if product is None else amount(text, product.currency, "/opening", least=0)


def deposit(_: Desk, __: str, ask: asked.DepositAsk, stamp: Stamp) -> Command:
    """Deposit."""
    money = {"amount_minor": amount(ask.amount, ask.currency), "currency": ask.currency}
    return _made(stamp.of(Deposit, account=ask.account, source=ask.source, memo=ask.memo, **money))


def freeze(_: Desk, named: str, ask: asked.FreezeAsk, stamp: Stamp) -> Command:
    """FreezeAccount."""
    return _made(
        stamp.of(FreezeAccount, account=named, direction=ask.direction, on=ask.on, reason=ask.reason)
    )


def limits(_: Desk, named: str, ask: asked.LimitsAsk, stamp: Stamp) -> Command:
    """SetLimits, every given amount in the account's currency."""
    texts = {"payment": ask.payment, "day": ask.day, "month": ask.month, "overdraft": ask.overdraft}
    minor = {
        f"{name}_minor": None if text is None else amount(text, ask.currency, f"/{name}", least=0)
        for name, text in texts.items()
    }
    return _made(stamp.of(SetLimits, account=named, **minor))


def closure(desk: Desk, named: str, ask: asked.ClosureAsk, stamp: Stamp) -> Command:
    """CloseAccount, with what bounds the walk for its open days."""
    since = bounds_named(desk.reader, bank_day(stamp.at) - 1)
    return _made(stamp.of(CloseAccount, account=named, payee=ask.payee, reason=ask.reason, since=since))


def exchange(desk: Desk, _: str, ask: asked.ExchangeAsk, stamp: Stamp) -> Command:
    """Exchange, for the owner of the payer account; the rate becomes a fraction of whole numbers."""
    whole, _, part = ask.rate.partition(".")
    numerator, denominator = int(whole + part), 10 ** len(part)
    if not numerator:
        raise Problem("field_not_valid", "/rate", why="the rate must be above zero")
    found = {one.id: one for one in desk.reader.load(Account, [ask.payer, ask.payee])}
    payer, payee = found.get(ask.payer), found.get(ask.payee)
    if payer is not None and payer.currency != ask.currency:
        raise Problem("field_not_valid", "/currency", why=f"account {ask.payer} is kept in {payer.currency}")
    return _made(
        stamp.of(
            Exchange,
            customer=payer.owner if payer else stamp.caller.id,
            payer=ask.payer,
            payee=ask.payee,
            amount_minor=amount(ask.amount, ask.currency),
            rate_numerator=numerator,
            rate_denominator=denominator,
            margin_bp=ask.margin_bp,
            reference=reference(desk.home.path, payer.currency, payee.currency) if payer and payee else None,
        )
    )


def capture(_: Desk, named: str, ask: asked.CaptureAsk, stamp: Stamp) -> Command:
    """CaptureCardPayment."""
    minor = amount(ask.amount, ask.currency)
    return _made(stamp.of(CaptureCardPayment, hold=named, amount_minor=minor, currency=ask.currency))


def release(_: Desk, named: str, ask: asked.WhyAsk, stamp: Stamp) -> Command:
    """ReleaseHold."""
    return _made(stamp.of(ReleaseHold, hold=named, reason=ask.reason))


def reversal(_: Desk, named: str, ask: asked.WhyAsk, stamp: Stamp) -> Command:
    """Reverse."""
    return _made(stamp.of(Reverse, decision=named, reason=ask.reason))


def step_up(_: Desk, named: str, ask: asked.StepUpAsk, stamp: Stamp) -> Command:
    """AnswerStepUp, bound to what the customer was shown.

    A program that acts for a person who signed on cannot confirm for them: they prove it in the app.
    """
    if ask.confirm and stamp.caller.signed_on:
        raise Problem("proof_needed")
    money = {"amount_minor": amount(ask.amount, ask.currency), "currency": ask.currency}
    return _made(stamp.of(AnswerStepUp, challenge=named, confirm=ask.confirm, payee=ask.payee, **money))


def review(_: Desk, named: str, ask: asked.ReviewAsk, stamp: Stamp) -> Command:
    """ReviewCase."""
    return _made(
        stamp.of(
            ReviewCase,
            case=named,
            release=ask.release,
            comment=ask.comment,
            outcome=ask.outcome,
            reason=ask.reason,
        )
    )


def assignment(desk: Desk, named: str, ask: asked.AssignmentAsk, stamp: Stamp) -> Command:
    """AssignCase. Raises Problem `not_allowed`."""
    check_case(desk, stamp.caller, named)
    return _made(stamp.of(AssignCase, case=named, to=ask.to, free_only=ask.free_only))


def snooze(desk: Desk, named: str, ask: asked.SnoozeAsk, stamp: Stamp) -> Command:
    """SnoozeCase. Raises Problem `not_allowed`, or when the moment is none."""
    check_case(desk, stamp.caller, named)
    try:
        until = parse_iso(ask.until)
    except (ValueError, OverflowError):
        raise Problem("field_not_valid", "/until", why="there is no such moment") from None
    return _made(stamp.of(SnoozeCase, case=named, until=until, reason=ask.reason))


def escalation(desk: Desk, named: str, ask: asked.EscalationAsk, stamp: Stamp) -> Command:
    """EscalateCase. Raises Problem `not_allowed`."""
    check_case(desk, stamp.caller, named)
    return _made(stamp.of(EscalateCase, case=named, reason=ask.reason))


def remark(desk: Desk, named: str, ask: asked.NoteAsk, stamp: Stamp) -> Command:
    """NoteCase. Raises Problem `not_allowed`."""
    check_case(desk, stamp.caller, named)
    return _made(stamp.of(NoteCase, case=named, text=ask.text))


def showing(_: Desk, named: str, ask: asked.ShowingAsk, stamp: Stamp) -> Command:
    """ShowMasked."""
    return _made(stamp.of(ShowMasked, customer=named, purpose=ask.purpose, case=ask.case, reason=ask.reason))


def fraud_report(desk: Desk, _: str, ask: asked.FraudAsk, stamp: Stamp) -> Command:
    """ReportFraud on a recorded payment. Raises Problem when there is no such payment."""
    paid = desk.record(ask.payment).command
    if not isinstance(paid, Pay | AuthoriseCardPayment):
        raise Problem("decision_not_found")
    place = {"payee": paid.payee} if isinstance(paid, Pay) else {"terminal": paid.terminal}
    money = {"amount_minor": paid.amount_minor, "paid_at": paid.at, **place}
    return _made(stamp.of(ReportFraud, payment=ask.payment, customer=paid.customer, **money))


def policy(_: Desk, __: str, ask: asked.PolicyAsk, stamp: Stamp) -> Command:
    """PublishPolicy."""
    return _made(stamp.of(PublishPolicy, text=ask.text))


def undo(_: Desk, named: str, __: asked.UndoAsk, stamp: Stamp) -> Command:
    """UndoPayment."""
    return _made(stamp.of(UndoPayment, pending=named))


def schedule(_: Desk, __: str, ask: asked.ScheduleAsk, stamp: Stamp) -> Command:
    """SchedulePayment, for the caller."""
    return _made(
        stamp.of(
            SchedulePayment,
            customer=stamp.caller.id,
            payer=ask.payer,
            payee=ask.payee,
            amount_minor=amount(ask.amount, ask.currency),
            currency=ask.currency,
            every=ask.every,
            first_day=day_number(ask.first, "/first"),
            until_day=day_number(ask.until, "/until") if ask.until else None,
            memo=ask.memo,
            device=ask.device,
        )
    )


def cancellation(_: Desk, named: str, __: asked.CancelAsk, stamp: Stamp) -> Command:
    """CancelSchedule."""
    return _made(stamp.of(CancelSchedule, schedule=named))


def payee(_: Desk, __: str, ask: asked.PayeeAsk, stamp: Stamp) -> Command:
    """KeepPayee, for the caller."""
    return _made(stamp.of(KeepPayee, customer=stamp.caller.id, account=ask.account, name=ask.name))


def _made(command: Any) -> Command:
    assert isinstance(command, Command)
    return command
