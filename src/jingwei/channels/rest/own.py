"""The routes that show what is a customer's own: consents with their uses, cards, pots."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.identity import Caller
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.views import Owner, answer
from jingwei.consent.consents import Consent, consent_id
from jingwei.consent.grounds import REGISTER
from jingwei.consent.uses import DataUse
from jingwei.journeys.shape import every
from jingwei.kernel.clock import iso
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.cards import Card
from jingwei.ledger.pots import Pot
from jingwei.stores.store import Reader

MOST = 1000


class UseTold(msgspec.Struct, frozen=True):
    """How often one reader read data for a purpose on one bank day."""

    reader: str
    data: tuple[str, ...]
    times: int
    first_at: str
    last_at: str
    why: str


class PurposeTold(msgspec.Struct, frozen=True):
    """A purpose: what it rests on, what it reads, whether it may now, since when, and its last uses."""

    purpose: str
    ground: str
    data: tuple[str, ...]
    zh: str
    en: str
    allowed: bool
    since: str
    until: str
    uses: tuple[UseTold, ...]


class CardTold(msgspec.Struct, frozen=True):
    """A card with its limits; a limit of null is the account's alone."""

    id: str
    account: str
    last4: str
    label: str
    status: str
    frozen: bool
    one_time: bool
    round_up: str
    payment_minor: int | None
    day_minor: int | None


class PotTold(msgspec.Struct, frozen=True):
    """A pot, what is in it, and its goal."""

    id: str
    account: str
    name: str
    status: str
    currency: str
    booked: str
    booked_minor: int
    goal: str
    goal_minor: int


def add_own(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show a customer's own; staff name the customer."""

    @router.get("/consents", **tells(list[PurposeTold], "Purposes and consents", "consents"))
    async def consents(request: Request, owner: Owner = "") -> Response:
        """Every purpose with its ground, its data, whether the customer agrees, and its last uses."""
        return answer(purposes_told(desk.reader, whose(desk.caller(request), owner), desk.home.clock.now()))

    @router.get("/cards", **tells(list[CardTold], "Cards", "cards"))
    async def cards(request: Request, owner: Owner = "") -> Response:
        """One's own cards; staff name the customer."""
        found = desk.reader.find(Card, "customer", whose(desk.caller(request), owner), limit=MOST)
        return answer([card_told(card) for card in found])

    @router.get("/pots", **tells(list[PotTold], "Pots", "pots"))
    async def pots(request: Request, owner: Owner = "") -> Response:
        """One's own pots with what is in them; staff name the customer."""
        found = desk.reader.find(Pot, "customer", whose(desk.caller(request), owner), limit=MOST)
        return answer([pot_told(desk.reader, pot) for pot in found])


def whose(caller: Caller, owner: str) -> str:
    """The customer a request is about: the caller, or whom staff name."""
    return owner if caller.inside and owner else caller.id


def purposes_told(reader: Reader, customer: str, at: int) -> list[PurposeTold]:
    """The register as it stands for one customer."""
    uses = every(reader, DataUse, "customer", customer)
    told = []
    for purpose, entry in REGISTER.items():
        kept = reader.load(Consent, [consent_id(customer, purpose, data) for data in entry.all])
        held = [one for one in kept if one.holds(at)]
        needed = [one for one in held if one.data in entry.data]
        on_consent = entry.ground.value == "consent"
        told.append(
            PurposeTold(
                purpose.value,
                entry.ground.value,
                tuple(one.data for one in held) if on_consent else tuple(data.value for data in entry.data),
                entry.name.zh,
                entry.name.en,
                not on_consent or len(needed) == len(entry.data),
                iso(min(one.given_at for one in held)) if held else "",
                iso(min(one.until for one in held if one.until)) if any(one.until for one in held) else "",
                tuple(use_told(use) for use in reversed(uses) if use.purpose == purpose.value)[:20],
            )
        )
    return told


def use_told(use: DataUse) -> UseTold:
    """A count of uses."""
    data = tuple(use.data.split(","))
    return UseTold(use.reader, data, use.times, iso(use.first_at), iso(use.last_at), use.why)


def card_told(card: Card) -> CardTold:
    """A card."""
    return CardTold(
        card.id,
        card.account,
        card.last4,
        card.label,
        card.status,
        bool(card.frozen),
        bool(card.one_time),
        card.round_up,
        card.limit_payment_minor,
        card.limit_day_minor,
    )


def pot_told(reader: Reader, pot: Pot) -> PotTold:
    """A pot with the money in it."""
    account, balance = reader.load(Account, [pot.id])[0], reader.load(Balance, [pot.id])[0]
    code, booked = account.currency, balance.booked_minor
    return PotTold(
        pot.id,
        pot.account,
        pot.name,
        pot.status,
        code,
        format_minor(booked, code),
        booked,
        format_minor(pot.goal_minor, code),
        pot.goal_minor,
    )
