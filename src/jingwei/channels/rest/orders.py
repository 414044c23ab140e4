"""The routes that change something, all but payments: each reads one body and makes one command."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.rest import asked, making, making_own
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.order import Order
from jingwei.channels.rest.orders_family import FAMILY_ORDERS
from jingwei.channels.rest.orders_knowing import KNOWING_ORDERS
from jingwei.channels.rest.orders_lending import LENDING_ORDERS
from jingwei.channels.rest.orders_staff import STAFF_ORDERS
from jingwei.channels.rest.paper import takes
from jingwei.channels.rest.reading import some_id
from jingwei.channels.rest.rules_work import RULE_ORDERS
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.ask_erasure import AskErasure
from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.change_card import ChangeCard
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.escalate_case import EscalateCase
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.freeze_card import FreezeCard
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.preview_offer import PreviewOffer
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
from jingwei.journeys.use_data import UseData
from jingwei.journeys.withdraw_consent import WithdrawConsent

ORDERS = (
    Order(
        "/customers",
        asked.CustomerAsk,
        OpenAccount,
        making.customer,
        "Take on a customer",
        "customers",
        "Take on a customer with a first account; staff only.",
    ),
    Order(
        "/accounts",
        asked.AccountAsk,
        OpenAccount,
        making.account,
        "Open an account",
        "accounts",
        "Open an account under a product; customers open their own.",
    ),
    Order(
        "/accounts/{some_id}/freeze",
        asked.FreezeAsk,
        FreezeAccount,
        making.freeze,
        "Freeze an account",
        "accounts",
        "Stop money going in, out or both, or lift that again.",
    ),
    Order(
        "/accounts/{some_id}/limits",
        asked.LimitsAsk,
        SetLimits,
        making.limits,
        "Set limits",
        "accounts",
        "Change an account's limits; customers may lower, staff raise.",
    ),
    Order(
        "/accounts/{some_id}/closure",
        asked.ClosureAsk,
        CloseAccount,
        making.closure,
        "Close an account",
        "accounts",
        "Close an account and pay out what is left.",
    ),
    Order(
        "/deposits",
        asked.DepositAsk,
        Deposit,
        making.deposit,
        "Pay in",
        "accounts",
        "Money comes into an account from outside the bank.",
    ),
    Order(
        "/exchanges",
        asked.ExchangeAsk,
        Exchange,
        making.exchange,
        "Exchange currencies",
        "accounts",
        "One currency for another, as two linked movements of one entry.",
    ),
    Order(
        "/holds/{some_id}/captures",
        asked.CaptureAsk,
        CaptureCardPayment,
        making.capture,
        "Capture a hold",
        "holds",
        "Move all or part of what a card authorisation holds.",
    ),
    Order(
        "/holds/{some_id}/release",
        asked.WhyAsk,
        ReleaseHold,
        making.release,
        "Release a hold",
        "holds",
        "Give back what a hold still keeps.",
    ),
    Order(
        "/decisions/{some_id}/reversal",
        asked.WhyAsk,
        Reverse,
        making.reversal,
        "Reverse an entry",
        "decisions",
        "Undo all movements of a decision, once.",
    ),
    Order(
        "/step-ups/{some_id}",
        asked.StepUpAsk,
        AnswerStepUp,
        making.step_up,
        "Answer a step-up",
        "step-ups",
        "Confirm or deny a stepped-up payment; only its customer can.",
    ),
    Order(
        "/cases/{some_id}/review",
        asked.ReviewAsk,
        ReviewCase,
        making.review,
        "Answer a case",
        "cases",
        "Release or refuse a held payment; staff only, and never one's own.",
    ),
    Order(
        "/fraud-reports",
        asked.FraudAsk,
        ReportFraud,
        making.fraud_report,
        "Report a payment as fraud",
        "fraud",
        "Say that an earlier payment was fraud; features and models learn it as known from now.",
    ),
    Order(
        "/policies",
        asked.PolicyAsk,
        PublishPolicy,
        making.policy,
        "Publish a policy version",
        "policies",
        "Judge by this policy from the next record on.",
    ),
    Order(
        "/consents",
        asked.ConsentAsk,
        GiveConsent,
        making_own.consent,
        "Give a consent",
        "consents",
        "Let the bank read one's data for a purpose that rests on consent; customers only, for themselves.",
    ),
    Order(
        "/consents/withdrawal",
        asked.WithdrawalAsk,
        WithdrawConsent,
        making_own.withdrawal,
        "Take back a consent",
        "consents",
        "Nothing is read under it from the next request on.",
    ),
    Order(
        "/data-uses",
        asked.DataUseAsk,
        UseData,
        making_own.data_use,
        "Say whose data will be read",
        "consents",
        "Check the consents of these customers and count the use; staff only.",
    ),
    Order(
        "/offers",
        asked.OfferAsk,
        PreviewOffer,
        making_own.offer,
        "See which offer suits",
        "consents",
        "Read for marketing: refused unless the customer agrees; staff only.",
    ),
    Order(
        "/erasures",
        asked.NothingAsk,
        AskErasure,
        making_own.erasure,
        "Ask to be forgotten",
        "consents",
        "End every consent and record the wish; what the law makes the bank keep stays.",
    ),
    Order(
        "/cards",
        asked.CardAsk,
        IssueCard,
        making_own.card,
        "Issue a card",
        "cards",
        "One more card on an account, for good or for one payment.",
    ),
    Order(
        "/cards/{some_id}/freeze",
        asked.CardFreezeAsk,
        FreezeCard,
        making_own.card_freeze,
        "Freeze a card",
        "cards",
        "A frozen card does not pay until it is set free again.",
    ),
    Order(
        "/cards/{some_id}/terms",
        asked.CardTermsAsk,
        ChangeCard,
        making_own.card_terms,
        "Change a card",
        "cards",
        "A card's name, limits and pot; or its end.",
    ),
    Order(
        "/pots",
        asked.PotAsk,
        OpenPot,
        making_own.pot,
        "Open a pot",
        "pots",
        "Money set aside in an account of its own.",
    ),
    Order(
        "/pots/{some_id}/moves",
        asked.PotMoveAsk,
        MovePot,
        making_own.pot_move,
        "Move money of a pot",
        "pots",
        "Into the pot, out of it, or all of it back.",
    ),
    Order(
        "/pending-payments/{some_id}/undo",
        asked.UndoAsk,
        UndoPayment,
        making.undo,
        "Undo a payment",
        "payments",
        "Take back a payment that still waits; only its customer can.",
    ),
    Order(
        "/schedules",
        asked.ScheduleAsk,
        SchedulePayment,
        making.schedule,
        "Schedule a payment",
        "schedules",
        "Have a payment made by itself, once or every week or month; each is judged like any other.",
    ),
    Order(
        "/schedules/{some_id}/cancellation",
        asked.CancelAsk,
        CancelSchedule,
        making.cancellation,
        "Cancel a scheduled payment",
        "schedules",
        "Make no more payments of a schedule; only its customer can.",
    ),
    Order(
        "/payees",
        asked.PayeeAsk,
        KeepPayee,
        making.payee,
        "Keep a payee",
        "payments",
        "Keep an account one pays under a name; only customers keep payees.",
    ),
    *FAMILY_ORDERS,
    *LENDING_ORDERS,
    *STAFF_ORDERS,
    *RULE_ORDERS,
    *KNOWING_ORDERS,
    Order(
        "/cases/{some_id}/assignment",
        asked.AssignmentAsk,
        AssignCase,
        making.assignment,
        "Assign a case",
        "cases",
        "Give a case to a member of staff, or back to everybody.",
    ),
    Order(
        "/cases/{some_id}/snooze",
        asked.SnoozeAsk,
        SnoozeCase,
        making.snooze,
        "Put a case off",
        "cases",
        "Let a case sleep until a later moment, at most until it is due.",
    ),
    Order(
        "/cases/{some_id}/escalation",
        asked.EscalationAsk,
        EscalateCase,
        making.escalation,
        "Escalate a case",
        "cases",
        "Hand a case to the second line, once.",
    ),
    Order(
        "/cases/{some_id}/notes",
        asked.NoteAsk,
        NoteCase,
        making.remark,
        "Write on a case",
        "cases",
        "Keep a remark on a case.",
    ),
    Order(
        "/customers/{some_id}/showing",
        asked.ShowingAsk,
        ShowMasked,
        making.showing,
        "Read an identity",
        "customers",
        "Record that a customer's identity is read, by whom and what for.",
    ),
)


def add_orders(router: APIRouter, desk: Desk) -> None:
    """Add every writing route of the table."""
    for order in ORDERS:
        _add(router, desk, order)


def _add(router: APIRouter, desk: Desk, order: Order) -> None:
    decoder = msgspec.json.Decoder(order.ask)

    async def take(request: Request) -> Response:
        named = request.path_params.get("some_id")
        if named is not None:
            some_id(named)
        made = order.make
        return await desk.write(
            request, order.command, decoder, lambda ask, stamp: made(desk, named or "", ask, stamp)
        )

    take.__doc__ = order.says
    take.__name__ = order.make.__name__
    keywords = takes(order.ask, order.summary, order.tag)
    if "{some_id}" in order.path:
        keywords["openapi_extra"]["parameters"] = [*keywords["openapi_extra"]["parameters"], making.NAMED]
    router.post(order.path, **keywords)(take)
