"""The routes of audiences and offers: what is asked, the command it makes, and what is told."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.rest.asked import AudienceAsk, OfferAnswerAsk
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.offer_effect import counted
from jingwei.channels.rest.order import Order
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.views import Owner, answer
from jingwei.domains.offers.experiment import effect, people_needed
from jingwei.domains.offers.showing import Offering
from jingwei.domains.tags.audiences import Audience
from jingwei.journeys.answer_offer import AnswerOffer
from jingwei.journeys.offer_rules import catalogue
from jingwei.journeys.save_audience import SaveAudience
from jingwei.journeys.shape import all_of, every
from jingwei.kernel.clock import iso
from jingwei.kernel.command import Command

MOST = 500


class AudienceTold(msgspec.Struct, frozen=True):
    """One version of an audience."""

    id: str
    name: str
    version: int
    condition: str
    saved_at: str
    saved_by: str


class OfferingTold(msgspec.Struct, frozen=True):
    """An offer made to a customer, with the reason in both languages, and what became of it."""

    id: str
    offer: str
    state: str
    shown_at: str
    zh: str
    en: str
    reason_zh: str
    reason_en: str


class GroupTold(msgspec.Struct, frozen=True):
    """One group: whose 30 days are over, who of them did it, who still has time."""

    people: int
    took: int
    waiting: int


class OfferEffectTold(msgspec.Struct, frozen=True):
    """What offers bring: those shown one against the control group, with a 95 % interval."""

    shown: GroupTold
    control: GroupTold
    difference: float
    low: float
    high: float
    readable: bool
    needed_shown: int
    needed_control: int


def save_audience(_: Desk, __: str, ask: AudienceAsk, stamp: Stamp) -> Command:
    """SaveAudience."""
    return _made(stamp.of(SaveAudience, name=ask.name, condition=ask.condition))


def answer_offer(_: Desk, named: str, ask: OfferAnswerAsk, stamp: Stamp) -> Command:
    """AnswerOffer."""
    return _made(stamp.of(AnswerOffer, offering=named, answer=ask.answer))


def _made(command: Any) -> Command:
    assert isinstance(command, Command)
    return command


KNOWING_ORDERS = (
    Order(
        "/audiences",
        AudienceAsk,
        SaveAudience,
        save_audience,
        "Save an audience",
        "audiences",
        "Keep a condition over tags under a name; every version stays. Customer managers only.",
    ),
    Order(
        "/offerings/{some_id}/answer",
        OfferAnswerAsk,
        AnswerOffer,
        answer_offer,
        "Answer an offer",
        "audiences",
        "Take an offer or say that it is of no interest; staff may note that nobody answered.",
    ),
)


def add_knowing(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show audiences and offers."""

    @router.get("/audiences", **tells(list[AudienceTold], "Audiences", "audiences"))
    async def audiences(request: Request) -> Response:
        """Every version of every saved audience, by name; customer managers only."""
        desk.caller(request)
        return answer([audience_told(one) for one in all_of(desk.reader, Audience)])

    @router.get("/offerings", **tells(list[OfferingTold], "Offers", "audiences"))
    async def offerings(request: Request, owner: Owner = "") -> Response:
        """The newest offers made to oneself, oldest first; staff name the customer with `?owner=`."""
        caller = desk.caller(request)
        who = (owner or "") if caller.inside else caller.id
        found = every(desk.reader, Offering, "customer", who)[-MOST:] if who else []
        return answer([told for one in found if (told := offering_told(one)) is not None])


    @router.get("/offer-effect", **tells(OfferEffectTold, "What offers bring", "audiences"))
    async def offer_effect(request: Request) -> Response:
        """Who did what their first card was about within 30 days, shown it or not; staff only."""
        desk.caller(request)
        rules = catalogue()
        came = await counted(desk)
        found = effect(rules.experiment, came.arms, rules.control_percent)
        needed = people_needed(rules.experiment, rules.control_percent)
        told = found.difference, found.low, found.high, found.readable
        return answer(OfferEffectTold(GroupTold(*came.shown), GroupTold(*came.control), *told, *needed))


def audience_told(one: Audience) -> AudienceTold:
    """An audience with its moment written out."""
    return AudienceTold(one.id, one.name, one.version, one.condition, iso(one.saved_at), one.saved_by)


def offering_told(one: Offering) -> OfferingTold | None:
    """An offer in words; None for one that was withheld or that no catalogue names any more."""
    offer = catalogue().by_id.get(one.offer)
    if one.state == "control" or offer is None:
        return None
    name, why = offer.name, offer.reason
    return OfferingTold(one.id, one.offer, one.state, iso(one.shown_at), name.zh, name.en, why.zh, why.en)
