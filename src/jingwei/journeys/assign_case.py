"""AssignCase: a case gets a member of staff who looks after it, or goes back to everybody."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.journeys.case_work import SeenCase, look_at_case, not_workable, note
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, OptionalId
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.casework import NEW, RISK


class AssignCase(Command, frozen=True, kw_only=True, tag="assign_case"):
    """Give `case` to the member of staff `to` ("staff:lin"), or with "" to nobody.

    With `free_only` a case that somebody has is left with them: two who ask for the next case at the
    same moment get different ones.
    """

    case: Id
    to: OptionalId = ""
    free_only: bool = False


class CaseAssigned(Event, frozen=True, kw_only=True, tag="case_assigned"):
    """Who looks after a case now; "" is nobody."""

    case: str
    to: str


def look(ask: AssignCase, books: Books) -> SeenCase:
    """Read the case and the work on it."""
    return look_at_case(ask.case, books)


def check(ask: AssignCase, seen: SeenCase) -> Refusal | None:
    """Return why the case cannot be given to this person, or None."""
    if refusal := not_workable(ask.actor, seen):
        return refusal
    if ask.to and not ask.to.startswith("staff:"):
        return Refusal("not_staff")
    if ask.to and seen.parties.include(ask.to):
        return Refusal("own_work")
    if ask.free_only and seen.work.assignee not in ("", ask.to):
        return Refusal("case_taken", {"by": seen.work.assignee})
    return None


def act(ask: AssignCase, seen: SeenCase) -> Outcome:
    """Note who has the case; a new one moves to the reviewers' inbox and wakes up."""
    number = decision_id(seen.seq)
    if refusal := check(ask, seen):
        return refused(number, refusal)
    inbox = seen.work.inbox
    if inbox in (NEW, RISK):
        inbox = RISK if ask.to else NEW
    work = replace(seen.work, assignee=ask.to, inbox=inbox, snoozed_until=0)
    events = (CaseAssigned(case=ask.case, to=ask.to),)
    kept = (work, note(seen, ask.actor, ask.at, "assigned", ask.to))
    return Outcome(Answer(number, "done", case=ask.case, events=events), kept=kept)


ASSIGN_CASE = Journey(AssignCase, look, act, roles=("staff",))
"""A case gets somebody who looks after it."""
