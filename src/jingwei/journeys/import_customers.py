"""ImportCustomers: the people in an older bank's books become customers; who is here already stays as is."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Moment
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.family import may_be_born
from jingwei.ledger.work import Customer

MOST = 1_000
"""How many customers, accounts, facts or entries one import command may bring."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
IsoDay = Annotated[str, msgspec.Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]


class HistoricCustomer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A customer as the older books know them; `born` is an ISO date or ""."""

    id: Id
    name: Name
    born: IsoDay = ""
    since: Moment = 0


class ImportCustomers(Command, frozen=True, kw_only=True, tag="import_customers"):
    """Take over these customers from `source`, all or none."""

    source: Id
    customers: Annotated[tuple[HistoricCustomer, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class CustomersImported(Event, frozen=True, kw_only=True, tag="customers_imported"):
    """Customers of an older bank were taken over; `known` of them were here already, the same."""

    new: int
    known: int


class Seen(msgspec.Struct, frozen=True):
    """Those of the customers that are here already."""

    seq: int
    here: tuple[Customer | None, ...]


declare(
    {
        "imported_differently": Words(
            "{what} is here already, but not as these books have it.", "{what}已存在，但与导入的账册不一致。"
        )
    }
)


def look(ask: ImportCustomers, books: Books) -> Seen:
    """Read which of the customers are here already."""
    return Seen(books.seq, tuple(books.get(Customer, one.id) for one in ask.customers))


def act(ask: ImportCustomers, seen: Seen) -> Outcome:
    """Keep the new customers; refuse the whole command when one is here with other facts."""
    new: dict[str, Customer] = {}
    for one, here in zip(ask.customers, seen.here, strict=True):
        brought = Customer(one.id, one.name, born=one.born, since=one.since)
        if new.get(one.id, here or brought) != brought:
            return refused(decision_id(seen.seq), Refusal("imported_differently", {"what": one.id}))
        if here is None and one.born and not may_be_born(one.born, ask.at):
            return refused(decision_id(seen.seq), Refusal("born_not_possible", {"born": one.born}))
        if here is None:
            new[one.id] = brought
    event = CustomersImported(new=len(new), known=len(ask.customers) - len(new))
    return Outcome(Answer(decision_id(seen.seq), "done", events=(event,)), kept=tuple(new.values()))


IMPORT_CUSTOMERS = Journey(ImportCustomers, look, act, roles=("staff", "system"))
