"""AnswerStepUp: the customer confirms or denies a stepped-up payment, bound to what was shown."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.review_case import Waiting, answer_hold, look_at_hold
from jingwei.journeys.shape import Books, Journey, Outcome, refused
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Challenge


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
    """The challenge and the money it is about; `asker` is whether the actor may answer it."""

    challenge: Challenge | None
    waiting: Waiting


def look(ask: AnswerStepUp, books: Books) -> Seen:
    """Read the challenge, its hold and both accounts."""
    challenge = books.get(Challenge, ask.challenge)
    return Seen(challenge, look_at_hold(challenge.hold if challenge else "", books))


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
    late = ask.at > challenge.expires_at
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


ANSWER_STEP_UP = Journey(AnswerStepUp, look, act, roles=("customer",))
