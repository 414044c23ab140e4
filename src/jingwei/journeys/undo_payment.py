"""UndoPayment: the customer takes back a payment that still waits; the money is available again at once."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.journeys.shape import Books, Journey, Outcome, refused
from jingwei.journeys.waiting import SeenPending, give_back, see_pending
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal


class UndoPayment(Command, frozen=True, kw_only=True, tag="undo_payment"):
    """Take back the payment `pending` before it is sent; its own customer alone can."""

    pending: Id


class PaymentUndone(Event, frozen=True, kw_only=True, tag="payment_undone"):
    """The customer took a payment back before it was sent."""

    about: str


def look(ask: UndoPayment, books: Books) -> SeenPending:
    """Read what waits and its money."""
    return see_pending(ask.pending, books)


def act(ask: UndoPayment, seen: SeenPending) -> Outcome:
    """Give the money back while the window is open."""
    number, pending = decision_id(seen.waiting.seq), seen.pending
    if pending is None or ask.actor != f"customer:{pending.customer}":
        return refused(number, Refusal("pending_not_found"))
    if pending.status != "waiting":
        return refused(number, Refusal("pending_over"), about=pending.about)
    if ask.at >= pending.settle_at:
        return refused(number, Refusal("too_late_to_undo"), about=pending.about)
    outcome = give_back(seen, "undone")
    if isinstance(outcome, Refusal):
        return refused(number, outcome, about=pending.about)
    event = PaymentUndone(about=pending.about)
    return replace(outcome, answer=replace(outcome.answer, events=(event,)))


UNDO_PAYMENT = Journey(UndoPayment, look, act, roles=("customer",))
