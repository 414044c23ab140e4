"""Signing in and out, and how pages look: language, light, size."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import RedirectResponse, Response

from jingwei.channels.demo import PEOPLE, STAFF
from jingwei.channels.signon.people import Refused, Tried
from jingwei.channels.web.visit import COOKIE, Turned, Visit, form_of
from jingwei.kernel.clock import MINUTE, SECOND
from jingwei.ledger.family import Preference
from jingwei.stores.sessions import LONGEST, Session

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.stores.identities import Person

ELDER_OF = "elder_of"
"""Says that large print is what somebody who signed in prefers, not what was chosen for this device."""

YEAR_S = 31_536_000
BEFORE, DEVICE = "jingwei_before", "jingwei_device"
"""Cookies of a browser nobody signed in with yet (guards its forms), and of a browser known from before."""

_NEXT = re.compile(r"/(app|desk)(/[A-Za-z0-9_:@-][A-Za-z0-9_.:@-]{0,80}){0,5}", re.ASCII)
_ASKED = re.compile(r"[A-Za-z0-9_:@./-]+(\?[A-Za-z0-9_.:%=&+-]*)?", re.ASCII)
_ONWARD = re.compile(r"/oidc/go/[A-Za-z0-9_-]{20,64}", re.ASCII)
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"))
_OTHERS = (("Mac OS", "macOS"), ("Linux", "Linux"))


def add_sign_in(router: Router, site: Site) -> None:
    """Add /sign-in, /sign-out and /look."""

    async def sign_in(visit: Visit) -> Response:
        if visit.session is not None:
            return RedirectResponse(onward(visit, visit.session), 303)
        return sign_in_page(site, visit)

    async def demo(visit: Visit) -> Response:
        form = await visit.request.form(max_fields=4, max_files=0)
        known = {one.actor: one for one in (*PEOPLE, *STAFF)} if site.demo else {}
        person = known.get(text(form, "actor"))
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

    site.add(router, "/sign-in", sign_in)
    site.add(router, "/sign-in/demo", demo, "POST")
    site.add(router, "/sign-out", sign_out, "POST")
    add_ways(router, site)
    add_look(router, site)


def add_ways(router: Router, site: Site) -> None:
    """Add the ways to prove who one is: password with a code, and a passkey."""

    async def by_password(visit: Visit) -> Response:
        form = await guarded(site, visit)
        typed = (text(form, "login"), text(form, "password"), text(form, "code"))
        try:
            person, means = await site.signon.enter(Tried(*typed, address(visit), device_of(visit)))
        except Refused as refused:
            return sign_in_page(site, visit, refused, typed[0][:64])
        return await enter(site, visit, person, means)

    async def challenge(visit: Visit) -> Response:
        asked = site.signon.challenge_to_enter()
        body = msgspec.json.encode({"id": asked.id, "options": asked.options})
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    async def by_passkey(visit: Visit) -> Response:
        form = await guarded(site, visit)
        challenge_id, answer = text(form, "challenge"), text(form, "passkey")
        try:
            person = site.signon.enter_by_passkey(challenge_id, answer, address(visit))
        except Refused as refused:
            return sign_in_page(site, visit, refused)
        return await enter(site, visit, person, ("passkey",))

    site.add(router, "/sign-in", by_password, "POST")
    site.add(router, "/sign-in/challenge", challenge, "POST")
    site.add(router, "/sign-in/passkey", by_passkey, "POST")


def add_look(router: Router, site: Site) -> None:
    """Add /look: language, light and size, kept in cookies of the browser."""

    async def look(visit: Visit) -> Response:
        asked = visit.request.query_params
        back = asked.get("back", "/app")
        response = RedirectResponse(back_to(back), 303)
        allowed = {"theme": ("light", "dark", ""), "elder": ("1", "0"), "lang": ("en", "zh")}
        allowed |= {"size": ("", "large", "largest"), "aloud": ("1", "0")}
        if asked.get("elder") in allowed["elder"]:
            response.delete_cookie(ELDER_OF)
        for name, values in allowed.items():
            if asked.get(name) in values:
                response.set_cookie(name, asked[name], max_age=YEAR_S, samesite="lax", httponly=True)
        return response

    site.add(router, "/look", look)


def back_to(path: str) -> str:
    """The page of ours to go back to; the app's first page for anything else."""
    return path if _NEXT.fullmatch(path) or path in ("/sign-in", "/enrol") else "/app"


def sign_in_page(site: Site, visit: Visit, refused: Refused | None = None, login: str = "") -> Response:
    """The sign-in page, with why it did not work and the name as it was typed."""
    people, staff = (PEOPLE, STAFF) if site.demo else ((), ())
    wanted = visit.request.query_params.get("next", "")
    values = {"people": people, "staff": staff, "next": wanted, "login": login}
    return before_page(site, visit, "sign_in.html", values, refused)


def before_page(
    site: Site, visit: Visit, template: str, values: Mapping[str, object], refused: Refused | None = None
) -> Response:
    """A page for somebody not signed in, whose forms carry a token bound to a cookie of this browser."""
    before = visit.request.cookies.get(BEFORE, "")
    fresh = before if len(before) >= 20 else secrets.token_urlsafe(24)
    more = {"before": before_token(site, fresh), "passkeys": site.signon.party.origin}
    wrong = refused_text(visit, refused) if refused else ""
    status = 200 if refused is None else 429 if refused.wait else 422
    response = site.page(visit, template, {**values, **more, "wrong": wrong}, status)
    if refused and refused.wait:
        response.headers["retry-after"] = str(-(-refused.wait // SECOND))
    if fresh != before:
        keep(visit, response, BEFORE, fresh, YEAR_S)
    return response


def before_token(site: Site, before: str) -> str:
    """The token in forms of a browser nobody signed in with yet."""
    return site.signon.identities.vault.mark(before, "form").hex()


async def guarded(site: Site, visit: Visit) -> FormData:
    """The fields of a form sent by a browser nobody signed in with; raises Turned when it was forged."""
    form = await visit.request.form(max_fields=12, max_files=0)
    wanted = before_token(site, visit.request.cookies.get(BEFORE, ""))
    if not hmac.compare_digest(text(form, "before").encode("utf-8", "replace"), wanted.encode()):
        raise Turned(RedirectResponse("/sign-in?error=form_old", 303))
    return form


def refused_text(visit: Visit, refused: Refused) -> str:
    """Why somebody was not let in, and how long to wait."""
    seconds = -(-refused.wait // SECOND)
    unit, count = ("seconds", seconds) if seconds < 120 else ("minutes", -(-refused.wait // MINUTE))
    wait = visit.say(f"wait.{unit}", n=count) if refused.wait else ""
    return visit.say(f"turned.{refused.code}", wait=wait)


async def enter(site: Site, visit: Visit, person: Person, means: tuple[str, ...]) -> Response:
    """Begin the session of somebody who proved who they are, on a device that is known from now on."""
    secret = device_of(visit)
    device = secret or secrets.token_urlsafe(24)
    label = browser(visit.request.headers.get("user-agent", ""))
    site.signon.identities.factors.saw_device(person.actor, device, label, site.now())
    await site.signon.settle(site.desk.joined.ask)
    response = begin(site, visit, person.actor, person.name, person.roles, means=means)
    keep(visit, response, DEVICE, device, YEAR_S)
    return response


def begin(
    site: Site, visit: Visit, actor: str, name: str, roles: tuple[str, ...], *, means: tuple[str, ...] = ()
) -> Response:
    """Begin a session under a new secret and send the browser where it wanted to go."""
    now = site.now()
    label = browser(visit.request.headers.get("user-agent", ""))
    token = secrets.token_urlsafe(24)
    session = Session(actor, name, roles, now, now, token, device=label, means=means or ("demo",))
    site.sessions.end(visit.request.cookies.get(COOKIE, ""))
    secret = site.sessions.begin(session)
    response = RedirectResponse(onward(visit, session), 303)
    keep(visit, response, COOKIE, secret, LONGEST // SECOND)
    elder = [] if session.inside else site.desk.reader.load(Preference, [session.who])
    if elder:
        keep(visit, response, "elder", str(elder[0].elder), YEAR_S)
        keep(visit, response, ELDER_OF, "person", YEAR_S)
    elif visit.request.cookies.get(ELDER_OF):
        response.delete_cookie("elder")
        response.delete_cookie(ELDER_OF)
    return response


def keep(visit: Visit, response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send."""
    secure = visit.secure or visit.request.url.scheme == "https"
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)


def onward(visit: Visit, session: Session) -> str:
    """Where to go after signing in: what was asked for, when it is this person's, else their home."""
    home = "/desk" if session.inside else "/app"
    wanted = visit.request.query_params.get("next", "")
    if _ONWARD.fullmatch(wanted):
        return wanted
    page = wanted.partition("?")[0]
    return wanted if _NEXT.fullmatch(page) and _ASKED.fullmatch(wanted) and page.startswith(home) else home


def address(visit: Visit) -> str:
    """The address a visit comes from, as the server sees it (a proxy in front must be told to it)."""
    return visit.request.client.host if visit.request.client else ""


def device_of(visit: Visit) -> str:
    """The secret of a browser known from before, or ""."""
    found = visit.request.cookies.get(DEVICE, "")
    return found if 20 <= len(found) <= 64 else ""


def browser(agent: str) -> str:
    """A browser in words, from what it says of itself: "Chrome, Linux"."""
    name = next((word for mark, word in _BROWSERS if mark in agent), "")
    system = next((word for mark, word in (*_SYSTEMS, *_OTHERS) if mark in agent), "")
    return ", ".join(part for part in (name, system) if part)


def text(form: FormData, name: str) -> str:
    """A field of a form, "" when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
