"""AnswerOffer: the customer takes an offer or is not interested, or staff note what a call came to."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from jingwei.domains.offers.showing import OfferArm, Offering, arm_id
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal

Said = Literal["taken", "not_interested", "no_answer"]


class AnswerOffer(Command, frozen=True, kw_only=True, tag="answer_offer"):
    """What became of an offer. "no_answer" is a try of staff that reached nobody; the offer stays open."""

    offering: Id
    answer: Said


class OfferAnswered(Event, frozen=True, kw_only=True, tag="offer_answered"):
    """An offer was taken, turned down, or a call reached nobody."""

    offer: str
    customer: str
    answer: str


class Seen(msgspec.Struct, frozen=True):
    """The offer that was made and the count it belongs to."""

    seq: int
    offering: Offering | None
    arm: OfferArm | None


def look(ask: AnswerOffer, books: Books) -> Seen:
    """Read the offer."""
    offering = books.get(Offering, ask.offering)
    arm = books.get(OfferArm, arm_id(offering.cell, offering.offer)) if offering else None
    return Seen(books.seq, offering, arm)


def act(ask: AnswerOffer, seen: Seen) -> Outcome:
    """Keep the answer; one that was taken counts for the offer in its context."""
    number, offering = decision_id(seen.seq), seen.offering
    role, _, who = ask.actor.partition(":")
    customer = role == "customer"
    foreign = offering is None or offering.state == "control" or (customer and offering.customer != who)
    if offering is None or foreign or (customer and ask.answer == "no_answer"):
        return refused(number, Refusal("offer_not_found"))
    if offering.state != "open":
        return refused(number, Refusal("offer_answered"))
    if ask.answer == "no_answer":
        after = replace(offering, tries=offering.tries + 1, answered_by=ask.actor)
    else:
        after = replace(offering, state=ask.answer, answered_at=ask.at, answered_by=ask.actor)
    kept: tuple[Offering | OfferArm, ...] = (after,)
    if ask.answer == "taken" and seen.arm is not None:
        kept += (replace(seen.arm, taken=seen.arm.taken + 1),)
    event = OfferAnswered(offer=offering.offer, customer=offering.customer, answer=ask.answer)
    return Outcome(Answer(number, "done", made="", events=(event,)), kept=kept)


ANSWER_OFFER = Journey(AnswerOffer, look, act, roles=("customer", "staff"))
