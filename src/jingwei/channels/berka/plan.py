"""What the older books become: commands for the bank, the entries day by day, the oldest first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import msgspec

from jingwei.channels.berka import codes
from jingwei.channels.berka.order import TOLERANCE_MINOR, Rows, in_order, starts_at
from jingwei.channels.berka.reader import Card, Disposition, Loan, OldBooks, StandingOrder, Transaction
from jingwei.journeys.import_accounts import HistoricAccount, ImportAccounts
from jingwei.journeys.import_customers import MOST, HistoricCustomer, ImportCustomers
from jingwei.journeys.import_entries import HistoricEntry, ImportEntries, rounding_of
from jingwei.journeys.import_facts import (
    Fact,
    HistoricCard,
    HistoricDisposition,
    HistoricDistrict,
    HistoricLoan,
    HistoricOrder,
    ImportFacts,
)
from jingwei.kernel.clock import HOUR, day_start

SOURCE = "berka"
ACTOR = "system:import"
PART = 500
"""How many customers, accounts or facts one command brings."""

T = TypeVar("T")


class Day(NamedTuple):
    """One account's transactions of one day, in order; `part` above 0 continues a day too long for one.

    `before` is the balance recorded before them, `opening` what was there before the history begins.
    """

    day: date
    account: int
    part: int
    before: int
    opening: int
    rows: Rows


def account_id(number: int) -> str:
    """Our id of an account of the older books."""
    return f"{SOURCE}-{number}"


def customer_id(number: int) -> str:
    """Our id of a client of the older books."""
    return f"{SOURCE}-client-{number}"


def moment(day: date) -> int:
    """Noon of this day in the bank's time: the older books tell the day only."""
    return day_start((day - date(1970, 1, 1)).days) + 12 * HOUR


def days(books: OldBooks) -> list[Day]:
    """Return every account's days, the oldest first; within one day by account."""
    found: list[Day] = []
    rows = sorted(books.transactions.values(), key=lambda row: (row.account, row.day, row.id))
    for account, history in groupby(rows, key=lambda row: row.account):
        found += _days_of(books.accounts[account].opened, account, history)
    return sorted(found, key=lambda day: day[:3])


def _days_of(opened: date, account: int, history: Iterator[Transaction]) -> Iterator[Day]:
    """Yield one account's days in order.

    An account whose first transaction is on the day it was opened begins at zero; one whose history
    begins later begins with the balance its first transaction follows from.
    """
    before: int | None = 0
    ours = 0
    for n, (day, rows) in enumerate(groupby(history, key=lambda row: row.day)):
        if n == 0 and day > opened:
            before = None
        ordered = in_order(rows, before, ours)
        opening = starts_at(ordered[0]) if before is None else 0
        before, ours = (opening, opening) if before is None else (before, ours)
        for part, start in enumerate(range(0, len(ordered), MOST)):
            piece = ordered[start : start + MOST]
            yield Day(day, account, part, before, opening if part == 0 else 0, piece)
            for row in piece:
                ours += row.amount_minor + rounding_of(entry(row), before, ours, TOLERANCE_MINOR)
                before = row.balance_minor


def entry(row: Transaction) -> HistoricEntry:
    """Return a transaction as an entry to import."""
    chart, kind = codes.meaning(row.operation, row.purpose)
    partner = f"{row.bank} {row.partner}".strip()
    return HistoricEntry(str(row.id), row.amount_minor, row.balance_minor, chart, kind, partner)


def entries(day: Day, now: int) -> ImportEntries:
    """Return the command that posts one day; its key names account and day, so that a day is posted once."""
    return ImportEntries(
        key=f"{SOURCE}:{day.account}:{day.day.isoformat()}:{day.part}",
        actor=ACTOR,
        at=moment(day.day),
        known_at=now,
        source=SOURCE,
        account=account_id(day.account),
        currency=codes.CURRENCY,
        recorded_before_minor=day.before,
        entries=tuple(entry(row) for row in day.rows),
        opening_minor=day.opening,
        tolerance_minor=TOLERANCE_MINOR,
    )


def _parts(things: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(things), PART):
        yield tuple(things[start : start + PART])


def _stamp(name: str, content: Any, now: int) -> dict[str, Any]:
    """The fields every command has; the key names the content, so the same content is taken over once."""
    digest = hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:32]
    return {"key": f"{SOURCE}:{name}:{digest}", "actor": ACTOR, "at": now, "known_at": now, "source": SOURCE}


def customers(books: OldBooks, now: int) -> Iterator[ImportCustomers]:
    """Yield the commands that bring the clients. The older books hold no names."""
    brought = [
        HistoricCustomer(customer_id(client.id), f"Client {client.id}", client.born.isoformat())
        for client in books.clients.values()
    ]
    for part in _parts(brought):
        yield ImportCustomers(customers=part, **_stamp("customers", part, now))


def accounts(books: OldBooks, product: str, now: int) -> Iterator[ImportAccounts]:
    """Yield the commands that open the accounts under this product ("code@version")."""
    brought = [
        HistoricAccount(
            account_id(one.id), customer_id(books.owners[one.id]), moment(one.opened),
            f"district {one.district}; statements {one.statements}",
        )
        for one in books.accounts.values()
    ]  # fmt: skip
    for part in _parts(brought):
        yield ImportAccounts(product=product, items=part, **_stamp("accounts", part, now))


def facts(books: OldBooks, now: int) -> Iterator[ImportFacts]:
    """Yield the commands that seal districts, dispositions, standing orders, loans and cards."""
    for kind, brought in _facts_by_kind(books).items():
        for n, part in enumerate(_parts(brought), start=1):
            yield ImportFacts(part=f"{kind}-{n}", facts=part, **_stamp(f"{kind}-{n}", part, now))


def _facts_by_kind(books: OldBooks) -> dict[str, list[Fact]]:
    return {
        "district": [HistoricDistrict(str(n), *texts) for n, texts in books.districts.items()],
        "disposition": [_disposition(one) for one in books.dispositions.values()],
        "standing_order": [_order(one) for one in books.orders.values()],
        "loan": [_loan(one) for one in books.loans.values()],
        "card": [_card(one, books.dispositions[one.disposition]) for one in books.cards.values()],
    }


def _disposition(one: Disposition) -> HistoricDisposition:
    return HistoricDisposition(str(one.id), account_id(one.account), customer_id(one.client), one.role)


def _order(one: StandingOrder) -> HistoricOrder:
    account = account_id(one.account)
    return HistoricOrder(str(one.id), account, one.to_bank, one.to_account, one.amount_minor, one.purpose)


def _loan(one: Loan) -> HistoricLoan:
    return HistoricLoan(
        str(one.id), account_id(one.account), one.granted.isoformat(), one.amount_minor, one.months,
        one.payment_minor, one.status,
    )  # fmt: skip


def _card(one: Card, right: Disposition) -> HistoricCard:
    account, customer = account_id(right.account), customer_id(right.client)
    return HistoricCard(str(one.id), account, customer, one.kind, one.issued.isoformat())
