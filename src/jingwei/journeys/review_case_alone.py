"""ReviewCaseAlone: how one person answered any case before two had to; records of then hold it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.review_case import CaseReviewed, Waiting, answer_hold, look_at_hold
from jingwei.journeys.shape import Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Case


class ReviewCaseAlone(Command, frozen=True, kw_only=True, tag="review_case"):
    """Release (`release` True) or refuse the payment that case `case` waits for."""

    case: Id
    release: bool
    comment: Text = ""


class Seen(msgspec.Struct, frozen=True):
    """The case and the money it is about."""

    case: Case | None
    waiting: Waiting


def look(ask: ReviewCaseAlone, books: Books) -> Seen:
    """Read the case, its hold and both accounts."""
    case = books.get(Case, ask.case)
    return Seen(case, look_at_hold(case.hold if case else "", books))


def act(ask: ReviewCaseAlone, seen: Seen) -> Outcome:
    """Close the case and let the money go or give it back; never one's own payment."""
    number, case = decision_id(seen.waiting.seq), seen.case
    if case is None:
        return refused(number, Refusal("case_not_found"))
    if case.status != "open":
        return refused(number, Refusal("case_closed", {"status": case.status}), about=case.about)
    if ask.actor.partition(":")[2] == case.customer:
        return refused(number, Refusal("own_work"), about=case.about)
    outcome = answer_hold(seen.waiting, ask.release, ask.at)
    if isinstance(outcome, Refusal):
        return refused(number, outcome, about=case.about)
    status = "released" if ask.release else "refused"
    closed = replace(case, status=status, closed_by=ask.actor, closed_at=ask.at)
    event = CaseReviewed(about=case.about, fraud=not ask.release)
    answer = replace(outcome.answer, about=case.about, case=case.id, events=(event,))
    return replace(outcome, answer=answer, kept=(*outcome.kept, closed))


REVIEW_CASE_ALONE = Journey(ReviewCaseAlone, look, act, roles=("staff",), past=True)
"""One person's answer to any case: done again from records, asked for no more."""
