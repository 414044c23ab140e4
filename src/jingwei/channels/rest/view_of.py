"""The view of one customer, read for a purpose: what the purpose may not see is not read."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final, NamedTuple

from jingwei.channels.problems import Problem
from jingwei.channels.rest.purposed import reading
from jingwei.consent.consents import Consent
from jingwei.consent.grounds import REGISTER
from jingwei.domains.insight.view import CONTACTS, Assembled, LeftOut, assemble, kinds_of, left_out
from jingwei.journeys.shape import every
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Account, Balance, Standing
from jingwei.ledger.cards import Card
from jingwei.ledger.work import Case, Customer
from jingwei.stores.bound import BoundReader, reader_for

if TYPE_CHECKING:
    from jingwei.channels.rest.desk import Desk
    from jingwei.stores.insight import Insight
    from jingwei.stores.insight_people import Stands
    from jingwei.stores.store import Reader

SEES: Final[dict[str, tuple[Purpose, ...]]] = {
    "teller": (Purpose.SERVICE,),
    "customer_manager": (Purpose.SERVICE, Purpose.MARKETING, Purpose.CREDIT),
    "risk_reviewer": (Purpose.RISK,),
    "compliance": (Purpose.RISK, Purpose.SERVICE),
    "system": tuple(Purpose),
}
"""For which purposes a role may look at a customer."""

NEWEST: Final = 40
TALKS: Final = 10
EVERYTHING: Final = frozenset(DataClass)


class Whole(NamedTuple):
    """Everything the view holds. `customer` is None when identity may not be seen for the purpose."""

    purpose: Purpose
    allowed: frozenset[DataClass]
    customer: Customer | None
    standings: list[Standing]
    cards: list[Card]
    consents: list[Consent]
    cases: list[Case]
    profiles: list[Stands]
    told: Assembled
    left_out: tuple[LeftOut, ...]


async def viewed(desk: Desk, actor: str, customer: str, purpose: Purpose, why: str = "") -> Whole:
    """The view for a member of staff or a program; the use is sealed and counted before anything is read.

    Raises Problem `consent_missing` when the customer agrees to nothing the purpose reads.
    """
    at = desk.home.clock.now()
    allowed = permitted_data(desk.reader, customer, purpose, at)
    if allowed:
        await reading(desk, actor, purpose, [customer], data=tuple(sorted(allowed)), why=why)
    else:
        raise Problem("consent_missing")
    return whole(desk.reader, desk.home.insight, customer, purpose, allowed, at)


def permitted_data(reader: Reader, customer: str, purpose: Purpose, at: int) -> frozenset[DataClass]:
    """What kinds of the customer's data the purpose may read now."""
    bound = reader_for(purpose, reader, at)
    return frozenset(data for data in REGISTER[purpose].all if bound.may(customer, data))


def whole(
    reader: Reader,
    shelf: Insight,
    customer: str,
    purpose: Purpose,
    allowed: frozenset[DataClass],
    at: int,
) -> Whole:
    """Read and put together what is allowed; nothing else is touched."""
    bound = reader_for(purpose, reader, at)
    books = _books(bound, customer, allowed)
    kinds = kinds_of(allowed)
    months = [row for row in shelf.months(customer) if row[2] in kinds]
    timeline = shelf.timeline(customer, kinds, limit=NEWEST)
    talks = tuple(kind for kind in CONTACTS if kind in kinds)
    contacts = shelf.timeline(customer, talks, limit=TALKS) if talks else []
    identity = DataClass.IDENTITY in allowed
    return Whole(
        purpose,
        allowed,
        *books,
        shelf.people.profiles_of(customer) if identity else [],
        assemble(months, timeline, contacts),
        left_out(REGISTER[purpose].data, allowed),
    )


def _books(
    bound: BoundReader, customer: str, allowed: Collection[DataClass]
) -> tuple[Customer | None, list[Standing], list[Card], list[Consent], list[Case]]:
    """What the bank's own books hold, as far as it may be read."""
    person: list[Customer] = []
    standings: list[Standing] = []
    cards: list[Card] = []
    cases: list[Case] = []
    if DataClass.IDENTITY in allowed:
        person = bound.load(Customer, [customer])
    if DataClass.TRANSACTIONS in allowed:
        accounts = every(bound, Account, "owner", customer)
        balances = {one.id: one for one in bound.load(Balance, [one.id for one in accounts])}
        standings = [Standing(one, balances[one.id]) for one in accounts if one.id in balances]
        cards = every(bound, Card, "customer", customer)
    if DataClass.LABELS in allowed:
        cases = every(bound, Case, "customer", customer)
    consents = every(bound, Consent, "customer", customer)
    return (person[0] if person else None), standings, cards, consents, cases


def purposes_for(roles: Collection[str]) -> tuple[Purpose, ...]:
    """For which purposes somebody with these roles may look at a customer."""
    found = {purpose for role in roles for purpose in SEES.get(role, ())}
    return tuple(purpose for purpose in Purpose if purpose in found)
