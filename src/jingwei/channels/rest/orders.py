"""The routes that change something, all but payments: each reads one body and makes one command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.rest import asked, making
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.paper import takes
from jingwei.channels.rest.reading import some_id
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.escalate_case import EscalateCase
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.show_masked import ShowMasked
from jingwei.journeys.snooze_case import SnoozeCase
from jingwei.kernel.command import Command

Make = Callable[[Desk, str, Any, Stamp], Command]


class Order(msgspec.Struct, frozen=True):
    """One writing route: its address, what it reads, the command it makes and how it is called.

    A `{some_id}` in the address is handed to `make`, checked.
    """

    path: str
    ask: Any
    command: type[Command]
    make: Make
    summary: str
    tag: str
    says: str


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
