"""AnswerStepUp: the customer confirms or denies a stepped-up payment, bound to what was shown."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.pay import Pay, wished_undo
from jingwei.journeys.review_case import Waiting, answer_hold, look_at_hold
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, every, refused
from jingwei.journeys.waiting import PaymentWaits, holds_until, wait
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.family import GUARDIAN, Tie
from jingwei.ledger.work import Challenge

STILL = 1
"""From this version of the rules on only who is a guardian still answers as one."""


class AnswerStepUp(Command, frozen=True, kw_only=True, tag="answer_step_up"):
    """Confirm (`confirm` True) or deny challenge `challenge`.

    `payee`, `amount_minor` and `currency` repeat what the customer saw; they must be the payment's own.
    `proof` says by which means they proved it and the digest of what was signed; "" for none.
    """

    challenge: Id
    confirm: bool
    payee: Id
    amount_minor: Amount
    currency: CurrencyCode
    proof: Text = ""


class StepUpAnswered(Event, frozen=True, kw_only=True, tag="step_up_answered"):
    """The customer answered a step-up."""

    about: str
    confirmed: bool


class Seen(msgspec.Struct, frozen=True):
    """The challenge and the money it is about; `over`: who was asked as a guardian is none any more."""

    challenge: Challenge | None
    waiting: Waiting
    undo_s: int = 0
    """How long the payment waits once it is allowed, for `customer`, who asked for it, to undo it."""
    customer: str = ""
    over: bool = False
    rules: int = TODAYS


def look(ask: AnswerStepUp, books: Books) -> Seen:
    """Read the challenge, its hold and both accounts."""
    challenge = books.get(Challenge, ask.challenge)
    asked = books.record(challenge.about) if challenge else None
    hold = look_at_hold(challenge.hold if challenge else "", books)
    payer = getattr(asked.command, "customer", "") if asked else ""
    over = challenge is not None and ended(challenge, hold, payer, books)
    if asked is None or not isinstance(asked.command, Pay):
        return Seen(challenge, hold, over=over, rules=books.rules)
    return Seen(challenge, hold, wished_undo(asked.command, books), payer, over, books.rules)


def ended(challenge: Challenge, waiting: Waiting, payer: str, books: Books) -> bool:
    """Whether somebody else than the payer was asked, as a guardian, and looks after the payer no more."""
    owner = waiting.payer.account.owner if waiting.payer else payer
    if challenge.customer in (owner, payer):
        return False
    ties = every(books, Tie, "whose", owner)
    return not any(
        tie.kind == GUARDIAN and tie.keeper == challenge.customer and tie.status == "active" for tie in ties
    )


def check(ask: AnswerStepUp, challenge: Challenge | None) -> Refusal | None:
    """Return why this answer cannot be taken, or None."""
    if challenge is None or ask.actor != f"customer:{challenge.customer}":
        return Refusal("challenge_not_found")
    if challenge.status != "open":
        return Refusal("challenge_closed", {"status": challenge.status})
    if (ask.payee, ask.amount_minor, ask.currency) != (
        challenge.payee,
        challenge.amount_minor,
        challenge.currency,
    ):
        return Refusal("what_was_signed_differs")
    return None


def act(ask: AnswerStepUp, seen: Seen) -> Outcome:
    """Post the payment when confirmed in time; otherwise give the money back."""
    number, challenge = decision_id(seen.waiting.seq), seen.challenge
    if refusal := check(ask, challenge):
        return refused(number, refusal)
    assert challenge is not None
    if seen.over and seen.rules >= STILL:
        return refused(number, Refusal("tie_ended"), about=challenge.about)
    late = ask.at > challenge.expires_at
    if seen.undo_s and ask.confirm and not late:
        return let_wait(ask, seen, challenge)
    outcome = answer_hold(seen.waiting, ask.confirm and not late, ask.at)
    if isinstance(outcome, Refusal):
        return refused(number, outcome, about=challenge.about)
    status = "expired" if late else "confirmed" if ask.confirm else "denied"
    closed = replace(challenge, status=status)
    event = StepUpAnswered(about=challenge.about, confirmed=status == "confirmed")
    refusal = Refusal("challenge_expired") if late else None
    answer = replace(
        outcome.answer, about=challenge.about, challenge=challenge.id, events=(event,), refusal=refusal
    )
    return replace(outcome, answer=answer, kept=(*outcome.kept, closed))


def let_wait(ask: AnswerStepUp, seen: Seen, challenge: Challenge) -> Outcome:
    """Keep the confirmed payment's money held until its undo window, counted from now, is over."""
    number, hold = decision_id(seen.waiting.seq), seen.waiting.hold
    if hold is None or hold.status != "active":
        return refused(number, Refusal("hold_not_found"), about=challenge.about)
    pending = wait(hold, challenge.about, seen.customer, ask.at, seen.undo_s)
    answer = Answer(
        number, "allowed", about=challenge.about, hold=hold.id, challenge=challenge.id, made=pending.id,
        events=(
            StepUpAnswered(about=challenge.about, confirmed=True),
            PaymentWaits(pending=pending.id, settle_at=pending.settle_at),
        ),
    )  # fmt: skip
    longer = replace(hold, expires_at=holds_until(pending))
    return Outcome(answer, kept=(longer, pending, replace(challenge, status="confirmed")))


ANSWER_STEP_UP = Journey(AnswerStepUp, look, act, roles=("customer",), rules=STILL)
