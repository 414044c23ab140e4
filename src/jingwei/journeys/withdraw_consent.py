"""WithdrawConsent: a customer takes back a consent; from the next command on nothing is read under it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.consent.consents import Consent
from jingwei.consent.grounds import REGISTER
from jingwei.journeys.give_consent import consents, named, not_theirs
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import DataClass, Purpose


class WithdrawConsent(Command, frozen=True, kw_only=True, tag="withdraw_consent"):
    """Take back that these kinds of `customer`'s data (none named: all) are read for `purpose`.

    What was not given is as good as taken back: asking again changes nothing.
    """

    customer: Id
    purpose: Purpose
    data: tuple[DataClass, ...] = ()


class ConsentWithdrawn(Event, frozen=True, kw_only=True, tag="consent_withdrawn"):
    """A customer took back a consent."""

    purpose: str
    data: tuple[str, ...]


class Seen(msgspec.Struct, frozen=True):
    """The consents that stand now, by kind of data."""

    seq: int
    now: dict[str, Consent]


def look(ask: WithdrawConsent, books: Books) -> Seen:
    """Read what the customer said before."""
    return Seen(books.seq, consents(ask.customer, ask.purpose, books))


def act(ask: WithdrawConsent, seen: Seen) -> Outcome:
    """End every consent named that is not ended yet."""
    number = decision_id(seen.seq)
    if refusal := not_theirs(ask.actor, ask.customer, ask.purpose):
        return refused(number, refusal)
    meant = named(ask.purpose, ask.data) if ask.data else REGISTER[ask.purpose].all
    found = (seen.now.get(data) for data in meant)
    ended = tuple(
        replace(one, withdrawn_at=ask.at) for one in found if one is not None and not one.withdrawn_at
    )
    event = ConsentWithdrawn(purpose=ask.purpose.value, data=tuple(one.data for one in ended))
    return Outcome(Answer(number, "done", events=(event,)), kept=ended)


WITHDRAW_CONSENT = Journey(WithdrawConsent, look, act, roles=("customer",))
