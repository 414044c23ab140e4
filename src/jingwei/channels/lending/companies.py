"""What a company is scored on, gathered when it asks: each source only while it agrees to that source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from jingwei.domains.credit.applying import text_of
from jingwei.domains.credit.company import asked_of, company_card
from jingwei.domains.credit.company_again import company_in, decided_again, inputs_without
from jingwei.domains.credit.company_inputs import BUREAU, COMPANY, DATA, CompanyInputs
from jingwei.domains.credit.company_records import KINDS, OLDEST, Record, measured, own
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.trained_score import SLOTS, ScorecardInUse, card_of
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.work import Case, Customer
from jingwei.stores.bound import reader_for

if TYPE_CHECKING:
    from jingwei.domains.credit.behaviour import History
    from jingwei.domains.credit.inputs import Behaviour
    from jingwei.domains.credit.loans import LoanApplication
    from jingwei.domains.credit.product import LoanProduct
    from jingwei.domains.credit.trained_score import TrainedCard
    from jingwei.domains.insight.happenings import Told
    from jingwei.stores.bound import BoundReader
    from jingwei.stores.store import Reader

MOST_RECORDS = 2_000
COMPANY_LINES = 12_000
"""So many of the newest lines of a company's account are looked at for its year."""


class Records(Protocol):
    """Where the records of source systems lie: the insight shelf."""

    def timeline(
        self, customer: str, kinds: Sequence[str] = (), *, before: int = 2**62, limit: int = 50
    ) -> list[Told]:
        """What was told of a customer, of these kinds, newest first."""
        ...


def card_in_use(reader: Reader) -> TrainedCard:
    """The card that scores companies now."""
    kept = [one for one in reader.load(ScorecardInUse, [COMPANY]) if one.lines]
    return company_card([card_of(one.id, one.lines) for one in kept])


def sources_asked(reader: Reader) -> tuple[str, ...]:
    """The sources a company is asked for now: a source that helps no score is not asked for."""
    return asked_of(card_in_use(reader))


def meant_for_company(reader: Reader, customer: str, product: LoanProduct | None) -> bool:
    """Whether this is a company asking for what is for companies."""
    if product is None or product.borrower != "company":
        return False
    return is_company(reader, customer)


def is_company(reader: Reader, customer: str) -> bool:
    """Whether the bank knows this customer as a company or sole trader."""
    return any(one.kind == "company" for one in reader.load(Customer, [customer]))


def company_inputs(
    bound: BoundReader,
    records: Records | None,
    about: tuple[Reader, str, int, str],
    histories: Sequence[History],
    seen: Behaviour,
) -> CompanyInputs:
    """What a company is scored on; `about` are the reader, the customer, the moment and the currency.

    A source it does not let be read is not opened: neither its records nor whether there are any.
    """
    reader, customer, at, code = about
    asked = sources_asked(reader)
    agreed = tuple(name for name in asked if bound.may(customer, DATA[name]))
    sources: dict[str, dict[str, float]] = {}
    told_by: dict[str, str] = {}
    for name in agreed:
        if name == BUREAU or records is None:
            continue
        told = records_of(records, customer, name, at, code)
        columns = measured(name, [record for record, _ in told], at, code)
        if columns:
            sources[name], told_by[name] = columns, told[0][1]
    return CompanyInputs(own(histories, seen, at, code), sources, agreed, asked, told_by)


def records_of(
    records: Records, customer: str, source: str, at: int, code: str
) -> list[tuple[Record, str]]:
    """A source's records of the last year, newest first, as they were known then, each with its system.

    Those in another currency than `code` are left out: what they come to in this one is not known.
    """
    found = records.timeline(customer, (KINDS[source],), before=at + 1, limit=MOST_RECORDS)
    return [
        (Record(one.at, one.amount_minor, one.value, one.category, one.other), one.source)
        for one in found
        if one.at > at - OLDEST and one.known_at <= at and one.currency in ("", code)
    ]


def agreed_now(reader: Reader, customer: str, at: int) -> tuple[str, ...]:
    """The sources a company lets be read at this moment."""
    bound = reader_for(Purpose.CREDIT, reader, at)
    return tuple(name for name, data in DATA.items() if bound.may(customer, data))


def cards_read(reader: Reader) -> tuple[TrainedCard, ...]:
    """The trained cards that score now."""
    return tuple(card_of(one.id, one.lines) for one in reader.load(ScorecardInUse, SLOTS) if one.lines)


def as_agreed(reader: Reader, application: LoanApplication, at: int, *, pending: bool) -> LoanApplication:
    """An application as it may be looked at now: what was read of a source that was taken back is not in it.

    `pending`: a person decides on it, so it is scored without that source, as the answer will be.
    """
    if company_in(application) is None:
        return application
    agreed, product = agreed_now(reader, application.customer, at), shipped().find(application.product)
    if pending and product is not None:
        return decided_again(application, product, cards_read(reader), agreed)
    return replace(application, inputs=text_of(inputs_without(application, agreed)))


def as_told(reader: Reader, application: LoanApplication, at: int, *, staff: bool) -> LoanApplication:
    """An application as a channel may tell it now (see `as_agreed`).

    Staff see an appeal against a company's refusal as it will be decided; the customer keeps the reasons of
    its letter until then.
    """
    pending = application.status == "waiting"
    if staff and not pending and company_in(application) is not None:
        pending = any(case.status == "open" for case in reader.load(Case, [application.case_number]))
    return as_agreed(reader, application, at, pending=pending)
