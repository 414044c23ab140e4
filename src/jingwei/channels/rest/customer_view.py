"""GET /v1/customers/{customer}/view: one customer over all systems, for a purpose."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from jingwei.channels.identity import Caller
from jingwei.channels.masks import masked_date, masked_name
from jingwei.channels.problems import Problem, not_stored
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.told import AccountTold, account_told
from jingwei.channels.rest.view_of import EVERYTHING, Whole, purposes_for, viewed, whole
from jingwei.channels.rest.views import answer
from jingwei.domains.insight.happenings import Told
from jingwei.domains.insight.view import CashMonth, Habit, LeftOut, ProductUse, SourceSeen
from jingwei.kernel.clock import iso
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.work import Customer
from jingwei.stores.store import StoreError

For = Annotated[
    str, Query(pattern=r"^(service|risk|credit|marketing|research)?$", description="What it is looked at for")
]
Why = Annotated[str, Query(max_length=200, description="Why, in words; it is sealed")]


class HappeningTold(msgspec.Struct, frozen=True):
    """One thing that happened. Amounts are whole minor units, below zero when money went out."""

    source: str
    kind: str
    category: str
    at: str
    amount_minor: int
    currency: str
    other: str
    text: str


class PersonTold(msgspec.Struct, frozen=True):
    """Who the customer is; masked for staff."""

    id: str
    name: str
    kind: str
    born: str
    since: str


class ConsentSeen(msgspec.Struct, frozen=True):
    """What the customer agrees to."""

    purpose: str
    data: str
    holds: bool


class CaseSeen(msgspec.Struct, frozen=True):
    """A case about the customer."""

    id: str
    status: str
    code: str
    opened_at: str


class ViewTold(msgspec.Struct, frozen=True):
    """One customer over all systems. `left_out` says which parts the purpose may not see, and why."""

    customer: str
    purpose: str
    who: PersonTold | None
    accounts: list[AccountTold]
    cards: int
    products: tuple[ProductUse, ...]
    cashflow: tuple[CashMonth, ...]
    timeline: list[HappeningTold]
    contacts: list[HappeningTold]
    devices: tuple[Habit, ...]
    behaviour: tuple[Habit, ...]
    consents: list[ConsentSeen]
    cases: list[CaseSeen]
    sources: tuple[SourceSeen, ...]
    left_out: tuple[LeftOut, ...]


def add_customer_view(router: APIRouter, desk: Desk) -> None:
    """Add the view of a customer."""

    @router.get("/customers/{customer}/view", **tells(ViewTold, "A customer over all systems", "customers"))
    async def view(customer: str, request: Request, purpose: For = "", why: Why = "") -> Response:
        """Who, accounts, products, cash flow, timeline, devices, consents and cases: what is allowed."""
        caller = desk.caller(request)
        _exists(desk, customer, caller)
        at = desk.home.clock.now()
        if not caller.inside:
            seen = whole(desk.reader, desk.home.insight, customer, Purpose.SERVICE, EVERYTHING, at)
            return answer(view_told(seen, customer, at, clear=True))
        may = purposes_for(caller.roles or (caller.role,))
        asked = Purpose(purpose) if purpose else next(iter(may), None)
        if asked is None or asked not in may:
            raise Problem("not_allowed")
        try:
            seen = await viewed(desk, caller.actor, customer, asked, why)
        except StoreError as error:
            raise not_stored(error) from None
        return answer(view_told(seen, customer, at, clear=False))


def _exists(desk: Desk, customer: str, caller: Caller) -> None:
    """Raise Problem unless there is this customer and the caller may ask about them."""
    named = len(customer) <= 64 and customer.isprintable()
    found = desk.reader.load(Customer, [customer]) if named else []
    if not found or not (caller.inside or caller.id == customer):
        raise Problem("customer_not_found")


def view_told(seen: Whole, customer: str, at: int, *, clear: bool) -> ViewTold:
    """The view as it is told; names and dates of birth masked unless `clear`."""
    person = seen.customer
    return ViewTold(
        customer,
        seen.purpose.value,
        None if person is None else _person(person, clear),
        [account_told(one) for one in seen.standings],
        len(seen.cards),
        seen.told.products,
        seen.told.cashflow,
        [_happening(one) for one in seen.told.timeline],
        [_happening(one) for one in seen.told.contacts],
        seen.told.devices,
        seen.told.behaviour,
        [ConsentSeen(one.purpose, one.data, one.holds(at)) for one in seen.consents],
        [CaseSeen(one.id, one.status, one.code, iso(one.opened_at)) for one in seen.cases],
        seen.told.sources,
        seen.left_out,
    )


def _person(one: Customer, clear: bool) -> PersonTold:
    name = one.name if clear else masked_name(one.name)
    born = one.born if clear else masked_date(one.born)
    return PersonTold(one.id, name, one.kind, born, iso(one.since) if one.since else "")


def _happening(one: Told) -> HappeningTold:
    return HappeningTold(
        one.source, one.kind, one.category, iso(one.at), one.amount_minor, one.currency, one.other, one.text
    )
