"""ShowOffer: the offer that suits a customer best now is chosen, explained and counted; only with consent."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.consent.consents import Consent, ConsentMissing, lacking
from jingwei.consent.uses import DataUse, today, used
from jingwei.domains.offers.bandit import Arm, chances, choose
from jingwei.domains.offers.catalogue import Offer, spread
from jingwei.domains.offers.showing import (
    OfferArm,
    Offering,
    arm_id,
    cell_of,
    fitting,
    offering_id,
)
from jingwei.journeys.offer_rules import catalogue
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Customer

READ = (DataClass.IDENTITY, DataClass.TRANSACTIONS, DataClass.BEHAVIOUR)
Fact = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Facts = Annotated[dict[Fact, int], msgspec.Meta(max_length=64)]
Needs = Annotated[tuple[Fact, ...], msgspec.Meta(max_length=16)]


class ShowOffer(Command, frozen=True, kw_only=True, tag="show_offer"):
    """Choose an offer for `customer`, whose tags are `facts` and whose needs of late are `needs`.

    The facts are sealed with the command, so that why this offer fitted can be told and done again.
    """

    customer: Id
    facts: Facts
    needs: Needs = ()


class OfferShown(Event, frozen=True, kw_only=True, tag="offer_shown"):
    """An offer was chosen with this chance (parts of a million) among those that fitted.

    `withheld`: the customer is in the control group and sees nothing.
    """

    offering: str
    offer: str
    need: str
    chance_ppm: int
    among: tuple[str, ...]
    withheld: bool = False


class Seen(msgspec.Struct, frozen=True):
    """The customer, the offers made so far, the counts of each in the context, today's count of uses."""

    seq: int
    customer: Customer | None
    made: tuple[Offering, ...]
    arms: dict[str, OfferArm]
    count: DataUse | None


def look(ask: ShowOffer, books: Books) -> Seen:
    """Read the customer and the offers made, if the customer agrees to every kind of data the facts rest on.

    Raises ConsentMissing.
    """
    find = lambda some_id: books.get(Consent, some_id)  # noqa: E731
    if (missing := lacking(ask.customer, Purpose.MARKETING, READ, ask.at, find)) is not None:
        raise ConsentMissing(Purpose.MARKETING, missing)
    customer = books.get(Customer, ask.customer)
    made = tuple(every(books, Offering, "customer", ask.customer))
    cell = cell_of(ask.facts, ask.needs)
    ids = [arm_id(cell, offer.id) for offer in catalogue().offer]
    arms = {found.offer: found for some_id in ids if (found := books.get(OfferArm, some_id)) is not None}
    count = books.get(DataUse, today(ask.customer, Purpose.MARKETING, ask.actor, ask.at))
    return Seen(books.seq, customer, made, arms, count)


def act(ask: ShowOffer, seen: Seen) -> Outcome:
    """Choose among what fits, keep that it was shown, and count it; the control group is shown nothing."""
    number, rules = decision_id(seen.seq), catalogue()
    own = ask.actor.partition(":")
    if seen.customer is None or (own[0] == "customer" and own[2] != ask.customer):
        return refused(number, Refusal("customer_not_found"))
    if set(ask.facts) - set(rules.reads) - {"age_years"}:
        return refused(number, Refusal("offer_facts_unknown"))
    fits = fitting(rules, ask.facts, ask.needs, seen.made, ask.at)
    if not fits:
        return refused(number, Refusal("offer_none"))
    cell, withheld = cell_of(ask.facts, ask.needs), rules.in_control(ask.customer)
    arms = [_arm(one, seen.arms.get(one.id)) for one in fits]
    shares = chances(arms, rules.explore_ppm)
    place = choose(shares, spread(rules.salt, ask.customer, str(seen.seq)))
    offer, share = fits[place], shares[place]
    need = next((one for one in ask.needs if one in offer.needs), "")
    state = "control" if withheld else "open"
    offering = Offering(offering_id(seen.seq), ask.customer, offer.id, need, cell, state, ask.at, 0, share)
    some_id = today(ask.customer, Purpose.MARKETING, ask.actor, ask.at)
    kept: tuple[Offering | OfferArm | DataUse, ...] = (
        offering,
        used(seen.count, some_id, READ, ask.at, "offer"),
    )
    if not withheld:
        arm = arms[place]
        kept += (OfferArm(arm_id(cell, offer.id), offer.id, cell, arm.shown + 1, arm.taken),)
    event = OfferShown(
        offering=offering.id, offer=offer.id, need=need, chance_ppm=share,
        among=tuple(one.id for one in fits), withheld=withheld,
    )  # fmt: skip
    return Outcome(Answer(number, "done", made=offering.id, events=(event,)), kept=kept)


def _arm(offer: Offer, counted: OfferArm | None) -> Arm:
    return Arm(offer.id, counted.shown if counted else 0, counted.taken if counted else 0)


SHOW_OFFER = Journey(ShowOffer, look, act, roles=("customer", "staff", "system"), purpose=Purpose.MARKETING)
