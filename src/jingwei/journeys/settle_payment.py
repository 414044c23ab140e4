"""SettlePayment: a payment whose undo window is over is sent; never before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.journeys.waiting import SeenPending, see_pending, send
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.planned import PendingPayment

ACTOR = "system:settling"


class SettlePayment(Command, frozen=True, kw_only=True, tag="settle_payment"):
    """Send the payment `pending`, whose time must have come at `at`."""

    pending: Id


class PaymentSettled(Event, frozen=True, kw_only=True, tag="payment_settled"):
    """A payment that waited came to its end: `sent` False when the books no longer allowed it."""

    about: str
    sent: bool


declare(
    {
        "undo_window_open": Words(
            "This payment can still be undone; it is sent when that time is over.",
            "这笔付款仍可撤回，期限届满后才会汇出。",
        ),
    }
)


def look(ask: SettlePayment, books: Books) -> SeenPending:
    """Read what waits and its money."""
    return see_pending(ask.pending, books)


def act(ask: SettlePayment, seen: SeenPending) -> Outcome:
    """Post the payment, or give the money back when payer or payee can no longer take part."""
    number, pending = decision_id(seen.waiting.seq), seen.pending
    if pending is None:
        return refused(number, Refusal("pending_not_found"))
    if pending.status != "waiting":
        return refused(number, Refusal("pending_over"), about=pending.about)
    if ask.at < pending.settle_at:
        return refused(number, Refusal("undo_window_open"), about=pending.about)
    outcome = send(seen, ask.at)
    event = PaymentSettled(about=pending.about, sent=outcome.answer.result == "allowed")
    return replace(outcome, answer=replace(outcome.answer, about=pending.about, events=(event,)))


Waiting = Callable[[str], list[PendingPayment]]
"""Reads a page of the payments that wait, in the order of their ids, after this id."""


def due(waiting: Waiting, at: int) -> Iterator[SettlePayment]:
    """A command for every payment whose time has come."""
    after = ""
    while page := waiting(after):
        for pending in page:
            if at >= pending.settle_at:
                key = f"settle:{pending.id}:{at}"
                yield SettlePayment(key=key, actor=ACTOR, at=at, known_at=at, pending=pending.id)
        after = page[-1].id


def run(
    at: int, waiting: Callable[[str], list[PendingPayment]], do: Callable[[SettlePayment], Answer]
) -> int:
    """Settle every payment whose time has come and return how many; settling again does nothing more."""
    answers = [do(command) for command in list(due(waiting, at))]
    return sum(answer.refusal is None for answer in answers)


SETTLE_PAYMENT = Journey(SettlePayment, look, act, roles=("system",))
