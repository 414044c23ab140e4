"""Settings, elder mode, and one tap to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.views import walk
from jingwei.channels.web.customer.bills import bill_told, bills
from jingwei.channels.web.customer.coming import SOON
from jingwei.channels.web.customer.people import Named, own_accounts
from jingwei.channels.web.customer.transfer import preferred_wait
from jingwei.channels.web.sign_in import ELDER_OF, YEAR_S, back_to
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.loans import RUNNING, Loan, LoanApplication
from jingwei.journeys.ask_for_person import AskForPerson
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.shape import every
from jingwei.kernel.clock import bank_day
from jingwei.ledger.appeals import CALL_BACK
from jingwei.ledger.family import Preference
from jingwei.ledger.work import Case, Challenge

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.store import Reader

WAITS = (0, 10, 15, 30, 60)
"""Seconds a payment can be made to wait."""

KNOWN = 3
LOOK_BACK = 60
PAYING = ("/app/pay", "/app/transfer")
RECEIVING = ("/app/receive",)


def preference_of(reader: Reader, who: str) -> Preference:
    """What a customer prefers, on every channel; nothing special when never said."""
    return next(iter(reader.load(Preference, [who])), None) or Preference(who)


def add_settings(router: Router, site: Site) -> None:
    """Add /app/settings, /app/elder and /app/person."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        preference = preference_of(site.desk.reader, session.who)
        return site.page(visit, "app/settings.html", {"preference": preference, "waits": WAITS})

    async def change(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        wanted = str(form.get("undo_s", ""))
        if wanted not in map(str, WAITS):
            return RedirectResponse("/app/settings?error=not_read", 303)
        await site.do(Prefer(undo_s=int(wanted), **site.stamp(session, str(form.get("key", "")))))
        return RedirectResponse("/app/settings?told=settings_kept", 303)

    async def elder(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        on = form.get("on") == "1"
        await site.do(Prefer(elder=on, **site.stamp(session, str(form.get("key", "")))))
        response = RedirectResponse(back_to(str(form.get("back", "/app"))), 303)
        for name, value in (("elder", "1" if on else "0"), (ELDER_OF, "person")):
            response.set_cookie(name, value, max_age=YEAR_S, samesite="lax", httponly=True)
        return response

    async def person(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        await site.do(AskForPerson(**site.stamp(session, str(form.get("key", "")))))
        return RedirectResponse("/app/person?told=person_asked", 303)

    async def waiting(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        found = every(site.desk.reader, Case, "customer", session.who)
        calls = [case for case in found if case.code == CALL_BACK and case.status == "open"]
        return site.page(visit, "app/person.html", {"calls": calls})

    site.add(router, "/app/settings", show)
    site.add(router, "/app/settings", change, "POST")
    site.add(router, "/app/elder", elder, "POST")
    site.add(router, "/app/person", waiting)
    site.add(router, "/app/person", person, "POST")


def _applied(reader: Reader, who: str) -> bool:
    """Whether an application of this customer is open: offered, or waiting for a person."""
    found = every(reader, LoanApplication, "customer", who)
    return any(one.status in ("offered", "waiting") for one in found)


def elder_front(site: Site, visit: Visit) -> Response:
    """The first page in elder mode: the balance and few large actions, nothing else."""
    session = signed_in(visit, inside=False)
    reader = site.desk.reader
    own = own_accounts(site, session.who)
    entries = walk(reader, own[0].balance, "", LOOK_BACK)[0] if own else []
    paid = [one.other for one in entries if one.amount_minor < 0 and not one.other.startswith("bank:")]
    asked = every(reader, Challenge, "customer", session.who)
    named = Named(site, visit, session.who)
    loans, today = every(reader, Loan, "customer", session.who), bank_day(site.now())
    owed = bills(loans, site.now(), today + SOON)
    values = {
        "own": own[:1],
        "bills": [bill_told(one, visit, today) for one in owed],
        "loans": any(one.status == RUNNING for one in loans) or _applied(reader, session.who),
        "known": [(one, named(one)) for one in dict.fromkeys(paid)][:KNOWN],
        "named": named,
        "waiting": [one for one in asked if one.status == "open" and one.expires_at > site.now()],
        "pay": next((path for path in PAYING if ("GET", path) in site.guards), ""),
        "receive": next((path for path in RECEIVING if ("GET", path) in site.guards), ""),
        "undo_s": preferred_wait(site, visit, session.who),
    }
    return site.page(visit, "app/elder.html", values)
