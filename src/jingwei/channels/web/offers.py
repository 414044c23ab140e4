"""Offers on pages: what is open for a customer, and finding a new one that fits; only with their consent."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from jingwei.channels.knowing.following import knowing_of
from jingwei.consent.consents import Consent, lacking
from jingwei.domains.offers.showing import Offering, fitting
from jingwei.journeys.offer_rules import catalogue
from jingwei.journeys.shape import every
from jingwei.journeys.show_offer import READ, ShowOffer
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.purpose import Purpose

if TYPE_CHECKING:
    from jingwei.channels.web.pages import Site
    from jingwei.domains.offers.catalogue import Offer

OPEN_DAYS = 7
"""An offer stays on the front page for so many days."""



def agrees(site: Site, customer: str) -> bool:
    """Whether the customer agrees, now, to every kind of data that offers rest on."""

    def find(some_id: str) -> Consent | None:
        return next(iter(site.desk.reader.load(Consent, [some_id])), None)

    return lacking(customer, Purpose.MARKETING, READ, site.now(), find) is None


def made_to(site: Site, customer: str) -> list[Offering]:
    """Every offer made to a customer, the newest last."""
    return every(site.desk.reader, Offering, "customer", customer)


def open_offer(site: Site, customer: str) -> tuple[Offering, Offer] | None:
    """The offer that is open for a customer, with its words; None when there is none or it is too old."""
    for one in reversed(made_to(site, customer)):
        offer = catalogue().by_id.get(one.offer)
        if one.state == "open" and offer is not None and site.now() - one.shown_at < OPEN_DAYS * DAY:
            return one, offer
    return None


async def find_offer(site: Site, actor: str, customer: str) -> tuple[Offering, Offer] | None:
    """The open offer of a customer, or a new one when one fits and the customer agrees; None otherwise.

    Nothing is written when nothing fits. Raises StoreError.
    """
    if not agrees(site, customer):
        return None
    if (there := open_offer(site, customer)) is not None:
        return there
    knowing, now, rules = knowing_of(site.desk), site.now(), catalogue()
    facts = knowing.facts_of(customer, {*rules.reads, "age_years"}, bank_day(now))
    needs = knowing.needs_of(customer, bank_day(now))
    if not fitting(rules, facts, needs, made_to(site, customer), now):
        return None
    key = f"offer:{secrets.token_urlsafe(12)}"
    stamp: dict[str, Any] = {"key": key, "actor": actor, "at": now, "known_at": now}
    await site.do(ShowOffer(customer=customer, facts=facts, needs=needs, **stamp))
    return open_offer(site, customer)
