"""My loans: what is due, what waits, what runs, what is over; and finding one's own, nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from starlette.responses import Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.lending.told import name_of, standing
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.domains.credit.loans import RUNNING, Loan, LoanApplication, PayLaterLine
from jingwei.journeys.shape import every
from jingwei.kernel.ids import seq_of

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session

SHOWN = 20
K = TypeVar("K", LoanApplication, Loan, PayLaterLine)


def add_mine(router: Router, site: Site) -> None:
    """Add /app/loans."""

    async def mine(visit: Visit) -> Response:
        session, now = signed_in(visit, inside=False), site.now()
        loans = theirs(site, Loan, session.who)
        asked = theirs(site, LoanApplication, session.who)
        lines = [one for one in theirs(site, PayLaterLine, session.who) if one.status in ("offered", "open")]
        values = {
            "running": [standing(one, now) for one in loans if one.status == RUNNING],
            "over": [one for one in loans if one.status != RUNNING][:SHOWN],
            "asked": [(one, state_of(one, now)) for one in asked if one.status != "signed"][:SHOWN],
            "lines": lines,
            "name_of": lambda product: name_of(visit, product),
        }
        return site.page(visit, "app/loans/mine.html", values)

    site.add(router, "/app/loans", mine)


def theirs(site: Site, kind: type[K], who: str) -> list[K]:
    """A customer's things of one kind, newest first."""
    return every(site.desk.reader, kind, "customer", who)[::-1]


def own(site: Site, session: Session, kind: type[K], some_id: str, missing: str) -> K:
    """One thing of the customer's own. Raises Problem `missing`, foreign and absent alike."""
    found = site.desk.reader.load(kind, [some_id]) if seq_of(f"D{some_id[1:]}") is not None else []
    if not found or found[0].customer != session.who:
        raise Problem(missing)
    return found[0]


def state_of(application: LoanApplication, now: int) -> str:
    """Where an application stands now: an offer that was not signed in time has expired."""
    late = application.status == "offered" and now > application.expires_at
    return "expired" if late else application.status
