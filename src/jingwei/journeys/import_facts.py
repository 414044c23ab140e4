"""ImportFacts: what an older bank's books tell beside accounts and entries is sealed as they have it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.import_customers import MOST, IsoDay
from jingwei.journeys.shape import Answer, Books, Journey, Outcome
from jingwei.kernel.command import Amount, Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id


class HistoricDistrict(msgspec.Struct, frozen=True, tag="district"):
    """A district with its figures by the column names of the older books; "?" is not known."""

    id: Id
    name: Text
    region: Text
    figures: dict[str, str]


class HistoricDisposition(msgspec.Struct, frozen=True, tag="disposition"):
    """Who may dispose of an account, as "owner" or "disponent"."""

    id: Id
    account: Id
    customer: Id
    role: Text


class HistoricOrder(msgspec.Struct, frozen=True, tag="standing_order"):
    """A standing order to another bank's account; amount in minor units."""

    id: Id
    account: Id
    to_bank: Text
    to_account: Text
    amount_minor: Amount
    purpose: Text


class HistoricLoan(msgspec.Struct, frozen=True, tag="loan"):
    """A loan paid back through an account; amounts in minor units.

    `status` is "finished", "finished_unpaid", "running" or "running_in_debt".
    """

    id: Id
    account: Id
    granted: IsoDay
    amount_minor: Amount
    months: int
    payment_minor: Amount
    status: Text


class HistoricCard(msgspec.Struct, frozen=True, tag="card"):
    """A card issued to a customer for an account."""

    id: Id
    account: Id
    customer: Id
    kind: Text
    issued: IsoDay


Fact = HistoricDistrict | HistoricDisposition | HistoricOrder | HistoricLoan | HistoricCard


class ImportFacts(Command, frozen=True, kw_only=True, tag="import_facts"):
    """Seal these facts from `source`; `part` names them, so that they are found again."""

    source: Id
    part: Id
    facts: Annotated[tuple[Fact, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class FactsImported(Event, frozen=True, kw_only=True, tag="facts_imported"):
    """Facts of an older bank were sealed."""

    count: int


def note_name(source: str, part: str) -> str:
    """Name of the note that holds the decision id of the record in which a part is sealed."""
    return f"import:{source}:{part}"


def look(ask: ImportFacts, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: ImportFacts, seen: int) -> Outcome:
    """Seal the facts, and note where they are."""
    number = decision_id(seen)
    answer = Answer(number, "done", events=(FactsImported(count=len(ask.facts)),))
    return Outcome(answer, notes={note_name(ask.source, ask.part): number})


IMPORT_FACTS = Journey(ImportFacts, look, act, roles=("staff", "system"))
