"""The first page of the app: what is left to spend, what waits and comes for certain, what happened last."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from jingwei.channels.rest.views import standings, walk
from jingwei.channels.web.customer.bills import bill_told, bills
from jingwei.channels.web.customer.coming import SOON, Coming, coming, left_to_spend, month_end, today
from jingwei.channels.web.customer.consents import named as told_of
from jingwei.channels.web.customer.people import Named, account_name
from jingwei.channels.web.customer.settings import elder_front
from jingwei.channels.web.naming import is_pot
from jingwei.channels.web.offers import find_offer
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.domains.credit.loans import Loan
from jingwei.journeys.pay import Pay
from jingwei.journeys.shape import every
from jingwei.journeys.show_offer import READ
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY
from jingwei.ledger.planned import FIRST, PendingPayment, Schedule, due_at
from jingwei.ledger.work import Challenge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.ledger.accounts import Account, Standing
    from jingwei.ledger.statement import Entry

RECENT = 8
LATELY = 7 * DAY
"""How long a scheduled payment that was not made stays on the first page."""


class Row(NamedTuple):
    """A line as it is shown: `amount_minor` 0 or above with `inner` between own accounts."""

    name: str
    at: int
    amount_minor: int
    currency: str
    kind: str
    to: str
    inner: bool
    note: str = ""


def add_front(router: Router, site: Site) -> None:
    """Add /app."""

    async def front(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        if visit.elder:
            return elder_front(site, visit)
        reader, who, now = site.desk.reader, session.who, site.now()
        found = [one for one in standings(reader, who, "", 50) if one.account.status == "open"]
        own = [one for one in found if not is_pot(one.account)]
        planned = every(reader, Schedule, "customer", who)
        day, end = today(now), month_end(today(now))
        certain, near = coming(planned, end), coming(planned, day + SOON)
        loans = every(reader, Loan, "customer", who)
        owed, bill_near = bills(loans, now, end), bills(loans, now, max(end, day + SOON))
        currency = own[0].account.currency if own else "CNY"
        named = Named(site, visit, who)
        values: dict[str, Any] = {
            "own": [(one, account_name(site, visit, one.account)) for one in own],
            "left": left_to_spend(own, certain, currency, owed), "currency": currency,
            "certain": len(certain) + len(owed),
            "soon": by_day(
                [shown(one, named, now) for one in near], [bill_told(one, visit, day) for one in bill_near]
            ),
            "rows": rows(site, visit, own, named),
            "asked": asked(site, who, now), "waiting": waiting(site, who), "named": named,
            "missed": missed(site, planned, now),
            "offer": await find_offer(site, session.actor, who),
            "offer_rests": told_of((one.value for one in READ), visit.lang),
        }  # fmt: skip
        return site.page(visit, "app/front.html", values)

    site.add(router, "/app", front)


def asked(site: Site, who: str, now: int) -> list[Challenge]:
    """The confirmations that wait for this customer."""
    found = every(site.desk.reader, Challenge, "customer", who)
    return [one for one in found if one.status == "open" and one.expires_at > now]


def waiting(site: Site, who: str) -> list[PendingPayment]:
    """The payments that can still be undone."""
    found = every(site.desk.reader, PendingPayment, "customer", who)
    return [one for one in found if one.status == "waiting"]


def by_day(*lists: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What comes, whoever takes it, the next first."""
    return sorted((one for some in lists for one in some), key=lambda one: one["day"])


def shown(one: Coming, named: Named, now: int) -> dict[str, Any]:
    """A certain payment in words."""
    ahead = one.day - today(now)
    return {
        "name": named(one.schedule.payee), "to": "", "amount_minor": one.schedule.amount_minor,
        "currency": one.schedule.currency, "day": (FIRST + timedelta(days=one.day)).isoformat(),
        "when": "today" if ahead <= 0 else "tomorrow" if ahead == 1 else "day",
    }  # fmt: skip


def missed(site: Site, planned: Sequence[Schedule], now: int) -> list[Schedule]:
    """Scheduled payments of the last days that were not made."""
    found = [one for one in planned if one.last_result not in ("", "allowed")]
    return [one for one in found if due_at(one.next_day) > now - LATELY - 31 * DAY and _late(site, one, now)]


def _late(site: Site, one: Schedule, now: int) -> bool:
    paid = site.desk.record(one.last_payment)
    return int(paid.command.at) > now - LATELY and paid.answer.result == "refused"


def rows(site: Site, visit: Visit, own: Sequence[Standing], named: Named) -> list[Row]:
    """The last lines of all own accounts together; between own accounts each is shown once."""
    mine = {one.account.id: one.account for one in own}
    found: dict[int, tuple[Entry, str]] = {}
    for one in own:
        for entry in walk(site.desk.reader, one.balance, "", RECENT)[0]:
            if entry.line not in found or entry.amount_minor < 0:
                found[entry.line] = (entry, one.account.id)
    newest = sorted(found.values(), key=lambda pair: pair[0].line, reverse=True)[:RECENT]
    look = partial(row, site, visit, named, mine)
    return [look(entry, account) for entry, account in newest]


def row(site: Site, visit: Visit, named: Named, mine: dict[str, Account], entry: Entry, account: str) -> Row:
    """A ledger line in words, with the way to its payment."""
    inner, currency = entry.other in mine, mine[account].currency
    number = entry.line >> 16
    leaf = site.desk.reader.record(number)
    sealed = unseal(leaf) if leaf else None
    command, about = (sealed.command, sealed.answer.about) if sealed else (None, "")
    if about:
        command = site.desk.record(about).command
    terminal = getattr(command, "terminal", "")
    name = named(entry.other)
    if terminal:
        name = visit.say("pay.card_at", terminal=terminal)
    elif entry.kind in ("fee", "interest", "reversal"):
        name = visit.say(f"pay.kind.{entry.kind}")
    to = (about or f"D{number:011d}") if isinstance(command, Pay) else ""
    minor = abs(entry.amount_minor) if inner else entry.amount_minor
    return Row(name, entry.at, minor, currency, entry.kind, to, inner, getattr(command, "memo", ""))
