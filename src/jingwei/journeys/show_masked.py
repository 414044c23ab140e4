"""ShowMasked: a member of staff asks to read what identifies a customer; who, what for and when is sealed."""

from __future__ import annotations

from typing import Literal

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.clock import MINUTE
from jingwei.kernel.command import Command, Id, OptionalId, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Customer

SHOWN_FOR = 10 * MINUTE
"""How long the fields may be read after they were asked for."""

LookPurpose = Literal["case_review", "customer_request", "complaint", "legal_request"]


class ShowMasked(Command, frozen=True, kw_only=True, tag="show_masked"):
    """Show the identity of `customer` to the asker, for this purpose; `case` names the work it is for."""

    customer: Id
    purpose: LookPurpose
    case: OptionalId = ""
    reason: Text = ""


class IdentityShown(Event, frozen=True, kw_only=True, tag="identity_shown"):
    """A member of staff was shown what identifies a customer, until this moment."""

    customer: str
    purpose: str
    until: int


class Seen(msgspec.Struct, frozen=True):
    """The customer, if there is one."""

    seq: int
    customer: Customer | None


def look(ask: ShowMasked, books: Books) -> Seen:
    """Read the customer."""
    return Seen(books.seq, books.get(Customer, ask.customer))


def act(ask: ShowMasked, seen: Seen) -> Outcome:
    """Allow the look for a few minutes; it is the record of it that opens the fields."""
    number = decision_id(seen.seq)
    if seen.customer is None:
        return refused(number, Refusal("customer_not_found"))
    event = IdentityShown(customer=ask.customer, purpose=ask.purpose, until=ask.at + SHOWN_FOR)
    return Outcome(Answer(number, "done", events=(event,)))


SHOW_MASKED = Journey(ShowMasked, look, act, roles=("staff",))
"""Somebody reads what identifies a customer."""
