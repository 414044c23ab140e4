"""Signing in and out, and how pages look: language, light, size."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.demo import PEOPLE, STAFF
from jingwei.channels.web.visit import COOKIE, Visit, form_of
from jingwei.ledger.family import Preference
from jingwei.stores.sessions import LONGEST, Session

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

YEAR_S = 31_536_000
_NEXT = re.compile(r"/(app|desk)(/[A-Za-z0-9_:@-][A-Za-z0-9_.:@-]{0,80}){0,5}", re.ASCII)


def add_sign_in(router: Router, site: Site) -> None:
    """Add /sign-in, /sign-out and /look."""

    async def sign_in(visit: Visit) -> Response:
        if visit.session is not None:
            return RedirectResponse(onward(visit, visit.session), 303)
        people, staff = (PEOPLE, STAFF) if site.demo else ((), ())
        wanted = visit.request.query_params.get("next", "")
        return site.page(visit, "sign_in.html", {"people": people, "staff": staff, "next": wanted})

    async def demo(visit: Visit) -> Response:
        form = await visit.request.form(max_fields=4, max_files=0)
        known = {one.actor: one for one in (*PEOPLE, *STAFF)} if site.demo else {}
        person = known.get(str(form.get("actor", "")))
        if person is None:
            return RedirectResponse("/sign-in", 303)
        return begin(site, visit, person.actor, person.name, person.roles)

    async def sign_out(visit: Visit) -> Response:
        if visit.session is not None:
            await form_of(visit, visit.session)
            site.sessions.end(visit.request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in?told=signed_out", 303)
        response.delete_cookie(COOKIE)
        return response

    async def look(visit: Visit) -> Response:
        asked = visit.request.query_params
        back = asked.get("back", "/app")
        response = RedirectResponse(back_to(back), 303)
        allowed = {"theme": ("light", "dark", ""), "elder": ("1", "0"), "lang": ("en", "zh")}
        allowed |= {"size": ("", "large", "largest"), "aloud": ("1", "0")}
        for name, values in allowed.items():
            if asked.get(name) in values:
                response.set_cookie(name, asked[name], max_age=YEAR_S, samesite="lax", httponly=True)
        return response

    site.add(router, "/sign-in", sign_in)
    site.add(router, "/sign-in/demo", demo, "POST")
    site.add(router, "/sign-out", sign_out, "POST")
    site.add(router, "/look", look)


def back_to(path: str) -> str:
    """The page of ours to go back to; the app's first page for anything else."""
    return path if _NEXT.fullmatch(path) or path == "/sign-in" else "/app"


def begin(site: Site, visit: Visit, actor: str, name: str, roles: tuple[str, ...]) -> Response:
    """Begin a session and send the browser where it wanted to go."""
    now = site.now()
    session = Session(actor, name, roles, now, now, secrets.token_urlsafe(24))
    secret = site.sessions.begin(session)
    response = RedirectResponse(onward(visit, session), 303)
    secure = visit.request.url.scheme == "https"
    elder = site.desk.reader.load(Preference, [session.who])
    if elder and not session.inside:
        response.set_cookie("elder", str(elder[0].elder), max_age=YEAR_S, samesite="lax", httponly=True)
    response.set_cookie(
        COOKIE, secret, max_age=LONGEST // 1_000_000, httponly=True, samesite="lax", secure=secure
    )
    return response


def onward(visit: Visit, session: Session) -> str:
    """Where to go after signing in: what was asked for, when it is this person's, else their home."""
    home = "/desk" if session.inside else "/app"
    wanted = visit.request.query_params.get("next", "")
    return wanted if _NEXT.fullmatch(wanted) and wanted.startswith(home) else home
