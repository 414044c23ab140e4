"""Making the commands of lending: behaviour is measured and the bureau queried, both only with consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jingwei.channels.lending.beside import with_challenger
from jingwei.channels.lending.bureau import CreditBureau, SimulatedBureau
from jingwei.channels.lending.companies import COMPANY_LINES, Records, company_inputs, meant_for_company
from jingwei.consent.grounds import REGISTER
from jingwei.domains.credit.behaviour import History, measure
from jingwei.domains.credit.company_inputs import BUREAU as BUREAU_SOURCE
from jingwei.domains.credit.inputs import Behaviour, Bureau
from jingwei.domains.credit.products import shipped
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.pay_later import OfferPayLater
from jingwei.journeys.shape import every
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY
from jingwei.kernel.ids import seq_of
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.planned import PendingPayment, Schedule
from jingwei.stores.bound import BoundReader, reader_for

if TYPE_CHECKING:
    from jingwei.models.registry import Registry
    from jingwei.stores.store import Reader

Shelf = Callable[[], Records]
"""Opens the shelf of source systems, when a company lets something of it be read."""

MOST_ACCOUNTS, MOST_LINES = 20, 3_000
HALF_YEAR = 180 * DAY
SHORT_OF_MONEY = "balance_too_low"
"""The refusal of a payment that the account does not hold."""

BUREAU: CreditBureau = SimulatedBureau()
"""The bureau this bank queries: a simulated one, as long as no real one is connected."""


def application(
    reader: Reader,
    stamp: dict[str, Any],
    registry: Registry | None = None,
    records: Shelf | None = None,
    **fields: Any,
) -> ApplyForLoan:
    """The command of an application, with what the customer lets the bank look at, and what the challenger
    of `registry` makes of that.

    `stamp` are key, actor, at and known_at; `fields` those of ApplyForLoan; `records` is the shelf of source
    systems, of which a company's are read as far as it agrees. Without consent nothing is read:
    the bank then refuses the command and says what to do.
    """
    return looked_into(reader, ApplyForLoan(**stamp, **fields), registry, records)


def looked_into(
    reader: Reader, ask: ApplyForLoan, registry: Registry | None = None, records: Shelf | None = None
) -> ApplyForLoan:
    """An application with what the bank may look at as of its moment, and the challenger beside."""
    product = shipped().find(ask.product)
    if meant_for_company(reader, ask.customer, product):
        assert product is not None
        ask = of_company(reader, ask, product.currency, records)
    else:
        seen, report = looked(reader, ask.customer, ask.at, product.currency if product else "CNY")
        ask = replace(ask, behaviour=seen, bureau=report)
    return with_challenger(registry, reader, ask) if registry is not None else ask


def of_company(reader: Reader, ask: ApplyForLoan, code: str, records: Shelf | None) -> ApplyForLoan:
    """A company's application with what may be read: nothing without consent for credit, and each source,
    the bureau among them, only with consent to it."""
    bound = reader_for(Purpose.CREDIT, reader, ask.at)
    if not all(bound.may(ask.customer, data) for data in REGISTER[Purpose.CREDIT].data):
        return ask
    found = histories(bound, ask.customer, COMPANY_LINES)
    seen = measure(found, failed_payments(reader, ask.customer, ask.at), ask.at, code)
    about = (reader, ask.customer, ask.at, code)
    company = company_inputs(bound, records() if records else None, about, found, seen)
    report = BUREAU.report(ask.customer, ask.at) if BUREAU_SOURCE in company.agreed else None
    return replace(ask, behaviour=seen, bureau=report, company=company)


def pay_later_offer(reader: Reader, customer: str, account: str, at: int, key: str) -> OfferPayLater | None:
    """The command by which the bank offers a line, or None when it may not look."""
    seen, report = looked(reader, customer, at, "CNY")
    if seen is None or report is None:
        return None
    return OfferPayLater(
        key=key, actor="system:lending", at=at, known_at=at, customer=customer, account=account,
        behaviour=seen, bureau=report,
    )  # fmt: skip


def looked(reader: Reader, customer: str, at: int, code: str) -> tuple[Behaviour | None, Bureau | None]:
    """The customer's behaviour and the bureau's report; nothing of either without consent for credit."""
    bound = reader_for(Purpose.CREDIT, reader, at)
    if not all(bound.may(customer, data) for data in REGISTER[Purpose.CREDIT].data):
        return None, None
    return behaviour(bound, reader, customer, at, code), BUREAU.report(customer, at)


def behaviour(bound: BoundReader, reader: Reader, customer: str, at: int, code: str) -> Behaviour:
    """The customer's behaviour, from the accounts that may be read for credit."""
    found = histories(bound, customer, MOST_LINES)
    return measure(found, failed_payments(reader, customer, at), at, code)


def histories(bound: BoundReader, customer: str, most: int) -> list[History]:
    """The customer's accounts that may be read, each with so many of its newest lines."""
    accounts = bound.find(Account, "owner", customer, limit=MOST_ACCOUNTS)
    balances = {balance.id: balance for balance in bound.load(Balance, [one.id for one in accounts])}
    return [
        History(one, balances[one.id], tuple(bound.lines(one, most)))
        for one in accounts
        if one.id in balances
    ]


def failed_payments(reader: Reader, customer: str, at: int) -> int:
    """Scheduled and waiting payments of the last 180 days that could not be made for want of money.

    Of a schedule its last payment counts. What was refused for another reason tells nothing of money.
    """
    since = at - HALF_YEAR
    waiting = every(reader, PendingPayment, "customer", customer)
    planned = every(reader, Schedule, "customer", customer)
    failed = sum(
        one.status == "failed" and one.why == SHORT_OF_MONEY and one.settle_at >= since for one in waiting
    )
    return failed + sum(_lacked_money(reader, one, since) for one in planned)


def _lacked_money(reader: Reader, one: Schedule, since: int) -> bool:
    """Whether a schedule's last payment could not be made for want of money, not before this moment."""
    number = seq_of(one.last_payment) if one.last_result == "refused" else None
    leaf = reader.record(number) if number is not None else None
    if leaf is None:
        return False
    paid = unseal(leaf)
    short = paid.answer.refusal is not None and paid.answer.refusal.code == SHORT_OF_MONEY
    return short and bool(paid.command.at >= since)
