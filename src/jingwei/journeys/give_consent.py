"""GiveConsent: a customer lets the bank read data for a purpose that rests on consent."""

from __future__ import annotations

import msgspec

from jingwei.consent.consents import Consent, consent_id
from jingwei.consent.grounds import REGISTER, needs_consent
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Moment
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.kernel.refusal import Refusal

EXACT = 1
"""From this version of the rules on only data that the purpose reads can be named."""


class GiveConsent(Command, frozen=True, kw_only=True, tag="give_consent"):
    """Agree that these kinds of `customer`'s data are read for `purpose`, until `until` (0: taken back).

    No data named means all that the purpose needs; what is agreed to by itself (`Register.apart`) has to be
    named; what the purpose never reads cannot be. What holds already goes on; nobody agrees for another.
    """

    customer: Id
    purpose: Purpose
    data: tuple[DataClass, ...] = ()
    until: Moment = 0


class ConsentGiven(Event, frozen=True, kw_only=True, tag="consent_given"):
    """A customer agreed to a use of data."""

    purpose: str
    data: tuple[str, ...]


class Seen(msgspec.Struct, frozen=True):
    """The consents that stand now, by kind of data."""

    seq: int
    now: dict[str, Consent]
    rules: int = TODAYS


def consents(customer: str, purpose: Purpose, books: Books) -> dict[str, Consent]:
    """What this customer has said so far on this purpose, by kind of data."""
    ids = [consent_id(customer, purpose, data) for data in REGISTER[purpose].all]
    return {found.data: found for some_id in ids if (found := books.get(Consent, some_id)) is not None}


def named(purpose: Purpose, data: tuple[DataClass, ...]) -> tuple[DataClass, ...]:
    """The kinds of data a request is about: those it names that the purpose reads, or all that it needs."""
    entry = REGISTER[purpose]
    return tuple(one for one in entry.all if one in data) if data else entry.data


def not_theirs(actor: str, customer: str, purpose: Purpose) -> Refusal | None:
    """Why this actor cannot give or take back this consent, or None."""
    if actor != f"customer:{customer}":
        return Refusal("not_allowed")
    return None if needs_consent(purpose) else Refusal("consent_not_asked")


def look(ask: GiveConsent, books: Books) -> Seen:
    """Read what the customer said before."""
    return Seen(books.seq, consents(ask.customer, ask.purpose, books), books.rules)


def act(ask: GiveConsent, seen: Seen) -> Outcome:
    """Keep one consent for each kind of data."""
    number = decision_id(seen.seq)
    if refusal := not_theirs(ask.actor, ask.customer, ask.purpose):
        return refused(number, refusal)
    if ask.until and ask.until <= ask.at:
        return refused(number, Refusal("consent_past"))
    foreign = [one.value for one in ask.data if one not in REGISTER[ask.purpose].all]
    if foreign and seen.rules >= EXACT:
        return refused(number, Refusal("consent_not_read", {"data": ", ".join(foreign)}))
    given = []
    for data in named(ask.purpose, ask.data):
        before = seen.now.get(data)
        since = before.given_at if before is not None and before.holds(ask.at) else ask.at
        some_id = consent_id(ask.customer, ask.purpose, data)
        given.append(Consent(some_id, ask.customer, ask.purpose.value, data.value, since, ask.until))
    event = ConsentGiven(purpose=ask.purpose.value, data=tuple(one.data for one in given))
    return Outcome(Answer(number, "done", events=(event,)), kept=tuple(given))


GIVE_CONSENT = Journey(GiveConsent, look, act, roles=("customer",), rules=EXACT)
