"""Loans on the customer manager's day: late, due soon and not covered, or warned about early."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.problems import Problem
from jingwei.channels.rest.purposed import reading
from jingwei.channels.web.customer.bills import Bill, bills
from jingwei.channels.web.lending.told import day_text
from jingwei.channels.web.staff.masks import masked_name
from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.warnings import EarlyWarning
from jingwei.kernel.clock import bank_day
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Balance
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jingwei.channels.web.pages import Site
    from jingwei.stores.sessions import Session
    from jingwei.stores.store import Reader

SOON = 7
"""Bank days ahead that are looked at, today included."""

PAGE, MOST = 500, 40


class DueLoan(NamedTuple):
    """One loan to look after: what it takes until `day`, and what the account lacks (minor units).

    `late_days` 0 and `short_minor` 0 with a `warning` alone. `name` is masked.
    """

    loan: Loan
    name: str
    day: str
    amount_minor: int
    short_minor: int
    late_days: int
    warning: EarlyWarning | None


def running(reader: Reader) -> list[Loan]:
    """Every loan that runs."""
    found: list[Loan] = []
    while page := reader.find(Loan, "status", RUNNING, after=found[-1].id if found else "", limit=PAGE):
        found += page
    return found


def uncovered(owed: Iterable[Bill], there: dict[str, int]) -> dict[str, tuple[Bill, int, int]]:
    """By loan: its first bill that the account cannot pay, all its bills so far, and what lacks for them.

    `owed` in the order of its days; `there` is what each account has (minor units). Whatever falls due
    first is paid first, whichever loan it is of; an account that is not `there` is not judged.
    """
    left, asked = dict(there), dict[str, int]()
    found: dict[str, tuple[Bill, int, int]] = {}
    for one in owed:
        if one.loan.account not in left:
            continue
        have = max(left[one.loan.account], 0)
        left[one.loan.account] = have - one.amount_minor
        asked[one.loan.id] = asked.get(one.loan.id, 0) + one.amount_minor
        lacks = max(one.amount_minor - have, 0)
        if lacks or one.loan.id in found:
            first, _, before = found.get(one.loan.id, (one, 0, 0))
            found[one.loan.id] = (first, asked[one.loan.id], before + lacks)
    return found


async def due_loans(site: Site, session: Session) -> list[DueLoan]:
    """The loans of the day, those late longest first, then by day; reading balances is on record."""
    now, reader = site.now(), site.desk.reader
    loans = running(reader)
    owed = bills(loans, now, bank_day(now) + SOON)
    there = await balances(site, session, owed)
    short = uncovered(owed, there)
    warned = {one.loan: one for one in reader.find(EarlyWarning, "status", "open", limit=MOST)}
    late = {one.loan.id for one in owed if one.due and one.loan.late_days(bank_day(now))}
    mine = [loan for loan in loans if loan.id in short or loan.id in warned or loan.id in late]
    names = {one.id: one.name for one in reader.load(Customer, [loan.customer for loan in mine])}
    rows = [
        _row(loan, short.get(loan.id) or _whole(owed, loan), warned.get(loan.id), now)._replace(
            name=masked_name(names.get(loan.customer, loan.customer))
        )
        for loan in mine
    ]
    return sorted(rows, key=lambda row: (-row.late_days, row.day, row.loan.id))[:MOST]


def _whole(owed: Iterable[Bill], loan: Loan) -> tuple[Bill, int, int] | None:
    """All that this loan takes soon, when nothing of it lacks."""
    own = [one for one in owed if one.loan.id == loan.id]
    return (own[0], sum(one.amount_minor for one in own), 0) if own else None


def _row(loan: Loan, found: tuple[Bill, int, int] | None, warning: EarlyWarning | None, now: int) -> DueLoan:
    if found is None:
        day, amount = (warning.due_day, warning.instalment_minor) if warning else (0, 0)
        return DueLoan(loan, "", day_text(day), amount, 0, 0, warning)
    first, amount, short = found
    late = first.loan.late_days(bank_day(now)) if first.due else 0
    return DueLoan(loan, "", day_text(first.day), amount, short, late, warning)


async def balances(site: Site, session: Session, owed: list[Bill]) -> dict[str, int]:
    """What the accounts of these bills have of their own; every look is sealed as running the account."""
    customers = list(dict.fromkeys(one.loan.customer for one in owed))
    if not customers:
        return {}
    data = (DataClass.TRANSACTIONS,)
    try:
        reader = await reading(
            site.desk, session.actor, Purpose.SERVICE, customers, data=data, why="loans due soon"
        )
    except Problem as problem:
        if problem.code != "consent_missing":
            raise
        return {}
    accounts = list(dict.fromkeys(one.loan.account for one in owed))
    return {one.id: one.booked_minor - one.held_minor for one in reader.load(Balance, accounts)}
