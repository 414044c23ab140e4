"""Offers as they are shown and answered: what the books keep, and which may be shown to somebody now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jingwei.domains.offers.catalogue import Catalogue, Offer
from jingwei.kernel.clock import DAY
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare

ANY = "any"


class Offering(Kept, frozen=True):
    """That an offer was made to a customer, or, `state` "control", withheld so that effects can be measured.

    `state` is "open", "taken", "not_interested", "control". `need` is the one that brought it, "" for none.
    `chance_ppm` is with which chance it was chosen among those that fitted. Moments are microseconds UTC.
    """

    customer: str
    offer: str
    need: str
    cell: str
    state: str
    shown_at: int
    answered_at: int
    chance_ppm: int
    answered_by: str = ""
    tries: int = 0


class OfferArm(Kept, frozen=True):
    """How often an offer was shown and taken in one context (`cell`)."""

    offer: str
    cell: str
    shown: int
    taken: int


def offering_id(seq: int) -> str:
    """Id of the offer made by record `seq`."""
    return f"O{seq:011d}"


def arm_id(cell: str, offer: str) -> str:
    """Id of the one count of an offer in a context."""
    return f"{cell}~{offer}"


def cell_of(facts: Mapping[str, int], needs: Sequence[str]) -> str:
    """The context in which the bank learns: the first need that shows, and the age."""
    age = facts.get("age_years", -1)
    band = ANY if age < 0 else "under_35" if age < 35 else "under_60" if age < 60 else "from_60"
    return f"{needs[0] if needs else ANY}~{band}"


def fitting(
    catalogue: Catalogue, facts: Mapping[str, int], needs: Sequence[str], made: Sequence[Offering], at: int
) -> list[Offer]:
    """The offers that may be shown now: needed, fitting, and neither too many nor turned down before."""
    limits = catalogue.limits
    lately = [one for one in made if at - one.shown_at < limits.days * DAY]
    if len(lately) >= limits.shows or any(at - one.shown_at < limits.rest_days * DAY for one in lately):
        return []
    return [
        offer
        for offer in catalogue.offer
        if (not offer.needs or not set(offer.needs).isdisjoint(needs))
        and not _rests(offer, made, lately, at)
        and offer.fits(facts)
    ]


def _rests(offer: Offer, made: Sequence[Offering], lately: Sequence[Offering], at: int) -> bool:
    if sum(one.offer == offer.id for one in lately) >= offer.cap:
        return True
    answered = (one.answered_at for one in made if one.offer == offer.id and one.answered_at)
    return any(at - when < offer.quiet_days * DAY for when in answered)


declare(
    {
        "offer_none": Words("Nothing fits this customer now.", "目前没有适合该客户的产品。"),
        "offer_not_found": Words("There is no such offer.", "没有这项推荐。"),
        "offer_answered": Words("This offer was answered already.", "该推荐已有答复。"),
        "offer_facts_unknown": Words(
            "The offer names something that no offer reads.", "推荐请求含有目录未使用的信息。"
        ),
    }
)
