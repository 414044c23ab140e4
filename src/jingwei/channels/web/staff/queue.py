"""The queue: cases that wait for a person, the one due first on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from jingwei.channels.web.visit import Visit, signed_in
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

MOST = 200


def add_queue(router: Router, site: Site) -> None:
    """Add /desk."""

    async def queue(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        cases = sorted(site.desk.reader.find(Case, "status", "open", limit=MOST), key=lambda one: one.due_at)
        return site.page(visit, "desk/queue.html", {"cases": cases, "more": len(cases) == MOST})

    site.add(router, "/desk", queue)
