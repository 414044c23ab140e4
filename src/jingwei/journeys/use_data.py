"""UseData: staff or a program say whose data they are about to read and why; it is checked and counted."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.consent.consents import Consent, ConsentMissing, lacking
from jingwei.consent.grounds import REGISTER
from jingwei.consent.uses import DataUse, today, used
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import DataClass, Purpose

MOST = 500
"""Most customers one command names."""

People = Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class UseData(Command, frozen=True, kw_only=True, tag="use_data"):
    """Read data of these customers for `purpose`. No data named means all that the purpose reads.

    Each customer's consent is asked apart: the event names those who may be read now. The command is
    done before the data is shown, so that no use goes uncounted.
    """

    customers: People
    purpose: Purpose
    data: tuple[DataClass, ...] = ()
    why: Text = ""


class DataUsed(Event, frozen=True, kw_only=True, tag="data_used"):
    """These customers' data may be read by the command's actor; `withheld` others do not agree."""

    customers: tuple[str, ...]
    withheld: int


class Seen(msgspec.Struct, frozen=True):
    """Who may be read, with the counts of today so far; and the first kind of data somebody withholds."""

    seq: int
    data: tuple[DataClass, ...]
    counts: dict[str, DataUse | None]
    missing: DataClass | None


def look(ask: UseData, books: Books) -> Seen:
    """Ask each customer's consents, and read today's counts of those who agree."""
    data = ask.data or REGISTER[ask.purpose].data
    counts: dict[str, DataUse | None] = {}
    first: DataClass | None = None
    for customer in dict.fromkeys(ask.customers):
        missing = lacking(customer, ask.purpose, data, ask.at, lambda some_id: books.get(Consent, some_id))
        if missing is None:
            counts[customer] = books.get(DataUse, today(customer, ask.purpose, ask.actor, ask.at))
        first = first or missing
    return Seen(books.seq, data, counts, first)


def act(ask: UseData, seen: Seen) -> Outcome:
    """Count the use of everybody who may be read; refuse when that is nobody."""
    number = decision_id(seen.seq)
    if not seen.counts:
        assert seen.missing is not None, "somebody is named, so somebody withholds"
        return refused(number, ConsentMissing(ask.purpose, seen.missing).refusal)
    counted = tuple(
        used(before, today(customer, ask.purpose, ask.actor, ask.at), seen.data, ask.at, ask.why)
        for customer, before in seen.counts.items()
    )
    withheld = len(set(ask.customers)) - len(counted)
    event = DataUsed(customers=tuple(seen.counts), withheld=withheld)
    return Outcome(Answer(number, "done", events=(event,)), kept=counted)


USE_DATA = Journey(UseData, look, act, roles=("staff", "system"))
