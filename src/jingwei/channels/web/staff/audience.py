"""The audience: whom an offer may reach. Only customers who agree are read, and each sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.purposed import reading
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.consent.consents import Consent
from jingwei.journeys.use_data import MOST
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.bound import BoundReader


def add_audience(router: Router, site: Site) -> None:
    """Add /desk/audience; nothing is read before the purpose is stated."""

    async def show(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        return site.page(visit, "desk/audience.html", {"people": None, "who": agreed(site)})

    async def read(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        why = str(form.get("why", "")).strip()[:200]
        named = agreed(site)
        people: list[tuple[str, int, str]] = []
        if named:
            try:
                reader = await reading(site.desk, session.actor, Purpose.MARKETING, named, why=why)
            except Problem as problem:
                if problem.code != "consent_missing":
                    raise
            else:
                people = [one for who in named for one in savers(reader, who)]
        return site.page(visit, "desk/audience.html", {"people": people, "who": named})

    site.add(router, "/desk/audience", show)
    site.add(router, "/desk/audience/read", read, "POST")


def agreed(site: Site) -> list[str]:
    """Who has a consent to marketing at all, at most as many as are read at once."""
    found = site.desk.reader.find(Consent, "purpose", Purpose.MARKETING.value, limit=2 * MOST)
    now = site.now()
    return list(dict.fromkeys(one.customer for one in found if one.holds(now)))[:MOST]


def savers(reader: BoundReader, who: str) -> list[tuple[str, int, str]]:
    """(name, booked money in minor units, currency) of a customer's accounts, as far as may be read."""
    person = reader.load(Customer, [who])
    accounts = reader.find(Account, "owner", who)
    booked = {one.id: one.booked_minor for one in reader.load(Balance, [one.id for one in accounts])}
    return [(person[0].name, booked[one.id], one.currency) for one in accounts if person and one.id in booked]
