"""IssueCard: an account gets one more card, for good or for one payment."""

from __future__ import annotations

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.cards import Card, card_id, last4

MOST = 50
"""Most cards of one account that are not closed or used."""


class IssueCard(Command, frozen=True, kw_only=True, tag="issue_card"):
    """A new card on `account`, called `label`; a `one_time` card is good for one payment."""

    account: Id
    label: Text = ""
    one_time: bool = False


class CardIssued(Event, frozen=True, kw_only=True, tag="card_issued"):
    """An account has one more card."""

    card: str


class Seen(msgspec.Struct, frozen=True):
    """The account and how many cards of it can pay."""

    seq: int
    standing: Standing | None
    cards: int


def look(ask: IssueCard, books: Books) -> Seen:
    """Read the account and its cards."""
    standing = books.own(ask.account)
    cards = every(books, Card, "account", ask.account) if standing else []
    return Seen(books.seq, standing, sum(card.status == "active" for card in cards))


def act(ask: IssueCard, seen: Seen) -> Outcome:
    """Keep the new card."""
    number, standing = decision_id(seen.seq), seen.standing
    if standing is None:
        return refused(number, ACCOUNT_NOT_FOUND)
    if standing.account.status != "open":
        return refused(number, Refusal("account_closed"))
    if seen.cards >= MOST:
        return refused(number, Refusal("too_many_cards", {"most": str(MOST)}))
    account = standing.account
    card = Card(
        card_id(seen.seq), account.owner, account.id, last4(seen.seq), ask.label.strip()[:40],
        one_time=int(ask.one_time), made_at=ask.at,
    )  # fmt: skip
    event = CardIssued(card=card.id)
    return Outcome(Answer(number, "done", made=card.id, events=(event,)), kept=(card,))


ISSUE_CARD = Journey(IssueCard, look, act, roles=("customer", "staff", "system"), accounts=("account",))
