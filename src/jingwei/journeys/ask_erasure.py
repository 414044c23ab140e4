"""AskErasure: a customer wants deleted what the bank may delete; every consent ends at once."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.consent.consents import Consent
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Erasure


class AskErasure(Command, frozen=True, kw_only=True, tag="ask_erasure"):
    """Delete of `customer` what law does not make the bank keep: consents end, the wish is recorded."""

    customer: Id


class ErasureAsked(Event, frozen=True, kw_only=True, tag="erasure_asked"):
    """How many consents ended with it."""

    withdrawn: int


class Seen(msgspec.Struct, frozen=True):
    """The customer's consents."""

    seq: int
    consents: tuple[Consent, ...]


def look(ask: AskErasure, books: Books) -> Seen:
    """Read the customer's consents."""
    return Seen(books.seq, tuple(every(books, Consent, "customer", ask.customer)))


def act(ask: AskErasure, seen: Seen) -> Outcome:
    """End every consent and record the wish."""
    number = decision_id(seen.seq)
    if ask.actor != f"customer:{ask.customer}":
        return refused(number, Refusal("not_allowed"))
    ended = tuple(replace(one, withdrawn_at=ask.at) for one in seen.consents if not one.withdrawn_at)
    wish = Erasure(number, ask.customer, ask.at, len(ended))
    event = ErasureAsked(withdrawn=len(ended))
    return Outcome(Answer(number, "done", made=number, events=(event,)), kept=(*ended, wish))


ASK_ERASURE = Journey(AskErasure, look, act, roles=("customer",))
