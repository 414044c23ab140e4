"""The routes of staff's work beside payments: early warnings, whose a record is, back to earlier rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from jingwei.channels.lending.warning import said
from jingwei.channels.rest.asked import Ask, Said
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.order import Order
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.reading import FIRST, PlainText
from jingwei.channels.rest.rule_versions import text_again
from jingwei.channels.rest.told_lending import Worded
from jingwei.channels.rest.views import answer
from jingwei.domains.credit.warnings import EarlyWarning
from jingwei.journeys.link_identity import KeepApart, Link, LinkIdentity, UnlinkIdentity
from jingwei.journeys.roll_back_policy import RollBackPolicy
from jingwei.journeys.shape import every
from jingwei.journeys.warn_early import AnswerWarning
from jingwei.kernel.clock import iso
from jingwei.kernel.command import Command, Id, Key
from jingwei.kernel.money import format_minor
from jingwei.ledger.links import IdentityLink

MOST = 500
Status = Annotated[str, Query(pattern="^(open|answered)$", description="open or answered.")]
Whose = Annotated[str, Query(max_length=64, description="The customer whose links are shown.")]


class WarningAnswerAsk(Ask, frozen=True):
    """Say what came of an early warning: what was offered, that it was talked over, or not needed."""

    outcome: Literal["extension", "instalments", "spoken", "not_needed"]
    words: PlainText = ""


class IdentityLinkAsk(Ask, frozen=True):
    """Say that the subject of a source is this customer."""

    source: Id
    subject: Key
    customer: Id
    reason: Said


class IdentityPartingAsk(Ask, frozen=True):
    """Say that the subject of a source is not the customer it was linked to."""

    source: Id
    subject: Key
    reason: Said


class RollbackAsk(Ask, frozen=True):
    """Let the rules of an earlier version, such as outgoing_transfer@1, judge again."""

    back_to: Id
    reason: Said


class EarlyWarningTold(msgspec.Struct, frozen=True):
    """That a borrower may miss the next instalment, what raised the chance, and what was done."""

    id: str
    loan: str
    customer: str
    case: str
    chance_percent: str
    signals: list[Worded]
    proposal: str
    due_day: str
    instalment: str
    currency: str
    by: str
    at: str
    status: str
    outcome: str
    words: str
    answered_by: str
    answered_at: str


class IdentityLinkTold(msgspec.Struct, frozen=True):
    """Whose a source's subject is held to be: "linked", "parted", or "apart" as a person said."""

    source: str
    subject: str
    customer: str
    state: str
    how: str
    at: str
    by: str


def warning_answer(_: Desk, named: str, ask: WarningAnswerAsk, stamp: Stamp) -> Command:
    """AnswerWarning."""
    made: Command = stamp.of(AnswerWarning, warning=named, outcome=ask.outcome, words=ask.words)
    return made


def link(_: Desk, __: str, ask: IdentityLinkAsk, stamp: Stamp) -> Command:
    """LinkIdentity of one record, as a person says."""
    one = Link(ask.source, ask.subject, ask.customer, "person")
    made: Command = stamp.of(LinkIdentity, links=(one,), reason=ask.reason)
    return made


def part(_: Desk, __: str, ask: IdentityPartingAsk, stamp: Stamp) -> Command:
    """UnlinkIdentity."""
    made: Command = stamp.of(UnlinkIdentity, source=ask.source, subject=ask.subject, reason=ask.reason)
    return made


def keep_apart(_: Desk, __: str, ask: IdentityLinkAsk, stamp: Stamp) -> Command:
    """KeepApart."""
    fields = {"source": ask.source, "subject": ask.subject, "customer": ask.customer}
    made: Command = stamp.of(KeepApart, **fields, reason=ask.reason)
    return made


def roll_back(desk: Desk, named: str, ask: RollbackAsk, stamp: Stamp) -> Command:
    """RollBackPolicy, with the earlier rules under the next number. Raises Problem `not_found`."""
    text = text_again(desk.reader, named, ask.back_to)
    made: Command = stamp.of(RollBackPolicy, text=text, back_to=ask.back_to, reason=ask.reason)
    return made


STAFF_ORDERS = (
    Order(
        "/early-warnings/{some_id}/answer", WarningAnswerAsk, AnswerWarning, warning_answer,
        "Answer an early warning", "loans",
        "Say what came of a warning; its case is closed. The loan itself is changed by restructuring it.",
    ),
    Order(
        "/identity-links", IdentityLinkAsk, LinkIdentity, link, "Link a record to a customer", "customers",
        "Say that a source's record is this customer; it can be taken back.",
    ),
    Order(
        "/identity-links/parting", IdentityPartingAsk, UnlinkIdentity, part,
        "Take a link back", "customers",
        "The record is no longer that customer's, and no program links the two again.",
    ),
    Order(
        "/identity-links/apart", IdentityLinkAsk, KeepApart, keep_apart,
        "Keep a record and a customer apart", "customers",
        "Say that a source's record is not this customer; no program will link the two.",
    ),
    Order(
        "/policies/{some_id}/rollback", RollbackAsk, RollBackPolicy, roll_back,
        "Go back to earlier rules", "policies",
        "Publish an earlier version of a policy again, at once and under a new number.",
    ),
)  # fmt: skip


def add_staff_views(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show early warnings and links."""

    @router.get("/early-warnings", **tells(list[EarlyWarningTold], "Early warnings", "loans"))
    async def warnings(request: Request, status: Status = "open") -> Response:
        """Borrowers who may miss the next payment, the likeliest first; staff only."""
        desk.caller(request)
        found = sorted(every(desk.reader, EarlyWarning, "status", status), key=lambda one: -one.chance_ppm)
        return answer([warning_told(one) for one in found[:MOST]])

    @router.get("/identity-links", **tells(list[IdentityLinkTold], "Links of a customer", "customers"))
    async def links(request: Request, customer: Whose = "") -> Response:
        """Which records of source systems are this customer's, and which are not; staff only."""
        desk.caller(request)
        found = every(desk.reader, IdentityLink, "customer", customer) if customer else []
        return answer([link_told(one) for one in found])


def warning_told(one: EarlyWarning) -> EarlyWarningTold:
    """A warning with its day, amounts and signals written out."""
    return EarlyWarningTold(
        id=one.id,
        loan=one.loan,
        customer=one.customer,
        case=one.case_number,
        chance_percent=f"{one.chance_ppm // 10_000}.{one.chance_ppm // 100 % 100:02d}",
        signals=[Worded(said(seen, "zh"), said(seen, "en")) for seen in one.signals.split(",") if seen],
        proposal=one.proposal,
        due_day=(FIRST + timedelta(days=one.due_day)).isoformat(),
        instalment=format_minor(one.instalment_minor, one.currency),
        currency=one.currency,
        by=one.by,
        at=iso(one.at),
        status=one.status,
        outcome=one.outcome,
        words=one.words,
        answered_by=one.answered_by,
        answered_at=iso(one.answered_at) if one.answered_at else "",
    )


def link_told(one: IdentityLink) -> IdentityLinkTold:
    """A link with its moment written out."""
    return IdentityLinkTold(
        one.source, one.subject, one.customer, one.state, one.how, iso(one.at), one.by
    )
