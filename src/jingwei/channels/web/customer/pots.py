"""Pots: money set aside towards a goal, with a picture of how far it is; put in, take out, end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.views import standings
from jingwei.channels.web.customer.cards import text
from jingwei.channels.web.naming import account_name, is_pot
from jingwei.channels.web.pages import worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.shape import every
from jingwei.kernel.money import MoneyError, parse_minor
from jingwei.ledger.accounts import Standing
from jingwei.ledger.pots import Pot

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.kernel.command import Command
    from jingwei.stores.sessions import Session

HERE = "/app/pots"
BAR = 300
"""Width of the picture of progress in its own units."""


class PotShown(NamedTuple):
    """A pot with its money, how much of the goal it is in whole percent, and the width of the bar."""

    pot: Pot
    standing: Standing
    percent: int
    bar: int


def add_pots(router: Router, site: Site) -> None:
    """Add /app/pots and what is done there."""

    async def show(visit: Visit) -> Response:
        return page(site, visit, signed_in(visit, inside=False))

    async def make(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        try:
            goal = amount(text(form, "goal"), text(form, "code")) if text(form, "goal") else 0
        except MoneyError:
            return page(site, visit, session, visit.say("money.field"))
        fields = {"account": text(form, "account"), "name": text(form, "name"), "goal_minor": goal}
        return await carry(site, visit, session, (OpenPot, fields, "pot_made", text(form, "key")))

    async def move(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        way = text(form, "do")
        direction = way if way in ("in", "out", "close") else "in"
        try:
            minor = 0 if direction == "close" else amount(text(form, "amount"), text(form, "code"))
        except MoneyError:
            return page(site, visit, session, visit.say("money.field"))
        fields = {"pot": text(form, "pot"), "direction": direction, "amount_minor": minor}
        told = "pot_closed" if direction == "close" else "pot_moved"
        return await carry(site, visit, session, (MovePot, fields, told, text(form, "key")))

    site.add(router, HERE, show)
    site.add(router, f"{HERE}/new", make, "POST")
    site.add(router, f"{HERE}/move", move, "POST")


def amount(written: str, code: str) -> int:
    """An amount as typed, in minor units. Raises MoneyError."""
    return parse_minor(written.replace(",", "").replace("，", ""), code or "CNY")


async def carry(
    site: Site, visit: Visit, session: Session, task: tuple[type[Command], dict[str, Any], str, str]
) -> Response:
    """Have a command done; its refusal stands on the page."""
    kind, fields, told, key = task
    reply = await site.do(kind(**fields, **site.stamp(session, key)))
    if reply.answer.refusal is None:
        return RedirectResponse(f"{HERE}?told={told}", 303)
    return page(site, visit, session, worded(reply.answer.refusal.words(), visit.lang))


def page(site: Site, visit: Visit, session: Session, wrong: str = "") -> Response:
    """The page of all open pots, with a refusal on top when there is one."""
    reader = site.desk.reader
    own = {one.account.id: one for one in standings(reader, session.who, "", 200)}
    found = [one for one in every(reader, Pot, "customer", session.who) if one.status == "open"]
    shown = [progress(pot, own[pot.id]) for pot in found if pot.id in own]
    beside = [one for one in own.values() if not is_pot(one.account) and one.account.currency == "CNY"]
    names = {
        one.account.id: account_name(site.desk.home.products, reader, one.account, visit.lang)
        for one in beside
    }
    values = {"pots": shown, "beside": beside, "names": names, "wrong": wrong, "bar": BAR}
    return site.page(visit, "app/pots.html", values, 422 if wrong else 200)


def progress(pot: Pot, standing: Standing) -> PotShown:
    """How far a pot is, never more than all of it."""
    booked = max(standing.balance.booked_minor, 0)
    share = min(booked, pot.goal_minor)
    percent = share * 100 // pot.goal_minor if pot.goal_minor else 0
    return PotShown(pot, standing, percent, share * BAR // pot.goal_minor if pot.goal_minor else 0)
