"""ChangeCard: a card's limits, its name, the pot that gets what is rounded up; or its end."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.journeys.freeze_card import own_card
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, OptionalId, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.cards import NOT_FOUND, Card
from jingwei.ledger.pots import Pot

Limit = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT_MINOR)]


class ChangeCard(Command, frozen=True, kw_only=True, tag="change_card"):
    """Give `card` this name, these limits (minor units, null: none) and this pot; `close` ends it."""

    card: Id
    label: Text = ""
    payment_minor: Limit | None = None
    day_minor: Limit | None = None
    round_up: OptionalId = ""
    close: bool = False


class CardChanged(Event, frozen=True, kw_only=True, tag="card_changed"):
    """A card has other terms now."""

    card: str


class Seen(msgspec.Struct, frozen=True):
    """The card, and the pot it is to round up into."""

    seq: int
    card: Card | None
    pot: Pot | None


def look(ask: ChangeCard, books: Books) -> Seen:
    """Read the card and the pot."""
    return Seen(books.seq, own_card(ask.card, books), books.get(Pot, ask.round_up))


def act(ask: ChangeCard, seen: Seen) -> Outcome:
    """Change the terms, all or none."""
    number, card = decision_id(seen.seq), seen.card
    if card is None:
        return refused(number, NOT_FOUND)
    if card.status != "active":
        return refused(number, Refusal("card_closed"))
    if ask.round_up and not fits(card, seen.pot):
        return refused(number, Refusal("pot_not_found"))
    if ask.payment_minor is not None and ask.day_minor is not None and ask.day_minor < ask.payment_minor:
        return refused(number, Refusal("limits_out_of_order"))
    changed = replace(
        card, label=ask.label.strip()[:40] or card.label, limit_payment_minor=ask.payment_minor,
        limit_day_minor=ask.day_minor, round_up=ask.round_up, status="closed" if ask.close else card.status,
    )  # fmt: skip
    event = CardChanged(card=card.id)
    return Outcome(Answer(number, "done", events=(event,)), kept=(changed,))


def fits(card: Card, pot: Pot | None) -> bool:
    """Whether the card can round up into this pot: an open one of the same account."""
    return pot is not None and pot.account == card.account and pot.status == "open"


CHANGE_CARD = Journey(ChangeCard, look, act, roles=("customer", "staff", "system"))
