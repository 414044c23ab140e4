"""What a customer answers to an offer on the front page: show me, or not interested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.offers.showing import Offering
from jingwei.journeys.answer_offer import AnswerOffer
from jingwei.journeys.offer_rules import catalogue

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_offers(router: Router, site: Site) -> None:
    """Add the answers to /app/offers/<id>."""

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        number = visit.request.path_params["offering"]
        found = site.desk.reader.load(Offering, [number])
        if not found or found[0].customer != session.who:
            raise Problem("not_found")
        took = form.get("answer") == "taken"
        said = "taken" if took else "not_interested"
        stamp = site.stamp(session, f"offer:{number}:{said}")
        await site.do(AnswerOffer(offering=number, answer="taken" if took else "not_interested", **stamp))
        offer = catalogue().by_id.get(found[0].offer)
        return RedirectResponse(offer.to if took and offer else "/app?told=offer_no", 303)

    site.add(router, "/app/offers/{offering}", answer, "POST")
