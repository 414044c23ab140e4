"""Carrying out a judged payment: post it, hold it for a person, ask the customer again, or refuse it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.decisions.judge import Judgement
from jingwei.decisions.policy import Verdict
from jingwei.journeys.shape import Answer, Outcome
from jingwei.journeys.waiting import PaymentWaits, holds_until, wait
from jingwei.kernel.clock import DAY, MINUTE
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, challenge_id, decision_id, hold_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Hold, Kept, Line, Movement, Standing
from jingwei.ledger.holds import place
from jingwei.ledger.posting import check, move, post
from jingwei.ledger.work import Case, Challenge

REVIEW_TIME = 1 * DAY
"""How long a person has to answer a case before it is late."""

STEP_UP_TIME = 10 * MINUTE
"""How long a customer has to confirm a stepped-up payment."""


class PaymentSent(Event, frozen=True, tag="payment_sent"):
    """Money was moved to the payee."""


class PaymentHeld(Event, frozen=True, tag="payment_held"):
    """Money is kept back until a person or the customer answers."""


class PaymentRefused(Event, frozen=True, tag="payment_refused"):
    """The payment was not made."""


class HoldPlaced(Event, frozen=True, tag="hold_placed"):
    """Money is kept back for a later capture."""


class CardVerified(Event, frozen=True, tag="card_verified"):
    """The card is good; nothing was moved."""


VERIFIED = (CardVerified(),)
SENT = (PaymentSent(),)
HELD = (PaymentHeld(),)
REFUSED = (PaymentRefused(),)
PLACED = (HoldPlaced(),)


class Order(msgspec.Struct, frozen=True, gc=False):
    """A payment to carry out. `movements[0]` is the payment itself, the rest its fees.

    `expires_at` is when an authorisation that is not captured lapses; `capture` False only holds.
    `undo_s` is how many seconds an allowed payment waits, in case the customer undoes it.
    """

    customer: str
    movements: tuple[Movement, ...]
    standings: dict[str, Standing | None]
    expires_at: int
    capture: bool = True
    undo_s: int = 0


def carry_out(order: Order, judged: Judgement, seq: int, at: int) -> Outcome:
    """Return what becomes of the payment under its verdict. Nothing passed in is changed."""
    verdict = judged.verdict
    if verdict is Verdict.ALLOW:
        if not order.movements[0].amount_minor:
            return _verify(order, judged, seq, at)
        if order.undo_s:
            return _let_wait(order, judged, seq, at)
        return _send(order, judged, seq, at) if order.capture else _authorise(order, judged, seq, at)
    if verdict is Verdict.REFUSE:
        return not_possible(judged, Refusal("payment_refused"), seq)
    return _keep_back(order, judged, seq, at)


def told(
    judged: Judgement,
    seq: int,
    result: str,
    refusal: Refusal | None = None,
    movements: tuple[Movement, ...] = (),
    events: tuple[Event, ...] = (),
) -> Answer:
    """The answer to a judged payment: what came of it, and all that led to it."""
    return Answer(
        decision_id(seq), result, judged.reasons, refusal, movements, "", "", "", "", "", events,
        judged.policy, judged.model, judged.score, judged.seen, judged.because,
    )  # fmt: skip


def not_possible(judged: Judgement, refusal: Refusal, seq: int) -> Outcome:
    """The outcome when the books do not allow the payment, whatever its verdict."""
    return Outcome(told(judged, seq, "refused", refusal, events=REFUSED))


def _send(order: Order, judged: Judgement, seq: int, at: int) -> Outcome:
    if len(order.movements) == 1:
        payment, standings = order.movements[0], order.standings
        done = move(payment, standings.get(payment.payer), standings.get(payment.payee), seq << 16, at)
        if isinstance(done, Refusal):
            return not_possible(judged, done, seq)
        line, payer, payee = done
        lines: tuple[Line, ...] = (line,)
        after: tuple[Standing, ...] = (payer, payee)
    else:
        posted = post(order.movements, order.standings, seq, at)
        if isinstance(posted, Refusal):
            return not_possible(judged, posted, seq)
        lines, after = posted.lines, tuple(posted.standings.values())
    answer = told(judged, seq, "allowed", None, order.movements, events=SENT)
    return Outcome(answer, lines, after)


def _verify(order: Order, judged: Judgement, seq: int, at: int) -> Outcome:
    """Answer a payment of nothing: what a payment of the least amount would be told, moving nothing."""
    payment = replace(order.movements[0], amount_minor=1)
    payer, payee = order.standings.get(payment.payer), order.standings.get(payment.payee)
    if refusal := check(payment, payer, payee, at):
        return not_possible(judged, refusal, seq)
    return Outcome(told(judged, seq, "allowed", events=VERIFIED))


def _hold(order: Order, seq: int, at: int, expires_at: int) -> tuple[Hold, Standing] | Refusal:
    payment = order.movements[0]
    fee = sum(movement.amount_minor for movement in order.movements[1:])
    hold = Hold(
        hold_id(seq), payment.payer, payment.payee, payment.amount_minor + fee, payment.currency, "active",
        payment.kind, at, expires_at, fee,
    )  # fmt: skip
    payer = place(hold, order.standings.get(payment.payer), order.standings.get(payment.payee), at)
    return payer if isinstance(payer, Refusal) else (hold, payer)


def _authorise(order: Order, judged: Judgement, seq: int, at: int) -> Outcome:
    placed = _hold(order, seq, at, order.expires_at)
    if isinstance(placed, Refusal):
        return not_possible(judged, placed, seq)
    answer = replace(told(judged, seq, "allowed", events=PLACED), hold=placed[0].id)
    return Outcome(answer, standings=(placed[1],), kept=(placed[0],))


def _let_wait(order: Order, judged: Judgement, seq: int, at: int) -> Outcome:
    placed = _hold(order, seq, at, at)
    if isinstance(placed, Refusal):
        return not_possible(judged, placed, seq)
    pending = wait(placed[0], decision_id(seq), order.customer, at, order.undo_s)
    hold = replace(placed[0], expires_at=holds_until(pending))
    event = PaymentWaits(pending=pending.id, settle_at=pending.settle_at)
    answer = replace(told(judged, seq, "allowed", events=(event,)), hold=hold.id, made=pending.id)
    return Outcome(answer, standings=(placed[1],), kept=(hold, pending))


def _keep_back(order: Order, judged: Judgement, seq: int, at: int) -> Outcome:
    step_up = judged.verdict is Verdict.STEP_UP
    until = at + (STEP_UP_TIME if step_up else REVIEW_TIME)
    placed = _hold(order, seq, at, until if step_up else max(until, order.expires_at))
    if isinstance(placed, Refusal):
        return not_possible(judged, placed, seq)
    hold, payer = placed
    about, payment = decision_id(seq), order.movements[0]
    waiting: Kept
    if step_up:
        waiting = Challenge(
            challenge_id(seq), about, order.customer, hold.id, payment.payee, payment.amount_minor,
            payment.currency, "open", at, until,
        )  # fmt: skip
    else:
        waiting = Case(case_id(seq), about, order.customer, hold.id, "open", judged.reasons[0], at, until)
    answer = replace(
        told(judged, seq, "stepped_up" if step_up else "held", events=HELD), hold=hold.id,
        case="" if step_up else waiting.id, challenge=waiting.id if step_up else "",
    )  # fmt: skip
    return Outcome(answer, standings=(payer,), kept=(hold, waiting))
