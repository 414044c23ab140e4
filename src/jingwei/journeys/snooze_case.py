"""SnoozeCase: a case is put off until a later moment, because something is awaited."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.journeys.case_work import SeenCase, look_at_case, not_workable, note
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Moment
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\A[^\x00]*\Z")]
"""A reason that must be given."""


class SnoozeCase(Command, frozen=True, kw_only=True, tag="snooze_case"):
    """Put `case` off until the moment `until`, and say why."""

    case: Id
    until: Moment
    reason: Why


class CaseSnoozed(Event, frozen=True, kw_only=True, tag="case_snoozed"):
    """A case sleeps until this moment."""

    case: str
    until: int


def look(ask: SnoozeCase, books: Books) -> SeenCase:
    """Read the case and the work on it."""
    return look_at_case(ask.case, books)


def act(ask: SnoozeCase, seen: SeenCase) -> Outcome:
    """Let the case sleep; never beyond the moment when its answer is due."""
    number = decision_id(seen.seq)
    if refusal := not_workable(ask.actor, seen):
        return refused(number, refusal)
    assert seen.case is not None
    if not ask.at < ask.until <= seen.case.due_at:
        return refused(number, Refusal("snooze_not_possible"))
    work = replace(seen.work, snoozed_until=ask.until)
    events = (CaseSnoozed(case=ask.case, until=ask.until),)
    kept = (work, note(seen, ask.actor, ask.at, "snoozed", ask.reason))
    return Outcome(Answer(number, "done", case=ask.case, events=events), kept=kept)


SNOOZE_CASE = Journey(SnoozeCase, look, act, roles=("staff",))
"""A case sleeps until something that is awaited can have come."""
