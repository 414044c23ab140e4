"""What the records of a company come to: the columns a company is scored on, as the cards learned them. Pure.

Every number is made as `simulation/companies.py` makes it for training: a year is the twelve newest months, a
change is the latest quarter over the quarter before less one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jingwei.domains.credit.behaviour import INCOME, History
from jingwei.domains.credit.inputs import Behaviour
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.money import currency
from jingwei.ledger.statement import side

YEAR, QUARTER = 365, 91
MONTHS = 12
LEAST_MONTHS, LEAST_INVOICES = 6, 5
"""With fewer records a source tells nothing, and counts as the average company's."""

OLDEST = 400 * DAY
"""Records older than this are not read: a return of last year's month may come in five weeks late."""

MONTHLY = frozenset({"tax", "power"})
"""Sources with one record for each month, of which the twelve newest are a year; of others it is 365 days."""

KINDS: dict[str, str] = {
    "tax": "tax_return",
    "power": "power_bill",
    "invoices": "invoice",
    "supply_chain": "chain_order",
}
"""The kind of happening in which each source's records come in."""

LATE = "late"


class Record(NamedTuple):
    """One record of one source: a return, a bill, an invoice, an order. `at` in microseconds UTC.

    `amount_minor` are the sales declared, the invoice's or order's amount; `value` the days a return was
    late, kilowatt hours, days until an invoice was paid, years the leading firm has been supplied;
    `category` is "late" of an invoice paid late; `other` who buys.
    """

    at: int
    amount_minor: int = 0
    value: int = 0
    category: str = ""
    other: str = ""


def measured(source: str, records: Sequence[Record], at: int, code: str) -> dict[str, float]:
    """The columns of a source from its records of the last year up to `at`; nothing when they are too few."""
    since = at - (OLDEST if source in MONTHLY else YEAR * DAY)
    found = sorted((one for one in records if since < one.at <= at), key=lambda one: one.at)
    return MEASURES[source](found, 10 ** currency(code).places) if found else {}


def change(months: Sequence[int]) -> float:
    """The latest three over the three before, less one, in thousandths; 0 when nothing came before."""
    before = sum(months[-6:-3])
    return round(sum(months[-3:]) / before - 1.0, 3) if before > 0 else 0.0


def _tax(found: Sequence[Record], unit: int) -> dict[str, float]:
    months = found[-MONTHS:]
    if len(months) < LEAST_MONTHS:
        return {}
    sales = [one.amount_minor for one in months]
    late = sum(one.value > 0 for one in months)
    return {
        "tax_sales_year": _whole(sales, unit), "tax_sales_change": change(sales),
        "tax_late_filings": float(late),
    }  # fmt: skip


def _whole(amounts: Sequence[int], unit: int) -> float:
    """Amounts in minor units as the column has their sum: in whole units."""
    return float((sum(amounts) + unit // 2) // unit)


def _power(found: Sequence[Record], _: int) -> dict[str, float]:
    months = [one.value for one in found[-MONTHS:]]
    if len(months) < LEAST_MONTHS:
        return {}
    return {"power_year": float(sum(months)), "power_change": change(months)}


def _invoices(found: Sequence[Record], _: int) -> dict[str, float]:
    if len(found) < LEAST_INVOICES:
        return {}
    buyers: defaultdict[str, int] = defaultdict(int)
    for one in found:
        buyers[one.other] += one.amount_minor
    sold = [amount for amount in buyers.values() if amount > 0]
    return {
        "invoices_late_share": round(sum(one.category == LATE for one in found) / len(found), 3),
        "invoices_days": float(round(sum(one.value for one in found) / len(found))),
        "invoices_largest_buyer": round(max(sold, default=0) / max(sum(sold), 1), 3),
    }


def _supply_chain(found: Sequence[Record], unit: int) -> dict[str, float]:
    return {
        "chain_confirmed": _whole([one.amount_minor for one in found], unit),
        "chain_years": float(max(one.value for one in found)),
    }


MEASURES: dict[str, Callable[[Sequence[Record], int], dict[str, float]]] = {
    "tax": _tax,
    "power": _power,
    "invoices": _invoices,
    "supply_chain": _supply_chain,
}


def own(histories: Sequence[History], seen: Behaviour, at: int, code: str) -> dict[str, float]:
    """The bank's own columns, from the accounts in this currency and what was measured of them already.

    Of an account so busy that its lines do not reach back two quarters no change is told: 0.
    """
    mine = [one for one in histories if one.account.currency == code]
    lines = [(one.account.id, line) for one in mine for line in one.lines]
    times: defaultdict[int, int] = defaultdict(int)
    for _, line in lines:
        times[line.id] += 1
    today = bank_day(at)
    year = latest = before = 0
    for account, line in lines:
        ago = today - bank_day(line.at)
        came_in = line.payer != account and line.kind in INCOME and times[line.id] == 1
        if came_in and 0 < ago <= YEAR:
            year += line.amount_minor
            latest += line.amount_minor if ago <= QUARTER else 0
            before += line.amount_minor if QUARTER < ago <= 2 * QUARTER else 0
    unit: int = 10 ** currency(code).places
    reach = min((today - bank_day(one.lines[-1].at) for one in mine if _cut(one)), default=YEAR)
    return {
        "account_days": float(seen.account_days),
        "balance_days": float(seen.balance_days),
        "money_in_year": float(round(year / unit)),
        "money_in_change": round(latest / before - 1.0, 3) if before and reach > 2 * QUARTER else 0.0,
        "refused": float(seen.refused),
    }


def _cut(history: History) -> bool:
    """Whether the account has lines from before those looked at."""
    return bool(history.lines) and side(history.account.id, history.lines[-1])[1] >= 0
