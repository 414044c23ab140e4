"""Whether offers do anything: read from the books, of customers who agree to offers at this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jingwei.domains.offers.catalogue import Catalogue
from jingwei.domains.offers.outcomes import Came, came_of, firsts
from jingwei.domains.offers.showing import Offering
from jingwei.journeys.offer_rules import catalogue
from jingwei.journeys.table import unseal
from jingwei.kernel.ids import seq_of
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import Account
from jingwei.ledger.appeals import CALL_BACK
from jingwei.ledger.planned import Schedule
from jingwei.ledger.pots import Pot
from jingwei.ledger.work import Case
from jingwei.stores.bound import agreeing
from jingwei.stores.store import K, Reader

if TYPE_CHECKING:
    from jingwei.channels.rest.desk import Desk

PAGE = 1_000


def offers_came(reader: Reader, rules: Catalogue, now: int) -> Came:
    """What came of all offers made, shown or withheld, to customers who agree to offers now.

    A reader of its own lets it run beside other work. Raises StoreError.
    """
    first = firsts(_all(reader, Offering))
    agreed = agreeing(Purpose.MARKETING, sorted(first), reader, now)

    def did(customer: str, what: str, start: int, until: int) -> bool:
        return any(start <= at < until for at in moments_of(reader, customer, what))

    with reader.frozen():
        return came_of([first[one] for one in agreed], rules, did, now)


async def counted(desk: Desk) -> Came:
    """What came of the offers, counted on a thread with a reader of its own."""

    def count() -> Came:
        reader = desk.home.store.reader()
        try:
            return offers_came(reader, catalogue(), desk.home.clock.now())
        finally:
            reader.close()

    return await asyncio.to_thread(count)


def moments_of(reader: Reader, customer: str, what: str) -> Iterable[int]:
    """When the customer did what counts."""
    if what == "pot":
        return [one.made_at for one in _of(reader, Pot, customer)]
    if what == "call":
        return [one.opened_at for one in _of(reader, Case, customer) if one.code == CALL_BACK]
    if what == "schedule":
        return [_made_at(reader, one.id) for one in _of(reader, Schedule, customer)]
    accounts = _of(reader, Account, customer, "owner")
    if what == "savings_account":
        return [one.opened_at for one in accounts if one.product.startswith("savings")]
    return _new_currencies(accounts)


def _new_currencies(accounts: Iterable[Account]) -> list[int]:
    """When each account was opened whose currency the customer had not had before; the first is not new."""
    known: set[str] = set()
    moments = []
    for one in sorted(accounts, key=lambda one: (one.opened_at, one.id)):
        if known and one.currency not in known:
            moments.append(one.opened_at)
        known.add(one.currency)
    return moments


def _made_at(reader: Reader, some_id: str) -> int:
    """When the record was made that this id comes from; never, when there is none."""
    seq = seq_of(some_id)
    leaf = None if seq is None else reader.record(seq)
    at: int = -1 if leaf is None else unseal(leaf).command.at
    return at


def _of(reader: Reader, kind: type[K], customer: str, column: str = "customer") -> Iterator[K]:
    after = ""
    while page := reader.find(kind, column, customer, after=after, limit=PAGE):
        yield from page
        after = page[-1].id


def _all(reader: Reader, kind: type[K]) -> Iterator[K]:
    after = ""
    while page := reader.page(kind, after=after, limit=PAGE):
        yield from page
        after = page[-1].id
