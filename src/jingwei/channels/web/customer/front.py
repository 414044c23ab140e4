"""The first page of the app: what is there, what is left to spend, what happened last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from jingwei.channels.rest.views import standings, walk
from jingwei.channels.web.customer.settings import elder_front
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.ledger.work import Challenge

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

RECENT = 8


def add_front(router: Router, site: Site) -> None:
    """Add /app."""

    async def front(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        if visit.elder:
            return elder_front(site, visit)
        reader = site.desk.reader
        own = standings(reader, session.who, "", 50)
        entries = walk(reader, own[0].balance, "", RECENT)[0] if own else []
        asked = reader.find(Challenge, "customer", session.who, limit=100)
        waiting = [one for one in asked if one.status == "open" and one.expires_at > site.now()]
        return site.page(visit, "app/front.html", {"own": own, "entries": entries, "waiting": waiting})

    site.add(router, "/app", front)
