"""AppealDecision: a customer asks a person to look again at a payment that was refused."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.pay import Pay
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, Sealed, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.appeals import APPEAL, Appeal, appeal_due, appeal_id
from jingwei.ledger.work import Case

Said = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"\A[^\x00]*\Z")]


class AppealDecision(Command, frozen=True, kw_only=True, tag="appeal_decision"):
    """Appeal against the decision on one of the actor's own payments, in the customer's own words."""

    decision: Id
    text: Said


class Appealed(Event, frozen=True, kw_only=True, tag="appealed"):
    """A customer appealed against a decision."""

    about: str


class Seen(msgspec.Struct, frozen=True):
    """The record appealed against, the case that was made of it, and an appeal made before."""

    seq: int
    record: Sealed | None
    case: Case | None
    before: Appeal | None


def look(ask: AppealDecision, books: Books) -> Seen:
    """Read the record, its own case, and whether it was appealed against before."""
    record = books.record(ask.decision) if ask.decision[:1] == "D" else None
    case = books.get(Case, record.answer.case) if record else None
    return Seen(books.seq, record, case, books.get(Appeal, appeal_id(ask.decision)))


def own_payment(record: Sealed | None, who: str) -> bool:
    """Whether this is a payment of the customer `who`, asked for by them or by the bank for them."""
    if record is None or not isinstance(record.command, Pay | AuthoriseCardPayment):
        return False
    role, _, actor = record.command.actor.partition(":")
    return record.command.customer == who and (role != "customer" or actor == who)


def why_not(record: Sealed, case: Case | None) -> Refusal | None:
    """Return why there is nothing to appeal against yet or at all, or None."""
    if record.answer.result == "refused":
        return None
    if record.answer.result != "held" or case is None or case.status == "released":
        return Refusal("nothing_to_appeal")
    return Refusal("person_looks_already") if case.status == "open" else None


def act(ask: AppealDecision, seen: Seen) -> Outcome:
    """Keep the appeal and open a case for a person, due in three bank days."""
    number, who = decision_id(seen.seq), ask.actor.partition(":")[2]
    if not own_payment(seen.record, who):
        return refused(number, Refusal("decision_not_found"))
    assert seen.record is not None
    if seen.before is not None:
        return refused(number, Refusal("already_appealed"), about=ask.decision)
    if refusal := why_not(seen.record, seen.case):
        return refused(number, refusal, about=ask.decision)
    due = appeal_due(ask.at)
    case = Case(case_id(seen.seq), ask.decision, who, "", "open", APPEAL, ask.at, due)
    appeal = Appeal(appeal_id(ask.decision), ask.decision, who, ask.text, case.id, "open", ask.at, due)
    events = (Appealed(about=ask.decision),)
    answer = Answer(number, "done", case=case.id, about=ask.decision, made=appeal.id, events=events)
    return Outcome(answer, kept=(case, appeal))


APPEAL_DECISION = Journey(AppealDecision, look, act, roles=("customer",))
