"""EscalateCase: a case goes to the second line, because the first cannot or may not answer it."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.journeys.case_work import SeenCase, look_at_case, not_workable, note
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.journeys.snooze_case import Why
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.casework import SECOND_LINE


class EscalateCase(Command, frozen=True, kw_only=True, tag="escalate_case"):
    """Hand `case` to the second line, and say why."""

    case: Id
    reason: Why


class CaseEscalated(Event, frozen=True, kw_only=True, tag="case_escalated"):
    """A case went to the second line."""

    case: str


def look(ask: EscalateCase, books: Books) -> SeenCase:
    """Read the case and the work on it."""
    return look_at_case(ask.case, books)


def act(ask: EscalateCase, seen: SeenCase) -> Outcome:
    """Move the case to the second line, where nobody has it yet; what was proposed stays proposed."""
    number = decision_id(seen.seq)
    if refusal := not_workable(ask.actor, seen):
        return refused(number, refusal)
    if seen.work.inbox == SECOND_LINE:
        return refused(number, Refusal("case_escalated"))
    work = replace(seen.work, inbox=SECOND_LINE, assignee="", snoozed_until=0, escalated=1)
    kept = (work, note(seen, ask.actor, ask.at, "escalated", ask.reason))
    return Outcome(Answer(number, "done", case=ask.case, events=(CaseEscalated(case=ask.case),)), kept=kept)


ESCALATE_CASE = Journey(EscalateCase, look, act, roles=("staff",))
"""A case goes to the second line."""
