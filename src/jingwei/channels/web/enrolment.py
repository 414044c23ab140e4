"""Enrolling: an invited person sets a password and one-time codes and gets recovery codes, shown once."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import segno
from markupsafe import Markup
from starlette.responses import Response

from jingwei.channels.signon import codes, enrol
from jingwei.channels.signon.people import Refused
from jingwei.channels.web.sign_in import address, before_page, enter, guarded, text
from jingwei.channels.web.visit import Visit

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

BANK = "Jingwei"


def add_enrolment(router: Router, site: Site) -> None:
    """Add /enrol."""

    def page(visit: Visit, refused: Refused | None = None, **values: str) -> Response:
        asked = visit.request.query_params
        shown: dict[str, object] = {"login": asked.get("login", "")[:64], "code": "", **values}
        return before_page(site, visit, "enrol.html", shown, refused)

    def second(visit: Visit, one: enrol.Enrolling, refused: Refused | None = None) -> Response:
        return before_page(
            site,
            visit,
            "enrol_second.html",
            {"one": one, **totp_shown(one.secret, one.person.login)},
            refused,
        )

    async def first(visit: Visit) -> Response:
        return page(visit)

    async def begun(visit: Visit) -> Response:
        form = await guarded(site, visit)
        login = text(form, "login")
        try:
            one = enrol.begin(site.signon, login, text(form, "code"), address(visit))
        except Refused as refused:
            return page(visit, refused, login=login[:64])
        return second(visit, one)

    async def finished(visit: Visit) -> Response:
        form = await guarded(site, visit)
        try:
            one = enrol.enrolling(site.signon, text(form, "enrol"))
        except Refused as refused:
            return page(visit, refused)
        try:
            made = await enrol.finish(site.signon, one, text(form, "password"), text(form, "code"))
        except Refused as refused:
            return second(visit, one, refused)
        entered = await enter(site, visit, one.person, ("password", "totp"))
        return recovery_page(site, visit, made, entered)

    site.add(router, "/enrol", first)
    site.add(router, "/enrol", begun, "POST")
    site.add(router, "/enrol/finish", finished, "POST")


def recovery_page(site: Site, visit: Visit, made: list[str], entered: Response | None = None) -> Response:
    """The page that shows new recovery codes once; it hands on the cookies of a sign-in."""
    onward = entered.headers["location"] if entered else f"/{side(visit)}/security"
    response = site.page(visit, "recovery.html", {"codes": made, "onward": onward})
    for name, value in entered.raw_headers if entered else ():
        if name == b"set-cookie":
            response.raw_headers.append((name, value))
    return response


def side(visit: Visit) -> str:
    """Which pages a visit belongs to."""
    return "desk" if visit.path.startswith("/desk") else "app"


def totp_shown(secret: bytes, login: str) -> dict[str, object]:
    """What a page shows of a new secret: the QR code and the key to type."""
    return {"qr": qr(codes.key_uri(secret, login, BANK)), "key": codes.key_text(secret)}


def qr(content: str) -> Markup:
    """A QR code as SVG, drawn dark on light whatever the page's colours, without style attributes."""
    out = io.BytesIO()
    segno.make(content, error="m").save(
        out, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, svgns=False, nl=False
    )
    drawn = re.sub(r"<svg ", '<svg role="img" aria-label="QR" ', out.getvalue().decode(), count=1)
    return Markup(drawn)
