"""The proof of a decision: the file, and a page whose script checks it step by step in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from jingwei.channels.identity import caller_of
from jingwei.channels.problems import Problem
from jingwei.channels.rest.evidence import decision_told, seen
from jingwei.channels.rest.reading import some_id
from jingwei.channels.web.customer.statement import sent
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.kernel.clock import parse_iso

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.journeys.shape import Sealed
    from jingwei.stores.sessions import Session


def add_proof(router: Router, site: Site) -> None:
    """Add /app/proof/<decision> and its file."""

    def record(visit: Visit, session: Session) -> Sealed:
        return seen(site.desk, some_id(visit.request.path_params["decision"]), caller_of(session.actor))

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        sealed = record(visit, session)
        told = decision_told(site.desk, sealed, False)
        return site.page(visit, "app/proof.html", {"one": told, "at": parse_iso(told.at)})

    async def file(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        found = site.desk.home.proof(record(visit, session).answer.id)
        if found is None:
            raise Problem("decision_not_found")
        return sent(found, "application/json", f"{visit.request.path_params['decision']}.json")

    site.add(router, "/app/proof/{decision}", show)
    site.add(router, "/app/proof/{decision}/file", file)
