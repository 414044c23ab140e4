"""AskForPerson: a customer asks to be called back; AnswerCall: somebody of the bank has spoken with them."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.clock import HOUR
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.appeals import CALL_BACK
from jingwei.ledger.work import Case

CALL_TIME = 2 * HOUR
"""How long the bank has to call back."""


class AskForPerson(Command, frozen=True, kw_only=True, tag="ask_for_person"):
    """Ask that a person calls the actor back. `topic` says what about, or nothing."""

    topic: Text = ""


class PersonAsked(Event, frozen=True, tag="person_asked"):
    """A customer wants to speak to a person."""


class AnswerCall(Command, frozen=True, kw_only=True, tag="answer_call"):
    """Say that the customer of call-back case `case` was called, and what came of it."""

    case: Id
    words: Text = ""


class CallAnswered(Event, frozen=True, tag="call_answered"):
    """A customer who asked for a person was called back."""


class Waiting(msgspec.Struct, frozen=True):
    """The customer's call-back that is still open, if any."""

    seq: int
    open: Case | None


def look(ask: AskForPerson, books: Books) -> Waiting:
    """Read whether a call-back is waiting already."""
    who = ask.actor.partition(":")[2]
    found = every(books, Case, "customer", who)
    waiting = (case for case in found if case.status == "open" and case.code == CALL_BACK)
    return Waiting(books.seq, next(waiting, None))


def act(ask: AskForPerson, seen: Waiting) -> Outcome:
    """Open a call-back case; who asks again while one waits keeps that one and its time."""
    number = decision_id(seen.seq)
    if seen.open is not None:
        return Outcome(Answer(number, "done", case=seen.open.id, about=seen.open.about))
    who = ask.actor.partition(":")[2]
    case = Case(case_id(seen.seq), number, who, "", "open", CALL_BACK, ask.at, ask.at + CALL_TIME)
    return Outcome(Answer(number, "done", case=case.id, events=(PersonAsked(),)), kept=(case,))


class Called(msgspec.Struct, frozen=True):
    """The case to close."""

    seq: int
    case: Case | None


def look_at_call(ask: AnswerCall, books: Books) -> Called:
    """Read the case."""
    return Called(books.seq, books.get(Case, ask.case))


def close_call(ask: AnswerCall, seen: Called) -> Outcome:
    """Close the case."""
    number, case = decision_id(seen.seq), seen.case
    if case is None:
        return refused(number, Refusal("case_not_found"))
    if case.code != CALL_BACK:
        return refused(number, Refusal("case_is_not_this"), about=case.about)
    if case.status != "open":
        return refused(number, Refusal("case_closed", {"status": case.status}), about=case.about)
    closed = replace(case, status="released", closed_by=ask.actor, closed_at=ask.at)
    answer = Answer(number, "done", about=case.about, case=case.id, events=(CallAnswered(),))
    return Outcome(answer, kept=(closed,))


ASK_FOR_PERSON = Journey(AskForPerson, look, act, roles=("customer",))
ANSWER_CALL = Journey(AnswerCall, look_at_call, close_call, roles=("staff",))
