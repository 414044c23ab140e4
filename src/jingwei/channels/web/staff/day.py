"""The customer manager's day: loans to look after, what changed for customers who agree, offers, outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.knowing.following import knowing_of, lately
from jingwei.channels.problems import Problem
from jingwei.channels.rest.purposed import reading
from jingwei.channels.web.lending.told import name_of
from jingwei.channels.web.offers import find_offer, open_offer
from jingwei.channels.web.staff.day_loans import due_loans
from jingwei.channels.web.staff.masks import masked_name
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.tags.needs import BY_NAME
from jingwei.journeys.answer_offer import AnswerOffer
from jingwei.kernel.clock import DAY, day_start
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.domains.offers.catalogue import Offer
    from jingwei.domains.offers.showing import Offering
    from jingwei.domains.tags.needs import Need
    from jingwei.stores.sessions import Session

MOST = 40
WEIGHT = {"job_loss": 0, "child": 1, "study_abroad": 1, "move": 1, "retirement": 1, "large_inflow": 2}
"""What is seldom comes before what is common."""


class Line(NamedTuple):
    """One row: the customer (masked name), what changed and when, and the open offer."""

    customer: str
    name: str
    need: Need
    at: int
    offer: tuple[Offering, Offer] | None


def add_day(router: Router, site: Site) -> None:
    """Add /desk/day."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        values: dict[str, Any] = {
            "lines": await lines(site, session),
            "loans": await due_loans(site, session),
            "name_of": lambda product: name_of(visit, product),
            "demo": site.demo,
            "read": knowing_of(site.desk).percent,
        }
        return site.page(visit, "desk/day.html", values)

    async def prepare(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        found = await find_offer(site, session.actor, str(form.get("customer", ""))[:64])
        return RedirectResponse(f"/desk/day?{'told=offer_found' if found else 'error=offer_none'}", 303)

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        ask: dict[str, Any] = {
            "offering": str(form.get("offering", "")),
            "answer": str(form.get("answer", "")),
        }
        try:
            command = checked(AnswerOffer(**ask, **site.stamp(session, str(form.get("key", "")))))
        except CommandError:
            return RedirectResponse("/desk/day?error=not_read", 303)
        refused = (await site.do(command)).answer.refusal is not None
        return RedirectResponse(f"/desk/day?{'error=offer_gone' if refused else 'told=offer_noted'}", 303)

    site.add(router, "/desk/day", show)
    site.add(router, "/desk/day/offer", prepare, "POST")
    site.add(router, "/desk/day/answer", answer, "POST")


async def lines(site: Site, session: Session) -> list[Line]:
    """The rows of the day; each customer's data is read with consent and the use is counted."""
    now = site.now()
    found = lately(knowing_of(site.desk), site.desk.reader, now, 10 * MOST)
    found = sorted(found, key=lambda one: (WEIGHT.get(one.need, 9), -one.day))[:MOST]
    named = list(dict.fromkeys(one.customer for one in found))
    if not named:
        return []
    data = (DataClass.IDENTITY,)
    try:
        reader = await reading(site.desk, session.actor, Purpose.MARKETING, named, data=data, why="day list")
    except Problem as problem:
        if problem.code != "consent_missing":
            raise
        return []
    names = {one.id: masked_name(one.name) for one in reader.load(Customer, named)}
    return [
        Line(one.customer, names[one.customer], BY_NAME[one.need], day_start(one.day) + DAY // 2,
             open_offer(site, one.customer))
        for one in found
        if one.customer in names
    ]  # fmt: skip
