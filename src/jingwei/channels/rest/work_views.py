"""The reading routes of what is under way: schedules, waiting payments, payees, work on cases, drafts."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.own import whose
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.views import Owner, answer
from jingwei.channels.rest.whose_cases import check_case
from jingwei.decisions.drafts import PolicyDraft
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.shape import all_of, every
from jingwei.kernel.clock import day_start, iso, local_text
from jingwei.kernel.ids import seq_of
from jingwei.kernel.money import format_minor
from jingwei.ledger.casework import CaseNote, CaseWork
from jingwei.ledger.planned import Payee, PendingPayment, Schedule
from jingwei.ledger.work import Case

MOST = 1_000
MOST_NOTES = 500


class ScheduleTold(msgspec.Struct, frozen=True):
    """A payment made by itself: when next, until when, and what the last one came to."""

    id: str
    payer: str
    payee: str
    amount: str
    amount_minor: int
    currency: str
    every: str
    next_day: str
    until_day: str
    status: str
    done: int
    memo: str
    last_payment: str
    last_result: str


class PendingTold(msgspec.Struct, frozen=True):
    """An allowed payment that waits and can be undone until `settle_at`, and what became of it."""

    id: str
    about: str
    payer: str
    payee: str
    amount: str
    amount_minor: int
    currency: str
    status: str
    placed_at: str
    settle_at: str
    memo: str
    by: str
    why: str


class PayeeTold(msgspec.Struct, frozen=True):
    """Somebody a customer keeps as a payee."""

    account: str
    name: str
    since: str


class NoteTold(msgspec.Struct, frozen=True):
    """A remark on a case."""

    by: str
    at: str
    kind: str
    text: str


class CaseWorkTold(msgspec.Struct, frozen=True):
    """The work on a case: who has it, where it stands, how it was judged, and its notes, oldest first."""

    case: str
    assignee: str
    inbox: str
    snoozed_until: str
    proposed: str
    proposed_by: str
    outcome: str
    reason: str
    escalated: bool
    notes: list[NoteTold]


class PolicyDraftTold(msgspec.Struct, frozen=True):
    """A proposed policy version; `text` is its file, told of one draft alone and empty in a list."""

    id: str
    name: str
    version: int
    digest: str
    state: str
    why: str
    proposed_by: str
    proposed_at: str
    answered_by: str
    answered_at: str
    answer: str
    text: str


def add_work_views(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show what is under way."""

    @router.get("/schedules", **tells(list[ScheduleTold], "Scheduled payments", "payments"))
    async def schedules(request: Request, owner: Owner = "") -> Response:
        """One's own scheduled payments; staff name the customer."""
        return answer([schedule_told(one) for one in theirs(Schedule, request, owner)])

    @router.get("/pending-payments", **tells(list[PendingTold], "Payments that wait", "payments"))
    async def pending(request: Request, owner: Owner = "") -> Response:
        """One's own payments that wait or waited for their undo window; staff name the customer."""
        return answer([pending_told(one) for one in theirs(PendingPayment, request, owner)])

    @router.get("/payees", **tells(list[PayeeTold], "Payees", "payments"))
    async def payees(request: Request, owner: Owner = "") -> Response:
        """Everybody one keeps as a payee; staff name the customer."""
        found = theirs(Payee, request, owner)
        return answer([PayeeTold(one.account, one.name, iso(one.since)) for one in found])

    @router.get("/cases/{case}/casework", **tells(CaseWorkTold, "The work on a case", "cases"))
    async def work(case: str, request: Request) -> Response:
        """Who has a case, in which inbox, how it was judged, and its notes; staff only."""
        check_case(desk, desk.caller(request, "staff", "system"), case)
        return answer(work_told(desk, case))

    @router.get("/policy-drafts", **tells(list[PolicyDraftTold], "Policy drafts", "policies"))
    async def drafts(request: Request) -> Response:
        """Every draft, oldest first; staff only."""
        desk.caller(request, "staff")
        return answer([draft_told(one) for one in all_of(desk.reader, PolicyDraft)])

    @router.get("/policy-drafts/{draft}", **tells(PolicyDraftTold, "One policy draft", "policies"))
    async def draft(draft: str, request: Request) -> Response:
        """A draft with the file that was proposed; staff only."""
        desk.caller(request, "staff")
        return answer(draft_told(*draft_text_of(desk, draft)))

    def theirs(kind: Any, request: Request, owner: str) -> list[Any]:
        return every(desk.reader, kind, "customer", whose(desk.caller(request), owner))[-MOST:]


def schedule_told(one: Schedule) -> ScheduleTold:
    """A schedule with its days as ISO dates of the bank; "" for no end."""
    until = "" if one.until_day is None else day_text(one.until_day)
    return ScheduleTold(
        one.id, one.payer, one.payee, format_minor(one.amount_minor, one.currency), one.amount_minor,
        one.currency, one.every, day_text(one.next_day), until, one.status, one.done, one.memo,
        one.last_payment, one.last_result,
    )  # fmt: skip


def day_text(day: int) -> str:
    """A bank day as an ISO date."""
    return local_text(day_start(day), "%Y-%m-%d")


def pending_told(one: PendingPayment) -> PendingTold:
    """A waiting payment."""
    return PendingTold(
        one.id, one.about, one.payer, one.payee, format_minor(one.amount_minor, one.currency),
        one.amount_minor, one.currency, one.status, iso(one.placed_at), iso(one.settle_at), one.memo, one.by,
        one.why,
    )  # fmt: skip


def work_told(desk: Desk, case: str) -> CaseWorkTold:
    """The work on one case. Raises Problem when there is no such case."""
    reader = desk.reader
    if seq_of(case) is None or not reader.load(Case, [case]):
        raise Problem("case_not_found")
    work = next(iter(reader.load(CaseWork, [case])), None) or CaseWork(case)
    notes = every(reader, CaseNote, "about", case)[-MOST_NOTES:]
    return CaseWorkTold(
        case, work.assignee, work.inbox, iso(work.snoozed_until) if work.snoozed_until else "", work.proposed,
        work.proposed_by, work.outcome, work.reason, bool(work.escalated),
        [NoteTold(one.by, iso(one.at), one.kind, one.text) for one in notes],
    )  # fmt: skip


def draft_told(one: PolicyDraft, text: str = "") -> PolicyDraftTold:
    """A draft, with its file when given."""
    return PolicyDraftTold(
        one.id, one.name, one.version, one.digest, one.state, one.why, one.proposed_by, iso(one.proposed_at),
        one.answered_by, iso(one.answered_at) if one.answered_at else "", one.answer, text,
    )  # fmt: skip


def draft_text_of(desk: Desk, some_id: str) -> tuple[PolicyDraft, str]:
    """A draft and the file that was proposed, from its sealed record. Raises Problem."""
    found = desk.reader.load(PolicyDraft, [some_id]) if seq_of(some_id) is not None else []
    if not found:
        raise Problem("not_found")
    asked = desk.record(found[0].record).command
    assert isinstance(asked, ProposePolicy), "a draft names the record that proposed it"
    return found[0], asked.text
