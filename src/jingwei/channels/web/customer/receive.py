"""Receiving money: an own code that others scan, as a picture made here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import segno
from markupsafe import Markup
from starlette.responses import Response

from jingwei.channels.web.customer.people import own_accounts
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.kernel.money import MoneyError, format_minor, parse_minor

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_receive(router: Router, site: Site) -> None:
    """Add /app/receive."""

    async def receive(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        own = own_accounts(site, session.who)
        asked = visit.request.query_params
        typed = {name: asked.get(name, "")[:100].strip() for name in ("account", "amount", "memo")}
        account = next((one.account for one in own if one.account.id == typed["account"]), None)
        account = account or (own[0].account if own else None)
        wrong, minor = "", 0
        if account and typed["amount"]:
            try:
                minor = parse_minor(typed["amount"].replace(",", ""), account.currency)
            except MoneyError:
                wrong = "pay.error.amount"
            wrong = wrong or ("pay.error.amount" if minor <= 0 else "")
        fields = {"to": account.id if account else ""}
        if minor > 0 and account:
            fields["amount"] = format_minor(minor, account.currency)
        if typed["memo"]:
            fields["memo"] = typed["memo"]
        link = f"{visit.request.url.scheme}://{visit.request.url.netloc}/app/pay?{urlencode(fields)}"
        values = {
            "own": own, "typed": typed, "wrong": wrong, "link": link, "account": account, "minor": minor,
            "code": picture(link) if account and not wrong else None,
        }  # fmt: skip
        return site.page(visit, "app/receive.html", values, 422 if wrong else 200)

    site.add(router, "/app/receive", receive)


def picture(link: str) -> Markup:
    """The code as SVG, dark on white whatever the light: cameras need it so."""
    code = segno.make(link, error="m", micro=False)
    return Markup(code.svg_inline(border=4, omitsize=True, dark="#000", light="#fff", svgclass=None))
