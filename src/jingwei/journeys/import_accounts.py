"""ImportAccounts: the accounts of an older bank's books are opened here, empty; their entries follow."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.journeys.import_customers import MOST
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Moment, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Account, Balance, Standing
from jingwei.ledger.products import Product
from jingwei.ledger.work import Customer


class HistoricAccount(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account as the older books know it; `terms` keeps what they say beside (district, statements)."""

    id: Id
    owner: Id
    opened_at: Moment
    terms: Text = ""


class ImportAccounts(Command, frozen=True, kw_only=True, tag="import_accounts"):
    """Take over these accounts from `source` under one of our products ("code@version"), all or none."""

    source: Id
    product: Id
    items: Annotated[tuple[HistoricAccount, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class AccountsImported(Event, frozen=True, kw_only=True, tag="accounts_imported"):
    """Accounts of an older bank were opened here; `known` of them were here already, the same."""

    new: int
    known: int


class Seen(msgspec.Struct, frozen=True):
    """The product, which accounts are here already, and the owners."""

    seq: int
    product: Product | None
    here: tuple[Standing | None, ...]
    owners: tuple[Customer | None, ...]


def look(ask: ImportAccounts, books: Books) -> Seen:
    """Read the product, the owners, and which of the accounts are here already."""
    here = tuple(books.standing(one.id) for one in ask.items)
    owners = tuple(books.get(Customer, one.owner) for one in ask.items)
    return Seen(books.seq, books.products.find(ask.product), here, owners)


def opened(one: HistoricAccount, product: Product) -> Account:
    """Return the account as the import opens it: the product's terms, but no overdraft line of its own.

    What the history overdrew is arranged entry by entry, so nobody gets a line they never had.
    """
    return replace(product.account(one.id, one.owner, one.opened_at), overdraft_minor=0)


def same(here: Account, brought: Account) -> bool:
    """Whether an account that is here is the one brought; limits and lines may have changed since."""
    return (here.owner, here.currency, here.opened_at) == (brought.owner, brought.currency, brought.opened_at)


def act(ask: ImportAccounts, seen: Seen) -> Outcome:
    """Open the new accounts; refuse the whole command when one is here with another owner or start."""
    number = decision_id(seen.seq)
    if seen.product is None:
        return refused(number, Refusal("product_not_found", {"product": ask.product}))
    new: dict[str, Standing] = {}
    for one, here, owner in zip(ask.items, seen.here, seen.owners, strict=True):
        if owner is None:
            return refused(number, Refusal("customer_not_found"))
        account = opened(one, seen.product)
        known = new.get(one.id, here)
        if known is None:
            new[one.id] = Standing(account, Balance(account.id))
        elif not same(known.account, account):
            return refused(number, Refusal("imported_differently", {"what": one.id}))
    event = AccountsImported(new=len(new), known=len(ask.items) - len(new))
    return Outcome(Answer(number, "done", events=(event,)), standings=tuple(new.values()))


IMPORT_ACCOUNTS = Journey(ImportAccounts, look, act, roles=("staff", "system"))
