"""The undo window: an allowed payment whose money is held until its time has come. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.review_case import Waiting, answer_hold, look_at_hold
from jingwei.journeys.shape import Answer, Books, Outcome
from jingwei.kernel.clock import DAY, SECOND
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id, pending_id, seq_of
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Hold
from jingwei.ledger.holds import release
from jingwei.ledger.planned import PendingPayment

GRACE = 30 * DAY
"""How long after its time waiting money can still be sent; only a bank that was closed so long is later."""


class PaymentWaits(Event, frozen=True, kw_only=True, tag="payment_waits"):
    """The payment is allowed; its money is held and goes at `settle_at`, unless it is undone before."""

    pending: str
    settle_at: int


class SeenPending(msgspec.Struct, frozen=True):
    """A payment that waits and the money it is about."""

    pending: PendingPayment | None
    waiting: Waiting


def see_pending(some_id: str, books: Books) -> SeenPending:
    """Read a payment that waits, its hold and both accounts."""
    pending = books.get(PendingPayment, some_id)
    return SeenPending(pending, look_at_hold(pending.hold if pending else "", books))


def wait(hold: Hold, about: str, customer: str, at: int, undo_s: int) -> PendingPayment:
    """What waits for `undo_s` seconds from `at` on; the hold must last until `holds_until` of it."""
    return PendingPayment(
        pending_id(seq_of(hold.id) or 0), about, customer, hold.id, hold.account, hold.payee,
        hold.amount_minor - hold.fee_minor, hold.fee_minor, hold.currency, "waiting", at,
        at + undo_s * SECOND,
    )  # fmt: skip


def holds_until(pending: PendingPayment) -> int:
    """When the hold of a payment that waits runs out: long after the payment should have been sent."""
    return pending.settle_at + GRACE


def give_back(seen: SeenPending, status: str, why: str = "") -> Outcome | Refusal:
    """Release the money; the payment that waited ends with this status."""
    pending, hold, payer = seen.pending, seen.waiting.hold, seen.waiting.payer
    if pending is None or hold is None or payer is None:
        return Refusal("pending_not_found")
    freed = release(hold, payer, "released")
    if isinstance(freed, Refusal):
        return freed
    number = decision_id(seen.waiting.seq)
    from_now_on = replace(pending, status=status, by=number, why=why)
    answer = Answer(number, "done", hold=hold.id, about=pending.about)
    return Outcome(answer, standings=(freed[1],), kept=(freed[0], from_now_on))


def send(seen: SeenPending, at: int) -> Outcome:
    """Post a payment whose time has come; where the books no longer allow it, the money is given back."""
    pending = seen.pending
    assert pending is not None and at >= pending.settle_at, "no money settles inside its undo window"
    outcome = answer_hold(seen.waiting, True, at)
    if isinstance(outcome, Refusal):
        back = give_back(seen, "failed", outcome.code)
        assert isinstance(back, Outcome), "money that waits is held"
        return back
    settled = replace(pending, status="settled", by=decision_id(seen.waiting.seq))
    return replace(outcome, kept=(*outcome.kept, settled))
