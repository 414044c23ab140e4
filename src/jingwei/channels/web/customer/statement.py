"""The statement: every entry of an account, found by words, days, direction, kind and amount; and to keep."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from jingwei.channels.identity import caller_of
from jingwei.channels.problems import Problem
from jingwei.channels.rest.views import standings
from jingwei.channels.web.history import Histories, Row, Wanted, chosen, kind_name, other_name, span, sums
from jingwei.channels.web.naming import account_name, is_pot
from jingwei.channels.web.pages import GUARD, said
from jingwei.channels.web.saved import MOST_PDF, Paper, PrintFailed, as_csv, font, printed
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.kernel.clock import bank_day, parse_iso
from jingwei.kernel.money import MoneyError, parse_minor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Router

    from jingwei.channels.rest.desk import Desk
    from jingwei.channels.web.pages import Site
    from jingwei.ledger.accounts import Account, Standing
    from jingwei.stores.sessions import Session

LOG = logging.getLogger("jingwei.web")
PAGE = 50
FIELDS = ("q", "from", "to", "way", "kind", "least", "most")
WAYS = ("in", "out")


class NotUnderstood(ValueError):
    """A filter that is neither a day nor an amount; the message is what was written."""


class Found(NamedTuple):
    """One account's rows that fit what was asked."""

    standing: Standing
    asked: dict[str, str]
    wanted: Wanted
    all_rows: Sequence[Row]
    rows: list[Row]


def add_statement(router: Router, site: Site) -> None:
    """Add /app/statement, and the same as CSV and PDF."""
    histories = Histories(site.desk.reader)

    def named(account: Account, lang: str) -> str:
        return account_name(site.desk.home.products, site.desk.reader, account, lang)

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        own = own_accounts(site, session.who)
        if not own:
            return site.page(visit, "app/statement_none.html")
        wrong = ""
        try:
            found = find(visit, own, histories)
        except NotUnderstood as error:
            wrong, standing = said(visit.lang, "statement.field", {"what": str(error)}), own[0]
            asked = {name: visit.request.query_params.get(name, "")[:100] for name in FIELDS}
            found = Found(standing, asked, Wanted(), histories.of(standing), [])
        values = view(visit, own, found, wrong) | {"product_name": lambda account: named(account, visit.lang)}
        values["proved"] = provable(site.desk, session, [row for row, *_ in values["rows"]])
        return site.page(visit, "app/statement.html", values, 422 if wrong else 200)

    async def keep(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        own = own_accounts(site, session.who)
        if not own:
            return RedirectResponse("/app/statement", 303)
        try:
            found = find(visit, own, histories)
        except NotUnderstood:
            return RedirectResponse(f"/app/statement?{visit.request.query_params}", 303)
        return await file_of(visit, session, found, site.now())

    site.add(router, "/app/statement", show)
    site.add(router, "/app/statement.csv", keep)
    site.add(router, "/app/statement.pdf", keep)


def find(visit: Visit, own: list[Standing], histories: Histories) -> Found:
    """The rows of the account asked for. Raises NotUnderstood, and Problem for an account not one's own."""
    query = visit.request.query_params
    account = query.get("account", own[0].account.id)
    standing = next((one for one in own if one.account.id == account), None)
    if standing is None:
        raise Problem("account_not_found")
    asked = {name: query.get(name, "").strip()[:100] for name in FIELDS}
    code = standing.account.currency
    wanted = wanted_of(asked, code)
    rows = histories.of(standing)
    return Found(standing, asked, wanted, rows, chosen(rows, wanted, code, visit.lang))


def provable(desk: Desk, session: Session, rows: list[Row]) -> set[str]:
    """Those of the rows' decisions whose record the customer may see: what others asked is theirs."""
    caller = caller_of(session.actor)
    ids = {row.decision for row in rows}
    return {some_id for some_id in ids if desk.may_see(caller, desk.record(some_id))}


async def file_of(visit: Visit, session: Session, found: Found, now: int) -> Response:
    """What was found as a file: a table, or a PDF where there is a font for it."""
    paper = paper_of(visit, session, found, now)
    if visit.path.endswith(".csv"):
        return sent(as_csv(paper, visit.lang), "text/csv; charset=utf-8", "statement.csv")
    if font() is None:
        return RedirectResponse("/app/statement", 303)
    try:
        return sent(await printed(paper, visit.lang), "application/pdf", "statement.pdf")
    except PrintFailed as error:
        LOG.error("a statement was not printed: %s", error)
        return RedirectResponse("/app/statement?error=not_printed", 303)


def own_accounts(site: Site, who: str) -> list[Standing]:
    """The customer's accounts, pots last."""
    own = standings(site.desk.reader, who, "", 200)
    return sorted(own, key=lambda one: (is_pot(one.account), one.account.opened_at))


def sent(content: bytes, kind: str, name: str) -> Response:
    """A file to keep."""
    head = GUARD | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, head, kind)


def wanted_of(asked: dict[str, str], code: str) -> Wanted:
    """The filters as typed. Raises NotUnderstood."""
    return Wanted(
        asked["q"],
        _day(asked["from"]),
        _day(asked["to"]),
        asked["way"] if asked["way"] in WAYS else "",
        asked["kind"],
        _amount(asked["least"], code),
        _amount(asked["most"], code),
    )


def _day(text: str) -> int | None:
    if not text:
        return None
    try:
        return bank_day(parse_iso(text[:10] + "T00:00:00+08:00"))
    except ValueError:
        raise NotUnderstood(text) from None


def _amount(text: str, code: str) -> int | None:
    if not text:
        return None
    try:
        return parse_minor(text.replace(",", "").replace("，", ""), code)
    except MoneyError:
        raise NotUnderstood(text) from None


def view(visit: Visit, own: list[Standing], found: Found, wrong: str) -> dict[str, Any]:
    """What the page shows: one page of the rows, sums of all that fit, links that keep the filters."""
    pages = max(1, -(-len(found.rows) // PAGE))
    number = visit.request.query_params.get("page", "1")
    page = min(max(int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1, 1), pages)
    kept = {"account": found.standing.account.id} | {k: v for k, v in found.asked.items() if v}
    kinds = sorted({row.kind for row in found.all_rows})
    inward, outward = sums(found.rows)
    return {
        "own": own,
        "standing": found.standing,
        "asked": found.asked,
        "filtered": any(found.asked.values()),
        "rows": [
            (row, other_name(row, visit.lang), kind_name(row.kind, visit.lang))
            for row in found.rows[(page - 1) * PAGE : page * PAGE]
        ],
        "kinds": [(kind, kind_name(kind, visit.lang)) for kind in kinds],
        "count": len(found.rows),
        "all": len(found.all_rows),
        "sum_in": inward,
        "sum_out": outward,
        "page": page,
        "pages": pages,
        "newer": urlencode(kept | {"page": page - 1}),
        "older": urlencode(kept | {"page": page + 1}),
        "kept": urlencode(kept),
        "pdf": font() is not None,
        "most_pdf": MOST_PDF if len(found.rows) > MOST_PDF else 0,
        "wrong": wrong,
    }


def paper_of(visit: Visit, session: Session, found: Found, now: int) -> Paper:
    """The statement to keep; balances before and after stand on it when the rows are one unbroken piece."""
    whole = not any(found.asked[name] for name in ("q", "way", "kind", "least", "most"))
    opening, closing = span(found.all_rows, found.rows, found.wanted) if whole else (None, None)
    account = found.standing.account
    title = visit.say("statement.title")
    return Paper(title, session.name, account.id, account.currency, found.rows, opening, closing, now)
