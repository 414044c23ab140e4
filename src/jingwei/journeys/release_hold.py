"""ReleaseHold: an authorisation that will not be captured is given up; the money is available again."""

from __future__ import annotations

from jingwei.journeys.capture import SeenHold, see_hold
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id, seq_of
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.holds import release


class ReleaseHold(Command, frozen=True, kw_only=True, tag="release_hold"):
    """Give back all that `hold` still keeps."""

    hold: Id
    reason: Text = ""


class HoldReleased(Event, frozen=True, kw_only=True, tag="hold_released"):
    """Held money is available again."""

    hold: str
    amount_minor: int


def look(ask: ReleaseHold, books: Books) -> SeenHold:
    """Read the hold and what belongs to it."""
    return see_hold(ask.hold, books)


def act(ask: ReleaseHold, seen: SeenHold) -> Outcome:
    """Give the money back; a hold that waits for an answer is released by that answer only."""
    number, hold = decision_id(seen.seq), seen.hold
    if hold is None or seen.payer is None:
        return refused(number, Refusal("hold_not_found"))
    about = decision_id(seq_of(hold.id) or 0)
    if seen.waits:
        return refused(number, Refusal("hold_under_review"), about=about)
    released = release(hold, seen.payer, "released")
    if isinstance(released, Refusal):
        return refused(number, released, about=about)
    event = HoldReleased(hold=hold.id, amount_minor=hold.amount_minor)
    answer = Answer(number, "done", hold=hold.id, about=about, events=(event,))
    return Outcome(answer, standings=(released[1],), kept=(released[0],))


RELEASE_HOLD = Journey(ReleaseHold, look, act, roles=("staff", "system"))
