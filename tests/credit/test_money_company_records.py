"""What the records of a company come to: a year is a year, other money is no yuan, a credit note no buyer."""

from __future__ import annotations

from typing import Any

import pytest
from tests.credit.test_company_deciding import SEEN

from jingwei.channels.lending.companies import records_of
from jingwei.domains.credit.behaviour import History
from jingwei.domains.credit.company_records import Record, measured, own
from jingwei.domains.insight.happenings import Told
from jingwei.kernel.clock import DAY
from jingwei.ledger.accounts import Account, Balance, Line

NOW = 20_700 * DAY


class Shelf:
    """Some records of one company."""

    def __init__(self, *told: Told) -> None:
        self.told = list(told)

    def timeline(self, customer: str, kinds: Any = (), **_: Any) -> list[Told]:
        return [one for one in self.told if one.customer == customer and one.kind in kinds]


def invoice(number: int, currency: str, amount_minor: int = 100_000) -> Told:
    at = NOW - number * DAY
    return Told(
        number, "books", "shop", "s", at, at, "invoice", "paid", amount_minor, currency, 20, f"b{number}", ""
    )


def test_records_in_another_currency_are_not_taken_for_yuan() -> None:
    yuan = [invoice(n, "CNY") for n in range(1, 7)]
    shelf = Shelf(*yuan, invoice(7, "JPY", 90_000_000), invoice(8, "USD"))
    found = [record for record, _ in records_of(shelf, "shop", "invoices", NOW, "CNY")]
    assert [one.other for one in found] == [f"b{n}" for n in range(1, 7)]
    assert measured("invoices", found, NOW, "CNY")["invoices_largest_buyer"] == pytest.approx(1 / 6, abs=1e-3)


def test_bills_without_money_are_read_whatever_the_currency() -> None:
    bill = invoice(1, "")._replace(kind="power_bill")
    assert len(records_of(Shelf(bill), "shop", "power", NOW, "CNY")) == 1


@pytest.mark.parametrize(("source", "column"), [("supply_chain", "chain_confirmed"), ("invoices", "")])
def test_a_year_of_orders_and_invoices_is_no_longer_than_a_year(source: str, column: str) -> None:
    of_the_year = [Record(NOW - days * DAY, 1_000_000, 2, other="firm") for days in (1, 90, 180, 270, 364)]
    before = Record(NOW - 366 * DAY, 1_000_000, 90, "late", "other")
    found = measured(source, [*of_the_year, before], NOW, "CNY")
    assert found == measured(source, of_the_year, NOW, "CNY")
    assert not column or found[column] == 50_000.0


def test_a_return_of_the_twelfth_month_that_came_late_still_counts() -> None:
    months = [Record(NOW - (35 + 30 * n) * DAY, 1_000_000) for n in range(12)]
    assert measured("tax", months, NOW, "CNY")["tax_sales_year"] == 120_000.0


def test_what_is_taken_back_makes_no_buyer_larger_than_all() -> None:
    sold = [Record(NOW - n * DAY, 100_000, 20, other=f"b{n}") for n in range(1, 6)]
    back = Record(NOW, -480_000, 20, other="b6")
    assert measured("invoices", [*sold, back], NOW, "CNY")["invoices_largest_buyer"] == 0.2
    nothing = [one._replace(amount_minor=-1) for one in sold]
    assert measured("invoices", nothing, NOW, "CNY")["invoices_largest_buyer"] == 0.0


def busy(days: int, each: int, before: int) -> History:
    """An account that took in the same every day, `before` the oldest of these lines -1 for nothing."""
    account = Account("shop", "shop", "current_cny@1", "CNY")
    lines = [
        Line(n, NOW - (days - n) * DAY, "", "shop", each, "CNY", "deposit", -1, n - 1 if n else before, 0, 0)
        for n in range(days)
    ]
    return History(account, Balance("shop"), tuple(reversed(lines)))


@pytest.mark.parametrize(("days", "before", "change"), [(120, 7, 0.0), (300, 7, 0.0), (120, -1, 2.1)])
def test_an_account_too_busy_to_be_read_for_half_a_year_shows_no_growth(
    days: int, before: int, change: float
) -> None:
    told = own([busy(days, 10_000, before)], SEEN, NOW, "CNY")
    assert told["money_in_change"] == pytest.approx(change, abs=0.1)
    assert told["money_in_year"] == pytest.approx(days * 100, abs=100)
