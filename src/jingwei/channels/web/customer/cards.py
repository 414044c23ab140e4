"""Cards: see them, freeze with one tap, set limits, round up into a pot, get a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.views import standings
from jingwei.channels.web.naming import account_name, is_pot
from jingwei.channels.web.pages import worded
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.journeys.change_card import ChangeCard
from jingwei.journeys.freeze_card import FreezeCard
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.shape import every
from jingwei.kernel.money import MoneyError, format_minor, parse_minor
from jingwei.ledger.cards import Card, spent_on
from jingwei.ledger.pots import Pot

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.kernel.command import Command
    from jingwei.stores.sessions import Session

HERE = "/app/cards"


class CardShown(NamedTuple):
    """A card with its account's name and currency, what it spent today, and the pots it can round up into."""

    card: Card
    account: str
    code: str
    spent_minor: int
    pots: list[Pot]
    payment: str
    day: str


def add_cards(router: Router, site: Site) -> None:
    """Add /app/cards and what is done there."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        return page(site, visit, session)

    async def freeze(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        on = form.get("do") != "unfreeze"
        fields: dict[str, Any] = {"card": text(form, "card"), "on": on}
        return await done(visit, session, form, FreezeCard, fields, "card_frozen" if on else "card_free")

    async def issue(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        label = text(form, "label") or visit.say("cards.default_label")
        fields: dict[str, Any] = {"account": text(form, "account"), "label": label}
        fields["one_time"] = form.get("do") == "one_time"
        return await done(visit, session, form, IssueCard, fields, "card_made")

    async def change(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        code = text(form, "code")
        try:
            limits = {name: limit(text(form, name), code) for name in ("payment_minor", "day_minor")}
        except MoneyError:
            return page(site, visit, session, visit.say("money.field"))
        fields: dict[str, Any] = {name: text(form, name) for name in ("card", "label", "round_up")}
        fields["close"] = form.get("do") == "close"
        return await done(visit, session, form, ChangeCard, fields | limits, "card_changed")

    async def done(
        visit: Visit, session: Session, form: FormData, kind: type[Command], fields: dict[str, Any], told: str
    ) -> Response:
        return await carry(site, visit, session, (kind, fields, told, text(form, "key")))

    site.add(router, HERE, show)
    site.add(router, f"{HERE}/freeze", freeze, "POST")
    site.add(router, f"{HERE}/new", issue, "POST")
    site.add(router, f"{HERE}/change", change, "POST")


Task = tuple["type[Command]", dict[str, Any], str, str]
"""A command to have done: its kind, its fields, what is told when it is done, its key."""


async def carry(site: Site, visit: Visit, session: Session, task: Task) -> Response:
    """Have a command of the cards page done; its refusal stands on the page."""
    kind, fields, told, key = task
    reply = await site.do(kind(**fields, **site.stamp(session, key)))
    if reply.answer.refusal is None:
        return RedirectResponse(f"{HERE}?told={told}", 303)
    return page(site, visit, session, worded(reply.answer.refusal.words(), visit.lang))


def text(form: FormData, name: str) -> str:
    """One field of a form, as short text."""
    value = form.get(name, "")
    return value.strip()[:64] if isinstance(value, str) else ""


def limit(written: str, code: str) -> int | None:
    """A limit as typed, None for no limit of its own. Raises MoneyError."""
    return parse_minor(written.replace(",", ""), code) if written else None


def page(site: Site, visit: Visit, session: Session, wrong: str = "") -> Response:
    """The page of all cards, newest first, with a refusal on top when there is one."""
    reader, now = site.desk.reader, site.now()
    own = [one for one in standings(reader, session.who, "", 200) if not is_pot(one.account)]
    names = {
        one.account.id: account_name(site.desk.home.products, reader, one.account, visit.lang) for one in own
    }
    codes = {one.account.id: one.account.currency for one in own}
    pots = [one for one in every(reader, Pot, "customer", session.who) if one.status == "open"]
    shown = [
        CardShown(
            card,
            names[card.account],
            codes[card.account],
            spent_on(card, now),
            [pot for pot in pots if pot.account == card.account],
            written(card.limit_payment_minor, codes[card.account]),
            written(card.limit_day_minor, codes[card.account]),
        )
        for card in reversed(every(reader, Card, "customer", session.who))
        if card.status != "closed" and card.account in names
    ]
    values = {"cards": shown, "own": own, "names": names, "pot_names": {pot.id: pot.name for pot in pots}}
    return site.page(visit, "app/cards.html", values | {"wrong": wrong}, 422 if wrong else 200)


def written(minor: int | None, code: str) -> str:
    """A limit as its field shows it."""
    return "" if minor is None else format_minor(minor, code)
