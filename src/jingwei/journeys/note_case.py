"""NoteCase: a member of staff writes a remark on a case."""

from __future__ import annotations

from jingwei.journeys.case_work import SeenCase, look_at_case, note
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.journeys.snooze_case import Why
from jingwei.kernel.command import Command, Id
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal


class NoteCase(Command, frozen=True, kw_only=True, tag="note_case"):
    """Keep `text` as a remark on `case`, open or answered."""

    case: Id
    text: Why


def look(ask: NoteCase, books: Books) -> SeenCase:
    """Read the case."""
    return look_at_case(ask.case, books)


def act(ask: NoteCase, seen: SeenCase) -> Outcome:
    """Keep the remark; nobody writes on a case about a payment of their own."""
    number = decision_id(seen.seq)
    if seen.case is None:
        return refused(number, Refusal("case_not_found"))
    if seen.parties.include(ask.actor):
        return refused(number, Refusal("own_work"))
    remark = note(seen, ask.actor, ask.at, "note", ask.text)
    return Outcome(Answer(number, "done", case=ask.case, made=remark.id), kept=(remark,))


NOTE_CASE = Journey(NoteCase, look, act, roles=("staff",))
"""A remark on a case."""
