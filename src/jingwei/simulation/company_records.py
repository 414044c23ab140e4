"""SIMULATED records behind the rows of the small companies: returns, bills, invoices, orders, as files.

A company's records come to what its row says when they are measured: the same months, the same late returns,
the same buyers. So what a card learned from rows is what it is given when a company applies."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from jingwei.kernel.clock import DAY, HOUR, MINUTE, bank_day, day_start, iso
from jingwei.simulation.companies import MONTHS, Lived

INVOICES = 50
PERIOD = 30
"""So many days are a month here; the newest ended yesterday."""

NEWEST = 20
"""The newest invoice is so many days old, and one is written every six days before it."""

HEADS: dict[str, tuple[str, ...]] = {
    "tax": ("number", "company", "month_end", "filed", "sales", "days_late"),
    "power": ("number", "company", "month_end", "kwh"),
    "invoices": ("number", "company", "buyer", "issued", "as_of", "amount", "days", "paid_how"),
    "supply_chain": ("number", "company", "firm", "confirmed", "amount", "years"),
}
Row = tuple[object, ...]


class Firm(NamedTuple):
    """One of the simulated companies, under the number by which the bank knows it; `now` is when it asks."""

    lived: Lived
    row: int
    number: str
    now: int

    def value(self, column: str) -> float:
        """What its row says."""
        return float(self.lived.rows[column][self.row])

    def month_end(self, month: int) -> int:
        """When a month ended (0 is the oldest)."""
        return day_start(bank_day(self.now)) - HOUR - (MONTHS - 1 - month) * PERIOD * DAY


def records(firm: Firm, source: str) -> Iterator[Row]:
    """The rows of one source's file."""
    made = {"tax": _tax, "power": _power, "invoices": _invoices, "supply_chain": _supply_chain}
    yield from made[source](firm)


def write_files(folder: Path, firms: Sequence[Firm], sources: Sequence[str] = tuple(HEADS)) -> None:
    """One CSV file for each source, with the records of all firms."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        with (folder / f"{source}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADS[source])
            for firm in firms:
                writer.writerows(records(firm, source))


def takings(firm: Firm) -> list[int]:
    """What came into its account here in each month, oldest first, in fen."""
    return [round(float(month) * 100) for month in firm.lived.seen[firm.row]]


def _tax(firm: Firm) -> Iterator[Row]:
    late = round(firm.value("tax_late_filings"))
    for month in range(MONTHS):
        end, days_late = firm.month_end(month), (6 if month < late else 0)
        filed = min(end + (10 + days_late) * DAY, firm.now - MINUTE)
        yield (
            f"{firm.number}-t{month}", firm.number, iso(end), iso(filed),
            _yuan(firm.lived.sales[firm.row, month]), days_late,
        )  # fmt: skip


def _power(firm: Firm) -> Iterator[Row]:
    for month in range(MONTHS):
        used = round(float(firm.lived.power[firm.row, month]))
        yield f"{firm.number}-p{month}", firm.number, iso(firm.month_end(month)), used


def _invoices(firm: Firm) -> Iterator[Row]:
    late = round(firm.value("invoices_late_share") * INVOICES)
    largest = firm.value("invoices_largest_buyer")
    each = float(firm.lived.sales[firm.row].sum()) / INVOICES
    days = round(firm.value("invoices_days"))
    others = INVOICES if largest < 0.1 else 2 * round(1.0 / largest)
    for n in range(INVOICES):
        issued = firm.month_end(MONTHS - 1) - (NEWEST + (INVOICES - 1 - n) * 6) * DAY
        how = "late" if n < late else "paid"
        when = (iso(issued), iso(firm.now - MINUTE))
        pair = (("buyer-0", largest), (f"buyer-{1 + n % others}", 1.0 - largest))
        for buyer, share in pair:
            number = f"{firm.number}-i{n}-{buyer}"
            yield number, firm.number, buyer, *when, _yuan(each * share), days, how


def _supply_chain(firm: Firm) -> Iterator[Row]:
    each = firm.value("chain_confirmed") / 4
    years = round(firm.value("chain_years"))
    for quarter in range(4):
        when = firm.month_end(3 * quarter + 2)
        yield f"{firm.number}-s{quarter}", firm.number, "firm-0", iso(when), _yuan(each), years


def _yuan(amount: float) -> str:
    """An amount as the files write it."""
    return f"{round(amount * 100) / 100:.2f}"
