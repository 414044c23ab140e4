"""FreezeCard: a card stops paying at once, or pays again."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.cards import NOT_FOUND, Card


class FreezeCard(Command, frozen=True, kw_only=True, tag="freeze_card"):
    """Freeze `card`, or with `on` False let it pay again. Freezing twice changes nothing more."""

    card: Id
    on: bool = True


class CardFreezeChanged(Event, frozen=True, kw_only=True, tag="card_freeze_changed"):
    """A card is frozen now, or not."""

    card: str
    frozen: bool


class Seen(msgspec.Struct, frozen=True):
    """The card, if the actor may dispose of its account."""

    seq: int
    card: Card | None


def own_card(card: str, books: Books) -> Card | None:
    """The card when the actor may dispose of its account; missing and foreign look alike."""
    found = books.get(Card, card)
    return found if found is not None and books.own(found.account) is not None else None


def look(ask: FreezeCard, books: Books) -> Seen:
    """Read the card."""
    return Seen(books.seq, own_card(ask.card, books))


def act(ask: FreezeCard, seen: Seen) -> Outcome:
    """Freeze the card or let it pay again."""
    number = decision_id(seen.seq)
    if seen.card is None:
        return refused(number, NOT_FOUND)
    if seen.card.status != "active":
        return refused(number, Refusal("card_closed"))
    event = CardFreezeChanged(card=ask.card, frozen=ask.on)
    return Outcome(Answer(number, "done", events=(event,)), kept=(replace(seen.card, frozen=int(ask.on)),))


FREEZE_CARD = Journey(FreezeCard, look, act, roles=("customer", "staff", "system"))
