"""OpenPot: an owner sets money aside in a pot, an account of its own beside the account."""

from __future__ import annotations

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import AmountOrZero, Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import account_id, decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Balance, Standing
from jingwei.ledger.pots import POT_PRODUCT, Pot
from jingwei.ledger.product import Product

MOST = 50
"""Most open pots of one account."""


class OpenPot(Command, frozen=True, kw_only=True, tag="open_pot"):
    """A pot called `name` beside `account`, towards `goal_minor` (0: no goal)."""

    account: Id
    name: Text
    goal_minor: AmountOrZero = 0


class PotOpened(Event, frozen=True, kw_only=True, tag="pot_opened"):
    """An account has one more pot."""

    pot: str


class Seen(msgspec.Struct, frozen=True):
    """The account, how many open pots it has, and the pot product of its currency."""

    seq: int
    standing: Standing | None
    pots: int
    product: Product | None


def look(ask: OpenPot, books: Books) -> Seen:
    """Read the account and its pots."""
    standing = books.own(ask.account)
    if standing is None:
        return Seen(books.seq, None, 0, None)
    pots = every(books, Pot, "account", ask.account)
    product = books.products.latest(f"{POT_PRODUCT}_{standing.account.currency.lower()}")
    return Seen(books.seq, standing, sum(pot.status == "open" for pot in pots), product)


def act(ask: OpenPot, seen: Seen) -> Outcome:
    """Open the pot's account."""
    number, standing, product = decision_id(seen.seq), seen.standing, seen.product
    if standing is None or standing.account.product.startswith(POT_PRODUCT):
        return refused(number, ACCOUNT_NOT_FOUND)
    if standing.account.status != "open":
        return refused(number, Refusal("account_closed"))
    if product is None:
        return refused(number, Refusal("no_pot_in_currency", {"currency": standing.account.currency}))
    if seen.pots >= MOST:
        return refused(number, Refusal("too_many_pots", {"most": str(MOST)}))
    new, owner = account_id(seen.seq), standing.account.owner
    pot = Pot(new, owner, ask.account, ask.name.strip()[:40], ask.goal_minor, made_at=ask.at)
    opened = Standing(product.account(new, owner, ask.at), Balance(new))
    event = PotOpened(pot=new)
    return Outcome(Answer(number, "done", made=new, events=(event,)), (), (opened,), (pot,))


OPEN_POT = Journey(OpenPot, look, act, roles=("customer", "staff", "system"), accounts=("account",))
