"""Whom a customer deals with, in words: kept payees, own accounts, strangers with little of their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.rest.views import standings
from jingwei.channels.web import naming
from jingwei.channels.web.customer.names import Match, compare, masked
from jingwei.channels.web.name_checks import TooManyNames
from jingwei.channels.web.naming import is_pot
from jingwei.journeys.shape import every
from jingwei.kernel.clock import DAY
from jingwei.ledger.accounts import Account, Standing
from jingwei.ledger.family import Tie
from jingwei.ledger.planned import Payee, payee_key
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.visit import Visit

NEW_FOR = DAY
"""A payee is new for a day after it was kept."""


class Found(NamedTuple):
    """A payee as a page shows it: `name` is what the customer may see, `new` asks for more time."""

    account: str
    match: Match
    name: str
    new: bool
    own: bool
    currency: str = ""


def own_accounts(site: Site, who: str) -> list[Standing]:
    """The customer's own open accounts that can pay and be paid: pots are filled and emptied, no more."""
    found = standings(site.desk.reader, who, "", 200)
    return [one for one in found if one.account.status == "open" and not is_pot(one.account)]


def payees(site: Site, who: str) -> list[Payee]:
    """Everybody the customer keeps, by name."""
    return sorted(every(site.desk.reader, Payee, "customer", who), key=lambda one: one.name)


def account_name(site: Site, visit: Visit, account: Account) -> str:
    """The name of an own account: its product's, or the pot's."""
    return naming.account_name(site.desk.home.products, site.desk.reader, account, visit.lang)


def find(site: Site, visit: Visit, who: str, to: str, written: str) -> Found:
    """Look a payee up: one's own account, one kept, or a stranger whose written name is compared.

    Raises TooManyNames when the customer compared too many lately.
    """
    reader = site.desk.reader
    account = next(iter(reader.load(Account, [to])), None) if 0 < len(to) <= 64 and to.isprintable() else None
    if account is None or account.side == "bank":
        return Found(to, Match.NO_ACCOUNT, "", True, False)
    if account.owner == who:
        name = account_name(site, visit, account)
        return Found(to, Match.SAME, name, False, True, account.currency)
    kept = next(iter(reader.load(Payee, [payee_key(who, to)])), None)
    if kept is not None and (not written or written == kept.name):
        new = site.now() < kept.since + NEW_FOR
        return Found(to, Match.SAME, kept.name, new, False, account.currency)
    if written and not site.checks.allow(who, (to, written), site.now()):
        raise TooManyNames
    holder = next(iter(reader.load(Customer, [account.owner])), None)
    real = holder.name if holder else ""
    match = compare(written, real)
    shown = written if match is Match.SAME else masked(real) if match is Match.CLOSE else ""
    return Found(to, match, shown, True, False, account.currency)


def family(site: Site, who: str) -> set[str]:
    """The customers whom this one looks after, or who look after this one: they know each other by name."""
    reader = site.desk.reader
    ties = [*every(reader, Tie, "keeper", who), *every(reader, Tie, "whose", who)]
    return {name for tie in ties if tie.status == "active" for name in (tie.keeper, tie.whose)} - {who}


class Named:
    """Names of accounts for one page: each is looked up once."""

    def __init__(self, site: Site, visit: Visit, who: str) -> None:
        self._site, self._visit, self._who = site, visit, who
        self._known = {one.account: one.name for one in payees(site, who)}
        self._family = family(site, who)

    def __call__(self, account_id: str) -> str:
        """What to call this account in front of the customer."""
        if account_id not in self._known:
            self._known[account_id] = self._look(account_id)
        return self._known[account_id]

    def _look(self, account_id: str) -> str:
        if account_id.startswith("bank:"):
            return self._visit.say(f"pay.bank.{account_id.split(':')[1]}")
        reader = self._site.desk.reader
        account = next(iter(reader.load(Account, [account_id])), None)
        if account is None:
            return account_id
        if account.owner == self._who:
            return account_name(self._site, self._visit, account)
        holder = next(iter(reader.load(Customer, [account.owner])), None)
        if not holder or not holder.name:
            return account_id
        return holder.name if account.owner in self._family else masked(holder.name)
