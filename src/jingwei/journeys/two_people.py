"""Two people for one change: what the first asks waits as a case until a second one asks for the same."""

from __future__ import annotations

import msgspec
from msgspec.structs import asdict, replace

from jingwei.journeys.shape import Answer, Books, Outcome, every, refused
from jingwei.kernel.clock import DAY
from jingwei.kernel.command import Command
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Case

WAITS = DAY
"""So long a proposal waits for the second person."""
TWO = 2
"""From this version of its rules on a journey of one person may need a second."""
OWN = ("key", "actor", "at", "known_at")
EXCHANGE_PROPOSED, OVERDRAFT_PROPOSED = "exchange_proposed", "overdraft_proposed"
PROPOSALS = (EXCHANGE_PROPOSED, OVERDRAFT_PROPOSED)
"""The codes of cases in which a change waits for a second person; nothing is held meanwhile."""


class ChangeProposed(Event, frozen=True, kw_only=True, tag="change_proposed"):
    """A first person wants this; a second one must ask for the same."""

    customer: str


class Waiting(msgspec.Struct, frozen=True):
    """A proposal that waits for a second person: its case, and who proposed it."""

    case: Case
    by: str


def look_at_proposal(ask: Command, code: str, customer: str, books: Books) -> Waiting | None:
    """The newest open proposal of exactly this change to this customer's affairs."""
    found = None
    for case in every(books, Case, "customer", customer):
        if case.code == code and case.status == "open" and case.due_at > ask.at:
            first = books.record(case.about)
            if first is not None and same_change(first.command, ask):
                found = Waiting(case, first.command.actor)
    return found


def same_change(first: Command, second: Command) -> bool:
    """Whether two commands ask for the same, whoever asks and when; what channels measured stands aside."""
    if type(first) is not type(second):
        return False
    one, other = asdict(first), asdict(second)
    aside = {*OWN, *first.MEASURED}
    return all(one[name] == other[name] for name in one if name not in aside)


def needs_second(ask: Command, seq: int, waiting: Waiting | None, code: str, customer: str) -> Outcome | None:
    """What the bank answers while a second person is missing; None when this is the second one."""
    number = decision_id(seq)
    if waiting is not None and waiting.by != ask.actor:
        return None
    if waiting is not None:
        return refused(number, Refusal("second_person_needed"), about=waiting.case.about)
    case = Case(case_id(seq), number, customer, "", "open", code, ask.at, ask.at + WAITS)
    events = (ChangeProposed(customer=customer),)
    return Outcome(Answer(number, "proposed", case=case.id, events=events), kept=(case,))


def confirmed(ask: Command, outcome: Outcome, waiting: Waiting | None) -> Outcome:
    """The change as it was done, with its proposal closed by the second person; a refused one stays open."""
    if waiting is None or waiting.by == ask.actor or outcome.answer.refusal is not None:
        return outcome
    closed = replace(waiting.case, status="released", closed_by=ask.actor, closed_at=ask.at)
    answer = replace(outcome.answer, about=waiting.case.about, case=closed.id)
    return replace(outcome, answer=answer, kept=(*outcome.kept, closed))
